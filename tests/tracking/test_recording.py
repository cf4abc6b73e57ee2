"""What of a run is kept: its code, its record, and both in the journal."""

from __future__ import annotations

import json
import shutil
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import commit, git, mlops, project, run, run_records, start
from tests.support.files import write, write_all
from tests.support.journals import journal_files, journal_refs, journal_text

if TYPE_CHECKING:
    from pathlib import Path

STAGES = {
    "one": {"cmd": "cat in > one", "deps": ["in"], "outs": ["one"], "params": ["depth"]},
    "two": {
        "cmd": "cat one > two; echo {} > m.json",
        "deps": ["one"],
        "outs": ["two"],
        "metrics": ["m.json"],
    },
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = project(tmp_path / "home", STAGES, {"in": "1\n", "params.yaml": "depth: 1\n"})
    run(folder)
    commit(folder, "results")
    return folder


def last(folder: Path) -> dict[str, Any]:
    return run_records(folder)[-1]


def in_journal(folder: Path) -> list[dict[str, Any]]:
    """Return the records in the journal, oldest first."""
    paths = [path for path in journal_files(folder) if "runs/" in path]
    return [json.loads(journal_text(folder, path)) for path in paths]


def test_a_run_from_uncommitted_code_keeps_that_code(home: Path) -> None:
    write_all(home, {"in": "2\n", "new": "n"})
    status = git(home, "status", "--porcelain", "new", "in")
    run(home)
    code = last(home)["code"]
    assert (code["dirty"], code["tree"]) == (True, git(home, "rev-parse", "HEAD^{tree}").strip())
    assert git(home, "cat-file", "blob", f"{code['snapshot']}:in") == "2\n"
    assert git(home, "cat-file", "blob", f"{code['snapshot']}:new") == "n"
    assert f"code/{code['snapshot'][:2]}/{code['snapshot']}" in journal_files(home)
    assert git(home, "status", "--porcelain", "new", "in") == status
    assert "left_out" not in last(home)


def test_a_run_from_committed_code_names_its_tree_and_the_journal_keeps_that(home: Path) -> None:
    write(home / "in", "2\n")
    commit(home, "two")
    run(home)
    code = last(home)["code"]
    assert (code["dirty"], code["snapshot"]) == (False, None)
    assert code["tree"] == git(home, "rev-parse", "HEAD^{tree}").strip()
    assert f"code/{code['tree'][:2]}/{code['tree']}" in journal_files(home)


def test_the_code_of_a_commit_that_is_rewritten_and_collected_stays(home: Path) -> None:
    write(home / "in", "2\n")
    commit(home, "two")
    run(home)
    code = last(home)["code"]
    git(home, "reset", "--quiet", "--hard", "HEAD~1")
    git(home, "reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    git(home, "gc", "--quiet", "--prune=now")
    assert git(home, "cat-file", "blob", f"{code['tree']}:in") == "2\n"
    assert code["commit"] not in git(home, "cat-file", "--batch-all-objects", "--batch-check")


def test_a_commit_that_is_rewritten_and_collected_during_its_run_leaves_a_journal_that_is_whole(
    home: Path,
) -> None:
    text = (home / "mlops.yaml").read_text()
    rewritten = "touch more; git add more; git commit -q --amend -m other"
    collected = "git reflog expire --expire=now --expire-unreachable=now --all; git gc -q --prune=now"
    write(home / "mlops.yaml", text.replace("cat one > two", f"{rewritten}; {collected}; cat one > two"))
    commit(home, "two")
    run(home)
    record = last(home)
    assert in_journal(home)[-1] == record
    assert not [path for path in journal_files(home) if path.endswith(record["code"]["tree"])]
    assert git(home, "fsck", "--strict", "--no-dangling") == ""


def test_the_same_uncommitted_code_has_the_same_snapshot_in_every_run(home: Path) -> None:
    write(home / "in", "2\n")
    run(home)
    run(home, "--force")
    first, second = run_records(home)[-2:]
    assert first["code"] == second["code"]
    assert first["id"] != second["id"]


def test_every_run_is_in_the_journal_whatever_became_of_it(home: Path) -> None:
    write(home / "in", "2\n")
    run(home)
    (home / "in").unlink()
    write(home / "mlops.yaml", (home / "mlops.yaml").read_text().replace("cat in > one", "exit 1"))
    write(home / "in", "3\n")
    run(home, code=4)
    shutil.rmtree(home / ".mlops/runs")
    assert [record["status"] for record in in_journal(home)] == ["ok", "ok", "failed"]


def test_the_journal_has_what_lies_in_the_workspace_byte_for_byte(home: Path) -> None:
    [path] = [path for path in journal_files(home) if path.startswith("runs/")]
    [file] = (home / ".mlops/runs").glob("*/*.json")
    assert journal_text(home, path) == file.read_text()


def test_a_run_that_had_nothing_to_do_leaves_nothing(home: Path) -> None:
    before = journal_files(home)
    run(home)
    assert journal_files(home) == before
    assert not list((home / ".git/mlops/started").iterdir())


def test_files_that_a_snapshot_leaves_out_are_told_and_recorded(home: Path) -> None:
    write_all(home, {".env": "A=1", "big": "x" * 3000, "in": "2\n"})
    write(home / ".mlops/config.yaml", "snapshot: {file: 2kB}\n")
    answer = mlops(home, "run")
    assert "leaves out .env (named like environment variables)\n" in answer.err
    assert (
        "leaves out big (2.9 KiB), too large for it: track data with mlops add PATH, or name it in .gitignore\n"
        in answer.err
    )
    assert last(home)["left_out"] == [
        {"path": ".env", "size": 3, "why": "named like environment variables"},
        {"path": "big", "size": 3000, "why": "larger than 2000 bytes"},
    ]


def test_many_large_files_that_a_snapshot_leaves_out_are_one_line(home: Path) -> None:
    write_all(home, {"in": "2\n", **{f"data/{number}.csv": "x" * 3000 for number in range(9)}})
    write(home / ".mlops/config.yaml", "snapshot: {file: 2kB}\n")
    [line] = [line for line in mlops(home, "run").err.splitlines() if "leaves out" in line]
    assert (
        "leaves out data/0.csv (2.9 KiB), data/1.csv (2.9 KiB), data/2.csv (2.9 KiB) and 6 more, too large"
        in line
    )


def test_a_worktree_that_differs_by_left_out_files_alone_is_dirty_without_a_snapshot(home: Path) -> None:
    write(home / ".env", "A=1")
    run(home, "--force")
    record = last(home)
    assert (record["code"]["dirty"], record["code"]["snapshot"]) == (True, None)
    assert [row["path"] for row in record["left_out"]] == [".env"]


def test_of_very_many_files_left_out_the_record_names_a_hundred(home: Path) -> None:
    write_all(home, {f"keys/{number:03}.pem": "x" for number in range(150)})
    run(home, "--force")
    rows = last(home)["left_out"]
    assert len(rows) == 101
    assert rows[-1] == {"path": "", "size": 50, "why": "50 more files"}


def test_a_left_out_name_that_is_no_unicode_is_recorded_readably(home: Path) -> None:
    import os

    with open(os.fsencode(home) + b"/\xff.pem", "wb") as file:
        file.write(b"x")
    run(home, "--force")
    assert last(home)["left_out"] == [{"path": "\\xff.pem", "size": 1, "why": "named like a private key"}]


def test_a_run_in_a_hook_keeps_the_worktree_and_leaves_the_commit_alone(home: Path) -> None:
    hook = home / ".git/hooks/pre-commit"
    write(hook, '#!/bin/sh\nexec python -c "from mlops_cli.__main__ import main; main()" run\n')
    hook.chmod(0o755)
    write_all(home, {"in": "2\n", "beside": "b"})
    git(home, "commit", "--quiet", "--only", "-m", "two", "in")
    record = last(home)
    assert record["trigger"]["kind"] == "hook"
    assert git(home, "cat-file", "blob", f"{record['code']['snapshot']}:beside") == "b"
    assert git(home, "show", "--name-only", "--format=", "HEAD").split() == ["in"]


def test_a_run_in_a_linked_worktree_is_in_the_same_journal(home: Path) -> None:
    other = home.parent / "other"
    git(home, "worktree", "add", "--quiet", str(other))
    write(other / "in", "9\n")
    run(other)
    [first, second] = in_journal(home)
    assert second["code"]["branch"] == "other"
    assert git(home, "cat-file", "blob", f"{second['code']['snapshot']}:in") == "9\n"
    assert first["code"]["branch"] == "main"


def test_a_project_below_the_top_has_its_own_place_in_the_journal(tmp_path: Path) -> None:
    top = project(tmp_path / "top", {"top": {"cmd": "echo > t", "outs": ["t"]}}, {"beside": "1"})
    write(top / "sub/mlops.yaml", "stages: {sub: {cmd: echo > s, outs: [s]}}\n")
    write(top / "sub/.mlops/config.yaml")
    run(top / "sub")
    snapshot, path = journal_files(top)
    assert path.startswith("sub/runs/")
    assert git(top, "ls-tree", "-r", "--name-only", snapshot.split("/")[2]).split() == [
        "beside", "mlops.yaml", "sub/.mlops/config.yaml", "sub/mlops.yaml",
    ]  # fmt: skip


def test_a_journal_that_is_damaged_is_told_of_and_stops_no_run(home: Path) -> None:
    ref, tip = next(iter(journal_refs(home).items()))
    write(home / ".git" / ref, "nonsense\n")
    write(home / "in", "2\n")
    answer = mlops(home, "run")
    assert answer.code == 0
    assert answer.err.count("this run is not in the journal yet") == 1
    assert last(home)["status"] == "ok"
    write(home / ".git" / ref, tip + "\n")
    write(home / "in", "3\n")
    run(home)
    assert [record["status"] for record in in_journal(home)] == ["ok"] * 3


def test_objects_that_git_cannot_write_are_told_of_and_stop_no_run(home: Path) -> None:
    objects = home / ".git/objects"
    shutil.move(objects, home.parent / "objects")
    write(objects, "in the way")
    write(home / "in", "2\n")
    answer = mlops(home, "run")
    assert answer.code == 0
    assert "not in the journal yet" in answer.err or "cannot say what state" in answer.err
    assert last(home)["code"]["dirty"] is True


def test_a_note_that_cannot_be_written_is_told_of_and_stops_no_run(home: Path) -> None:
    shutil.rmtree(home / ".git/mlops/started")
    write(home / ".git/mlops/started", "in the way")
    write(home / "in", "2\n")
    answer = mlops(home, "run")
    assert answer.code == 0
    assert "a kill would leave no trace of this run" in answer.err
    assert [record["status"] for record in in_journal(home)] == ["ok", "ok"]


def killed_while(home: Path, stage: str) -> None:
    """Start a run and kill it while a stage is at work."""
    text = (home / "mlops.yaml").read_text()
    write(home / "mlops.yaml", text.replace("cat one > two", "touch ../begun; sleep 60; cat one > two"))
    write(home / "in", "2\n")
    process = start(home, "run", "-m", "why", stage)
    while not (home.parent / "begun").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_killed_run_lands_in_the_journal_by_the_next_command_that_writes(home: Path) -> None:
    killed_while(home, "two")
    [noted] = (home / ".git/mlops/started").iterdir()
    write(home / "data.csv", "1")
    assert mlops(home, "add", "data.csv").code == 0
    record = in_journal(home)[-1]
    assert (record["id"], record["status"], record["message"]) == (noted.stem, "killed", "why")
    assert {row["name"]: row["status"] for row in record["stages"]} == {"one": "killed", "two": "killed"}
    assert record["params"] == {"depth": 1}
    assert git(home, "cat-file", "blob", f"{record['code']['snapshot']}:in") == "2\n"
    assert not list((home / ".git/mlops/started").iterdir())


def test_a_killed_run_lands_in_the_journal_by_the_next_run(home: Path) -> None:
    killed_while(home, "two")
    write(home / "mlops.yaml", (home / "mlops.yaml").read_text().replace("sleep 60", "true"))
    run(home)
    assert [record["status"] for record in in_journal(home)] == ["ok", "killed", "ok"]


def test_the_snapshot_of_a_run_at_work_outlives_garbage_collection(home: Path) -> None:
    text = (home / "mlops.yaml").read_text()
    gc = "git reflog expire --expire=now --all; git gc --quiet --prune=now; cat one > two"
    write(home / "mlops.yaml", text.replace("cat one > two", f"sleep 1; {gc}"))
    write(home / "in", "2\n")
    run(home)
    snapshot = last(home)["code"]["snapshot"]
    assert git(home, "cat-file", "blob", f"{snapshot}:in") == "2\n"
    git(home, "fsck", "--connectivity-only")


def test_what_the_journal_names_is_not_garbage(home: Path) -> None:
    write(home / "in", "2\n")
    run(home)
    write(home / "in", "1\n")
    run(home)
    git(home, "add", "--all")
    git(home, "reset", "--quiet", "--hard")
    git(home, "clean", "-fdq")
    assert mlops(home, "gc", "--grace", "0", "--delete").code == 0
    write(home / "in", "2\n")
    assert run(home) == {"one": "cached", "two": "cached"}
    assert mlops(home, "verify", "--all").code == 0
