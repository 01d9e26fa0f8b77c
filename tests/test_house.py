"""What the project promises about itself: rooms, directions, and what its texts never hold."""

import ast
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from model.notice import NOTICE

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {
    "agents": {"agents"},
    "model": {"model", "agents"},
    "runs": {"runs", "model", "agents"},
}

TOP_LEVEL = {
    *MAY_IMPORT,
    "tests",
    "notebooks",
    "pyproject.toml",
    "constraints.txt",
    "Makefile",
    "README.md",
    "LICENSE",
    "CITATION.cff",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
}

LONGEST_FILE = 600  # lines

# Split, so that this file does not hold what it forbids.
REGISTRY_HOSTS = re.compile(
    "python" + r"hosted\.org|//pypi" + r"\.org|registry" + r"\.npmjs|deb" + r"\.debian\.org"
)
MACHINE_PATHS = re.compile(r"(?<![\w.~/-])/(?:work|tmp|root|home|Users)" + r"/\w")
LEADERS = re.compile(
    r"\b(?:Trump|Biden|Obama|Hegseth|Yoon|Moon Jae|Lee Jae|Kim Jong|Xi Jinping|Putin|Medvedev"
    r"|Kishida|Ishiba|Shinzo|Zelensky|Zelenskyy|Netanyahu|Khamenei|Stoltenberg|Rutte|Macron|Starmer)\b"
)
# Titles of works may be cited as they are.
TITLES = (
    (
        "Prospects for International Security Policy in Trump's Second Term"
        " and the Realignment of the ROK-U.S. Alliance"
    ),
    "트럼프 집권 2기의 안보정책 전망과 한미동맹의 재조정",
)


@cache
def tracked() -> tuple[Path, ...]:
    """List the project's files: those git tracks or, in an unpacked archive, all there are."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        names = subprocess.run(
            [git, "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, encoding="utf-8"
        ).stdout.split("\0")
        return tuple(ROOT / name for name in names if name and (ROOT / name).is_file())
    return tuple(
        file
        for top in sorted(TOP_LEVEL)
        for file in (ROOT / top, *(ROOT / top).rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    )


def python_files() -> list[Path]:
    return [file for file in tracked() if file.suffix == ".py"]


def text_of(file: Path) -> str | None:
    """Return the file's text, None if it is binary."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def matches(pattern: re.Pattern[str], text: str) -> list[str]:
    """Return `line: match` for every match, titles of works left out."""
    for title in TITLES:
        words = (re.escape(word).replace("'", "['’]") for word in title.split())
        wrapped = r"[\s#>|*]+".join(words)  # a title may run over lines of a comment or a quote
        text = re.sub(wrapped, lambda cited: re.sub(r"\S", "-", cited[0]), text)
    return [f"{text.count(chr(10), 0, m.start()) + 1}: {m[0]}" for m in pattern.finditer(text)]


def findings(pattern: re.Pattern[str], files: tuple[Path, ...]) -> list[str]:
    """Return `file:line: match` for every match in the files."""
    return [
        f"{file.relative_to(ROOT)}:{match}"
        for file in files
        for match in matches(pattern, text_of(file) or "")
    ]


def imported_rooms(source: str, room: str) -> set[str]:
    """Return the rooms that a module of `room` imports anywhere, inside functions too."""
    tops = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                tops |= {alias.name.partition(".")[0] for alias in node.names}
            case ast.ImportFrom(level=0, module=str(module)):
                tops.add(module.partition(".")[0])
            case ast.ImportFrom():
                tops.add(room)
            case ast.Call(func, [ast.Constant(str(module)), *_]) if "import" in ast.unparse(func):
                tops.add(module.partition(".")[0])
    return tops & {*MAY_IMPORT, "hubspoke"}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_flow_one_way(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    for file in files:
        back = imported_rooms(file.read_text(encoding="utf-8"), room) - MAY_IMPORT[room]
        assert not back, f"{file.relative_to(ROOT)} imports {back}"


def test_the_import_walk_sees_every_form() -> None:
    assert imported_rooms("def f():\n    from model.world import World", "agents") == {"model"}
    assert imported_rooms("import runs.cli as c, os", "model") == {"runs"}
    assert imported_rooms("importlib.import_module('runs.cli')", "model") == {"runs"}
    assert imported_rooms("from .turn import play", "model") == {"model"}


def test_top_level_holds_what_the_design_allows() -> None:
    tops = {file.relative_to(ROOT).parts[0] for file in tracked()}
    assert {top for top in tops if not top.startswith(".")} <= TOP_LEVEL
    assert {"agents", "model", "runs", "tests", "pyproject.toml", "LICENSE", "README.md"} <= tops


@pytest.mark.parametrize("pattern", [REGISTRY_HOSTS, MACHINE_PATHS], ids=["hosts", "paths"])
def test_no_file_names_a_registry_or_a_machine(pattern: re.Pattern[str]) -> None:
    assert not findings(pattern, tracked())


def test_offices_not_leaders() -> None:
    this = Path(__file__).resolve()
    assert not findings(LEADERS, tuple(file for file in tracked() if file != this))


def test_a_leader_is_found_and_a_title_may_be_cited() -> None:
    first = TITLES[0].replace("Policy in", "Policy\n# in").replace("'", "’")
    assert matches(LEADERS, f"see {first}\nTrump asked") == ["3: Trump"]
    assert matches(LEADERS, "Bidenomics; the 46th President") == []
    home, root = "/home" + "/x", "/root" + "/x"
    assert matches(MACHINE_PATHS, f"at https://example.org{home} or ~{home}") == []
    assert matches(MACHINE_PATHS, f"in {root}")


def test_no_lock_file_with_addresses() -> None:
    assert not [file for file in tracked() if file.name == "uv.lock"]


def test_the_notice_is_spelled_once() -> None:
    spelled = [file for file in python_files() if NOTICE in file.read_text(encoding="utf-8")]
    assert spelled == [ROOT / "model" / "notice.py"]
    assert NOTICE in (ROOT / "README.md").read_text(encoding="utf-8")


def test_files_stay_short() -> None:
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in python_files()}
    assert not [file for file, length in lines.items() if length > LONGEST_FILE]
