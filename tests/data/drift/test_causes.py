"""What a drift is called."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_cli.data.drift.causes import is_mirrored, is_relabelled, shift_of, spike_of, unit_of
from mlops_cli.data.drift.cells import Classes, Hours, Ordered


@pytest.mark.parametrize("factor", [1000.0, 0.01, 2.54, 3600.0, 60.0])
def test_a_unit_is_known_by_its_factor(factor: float) -> None:
    before = (1.0, 2.5, 7.0)
    now = (1.02 * factor, 2.45 * factor, 7.1 * factor)
    assert unit_of(before, now) == pytest.approx(factor)


def test_values_that_rose_by_two_thirds_are_no_other_unit() -> None:
    assert unit_of((100.0, 140.0, 200.0), (163.0, 230.0, 330.0)) is None


def test_a_shift_by_a_constant_is_no_other_unit() -> None:
    assert unit_of((1.0, 2.0, 3.0), (1000.0, 1001.0, 1002.0)) is None
    assert unit_of((0.0, 2.0, 3.0), (0.0, 2000.0, 3000.0)) is None  # of nothing there is no factor


@pytest.mark.parametrize("lag", [-7, -1, 2, 5, 12])
def test_hours_that_moved_are_found_with_their_number(lag: int) -> None:
    random = np.random.default_rng(0)
    week = random.poisson(
        np.tile(30 + 25 * np.sin(np.arange(24) / 24 * 2 * np.pi), 7)
        * np.repeat([1, 1, 1, 1, 1, 0.5, 0.3], 24)
    )
    assert shift_of(Hours(week, np.roll(random.poisson(week), lag))) == lag


def test_habits_that_changed_are_no_time_zone() -> None:
    random = np.random.default_rng(1)
    assert shift_of(Hours(random.poisson(20, 168), random.poisson(np.tile([5, 40], 84)))) == 0
    assert shift_of(Hours(random.poisson(20, 168), random.poisson(20, 168))) == 0


def test_labels_that_changed_places_are_told_from_shares_that_moved() -> None:
    assert is_relabelled(np.array([500, 300, 200]), np.array([200, 510, 290]))
    assert not is_relabelled(np.array([500, 300, 200]), np.array([700, 200, 100]))


def two(before: tuple[int, int], now: tuple[int, int]) -> Classes:
    return Classes(("a", "b"), np.array(before), np.array(now))


def test_two_values_that_have_each_others_shares_changed_places() -> None:
    assert is_mirrored(two((7600, 2400), (2430, 7570)))
    assert not is_mirrored(two((7600, 2400), (2700, 7300)))  # not exactly the other one's
    assert not is_mirrored(two((5500, 4500), (4500, 5500)))  # a change by a tenth is soon a coincidence
    assert not is_mirrored(two((7600, 2400), (7600, 2400)))
    assert not is_mirrored(two((76, 24), (30, 70)))  # few rows: what is within their error, but not near


def test_one_value_that_took_from_all_others_is_a_spike() -> None:
    counts = np.full(20, 100)
    now = np.full(20, 80)
    now[7] = 480
    at = np.arange(20, dtype=float)
    cells = Ordered(("",) * 20, counts, now, at, at, np.zeros(20, dtype=bool))
    assert spike_of(cells) == 7
    shifted = Ordered(
        ("",) * 20, counts, np.linspace(20, 180, 20).astype(int), at, at, np.zeros(20, dtype=bool)
    )
    assert spike_of(shifted) is None
