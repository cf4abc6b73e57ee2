"""One column is enough for the whole to fail where a model cannot do its work on it; and what is broken is said to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from mlops_cli.data.drift.model import DriftSettings, JointDrift
from mlops_cli.data.drift.tables import compare_tables
from mlops_cli.data.drift.whole import verdict_of
from mlops_cli.data.table.table import table_of

if TYPE_CHECKING:
    from mlops_cli.data.drift.model import DriftReport

ROWS = 1000


def columns(seed: int) -> dict[str, Any]:
    """Return twenty columns, so that one has a twentieth of the weight: under the tenth that fails."""
    random = np.random.default_rng(seed)
    found: dict[str, Any] = {f"c{at}": random.normal(10, 1, ROWS) for at in range(18)}
    found["class"] = random.choice(["a", "b", "c", "d"], ROWS)
    found["few"] = random.integers(0, 6, ROWS)
    return found


def held(changed: dict[str, Any], weights: dict[str, float] | None = None) -> DriftReport:
    before, after = (
        table_of(pa.table({name: pa.array(values, from_pandas=True) for name, values in side.items()}))
        for side in (columns(1), columns(2) | changed)
    )
    return compare_tables(before, after, DriftSettings(joint=False), weights=weights)


def _gone(values: Any, share: float) -> Any:
    return np.where(np.random.default_rng(3).random(ROWS) < share, np.nan, values)


BROKEN = {
    "missing": ("c0", _gone(columns(2)["c0"], 0.3)),
    "infinite": ("c0", np.where(np.arange(ROWS) % 10 == 0, np.inf, columns(2)["c0"])),
    "unit": ("c0", columns(2)["c0"] * 1000),
    "type": ("c0", np.array([f"about {value:.1f}" for value in columns(2)["c0"]])),
}


@pytest.mark.parametrize("cause", BROKEN)
def test_one_broken_column_of_twenty_makes_the_whole_fail_and_is_to_be_mended(cause: str) -> None:
    name, values = BROKEN[cause]
    report = held({name: values})
    assert next(each.cause for each in report.columns if each.name == name) == cause
    assert report.failed < report.settings.share
    assert (report.verdict, report.retrain) == ("fail", "repair")
    assert "mend" in report.sentence


def test_one_column_of_values_that_were_never_there_makes_the_whole_fail() -> None:
    report = held({"class": np.random.default_rng(4).choice(["a", "b", "c", "d", "new"], ROWS)})
    assert (report.columns[0].cause, report.verdict) == ("unseen", "fail")


def test_one_column_whose_world_changed_warns() -> None:
    report = held({"c0": columns(2)["c0"] + 1})
    assert (report.columns[0].verdict, report.columns[0].cause) == ("fail", "higher")
    assert report.verdict == "warn"


def test_a_share_of_nothing_lets_no_column_fail() -> None:
    before, after = columns(1), columns(2) | {"c0": columns(2)["c0"] + 1}
    for share, verdict in ((0.0, "fail"), (0.05, "fail"), (0.06, "warn")):
        chosen = DriftSettings(joint=False, share=share)
        assert (
            compare_tables(table_of(pa.table(before)), table_of(pa.table(after)), chosen).verdict == verdict
        )
    same = compare_tables(
        table_of(pa.table(before)), table_of(pa.table(before)), DriftSettings(joint=False, share=0)
    )
    assert same.verdict == "pass"


def test_a_broken_column_that_no_model_looks_at_does_not_count() -> None:
    weights = {f"c{at}": 1.0 for at in range(1, 18)}
    report = held({"c0": BROKEN["missing"][1]}, weights)
    assert (report.columns[0].verdict, report.verdict) == ("fail", "warn")
    assert "mend" not in report.sentence
    assert held({"c0": BROKEN["missing"][1]}, weights | {"c0": 0.01}).verdict == "fail"


def test_a_column_that_is_gone_fails_where_a_model_goes_by_it_however_little() -> None:
    weights = {f"c{at}": 1.0 for at in range(18)} | {"gone": 0.01}
    before = table_of(pa.table(columns(1) | {"gone": np.arange(ROWS) % 7.0}))
    after = table_of(pa.table(columns(2)))
    report = compare_tables(before, after, DriftSettings(joint=False), weights=weights)
    assert report.verdict == "fail"
    assert compare_tables(before, after, DriftSettings(joint=False)).verdict == "warn"


def test_a_column_that_a_model_goes_by_and_that_is_gone_is_said_first_and_has_a_row() -> None:
    weights = {f"c{at}": 1.0 for at in range(18)} | {"gone": 2.0}
    before = table_of(pa.table(columns(1) | {"gone": np.arange(ROWS) % 7.0}))
    report = compare_tables(
        before, table_of(pa.table(columns(2))), DriftSettings(joint=False), weights=weights
    )
    first = report.columns[0]
    assert (first.name, first.type, first.verdict, first.cause) == ("gone", "gone", "fail", "gone")
    assert first.weight == report.failed == pytest.approx(0.1)
    assert report.retrain == "repair"
    assert report.sentence.startswith(
        "Different: gone is gone, and the model goes by it (with 10 % of its importance)"
    )
    assert "training again is not called for" not in report.sentence
    assert "none of 20 columns moved" in report.sentence


def test_a_column_of_one_side_is_said_first_where_nothing_else_moved() -> None:
    before = table_of(pa.table(columns(1) | {"lost": np.arange(ROWS) % 7.0}))
    after = table_of(pa.table(columns(2) | {"come": np.arange(ROWS) % 7.0}))
    report = compare_tables(before, after, DriftSettings(joint=False))
    assert (report.verdict, report.columns[0].name, report.columns[0].weight) == ("warn", "lost", 0)
    assert report.sentence.startswith(
        "Similar in what both have, but lost is only in the reference and come is only in the current table; none of 20"
    )
    assert "a model that goes by lost needs it back" in report.sentence
    assert len(report.compared) == len(report.columns) - 1 == 20


def test_tables_without_a_common_column_stay_an_error() -> None:
    report = compare_tables(
        table_of(pa.table({"a": [1, 2]})), table_of(pa.table({"b": [1, 2]})), DriftSettings(joint=False)
    )
    assert report.verdict == "error"


def test_two_values_that_changed_places_are_to_be_looked_at_before_training() -> None:
    random = np.random.default_rng(8)
    before, after = ({"pay": np.where(random.random(5000) < share, "high", "low")} for share in (0.24, 0.76))
    report = compare_tables(table_of(pa.table(before)), table_of(pa.table(after)), DriftSettings(joint=False))
    assert (report.columns[0].type, report.columns[0].cause) == ("binary", "relabelled")
    assert (report.verdict, report.retrain) == ("fail", "repair")
    assert "the two values of pay may have changed places, so look at these labels" in report.sentence


def test_known_values_with_their_blanks_and_capitals_changed_are_another_spelling() -> None:
    random = np.random.default_rng(9)
    drawn = [random.choice(["Never-married", "Divorced", "Widowed"], ROWS) for _ in range(2)]
    before = {"state": [f" {value}" for value in drawn[0]]}
    after = {"state": [value.replace("-", " ").lower() for value in drawn[1]]}
    report = compare_tables(table_of(pa.table(before)), table_of(pa.table(after)), DriftSettings(joint=False))
    (column,) = report.columns
    assert (column.measure, column.cause, report.retrain) == ("unseen", "spelling", "repair")
    assert 'was " ' in column.reason
    assert "state has its known values in another spelling" in report.sentence


def test_values_that_are_really_new_are_no_other_spelling() -> None:
    random = np.random.default_rng(10)
    before = {"class": random.choice(["a", "b"], ROWS)}
    after = {"class": random.choice(["a", "b", "c", "A"], ROWS, p=[0.4, 0.3, 0.25, 0.05])}
    report = compare_tables(table_of(pa.table(before)), table_of(pa.table(after)), DriftSettings(joint=False))
    assert report.columns[0].cause == "unseen"


def test_a_surge_of_a_word_for_nothing_is_a_surge_of_missing_values() -> None:
    random = np.random.default_rng(5)
    before, after = (
        {"work": np.where(random.random(ROWS) < share, "?", random.choice(["a", "b", "c"], ROWS))}
        for share in (0.06, 0.5)
    )
    report = compare_tables(table_of(pa.table(before)), table_of(pa.table(after)), DriftSettings(joint=False))
    assert (report.columns[0].cause, report.retrain) == ("missing", "repair")


def test_a_share_of_two_or_three_values_that_moved_is_no_spike() -> None:
    random = np.random.default_rng(6)
    before = {"two": (random.random(ROWS) < 0.4) * 1, "three": random.choice([1, 2, 3], ROWS)}
    after = {
        "two": (random.random(ROWS) < 0.7) * 1,
        "three": random.choice([1, 2, 3], ROWS, p=[0.6, 0.2, 0.2]),
    }
    report = compare_tables(table_of(pa.table(before)), table_of(pa.table(after)), DriftSettings(joint=False))
    causes = {each.name: each.cause for each in report.columns}
    assert causes["two"] == "less often"  # of 0, the rarer one in both together
    assert causes["three"] != "spike"


def test_a_classifier_that_contradicts_itself_lets_nothing_pass() -> None:
    from dataclasses import replace

    report = held({})
    asked = JointDrift("insufficient", folds="10 blocks of when", reason="they contradict each other")
    assert report.verdict == "pass"
    assert verdict_of(replace(report, joint=asked)) == "warn"
    assert verdict_of(replace(report, joint=replace(asked, folds=""))) == "pass"  # nobody was asked


def test_a_p_value_is_never_zero() -> None:
    random = np.random.default_rng(7)
    before, after = ({"a": random.normal(shift, 1, 100_000)} for shift in (0, 3))
    report = compare_tables(table_of(pa.table(before)), table_of(pa.table(after)), DriftSettings(joint=False))
    assert 0 < (report.columns[0].p_adjusted or 0) < 1e-200
    assert 0 < (report.columns[0].p_value or 0) < 1e-200
