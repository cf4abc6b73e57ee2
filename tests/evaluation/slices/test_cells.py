"""Cells of slices: they add, and metrics from them are those of scikit-learn on masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.evaluation.sample import Sample
from mlops_cli.evaluation.slices.cells import (
    confusions,
    loss_sums,
    mean_measured,
    rate_measured,
)

NAMES = ("a", "b", "c")


def _drawn(seed: int, n: int, classes: int) -> tuple[np.ndarray, Sample]:
    draw = np.random.default_rng(seed)
    codes = draw.integers(-1, 4, n).astype(np.int32)
    truth, answer = draw.integers(0, classes, n), draw.integers(0, classes, n)
    task = "binary" if classes == 2 else "multiclass"
    return codes, Sample(task, truth, answer, None, NAMES[:classes])  # type: ignore[arg-type] # one of the two


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 80), st.integers(2, 3), st.integers(0, 80))
def test_cells_of_parts_add_to_the_cells_of_the_whole(seed: int, n: int, classes: int, cut: int) -> None:
    codes, sample = _drawn(seed, n, classes)
    rows = np.arange(n)
    parts = [rows[:cut], rows[cut:]]
    whole = confusions(codes, 4, sample)
    one, two = (confusions(codes[part], 4, sample.take(part)) for part in parts)
    assert (one.plus(two).counts == whole.counts).all()


def test_sums_about_one_centre_add_and_others_do_not() -> None:
    losses, codes = np.array([1e9, 1e9 + 1, 1e9 + 2, 1e9 + 7]), np.zeros(4, np.int32)
    whole = loss_sums(codes, 1, losses)
    mean, variance, n = whole.mean_variance(0)
    assert (mean, n) == (1e9 + 2.5, 4)
    assert variance == pytest.approx(losses.var(ddof=1), rel=1e-12)
    assert whole.plus(whole).mean_variance(0)[2] == 8
    with pytest.raises(ValueError, match="centres"):
        whole.plus(loss_sums(codes, 1, losses + 1))


def test_rows_of_no_slice_and_rows_without_an_answer_count_nowhere() -> None:
    sample = Sample("binary", np.array([0, 1, 1]), np.array([0, 1, -1]), None, ("n", "y"))
    found = confusions(np.array([0, -1, 0], np.int32), 1, sample)
    assert found.counts.tolist() == [[[1, 0], [0, 0]]]


def test_a_rate_of_no_rows_is_insufficient_and_says_of_what() -> None:
    found = rate_measured("recall", 0, 0, ("no", "yes"))
    assert (found.status, found.value, found.note) == ("insufficient", None, "no row is yes")
    assert rate_measured("precision", 0, 0, ("no", "yes")).note == "no row is answered yes"


def test_a_mean_of_one_row_has_no_interval() -> None:
    found = mean_measured("mae", loss_sums(np.zeros(1, np.int32), 1, np.array([2.0])), 0)
    assert (found.value, found.low) == (2.0, None)


def test_what_is_no_rate_of_a_confusion_is_told_apart() -> None:
    codes, sample = _drawn(1, 50, 3)
    found = confusions(codes, 4, sample)
    assert found.rate("f1") is None
    assert found.rate("recall") is None  # of three classes there is no positive one
    assert found.rate("recall[zebra]") is None
    assert found.rate("recall[b]") is not None
