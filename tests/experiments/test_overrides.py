"""What `-S` asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.experiments.overrides import Distribution, Override, SweepError, parse_overrides

FILES: dict[str, dict[str, Any]] = {
    "params.yaml": {
        "train": {"lr": 0.1, "depth": 4, "layers": [64, 32], "name": "a"},
        "seed": 1,
        "none": None,
    },
    "other.json": {"a": {"b": 1}},
}


def parse(*texts: str) -> tuple[Override, ...]:
    return parse_overrides(texts, "params.yaml", FILES.get)


def values(text: str) -> list[Any]:
    return list(parse(f"train.lr={text}")[0].values)


def mistakes(*texts: str) -> list[tuple[int, str]]:
    with pytest.raises(SweepError) as caught:
        parse(*texts)
    return [(mistake.at, mistake.message) for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0.1", [0.1]),
        ("0.1,0.01", [0.1, 0.01]),
        (" 1 , 2 ", [1, 2]),
        ("1e-3,no,true,~,null,0x10,relu", [0.001, "no", True, None, 16, "relu"]),
        ("''", [""]),
        ('\'a,b\',"c,\\"d\\"",it\'s', ["a,b", 'c,"d"', "it's"]),
        ("'it''s',2", ["it's", 2]),
        ("[1, 2],[]", [[1, 2], []]),
        ("{a: 1, b: [x]},3", [{"a": 1, "b": ["x"]}, 3]),
        ("1,1.0,true,1", [1, 1.0, True]),
        ("range(3,6)", [3, 4, 5]),
        ("range(9, 3, -3)", [9, 6]),
        ("range(0,0.3,0.1)", [0.0, 0.1, 0.2]),
        ("range(0.5,3)", [0.5, 1.5, 2.5]),
        ("range(1,3),9", [1, 2, 9]),
        ("'f(x)'", ["f(x)"]),
        ("a=b", ["a=b"]),
    ],
)
def test_values_are_read_as_parameter_files_are(text: str, wanted: list[Any]) -> None:
    found = values(text)
    assert [(type(value), value) for value in found] == [(type(value), value) for value in wanted]


def test_another_parameter_file_can_be_named() -> None:
    (override,) = parse("other.json:a.b=2")
    assert (override.file, override.name, override.label) == ("other.json", "a.b", "other.json:a.b")


def test_what_is_drawn_is_known_by_name() -> None:
    kinds = ["uniform(0,1)", "loguniform(1e-4, 1e-1)", "normal(0,1)", "randint(1,10)"]
    drawn = [parse(f"train.lr={kind}")[0].drawn for kind in kinds]
    assert drawn == [
        Distribution("uniform", 0, 1),
        Distribution("loguniform", 1e-4, 1e-1),
        Distribution("normal", 0, 1),
        Distribution("randint", 1, 10),
    ]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("train.lr", 8, "= and a value should follow"),
        ("=1", 0, "a parameter's name should stand here"),
        ("train..lr=1", 0, "a parameter's name should stand here"),
        (
            "train.dpeth=1",
            0,
            'there is no train.dpeth in params.yaml: did you mean "train.depth"? (to add it: +train.dpeth=…)',
        ),
        ("trian.lr=1", 0, 'did you mean "train.lr"?'),
        ("other.json:a.c=1", 11, "there is no a.c in other.json"),
        ("nowhere.toml:a=1", 0, "there is no parameter file nowhere.toml"),
        ("params.py:a=1", 10, "parameters in Python cannot be changed"),
        ("+seed=1", 0, "seed is in params.yaml already; leave the + out"),
        ("seed=1,,2", 7, "a value is missing here"),
        ("seed=1,", 7, "a value is missing here"),
        ("seed=", 5, "a value is missing here; nothing is written null, an empty text ''"),
        ("seed= ", 5, "a value is missing here"),
        (
            "train=3",
            0,
            "train is a section, with lr, depth, layers, name; give one of these a value, as in train.lr=…",
        ),
        ("train=uniform(0,1)", 0, "train is a section"),
        ("train={lr: 1},2", 0, "train is a section"),
        ("other.json:a=1", 11, "a is a section, with b"),
        ("seed='a,b", 5, "this quote is never closed"),
        ("seed=1,[2,3", 7, "this bracket is never closed"),
        ("seed=.nan", 5, "NaN and infinity cannot be compared"),
        ("seed=range(1)", 5, "range takes two or three numbers"),
        ("seed=range(1,x)", 13, "x is not a number"),
        ("seed=range(1,5,0)", 5, "its step is 0"),
        ("seed=range(5,1)", 5, "range(5,1) is empty"),
        ("seed=range(0,1e12)", 5, "has 1,000,000,000,000 values"),
        ("seed=1,uniform(0,1)", 7, "values are listed or drawn, not both"),
        ("seed=unifrom(0,1)", 5, 'there is no unifrom(…): did you mean "uniform"?'),
        ("seed=uniform(1,0)", 5, "low should be less than high"),
        ("seed=loguniform(0,1)", 5, "0 < low < high should hold"),
        ("seed=normal(0,0)", 5, "the deviation should be more than 0"),
        ("seed=randint(0.5,2)", 5, "both should be whole"),
        ("seed=uniform(1)", 5, "uniform takes two numbers: uniform(low, high)"),
        ("seed=[1, 2", 5, "this bracket is never closed"),
        ("seed={a: b: c}", 5, ""),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, at: int, message: str) -> None:
    ((place, said),) = mistakes(text)
    assert message in said
    assert place == at or (message == "" and place >= at)


def test_every_mistake_in_every_text_is_told_at_once() -> None:
    with pytest.raises(SweepError) as caught:
        parse("train.dpeth=1,,2", "seed=range(5,1)", "train.depth=3")
    assert len(caught.value.mistakes) == 3
    assert caught.value.message.splitlines() == [
        "-S: 3 mistakes",
        "  train.dpeth=1,,2",
        '  ^ there is no train.dpeth in params.yaml: did you mean "train.depth"? (to add it: +train.dpeth=…)',
        "  train.dpeth=1,,2",
        "                ^ a value is missing here; nothing is written null, an empty text ''",
        "  seed=range(5,1)",
        "       ^ range(5,1) is empty: its end is not part of it",
    ]


def test_a_new_parameter_is_added_only_when_that_is_meant() -> None:
    (override,) = parse("+train.new=1")
    assert override.name == "train.new"


@pytest.mark.parametrize(
    "texts", [("seed=1", "seed=2"), ("train={}", "train.lr=1"), ("train.lr=1", "train={}")]
)
def test_two_texts_never_give_the_same_parameter(texts: tuple[str, str]) -> None:
    assert "is given already" in mistakes(*texts)[0][1]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc ,", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_any_values_written_as_json_are_read_as_they_are(wanted: list[Any]) -> None:
    different = {json.dumps(value, sort_keys=True): value for value in wanted}
    found = values(",".join(shown(value) for value in wanted))
    assert [json.dumps(value, sort_keys=True) for value in found] == list(different)


@given(st.text(max_size=30))
def test_any_text_is_understood_or_told_to_be_wrong(text: str) -> None:
    try:
        parse(text)
    except SweepError as error:
        assert all(0 <= mistake.at <= len(mistake.text) for mistake in error.mistakes)  # noqa: PT017


@given(st.text("0123,.-'\"[]{}()ae rng", max_size=20))
def test_any_values_are_understood_or_told_to_be_wrong(text: str) -> None:
    try:
        parse(f"train.lr={text}")
    except SweepError as error:
        assert all(0 <= mistake.at <= len(mistake.text) for mistake in error.mistakes)  # noqa: PT017


@given(st.floats(0, 1, exclude_max=True))
def test_what_is_drawn_lies_where_it_should(chance: float) -> None:
    assert 2 <= Distribution("uniform", 2, 3).draw(chance) <= 3  # type: ignore[operator]
    assert 1e-4 <= Distribution("loguniform", 1e-4, 1e-1).draw(chance) <= 1e-1  # type: ignore[operator]
    assert Distribution("randint", 1, 4).draw(chance) in (1, 2, 3)
    assert isinstance(Distribution("normal", 0, 1).draw(chance), float)
