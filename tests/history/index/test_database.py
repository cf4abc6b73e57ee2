from __future__ import annotations

import os
import random
import signal
import sqlite3
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import HistoryError
from mlops_cli.history.index import database as database_module
from mlops_cli.history.index.database import VERSION, Database, digest_number
from tests.support.command import commit, repository
from tests.support.files import write
from tests.support.histories import d, history, put, run_file, run_id, stage_row
from tests.support.processes import line, running

if TYPE_CHECKING:
    from pathlib import Path

# Opens the history when told to, and says which runs it has.
READER = """
import os, sys
from pathlib import Path
from mlops_cli.git.discover import find_project
from mlops_cli.history.index.history import History

print("ready", flush=True)
sys.stdin.readline()
known = History(find_project(Path(sys.argv[1])), os.environ)
print(len(known.runs()), len(known.made(sys.argv[2])), flush=True)
"""
# Fills the index and stops where everything is written, but not yet for others to see.
STUCK = """
import os, sys, time
from pathlib import Path
from mlops_cli.git.discover import find_project
from mlops_cli.history.index.fill import Filling
from mlops_cli.history.index.history import History

whole = Filling.update
def update(*values):
    whole(*values)
    print("written", flush=True)
    time.sleep(600)
Filling.update = update
History(find_project(Path(sys.argv[1])), os.environ).runs()
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    put(folder, run_file(1, stage_row("train", {"a": "a"}, {"m": "m"})))
    commit(folder, "one")
    put(folder, run_file(2))
    commit(folder, "two")
    return folder


def file(folder: Path) -> Path:
    return folder / ".git/mlops/history.db"


def known(folder: Path) -> list[str]:
    opened = history(folder)
    runs = [run.id for run in opened.runs()]
    assert [one.run for one in opened.made(d("m"))] == [run_id(1)]
    opened.close()
    return runs


def test_several_processes_at_once_all_have_the_answer(repo: Path) -> None:
    names = [running(READER, str(repo), d("m")) for _ in range(4)]
    with names[0] as a, names[1] as b, names[2] as c, names[3] as e:
        processes = (a, b, c, e)
        for process in processes:
            assert line(process) == "ready"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [line(process) for process in processes] == ["2 1"] * 4


def test_a_process_killed_in_the_middle_has_done_nothing(repo: Path) -> None:
    with running(STUCK, str(repo)) as process:
        assert line(process) == "written"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert Database(file(repo)).ask("SELECT * FROM files") == []
    assert known(repo) == [run_id(2), run_id(1)]


def test_while_another_process_fills_it_for_long_the_answer_comes_from_memory(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_PATIENCE", 0.05)
    with running(STUCK, str(repo)) as process:
        assert line(process) == "written"
        before = file(repo).stat().st_ino
        assert known(repo) == [run_id(2), run_id(1)]
        assert file(repo).stat().st_ino == before
        process.kill()
        process.wait()


@pytest.mark.parametrize("keep", [0, 100, 4096, 6000, 20_000])
def test_a_damaged_database_is_made_anew(repo: Path, keep: int) -> None:
    known(repo)
    data = file(repo).read_bytes()
    noise = random.Random(keep).randbytes(max(len(data) - keep, 0))
    file(repo).write_bytes(data[:keep] + noise)
    assert known(repo) == [run_id(2), run_id(1)]
    file(repo).write_bytes(data[:keep])
    assert known(repo) == [run_id(2), run_id(1)]
    put(repo, run_file(3))
    assert known(repo) == [run_id(3), run_id(2), run_id(1)]


def test_a_table_that_is_missing_is_made_anew(repo: Path) -> None:
    known(repo)
    connection = sqlite3.connect(file(repo))
    connection.execute("DROP TABLE edges")
    connection.commit()
    connection.close()
    assert known(repo) == [run_id(2), run_id(1)]


@pytest.mark.parametrize("version", [0, VERSION + 1])
def test_a_database_of_another_version_is_made_anew(repo: Path, version: int) -> None:
    known(repo)
    connection = sqlite3.connect(file(repo))
    connection.execute("CREATE TABLE later (a TEXT)")
    connection.execute(f"PRAGMA user_version={version}")
    connection.commit()
    connection.close()
    assert known(repo) == [run_id(2), run_id(1)]
    assert Database(file(repo)).ask("PRAGMA user_version") == [(VERSION,)]


def test_a_database_that_was_removed_is_made_anew(repo: Path) -> None:
    known(repo)
    file(repo).unlink()
    assert known(repo) == [run_id(2), run_id(1)]


def test_without_a_place_to_write_the_answer_comes_from_memory(repo: Path) -> None:
    write(repo / ".git/mlops", "in the way")
    opened = history(repo)
    assert len(opened.runs()) == 2
    opened.close()
    assert len(opened.runs()) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_of_gits_is_no_hindrance(repo: Path) -> None:
    (repo / ".git").chmod(0o555)
    try:
        assert known(repo) == [run_id(2), run_id(1)]
    finally:
        (repo / ".git").chmod(0o755)


def test_when_nothing_has_moved_nothing_is_written(repo: Path) -> None:
    known(repo)
    known(repo)
    before = file(repo).stat().st_mtime_ns, file(repo).read_bytes()
    assert known(repo) == [run_id(2), run_id(1)]
    assert (file(repo).stat().st_mtime_ns, file(repo).read_bytes()) == before


def test_a_damaged_repository_is_told_and_leaves_the_index_as_it_was(repo: Path) -> None:
    known(repo)
    put(repo, run_file(3))
    name = commit(repo, "three")
    lost = repo / ".git/objects" / name[:2] / name[2:]
    data = lost.read_bytes()
    lost.unlink()
    with pytest.raises(HistoryError):
        history(repo).runs()
    lost.write_bytes(data)
    assert known(repo) == [run_id(3), run_id(2), run_id(1)]


def test_digests_are_numbered_by_how_they_begin() -> None:
    assert digest_number("b3:" + "0" * 64) == -(1 << 63)
    assert digest_number("b3:" + "f" * 64) == (1 << 63) - 1
    with pytest.raises(ValueError, match="invalid literal"):
        digest_number("nothing")
