"""Adjusted p-values: R's, scipy's, and laws."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from mlops_cli.statistics.arrays import Floats
from mlops_cli.statistics.multiple import benjamini_hochberg, benjamini_yekutieli, holm

Adjust = Callable[..., Floats]
P_VALUES = st.lists(st.floats(0, 1), max_size=40)
METHODS = [(benjamini_hochberg, "fdr_bh"), (benjamini_yekutieli, "fdr_by"), (holm, "holm")]
ADJUST = [method for method, _ in METHODS]

# R's multtest, mt.rawp2adjp, as in statsmodels: stats/tests/test_multi.py
RAW = [
    0.838541367553, 0.642193923795, 0.680845947633, 0.967833824309, 0.71626938238, 0.177096952723,
    5.23656777208e-005, 0.0202732688798, 0.00028140506198, 0.0149877310796,
]  # fmt: skip
R = {
    holm: [5.2365677720800005e-04, 2.5326455578199999e-03, 1.1990184863680001e-01, 1.4191288215860001e-01, *[1.0] * 6],
    benjamini_hochberg: [
        5.2365677720800003e-04, 1.4070253098999999e-03, 4.9959103598666670e-02, 5.0683172199499998e-02, 3.5419390544599999e-01,
        8.9533672797500008e-01, 8.9533672797500008e-01, 8.9533672797500008e-01, 9.3171263061444454e-01, 9.6783382430900000e-01,
    ],
    benjamini_yekutieli: [
        1.5337740764175588e-03, 4.1211324652269442e-03, 1.4632862843720582e-01, 1.4844940238274187e-01, *[1.0] * 6,
    ],
}  # fmt: skip


@pytest.mark.parametrize("adjust", ADJUST)
def test_adjusted_p_values_are_those_of_r(adjust: Adjust) -> None:
    assert np.sort(adjust(RAW)) == pytest.approx(R[adjust], rel=1e-13)


def test_benjamini_hochberg_has_the_values_that_scipy_publishes() -> None:
    """Of scipy: stats/tests/test_morestats.py, TestFDRControl, which has them from R's p.adjust."""
    raw = [0.005, 0.009, 0.019, 0.022, 0.051, 0.101, 0.361, 0.387]
    assert benjamini_hochberg(raw) == pytest.approx(
        [0.036, 0.036, 0.044, 0.044, 0.0816, 0.13466667, 0.387, 0.387]
    )


def test_a_rank_is_no_argsort() -> None:
    """Giskard-AI/giskard ranks p-values by argsort + 1, which for these is 2, 3, 1; their ranks are 3, 1, 2."""
    raw = [0.04, 0.001, 0.03]
    assert benjamini_hochberg(raw) == pytest.approx([0.04, 0.003, 0.04])
    by_argsort = np.array(raw) * 3 / (np.argsort(raw) + 1)
    assert benjamini_hochberg(raw) != pytest.approx(by_argsort)


@pytest.mark.parametrize(("adjust", "name"), METHODS)
@settings(max_examples=8)  # theirs collects garbage at every call
@given(P_VALUES.filter(bool))
def test_adjusted_p_values_are_those_of_statsmodels_and_scipy(
    adjust: Adjust, name: str, raw: list[float]
) -> None:
    assert adjust(raw) == pytest.approx(multipletests(raw, method=name)[1], rel=1e-9)
    if name != "holm":
        assert adjust(raw) == pytest.approx(false_discovery_control(raw, method=name[-2:]), rel=1e-9)


@pytest.mark.parametrize("adjust", ADJUST)
@given(P_VALUES, st.randoms())
def test_order_does_not_matter_and_is_kept(
    adjust: Adjust, raw: list[float], random: np.random.Generator
) -> None:
    order = list(range(len(raw)))
    random.shuffle(order)
    found, again = adjust(raw), adjust([raw[place] for place in order])
    assert again.tolist() == [found[place] for place in order]
    rising = found[np.argsort(raw, kind="stable")]
    assert (np.diff(rising) >= 0).all()
    assert ((found >= np.array(raw)) & (found <= 1)).all()


@pytest.mark.parametrize("adjust", ADJUST)
@given(P_VALUES, st.integers(0, 5))
def test_questions_without_an_answer_do_not_count(adjust: Adjust, raw: list[float], gaps: int) -> None:
    found = adjust([*[math.nan] * gaps, *raw])
    assert np.isnan(found[:gaps]).all()
    assert found[gaps:].tolist() == adjust(raw).tolist()


@pytest.mark.parametrize("adjust", ADJUST)
def test_nothing_asked_is_nothing_found(adjust: Adjust) -> None:
    assert adjust([]).shape == (0,)
    assert adjust([0.3]).tolist() == [0.3]
    for wrong in ([1.5], [-0.1], [[0.5]]):
        with pytest.raises(ValueError, match="p-value"):
            adjust(wrong)
