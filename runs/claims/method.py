"""How a verdict comes about, in words for people who have not read the code."""

from __future__ import annotations

from runs.claims.claim import Rule

METHOD = """
Two arms of an experiment play the same games with the same chance, and differ in one thing: a
measure that may be agreed on or not, a policy, or an event. What the players accept is never
imposed. The difference, game by game, is the effect.

Three uncertainties are kept apart. Chance: {games} games in the scenario's own numbers. Numbers:
{draws} draws of all numbers from their ranges, {repeats} games each. Structure: {structures} other
ways to build the model, {games} games each.

Direct lines. Some lines of the model's ledger lead straight from what is changed to what is
measured; they are assumptions of the same kind as the claim. They are listed, set to nothing, and
turned round. The assumption share is the part of the effect that is gone without them. In the draws
each such line is normal around its value with its own size as standard deviation, so that one in
six has the other sign; where a claim has a range of its own for a line, it is drawn from that.

Supported: the median over draws, with its {interval:.0%} interval, lies beyond the smallest effect
that matters, the sign holds in {signs:.0%} of draws and in every other structure, and at most
{share:.0%} of the effect rests on direct lines. Contradicted: the reverse. No material effect: the
interval lies within the smallest effect to either side. By assumption: beyond it, but a larger
share rests on direct lines. Otherwise the report says what the answer depends on. An effect that
is exactly nothing in some structure does not hold there.

Many claims, many chances to err: chances are adjusted for all {family} measured quantities of the
eleven claims together (Holm 1979), so that a false verdict beyond the smallest effect has a chance
of at most {error:.0%}. Parts of a claim are judged one by one; the claim has a verdict of its own
only where all parts agree.

Worlds in which everybody decides by lot, or nobody changes anything, are shown beside. What they
have in common with the game is not the players' doing. They do not enter the rule: where nobody
agrees to anything, nothing that must be agreed on can have an effect.

A vote instead of offers is not among the structures: a package of two parties has no place on a
scale on which they could vote, and no table states how much each side's vote weighs. Nash's split
stands for another way to settle.
"""


def method(rule: Rule, family: int) -> list[str]:
    """Return the paragraphs, with the numbers of the rule.

    family : number of measured quantities of all claims
    """
    told = METHOD.format(
        games=rule.games,
        draws=rule.draws,
        repeats=rule.repeats,
        structures=len(rule.structure),
        interval=rule.interval,
        signs=rule.sign_share,
        share=rule.assumption_share,
        family=family,
        error=rule.family,
    )
    return [" ".join(paragraph.split()) for paragraph in told.strip().split("\n\n")]
