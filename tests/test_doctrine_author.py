"""A doctrine from outside the project: in a file or a package, checked, played and replayed."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents import doctrine as registry
from agents import outside
from agents.answers import DoctrineError
from agents.contract import DoctrineContract
from agents.doctrine import Registered, doctrines, find, get_doctrine
from model.transcript import read_transcript
from runs.cli import main
from runs.store import Results

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
# the public package is a copy that an installation makes; its rooms are here
EXAMPLE = next(block for block in BLOCKS if "@doctrine" in block).replace(
    "from hubspoke import Transactional, doctrine",
    """from agents.doctrine import doctrine
from agents.doctrines.transactional import Transactional""",
)
HEAD = """
import numpy as np
from agents.briefing import Decision
from agents.doctrine import Doctrine, doctrine
from agents.doctrines.transactional import Transactional
"""
SHORT = ["--quarters", "3"]


def written(body: str, name: str = "mine.py") -> str:
    Path(name).write_text(HEAD + body, encoding="utf-8")
    return name


def mine(method: str, name: str = "mine", sources: str = '"a seminar paper of 2025"') -> str:
    """Write a doctrine with one method of its own."""
    return f'''
@doctrine("{name}", sources=[{sources}])
class {name.title()}(Transactional):
    """Tries something."""

    {method}
'''


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder, with the registry as it is without it."""
    monkeypatch.setattr(registry, "_REGISTRY", dict(doctrines()))
    monkeypatch.chdir(tmp_path)
    Path("example.py").write_text(EXAMPLE, encoding="utf-8")
    yield tmp_path
    outside.installed.cache_clear()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that the user has to mend, and return what it says."""
    capsys.readouterr()
    assert main(list(arguments)) == 2
    said = capsys.readouterr().err
    assert said.startswith("hubspoke: ")
    assert "Traceback" not in said
    return said


class TestExample(DoctrineContract):
    """What an author writes in a test file."""

    doctrine = "example.py"


def test_the_example_passes_its_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctrine", "check", "example.py"]) == 0
    verdicts = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[0] != " "]
    assert verdicts == ["passes"] * 6


def test_the_example_is_fifteen_lines_and_says_so_when_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = [x for x in EXAMPLE.splitlines() if x.strip()]
    assert len(code) <= 15
    assert main(["doctrine", "show", "example.py"]) == 0
    said = capsys.readouterr().out
    assert "stubborn (example.py)" in said
    assert "Answers as transactional does, except:\n  least: Ask for a margin" in said


def test_a_file_plays_and_replays_and_a_changed_one_does_not(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play = ["play", "triad", "--doctrine", "Client=./example.py", "--out", "game", *SHORT]
    assert main(play) == 0
    assert "stubborn (example.py)" in capsys.readouterr().out
    reference = f"example.py:stubborn#{outside.digest_of(Path('example.py').read_bytes())}"
    header = read_transcript("game").header
    assert header["doctrines"]["Client"] == reference
    assert json.loads(Path("game/manifest.json").read_text())["doctrines"]["Client"] == reference
    assert main(["replay", "game"]) == 0

    Path("elsewhere").mkdir()
    Path("example.py").rename("elsewhere/same.py")
    assert "--doctrine Client=FILE.py" in refused(capsys, "replay", "game")
    assert main(["replay", "game", "--doctrine", "Client=elsewhere/same.py"]) == 0
    assert "only files move" in refused(capsys, "replay", "game", "--doctrine", "Client=hedger")
    assert "Cleint" in refused(capsys, "replay", "game", "--doctrine", "Cleint=elsewhere/same.py")

    Path("example.py").write_text(EXAMPLE.replace("threshold +", "threshold + 2 *"))
    assert "example.py has changed" in refused(capsys, "replay", "game")


def test_it_makes_a_difference_and_the_same_one_in_every_process(
    capsys: pytest.CaptureFixture[str],
) -> None:
    games = ["batch", "triad", "--runs", "300", *SHORT]
    outcomes: dict[str, Any] = {}
    for name, options in {
        "plain": ["--workers", "1"],
        "here": ["--workers", "1", "--doctrine", "Client=example.py"],
        "there": ["--workers", "2", "--doctrine", "Client=example.py:stubborn"],
    }.items():
        assert main([*games, *options, "--out", name]) == 0
        outcomes[name] = Results(Path(name)).outcomes()
    assert outcomes["here"].equals(outcomes["there"])
    assert not outcomes["here"].equals(outcomes["plain"])
    assert "Client plays stubborn (example.py)" in Path("there/summary.txt").read_text("utf-8")
    Path("example.py").write_text(f"{EXAMPLE}# changed\n")
    again = [*games, "--doctrine", "Client=example.py", "--out", "there"]
    assert "results of something else" in refused(capsys, *again)


BAD_FILES = {
    "no such file": (None, "mine.py: there is no such file"),
    "a folder": ("", "mine.py: it cannot be read"),
    "a slip of the pen": ("def (:\n", "mine.py: line 6: SyntaxError"),
    "no text": ("\0", "mine.py: "),
    "no doctrine": ("x = 1\n", "mine.py: there is no doctrine in it"),
    "two doctrines": (
        mine("pass", "this") + mine("pass", "that"),
        "there are 2 doctrines in it; write mine.py:this or mine.py:that",
    ),
    "a name that is taken": (mine("pass", "hedger"), "'hedger' is taken by Hedger"),
    "an import that fails": ("import no_such_package\n", "line 6 of mine.py: ModuleNotFoundError"),
    "a program": ("raise SystemExit('usage: mine')\n", "mine.py: line 6 of mine.py: SystemExit"),
    "no sources": (
        "@doctrine('mine')\nclass Mine(Doctrine):\n    pass\n",
        "line 6 of mine.py: TypeError",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_in_plain_words(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body, words = BAD_FILES[case]
    if case == "a folder":
        Path("mine.py").mkdir()
    elif body is not None:
        written(body)
    before = doctrines().keys()
    assert words in refused(capsys, "play", "triad", "--doctrine", "Client=mine.py", *SHORT)
    assert words in refused(capsys, "batch", "triad", "--doctrine", "Client=mine.py", *SHORT)
    assert words in refused(capsys, "doctrine", "check", "mine.py")
    if case != "two doctrines":
        assert doctrines().keys() == before
    assert not Path("results").exists()


def test_a_name_that_is_not_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "play", "triad", "--doctrine", "Client=example.py:careful", *SHORT)
    assert "there is no doctrine 'careful' in it, only stubborn" in said


def test_two_files_with_one_name(capsys: pytest.CaptureFixture[str]) -> None:
    Path("copy.py").write_text(f"{EXAMPLE}# of mine\n")
    both = ["--doctrine", "Client=example.py", "--doctrine", "Patron=copy.py"]
    said = refused(capsys, "play", "triad", *both, *SHORT)
    assert ".py: the doctrine name 'stubborn' is taken by Stubborn (stubborn (" in said


NONSENSE = {
    "wrong shape": ("offer", "Decision(offer=np.zeros(3, dtype=np.int64))", "shape (3,), not (1,)"),
    "no such package": ("offer", "Decision(offer=briefing.offered or np.array([9999]))", "9999"),
    "a package below none": ("offer", "Decision(offer=np.array([-1]))", "holds -1"),
    "fractions": ("offer", "Decision(offer=np.array([0.5]))", "it holds whole numbers"),
    "a plain number": ("reply", "Decision(accept=True)", "`accept` is a bool, not an array"),
    "nothing": ("reply", "None", "a NoneType, not a Decision"),
    "no answer": ("honour", "Decision()", "`keep` is missing"),
    "an answer to something else": (
        "reply",
        "Decision(accept=briefing.offered > 0, keep=briefing.offered > 0)",
        "`keep` was not asked for",
    ),
    "no number remembered": (
        "own_moves",
        """Decision(choice=np.full((2, 1), -1), announce=briefing.options.standing,
        memory=briefing.memory * np.nan)""",
        "`memory` holds what is no finite number",
    ),
    "no such move": (
        "own_moves",
        "Decision(choice=np.full((2, 1), 99), announce=briefing.options.standing)",
        "`choice` holds 99 to 99",
    ),
    "an error": ("agenda", "[][1]", "failed: line 11 of mine.py: IndexError"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_a_nonsensical_answer_ends_the_game_in_plain_words(
    case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    question, answer, words = NONSENSE[case]
    written(mine(f"def {question}(self, briefing): return {answer}"))
    said = refused(capsys, "play", "triad", "--doctrine", "Client=mine.py", *SHORT)
    assert words in said
    assert f"the doctrine mine (mine.py), playing Client, {question.replace('_', ' ')}" in said


def test_a_check_names_a_nonsensical_answer_and_tries_no_further(
    capsys: pytest.CaptureFixture[str],
) -> None:
    written(mine("def offer(self, briefing): return Decision(offer=np.zeros(3))"))
    assert main(["doctrine", "check", "mine.py"]) == 2
    said = capsys.readouterr().out
    assert "fails     It answers the question that is asked" in said
    assert "`offer` is an array of float64, it holds whole numbers" in said
    assert said.count("not tried ") == 4


@pytest.mark.slow
def test_a_package_is_found_in_worker_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "stubborn = brought:Stubborn")
    games = ["batch", "triad", "--runs", "300", "--workers", "2", *SHORT]
    assert main([*games, "--doctrine", "Client=stubborn"]) == 0


@pytest.mark.slow
def test_nonsense_in_a_worker_process(capsys: pytest.CaptureFixture[str]) -> None:
    written(mine("def reply(self, briefing): return Decision(accept=True)"))
    games = ["--runs", "600", "--workers", "2", "--doctrine", "Client=mine.py"]
    assert "`accept` is a bool" in refused(capsys, "batch", "triad", *games, *SHORT)


BREACHES = {
    "looks at other runs": (
        "def least(self, threshold, seat, briefing): return threshold + seat.trust.max()",
        "fails     A batch is its runs",
    ),
    "chance of its own": (
        """def reply(self, briefing):
        coin = np.random.random(len(briefing.offered)) < 0.5
        return Decision(accept=coin & super().reply(briefing).accept)""",
        "fails     Asked again",
    ),
    "memory of its own": (
        """def honour(self, briefing):
        self.n = getattr(self, 'n', 0) + 1
        return Decision(keep=np.full(briefing.promises.due.shape, self.n > 1))""",
        "fails     Asked again",
    ),
    "writes into its papers": (
        """def outlook(self, goals):
        goals.weights[0] = 1.0
        return goals""",
        "fails     It writes nothing into the briefing",
    ),
    "accepts whatever": (
        "def reply(self, briefing): return Decision(accept=briefing.offered >= 0)",
        "a package is accepted that is not possible",
    ),
}


@pytest.mark.parametrize("case", BREACHES)
def test_a_breach_of_the_contract_is_named(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    method, words = BREACHES[case]
    written(mine(method))
    assert main(["doctrine", "check", "mine.py"]) == 2
    assert words in capsys.readouterr().out


def test_a_doctrine_without_description_or_sources(capsys: pytest.CaptureFixture[str]) -> None:
    written("@doctrine('mine', sources=[])\nclass Mine(Transactional): pass\n")
    assert main(["doctrine", "check", "mine.py"]) == 2
    assert "fails     It says what it is" in capsys.readouterr().out


def test_a_file_written_anew_is_read_anew() -> None:
    first = find("example.py")
    assert find("./example.py") == first
    Path("example.py").write_text(EXAMPLE.replace("Holds out", "Still holds out"))
    assert find("example.py").about.startswith("Still")
    with pytest.raises(DoctrineError, match="has changed"):
        get_doctrine(first.reference)


def shipped() -> dict[str, Registered]:
    return {name: entry for name, entry in doctrines().items() if entry.reference == name}


def installed(monkeypatch: pytest.MonkeyPatch, entry: str, version: str = "1.2") -> None:
    """Install a package that brings a doctrine, as far as Python can see."""
    info = Path("site", f"my_doctrines-{version}.dist-info")
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: my-doctrines\nVersion: {version}\n"
    )
    (info / "entry_points.txt").write_text(f"[{outside.GROUP}]\n{entry}\n")
    Path("site/brought.py").write_text(EXAMPLE)
    monkeypatch.syspath_prepend(str(Path("site").resolve()))
    monkeypatch.delitem(sys.modules, "brought", raising=False)
    outside.installed.cache_clear()


def test_an_installed_package_brings_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(monkeypatch, "stubborn = brought:Stubborn")
    assert main(["doctrine", "list"]) == 0
    assert "stubborn (my-doctrines-1.2)" in capsys.readouterr().out
    game = ["play", "triad", "--doctrine", "Client=stubborn", "--out", "game", *SHORT]
    assert main(game) == 0
    assert read_transcript("game").header["doctrines"]["Client"] == "stubborn@my-doctrines-1.2"
    assert main(["replay", "game"]) == 0

    monkeypatch.setattr(registry, "_REGISTRY", shipped())
    monkeypatch.delitem(sys.modules, "brought")
    Path("site/my_doctrines-1.2.dist-info").rename("site/my_doctrines-2.0.dist-info")
    metadata = Path("site/my_doctrines-2.0.dist-info/METADATA")
    metadata.write_text(metadata.read_text().replace("1.2", "2.0"))
    outside.installed.cache_clear()
    assert "here it is stubborn@my-doctrines-2.0" in refused(capsys, "replay", "game")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("stubborn = nowhere:Stubborn", "ModuleNotFoundError"),
        ("stubborn = brought:Absent", "AttributeError"),
        ("obstinate = brought:Stubborn", "registers no doctrine 'obstinate'"),
    ],
)
def test_a_package_that_is_broken_harms_nobody_else(
    entry: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(monkeypatch, entry)
    name = entry.split(" = ", maxsplit=1)[0]
    assert main(["doctrine", "list"]) == 0
    assert words in capsys.readouterr().out
    assert main(["play", "triad", "--out", "game", *SHORT]) == 0
    said = refused(capsys, "play", "triad", "--doctrine", f"Client={name}", *SHORT)
    assert words in said
    assert "my-doctrines-1.2" in said


def test_a_transcript_of_a_package_that_is_not_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed(monkeypatch, "stubborn = brought:Stubborn")
    assert main(["play", "triad", "--doctrine", "Client=stubborn", "--out", "game", *SHORT]) == 0
    monkeypatch.setattr(registry, "_REGISTRY", shipped())
    Path("site").rename("away")
    outside.installed.cache_clear()
    assert "not installed here" in refused(capsys, "replay", "game")


def test_every_shipped_doctrine_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for name, entry in doctrines().items():
        assert main(["doctrine", "show", name]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert entry.about in said
        assert all(source in said for source in entry.sources)
    assert np.array([e.reference == n for n, e in doctrines().items()]).all()
