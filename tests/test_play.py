"""One game told: files whole, sentences in names, lines that fit, labels that do not overlap."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread

from model.notice import NOTICE
from model.reading import read, shipped
from model.transcript import Event, Transcript, read_transcript
from model.wargame import Wargame
from runs.errors import UserError
from runs.network_layout import balanced
from runs.network_picture import network_picture
from runs.play import events, play
from runs.story import BOLD, Manner, tell, tell_quarter
from runs.words import Names, part, percent, share, signing_words, why_reply, why_shortly
from tests import update_golden
from tests.update_golden import golden, short_story


@cache
def game(scenario: str, seed: int = 1, quarters: int = 6) -> Transcript:
    length = min(quarters, read(scenario).quarters)
    return Transcript(tuple(events(Wargame(scenario, rng=seed, quarters=length), scenario)))


def test_play_writes_all_that_tells_a_game(tmp_path: Path) -> None:
    played = play("triad", seed=3, quarters=4, settings={"tau": 0.5}, out=tmp_path / "game")
    names = {f.name for f in (tmp_path / "game").glob("[!.]*")}
    assert names == {
        "transcript.jsonl",
        "story.txt",
        "network.png",
        "network.svg",
        "manifest.json",
    }
    assert read_transcript(tmp_path / "game") == played.transcript
    manifest = json.loads((tmp_path / "game" / "manifest.json").read_text("utf-8"))
    assert manifest["digest"] == played.transcript.digest
    assert manifest["parameters"] == {"actors.Patron.transactionalism": 0.5}
    assert manifest["notice"] == NOTICE
    story = (tmp_path / "game" / "story.txt").read_text("utf-8")
    assert story.splitlines() == list(tell(played.transcript))
    assert imread(tmp_path / "game" / "network.png").shape[1] > 1000
    assert NOTICE in (tmp_path / "game" / "network.svg").read_text("utf-8")


def test_results_go_under_results_unless_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert play("divide", seed=9).folder == Path("results/play-divide-seed9")
    assert (tmp_path / "results/play-divide-seed9/story.txt").exists()


def test_the_same_game_is_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        play("divide", out=tmp_path / name)
    for name in ("transcript.jsonl", "story.txt", "network.svg"):
        one, two = ((tmp_path / n / name).read_bytes() for n in ("one", "two"))
        assert one == two


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(UserError, match="--out"):
        play("divide", out=tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_setting_outside_its_range_is_noted(tmp_path: Path) -> None:
    notes = play("triad", quarters=1, settings={"tau": 0.01}, out=tmp_path).notes
    assert notes == ("actors.Patron.transactionalism = 0.01 lies outside its range [0.3, 0.98]",)


@pytest.mark.parametrize("scenario", ["triad", "2025q1"])
@pytest.mark.parametrize("verbose", [False, True])
def test_a_story_speaks_in_names(scenario: str, verbose: bool) -> None:
    told = "\n".join(tell(game(scenario), Manner(verbose=verbose)))
    file = read(scenario)
    ids = [*file.actors, *file.levers, *file.tables, *file.events, *file.theatres]
    no_words = [i for i in ids if "_" in i or "-" in i or i.isupper()]
    assert no_words or scenario == "triad"
    names = [x.name for part in (file.tables, file.levers, file.events) for x in part.values()]
    met = [i for i in no_words if re.search(rf"\b{i}\b", told)]
    assert [i for i in met if not any(i in name for name in names)] == []


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("verbose", [False, True])
def test_lines_fit_the_terminal(width: int, verbose: bool) -> None:
    lines = list(tell(game("2025q1"), Manner(width, verbose)))
    assert max(map(len, lines)) <= width
    assert lines.count("") <= len(lines) / 3


def test_every_refusal_in_the_story_says_why() -> None:
    told = " ".join(tell(game("2025q1"), Manner(verbose=True)))
    told = " ".join(told.split())
    replies = list(game("2025q1").of("reply"))
    assert len(replies) > 20
    assert told.count(" accepts: ") + told.count(" refuses: ") == len(replies)
    for reply in replies:
        assert why_reply(reply) in told


def test_the_short_story_is_much_shorter_and_tells_every_quarter() -> None:
    short = list(tell(game("2025q1")))
    whole = list(tell(game("2025q1"), Manner(verbose=True)))
    assert len(short) < len(whole) / 2
    for quarter, _ in game("2025q1").quarters():
        assert sum(line.startswith(f"{quarter}  ") for line in short) == 1


def test_every_deal_and_threat_is_in_the_short_story() -> None:
    transcript = game("2025q1")
    names = Names(transcript.header)
    for quarter, told_events in transcript.quarters():
        told = " ".join(" ".join(tell_quarter(names, quarter, told_events, Manner())).split())
        for event in told_events:
            if event["event"] == "signing" and event["signed"]:
                assert (event["package"] or event["words"]) in told
            if event["event"] == "threat" and event["what"] == "announced":
                assert f"threatens {names.actor(event['against'])}" in told


def quiet() -> list[Event]:
    """Return a quarter in which one moved alone and a demand still stood."""
    move = {"lever": "a", "name": "Effort", "from": 2.0, "to": 2.5, "unit": "%"}
    terms = {"accounts": {"treasury": -0.1}, "sum": -0.1, "cost": 0.1, "manner": 0.0}
    return [
        {"event": "quarter", "quarter": "2001Q1"},
        {"event": "own_move", "by": "Client", "move": move, "breaks": None, **terms},
        {"event": "belief", "what": "reliability", "of": "Client", "about": "Patron"}
        | {"from": 0.5, "to": 0.54},
    ]


def test_a_quiet_quarter_is_one_line() -> None:
    names = Names(game("triad").header)
    lines = list(tell_quarter(names, "2001Q1", quiet(), Manner()))
    assert lines == ["2001Q1  Quiet. Client: Effort 2 → 2.5 %."]
    assert len(list(tell_quarter(names, "2001Q1", quiet(), Manner(verbose=True)))) == 3


def test_bold_is_only_where_a_terminal_shows_it() -> None:
    assert not any(BOLD in line for line in tell(game("divide")))
    assert any(BOLD in line for line in tell(game("divide"), Manner(bold=True)))


def reply(**changes: object) -> Event:
    """Return a refusal for its treasury, as the design tells one."""
    terms: Event = {
        "weighed": True,
        "possible": True,
        "accepted": False,
        "accounts": {"treasury": -0.21, "home": -0.08, "security": 0.05, "standing": 0.001},
        "sum": -0.24,
        "future": 0.0,
        "passage": 1.0,
        "refusing": {"worth": -0.06, "threat": -0.08, "threat_odds": 0.3, "settlement": 0.02},
        "gain": -0.18,
        "least": 0.0,
    }
    return terms | changes


def test_a_refusal_is_explained_by_the_ledger() -> None:
    assert why_reply(reply()) == (
        "treasury −.21, home −.08, against security +.05; −.24 in all, and walking away cost it"
        " less (−.06, threat included at 30 %)"
    )
    none = {"worth": 0.001, "threat": 0.0, "threat_odds": 0.0, "settlement": 0.001}
    assert why_reply(reply(refusing=none)).endswith("and walking away cost nothing")
    held = reply(sum=0.03, gain=0.03, least=0.05, refusing=none)
    assert why_reply(held).endswith("+.03 in all, but by holding out it hoped to gain +.05")
    held = reply(sum=0.03, gain=0.03, least=0.031, refusing=none)
    assert why_reply(held).endswith("by holding out it hoped to gain a little more")
    unsure = why_reply(reply(passage=0.62))
    assert unsure.count(", 62 % likely to pass") == 1
    assert "likely to pass" not in why_reply(reply(passage=1.0))
    assert why_reply(reply(possible=False)) == "less than it demands, or not to be signed"
    assert why_reply(reply(weighed=False)) == "by its doctrine, not by weighing"


def test_a_refusal_in_a_word_is_the_account_that_loses_most() -> None:
    assert why_shortly(reply()) == "treasury −.21"
    assert why_shortly(reply(accounts={"security": 0.05})) == "too little in it"
    assert why_shortly(reply(gain=0.03)) == "it hoped for more"
    assert why_shortly(reply(weighed=False)) == "by its doctrine"


def test_the_short_story_says_of_every_failed_table_who_refused() -> None:
    transcript = game("2025q1")
    names = Names(transcript.header)
    for quarter, told_events in transcript.quarters():
        told = " ".join(" ".join(tell_quarter(names, quarter, told_events, Manner())).split())
        agreed = {e["table"] for e in told_events if e["event"] == "signing"}
        tables = {e["table"] for e in told_events if e["event"] == "reply"} - agreed
        assert told.count(" refuses") >= len(tables)
        assert " the United States and Russia" not in told, "a table keeps its name"


def test_sentences_begin_with_a_capital_and_actors_take_their_article() -> None:
    manner = Manner()
    assert list(manner.text("the United States refuses. the DPRK does not")) == [
        "The United States refuses. The DPRK does not"
    ]
    assert Names(game("2025q1").header).actor("USA") == "the United States"
    assert Names(game("2025q1").header).actor("CHN") == "China"


def test_an_acceptance_under_threat_names_the_threat() -> None:
    worse = {"worth": -0.3, "threat": -0.32, "threat_odds": 0.4, "settlement": 0.02}
    said = why_reply(reply(accepted=True, gain=0.06, refusing=worse))
    assert said == (
        "security +.05, against treasury −.21, home −.08; −.24 in all, walking away −.30,"
        " threat included at 40 %"
    )


def signing(**changes: object) -> Event:
    """Return a deal that both bodies approved."""
    deal: Event = {
        "signed": True,
        "secret": False,
        "until": "2027Q1",
        "effect": {"a": "2025Q1", "b": "2025Q4"},
        "votes": {"Client": {"body": "Assembly", "odds": 0.97, "passed": True}},
        "consent": True,
        "asked_too": [],
        "overtaken": False,
    }
    return deal | changes


def test_what_became_of_an_agreement_is_told() -> None:
    names = Names(game("triad").header)
    full = "Signed until 2027Q1, in full effect from 2025Q4"
    assert signing_words(names, signing()) == full
    assert signing_words(names, signing(), whole=True) == f"{full}; Assembly approved at 97 % odds"
    refused = {"Client": {"body": "Assembly", "odds": 0.3, "passed": False}}
    assert signing_words(names, signing(signed=False, votes=refused)) == (
        "Not signed: Assembly voted it down at 30 % odds; talks stay open"
    )
    assert "Kyiv did not consent" in signing_words(
        names, signing(signed=False, consent=False, asked_too=["Kyiv"])
    )
    assert "overtaken" in signing_words(names, signing(signed=False, overtaken=True))
    assert signing_words(names, signing(secret=True)).startswith("Signed in secret until")


def test_numbers_for_people() -> None:
    assert [part(x) for x in (0.051, -0.2, 1.2, -0.004)] == ["+.05", "−.20", "+1.20", "0"]
    assert [share(x) for x in (0.7, 1.0, None)] == [".70", "1.00", "–"]
    assert [percent(x) for x in (0.0, 0.001, 0.42, 0.999, 1.0)] == [
        "0 %",
        "under 1 %",
        "42 %",
        "over 99 %",
        "100 %",
    ]


@pytest.mark.parametrize(("scenario", "seed"), [("triad", 1), ("2025q1", 1), ("2025q1", 2)])
def test_no_label_of_the_picture_covers_another(scenario: str, seed: int) -> None:
    figure = network_picture(read(scenario), game(scenario, seed, quarters=16))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    labels = [t for t in figure.axes[0].texts if len(t.get_text()) > 4]
    assert len(labels) > 3
    boxes = [t.get_window_extent() for t in labels]
    covered = [
        (labels[i].get_text(), labels[j].get_text())
        for i in range(len(boxes))
        for j in range(i)
        if boxes[i].overlaps(boxes[j])
    ]
    assert covered == []
    inside = figure.bbox
    assert all(inside.x0 <= b.x0 and b.x1 <= inside.x1 for b in boxes)


def test_a_world_without_theatres_is_pictured() -> None:
    network_picture(read("divide"), game("divide"))


def test_names_break_evenly() -> None:
    assert balanced("NATO Europe and Canada", 12) == "NATO Europe\nand Canada"
    assert balanced("Japan", 12) == "Japan"


@pytest.mark.parametrize("scenario", [*shipped(), "divide"])
def test_golden_story(scenario: str) -> None:
    """A story changes only by `python -m tests.update_golden "why"`."""
    expected = golden(scenario).read_text(encoding="utf-8").splitlines()
    told = short_story(scenario).splitlines()
    for number, (old, new) in enumerate(zip(expected, told, strict=False), 1):
        assert old == new, f"{golden(scenario)}:{number}"
    assert len(expected) == len(told)


def test_golden_stories_need_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    before = golden("triad").read_bytes()
    assert update_golden.main([]) == 2
    assert update_golden.main(["because"]) == 2
    assert golden("triad").read_bytes() == before
    assert "say why" in capsys.readouterr().err


def test_a_reason_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_golden, "FOLDER", tmp_path)
    monkeypatch.setattr(update_golden, "REASONS", tmp_path / "REASONS.md")
    monkeypatch.setattr(update_golden, "shipped", lambda: ("divide",))
    assert update_golden.main(["the pie is another one"]) == 0
    assert update_golden.main(["nothing has changed since"]) == 0
    assert (tmp_path / "REASONS.md").read_text() == "- divide: the pie is another one\n"
    assert (tmp_path / "divide.txt").read_text("utf-8") == short_story("divide")
