"""The inheritance of models."""

from __future__ import annotations

from mlops_cli.history.lineage.chain import inheritance
from mlops_cli.history.lineage.up import what_made
from tests.support.lineages import PREPARE, TRAIN, WARM, Told, made, named


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
