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
