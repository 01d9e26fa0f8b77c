"""What a build ships: the three rooms with their data, and `hubspoke` under its own name."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("agents", "model", "runs")
PUBLIC = {"hubspoke/__init__.py", "hubspoke/guard.py", "hubspoke/py.typed"}


def build(version: str, folder: Path) -> Path:
    """Build a wheel, `standard` or `editable`, without isolation or network."""
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=[version])
    return Path(wheel)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("standard", tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_every_file_of_the_rooms(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    sources = {
        file.relative_to(ROOT).as_posix()
        for room in ROOMS
        for file in (ROOT / room).rglob("*")
        if file.suffix in {".py", ".yaml", ".md", ".csv", ".typed", ".html", ".css", ".js", ".vue"}
    }
    assert sources | PUBLIC <= names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {
        *ROOMS,
        "hubspoke",
    }


def test_the_public_package_works_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    ZipFile(wheel).extractall(tmp_path)
    program = (
        "import sys, hubspoke, model.notice\n"
        "assert not {'mesa', 'numba', 'numpy'} & set(sys.modules), 'importing it must be instant'\n"
        "assert hubspoke.NOTICE is model.notice.NOTICE\n"
        "print(hubspoke.__file__, model.notice.__file__, sep='\\n')\n"
    )
    run = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        str(tmp_path / "hubspoke" / "__init__.py"),
        str(tmp_path / "model" / "notice.py"),
    ]


def test_an_editable_build_points_at_the_checkout(tmp_path: Path) -> None:
    built = ZipFile(build("editable", tmp_path))
    (path,) = (name for name in built.namelist() if name.endswith(".pth"))
    assert built.read(path).decode() == str(ROOT)
    assert set(built.namelist()) >= PUBLIC


def test_the_console_script_enters_through_the_guard(wheel: Path) -> None:
    with ZipFile(wheel) as built:
        (points,) = (name for name in built.namelist() if name.endswith("entry_points.txt"))
        assert "hubspoke = hubspoke.guard:main" in built.read(points).decode()
