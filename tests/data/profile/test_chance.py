"""Which differences between two profiles are chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.chance import by_chance
from mlops_cli.data.profile.diff import ColumnDiff, diff
from mlops_cli.data.profile.reading import sure_ends
from tests.support.tables import table

if TYPE_CHECKING:
    from numpy.random import Generator

    from mlops_cli.data.profile.model import NumericProfile


def sample(random: Generator, rows: int, *, shift: float = 0.0, wide: float = 1.0) -> dict[str, object]:
    normal = random.normal(shift, wide, rows)
    skewed = np.exp(random.normal(shift, wide, rows))
    skewed[random.random(rows) < 0.1] = np.nan
    few = random.integers(0, 4, rows).astype(float)
    words = random.choice(["oslo", "rome", "bern", "lima"], rows, p=[0.5, 0.3, 0.15, 0.05])
    texts = [f"A-{number}" for number in random.integers(1, 10_000, rows)]
    return {"normal": normal, "skewed": skewed, "few": few, "words": list(words), "texts": texts}


def columns(first: dict[str, object], second: dict[str, object], *, own: bool) -> dict[str, ColumnDiff]:
    before = profile_table(table(first, kinds={"texts": "text"}))
    after = profile_table(table(second, kinds={"texts": "text"}), baseline=None if own else before)
    return {column.name: column for column in diff(before, after).columns}


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("rows", [(200, 2_000), (3_000, 3_000)])
def test_samples_of_one_population_hardly_ever_differ(own: bool, rows: tuple[int, int]) -> None:
    random = np.random.default_rng(5)
    told = []
    for _ in range(8):
        found = columns(sample(random, rows[0]), sample(random, rows[1]), own=own)
        told += [(name, change) for name, column in found.items() for change in column.told]
        assert all(column.changes for column in found.values())  # each differs in something
    assert len(told) <= 2, told  # of about 600 figures


def test_what_moved_is_told_and_what_did_not_is_not() -> None:
    random = np.random.default_rng(6)
    found = columns(sample(random, 3_000), sample(random, 3_000, shift=0.5), own=False)
    assert {name for name, column in found.items() if not column.chance} == {"normal", "skewed"}
    assert {"mean", "median", "quartile 1", "quartile 3"} <= {each.what for each in found["normal"].told}
    assert "sd" not in {each.what for each in found["normal"].told}
    wider = columns(sample(random, 3_000), sample(random, 3_000, wide=1.5), own=False)["normal"]
    assert "sd" in {each.what for each in wider.told}
    assert "mean" not in {each.what for each in wider.told}


def test_a_distribution_that_changes_while_its_figures_stay_is_no_chance() -> None:
    values = np.repeat([-2.0, -1.0, 1.0, 2.0], 500)
    other = np.repeat([-math.sqrt(2.5), math.sqrt(2.5)], 1_000)
    before = profile_table(table({"x": values}))
    found = diff(before, profile_table(table({"x": other}), baseline=before)).columns[0]
    assert not found.chance
    assert found.distance is not None
    assert found.distance > 0.9


@pytest.mark.parametrize(
    ("what", "first", "second", "chance"),
    [
        ("missing", [1.0] * 97 + [None] * 3, [1.0] * 95 + [None] * 5, True),
        ("missing", [1.0] * 97 + [None] * 3, [1.0] * 75 + [None] * 25, False),
        ("zero", [0.0] * 97 + [1.0] * 3, [0.0] * 95 + [1.0] * 5, True),
        ("zero", [0.0] * 97 + [1.0] * 3, [0.0] * 60 + [1.0] * 40, False),
        ("median", [0.0] * 51 + [1.0] * 49, [0.0] * 49 + [1.0] * 51, True),
        ("median", [0.0] * 90 + [1.0] * 10, [0.0] * 10 + [1.0] * 90, False),
        ("distinct", [1.0] * 50 + [2.0] * 50, [1.0] * 50 + [2.0] * 49 + [3.0], False),
        ("distinct", list(np.arange(100.0)), list(np.arange(120.0)), True),
        ("distinct", list(np.arange(300.0)), [*np.arange(30.0)] * 10, False),
        ("largest, about", list(np.arange(100.0)), list(np.arange(100.0) + 3), True),
        ("largest, about", list(np.arange(100.0)), list(np.arange(100.0) * 2), False),
        ("smallest, about", list(np.arange(100.0)), list(np.arange(100.0) - 50), False),
    ],
)
def test_each_figure_has_its_test(what: str, first: list[object], second: list[object], chance: bool) -> None:
    before = profile_table(table({"x": first}))
    after = profile_table(table({"x": second}), baseline=before)
    one, other = before.columns[0], after.columns[0]
    assert (by_chance(what, one, other), by_chance(what, other, one)) == (chance, chance)


def test_a_category_that_was_not_there_is_told_unless_it_may_have_been_among_the_others() -> None:
    before = profile_table(table({"w": ["a"] * 900 + ["b"] * 100}))
    after = profile_table(table({"w": ["a"] * 850 + ["new"] * 150}))
    assert not by_chance("value new", before.columns[0], after.columns[0])
    assert not by_chance("value b", before.columns[0], after.columns[0])
    rare = profile_table(table({"w": ["a"] * 900 + [f"w{number}" for number in range(100)]}))
    some = profile_table(table({"w": ["a"] * 900 + ["w1"] * 6 + [f"w{number}" for number in range(2, 96)]}))
    assert by_chance("value w1", rare.columns[0], some.columns[0])


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([0.0, 1.0] * 20, (0.0, 1.0)),
        (list(np.linspace(0, 1, 200)), (0.0, 1.0)),
        (list(np.linspace(-1, 0, 200)), (-1.0, 0.0)),
        (list(np.linspace(3, 97, 200)), (3.0, 96.0)),
        ([5.0] * 30, (5.0, 5.0)),
    ],
)
def test_the_ends_that_are_told_are_never_beyond_the_values(
    values: list[float], ends: tuple[float, float]
) -> None:
    column: NumericProfile = profile_table(table({"x": values})).columns[0]  # type: ignore[assignment] # numbers
    assert sure_ends(column) == ends
