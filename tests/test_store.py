"""Results on disk: whole or not there, never of something else, and gone on with after a kill."""

import errno
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.notice import NOTICE
from runs import facts_report, forecast, hindcast_report
from runs.disk import disk_errors, is_whole
from runs.ensemble import Chunk
from runs.errors import UserError
from runs.outcomes import Column
from runs.play import play
from runs.store import ALL, FORMAT, MANIFEST, Manifest, Part, Results, Store, renewed, shard_parts
from runs.theory import report as theory_report
from tests.stopped import small_disk

COLUMNS = (
    Column("digest", "digest", "", "digest"),
    Column("deals.a", "deals: a", "deals", "count"),
    Column("bound.x", "at bound: x", "0/1", "flag"),
    Column("first.a", "first demand: a (quarter)", "quarter", "event"),
)
QUARTERS = 3


def manifest(**changes: Any) -> Manifest:
    plain: Manifest = {
        "format": FORMAT,
        "scenario": "made-up",
        "seed": 1,
        "runs": 20,
        "quarters": QUARTERS,
        "start": "2025Q4",
        "chunk": 8,
        "trajectories": 10,
        "parameters": {"tau": 0.5},
        "command": "hubspoke batch",
        "created": "2025-01-01",
        "notice": NOTICE,
    }
    return plain | changes


def chunk(part: Part) -> Chunk:
    """Games whose numbers follow from their own number."""
    runs = part.runs
    return Chunk(
        runs,
        COLUMNS,
        {
            "digest": runs.astype(np.uint64) + np.uint64(2**63),
            "deals: a": runs * 2,
            "at bound: x": runs % 2 == 0,
            "first demand: a (quarter)": np.where(runs % 3 == 0, np.nan, runs / 7.0),
        },
        {"money (USD)": runs + 100.0 * np.arange(QUARTERS)[:, None]},
    )


def fill(folder: Path, **changes: Any) -> None:
    with Store(folder, manifest(**changes)) as store:
        for part in store.missing():
            store.write(chunk(part))


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/part-*.parquet"))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    fill(tmp_path)
    results = Results(tmp_path)
    assert results.complete
    assert results.columns() == COLUMNS
    games = results.outcomes()
    expected = chunk(Part(0, 20))
    assert (games["run"] == expected.runs).all()
    for label, values in expected.outcomes.items():
        assert np.array_equal(games[label], values, equal_nan=label.startswith("first")), label
    assert list(results.outcomes(["deals: a"])) == ["deals: a"]


def test_trajectories_are_kept_of_the_first_games_only(tmp_path: Path) -> None:
    fill(tmp_path)
    followed = Results(tmp_path).trajectories()
    assert (followed["run"] == np.repeat(np.arange(10), QUARTERS)).all()
    assert list(followed["quarter"][:4]) == ["2025Q4", "2026Q1", "2026Q2", "2025Q4"]
    assert list(followed["money (USD)"][3:6]) == [1.0, 101.0, 201.0]
    assert Results(tmp_path).first_trajectories(4).num_rows == 4 * QUARTERS
    fill(tmp_path / "all", trajectories=ALL)
    assert len(Results(tmp_path / "all").trajectories()) == 20 * QUARTERS


def test_questions_in_sql(tmp_path: Path) -> None:
    fill(tmp_path)
    results = Results(tmp_path)
    asked = results.query(
        'SELECT avg("deals: a") AS mean, count("first demand: a (quarter)") AS n FROM outcomes'
    )
    assert asked["mean"][0] == pytest.approx(19.0)
    assert asked["n"][0] == 13, "what never happened is null, not NaN"
    assert results.query("SELECT count(*) AS n FROM trajectories")["n"][0] == 30
    assert list(results.query("SELECT id FROM columns")["id"]) == [c.id for c in COLUMNS]


def test_files_are_compressed_by_streams_of_bytes(tmp_path: Path) -> None:
    fill(tmp_path)
    about = pq.ParquetFile(parts(tmp_path)[0]).metadata.row_group(0)
    found = {about.column(n).path_in_schema: about.column(n) for n in range(about.num_columns)}
    number = found["first demand: a (quarter)"]
    assert number.compression == "ZSTD"
    assert "BYTE_STREAM_SPLIT" in number.encodings


def test_names_of_files_say_which_games_they_hold(tmp_path: Path) -> None:
    fill(tmp_path)
    names = [f"{file.parent.name}/{file.name}" for file in parts(tmp_path)]
    assert names == [
        "outcomes/part-000000-000007.parquet",
        "outcomes/part-000008-000015.parquet",
        "outcomes/part-000016-000019.parquet",
        "trajectories/part-000000-000007.parquet",
        "trajectories/part-000008-000015.parquet",
    ]
    assert [Part.of(file) for file in parts(tmp_path)[1:3]] == [Part(8, 16), Part(16, 20)]


def test_the_hashes_are_those_that_sha256sum_reads(tmp_path: Path) -> None:
    fill(tmp_path)
    for file in parts(tmp_path):
        noted = file.with_name(f"{file.name}.sha256").read_text()
        assert noted.endswith(f"  {file.name}\n")
        assert len(noted.split()[0]) == 64


def test_what_is_whole_is_not_played_again(tmp_path: Path) -> None:
    with Store(tmp_path, manifest()) as store:
        store.write(chunk(Part(8, 16)))
    with Store(tmp_path, manifest(command="another way to say it", created="later")) as store:
        assert store.missing() == [Part(0, 8), Part(16, 20)]
    results = Results(tmp_path)
    assert (results.games, results.complete) == (8, False)
    assert list(results.outcomes()["run"]) == list(range(8, 16)), "readable while it is written"


@pytest.mark.parametrize("missing", ["outcomes", "trajectories"])
def test_a_part_is_whole_only_with_all_its_files(tmp_path: Path, missing: str) -> None:
    fill(tmp_path)
    (tmp_path / missing / Part(0, 8).name).unlink()
    with Store(tmp_path, manifest()) as store:
        assert store.missing() == [Part(0, 8)]


def test_a_file_without_its_hash_is_not_whole(tmp_path: Path) -> None:
    fill(tmp_path)
    parts(tmp_path)[0].with_name(f"{parts(tmp_path)[0].name}.sha256").unlink()
    with pytest.raises(UserError, match="not as they were written"):
        Results(tmp_path)


@pytest.mark.parametrize("place", [0.0, 0.3, 0.999])
def test_a_changed_byte_is_refused(tmp_path: Path, place: float) -> None:
    fill(tmp_path)
    file = parts(tmp_path)[1]
    content = bytearray(file.read_bytes())
    content[int(place * len(content))] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match=file.name):
        Results(tmp_path)
    with Store(tmp_path, manifest()) as store:
        assert store.missing() == [Part(8, 16)]
        assert store.replayed == [f"outcomes/{file.name}"]
        store.write(chunk(Part(8, 16)))
    assert Results(tmp_path).complete


@pytest.mark.parametrize(
    ("key", "value"), [("seed", 2), ("runs", 40), ("parameters", {"tau": 0.6}), ("version", "9")]
)
def test_results_of_something_else_are_refused(tmp_path: Path, key: str, value: object) -> None:
    fill(tmp_path)
    with (
        pytest.raises(UserError, match=f"  {key}: .* there, .* now"),
        Store(tmp_path, manifest(**{key: value})),
    ):
        pass
    assert json.loads((tmp_path / MANIFEST).read_text())["seed"] == 1


def test_an_empty_folder_belongs_to_who_claims_it_last(tmp_path: Path) -> None:
    with Store(tmp_path, manifest(), (1, 2)) as first:
        with Store(tmp_path, manifest(seed=2), (2, 2)) as second:
            second.write(chunk(Part(8, 16)))
        with pytest.raises(UserError, match="  seed: 2 there, 1 now"):
            first.write(chunk(Part(0, 8)))


def test_a_folder_without_a_readable_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no results folder"):
        Results(tmp_path)
    fill(tmp_path)
    (tmp_path / MANIFEST).write_text('{"format": 0}')
    with pytest.raises(UserError, match="another format"):
        Results(tmp_path)
    (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(UserError, match="damaged"):
        Results(tmp_path)
    (tmp_path / MANIFEST).unlink()
    with pytest.raises(UserError, match="without a manifest"), Store(tmp_path, manifest()):
        pass


def test_two_processes_do_not_write_to_one_folder(tmp_path: Path) -> None:
    with Store(tmp_path, manifest(), (1, 2)):
        with pytest.raises(UserError, match="another process"), Store(tmp_path, manifest(), (1, 2)):
            pass
        with Store(tmp_path, manifest(), (2, 2)) as other:
            assert other.missing() == [Part(8, 16)]
    with Store(tmp_path, manifest(), (1, 2)) as again:
        assert again.missing() == [Part(0, 8), Part(16, 20)]


HOLD = """
import sys, time
from pathlib import Path
from tests.test_store import manifest
from runs.store import Store
with Store(Path(sys.argv[1]), manifest()):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[1]
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(UserError, match="another process"), Store(tmp_path, manifest()):
            pass
        holder.kill()
    with Store(tmp_path, manifest()) as store:
        assert store.missing()


ANEW: dict[str, Any] = {  # what makes its folder anew each time
    "play": lambda out: play("triad", quarters=1, out=out),
    "forecast": lambda out: forecast.report(2, 1, None, out),
    "hindcast": lambda out: hindcast_report.report("2017q1", 2, 1, None, out),
    "facts": lambda out: facts_report.report(2, 1, None, out),
    "theory": lambda out: theory_report.report(("T1",), out),
}


@pytest.mark.parametrize("kind", sorted(ANEW))
def test_what_is_made_anew_replaces_nothing_else(tmp_path: Path, kind: str) -> None:
    fill(tmp_path, runs=4, chunk=2)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(UserError, match="which these would replace: choose another folder"):
        ANEW[kind](tmp_path)
    assert {file: file.read_bytes() for file in before} == before
    with renewed(tmp_path / "other", kind), pytest.raises(UserError, match="another process"):
        ANEW[kind](tmp_path / "other")


def test_what_is_made_anew_may_be_made_again(tmp_path: Path) -> None:
    first = play("triad", quarters=1, out=tmp_path)
    assert play("triad", quarters=2, out=tmp_path).folder == first.folder
    assert json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))["quarters"] == 2
    (tmp_path / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="holds results of something that its manifest"):
        play("triad", quarters=1, out=tmp_path)


def test_leftovers_of_a_kill_are_swept(tmp_path: Path) -> None:
    fill(tmp_path)
    mine = tmp_path / "outcomes" / ".part-000000-000007.parquet.1-of-1.tmp"
    others = tmp_path / "outcomes" / ".part-000000-000007.parquet.2-of-3.tmp"
    for file in (mine, others):
        file.write_bytes(b"half")
    with Store(tmp_path, manifest()) as store:
        assert store.missing() == []
    assert not mine.exists()
    assert others.exists()


def test_a_full_disk_is_said_and_leaves_nothing_half(tmp_path: Path) -> None:
    with small_disk(), Store(tmp_path, manifest()) as store:
        with pytest.raises(UserError, match="no space left"):
            store.write(chunk(Part(0, 8)))
        assert not list((tmp_path / "outcomes").glob("part-*.parquet"))
        assert all(is_whole(file) for file in parts(tmp_path))
        assert not list(tmp_path.glob("*/.*.tmp"))
    with Store(tmp_path, manifest()) as store:
        assert Part(0, 8) in store.missing()


def test_what_the_system_refuses_is_said_in_words(tmp_path: Path) -> None:
    for number, said in ((errno.EACCES, "cannot be written"), (errno.ENOSPC, "no space left")):
        with pytest.raises(UserError, match=said), disk_errors(tmp_path):
            raise OSError(number, "as the system says it")
    with pytest.raises(UserError, match="strange"), disk_errors(tmp_path):
        raise OSError(errno.EIO, "strange")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="no folder"), Store(tmp_path / "file", manifest()):
        pass


@given(runs=st.integers(1, 300), size=st.integers(1, 50), of=st.integers(1, 9))
def test_shards_share_no_file_and_leave_no_game_out(runs: int, size: int, of: int) -> None:
    whole = manifest(runs=runs, chunk=size)
    shards = [shard_parts(whole, (n, of)) for n in range(1, of + 1)]
    games = [run for shard in shards for part in shard for run in part.runs]
    assert sorted(games) == list(range(runs))
    assert {part for shard in shards for part in shard} == set(shard_parts(whole))
