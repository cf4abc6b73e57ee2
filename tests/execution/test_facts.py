from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import FileError
from mlops_cli.opened import open_folder
from mlops_cli.settings import read_environment
from tests.support.command import project
from tests.support.files import later, spying, write
from tests.support.working import carry_out

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.execution.facts import MachineFacts

STAGES = {
    "make": {
        "cmd": "mkdir d; cat in > d/a; cat in > out",
        "deps": ["in"],
        "params": ["x"],
        "outs": ["d", "out"],
    },
    "read": {"cmd": "cat in out", "deps": ["in", "out"]},
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = project(tmp_path / "repo", STAGES, {"in": "1", "params.yaml": "x: 1\n"})
    carry_out(folder)
    return folder


def facts_of(repo: Path) -> MachineFacts:
    return open_folder(repo, read_environment({"MODE": "fast"})).facts


def test_what_lies_in_the_workspace_is_found(repo: Path) -> None:
    facts = facts_of(repo)
    assert facts.artifact("in") == facts.artifact("out")
    assert facts.artifact("none") is None
    assert facts.matches("d/*") == ("d/a",)


def test_a_record_is_found(repo: Path) -> None:
    record = facts_of(repo).record("make")
    assert record is not None
    assert set(record.outs) == {"d", "out"}


def test_a_stage_that_never_ran_has_no_record(repo: Path) -> None:
    assert facts_of(repo).record("none") is None


def test_an_empty_record_is_as_good_as_none(repo: Path) -> None:
    write(repo / ".mlops/stages/make.json", "")
    assert facts_of(repo).record("make") is None


def test_a_damaged_record_is_refused(repo: Path) -> None:
    write(repo / ".mlops/stages/make.json", "<<<<<<<")
    with pytest.raises(FileError, match=r"\.mlops/stages/make\.json is not valid JSON"):
        facts_of(repo).record("make")


def test_a_result_is_known_by_its_key(repo: Path) -> None:
    facts = facts_of(repo)
    record = facts.record("make")
    assert record is not None
    assert facts.result(record.key) == record.outs


def test_a_result_whose_content_is_gone_is_none(repo: Path) -> None:
    facts = facts_of(repo)
    record = facts.record("make")
    assert record is not None
    for path in (repo / ".git/mlops/objects").rglob("*"):
        if path.is_file():
            path.unlink()
    assert facts.result(record.key) is None


def test_inside_a_stored_directory_its_files_are_found(repo: Path) -> None:
    facts = facts_of(repo)
    whole = facts.artifact("d")
    assert whole is not None
    assert facts.inside(whole, "a") == facts.artifact("d/a")
    assert facts.inside(whole, "b") is None


def test_variables_are_those_of_the_environment(repo: Path) -> None:
    facts = facts_of(repo)
    assert (facts.variable("MODE"), facts.variable("NONE")) == ("fast", None)


def test_each_path_is_looked_at_once_however_many_stages_share_it(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch)
    with open_folder(repo) as opened:
        opened.plan(opened.graph.order())
    with open_folder(repo) as opened:
        stages = opened.graph.order()
        with spying(monkeypatch, "stat") as calls:
            opened.plan(stages)
    assert calls["stat"][str(repo / "in")] == 1
    assert calls["stat"][str(repo / "out")] == 1


def test_a_plan_in_which_all_is_fresh_never_opens_the_store(repo: Path) -> None:
    with open_folder(repo) as opened:
        opened.plan(opened.graph.order())
        assert "objects" not in opened.facts.__dict__


def test_a_parameter_file_is_remembered_as_it_was_when_the_plan_was_made(repo: Path) -> None:
    with open_folder(repo) as opened:
        before = opened.workspace.artifact("params.yaml")
        opened.facts.look_ahead(opened.pipeline.stages.values())
        write(repo / "params.yaml", "x: 2\n")
        opened.workspace.forget(["params.yaml"])
        opened.facts.look_ahead(opened.pipeline.stages.values())
        assert opened.facts.parameter_file("params.yaml") == before


def test_a_record_that_another_command_wrote_is_seen_when_it_is_looked_at_again(repo: Path) -> None:
    facts = facts_of(repo)
    before = facts.record("make")
    write(repo / "in", "2")
    carry_out(repo)
    assert facts.record("make") is before
    stage = open_folder(repo).pipeline.stages["make"]
    facts.look_again(stage)
    after = facts.record("make")
    assert after is not None
    assert after != before
    assert facts.artifact("out") == after.outs["out"]
