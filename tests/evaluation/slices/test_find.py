"""Weak slices: a planted one is found first, and nothing is found where there is nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlops_cli.evaluation.measured import Measured
from mlops_cli.evaluation.slices.columns import ArrayColumns
from mlops_cli.evaluation.slices.find import find_slices
from mlops_cli.evaluation.slices.mask import rows_where
from mlops_cli.evaluation.slices.spec import declared_slices

if TYPE_CHECKING:
    from numpy.typing import NDArray

WHERE = "kind == 'b' and step == 7"


def planted(seed: int, rows: int = 20_000, loss: str = "mean") -> tuple[ArrayColumns, NDArray[np.float64]]:
    """Return columns, and losses that are twice as high on the 2 % of rows with `kind == b and step == 7`."""
    draw = np.random.default_rng(seed)
    columns: dict[str, Any] = {f"number {at}": draw.normal(size=rows) for at in range(4)}
    columns |= {f"step {at}": draw.integers(0, 10, rows) for at in range(3)}
    columns |= {f"kind {at}": draw.choice(list("abcdefgh"), rows) for at in range(3)}
    columns |= {"step": draw.integers(0, 10, rows), "kind": draw.choice(list("abcde"), rows)}
    weak = np.where((columns["kind"] == "b") & (columns["step"] == 7), 2.0, 1.0)
    losses: NDArray[Any] = (
        draw.exponential(weak) if loss == "mean" else (draw.random(rows) < 0.2 * weak) * 1.0
    )
    return ArrayColumns(columns), losses.astype(np.float64)


def is_planted(where: str, columns: ArrayColumns) -> bool:
    """Whether a condition chooses the planted rows."""
    return bool((rows_where(where, columns) == rows_where(WHERE, columns)).all())


def test_a_planted_slice_is_found_first_and_is_ready_to_be_declared() -> None:
    for seed in range(4):
        columns, losses = planted(seed)
        found = find_slices(columns, losses, "loss", depth=2)
        assert is_planted(found[0].where, columns)
        assert found[0].name == "step = 7, kind = b"
        assert declared_slices([{"name": found[0].name, "where": found[0].where}])


def test_a_p_value_is_never_written_as_0() -> None:
    columns, losses = planted(0)
    weak = rows_where(WHERE, columns)
    found = find_slices(columns, losses / 1000 + weak, "loss", depth=2)
    assert (found[0].p_value, found[0].p_adjusted) == (1e-300, 1e-300)
    assert 0 < found[0].loss.n < found[0].n  # the figure stands on the confirming half


def test_nothing_is_found_where_losses_are_shuffled() -> None:
    found = 0
    for seed in range(5):
        columns, losses = planted(seed, 5000)
        found += len(find_slices(columns, np.random.default_rng(seed).permutation(losses), "loss"))
    assert found <= 1


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mean", "error"])
@pytest.mark.parametrize("depth", [2, 3])
def test_of_100_planted_slices_95_are_found_first(loss: str, depth: int) -> None:
    first = 0
    for seed in range(100):
        columns, losses = planted(seed, loss=loss)
        found = find_slices(columns, losses, "loss", depth=depth)
        first += bool(found) and is_planted(found[0].where, columns)
    assert first >= 95


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mean", "error"])
@pytest.mark.parametrize("rows", [2000, 20_000])
def test_of_100_tables_with_shuffled_losses_95_have_no_slice(loss: str, rows: int) -> None:
    none = 0
    for seed in range(100):
        columns, losses = planted(seed, rows, loss)
        losses = np.random.default_rng(1000 + seed).permutation(losses)
        none += not find_slices(columns, losses, "loss", depth=3)
    # 5 % of 100 are expected to have one; more than ten have a chance of one in a hundred.
    assert none >= 90


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 3])
def test_over_400_tables_with_shuffled_losses_a_slice_is_rarer_than_one_in_twenty(depth: int) -> None:
    none = 0
    for seed in range(400):
        columns, losses = planted(seed, 4000)
        losses = np.random.default_rng(9000 + seed).permutation(losses)
        none += not find_slices(columns, losses, "loss", depth=depth)
    assert none >= 0.95 * 400


@pytest.mark.slow
def test_a_table_of_a_few_kinds_of_rows_does_not_confirm_its_own_chance() -> None:
    none = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        columns = ArrayColumns({name: draw.choice(list("abc"), 3000) for name in "uvw"})
        none += not find_slices(columns, np.where(draw.random(3000) < 0.3, 1.0, 0.0), "error", depth=3)
    assert none >= 0.93 * 200


def test_figures_come_from_rows_that_had_no_say_in_the_choice() -> None:
    columns, losses = planted(1)
    (found, *_) = find_slices(columns, losses, "loss")
    mask = rows_where(WHERE, columns)
    assert found.n == mask.sum()
    assert found.support == pytest.approx(mask.mean())
    assert 0.35 * found.n < found.loss.n < 0.65 * found.n
    assert found.lift.value == pytest.approx((found.loss.value or 0) - (found.rest.value or 0))
    assert found.lift.low is not None
    assert 0 < found.lift.low < 1 < (found.lift.high or 0)
    assert found.p_value <= found.p_adjusted < 1e-6


def test_the_order_of_rows_makes_no_difference() -> None:
    columns, losses = planted(2)
    order = np.random.default_rng(0).permutation(len(losses))
    moved = ArrayColumns({name: columns._columns[name][order] for name in columns.names})
    one, two = (find_slices(held, loss, "loss") for held, loss in ((columns, losses), (moved, losses[order])))
    assert [(found.where, found.n, found.loss.n) for found in one] == [
        (found.where, found.n, found.loss.n) for found in two
    ]


def test_a_slice_of_three_columns_is_found_when_asked_for() -> None:
    draw = np.random.default_rng(4)
    values = {name: draw.choice(list("abcd"), 30_000) for name in "uvwxyz"}
    weak = (values["u"] == "a") & (values["v"] == "b") & (values["w"] == "c")
    losses = draw.exponential(np.where(weak, 3.0, 1.0))
    found = find_slices(ArrayColumns(values), losses, "loss", depth=3)
    assert found[0].level == 3
    assert (rows_where(found[0].where, ArrayColumns(values)) == weak).all()


def test_neighbouring_bins_that_are_as_weak_are_one_slice() -> None:
    draw = np.random.default_rng(5)
    age = draw.uniform(0, 100, 20_000)
    found = find_slices(ArrayColumns({"age": age, "x": draw.normal(size=20_000)}),
                        draw.exponential(np.where(age < 30, 2.0, 1.0)), "loss")  # fmt: skip
    assert len(found) == 1
    assert found[0].level == 1
    assert abs(found[0].support - 0.3) < 0.02


def test_two_planted_slices_are_both_found_and_nothing_beside_them() -> None:
    draw = np.random.default_rng(6)
    values = {name: draw.choice(list("abcdefgh"), 40_000) for name in "uvwx"}
    one = (values["u"] == "a") & (values["v"] == "b")
    two = (values["w"] == "c") & (values["x"] == "d")
    found = find_slices(
        ArrayColumns(values), draw.exponential(np.where(one, 3.0, np.where(two, 2.5, 1.0))), "l"
    )
    assert [slice_.where for slice_ in found] == ["u == 'a' and v == 'b'", "w == 'c' and x == 'd'"]


def test_missing_values_can_be_the_weak_ones() -> None:
    draw = np.random.default_rng(7)
    x = np.where(draw.random(10_000) < 0.05, np.nan, draw.normal(size=10_000))
    found = find_slices(ArrayColumns({"x": x}), draw.exponential(np.where(np.isnan(x), 2.0, 1.0)), "loss")
    assert [slice_.where for slice_ in found] == ["x is missing"]


def test_small_tables_constant_columns_and_losses_without_spread_give_nothing() -> None:
    columns, losses = planted(0, 150)
    assert find_slices(columns, losses, "loss") == ()
    constant = ArrayColumns({"a": ["x"] * 1000, "id": [f"r{at}" for at in range(1000)]})
    assert find_slices(constant, np.ones(1000), "loss") == ()
    columns, losses = planted(0, 1000)
    assert find_slices(columns, np.zeros(1000), "loss") == ()
    assert find_slices(columns, np.full(1000, np.nan), "loss") == ()


def test_rows_without_a_loss_are_left_out() -> None:
    columns, losses = planted(3)
    losses[rows_where("kind == 'b' and step == 7", columns)] = np.nan
    assert find_slices(columns, losses, "loss") == ()


def test_metrics_are_measured_on_all_rows_of_a_slice() -> None:
    columns, losses = planted(1)
    seen: list[NDArray[np.int64]] = []

    def measure(rows: NDArray[np.int64]) -> dict[str, Measured]:
        seen.append(rows)
        return {"accuracy": Measured(0.5, n=len(rows))}

    (found, *_) = find_slices(columns, losses, "loss", measure=measure)
    assert found.metrics["accuracy"].n == found.n
    assert (seen[0] == np.flatnonzero(rows_where(WHERE, columns))).all()


def test_of_many_columns_those_that_promise_most_are_searched() -> None:
    draw = np.random.default_rng(8)
    values = {f"c{at:03d}": draw.choice(list("abcd"), 3000) for at in range(150)}
    weak = (values["c120"] == "a") & (values["c140"] == "b")
    found = find_slices(ArrayColumns(values), draw.exponential(np.where(weak, 4.0, 1.0)), "loss")
    assert [slice_.where for slice_ in found] == ["c120 == 'a' and c140 == 'b'"]
