"""Bad input of every kind: a message and an exit code, never a traceback, never a wrong answer.

A fixed corpus, and a random part with a time limit (`make test-all`); what that finds is added to
the corpus. Exit codes: 0 done, 1 a replay that differs, 2 wrong input.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from model.parameters import paths
from model.reading import read
from model.transcript import chained, read_transcript
from runs.cli import DEBUG, main
from runs.errors import UserError
from runs.store import MANIFEST, Results
from tests.test_reading import PATHS, yaml_of

SECONDS = 60.0  # for each random part
GAME = ["play", "triad", "--quarters", "3", "--out", "game"]
BATCH = "batch divide --runs 12 --quarters 2 --workers 1 --out many".split()  # noqa: SIM905
Capture = pytest.CaptureFixture[str]
Said = tuple[int, str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(DEBUG, raising=False)
    return tmp_path


@pytest.fixture
def run(here: Path, capsys: Capture) -> Callable[..., Said]:
    """Run a command line; only an exit code with a message may come of it."""

    def asked(*arguments: str) -> Said:
        code = main(list(arguments))
        said = capsys.readouterr()
        assert code in (0, 1, 2), (arguments, code)
        assert said.out or said.err, arguments
        assert "a fault of the program" not in said.err, (arguments, said.err)
        assert "Traceback" not in said.err + said.out, arguments
        assert code != 2 or said.err.strip(), arguments
        return code, said.err

    return asked


def rolls(seconds: float) -> Iterator[random.Random]:
    """Dice until the time is over; what made a test fail lies in the test's folder."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield random.Random(time.time_ns())  # noqa: S311 - no secrets


# Command lines

ODD_LINES = [
    "",
    "--",
    "-",
    "--help --version",
    "play -- --seed",
    "play triad --seed",
    "play triad --seed=",
    "play triad --seed 1e3",
    "play triad --seed 1.5",
    "play triad --seed 18446744073709551616",
    "play triad --seed 99999999999999999999999999999999999999999999",
    "play triad --run 4294967296 --quarters 1",
    "play triad --quarters 1_0 --out x --seed ١",
    "play triad --set",
    "play triad --set =",
    "play triad --set tau=1e400",
    "play triad --set tau=-inf",
    "play triad --set tau=0x10",
    "play triad --set levers.troops.start=3",
    "play triad --set levers.troops.start=nan",
    "play triad --set actors.Patron.platforms.dealer.weights.home=-1",
    "play triad --doctrine =",
    "play triad --doctrine Client=",
    "play triad --doctrine =hedger",
    "play triad --doctrine Client=../../etc",
    "play triad --doctrine Client=./none.py",
    "play triad --verbose=maybe",
    "play triad --no-verbose",
    "play divide --out /dev/null",
    "play divide --out /dev/null/x",
    "play divide --out ''",
    "play /",
    "play .",
    "play ..",
    "play /dev/null",
    "play base",
    "play theory",
    "play triad.yaml",
    "play ./a\x01b.yaml",
    "play \ud800",
    "play " + "x" * 5000,
    "replay /",
    "replay /dev/null",
    "replay \ud800",
    "replay x y z",
    "batch divide --runs -1",
    "batch divide --runs 99999999999",
    "batch divide --runs 2 --workers 0",
    "batch divide --runs 2 --workers -3",
    "batch divide --runs 2 --quarters 0",
    "batch divide --runs 2 --quarters 100000000000",
    "batch divide --runs 2 --seed -1",
    "batch divide --runs 2 --shard 0/0",
    "batch divide --runs 2 --shard 1",
    "batch divide --runs 2 --shard 1/2/3",
    "batch divide --runs 2 --shard ²/³",
    "batch divide --runs 2 --series nothing",
    "batch divide --runs 2 --series lever.",
    "batch divide --runs 2 --series reliability.Ann",
    "batch divide --runs 2 --series reliability.Ann>Zoe",
    "batch divide --runs 2 --out /dev/null",
    "bench divide --games 0",
    "bench divide --processes 0",
    "scenario",
    "scenario show /dev/null",
    "scenario check .",
    "scenario scales base",
    "scenario list extra",
    "theory T99",
    "theory T1 T1 ?",
    "doctrine",
    "doctrine show nosuch",
    "doctrine check ./none.py",
    "doctrine check /dev/null",
]


@pytest.mark.parametrize("line", ODD_LINES)
def test_an_odd_command_line_is_answered(line: str, run: Callable[..., Said]) -> None:
    run(*line.replace("''", " ").split(" ") if line else [])


WORDS = [
    *("play", "replay", "batch", "scenario", "list", "show", "check", "doctrine", "--help", "-h"),
    *("--version", "--seed", "--run", "--quarters", "--set", "--doctrine", "--out", "--verbose"),
    *("--runs", "--workers", "--shard", "--series", "--trajectories", "--scenario", "--sed", "-x"),
    *("triad", "divide", "base", "./none.yaml", "game", "many", ".", "", "=", "--", "-", "é", "\0"),
    *("0", "1", "2", "-1", "1/2", "tau=.5", "tau=", "Client=hedger", "Ann=random", "lever.pie"),
    *("nan", "1e9999", "9" * 30, "--seed=1", "--quarters=1", "--runs=2", "--workers=1"),
]


@pytest.mark.slow
def test_random_command_lines_are_answered(here: Path, run: Callable[..., Said]) -> None:
    for dice in rolls(SECONDS):
        words = [dice.choice(WORDS) for _ in range(dice.randint(1, 9))]
        short = ["--quarters=1"] if words[0] in ("play", "batch") else []
        few = ["--runs=2", "--workers=1"] if words[0] == "batch" else []
        run(*words, *short, *few)


# Scenario files that can be read can be played.

ODD_WORLDS = [
    "rules: {rounds: 1000}\n",
    "rules: {named_levers: 1, sweeteners: 0}\n",
    "rules: {value: log}\n",
    "quarters: 1\n",
    "tables: {alliance: null, line: null, summit: null}\nseries: null\nagreements: null\n",
    "theatres: {frontier: {stakes: null}}\n",
    "levers: {payment: {settings: [1]}}\ntables: {alliance: {demands: [], packages: null}}\n",
    "actors: {Patron: {agenda: {value: 1e15, range: [0, 1e15]}}}\n",
    "tables: {line: {term: {value: 1e15, range: [1, 1e15]}}}\n",
    "rules: {war_quarters: {value: 1e15, range: [0, 1e15]}}\n",
    "rules: {weight_noise: {value: 1e15, range: [0, 1e15]}}\n",
    "levers: {pressure: {settings: [0, 1, 1e15]}}\n",
    "levers: {troops: {lead: 400}}\n",
    "levers: {troops: {lead: 1000000000000000}}\n",
    "levers: {payment: {step: 1000000000000000}}\n",
    "events: {elsewhere: {effects: [{attention: Patron, slots: 1000000000000000, quarters: 1}]}}\n",
    "events: {elsewhere: {effects: [{attention: Patron, slots: -5, quarters: -1}]}}\n",
    "events: {elsewhere: {when: {quarter: 2000Q1, hazard: null}, effects: [{lever: troops, by: -1000000000}]}}\n",  # noqa: E501
    "ledger: {troops on the spot: {coefficient: {value: 1e15, range: [0, 1e15]}}}\n",
    "ledger: {tariff revenue: {coefficient: {value: -1e15, range: [-1e15, 0]}}}\n",
    "scales: {Patron: {treasury: 0}}\n",
    "scales: {Patron: {treasury: -1}}\n",
    "scales: {Patron: {treasury: 1e-15}}\n",
    "start: 0000Q1\nevents: null\nagreements: null\n",
    "start: 9999Q4\nevents: null\nagreements: null\n",
]


def play_file(text: str, here: Path, run: Callable[..., Said]) -> int:
    (here / "mine.yaml").write_text(f"extends: triad\nname: mine\n{text}", "utf-8")
    code, said = run("play", "./mine.yaml", "--quarters", "2", "--out", "game")
    assert "RuntimeWarning" not in said, said
    assert code in (0, 2)
    return code


@pytest.mark.parametrize("text", ODD_WORLDS)
def test_an_odd_world_is_played_or_refused(text: str, here: Path, run: Callable[..., Said]) -> None:
    play_file(text, here, run)


ODD_VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 7, 1000, 10**15, 0.5, -0.5, 1e-15, 1e15, -1e15),
    *("", "Patron", "Client", "Rival", "troops", "payment", "frontier", "alliance", "2000Q1"),
    *("2001Q3", "assumed", "both", "no", "log", "drawn", "random", [], {}, [0, 1], [1, 0], [1]),
]


NUMBERS = [0, 1e-15, 1e-3, 0.5, 1, 1.5, 3, 50, 1e4, 1e15, -1, -1e4, -1e15]
QUANTITIES = [p for p in paths(read("triad")).values() if p[-1] != "start"]


def patch_of(dice: random.Random) -> dict[str, Any]:
    """Put a value elsewhere, or another number in the place of one."""
    patch: Any = dice.choice(ODD_VALUES)
    at = dice.choice(PATHS)
    if dice.random() < 0.7:
        at, value = dice.choice(QUANTITIES), dice.choice(NUMBERS)
        patch = {"value": value, "range": [value, value]}
    for key in reversed(at):
        patch = [patch] * (key + 1) if isinstance(key, int) else {key: patch}
    return dict(patch)


@pytest.mark.slow
def test_random_changes_of_a_world_are_played_or_refused(
    here: Path, run: Callable[..., Said]
) -> None:
    """Some of them are both, else nothing would be tried."""
    codes = set()
    for dice in rolls(2 * SECONDS):
        tops: dict[str, Any] = {}
        for _ in range(dice.choice([1, 1, 2, 3])):
            tops |= patch_of(dice)
        text = "\n".join(yaml_of({top: patch})[1:-1] for top, patch in tops.items())
        codes.add(play_file(text, here, run))
    assert codes == {0, 2}


# Transcripts

Event = dict[str, Any]


def odd_headers() -> Iterator[tuple[str, Any]]:
    """What may stand in a header: keys left out, and values of other kinds."""
    for key in ("scenario", "source", "scenario_hash", "seed", "run", "quarters", "settings"):
        yield key, None
        yield key, [1]
    yield from (("doctrines", None), ("doctrines", {}), ("doctrines", {"Nobody": "hedger"}))
    yield from (("seed", -1), ("run", -1), ("run", 2**40), ("quarters", 0), ("quarters", 10**9))
    yield from (("seed", "1"), ("seed", True), ("format", 0), ("format", 99), ("format", "1"))
    yield from (("settings", {"tau": "x"}), ("settings", {"nothing": 1}), ("settings", {"tau": 9}))
    yield from (("source", "./gone.yaml"), ("source", "divide"), ("source", ""))


def test_a_transcript_with_another_header_is_refused(here: Path, run: Callable[..., Said]) -> None:
    """Also one whose digests fit: written by another version, or by hand."""
    run(*GAME)
    file = here / "game" / "transcript.jsonl"
    events = read_transcript(file).events
    for key, value in odd_headers():
        header = {k: v for k, v in events[0].items() if k != key}
        header |= {} if value is None else {key: value}
        file.write_bytes(b"".join(chained([header, *events[1:]])))
        code, said = run("replay", "game")
        assert code == 2, (key, value)
        assert "hubspoke: " in said, said


def test_a_transcript_of_another_version_says_so(here: Path, run: Callable[..., Said]) -> None:
    run(*GAME)
    file = here / "game" / "transcript.jsonl"
    header, *rest = read_transcript(file).events
    file.write_bytes(b"".join(chained([header | {"format": 7, "version": "9.1"}, *rest])))
    code, said = run("replay", "game")
    assert code == 2
    assert "written in format 7 by hubspoke 9.1" in said


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b"9" * 5000, b'{"event": ' + b"9" * 5000 + b"}", b"\xef\xbb\xbf{}"]
)
def test_odd_lines_are_no_transcript(line: bytes, here: Path, run: Callable[..., Said]) -> None:
    run(*GAME)
    file = here / "game" / "transcript.jsonl"
    whole = file.read_bytes().splitlines(keepends=True)
    for content in (line, whole[0] + line, b"".join(whole[:3]) + line + b"\n" + whole[3]):
        file.write_bytes(content)
        assert run("replay", "game")[0] == 2


@pytest.mark.slow
def test_random_damage_to_a_transcript_is_refused(here: Path, run: Callable[..., Said]) -> None:
    run(*GAME)
    file = here / "game" / "transcript.jsonl"
    whole = file.read_bytes()
    for dice in rolls(SECONDS):
        file.write_bytes(damaged(whole, dice))
        assert run("replay", "game")[0] == 2


def damaged(whole: bytes, dice: random.Random) -> bytes:
    """Change, drop or double some bytes; the line end at the very end carries nothing."""
    content = whole
    while content.rstrip(b"\n") == whole.rstrip(b"\n"):
        start = dice.randrange(len(whole))
        stop = min(start + dice.choice([0, 1, 1, 2, 50, 5000]), len(whole))
        new = dice.choice([b"", dice.randbytes(stop - start), whole[start:stop] * 2, b"\n", b"0"])
        content = whole[:start] + new + whole[stop:]
    return content


# Results


def results_files(folder: Path) -> list[Path]:
    """Files of a results folder that are read again."""
    return [folder / MANIFEST, *sorted(folder.glob("*/part-*"))]


def test_a_changed_manifest_is_refused(here: Path, run: Callable[..., Said]) -> None:
    """By who reads it and by who would go on with it; nothing is overwritten."""
    run(*BATCH)
    file = here / "many" / MANIFEST
    whole = json.loads(file.read_text("utf-8"))
    for key in whole:
        for other in ({}, {key: "another"}):
            changed = {k: v for k, v in whole.items() if k != key} | other
            file.write_text(json.dumps(changed), "utf-8")
            with pytest.raises(UserError, match=MANIFEST):
                Results(here / "many")
            assert run(*BATCH)[0] == 2, key
            assert json.loads(file.read_text("utf-8")) == changed, key


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"[" * 100_000, b"9" * 5000, b"\xff", b'{"format":1}']
)
def test_what_is_no_manifest_is_refused(
    content: bytes, here: Path, run: Callable[..., Said]
) -> None:
    run(*BATCH)
    (here / "many" / MANIFEST).write_bytes(content)
    with pytest.raises(UserError, match=MANIFEST):
        Results(here / "many")
    assert run(*BATCH)[0] == 2


def test_results_of_another_version_or_scenario_are_refused(
    here: Path, run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*BATCH)
    for name, key in (("program_version", "version"), ("code_hash", "code")):
        with monkeypatch.context() as patch:
            patch.setattr(f"runs.batch.{name}", lambda: "another")
            code, said = run(*BATCH)
        assert code == 2
        assert f"  {key}: " in said
    (here / "divide.yaml").write_text("extends: divide\nname: divide\ntitle: Another\n", "utf-8")
    code, said = run("batch", "./divide.yaml", *BATCH[2:])
    assert code == 2
    assert "  scenario_hash: " in said


@pytest.mark.parametrize("kind", ["outcomes", "trajectories"])
@pytest.mark.parametrize("what", ["changed", "cut", "empty", "gone", "renamed", "other", "folder"])
def test_a_damaged_part_is_refused_and_played_again(
    kind: str, what: str, here: Path, run: Callable[..., Said]
) -> None:
    run(*BATCH)
    (file,) = (here / "many" / kind).glob("part-*.parquet")
    noted = file.with_name(f"{file.name}.sha256")
    whole = file.read_bytes()
    if what == "renamed":  # the games of another part under this name
        moved = file.with_name("part-000012-000023.parquet")
        file.rename(moved)
        noted.rename(moved.with_name(f"{moved.name}.sha256"))
    elif what == "other":
        file.with_name("part-of-nothing.parquet").write_bytes(whole)
    elif what in ("gone", "folder"):
        file.unlink()
        if what == "folder":
            file.mkdir()
    else:
        half = len(whole) // 2
        cut = {"cut": whole[:half], "empty": b""}
        changed = whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :]
        file.write_bytes(cut.get(what, changed))
    if what in ("gone", "folder"):
        assert (kind == "trajectories") or not Results(here / "many").complete
    else:
        with pytest.raises(UserError, match="not as they were written"):
            Results(here / "many")
    code, _ = run(*BATCH)
    if what not in ("renamed", "other", "folder"):
        assert code == 0
        assert file.read_bytes() == whole
    else:
        assert code == 2


@pytest.mark.slow
def test_random_damage_to_results_is_refused_or_mended(
    here: Path, run: Callable[..., Said]
) -> None:
    run(*BATCH)
    before = {file: file.read_bytes() for file in results_files(here / "many")}
    for dice in rolls(SECONDS):
        file = dice.choice(sorted(before))
        file.write_bytes(damaged(before[file], dice))
        code, _ = run(*BATCH)
        if code == 0:
            now = {f: f.read_bytes() for f in before if f.name != MANIFEST}
            assert all(before[f] == content for f, content in now.items()), file.name
        for f, content in before.items():
            f.write_bytes(content)
