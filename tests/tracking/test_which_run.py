"""Which run is meant where an artifact or a commit is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import UsageError
from mlops_cli.opened import open_folder
from mlops_cli.tracking.commit_run import of_commit
from mlops_cli.tracking.which_run import which_run
from tests.support.command import commit, git, mlops, project, run, run_records
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

STAGES = {"train": {"cmd": "cat in > model", "deps": ["in"], "outs": ["model"]}}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    made = project(tmp_path / "repo", STAGES, {"in": "1"})
    run(made)
    commit(made, "ran")
    return made


def meant(folder: Path, text: str) -> str:
    with open_folder(folder) as opened:
        return which_run(opened, text)


def test_an_artifact_means_who_made_it_and_not_who_restored_or_repeated_it(repo: Path) -> None:
    [first] = run_records(repo)
    (repo / "model").unlink()
    assert run(repo) == {"train": "cached"}
    assert mlops(repo, "rerun", first["id"]).code == 0
    assert meant(repo, "model") == first["id"]
    run(repo, "--force")
    assert meant(repo, "model") == run_records(repo)[-1]["id"]


def test_a_repetition_stands_for_no_commit_where_the_run_that_it_repeats_is_known(repo: Path) -> None:
    [first] = run_records(repo)
    assert mlops(repo, "rerun", "HEAD~1").code == 0
    assert (meant(repo, "HEAD~1"), meant(repo, "HEAD")) == (first["id"], first["id"])


def test_what_a_commit_recorded_of_other_code_does_not_make_that_run_its_own(repo: Path) -> None:
    [first] = run_records(repo)
    write(repo / "in", "2")
    commit(repo, "not run yet")
    with open_folder(repo) as opened:
        found = of_commit(opened, "HEAD", git(repo, "rev-parse", "HEAD").strip())
    assert (found.maker, found.run) == (first["id"], None)
    assert found.stale is not None
    with pytest.raises(UsageError, match="no run is known of the code of HEAD"):
        meant(repo, "HEAD")
    run(repo)
    assert meant(repo, "HEAD") == run_records(repo)[-1]["id"]
