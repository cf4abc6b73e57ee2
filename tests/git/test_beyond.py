from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mlops_cli.git.beyond import beyond_border
from mlops_cli.git.command import Git
from tests.support.command import commit, git, repository
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "origin")
    for number in range(3):
        write(folder / "a", str(number))
        commit(folder, f"commit {number}")
    return folder


def shallow(origin: Path, tmp_path: Path) -> Git:
    git(tmp_path, "clone", "--quiet", "--depth=1", origin.as_uri(), "shallow")
    return Git(tmp_path / "shallow", os.environ)


def test_parents_and_ids_that_a_shallow_clone_lacks_may_lie_beyond_its_border(
    origin: Path, tmp_path: Path
) -> None:
    asked = shallow(origin, tmp_path)
    for name in ("HEAD~1", "main~2", "HEAD^^", "HEAD~1:a", git(origin, "rev-parse", "HEAD~1").strip()):
        trouble = beyond_border(asked, name)
        assert trouble is not None, name
        assert name.partition(":")[0] in trouble.message
        assert "git fetch --unshallow" in trouble.hint


def test_what_no_history_would_have_lies_beyond_no_border(origin: Path, tmp_path: Path) -> None:
    asked = shallow(origin, tmp_path)
    for name in ("nonsense", "nonsense~1", "data/raw.csv", "", "@latest", "~1"):
        assert beyond_border(asked, name) is None, name


def test_a_whole_clone_has_no_border(origin: Path) -> None:
    for name in ("HEAD~7", "1234567"):
        assert beyond_border(Git(origin, os.environ), name) is None
