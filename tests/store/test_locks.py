from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.locks import Lock
from tests.support.processes import kill, line, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDER = """
import sys
from pathlib import Path
from mlops_cli.store.locks import Lock

lock = Lock(Path(sys.argv[1]))
print(lock.acquire(wait=False), flush=True)
sys.stdin.read()
"""

# Starts a child that lives, parent or no parent, until their common input is closed.
PARENT = """
import subprocess
import sys
from pathlib import Path
from mlops_cli.store.locks import Lock

lock = Lock(Path(sys.argv[1]))
lock.acquire(wait=False)
inherited = [lock.descriptor] if sys.argv[2] == "inherits" else []
program = "import sys; print('up', flush=True); sys.stdin.read()"
subprocess.Popen([sys.executable, "-c", program], pass_fds=inherited, start_new_session=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "locks" / "stage"


@pytest.fixture
def lock(path: Path) -> Iterator[Lock]:
    lock = Lock(path)
    yield lock
    lock.release()


def test_a_free_lock_is_taken(lock: Lock) -> None:
    assert lock.acquire(wait=False)


def test_missing_folders_are_made(lock: Lock, path: Path) -> None:
    lock.acquire(wait=False)
    assert path.is_file()


def test_a_lock_that_another_holds_is_not_taken(lock: Lock, path: Path) -> None:
    lock.acquire(wait=False)
    assert not Lock(path).acquire(wait=False)


def test_a_lock_let_go_is_free(lock: Lock, path: Path) -> None:
    lock.acquire(wait=False)
    lock.release()
    other = Lock(path)
    assert other.acquire(wait=False)
    other.release()


def test_letting_go_twice_is_letting_go_once(lock: Lock) -> None:
    lock.acquire(wait=False)
    lock.release()
    lock.release()
    assert lock.descriptor == -1


def test_refusals_leave_no_descriptor_open(lock: Lock, path: Path) -> None:
    lock.acquire(wait=False)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        Lock(path).acquire(wait=False)
    assert len(os.listdir("/proc/self/fd")) == before


def test_who_waits_gets_the_lock_when_it_is_let_go(lock: Lock, path: Path) -> None:
    lock.acquire(wait=False)
    other = Lock(path)
    waiting = threading.Thread(target=lambda: other.acquire(wait=True))
    waiting.start()
    lock.release()
    waiting.join(timeout=60)
    assert other.descriptor >= 0
    other.release()


def test_a_lock_file_swept_away_under_a_holder_does_not_stop_the_next_one(lock: Lock, path: Path) -> None:
    lock.acquire(wait=False)
    path.unlink()
    other = Lock(path)
    assert other.acquire(wait=False)
    other.release()


def test_who_waited_for_a_file_that_was_swept_away_holds_the_new_one(lock: Lock, path: Path) -> None:
    lock.acquire(wait=False)
    other = Lock(path)
    waiting = threading.Thread(target=lambda: other.acquire(wait=True))
    waiting.start()
    path.unlink()
    lock.release()
    waiting.join(timeout=60)
    assert os.path.samestat(os.fstat(other.descriptor), path.stat())
    other.release()


def test_a_note_is_read_by_those_who_wait(lock: Lock, path: Path) -> None:
    lock.acquire(wait=False)
    lock.note("a longer note, by run 1")
    lock.note("run 2")
    assert Lock(path).read_note() == "run 2"


def test_where_no_note_was_written_there_is_none(path: Path) -> None:
    assert Lock(path).read_note() == ""


def test_another_process_cannot_take_a_held_lock(lock: Lock, path: Path) -> None:
    lock.acquire(wait=False)
    with running(HOLDER, str(path)) as holder:
        assert line(holder) == "False"


def test_a_living_process_keeps_its_lock(path: Path) -> None:
    with running(HOLDER, str(path)) as holder:
        assert line(holder) == "True"
        assert not Lock(path).acquire(wait=False)


def test_a_lock_dies_with_its_killed_process(lock: Lock, path: Path) -> None:
    with running(HOLDER, str(path)) as holder:
        assert line(holder) == "True"
        kill(holder)
        assert lock.acquire(wait=False)


def test_a_child_that_inherited_the_descriptor_keeps_the_lock_of_its_killed_parent(
    lock: Lock, path: Path
) -> None:
    with running(PARENT, str(path), "inherits") as parent:
        assert line(parent) == "up"
        kill(parent)
        assert not lock.acquire(wait=False)


def test_when_the_last_child_that_inherited_it_ends_the_lock_is_free(lock: Lock, path: Path) -> None:
    with running(PARENT, str(path), "inherits") as parent:
        assert line(parent) == "up"
        kill(parent)
        assert parent.stdin is not None
        parent.stdin.close()
        assert lock.acquire(wait=True)


def test_a_child_that_was_not_given_the_descriptor_does_not_keep_the_lock(lock: Lock, path: Path) -> None:
    with running(PARENT, str(path), "alone") as parent:
        assert line(parent) == "up"
        kill(parent)
        assert lock.acquire(wait=False)


def test_letting_go_counts_also_for_children_that_have_it_open(lock: Lock, path: Path) -> None:
    lock.acquire(wait=False)
    copy = os.dup(lock.descriptor)
    try:
        lock.release()
        other = Lock(path)
        assert other.acquire(wait=False)
        other.release()
    finally:
        os.close(copy)
