from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.command import commit, mlops, project, run
from tests.support.stored import Lab, many

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(tmp_path / "project")
    lab.track("data", many(20))
    lab.track("single", "alone")
    (lab.root / ".mlops/config.yaml").write_text("run: {jobs: 1}\n")  # is no record
    (lab.root / ".gitignore").write_text("/data\n/single\n")
    commit(lab.root, "begin")
    return lab


def test_a_whole_project_is_said_to_be_whole(lab: Lab) -> None:
    answer = mlops(lab.root, "verify")
    assert answer.code == 0
    assert answer.err == ""
    assert "2 records" in answer.out
    assert answer.out.endswith("everything is what it should be.\n")


def test_what_is_wrong_is_named_with_what_needs_it_and_what_to_do(lab: Lab) -> None:
    artifact = lab.track("single", "alone")
    lab.objects().remove([artifact.digest])
    answer = mlops(lab.root, "verify")
    assert answer.code == 5
    assert f"object {artifact.digest}: it is not in the store" in answer.err
    assert "needed: single by .mlops/data/single.json" in answer.err
    assert "mlops verify --repair" in answer.err
    assert "1 not what it should be" in answer.out
    assert "Traceback" not in answer.err
    mended = mlops(lab.root, "verify", "--repair", "--json")
    assert mended.code == 0
    [problem] = mended.json["problems"]
    assert problem["repaired"] == "the workspace: single"
    assert problem["needed"] == [{"path": "single", "record": ".mlops/data/single.json", "commit": None}]
    assert mlops(lab.root, "verify", "-q").out == ""


def test_what_cannot_be_mended_ends_with_five(lab: Lab) -> None:
    artifact = lab.track("single", "alone")
    lab.objects().remove([artifact.digest])
    (lab.root / "single").unlink()
    answer = mlops(lab.root, "verify", "--repair")
    assert answer.code == 5
    assert "has no good copy here" in answer.err
    assert mlops(lab.root, "verify", "--json").json["good"] is False


def test_a_path_that_is_not_recorded_is_a_mistake(lab: Lab) -> None:
    answer = mlops(lab.root, "verify", "nowhere")
    assert answer.code == 2
    assert "nothing is recorded at nowhere" in answer.err


def test_a_project_without_a_store_is_whole(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "empty")
    assert mlops(lab.root, "verify").code == 0
    assert mlops(lab.root, "gc").code == 0
    assert mlops(lab.root, "gc", "--delete").code == 0


def test_records_of_a_sub_project_are_looked_at(lab: Lab) -> None:
    inner = lab.root / "inner"
    shutil.copytree(lab.root / ".mlops", inner / ".mlops")
    shutil.copy(lab.root / "single", inner / "single")
    artifact = lab.put("only", "only")
    lab.record("only", artifact)
    shutil.move(lab.root / ".mlops/data/only.json", inner / ".mlops/data/only.json")
    lab.objects().remove([artifact.digest])
    answer = mlops(lab.root, "verify", "--json")
    [problem] = answer.json["problems"]
    assert problem["needed"][0]["path"] == "inner/only"


def test_a_run_record_that_was_edited_and_committed_is_held_against_the_journal(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", {"train": {"cmd": "echo 1 > m", "outs": ["m"]}}, {})
    run(folder)
    commit(folder, "trained")
    assert mlops(folder, "verify").code == 0
    [record] = (folder / ".mlops/runs").rglob("*.json")
    record.write_text(record.read_text().replace("echo 1", "echo 2"))
    commit(folder, "forged")
    answer = mlops(folder, "verify")
    assert answer.code == 5
    assert f"record {record.relative_to(folder)}: " in answer.err
    assert "stages.train.program" in answer.err
    assert "in the journal" in answer.err
    assert "never changes" in answer.err
    assert f"git log -p -- {record.relative_to(folder)}" in answer.err
    assert "--repair" not in answer.err  # which of two is right, nobody but people can tell
