from __future__ import annotations

import os
import random
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.stat_cache import Identity, Row, StatCache, at_rest, identity_of
from tests.support.files import write
from tests.support.processes import line, running

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = digest_bytes(b"")
SECOND = 1_000_000_000
ROW = Row(Identity(1, 2, 3, 4 * SECOND + 1, 5 * SECOND + 1), EMPTY, 9 * SECOND)
rows = st.builds(
    Row,
    st.builds(Identity, *[st.integers(0, 2**63 - 1)] * 5),
    st.binary(max_size=3).map(digest_bytes),
    st.integers(0, 2**63 - 1),
)
paths = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=9
).map(lambda text: f"/{text}")

# Learns rows of its own in a database that several processes make at the same moment.
LEARNER = """
import sys
from pathlib import Path
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.stat_cache import Identity, Row, StatCache

print("ready", flush=True)
sys.stdin.readline()
for turn in range(20):
    cache = StatCache(Path(sys.argv[1]))
    cache.rows(["/a"])
    cache.learn(f"/{sys.argv[2]}/{turn}", Row(Identity(1, 2, 3, 4, 5), digest_bytes(b""), 6))
    cache.close()
print("done", flush=True)
"""


def kept(database: Path, paths: list[str]) -> dict[str, Row]:
    """Return what a new command finds."""
    cache = StatCache(database)
    found = cache.rows(paths)
    cache.close()
    return found


def filled(database: Path, count: int = 300) -> dict[str, Row]:
    """Make a database of several pages."""
    known = {
        f"/data/{n}": Row(ROW.identity._replace(inode=n), digest_bytes(bytes([n % 256])), ROW.seen)
        for n in range(count)
    }
    cache = StatCache(database)
    for path, row in known.items():
        cache.learn(path, row)
    cache.keep_memo("memo", b"x" * 100)
    cache.close()
    return known


# The rule for racy files -------------------------------------------------------------------------------------------


def test_a_file_changed_well_before_its_reading_is_at_rest() -> None:
    assert at_rest(Identity(1, 2, 3, 10 * SECOND + 1, 10 * SECOND + 1), 11 * SECOND)


def test_a_file_changed_within_a_tick_of_its_reading_is_not_at_rest() -> None:
    assert not at_rest(Identity(1, 2, 3, 10 * SECOND + 1, 10 * SECOND + 1), 10 * SECOND + 5_000_000)


def test_a_file_whose_mtime_was_restored_is_judged_by_its_ctime() -> None:
    assert not at_rest(Identity(1, 2, 3, 1 * SECOND + 1, 10 * SECOND + 1), 10 * SECOND + 5_000_000)


def test_a_file_dated_in_the_future_is_not_at_rest() -> None:
    assert not at_rest(Identity(1, 2, 3, 20 * SECOND + 1, 10 * SECOND + 1), 11 * SECOND)


def test_where_times_are_whole_seconds_a_second_is_not_rest_enough() -> None:
    assert not at_rest(Identity(1, 2, 3, 10 * SECOND, 10 * SECOND), 11 * SECOND)


def test_where_times_are_whole_seconds_a_long_time_is_rest() -> None:
    assert at_rest(Identity(1, 2, 3, 10 * SECOND, 10 * SECOND), 13 * SECOND)


@given(rows)
def test_what_is_trusted_stays_trusted_when_it_was_read_later(row: Row) -> None:
    assert not row.trusted() or Row(row.identity, row.digest, row.seen + 1).trusted()


def test_identity_tells_size_times_and_inode(tmp_path: Path) -> None:
    status = write(tmp_path / "a", "abc").stat()
    assert identity_of(status) == (status.st_dev, status.st_ino, 3, status.st_mtime_ns, status.st_ctime_ns)


def test_an_inode_number_of_64_bits_fits_the_database(tmp_path: Path) -> None:
    plain = tuple(write(tmp_path / "a").stat())
    identity = identity_of(os.stat_result((plain[0], 2**64 - 1, *plain[2:])))
    cache = StatCache(tmp_path / "state.db")
    cache.learn("/a", Row(identity, EMPTY, 1))
    cache.close()
    assert kept(tmp_path / "state.db", ["/a"])["/a"].identity == identity


# Keeping -----------------------------------------------------------------------------------------------------------


@given(known=st.dictionaries(paths, rows, max_size=4))
def test_what_was_learnt_is_found_by_the_next_command(
    known: dict[str, Row], tmp_path_factory: pytest.TempPathFactory
) -> None:
    database = tmp_path_factory.mktemp("cache") / "state.db"
    cache = StatCache(database)
    for path, row in known.items():
        cache.learn(path, row)
    cache.close()
    assert kept(database, list(known)) == known


def test_what_was_learnt_is_found_before_it_is_written(tmp_path: Path) -> None:
    cache = StatCache(tmp_path / "state.db")
    cache.learn("/data/a", ROW)
    assert cache.rows(["/data/a", "/data/b"]) == cache.rows_below("/data") == {"/data/a": ROW}


def test_the_newest_row_of_a_path_counts(tmp_path: Path) -> None:
    newer = Row(ROW.identity, digest_bytes(b"new"), ROW.seen)
    filled(tmp_path / "state.db")
    cache = StatCache(tmp_path / "state.db")
    cache.learn("/data/1", newer)
    assert cache.rows(["/data/1"]) == {"/data/1": newer}


def test_only_rows_that_are_asked_for_are_found(tmp_path: Path) -> None:
    known = filled(tmp_path / "state.db")
    assert kept(tmp_path / "state.db", ["/data/7", "/none"]) == {"/data/7": known["/data/7"]}


def test_rows_below_a_folder_are_those_of_its_files_alone(tmp_path: Path) -> None:
    cache = StatCache(tmp_path / "state.db")
    for path in ("/data/a", "/data/sub/b", "/data", "/data.csv", "/data-2/a", "/data0", "/other/data/a"):
        cache.learn(path, ROW)
    cache.flush()
    assert set(cache.rows_below("/data")) == {"/data/a", "/data/sub/b"}


def test_nothing_is_written_before_a_flush(tmp_path: Path) -> None:
    cache = StatCache(tmp_path / "state.db")
    cache.learn("/a", ROW)
    assert kept(tmp_path / "state.db", ["/a"]) == {}


def test_a_name_that_is_not_utf8_is_passed_over(tmp_path: Path) -> None:
    cache = StatCache(tmp_path / "state.db")
    cache.learn("/a\udcff", ROW)
    cache.flush()
    assert cache.rows(["/a\udcff"]) == cache.rows_below("/a\udcff") == {}


def test_more_paths_than_a_query_takes_variables_are_found(tmp_path: Path) -> None:
    known = filled(tmp_path / "state.db", count=40_000)
    assert kept(tmp_path / "state.db", list(known)) == known


def test_without_a_path_it_serves_one_process() -> None:
    cache = StatCache(None)
    cache.learn("/a", ROW)
    cache.flush()
    assert cache.rows(["/a"]) == {"/a": ROW}


def test_a_memo_is_found_by_the_next_command(tmp_path: Path) -> None:
    cache = StatCache(tmp_path / "state.db")
    cache.keep_memo("plan", b"\0\xff")
    cache.close()
    assert StatCache(tmp_path / "state.db").memo("plan") == b"\0\xff"


def test_a_memo_that_nobody_kept_is_none(tmp_path: Path) -> None:
    assert StatCache(tmp_path / "state.db").memo("plan") is None


# Damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.unlink(), id="deleted"),
        pytest.param(lambda path: path.write_bytes(b""), id="emptied"),
        pytest.param(lambda path: path.write_bytes(b"not a database" * 99), id="overwritten"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:5000]), id="truncated"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:100] + bytes(9000)), id="zeroed"),
        pytest.param(lambda path: (path.unlink(), path.mkdir()), id="a folder"),
    ],
)
def test_a_damaged_database_finds_nothing_and_raises_nothing(damage: Any, tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    known = filled(database)
    damage(database)
    cache = StatCache(database)
    assert cache.rows_below("/none") == {}
    assert cache.memo("none") is None
    assert cache.rows(list(known)).items() <= known.items()


@pytest.mark.parametrize("keep", [0, 100, 5000])
def test_a_damaged_database_is_made_anew(keep: int, tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    filled(database)
    database.write_bytes(database.read_bytes()[:keep])
    cache = StatCache(database)
    cache.rows_below("/data")
    cache.learn("/data/new", ROW)
    cache.close()
    assert kept(database, ["/data/new"]) == {"/data/new": ROW}


@pytest.mark.parametrize("seed", range(40))
def test_a_database_with_bytes_shot_into_it_raises_nothing(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    database = tmp_path / "state.db"
    known = filled(database)
    data = bytearray(database.read_bytes())
    for _ in range(chance.choice([1, 20, 500])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    database.write_bytes(data)
    cache = StatCache(database)
    for row in (cache.rows(list(known)) | cache.rows_below("/data")).values():
        row.trusted()
    cache.memo("memo")
    cache.learn("/data/new", ROW)
    cache.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [("seen", None), ("seen", "soon"), ("seen", b"x"), ("digest", None), ("digest", "b3:"), ("digest", 7)],
)
def test_a_row_that_holds_what_it_should_not_counts_for_nothing(
    column: str, value: object, tmp_path: Path
) -> None:
    database = tmp_path / "state.db"
    filled(database)
    with sqlite3.connect(database) as connection:
        connection.execute(f"UPDATE files SET {column} = ? WHERE path = '/data/3'", (value,))  # noqa: S608 - our own names
    assert "/data/3" not in kept(database, ["/data/3"])


def test_a_database_that_lost_its_tables_is_made_anew(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    filled(database)
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE files")
    cache = StatCache(database)
    assert cache.rows(["/data/1"]) == {}
    cache.learn("/data/1", ROW)
    cache.close()
    assert kept(database, ["/data/1"]) == {"/data/1": ROW}


def test_a_log_beside_a_database_that_is_not_its_own_raises_nothing(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    filled(database)
    write(tmp_path / "state.db-wal", b"not a log" * 1000)
    write(tmp_path / "state.db-shm", b"not an index" * 3000)
    cache = StatCache(database)
    cache.rows_below("/data")
    cache.learn("/data/new", ROW)
    cache.close()
    assert kept(database, ["/data/new"]) == {"/data/new": ROW}


def test_where_no_database_can_be_made_everything_else_works(tmp_path: Path) -> None:
    write(tmp_path / "file")
    cache = StatCache(tmp_path / "file" / "state.db")
    cache.learn("/a", ROW)
    cache.flush()
    assert cache.rows(["/a"]) == {"/a": ROW}


def test_a_database_that_vanishes_while_it_is_open_raises_nothing(tmp_path: Path) -> None:
    cache = StatCache(tmp_path / "state.db")
    cache.rows(["/a"])
    for path in tmp_path.iterdir():
        path.unlink()
    cache.learn("/a", ROW)
    cache.close()
    assert kept(tmp_path / "state.db", ["/a"]).items() <= {"/a": ROW}.items()


def test_many_processes_may_make_and_write_it_at_once(tmp_path: Path) -> None:
    from contextlib import ExitStack

    with ExitStack() as stack:
        learners = [
            stack.enter_context(running(LEARNER, str(tmp_path / "state.db"), str(n))) for n in range(6)
        ]
        assert [line(learner) for learner in learners] == ["ready"] * 6
        for learner in learners:
            assert learner.stdin is not None
            learner.stdin.write("go\n")
            learner.stdin.flush()
        assert [line(learner) for learner in learners] == ["done"] * 6
