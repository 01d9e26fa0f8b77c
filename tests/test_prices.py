"""Prices of moves, linear and of security, against a reference written out in NumPy."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.briefing import Floats, Ints
from agents.numerics import exp
from model.chance import Chance
from model.ledger import gaps, price_moves, switched
from model.perception import View, estimate_outlook, perceive
from model.scenario import Scenario
from model.schema import ACCOUNTS, ScenarioFile
from model.theatres import FAINT, NO_LIFT, Outlook, price_security
from tests.drawn import worlds
from tests.worlds import play


@settings(max_examples=25)
@given(worlds(), st.integers(0, 2**32 - 1))
def test_prices_of_moves_equal_the_reference(file: ScenarioFile, seed: int) -> None:
    rng = np.random.default_rng(seed)
    view, setting, lever, steps = some_moves(file, rng)
    scenario = view.scenario
    ledger, levers = scenario.ledger, scenario.levers
    coefficient = np.broadcast_to(switched(scenario), (len(ledger.source), setting.shape[1]))
    for actor in range(len(scenario.actors)):
        expected = np.zeros((len(ACCOUNTS), len(lever) + 1, setting.shape[1]))
        for m, x in enumerate(lever):
            gap = gap_of(levers.settings[x], int(levers.size[x]), setting[x], steps[m])
            for e in np.flatnonzero((ledger.source == x) & (ledger.actor == actor)):
                k = ledger.account[e]
                rate = coefficient[e] / scenario.scale[actor, k]
                expected[k, m] += rate * gap
        priced, moved = price_moves(scenario, actor, lever, gaps(scenario, lever, steps, setting))
        np.testing.assert_array_equal(priced, expected)
        assert not priced[~moved].any()


def some_moves(file: ScenarioFile, rng: np.random.Generator) -> tuple[View, Ints, Ints, Ints]:
    """What is seen after a quarter of three games, some settings, and moves up to two steps."""
    played = play(file, 3, 1)
    view = perceive(played.game.scenario, played.end, Chance(1, np.arange(3)))
    levers = view.scenario.levers
    setting = rng.integers(0, levers.size[:, None], (len(levers.ids), 3))
    lever = rng.integers(0, len(levers.ids), 6)
    return view, setting, lever, rng.integers(-2, 3, 6)


def gap_of(settings_: Floats, size: int, now: Ints, steps: int) -> Floats:
    return settings_[np.clip(now + steps, 0, size - 1)] - settings_[now]


@settings(max_examples=25)
@given(worlds(), st.integers(0, 2**32 - 1))
def test_prices_of_security_equal_the_reference(file: ScenarioFile, seed: int) -> None:
    rng = np.random.default_rng(seed)
    view, setting, lever, steps = some_moves(file, rng)
    scenario = view.scenario
    places = len(scenario.theatres.ids)
    lifted = int(rng.integers(-1, places))
    lift = np.where(rng.random((6, 1)) < 0.5, rng.uniform(-1, 1, (6, 3)), NO_LIFT)
    carried, observer = gaps(scenario, lever, steps, setting), 0
    force, every = view.known[observer].force, range(len(scenario.actors))
    for actors in (*((a,) for a in every), (0, len(every) - 1)):
        seen = tuple(estimate_outlook(view, observer, a) if a else view.outlooks[0] for a in actors)
        out = tuple(rng.random((6, 3)) for _ in actors)
        expected = np.array(out)
        touched = np.zeros((len(actors), 6), dtype=bool)
        for i, actor in enumerate(actors):
            for m, x in enumerate(lever):
                size = int(scenario.levers.size[x])
                gap = gap_of(scenario.levers.settings[x], size, setting[x], steps[m])
                for t in range(places):
                    bought = lift[m] if t == lifted and lift[m, 0] != NO_LIFT else None
                    change = reference_security_change(
                        scenario, seen[i], force, actor, t, int(x), gap, bought
                    )
                    if change is not None:
                        expected[i, m] += change / scenario.scale[actor, 0]
                        touched[i, m] = True
        moved = price_security(scenario, actors, seen, lever, carried, force, lifted, lift, out)
        np.testing.assert_array_equal(out, expected)
        np.testing.assert_array_equal(moved, touched)


def reference_security_change(
    scenario: Scenario,
    seen: Outlook,
    force: Floats,
    actor: int,
    t: int,
    lever: int,
    gap: Floats,
    lift: Floats | None,
) -> Floats | None:
    """Change of the security account in a theatre; None where the move does not touch it."""
    theatres, ledger = scenario.theatres, scenario.ledger
    entries = np.flatnonzero((ledger.force_source == lever) & (ledger.theatre == t))
    side = theatres.side[actor, t]
    if side == 0 or (not len(entries) and lift is None):
        return None
    forces = seen.forces[t].copy()
    for e in entries:
        forces[ledger.side[e]] += force[e] * gap
    trust = seen.credibility[t]
    if lift is not None:
        trust = np.minimum(np.maximum(trust + lift, 0.0), 1.0)
    c, d, p = np.maximum(forces, FAINT)
    m = theatres.exponent[t]
    c, with_patron, without = (raised(x, m) for x in (c, d + p, d))
    odds = trust * (c / (c + with_patron)) + (1.0 - trust) * (c / (c + without))
    odds = 1.0 - odds if side < 0 else odds
    gain = odds * theatres.prize[t] - (1.0 - odds) * theatres.war_cost[t]
    clip = scenario.rules.hazard_clip
    push = np.clip(theatres.steepness[t] * (gain - theatres.reference[t]), -clip, clip)
    hazard = 1.0 - exp(-seen.alarm[t] * exp(push))
    share = theatres.crisis_share[t]
    safe = -theatres.stake[actor, t] * hazard * (share + (1.0 - share) * odds)
    return np.asarray(safe - seen.security[t])


def raised(force: Floats, exponent: float) -> Floats:
    return {1.0: force, 1.5: force * np.sqrt(force), 2.0: force * force}[exponent]
