from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.git.command import Git
from mlops_cli.git.history import new_records
from mlops_cli.git.pushing import (
    PushedRef,
    brings_records,
    commits_of,
    projects_at,
    read_pushed_refs,
)
from mlops_cli.git.worktrees import repository_at
from tests.support.command import commit, git, repository, variables
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

ZEROS, SOME, OTHER = "0" * 40, "a" * 40, "b" * 40


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = repository(tmp_path / "repo")
    write(repo / "sub/.mlops/data/x.json", b"{}")
    commit(repo, "one")
    return repo


def asked(repo: Path) -> Git:
    return Git(repo, variables())


def test_lines_name_branches_tags_and_commits_as_people_do() -> None:
    text = (
        f"refs/heads/feature/x {SOME} refs/heads/y {OTHER}\n"
        f"refs/tags/v1 {SOME} refs/tags/v1 {ZEROS}\n"
        f"(delete) {ZEROS} refs/heads/old {OTHER}\n"
        f"{SOME} {SOME} refs/heads/z {ZEROS}\n\n"
    )
    assert read_pushed_refs(text) == [
        PushedRef("feature/x", SOME, OTHER),
        PushedRef("v1", SOME, ""),
        PushedRef("a" * 10, SOME, ""),
    ]


def test_a_tag_leads_to_its_commit_and_what_leads_to_none_is_left_out(repo: Path) -> None:
    git(repo, "tag", "-a", "v1", "-m", "v1")
    git(repo, "tag", "file", git(repo, "rev-parse", "HEAD:sub/.mlops/data/x.json").strip())
    head = git(repo, "rev-parse", "HEAD").strip()
    refs = [PushedRef("v1", "v1", ""), PushedRef("file", "file", ""), PushedRef("no", SOME, "")]
    assert commits_of(asked(repo), refs) == [PushedRef("v1", head, "")]


def test_records_are_new_until_the_remote_has_their_commits(repo: Path) -> None:
    head = git(repo, "rev-parse", "HEAD").strip()
    assert brings_records(asked(repo), [PushedRef("main", head, "")], "origin")
    assert brings_records(asked(repo), [PushedRef("main", head, OTHER)], "origin")
    assert not brings_records(asked(repo), [PushedRef("main", head, head)], "")
    git(repo, "update-ref", "refs/remotes/origin/main", head)
    assert not brings_records(asked(repo), [PushedRef("main", head, "")], "origin")
    assert not brings_records(asked(repo), [], "origin")


def test_each_new_commit_tells_what_it_changed_below_one_folder(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    write(repo / ".mlops/data/y.json", b"outside")
    write(repo / "sub/.mlops/data/x.json", b"2")
    commit(repo, "two")
    write(repo / "sub/.mlops/data/x.json", b"3")
    last = commit(repo, "three")
    found = new_records(repository_at(repo / ".git", variables()), [last], [first, OTHER], "", "sub/.mlops/")
    assert sorted(record.data for record in found) == [b"2", b"3"]


def test_projects_of_a_commit_are_those_with_records(repo: Path) -> None:
    write(repo / "other/.mlops/config.yaml", b"")
    write(repo / ".mlops/stages/a.json", b"{}")
    commit(repo, "two")
    assert projects_at(asked(repo), "HEAD") == {"", "sub"}
    assert projects_at(asked(repo), "HEAD~1") == {"sub"}
