"""The inheritance of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.history.lineage.chain import inheritance
from mlops_cli.history.lineage.up import what_made
from tests.support.lineages import PREPARE, TRAIN, WARM, Told, made, named

if TYPE_CHECKING:
    from mlops_cli.history.known import Production


def chain(told: Told, content: str, path: str = "models/m.joblib") -> list[tuple[int, str, dict[str, float]]]:
    rows = inheritance(told, what_made(told, [named(path, content)]))
    return [
        (row.number, row.relation, {name: round(c.by, 3) for name, c in row.changes.items()}) for row in rows
    ]


def test_each_generation_says_what_it_changed() -> None:
    third = made(
        "train",
        {"train.csv": "train", "src/train.py": "code t", "models/parent.joblib": "model 2"},
        {"models/m.joblib": "model 3"},
        run="r3",
        started="2026-01-03",
        metrics={"auc": 0.85},
    )
    told = Told([PREPARE, TRAIN, WARM, third])
    assert chain(told, "model 3") == [
        (0, "", {}),
        (1, "warm_start", {"auc": 0.1}),
        (2, "warm_start", {"auc": -0.05}),
    ]


def test_a_model_from_nothing_is_alone() -> None:
    assert chain(Told([PREPARE, TRAIN]), "model 1") == [(0, "", {})]


def test_metrics_of_a_later_evaluation_count() -> None:
    measured = [
        made(
            "evaluate", {"m.joblib": content, "test.csv": "test"}, {"r.json": content}, metrics={"f1": value}
        )
        for content, value in (("model 1", 0.5), ("model 2", 0.75))
    ]
    assert chain(Told([PREPARE, TRAIN, WARM, *measured]), "model 2")[-1][2] == {"auc": 0.1, "f1": 0.25}


def test_metrics_on_other_data_are_marked() -> None:
    moved = WARM._replace(deps={**WARM.deps, "train.csv": named("", "more rows").artifact})
    told = Told([PREPARE, TRAIN, moved])
    rows = inheritance(told, what_made(told, [named("models/m.joblib", "model 2")]))
    assert not rows[-1].changes["auc"].fair
    told = Told([PREPARE, TRAIN, WARM])
    assert inheritance(told, what_made(told, [named("models/m.joblib", "model 2")]))[-1].changes["auc"].fair


def test_several_parents_are_all_named() -> None:
    second = made("boost", {"train.csv": "train"}, {"models/b.joblib": "boosted"})
    mixed = made(
        "mix", {"models/m.joblib": "model 1", "models/b.joblib": "boosted"}, {"models/mix.joblib": "mix"}
    )
    told = Told([PREPARE, TRAIN, second, mixed])
    rows = inheritance(told, what_made(told, [named("models/mix.joblib", "mix")]))
    assert [row.number for row in rows] == [0, 0, 1]
    assert {rows[-1].parent, *rows[-1].others} == {rows[0].node.id, rows[1].node.id}


# How a metric was measured -------------------------------------------------------------------------------------------


def judged(model: str, value: float, **changed: Any) -> Production:
    deps = {"models/m.joblib": model, "test.csv": "test", "src/judge.py": "code j"} | changed.pop("deps", {})
    options: dict[str, Any] = {
        "params": {"params.yaml": {"cut": 0.5}},
        "program": ["python src/judge.py models/m.joblib"],
    }
    return made(
        changed.pop("stage", "judge"),
        deps,
        {f"reports/{model}.json": f"report of {model}"},
        metrics={"f1": value},
        **(options | changed),
    )


def otherwise(*judgements: Production, metric: str = "f1") -> tuple[str, ...]:
    told = Told([PREPARE, TRAIN, WARM, *judgements])
    rows = inheritance(told, what_made(told, [named("models/m.joblib", "model 2")]))
    return rows[-1].changes[metric].otherwise


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ()),
        ({"deps": {"src/judge.py": "code of another judge"}}, ("other code src/judge.py",)),
        ({"deps": {"test.csv": "harder"}}, ("other data test.csv",)),
        ({"program": ["python src/judge.py models/m.joblib --easy"]}, ("another program of judge",)),
        ({"params": {"params.yaml": {"cut": 0.4}}}, ("other params.yaml:cut",)),
        ({"stage": "look"}, ("by look, not by judge",)),
        (
            {"deps": {"test.csv": "harder", "src/judge.py": "other"}},
            ("other data test.csv", "other code src/judge.py"),
        ),
    ],
)
def test_a_metric_that_was_measured_otherwise_says_what_differs(
    changed: dict[str, Any], said: tuple[str, ...]
) -> None:
    assert otherwise(judged("model 1", 0.5), judged("model 2", 0.75, **changed)) == said


def test_another_name_of_a_file_is_no_other_measurement() -> None:
    moved = judged(
        "model 2",
        0.75,
        deps={"models/m.joblib": "x", "models/new.joblib": "model 2"},
        program=["python src/judge.py models/new.joblib"],
        stage="judge@new",
    )
    moved = moved._replace(deps={path: a for path, a in moved.deps.items() if path != "models/m.joblib"})
    assert otherwise(judged("model 1", 0.5), moved) == ()


def test_a_built_in_evaluation_of_another_version_measures_otherwise() -> None:
    uses = {"uses": "evaluate", "with": {"model": "models/m.joblib", "data": "test.csv"}}
    one, other = ({**uses, "version": version} for version in (1, 2))
    assert otherwise(judged("model 1", 0.5, program=one), judged("model 2", 0.7, program=one)) == ()
    assert otherwise(judged("model 1", 0.5, program=one), judged("model 2", 0.7, program=other)) == (
        "another program of judge",
    )


def test_what_made_the_model_may_differ_but_for_its_data() -> None:
    assert otherwise(metric="auc") == ()
    told = Told(
        [PREPARE, TRAIN, WARM._replace(metrics={}), judged("model 2", 0.7)._replace(metrics={"auc": 0.9})]
    )
    rows = inheritance(told, what_made(told, [named("models/m.joblib", "model 2")]))
    assert "by judge, not by train" in rows[-1].changes["auc"].otherwise
