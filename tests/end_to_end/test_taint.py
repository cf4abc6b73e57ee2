"""Inputs that change while a stage runs: what comes of it belongs to no key."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import (
    PATIENCE,
    finish,
    mlops,
    project,
    run,
    run_records,
    stage_record,
    start,
    states,
)
from tests.support.files import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Reads its input, says so, and waits for the test to have edited something.
_WAITS = "cat in.txt > {0}; touch started; while ! test -e go; do sleep 0.02; done"


def _edited(root: Path, edit: Callable[[], object]) -> Any:
    process = start(root, "run", "--json")
    end = time.monotonic() + PATIENCE
    while not (root / "started").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)
    edit()
    write(root / "go")
    return finish(process)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    stages = {
        "slow": {
            "cmd": _WAITS.format("out.txt"),
            "deps": ["in.txt", "data/*.csv"],
            "params": ["depth"],
            "outs": ["out.txt"],
        },
        "after": {"cmd": "cp out.txt after.txt", "deps": ["out.txt"], "outs": ["after.txt"]},
    }
    files: dict[str, bytes | str] = {
        "in.txt": "1\n",
        "data/1.csv": "1\n",
        "params.yaml": "depth: 1\nother: 1\n",
    }
    return project(tmp_path / "p", stages, files)


def _is_tainted(root: Path, answer: Any, what: str) -> None:
    assert answer.code == 4
    slow, after = answer.json["stages"]
    assert (slow["name"], slow["status"], slow["tainted"]) == ("slow", "ran", True)
    assert what in slow["message"]
    assert after["status"] == "skipped"
    assert stage_record(root, "slow")["tainted"] is True
    assert not list((root / ".git/mlops/results").rglob("*.json"))
    [record] = run_records(root)
    assert record["status"] == "failed"
    assert record["stages"][0]["status"] == "tainted"
    status = mlops(root, "status", "--json").json["stages"]
    assert status[0]["state"] == "stale"
    assert {"kind": "tainted"} in status[0]["reasons"]
    assert run(root) == {"slow": "ran", "after": "ran"}
    assert "tainted" not in stage_record(root, "slow")
    assert states(root) == {"slow": "fresh", "after": "fresh"}


def test_an_edited_input_taints(home: Path) -> None:
    _is_tainted(home, _edited(home, lambda: write(home / "in.txt", "2\n")), "in.txt")
    assert (home / "after.txt").read_text() == "2\n"


def test_an_input_that_was_edited_and_brought_back_is_run_again_under_its_old_content(home: Path) -> None:
    _is_tainted(home, _edited(home, lambda: write(home / "in.txt", "2\n")), "in.txt")
    # The key of the tainted run is that of the old content: it must not be taken for a result now.
    write(home / "in.txt", "1\n")
    assert states(home)["slow"] == "stale"
    run(home)
    assert (home / "out.txt").read_text() == "1\n"


def test_a_new_match_of_a_pattern_taints(home: Path) -> None:
    _is_tainted(home, _edited(home, lambda: write(home / "data/2.csv", "2\n")), "data/2.csv")


def test_a_match_that_is_gone_taints(home: Path) -> None:
    write(home / "data/2.csv", "2\n")
    _is_tainted(home, _edited(home, (home / "data/2.csv").unlink), "data/2.csv")


def test_a_used_parameter_taints(home: Path) -> None:
    _is_tainted(
        home, _edited(home, lambda: write(home / "params.yaml", "depth: 2\nother: 1\n")), "params.yaml"
    )


def test_a_parameter_that_the_stage_does_not_use_does_not_taint(home: Path) -> None:
    answer = _edited(home, lambda: write(home / "params.yaml", "depth: 1\nother: 2\n"))
    assert answer.code == 0
    assert [row["status"] for row in answer.json["stages"]] == ["ran", "ran"]
    assert states(home) == {"slow": "fresh", "after": "fresh"}


def test_an_input_that_was_only_touched_does_not_taint(home: Path) -> None:
    answer = _edited(home, lambda: write(home / "in.txt", "1\n"))
    assert answer.code == 0
    assert states(home) == {"slow": "fresh", "after": "fresh"}


def test_an_upstream_output_edited_while_its_reader_runs_taints_the_reader(tmp_path: Path) -> None:
    stages = {
        "first": {"cmd": "echo 1 > in.txt", "outs": ["in.txt"]},
        "slow": {"cmd": _WAITS.format("out.txt"), "deps": ["in.txt"], "outs": ["out.txt"]},
    }
    root = project(tmp_path / "p", stages)
    answer = _edited(root, lambda: write(root / "in.txt", "2\n"))
    assert answer.code == 4
    assert [row.get("tainted", False) for row in answer.json["stages"]] == [False, True]
    assert run(root) == {"first": "cached", "slow": "ran"}
    assert (root / "out.txt").read_text() == "1\n"
