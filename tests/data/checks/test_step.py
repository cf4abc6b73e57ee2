"""`uses: validate` before it runs: what it reads, makes and refuses."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from mlops_cli.data.checks.request import Request, read_settings
from mlops_cli.data.checks.step import ValidateStep
from tests.support.command import variables

SETTINGS = {
    "data": "d.csv",
    "schema": "s.yaml",
    "against": "p.json",
    "raw": "r.csv",
    "train": "d.csv",
    "key": "id",
}


def test_inputs_and_outputs_follow_from_the_settings() -> None:
    declared = ValidateStep().declare(SETTINGS, "reports/check")
    assert declared.deps == ("d.csv", "s.yaml", "p.json", "r.csv")
    assert declared.outs == ("reports/check/report.html",)
    assert declared.metrics == ("reports/check/metrics.json",)
    assert declared.plots == ("reports/check/validation.json",)
    assert declared.loads == ()


def test_addresses_are_no_inputs() -> None:
    assert ValidateStep().declare({"data": "s3://bucket/d.csv"}, "r").deps == ()


def test_settings_are_read() -> None:
    assert read_settings({**SETTINGS, "fresh": "2d", "time": "at", "target": "y"}) == Request(
        "d.csv", "s.yaml", "p.json", "r.csv", "d.csv", "y", ("id",), "at", 172_800.0
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "needs data"),
        ({"data": 3}, "data should be text"),
        ({"data": "d", "shcema": "s"}, 'did you mean "schema"?'),
        ({"data": "d", "key": [1]}, "key should be a column"),
        ({"data": "d", "fresh": "soon"}, "fresh should be a duration"),
    ],
)
def test_wrong_settings_are_told(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        ValidateStep().declare(settings, "r")  # type: ignore[arg-type]


def test_a_report_is_needed() -> None:
    with pytest.raises(ValueError, match="needs report"):
        ValidateStep().declare(SETTINGS, None)


def test_planning_the_step_loads_nothing_heavy() -> None:
    program = (
        "import sys; from mlops_cli.data.checks.step import ValidateStep; import mlops_cli.data.checks.model;"
        "ValidateStep().declare({'data': 'd.csv'}, 'r'); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=variables(), capture_output=True, text=True, check=True
    )
    assert not {"numpy", "pandas", "pandera", "scipy", "pyarrow", "yaml"} & set(done.stdout.split())
