"""What is found goes to the file and back without a change."""

from __future__ import annotations

import json

import pytest

from mlops_cli.evaluation.findings import (
    Comparison,
    FoundSlice,
    Gap,
    Importance,
    PairedMetric,
    Slice,
    SlicePair,
    Warned,
    Wire,
    Worth,
    WorthAt,
)
from mlops_cli.evaluation.measured import Measured

M = Measured(0.5, 0.25, 0.75, 10, "up", method="wilson")
NONE = Measured(None, status="insufficient", note="no row is in it")
PAIRED = PairedMetric("accuracy", 0.5, 0.25, M, 0.5, 0.01, "better", "mcnemar", 0.5, 100, "why")
PAIR = SlicePair("s", "w", "g", 3, PAIRED)


@pytest.mark.parametrize(
    "found",
    [
        Slice("a = x", "a == 'x'", "a", 10, "ok", "", {"accuracy": M, "roc_auc": NONE}),
        FoundSlice("n", "w", 3, 0.5, 2, "log_loss", M, M, M, None, 0.5, 0.25, ("x", "y"), {"f1": M}, ("x",)),
        Gap("recall", "sex", "sex = f", "overall", M, M, M, NONE, True, "ok", "", 10),
        Importance("age", M, "roc_auc", 0.5, 5, 100, ("years",)),
        Warned("overlap", "", "fail", "text", {"rows": 3, "share": 0.5}, "cause"),
        Worth("EUR", ("n", "y"), ((1.0, 0.0), (0.0, 1.0)), M, M, 0.5, "y", (WorthAt(0.5, 1.0, 0.5, 2.0),), WorthAt(0.5, 1.0)),
        Comparison("v1", 10, "accuracy", "better", "Better.", "order", "b3:0", (PAIRED,), (PAIR,), ("n",)),
    ],
    ids=lambda found: type(found).__name__,
)  # fmt: skip
def test_what_was_written_is_read_again(found: Wire) -> None:
    assert type(found).from_wire(json.loads(json.dumps(found.to_wire()))) == found


def test_a_field_that_a_file_does_not_have_keeps_its_default() -> None:
    assert Slice.from_wire({"name": "a", "where": "b"}) == Slice("a", "b")


def test_the_contract_of_a_slice_is_kept() -> None:
    assert set(Slice("a", "b", metrics={"f1": M}).to_wire()) >= {"name", "where", "n", "metrics", "status"}
