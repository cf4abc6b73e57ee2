"""Numbers as pages show them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.render.page_numbers import (
    ABSENT,
    amount_text,
    interval_texts,
    is_number,
    p_text,
    share_text,
    signed,
)

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize("value", [None, math.nan])
def test_what_was_not_measured_is_never_a_number(value: float | None) -> None:
    assert amount_text(value) == share_text(value) == p_text(value) == ABSENT
    assert not is_number(value)


def test_truth_values_are_no_numbers() -> None:
    assert not is_number(True)
    assert is_number(0)


def test_amounts_have_the_digits_that_people_compare() -> None:
    assert [amount_text(each) for each in (0, 7, 2012, 48842, -1.5, 0.5, 1234.5678, 12345.678)] == [
        *("0", "7", "2012", "48,842", f"{MINUS}1.5", "0.5", "1235", "12,346"),
    ]
    assert amount_text(math.inf) == "infinite"
    assert amount_text(-math.inf) == f"{MINUS}infinite"
    assert amount_text(1.5e-8) == f"1.5e{MINUS}08"
    assert amount_text(1e300) == "1e+300"


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_only_nothing_is_0_percent_and_only_all_is_100_percent(share: float) -> None:
    assert share_text(share) not in {"0%", "100%", "0.0%", "100.0%"}


def test_shares_have_one_decimal_where_it_says_something() -> None:
    assert [share_text(each) for each in (0, 0.12, 0.1234, 1, -0.05)] == [
        "0%",
        "12%",
        "12.3%",
        "100%",
        f"{MINUS}5%",
    ]


def test_p_values_are_never_zero() -> None:
    assert [p_text(each) for each in (0.0, 1e-300, 0.0123, 0.5)] == ["<0.001", "<0.001", "0.012", "0.50"]


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_the_ends_of_an_interval_can_be_told_apart(value: float, below: float, above: float) -> None:
    low, high = value - below, value + above
    if high - low < 1e-7:
        return
    shown = interval_texts(value, low, high)
    assert shown[1] != shown[2]
    assert all(shown)


def test_an_interval_with_an_end_that_is_no_number_is_left_out() -> None:
    assert interval_texts(0.5, math.nan, 0.6) == ("0.5", "", "")
    assert interval_texts(0.5, -math.inf, math.inf) == ("0.5", "", "")


def test_an_interval_without_width_keeps_its_digits() -> None:
    assert interval_texts(1.0, 1.0, 1.0) == ("1.0000", "1.0000", "1.0000")


def test_differences_have_their_sign() -> None:
    assert [signed(each) for each in ("0.5", f"{MINUS}0.5", "0.00")] == ["+0.5", f"{MINUS}0.5", "0.00"]
    assert interval_texts(-0.0001, -0.01, 0.01)[0] == "0.000"
