"""Raw against transformed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_cli.data.checks.schema import ColumnSchema, Imputed, TableSchema
from tests.support.planted import customers, found, only, validated

RAW = customers(2000, 7)
KEY = TableSchema(key=("customer",))


def declared(**column: object) -> TableSchema:
    return TableSchema((ColumnSchema("income", **column),), extra="ignore")  # type: ignore[arg-type]


def test_a_table_that_was_left_alone_is_no_finding() -> None:
    assert found(validated(RAW, KEY, raw=RAW)) == set()


def test_scaling_is_no_finding() -> None:
    scaled = RAW.assign(age=(RAW["age"] - 41) / 13, height=RAW["height"] * 1000)
    assert found(validated(scaled, KEY, raw=RAW)) == set()


# Rows and keys --------------------------------------------------------------------------------------------------------


def test_lost_rows_are_counted() -> None:
    finding = only(validated(RAW[:1900], raw=RAW), "rows_changed")
    assert (finding.severity, finding.evidence) == ("fail", {"rows": 1900, "rows_raw": 2000})
    assert "100 were lost" in finding.message


def test_fewer_rows_may_be_meant() -> None:
    assert found(validated(RAW[:1900], TableSchema(raw_rows="fewer"), raw=RAW)) == set()
    assert found(validated(RAW, TableSchema(raw_rows="fewer"), raw=RAW[:1900])) == {("", "rows_changed")}
    assert found(validated(RAW, TableSchema(raw_rows="any"), raw=RAW[:1900])) == set()


def test_keys_that_were_changed_on_the_way_are_named_with_rows() -> None:
    frame = RAW.copy()
    frame.loc[4, "customer"] = 10**6
    finding = only(validated(frame, KEY, raw=RAW), "keys_changed")
    assert (finding.column, finding.rows, finding.evidence["lost"]) == ("customer", (4,), 1)


# Filled gaps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fill", "word"), [("median", "the median of raw"), ("mean", "the mean of raw")])
@pytest.mark.parametrize("order", ["same", "shuffled, with a key", "fewer rows, without a key"])
def test_gaps_that_were_filled_with_one_value_are_named_with_the_statistic(
    fill: str, word: str, order: str
) -> None:
    value = getattr(RAW["income"], fill)()
    frame = RAW.assign(income=RAW["income"].fillna(value))
    schema = TableSchema(raw_rows="any")
    if order == "shuffled, with a key":
        frame, schema = frame.sample(frac=1, random_state=1), KEY
    elif order == "fewer rows, without a key":
        frame = frame[:1900]
    result = validated(frame, schema, raw=RAW)
    finding = only(result, "imputed_constant")
    assert (finding.column, finding.severity) == ("income", "warn")
    assert float(str(finding.evidence["value"])) == pytest.approx(value)
    assert word in finding.cause
    assert found(result) == {("income", "imputed_constant")}


def test_gaps_of_a_category_are_named_too() -> None:
    raw = RAW.assign(country=RAW["country"].mask(np.arange(2000) % 11 == 0))
    finding = only(
        validated(raw.assign(country=raw["country"].fillna("unknown")), raw=raw), "imputed_constant"
    )
    assert (finding.column, finding.evidence["value"], finding.evidence["filled"]) == (
        "country",
        "unknown",
        182,
    )
    assert finding.rows[:3] == (0, 11, 22)


def test_gaps_that_were_filled_with_many_values_are_no_finding() -> None:
    drawn = np.random.default_rng(1).choice(RAW["income"].dropna(), 2000)
    frame = RAW.assign(income=np.where(RAW["income"].isna(), drawn, RAW["income"]))
    assert found(validated(frame, raw=RAW)) == set()


def test_an_imputer_that_was_fitted_on_the_test_table_is_told() -> None:
    train = customers(5000, 8, start=5000)
    honest = RAW.assign(income=RAW["income"].fillna(train["income"].median()))
    leaky = RAW.assign(income=RAW["income"].fillna(RAW["income"].median()))
    assert only(validated(honest, raw=RAW, train=train), "imputed_constant").cause.endswith(
        "the median of the training table"
    )
    assert (
        "not of the training table" in only(validated(leaky, raw=RAW, train=train), "imputed_constant").cause
    )


# The statistic of an imputer ------------------------------------------------------------------------------------------


def test_a_stored_statistic_that_fits_is_no_finding() -> None:
    schema = declared(imputed=Imputed("median", float(RAW["income"].median())))
    assert found(validated(RAW, schema)) == set()


def test_a_stored_statistic_from_other_data_is_a_finding() -> None:
    schema = declared(imputed=Imputed("median", 2 * float(RAW["income"].median())))
    finding = only(validated(RAW, schema), "imputer_statistic")
    assert (finding.column, float(str(finding.evidence["robust_sd"])) > 0.5) == ("income", True)


def test_a_most_frequent_value_that_changed_is_a_finding() -> None:
    schema = TableSchema((ColumnSchema("country", imputed=Imputed("most frequent", "PT")),), extra="ignore")
    assert only(validated(RAW, schema), "imputer_statistic").evidence["found"] == "DE"


def test_a_statistic_that_cannot_be_told_is_an_error() -> None:
    schema = TableSchema((ColumnSchema("country", imputed=Imputed("median", 3.0)),), extra="ignore")
    assert validated(RAW, schema).verdict == "error"


# Spread and order -----------------------------------------------------------------------------------------------------


def test_values_that_were_cut_off_spread_less() -> None:
    cut = RAW.assign(income=RAW["income"].clip(upper=RAW["income"].quantile(0.4)))
    finding = only(validated(cut, raw=RAW), "variance")
    assert (finding.column, finding.severity) == ("income", "warn")
    assert float(str(finding.evidence["ratio"])) < 0.5


def test_a_transformation_that_is_meant_is_said_in_the_schema_file() -> None:
    logged = RAW.assign(income=np.log(RAW["income"]))
    assert found(validated(logged, raw=RAW)) == {("income", "variance")}
    assert found(validated(logged, declared(transform="free"), raw=RAW)) == set()
    assert found(validated(logged, declared(transform="monotone"), raw=RAW)) == set()


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda x: x.sample(frac=1, random_state=1).to_numpy(), "mixed up"),
        (lambda x: -np.log(x), "turns the order around"),
        (lambda x: (x - x.median()) ** 2, "not monotone"),
    ],
)
def test_a_step_that_should_keep_the_order_and_does_not_fails(change: object, cause: str) -> None:
    assert callable(change)
    frame = RAW.assign(income=change(RAW["income"]))
    finding = only(validated(frame, declared(transform="monotone"), raw=RAW), "rank_order")
    assert (finding.column, finding.severity) == ("income", "fail")
    assert cause in finding.cause


def test_without_a_key_rows_of_other_tables_do_not_belong_together() -> None:
    result = validated(RAW[:1500], declared(transform="monotone"), raw=RAW)
    assert [error.check for error in result.errors] == ["rank_order"]


def test_rows_in_another_order_are_compared_by_key() -> None:
    schema = TableSchema((ColumnSchema("income", transform="monotone"),), key=("customer",), extra="ignore")
    frame = RAW.assign(income=np.sqrt(RAW["income"])).sample(frac=1, random_state=2)
    assert found(validated(frame, schema, raw=RAW)) == set()


def test_gaps_against_a_reference_that_became_a_spike_are_one_value() -> None:
    before = customers(5000, 1)
    frame = RAW.assign(income=RAW["income"].fillna(-1.0))
    result = validated(frame, against=before)
    finding = only(result, "imputed_constant")
    assert (finding.column, finding.evidence["value"]) == ("income", "-1")
    assert ("income", "missing_rate") not in found(result)  # the same once more


def test_a_raw_table_with_other_columns_is_compared_where_they_agree() -> None:
    assert found(validated(RAW.assign(new=1.0 * np.arange(2000)), raw=RAW.drop(columns="plan"))) == set()
    assert isinstance(RAW, pd.DataFrame)
