from __future__ import annotations

from pathlib import Path

import pytest

from mlops_cli.project import Project, stage_record_path

TOP = Project(Path("/r"), Path("/r"), Path("/r/.git"), Path("/r/.git"))
BELOW = Project(Path("/r/team/model"), Path("/r"), Path("/r/.git/worktrees/w"), Path("/r/.git"))


def test_the_depth_is_how_far_below_the_worktree_the_project_lies() -> None:
    assert (TOP.depth, BELOW.depth) == (0, 2)


def test_the_prefix_leads_from_the_worktree_to_the_project() -> None:
    assert (TOP.prefix, BELOW.prefix) == ("", "team/model/")


def test_local_things_lie_where_all_worktrees_share_them() -> None:
    assert BELOW.local == Path("/r/.git/mlops")


def test_settings_lie_beside_the_records() -> None:
    assert BELOW.config_file == Path("/r/team/model/.mlops/config.yaml")


@pytest.mark.parametrize(
    ("stage", "path"),
    [
        ("train", ".mlops/stages/train.json"),
        ("train@forest-1", ".mlops/stages/train@forest-1.json"),
        ("models/churn:train", ".mlops/stages/models/churn/train.json"),
    ],
)
def test_each_stage_has_a_record_of_its_own(stage: str, path: str) -> None:
    assert stage_record_path(stage) == path
    assert TOP.stage_record(stage) == Path("/r") / path


def test_records_of_runs_lie_in_a_folder_a_month() -> None:
    run = "20260131T175900123-1f2e3d4c"
    assert TOP.run_record(run) == Path(f"/r/.mlops/runs/2026-01/{run}.json")
