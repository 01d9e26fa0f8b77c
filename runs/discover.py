"""`hubspoke discover`: in which worlds does something happen? Boxes of numbers, in plain words.

Scenario discovery (Bryant and Lempert 2010) over the games of a finished experiment, with PRIM
(Friedman and Fisher 1999) or CART (Breiman et al. 1984) of the EMA Workbench. Boxes are found in
one half of the games and told with what they are worth in the other.
"""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill
from typing import Any, Literal

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
from matplotlib import rc_context
from matplotlib.figure import Figure

from agents.briefing import Bools, Floats
from agents.doctrine import spoken
from model.notice import NOTICE
from model.parameters import parameters
from model.reading import ScenarioError, read
from runs.disk import disk_errors, write_whole
from runs.errors import UserError, needs
from runs.figures import ARMS, MEDIAN, STYLE, save
from runs.parameter_words import unit_of, words_of
from runs.pieces import unknown_outcome
from runs.store import Results, program_version, renewed, sealed
from runs.summary import aligned, percent
from runs.sweep.play import POINT

Method = Literal["prim", "cart"]
CONDITION = re.compile(r"^\s*(?P<outcome>.+?)\s*(?P<sign><=|>=|<|>)\s*(?P<number>[-+.\deE]+)\s*$")
MISSING = needs("discovery", "discovery")
KIND = "discovery"  # in the manifest
TREES = 200
KEPT = 20  # inputs with the highest scores, from which boxes are made
LEAST = 40  # games on either side of the question, in the half that is searched
MASS = 0.05  # least share of games in a box
BOXES = 3
DEPTH = 4  # of a tree: more conditions nobody keeps in mind
SHOWN = 12  # bars of the figure
NAME = 46  # letters of an input before its name breaks
SIGNS = {"<=": "at most", ">=": "at least", "<": "below", ">": "above"}
SET = "set."
BESIDE, ALSO = (SET, "plays."), ("point", "shocks", "rules")  # columns that factors imply
Called = Callable[[str], tuple[str, str]]  # input → what it is called, its unit or nothing
Limits = dict[str, tuple[float, float] | frozenset[Any]]  # input → bounds, or what it may be


@dataclass(frozen=True)
class Question:
    """What is asked of each game."""

    text: str
    outcome: str
    sign: str
    number: float


@dataclass(frozen=True)
class Box:
    """A set of worlds; coverage and density in the half that was not searched."""

    limits: Limits
    coverage: float  # share of the games in question that lie in it
    density: float  # share of its games that are in question
    mass: float  # share of all games that lie in it


@dataclass(frozen=True)
class Reported:
    """What was written."""

    folder: Path
    text: str
    figure: Path


def read_question(text: str) -> Question:
    """Read `lever.usfk_army <= 14.6`.

    Raises
    ------
    UserError
        If it is not of that form.
    """
    found = CONDITION.match(text)
    try:
        number = float(found["number"]) if found else float("nan")
    except ValueError:
        found = None
    if not found:
        raise UserError(
            f"--outcome {text!r}: write an outcome's id, <=, <, >= or >, and a number, such as "
            "'lever.usfk_army <= 14.6'"
        )
    return Question(" ".join(text.split()), found["outcome"], found["sign"], number)


def asked(results: Results, question: Question) -> Bools:
    """Say in which games it is so; what never happened is not so. (run,).

    Raises
    ------
    UserError
        If there is no such outcome.
    """
    labels = {column.id: column.label for column in results.columns()}
    if question.outcome not in labels:
        raise UserError(unknown_outcome(question.outcome, list(labels)))
    label = labels[question.outcome]
    values = results.outcomes([label])[label].to_numpy(dtype=float)
    compare = {"<=": np.less_equal, ">=": np.greater_equal, "<": np.less, ">": np.greater}
    return np.asarray(compare[question.sign](values, question.number) & ~np.isnan(values))


def inputs(results: Results) -> pd.DataFrame:
    """What differs between the games of an experiment: a sweep's factors, or numbers set by game.

    Raises
    ------
    UserError
        If nothing does.
    """
    table = results.design()
    columns = {column.id: column.label for column in results.columns()}
    if table is not None and POINT.id in columns:
        points = results.outcomes([columns[POINT.id]])[columns[POINT.id]].to_numpy()
        key = POINT.id
        factors = [n for n in table.columns if not n.startswith(BESIDE) and n not in ALSO]
        found = table.set_index(key).loc[points, factors].reset_index(drop=True)
    else:
        names = {name: label for name, label in columns.items() if name.startswith(SET)}
        found = results.outcomes(list(names.values())) if names else pd.DataFrame()
        found = found.rename(columns={label: name[len(SET) :] for name, label in names.items()})
    varied = [name for name in found.columns if found[name].nunique() > 1]
    if not varied:
        raise UserError(
            f"in {results.folder} nothing differs between the games but chance: play a sweep over "
            "some numbers first (`hubspoke sweep --help`)"
        )
    return pd.DataFrame(
        {n: _numbers_or_categories(found[n]) for n in varied}, index=range(len(found))
    )


def _numbers_or_categories(column: Any) -> Any:
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float)
    return pd.Categorical(column.astype(str))


def inside(x: pd.DataFrame, limits: Limits) -> Bools:
    """Say which games lie in a box. (run,)."""
    where = np.ones(len(x), dtype=bool)
    for name, limit in limits.items():
        if isinstance(limit, frozenset):
            where &= x[name].isin(limit).to_numpy()
        else:
            where &= ((x[name] >= limit[0]) & (x[name] <= limit[1])).to_numpy()
    return where


def score(x: pd.DataFrame, y: Bools, seed: int) -> dict[str, float]:
    """Feature scores by extremely randomised trees (Geurts et al. 2006), largest first."""
    scoring = _workbench("feature_scoring")
    plain = x.apply(lambda c: c if pd.api.types.is_numeric_dtype(c) else c.cat.codes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, _ = scoring.get_ex_feature_scores(plain, y, nr_trees=TREES, random_state=seed)
    return {str(name): float(x) for name, x in found[found.columns[0]].items()}


def _workbench(module: str) -> Any:
    """Import a module of the workbench, which warns of what it does without.

    Raises
    ------
    UserError
        If it is not installed.
    """
    from importlib import import_module

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return import_module(f"ema_workbench.analysis.{module}")
        except ImportError as error:
            raise UserError(MISSING) from error


def find_boxes(x: pd.DataFrame, y: Bools, method: Method) -> list[Limits]:
    """Find boxes in which the games in question are dense, the best first.

    Of PRIM's peeling path the box with the largest harmonic mean of coverage and density is taken;
    then the search goes on among the games outside.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _prim(x, y) if method == "prim" else _cart(x, y)
    short = (opened(x, pruned(x, y, limits)) for limits in found)
    return [limits for limits in short if limits][:BOXES]


def _prim(x: pd.DataFrame, y: Bools) -> list[Limits]:
    search = _workbench("prim").Prim(x, y, peel_alpha=MASS, mass_min=MASS)
    found: list[Limits] = []
    base = float(y.mean())
    for _ in range(BOXES):
        box = search.find_box()
        if box is None:
            break
        path = box.peeling_trajectory
        mean = 2.0 * path["coverage"] * path["density"] / (path["coverage"] + path["density"])
        best = int(np.argmax(mean.fillna(0.0).to_numpy()))
        if not mean.iloc[best] > 0.0:  # nothing in question is left outside
            break
        box.select(best)
        limits = _restricted(box.box_lims[best], x)
        if not limits or y[inside(x, limits)].mean() <= base:
            break
        found.append(limits)
    return found


def _cart(x: pd.DataFrame, y: Bools) -> list[Limits]:
    """Leaves of a tree in which the games are dense, by scikit-learn.

    Not by the workbench's own CART, whose boxes give leaves the wrong category (3.0.0).
    """
    from sklearn.tree import DecisionTreeClassifier

    plain = pd.get_dummies(x, dtype=float)
    least = max(int(MASS * len(x)), 2)
    tree = DecisionTreeClassifier(min_samples_leaf=least, max_depth=DEPTH, random_state=0)
    grown = tree.fit(plain.to_numpy(), y).tree_
    leaves: list[dict[str, tuple[float, float]]] = []

    def walk(node: int, ends: dict[str, tuple[float, float]]) -> None:
        if grown.children_left[node] < 0:
            leaves.append(ends)
            return
        name, cut = str(plain.columns[grown.feature[node]]), float(grown.threshold[node])
        low, high = ends.get(name, (-np.inf, np.inf))
        walk(int(grown.children_left[node]), {**ends, name: (low, min(high, cut))})
        walk(int(grown.children_right[node]), {**ends, name: (max(low, cut), high)})

    walk(0, {})
    boxes = [_of_leaf(ends, x) for ends in leaves]
    dense = [(float(y[inside(x, box)].mean()), box) for box in boxes if inside(x, box).any()]
    return [box for d, box in sorted(dense, key=lambda b: -b[0]) if d > y.mean()]


def _of_leaf(ends: Mapping[str, tuple[float, float]], x: pd.DataFrame) -> Limits:
    """Write the path to a leaf as limits; a category stands as 0 or 1 under `INPUT_CATEGORY`."""
    limits: Limits = {}
    for name in x.columns:
        if pd.api.types.is_numeric_dtype(x[name]):
            if name in ends:
                low, high = ends[name]
                limits[str(name)] = (
                    max(low, float(x[name].min())),
                    min(high, float(x[name].max())),
                )
            continue
        left = {
            c
            for c in x[name].cat.categories
            if ends.get(f"{name}_{c}", (-np.inf, np.inf))[1] >= 1.0
        }
        sure = {c for c in left if ends.get(f"{name}_{c}", (-np.inf, np.inf))[0] > 0.0}
        if sure or len(left) < len(x[name].cat.categories):
            limits[str(name)] = frozenset(sure or left)
    return limits


def pruned(x: pd.DataFrame, y: Bools, limits: Limits) -> Limits:
    """Give up bounds that do not help: without them coverage and density are as good or better."""
    kept = dict(limits)
    for name, limit in limits.items():
        whole = (float(x[name].min()), float(x[name].max())) if isinstance(limit, tuple) else None
        options: list[Limits] = [{k: v for k, v in kept.items() if k != name}]
        if whole is not None and isinstance(limit, tuple):
            options += [{**kept, name: (whole[0], limit[1])}, {**kept, name: (limit[0], whole[1])}]
        for option in options:
            if both(x, y, option) >= both(x, y, kept):
                kept = option
                break
    return kept


def opened(x: pd.DataFrame, limits: Limits) -> Limits:
    """Leave ends open that are those of the games searched: others may reach a little farther."""
    found: Limits = {}
    for name, limit in limits.items():
        if isinstance(limit, tuple):
            low = limit[0] if limit[0] > x[name].min() else -np.inf
            high = limit[1] if limit[1] < x[name].max() else np.inf
            found |= {name: (low, high)} if (low, high) != (-np.inf, np.inf) else {}
        else:
            found[name] = limit
    return found


def both(x: pd.DataFrame, y: Bools, limits: Limits) -> float:
    """Harmonic mean of coverage and density."""
    where = inside(x, limits)
    return 2.0 * float((where & y).sum()) / max(float(where.sum() + y.sum()), 1.0)


def _restricted(box: pd.DataFrame, x: pd.DataFrame) -> Limits:
    """Keep the inputs that a box restricts."""
    limits: Limits = {}
    for name in box.columns:
        low, high = box[name].iloc[0], box[name].iloc[1]
        if isinstance(low, set | frozenset):
            if len(low) < len(x[name].cat.categories):
                limits[str(name)] = frozenset(low)
        elif low > x[name].min() or high < x[name].max():
            limits[str(name)] = (float(low), float(high))
    return limits


def worth(x: pd.DataFrame, y: Bools, limits: Limits) -> Box:
    """Say what a box is worth in other games than it was found in."""
    where = inside(x, limits)
    hits = float((where & y).sum())
    return Box(
        limits,
        hits / max(float(y.sum()), 1.0),
        hits / max(float(where.sum()), 1.0),
        float(where.mean()),
    )


def in_words(limits: Limits, x: pd.DataFrame, called: Called) -> list[str]:
    """Say what a box restricts, one line each."""
    lines = []
    for name, limit in limits.items():
        if isinstance(limit, frozenset):
            names = " or ".join(spoken(name) for name in sorted(map(str, limit)))
            lines.append(f"{called(name)[0]} is {names}")
            continue
        lowest, highest = float(x[name].min()), float(x[name].max())
        low, high = limit
        if low > lowest and high < highest:
            said = f"between {low:.4g} and {high:.4g}"
        else:
            said = f"at least {low:.4g}" if low > lowest else f"at most {high:.4g}"
        words, unit = called(name)
        about = f"{unit}; " if unit else ""
        lines.append(f"{words} is {said} ({about}varied from {lowest:.4g} to {highest:.4g})")
    return lines


def discover(
    folder: Path,
    outcome: str,
    *,
    method: Method = "prim",
    seed: int = 1,
    out: Path | None = None,
    command: str = "",
) -> Reported:
    """Answer in which worlds something happens, and write text, tables, figure and manifest.

    Raises
    ------
    UserError
        If the folder holds no experiment, the question makes no sense, or too few games answer it.
    """
    question = read_question(outcome)
    results = Results(folder)
    x, y = inputs(results), asked(results, question)
    search = np.random.default_rng(seed).permutation(len(y)) % 2 == 0
    few = min(int(y[search].sum()), int((~y[search]).sum()))
    if few < LEAST:
        raise UserError(
            f"{question.text} holds in {int(y.sum()):,} of {len(y):,} games: at least {2 * LEAST} "
            "must be on either side; ask for something less or more common, or play more games"
        )
    scores = score(x[search].reset_index(drop=True), y[search], seed)
    kept = list(scores)[:KEPT]
    found = find_boxes(x.loc[search, kept].reset_index(drop=True), y[search], method)
    boxes = [worth(x[~search], y[~search], limits) for limits in found]
    called = naming(results)
    said = spelled(results, question, called)
    text = "\n".join(_told(said, results, x, y, scores, boxes, method, called))
    place = folder / "discovery" if out is None else out
    contents = {
        "discovery.txt": f"{text}\n",
        "features.csv": _csv(("input", "score"), [(n, f"{s:.6g}") for n, s in scores.items()]),
        "boxes.csv": _box_table(boxes),
        "manifest.json": _manifest(results, question, method, seed, command),
    }
    with renewed(place, KIND):
        with disk_errors(place):
            for name, content in contents.items():
                write_whole(place / name, content.encode())
        figure = picture(said, results, y, scores, boxes, called)
        return Reported(place, text, save(figure, place / "discovery")[0])


def naming(results: Results) -> Called:
    """Say what the inputs are called: labels of the design, else what the numbers are.

    The ids stay where the scenario is no longer there.
    """
    factors = results.manifest.get("design", {}).get("factors", {})
    labels = {name: factor["label"] for name, factor in factors.items() if factor.get("label")}
    try:
        file = read(results.manifest["scenario"])
    except ScenarioError:
        return lambda name: (labels.get(name, name), "")
    known = parameters(file)

    def called(name: str) -> tuple[str, str]:
        path = file.aliases.get(name, name)
        unit = unit_of(file, known[path]) if path in known else ""
        return labels.get(name) or words_of(file, name), unit

    return called


def spelled(results: Results, question: Question, called: Called) -> str:
    """Say what is asked: the outcome by its label, the sign in words."""
    (label,) = (c.label for c in results.columns() if c.id == question.outcome)
    if question.outcome.startswith(SET):
        label = called(question.outcome[len(SET) :])[0]
    return f"“{label}” {SIGNS[question.sign]} {question.number:g}"


def _told(
    question: str,
    results: Results,
    x: pd.DataFrame,
    y: Bools,
    scores: Mapping[str, float],
    boxes: Sequence[Box],
    method: Method,
    called: Called,
) -> list[str]:
    whole = (
        f"It is so in {percent(float(y.mean()))} of {len(y):,} games ({results.folder.name}, "
        f"scenario {results.manifest['scenario']} {results.manifest['scenario_hash'][:12]}); "
        f"{x.shape[1]} numbers and choices differ between them."
    )
    lines = [
        f"In which worlds is {question}?",
        whole,
        "",
        "What tells the games apart (scores of randomised trees, sum 1)",
        aligned([[f"  {called(n)[0]}", f"{s:.3f}"] for n, s in list(scores.items())[:SHOWN]]),
        "",
        f"Boxes ({method.upper()}, found in half of the games, checked in the other half)",
    ]
    if not boxes:
        lines.append("  none in which it is more common than elsewhere")
    for n, box in enumerate(boxes, start=1):
        lines.append(
            f"  {n}. {percent(box.density)} of its games, against {percent(float(y.mean()))} of "
            f"all; it holds {percent(box.coverage)} of such games and {percent(box.mass)} of all"
        )
        lines += [f"     {line}" for line in in_words(box.limits, x, called)]
    return [*lines, *([verdict] if (verdict := _held(boxes, y)) else []), "", NOTICE]


def _held(boxes: Sequence[Box], y: Bools) -> str:
    """Say so where no box holds in the games that it was not found in."""
    if not boxes or max(box.density for box in boxes) > float(y.mean()):
        return ""
    return (
        "None of them holds: in the games that they were not found in it is no more common there "
        "than in all. These numbers do not tell where it happens, or more games are needed."
    )


def _csv(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def _box_table(boxes: Sequence[Box]) -> str:
    rows = []
    for n, box in enumerate(boxes, start=1):
        for name, limit in box.limits.items():
            if isinstance(limit, frozenset):
                ends: tuple[str, str] = ("|".join(sorted(map(str, limit))), "")
            else:
                low, high = (f"{v:.6g}" if np.isfinite(v) else "" for v in limit)
                ends = (low, high)
            share = [f"{v:.4g}" for v in (box.coverage, box.density, box.mass)]
            rows.append((n, name, *ends, *share))
    return _csv(("box", "input", "low", "high", "coverage", "density", "mass"), rows)


def _manifest(results: Results, question: Question, method: Method, seed: int, command: str) -> str:
    said = {
        "kind": KIND,
        "experiment": results.folder.name,
        "experiment_sha256": results.manifest["sha256"],
        "games": results.games,
        "question": question.text,
        "method": method,
        "seed": seed,
        "version": program_version(),
        "command": command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "notice": NOTICE,
    }
    return json.dumps(sealed(said), indent=2, ensure_ascii=False) + "\n"


def picture(
    question: str,
    results: Results,
    y: Bools,
    scores: Mapping[str, float],
    boxes: Sequence[Box],
    called: Called,
) -> Figure:
    """Draw the scores, and what the boxes are worth."""
    with rc_context(STYLE):
        figure = Figure(figsize=(10.5, 4.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1.0))
        top = list(scores.items())[:SHOWN]
        left.barh(range(len(top)), [s for _, s in top], color="#9fbfdc", height=0.62)
        left.set_yticks(range(len(top)), [fill(called(n)[0], NAME) for n, _ in top], fontsize=8.0)
        left.invert_yaxis()
        left.grid(visible=False, axis="y")
        left.set_xlabel("score (sum over all inputs: 1)")
        left.set_title("What tells the games apart", loc="left", fontweight="bold")
        names = ["all games", *(f"box {n}" for n in range(1, len(boxes) + 1))]
        dense: Floats = np.array([y.mean(), *(box.density for box in boxes)])
        cover = [1.0, *(box.coverage for box in boxes)]
        place = np.arange(len(names))
        right.bar(
            place - 0.2, dense, 0.38, color=MEDIAN, label="share of its games in which it is so"
        )
        right.bar(
            place + 0.2, cover, 0.38, color=ARMS[4], label="share of all such games that it holds"
        )
        right.set_xticks(place, names)
        right.set_ylim(0.0, 1.0)
        right.grid(visible=False, axis="x")
        right.legend(fontsize=8.5, loc="upper left", bbox_to_anchor=(0.0, -0.08))
        right.set_title("What the boxes are worth", loc="left", fontweight="bold")
        figure.suptitle(f"In which worlds is {question}?", x=0.01, ha="left", fontweight="bold")
        said = (
            f"{len(y):,} games of {results.folder.name}, scenario {results.manifest['scenario']} "
            f"{results.manifest['scenario_hash'][:12]}; boxes checked in games that they were not "
            f"found in; {'some hold' if not _held(boxes, y) else 'none holds'}.\n{NOTICE}."
        )
        figure.supxlabel(said, fontsize=8.0, x=0.01, ha="left")
    return figure
