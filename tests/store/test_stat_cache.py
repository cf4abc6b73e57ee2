from __future__ import annotations

import os
import random
import sqlite3
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.stat_cache import (
    FolderMemo,
    Identity,
    Row,
    StatCache,
    at_rest,
    database_damage,
    identity_of,
)
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
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=9)
paths = texts.map(lambda text: f"/{text}")
names = texts.map(lambda text: text.replace("/", "_"))

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
    cache.learn(f"/data/{sys.argv[2]}-{turn}", Row(Identity(1, 2, 3, 4, 5), digest_bytes(b""), 6))
    cache.learn_folder(f"/mine/{sys.argv[2]}", {"a": Row(Identity(1, 2, 3, 4, 5), digest_bytes(b""), 6)})
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
    cache.learn_memo("/data", memo_of(7))
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
    plain = write(tmp_path / "a").stat()
    names = [name for name in dir(plain) if name.startswith("st_")]
    status = SimpleNamespace(**{name: getattr(plain, name) for name in names} | {"st_ino": 2**64 - 1})
    identity = identity_of(cast("os.stat_result", status))
    cache = StatCache(tmp_path / "state.db")
    cache.learn("/a", Row(identity, EMPTY, 1))
    cache.close()
    assert kept(tmp_path / "state.db", ["/a"])["/a"].identity == identity


@pytest.mark.parametrize("moment", [0, -(10**18), 2**63 - 1, 2**63, 13 * 10**18])
def test_a_file_dated_long_ago_or_far_ahead_has_an_identity_that_fits_the_database(
    moment: int, tmp_path: Path
) -> None:
    path = write(tmp_path / "a", "abc")
    os.utime(path, ns=(moment, moment))
    cache = StatCache(tmp_path / "state.db")
    cache.learn("/data/a", Row(identity_of(path.stat()), EMPTY, 1))
    cache.close()
    assert kept(tmp_path / "state.db", ["/data/a"])["/data/a"].identity == identity_of(path.stat())


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
    assert cache.rows(["/data/a", "/data/b"]) == {"/data/a": ROW}
    assert cache.folder_rows("/data") == {"a": ROW}


def test_the_newest_row_of_a_path_counts(tmp_path: Path) -> None:
    newer = Row(ROW.identity, digest_bytes(b"new"), ROW.seen)
    filled(tmp_path / "state.db")
    cache = StatCache(tmp_path / "state.db")
    cache.learn("/data/1", newer)
    assert cache.rows(["/data/1"]) == {"/data/1": newer}


def test_only_rows_that_are_asked_for_are_found(tmp_path: Path) -> None:
    known = filled(tmp_path / "state.db")
    assert kept(tmp_path / "state.db", ["/data/7", "/none"]) == {"/data/7": known["/data/7"]}


def test_rows_of_a_folder_are_those_of_its_own_files_by_name(tmp_path: Path) -> None:
    cache = StatCache(tmp_path / "state.db")
    for path in (
        "/data/a",
        "/data/b",
        "/data/sub/c",
        "/data",
        "/data.csv",
        "/data-2/a",
        "/data0",
        "/other/data/a",
    ):
        cache.learn(path, ROW)
    assert set(cache.folder_rows("/data")) == {"a", "b"}
    cache.flush()
    assert cache.folder_rows("/data") == {"a": ROW, "b": ROW}
    assert cache.folder_rows("/data/sub") == {"c": ROW}
    assert cache.folder_rows("/none") == {}


@given(first=st.dictionaries(names, rows, max_size=4), then=st.dictionaries(names, rows, max_size=4))
def test_rows_that_came_later_join_those_before(
    first: dict[str, Row], then: dict[str, Row], tmp_path_factory: pytest.TempPathFactory
) -> None:
    database = tmp_path_factory.mktemp("cache") / "state.db"
    for turn in (first, then):
        cache = StatCache(database)
        for name, row in turn.items():
            cache.learn(f"/data/{name}", row)
        cache.close()
    assert StatCache(database).folder_rows("/data") == first | then


def test_rows_of_a_whole_folder_take_the_place_of_those_before(tmp_path: Path) -> None:
    cache = StatCache(tmp_path / "state.db")
    cache.learn("/data/old", ROW)
    cache.flush()
    cache.learn_folder("/data", {"new": ROW})
    cache.learn("/data/later", ROW)
    for flush in (False, True):
        if flush:
            cache.close()
        known = StatCache(tmp_path / "state.db") if flush else cache
        assert known.folder_rows("/data") == {"new": ROW, "later": ROW}
        assert known.rows(["/data/old", "/data/new"]) == {"/data/new": ROW}


def test_a_folder_of_many_files_is_found_as_it_was_learnt(tmp_path: Path) -> None:
    known = {
        f"{n:05}é": Row(ROW.identity._replace(inode=n), digest_bytes(b"%d" % n), n) for n in range(30_000)
    }
    cache = StatCache(tmp_path / "state.db")
    cache.learn_folder("/data", known)
    cache.close()
    assert StatCache(tmp_path / "state.db").folder_rows("/data") == known


# What folders came to ----------------------------------------------------------------------------------------------


def memo_of(n: int) -> FolderMemo:
    return FolderMemo(bytes([n]) * 32, digest_bytes(bytes([n])), n, n + 1)


def test_what_a_folder_and_those_below_it_came_to_is_found(tmp_path: Path) -> None:
    folders = [
        "/data",
        "/data/sub",
        "/data/sub/deep",
        "/data.csv",
        "/data-2",
        "/data0",
        "/datb",
        "/dat",
        "/data/é",
    ]
    cache = StatCache(tmp_path / "state.db")
    for n, folder in enumerate(folders):
        cache.learn_memo(folder, memo_of(n))
    inside = {folder: memo_of(n) for n, folder in enumerate(folders) if n in (0, 1, 2, 8)}
    assert cache.folder_memos("/data") == inside
    cache.close()
    assert StatCache(tmp_path / "state.db").folder_memos("/data") == inside
    assert StatCache(tmp_path / "state.db").folder_memos("/data/sub/deep") == {"/data/sub/deep": memo_of(2)}


def test_rows_and_memo_of_a_folder_stand_beside_each_other(tmp_path: Path) -> None:
    for turn in range(3):
        cache = StatCache(tmp_path / "state.db")
        if turn != 1:
            cache.learn(f"/data/{turn}", ROW)
        if turn != 2:
            cache.learn_memo("/data", memo_of(turn))
        cache.close()
    cache = StatCache(tmp_path / "state.db")
    assert cache.folder_memos("/data") == {"/data": memo_of(1)}
    assert cache.folder_rows("/data") == {"0": ROW, "2": ROW}


def test_a_folder_whose_name_is_not_utf8_has_neither(tmp_path: Path) -> None:
    cache = StatCache(tmp_path / "state.db")
    cache.learn_memo("/a\udcff", memo_of(1))
    cache.learn_folder("/a\udcff", {"x": ROW})
    cache.learn_folder("/a", {"x\udcff": ROW})
    cache.flush()
    assert cache.folder_memos("/a\udcff") == {}
    assert cache.folder_rows("/a\udcff") == cache.folder_rows("/a") == {}


def test_nothing_is_written_before_a_flush(tmp_path: Path) -> None:
    cache = StatCache(tmp_path / "state.db")
    cache.learn("/a", ROW)
    assert kept(tmp_path / "state.db", ["/a"]) == {}


def test_a_name_that_is_not_utf8_is_passed_over(tmp_path: Path) -> None:
    cache = StatCache(tmp_path / "state.db")
    cache.learn("/a\udcff", ROW)
    cache.flush()
    assert cache.rows(["/a\udcff"]) == cache.folder_rows("/") == {}


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
    assert cache.folder_rows("/none") == {}
    assert cache.folder_memos("/none") == {}
    assert cache.memo("none") is None
    assert cache.rows(list(known)).items() <= known.items()


@pytest.mark.parametrize("keep", [0, 100, 5000])
def test_a_damaged_database_is_made_anew(keep: int, tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    filled(database)
    database.write_bytes(database.read_bytes()[:keep])
    cache = StatCache(database)
    cache.folder_memos("/data")
    cache.folder_rows("/data")
    cache.learn("/data/new", ROW)
    cache.close()
    assert kept(database, ["/data/new"]) == {"/data/new": ROW}


@pytest.mark.parametrize("seed", range(60))
def test_a_database_with_bytes_shot_into_it_raises_nothing_and_tells_nothing_wrong(
    seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    database = tmp_path / "state.db"
    known = filled(database)
    data = bytearray(database.read_bytes())
    for _ in range(chance.choice([1, 20, 500])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    database.write_bytes(data)
    cache = StatCache(database)
    found = cache.rows(list(known)) | {f"/data/{n}": row for n, row in cache.folder_rows("/data").items()}
    assert found.items() <= known.items()
    assert cache.folder_memos("/data").items() <= {"/data": memo_of(7)}.items()
    assert cache.memo("memo") in (None, b"x" * 100)
    cache.learn("/data/new", ROW)
    cache.close()


def test_any_flipped_bit_of_what_is_known_of_a_folder_is_noticed(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    known = filled(database, count=3)
    with sqlite3.connect(database) as connection:
        [(rows, memo, value)] = connection.execute(
            "SELECT folders.rows, folders.memo, memos.value FROM folders, memos"
        ).fetchall()
    cache = StatCache(database)
    assert len(cache.folder_rows("/data")) == 3
    for column, table, stored in (
        ("rows", "folders", rows),
        ("memo", "folders", memo),
        ("value", "memos", value),
    ):
        for bit in range(len(stored) * 8):
            damaged = bytearray(stored)
            damaged[bit // 8] ^= 1 << bit % 8
            cache._open().execute(f"UPDATE {table} SET {column} = ?", (bytes(damaged),))  # noqa: S608 - our own names
            found = {
                "rows": cache.folder_rows("/data"),
                "memo": cache.folder_memos("/data"),
                "value": cache.memo("memo"),
            }
            assert not found[column]
            assert [bool(found[other]) for other in found] == [other != column for other in found]
        cache._open().execute(f"UPDATE {table} SET {column} = ?", (stored,))  # noqa: S608
    assert cache.rows(list(known)) == known


@pytest.mark.parametrize("value", [None, "soon", 7, 0.5, b"", b"x", b"x" * 16, b"x" * 200, "x" * 96])
@pytest.mark.parametrize("column", ["rows", "memo"])
def test_what_should_not_stand_in_the_database_counts_for_nothing(
    column: str, value: object, tmp_path: Path
) -> None:
    database = tmp_path / "state.db"
    filled(database)
    with sqlite3.connect(database) as connection:
        connection.execute(f"UPDATE folders SET {column} = ?", (value,))  # noqa: S608 - our own names
        connection.execute("UPDATE memos SET value = ?", (value,))
    cache = StatCache(database)
    assert bool(cache.folder_rows("/data")) is bool(cache.rows(["/data/3"])) is (column == "memo")
    assert bool(cache.folder_memos("/data")) is (column == "rows")
    assert cache.memo("memo") is None
    cache.learn("/data/new", ROW)
    cache.close()
    assert kept(database, ["/data/new"]) == {"/data/new": ROW}


def test_a_database_of_an_older_version_is_made_anew(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE files (path TEXT PRIMARY KEY, seen INTEGER)")
        connection.execute("CREATE TABLE memos (name TEXT PRIMARY KEY, value BLOB)")
        connection.execute("INSERT INTO memos VALUES ('memo', 'old')")
        connection.execute("PRAGMA user_version = 1")
    cache = StatCache(database)
    assert cache.memo("memo") is None
    cache.learn("/data/1", ROW)
    cache.close()
    assert kept(database, ["/data/1"]) == {"/data/1": ROW}
    assert database_damage(database) == ""


@pytest.mark.parametrize("column", ["rows", "memo"])
def test_damage_is_told_when_it_is_asked_for(column: str, tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    assert database_damage(database) == ""
    filled(database)
    assert database_damage(database) == ""
    with sqlite3.connect(database) as connection:
        connection.execute(f"UPDATE folders SET {column} = CAST(x'00' || substr({column}, 2) AS BLOB)")  # noqa: S608
    assert "checksum" in database_damage(database)
    database.write_bytes(b"not a database" * 999)
    assert database_damage(database) != ""


def test_a_database_that_lost_its_tables_is_made_anew(tmp_path: Path) -> None:
    database = tmp_path / "state.db"
    filled(database)
    with sqlite3.connect(database) as connection:
        connection.execute("DROP TABLE folders")
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
    cache.folder_memos("/data")
    cache.folder_rows("/data")
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
    cache = StatCache(tmp_path / "state.db")
    # Each waits for the others' transactions, so what all of them learn of one folder is there in the end.
    assert set(cache.folder_rows("/data")) == {f"{n}-{turn}" for n in range(6) for turn in range(20)}
    assert all(cache.folder_rows(f"/mine/{n}") for n in range(6))


def test_a_database_that_another_process_holds_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.db"
    first = StatCache(path)
    first.learn("/d/a", ROW)
    first.close()
    before = path.stat().st_ino
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, **{**k, "timeout": 0}))
    holder = real(path)
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("UPDATE memos SET value = value")
    second = StatCache(path)
    assert second.rows(["/d/a"]).keys() <= {"/d/a"}
    assert second.folder_memos("/d") == {}
    assert second.memo("m") is None
    second.learn("/d/b", ROW)
    second.close()
    holder.rollback()
    holder.close()
    assert path.stat().st_ino == before
    assert StatCache(path).rows(["/d/a", "/d/b"]) == {"/d/a": ROW}
