"""Seats that do what a test says: open this table, offer that, accept, move, keep, threaten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np

from agents.briefing import Briefing, Decision, Seat
from agents.doctrines.status_quo import StatusQuo
from agents.talks import Plan, Valuation, value_package

Moves = Mapping[str, int]  # lever → steps


@dataclass
class Script(StatusQuo):
    """Does nothing, but for what is written down for a quarter; the same in all runs."""

    opens: Mapping[int, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    demands: Mapping[int, int] = field(default_factory=dict)  # quarter → norm
    offers: Mapping[int, Moves] = field(default_factory=dict)
    accepts: Sequence[int] = ()  # quarters
    moves: Mapping[int, Moves] = field(default_factory=dict)
    breaks: Sequence[int] = ()
    announces: Sequence[int] = ()
    carries_out: Sequence[int] = ()

    def agenda(self, briefing: Briefing) -> Decision:
        """Open the tables of the quarter and name their levers."""
        quiet = super().agenda(briefing)
        tables = self.opens.get(briefing.quarter, {})
        open_, named, norm = quiet.open, quiet.named, quiet.norm
        assert open_ is not None
        assert named is not None
        assert norm is not None
        for n, prospect in enumerate(briefing.prospects):
            levers = tables.get(prospect.seat.table)
            if levers is None:
                continue
            open_[n] = True
            for slot, lever in enumerate(levers):
                named[n, slot] = prospect.seat.names.index(lever)
            norm[n] = self.demands.get(briefing.quarter, -1)
        return quiet

    def offer(self, briefing: Briefing) -> Decision:
        """Offer the package of the quarter, nothing where there is none."""
        seat = briefing.seats[0]
        wanted = self.offers.get(briefing.quarter)
        package = 0 if wanted is None else package_of(seat, wanted)
        return Decision(offer=np.full(seat.term.shape, package))

    def reply(self, briefing: Briefing) -> Decision:
        """Accept whatever is offered in these quarters."""
        yes = briefing.quarter in self.accepts
        return Decision(accept=np.full(briefing.seats[0].term.shape, yes))

    def own_moves(self, briefing: Briefing) -> Decision:
        """Make the moves of the quarter."""
        options = briefing.options
        assert options is not None
        choice = np.full((2, options.stay.shape[1]), -1)
        for n, (lever, steps) in enumerate(self.moves.get(briefing.quarter, {}).items()):
            named = options.lever == options.names.index(lever)
            choice[n] = np.flatnonzero(named & (options.steps == steps))[0]
        says = np.full(options.standing.shape, briefing.quarter in self.announces)
        does = np.full(options.standing.shape, briefing.quarter in self.carries_out)
        return Decision(choice=choice, announce=says, carry_out=does)

    def honour(self, briefing: Briefing) -> Decision:
        """Break everything that falls due in these quarters."""
        assert briefing.promises is not None
        due = briefing.promises.due
        return Decision(keep=np.full(due.shape, briefing.quarter not in self.breaks))


def package_of(seat: Seat, wanted: Moves) -> int:
    """Find the package that makes exactly these moves, in the first run.

    Raises
    ------
    LookupError
        If there is none.
    """
    none = len(seat.steps) - 1
    for number, package in enumerate(seat.packages):
        parts = {
            seat.names[seat.lever[m, 0]]: int(seat.steps[m])
            for m in package
            if m != none and seat.lever[m, 0] >= 0
        }
        if parts == dict(wanted):
            return number
    raise LookupError(wanted)


def value_each(course: Plan) -> Valuation:
    """Value every package that a plan is for: the fields are (package, run)."""
    packages, runs = len(course.board[0]), len(course.refusal)
    each = [value_package(course, np.full(runs, p)) for p in range(packages)]
    return Valuation(*(np.array([getattr(v, f.name) for v in each]) for f in fields(Valuation)))


def quiet(seats: Mapping[str, Script], *names: str) -> dict[str, Script]:
    """Add seats that do nothing."""
    return {name: Script() for name in names} | dict(seats)


def but(script: Script, **changes: object) -> Script:
    """Change a script."""
    return replace(script, **changes)  # type: ignore[arg-type]
