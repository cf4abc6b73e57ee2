from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import UsageError
from mlops_cli.git.command import Git
from mlops_cli.git.discover import find_project
from mlops_cli.git.revision import Revision, read_revision
from tests.support.command import commit, git, repository
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, name: str) -> Revision:
    project = find_project(folder)
    return read_revision(Git(project.root, os.environ), project, name)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def test_records_of_a_commit_are_read_as_they_were(repo: Path) -> None:
    write_all(
        repo, {".mlops/data/a/é.json": "1", ".mlops/stages/s.json": "2", ".mlops/runs/r.json": "3", "x": "4"}
    )
    first = commit(repo, "one")
    write(repo / ".mlops/data/a/é.json", "changed")
    commit(repo, "two")
    revision = read(repo, first)
    assert revision.commit == first
    assert revision.records == {".mlops/data/a/é.json": b"1", ".mlops/stages/s.json": b"2"}
    assert revision.files == {".mlops/data/a/é.json", ".mlops/stages/s.json", ".mlops/runs/r.json", "x"}
    assert read(repo, "HEAD").records[".mlops/data/a/é.json"] == b"changed"


def test_below_the_top_of_the_repository_paths_are_the_projects(repo: Path) -> None:
    write_all(repo, {"part/.mlops/data/a.json": "1", ".mlops-not": "", "part/x": "2", "y": "3"})
    commit(repo, "one")
    revision = read(repo / "part", "HEAD")
    assert revision.records == {".mlops/data/a.json": b"1"}
    assert revision.files == {".mlops/data/a.json", "x"}


def test_before_the_first_commit_head_is_empty(repo: Path) -> None:
    assert read(repo, "HEAD") == Revision("", {}, frozenset())


def test_tags_and_branches_lead_to_their_commit(repo: Path) -> None:
    write(repo / "x", "1")
    name = commit(repo, "one")
    git(repo, "tag", "-a", "v1", "-m", "one")
    assert {read(repo, ref).commit for ref in ("v1", "main", name[:8], "main^{commit}")} == {name}


@pytest.mark.parametrize("name", ["nope", "-x", "--all", "", "HEAD:x", "HEAD~9"])
def test_what_is_no_commit_is_refused(repo: Path, name: str) -> None:
    write(repo / "x", "1")
    commit(repo, "one")
    with pytest.raises(UsageError, match="no commit"):
        read(repo, name)
