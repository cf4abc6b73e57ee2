"""Lineage as text, tables, diagrams and JSON."""

from __future__ import annotations

import json
import re

from mlops_cli.actions.lineage import Asked, ChainResult, LineageDiffResult, LineageResult
from mlops_cli.history.lineage.chain import inheritance
from mlops_cli.history.lineage.difference import differences
from mlops_cli.history.lineage.down import what_came_of
from mlops_cli.history.lineage.measured import Change
from mlops_cli.history.lineage.statements import Proof, Statement
from mlops_cli.history.lineage.up import what_made
from mlops_cli.render.lineage import lineage_tree, lineage_wire
from mlops_cli.render.lineage_forms import MERMAID_CHARACTERS, MERMAID_EDGES, lineage_dot, lineage_mermaid
from mlops_cli.render.lineage_proof import proof_text, proof_wire
from mlops_cli.render.lineage_tables import (
    chain_text,
    chain_wire,
    change_text,
    differences_text,
    differences_wire,
)
from tests.support.lineages import PREPARE, RAW, TRAIN, WARM, Told, made, named

HISTORY = Told([PREPARE, TRAIN, WARM], [RAW])
MODEL = [named("models/m.joblib", "model 2")]
HOSTILE = 'a"b]-->\\n;end\n<b>\x1b[31m`{}|'


def up(told: Told = HISTORY, depth: int | None = None) -> LineageResult:
    return LineageResult(Asked("models/m.joblib"), what_made(told, MODEL, depth=depth))


def test_the_tree_draws_each_thing_once() -> None:
    text = lineage_tree(up())
    assert text.count("data/raw.csv") == 1
    assert "train.csv  " in text
    assert "(as above)" in text
    assert "parent: models/parent.joblib" in text
    assert "(warm start)" in text
    assert "(as models/m.joblib)" in text
    assert "params.yaml: train.depth=8, train.seed=1" in text
    assert "imported from s3://bucket/raw.csv" in text
    assert "by Ada" in text
    assert text.startswith("models/m.joblib  b3:")


def test_the_tree_says_where_it_was_cut() -> None:
    text = lineage_tree(up(depth=1))
    assert text.count("… more with a greater --depth") == 2
    assert "prepare" not in text


def test_a_recall_ends_with_the_models() -> None:
    graph = what_came_of(HISTORY, [named("data/raw.csv", "raw")])
    models = tuple(name for name, node in graph.nodes.items() if node.kind == "model")
    text = lineage_tree(LineageResult(Asked("data/raw.csv"), graph, models))
    assert "2 models came of it:" in text
    none = what_came_of(HISTORY, [named("nothing.csv", "nothing")])
    assert "No model came of it." in lineage_tree(LineageResult(Asked("nothing.csv"), none))


def test_very_many_children_are_counted_unless_all_are_wanted() -> None:
    rows = [made(f"s{n}", {"raw.csv": "raw"}, {f"{n}.csv": str(n)}) for n in range(100)]
    result = LineageResult(Asked("raw.csv"), what_came_of(Told(rows), [named("raw.csv", "raw")]))
    assert "… and 70 more; see all with -v" in lineage_tree(result)
    assert "s99  " in lineage_tree(result, everything=True)


def test_names_cannot_steer_the_terminal() -> None:
    rows = [
        made(HOSTILE, {HOSTILE: "x"}, {"models/m.joblib": "model 2"}, params={HOSTILE: {HOSTILE: HOSTILE}})
    ]
    text = lineage_tree(up(Told(rows)), everything=True)
    assert "\x1b" not in text
    assert text.count("\n") == len([line for line in text.split("\n") if line])


def test_json_has_nodes_and_edges_from_what_was_before() -> None:
    value = json.loads(json.dumps(lineage_wire(up())))
    ids = {node["id"]: node for node in value["nodes"]}
    assert {node["kind"] for node in value["nodes"]} <= {
        "artifact",
        "run",
        "data",
        "code",
        "params",
        "model",
        "commit",
    }
    assert all(edge["from"] in ids and edge["to"] in ids and edge["role"] for edge in value["edges"])
    made_by = [ids[e["from"]]["label"] for e in value["edges"] if e["to"] == value["starts"][0]]
    assert made_by == ["train"]
    assert value["complete"]


def test_dot_keeps_hostile_names_inside_their_quotes() -> None:
    rows = [made(HOSTILE, {HOSTILE: "x"}, {"models/m.joblib": "model 2"})]
    text = lineage_dot(up(Told(rows)).graph)
    assert text.startswith("digraph lineage {")
    for line in text.splitlines():
        assert len(re.findall(r'(?<!\\)(?:\\\\)*"', line)) % 2 == 0
    assert "\x1b" not in text


def test_mermaid_keeps_hostile_names_inside_their_quotes() -> None:
    rows = [made(HOSTILE, {HOSTILE: "x"}, {"models/m.joblib": "model 2"})]
    text, said = lineage_mermaid(up(Told(rows)).graph)
    assert said == ()
    for line in text.splitlines()[1:]:
        assert re.fullmatch(
            r"  (n\d+[^\w\s]{1,3}\"[^\"<>`]*(<br/>[^\"<>`]*)*\"[^\w\s]{1,3}:::\w+|n\d+ .*--> n\d+|style .*)",
            line,
        )


def test_mermaid_stays_within_what_hosting_sites_draw_and_says_what_was_folded() -> None:
    rows = [made(f"train@{n}", {f"d{n}.csv": f"d{n}"}, {f"models/{n}.joblib": f"m {n}"}) for n in range(700)]
    choice = made(
        "choose", {f"models/{n}.joblib": f"m {n}" for n in range(700)}, {"models/m.joblib": "model 2"}
    )
    text, said = lineage_mermaid(up(Told([*rows, choice])).graph)
    assert text.count("-->") <= MERMAID_EDGES
    assert len(text) <= MERMAID_CHARACTERS
    assert said
    assert all(f"%% {row}" in text for row in said)


def test_a_chain_marks_what_became_better() -> None:
    graph = up().graph
    result = ChainResult(Asked("m"), inheritance(HISTORY, graph), graph)
    text = chain_text(result)
    assert "(+0.1, better)" in text
    assert "warm start" in text
    value = chain_wire(result)
    assert [row["number"] for row in value["generations"]] == [0, 1]
    assert value["generations"][1]["changes"]["auc"] == {
        "old": 0.8,
        "new": 0.9,
        "same_data": True,
        "measured_otherwise": [],
    }


def test_a_chain_says_what_was_measured_otherwise() -> None:
    change = Change(0.8, 0.9, fair=False, otherwise=("other data test.csv", "other code judge.py"))
    assert change_text("auc", change) == (
        "(+0.1, better; measured otherwise: other data test.csv, other code judge.py)"
    )
    assert change_text("auc", Change(0.8, 0.8, fair=True, otherwise=("by a, not by b",))) == (
        "(unchanged; measured otherwise: by a, not by b)"
    )


def test_differences_are_a_ranked_table() -> None:
    sides = [what_made(HISTORY, [named("models/m.joblib", content)]) for content in ("model 1", "model 2")]
    result = LineageDiffResult(Asked("a"), Asked("b"), differences(HISTORY, sides[0], sides[1]))
    text = differences_text(result)
    assert text.index("parent") < text.index("params.yaml:train.depth")
    assert "2 times as much" in text
    assert [row["kind"] for row in differences_wire(result)["differences"]] == ["parent", "parameter"]


def test_no_difference_is_said_in_words() -> None:
    side = what_made(HISTORY, [named("models/m.joblib", "model 1")])
    result = LineageDiffResult(Asked("a"), Asked("b"), differences(HISTORY, side, side))
    assert "Both are the same bytes." in differences_text(result)


def test_a_proof_shows_first_what_fails() -> None:
    rows = (
        Statement("record", "train", "holds", "it made m", "commit 1"),
        Statement("signature", "commit 1", "open", "it is by Ada", "not signed"),
        Statement("signature", "commit 2", "open", "it is by Ada", "not signed"),
        Statement("artifact", "m.pkl", "fails", "it can be had", "it is nowhere"),
    )
    text = proof_text(Proof("m.pkl", rows))
    assert text.splitlines()[0].startswith("FAIL  artifact  m.pkl")
    assert "open  signature  2 statements: commit 1, …: it is by Ada" in text
    assert text.endswith("4 statements: 1 hold, 2 cannot be decided from here, 1 fail\n")
    assert proof_text(Proof("m.pkl", rows), everything=True).count("open  ") == 2
    assert not proof_wire(Proof("m.pkl", rows))["good"]
    assert proof_wire(Proof("m.pkl", rows[:3]))["good"]
