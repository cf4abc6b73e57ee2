"""Graphs made small enough to be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.history.lineage.fold import View, fold, layers, whole
from mlops_cli.history.lineage.up import what_made
from tests.support.lineages import PREPARE, TRAIN, Told, made, named

if TYPE_CHECKING:
    from mlops_cli.history.lineage.graph import Lineage


def wide(members: int) -> Lineage:
    """Return the lineage of a choice between the members of a matrix."""
    rows = [
        made(
            f"train@{n}",
            {"train.csv": "train"},
            {f"models/{n}.joblib": f"model {n}"},
            params={"params.yaml": {"seed": n}},
        )
        for n in range(members)
    ]
    choice = made(
        "choose", {f"models/{n}.joblib": f"model {n}" for n in range(members)}, {"best.txt": "best"}
    )
    return what_made(Told([PREPARE, *rows, choice]), [named("best.txt", "best")])


def long(generations: int) -> Lineage:
    rows = [
        made("train", {"p.pkl": f"m{n}"}, {"m.pkl": f"m{n + 1}"}, run=f"r{n}", started=f"2026-{n:05}")
        for n in range(generations)
    ]
    return what_made(Told(rows), [named("m.pkl", f"m{generations}")])


def sound(view: View) -> bool:
    ids = {node.id for node in view.nodes}
    return all(edge.start in ids and edge.end in ids for edge in view.edges) and len(ids) == len(view.nodes)


def test_a_small_graph_stays_as_it_is() -> None:
    lineage = what_made(Told([PREPARE, TRAIN]), [named("models/m.joblib", "model 1")])
    assert fold(lineage) == whole(lineage)
    assert fold(lineage).said == ()


def test_first_parameters_and_commits_go_into_their_executions() -> None:
    lineage = wide(5)
    view = fold(lineage, len(lineage.nodes) - 1)
    assert {node.kind for node in view.nodes} & {"params", "commit"} == set()
    runs = [node for node in view.nodes if node.label.startswith("train@")]
    assert len(runs) == 5
    assert runs[0].facts["params"] == {"params.yaml": {"seed": 0}}
    assert sound(view)
    assert view.said


def test_then_the_members_of_a_matrix_become_one() -> None:
    view = fold(wide(300), 200)
    [members] = [node for node in view.nodes if node.label.startswith("train@")]
    assert members.stands_for == 300
    assert members.label == "train@*"
    [models] = [node for node in view.nodes if node.kind == "model"]
    assert (models.label, models.stands_for) == ("models/*.joblib", 300)
    assert sound(view)
    assert len(layers([n.id for n in view.nodes], view.edges)) == len(view.nodes)


def test_then_what_is_far_away_is_left_out() -> None:
    lineage = long(400)
    view = fold(lineage, 200)
    assert len(view.nodes) == 200
    assert lineage.starts[0] in {node.id for node in view.nodes}
    assert any(node.cut for node in view.nodes)
    assert sound(view)
    assert "left out" in view.said[-1]


def test_folding_never_makes_a_loop() -> None:
    view = fold(long(90), 60)
    order = layers([n.id for n in view.nodes], view.edges)
    assert all(order[edge.start] < order[edge.end] for edge in view.edges)


def test_edges_are_limited_too() -> None:
    view = fold(wide(100), 1000, 50)
    assert len(view.edges) <= 50
    assert sound(view)
