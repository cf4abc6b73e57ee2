"""Sums without rounding: held against ratios of whole numbers, however wide the range and however the rows are dealt out."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.statistics import exact
from mlops_cli.statistics.exact import CHUNK, Exact, Totals, exact_bin_sums, exact_sum, nearest

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LISTS = st.lists(FLOATS, max_size=60)


@given(LISTS)
def test_a_sum_is_that_of_ratios(values: list[float]) -> None:
    found = exact_sum(values)
    assert found.fraction == sum(map(Fraction, values), Fraction(0))
    assert found.mantissa % 2 or found == Exact(0, 0)


@given(LISTS.filter(bool))
def test_a_sum_in_floats_is_correctly_rounded(values: list[float]) -> None:
    try:
        expected = math.fsum(values)
    except OverflowError:  # fsum gives up where partial sums overflow
        expected = nearest(sum(map(Fraction, values), Fraction(0)))
    assert exact_sum(values).value == expected


@given(LISTS, st.randoms())
def test_however_rows_are_dealt_out_the_sum_is_the_same(
    values: list[float], random: np.random.Generator
) -> None:
    shuffled = values.copy()
    random.shuffle(shuffled)
    cut = random.randint(0, len(values))  # type: ignore[attr-defined]
    assert exact_sum(shuffled[:cut]) + exact_sum(shuffled[cut:]) == exact_sum(values)


def test_many_values_of_every_size_add_up() -> None:
    random = np.random.default_rng(1)
    values = 10.0 ** random.uniform(-300, 300, 3 * CHUNK + 17) * random.choice([-1, 1], 3 * CHUNK + 17)
    values[:5] = [5e-324, -1.7976931348623157e308, 1.7976931348623157e308, 2.0**-1022, 0.0]
    assert exact_sum(values).fraction == sum(map(Fraction, values.tolist()), Fraction(0))


def test_sums_beyond_all_floats_are_exact_and_say_so() -> None:
    largest = 1.7976931348623157e308
    found = exact_sum([largest] * 20_000)
    assert found.fraction == 20_000 * Fraction(largest)
    assert found.value == math.inf
    assert found.over(20_000) == largest
    assert exact_sum([-largest] * 3).value == -math.inf


def test_full_chunks_of_the_largest_cuts_do_not_round() -> None:
    # All ones in all 53 bits, at the top of a step, so that every cut is as large as can be.
    for power in range(-40, 40):
        values = np.full(CHUNK, math.ldexp(2.0**53 - 1, power))
        assert exact_sum(values).fraction == CHUNK * Fraction(float(values[0]))


@given(
    st.lists(st.tuples(FLOATS, st.integers(0, 4)), max_size=40),
    st.integers(0, 40),
)
def test_sums_of_bins_are_sums_of_their_values(rows: list[tuple[float, int]], cut: int) -> None:
    values, index = [value for value, _ in rows], [place for _, place in rows]
    found = exact_bin_sums(values, index, 5)
    for place in range(5):
        assert found[place] == exact_sum([value for value, here in rows if here == place])
    parts = exact_bin_sums(values[:cut], index[:cut], 5), exact_bin_sums(values[cut:], index[cut:], 5)
    assert tuple(one + two for one, two in zip(*parts, strict=True)) == found


def test_sums_of_bins_are_moved_before_they_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    values, index = random.normal(size=5 * CHUNK), random.integers(0, 7, 5 * CHUNK)
    expected = exact_bin_sums(values, index, 7)
    monkeypatch.setattr(exact, "_FLUSH", 2)
    assert exact_bin_sums(values, index, 7) == expected
    # What is held between two flushes: at most 2**51 a chunk.
    assert (1 << 51) * (1 << 11) < 1 << 63


@given(FLOATS, FLOATS)
def test_text_brings_a_sum_back(one: float, two: float) -> None:
    found = exact_sum([one, two])
    assert Exact.from_json(found.to_json()) == found
    assert Exact.from_json("0p0") == Exact.of(0)


@settings(max_examples=30)
@given(st.integers(-(2**200), 2**200), st.integers(-1200, 1200))
def test_equal_sums_have_one_form(mantissa: int, exponent: int) -> None:
    assert Exact.of(mantissa * 8, exponent - 3) == Exact.of(mantissa, exponent)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_has_no_sum_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        exact_sum([1.0, wrong])
    with pytest.raises(ValueError, match="finite"):
        exact_bin_sums([1.0, wrong], [0, 0], 1)


def test_bins_that_do_not_fit_are_refused() -> None:
    for index in ([0, 2], [-1, 0], [0]):
        with pytest.raises(ValueError, match="bin"):
            exact_bin_sums([1.0, 2.0], index, 2)
    assert exact_bin_sums([], [], 2) == (Exact(0, 0), Exact(0, 0))
    assert exact_sum([]).value == 0


def test_nothing_is_changed_by_adding_it_up() -> None:
    values = np.array([1e300, 0.1, -3.0])
    before = values.copy()
    totals = Totals()
    totals.add(values)
    exact_bin_sums(values, [0, 0, 0], 1)
    assert (values == before).all()


def test_no_warning_is_given(recwarn: pytest.WarningsRecorder) -> None:
    exact_sum([1.7e308, 1.7e308, 5e-324])
    exact_bin_sums([1.7e308, -1.7e308, 5e-324], [0, 0, 0], 1)
    assert not recwarn.list
