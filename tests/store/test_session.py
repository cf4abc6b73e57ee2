from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.session import Session, is_alive
from tests.support.files import write
from tests.support.processes import kill, line, running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

WRITER = """
import sys
from pathlib import Path
from mlops_cli.store.session import Session

session = Session(Path(sys.argv[1]))
(session.folder / "half-written").write_text("x")
print(session.id, flush=True)
sys.stdin.read()
"""


@contextmanager
def opened(store: Path) -> Iterator[Session]:
    session = Session(store)
    try:
        yield session
    finally:
        session.close()


@contextmanager
def another(store: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with running(WRITER, str(store)) as process:
        yield process, line(process)


def dead(store: Path) -> str:
    """Leave behind what a killed command leaves; return its id."""
    with another(store) as (process, session):
        kill(process)
    return session


def test_a_session_has_a_folder_for_its_temporary_files(tmp_path: Path) -> None:
    with opened(tmp_path) as session:
        assert list(session.folder.iterdir()) == []


def test_two_sessions_have_two_folders(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as other:
        assert one.folder != other.folder


def test_a_closed_session_leaves_nothing_behind(tmp_path: Path) -> None:
    with opened(tmp_path) as session:
        write(session.folder / "sub" / "file")
    # The one file that all sessions lock stays, as it must.
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == [tmp_path / "locks" / "collect"]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_session_may_be_closed_twice(tmp_path: Path) -> None:
    with opened(tmp_path) as session:
        session.close()
    assert not session.folder.exists()


INTERRUPTED_BEFORE_ANYBODY_HAS_IT = """
import sys
from pathlib import Path
from mlops_cli.store.session import Session

Session(Path(sys.argv[1]))
raise KeyboardInterrupt
"""

INTERRUPTED_WHILE_BEING_CLOSED = """
import shutil, sys
from pathlib import Path
from mlops_cli.store.session import Session

session = Session(Path(sys.argv[1]))
remove = shutil.rmtree

def interrupted(*_, **__):
    shutil.rmtree = remove
    raise KeyboardInterrupt

shutil.rmtree = interrupted
session.close()
"""


@pytest.mark.parametrize("program", [INTERRUPTED_BEFORE_ANYBODY_HAS_IT, INTERRUPTED_WHILE_BEING_CLOSED])
def test_ctrl_c_at_a_bad_moment_leaves_nothing_behind_either(tmp_path: Path, program: str) -> None:
    with running(program, str(tmp_path)) as process:
        assert process.wait() != 0
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "locks").glob("session-*")) == []


def test_an_open_session_is_alive(tmp_path: Path) -> None:
    with opened(tmp_path) as session:
        assert is_alive(tmp_path, session.id)


def test_a_closed_session_is_not_alive(tmp_path: Path) -> None:
    with opened(tmp_path) as session:
        pass
    assert not is_alive(tmp_path, session.id)


def test_a_session_that_never_was_is_not_alive(tmp_path: Path) -> None:
    assert not is_alive(tmp_path, "1-abc")


def test_asking_whether_a_session_lives_makes_no_file(tmp_path: Path) -> None:
    is_alive(tmp_path, "1-abc")
    assert list(tmp_path.iterdir()) == []


def test_the_session_of_a_running_process_is_alive(tmp_path: Path) -> None:
    with another(tmp_path) as (_, session):
        assert is_alive(tmp_path, session)


def test_the_session_of_a_killed_process_is_not_alive(tmp_path: Path) -> None:
    assert not is_alive(tmp_path, dead(tmp_path))


def test_what_a_killed_command_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    session = dead(tmp_path)
    with opened(tmp_path):
        assert not (tmp_path / "tmp" / session).exists()
        assert not (tmp_path / "locks" / f"session-{session}").exists()


def test_what_a_killed_command_left_is_handed_to_the_mender_while_it_is_still_there(tmp_path: Path) -> None:
    with another(tmp_path) as (one, first), another(tmp_path) as (other, second):
        kill(one)
        kill(other)
    found: dict[str, str] = {}
    Session(
        tmp_path, lambda folder: found.update({folder.name: (folder / "half-written").read_text()})
    ).close()
    assert found == {first: "x", second: "x"}


def test_a_living_command_is_left_alone(tmp_path: Path) -> None:
    with another(tmp_path) as (_, session), opened(tmp_path):
        assert (tmp_path / "tmp" / session / "half-written").exists()
        assert is_alive(tmp_path, session)


def test_a_living_command_is_not_handed_to_the_mender(tmp_path: Path) -> None:
    mended: list[Path] = []
    with another(tmp_path):
        Session(tmp_path, mended.append).close()
    assert mended == []


def test_what_was_mended_is_not_mended_again(tmp_path: Path) -> None:
    dead(tmp_path)
    mended: list[Path] = []
    for _ in range(2):
        Session(tmp_path, mended.append).close()
    assert len(mended) == 1


def test_a_dead_session_whose_lock_file_is_gone_is_mended_too(tmp_path: Path) -> None:
    session = dead(tmp_path)
    (tmp_path / "locks" / f"session-{session}").unlink()
    mended: list[Path] = []
    Session(tmp_path, mended.append).close()
    assert [folder.name for folder in mended] == [session]


def test_a_mender_that_fails_leaves_the_folder_for_the_next_command(tmp_path: Path) -> None:
    dead(tmp_path)

    def fail(_: Path) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        Session(tmp_path, fail)
    mended: list[Path] = []
    Session(tmp_path, mended.append).close()
    assert mended != []


def test_a_lock_file_without_a_folder_is_swept_away(tmp_path: Path) -> None:
    stray = write(tmp_path / "locks" / "session-1-abc")
    with opened(tmp_path):
        assert not stray.exists()


def test_the_locks_of_stages_are_not_swept_away(tmp_path: Path) -> None:
    other = write(tmp_path / "locks" / "train")
    with opened(tmp_path):
        assert other.exists()


def test_a_file_among_the_temporary_folders_is_left_alone(tmp_path: Path) -> None:
    other = write(tmp_path / "tmp" / "readme")
    with opened(tmp_path):
        assert other.exists()


def test_sessions_do_not_wait_for_each_other_but_one_that_is_to_be_alone_waits_for_all(
    tmp_path: Path,
) -> None:
    program = (
        "import sys; from pathlib import Path; from mlops_cli.store.session import Session\n"
        "sys.stdin.readline(); Session(Path(sys.argv[1]), alone=True, waits=lambda: print('waits', flush=True))\n"
        "print('alone', flush=True); sys.stdin.read()"
    )
    with running(program, str(tmp_path)) as process:
        waited: list[str] = []
        reader = threading.Thread(target=lambda: waited.append(line(process)))
        with opened(tmp_path), opened(tmp_path) as other:
            process.stdin.write("go\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            assert line(process) == "waits"
            other.close()
            reader.start()
            reader.join(0.2)
            assert waited == []  # one session is still at work
        reader.join(60)
        assert waited == ["alone"]


def test_no_session_begins_while_one_is_alone(tmp_path: Path) -> None:
    begun = threading.Event()

    def begin() -> None:
        with opened(tmp_path):
            begun.set()

    alone = Session(tmp_path, alone=True)
    thread = threading.Thread(target=begin)
    thread.start()
    assert not begun.wait(0.2)
    alone.close()
    assert begun.wait(60)
    thread.join()
