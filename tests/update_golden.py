"""Golden transcripts: the story of one short game per shipped scenario.

They change only by `python -m tests.update_golden "why they changed"`, which keeps the sentence.
"""

import sys
from pathlib import Path

from model.reading import shipped
from model.transcript import Transcript
from model.wargame import Wargame
from runs.play import events
from runs.story import Manner, tell

FOLDER = Path(__file__).parent / "golden"
REASONS = FOLDER / "REASONS.md"
SEED = 1
QUARTERS = 4
SHORTEST_REASON = 12  # letters


def golden(scenario: str) -> Path:
    """Where the golden story of a scenario lies."""
    return FOLDER / f"{scenario}.txt"


def short_story(scenario: str) -> str:
    """Tell the short game; the scenario's hash and the program's version are left out.

    They change with every comma of a note, and the story says what matters of that.
    """
    game = Wargame(scenario, rng=SEED)
    game.quarters = min(game.quarters, QUARTERS)
    told = list(events(game, scenario))
    told[0] |= {"scenario_hash": "--------", "version": ""}
    lines = tell(Transcript(tuple(told)), Manner())
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> int:
    """Write the golden stories anew and keep the reason."""
    reason = " ".join(argv).strip()
    if len(reason) < SHORTEST_REASON:
        sys.stderr.write('say why: python -m tests.update_golden "a sentence"\n')
        return 2
    FOLDER.mkdir(exist_ok=True)
    changed = []
    for scenario in (*shipped(), "divide"):
        story, file = short_story(scenario), golden(scenario)
        if not file.exists() or file.read_text(encoding="utf-8") != story:
            file.write_text(story, encoding="utf-8", newline="\n")
            changed.append(scenario)
    if changed:
        with REASONS.open("a", encoding="utf-8", newline="\n") as reasons:
            reasons.write(f"- {', '.join(changed)}: {reason}\n")
    sys.stdout.write(f"changed: {', '.join(changed) or 'none'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
