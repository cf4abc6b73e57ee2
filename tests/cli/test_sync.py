from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.command import COMMAND, commit, git, mlops, project, run, variables
from tests.support.files import write
from tests.support.journals import journal_refs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "hub.git")
    return tmp_path / "hub.git"


@pytest.fixture
def home(tmp_path: Path, hub: Path) -> Path:
    stages = {"one": {"cmd": "cat in > one", "deps": ["in"], "outs": ["one"]}}
    folder = project(tmp_path / "home", stages, {"in": "1"})
    git(folder, "remote", "add", "origin", str(hub))
    git(folder, "push", "--quiet", "origin", "HEAD:main")
    git(hub, "symbolic-ref", "HEAD", "refs/heads/main")
    write(folder / "in", "2")
    run(folder)
    return folder


def on_a_terminal(folder: Path, typed: str) -> tuple[int, str]:
    """Type an answer to `mlops sync`; return the exit code and what the terminal showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "sync"], cwd=folder, env=variables(), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    try:
        while data := os.read(ours, 4096):
            shown += data
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    return process.wait(), shown.decode()


def test_before_anything_is_sent_it_says_what_becomes_visible(home: Path, hub: Path) -> None:
    answer = mlops(home, "sync")
    assert answer.code == 2
    for words in (
        "1 run and 1 snapshot",
        "visible to everybody who can read it",
        "Ada <ada@example.org>",
        "--yes",
    ):
        assert words in answer.err
    assert journal_refs(hub) == {}


@pytest.mark.parametrize(("typed", "sent"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_it_asks(home: Path, hub: Path, typed: str, sent: bool) -> None:
    code, shown = on_a_terminal(home, typed)
    assert code == 0
    assert "Send it? [y/N]" in shown
    assert ("not sent: 1 run and 1 snapshot" in shown) == (not sent)
    assert bool(journal_refs(hub)) == sent


def test_runs_travel_and_the_second_time_there_is_nothing_to_do(
    home: Path, hub: Path, tmp_path: Path
) -> None:
    assert mlops(home, "sync", "--yes").out == "sent: 1 run and 1 snapshot\n"
    git(tmp_path, "clone", "--quiet", str(hub), "other")
    other = tmp_path / "other"
    assert mlops(other, "sync", "-n").out.endswith(" has something new\n")
    assert mlops(other, "sync", "origin").out.endswith(": 1 run and 1 snapshot\n")
    answer = mlops(other, "sync", "--fetch")
    assert (answer.code, answer.out) == (0, "everything is shared with origin already\n")
    assert len(journal_refs(other, "remote")) == 1


def test_its_json_has_the_counts(home: Path) -> None:
    value = mlops(home, "sync", "--json", "--yes", "--push").json
    assert value.pop("offer").keys() == {
        "runs", "events", "snapshots", "bytes", "people", "uncommitted", "commits", "secrets"
    }  # fmt: skip
    nothing = {"runs": 0, "events": 0, "snapshots": 0}
    assert value == {
        "schema": 1, "remote": "origin", "dry": False, "pushed": True, "fetched": [], "regained": nothing
    }  # fmt: skip


def test_a_journal_that_is_not_taken_ends_with_5_and_says_why(home: Path, hub: Path) -> None:
    git(hub, "update-ref", "refs/mlops/journal/0123456789ab", "HEAD")
    answer = mlops(home, "sync", "--fetch")
    assert answer.code == 5
    assert "the journal of 0123456789ab was not taken: " in answer.err
    assert not journal_refs(home, "remote")


def test_a_remote_that_is_not_there_ends_with_5(home: Path) -> None:
    git(home, "remote", "set-url", "origin", "/nowhere")
    answer = mlops(home, "sync", "--yes")
    assert answer.code == 5
    assert "See whether this works: git ls-remote origin" in answer.err
    assert mlops(home, "sync", "other").code == 2


def test_a_killed_run_is_shared_as_well(home: Path, hub: Path) -> None:
    # As it is left by a kill: see `tests/tracking/test_recording.py`.
    commit(home, "results")
    mlops(home, "sync", "--yes")
    [ref] = journal_refs(home)
    run_id = "20260131T175900123-1f2e3d4c"
    head = '{"path": "runs/2026-01/31/17/%s.json", "snapshots": [], "store": "/nowhere", "session": "1-x"}'
    write(home / f".git/mlops/started/{run_id}.json", head % run_id + "\n{}\n")
    assert mlops(home, "sync", "--yes").out == "sent: 1 run\n"
    assert git(hub, "cat-file", "blob", f"{ref}:runs/2026-01/31/17/{run_id}.json") == "{}\n"


def test_one_half_and_the_other_half_at_once_is_refused(home: Path) -> None:
    answer = mlops(home, "sync", "--fetch", "--push")
    assert answer.code == 2
    assert "For both: mlops sync" in answer.err


def test_a_run_on_a_commit_that_was_never_pushed_can_be_repeated_elsewhere(
    home: Path, hub: Path, tmp_path: Path
) -> None:
    commit(home, "an idea")
    write(home / "in", "3")
    commit(home, "a better idea")
    run(home)
    said = mlops(home, "sync", "--yes")
    assert f"{git(home, 'rev-parse', 'HEAD')[:10]} a better idea." in said.err
    git(tmp_path, "clone", "--quiet", str(hub), "other")
    other = tmp_path / "other"
    assert mlops(other, "sync", "--fetch").code == 0
    name = mlops(home, "show", "--json").json["id"]
    answer = mlops(other, "rerun", name, "--verify", "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "identical"), answer
    shown = mlops(other, "show", name).out
    assert f"{git(home, 'rev-parse', 'HEAD').strip()}, which is not in this clone" in shown
    assert "see its files with: git ls-tree -r " in shown
