"""The start-up guard names whatever shadows one of the three rooms."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runs.guard import MARK, ROOMS

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Lay out the rooms and `hubspoke` as an installed wheel does, with a tiny command line."""
    site = tmp_path / "site"
    for room in ROOMS:
        (site / room).mkdir(parents=True)
        shutil.copy(ROOT / room / "__init__.py", site / room)
    (site / "runs" / "cli.py").write_text("def main():\n    print('started')\n    return 0\n")
    (site / "hubspoke").mkdir()
    shutil.copy(ROOT / "runs" / "api.py", site / "hubspoke" / "__init__.py")
    shutil.copy(ROOT / "runs" / "guard.py", site / "hubspoke")
    return site


def start(*path: Path) -> subprocess.CompletedProcess[str]:
    """Run the console script's entry with these folders for site-packages."""
    return subprocess.run(
        [sys.executable, "-S", "-c", "import sys, hubspoke.guard as g; sys.exit(g.main())"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))},
        cwd=path[0],
        capture_output=True,
        text=True,
        check=False,
    )


def stranger(folder: Path, room: str) -> Path:
    (folder / room).mkdir(parents=True, exist_ok=True)
    (folder / room / "__init__.py").write_text("raise RuntimeError('a stranger was imported')\n")
    return folder


def test_its_own_rooms_start(site: Path) -> None:
    run = start(site)
    assert (run.returncode, run.stdout, run.stderr) == (0, "started\n", "")


@pytest.mark.parametrize("room", ROOMS)
def test_a_folder_earlier_on_the_path_is_named(site: Path, tmp_path: Path, room: str) -> None:
    run = start(stranger(tmp_path / "elsewhere", room), site)
    assert run.returncode == 1
    assert f"{room}: {tmp_path / 'elsewhere' / room}" in run.stderr
    assert not [other for other in ROOMS if other != room and f"{other}: " in run.stderr]
    assert "Traceback" not in run.stderr


def test_a_distribution_that_overwrote_a_room_is_named(site: Path) -> None:
    stranger(site, "agents")
    info = site / "strangers-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.2\n")
    (info / "RECORD").write_text("agents/__init__.py,,\n")
    run = start(site)
    assert run.returncode == 1
    assert "installed by strangers 1.2" in run.stderr


def test_a_missing_room_is_named(site: Path) -> None:
    shutil.rmtree(site / "model")
    (site / "model").mkdir()  # what is left when another distribution is taken out again
    run = start(site)
    assert run.returncode == 1
    assert "model: nothing" in run.stderr


def test_two_copies_of_the_project_do_not_mix(site: Path, tmp_path: Path) -> None:
    shutil.copytree(site / "model", tmp_path / "copy" / "model")
    run = start(tmp_path / "copy", site)
    assert run.returncode == 1
    assert "different places" in run.stderr


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_carries_the_mark(room: str) -> None:
    assert MARK in (ROOT / room / "__init__.py").read_text(encoding="utf-8")
