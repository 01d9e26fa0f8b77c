"""What the numbers of a scenario are called and measured in, where people read of them.

`United States: tables that it can keep open (tables)` instead of `actors.USA.agenda`.
"""

from __future__ import annotations

from collections.abc import Callable

from model.faults import Path
from model.parameters import Parameter, paths
from model.schema import Lever, ScenarioFile, Stock

CHANCE, SHARE, UTILITY, VOTES = "chance", "0 to 1", "utility", "SMA %"

# Units that follow from a parameter's place; `*` stands for any one part, {unit} for the unit of
# the lever, stock or ledger line that the parameter belongs to.
UNITS: tuple[tuple[str, str], ...] = (
    ("rules.*", "0 off, 1 on"),  # the switches alone have no unit of their own
    ("actors.*.agenda", "tables"),
    ("actors.*.transactionalism", SHARE),
    ("actors.*.reciprocity", "weight"),
    ("actors.*.discount", "a quarter"),
    ("actors.*.round_discount", "a round"),
    ("actors.*.loss_aversion", "times a gain"),
    ("actors.*.sharpness", "per utility"),
    ("actors.*.reneging_cost", UTILITY),
    ("actors.*.support", "share of voters"),
    ("actors.*.ratification.support_weight", f"{VOTES} per share of voters"),
    ("actors.*.ratification.*", VOTES),
    ("actors.*.platforms.*.transactionalism", SHARE),
    ("actors.*.platforms.*.weights.*", "weight"),
    ("theatres.*.forces.*", "index"),
    ("theatres.*.aftermath.losses.*", SHARE),
    ("theatres.*.aftermath.calm", SHARE),
    ("theatres.*.base_hazard", f"{CHANCE} a quarter"),
    ("theatres.*.steepness", "log hazard per prize"),
    ("theatres.*.reference", "prizes"),
    ("theatres.*.foresight", "share"),
    ("theatres.*.prize", "prizes"),
    ("theatres.*.war_cost", "prizes"),
    ("theatres.*.crisis_share", "share of the stake"),
    ("theatres.*.nuclear_risk", CHANCE),
    ("theatres.*.credibility", SHARE),
    ("theatres.*.treaty", SHARE),
    ("theatres.*.stakes.*.value", "points of security"),
    ("theatres.*.attention.*", "tables"),
    ("levers.*.home_cost.*", f"{VOTES} per {{unit}}"),
    ("levers.*.exit_cost.*", UTILITY),
    ("levers.*.continuous", "share a quarter"),
    ("levers.*.counts", "dispersion"),
    ("levers.*.spoils.odds", f"{CHANCE} per {{unit}}"),
    ("levers.*.consent.odds", CHANCE),
    ("stocks.*.start", "{unit}"),
    ("stocks.*.decay", "share a quarter"),
    ("stocks.*.growth", "{unit}, a quarter"),
    ("stocks.*.inflows.*.coefficient", "{unit}, a quarter, per unit of its source"),
    ("ledger.*.coefficient", "{unit}"),
    ("transfers.*.odds", CHANCE),
    ("limits.*.limit", "as its levers"),
    ("ties.*.trade", "USD bn a year"),
    ("ties.*.trade_back", "USD bn a year"),
    *((f"ties.*.{x}", "relation capital") for x in ("relation", "rupture")),
    ("ties.*.*", SHARE),
    ("beliefs.*", SHARE),
    ("beliefs.*.*", SHARE),
    ("tables.*.term", "quarters"),
    ("tables.*.demands.*.norms.*", "{unit}"),
    ("tables.*.threats.*.floor", UTILITY),
    ("tables.*.threats.*.private", "sd of security"),
    ("tables.*.outside.*", UTILITY),
    ("tables.*.commitment.in_kind.*", "cash per {unit}"),
    ("events.*.odds", CHANCE),
    ("events.*.when.hazard", f"{CHANCE} a quarter"),
    ("events.*.effects.*.platforms.*", "weight"),
    ("assemblies.*.members.*.influence", "weight"),
    ("assemblies.*.members.*.*", "0 to 100"),
)

RULES = {
    "reference_speed": "pace at which a player gets used to what it has",
    "acceptance_width": "doubt about what the other side would accept",
    "settlement_odds": "believed chance that open talks settle",
    "weight_noise": "error about the other side's interests",
    "concession": "pace at which a headline demand comes down",
    "relation_persistence": "how long relations last",
    "relation_gain": "what an agreement does for relations",
    "relation_loss": "what a failure does to relations",
    "commitment_speed": "pace at which commitment follows payment",
    "commitment_share": "share of commitment that depends on payment",
    "commitment_curve": "curve of commitment over payment",
    "in_kind_credit": "how far funds, purchases and ships count as payment",
    "fair_cap": "most that counts as fair",
    "bluff_cost": "cost of a bluff",
    "bluff_spread": "doubt about whether a threat is meant",
    "threat_reversal": "chance that a threat carried out is taken back",
    "forgetting": "how long reputations last",
    "belief_prior": "weight of first beliefs",
    "weight_kept": "evidence in a kept promise",
    "weight_broken": "evidence in a broken promise",
    "weight_threat": "evidence in a threat carried out or not",
    "weight_behind_back": "evidence in a deal behind one's back",
    "weight_crisis": "evidence in a crisis",
    "weight_reopening": "evidence in asking to reopen a deal",
    "spillover": "how far one alliance is evidence for another",
    "hostility_speed": "pace at which hostility is learnt",
    "hazard_clip": "bound of what forces do to the hazard of crises",
    "escalation": "chance that a crisis climbs one more rung",
    "war_quarters": "length of a war",
    "adjustment_cost": "cost of every step of a policy",
    "inertia": "ease of leaving all as it is",
    "support_persistence": "how long support at home lasts",
    "support_treasury": "what money does to support at home",
    "support_crisis": "what a crisis does to support at home",
    "support_deal": "what a deal does to support at home",
    "support_pledge": "what a missed pledge does to support at home",
    "channel_reputation": "channel: reputation",
    "channel_forces": "channel: forces",
    "channel_money": "channel: money",
    "channel_home": "channel: home politics",
    "channel_adversary": "channel: the adversary's answer",
}
ACTORS = {
    "agenda": "tables that it can keep open",
    "transactionalism": "transactionalism",
    "reciprocity": "weight of reciprocity",
    "discount": "patience, from quarter to quarter",
    "round_discount": "patience, from round to round",
    "loss_aversion": "loss aversion",
    "sharpness": "sharpness of choice",
    "reneging_cost": "cost of breaking a promise",
    "support": "support at home at the start",
}
RATIFICATION = {
    "win_set": "win-set",
    "spread": "doubt about its vote",
    "support_weight": "weight of support at home",
}
THEATRES = {
    "base_hazard": "hazard of a crisis at even forces",
    "steepness": "how much forces matter for the hazard",
    "reference": "balance at which the hazard is the base",
    "foresight": "foresight of the challenger",
    "prize": "prize of winning",
    "war_cost": "cost of a war to the challenger",
    "crisis_share": "loss in a crisis that is not lost",
    "nuclear_risk": "nuclear risk",
    "credibility": "patron's commitment at the start",
    "treaty": "most that the treaty commits to",
}
LEVERS = {
    "continuous": "pace at which it follows a decision",
    "counts": "scatter of events",
    "start": "at the start",
}
BELIEFS = {"reliability": "reliability", "resolve": "resolve", "hostility": "hostility"}


def words_of(file: ScenarioFile, name: str) -> str:
    """Say what a parameter is, by path or alias, or whose doctrine; other names stay."""
    section, _, actor = name.partition(".")
    if section == "doctrines" and actor in file.actors:
        return f"{file.actors[actor].name}: doctrine"
    return all_words(file).get(file.aliases.get(name, name), name)


def all_words(file: ScenarioFile) -> dict[str, str]:
    """Return what every parameter of a scenario is called: name → words, each of its own."""
    return {name: _said(file, path) for name, path in paths(file).items()}


def _said(file: ScenarioFile, path: Path) -> str:
    parts = [str(x) for x in path]
    return SECTIONS[parts[0]](file, parts)


def _rule(_: ScenarioFile, parts: list[str]) -> str:
    return f"rules: {RULES[parts[1]]}"


def _actor(file: ScenarioFile, parts: list[str]) -> str:
    actor = file.actors[parts[1]]
    match parts[2:]:
        case ["ratification", what]:
            assert actor.ratification is not None
            return f"{actor.name}, {actor.ratification.body}: {RATIFICATION[what]}"
        case ["platforms", platform, "weights", account]:
            office = actor.platforms[platform].office
            return f"{actor.name}, {office}: weight of {account}"
        case ["platforms", platform, what]:
            return f"{actor.name}, {actor.platforms[platform].office}: {ACTORS[what]}"
        case [what]:
            return f"{actor.name}: {ACTORS[what]}"
    raise KeyError(parts)


def _theatre(file: ScenarioFile, parts: list[str]) -> str:
    name = file.theatres[parts[1]].name
    match parts[2:]:
        case ["forces", side]:
            return f"{name}: forces of the {side} before levers"
        case ["stakes", actor, _]:
            return f"{name}: stake of {party(file, actor)}"
        case ["attention", actor]:
            return f"{name}: attention that a crisis takes from {party(file, actor)}"
        case ["aftermath", "losses", side]:
            return f"{name}: forces that the {side} loses in a war"
        case ["aftermath", _]:
            return f"{name}: hazard that a beaten challenger leaves"
        case [what]:
            return f"{name}: {THEATRES[what]}"
    raise KeyError(parts)


def _lever(file: ScenarioFile, parts: list[str]) -> str:
    lever, name = file.levers[parts[1]], thing(file, parts[1])
    match parts[2:]:
        case ["home_cost", actor]:
            return f"{name}: cost at home, {party(file, actor)}"
        case ["exit_cost", actor]:
            return f"{name}: cost of going back on it, {party(file, actor)}"
        case ["spoils", _]:
            assert lever.spoils is not None
            return f"{name}: chance that it ends “{thing(file, lever.spoils.lever)}”"
        case ["consent", _]:
            assert lever.consent is not None
            return f"{name}: chance that {lever.consent.party} consents"
        case [what]:
            return f"{name}: {LEVERS[what]}"
    raise KeyError(parts)


def _stock(file: ScenarioFile, parts: list[str]) -> str:
    stock, name = file.stocks[parts[1]], thing(file, parts[1])
    match parts[2:]:
        case ["inflows", number, _]:
            return f"{name}: what {thing(file, stock.inflows[int(number)].source_of)} adds"
        case ["decay"]:
            return f"{name}: share that is lost"
        case ["growth"]:
            return f"{name}: growth of its own"
    return f"{name}: at the start"


def _ledger(file: ScenarioFile, parts: list[str]) -> str:
    line = file.ledger[parts[1]]
    ends = "; ".join(_target(file, to) for to in line.to)
    return f"effect of “{thing(file, line.source_of)}” on {ends}"


def _target(file: ScenarioFile, to: str) -> str:
    of, _, account = to.partition(".")
    if of in file.theatres:
        side = "the patron's" if account == "patron" else f"the {account}'s"
        return f"{side} force, {file.theatres[of].name}"
    return f"{account}, {party(file, of)}"


def _transfer(file: ScenarioFile, parts: list[str]) -> str:
    transfer = file.transfers[parts[1]]
    places = (file.theatres[t].name for t in (transfer.leaves, transfer.helps))
    return f"{thing(file, transfer.share)}: chance that forces go from {' to '.join(places)}"


def _limit(file: ScenarioFile, parts: list[str]) -> str:
    return f"limit: {file.limits[parts[1]].name}"


def _tie(file: ScenarioFile, parts: list[str]) -> str:
    tie = file.ties[int(parts[1])]
    ends = party(file, tie.source_of), party(file, tie.to)
    if parts[2] in ("trade", "trade_back"):
        seller, buyer = ends if parts[2] == "trade" else ends[::-1]
        return f"exports of {seller} to {buyer}"
    how = "and" if tie.both else "towards"
    return f"{parts[2]} of {ends[0]} {how} {ends[1]}"


def _belief(file: ScenarioFile, parts: list[str]) -> str:
    if len(parts) == 2:  # noqa: PLR2004 - a default, of all that are not named
        return f"first belief of anybody else's {parts[1].removeprefix('default_')}"
    of, _, about = parts[2].partition(">")
    return f"first belief of {party(file, of)} about {party(file, about)}: {BELIEFS[parts[1]]}"


def _aspiration(file: ScenarioFile, parts: list[str]) -> str:
    return f"{party(file, parts[1])}: {parts[2]} that it takes for granted"


def _table(file: ScenarioFile, parts: list[str]) -> str:
    table = file.tables[parts[1]]
    match parts[2:]:
        case ["demands", number, "norms", norm]:
            demand = table.demands[int(number)]
            what = thing(file, demand.lever)
            return f"{table.name}: demand for {what} by the norm “{norm.replace('_', ' ')}”"
        case ["threats", number, what]:
            threat = table.threats[int(number)]
            by, on = party(file, threat.by), thing(file, threat.lever)
            whose = f"cost to {by}" if what == "floor" else "what only the threatened knows"
            return f"{table.name}: threat {int(number) + 1}, {on}: {whose}"
        case ["commitment", "in_kind", lever]:
            return f"{table.name}: how far {thing(file, lever)} counts as payment"
        case ["outside", actor]:
            return f"{table.name}: what {party(file, actor)} has by walking out"
    return f"{table.name}: how long a deal lasts"


def _event(file: ScenarioFile, parts: list[str]) -> str:
    event = file.events[parts[1]]
    match parts[2:]:
        case ["effects", number, "platforms", platform]:
            of = event.effects[int(number)].election
            assert of is not None
            return f"{event.name}: odds of “{file.actors[of].platforms[platform].office}”"
        case ["when", _]:
            return f"hazard of “{event.name}”"
    return f"chance of “{event.name}”"


def _assembly(file: ScenarioFile, parts: list[str]) -> str:
    return f"{file.assemblies[parts[1]].name}: {parts[4]} of {party(file, parts[3])}"


SECTIONS: dict[str, Callable[[ScenarioFile, list[str]], str]] = {
    "rules": _rule,
    "actors": _actor,
    "theatres": _theatre,
    "levers": _lever,
    "stocks": _stock,
    "ledger": _ledger,
    "transfers": _transfer,
    "limits": _limit,
    "ties": _tie,
    "beliefs": _belief,
    "aspirations": _aspiration,
    "tables": _table,
    "events": _event,
    "assemblies": _assembly,
}


def party(file: ScenarioFile, name: str) -> str:
    """Return what a sentence calls an actor; scripted parties go by their name."""
    actor = file.actors.get(name)
    return (actor.called or actor.name) if actor else name


def thing(file: ScenarioFile, name: str) -> str:
    """Return the name of a lever or stock, with its owner where others have the same one."""
    own: Lever | Stock | None = file.levers.get(name) or file.stocks.get(name)
    if own is None:
        return name.replace("_", " ")
    every: list[Lever | Stock] = [*file.levers.values(), *file.stocks.values()]
    alike = sum(each.name == own.name for each in every)
    return f"{own.name} of {party(file, own.owner)}" if alike > 1 else own.name


def unit_of(file: ScenarioFile, p: Parameter) -> str:
    """Return the unit of a parameter: its own, else that of its place in the scenario.

    Raises
    ------
    KeyError
        If neither says one.
    """
    if p.unit:
        return p.unit
    parts = p.name.split(".")
    for pattern, unit in UNITS:
        places = pattern.split(".")
        if _fits(places, parts):
            return unit.format(unit=_unit_of_owner(file, parts))
    raise KeyError(p.name)


def _fits(pattern: list[str], parts: list[str]) -> bool:
    same = len(pattern) == len(parts)
    return same and all(a in ("*", b) for a, b in zip(pattern, parts, strict=True))


def _unit_of_owner(file: ScenarioFile, parts: list[str]) -> str:
    match parts:
        case ["levers", lever, *_] | ["tables", _, "commitment", "in_kind", lever]:
            return file.levers[lever].unit
        case ["tables", table, "demands", number, *_]:
            return file.levers[file.tables[table].demands[int(number)].lever].unit
        case ["stocks", stock, *_]:
            return file.stocks[stock].unit
        case ["ledger", line, *_]:
            return file.ledger[line].unit
    return ""
