from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlops_cli.actions.graph import GraphNode, GraphResult
from mlops_cli.actions.init import InitResult
from mlops_cli.actions.run import RunResult
from mlops_cli.actions.stages import StagesResult
from mlops_cli.actions.status import StatusResult
from mlops_cli.errors import DataError
from mlops_cli.execution.outcome import Outcome
from mlops_cli.formats.problems import DefinitionError, Problem
from mlops_cli.pipeline.decision import Decision, Inputs, Plan, Reason
from mlops_cli.pipeline.definition import Output
from mlops_cli.project import Project
from mlops_cli.render.wire import error_wire, graph_wire, init_wire, run_wire, stages_wire, status_wire
from tests.support.facts import stage


def decision(*reasons: Reason) -> Decision:
    return Decision("a", "stale", reasons, Inputs({}, {}, {}))


def reasons(*found: Reason) -> Any:
    return status_wire(StatusResult((decision(*found),)))["stages"][0]["reasons"]


def test_status_tells_name_state_key_and_reasons() -> None:
    assert status_wire(StatusResult((decision(),))) == {
        "schema": 1,
        "stages": [{"name": "a", "state": "stale", "key": None, "reasons": []}],
        "data": [],
        "seen_by_git": [],
    }


def test_a_reason_about_a_file_names_its_path() -> None:
    assert reasons(Reason("dep-changed", "a", "b3:1", "b3:2")) == [
        {"kind": "dep-changed", "path": "a", "old": "b3:1", "new": "b3:2"}
    ]


def test_a_reason_about_a_parameter_names_it_and_its_file() -> None:
    assert reasons(Reason("param-changed", "depth", 4, 8, "p.yaml")) == [
        {"kind": "param-changed", "name": "depth", "file": "p.yaml", "old": 4, "new": 8}
    ]


def test_a_value_that_was_not_there_is_null_beside_the_one_that_is() -> None:
    assert reasons(Reason("env-changed", "MODE", None, "x")) == [
        {"kind": "env-changed", "name": "MODE", "old": None, "new": "x"}
    ]


def test_a_reason_without_values_is_its_kind() -> None:
    assert reasons(Reason("new")) == [{"kind": "new"}]


def run_of(*outcomes: Outcome) -> Any:
    return run_wire(RunResult("id", Plan({"a": decision()}), outcomes, 1.23456, ("x",), "c"))


def test_a_run_tells_its_id_its_stages_and_what_it_wrote() -> None:
    assert run_of(Outcome("a", "ran", seconds=0.12345, exit_code=0)) == {
        "schema": 1,
        "run": "id",
        "stages": [{"name": "a", "status": "ran", "seconds": 0.123, "exit_code": 0}],
        "seconds": 1.235,
        "written": ["x"],
        "commit": "c",
    }


def test_a_tainted_stage_ran_and_says_so_beside() -> None:
    [row] = run_of(Outcome("a", "tainted", message="in changed"))["stages"]
    assert (row["status"], row["tainted"], row["message"]) == ("ran", True, "in changed")


def test_a_failed_stage_tells_where_its_log_is() -> None:
    [row] = run_of(Outcome("a", "failed", message="exit code 1", exit_code=1, log="/l"))["stages"]
    assert (row["status"], row["exit_code"], row["log"]) == ("failed", 1, "/l")


def test_metrics_stand_beside_their_stage() -> None:
    assert run_of(Outcome("a", "ran", metrics={"auc": 0.5}))["stages"][0]["metrics"] == {"auc": 0.5}


def test_a_dry_run_has_the_shape_of_status() -> None:
    value = run_wire(RunResult(None, Plan({"a": decision(Reason("new"))}), (), 0.0))
    assert value == {
        "schema": 1,
        "run": None,
        "dry": True,
        "stages": [{"name": "a", "state": "stale", "key": None, "reasons": [{"kind": "new"}]}],
        "absent": [],
    }


def test_a_run_of_no_stages_is_a_run() -> None:
    assert run_wire(RunResult(None, Plan({}), (), 0.0))["stages"] == []


def test_a_stage_is_told_with_its_place() -> None:
    this = stage(
        "a", deps=["d"], outs=[Output("o", persist=True)], params={"p": {"x": 1}}, env=("E",), desc="why"
    )
    assert stages_wire(StagesResult((this,)))["stages"] == [
        {
            "name": "a",
            "desc": "why",
            "program": ["make a"],
            "wdir": ".",
            "deps": ["d"],
            "params": {"p": ["x"]},
            "env": ["E"],
            "outs": [{"path": "o", "kind": "out", "cache": True, "persist": True}],
            "file": "mlops.yaml",
            "line": 7,
        }
    ]


def test_a_graph_is_nodes_and_edges() -> None:
    value = graph_wire(GraphResult((GraphNode("a", 1, ""), GraphNode("b", 3, "why")), (("a", "b"),)))
    assert value["nodes"][1] == {"name": "b", "count": 3, "desc": "why"}
    assert value["edges"] == [{"from": "a", "to": "b"}]


def test_init_tells_the_folder_and_what_was_written() -> None:
    here = Path("/r")
    value = init_wire(InitResult(Project(here, here, here, here), ("a",), example=False))
    assert value == {"schema": 1, "root": "/r", "written": ["a"]}


def test_an_error_tells_its_family_and_exit_code() -> None:
    assert error_wire(DataError("gone", hint="Pull.")) == {
        "schema": 1,
        "error": {"kind": "data", "message": "gone", "hint": "Pull.", "exit_code": 5},
    }


def test_problems_of_files_are_told_one_by_one() -> None:
    value = error_wire(DefinitionError([Problem("a.yaml", 1, 2, "wrong", "right")]))["error"]
    assert value["problems"] == [
        {"file": "a.yaml", "line": 1, "column": 2, "message": "wrong", "hint": "right"}
    ]


def test_every_shape_is_plain_json() -> None:
    value = run_of(Outcome("a", "ran", metrics={"auc": {"value": 0.5, "n": 3}}))
    assert json.loads(json.dumps(value)) == value
