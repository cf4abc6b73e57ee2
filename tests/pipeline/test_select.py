from __future__ import annotations

from typing import Any

import pytest

from mlops_cli.errors import UsageError
from mlops_cli.pipeline.graph import build_graph
from mlops_cli.pipeline.select import find_stages, select_stages
from tests.support.facts import pipeline_of, stage

# prepare -> train@forest, train@boost -> best; a sub-project beside, whose names are its own
PIPELINE = pipeline_of(
    stage("prepare", deps=["raw.csv"], outs=["data/train.csv"]),
    stage("train@forest", deps=["data/train.csv"], outs=["models/forest.bin"]),
    stage("train@boost", deps=["data/train.csv"], outs=["models/boost.bin"]),
    stage("best", deps=["models/forest.bin", "models/boost.bin"], outs=["best.bin"]),
    stage("sub/churn:prepare", outs=["sub/churn/data.csv"]),
    stage("sub/churn:train@1", deps=["sub/churn/data.csv"], outs=["sub/churn/model.bin"]),
)
GRAPH = build_graph(PIPELINE)


def selected(*targets: str, **options: Any) -> set[str]:
    return set(select_stages(PIPELINE, GRAPH, targets, **options))


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("prepare", {"prepare"}),
        ("train@boost", {"train@boost"}),
        ("train", {"train@forest", "train@boost"}),
        ("train@*", {"train@forest", "train@boost"}),
        ("*@f*", {"train@forest"}),
        ("sub/churn:prepare", {"sub/churn:prepare"}),
        ("sub/churn:train", {"sub/churn:train@1"}),
        ("models/boost.bin", {"train@boost"}),
        ("./models/boost.bin", {"train@boost"}),
        ("sub/churn/data.csv", {"sub/churn:prepare"}),
    ],
)
def test_a_target_names_a_stage_a_group_a_pattern_or_what_a_stage_makes(target: str, found: set[str]) -> None:
    assert set(find_stages(PIPELINE, [target])) == found


def test_in_the_folder_of_a_sub_project_its_stages_need_no_address() -> None:
    assert find_stages(PIPELINE, ["prepare"], "sub/churn") == ("sub/churn:prepare",)


def test_in_the_folder_of_a_sub_project_its_groups_need_no_address() -> None:
    assert find_stages(PIPELINE, ["train"], "sub/churn") == ("sub/churn:train@1",)


def test_from_a_sub_project_the_stages_of_the_project_can_still_be_named() -> None:
    assert find_stages(PIPELINE, ["best"], "sub/churn") == ("best",)


def test_a_path_is_meant_from_where_the_user_stands() -> None:
    assert find_stages(PIPELINE, ["model.bin"], "sub/churn") == ("sub/churn:train@1",)


def test_a_path_may_lead_upwards_from_where_the_user_stands() -> None:
    assert find_stages(PIPELINE, ["../../best.bin"], "sub/churn") == ("best",)


def test_stages_stand_in_the_order_of_the_targets_and_once() -> None:
    found = find_stages(PIPELINE, ["best", "prepare", "best.bin", "prepare"])
    assert found == ("best", "prepare")


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match='there is no stage "preprae"') as raised:
        find_stages(PIPELINE, ["preprae"])
    assert raised.value.hint == 'Did you mean "prepare"?'


def test_a_name_like_nothing_else_is_refused_with_the_way_to_the_list() -> None:
    with pytest.raises(UsageError) as raised:
        find_stages(PIPELINE, ["zzzz"])
    assert raised.value.hint == "See them with: mlops stages"


def test_an_input_that_no_stage_makes_is_no_target() -> None:
    with pytest.raises(UsageError):
        find_stages(PIPELINE, ["raw.csv"])


def test_without_targets_every_stage_is_meant() -> None:
    assert selected() == set(PIPELINE.stages)


def test_a_target_brings_what_it_needs() -> None:
    assert selected("best") == {"prepare", "train@forest", "train@boost", "best"}


def test_only_brings_nothing_else() -> None:
    assert selected("best", only=True) == {"best"}


def test_downstream_brings_what_needs_the_target_instead_of_what_it_needs() -> None:
    assert selected("train@boost", downstream=True) == {"train@boost", "best"}


def test_stages_come_after_those_that_they_need_whatever_the_order_of_the_targets() -> None:
    assert select_stages(PIPELINE, GRAPH, ["best", "prepare"], only=True) == ("prepare", "best")


def test_only_and_downstream_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="exclude"):
        selected("best", only=True, downstream=True)
