"""`hubspoke claims`: plays the claims, judges them, and writes one report for people who decide."""

from __future__ import annotations

import csv
import io
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from model.notice import NOTICE
from model.reading import read, scenario_hash
from runs.claims.claim import RULE, Claim, Rule, chosen, claims, file_of, registration
from runs.claims.claim import rule as registered_rule
from runs.claims.method import method
from runs.claims.picture import picture
from runs.claims.play import DRAWS, MAIN, Plan, Played, gathered, plan, play
from runs.claims.verdict import (
    DEPENDS,
    Evidence,
    Verdict,
    drivers,
    effect,
    evidence,
    first_chance,
    holm,
    judge,
    level,
    mean_interval,
    overall,
    shapley,
)
from runs.claims.words import between, in_words, median_of, sentence, signed, spread
from runs.disk import disk_errors, write_whole
from runs.document import PDF_EXTRA, Block, Heading, Picture, Rows, Text, can_pdf, to_html, to_pdf
from runs.errors import UserError, needs
from runs.figures import save
from runs.parameter_words import words_of
from runs.pieces import GAMES
from runs.store import Manifest, claimed, finish, stamped
from runs.summary import aligned, number

TITLE = "The brief's claims, each an experiment"
SOURCE = (
    "Yang Uk, Prospects for International Security Policy and the Realignment of the ROK-U.S. "
    "Alliance, Asan Institute for Policy Studies, Issue Brief 2025-07(S), 5 February 2025"
)
DIGITS = 12  # of a hash, in print


@dataclass(frozen=True)
class Judged:
    """One claim with all that was found."""

    plan: Plan
    played: Played
    found: Mapping[str, Evidence]  # estimand → effects
    verdicts: Mapping[str, Verdict]
    drivers: Mapping[str, list[tuple[str, float]]]  # estimand → (parameter, rank correlation)

    @property
    def overall(self) -> str:
        """Verdict of the claim as a whole."""
        return overall(self.verdicts, self.plan.claim)


@dataclass(frozen=True)
class Reported:
    """What was written."""

    folder: Path
    text: str
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def budget(draws: int | None, repeats: int | None, games: int | None) -> Rule:
    """Return the rule with another budget than the registered one, where one is given.

    Raises
    ------
    UserError
        If it is too small to judge anything.
    """
    given = {"draws": draws, "repeats": repeats, "games": games}
    least = {"draws": 8, "repeats": 1, "games": 2}
    for name, value in given.items():
        if value is not None and value < least[name]:
            raise UserError(f"--{name} {value}: at least {least[name]} are needed")
    return registered_rule().model_copy(update={k: v for k, v in given.items() if v is not None})


def report(
    ids: Sequence[str],
    rule: Rule,
    out: Path | None,
    workers: int | None,
    command: str,
    stream: TextIO | None = None,
) -> Reported:
    """Play what is missing, judge, and write the report into a folder.

    Raises
    ------
    UserError
        If there is no such claim, or the folder cannot be written.
    """
    asked = chosen(tuple(ids))
    folder = Path("results/claims") if out is None else out
    plans = [plan(claim, rule) for claim in asked]
    said = manifest(asked, rule, command)
    with claimed(folder, said):
        games = folder / GAMES
        play(plans, games, workers, sys.stderr if stream is None else stream)
        judged = judge_all([(each, gathered(each, games)) for each in plans], rule)
        return write(judged, rule, folder, said)


def judge_all(played: Sequence[tuple[Plan, Played]], rule: Rule) -> list[Judged]:
    """Judge claims together; chances are adjusted for all that are registered, run or not."""
    family = sum(len(claim.estimands) for claim in claims().values())
    found = [{n: evidence(p, e, got) for n, e in p.claim.estimands.items()} for p, got in played]
    every = [
        (first_chance(plan.claim.estimands[name], each))
        for (plan, _), some in zip(played, found, strict=True)
        for name, each in some.items()
    ]
    adjusted = iter(holm(every, family))
    out = []
    for (each, got), some in zip(played, found, strict=True):
        behind, verdicts = {}, {}
        for name, seen in some.items():
            behind[name] = drivers(each.draws, seen.draws.mean(axis=1), each.claim.seed)
            named = [words_of(each.world, parameter) for parameter, _ in behind[name]]
            verdicts[name] = judge(each.claim.estimands[name], seen, rule, next(adjusted), named)
        out.append(Judged(each, got, some, verdicts, behind))
    return out


def write(judged: Sequence[Judged], rule: Rule, folder: Path, said: Manifest) -> Reported:
    """Write report, tables, figures, the registered files and the manifest."""
    notes = []
    with disk_errors(folder):
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        (folder / "registered").mkdir(exist_ok=True)
        for name in (RULE, *(each.plan.claim.id for each in judged)):
            shutil.copy(file_of(name), folder / "registered")
    pictures = {}
    for each in judged:
        drawn = picture(each.plan, each.found, each.verdicts, caption(each.plan))
        pictures[each.plan.claim.id] = save(drawn, folder / "figures" / each.plan.claim.id)[0]
    blocks = list(document(judged, rule, pictures))
    contents = {
        "report.html": to_html(TITLE, blocks).encode(),
        "verdicts.csv": verdict_table(judged).encode(),
        "effects.csv": effect_table(judged).encode(),
    }
    if can_pdf():
        contents["report.pdf"] = to_pdf(TITLE, blocks)
    else:
        notes.append(f"no PDF was written: {needs('it', PDF_EXTRA)}")
    with disk_errors(folder):
        for name, content in contents.items():
            write_whole(folder / name, content)
    files = tuple(folder / name for name in contents)
    finish(folder, said, [*files, *pictures.values()])
    return Reported(folder, short(judged), files, tuple(notes))


def short(judged: Sequence[Judged]) -> str:
    """Return the verdicts as a table for the terminal."""
    lines = [["", "what is measured", "median", "90 %", "matters from", "verdict"]]
    for each in judged:
        for name, v in each.verdicts.items():
            e = each.plan.claim.estimands[name]
            said = v.kind if v.kind != DEPENDS else f"{v.kind} …"
            lines.append(
                [
                    each.plan.claim.id,
                    e.name,
                    median_of(v, e),
                    spread(v, e),
                    f"{e.smallest:g}",
                    said,
                ]
            )
    whole = [f"{e.plan.claim.id}: {e.overall}" for e in judged]
    return "\n".join([aligned(lines), "", *whole, "", NOTICE])


def caption(plan: Plan) -> str:
    """Say what the picture shows and of what."""
    rule = plan.rule
    return (
        f"Dots: mean effect with its 90 % interval; diamond: median of {rule.draws} draws of all "
        f"numbers ({rule.repeats} games each, small dots), with its 90 % interval. Shaded: smaller "
        f"than what matters. Scenario {plan.scenario.name} "
        f"{scenario_hash(plan.scenario)[:DIGITS]}, "
        f"seed {plan.claim.seed}, {rule.quarters} quarters, the same draws in every arm."
    )


def document(judged: Sequence[Judged], rule: Rule, pictures: Mapping[str, Path]) -> Iterator[Block]:
    """Return the whole report, block by block."""
    yield Heading(TITLE, 1)
    yield Text(
        f"The claims are those of one author: {SOURCE}. They are his opinions, put here in other "
        "words. The model holds interests and rules, not his conclusions; each claim is an "
        "experiment that may fail. A verdict says what this model makes of a claim, with its "
        "assumptions. It says nothing about what will happen."
    )
    yield Heading("Verdicts", 3)
    yield Rows(
        ("claim", "what is measured", "median effect (90 %)", "from *", "verdict"),
        [
            (
                f"{each.plan.claim.id} {each.plan.claim.title}" if n == 0 else "",
                f"{e.name} ({e.unit})",
                f"{median_of(v, e)} ({spread(v, e)})",
                f"{e.smallest:g}",
                v.text,
            )
            for each in judged
            for n, (name, v) in enumerate(each.verdicts.items())
            for e in [each.plan.claim.estimands[name]]
        ],
        (21, 28, 20, 10, 31),
    )
    yield Text("* The size from which an effect matters, with its reason in the claim's chapter.")
    yield from how_judged(judged, rule)
    for each in judged:
        yield from chapter(each, pictures[each.plan.claim.id])


def how_judged(judged: Sequence[Judged], rule: Rule) -> Iterator[Block]:
    """Explain the rule, the safeguards and the registration."""
    family = sum(len(claim.estimands) for claim in claims().values())
    yield Heading("How a verdict comes about", 2)
    for text in method(rule, family):
        yield Text(text)
    yield Heading("What was fixed beforehand", 3)
    differs = [
        f"{name} {getattr(rule, name)} instead of {getattr(registered_rule(), name)}"
        for name in ("draws", "repeats", "games")
        if getattr(rule, name) != getattr(registered_rule(), name)
    ]
    if differs:
        yield Text(f"Not the registered budget: {', '.join(differs)}.", strong=True)
    names = [RULE, *(each.plan.claim.id for each in judged)]
    yield Rows(
        ("file", "SHA-256", "last commit", "state"),
        [
            (file_of(n).name, r.sha256[:DIGITS], r.commit, r.label)
            for n in names
            for r in (registration(n),)
        ],
        (20, 30, 40, 40),
    )


def chapter(judged: Judged, drawn: Path) -> Iterator[Block]:
    """One claim: what is claimed, how it was asked, picture, uncertainties, verdict, drivers."""
    claim = judged.plan.claim
    yield Heading(f"{claim.id}. {claim.title}", 2)
    yield Text(f"{claim.claim.strip()} (brief: {', '.join(claim.brief)})")
    yield Text(f"The experiment. {claim.design.strip()}")
    yield Text(f"Verdict: {judged.overall}.", strong=True)
    yield Picture(drawn.read_bytes(), f"{claim.id}. {caption(judged.plan)}")
    for name, estimand in claim.estimands.items():
        verdict, behind = judged.verdicts[name], judged.drivers[name]
        yield Heading(f"{estimand.name} ({estimand.unit})", 3)
        yield Text(f"{sentence(verdict.text)}.", strong=True)
        for text in in_words(judged.plan, judged.found[name], verdict, estimand, behind):
            yield Text(text)
    if claim.conditions:
        yield from shares(judged)
    else:
        yield from other_arms(judged)
    yield Heading("Beside it", 3)
    yield beside(judged)
    yield Text(f"What it cannot show. {claim.limits.strip()}")
    yield from lines_of_audit(judged)


def shares(judged: Judged) -> Iterator[Block]:
    """Split the change over the conditions that were swapped."""
    claim = judged.plan.claim
    yield Heading("Which condition it is (Shapley values, in the scenario's numbers)", 3)
    rows = []
    for estimand in claim.estimands.values():
        for name, (mean, low, high) in shapley(claim, estimand, judged.played).items():
            rows.append(
                (
                    estimand.name,
                    claim.conditions[name].name,
                    signed(mean, estimand.smallest),
                    between(low, high, estimand.smallest),
                )
            )
    yield Rows(("what is measured", "condition", "part", "90 %"), rows, (45, 35, 15, 30))


def other_arms(judged: Judged) -> Iterator[Block]:
    """Hold every arm that the verdict does not compare against those that it does."""
    claim, played = judged.plan.claim, judged.played
    rows = []
    for estimand in claim.estimands.values():
        contrast = estimand.contrast or claim.contrast
        for arm in claim.arms:
            for against in contrast if arm not in contrast else ():
                games = effect(estimand, {against: 1.0, arm: -1.0}, played, MAIN)
                mean, low, high = mean_interval(games)
                names = f"{claim.arms[against].name}, less: {claim.arms[arm].name}"
                least = estimand.smallest
                interval = between(low, high, least)
                rows.append((estimand.name, names, signed(mean, least), interval))
    if rows:
        yield Heading("The arms that the verdict does not compare (numbers of the scenario)", 3)
        yield Rows(("what is measured", "arms", "difference", "90 %"), rows, (34, 46, 14, 26))


def beside(judged: Judged) -> Rows:
    """Return means of each arm for what is shown without a verdict, and the effect."""
    claim, plan = judged.plan.claim, judged.plan
    arms = next(c.arms for c in plan.conditions if c.id == MAIN)
    shown = [a for a in arms if not claim.conditions or a in claim.contrast]
    named = {**claim.estimands, **claim.beside}
    names = {a: claim.arms[a].name if a in claim.arms else f"{a} as now" for a in shown}
    rows = []
    for each in named.values():
        means = [number(float(level(each, judged.played[MAIN, a]).mean())) for a in shown]
        mean, low, high = mean_interval(effect(each, claim.contrast, judged.played, MAIN))
        drawn = float(effect(each, claim.contrast, judged.played, DRAWS).mean())
        label = f"{each.name} ({each.unit})"
        rows.append((label, *means, f"{signed(mean)} ({between(low, high)})", signed(drawn)))
    head = ("mean of games", *names.values(), "effect (90 %)", "in draws")
    return Rows(head, rows, (34, *(14 for _ in shown), 26, 13))


def lines_of_audit(judged: Judged) -> Iterator[Block]:
    """List the direct lines."""
    claim, file = judged.plan.claim, judged.plan.scenario
    yield Heading(f"Direct lines: {claim.audit.why}", 3)
    rows = [
        (
            sentence(words_of(file, f"ledger.{name}.coefficient")),
            f"{e.coefficient.value:g} {e.unit}",
            e.why,
            name,
        )
        for name in judged.plan.lines
        for e in (file.ledger[name],)
    ]
    yield Rows(("line", "number", "why", "in the scenario"), rows, (48, 22, 38, 22))


def verdict_table(judged: Sequence[Judged]) -> str:
    """Return one row for each estimand, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ("claim", "estimand", "unit", "direction", "smallest", "median", "low", "high",
         "sign_share", "assumption_share", "chance", "adjusted", "verdict")
    )  # fmt: skip
    for each in judged:
        for name, v in each.verdicts.items():
            e = each.plan.claim.estimands[name]
            share = "" if v.share is None else f"{v.share:.4g}"
            writer.writerow(
                (each.plan.claim.id, name, e.unit, e.direction, e.smallest,
                 *(f"{x:.6g}" for x in (v.median.value, v.median.low, v.median.high)),
                 f"{v.sign_share:.4g}", share, f"{v.chance:.3g}", f"{v.adjusted:.3g}", v.text)
            )  # fmt: skip
    return out.getvalue()


def effect_table(judged: Sequence[Judged]) -> str:
    """Return one row for each estimand and world, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("claim", "estimand", "kind", "world", "games", "mean", "low", "high"))
    for each in judged:
        for name in each.verdicts:
            estimand = each.plan.claim.estimands[name]
            contrast = estimand.contrast or each.plan.claim.contrast
            for condition in each.plan.conditions:
                games = effect(estimand, contrast, each.played, condition.id)
                stats = (f"{x:.6g}" for x in mean_interval(games))
                row = (each.plan.claim.id, name, condition.kind, condition.id, len(games))
                writer.writerow((*row, *stats))
    return out.getvalue()


def manifest(asked: Sequence[Claim], rule: Rule, command: str) -> Manifest:
    """Return what the results depend on."""
    states = {name: registration(name) for name in (RULE, *(claim.id for claim in asked))}
    return stamped("claims", read(rule.scenario), command) | {
        "quarters": rule.quarters,
        "draws": rule.draws,
        "repeats": rule.repeats,
        "games": rule.games,
        "claims": {
            "seeds": {claim.id: claim.seed for claim in asked},
            "registered": {
                name: {"sha256": r.sha256, "commit": r.commit, "state": r.label}
                for name, r in states.items()
            },
        },
    }
