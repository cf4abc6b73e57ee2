"""What `rerun` says."""

from __future__ import annotations

import json

from mlops_cli.actions.rerun import RerunResult
from mlops_cli.history.repetition import MetricRepeat, OutputChange, Repetition, StageRepeat
from mlops_cli.history.runtime_change import RuntimeChange
from mlops_cli.render.rerun import rerun_text, rerun_wire
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes

ONE, TWO = Artifact(digest_bytes(b"1"), 1), Artifact(digest_bytes(b"2"), 2)
SAME = StageRepeat("prepare", "same")
TRAIN = StageRepeat(
    "train", "differs", (OutputChange("model", ONE, TWO),), (MetricRepeat("auc", 0.9, 0.8, None),)
)


def result(repetition: Repetition, **more: object) -> RerunResult:
    values: dict[str, object] = {"event": None, "written": None, "notes": (), "seconds": 1.23456}
    return RerunResult("RUN", "NEW", repetition, **(values | more))  # type: ignore[arg-type]


def test_an_identical_repetition_is_one_line() -> None:
    text = rerun_text(result(Repetition("identical", None, (SAME,), ())))
    assert text == "RUN was repeated by NEW: identical: every output has the same digest\n"
    assert "prepare: same" in rerun_text(result(Repetition("identical", None, (SAME,), ())), everything=True)


def test_the_machine_comes_first_then_the_verdict_then_what_differs() -> None:
    changes = (RuntimeChange("package", "numpy", "1", None), RuntimeChange("cpus", "", "2", "4"))
    found = result(
        Repetition("different", "train", (SAME, TRAIN), changes),
        event="e",
        written="f",
        notes=("it was hot",),
    )
    assert rerun_text(found).splitlines() == [
        "this machine is not the one of then:",
        "  package numpy 1 -> none",
        "  cpus 2 -> 4",
        "note: it was hot",
        "RUN was repeated by NEW: different from stage train on",
        "  train: other outputs from the same inputs",
        f"    model {ONE.digest[:15]}… -> {TWO.digest[:15]}…",
        "    auc 0.9 -> 0.8",
        "kept in the journal and in f: mlops show RUN",
    ]
    assert found.exit_code == 1
    assert result(found.repetition).exit_code == 0  # nobody asked for a verdict


def test_why_metrics_are_equivalent_is_said() -> None:
    def said(within: str) -> str:
        stage = StageRepeat("train", "differs", (), (MetricRepeat("auc", 0.9, 0.91, within),))  # type: ignore[arg-type]
        return rerun_text(result(Repetition("equivalent", "train", (stage,), ())))

    assert "every metric is within the tolerance" in said("tolerance")
    assert "every metric is within what repetitions gave before" in said("spread")
    assert "every metric is the same" in said("equal")


def test_many_lines_are_cut_short_unless_all_are_asked_for() -> None:
    changes = tuple(RuntimeChange("package", f"p{n}", "1", "2") for n in range(20))
    found = result(Repetition("identical", None, (), changes))
    assert "… and 12 more, with -v" in rerun_text(found)
    assert "p19" in rerun_text(found, everything=True)


def test_a_failure_is_said_and_ends_with_4() -> None:
    found = result(Repetition("different", "train", (StageRepeat("train", "failed"),), ()), event="e")
    assert "train failed, which had succeeded then" in rerun_text(found)
    assert found.exit_code == 4


def test_the_json_shape_is_plain_and_whole() -> None:
    changes = (RuntimeChange("python", "", "3.12", "3.13"),)
    stages = (SAME, TRAIN._replace(outs=(OutputChange("model", None, TWO),)))
    value = json.loads(json.dumps(rerun_wire(result(Repetition("different", "train", stages, changes)))))
    assert value == {
        "schema": 1,
        "run": "RUN",
        "repeat": "NEW",
        "verdict": "different",
        "stage": "train",
        "failed": [],
        "event": None,
        "written": None,
        "environment": [{"kind": "python", "name": "", "old": "3.12", "new": "3.13"}],
        "stages": [
            {"name": "prepare", "verdict": "same", "outs": [], "inputs": [], "metrics": []},
            {
                "name": "train",
                "verdict": "differs",
                "outs": [{"path": "model", "old": None, "new": {"digest": TWO.digest, "size": 2}}],
                "inputs": [],
                "metrics": [{"name": "auc", "old": 0.9, "new": 0.8, "within": None}],
            },
        ],
        "notes": [],
        "seconds": 1.235,
    }
