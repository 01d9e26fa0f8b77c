"""Words and numbers for people: names instead of ids, calm figures, reasons as sentences."""

from __future__ import annotations

from collections.abc import Sequence

from agents.doctrine import spoken
from model.chronicle import figure, in_words
from model.transcript import Event

FELT = 0.005  # parts of utility below this are not told: they would read as zero
FAINT = 0.005  # chance that is not worth a word
MOST_PARTS = 3  # accounts that are told on either side
SURE = 0.9  # votes at better odds are not worth telling
SURPRISE = 0.8  # odds of a yes from which a no surprises
FUTURE = "goodwill"  # the shadow of the future, told like an account


class Names:
    """What ids are called, from the header of a transcript."""

    def __init__(self, header: Event) -> None:
        self.header = header

    def actor(self, actor: str) -> str:
        """What a sentence calls an actor."""
        return str(self.header["actors"].get(actor, {"called": actor})["called"])

    def title(self, actor: str) -> str:
        """Name of an actor where it stands alone."""
        return str(self.header["actors"][actor]["name"])

    def table(self, table: str) -> str:
        """Name of a table."""
        return str(self.header["tables"][table]["name"])

    def theatre(self, theatre: str) -> str:
        """Name of a theatre."""
        return str(self.header["theatres"][theatre])

    def doctrine(self, actor: str) -> str:
        """Name of an actor's doctrine, in words."""
        return spoken(self.header["doctrines"][actor])


def part(value: float, digits: int = 2) -> str:
    """Write a part of utility: +.05, −.21, +1.20, 0."""
    text = f"{abs(value):.{digits}f}"
    if not float(text):
        return "0"
    text = text.removeprefix("0") if text.startswith("0.") else text
    return ("−" if value < 0.0 else "+") + text


def share(value: float | None) -> str:
    """Write a belief or support between 0 and 1: .70."""
    return "–" if value is None else f"{value:.2f}".removeprefix("0")


def percent(value: float) -> str:
    """Write odds in percent; what is not impossible or certain does not read as if it were."""
    whole = round(100.0 * value)
    if whole == 0 and value > 0.0:
        return "under 1 %"
    if whole == 100 and value < 1.0:  # noqa: PLR2004 - percent
        return "over 99 %"
    return f"{whole} %"


def several(words: Sequence[str]) -> str:
    """Join words: a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def parts_of(terms: Event, *, losses_first: bool, most: int = MOST_PARTS) -> str:
    """Say which accounts gain and which lose, at most so many a side, the decisive side first."""
    parts = {**terms["accounts"], FUTURE: terms.get("future") or 0.0}
    felt = sorted(((v, k) for k, v in parts.items() if abs(v) >= FELT), key=lambda p: -abs(p[0]))
    sides = ([p for p in felt if p[0] < 0.0], [p for p in felt if p[0] > 0.0])
    first, second = sides if losses_first else sides[::-1]
    said = [", ".join(f"{k} {part(v)}" for v, k in side[:most]) for side in (first, second) if side]
    return ", against ".join(said) or "it hardly changes anything"


def passing(terms: Event) -> str:
    """Say how likely a deal is thought to pass votes and scripted parties, if that is open."""
    passage = terms["passage"]
    return "" if passage >= 1.0 - FAINT else f", {percent(passage)} likely to pass"


def why_reply(reply: Event) -> str:
    """Say why an offer was accepted or refused, in terms of the ledger."""
    if not reply["weighed"]:
        return "by its doctrine, not by weighing"
    if not reply["possible"] and not reply["accepted"]:
        return "less than it demands, or not to be signed"
    accepted, refusing = reply["accepted"], reply["refusing"]
    total, walking = reply["sum"] + reply["future"], refusing["worth"]
    said = f"{parts_of(reply, losses_first=not accepted)}; {part(total)} in all{passing(reply)}"
    threat = ""
    if refusing["threat"] <= -FELT:
        threat = f", threat included at {percent(refusing['threat_odds'])}"
    if accepted:
        return f"{said}, walking away {part(walking)}{threat}"
    if reply["gain"] >= 0.0:
        hope = part(reply["least"] / max(reply["passage"], FAINT) + walking)
        more = "a little more" if hope == part(total) else hope
        return f"{said}, but by holding out it hoped to gain {more}"
    if abs(walking) < FELT:
        return f"{said}, and walking away cost nothing"
    better = "cost it less" if walking < 0.0 else "was worth more"
    return f"{said}, and walking away {better} ({part(walking)}{threat})"


def why_shortly(reply: Event) -> str:
    """Say in a word why an offer was refused: the account that loses most by it."""
    if not reply["weighed"]:
        return "by its doctrine"
    if reply["possible"] and reply["gain"] >= 0.0:
        return "it hoped for more"
    losses = [(v, k) for k, v in reply["accounts"].items() if v <= -FELT]
    if not losses:
        return "too little in it"
    worst, account = min(losses)
    return f"{account} {part(worst)}"


def why_move(event: Event) -> str:
    """Say in brackets what an own move or threat changes for the one who makes it."""
    losses = event["sum"] < 0.0
    said = parts_of(event, losses_first=losses)
    manner = event.get("manner") or 0.0
    if manner >= FELT:
        said += f"; its doctrine is for it {part(manner)}"
    return f" ({said})"


def proposal(offer: Event) -> str:
    """Say what is proposed: the bundle's name if it has one, and the moves."""
    name = f"“{offer['package']}”: " if offer["package"] else ""
    return name + offer["words"]


def demand_words(demand: Event, to: str) -> str:
    """Say what is demanded of whom, against what stands today, and by which norm."""
    today = demand["labels"][0] if "labels" in demand else figure(demand["from"])
    if not demand["fresh"]:
        least = demand["labels"][1] if "labels" in demand else figure(demand["to"])
        sum_ = f"{least} {demand['unit']} or more"
        return f"still demands {demand['name']} of {sum_} from {to} (today {today})"
    norm = f"; norm: {demand['norm'].replace('_', ' ')}" if demand["norm"] else ""
    sum_ = f"{figure(demand['asked'])} {demand['unit']}"
    return f"demands {demand['name']} of {sum_} from {to} (today {today}{norm})"


def threat_words(names: Names, threat: Event) -> str:
    """Say what became of a threat."""
    by, against = names.actor(threat["by"]), names.actor(threat["against"])
    move = in_words(threat["move"])
    return {
        "announced": f"{by} threatens {against}: {move} from {threat['due']}, unless they agree",
        "called_off": f"{by} calls its threat off ({move})",
        "carried_out": f"{by} carries out its threat: {move}",
        "bluffed": f"{by} lets its threat pass: a bluff ({move})",
    }[threat["what"]]


def crisis_words(names: Names, crisis: Event) -> str:
    """Say how far a crisis climbed, and whether the patron stood by."""
    said = f"{crisis['called']} in {names.theatre(crisis['theatre'])}"
    if crisis["patron"]:
        stood = "stands by its ally" if crisis["stood_by"] else "stands aside"
        said += f"; {names.actor(crisis['patron'])} {stood}"
    return said[0].upper() + said[1:]


def belief_words(names: Names, belief: Event) -> str:
    """Say what one learnt about another."""
    of, about = names.actor(belief["of"]), names.actor(belief["about"])
    more = "more" if belief["to"] > belief["from"] else "less"
    change = f"({share(belief['from'])} → {share(belief['to'])})"
    return {
        "reliability": f"{of} trusts {about} {more} {change}",
        "resolve": f"{of} takes threats of {about} {more} seriously {change}",
        "hostility": f"{of} sees {about} as {more} hostile {change}",
        "credibility": f"{of} counts {more} on {about} in {_where(names, belief)} {change}",
    }[belief["what"]]


def _where(names: Names, belief: Event) -> str:
    return names.theatre(belief["theatre"]) if "theatre" in belief else "need"


def effect_words(names: Names, effect: Event) -> str:
    """Say what an event did; nothing where its name says it all."""
    kind = effect["kind"]
    if kind == "election":
        stays = "new in office" if effect["changed"] else "still in office"
        return f"{stays}: {effect['office']}"
    if kind == "lever":
        move = effect["move"]
        return in_words(move) if move["from"] != move["to"] else ""
    if kind == "pledge":
        kept = "keeps its pledge" if effect["met"] else "misses its pledge, which costs it at home"
        return f"{names.actor(effect['actor'])} {kept}"
    if kind == "attention":
        slots = "one table" if effect["slots"] == 1 else f"{effect['slots']} tables"
        long = "this quarter" if effect["quarters"] == 1 else f"{effect['quarters']} quarters"
        return f"{names.actor(effect['actor'])} can keep {slots} fewer open, {long}"
    return ""


def expiry_words(names: Names, expiry: Event) -> str:
    """Say that an agreement has run out, or that its last year has begun."""
    whose = f"the agreement of {several([names.actor(a) for a in expiry['parties']])}"
    if expiry["over"]:
        return f"{whose} has run out"
    return f"{whose} may be renewed: it runs out after {expiry['last']}"


def signing_words(names: Names, signing: Event, *, whole: bool = False) -> str:
    """Say what became of an agreement; votes that were sure in the whole telling only."""
    votes = [
        f"{v['body']} {'approved' if v['passed'] else 'voted it down'} at {percent(v['odds'])} odds"
        for v in signing["votes"].values()
        if whole or not v["passed"] or (signing["signed"] and v["odds"] < SURE)
    ]
    said = "; ".join(votes)
    if signing["signed"]:
        first, last = min(signing["effect"].values()), max(signing["effect"].values())
        effect = f", in full effect from {last}" if last > first else ""
        secret = "Signed in secret" if signing["secret"] else "Signed"
        agreed = f"{secret} until {signing.get('last', signing['until'])}{effect}"
        return agreed + (f"; {said}" if said else "")
    if not signing["consent"]:
        return f"Not signed: {several(signing['asked_too'])} did not consent"
    if signing["overtaken"]:
        return "Not signed: overtaken by what was agreed elsewhere"
    return f"Not signed: {said}; talks stay open"
