from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.pipeline.decision import Reason
from mlops_cli.pipeline.definition import Output, Stage
from tests.support.facts import PLACE, World, file, folder, stage

RAW = file("raw")


def chain(**fields: Any) -> World:
    """Return prepare -> train -> evaluate; `fields` are those of train."""
    return World(
        stage("prepare", deps=["raw.csv"], outs=["train.csv"]),
        stage("train", deps=["train.csv"], outs=["model.bin"], **fields),
        stage("evaluate", deps=["model.bin"], outs=["report.json"]),
        files={"raw.csv": RAW},
    )


def alone(**fields: Any) -> World:
    """Return one stage that has run."""
    fields = {"deps": ["raw.csv"], "outs": ["model.bin"]} | fields
    world = World(stage("train", **fields), files={"raw.csv": RAW, "lock": file("lock")})
    world.run()
    return world


# States ---------------------------------------------------------------------------------------------------------------


def test_before_the_first_run_the_first_stage_is_stale_and_the_others_wait() -> None:
    assert chain().states() == {"prepare": "stale", "train": "waiting", "evaluate": "waiting"}


def test_a_stage_that_never_ran_says_so() -> None:
    assert chain().reasons("prepare") == [("new", "", None, None)]


def test_a_waiting_stage_names_who_has_to_run_first() -> None:
    assert chain().reasons("train")[0] == ("upstream", "prepare", None, None)


def test_after_a_run_everything_is_fresh_without_a_reason() -> None:
    world = chain()
    world.run()
    plan = world.plan()
    assert plan.fresh
    assert [decision.reasons for decision in plan.decisions.values()] == [(), (), ()]


def test_a_stage_is_not_fresh_whose_record_has_its_key_and_says_something_else() -> None:
    world = alone(params={"params.yaml": {"depth": 3}})
    record = world.records["train"]
    world.records["train"] = replace(record, params={"params.yaml": {"depth": 6}})
    assert world.states() != {"train": "fresh"}
    assert world.reasons("train") == [("param-changed", "depth", 6, 3)]


def test_a_second_run_runs_nothing() -> None:
    world = chain()
    world.run()
    assert set(world.run().values()) == {"fresh"}


def test_an_edited_source_makes_its_stage_stale_and_the_others_wait() -> None:
    world = chain()
    world.run()
    world.files["raw.csv"] = file("other")
    assert world.states() == {"prepare": "stale", "train": "waiting", "evaluate": "waiting"}


def test_an_edit_in_the_middle_leaves_what_lies_above_fresh() -> None:
    world = chain()
    world.run()
    world.change("train", commands=("make it better",))
    assert world.states() == {"prepare": "fresh", "train": "stale", "evaluate": "waiting"}


def test_an_upstream_stage_that_makes_the_same_bytes_again_leaves_downstream_fresh() -> None:
    world = chain()
    world.makes["prepare"] = "always the same"
    world.run()
    world.files["raw.csv"] = file("other")
    assert world.run() == {"prepare": "ran", "train": "fresh", "evaluate": "fresh"}


def test_bytes_that_were_made_before_lead_to_a_result_that_was_found_before() -> None:
    world = chain()
    world.run()
    world.files["raw.csv"] = file("other")
    world.run()
    world.files["raw.csv"] = RAW
    assert set(world.run().values()) == {"cached"}


def test_states_without_a_run_look_through_everything_that_is_known() -> None:
    world = chain()
    world.run()
    world.files["raw.csv"] = file("other")
    world.run()
    world.files["raw.csv"] = RAW
    assert set(world.states().values()) == {"cached"}


def test_a_missing_output_whose_bytes_are_stored_is_restored() -> None:
    world = chain()
    world.run()
    del world.files["train.csv"]
    assert world.states() == {"prepare": "cached", "train": "fresh", "evaluate": "fresh"}


def test_a_missing_output_whose_bytes_are_nowhere_is_made_again() -> None:
    world = alone()
    world.stored.clear()
    del world.files["model.bin"]
    assert world.states() == {"train": "stale"}


def test_a_record_that_came_with_a_clone_is_a_result_once_its_bytes_are_here() -> None:
    world = alone()
    world.results.clear()
    del world.files["model.bin"]
    assert world.states() == {"train": "cached"}


def test_a_result_with_other_outputs_than_the_stage_has_now_is_none() -> None:
    world = alone()
    key = world.plan().decisions["train"].key
    assert key is not None
    world.results[key] = {"model.bin": file("x"), "more": file("y")}
    world.records.clear()
    assert world.states() == {"train": "stale"}


def test_the_same_work_under_another_name_is_restored() -> None:
    world = alone()
    world.define(replace(world.pipeline.stages["train"], name="fit"))
    assert world.states() == {"fit": "cached"}


def test_a_cached_stage_says_what_it_will_have() -> None:
    world = alone()
    made = world.files.pop("model.bin")
    assert world.plan().decisions["train"].outs == {"model.bin": made}


def test_two_outputs_that_change_places_are_not_fresh() -> None:
    world = World(stage("s", outs=["a", "b"]))
    world.run()
    world.files["a"], world.files["b"] = file("x"), file("y")
    world.records["s"] = replace(world.records["s"], outs={"a": file("y"), "b": file("x")})
    assert world.states()["s"] != "fresh"


# Reasons, with the values before and now ------------------------------------------------------------------------------


def test_an_edited_input_is_told_with_both_digests() -> None:
    world = alone()
    world.files["raw.csv"] = file("other")
    assert world.reasons("train") == [("dep-changed", "raw.csv", RAW.digest, file("other").digest)]


def test_another_match_of_a_pattern_is_told() -> None:
    world = World(stage("s", deps=["*.csv"], outs=["o"]), files={"a.csv": RAW})
    world.run()
    world.files["b.csv"] = file("b")
    assert world.reasons("s") == [("dep-added", "b.csv", None, file("b").digest)]


def test_a_match_of_a_pattern_that_is_gone_is_told() -> None:
    world = World(stage("s", deps=["*.csv"], outs=["o"]), files={"a.csv": RAW, "b.csv": RAW})
    world.run()
    del world.files["b.csv"]
    assert world.reasons("s") == [("dep-removed", "b.csv", RAW.digest, None)]


def test_another_command_is_told_with_both_commands() -> None:
    world = alone()
    world.change("train", commands=("better", "faster"))
    assert world.reasons("train") == [("program-changed", "train", ["make train"], ["better", "faster"])]


def built_in(**settings: Any) -> dict[str, Any]:
    """Return the fields of a stage with a built-in step."""
    return {"commands": (), "uses": "evaluate", "version": 1, "settings": settings}


def test_settings_of_a_built_in_step_are_told_one_by_one() -> None:
    world = alone(**built_in(model="m", threshold="value", find={"most": 3, "least": 1}))
    world.change("train", **built_in(model="m", against="n", find={"most": 4, "least": 1}))
    assert world.reasons("train") == [
        ("setting-added", "against", None, "n"),
        ("setting-changed", "find.most", 3, 4),
        ("setting-removed", "threshold", "value", None),
    ]


def test_another_version_of_a_step_is_told_beside_its_settings() -> None:
    world = alone(**built_in(a=1))
    world.change("train", **(built_in(a=2) | {"version": 2}))
    assert world.reasons("train") == [("step-changed", "evaluate", 1, 2), ("setting-changed", "a", 1, 2)]


@pytest.mark.parametrize(
    "after", [{"uses": "validate", "version": 1}, {"uses": None, "commands": ("x",), "settings": {}}]
)
def test_another_step_or_a_command_instead_is_another_program(after: dict[str, Any]) -> None:
    world = alone(**built_in(a=1))
    world.change("train", **(built_in(a=1) | after))
    assert [kind for kind, *_ in world.reasons("train")] == ["program-changed"]


def test_settings_that_are_only_nested_otherwise_are_told_as_a_whole() -> None:
    world = alone(**built_in(a={"b": 1}))
    world.change("train", **built_in(**{"a.b": 1}))
    assert [kind for kind, *_ in world.reasons("train")] == ["program-changed"]


def test_another_folder_to_work_in_is_told() -> None:
    world = alone()
    world.change("train", wdir="src")
    assert world.reasons("train") == [("wdir-changed", "train", ".", "src")]


def test_another_list_of_outputs_is_told() -> None:
    world = alone()
    world.change("train", outs=(Output("model.bin"), Output("a.png", "plot")))
    assert world.reasons("train") == [("outs-changed", "train", ["model.bin"], ["a.png", "model.bin"])]


def test_a_changed_parameter_is_told_with_its_file() -> None:
    world = alone(params={"params.yaml": {"train": {"depth": 4, "rate": 0.1}}})
    world.change("train", params={"params.yaml": {"train": {"depth": 8, "rate": 0.1}}})
    [reason] = world.plan().decisions["train"].reasons
    assert reason == Reason("param-changed", "train.depth", 4, 8, "params.yaml")


def test_a_new_parameter_is_told() -> None:
    world = alone(params={"p.yaml": {"a": 1}})
    world.change("train", params={"p.yaml": {"a": 1, "b": None}})
    assert world.reasons("train") == [("param-added", "b", None, None)]


def test_a_parameter_that_is_gone_is_told() -> None:
    world = alone(params={"p.yaml": {"a": 1, "b": 2}})
    world.change("train", params={"p.yaml": {"a": 1}})
    assert world.reasons("train") == [("param-removed", "b", 2, None)]


def test_a_parameter_that_moves_to_another_file_is_two_reasons() -> None:
    world = alone(params={"a.yaml": {"x": 1}})
    world.change("train", params={"b.yaml": {"x": 1}})
    reasons = world.plan().decisions["train"].reasons
    assert [(r.kind, r.file) for r in reasons] == [("param-removed", "a.yaml"), ("param-added", "b.yaml")]


@pytest.mark.parametrize(("old", "new"), [(1, 1.0), (1, True), ("1", 1)])
def test_a_parameter_of_another_type_is_a_change_and_told(old: Any, new: Any) -> None:
    world = alone(params={"p.yaml": {"a": old}})
    world.change("train", params={"p.yaml": {"a": new}})
    assert world.reasons("train") == [("param-changed", "a", old, new)]


def test_a_variable_is_told_with_both_values() -> None:
    world = alone(env=("MODE",))
    world.variables["MODE"] = "fast"
    assert world.reasons("train") == [("env-changed", "MODE", None, "fast")]


def test_a_changed_runtime_file_is_told() -> None:
    world = alone(runtime=("lock",))
    world.files["lock"] = file("newer")
    assert world.reasons("train") == [("runtime-changed", "lock", file("lock").digest, file("newer").digest)]


def test_an_output_that_is_gone_is_told_with_what_it_was() -> None:
    world = alone()
    made = world.files.pop("model.bin")
    assert world.reasons("train") == [("output-missing", "model.bin", made.digest, None)]


def test_an_edited_output_is_told_with_both_digests() -> None:
    world = alone()
    made, world.files["model.bin"] = world.files["model.bin"], file("by hand")
    assert world.reasons("train") == [("output-changed", "model.bin", made.digest, file("by hand").digest)]


def test_a_directory_in_place_of_an_output_file_is_an_edit() -> None:
    world = alone()
    made = world.files["model.bin"]
    world.files["model.bin"] = made._replace(tree=True)
    assert world.reasons("train")[0][0] == "output-changed"


def test_a_secret_in_a_command_that_changes_is_told_without_it() -> None:
    world = alone(commands=("load --token=old",))
    world.change("train", commands=("load --token=new",))
    [(kind, *_rest, old, new)] = world.reasons("train")
    assert kind == "key-changed"
    assert old != new


def test_every_difference_is_told_at_once() -> None:
    world = alone(params={"p.yaml": {"a": 1}})
    world.files["raw.csv"] = file("other")
    world.change("train", commands=("x",), params={"p.yaml": {"a": 2}})
    assert [kind for kind, *_ in world.reasons("train")] == [
        "program-changed",
        "dep-changed",
        "param-changed",
    ]


def test_what_is_known_is_told_of_a_waiting_stage_too() -> None:
    world = chain()
    world.run()
    world.files["raw.csv"] = file("other")
    world.change("train", commands=("x",))
    assert [kind for kind, *_ in world.reasons("train")] == ["upstream", "program-changed"]


def test_an_input_that_is_not_known_yet_is_not_told_as_gone() -> None:
    world = chain()
    world.run()
    world.change("prepare", commands=("x",))
    assert world.reasons("train") == [("upstream", "prepare", None, None)]


def test_a_reason_about_a_path_says_that_it_is() -> None:
    assert Reason("dep-changed", "a").about_path
    assert Reason("output-missing", "a").about_path
    assert not Reason("param-changed", "a").about_path


# Inputs of stages that will be restored -------------------------------------------------------------------------------


def restoring(*makers: Stage, deps: list[str], files: dict[str, Any] | None = None) -> World:
    """Return makers whose outputs are gone and can be restored, and a reader of `deps` that has run."""
    reader = stage("read", deps=deps, outs=["read.txt"])
    world = World(*makers, reader, files=files)
    world.run()
    for maker in makers:
        for out in maker.outs:
            del world.files[out.path]
    return world


def test_a_file_that_will_be_restored_counts_as_there() -> None:
    world = restoring(stage("make", outs=["a.csv"]), deps=["a.csv"])
    assert world.states() == {"make": "cached", "read": "fresh"}


def test_a_pattern_sees_files_that_will_be_restored() -> None:
    world = restoring(
        stage("one", outs=["d/1.csv"]),
        stage("two", outs=["d/2.csv"]),
        deps=["d/*.csv"],
        files={"d/0.csv": RAW},
    )
    assert world.states() == {"one": "cached", "two": "cached", "read": "fresh"}


def test_a_file_inside_a_directory_that_will_be_restored_counts_as_there() -> None:
    world = World(stage("make", outs=["d"]), stage("read", deps=["d/a.csv"], outs=["read.txt"]))
    tree = folder("t")
    world.contents[tree.digest] = {"a.csv": RAW}
    decision = world.plan().decisions["make"]
    assert decision.key is not None
    world.results[decision.key] = {"d": tree}
    world.stored.add(tree.digest)
    assert world.plan().decisions["read"].inputs.deps == {"d/a.csv": RAW}


def test_a_path_that_a_restored_directory_does_not_hold_waits_for_it() -> None:
    world = World(stage("make", outs=["d"]), stage("read", deps=["d/b.csv"], outs=["read.txt"]))
    decision = world.plan().decisions["make"]
    assert decision.key is not None
    world.results[decision.key] = {"d": folder("t")}
    world.stored.add(folder("t").digest)
    assert world.states() == {"make": "cached", "read": "waiting"}


def test_a_directory_that_holds_several_outputs_waits_while_one_of_them_is_restored() -> None:
    world = World(
        stage("one", outs=["d/1.csv"]),
        stage("two", outs=["d/2.csv"]),
        stage("read", deps=["d"], outs=["read.txt"]),
        files={"d": folder("both")},
    )
    world.run()
    del world.files["d/1.csv"]
    assert world.states() == {"one": "cached", "two": "fresh", "read": "waiting"}


def test_a_pattern_over_a_directory_that_will_be_restored_waits() -> None:
    world = World(stage("make", outs=["d"]), stage("read", deps=["d/*.csv"], outs=["read.txt"]))
    decision = world.plan().decisions["make"]
    assert decision.key is not None
    world.results[decision.key] = {"d": folder("t")}
    world.stored.add(folder("t").digest)
    assert world.states() == {"make": "cached", "read": "waiting"}


def test_a_restored_file_with_other_bytes_than_lie_there_is_what_counts() -> None:
    world = chain()
    world.run()
    world.files["train.csv"] = file("by hand")
    assert world.states() == {"prepare": "cached", "train": "fresh", "evaluate": "fresh"}


# Patterns -------------------------------------------------------------------------------------------------------------


def test_a_pattern_passes_over_the_stage_s_own_outputs() -> None:
    world = World(stage("s", deps=["*.csv"], outs=["sum.csv"]), files={"a.csv": RAW})
    world.run()
    assert world.states() == {"s": "fresh"}


def test_a_pattern_waits_for_a_stage_that_makes_a_match() -> None:
    world = World(stage("make", outs=["b.csv"]), stage("s", deps=["*.csv"], outs=["o"]), files={"a.csv": RAW})
    assert world.states() == {"make": "stale", "s": "waiting"}


def test_a_pattern_stands_for_its_matches_in_sorted_order() -> None:
    world = World(stage("s", deps=["*.csv"], outs=["o"]), files={"b.csv": RAW, "a.csv": RAW, "c.txt": RAW})
    assert list(world.plan().decisions["s"].inputs.deps) == ["a.csv", "b.csv"]


# What is missing ------------------------------------------------------------------------------------------------------


def test_an_input_that_nothing_makes_is_a_problem_with_its_place() -> None:
    world = World(stage("s", deps=["gone.csv"], outs=["o"]))
    [problem] = world.plan().problems
    assert str(problem) == (
        "mlops.yaml:7:5: gone.csv does not exist, and no stage makes it"
        " (correct the path, or add a stage with this output)"
    )


def test_a_pattern_without_a_match_is_a_problem() -> None:
    [problem] = World(stage("s", deps=["*.csv"], outs=["o"])).plan().problems
    assert problem.message == "nothing matches *.csv, and no stage makes a match"


def test_a_path_that_a_fresh_directory_does_not_hold_is_a_problem_that_names_the_maker() -> None:
    world = World(stage("make", outs=["d"]))
    world.run()
    world.define(*world.pipeline.stages.values(), stage("s", deps=["d/x"], outs=["o"]))
    [problem] = world.plan().problems
    assert problem.message == "make makes d, but there is no d/x in it"


def test_a_missing_runtime_file_is_a_problem() -> None:
    [problem] = World(stage("s", runtime=("lock",), outs=["o"])).plan().problems
    assert problem.message == "runtime file lock of s does not exist"
    assert (problem.file, problem.line, problem.column) == PLACE


def test_every_missing_input_is_told_at_once() -> None:
    world = World(stage("s", deps=["a", "b"], outs=["o"]), stage("t", deps=["c"], outs=["p"]))
    assert len(world.plan().problems) == 3


def test_what_another_stage_will_make_is_not_missing() -> None:
    assert chain().plan().problems == ()


# Frozen, always, forced, tainted, only --------------------------------------------------------------------------------


def test_a_frozen_stage_stays_fresh_whatever_changes() -> None:
    world = chain(frozen=True)
    world.files["model.bin"] = file("from long ago")
    world.files["raw.csv"] = file("other")
    decision = world.plan().decisions["train"]
    assert decision.state == "fresh"
    assert decision.reasons == (Reason("frozen"),)


def test_what_needs_a_frozen_stage_takes_its_output_as_it_lies() -> None:
    world = chain(frozen=True)
    world.files["model.bin"] = file("from long ago")
    assert world.plan().decisions["evaluate"].inputs.deps == {"model.bin": file("from long ago")}


def test_forcing_a_frozen_stage_leaves_it_frozen() -> None:
    world = alone()
    world.change("train", frozen=True)
    assert world.plan(forced=["train"]).decisions["train"].state == "fresh"


def test_a_frozen_stage_gets_back_an_output_that_is_stored() -> None:
    world = alone()
    world.change("train", frozen=True)
    del world.files["model.bin"]
    decision = world.plan().decisions["train"]
    assert decision.state == "cached"
    assert [reason.kind for reason in decision.reasons] == ["frozen", "output-missing"]


def test_a_frozen_stage_whose_output_is_nowhere_is_a_problem() -> None:
    world = alone()
    world.change("train", frozen=True)
    world.stored.clear()
    del world.files["model.bin"]
    [problem] = world.plan().problems
    assert problem.message == "train is frozen, but its output model.bin is missing and not in the store"


def test_a_frozen_stage_without_a_record_and_without_its_output_is_a_problem() -> None:
    assert len(World(stage("s", outs=["o"], frozen=True)).plan().problems) == 1


def test_a_stage_that_runs_always_is_stale_after_each_run() -> None:
    world = chain(always=True)
    world.run()
    assert world.states() == {"prepare": "fresh", "train": "stale", "evaluate": "waiting"}


def test_a_stage_that_runs_always_is_never_restored() -> None:
    world = alone(always=True)
    del world.files["model.bin"]
    assert world.run() == {"train": "ran"}


def test_a_stage_that_runs_always_says_so() -> None:
    assert alone(always=True).reasons("train") == [("always", "", None, None)]


def test_a_forced_stage_runs_although_it_is_fresh() -> None:
    world = chain()
    world.run()
    assert world.run(forced=["train"]) == {"prepare": "fresh", "train": "ran", "evaluate": "fresh"}


def test_a_forced_stage_runs_although_its_result_is_known() -> None:
    world = alone()
    del world.files["model.bin"]
    assert world.run(forced=["train"]) == {"train": "ran"}


def test_a_forced_stage_says_so() -> None:
    world = alone()
    assert [r.kind for r in world.plan(forced=["train"]).decisions["train"].reasons] == ["forced"]


def test_a_tainted_stage_is_stale_although_nothing_else_changed() -> None:
    world = alone()
    world.results.clear()
    world.records["train"] = replace(world.records["train"], tainted=True)
    assert world.states() == {"train": "stale"}
    assert world.reasons("train") == [("tainted", "", None, None)]


def test_a_tainted_record_is_never_a_result() -> None:
    world = alone()
    world.results.clear()
    world.records["train"] = replace(world.records["train"], tainted=True)
    del world.files["model.bin"]
    assert world.states() == {"train": "stale"}


def test_what_needs_a_tainted_stage_waits() -> None:
    world = chain()
    world.run()
    world.results.clear()
    world.records["prepare"] = replace(world.records["prepare"], tainted=True)
    assert world.states()["train"] == "waiting"


def test_of_stages_that_are_not_planned_the_outputs_count_as_they_lie() -> None:
    world = chain()
    world.run()
    world.files["raw.csv"] = file("other")
    assert world.states(["train"]) == {"train": "fresh"}


def test_an_input_from_a_stage_that_is_not_planned_must_lie_there() -> None:
    world = chain()
    assert len(world.plan(["train"]).problems) == 1


# Laws -----------------------------------------------------------------------------------------------------------------


@st.composite
def worlds(draw: st.DrawFn) -> World:
    count = draw(st.integers(1, 7))
    stages = []
    for number in range(count):
        ups = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        deps = [f"o{up}" for up in sorted(ups)] + (["raw.csv"] if draw(st.booleans()) else [])
        params = {"p.yaml": {"a": draw(st.integers(0, 2))}} if draw(st.booleans()) else {}
        stages.append(stage(f"s{number}", deps=deps, outs=[f"o{number}"], params=params))
    world = World(*draw(st.permutations(stages)), files={"raw.csv": RAW})
    same = draw(st.sets(st.integers(0, count - 1)))
    world.makes.update({f"s{number}": "the same" for number in same})
    return world


@given(worlds())
def test_after_any_run_of_any_pipeline_everything_is_fresh(world: World) -> None:
    world.run()
    assert world.plan().fresh


@given(worlds(), st.data())
def test_whatever_is_damaged_one_run_makes_everything_fresh(world: World, data: st.DataObject) -> None:
    world.run()
    for path in data.draw(st.sets(st.sampled_from(sorted(world.files)))):
        if path != "raw.csv" and data.draw(st.booleans()):
            del world.files[path]
        else:
            world.files[path] = file("damaged")
    world.run()
    assert world.plan().fresh


@given(worlds(), st.data())
def test_a_plan_promises_no_less_than_a_run_then_does(world: World, data: st.DataObject) -> None:
    world.run()
    world.files["raw.csv"] = file(data.draw(st.sampled_from(["raw", "other"])))
    for path in data.draw(st.sets(st.sampled_from(sorted(world.pipeline.stages)))):
        world.files.pop(f"o{path[1:]}", None)
    states = world.states()
    done = world.run()
    expected = {"fresh": {"fresh"}, "cached": {"cached"}, "stale": {"ran"}}
    assert all(
        done[name] in expected.get(state, {"fresh", "cached", "ran"}) for name, state in states.items()
    )


@given(worlds())
def test_a_plan_stands_in_an_order_in_which_it_can_be_carried_out(world: World) -> None:
    order = list(world.plan().decisions)
    assert all(order.index(up) < order.index(name) for name in order for up in world.graph.upstream[name])


@given(worlds())
def test_planning_changes_nothing(world: World) -> None:
    before = (dict(world.files), dict(world.records), dict(world.results))
    assert world.plan() == world.plan()
    assert (world.files, world.records, world.results) == before
