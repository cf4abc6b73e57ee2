"""What `bisect` says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlops_cli.actions.bisect import BisectResult
from mlops_cli.experiments.factors import Effect, Swapped
from mlops_cli.experiments.found import Found, Guilt, Point
from mlops_cli.experiments.hybrids import Factor
from mlops_cli.experiments.known_values import Value
from mlops_cli.git.commit_path import CommitFacts
from mlops_cli.history.bisect import Scale
from mlops_cli.history.tree_recipe import ParameterChange, RecipeChange
from mlops_cli.render.bisect import bisect_text, bisect_wire

DEPTH = Factor("depth", "parameter", 3, 9, file="params.yaml")
CODE = Factor("code", "code", files=tuple(f"f{n}.py" for n in range(12)))
RAW = Factor("raw.csv", "data", files=("raw.csv",))


def commit(number: int) -> CommitFacts:
    return CommitFacts(f"{number:040x}", "t", (), "Ada", "ada@example.org", 1767225600, f"step {number}")


def result(
    found: Found | None = None, swapped: Swapped | None = None, way: str | None = "up"
) -> BisectResult:
    ends = "a" * 40, "b" * 40
    return BisectResult("auc", way, *ends, ("train",), found, swapped, 2, 1, 4.25)


def test_the_guilty_commit_comes_with_author_values_and_what_it_changed() -> None:
    params = (
        ParameterChange("params.yaml", "depth", 3, 9),
        ParameterChange("params.yaml", "rate", None, "x", (False, True)),
    )
    change = RecipeChange(params, ("data/raw",), ("train.py",), ("train",))
    points = [
        Point(commit(1), (Value(0.9, "r"),), "good"),
        Point(commit(2), (), "skip", "train: exit code 1"),
    ]
    found = Found(
        "found", Scale(0.9, 0.7, 0.8), Guilt(commit(5), 0.9, 0.7, change), points, commits=64, apart=12
    )
    assert bisect_text(result(found)).splitlines() == [
        "000000000000 made auc fall: 0.9 -> 0.7",
        "  Ada <ada@example.org>, 2026-01-01: step 5",
        "  parameter depth: 3 -> 9",
        "  parameter rate: not there -> 'x'",
        "  data data/raw",
        "  file train.py",
        "  definition of stage train",
        "  see it with: git show 000000000000",
        "64 commits, 12 of them can have changed it, 1 with a value; 2 executed and 1 restored now, in 4.2 s.",
    ]
    assert "skip train: exit code 1" in bisect_text(result(found), everything=True)
    assert result(found).exit_code == 0


@pytest.mark.parametrize(
    ("found", "said", "code"),
    [
        (Found("same"), "nothing that auc rests on differs between aaaaaaaaaaaa and bbbbbbbbbbbb", 1),
        (
            Found("not-fallen", points=[Point(commit(1), (Value(0.7, "r"),), None)]),
            "auc did not fall between",
            1,
        ),
        (Found("noise", Scale(0.9, 0.89, 0.895), scatter=0.05), "lies within its scatter (0.05)", 1),
        (Found("planned", left=6), "it takes 6 more runs at most", 0),
        (Found("unfinished", left=1), "not finished: 1 more run at most", 1),
        (Found("suspects", suspects=[commit(1), commit(2)]), "it is one of these 2 commits", 1),
    ],
)
def test_every_other_end_is_said_and_has_its_exit_code(found: Found, said: str, code: int) -> None:
    assert said in bisect_text(result(found))
    assert result(found).exit_code == code


def test_many_suspects_are_cut_short_but_the_last_is_named() -> None:
    found = Found("suspects", suspects=[commit(n) for n in range(20)])
    lines = bisect_text(result(found)).splitlines()
    assert any(line.endswith("step 19") for line in lines)
    assert "  … and 12 between the last two, with -v" in lines


def test_factors_are_listed_with_their_effects_the_largest_first() -> None:
    effects = [
        Effect(DEPTH, 0.7, -0.2),
        Effect(RAW, 0.85, -0.05),
        Effect(CODE, None, None, trouble="train: exit code 1"),
    ]
    swapped = Swapped("found", 0.9, 0.6, (DEPTH, RAW, CODE), effects, -0.05, 0.8)
    text = bisect_text(result(swapped=swapped))
    lines = text.splitlines()
    assert lines[0] == "auc: good 0.9, bad 0.6"
    assert lines[1].split() == ["-0.2", "parameter", "depth:", "3", "->", "9"]
    assert lines[2].split() == ["-0.05", "data", "raw.csv"]
    assert "f7.py, … and 4 more" in lines[3]
    assert "train: exit code 1" in text
    assert "depth is what moved it: put back alone, it gives 0.8, where good has 0.9" in lines
    assert "-0.05 comes from several of them together" in lines


def test_a_factor_brings_the_metric_back_again_only_where_it_is_what_it_was() -> None:
    effects = [Effect(DEPTH, 0.6, -0.3), Effect(RAW, 0.9, 0.0)]
    exact = Swapped("found", 0.9, 0.6, (DEPTH, RAW), effects, 0.0, 0.9)
    near = Swapped("found", 0.9, 0.6, (DEPTH, RAW), effects, 0.0, 0.89, scatter=0.02)
    assert "put back alone, it gives 0.9 again" in bisect_text(result(swapped=exact))
    assert "put back alone, it gives 0.89 again" in bisect_text(result(swapped=near))


@pytest.mark.parametrize(
    ("way", "good", "bad", "word"),
    [("up", 0.9, 0.7, "fall"), ("down", 0.1, 0.9, "rise"), (None, 1, 5, "rise"), (None, 5, 1, "fall")],
)
def test_a_metric_that_is_better_when_it_is_lower_rises(
    way: str | None, good: float, bad: float, word: str
) -> None:
    scale = Scale(good, bad, (good + bad) / 2)
    found = Found("found", scale, Guilt(commit(5), good, bad, RecipeChange()))
    assert f" made auc {word}: {good:g} -> {bad:g}" in bisect_text(result(found, way=way))
    flat = Swapped("not-fallen", good, good)
    assert f"auc did not {word if way else 'change'}" in bisect_text(result(swapped=flat, way=way))


@pytest.mark.parametrize(
    ("outcome", "said", "code"),
    [
        ("together", "they act together", 1),
        ("not-fallen", "auc did not fall", 1),
        ("unfinished", "not finished", 1),
        ("planned", "3 factors differ: it takes 9 more runs at most", 0),
    ],
)
def test_every_other_end_of_a_search_by_factor_is_said(outcome: Any, said: str, code: int) -> None:
    effects = [Effect(DEPTH, 0.9, 0.0)] if outcome == "together" else []
    found = result(swapped=Swapped(outcome, 0.9, 0.7, (DEPTH, RAW, CODE), effects))
    assert said in bisect_text(found)
    assert found.exit_code == code


def test_the_json_shapes_are_plain() -> None:
    change = RecipeChange((ParameterChange("params.yaml", "depth", 3, 9),))
    found = Found(
        "found",
        Scale(0.9, 0.7, 0.8),
        Guilt(commit(5), 0.9, 0.7, change),
        [Point(commit(1), (Value(0.9, "r"),), "good")],
    )
    value = json.loads(json.dumps(bisect_wire(result(found))))
    assert value["by"] == "commit"
    assert value["guilty"]["params"] == [
        {"file": "params.yaml", "name": "depth", "old": 3, "new": 9, "there": [True, True]}
    ]
    assert value["points"][0]["runs"] == ["r"]
    assert value["guilty"]["time"] == "2026-01-01T00:00:00Z"
    swapped = Swapped("found", 0.9, 0.6, (DEPTH, RAW), [Effect(DEPTH, 0.7, -0.2)], 0.0, 0.8)
    value = json.loads(json.dumps(bisect_wire(result(swapped=swapped))))
    assert value["by"] == "factor"
    assert value["factors"][0] == {
        "name": "depth",
        "kind": "parameter",
        "file": "params.yaml",
        "old": 3,
        "new": 9,
    }
    assert value["effects"] == [
        {"name": "depth", "value": 0.7, "effect": -0.2, "side": "good", "trouble": ""}
    ]
    assert value["values"] == {"good": 0.9, "bad": 0.6, "restored": 0.8}


def test_ends_that_were_only_believed_are_no_numbers_in_json() -> None:
    found = Found(
        "found", Scale(float("inf"), float("-inf"), 0.8), Guilt(commit(5), None, None, RecipeChange())
    )
    text = json.dumps(bisect_wire(result(found)), allow_nan=False)
    assert json.loads(text)["threshold"] == 0.8
    assert "not known -> not known" in bisect_text(result(found))
