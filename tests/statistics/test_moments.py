"""Moments: certified values, any partition, any range."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlops_cli.statistics.exact import CHUNK
from mlops_cli.statistics.moments import Moments

if TYPE_CHECKING:
    from mlops_cli.statistics.arrays import Floats

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
MODERATE = st.floats(-1e6, 1e6)

# NIST Statistical Reference Datasets, univariate summary statistics (itl.nist.gov/div898/strd) ---------------------------

LEW = """
-213 -564 -35 -15 141 115 -420 -360 203 -338 -431 194 -220 -513 154 -125 -559 92 -21 -579 -52 99 -543 -175 162 -457 -346 204
-300 -474 164 -107 -572 -8 83 -541 -224 180 -420 -374 201 -236 -531 83 27 -564 -112 131 -507 -254 199 -311 -495 143 -46 -579 -90
136 -472 -338 202 -287 -477 169 -124 -568 17 48 -568 -135 162 -430 -422 172 -74 -577 -13 92 -534 -243 194 -355 -465 156 -81 -578
-64 139 -449 -384 193 -198 -538 110 -44 -577 -6 66 -552 -164 161 -460 -344 205 -281 -504 134 -28 -576 -118 156 -437 -381 200
-220 -540 83 11 -568 -160 172 -414 -408 188 -125 -572 -32 139 -492 -321 205 -262 -504 142 -83 -574 0 48 -571 -106 137 -501 -266
190 -391 -406 194 -186 -553 83 -13 -577 -49 103 -515 -280 201 300 -506 131 -45 -578 -80 138 -462 -361 201 -211 -554 32 74 -533
-235 187 -372 -442 182 -147 -566 25 68 -535 -244 194 -351 -463 174 -125 -570 15 72 -550 -190 172 -424 -385 198 -218 -536 96"""
LOTTERY = """
162 671 933 414 788 730 817 33 536 875 670 236 473 167 877 980 316 950 456 92 517 557 956 954 104 178 794 278 147 773 437 435
502 610 582 780 689 562 964 791 28 97 848 281 858 538 660 972 671 613 867 448 738 966 139 636 847 659 754 243 122 455 195 968
793 59 730 361 574 522 97 762 431 158 429 414 22 629 788 999 187 215 810 782 47 34 108 986 25 644 829 630 315 567 919 331 207
412 242 607 668 944 749 168 864 442 533 805 372 63 458 777 416 340 436 140 919 350 510 572 905 900 85 389 473 758 444 169 625
692 140 897 672 288 312 860 724 226 884 508 976 741 476 417 831 15 318 432 241 114 799 955 833 358 935 146 630 830 440 642 356
373 271 715 367 393 190 669 8 861 108 795 269 590 326 866 64 523 862 840 219 382 998 4 628 305 747 247 34 747 729 645 856 974 24
568 24 694 608 480 410 729 947 293 53 930 223 203 677 227 62 455 387 318 562 242 428 968"""
# 2.00 and these, in hundred-thousandths
MAVRO = """
180 170 180 190 180 170 150 140 150 150 170 180 180 190 190 210 200 160 140 130 130 150 150 160 150 140 130 140 150 140 150 160
150 160 190 200 200 210 220 230 240 250 270 260 260 260 270 260 250 240"""
# 299 and these, in hundredths
MICHELSO = """
85 74 90 107 93 85 95 98 98 88 100 98 93 65 76 81 100 100 96 96 96 94 96 94 88 80 85 88 90 84 83 79 81 88 88 83 80 79 76 80 88
88 88 86 72 72 62 86 97 95 88 91 85 87 84 84 85 84 84 84 89 81 81 82 80 77 76 74 75 76 91 92 89 86 88 72 84 85 85 78 89 84 78 81
76 81 79 81 82 85 87 87 81 74 81 94 95 80 81 87"""


def digits_of_pi(count: int) -> Floats:
    """Return digits of pi, by J. Machin's formula in whole numbers."""
    one = 10 ** (count + 20)

    def arctan(n: int) -> int:
        total, term, k = 0, one // n, 0
        while term:
            total += (-1) ** k * (term // (2 * k + 1))
            term //= n * n
            k += 1
        return total

    # In halves: Python turns no more than 4,300 digits at once into text.
    high, low = divmod(4 * (4 * arctan(5) - arctan(239)), 10 ** (count // 2))
    return np.array([int(digit) for digit in f"{high}{low:0{count // 2}}"[:count]], dtype=np.float64)


def listed_by_nist() -> Floats:
    """Return what NIST lists as digits of pi: its certified values hold for a list with a misprint, 3 for an 8."""
    digits = digits_of_pi(5000)
    assert digits[956] == 8
    digits[956] = 3
    return digits


def numacc(middle: float, low: float, high: float) -> Floats:
    """Return 1,001 values as NIST makes them: the middle, then low and high in turn, 500 times."""
    return np.array([middle, *[low, high] * 500])


def numbers(text: str, start: str = "", digits: int = 0) -> Floats:
    """Return the numbers of a text, read as decimals are."""
    if not start:
        return np.array(text.split(), dtype=np.float64)
    whole = int(start)
    return np.array([float(Fraction(whole * 10**digits + int(part), 10**digits)) for part in text.split()])


CERTIFIED = {
    "PiDigits": (listed_by_nist(), 4.53480000000000, 2.86733906028871),
    "Lottery": (numbers(LOTTERY), 518.958715596330, 291.699727470969),
    "Lew": (numbers(LEW), -177.435000000000, 277.332168044316),
    "Mavro": (numbers(MAVRO, "2", 5), 2.00185600000000, 0.000429123454003053),
    "Michelso": (numbers(MICHELSO, "299", 2), 299.852400000000, 0.0790105478190518),
    "NumAcc1": (np.array([10000001.0, 10000003.0, 10000002.0]), 10000002.0, 1.0),
    "NumAcc2": (numacc(1.2, 1.1, 1.3), 1.2, 0.1),
    "NumAcc3": (numacc(1000000.2, 1000000.1, 1000000.3), 1000000.2, 0.1),
    "NumAcc4": (numacc(10000000.2, 10000000.1, 10000000.3), 10000000.2, 0.1),
}
SIZES = {
    "PiDigits": 5000,
    "Lottery": 218,
    "Lew": 200,
    "Mavro": 50,
    "Michelso": 100,
    "NumAcc1": 3,
    "NumAcc4": 1001,
}


@pytest.mark.parametrize("centre", ["zero", "first", "middle", "far"])
@pytest.mark.parametrize("name", CERTIFIED)
def test_mean_and_spread_are_certified_by_nist(name: str, centre: str) -> None:
    values, mean, sd = CERTIFIED[name]
    assert len(values) == SIZES.get(name, 1001)
    place = {"zero": 0.0, "first": values[0], "middle": float(np.median(values)), "far": 1e4}[centre]
    found = Moments.of(values, place)
    assert found.mean == pytest.approx(mean, rel=1e-14)
    # Decimals of NumAcc3 and 4 lose digits before anything is added: 10000000.1 is no float. What is left is exact.
    ratios = [Fraction(value) for value in values.tolist()]
    middle = sum(ratios) / len(ratios)
    true = math.sqrt(sum((ratio - middle) ** 2 for ratio in ratios) / (len(ratios) - 1))
    certified = {"NumAcc3": 1e-9, "NumAcc4": 1e-7}.get(name, 1e-12)
    assert true == pytest.approx(sd, rel=certified)
    # About a far centre, distances themselves are rounded to a float.
    assert found.sd == pytest.approx(true, rel=1e-14 if centre != "far" else 1e-8)


def test_sums_of_squares_would_have_been_negative() -> None:
    values = CERTIFIED["NumAcc4"][0]
    naive = (np.sum(values * values) - np.sum(values) ** 2 / len(values)) / (len(values) - 1)
    assert naive != pytest.approx(0.01, rel=0.1)
    assert Moments.of(values, 0.0).variance == pytest.approx(0.01, rel=1e-7)


# Laws ---------------------------------------------------------------------------------------------------------------------


@given(st.lists(FLOATS, max_size=50), FLOATS, st.randoms())
def test_the_merge_of_any_parts_is_the_whole_byte_for_byte(
    values: list[float], centre: float, random: np.random.Generator
) -> None:
    shuffled = values.copy()
    random.shuffle(shuffled)
    one, two = sorted(random.randint(0, len(values)) for _ in range(2))  # type: ignore[attr-defined]
    parts = [Moments.of(part, centre) for part in (shuffled[:one], shuffled[one:two], shuffled[two:])]
    merged = parts[2].merge(parts[0]).merge(parts[1])
    assert json.dumps(merged.to_json()) == json.dumps(Moments.of(values, centre).to_json())


def test_chunks_make_no_difference() -> None:
    random = np.random.default_rng(4)
    values = np.concatenate(
        [random.normal(size=CHUNK), 10.0 ** random.uniform(-300, 300, CHUNK), random.normal(size=99)]
    )
    whole = Moments.of(values, 0.5)
    assert Moments.of(values[::-1], 0.5) == whole
    merged = Moments.empty(0.5)
    for part in np.array_split(values, 37):
        merged = merged.merge(Moments.of(part, 0.5))
    assert merged == whole


@given(st.lists(FLOATS, max_size=30))
def test_distances_and_their_squares_are_added_up_in_full(values: list[float]) -> None:
    found = Moments.of(values, 0.0)
    ratios = [Fraction(value) for value in values]
    assert found.first.fraction == sum(ratios)
    assert found.second.fraction == sum(ratio**2 for ratio in ratios)
    third, fourth = sum(ratio**3 for ratio in ratios), sum(ratio**4 for ratio in ratios)
    limit = sum(abs(ratio) ** 3 for ratio in ratios)
    assert abs(found.third.fraction - third) <= limit * Fraction(1, 2**52)
    assert abs(found.fourth.fraction - fourth) <= fourth * Fraction(3, 2**53)


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=60), st.integers(-10, 10))
def test_moments_are_those_of_scipy(values: list[int], centre: int) -> None:
    found = Moments.of(values, float(centre))
    assert found.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert found.variance == pytest.approx(np.var(values, ddof=1))
    assert found.sd == pytest.approx(np.std(values, ddof=1))
    if len({*values}) == 1:
        assert found.skewness is None
        assert found.kurtosis is None
        return
    far = max(abs(value - centre) for value in values) > 100 * np.std(values)
    for moment, expected in ((found.skewness, stats.skew(values)), (found.kurtosis, stats.kurtosis(values))):
        assert far if moment is None else moment == pytest.approx(expected, abs=1e-9)


@given(FLOATS, FLOATS, st.integers(2, 40))
def test_equal_values_have_no_spread_at_all_wherever_the_centre(value: float, centre: float, n: int) -> None:
    found = Moments.of([value] * n, centre)
    assert found.variance == 0
    assert found.sd == 0
    assert found.skewness is None


@given(st.lists(MODERATE, min_size=2, max_size=40), MODERATE)
def test_the_spread_is_never_negative(values: list[float], centre: float) -> None:
    variance = Moments.of(values, centre).variance
    assert variance is not None
    assert variance >= 0


def test_every_size_of_float_in_one_column() -> None:
    values = [1e-300, -1e300, 5e-324, 1.7e308, -1.7e308, 0.0, 3.0]
    found = Moments.of(values, 0.0)
    ratios = [Fraction(value) for value in values]
    middle = sum(ratios) / len(ratios)
    spread = sum((ratio - middle) ** 2 for ratio in ratios) / (len(ratios) - 1)
    assert found.variance == math.inf
    assert found.sd == pytest.approx(
        float(spread / Fraction(10) ** 300 / Fraction(10) ** 308) ** 0.5 * 1e304, rel=1e-12
    )
    tiny = Moments.of([1e-200, 3e-200], 0.0)
    assert tiny.variance == 0  # below the least float
    assert tiny.sd == pytest.approx(math.sqrt(2) * 1e-200)
    assert Moments.of([0.0, 2e108], 0.0).skewness == pytest.approx(0, abs=1e-15)
    assert Moments.of([-1e-200, -1e-200, -5e-200], 0.0).skewness == pytest.approx(-math.sqrt(0.5))


def test_the_distance_may_be_beyond_all_floats() -> None:
    largest = 1.7976931348623157e308
    found = Moments.of([largest, -largest, 1.0], largest)
    assert found.mean == pytest.approx(1 / 3, abs=1e292)
    assert Moments.of([largest] * 3, -largest).mean == largest
    assert Moments.of([largest] * 3, -largest).variance == 0


def test_a_centre_too_far_away_says_that_it_cannot_tell() -> None:
    random = np.random.default_rng(6)
    values = random.gamma(2.0, size=1000)
    near, far = Moments.of(values, 2.0), Moments.of(values, 1e7)
    assert near.skewness == pytest.approx(stats.skew(values), rel=1e-12)
    assert near.kurtosis == pytest.approx(stats.kurtosis(values), rel=1e-12)
    assert far.skewness is None
    assert far.kurtosis is None
    assert far.sd == pytest.approx(near.sd, rel=1e-6)
    # A hundred standard deviations are no trouble.
    aside = Moments.of(values, 150.0)
    assert aside.skewness == pytest.approx(near.skewness, rel=1e-6)
    assert aside.kurtosis == pytest.approx(near.kurtosis, rel=1e-6)


def test_few_values_say_what_is_not_known() -> None:
    nothing, one = Moments.empty(1.0), Moments.of([5.0], 1.0)
    assert (nothing.mean, nothing.variance, nothing.sd, nothing.skewness, nothing.kurtosis) == (None,) * 5
    assert (one.mean, one.variance, one.sd, one.skewness, one.kurtosis) == (5.0, None, None, None, None)
    assert nothing.merge(one) == one


def test_moments_about_different_centres_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        Moments.empty(1.0).merge(Moments.empty(2.0))


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_has_no_moments_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Moments.of([1.0, wrong], 0.0)
    with pytest.raises(ValueError, match="centre"):
        Moments.of([1.0], wrong)


@given(st.lists(FLOATS, max_size=20), FLOATS)
def test_json_brings_moments_back(values: list[float], centre: float) -> None:
    found = Moments.of(values, centre)
    assert Moments.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_no_warning_is_given(recwarn: pytest.WarningsRecorder) -> None:
    Moments.of([1.7e308, -1.7e308, 5e-324, 0.0, -0.0], 1.7e308)
    assert not recwarn.list
