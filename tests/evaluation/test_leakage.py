"""What makes figures doubtful is said, and nothing is said where there is nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlops_cli.evaluation.leakage import identifier, overlap, warnings
from mlops_cli.evaluation.measure import Measurer
from mlops_cli.evaluation.sample import Sample
from mlops_cli.evaluation.slices.columns import ArrayColumns, values_of

N = 1000
DRAW = np.random.default_rng(0)
TRUTH = DRAW.integers(0, 2, N)
SIGNAL = DRAW.normal(size=N) + 1.5 * TRUTH


def _binary(predicted: Any = None, scores: Any = None) -> Sample:
    scores = 1 / (1 + np.exp(-SIGNAL)) if scores is None else scores
    predicted = (SIGNAL > 0.75).astype(int) if predicted is None else predicted
    return Sample("binary", TRUTH, predicted, scores, ("no", "yes"), True, 1)


def _checks(
    columns: dict[str, Any], sample: Sample, train: ArrayColumns | None = None
) -> list[tuple[str, str]]:
    found = warnings(ArrayColumns(columns), sample, Measurer(sample).measure, None, train)
    assert all(warned.message and warned.cause for warned in found)
    return [(warned.check, warned.column) for warned in found]


def test_honest_columns_give_no_warning() -> None:
    columns = {
        "a": SIGNAL + DRAW.normal(size=N) * 3,
        "b": DRAW.normal(size=N),
        "c": DRAW.choice(list("xyz"), N),
    }
    assert _checks(columns, _binary()) == []


@pytest.mark.parametrize(
    "leak",
    [
        TRUTH * 1000 + DRAW.normal(size=N),
        -TRUTH * 1000 + DRAW.normal(size=N),
        np.where(TRUTH == 1, 0, np.where(DRAW.random(N) < 0.5, -5, 5)) + DRAW.normal(size=N) * 0.1,
        np.where(TRUTH == 1, np.nan, DRAW.normal(size=N)),
        np.array([f"{'ab' if truth else 'cd'}{at % 7}" for at, truth in enumerate(TRUTH)]),
    ],
    ids=["rising", "falling", "in the middle", "missing", "words"],
)
def test_a_column_that_tells_the_target_alone_is_named(leak: Any) -> None:
    assert _checks({"leak": leak, "a": SIGNAL}, _binary()) == [("tells_the_target", "leak")]


@pytest.mark.parametrize(
    "copy", [TRUTH, 1 - TRUTH, np.where(TRUTH == 1, "Y", "N")], ids=["same", "turned", "words"]
)
def test_the_target_in_other_words_is_a_copy(copy: Any) -> None:
    assert _checks({"copy": copy}, _binary()) == [("copy_of_target", "copy")]


def test_a_column_of_many_rare_values_is_not_taken_for_a_leak() -> None:
    words = np.array([f"w{number}" for number in DRAW.integers(0, 700, N)])
    assert _checks({"words": words}, _binary()) == []


def test_columns_that_name_rows_are_told_from_amounts() -> None:
    assert identifier("id", values_of(np.arange(N))) is not None
    assert identifier("id", values_of([f"u{at}" for at in range(N)])) is not None
    assert identifier("amount", values_of(DRAW.normal(size=N))) is None
    assert identifier("age", values_of(DRAW.integers(18, 90, N))) is None
    assert identifier("few", values_of(np.arange(20))) is None


def test_a_model_no_better_than_one_answer_or_one_column_is_told() -> None:
    same = _binary(predicted=np.zeros(N, int), scores=DRAW.random(N))
    assert _checks({"b": DRAW.normal(size=N)}, same)[0] == ("no_better_than_simple", "")
    blind = [
        warned.message
        for warned in warnings(ArrayColumns({"b": SIGNAL}), same, Measurer(same).measure, plain=False)
    ]
    assert any(message.startswith("roc_auc") for message in blind)
    noisy = _binary(scores=1 / (1 + np.exp(-(SIGNAL + DRAW.normal(size=N) * 4))))
    assert ("no_better_than_one_column", "a") in _checks({"a": SIGNAL}, noisy)


def test_a_regression_has_its_leaks_and_its_simple_model() -> None:
    truth = DRAW.normal(size=N)
    bad = Sample("regression", truth, truth * 0 + 50)
    found = _checks({"twice": truth * 2 + 3, "noise": DRAW.normal(size=N)}, bad)
    assert found == [("copy_of_target", "twice"), ("no_better_than_simple", "")]
    assert _checks({"noise": DRAW.normal(size=N)}, Sample("regression", truth, truth * 0.9)) == []


def test_of_several_classes_a_column_that_names_them_is_a_copy() -> None:
    truth = DRAW.integers(0, 3, N)
    sample = Sample("multiclass", truth, truth, None, ("a", "b", "c"))
    found = _checks(
        {"names": np.array(list("xyz"))[truth], "codes": truth * 10 + DRAW.integers(0, 9, N)}, sample
    )
    assert found == [("copy_of_target", "names"), ("tells_the_target", "codes")]


def test_rows_of_the_training_table_are_counted() -> None:
    mine = ArrayColumns({"a": SIGNAL, "b": TRUTH})
    fresh = ArrayColumns({"a": DRAW.normal(size=N), "b": TRUTH})
    assert overlap(mine, fresh) == ()
    half = ArrayColumns({"b": TRUTH[:500], "a": SIGNAL[:500]})
    (found,) = overlap(mine, half)
    assert (found.evidence["shared"], found.severity) == (500, "fail")
    few = ArrayColumns({"a": SIGNAL[:10], "b": TRUTH[:10]})
    assert overlap(mine, few)[0].severity == "warn"


def test_rows_that_are_alike_anyway_only_warn() -> None:
    mine, train = (ArrayColumns({"a": DRAW.choice(list("xy"), N)}) for _ in range(2))
    (found,) = overlap(mine, train)
    assert found.severity == "warn"
    assert "chance" in found.cause


@pytest.mark.parametrize(
    ("used", "severities"),
    [(True, {"key": "warn", "copy": "fail"}), (False, {}), (None, {"copy": "warn"})],
    ids=["used", "not used", "nobody knows"],
)
def test_a_column_is_held_against_a_model_as_far_as_the_model_uses_it(
    used: bool | None, severities: dict[str, str]
) -> None:
    columns = ArrayColumns({"key": np.arange(N), "copy": 1 - TRUTH, "a": DRAW.normal(size=N)})
    sample = _binary()
    found = warnings(columns, sample, Measurer(sample).measure, uses=lambda _: used)
    assert {warned.column: warned.severity for warned in found if warned.column} == severities


def test_few_rows_give_no_warnings() -> None:
    sample = Sample("binary", TRUTH[:40], TRUTH[:40], None, ("no", "yes"))
    assert warnings(ArrayColumns({"copy": TRUTH[:40]}), sample, Measurer(sample).measure) == ()


def test_the_best_of_many_useless_columns_is_not_held_against_a_model() -> None:
    model = _binary(scores=1 / (1 + np.exp(-(SIGNAL + DRAW.normal(size=N) * 30))))
    columns = {f"c{at}": DRAW.normal(size=N) for at in range(200)}
    assert "no_better_than_one_column" not in {check for check, _ in _checks(columns, model)}
