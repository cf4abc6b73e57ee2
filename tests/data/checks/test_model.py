"""Verdicts of validations, and what they are written as."""

from __future__ import annotations

import pytest

from mlops_cli.data.checks.model import Finding, Looked, Trouble, Validation

LOOKED = (Looked("infinite", 3),)
WARN = Finding("age", "out_of_range", "warn", {"rows": 3}, "three", "who knows", (1, 2, 3))
FAIL = Finding("age", "unit", "fail", {}, "far", "grams")


@pytest.mark.parametrize(
    ("result", "verdict", "code"),
    [
        (Validation("t", 1, 1, looked=LOOKED), "pass", 0),
        (Validation("t", 1, 1, (WARN,), looked=LOOKED), "warn", 0),
        (Validation("t", 1, 1, (WARN, FAIL), looked=LOOKED), "fail", 1),
        (Validation("t", 1, 1, (WARN,), looked=(Looked("unit", 0, "3 rows"),)), "insufficient", 1),
        (Validation("t", 1, 1, (FAIL,), looked=(Looked("unit", 0, "3 rows"),)), "fail", 1),
        (Validation("t", 1, 1, (FAIL,), (Trouble("unit", "age", "broke"),), LOOKED), "error", 5),
    ],
)
def test_the_worst_that_is_known_is_the_verdict(result: Validation, verdict: str, code: int) -> None:
    assert (result.verdict, result.exit_code) == (verdict, code)


def test_a_validation_that_looked_at_nothing_is_an_error() -> None:
    assert Validation("t", 1, 1).verdict == "error"


def test_the_json_has_what_the_contract_names() -> None:
    wire = Validation("t", 9, 1, (WARN,), looked=LOOKED).to_wire()
    assert wire["verdict"] == "warn"
    (finding,) = wire["findings"]
    assert {key: finding[key] for key in ("column", "check", "severity", "evidence", "cause")} == {
        "column": "age",
        "check": "out_of_range",
        "severity": "warn",
        "evidence": {"rows": 3},
        "cause": "who knows",
    }
