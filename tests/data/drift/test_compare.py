"""Two profiles or tables, compared: verdicts of columns and of the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import wasserstein_distance

from mlops_cli.data.drift.compare import compare_profiles
from mlops_cli.data.drift.draft import draft
from mlops_cli.data.drift.model import ColumnDrift, DriftSettings
from mlops_cli.data.drift.tables import compare_addresses, compare_tables
from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.text import profile_to_bytes
from mlops_cli.data.table.table import table_of
from mlops_cli.errors import UsageError
from tests.support.tables import write_csv, write_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.data.drift.model import DriftReport

ALONE = DriftSettings(joint=False)
RANDOM = np.random.default_rng


def arrow(columns: dict[str, Any]) -> pa.Table:
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})


def held(before: dict[str, Any], after: dict[str, Any], settings: DriftSettings = ALONE) -> DriftReport:
    return compare_tables(table_of(arrow(before), "before"), table_of(arrow(after), "after"), settings)


def only(report: DriftReport) -> ColumnDrift:
    (column,) = report.columns
    return column


def test_a_table_is_like_itself() -> None:
    values = RANDOM(0).normal(size=1000)
    report = held({"a": values}, {"a": values})
    assert report.verdict == "pass"
    assert only(report).effect == 0
    assert report.sentence.startswith("Similar")
    assert report.retrain == "no"


def test_a_large_shift_fails_and_says_both_numbers_and_the_rows_that_were_needed() -> None:
    random = RANDOM(1)
    column = only(held({"a": random.normal(0, 1, 1000)}, {"a": random.normal(1, 1, 1000)}))
    assert (column.verdict, column.type, column.cause) == ("fail", "numeric", "higher")
    assert column.effect is not None
    assert column.effect > 0.2
    assert column.p_adjusted is not None
    assert column.p_adjusted < 1e-6
    assert column.needed is not None
    assert column.n_current >= column.needed


def test_few_rows_are_insufficient_however_large_the_effect() -> None:
    report = held({"a": [1.0, 2.0] * 10}, {"a": [5.0, 9.0] * 10})
    assert only(report).verdict == report.verdict == "insufficient"


def test_one_row_of_what_never_changes_is_insufficient_too() -> None:
    column = only(held({"a": [7] * 200}, {"a": [7]}))
    assert (column.verdict, column.effect) == ("insufficient", None)


def test_many_columns_are_named_in_one_short_sentence() -> None:
    table = {f"c{at}": np.arange(40) % 3 for at in range(300)}
    report = held(table, table)
    assert len(report.columns) == 300
    assert len(report.sentence) < 400


def test_one_row_is_insufficient() -> None:
    report = held({"a": [1.0], "b": ["x"]}, {"a": [2.0], "b": ["y"]})
    assert report.verdict == "insufficient"
    assert report.retrain == "unknown"


def test_nothing_found_with_too_few_rows_to_find_it_is_insufficient_and_names_how_many_would_do() -> None:
    random = RANDOM(2)
    column = only(held({"a": random.normal(size=5000)}, {"a": random.normal(size=40)}))
    assert column.verdict == "insufficient"
    assert column.needed is not None
    assert column.needed > 40
    assert f"{column.needed:,}" in column.reason


def test_a_trifle_passes_however_sure_it_is() -> None:
    random = RANDOM(3)
    column = only(held({"a": random.normal(size=200_000)}, {"a": random.normal(0.05, 1, 200_000)}))
    assert column.verdict == "pass"
    assert column.p_adjusted is not None
    assert column.p_adjusted < 0.01


def test_no_column_in_common_is_an_error() -> None:
    report = held({"a": [1, 2, 3]}, {"b": [1, 2, 3]})
    assert report.verdict == "error"
    assert "no column in common" in report.sentence


def test_a_column_that_cannot_be_compared_is_an_error_of_its_own_and_of_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = RANDOM(4)
    table = {"good": random.normal(size=500), "bad": random.normal(size=500)}
    whole = draft

    def broken(counted: Any, settings: Any) -> Any:
        if counted.name == "bad":
            raise ZeroDivisionError("planted")
        return whole(counted, settings)

    monkeypatch.setattr("mlops_cli.data.drift.compare.draft", broken)
    report = held(table, table)
    verdicts = {each.name: each.verdict for each in report.columns}
    assert verdicts == {"good": "pass", "bad": "error"}
    assert report.verdict == "error"
    assert "bad" in report.sentence
    assert "planted" in report.sentence


def test_numbers_that_are_none_do_not_hide_the_other_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    random = RANDOM(5)
    whole = draft

    def odd(counted: Any, settings: Any) -> Any:
        found = whole(counted, settings)
        if counted.name == "odd":
            return replace(found, measures=(replace(found.measures[0], p_value=7.0),))
        return found

    monkeypatch.setattr("mlops_cli.data.drift.compare.draft", odd)
    table = {"good": random.normal(size=500), "odd": random.normal(size=500)}
    report = held(table, table)
    assert {each.name: each.verdict for each in report.columns} == {"good": "pass", "odd": "error"}


def test_missing_values_are_compared_though_all_others_are_as_they_were() -> None:
    random = RANDOM(6)
    before, after = random.normal(size=2000), random.normal(size=2000)
    after[random.random(2000) < 0.08] = np.nan
    column = only(held({"a": before}, {"a": after}))
    assert (column.verdict, column.cause, column.measure) == ("fail", "missing", "missing")
    assert column.missing_current > 100


def test_infinite_values_are_compared() -> None:
    random = RANDOM(7)
    before, after = random.normal(size=2000), random.normal(size=2000)
    after[:60] = np.inf
    column = only(held({"a": before}, {"a": after}))
    assert (column.verdict, column.cause) == ("fail", "infinite")


def test_a_column_that_lost_all_values_fails() -> None:
    column = only(held({"a": np.arange(500) % 7}, {"a": [None] * 499 + [1]}))
    assert column.verdict == "fail"
    column = only(held({"a": RANDOM(0).normal(size=500)}, {"a": np.full(500, np.nan)}))
    assert (column.verdict, column.cause) == ("fail", "missing")


def test_a_column_without_a_value_on_either_side_has_no_verdict() -> None:
    values = RANDOM(8).normal(size=500)
    report = held({"a": np.full(500, np.nan), "b": values}, {"a": np.full(500, np.nan), "b": values})
    column = next(each for each in report.columns if each.name == "a")
    assert column.verdict == "insufficient"
    alone = held({"a": np.full(500, np.nan)}, {"a": np.full(500, np.nan)})
    assert alone.verdict == "insufficient"
    assert "neither table has a value" in alone.sentence


def test_a_column_that_changed_its_kind_fails() -> None:
    report = held({"a": RANDOM(9).normal(size=300)}, {"a": ["x", "y", "z"] * 100})
    column = only(report)
    assert (column.verdict, column.type, column.cause) == ("fail", "unlike", "type")
    assert report.retrain == "repair"


def test_two_values_are_compared_by_difference_and_ratio() -> None:
    random = RANDOM(10)
    column = only(held({"a": random.random(5000) < 0.30}, {"a": random.random(5000) < 0.38}))
    assert (column.type, column.verdict, column.measure) == ("binary", "fail", "difference")
    assert column.effect == pytest.approx(0.08, abs=0.02)
    main = column.measures[0]
    assert main.low is not None
    assert main.low < main.value < (main.high or 0)


def test_something_rare_is_compared_by_its_ratio() -> None:
    random = RANDOM(11)
    column = only(held({"a": random.random(100_000) < 0.002}, {"a": random.random(100_000) < 0.004}))
    assert (column.type, column.verdict, column.measure) == ("rare", "fail", "ratio")


def test_what_is_said_to_be_rare_needs_rows_enough_for_a_ratio() -> None:
    random = RANDOM(12)
    tables = {"a": random.random(2000) < 0.01}, {"a": random.random(2000) < 0.01}
    assert only(held(*tables)).verdict == "pass"
    assert only(held(*tables, replace(ALONE, types=(("a", "rare"),)))).verdict == "insufficient"


def test_one_value_in_both_tables_passes_and_another_one_fails() -> None:
    assert only(held({"a": [7] * 200}, {"a": [7] * 200})).type == "constant"
    column = only(held({"a": [7] * 200}, {"a": [8] * 200}))
    assert (column.verdict, column.cause) == ("fail", "unseen")
    column = only(held({"a": ["x"] * 200}, {"a": ["y"] * 200}))
    assert column.verdict == "fail"


def test_numbers_of_rows_are_not_compared() -> None:
    report = held(
        {"id": np.arange(1000), "a": np.arange(1000) % 5},
        {"id": np.arange(1000, 3000), "a": np.arange(2000) % 5},
    )
    column = next(each for each in report.columns if each.name == "id")
    assert (column.type, column.verdict, column.weight) == ("id", "pass", 0.0)


def test_texts_that_all_differ_are_compared_by_length_and_shape() -> None:
    before = [
        f"order {number:06d} of somebody who wrote a long text about it, and {number * 7919}"
        for number in range(1000)
    ]
    after = [f"{number:04x}-{number * 31:06x}" for number in range(1000)]
    column = only(held({"a": before}, {"a": after}))
    assert column.type in ("text", "id")
    assert column.verdict == "fail"


def test_a_class_that_is_new_is_named() -> None:
    random = RANDOM(13)
    before = random.choice(["a", "b", "c"], 5000).tolist()
    after = random.choice(["a", "b", "c", "new one"], 5000, p=[0.33, 0.33, 0.32, 0.02]).tolist()
    column = only(held({"x": before}, {"x": after}))
    unseen = next(each for each in column.measures if each.name == "unseen")
    assert column.cause == "unseen"
    assert unseen.about == "new one"


def test_the_class_whose_share_moved_most_is_named() -> None:
    random = RANDOM(14)
    before = random.choice(["a", "b", "c"], 3000, p=[0.5, 0.3, 0.2]).tolist()
    after = random.choice(["a", "b", "c"], 3000, p=[0.3, 0.34, 0.36]).tolist()
    column = only(held({"x": before}, {"x": after}))
    linf = next(each for each in column.measures if each.name == "l-infinity")
    assert linf.about == "a"
    assert linf.value == pytest.approx(0.2, abs=0.04)


def test_the_way_of_values_most_of_which_are_one_is_in_standard_deviations_of_all() -> None:
    random = RANDOM(30)

    def gains(share: float) -> Any:
        return np.where(random.random(8000) < share, random.lognormal(8, 1, 8000), 0.0)

    before, after = gains(0.07), gains(0.12)
    column = only(held({"gain": before}, {"gain": after}))
    way = next(each for each in column.measures if each.name == "wasserstein")
    assert way.value == pytest.approx(wasserstein_distance(before, after) / before.std(), rel=0.03)
    assert way.about == f"one is {before.std(ddof=1):.6g}, of all values, for the quartiles are one"


def test_the_way_of_other_values_is_in_standard_deviations_from_the_quartiles() -> None:
    random = RANDOM(31)
    before, after = random.standard_t(3, 8000), random.standard_t(3, 8000) + 0.3
    column = only(held({"a": before}, {"a": after}))
    way = next(each for each in column.measures if each.name == "wasserstein")
    robust = float(np.subtract(*np.quantile(before, [0.75, 0.25]))) / 1.349
    assert way.value == pytest.approx(wasserstein_distance(before, after) / robust, rel=0.03)
    assert way.about.endswith("from the quartiles")


def test_columns_are_sorted_by_how_far_they_moved() -> None:
    random = RANDOM(15)
    before = {name: random.normal(size=2000) for name in "abc"}
    after = {"a": random.normal(size=2000), "b": random.normal(2, 1, 2000), "c": random.normal(0.6, 1, 2000)}
    assert [each.name for each in held(before, after).columns] == ["b", "c", "a"]


def test_columns_of_one_side_are_named_and_warn() -> None:
    values = RANDOM(16).normal(size=500)
    report = held({"a": values, "gone": values}, {"a": values, "come": values})
    assert (report.only_reference, report.only_current, report.verdict) == (("gone",), ("come",), "warn")
    assert "gone" in report.sentence


def test_columns_can_be_chosen_and_left_out_by_patterns() -> None:
    values = RANDOM(17).normal(size=500)
    table = {"price_a": values, "price_b": values, "name": values}
    chosen = held(table, table, replace(ALONE, columns=("price_*",), ignore=("price_b",)))
    assert [each.name for each in chosen.columns] == ["price_a"]
    assert set(chosen.ignored) == {"price_b", "name"}
    with pytest.raises(UsageError, match="prise"):
        held(table, table, replace(ALONE, columns=("prise_*",)))


def test_a_tenth_of_the_columns_makes_the_whole_fail_and_less_makes_it_warn() -> None:
    random = RANDOM(18)
    before = {f"c{at}": random.normal(size=1000) for at in range(20)}
    after = {f"c{at}": random.normal(size=1000) for at in range(20)}
    after["c0"] = random.normal(3, 1, 1000)
    one = held(before, after)
    assert (one.verdict, round(one.failed, 3)) == ("warn", 0.05)
    after["c1"] = random.normal(3, 1, 1000)
    assert held(before, after).verdict == "fail"


def test_importance_decides_how_much_a_column_counts() -> None:
    random = RANDOM(19)
    before = {f"c{at}": random.normal(size=1000) for at in range(4)}
    after = before | {"c0": random.normal(3, 1, 1000)}
    reference = profile_table(table_of(arrow(before)))
    current = profile_table(table_of(arrow(after)), baseline=reference)
    light = compare_profiles(reference, current, ALONE, weights={"c0": 0.01, "c1": 1.0}, weighted="m.joblib")
    heavy = compare_profiles(reference, current, ALONE, weights={"c0": 1.0, "c1": 1.0}, weighted="m.joblib")
    assert (light.verdict, heavy.verdict) == ("warn", "fail")
    assert (light.retrain, heavy.retrain) == ("unlikely", "likely")
    assert sum(each.weight for each in heavy.columns) == pytest.approx(1)


def test_a_column_that_a_model_needs_and_that_is_gone_has_failed() -> None:
    values = RANDOM(20).normal(size=500)
    reference = profile_table(table_of(arrow({"a": values, "gone": values})))
    current = profile_table(table_of(arrow({"a": values})), baseline=reference)
    report = compare_profiles(reference, current, ALONE, weights={"a": 0.5, "gone": 0.5})
    assert (report.failed, report.verdict) == (0.5, "fail")


def test_most_columns_without_a_verdict_leave_the_whole_without_one() -> None:
    random = RANDOM(21)
    before = {"a": random.random(300) < 0.5, "b": random.random(300) < 0.5, "c": random.normal(size=300)}
    assert held(before, before).verdict == "insufficient"


def test_the_same_two_tables_give_the_same_report() -> None:
    random = RANDOM(22)
    before, after = (
        {"a": random.normal(size=400), "b": random.integers(0, 9, 400)},
        {"a": random.normal(size=400), "b": random.integers(0, 9, 400)},
    )
    settings = DriftSettings()
    assert held(before, after, settings) == held(before, after, settings)


def test_files_and_their_profiles_say_the_same_of_columns(tmp_path: Path) -> None:
    random = RANDOM(23)
    before = arrow({"a": random.normal(size=900), "b": random.choice(["x", "y", "z"], 900)})
    after = arrow({"a": random.normal(0.7, 1, 900), "b": random.choice(["x", "y", "z"], 900)})
    first, second = (
        write_csv(tmp_path / "before.csv", before),
        write_parquet(tmp_path / "after.parquet", after),
    )
    reference = profile_table(table_of(before))
    (tmp_path / "before.json").write_bytes(profile_to_bytes(reference))
    (tmp_path / "after.json").write_bytes(
        profile_to_bytes(profile_table(table_of(after), baseline=reference))
    )
    scratch = tmp_path / "scratch"
    tables = compare_addresses(str(first), str(second), ALONE, scratch=scratch)
    profiles = compare_addresses(
        str(tmp_path / "before.json"), str(tmp_path / "after.json"), ALONE, scratch=scratch
    )
    mixed = compare_addresses(str(tmp_path / "before.json"), str(second), ALONE, scratch=scratch)
    numbers = [
        [(each.name, each.verdict, each.effect, each.p_adjusted) for each in found.columns]
        for found in (tables, profiles, mixed)
    ]
    assert numbers[0] == numbers[1] == numbers[2]


def test_profiles_alone_leave_the_joint_distribution_without_a_verdict_and_say_why() -> None:
    profile = profile_table(table_of(arrow({"a": RANDOM(24).normal(size=500)})))
    report = compare_profiles(profile, profile)
    assert report.joint is None
    assert report.verdict == "pass"


def test_a_profile_held_against_a_table_says_that_it_has_no_rows(tmp_path: Path) -> None:
    table = arrow({"a": RANDOM(25).normal(size=500)})
    (tmp_path / "p.json").write_bytes(profile_to_bytes(profile_table(table_of(table))))
    path = write_parquet(tmp_path / "t.parquet", table)
    report = compare_addresses(str(tmp_path / "p.json"), str(path), scratch=tmp_path / "s")
    assert report.joint is not None
    assert report.joint.verdict == "insufficient"
    assert "no rows" in report.joint.reason
    assert report.verdict == "pass"
    assert "no rows" in report.sentence


def test_profiles_with_bins_of_their_own_are_compared_roughly_and_that_is_said() -> None:
    random = RANDOM(26)
    one = profile_table(
        table_of(arrow({"a": random.normal(size=20_000), "b": random.integers(0, 5, 20_000)}))
    )
    same = profile_table(
        table_of(arrow({"a": random.normal(size=20_000), "b": random.integers(0, 5, 20_000)}))
    )
    moved = profile_table(
        table_of(arrow({"a": random.normal(1, 1, 20_000), "b": random.integers(0, 5, 20_000)}))
    )
    like, unlike = compare_profiles(one, same), compare_profiles(one, moved)
    assert like.verdict == "pass"
    assert unlike.columns[0].name == "a"
    assert unlike.columns[0].effect == pytest.approx(0.39, abs=0.03)  # as far as one standard deviation is
    assert any("bins of their own" in text for text in like.warnings)


@pytest.mark.parametrize(("shift", "distance"), [(0.24, 0.10), (0.48, 0.20)])
def test_the_bands_are_where_the_documentation_says_they_are(shift: float, distance: float) -> None:
    random = RANDOM(27)
    column = only(held({"a": random.normal(size=100_000)}, {"a": random.normal(shift, 1, 100_000)}))
    assert column.effect == pytest.approx(distance, abs=0.012)
