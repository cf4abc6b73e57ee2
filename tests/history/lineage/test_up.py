"""What made something."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.history.lineage.up import BUILT_ON, WARM_START, what_made
from tests.support.lineages import PREPARE, RAW, TRAIN, WARM, Told, edges, has_loop, made, named


def test_a_model_leads_back_to_data_and_code() -> None:
    found = what_made(Told([PREPARE, TRAIN], [RAW]), [named("models/m.joblib", "model 1")])
    assert edges(found) == {
        ("train", "models/m.joblib", "output"),
        ("train.csv", "train", "input"),
        ("src/train.py", "train", "code"),
        ("prepare", "train.csv", "output"),
        ("data/raw.csv", "prepare", "input"),
        ("src/prepare.py", "prepare", "code"),
    }
    kinds = {node.label: node.kind for node in found.nodes.values()}
    assert kinds["data/raw.csv"] == "data"
    assert kinds["src/train.py"] == "code"
    assert kinds["models/m.joblib"] == "model"
    assert kinds["train.csv"] == "artifact"


def test_data_says_where_it_was_imported_from() -> None:
    found = what_made(Told([PREPARE, TRAIN], [RAW]), [named("models/m.joblib", "model 1")])
    [raw] = [node for node in found.nodes.values() if node.label == "data/raw.csv"]
    assert raw.facts["origin"] == {"url": "s3://bucket/raw.csv"}


def test_parameters_are_nodes_by_dotted_name() -> None:
    found = what_made(Told([PREPARE, TRAIN]), [named("models/m.joblib", "model 1")])
    [params] = [node for node in found.nodes.values() if node.kind == "params"]
    assert params.facts["values"] == {"train.depth": 4, "train.seed": 1}


def test_a_model_that_was_copied_and_read_again_is_a_parent() -> None:
    found = what_made(Told([PREPARE, TRAIN, WARM], [RAW]), [named("models/m.joblib", "model 2")])
    assert ("models/parent.joblib", "train", "parent") in edges(found)
    [inherited] = [edge for edge in found.edges if edge.role == "parent"]
    assert inherited.note == WARM_START
    [copied] = [edge for edge in found.edges if edge.note.startswith("as ")]
    assert copied.note == "as models/m.joblib"
    assert sum(node.label == "train" for node in found.nodes.values()) == 2


def test_a_model_made_of_others_in_the_same_pipeline_is_built_on_them() -> None:
    mixed = made("mix", {"models/m.joblib": "model 1"}, {"models/mix.joblib": "mix"})
    found = what_made(Told([PREPARE, TRAIN, mixed]), [named("models/mix.joblib", "mix")])
    assert [edge.note for edge in found.edges if edge.role == "parent"] == [BUILT_ON]


def test_a_stage_that_measures_a_model_has_no_parent() -> None:
    measured = made("evaluate", {"models/m.joblib": "model 1"}, {"report.json": "report"})
    found = what_made(Told([PREPARE, TRAIN, measured]), [named("report.json", "report")])
    assert ("models/m.joblib", "evaluate", "input") in edges(found)


def test_a_parent_that_the_record_names_counts_though_no_input_tells_of_it() -> None:
    alone = made(
        "train", {"train.csv": "train"}, {"models/m.joblib": "model 3"}, run="r3", started="2026-01-03"
    )
    digest = named("models/m.joblib", "model 1").artifact.digest
    told = Told([PREPARE, TRAIN, alone], parents={"r3": [{"digest": digest, "relation": "distilled"}]})
    found = what_made(told, [named("models/m.joblib", "model 3")])
    assert ("models/m.joblib", "train", "parent") in edges(found)
    assert [edge.note for edge in found.edges if edge.role == "parent"] == ["distilled"]
    assert ("prepare", "train.csv", "output") in edges(found)


def test_small_files_that_are_equal_by_chance_are_no_relation() -> None:
    other = made("other", {}, {"b.json": "{}"}, size=3)
    reader = made("reader", {"a.json": "{}"}, {"out": "out"}, size=3)
    found = what_made(Told([other, reader]), [named("out", "out", 3)])
    assert "other" not in {node.label for node in found.nodes.values()}


def test_an_empty_file_at_its_own_path_is_known_by_who_made_it() -> None:
    other = made("other", {"x": "x"}, {"a.json": "{}"}, size=0)
    reader = made("reader", {"a.json": "{}"}, {"out": "out"}, size=0)
    found = what_made(Told([other, reader]), [named("out", "out", 0)])
    assert ("other", "a.json", "output") in edges(found)


def test_a_stage_that_reads_and_writes_equal_bytes_made_nothing_of_itself() -> None:
    first = made("train", {"x": "x"}, {"m.pkl": "same"}, run="r1")
    again = made("train", {"m.pkl": "same"}, {"m.pkl": "same"}, run="r2", started="2026-01-02")
    found = what_made(Told([again, first]), [named("m.pkl", "same")])
    assert not has_loop(found)
    assert {edge[1] for edge in edges(found) if edge[2] == "output"} == {"m.pkl"}
    [production] = found.productions.values()
    assert production.run == "r1"


def test_executions_that_fed_each_other_close_no_loop() -> None:
    rows = [
        made("s", {"a.pkl": "c"}, {"a.pkl": "a"}, run="r0"),
        made("s", {"a.pkl": "a"}, {}, run="r1"),
        made("s", {"a.pkl": "a"}, {"a.pkl": "c"}, run="r2"),
    ]
    assert not has_loop(what_made(Told(rows), [], rows[:2]))


def test_of_executions_that_made_the_same_the_one_that_ran_counts() -> None:
    rows = [
        made("train", {"x": "x"}, {"m.pkl": "m"}, run=None, status="recorded", started=None),
        made("train", {"x": "x"}, {"m.pkl": "m"}, run="r2", status="cached", started="2026-01-02"),
        made("train", {"x": "x"}, {"m.pkl": "m"}, run="r1", started="2026-01-03"),
    ]
    [production] = what_made(Told(rows), [named("m.pkl", "m")]).productions.values()
    assert production.run == "r1"


def test_what_was_made_after_it_was_read_is_not_where_it_came_from() -> None:
    early = made("prepare", {"x": "x"}, {"train.csv": "t"}, run="r1", started="2026-01-01")
    late = made("prepare", {"y": "y"}, {"train.csv": "t"}, run="r3", started="2026-01-03")
    reader = made("train", {"train.csv": "t"}, {"m.pkl": "m"}, run="r2", started="2026-01-02")
    found = what_made(Told([late, early, reader]), [named("m.pkl", "m")])
    assert {p.run for p in found.productions.values()} == {"r1", "r2"}


def test_a_failed_stage_made_nothing() -> None:
    failed = made("train", {"x": "x"}, {"m.pkl": "m"}, status="failed")
    assert not what_made(Told([failed]), [named("m.pkl", "m")]).productions


def test_depth_counts_executions_and_says_where_there_is_more() -> None:
    told = Told([PREPARE, TRAIN], [RAW])
    start = [named("models/m.joblib", "model 1")]
    none, one, two = (what_made(told, start, depth=depth) for depth in (0, 1, 2))
    assert [p.stage for p in none.productions.values()] == []
    assert none.cut == set(none.starts)
    assert [p.stage for p in one.productions.values()] == ["train"]
    assert [one.nodes[name].label for name in one.cut] == ["train.csv"]
    assert not two.cut


def test_thousands_of_generations_are_no_trouble() -> None:
    rows = [
        made("train", {"p.pkl": f"m{n}"}, {"m.pkl": f"m{n + 1}"}, run=f"r{n}", started=f"2026-{n:05}")
        for n in range(1500)
    ]
    found = what_made(Told(rows[-1200:]), [named("m.pkl", "m1500")])
    assert len(found.productions) == 1200


_WORDS = st.sampled_from("abcdef")
_SIDE = st.dictionaries(st.sampled_from(["a.pkl", "b.csv", "models/c.joblib", "d.py"]), _WORDS, max_size=3)


@given(st.lists(st.tuples(st.sampled_from(["s", "t"]), _SIDE, _SIDE, st.integers(1, 4)), max_size=9), _WORDS)
def test_whatever_was_recorded_nothing_comes_of_itself(
    rows: list[tuple[str, dict[str, str], dict[str, str], int]], content: str
) -> None:
    told = Told(
        made(stage, deps, outs, run=f"r{n}", started=f"2026-01-0{day}")
        for n, (stage, deps, outs, day) in enumerate(rows)
    )
    found = what_made(told, [named("a.pkl", content)], told.productions[:2])
    assert not has_loop(found)
    assert all(edge.start in found.nodes and edge.end in found.nodes for edge in found.edges)
