from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mlops_cli.errors import FileError
from mlops_cli.store.ignore import IgnoreRules
from tests.support.command import git, repository, variables
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path


def kept(root: Path) -> set[str]:
    """Return the files that a walk under the rules comes to."""
    rules = IgnoreRules(str(root))
    found, stack = set(), [""]
    while stack:
        folder = stack.pop()
        matcher = rules.below(folder)
        for entry in os.scandir(root / folder):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name == ".git" or (matcher is not None and matcher(path, entry.is_dir())):
                continue
            if entry.is_dir():
                stack.append(path)
            else:
                found.add(path)
    return found


def test_without_a_file_there_are_no_rules_and_no_library(tmp_path: Path) -> None:
    write(tmp_path / "data/a.csv")
    script = (
        "import sys; from mlops_cli.store.ignore import IgnoreRules; "
        "print(IgnoreRules(sys.argv[1]).below('data'), 'pathspec' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env=variables(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["None", "False"]


def test_a_rule_of_the_project_counts_in_every_folder(tmp_path: Path) -> None:
    write_all(tmp_path, {".mlopsignore": "*.tmp\n", "data/a.csv": "", "data/b.tmp": "", "c.tmp": ""})
    assert kept(tmp_path) == {".mlopsignore", "data/a.csv"}


def test_a_deeper_file_outdoes_the_one_above(tmp_path: Path) -> None:
    write_all(tmp_path, {".mlopsignore": "*.tmp\n", "data/.mlopsignore": "!keep.tmp\n"})
    write_all(tmp_path, {"data/keep.tmp": "", "keep.tmp": "", "data/x.tmp": ""})
    assert kept(tmp_path) == {".mlopsignore", "data/.mlopsignore", "data/keep.tmp"}


def test_a_rule_with_a_slash_counts_from_its_own_folder(tmp_path: Path) -> None:
    write_all(tmp_path, {"data/.mlopsignore": "/raw/x\n", "data/raw/x": "", "raw/x": "", "data/raw/y": ""})
    assert kept(tmp_path) == {"data/.mlopsignore", "raw/x", "data/raw/y"}


def test_a_path_below_a_folder_that_is_passed_over_is_passed_over(tmp_path: Path) -> None:
    write_all(tmp_path, {".mlopsignore": "tmp/\n", "data/tmp/a": ""})
    rules = IgnoreRules(str(tmp_path))
    assert rules.ignores("data/tmp/a", is_folder=False)
    assert not rules.ignores("data/a", is_folder=False)
    assert not rules.ignores("data/tmp", is_folder=False)


def test_the_digest_follows_the_bytes_in_force(tmp_path: Path) -> None:
    write(tmp_path / ".mlopsignore", "*.tmp\n")
    one = IgnoreRules(str(tmp_path)).below("data")
    write(tmp_path / "data/.mlopsignore", "*.log\n")
    two = IgnoreRules(str(tmp_path)).below("data")
    write(tmp_path / "data/.mlopsignore", "*.lag\n")
    three = IgnoreRules(str(tmp_path)).below("data")
    assert one is not None
    assert two is not None
    assert three is not None
    assert len({one.digest, two.digest, three.digest}) == 3
    again = IgnoreRules(str(tmp_path)).below("data")
    assert again is not None
    assert again.digest == three.digest


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    write(tmp_path / ".mlopsignore", b"\xff\xfe")
    with pytest.raises(FileError, match="not UTF-8"):
        IgnoreRules(str(tmp_path)).below("data")


_parts = st.sampled_from(["a", "b", "ab", "*", "a*", "**", "?", "[ab]", "[!a]", "a.x", "*.x"])
_rules = st.builds(
    lambda no, first, parts, last: no + first + "/".join(parts) + last,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "/"]),
    st.lists(_parts, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)
_files = st.lists(_rules, max_size=4).map("\n".join)


@hypothesis_settings(max_examples=40)
@given(top=_files, inner=_files)
def test_what_is_passed_over_is_what_git_passes_over(
    tmp_path_factory: pytest.TempPathFactory, top: str, inner: str
) -> None:
    ours, theirs = tmp_path_factory.mktemp("ours"), repository(tmp_path_factory.mktemp("theirs"))
    names = ["a", "b", "ab", "a.x", "b.x"]
    folders = ["", "d/", "d/e/", "d/ax/", "f/"]
    for folder in (ours, theirs):
        write_all(folder, {f"{where}{name}": "" for where in folders for name in names})
        write_all(folder, {"ab.d/a": "", "d/b.d/b.x": ""})
    write_all(ours, {".mlopsignore": top, "d/.mlopsignore": inner})
    write_all(theirs, {".gitignore": top, "d/.gitignore": inner})
    listed = git(theirs, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    expected = {path.replace(".gitignore", ".mlopsignore") for path in listed if path}
    assert kept(ours) | {".mlopsignore", "d/.mlopsignore"} == expected | {".mlopsignore", "d/.mlopsignore"}
