"""`git push` with hooks: what the pushed commits record is on the remote before they are, whatever the workspace has."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.command import COMMAND, Answer, git, mlops, repository, variables
from tests.support.files import write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user who has mlops on PATH; each call of it is noted."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = " ".join(f"'{part}'" for part in COMMAND)
    path = folder / "mlops"
    path.write_text(f'#!/bin/sh\necho "$*" >> "{tmp_path}/calls"\nexec {command} "$@"\n')
    path.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def repo(tmp_path: Path, env: Mapping[str, str]) -> Path:
    """Return a repository with hooks, an origin and a remote for data; its main is pushed."""
    repo = repository(tmp_path / "repo")
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "origin.git"))
    assert mlops(repo, "init", "-q").code == 0
    assert mlops(repo, "remote", "add", "store", str(tmp_path / "store"), "-q").code == 0
    assert mlops(repo, "hooks", "install", "-q").code == 0
    keep(repo, "main 1")
    assert push(repo, env, "main").code == 0
    return repo


def push(repo: Path, env: Mapping[str, str], *arguments: str, remote: str = "origin") -> Answer:
    """Push with Git, and return what it and the hook said."""
    done = subprocess.run(
        ["git", "push", "--quiet", remote, *arguments],
        cwd=repo,
        env=variables() | dict(env),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Answer(done.returncode, done.stdout, done.stderr)


def keep(repo: Path, text: str, branch: str = "", name: str = "f") -> None:
    """Track a file with this content, and commit it, on a new branch where one is named."""
    if branch:
        git(repo, "checkout", "--quiet", "-b", branch)
    write(repo / name, text)
    assert mlops(repo, "add", name, "-q").code == 0
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--no-verify", "-m", text)


def arrives(repo: Path, rev: str, text: str) -> bool:
    """Whether somebody who clones gets this content of a commit."""
    clone = repo.parent / f"clone-{rev.replace('/', '-')}"
    git(repo.parent, "clone", "--quiet", str(repo.parent / "origin.git"), str(clone))
    git(clone, "checkout", "--quiet", "--detach", rev)
    return mlops(clone, "pull", "-q").code == 0 and (clone / "f").read_text() == text


def calls(repo: Path) -> list[str]:
    """Return how mlops was called since the last time."""
    log = repo.parent / "calls"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_a_branch_that_is_not_checked_out_takes_its_own_data_along(repo: Path, env: dict[str, str]) -> None:
    keep(repo, "experiment", "exp")
    git(repo, "checkout", "--quiet", "main")
    answer = push(repo, env, "exp")
    assert (answer.code, "mlops: sent 1 object" in answer.err) == (0, True)
    assert arrives(repo, "origin/exp", "experiment")


def test_a_tag_takes_its_data_along_and_what_is_not_committed_stays(repo: Path, env: dict[str, str]) -> None:
    keep(repo, "tagged")
    git(repo, "tag", "-a", "v1", "-m", "v1")
    write(repo / "f", "not committed")
    assert mlops(repo, "add", "f", "-q").code == 0
    answer = push(repo, env, "v1")
    assert (answer.code, "mlops: sent 1 object" in answer.err) == (0, True)
    assert arrives(repo, "v1", "tagged")


def test_every_commit_that_is_new_to_the_remote_takes_its_data_along(repo: Path, env: dict[str, str]) -> None:
    for number in range(3):
        keep(repo, f"main {number + 2}")
    keep(repo, "aside", "side/way")
    git(repo, "checkout", "--quiet", "main")
    answer = push(repo, env, "--all")
    assert (answer.code, "mlops: sent 4 objects" in answer.err) == (0, True), answer.err
    assert arrives(repo, "origin/main~1", "main 3")
    assert arrives(repo, "origin/side/way", "aside")


def test_an_address_in_place_of_a_name_does_as_well(repo: Path, env: dict[str, str]) -> None:
    keep(repo, "main 2")
    address = str(repo.parent / "origin.git")
    assert push(repo, env, "main", remote=address).code == 0
    assert arrives(repo, "origin/main", "main 2")
    calls(repo)
    write(repo / "code.py", "1")
    git(repo, "add", "code.py")
    git(repo, "commit", "--quiet", "--no-verify", "-m", "code")
    assert push(repo, env, "main", remote=address).err == ""
    assert calls(repo) == []


def test_a_push_is_refused_where_the_data_of_its_tip_is_nowhere(repo: Path, env: dict[str, str]) -> None:
    keep(repo, "lost", "exp")
    lose(repo)
    git(repo, "checkout", "--quiet", "main")
    answer = push(repo, env, "exp")
    assert answer.code != 0
    assert "f@exp: it is neither here nor on the remote" in answer.err
    assert "git push --no-verify" in answer.err
    assert "exp" not in git(repo.parent / "origin.git", "branch", "--list")
    assert push(repo, env, "--no-verify", "exp").code == 0


def test_what_a_commit_in_between_has_lost_is_told_and_stops_nothing(repo: Path, env: dict[str, str]) -> None:
    keep(repo, "lost")
    commit = git(repo, "rev-parse", "HEAD").strip()
    lose(repo)
    keep(repo, "main 3")
    answer = push(repo, env, "main")
    assert answer.code == 0
    assert f"1 object is neither here nor on store: f@{commit[:10]}" in answer.err
    assert arrives(repo, "origin/main", "main 3")


def test_what_was_lost_before_is_told_and_stops_no_push_of_something_else(
    repo: Path, env: dict[str, str]
) -> None:
    keep(repo, "lost", name="g")
    assert push(repo, env, "--no-verify", "main").code == 0
    lose(repo)
    keep(repo, "main 2")
    answer = push(repo, env, "main")
    assert (answer.code, "neither here nor on store: g@main" in answer.err) == (0, True)
    assert mlops(repo, "push", "--rev", "main").code == 5


def lose(repo: Path) -> None:
    for path in (repo / ".git/mlops/objects").rglob("*"):
        if path.is_file():
            path.unlink()


def test_deleting_a_branch_there_starts_nothing(repo: Path, env: dict[str, str]) -> None:
    keep(repo, "experiment", "exp")
    assert push(repo, env, "exp").code == 0
    calls(repo)
    assert push(repo, env, "--delete", "exp").code == 0
    assert calls(repo) == []


def test_a_branch_that_the_remote_has_in_full_starts_nothing(repo: Path, env: dict[str, str]) -> None:
    calls(repo)
    git(repo, "tag", "v1")
    answers = [push(repo, env, "main"), push(repo, env, "main:other"), push(repo, env, "v1")]
    assert [answer.err for answer in answers] == [""] * 3
    assert calls(repo) == []


def test_a_branch_whose_remote_stands_only_in_its_own_settings_is_refused(
    repo: Path, env: dict[str, str]
) -> None:
    git(repo, "checkout", "--quiet", "-b", "sub")
    (repo / "sub").mkdir()
    assert mlops(repo / "sub", "init", "-q").code == 0
    assert mlops(repo / "sub", "remote", "add", "other", str(repo.parent / "other"), "-q").code == 0
    keep(repo / "sub", "elsewhere")
    git(repo, "checkout", "--quiet", "main")
    answer = push(repo, env, "sub")
    assert answer.code != 0
    assert "sub records data in sub" in answer.err
    assert "git switch sub" in answer.err
    git(repo, "checkout", "--quiet", "sub")
    assert push(repo, env, "sub").code == 0
    assert (repo.parent / "other").is_dir()


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_hook_of_others_reads_every_line_that_git_gives(
    repo: Path, env: dict[str, str], shell: str
) -> None:
    path = repo / ".git/hooks/pre-push"
    path.write_text(f'#!/usr/bin/env {shell}\nset -eu\ncat > "{repo.parent}/refs"\n')
    assert mlops(repo, "hooks", "install", "-q").code == 0
    for number in range(100):
        git(repo, "branch", f"b{number}")
    assert push(repo, env, "--all").code == 0
    lines = (repo.parent / "refs").read_text().splitlines()
    assert len(lines) == 100
    assert all(len(line.split()) == 4 for line in lines)
    assert push(repo, env, "--all").code == 0
    assert (repo.parent / "refs").read_text() == ""


def test_by_hand_it_sends_what_the_workspace_records(repo: Path) -> None:
    write(repo / "f", "not committed")
    assert mlops(repo, "add", "f", "-q").code == 0
    answer = mlops(repo, "hooks", "run", "pre-push", "--json")
    assert answer.json["projects"][0]["push"]["transferred"] == 1


def test_the_pre_commit_framework_says_what_is_pushed_by_variables(repo: Path) -> None:
    keep(repo, "experiment", "exp")
    tip, before = git(repo, "rev-parse", "HEAD", "HEAD~1").split()
    git(repo, "checkout", "--quiet", "main")
    told = {"PRE_COMMIT_REMOTE_NAME": "origin", "PRE_COMMIT_FROM_REF": before, "PRE_COMMIT_TO_REF": tip}
    answer = mlops(repo, "hooks", "run", "pre-push", "--json", env=told)
    assert answer.json["projects"][0]["push"]["transferred"] == 1
    # Of a branch without anything that the remote has it tells no commits.
    keep(repo, "experiment 2", "exp2")
    git(repo, "checkout", "--quiet", "main")
    told = {"PRE_COMMIT_REMOTE_NAME": "origin", "PRE_COMMIT_LOCAL_BRANCH": "refs/heads/exp2"}
    answer = mlops(repo, "hooks", "run", "pre-push", "--json", env=told)
    assert answer.json["projects"][0]["push"]["transferred"] == 1
    nothing = mlops(
        repo, "hooks", "run", "pre-push", "--json", env=told | {"PRE_COMMIT_LOCAL_BRANCH": "main"}
    )
    assert (nothing.code, nothing.json["projects"]) == (0, [])
