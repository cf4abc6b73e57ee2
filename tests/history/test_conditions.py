from __future__ import annotations

import pytest

from mlops_cli.errors import UsageError
from mlops_cli.history.conditions import ReadCondition, like, read_conditions, text_condition
from mlops_cli.history.known import Source
from tests.support.attempts import known_run


def meets(condition: str, **params: object) -> bool:
    (read,) = read_conditions([condition])
    run = known_run(1, {name.replace("__", "."): value for name, value in params.items()})
    return read.miss(run) is None


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("train.depth=8", 8),
        ("train.depth=8", 8.0),
        ("train.depth=8.0", 8),
        ("train.depth==8", 8),
        ("train.depth = 8", 8),
        ("train.depth=4,8", 8),
        ("train.depth=forest", "forest"),
        ("train.depth='8'", "8"),
        ("train.depth=true", True),
        ("train.depth=null", None),
        ("train.depth=", None),
        ("train.depth=", ""),
        ("train.depth=[64, 32]", [64, 32]),
        ("train.depth=a,b", "a,b"),
        ("train.depth>=8", 8),
        ("train.depth>7.5", 8),
        ("train.depth<9", 8),
        ("train.depth <= 8", 8),
        ("train.depth!=9", 8),
        ("train.depth!=4,9", 8),
    ],
)
def test_a_value_that_meets_its_condition(condition: str, value: object) -> None:
    assert meets(condition, train__depth=value)


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ("train.depth=8", "8"),
        ("train.depth=1", True),
        ("train.depth=true", 1),
        ("train.depth=4,8", 6),
        ("train.depth=[64, 32]", [32, 64]),
        ("train.depth>8", 8),
        ("train.depth>8", "9"),
        ("train.depth>0", True),
        ("train.depth<8", None),
        ("train.depth!=8", 8),
        ("train.depth!=4,8", 8),
    ],
)
def test_a_value_that_misses_its_condition(condition: str, value: object) -> None:
    assert not meets(condition, train__depth=value)


def test_a_parameter_that_a_run_does_not_have_meets_nothing() -> None:
    assert not meets("train.depth=8", train__trees=8)
    assert not meets("train.depth!=8", train__trees=8)
    assert not meets("train.depth=null", train__trees=8)


def test_a_parameter_that_two_files_define_is_met_by_either() -> None:
    run = known_run(1, {"a.yaml:lr": 1, "b.yaml:lr": 2})
    for text, met in (
        ("lr=1", True),
        ("lr=2", True),
        ("lr=3", False),
        ("a.yaml:lr=1", True),
        ("a.yaml:lr=2", False),
    ):
        (condition,) = read_conditions([text])
        assert (condition.miss(run) is None) is met, text


@pytest.mark.parametrize(
    "text", ["train.depth", "=8", "", "train.depth>high", "train.depth>1,2", "train.depth<", "a b=1"]
)
def test_what_is_no_condition_is_a_mistake_of_usage(text: str) -> None:
    with pytest.raises(UsageError):
        read_conditions([text])


def test_a_miss_says_what_was_wanted_and_what_there_was() -> None:
    (exact,) = read_conditions(["train.depth=8"])
    miss = exact.miss(known_run(1, {"train.depth": 4}))
    assert miss is not None
    assert (miss.about, miss.wanted, miss.had) == ("train.depth", "8", (4,))
    (order,) = read_conditions(["train.depth>=8"])
    other = order.miss(known_run(1, {}))
    assert other is not None
    assert (other.wanted, other.had) == (">= 8", ())


def test_distances_follow_closeness() -> None:
    (condition,) = read_conditions(["d=8"])

    def distance(params: dict[str, object]) -> float:
        miss = condition.miss(known_run(1, params))
        assert miss is not None
        return miss.distance

    far = [distance({"d": value}) for value in (7, 4, 100, -8)] + [distance({"d": "deep"}), distance({})]
    assert far == sorted(far)
    assert far[0] < far[1] < far[2] < far[3] == 1 < far[-1]


def test_reading_is_by_run() -> None:
    condition = ReadCondition("data", "data/raw.csv", frozenset({known_run(1).id}))
    assert condition.miss(known_run(1)) is None
    miss = condition.miss(known_run(2))
    assert miss is not None
    assert (miss.about, miss.wanted, miss.had) == ("data", "data/raw.csv", ())


def test_words_are_looked_for_in_everything_that_was_said() -> None:
    asked = []

    def notes(run: str) -> list[str]:
        asked.append(run)
        return ["The LONGER schedule helped"]

    commit = Source("commit", "c0ffee", subject="Deeper trees")
    run = known_run(1, message="Try focal loss", branch="ana/focal", notes=1, sources=[commit])
    for words in ("focal", "LOSS try", "deeper", "longer schedule", "ana/", "deeper longer focal"):
        assert text_condition(words, notes).miss(run) is None, words
    assert text_condition("focal shallow", notes).miss(run) is not None
    asked.clear()
    assert text_condition("longer", notes).miss(known_run(2)) is not None
    assert asked == []


def test_what_is_like_a_run_has_its_parameters_but_for_those_that_are_asked_for_otherwise() -> None:
    run = known_run(1, {"train.depth": 8, "train.lr": 0.1, "a.yaml:seed": 1})
    conditions = like(run, ["train.depth", "seed"])
    assert [(each.name, each.values, each.text) for each in conditions] == [("train.lr", (0.1,), "0.1")]
    assert all(each.miss(run) is None for each in like(run, []))
