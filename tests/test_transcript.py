"""A game written down: whole or refused, exact in its reasons, and the same when played again."""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.briefing import Briefing, Decision
from agents.doctrine import get_doctrine
from agents.seats import ExternalSeat
from model.reading import read
from model.transcript import (
    FORMAT,
    Event,
    StoredSeat,
    Transcript,
    TranscriptError,
    chained,
    decode,
    encode,
    read_transcript,
    write,
)
from model.wargame import Wargame
from runs.play import events, replay
from tests.worlds import strait

NEAR = 2e-6  # numbers are told to six digits


@cache
def game(scenario: str, seed: int = 2) -> Transcript:
    return Transcript(tuple(events(played(scenario, seed), scenario)))


def played(scenario: str, seed: int) -> Wargame:
    """Return a game that is not too long for a test, still to be played."""
    return Wargame(scenario, rng=seed, quarters=min(read(scenario).quarters, 6))


def written(folder: Path, transcript: Transcript) -> Path:
    file = folder / "game.jsonl"
    write(file, transcript.events)
    return file


@pytest.mark.parametrize("scenario", ["divide", "triad", "2017q1", "2025q1"])
def test_what_is_written_is_read_and_replay_equals_play(scenario: str, tmp_path: Path) -> None:
    file = written(tmp_path, game(scenario))
    assert read_transcript(file) == game(scenario)
    assert read_transcript(file).digest == game(scenario).digest
    assert replay(file).same


def test_a_game_of_other_settings_and_doctrines_replays(tmp_path: Path) -> None:
    other = Wargame(
        "triad", rng=5, run=3, quarters=6, settings={"tau": 0.2}, doctrines={"Rival": "random"}
    )
    file = written(tmp_path, Transcript(tuple(events(other, "triad"))))
    assert replay(file).same
    assert read_transcript(file).header["settings"] == {"actors.Patron.transactionalism": 0.2}


def moody() -> Callable[[Briefing], Decision]:
    """Play like a hedger, but refuse every third offer and remember in halves: no doctrine does."""
    hedger, asked = get_doctrine("hedger"), [0]

    def decide(briefing: Briefing) -> Decision:
        answer = hedger.decide(briefing)
        asked[0] += 1
        given = {f.name: getattr(answer, f.name) for f in fields(answer)}
        if briefing.question == "reply" and asked[0] % 3 == 0:
            given["accept"] = np.zeros_like(given["accept"])
        assert briefing.memory is not None
        given["memory"] = briefing.memory + 0.5
        return Decision(**given)

    return decide


def test_a_seat_answered_from_outside_replays_without_its_program(tmp_path: Path) -> None:
    seats = {"Client": ExternalSeat(moody()), "Rival": ExternalSeat(moody(), name="student")}
    transcript = Transcript(tuple(events(Wargame("triad", rng=4, doctrines=seats), "triad")))
    assert transcript.digest != Transcript(tuple(events(Wargame("triad", rng=4), "triad"))).digest
    assert replay(written(tmp_path, transcript)).same


def test_a_replay_that_differs_says_where(tmp_path: Path) -> None:
    told = [dict(e) for e in game("triad").events]
    states = [e for e in told if e["event"] == "state"]
    states[2]["digest"] = "0" * 16
    different = replay(written(tmp_path, Transcript(tuple(told))))
    assert not different.same
    assert different.difference.startswith("2000Q3: ")


def test_a_replay_that_differs_names_the_first_answer(tmp_path: Path) -> None:
    told = [dict(e) for e in game("triad").events]
    agenda = next(e for e in told if e["event"] == "answers" and e["question"] == "agenda")
    agenda["answers"] = {a: {} for a in agenda["answers"]}
    next(e for e in told if e["event"] == "state")["digest"] = "0" * 16
    difference = replay(written(tmp_path, Transcript(tuple(told)))).difference
    assert difference == "2000Q1: Client and Patron and Rival answered agenda otherwise"


def test_a_scenario_that_has_changed_is_named(tmp_path: Path) -> None:
    told = [dict(e) for e in game("triad").events]
    told[0]["scenario_hash"] = "f" * 64
    with pytest.raises(TranscriptError, match="another triad"):
        replay(written(tmp_path, Transcript(tuple(told))))


@given(st.data())
def test_a_changed_byte_is_refused(data: st.DataObject) -> None:
    content = b"".join(chained(game("divide").events))
    place = data.draw(st.integers(0, len(content) - 2))  # the last line's end carries nothing
    other = data.draw(st.integers(0, 255).filter(lambda b: b != content[place]))
    changed = content[:place] + bytes([other]) + content[place + 1 :]
    with pytest.raises(TranscriptError):
        refused(changed)


def refused(content: bytes) -> Transcript:
    file = SCRATCH / "changed.jsonl"
    file.write_bytes(content)
    return read_transcript(file)


SCRATCH = Path()


@pytest.fixture(autouse=True, scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> None:
    global SCRATCH  # noqa: PLW0603 - hypothesis allows no fixture per test
    SCRATCH = tmp_path_factory.mktemp("changed")


LINES = list(chained(game("divide").events))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"\xff\xfe\x00", "it is not text"),
        (b"name: triad\n", "does not say which game"),
        (b'{"event": "quarter"}\n', "does not say which game"),
        (b"[1, 2]\n", "does not say which game"),
        (LINES[0].replace(b'"format":1', b'"format":99'), "format 99"),
        (b"".join(LINES[:-1]), "breaks off in 2000Q1"),
        (LINES[0], "breaks off before the first quarter"),
        (b"".join(LINES)[:-30], "cut short in the middle"),
        (b"".join([LINES[0], *LINES[2:]]), ":2: this line, or one before it"),
        (b"".join([*LINES[:2], LINES[3], LINES[2], *LINES[4:]]), ":3: this line, or one before"),
    ],
)
def test_what_is_no_whole_transcript_is_refused_with_its_reason(
    content: bytes, problem: str
) -> None:
    with pytest.raises(TranscriptError, match=problem.replace("(", r"\(")):
        refused(content)


def test_line_ends_of_another_system_do_no_harm() -> None:
    assert refused(b"".join(LINES).replace(b"\n", b"\r\n")) == game("divide")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="no such file"):
        read_transcript(tmp_path / "nothing.jsonl")
    with pytest.raises(TranscriptError, match=r"transcript\.jsonl: there is no such file"):
        read_transcript(tmp_path)


def test_a_folder_is_read_by_the_transcript_in_it(tmp_path: Path) -> None:
    write(tmp_path / "transcript.jsonl", game("divide").events)
    assert read_transcript(tmp_path) == game("divide")


def test_an_unfinished_game_leaves_no_file(tmp_path: Path) -> None:
    def breaks() -> Event:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(tmp_path / "game.jsonl", (breaks() for _ in range(1)))
    assert not (tmp_path / "game.jsonl").exists()


def test_decisions_survive_writing() -> None:
    memory = np.array([[0.0], [1.0 / 3.0]])
    decision = Decision(
        open=np.array([[True], [False]]),
        named=np.array([[[1], [-1]]]),
        settlement=np.array([[np.inf], [0.1 + 0.2]]),
        offer=np.array([7]),
        memory=memory,
    )
    back = decode(encode(decision, np.zeros_like(memory)), asked_with(memory))
    for field in fields(Decision):
        old, new = getattr(decision, field.name), getattr(back, field.name)
        assert (old is None) == (new is None)
        if old is not None:
            assert old.dtype == new.dtype
            assert np.array_equal(old, new)


def asked_with(memory: np.ndarray) -> Briefing:
    """Return some briefing with this memory."""
    seen: list[Briefing] = []

    def decide(briefing: Briefing) -> Decision:
        seen.append(briefing)
        return get_doctrine("hedger").decide(briefing)

    Wargame("triad", rng=1, quarters=1, doctrines={"Client": ExternalSeat(decide)}).step()
    return Briefing(**{**vars(seen[0]), "memory": memory})


def test_memory_that_does_not_change_is_not_written() -> None:
    memory = np.array([[0.0], [2.0]])
    assert encode(Decision(offer=np.array([0]), memory=memory), memory) == {"offer": 0}
    assert "memory" not in encode(Decision(offer=np.array([0])), memory)


def test_a_stored_seat_does_not_answer_what_was_not_asked() -> None:
    seat = StoredSeat("Client", [("offer", {"offer": 0})])
    with pytest.raises(ValueError, match="asked for agenda, the transcript has offer"):
        seat.decide(asked_with(np.zeros((1, 1))))


# the last is one in which an agreement is renewed
GAMES = [("triad", 2), ("triad", 3), ("2025q1", 2), ("2003q1", 1)]


@pytest.mark.parametrize(("scenario", "seed"), GAMES)
def test_reasons_add_up_and_decide(scenario: str, seed: int) -> None:
    replies = list(game(scenario, seed).of("reply"))
    assert replies
    for terms in game(scenario, seed).of("offer", "reply"):
        if not terms.get("weighed") or not terms["moves" if terms["event"] == "offer" else "by"]:
            continue
        assert sum(terms["accounts"].values()) == pytest.approx(terms["sum"], abs=6 * NEAR)
        refusing = terms["refusing"]
        assert refusing["threat"] + refusing["settlement"] == pytest.approx(
            refusing["worth"], abs=NEAR
        )
        gain = terms["passage"] * (terms["sum"] + terms["future"] - refusing["worth"])
        assert gain == pytest.approx(terms["gain"], abs=NEAR)
    for reply in replies:
        if reply["weighed"] and abs(reply["gain"] - reply["least"]) > NEAR:
            enough = reply["gain"] >= reply["least"] and reply["possible"]
            assert reply["accepted"] == enough


@pytest.mark.parametrize(("scenario", "seed"), GAMES)
def test_moves_that_are_told_are_where_levers_went(scenario: str, seed: int) -> None:
    """What is told of a quarter is the step from the state before to the state after it."""
    transcript = game(scenario, seed)
    stands = transcript.header["state"]["decided"]
    for _, quarter in transcript.quarters():
        told = dict(stands)
        for event in quarter:
            kind = event["event"]
            if kind == "happening":
                moves = [e["move"] for e in event["effects"] if "move" in e]
                told |= {m["lever"]: m["to"] for m in moves}
            elif kind in ("assembly", "own_move") or (
                kind == "threat" and event["what"] == "carried_out"
            ):
                told[event["move"]["lever"]] = event["move"]["to"]
            elif kind == "signing" and event["signed"]:
                entry = [event["entry"]] if "entry" in event else []
                told |= {m["lever"]: m["to"] for m in (*event["moves"], *entry)}
            elif kind == "expiry":
                told[event["move"]["lever"]] = event["move"]["to"]
            elif kind == "promise" and not event["kept"]:
                told[event["move"]["lever"]] = event["move"]["from"]
            elif kind == "ending":
                assert told[event["move"]["lever"]] == event["move"]["from"]
                assert event["to"] if event["why"] == "released" else event["by"]
                told[event["move"]["lever"]] = event["move"]["to"]
        stands = quarter[-1]["decided"]
        assert told == stands


@pytest.mark.parametrize(("scenario", "seed"), GAMES)
def test_promises_and_threats_are_told_as_they_are_counted(scenario: str, seed: int) -> None:
    ended = played(scenario, seed)
    told = list(events(ended, scenario))
    kept = [e["kept"] for e in told if e["event"] == "promise"]
    made, kept_count, broken, _ = ended.world.tally[:, 0]
    assert (sum(kept), len(kept) - sum(kept)) == (kept_count, broken)
    signed = [e for e in told if e["event"] == "signing" and e["signed"]]
    entries = sum(e["entry"] in e["moves"] for e in signed if "entry" in e)  # are no promises
    assert sum(len(e["moves"]) for e in signed) - entries == made
    threats = [e["what"] for e in told if e["event"] == "threat"]
    standing = int(ended.world.announced.sum())
    over = len(threats) - threats.count("announced")
    assert threats.count("announced") >= over + standing  # an agreement ends one silently


def test_watching_changes_nothing() -> None:
    plain = played("triad", 2)
    while plain.running:
        plain.step()
    assert plain.digest == game("triad").digest


def test_a_world_that_is_no_file_is_told_as_well() -> None:
    transcript = Transcript(tuple(events(Wargame(strait(), rng=1, quarters=3), "strait")))
    assert len(list(transcript.quarters())) == 3
    assert transcript.header["format"] == FORMAT
