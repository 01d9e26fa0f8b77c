"""Notebooks: committed without outputs, and they run from top to bottom."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from model.notice import NOTICE

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


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
    few = {**os.environ, "HUBSPOKE_GAMES": "20", "PYTHONPATH": str(ROOT)}
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


def test_there_is_a_notebook_on_propagation() -> None:
    assert "propagation" in [file.stem for file in NOTEBOOKS]
