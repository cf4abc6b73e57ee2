"""What came of something."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.history.lineage.down import what_came_of
from mlops_cli.history.lineage.start import read_parameter, runs_with, versions
from tests.support.lineages import PREPARE, RAW, TRAIN, WARM, Told, edges, has_loop, made, named

HISTORY = Told([PREPARE, TRAIN, WARM], [RAW])


def models(found: object) -> set[str]:
    return {str(node.facts["digest"]) for node in found.nodes.values() if node.kind == "model"}  # type: ignore[attr-defined]


def test_bad_data_is_followed_into_every_model_of_it() -> None:
    found = what_came_of(HISTORY, [named("data/raw.csv", "raw")])
    assert models(found) >= {named("", "model 1").artifact.digest, named("", "model 2").artifact.digest}
    assert ("data/raw.csv", "prepare", "input") in edges(found)


def test_a_model_is_followed_to_where_it_was_copied() -> None:
    found = what_came_of(HISTORY, [named("models/m.joblib", "model 1")])
    [edge] = [edge for edge in found.edges if edge.role == "parent"]
    assert edge.note == "as models/parent.joblib"


def test_code_is_followed_too() -> None:
    found = what_came_of(HISTORY, [named("src/train.py", "code t")])
    assert ("src/train.py", "train", "code") in edges(found)
    assert len(found.productions) == 2


def test_a_parameter_leads_to_the_executions_that_used_it() -> None:
    def runs(text: str) -> set[str | None]:
        parameter = read_parameter(text)
        assert parameter is not None
        return {p.run for p in runs_with(HISTORY, HISTORY.runs(), parameter)}

    assert runs("params.yaml:train.depth=8") == {"r2"}
    assert runs("params.yaml:train.depth=8.0") == {"r2"}
    assert runs("params.yaml:train.depth") == {"r1", "r2"}
    assert runs("params.yaml:train") == {"r1", "r2"}
    assert runs("params.yaml:train.depth=9") == set()
    assert runs("other.yaml:train.depth=8") == set()
    assert runs("params.yaml:train.dep") == set()


def test_only_what_used_the_parameter_is_recalled_not_the_whole_run() -> None:
    parameter = read_parameter("params.yaml:train.depth=4")
    assert parameter is not None
    assert [p.stage for p in runs_with(HISTORY, HISTORY.runs(), parameter)] == ["train"]


def test_a_stage_record_beside_the_run_is_the_same_execution() -> None:
    recorded = PREPARE._replace(run=None, status="recorded", started=None)
    found = what_came_of(Told([recorded, PREPARE]), [named("data/raw.csv", "raw")])
    assert [p.run for p in found.productions.values()] == ["r1"]


def test_depth_says_where_there_is_more() -> None:
    found = what_came_of(HISTORY, [named("data/raw.csv", "raw")], depth=1)
    assert [p.stage for p in found.productions.values()] == ["prepare"]
    assert [found.nodes[name].label for name in found.cut] == ["train.csv"]


def test_every_version_of_a_path_is_known() -> None:
    newer = RAW._replace(artifact=named("", "raw 2").artifact)
    told = Told([PREPARE], [newer, RAW])
    assert [row.artifact.digest for row in versions(told, "data/raw.csv")] == [
        newer.artifact.digest,
        RAW.artifact.digest,
    ]


_WORDS = st.sampled_from("abcdef")
_SIDE = st.dictionaries(st.sampled_from(["a.pkl", "b.csv", "models/c.joblib", "d.py"]), _WORDS, max_size=3)


@given(st.lists(st.tuples(st.sampled_from(["s", "t"]), _SIDE, _SIDE), max_size=9), _WORDS)
def test_whatever_was_recorded_nothing_comes_of_itself(
    rows: list[tuple[str, dict[str, str], dict[str, str]]], content: str
) -> None:
    told = Told(made(stage, deps, outs, run=f"r{n}") for n, (stage, deps, outs) in enumerate(rows))
    found = what_came_of(told, [named("a.pkl", content)], told.productions[:1])
    assert not has_loop(found)
    assert all(edge.start in found.nodes and edge.end in found.nodes for edge in found.edges)
