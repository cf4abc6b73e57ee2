from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.git.command import Git
from mlops_cli.git.discover import find_repository
from mlops_cli.history.journal import journal_path
from mlops_cli.history.started import Started, forget_run, note_run, record_killed, record_started
from mlops_cli.store.session import Session
from tests.support.command import git, repository
from tests.support.files import write
from tests.support.journals import journal, journal_files, journal_refs, journal_text
from tests.support.processes import kill, line, running

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.project import Project

RUN = "20260131T175900123-1f2e3d4c"
PATH = journal_path("", RUN)
NOTE = """
import os, sys
from pathlib import Path
from mlops_cli.git.discover import find_repository
from mlops_cli.history.started import Started, note_run
from mlops_cli.store.session import Session

project = find_repository(Path(sys.argv[1]))
session = Session(project.local)
note_run(project, sys.argv[2], Started(sys.argv[3], [], str(session.store), session.id, b"killed\\n"))
print("noted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def here(tmp_path: Path) -> Project:
    return find_repository(repository(tmp_path))


def sweep(project: Project) -> tuple[str, ...]:
    return record_started(Git(project.root, os.environ), project)


def notes(project: Project) -> list[str]:
    folder = project.local / "started"
    return sorted(os.listdir(folder)) if folder.exists() else []


def test_a_run_is_its_own_business_until_it_is_killed(here: Project) -> None:
    with running(NOTE, str(here.root), RUN, PATH) as process:
        assert line(process) == "noted"
        assert sweep(here) == ()
        kill(process)
        assert sweep(here) == (RUN,)
    assert journal_text(here.root, PATH) == "killed\n"
    assert (sweep(here), notes(here)) == ((), [])


def test_a_run_that_ended_is_not_noted_any_more(here: Project) -> None:
    note_run(here, RUN, Started(PATH, [], "", "", b"{}"))
    forget_run(here, RUN)
    forget_run(here, RUN)
    assert sweep(here) == ()
    assert journal_refs(here.root) == {}


def test_a_final_record_that_did_not_reach_the_journal_does_so_later(here: Project) -> None:
    session = Session(here.local)
    note_run(here, RUN, Started(PATH, [], str(session.store), session.id, b"killed"))
    note_run(here, RUN, Started(PATH, [], "", "", b"ok"))
    assert sweep(here) == (RUN,)
    session.close()
    assert journal_text(here.root, PATH) == "ok"


def test_what_the_journal_has_already_wins_over_a_note(here: Project) -> None:
    journal(here.root).append({PATH: b"ok"})
    note_run(here, RUN, Started(PATH, [], str(here.local), "1-dead", b"killed"))
    assert sweep(here) == (RUN,)
    assert (journal_text(here.root, PATH), notes(here)) == ("ok", [])


def test_the_snapshot_of_a_killed_run_is_kept_where_git_still_has_it(here: Project) -> None:
    write(here.root / "new", "x")
    git(here.root, "add", "new")
    tree, gone = git(here.root, "write-tree").strip(), "0" * 39 + "1"
    note_run(here, RUN, Started(PATH, [tree, gone], str(here.local), "1-dead", b"killed"))
    sweep(here)
    assert journal_files(here.root) == [f"code/{tree[:2]}/{tree}", PATH]


def test_a_journal_that_cannot_be_written_keeps_the_notes_and_says_so(here: Project) -> None:
    write(here.root / ".git" / journal(here.root).ref, "nonsense")
    note_run(here, RUN, Started(PATH, [], "", "", b"ok"))
    [told] = record_killed(Git(here.root, os.environ), here)
    assert "is not in the journal yet" in told
    assert notes(here) == [f"{RUN}.json"]
    (here.root / ".git" / journal(here.root).ref).unlink()
    assert record_killed(Git(here.root, os.environ), here) == []
    assert journal_files(here.root) == [PATH]


@pytest.mark.parametrize("text", ["", "{", "[]\nx", '{"path": 1}\nx', "\xff\n"])
def test_a_file_that_is_no_note_is_set_aside(here: Project, text: str) -> None:
    write(here.local / f"started/{RUN}.json", text.encode("latin-1"))
    assert sweep(here) == ()
    assert notes(here) == [f"{RUN}.json.damaged"]
