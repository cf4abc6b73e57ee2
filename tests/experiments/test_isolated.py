"""Isolated worktrees: made, filled, cleaned and gone, and nothing of the user's touched."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError, UsageError
from mlops_cli.experiments.base import read_base
from mlops_cli.experiments.inputs import place_inputs, source_inputs
from mlops_cli.experiments.isolated import isolated, sweep, worktrees
from mlops_cli.experiments.running import run_in
from mlops_cli.opened import open_folder
from mlops_cli.store.locks import Lock
from tests.support.command import commit, git, mlops, project, repository, run, variables
from tests.support.files import listing, write, write_all
from tests.support.sweeps import belongings, sweep_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlops_cli.opened import Opened

ONE = {"s": {"cmd": "cat in.txt > out.txt", "deps": ["in.txt"], "outs": ["out.txt"]}}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return sweep_project(tmp_path / "p")


@pytest.fixture
def opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    for name, value in variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COUNTER", os.devnull)
    with open_folder(home) as found:
        yield found


def nothing_left(home: Path) -> bool:
    return not list((home / ".git/mlops/worktrees").iterdir()) and not (home / ".git/worktrees").exists()


def test_it_holds_what_the_user_has_with_what_is_not_committed(home: Path, opened: Opened) -> None:
    before = belongings(home)
    base = read_base(opened)
    with isolated(opened, base.tree, base.commit) as found:
        assert (found.root / "notes.txt").read_text() == "changed again\n"
        assert (found.root / "idea.txt").read_text() == "untracked\n"
        assert not (found.root / "raw.txt").exists()
        assert git(found.root, "rev-parse", "HEAD").strip() == base.commit
        assert git(found.root, "branch", "--show-current") == ""
        # The same state gives the same tree there as here.
        assert read_base(found.opened).tree == base.tree
        write(found.root / "idea.txt", "spoilt")
        write(found.root / "notes.txt", "spoilt")
    assert belongings(home) == before
    assert nothing_left(home)


def test_filling_it_again_removes_everything_that_is_not_to_stay(home: Path, opened: Opened) -> None:
    base = read_base(opened)
    with isolated(opened, base.tree, base.commit) as found:
        for name in (
            "new.txt",
            "deep/er/new.txt",
            "kept/a",
            "kept.txt",
            "idea.txt",
            ".mlops/stages/train.json",
        ):
            write(found.root / name, "x")
        write(found.root / "locked/file", "x")
        (found.root / "locked").chmod(0o500)
        (found.root / "train.py").unlink()
        found.fill(base.tree, ["kept", "kept.txt"])
        there = {str(p.relative_to(found.root)) for p in found.root.rglob("*") if p.is_file()} - {".git"}
        tracked = {"idea.txt", "mlops.yaml", "notes.txt", "params.yaml", "train.py"}
        assert there == tracked | {"kept/a", "kept.txt"}
        assert (found.root / "idea.txt").read_text() == "untracked\n"


def test_inputs_that_git_does_not_bring_are_placed_by_digest(home: Path, opened: Opened) -> None:
    base = read_base(opened)
    wanted = source_inputs(opened, list(opened.pipeline.stages))
    assert {"raw.txt", "notes.txt", "train.py", "params.yaml"} <= wanted.keys()
    assert not {"data.txt", "model.txt"} & wanted.keys()
    with isolated(opened, base.tree, base.commit) as found:
        assert place_inputs(found, wanted) == ("raw.txt",)
        assert (found.root / "raw.txt").read_text() == "raw\n"
        write(found.root / "raw.txt", "spoilt by a stage\n")
        found.refresh()
        assert place_inputs(found, wanted) == ("raw.txt",)
        assert (found.root / "raw.txt").read_text() == "raw\n"
    # What is gone from the workspace meanwhile comes out of the store.
    (home / "raw.txt").unlink()
    with open_folder(home) as again, isolated(again, base.tree, base.commit) as found:
        assert place_inputs(found, wanted) == ("raw.txt",)


def test_an_input_whose_content_is_nowhere_is_named(home: Path, opened: Opened) -> None:
    base = read_base(opened)
    wanted = source_inputs(opened, ["prepare"])
    write(home / "raw.txt", "other\n")
    opened.workspace.forget(["raw.txt"])
    with (
        isolated(opened, base.tree, base.commit) as found,
        pytest.raises(DataError, match=r"the content of raw\.txt .* is not here"),
    ):
        place_inputs(found, wanted)


def test_tracked_data_and_outputs_of_stages_that_do_not_run_are_inputs(tmp_path: Path) -> None:
    stages = {
        "a": {"cmd": "cp data/x a.txt", "deps": ["data"], "outs": ["a.txt"]},
        "b": {"cmd": "cat a.txt > b.txt", "deps": ["a.txt"], "outs": ["b.txt"]},
    }
    home = project(tmp_path / "p", stages, {})
    write(home / "data/x", "1")
    assert mlops(home, "add", "data").code == 0
    assert run(home) == {"a": "ran", "b": "ran"}
    assert mlops(home, "run", "-q").code == 0
    with open_folder(home) as opened:
        assert source_inputs(opened, ["a", "b"]).keys() >= {"data"}
        assert source_inputs(opened, ["b"]).keys() >= {"a.txt"}
        assert "a.txt" not in source_inputs(opened, ["a", "b"])


def test_a_run_there_is_an_ordinary_run_and_tells_everything(home: Path, opened: Opened) -> None:
    base = read_base(opened)
    with isolated(opened, base.tree, base.commit) as found:
        write(found.root / ".gitignore", "/raw.txt\n")  # written by the tool, and so not part of the tree
        place_inputs(found, source_inputs(opened, list(opened.pipeline.stages)))
        lines: list[str] = []
        ran = run_in(
            found, message="why", experiment={"sweep": "s", "branch": base.branch}, listen=lines.append
        )
    assert (ran.status, ran.code, ran.trouble) == ("ok", 0, "")
    assert [row["status"] for row in ran.stages] == ["ran", "ran"]
    assert any("train ran" in line for line in lines)
    assert ran.run is not None
    record = opened.history.record(ran.run)
    assert (record.message, record.experiment, record.code.branch) == ("why", {"sweep": "s"}, base.branch)
    assert record.code.snapshot == base.tree
    assert set(record.stages[0].deps) == {"raw.txt", "notes.txt"}
    assert not (home / ".mlops").exists()


def test_a_run_that_fails_there_says_why_and_where_its_output_is(home: Path, opened: Opened) -> None:
    write(home / "train.py", "raise SystemExit('no luck')\n")
    base = read_base(opened)
    with isolated(opened, base.tree, base.commit) as found:
        place_inputs(found, source_inputs(opened, list(opened.pipeline.stages)))
        ran = run_in(found)
        assert (ran.status, ran.code) == ("failed", 4)
        assert ran.trouble.startswith("train: exit code 1")
        write(found.root / "mlops.yaml", "stagse: {}\n")
        broken = run_in(found)
        assert (broken.status, broken.code, broken.run) == ("failed", 3, None)
        assert "mlops.yaml:1: unknown key" in broken.error or "stagse" in broken.error, broken


def test_a_project_below_the_top_and_a_store_elsewhere_are_found_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables().items():
        monkeypatch.setenv(name, value)
    top = repository(tmp_path / "top")
    home = project(top / "sub", ONE, {"in.txt": "1\n", ".mlops/config.yaml": "cache:\n  dir: ../store\n"})
    (home / ".git").rename(tmp_path / "own")  # `project` makes a repository of its own
    git(top, "add", "--all")
    git(top, "commit", "--quiet", "--message", "all")
    with open_folder(home) as opened:
        base = read_base(opened)
        with isolated(opened, base.tree, base.commit) as found:
            assert found.opened.project.root == found.root / "sub"
            assert found.opened.store == top / "store"
            ran = run_in(found, ["s"])
            assert ran.status == "ok", ran
    assert (top / "store" / "results").is_dir()
    assert run(home) == {"s": "cached"}


def test_an_input_above_the_project_is_there_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables().items():
        monkeypatch.setenv(name, value)
    top = repository(tmp_path / "top")
    write(top / ".gitignore", "/shared/\n")
    write(top / "shared/raw/x", "raw\n")
    stage = {"cmd": "cat ../shared/raw/x > out", "deps": ["../shared/raw"], "outs": ["out"]}
    write_all(top / "sub", {"mlops.yaml": json.dumps({"stages": {"s": stage}}), ".mlops/config.yaml": ""})
    commit(top, "all")
    with open_folder(top / "sub") as opened:
        base = read_base(opened)
        wanted = source_inputs(opened, ["s"])
        with isolated(opened, base.tree, base.commit) as found:
            placed = place_inputs(found, wanted)
            assert placed == ("../shared/raw",)
            assert run_in(found).status == "ok"
            write(found.root / "shared/raw/y", "spoilt")
            found.fill(base.tree, placed)
            assert place_inputs(found, wanted) == placed
            assert listing(found.root / "shared") == {"raw/x": b"raw\n"}


def test_hooks_and_settings_of_the_user_have_no_part_in_it(home: Path, opened: Opened) -> None:
    hook = home / ".git/hooks/post-checkout"
    write(hook, '#!/bin/sh\ntouch "$GIT_COMMON_DIR/called"; exit 1\n')
    hook.chmod(0o755)
    git(home, "config", "submodule.recurse", "true")
    base = read_base(opened)
    with isolated(opened, base.tree, base.commit) as found:
        assert (found.root / "train.py").exists()
    assert not (home / ".git/called").exists()


def test_without_a_commit_there_is_nothing_to_stand_on(tmp_path: Path) -> None:
    home = repository(tmp_path / "p")
    write(home / "mlops.yaml", "stages: {}\n")
    with open_folder(home) as opened:
        base = read_base(opened)
        with (
            pytest.raises(UsageError, match="there is no commit yet"),
            isolated(opened, base.tree, base.commit),
        ):
            raise AssertionError
    assert nothing_left(home)


def test_several_are_made_at_once(home: Path, opened: Opened) -> None:
    base = read_base(opened)
    meeting = threading.Barrier(4, timeout=60)
    roots: list[Path] = []

    def work() -> None:
        with pool.worktree(base.tree, base.commit) as found:
            roots.append(found.root)
            meeting.wait()

    with worktrees(opened) as pool:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(set(roots)) == 4
    assert nothing_left(home)


def test_those_of_the_dead_are_swept_away_and_those_of_the_living_are_not(home: Path, opened: Opened) -> None:
    base = read_base(opened)
    local = home / ".git/mlops"
    with isolated(opened, base.tree, base.commit) as found:
        dead = local / "worktrees/4194305-0badcafe-1"
        git(home, "worktree", "add", "--quiet", "--detach", str(dead), "HEAD")
        half = local / "worktrees/4194305-0badcafe-2"
        half.mkdir()
        sweep(home / ".git")
        assert not dead.exists()
        assert not half.exists()
        assert found.root.exists()
        assert git(home, "worktree", "list").count("\n") == 2
    assert nothing_left(home)


def test_one_whose_children_live_on_and_cannot_be_ended_is_left_to_a_later_command(
    home: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops_cli.experiments.isolated._PATIENCE", 0.05)
    name = "4194305-0badcafe-1"
    orphan = home / ".git/mlops/worktrees" / name
    orphan.mkdir(parents=True)
    lock = Lock(home / ".git/mlops/locks" / f"worktree-{name}")  # held by this process, which nobody ends
    lock.acquire(wait=True)
    sweep(home / ".git")
    assert orphan.exists()
    lock.release()
    sweep(home / ".git")
    assert not orphan.exists()


def test_collecting_garbage_does_not_mind_those_that_vanish(home: Path, opened: Opened) -> None:
    base = read_base(opened)
    with isolated(opened, base.tree, base.commit) as found:
        assert mlops(home, "gc").code == 0
        (found.root / ".git").rename(found.root / "was-git")
        answer = mlops(home, "gc")
        assert answer.code == 0, answer
