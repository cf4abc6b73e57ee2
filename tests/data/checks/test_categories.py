"""Categories: new ones, other labels, constants."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlops_cli.data.checks.schema import ColumnSchema, TableSchema
from tests.support.planted import customers, found, only, validated

BEFORE, NOW = customers(5000, 1), customers(2000, 2, start=5000)


def test_a_new_category_is_named_with_its_rows() -> None:
    frame = NOW.copy()
    frame.loc[:29, "plan"] = "trial"
    result = validated(frame, against=BEFORE)
    finding = only(result, "unseen_categories")
    assert (finding.column, finding.severity, finding.evidence["values"]) == ("plan", "warn", {"trial": 30})
    assert finding.rows == tuple(range(20))
    assert found(result) == {("plan", "unseen_categories")}


def test_many_new_values_fail() -> None:
    frame = NOW.copy()
    frame.loc[:99, "plan"] = "trial"
    assert only(validated(frame, against=BEFORE), "unseen_categories").severity == "fail"


def test_some_rows_with_a_category_in_other_letters_are_recognised() -> None:
    plan = NOW["plan"].where(np.arange(2000) >= 200, NOW["plan"].str.upper())
    finding = only(validated(NOW.assign(plan=plan), against=BEFORE), "unseen_categories")
    assert finding.cause == 'known categories are written in another way: "BASIC" was "basic"'


def test_a_category_that_is_written_in_another_way_throughout_has_another_label() -> None:
    result = validated(NOW.assign(plan=NOW["plan"].replace({"pro": "PRO "})), against=BEFORE)
    assert only(result, "relabelled").cause == 'known categories are written in another way: "PRO " was "pro"'
    assert found(result) == {("plan", "relabelled")}


def stripped(*columns: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a reference whose values have a blank before them, and a table whose values have none.

    Shares differ a little, so that classes of like size have other ranks.
    """
    values = {name: [f"{name} {i}" for i in range(12)] for name in columns}
    before = {name: [f" {each}" for each in every for _ in range(100)] for name, every in values.items()}
    now = {
        name: [each for i, each in enumerate(every) for _ in range(90 + i)] for name, every in values.items()
    }
    return pd.DataFrame(before), pd.DataFrame(now)


def test_labels_that_lost_their_blanks_are_matched_by_what_they_say_not_by_how_often_they_come() -> None:
    before, now = stripped("job")
    result = validated(now, against=before)
    finding = only(result, "relabelled")
    assert finding.evidence["labels"] == {f" job {i}": f"job {i}" for i in range(12)}
    assert finding.message.startswith("known categories are written without the blanks around them: ")
    assert found(result) == {("job", "relabelled")}


def test_several_columns_that_lost_their_blanks_are_one_finding() -> None:
    before, now = stripped("job", "town", "class")
    result = validated(now, against=before)
    assert found(result) == {("", "relabelled")}
    assert result.findings[0].evidence["columns"] == ["job", "town", "class"]
    assert '"job 11" was " job 11"' in result.findings[0].message
    lists = TableSchema(
        columns=tuple(ColumnSchema(name, values=tuple(before[name].unique())) for name in before)
    )
    both = validated(now, lists, against=before)
    assert found(both) == {("", "relabelled")}  # and not again as values that are on no list


def test_values_that_are_on_the_list_but_for_their_blanks_say_so() -> None:
    before, now = stripped("job")
    schema = TableSchema(columns=(ColumnSchema("job", values=tuple(before["job"].unique())),))
    finding = only(validated(now, schema), "unknown_value")
    assert "on the list but written without the blanks around them" in finding.message
    assert '"job 11" is listed as " job 11"' in finding.message
    fresh = only(validated(now.replace({"job 3": "boss"}), schema), "unknown_value")
    assert fresh.cause == "a new category, or a known one written in another way"


def test_labels_that_changed_places_besides_are_swapped() -> None:
    frame = NOW.assign(churned=NOW["churned"].map({"yes": "NO", "no": "YES"}))
    finding = only(validated(frame, against=BEFORE), "relabelled")
    assert finding.evidence["labels"] == {"no": "YES", "yes": "NO"}
    assert finding.cause.startswith("the labels were swapped")


def test_a_column_without_any_value_is_one_finding() -> None:
    empty = NOW.assign(plan=None)
    assert found(validated(empty, against=BEFORE)) == {("plan", "missing_rate")}
    schema = TableSchema(columns=(ColumnSchema("plan", missing=0.1),), extra="ignore")
    assert found(validated(empty, schema)) == {("plan", "missing_values")}
    assert found(validated(empty)) == {("plan", "constant")}  # nothing else says it


def test_one_row_with_a_rare_new_value_is_no_finding() -> None:
    frame = NOW.copy()
    frame.loc[3, "plan"] = "trial"
    assert found(validated(frame, against=BEFORE)) == set()


def test_a_column_with_a_long_tail_goes_on_having_new_values() -> None:
    random = np.random.default_rng(0)
    names = pd.Series(random.zipf(1.6, 7000)).clip(upper=10**6).map(lambda number: f"shop {number}")
    result = validated(pd.DataFrame({"shop": names[5000:]}), against=pd.DataFrame({"shop": names[:5000]}))
    assert found(result) == set()


def test_swapped_labels_are_told_with_what_was_what() -> None:
    frame = NOW.assign(churned=NOW["churned"].map({"yes": "no", "no": "yes"}))
    result = validated(frame, against=BEFORE)
    finding = only(result, "relabelled")
    assert (finding.column, finding.severity) == ("churned", "fail")
    assert finding.evidence["labels"] == {"no": "yes", "yes": "no"}
    assert found(result) == {("churned", "relabelled")}


def test_labels_that_became_numbers_are_the_same_classes() -> None:
    frame = NOW.assign(
        country=NOW["country"].map(
            {name: f"c{i}" for i, name in enumerate(("DE", "FR", "PL", "IT", "SE", "PT"))}
        )
    )
    result = validated(frame, against=BEFORE)
    assert found(result) == {("country", "relabelled")}
    assert only(result, "relabelled").evidence["labels"] == {
        "DE": "c0", "FR": "c1", "PL": "c2", "IT": "c3", "SE": "c4", "PT": "c5",
    }  # fmt: skip


def test_codes_of_a_numeric_class_are_labels_too() -> None:
    random = np.random.default_rng(0)
    before = pd.DataFrame({"y": (random.random(3000) < 0.2).astype(int)})
    now = pd.DataFrame({"y": (random.random(3000) < 0.8).astype(int)})
    assert found(validated(now, against=before)) == {("y", "relabelled")}


def test_shares_that_moved_are_drift_and_no_other_labels() -> None:
    random = np.random.default_rng(0)
    now = NOW.assign(
        country=random.choice(["DE", "FR", "PL", "IT", "SE", "PT"], 2000, p=[0.2, 0.2, 0.2, 0.2, 0.1, 0.1])
    )
    assert found(validated(now, against=BEFORE)) == set()


def test_a_column_that_stopped_varying_fails() -> None:
    result = validated(NOW.assign(country="DE"), against=BEFORE)
    finding = only(result, "constant")
    assert (finding.column, finding.severity, finding.evidence["value"]) == ("country", "fail", "DE")
    assert finding.evidence["distinct_before"] == 6


def test_a_constant_without_a_reference_is_a_warning() -> None:
    assert only(validated(NOW.assign(country="DE")), "constant").severity == "warn"


def test_a_constant_that_always_was_one_is_no_finding() -> None:
    assert found(validated(NOW.assign(country="DE"), against=BEFORE.assign(country="DE"))) == set()


def test_a_rare_value_may_not_come_in_a_sample() -> None:
    rare = np.where(np.arange(5000) % 1000 == 0, "x", "y")
    assert found(validated(NOW.assign(r="y"), against=BEFORE.assign(r=rare))) == set()
