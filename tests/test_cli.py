"""The command line: it teaches, refuses in plain words, and its exit codes mean what they say."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import runs.play
from model.notice import NOTICE
from model.transcript import read_transcript
from runs.cli import DEBUG, guarded, main
from runs.errors import UserError
from runs.options import assignments, pairs

ROOT = Path(__file__).resolve().parents[1]
START = "import sys; from runs.guard import main; sys.exit(main())"


def started(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Start the program in a process of its own, as the installed command does."""
    return subprocess.run(
        [sys.executable, "-c", START, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(DEBUG, raising=False)
    return tmp_path


PLAY_DIVIDE = ["play", "divide", "--out", "game"]
WRONG = [
    ("plya", "play"),
    ("play --sed 3", "--seed"),
    ("play nosuch", "nosuch"),
    ("play tirad", "did you mean triad?"),
    ("play ./missing.yaml", "missing.yaml"),
    ("play triad --seed x", "--seed"),
    ("play triad --seed -1", "--seed"),
    ("play triad --seed 1.5", "whole number"),
    ("batch triad --runs 2.5", "whole number"),
    ("batch triad --compare tau=.5,.5", "nothing to compare"),
    ("sweep burden_and_posture --runs -1", "--runs"),
    ("sensitivity triad --method magic", "--method"),
    ("propagate triad --shock payment", "payment=VALUE"),
    ("propagate triad --shock alliance", "alliance=DEMAND"),
    ("propagate triad --shock Nobody=hedger@2", "no lever, actor or table"),
    ("propagate triad --shock payment=1.1@99", "the game goes from"),
    ("bench triad --out folder", "--growth"),
    ("hindcast 2021q1 --runs 0", "--runs"),
    ("hindcast 2021q1 --runs -5", "--runs"),
    ("hindcast 2021q1 --runs 2 --seed -1", "--seed"),
    ("hindcast --facts --runs 0", "--runs"),
    ("forecast --runs 2 --seed -2", "--seed"),
    ("play triad --run -1", "--run"),
    ("play triad --quarters 0", "--quarters"),
    ("play triad --quarters 401", "--quarters"),
    ("play triad --set tua=.3", "did you mean tau?"),
    ("play triad --set tau", "name=number"),
    ("play triad --set tau=high", "name=number"),
    ("play triad --set tau=9", "between 0 and 1"),
    ("play triad --set tau=nan", "finite"),
    ("play triad --set tau=.1 --set tau=.2", "twice"),
    ("play triad --doctrine Cliet=hedger", "did you mean Client?"),
    ("play triad --doctrine Client=hedgr", "did you mean hedger?"),
    ("play triad --doctrine Client", "ACTOR=NAME"),
    ("play triad --doctrine Client=hedger --doctrine Client=random", "twice"),
    ("play triad --doctrine Client=human", "unknown doctrine"),
    ("play triad divide", "divide"),
    ("replay", "transcript"),
    ("replay nothing.jsonl", "no such file"),
    ("replay .", "no such file"),
    ("batch triad --runs 0", "--runs"),
    ("batch triad --runs 4 --shard 3/2", "--shard"),
    ("batch triad --set tua=1", "did you mean tau?"),
    ("batch triad --doctrine Cliet=hedger --runs 4", "did you mean Client?"),
    ("bench triad --games 1", "--games"),
    ("scenario shwo", "show"),
    ("scenario show tirad", "did you mean triad?"),
    ("scenario show triad tabels", "the parts are actors"),
    ("play triad --quarters 401", "from 1 to 400"),
    ("batch triad --quarters 401", "from 1 to 400"),
    ("batch triad --seed -1", "from 0"),
    ("scenario check tirad", "did you mean triad?"),
    ("scenario check", "scenario"),
]


@pytest.mark.parametrize(("line", "said"), WRONG, ids=[line for line, _ in WRONG])
def test_wrong_input_is_told_and_nothing_is_written(
    line: str, said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == 2
    out, err = capsys.readouterr()
    assert said.lower() in err.lower()
    assert "Traceback" not in err
    assert out == ""
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("command", ["", "play", "replay", "batch", "bench"])
def test_help_teaches(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0
    out = capsys.readouterr().out
    assert "Usage: hubspoke" in out
    if command in ("play", "replay", "batch"):
        assert f"  hubspoke {command} " in out
    if not command:
        assert NOTICE in out
        assert "Exit codes: 0 done" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("hubspoke")


def test_play_then_replay(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = "play triad --seed 4 --quarters 5 --set tau=.6 --doctrine Rival=hedger --out game"
    assert main(asked.split()) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("Patron, Client and Rival\n")
    assert NOTICE in out
    assert "Written to game: transcript.jsonl, story.txt" in out
    assert out.splitlines()[-1].startswith("The picture: ")
    header = read_transcript(here / "game").header
    assert header["seed"] == 4
    assert header["quarters"] == 5
    assert header["doctrines"]["Rival"] == "hedger"
    assert main(["replay", "game"]) == 0
    assert capsys.readouterr().out.startswith("Same: triad, seed 4, game 0 again ends in state")


def test_a_note_goes_to_standard_error(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert here.is_dir()
    assert main(["play", "divide", "--set", "actors.Ann.support=.9", "--out", "game"]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("note: actors.Ann.support")
    assert "note:" not in out


def test_a_replay_that_differs_exits_with_1(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(PLAY_DIVIDE) == 0
    assert (here / "game").is_dir()
    monkeypatch.setattr(runs.play, "difference", lambda *_: "2000Q1: Ann answered offer otherwise")
    capsys.readouterr()
    assert main(["replay", "game"]) == 1
    said = (
        "Different: divide, seed 1, game 0 first differs in 2000Q1: Ann answered offer otherwise."
    )
    assert capsys.readouterr().out.splitlines()[0] == said


def test_a_damaged_transcript_exits_with_2(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(PLAY_DIVIDE) == 0
    file = here / "game" / "transcript.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"seed":1', b'"seed":2'))
    capsys.readouterr()
    assert main(["replay", "game"]) == 2
    assert "has been changed" in capsys.readouterr().err


def test_batch_writes_and_goes_on(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["batch", "triad", "--runs", "8", "--quarters", "2", "--workers", "1", "--out", "many"]
    assert main(asked) == 0
    assert "Written to many: summary.csv" in capsys.readouterr().out
    manifest = json.loads((here / "many" / "manifest.json").read_text("utf-8"))
    assert manifest["command"] == "hubspoke " + " ".join(asked)
    assert main(asked) == 0
    assert main([*asked, "--seed", "2"]) == 2


def test_scenarios_are_listed_shown_and_checked(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scenario", "list"]) == 0
    assert "triad" in capsys.readouterr().out
    assert main(["scenario", "show", "divide"]) == 0
    assert "Divide the pie" in capsys.readouterr().out
    assert main(["scenario", "check", "divide"]) == 0
    (here / "broken.yaml").write_text("extends: divide\nname: broken\nquarters: many\n")
    capsys.readouterr()
    assert main(["scenario", "check", "broken.yaml"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "broken.yaml:3:" in err


def broken() -> None:
    raise KeyError("x")


def test_a_fault_of_ours_is_told_shortly(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DEBUG, raising=False)
    assert guarded(broken) == 1
    err = capsys.readouterr().err
    assert "KeyError" in err
    assert DEBUG in err
    assert "Traceback" not in err
    monkeypatch.setenv(DEBUG, "1")
    with pytest.raises(KeyError):
        guarded(broken)


def test_ctrl_c_exits_with_130(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs.play, "play", stopped)
    assert main(["play", "divide"]) == 130
    assert "Traceback" not in capsys.readouterr().err
    assert list(here.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to oneself there")
def test_a_ctrl_c_that_a_library_swallows_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    def swallowed() -> None:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise RuntimeError("no compiled object yet")

    before = signal.getsignal(signal.SIGINT)
    assert guarded(swallowed) == 130
    assert "stopped: run the same command again" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to another process there")
def test_a_batch_that_was_stopped_goes_on_by_the_same_command(tmp_path: Path) -> None:
    asked = "batch triad --runs 5120 --quarters 2 --workers 1 --out many".split()  # noqa: SIM905
    with subprocess.Popen(
        [sys.executable, "-c", START, *asked],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as program:
        assert program.stderr is not None
        assert "of 5,120 games" in program.stderr.readline()  # the first games are there
        program.send_signal(signal.SIGINT)
        said = program.stderr.read()
    assert program.returncode == 130
    assert "the same command goes on from there" in said
    assert "Traceback" not in said
    again = started(*asked, folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "of 5,120 games are there" in again.stderr


def test_options_are_read_as_pairs() -> None:
    assert assignments(["tau=.5", " chi = 1e-1"]) == {"tau": 0.5, "chi": 0.1}
    assert assignments(None) == {}
    assert pairs(["ROK = hedger"]) == {"ROK": "hedger"}
    with pytest.raises(UserError):
        pairs(["=hedger"])


def test_the_program_starts_without_loading_what_help_does_not_need() -> None:
    heavy = ["mesa", "numba", "numpy", "pandas", "matplotlib", "pydantic", "pyarrow", "networkx"]
    code = (
        "import sys; from runs.cli import main; main(['--help'])\n"
        f"sys.stderr.write(repr([m for m in {heavy!r} if m in sys.modules]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert ran.stderr == "[]"


def test_the_started_program_plays_and_refuses(tmp_path: Path) -> None:
    played = started("play", "divide", folder=tmp_path)
    assert played.returncode == 0, played.stderr
    assert "results" in [f.name for f in tmp_path.iterdir()]
    replayed = started("replay", "results/play-divide-seed1", folder=tmp_path)
    assert replayed.returncode == 0, replayed.stderr
    wrong = started("play", "divide", "--set", "nothing=1", folder=tmp_path)
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr


def test_a_reader_that_has_seen_enough_is_no_fault(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START, "scenario", "show", "2025q1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        said = program.stderr.read()
    assert program.returncode == 0
    assert said == b""


def test_scales_can_be_measured_and_put_into_a_scenario_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = tmp_path / "mine.yaml"
    world.write_text("name: mine\ntitle: Mine\nabout: A copy\nextends: triad\nquarters: 4\n")
    assert main(["scenario", "scales", str(world), "--write"]) == 0
    assert "security:" in capsys.readouterr().out
    first = world.read_text()
    assert main(["scenario", "check", str(world)]) == 0
    assert main(["scenario", "scales", str(world), "--write"]) == 0
    assert world.read_text() == first, "measured anew, written once"
