"""The rule of the claims: planted effects, nothing, and what hangs on a line."""

import io
from pathlib import Path

import numpy as np
import pytest

from model.reading import read
from model.schema import ScenarioFile
from runs.claims.claim import (
    REGISTER,
    Audit,
    Claim,
    ClaimArm,
    Estimand,
    Happening,
    Rule,
    Variant,
    arms_of,
    chosen,
    claims,
    direct_lines,
    judged_arms,
    registration,
    rule,
)
from runs.claims.play import gathered, plan, play
from runs.claims.verdict import (
    ASSUMED,
    CONTRADICTED,
    DEPENDS,
    NOTHING,
    SUPPORTED,
    Evidence,
    chance_of_so_many,
    drivers,
    evidence,
    first_chance,
    holm,
    judge,
    median_interval,
    shapley,
)
from runs.claims.words import signed
from runs.cli import main
from runs.errors import UserError

RULE = rule()
UP = Estimand(name="x", of={"x": 1.0}, unit="", direction="up", smallest=0.5, reason="")


def seen(main: float, draws: np.ndarray, zeroed: float, **structure: float) -> Evidence:
    games = np.full(50, 1.0)
    return Evidence(
        main * games,
        draws[:, None] * np.ones(4),
        zeroed * games,
        zeroed * games,
        {name: x * games for name, x in ({"no_money": 1.0} | structure).items()},
        {},
        {},
    )


def verdict(found: Evidence, estimand: Estimand = UP) -> str:
    return judge(estimand, found, RULE, first_chance(estimand, found)).kind


def test_the_rule_case_by_case() -> None:
    large = np.linspace(0.6, 2.0, 96)
    assert verdict(seen(1.0, large, 0.8)) == SUPPORTED
    assert verdict(seen(-1.0, -large, -0.8, no_money=-1.0)) == CONTRADICTED
    assert verdict(seen(0.1, np.linspace(-0.4, 0.4, 96), 0.1)) == NOTHING
    assert verdict(seen(1.0, large, 0.4)) == ASSUMED  # 60 % rests on direct lines
    assert verdict(seen(1.0, large, 0.8, no_home=-0.1)) == DEPENDS
    assert verdict(seen(1.0, large, 0.8, no_home=0.0)) == DEPENDS  # gone is not held
    mixed = np.concatenate([np.full(26, -1.0), np.full(70, 1.0)])  # 73 % of draws
    assert verdict(seen(1.0, mixed, 0.8)) == DEPENDS
    assert verdict(seen(0.5, np.linspace(0.0, 1.0, 96), 0.5)) == DEPENDS  # across the smallest


def test_what_flips_it_is_named() -> None:
    found = seen(1.0, np.linspace(0.6, 2.0, 96), 0.8, no_home=-0.1)
    told = judge(UP, found, RULE, 0.0).text
    assert told == f"{DEPENDS} structure: the sign does not hold with home politics switched off"
    late = judge(UP, seen(1.0, np.linspace(0.6, 2.0, 96), 0.8), RULE, 0.2)
    assert late.kind == DEPENDS
    assert "all claims" in late.text


def test_a_claim_without_a_side_takes_the_sign_that_comes() -> None:
    either = UP.model_copy(update={"direction": "either"})
    assert verdict(seen(-1.0, -np.linspace(0.6, 2.0, 96), -0.8, no_money=-1.0), either) == SUPPORTED


def test_the_interval_of_the_median_covers_it_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).normal(size=(2000, 96))
    covers = [m.low <= 0.0 <= m.high for m in (median_interval(x, 0.9) for x in draws)]
    assert 0.9 <= np.mean(covers) < 0.95
    assert chance_of_so_many(np.array([1.0, 1.0, -1.0]), 0.0) == 0.5


@pytest.mark.parametrize(
    ("effect", "smallest", "written"),
    [
        (-4.4e-6, 0.0006, "0"),
        (4.3e-5, 0.0006, "+0.00004"),
        (-0.464, 0.45, "-0.46"),
        (0.283, 1.0, "+0.3"),
        (1234.0, 1.0, "+1234.0"),
        (1.6e-5, None, "+0.0000160"),
        (-0.0348, None, "-0.0348"),
        (1234.0, None, "+1234"),
        (0.0, None, "0"),
    ],
)
def test_effects_are_written_without_powers_of_ten(
    effect: float, smallest: float | None, written: str
) -> None:
    assert signed(effect, smallest) == written


def test_holm_counts_the_whole_family() -> None:
    assert holm([0.01, 0.04, 0.03], 3) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.01], 20) == pytest.approx([0.2])


def test_drivers_are_more_than_chance() -> None:
    rng = np.random.default_rng(3)
    draws = {f"p{n}": rng.uniform(size=96) for n in range(500)}
    assert drivers(draws, rng.normal(size=96), 1) == []
    name, value = drivers(draws, draws["p7"] ** 3 + 0.05 * rng.normal(size=96), 1)[0]
    assert name == "p7"
    assert value > 0.9


def test_every_claim_is_registered_and_can_be_laid_out() -> None:
    assert list(claims()) == [f"C{n}" for n in range(1, 12)]
    assert REGISTER.is_file()
    file = read(RULE.scenario)
    sentences = {f"p{s.paragraph}s{s.sentence}" for s in file.brief}
    by_claim = {
        c: {f"p{s.paragraph}s{s.sentence}" for s in file.brief if c in s.claims} for c in claims()
    }
    for claim in claims().values():
        assert registration(claim.id).registered, claim.id
        assert set(claim.brief) <= sentences
        assert set(claim.brief) & by_claim[claim.id], claim.id
        assert set(judged_arms(claim)) <= set(arms_of(claim))
        assert direct_lines(claim, file), claim.id
        assert all(e.reason and e.smallest > 0.0 for e in claim.estimands.values())
    with pytest.raises(UserError, match="no claim C12"):
        chosen(("C12",))


def test_an_edited_file_is_post_hoc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    edited = tmp_path / "C01.yaml"
    edited.write_text("id: C1\n", encoding="utf-8")
    monkeypatch.setattr("runs.claims.claim.file_of", lambda _: edited)
    assert registration("C1").label.startswith("post hoc")


TRIAD = read("triad")
SMALL = Rule(
    scenario="triad", quarters=4, draws=24, repeats=4, games=24, interval=0.9, sign_share=0.8,
    assumption_share=0.5, family=0.05,
    structure={"no_money": Variant(name="money off", values={"rules.channel_money": 0.0})},
    null_worlds={"status_quo": Variant(name="quiet", everybody="status_quo")},
)  # fmt: skip


def planted(lever: str, to: float, of: str, direction: str, smallest: float) -> Claim:
    happening = Happening.model_validate(
        {"name": "planted", "quarter": TRIAD.start, "effects": [{"lever": lever, "to": to}]}
    )
    it = {"name": "it", "of": {of: 1.0}, "unit": "", "direction": direction}
    return Claim(
        id="C99",
        title="planted",
        claim="",
        brief=(),
        design="",
        seed=5,
        limits="",
        events={"planted": happening},
        arms={
            "with": ClaimArm(name="with", events=("planted",)),
            "without": ClaimArm(name="without"),
        },
        contrast={"with": 1.0, "without": -1.0},
        estimands={"it": Estimand.model_validate({**it, "smallest": smallest, "reason": "."})},
        audit=Audit(sources=(lever,), to=tuple(TRIAD.actors), why=""),
    )


def found_of(claim: Claim, folder: Path, scenario: ScenarioFile = TRIAD) -> Evidence:
    laid = plan(claim, SMALL, scenario)
    play([laid], folder, workers=1, stream=io.StringIO())
    return evidence(laid, claim.estimands["it"], gathered(laid, folder))


def kind_of(claim: Claim, found: Evidence) -> str:
    it = claim.estimands["it"]
    return judge(it, found, SMALL, first_chance(it, found)).kind


def test_a_planted_effect_is_found(tmp_path: Path) -> None:
    claim = planted("payment", 1.4, "lever.payment", "up", 0.05)
    found = found_of(claim, tmp_path)
    assert kind_of(claim, found) == SUPPORTED
    against = planted("payment", 1.4, "lever.payment", "down", 0.05)
    assert kind_of(against, found) == CONTRADICTED
    pieces_there = sorted(tmp_path.iterdir())
    before = [file.stat().st_mtime_ns for file in pieces_there]
    assert found_of(claim, tmp_path).main.tolist() == found.main.tolist()
    assert [file.stat().st_mtime_ns for file in pieces_there] == before  # nothing is played twice


def test_what_nobody_switches_has_no_effect(tmp_path: Path) -> None:
    claim = planted("payment", TRIAD.levers["payment"].start, "utility.Client", "up", 0.01)
    claim = claim.model_copy(
        update={"arms": {n: a.model_copy(update={"events": ()}) for n, a in claim.arms.items()}}
    )
    found = found_of(claim, tmp_path)
    assert not found.main.any()  # all draws are shared
    assert kind_of(claim, found) == NOTHING


def test_levers_that_are_locked_stay(tmp_path: Path) -> None:
    claim = planted("payment", 1.0, "lever.payment", "up", 0.05)
    locked = {"levers": ("payment",), "arms": {
        "with": ClaimArm(name="free"), "without": ClaimArm(name="locked", locked=("payment",)),
    }}  # fmt: skip
    claim = claim.model_copy(update=locked)
    laid = plan(claim, SMALL, TRIAD)
    play([laid], tmp_path, workers=1, stream=io.StringIO())
    played = gathered(laid, tmp_path)
    start = TRIAD.levers["payment"].start
    assert (played["main", "without"]["lever.payment"] <= start).all()
    assert (played["main", "with"]["lever.payment"] > start).any()


def test_shapley_values_add_up() -> None:
    claim = claims()["C8"]
    rng = np.random.default_rng(5)
    played = {("main", arm): {"x": rng.normal(size=30)} for arm in arms_of(claim)}
    parts = shapley(claim, UP, played)
    whole = played["main", "all"]["x"].mean() - played["main", "none"]["x"].mean()
    assert sum(mean for mean, _, _ in parts.values()) == pytest.approx(whole)


@pytest.mark.slow
def test_two_hundred_null_pairs_are_hardly_ever_supported(tmp_path: Path) -> None:
    """Both arms are the same world under different draws, so every effect is chance."""
    claim = planted("payment", 1.0, "utility.Client", "up", 1e-9)
    games = []
    for seed in range(400):
        one = claim.model_copy(update={"seed": seed, "contrast": {"with": 1.0}})
        one = one.model_copy(update={"arms": {"with": ClaimArm(name="with")}})
        games.append(found_of(one, tmp_path / str(seed)))
    verdicts, chances = [], []
    for first, second in zip(games[::2], games[1::2], strict=True):
        found = Evidence(
            first.main - second.main,
            first.draws - second.draws,
            first.zeroed - second.zeroed,
            first.flipped - second.flipped,
            {n: x - second.structure[n] for n, x in first.structure.items()},
            {},
            {},
        )
        verdicts.append(kind_of(claim, found))
        chances.append(chance_of_so_many(found.draws.mean(axis=1), 0.0))
    assert len(verdicts) == 200
    assert verdicts.count(SUPPORTED) <= 10
    assert np.mean(np.array(chances) <= 0.05) <= 0.08  # at most .05, within two standard errors


@pytest.mark.slow
def test_a_report_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--draws", "8", "--repeats", "1", "--games", "2", "--workers", "1"]
    assert main(["claims", "C3", *given, "--out", str(tmp_path)]) == 0
    assert "C3: " in capsys.readouterr().out
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Not the registered budget: draws 8 instead of" in page
    assert "as registered" in page
    assert "fund impossible and no demand imposed" in page
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "figures" / "C3.svg").is_file()


def test_wrong_input_ends_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["C12"], ["C3", "--draws", "2"]):
        assert main(["claims", *wrong]) == 2
    said = capsys.readouterr().err
    assert "no claim C12" in said
    assert "--draws 2: at least 8" in said
