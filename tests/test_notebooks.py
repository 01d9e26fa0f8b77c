"""Notebooks: committed without outputs, and they run from top to bottom."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from model.notice import NOTICE

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = [file for file in NOTEBOOKS if file.stem != "propagation"]


def cells(file: Path, kind: str) -> list[dict[str, Any]]:
    content = json.loads(file.read_text(encoding="utf-8"))
    return [cell for cell in content["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda f: f.stem)
def test_a_notebook_has_no_outputs_and_carries_the_notice(file: Path) -> None:
    for cell in cells(file, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        ast.parse("".join(cell["source"]))
    assert any(NOTICE in "".join(cell["source"]) for cell in cells(file, "markdown"))


@pytest.mark.slow
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda f: f.stem)
def test_a_notebook_runs_from_top_to_bottom(file: Path, tmp_path: Path) -> None:
    script = tmp_path / "notebook.py"
    script.write_text("\n\n".join("".join(c["source"]) for c in cells(file, "code")), "utf-8")
    few = {
        **os.environ,
        "HUBSPOKE_GAMES": "20",
        "MPLBACKEND": "Agg",  # figures open no window
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, str(script)],
        env=few,
        cwd=tmp_path,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert NOTICE in done.stdout


@pytest.mark.parametrize("file", LESSONS, ids=lambda f: f.stem)
def test_a_lesson_is_short_and_ends_with_a_question(file: Path) -> None:
    told = json.loads(file.read_text(encoding="utf-8"))["cells"]
    assert 5 <= len(told) <= 9
    assert told[0]["cell_type"] == told[-1]["cell_type"] == "markdown"
    assert NOTICE in "".join(told[0]["source"])
    last = "".join(told[-1]["source"])
    assert "## A question for you" in last
    assert "?" in last


def test_every_notebook_is_listed_and_the_promised_ones_are_there() -> None:
    names = {file.name for file in NOTEBOOKS}
    listed = re.findall(r"\]\((\w+\.ipynb)\)", (ROOT / "notebooks/README.md").read_text("utf-8"))
    assert sorted(listed) == sorted(names)
    assert names >= {
        "first_game.ipynb",
        "propagation.ipynb",
        "bargaining_table.ipynb",
        "own_doctrine.ipynb",
        "own_scenario.ipynb",
        "one_claim.ipynb",
    }
