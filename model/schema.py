"""What a scenario file may say: one frozen model per concept, nothing about files or arrays.

A number is a `Quantity`: a value with a range and a source (a key of `sources`, or `assumed`).
Everything else (ids, settings of levers, dates) is structure and cannot be varied in a run.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from agents.briefing import ACCOUNTS as ACCOUNTS  # noqa: PLC0414 - part of the schema, too
from agents.briefing import Account

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
ScenarioName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Quarter = Annotated[str, StringConstraints(pattern=r"^\d{4}Q[1-4]$")]
Side = Literal["challenger", "defender", "patron"]
ASSUMED = "assumed"
CONTEST_EXPONENTS = (1.0, 1.5, 2.0)  # those whose powers are exact on every machine


class Part(BaseModel):
    """Base of every part of a scenario: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Quantity(Part):
    """One number with its plausible range and where it comes from."""

    value: float
    range: tuple[float, float]
    source: str
    unit: str = ""
    note: str = ""

    @model_validator(mode="before")
    @classmethod
    def _needs_source(cls, data: Any) -> Any:
        if isinstance(data, (int, float)) and not isinstance(data, bool):
            msg = "a number needs a range and a source: {value: 1, range: [0, 2], source: assumed}"
            raise ValueError(msg)  # noqa: TRY004 - pydantic collects ValueErrors
        return data

    @field_validator("range")
    @classmethod
    def _ordered(cls, bounds: tuple[float, float]) -> tuple[float, float]:
        if bounds[0] > bounds[1]:
            msg = f"range [{bounds[0]:g}, {bounds[1]:g}] is empty: write the lower end first"
            raise ValueError(msg)
        return bounds

    @model_validator(mode="after")
    def _inside(self) -> Quantity:
        low, high = self.range
        if not low <= self.value <= high:
            msg = f"value {self.value:g} lies outside its own range [{low:g}, {high:g}]"
            raise ValueError(msg)
        return self


class Rules(Part):
    """World constants: how bargaining, belief, crisis and home politics work (game design 4-7)."""

    # how the account of an actor becomes value
    value: Literal["rational", "log", "quadratic", "linear"]
    reference_speed: Quantity  # share of the gap closed a quarter
    # bargaining
    rounds: Annotated[int, Field(ge=1, le=1000)]
    first_mover: Literal["drawn", "opener", "invited"]
    acceptance: Literal["exact", "uniform", "logistic"]
    acceptance_width: Quantity  # utility; spread of the belief about the other's threshold
    settlement_odds: Quantity  # believed chance that open talks settle
    named_levers: Annotated[int, Field(ge=1, le=20)]
    sweeteners: Annotated[int, Field(ge=0, le=20)]
    weight_noise: Quantity  # relative sd of perceived weights
    concession: Quantity  # a quarter, decay of a headline demand
    relation_persistence: Quantity  # a quarter
    relation_gain: Quantity  # r+
    relation_loss: Quantity  # r-
    # conditional commitment
    commitment_speed: Quantity  # kappa_c a quarter
    commitment_share: Quantity  # chi
    commitment_curve: Quantity  # eta
    in_kind_credit: Quantity  # f, how much funds, purchases and ships count as paid
    fair_cap: Quantity  # fair = min(asked, cap x prior)
    # threats
    bluff_cost: Quantity  # utility
    bluff_spread: Quantity  # utility, sd of the private nu
    threat_reversal: Quantity  # hazard a quarter
    # beliefs
    forgetting: Quantity
    belief_prior: Quantity  # a0 = b0
    weight_kept: Quantity
    weight_broken: Quantity
    weight_threat: Quantity
    weight_behind_back: Quantity
    weight_crisis: Quantity
    weight_reopening: Quantity  # asking to reopen a living agreement
    spillover: Quantity
    hostility_speed: Quantity
    # theatres
    hazard_clip: Quantity
    escalation: Quantity  # chance to climb one more rung at neutral resolve
    war_quarters: Quantity  # length of a war
    # own moves
    adjustment_cost: Quantity  # utility a step
    inertia: Quantity  # utility of not moving at all
    # home front
    support_persistence: Quantity
    support_treasury: Quantity
    support_crisis: Quantity
    support_deal: Quantity
    support_pledge: Quantity
    # channels: 1 on, 0 off
    channel_reputation: Quantity
    channel_forces: Quantity
    channel_money: Quantity
    channel_home: Quantity
    channel_adversary: Quantity


class Ratification(Part):
    """Putnam's level two: P = logistic((win_set + weight (support - .5) - cost) / spread)."""

    body: str
    win_set: Quantity  # SMA-percent equivalents
    spread: Quantity
    support_weight: Quantity


class Platform(Part):
    """What an office-holder wants: weights of the six accounts (they are scaled to sum to one)."""

    office: str
    weights: dict[Account, Quantity]
    transactionalism: Quantity | None = None


class Actor(Part):
    """One player."""

    name: str
    called: str = ""  # in a sentence, if not by its name: the United States
    about: str = ""
    place: tuple[float, float]  # where it stands in pictures, x to the right, y up, in [0, 1]
    doctrine: Id
    platform: Id
    platforms: dict[Id, Platform]
    agenda: Quantity  # tables that it can keep open at a time
    transactionalism: Quantity  # tau
    reciprocity: Quantity  # rho
    discount: Quantity  # a quarter
    round_discount: Quantity
    loss_aversion: Quantity
    sharpness: Quantity  # lambda_q of the logit
    reneging_cost: Quantity  # utility
    support: Quantity  # at the start, 0 to 1
    ratification: Ratification | None = None


def _contest_exponent(exponent: float) -> float:
    if exponent not in CONTEST_EXPONENTS:
        msg = f"the exponent must be one of {', '.join(f'{m:g}' for m in CONTEST_EXPONENTS)}"
        raise ValueError(msg)
    return exponent


class Stake(Part):
    """What a crisis in a theatre would cost an actor, and on which side it stands."""

    side: Literal["challenger", "defender"]
    value: Quantity


class HotWhile(Part):
    """A theatre is at war as long as this lever stands below the setting."""

    lever: Id
    below: float


class Aftermath(Part):
    """What a war leaves, once one side has lost it by the odds of the day it ends.

    If it is the defender, its forces and the patron's there are gone with the prize, and no crisis
    comes again. If it is the challenger, both sides lose their shares and the base hazard falls.
    """

    losses: dict[Side, Quantity]  # share of the forces before levers and stocks, 0 to 1
    calm: Quantity  # share of the base hazard that a beaten challenger leaves, 0 to 1


class Theatre(Part):
    """One place of possible war."""

    name: str
    place: tuple[float, float]
    challenger: str  # an actor, or the name of a scripted party
    defender: str
    patron: Id | None = None
    forces: dict[Side, Quantity]  # before levers and stocks
    exponent: Annotated[float, AfterValidator(_contest_exponent)]  # of the contest success function
    base_hazard: Quantity  # h0 a quarter
    steepness: Quantity  # k
    reference: Quantity  # EU_ref
    foresight: Quantity | None = None  # weight of how the challenger's gain will be next quarter
    prize: Quantity  # of winning, to the challenger
    war_cost: Quantity  # to the challenger
    crisis_share: Quantity  # c_w, loss in a crisis that is not lost
    nuclear_risk: Quantity  # 0 to 1, lowers the chance to climb
    credibility: Quantity  # of the patron at the start
    treaty: Quantity  # ceiling of the patron's commitment
    stakes: dict[Id, Stake]
    hot_while: HotWhile | None = None
    attention: dict[Id, Quantity] = {}  # agenda slots that a hot theatre takes
    aftermath: Aftermath | None = None  # without one a war leaves the theatre as it was


MOST_SETTINGS = 2000


def _written_out(settings: Any) -> Any:
    """Turn `{from: 0, to: 2, by: 0.5}` into 0, 0.5, 1, 1.5, 2; leave a list as it is."""
    if not isinstance(settings, dict) or settings.keys() != {"from", "to", "by"}:
        return settings
    low, high, step = (settings[key] for key in ("from", "to", "by"))
    if not all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (low, high, step)):
        raise ValueError("a range of settings needs three numbers")
    if not (step > 0 and 0 <= (high - low) / step < MOST_SETTINGS):
        raise ValueError(f"a range of settings rises, by at most {MOST_SETTINGS} steps")
    count = int((high - low) / step + 1e-9)
    return tuple(float(round(low + n * step, 9)) for n in range(count + 1))


class Lever(Part):
    """One policy position."""

    name: str
    unit: str
    owner: Id
    host: Id | None = None
    settings: Annotated[tuple[float, ...], BeforeValidator(_written_out)]
    labels: tuple[str, ...] = ()
    start: float
    step: Annotated[int, Field(ge=1)] = 1  # settings a quarter, at a table
    lead: Annotated[int, Field(ge=0)] = 0  # quarters from promise to effect
    continuous: Quantity | None = None  # kappa: the value follows the setting at this rate
    unilateral: Literal["no", "up", "down", "both"] = "no"  # how the owner may move it alone
    headline: bool = False  # demands on it may far exceed what one deal can move
    home_cost: dict[Id, Quantity] = {}  # SMA-percent equivalents per unit; negative = sweetener
    exit_cost: dict[Id, Quantity] = {}  # utility of re-opening or breaking; else `reneging_cost`
    counts: Quantity | None = None  # dispersion: events a quarter are drawn with the value as mean
    spoils: Spoiler | None = None
    consent: Consent | None = None
    visible: Literal["all", "parties"] = "all"
    hostile: bool = False  # raising it is seen as a build-up or provocation by those it hurts
    source: str
    note: str = ""


class Spoiler(Part):
    """Raising this lever one unit ends another activity with some chance."""

    lever: Id
    to: float
    odds: Quantity


class Consent(Part):
    """A scripted party that must agree, too."""

    party: str
    odds: Quantity


class Inflow(Part):
    """What feeds a stock: coefficient x (value - zero) a quarter."""

    source_of: Annotated[str, Field(alias="from")]
    coefficient: Quantity
    relative: bool = True  # counted from its value at the start of the game


class Stock(Part):
    """A quantity that moves slowly: next = (1 - decay) now + growth + inflows, within bounds."""

    name: str
    unit: str
    owner: Id
    start: Quantity
    decay: Quantity | None = None
    growth: Quantity | None = None
    inflows: tuple[Inflow, ...] = ()
    low: float = 0.0
    high: float = 1e12


class Entry(Part):
    """One line of the ledger: coefficient x (value - value at the start) enters the accounts."""

    source_of: Annotated[str, Field(alias="from")]
    to: tuple[str, ...]
    coefficient: Quantity
    unit: str
    why: str
    sign_uncertain: bool = False
    channel: Literal["forces", "money", "home", "adversary", "none"] = "none"

    @field_validator("to", mode="before")
    @classmethod
    def _one_or_many(cls, to: Any) -> Any:
        return (to,) if isinstance(to, str) else to


class Transfer(Part):
    """Forces that may leave one theatre for another: share x force x chance counts in both."""

    share: Id  # lever, 0 to 1
    of: tuple[Id, ...]  # levers, thousand troops
    leaves: Id
    helps: Id
    odds: Quantity


class Limit(Part):
    """A hard bound: sum of coefficient x lever may not exceed the limit."""

    name: str
    levers: dict[Id, float]
    limit: Quantity | Id  # a number or a stock


class Tie(Part):
    """A directed pair of relations; `both` writes the two directions at once."""

    source_of: Annotated[Id, Field(alias="from")]
    to: Id
    both: bool = True
    alliance: Quantity | None = None  # strength of the treaty, 0 to 1
    alignment: Quantity | None = None  # likeness of votes, 0 to 1
    trade: Quantity | None = None  # USD bn a year, exports of `from`
    trade_back: Quantity | None = None
    rivalry: Quantity | None = None  # 0 to 1
    relation: Quantity | None = None  # relation capital at the start, both ways
    rupture: Quantity | None = None  # relation capital below which it breaks for good, both ways


class Demand(Part):
    """What the opener may ask for on a headline lever, by the norm of fairness that it invokes."""

    by: Id
    lever: Id
    norms: dict[Id, Quantity]


class Threat(Part):
    """A unilateral move announced when a demand is refused."""

    by: Id
    lever: Id
    steps: int
    lead: Annotated[int, Field(ge=1)]
    floor: Quantity  # utility, what law and Congress make it cost
    private: Quantity | None = None  # security sd: unknown part of what it costs the threatened


class Commitment(Part):
    """Payments that buy the patron's commitment in a theatre: cash plus what counts in kind."""

    theatre: Id
    payer: Id
    cash: Id  # lever
    in_kind: dict[Id, Quantity] = {}  # lever -> cash units per unit


class Agreement(Part):
    """A deal already in force at the start: its levers are locked until it expires."""

    name: str
    table: Id
    levers: tuple[Id, ...]
    until: Quarter
    source: str


class Package(Part):
    """A named bundle of moves (steps relative to where the levers stand)."""

    name: str
    moves: dict[Id, int]
    brief: tuple[Id, ...] = ()


class Duration(Part):
    """Levers that say whether an agreement of a table is in force, and how long a new one runs."""

    in_force: Id  # lever, 0 or 1
    years: Id  # lever


class Table(Part):
    """A tie at which two actors bargain."""

    name: str
    parties: tuple[Id, Id]
    levers: tuple[Id, ...] = ()  # empty: every lever one owns or hosts and the other feels
    packages: dict[Id, Package] = {}
    demands: Annotated[tuple[Demand, ...], Field(max_length=1)] = ()
    threats: tuple[Threat, ...] = ()
    term: Quantity  # quarters that a deal lasts
    duration: Duration | None = None  # without one nothing but its term ends a deal
    commitment: Commitment | None = None
    outside: dict[Id, Quantity] = {}  # utility over refusing that a party has by walking out
    closed_until: Quarter | None = None
    visible: Literal["all", "parties"] = "all"


class When(Part):
    """A date, or a hazard within a period."""

    quarter: Quarter | None = None
    hazard: Quantity | None = None
    first: Quarter | None = None
    last: Quarter | None = None


class Condition(Part):
    """Holds while the value of a lever or stock lies within the bounds."""

    of: Id
    at_least: float | None = None
    at_most: float | None = None


class Effect(Part):
    """One thing that an event does. Exactly one of the leading fields is set."""

    lever: Id | None = None
    to: float | None = None
    by: int | None = None  # settings up or down
    stock: Id | None = None
    add: float | None = None
    support: Id | None = None
    election: Id | None = None
    platforms: dict[Id, Quantity] = {}
    crisis: Id | None = None
    attention: Id | None = None  # actor that loses agenda slots
    slots: int = 1
    quarters: int = 1
    reopen: Id | None = None  # table
    demand: Id | None = None  # table whose demander asks in public for the level `to`
    about: Id | None = None  # evidence about this actor's reliability, seen by all
    kept: float | None = None
    broken: float | None = None
    pledge: Id | None = None  # actor whose pledge falls due: missed unless `met`
    met: Condition | None = None


class Event(Part):
    """Something that happens to the players, on a date or by chance."""

    name: str
    when: When
    odds: Quantity | None = None
    condition: Condition | None = None
    effects: tuple[Effect, ...]
    once: bool = True
    source: str
    given: bool = False  # part of history, not of the model


class Member(Part):
    """One voice in a many-party question."""

    position: Quantity  # 0 to 100
    influence: Quantity
    salience: Quantity  # 0 to 100


class Assembly(Part):
    """A question that many parties settle by positions (Probabilistic Condorcet Election)."""

    name: str
    first: Quarter
    every: Annotated[int, Field(ge=1)]
    condition: Condition | None = None
    members: dict[str, Member]  # actors or scripted parties
    lever: Id
    outcomes: tuple[tuple[float, float], ...]  # (position up to, setting of the lever)


class Sentence(Part):
    """One sentence of the source brief (paraphrased), and where it lives in the game."""

    paragraph: int
    sentence: int
    gist: str
    levers: tuple[Id, ...] = ()
    events: tuple[Id, ...] = ()
    packages: tuple[str, ...] = ()
    claims: tuple[Id, ...] = ()


class Series(Part):
    """A key series for tables and figures: a lever, a stock, or a computed quantity."""

    name: str
    of: str  # a measure, or a sum of several: `lever.a + 0.5 * lever.b`
    unit: str


def series_terms(of: str) -> tuple[tuple[float, str], ...]:
    """Split a series into its (factor, measure).

    Raises
    ------
    ValueError
        If a factor is no number.
    """
    terms = (term.rpartition("*") for term in of.split("+"))
    return tuple((float(factor or 1.0), name.strip()) for factor, _, name in terms)


class Beliefs(Part):
    """What actors think of each other at the start; exceptions as `A>B`."""

    reliability: dict[str, Quantity] = {}
    resolve: dict[str, Quantity] = {}
    hostility: dict[str, Quantity] = {}
    default_reliability: Quantity
    default_resolve: Quantity
    default_hostility: Quantity


class ScenarioFile(Part):
    """A whole scenario."""

    name: ScenarioName
    title: str
    about: str
    extends: str | None = None
    start: Quarter
    quarters: Annotated[int, Field(ge=1, le=400)]
    cutoff: str = ""  # nothing that became known later may inform it
    sources: dict[Id, str]
    aliases: dict[Id, str] = {}  # short names of parameters
    rules: Rules
    actors: dict[Id, Actor]
    theatres: dict[Id, Theatre] = {}
    levers: dict[Id, Lever]
    stocks: dict[Id, Stock] = {}
    ledger: dict[str, Entry]
    transfers: dict[Id, Transfer] = {}
    limits: dict[Id, Limit] = {}
    ties: tuple[Tie, ...] = ()
    beliefs: Beliefs
    aspirations: dict[Id, dict[Account, Quantity]] = {}  # taken for granted beyond today's account
    tables: dict[Id, Table]
    agreements: dict[Id, Agreement] = {}
    events: dict[Id, Event] = {}
    assemblies: dict[Id, Assembly] = {}
    brief: tuple[Sentence, ...] = ()
    series: dict[Id, Series] = {}
    scales: dict[Id, dict[Account, float]] = {}  # sd of each account over a status-quo ensemble


Lever.model_rebuild()
Table.model_rebuild()
