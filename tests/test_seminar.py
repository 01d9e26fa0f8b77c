"""A class at its desks: the real server over real sockets."""

import io
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from random import Random
from zipfile import ZipFile

import pytest

pytest.importorskip("starlette", reason="needs the extra `seminar`")

from model.notice import NOTICE
from runs.cli import main
from runs.play import replay
from runs.seminar import checks, words
from runs.seminar.export import broken_seals
from runs.seminar.record import FILE, Record
from tests import seminar_words
from tests.classroom import ROOT, Class, Client, free_port, seminar

USA, ROK, PRK = "United States", "Republic of Korea", "DPRK"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    with seminar(tmp_path_factory.mktemp("seminar"), "class60") as here:
        yield here


@pytest.fixture(scope="module")
def white(room: Class) -> Client:
    return room.white()


@pytest.fixture(scope="module")
def teams(room: Class, white: Client) -> dict[str, Client]:
    found = {name: room.team(white, name) for name in (USA, ROK, PRK)}
    assert white.post("/white/begin", minutes=10)["status"] == 200
    return found


def offers_to_sign(page: str) -> list[tuple[str, str]]:
    pattern = r'name="id" value="([^"]+)"><input type="hidden" name="hash" value="([^"]+)"'
    return re.findall(pattern, page)


def test_a_stranger_is_shown_the_door_and_no_secrets(room: Class) -> None:
    stranger = Client(room.port)
    for path in ("/team", "/white", "/cards", "/export.zip", "/handouts", "/paper/USA"):
        answer, text = stranger.ask("GET", path)
        assert answer.status == 303, path
        assert answer.getheader("location") in ("/", "/handouts"), (path, text)
    assert stranger.ask("GET", "/events")[0].status == 403
    assert stranger.post("/team/save", lock="1")["status"] == 403
    assert stranger.post("/white/publish")["status"] == 403


def test_headers_keep_strangers_scripts_out(room: Class) -> None:
    answer, _ = Client(room.port).ask("GET", "/", Accept="text/html")
    policy = answer.getheader("content-security-policy") or ""
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.getheader("x-content-type-options") == "nosniff"
    assert answer.getheader("cache-control") == "no-store"
    forged = Client(room.port).ask("POST", "/join", "code=x", Origin="http://evil.example")
    assert forged[0].status == 403
    rebound = Client(room.port).ask("GET", "/", Host="evil.example")
    assert rebound[0].status == 403


def test_a_code_works_once_and_looking_does_not_use_it_up(room: Class, white: Client) -> None:
    code = room.codes(white)["Japan"][0]
    for _ in range(3):
        Client(room.port).get("/join")
    assert Client(room.port).post("/join", code=code.lower().replace("-", " "))["status"] == 200
    assert "has been used" in Client(room.port).post("/join", code=code)["text"]
    assert white.post("/white/hold", seat="JPN", by="doctrine")["status"] == 200


def test_every_page_says_that_it_is_no_prediction(room: Class, white: Client, teams: dict) -> None:
    pages = ("/handouts/guide.html", "/handouts/role-USA.html")
    for client, path in (
        (white, "/white"), (white, "/cards"), (teams[USA], "/team"), (white, "/screen"),
        (Client(room.port), "/"), *((white, page) for page in pages),
    ):  # fmt: skip
        assert NOTICE in client.get(path)


def test_a_stale_deal_binds_nobody_and_a_counter_offer_shows_its_difference(teams: dict) -> None:
    usa, rok = teams[USA], teams[ROK]
    moves = {"move edc_fund": "0.1", "move ncg_depth": "3"}
    assert usa.post("/team/offer", **{"with": "ROK", **moves})["status"] == 200
    ((id_, mark), *_) = offers_to_sign(rok.get("/team"))
    wrong = rok.post("/team/answer", id=id_, hash="0" * 16, yes="1")
    assert "changed while you read it" in wrong["refused"]
    counter = {"move edc_fund": "0.05", "move ncg_depth": "3", "parent": id_}
    assert rok.post("/team/offer", **{"with": "USA", **counter})["status"] == 200
    page = usa.get("/team")
    assert "instead of 0.1 USD bn a year" in page
    late = rok.post("/team/answer", id=id_, hash=mark, yes="1")
    assert "That version is closed" in late["refused"]
    child = next(x for x in offers_to_sign(page) if x[0] != id_ and x[1] != mark)
    assert usa.post("/team/answer", id=child[0], hash=child[1], yes="1")["status"] == 200
    assert "signed by all" in rok.get("/team")
    again = usa.post("/team/offer", **{"with": "ROK", **moves})
    assert "one a turn" in again["refused"]


def test_a_doctrine_answers_at_once(teams: dict) -> None:
    usa = teams[USA]
    assert usa.post("/team/offer", **{"with": "JPN", "move jpn_spending": "1.5"})["status"] == 200
    assert re.search(r"Japan: (signs|refuses)", usa.get("/team"))


def test_a_condition_is_chosen_in_words_of_either_language(teams: dict) -> None:
    """Conditions stand once in a page, whatever the number of its forms; without script, too."""
    prk = teams[PRK]
    page, korean = (
        prk.ask("GET", "/team", Cookie=f"{prk.name}={prk.cookie}; language={tongue}")[1]
        for tongue in ("en", "ko")
    )
    lists = [
        re.findall(r'<option value="([^"]+)">', x.split("<datalist")[1].split("</datalist>")[0])
        for x in (page, korean)
    ]
    assert len(lists[0]) == len(lists[1]) > 10
    assert all(page.count(f'"{words}"') == 1 for words in lists[0])
    assert page.count('list="hooks"') == page.count('action="/team/offer"') > 2
    field, value = re.search(  # type: ignore[union-attr]
        r'id="table-rok-prk".*?name="(move [^"]+)">.*?<option value="([\d.]+)"', page, re.DOTALL
    ).groups()
    wrong = prk.post("/team/offer", **{"with": "ROK", field: value, "condition": "snow"})
    assert "choose it from the list" in wrong["refused"]
    sent = prk.post("/team/offer", **{"with": "ROK", field: value, "condition": lists[1][0]})
    assert sent["status"] == 200
    assert f"<strong>Only if</strong> {lists[0][0]}" in prk.get("/team")


def test_orders_that_make_no_sense_are_refused_in_words(teams: dict) -> None:
    usa = teams[USA]
    for field, value, said in (
        ("lever us_dprk_track", "x", "no number"),
        ("lever us_dprk_track", "17", "cannot be reached"),
        ("lever hns_cash", "211", "cannot be reached"),
    ):
        assert said in usa.post("/team/save", **{field: value})["refused"]
    three = {"lever us_dprk_track": "1", "lever us_troops_europe": "75", "lever usfk_army": "14.6"}
    assert "At most two" in usa.post("/team/save", **three)["refused"]


def test_one_browser_holds_the_pen(room: Class, white: Client, teams: dict) -> None:
    second = room.team(white, PRK)
    said = second.post("/team/save", **{"lever prk_testing": "2"})
    assert "holds the pen" in said["refused"]
    assert second.post("/team/take_over")["status"] == 200
    assert second.post("/team/save", **{"lever prk_testing": "2"})["status"] == 200
    assert "holds the pen" in teams[PRK].post("/team/save", lock="1")["refused"]
    assert teams[PRK].post("/team/take_over")["status"] == 200


def test_nobody_sees_a_byte_of_what_is_secret_to_others(
    room: Class, white: Client, teams: dict
) -> None:
    """Change what Washington and Seoul keep to themselves: others are served the same bytes."""
    usa, rok, prk = teams[USA], teams[ROK], teams[PRK]
    screen = Client(room.port)

    def served() -> list[tuple[str, str]]:
        pages = [prk.ask("GET", "/team", Accept="text/html"), screen.ask("GET", "/screen"),
                 screen.ask("GET", "/health"), screen.ask("GET", "/")]  # fmt: skip
        return [
            (text, str([h for h in answer.getheaders() if h[0].lower() != "date"]))
            for answer, text in pages
        ]

    before = served()
    assert usa.post("/team/save", **{"lever us_dprk_track": "2"})["status"] == 200
    assert usa.post("/team/message", to=["ROK", "white"], text="between us")["status"] == 200
    assert rok.post("/team/message", to=["USA"], text="yes " * 100)["status"] == 200
    assert usa.post("/team/forecast", crisis="80")["status"] == 200
    assert usa.post("/team/help_me", text="what now?")["status"] == 200
    assert rok.post("/team/offer", **{"with": "CHN", "move chn_coercion": "-1"})["status"] == 200
    assert rok.post("/team/save", **{"lever rok_spending": "2.68", "lock": "1"})["status"] == 200
    assert rok.post("/team/unlock")["status"] == 200
    more = {"lever rok_spending": "2.8", "lever rok_posture": "1", "lock": "1"}
    assert rok.post("/team/save", **more)["status"] == 200
    inject = white.post("/white/inject", text="a rumour", to=["USA"], kind="none")
    assert inject["status"] == 200
    assert white.post("/white/release", id="inject-1")["status"] == 200
    assert served() == before
    assert "a rumour" in usa.get("/team")


def test_a_retry_happens_once(teams: dict) -> None:
    usa = teams[USA]
    for _ in range(3):
        sent = usa.post("/team/message", public="1", text="only once", request="r-1")
        assert sent["status"] == 200
    assert usa.get("/team").count("only once") == 1


def test_late_orders_change_nothing_and_the_draft_counts(white: Client, teams: dict) -> None:
    assert white.post("/white/clock", do="set", minutes="0")["status"] == 200
    white.post("/white/clock", do="start")
    white.post("/white/clock", do="add", minutes="-60")
    late = teams[USA].post("/team/save", **{"lever us_dprk_track": "0"})
    assert "is over; nothing was changed" in late["refused"]
    assert "last draft" in white.get("/white?preview")


def test_a_killed_server_goes_on_where_it_was(room: Class, teams: dict) -> None:
    """Killed in the middle of adjudications and messages: what was acknowledged is there."""
    acknowledged: list[int] = []

    def write() -> None:
        for n in range(500):
            try:
                if teams[USA].post("/team/message", public="1", text=f"note {n}.")["status"] == 200:
                    acknowledged.append(n)
            except (OSError, HTTPException):  # the server dies under it
                return

    page = teams[ROK].get("/team")
    writer = threading.Thread(target=write)
    writer.start()
    while len(acknowledged) < 5:
        pass
    room.kill()
    writer.join()
    room.start()
    after = teams[ROK].get("/team")
    for n in acknowledged:
        assert f"note {n}." in after
    seal = re.search(r"<code>([0-9a-f]{16})</code>", page)
    assert seal
    assert seal[1] in after


def test_the_export_is_played_again_to_the_same_state(
    white: Client, teams: dict, tmp_path: Path
) -> None:
    white.post("/white/change", kind="support", seat="ROK", add="4", reason="a good harvest")
    assert white.post("/white/publish")["status"] == 200
    assert "a good harvest" in teams[PRK].get("/team")
    assert teams[USA].post("/team/reflect", text="=1+1")["status"] == 200
    assert white.post("/white/begin", minutes="5")["status"] == 200
    assert white.post("/white/publish")["status"] == 200
    answer = white.raw("/export.zip")
    path = tmp_path / "class.zip"
    path.write_bytes(answer)
    assert replay(path).same
    assert broken_seals(path) == []
    with ZipFile(io.BytesIO(answer)) as archive:
        for name in archive.namelist():
            content = archive.read(name).decode("utf-8", "replace")
            assert white.cookie not in content
            assert not re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}\b", content) or name.endswith(".pdf")
        assert "'=1+1" in archive.read("reflections.csv").decode()
    with ZipFile(io.BytesIO(white.raw("/export.zip?anonymous=1"))) as archive:
        told = archive.read("events.jsonl").decode()
        assert "only once" not in told
        assert "reflections.csv" not in archive.namelist()


def test_the_debrief_is_locked_until_it_is_opened(white: Client, teams: dict) -> None:
    assert teams[USA].ask("GET", "/debrief")[0].status == 409
    assert "Nash" in white.get("/debrief")
    white.post("/white/debrief", open="1")
    assert "Who got what" in teams[USA].get("/debrief")


def test_going_back_keeps_the_record(white: Client, teams: dict) -> None:
    assert white.post("/white/rewind", turn="2")["status"] == 200
    assert "Turn 2 is open" in white.get("/white")
    assert "a good harvest" in teams[PRK].get("/team")
    assert teams[PRK].post("/team/message", public="1", text="again")["status"] == 200


def test_another_section_has_doors_of_its_own(room: Class, white: Client, teams: dict) -> None:
    """A copy of the game on the same machine: a browser may sit in both, no key opens both."""
    answer = white.post("/white/fork", turn="2")
    assert answer["status"] == 200
    folder = room.folder.with_name(f"{room.folder.name}-fork1")
    spent = room.codes(white)[ROK][0]
    with seminar(folder, room.scenario) as other:
        assert other.word == room.word
        there = other.white()
        assert "Turn 2 is open" in there.get("/white")
        assert "a good harvest" in there.get("/screen")
        assert not {c for found in other.codes(there).values() for c in found} & {
            c for found in room.codes(white).values() for c in found
        }
        assert "not known" in Client(other.port).post("/join", code=spent)["text"]
        usa = teams[USA]
        for cookie in (f"{usa.name}={usa.cookie}", f"hubspoke_seat={usa.cookie}"):
            away = Client(other.port).ask("GET", "/team", Cookie=cookie)
            assert away[0].status == 303
        mine = other.team(there, ROK)
        both = f"{usa.name}={usa.cookie}; {mine.name}={mine.cookie}"
        for port, seat in ((room.port, USA), (other.port, ROK)):
            _, page = Client(port).ask("GET", "/team", Cookie=both, Accept="text/html")
            assert f'<div class="brand">{seat}' in page


WRITER = """
import sys
from pathlib import Path
from runs.seminar.record import Record
record = Record(Path(sys.argv[1]))
for n in range(10**6):
    record.append("note", {"n": n})
    print(n, flush=True)
"""


def kill_writers(folder: Path, times: int) -> None:
    """Kill a writer at random moments; what it said it kept must be there, each time."""
    chance, path = Random(times), folder / FILE  # noqa: S311 - moments of a test
    kept: list[int] = []
    for _ in range(times):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        kept.append(int(writer.stdout.readline()))
        time.sleep(chance.random() * 0.03)
        writer.send_signal(signal.SIGKILL)
        rest = [line for line in writer.stdout.read().splitlines(keepends=True) if "\n" in line]
        kept += [int(line) for line in rest]
        writer.stdout.close()
        writer.wait()
        record = Record(path)
        found = [e.data["n"] for e in record.events()]
        record.close()
        # the last one may be there without having been acknowledged, never the other way
        place = 0
        for n in kept:
            place = found.index(n, place) + 1


def test_nothing_acknowledged_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    kill_writers(tmp_path, 10)


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(10))
def test_nothing_acknowledged_is_lost_in_a_thousand_kills(tmp_path: Path, hundred: int) -> None:
    kill_writers(tmp_path, 100 + hundred)


def test_korean_has_a_word_for_everything() -> None:
    known = words.glossary()
    said = seminar_words.of_templates() | seminar_words.of_code()
    for name in ("class60", "class90", "class180"):
        said |= seminar_words.of_scenario(name)
    assert sorted(said - known.keys()) == []
    for english, korean in known.items():
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", korean)), english


def hubspoke(capsys: pytest.CaptureFixture[str], *tokens: str) -> tuple[int, str]:
    code = main(["seminar", *tokens])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_the_check_says_whether_it_will_work_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(tmp_path / "class")
    port = str(free_port())
    code, said = hubspoke(capsys, "class60", "--check", "--data", data, "--port", port)
    assert code == 0, said
    assert said.count("✓") == 4
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, said = hubspoke(capsys, "class60", "--check", "--data", data, "--port", port)
        assert code == 2
        assert "choose another with --port" in said
        code, said = hubspoke(capsys, "class60", "--data", data, "--port", port)
        assert code == 2


def test_wrong_input_is_answered_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(tmp_path / "class")
    for tokens, wanted in (
        (("nowhere",), "no such scenario"),
        (("class60", "--language", "fr"), "en or ko"),
        (("class60", "--data", data, "--delete"), "holds no record"),
    ):
        code, said = hubspoke(capsys, *tokens)
        assert code == 2
        assert wanted in said
        assert "Traceback" not in said


def test_a_record_is_put_aside_and_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    Record(folder / FILE).close()
    (folder / "mine.txt").write_text("stays")
    assert "is kept in" in checks.put_aside(folder)
    (aside,) = tmp_path.iterdir()
    assert (aside / FILE).exists()
    checks.delete(aside)
    assert [p.name for p in aside.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_a_server_killed_while_it_adjudicates_loses_nothing(tmp_path: Path) -> None:
    """Killed at random moments around a publication: it is published whole, or not at all."""
    chance = Random(3)  # noqa: S311 - moments of a test
    seen = set()
    with seminar(tmp_path, "class180") as here:
        white = here.white()
        usa = here.team(white, USA)
        white.post("/white/begin", minutes=10)
        began = time.perf_counter()
        assert white.post("/white/publish")["status"] == 200
        took = time.perf_counter() - began  # on this machine, with what else runs on it
        for _ in range(12):
            shown = white.get("/white")
            if "is open" not in shown:
                white.post("/white/begin", minutes=10)
            note = f"before {chance.random()}"
            assert usa.post("/team/message", public="1", text=note)["status"] == 200
            publishing = threading.Thread(target=quietly, args=(white, "/white/publish"))
            publishing.start()
            publishing.join(chance.random() * 2.0 * took)
            here.kill()
            publishing.join()
            here.start()
            assert note in usa.get("/team")
            after = white.get("/white")
            seen.add("is open" in after)
            if "All turns have been played" in after:
                white.post("/white/rewind", turn="1")
    assert seen == {True, False}


def quietly(client: Client, path: str) -> None:
    """Ask, whatever becomes of the server."""
    with suppress(OSError, HTTPException):
        client.post(path)
