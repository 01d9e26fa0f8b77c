"""Every page at Korean: a program fetches them all and lists what still stands in English."""

import html
import re
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra `seminar`")

from runs.seminar import checks, handouts
from tests.classroom import Class, Client, free_port, seminar

USA, ROK, PRK = "United States", "Republic of Korea", "DPRK"
# Names of units, bodies and things that Korean writes in Latin letters, too; codes and addresses.
ALLOWED = {
    "Hub", "Spoke", "and", "QR", "PDF", "HTML", "Wi", "Fi", "zip", "GDP", "USD", "bn", "KRW", "EUR",
    "JPY", "USFK", "NATO", "NCG", "SMA", "SCM", "MCM", "EDC", "TISA", "OPCON", "CNI", "US", "APEC",
    "GB", "English", "Nash", "CSV", "lan", "hubspoke", "seminar", "data", "http", "https", "join",
    "localhost", "port", "class",
    "ROK", "USA", "PRK",  # of pseudonyms: ROK 1
}  # fmt: skip
LATIN = re.compile(r"[A-Za-z][A-Za-z'’.-]*[A-Za-z](?: [A-Za-z][A-Za-z'’.-]*[A-Za-z])*")
CODE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b|\b[0-9a-f]{8,}\b|https?://\S+")


def latin(page: str) -> set[str]:
    """Runs of Latin words that a reader of a page sees or hears."""
    page = re.sub(r"<(script|style|code)\b.*?</\1>", " ", page, flags=re.DOTALL)
    spoken = re.findall(r'(?:placeholder|aria-label|title|alt|data-sure)="([^"]*)"', page)
    spoken += re.findall(r"<datalist.*?</datalist>", page, re.DOTALL)
    spoken += re.findall(r'<option value="([^"]*)">', " ".join(spoken))
    seen = [html.unescape(re.sub(r"<[^>]*>", "\n", text)) for text in (page, *spoken)]
    found = {run for text in seen for run in LATIN.findall(CODE.sub(" ", text))}
    return {run for run in found if not set(re.split(r"[ .'’-]", run)) <= ALLOWED | {""}}


def korean(client: Client, path: str) -> str:
    cookie = f"{client.name}={client.cookie}; language=ko"
    answer, text = client.ask("GET", path, Cookie=cookie, Accept="text/html")
    assert answer.status in (200, 404, 409), (path, answer.status)
    return text


def left_over(room: Class) -> dict[str, set[str]]:
    """Play a class of three teams, look at each page at each stage."""
    white = room.white()
    found: dict[str, set[str]] = {}
    teams = {name: room.team(white, name) for name in (USA, ROK, PRK)}

    def look(when: str) -> None:
        paths = [(white, p) for p in ("/white", "/white?preview", "/screen", "/cards", "/handouts")]
        paths += [(white, "/debrief"), (white, "/nowhere"), (Client(room.port), "/")]
        paths += [(white, f"/paper/{seat}") for seat in SEATS]
        paths += [(client, "/team") for client in teams.values()]
        if when == "at first":
            names = [*handouts.NAMES, *(f"role-{seat}" for seat in SEATS)]
            paths += [(white, f"/handouts/{name}.html") for name in names]
        for client, path in paths:
            text = korean(client, path) if "paper" not in path or "turn" in when else ""
            for run in latin(text):
                found.setdefault(run, set()).add(f"{when}: {path}")

    look("at first")
    usa = teams[USA]
    for turn in (1, 2, 3):
        white.post("/white/begin", minutes=10)
        look(f"turn {turn} begins")
        usa.post("/team/offer", **{"with": "ROK", "move edc_fund": "0.05", "move ncg_depth": "3"})
        usa.post("/team/offer", **{"with": "JPN", "move jpn_spending": "1.5"})
        for name, client in teams.items():
            page = client.get("/team")
            for kind in ("threats", "demands", "broken", "let_pass"):
                ids = re.findall(rf'name="{kind}" value="([^"]+)"', page)
                if ids:
                    client.post("/team/save", **{kind: ids})
            form = re.search(r'<form[^>]*id="orderform".*?</form>', page, re.DOTALL)
            assert form, name
            client.post("/team/forecast", crisis="80", threat="20", deals="50")
        white.post("/white/inject", text="1.", to=["USA"], kind="support", seat="ROK", add="4")
        white.post("/white/change", kind="trust", whose="USA", word="kept", reason="1.")
        look(f"turn {turn}")
        assert white.post("/white/publish")["status"] == 200
        look(f"published {turn}")
    white.post("/white/debrief", open="1")
    look("debrief")
    return found


SEATS = ("CHN", "JPN", "NATO", "PRK", "ROK", "RUS", "USA")


def test_the_check_speaks_korean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "address_of_network", lambda: "127.0.0.2")
    said = checks.check(tmp_path, lan=True, port=free_port(), language="ko").text
    assert latin(said.replace(str(tmp_path), "")) == set()
    assert "✓ 글꼴" in said


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["class60", "class180"])
def test_no_page_at_korean_speaks_english(tmp_path: Path, scenario: str) -> None:
    with seminar(tmp_path, scenario) as room:
        found = left_over(room)
    assert found == {}, "\n".join(f"{k}: {sorted(v)[:3]}" for k, v in sorted(found.items()))
