"""A game told in words: a good read for a person who never saw it.

Told from the transcript alone. The short telling gives the exchange that decided each table and one
line to a quiet quarter; the whole telling leaves nothing out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import wrap

from model.chronicle import figure, in_words
from model.notice import NOTICE
from model.transcript import Event, Transcript
from runs.words import (
    SURPRISE,
    Names,
    belief_words,
    crisis_words,
    demand_words,
    effect_words,
    expiry_words,
    part,
    passing,
    percent,
    proposal,
    several,
    share,
    signing_words,
    threat_words,
    why_move,
    why_reply,
    why_shortly,
)

WIDTH = 96
NARROWEST = 48
LEARNT = 0.08  # smaller changes of belief are told in the whole telling only
MOST_LEARNT = 3
MOST_NEWS = 2
MOST_TABLES = 3  # told at length in the short telling
WORTH_TELLING = 1.0  # weight of a table at which an offer was made
BEGINNING = re.compile(r"^[a-z]|(?<=[.?!] )the ")  # a name may begin with "the"
CLASH = 2  # rung from which a crisis makes the headline before anything else
BOLD, PLAIN = "\033[1m", "\033[0m"


@dataclass(frozen=True)
class Manner:
    """How a game is told."""

    width: int = WIDTH
    verbose: bool = False
    bold: bool = False  # the terminal can show it

    def text(self, words: str, indent: int = 0, hang: int | None = None) -> Iterator[str]:
        """Break a paragraph into lines, the later ones indented by `hang`."""
        later = " " * (indent + 2 if hang is None else hang)
        yield from wrap(
            BEGINNING.sub(lambda found: found[0].capitalize(), words),
            max(self.width, NARROWEST),
            initial_indent=" " * indent,
            subsequent_indent=later,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def strong(self, line: str) -> str:
        """Set a line in bold where that is possible."""
        return f"{BOLD}{line}{PLAIN}" if self.bold else line


def tell(transcript: Transcript, manner: Manner | None = None) -> Iterator[str]:
    """Tell a whole game, line by line."""
    manner = manner or Manner()
    yield from opening(transcript.header, manner)
    names = Names(transcript.header)
    quiet = False
    for quarter, events in transcript.quarters():
        lines = list(tell_quarter(names, quarter, events, manner))
        if not (quiet and len(lines) == 1):
            yield ""
        quiet = len(lines) == 1
        yield from lines
    yield ""
    yield from ending(transcript, manner)


def opening(header: Event, manner: Manner) -> Iterator[str]:
    """Tell which game it is, who plays, and how to read what follows."""
    for line in manner.text(header["title"], hang=0):
        yield manner.strong(line)
    yield from manner.text(
        f"{header['quarters']} {'quarter' if header['quarters'] == 1 else 'quarters'} from"
        f" {header['start']} · scenario {header['scenario']}"
        f" ({header['scenario_hash'][:8]}) · seed {header['seed']}, game {header['run']}",
        hang=0,
    )
    yield from manner.text(NOTICE, hang=0)
    yield ""
    names = Names(header)
    for actor, who in header["actors"].items():
        yield from manner.text(
            f"{names.title(actor)}: {who['office']} ({names.doctrine(actor)})", 2, 6
        )
    if header["settings"]:
        changed = ", ".join(f"{k} = {v:g}" for k, v in header["settings"].items())
        yield from manner.text(f"Changed for this game: {changed}", 2, 6)
    yield ""
    yield from manner.text(
        "How to read it: “treasury −.21” is what an offer does to a player's utility through its"
        " treasury; the others are security, commerce, autonomy, home (voters), standing (rank) and"
        " goodwill (the shadow of the future). A few hundredths decide. A player accepts what beats"
        " walking away and what it could still hope for.",
        hang=0,
    )


def tell_quarter(names: Names, quarter: str, events: list[Event], manner: Manner) -> Iterator[str]:
    """Tell one quarter: a headline, then what happened; one line if it was quiet."""
    news = sorted(headlines(names, events), key=lambda n: -n[0])
    if not news and not manner.verbose:
        said = f"{quarter}  Quiet. {' '.join(quiet_words(names, events))}".strip()
        yield from manner.text(said, hang=len(quarter) + 2)
        return
    title = "; ".join(list(dict.fromkeys(text for _, text in news))[:MOST_NEWS]) or "Quiet"
    title = f"{title[0].upper()}{title[1:]}"
    for line in manner.text(f"{quarter}  {title}", hang=len(quarter) + 2):
        yield manner.strong(line)
    yield from happened(names, events, manner)
    yield from at_tables(names, events, manner)
    yield from alone(names, events, manner)
    yield from endings(names, events, manner)
    yield from crises(names, events, manner)
    yield from learnt(names, events, manner)


def quiet_words(names: Names, events: list[Event]) -> Iterator[str]:
    """Say what is left to say of a quiet quarter: demands that stand, and own moves."""
    for agenda in (e for e in events if e["event"] == "agenda" and e["demand"]):
        yield f"{asked(names, agenda)}."
    for move in own_moves(events):
        yield f"{names.actor(move['by'])}: {in_words(move['move'])}."


def own_moves(events: Iterable[Event]) -> list[Event]:
    """Own moves among the events."""
    return [e for e in events if e["event"] == "own_move"]


def headlines(names: Names, events: list[Event]) -> Iterator[tuple[int, str]]:
    """Weigh the news of a quarter: (weight, headline)."""
    signings = [e for e in events if e["event"] == "signing"]
    demands = {}
    for event in events:
        kind = event["event"]
        if kind == "crisis":
            yield (
                (100 if event["rung"] >= CLASH else 50) + event["rung"],
                crisis_words(names, event),
            )
        elif kind == "threat":
            yield _threat_news(names, event)
        elif kind == "happening":
            turns = [e for e in event["effects"] if e["kind"] == "election" and e["changed"]]
            yield (80 if turns else 35), event["name"]
        elif kind == "agenda" and event["demand"]:
            demands[event["table"]] = event["demand"]["lever"]
            if event["demand"]["fresh"]:
                yield _demand_news(names, event, signings)
        elif kind == "own_move" and event["breaks"]:
            broken = names.actor(event["breaks"])
            yield 70, f"{names.actor(event['by'])} breaks its agreement with {broken}"
        elif kind == "promise" and not event["kept"]:
            yield 55, f"{names.actor(event['by'])} breaks a promise to {names.actor(event['to'])}"
        elif kind == "assembly":
            yield 30, event["name"]
        elif kind == "expiry":
            yield (68 if event["over"] else 32), expiry_words(names, event)
    for signing in signings:
        yield _signing_news(names, signing, demands.get(signing["table"], ""))
    refused = {e["table"] for e in events if e["event"] == "reply"} - {s["table"] for s in signings}
    if refused:
        yield 10, f"Talks without result at {several([names.table(t) for t in sorted(refused)])}"


def _threat_news(names: Names, threat: Event) -> tuple[int, str]:
    by, against = names.actor(threat["by"]), names.actor(threat["against"])
    return {
        "carried_out": (90, f"{by} carries out its threat against {against}"),
        "announced": (65, f"{by} threatens {against}"),
        "bluffed": (45, f"{by} was bluffing"),
        "called_off": (40, f"{by} calls its threat off"),
    }[threat["what"]]


def _demand_news(names: Names, agenda: Event, signings: list[Event]) -> tuple[int, str]:
    by, to, demand = names.actor(agenda["by"]), names.actor(agenda["to"]), agenda["demand"]
    agreed = any(s["table"] == agenda["table"] and s["signed"] for s in signings)
    answer = "they sign a deal" if agreed else f"{to} does not agree"
    return 75, f"{by} asks {figure(demand['asked'])} {demand['unit']} of {to}; {answer}"


def _signing_news(names: Names, signing: Event, demanded: str) -> tuple[int, str]:
    both = several([names.actor(a) for a in signing["parties"]])
    if not signing["signed"]:
        return 58, f"{both} agree, but it is not signed"
    moved = {m["lever"] for m in signing["moves"]}
    deal = f"“{signing['package']}”" if signing["package"] else "a deal"
    said = f"{both} sign: {signing['words']}" if len(moved) == 1 else f"{both} sign {deal}"
    return (72 if demanded in moved else 60), said


def happened(names: Names, events: list[Event], manner: Manner) -> Iterator[str]:
    """Tell events, elections, assemblies, and agreements that run out."""
    for event in events:
        if event["event"] == "happening":
            said = [w for e in event["effects"] if (w := effect_words(names, e))]
            yield from manner.text(f"{event['name']}. {_sentence('; '.join(said))}".strip(), 2)
        elif event["event"] == "assembly":
            move = event["move"]
            changed = in_words(move) if move["from"] != move["to"] else f"{move['name']} as it is"
            yield from manner.text(f"{event['name']}. Decided: {changed}.", 2)
        elif event["event"] == "expiry":
            yield from manner.text(f"{expiry_words(names, event)}.", 2)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def at_tables(names: Names, events: list[Event], manner: Manner) -> Iterator[str]:
    """Tell the talks, the weightiest tables first; the rest in a line unless all is told."""
    open_now = [e for e in events if e["event"] == "agenda"]
    told_of = [e for e in events if e["event"] != "answers"]
    tables = [[e for e in told_of if e.get("table") == a["table"]] for a in open_now]
    tables.sort(key=lambda here: -weight(here))
    told = [here for here in tables if manner.verbose or weight(here) >= WORTH_TELLING]
    if not manner.verbose:
        told = told[:MOST_TABLES]
    for here in told:
        if manner.verbose:
            yield from minutes(names, here, manner)
        else:
            yield from manner.text(paragraph(names, here), 2, 4)
    rest = [here for here in tables if here not in told]
    signed = [s for here in rest for s in here if s["event"] == "signing" and s["signed"]]
    if signed:
        deals = [f"{names.table(s['table'])} ({s['package'] or s['words']})" for s in signed]
        yield from manner.text(f"Also signed: {'; '.join(deals)}.", 2, 4)
    failed = [refusal(names, here) for here in rest if not any(s in signed for s in here)]
    if failed:
        yield from manner.text(f"Also without result: {'; '.join(failed)}.", 2, 4)
    here_too = {a["table"] for a in open_now}
    for event in events:
        if event["event"] == "threat" and event["table"] not in here_too:
            yield from manner.text(_threat(names, event), 2)
        elif event["event"] == "lapse" and manner.verbose:
            table, by = names.table(event["table"]), names.actor(event["by"])
            yield from manner.text(f"{table}: {by} lets the talks lapse.", 2)


def refusal(names: Names, here: list[Event]) -> str:
    """Say in a few words who refused what at a table that is not told at length, and why."""
    agenda = here[0]
    replies = {e["round"]: e for e in here if e["event"] == "reply"}
    told = decisive([e for e in here if e["event"] == "offer" and e["moves"]], replies, agenda)
    if not told or replies[told[-1]["round"]]["accepted"]:
        return names.table(agenda["table"])
    offer, reply = told[-1], replies[told[-1]["round"]]
    moved = [move["name"] for move in offer["moves"]]
    what = f"“{offer['package']}”" if offer["package"] else several(moved)
    said = f"{names.actor(offer['to'])} refuses a deal on {what}: {why_shortly(reply)}"
    return f"{names.table(agenda['table'])} ({said})"


def weight(here: list[Event]) -> float:
    """Weigh what happened at a table: demands, threats and deals before talks that led nowhere."""
    kinds = {e["event"] for e in here}
    agenda = here[0]
    fresh = bool(agenda["demand"] and agenda["demand"]["fresh"])
    signing = next((e for e in here if e["event"] == "signing"), None)
    stake = max((abs(e["sum"]) for e in here if e["event"] == "reply"), default=0.0)
    return (
        6.0 * fresh
        + 4.0 * ("threat" in kinds)
        + (3.0 + bool(signing["package"]) if signing else 0.0)
        + 1.0 * (agenda["demand"] is not None)
        + 1.0 * ("reply" in kinds)
        + min(stake, 1.0)
    )


def _threat(names: Names, threat: Event) -> str:
    reason = why_move(threat) if threat["what"] in ("announced", "carried_out") else ""
    return f"{threat_words(names, threat)}{reason}."


def asked(names: Names, agenda: Event, *, whole: bool = False) -> str:
    """Say who asked whom for what at a table; all that was named, where no offers tell it."""
    by, to = names.actor(agenda["by"]), names.actor(agenda["to"])
    fixed = agenda["reopens"]
    if agenda["demand"]:
        said = f"{by} {demand_words(agenda['demand'], to)}"
        if not whole:
            fixed = [
                x for x in fixed if x == agenda["demand"]["name"] and agenda["demand"]["fresh"]
            ]
    else:
        said = f"{by} {'goes on talking with' if agenda['continued'] else 'asks to talk with'} {to}"
        said += f" about {several(agenda['names'])}" if whole and agenda["names"] else ""
    if fixed:
        said += f", though an agreement in force fixes {several(fixed)}"
    return said


def paragraph(names: Names, here: list[Event]) -> str:
    """Tell a table in a paragraph: who asked, the exchange that decided, what became of it."""
    agenda = here[0]
    replies = {e["round"]: e for e in here if e["event"] == "reply"}
    offers = [e for e in here if e["event"] == "offer" and e["moves"]]
    told = decisive(offers, replies, agenda)
    head = f"{asked(names, agenda, whole=not offers)}{_out_of_reach(agenda, offers)}"
    if told and told[0]["by"] == agenda["by"] and not agenda["demand"]:
        head += ", and proposes" if ", though" in head else " and proposes"
    else:
        head += "." if not told else f". {names.actor(told[0]['by'])} proposes"
    said = [head]
    for n, offer in enumerate(told):
        reply = replies[offer["round"]]
        by, to = names.actor(offer["by"]), names.actor(offer["to"])
        hoped = ""
        if not reply["accepted"] and (offer["chance"] or 0.0) >= SURPRISE:
            hoped = f", sure of a yes at {percent(offer['chance'])} odds"
        verb = "accepts" if reply["accepted"] else "refuses"
        begun = "" if n == 0 else f"{by} proposes "
        said.append(f"{begun}{proposal(offer)}{hoped}. {to} {verb}: {why_reply(reply)}.")
    said += [f"{signing_words(names, e)}." for e in here if e["event"] == "signing"]
    said += [_threat(names, e) for e in here if e["event"] == "threat"]
    return f"{names.table(agenda['table'])}. {' '.join(said)}"


def _out_of_reach(agenda: Event, offers: list[Event]) -> str:
    return "; no offer can meet that now" if agenda["demand"] and not offers else ""


def decisive(offers: list[Event], replies: dict[int, Event], agenda: Event) -> list[Event]:
    """Choose the offer that was accepted; else the opener's last, with a demand the other's too."""
    agreed = [o for o in offers if replies[o["round"]]["accepted"]]
    if agreed:
        return agreed
    last = {o["by"]: o for o in offers}
    if not agenda["demand"] and agenda["by"] in last:
        return [last[agenda["by"]]]
    return sorted(last.values(), key=lambda o: int(o["round"]))


def minutes(names: Names, here: list[Event], manner: Manner) -> Iterator[str]:
    """Tell a table in full: all offers and replies, round by round."""
    agenda = here[0]
    replies = {e["round"]: e for e in here if e["event"] == "reply"}
    offers = [e for e in here if e["event"] == "offer"]
    said = f"{asked(names, agenda, whole=True)}{_out_of_reach(agenda, offers)}"
    yield from manner.text(f"{names.table(agenda['table'])}. {said}.", 2)
    for offer in offers:
        by, to = names.actor(offer["by"]), names.actor(offer["to"])
        if not offer["moves"]:
            yield from manner.text(f"Round {offer['round']}. {by} makes no offer.", 4)
            continue
        hoped = ""
        if offer["chance"] is not None:
            hoped = f", a yes at {percent(offer['chance'])} odds in its view"
        walking = part(offer["refusing"]["worth"])
        yield from manner.text(
            f"Round {offer['round']}. {by} proposes {proposal(offer)}{hoped}. For itself:"
            f" {why_move(offer).strip(' ()')}{passing(offer)}; walking away {walking}.",
            4,
        )
        reply = replies[offer["round"]]
        verb = "accepts" if reply["accepted"] else "refuses"
        yield from manner.text(f"{to} {verb}: {why_reply(reply)}.", 6)
    for event in here:
        if event["event"] == "signing":
            yield from manner.text(f"{signing_words(names, event, whole=True)}.", 4)
        elif event["event"] == "threat":
            yield from manner.text(_threat(names, event), 4)


def alone(names: Names, events: list[Event], manner: Manner) -> Iterator[str]:
    """Tell own moves and broken promises; kept ones in the whole telling."""
    for move in own_moves(events):
        broken = f", breaking its agreement with {names.actor(move['breaks'])}" * bool(
            move["breaks"]
        )
        said = f"{names.actor(move['by'])} on its own: {in_words(move['move'])}{broken}"
        yield from manner.text(f"{said}{why_move(move)}.", 2)
    for promise in (e for e in events if e["event"] == "promise"):
        by, to = names.actor(promise["by"]), names.actor(promise["to"])
        if not promise["kept"]:
            yield from manner.text(
                f"{by} breaks its promise to {to}: {in_words(promise['move'])}.", 2
            )
        elif manner.verbose:
            yield from manner.text(f"{by} keeps its word to {to}: {in_words(promise['move'])}.", 2)


def endings(names: Names, events: list[Event], manner: Manner) -> Iterator[str]:
    """Tell what ended without a choice."""
    for end in (e for e in events if e["event"] == "ending"):
        said = f"{names.actor(end['owner'])} is released from its promise to"
        if end["why"] == "released":
            yield from manner.text(f"{said} {names.actor(end['to'])}: {in_words(end['move'])}.", 2)
        else:
            spoil = "spoils" if len(end["by"]) == 1 else "spoil"
            by = f"{several(end['by'])} {spoil}"
            yield from manner.text(f"{by} what was agreed: {in_words(end['move'])}.", 2)


def crises(names: Names, events: list[Event], manner: Manner) -> Iterator[str]:
    """Tell ties that broke, crises and how likely they were, and who won a war that is over."""
    for rupture in (e for e in events if e["event"] == "rupture"):
        first, second = map(names.actor, rupture["between"])
        yield from manner.text(f"{first} and {second} break with each other, for good.", 2)
    for war in (e for e in events if e["event"] == "war_over"):
        place = names.theatre(war["theatre"])
        text = f"The war in {place} is over: {names.actor(war['won'])} has won it."
        yield from manner.text(text, 2)
    for crisis in (e for e in events if e["event"] == "crisis"):
        odds = f" The odds of a crisis were {percent(crisis['hazard'])}."
        forced = crisis["hazard"] >= 1.0  # an event brought it
        yield from manner.text(f"{crisis_words(names, crisis)}.{'' if forced else odds}", 2)


def learnt(names: Names, events: list[Event], manner: Manner) -> Iterator[str]:
    """Tell what changed in the network: beliefs and support, the largest changes first."""
    beliefs = [e for e in events if e["event"] == "belief"]
    beliefs.sort(key=lambda b: -abs(b["to"] - b["from"]))
    if not manner.verbose:
        beliefs = [b for b in beliefs if abs(b["to"] - b["from"]) >= LEARNT][:MOST_LEARNT]
    said = [belief_words(names, b) for b in beliefs]
    said += [
        f"support in {names.actor(e['actor'])} {share(e['from'])} → {share(e['to'])}"
        for e in events
        if e["event"] == "support"
    ]
    if said:
        yield from manner.text(f"Ties: {'; '.join(said)}.", 2)


def ending(transcript: Transcript, manner: Manner) -> Iterator[str]:
    """Sum up: what stands where, who got what, deals, threats, crises."""
    yield manner.strong("How it ended")
    yield from positions(transcript, manner)
    yield ""
    yield manner.strong("Who got what")
    yield from gains(transcript, manner)
    yield ""
    yield manner.strong("What it took")
    yield from counts(transcript, manner)
    yield from manner.text(f"Final state {transcript.digest}.", 2)
    yield ""
    yield from manner.text(NOTICE, hang=0)


def positions(transcript: Transcript, manner: Manner) -> Iterator[str]:
    """Tell which levers moved, owner by owner, and what stayed though it was at stake."""
    header, names = transcript.header, Names(transcript.header)
    first, last = header["state"]["levers"], last_state(transcript)["levers"]
    levers = header["levers"]
    moved = [x for x in first if first[x] != last[x]]
    room = max((len(levers[x]["name"]) for x in moved), default=0)
    room = min(room, manner.width // 2)
    for owner in header["actors"]:
        mine = [x for x in moved if levers[x]["owner"] == owner]
        if mine:
            yield from manner.text(names.title(owner), 2)
        for x in mine:
            lever = levers[x]
            unit = "" if "labels" in lever else f" {lever['unit']}"
            dots = " " * max(room - len(lever["name"]), 0)
            change = f"{level(lever, first[x])} → {level(lever, last[x])}{unit}"
            yield from manner.text(f"{lever['name']}{dots}  {change}", 4, 8)
    same = [levers[x]["name"] for x in header["stakes"] if x not in moved]
    if same:
        yield from manner.text(f"As before, though at stake: {'; '.join(same)}.", 2, 4)


def level(lever: Event, value: float) -> str:
    """Write a lever's level: its label if it stands on one, else the number."""
    if "labels" in lever and value in lever["settings"]:
        return str(lever["labels"][lever["settings"].index(value)])
    return figure(value)


def last_state(transcript: Transcript) -> Event:
    """State at the end of the game."""
    return list(transcript.of("state"))[-1]


def gains(transcript: Transcript, manner: Manner) -> Iterator[str]:
    """Tell each actor's mean utility and what changed in its accounts, in their own units."""
    header, names = transcript.header, Names(transcript.header)
    states = list(transcript.of("state"))
    for actor, before in header["state"]["accounts"].items():
        after = states[-1]["accounts"][actor]
        mean = sum(s["utility"][actor] for s in states) / len(states)
        moved = [
            f"{k} {_amount(after[k] - before[k])}"
            for k in before
            if abs(after[k] - before[k]) >= FELT_ACCOUNT
        ]
        support = header["state"]["support"][actor], states[-1]["support"][actor]
        yield from manner.text(
            f"{names.title(actor)}: {', '.join(moved) or 'no account moved'};"
            f" utility {part(mean)} a quarter; support {share(support[0])} → {share(support[1])}",
            2,
            6,
        )
    yield from manner.text(
        "Treasury and commerce in money a year, the rest in points; utility is counted from what"
        " each had got used to.",
        2,
    )


FELT_ACCOUNT = 0.005  # changes of accounts below this are not told


def _amount(value: float) -> str:
    return ("−" if value < 0.0 else "+") + f"{abs(value):,.3g}"


def counts(transcript: Transcript, manner: Manner) -> Iterator[str]:
    """Count deals by table, broken promises, threats and crises."""
    names = Names(transcript.header)
    signed: dict[str, int] = dict.fromkeys(transcript.header["tables"], 0)
    for event in transcript.of("signing"):
        signed[event["table"]] += event["signed"]
    deals = [f"{names.table(t)} {n}" for t, n in signed.items() if n]
    yield from manner.text(f"Deals signed: {'; '.join(deals) or 'none'}.", 2, 6)
    kept = [e["kept"] for e in transcript.of("promise")]
    if kept:
        yield from manner.text(f"Promises kept {sum(kept)} of {len(kept)}.", 2)
    what = [e["what"] for e in transcript.of("threat")]
    if what:
        fate = [f"{what.count(w)} {w.replace('_', ' ')}" for w in dict.fromkeys(what)]
        yield from manner.text(f"Threats: {', '.join(fate)}.", 2)
    rungs = [f"{names.theatre(e['theatre'])} ({e['called']})" for e in transcript.of("crisis")]
    yield from manner.text(f"Crises: {'; '.join(rungs) or 'none'}.", 2, 6)
