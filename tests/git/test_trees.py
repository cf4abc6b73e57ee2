from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.git.command import Git
from mlops_cli.git.trees import FileLines, changed_files, difference, kept_in, trees_with
from tests.support.command import commit, git, repository, variables
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path

LONG = "".join(f"{n}\n" for n in range(30))


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    files = {"src/a.py": LONG, "src/b.py": "x\n", "bin": "a\0b", ".mlops/runs/x.json": "1", "c d.txt": "1\n"}
    write_all(folder / "sub", files)
    write(folder / "outside", "1")
    commit(folder, "one")
    return folder


def asking(repo: Path) -> Git:
    return Git(repo / "sub", variables())


def test_files_of_the_project_are_told_with_their_lines(repo: Path) -> None:
    git(repo, "mv", "sub/src/a.py", "sub/src/c.py")
    write_all(
        repo,
        {
            "sub/src/b.py": "x\ny\n",
            "sub/bin": "a\0c",
            "sub/.mlops/runs/x.json": "2",
            "outside": "2",
            "sub/new": "1",
        },
    )
    write(repo / "sub/c d.txt", "2\n")
    commit(repo, "two")
    assert changed_files(asking(repo), "HEAD~", "HEAD") == (
        FileLines("bin", None, None),
        FileLines("c d.txt", 1, 1),
        FileLines("new", 1, 0),
        FileLines("src/b.py", 1, 0),
        FileLines("src/c.py", 0, 0, "src/a.py"),
    )


def test_a_tree_that_is_not_there_is_no_mistake(repo: Path) -> None:
    assert changed_files(asking(repo), "HEAD", "0" * 40) is None
    assert changed_files(asking(repo), "HEAD", "HEAD") == ()


def test_the_difference_is_that_of_the_files_asked_for_whatever_the_settings_say(repo: Path) -> None:
    write_all(repo, {"sub/src/b.py": "x\ny\n", "sub/c d.txt": "2\n"})
    commit(repo, "two")
    git(repo, "config", "color.ui", "always")
    git(repo, "config", "diff.external", "false")
    told = difference(asking(repo), "HEAD~", "HEAD", ["c d.txt"])
    assert "+2\n" in told
    assert "src/b.py" not in told
    assert "\x1b" not in told
    assert difference(asking(repo), "HEAD~", "HEAD", []) == ""


def test_what_a_tree_keeps(repo: Path) -> None:
    paths = ["src/b.py", "src", "nothing", "c d.txt"]
    assert kept_in(asking(repo), "HEAD", paths) == {"src/b.py", "src", "c d.txt"}
    assert kept_in(asking(repo), "0" * 40, paths) == frozenset()
    assert kept_in(asking(repo), "HEAD", []) == frozenset()


def test_trees_that_have_a_file(repo: Path) -> None:
    one = git(repo, "rev-parse", "HEAD").strip()
    write(repo / "sub/c d.txt", "2\n")
    two = commit(repo, "two")
    write(repo / "sub/src/b.py", "z\n")
    three = commit(repo, "three")
    blob = git(repo, "rev-parse", "HEAD:sub/c d.txt").strip()
    gone = "0" * 40
    assert trees_with(asking(repo), {one, two, three, gone}, "c d.txt", blob) == {two, three}
    assert trees_with(asking(repo), set(), "c d.txt", blob) == frozenset()
