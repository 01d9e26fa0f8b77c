"""The parameter table of a scenario as Markdown: value, range, unit, source, note of every number.

`python -m runs.parameter_table` writes `model/PARAMETERS.md` anew from the 2025Q1 scenario.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from model.notice import NOTICE
from model.parameters import Parameter, parameters
from model.reading import read
from model.schema import ASSUMED, ScenarioFile
from runs.parameter_words import unit_of

SCENARIO = "2025q1"
FILE = Path(__file__).parents[1] / "model" / "PARAMETERS.md"
COLUMNS = ("parameter", "value", "range", "unit", "source", "note")
PER_ITEM = ("actors", "theatres")  # sections with a table for each item
HEAD = (
    "The name of a parameter is its heading and its row joined by a dot. A range is what its "
    "author holds plausible. SMA % is what one per cent on the cash of the Special Measures "
    "Agreement costs in the body that ratifies it; utility is the scale on which a good deal is "
    "worth some .02 to .3. What is no number to vary (settings of levers, leads, dates, names) is "
    "told by `hubspoke scenario show`. Written by `python -m runs.parameter_table`; edit the "
    "scenario, not this file."
)


def note_of(file: ScenarioFile, p: Parameter) -> str:
    """Say what a parameter is where its name does not, then its note."""
    parts, what = p.name.split("."), ""
    match parts:
        case ["ledger", name, _]:
            line = file.ledger[name]
            sign = " (sign uncertain)" if line.sign_uncertain else ""
            what = f"{line.source_of} → {', '.join(line.to)}: {line.why}{sign}"
        case ["ties", number, layer]:
            tie = file.ties[int(number)]
            ends = (tie.source_of, tie.to)
            what = " → ".join(ends[::-1] if layer == "trade_back" else ends)
        case ["levers", lever, "start"]:
            what = file.levers[lever].name
        case ["stocks", stock, "start"]:
            what = file.stocks[stock].name
        case ["stocks", stock, "inflows", number, _]:
            what = f"from {file.stocks[stock].inflows[int(number)].source_of}"
        case ["tables", table, "threats", number, _]:
            threat = file.tables[table].threats[int(number)]
            what = f"{threat.by} on {threat.lever}"
        case ["events", event, "odds"] | ["events", event, "when", "hazard"]:
            what = file.events[event].name
    return "; ".join(x for x in (what, p.note) if x)


def table(file: ScenarioFile) -> str:
    """Write the parameter table of a scenario, section by section, with its sources at the end."""
    known = list(parameters(file).values())
    assumed = sum(p.source == ASSUMED for p in known)
    blocks = [
        f"# Parameters of the scenario {file.name}",
        NOTICE + ".",
        f"{len(known)} numbers: {len(known) - assumed} with a source, {assumed} assumed. {HEAD}",
    ]
    groups: dict[str, list[Parameter]] = {}
    for p in known:
        groups.setdefault(_heading(p.name), []).append(p)
    for heading in sorted(groups, key=lambda h: _order(file, h)):
        blocks += [f"## {heading}", _rows(file, heading, groups[heading])]
    return "\n\n".join([*blocks, "## Sources", _sources(file, known)]) + "\n"


def _heading(name: str) -> str:
    section, item, *_ = name.split(".")
    return f"{section}.{item}" if section in PER_ITEM else section


def _order(file: ScenarioFile, heading: str) -> tuple[int, int]:
    """Sort sections as the schema does, items as the file does."""
    section, _, item = heading.partition(".")
    items = list(getattr(file, section)) if item else [item]
    return list(type(file).model_fields).index(section), items.index(item)


def _rows(file: ScenarioFile, heading: str, group: list[Parameter]) -> str:
    lines = [COLUMNS, ("---",) * len(COLUMNS)]
    for p in _together(group):
        low, high = (_number(x) for x in p.range)
        name = p.name.removeprefix(heading + ".")
        cells = (f"`{name}`", _number(p.value), f"{low} … {high}", unit_of(file, p), p.source)
        lines.append((*cells, note_of(file, p)))
    return "\n".join(f"| {' | '.join(_cell(x) for x in line)} |" for line in lines)


def _together(group: list[Parameter]) -> list[Parameter]:
    """Put the parameters of one item side by side, items in the order of the file."""
    items: dict[str, list[Parameter]] = {}
    for p in group:
        items.setdefault(".".join(p.name.split(".")[:2]), []).append(p)
    return [p for item in items.values() for p in item]


def _number(value: float) -> str:
    return f"{value:.10g}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _sources(file: ScenarioFile, known: list[Parameter]) -> str:
    used = Counter(p.source for p in known)
    rows = [f"- `{key}` ({used[key]}): {text}" for key, text in file.sources.items() if used[key]]
    return "\n".join([*rows, f"- `{ASSUMED}` ({used[ASSUMED]}): no source but the range stated"])


def main() -> None:
    """Write the table of the shipped scenario."""
    FILE.write_text(table(read(SCENARIO)), encoding="utf-8")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()
