"""Sums of slices of one and two columns, held against a mask for each."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlops_cli.evaluation.slices.coding import Part
from mlops_cli.evaluation.slices.parse import parse_expression
from mlops_cli.evaluation.slices.search import lift_of
from mlops_cli.evaluation.slices.search_codes import Axis
from mlops_cli.evaluation.slices.tally import Sums, plan_of, tally


def _axes(draw: np.random.Generator, sizes: list[int], n: int) -> list[Axis]:
    part = Part("x", parse_expression("x is missing"))
    return [
        Axis(f"c{at}", draw.integers(0, size, n).astype(np.uint8), (part,) * size)
        for at, size in enumerate(sizes)
    ]


@pytest.mark.parametrize("sizes", [[3], [2, 5], [11, 3, 4], [11, 11, 11, 11], [2, 3, 4, 5, 6]])
def test_sums_of_every_slice_are_those_of_its_mask(sizes: list[int]) -> None:
    draw = np.random.default_rng(sum(sizes))
    axes, loss = _axes(draw, sizes, 500), draw.exponential(size=500)
    rows = np.flatnonzero(draw.random(500) < 0.7)
    plan, found = plan_of(axes), tally(axes, rows, loss[rows])
    assert (
        len(found.n)
        == len(plan.first)
        == sum(sizes) + sum(one * two for at, one in enumerate(sizes) for two in sizes[at + 1 :])
    )
    for at in range(len(plan.first)):
        mask = axes[plan.first[at]].codes[rows] == plan.first_code[at]
        if plan.second[at] >= 0:
            mask &= axes[plan.second[at]].codes[rows] == plan.second_code[at]
        inside = loss[rows][mask]
        assert found.n[at] == mask.sum()
        assert found.loss[at] == pytest.approx(inside.sum())
        assert found.squares[at] == pytest.approx((inside**2).sum())


def test_a_lift_and_its_error_are_welchs() -> None:
    draw = np.random.default_rng(1)
    loss, mask = draw.exponential(size=300), np.arange(300) < 40

    def sums(of: np.ndarray) -> Sums:
        return Sums(np.array([len(of)], float), np.array([of.sum()]), np.array([(of**2).sum()]))

    lift, error = lift_of(sums(loss[mask]), sums(loss))
    test = stats.ttest_ind(loss[mask], loss[~mask], equal_var=False)
    assert lift[0] == pytest.approx(loss[mask].mean() - loss[~mask].mean())
    assert lift[0] / error[0] == pytest.approx(test.statistic)


def test_a_slice_of_one_row_or_of_all_rows_has_no_error_to_speak_of() -> None:
    whole = Sums(np.array([5.0]), np.array([5.0]), np.array([6.0]))
    for part in (Sums(np.array([1.0]), np.array([1.0]), np.array([1.0])), whole):
        lift, error = lift_of(part, whole)
        assert (lift[0], error[0]) == (0.0, np.inf)
