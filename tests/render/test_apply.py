"""What `apply` says."""

from __future__ import annotations

from mlops_cli.actions.apply import AppliedStage, ApplyResult
from mlops_cli.errors import DataError
from mlops_cli.experiments.parameters import ABSENT, Difference
from mlops_cli.pipeline.decision import Reason
from mlops_cli.render.apply import apply_text, apply_trouble, apply_wire
from mlops_cli.store.placement.difference import Loss
from mlops_cli.tracking.agreeing import Brought, CheckoutResult, Kept

PARAMETERS = (Difference("params.yaml", "lr", 0.5, 0.1), Difference("b.json", "x", ABSENT, "a"))
STAGES = (
    AppliedStage("prepare", "same"),
    AppliedStage("train", "differs", (Reason("dep-changed", "train.py", "b3:1", "b3:2"),)),
    AppliedStage("old", "gone"),
    AppliedStage("last", "unfinished"),
)


def test_what_was_brought() -> None:
    outputs = CheckoutResult((Brought("m.bin", 1, 10, 0),), 0)
    result = ApplyResult("run-1", PARAMETERS, STAGES[:1], outputs)
    assert apply_text(result).splitlines() == [
        "params.yaml: lr 0.5 -> 0.1",
        "b.json: x is new: a",
        "m.bin: placed 1 file, 10 bytes",
        "The workspace is as in run-1 now. See it with: mlops status",
    ]
    assert (apply_trouble(result), result.exit_code) == ("", 0)
    wire = apply_wire(result)
    assert wire["params"][1] == {"file": "b.json", "name": "x", "old": None, "new": "a"}
    assert (wire["applied"], wire["brought"]) == (True, [{"path": "m.bin", "files": 1, "bytes": 10}])


def test_with_parameters_alone_it_is_said_what_is_not_as_in_that_run() -> None:
    rest = (
        "Parameters are as in run-1 now; outputs and records stay as they are."
        " Bring them with: mlops apply run-1"
    )
    assert apply_text(ApplyResult("run-1", params_only=True)).splitlines() == [rest]
    told = apply_text(ApplyResult("run-1", PARAMETERS[:1], params_only=True)).splitlines()
    assert told == ["params.yaml: lr 0.5 -> 0.1", rest]


def test_stages_that_are_not_what_they_were() -> None:
    result = ApplyResult("run-1", (), STAGES)
    assert apply_text(result) == ""
    assert apply_trouble(result).splitlines() == [
        "mlops: train is not what it was in that run: train.py changed",
        "mlops: there is no stage old any more",
        "mlops: that run did not finish last",
        "Its outputs stay as they are. Make them with: mlops run",
        "The workspace is not all as in run-1, which did not run every stage to its end. Run the rest with: mlops run",
    ]
    assert result.exit_code == 1


def test_what_a_failed_run_has_finished_is_not_called_the_whole() -> None:
    result = ApplyResult("run-1", PARAMETERS[:1], STAGES[:1], status="failed")
    assert apply_text(result) == "params.yaml: lr 0.5 -> 0.1\n"
    assert apply_trouble(result) == (
        "The workspace is not all as in run-1, which did not end well (failed). Run the rest with: mlops run\n"
    )
    assert result.exit_code == 1


def test_a_refusal_names_everything_and_says_that_nothing_was_changed() -> None:
    outputs = CheckoutResult(
        (), 0, (Kept("m.bin", (Loss("m.bin", 3),)),), ("n.bin",), (DataError("no", hint="Do."),)
    )
    result = ApplyResult("run-1", (), (), outputs)
    assert apply_text(result) == ""
    assert apply_trouble(result).splitlines() == [
        "mlops: m.bin is not in the store, and would be lost:",
        "  m.bin (3 bytes)",
        "mlops: the content of n.bin is not in the store",
        "mlops: no",
        "Do.",
        "Nothing was changed.",
        "Move it away, or drop it: mlops apply --force run-1",
    ]
    assert (result.exit_code, apply_wire(result)["applied"]) == (5, False)


def test_missing_content_leaves_the_parameters_to_be_taken() -> None:
    result = ApplyResult("run-1", (), (), CheckoutResult((), 0, (), ("n.bin",)))
    assert (
        apply_trouble(result).splitlines()[-1] == "Take the parameters alone: mlops apply --params-only run-1"
    )
