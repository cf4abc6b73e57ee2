from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.execution import aside as module
from mlops_cli.execution.aside import Aside, mend
from mlops_cli.store.locks import Lock
from mlops_cli.store.session import Session
from tests.support.files import listing, write, write_all
from tests.support.processes import kill, line, running

if TYPE_CHECKING:
    from pathlib import Path

# A command that has moved things aside, started a child that holds the stage's lock, written half of an output, and waits.
KILLED = """
import os, subprocess, sys, time
from pathlib import Path
from mlops_cli.execution.aside import Aside
from mlops_cli.store.locks import Lock
from mlops_cli.store.session import Session

base, orphan = Path(sys.argv[1]), sys.argv[2] == "orphan"
session = Session(base / "store")
lock = Lock(base / "locks/train")
lock.acquire(wait=True)
aside = Aside(session.folder / "0", str(base / "work"), base / "failed", base / "locks/train")
aside.move_out(["a", "d"])
if orphan:
    program = "import time; print(flush=True); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", program], start_new_session=True, pass_fds=[lock.descriptor],
                             stdout=subprocess.PIPE)
    lock.note(f"{session.id} {base / 'store'}")
    child.stdout.readline()
    (base / "pid").write_text(str(child.pid))
(base / "work/a").write_text("half")
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return a folder with a file and a directory in it."""
    return write_all(tmp_path / "work", {"a": "old a", "d/x": "old x", "other": "other"})


def aside_of(work: Path) -> Aside:
    base = work.parent
    return Aside(base / "tmp/s/0", str(work), base / "failed", base / "locks/train")


def moved(work: Path, *paths: str) -> Aside:
    this = aside_of(work)
    this.move_out(paths or ("a", "d"))
    return this


OLD = {"a": b"old a", "d/x": b"old x", "other": b"other"}


def test_what_is_moved_out_is_out_of_the_way(work: Path) -> None:
    moved(work)
    assert listing(work) == {"other": b"other"}


def test_what_is_moved_out_can_be_found(work: Path) -> None:
    where = moved(work).where("a")
    assert where is not None
    with open(where) as stream:
        assert stream.read() == "old a"


def test_what_was_not_there_waits_nowhere(work: Path) -> None:
    assert moved(work, "a", "none").where("none") is None


def test_what_was_moved_out_comes_back(work: Path) -> None:
    moved(work).put_back(["a", "d"])
    assert listing(work) == OLD


def test_on_the_way_back_half_made_outputs_are_kept_for_inspection(work: Path) -> None:
    this = moved(work)
    write_all(work, {"a": "half a", "d/y": "half y"})
    assert this.put_back(["a", "d"])
    assert listing(work) == OLD
    assert listing(work.parent / "failed") == {"a": b"half a", "d/y": b"half y"}


def test_a_half_made_output_that_was_not_there_before_is_kept_too(work: Path) -> None:
    this = moved(work, "a")
    write(work / "new", "half")
    assert this.put_back(["a", "new"])
    assert not (work / "new").exists()
    assert (work.parent / "failed/new").read_text() == "half"


def test_where_nothing_was_made_nothing_is_kept(work: Path) -> None:
    assert not moved(work).put_back(["a", "d"])
    assert not (work.parent / "failed").exists()


def test_of_half_made_outputs_the_latest_are_kept(work: Path) -> None:
    for text in ("first", "second"):
        this = moved(work, "a")
        write(work / "a", text)
        this.put_back(["a"])
    assert (work.parent / "failed/a").read_text() == "second"


def test_a_half_made_file_takes_the_place_of_a_half_made_directory(work: Path) -> None:
    write(work.parent / "failed/a/x", "earlier")
    this = moved(work, "a")
    write(work / "a", "half")
    this.put_back(["a"])
    assert (work.parent / "failed/a").read_text() == "half"


def test_before_another_attempt_what_was_made_is_cleared_away(work: Path) -> None:
    this = moved(work)
    write(work / "a", "first attempt")
    this.keep_half_made(["a", "d"])
    assert listing(work) == {"other": b"other"}
    this.put_back(["a", "d"])
    assert listing(work) == OLD


def test_a_folder_that_was_removed_meanwhile_is_made_again_for_what_comes_back(work: Path) -> None:
    this = moved(work, "d/x")
    (work / "d").rmdir()
    this.put_back(["d/x"])
    assert listing(work) == OLD


def test_a_link_is_moved_as_a_link(work: Path) -> None:
    (work / "link").symlink_to("nowhere")
    this = moved(work, "link")
    assert not os.path.lexists(work / "link")
    this.put_back(["link"])
    assert os.readlink(work / "link") == "nowhere"


def test_what_is_discarded_is_gone(work: Path) -> None:
    this = moved(work)
    this.settle()
    this.discard()
    assert listing(work) == {"other": b"other"}
    assert not (work.parent / "tmp/s/0").exists()


def test_where_nothing_lies_nothing_is_written(work: Path) -> None:
    this = aside_of(work)
    this.move_out(["none"])
    this.settle()
    this.discard()
    assert not (work.parent / "tmp").exists()


def test_when_one_cannot_be_moved_those_that_were_come_back(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.rename

    def move(source: str, target: str) -> None:
        if source.endswith("/d"):
            raise PermissionError(13, "Permission denied", source)
        real(source, target)

    monkeypatch.setattr(module, "move", move)
    with pytest.raises(PermissionError):
        moved(work)
    assert listing(work) == OLD


# After a kill ---------------------------------------------------------------------------------------------------------


def killed(work: Path, *, orphan: bool = False) -> None:
    with running(KILLED, str(work.parent), "orphan" if orphan else "alone") as process:
        assert line(process) == "ready"
        kill(process)


def test_after_a_kill_the_next_command_brings_everything_back(work: Path) -> None:
    killed(work)
    Session(work.parent / "store", mend).close()
    assert listing(work) == OLD


def test_after_a_kill_what_was_half_made_is_kept(work: Path) -> None:
    killed(work)
    Session(work.parent / "store", mend).close()
    assert listing(work.parent / "failed") == {"a": b"half"}


def test_after_a_kill_nothing_is_left_of_the_dead_command(work: Path) -> None:
    killed(work)
    Session(work.parent / "store", mend).close()
    assert list((work.parent / "store/tmp").iterdir()) == []


def test_a_command_that_lives_is_left_alone(work: Path) -> None:
    with running(KILLED, str(work.parent), "alone") as process:
        assert line(process) == "ready"
        Session(work.parent / "store", mend).close()
        assert listing(work) == {"a": b"half", "other": b"other"}


def test_a_child_of_the_dead_command_is_ended_before_anything_is_put_back(work: Path) -> None:
    killed(work, orphan=True)
    pid = (work.parent / "pid").read_text()
    assert not Lock(work.parent / "locks/train").acquire(wait=False)
    Session(work.parent / "store", mend).close()
    assert listing(work) == OLD
    lock = Lock(work.parent / "locks/train")
    assert lock.acquire(wait=False), f"process {pid} still holds the lock"
    lock.release()


def test_a_child_of_another_command_is_waited_for_and_not_ended(work: Path) -> None:
    killed(work)
    lock = Lock(work.parent / "locks/train")
    lock.acquire(wait=True)
    program = "import sys; print(flush=True); sys.stdin.readline()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command,
        start_new_session=True,
        pass_fds=[lock.descriptor],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        lock.note("somebody-else /elsewhere")
        os.close(lock.descriptor)  # only the child holds it now
        with running(MEND, str(work.parent)) as process:
            assert line(process) == "ready"
            child.communicate(b"\n")
            assert line(process) == "done"
    assert child.returncode == 0
    assert listing(work) == OLD


MEND = """
import sys
from pathlib import Path
from mlops_cli.execution.aside import mend
from mlops_cli.store.session import Session
print("ready", flush=True)
Session(Path(sys.argv[1]) / "store", mend).close()
print("done", flush=True)
"""


def test_a_list_that_was_not_written_to_its_end_means_that_nothing_was_moved(work: Path) -> None:
    write(work.parent / "dead/0/moved.json", '{"root": "/tm')
    mend(work.parent / "dead")
    assert listing(work) == OLD


def test_what_was_never_moved_when_the_kill_came_is_left_in_place(work: Path) -> None:
    import json

    dead = work.parent / "dead/0"
    value: dict[str, Any] = {
        "root": str(work),
        "failed": str(work.parent / "failed"),
        "lock": str(work.parent / "locks/train"),
        "paths": ["a", "d"],
    }
    write(dead / "moved.json", json.dumps(value))
    os.rename(work / "a", dead / "0")
    mend(work.parent / "dead")
    assert listing(work) == OLD
    assert not (work.parent / "failed").exists()
