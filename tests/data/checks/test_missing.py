"""Missing and infinite values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_cli.data.checks.run import validate
from mlops_cli.data.profile.build import profile_table
from tests.support.planted import customers, found, only, table, validated

BEFORE, NOW = customers(5000, 1), customers(2000, 2, start=5000)
RANDOM = np.random.default_rng(3)


def test_more_gaps_are_told_with_both_shares_and_the_interval() -> None:
    gaps = np.random.default_rng(3).random(2000) < 0.10
    finding = only(validated(NOW.assign(income=NOW["income"].mask(gaps)), against=BEFORE), "missing_rate")
    assert (finding.column, finding.severity) == ("income", "fail")
    assert finding.evidence["missing_before"] == int(BEFORE["income"].isna().sum())
    assert 0.05 < float(str(finding.evidence["low"])) < float(str(finding.evidence["difference"])) < 0.15
    assert len(finding.rows) == 20
    assert all(gaps[row] or pd.isna(NOW["income"][row]) for row in finding.rows)


@pytest.mark.parametrize("share", [0.0, 0.004])
def test_a_change_below_half_a_point_is_no_finding(share: float) -> None:
    before, now = pd.DataFrame({"x": np.arange(100_000.0)}), pd.DataFrame({"x": np.arange(100_000.0)})
    now.loc[: 100_000 * share - 1, "x"] = np.nan
    assert ("x", "missing_rate") not in found(validated(now, against=before))


def test_a_change_of_less_than_half_is_no_finding() -> None:
    before, now = pd.DataFrame({"x": np.arange(100_000.0)}), pd.DataFrame({"x": np.arange(100_000.0)})
    before.loc[:9_999, "x"], now.loc[:13_999, "x"] = np.nan, np.nan  # 10 % and 14 %
    assert ("x", "missing_rate") not in found(validated(now, against=before))


def test_gaps_in_one_piece_are_a_source_that_broke_off() -> None:
    frame = NOW.copy()
    frame.loc[1500:, "height"] = np.nan
    finding = only(validated(frame, against=BEFORE), "missing_rate")
    assert finding.cause == "a source broke off: gaps from row 1,500 to the end"


def test_a_column_without_values_is_not_filled_any_more() -> None:
    result = validated(NOW.assign(height=np.nan), against=BEFORE)
    assert only(result, "missing_rate").cause == "the column is not filled any more"
    assert result.verdict == "fail"


def test_fewer_gaps_are_a_warning() -> None:
    filled = np.where(
        NOW["income"].isna(), np.random.default_rng(1).lognormal(10.4, 0.5, 2000), NOW["income"]
    )
    finding = only(validated(NOW.assign(income=filled), against=BEFORE), "missing_rate")
    assert (finding.severity, finding.evidence["missing"]) == ("warn", 0)


def test_columns_that_go_missing_in_the_same_rows_are_one_broken_join() -> None:
    lost = np.random.default_rng(4).random(2000) < 0.2
    names = ["age", "height", "temperature", "visits", "country"]
    frame = NOW.assign(**{name: NOW[name].mask(lost) for name in names})
    result = validated(frame, against=BEFORE)
    assert found(result) == {("", "broken_join")}
    finding = only(result, "broken_join")
    assert set(names) == set(finding.evidence["columns"])  # type: ignore[call-overload]
    assert finding.evidence["rows_without"] == int(lost.sum())
    assert "join" in finding.cause


def test_columns_that_go_missing_in_rows_of_their_own_are_findings_of_their_own() -> None:
    random = np.random.default_rng(4)
    names = ["age", "height", "temperature"]
    frame = NOW.assign(**{name: NOW[name].mask(random.random(2000) < 0.2) for name in names})
    assert found(validated(frame, against=BEFORE)) == {(name, "missing_rate") for name in names}


def test_infinite_values_are_found_unless_the_reference_has_them() -> None:
    frame = NOW.copy()
    frame.loc[[7, 9], "height"] = [np.inf, -np.inf]
    finding = only(validated(frame, against=BEFORE), "infinite")
    assert (finding.column, finding.severity, finding.rows) == ("height", "fail", (7, 9))
    both = BEFORE.copy()
    both.loc[0, "height"] = np.inf
    assert found(validated(frame, against=both)) == set()


def test_too_few_rows_to_compare_are_insufficient() -> None:
    result = validated(NOW[:10], against=BEFORE)
    assert result.verdict == "insufficient"
    assert {each.check for each in result.looked if each.short} >= {"missing_rate", "unit", "relabelled"}


# Texts that stand for a gap -------------------------------------------------------------------------------------------


def with_marks(frame: pd.DataFrame, share: float, mark: str, seed: int = 5) -> pd.DataFrame:
    return frame.assign(plan=frame["plan"].mask(np.random.default_rng(seed).random(len(frame)) < share, mark))


def test_a_surge_of_question_marks_is_a_surge_of_missing_values() -> None:
    before, now = with_marks(BEFORE, 0.056, "?"), with_marks(NOW, 0.5, "?")
    result = validated(now, against=before)
    assert found(result) == {("plan", "missing_rate")}
    finding = only(result, "missing_rate")
    assert finding.severity == "fail"
    assert finding.evidence["missing"] == int((now["plan"] == "?").sum())
    assert finding.evidence["missing_before"] == int((before["plan"] == "?").sum())
    assert '"?" counts as missing' in finding.message
    assert all(now["plan"][row] == "?" for row in finding.rows)


def test_the_same_surge_is_found_against_a_profile() -> None:
    profile = profile_table(table(with_marks(BEFORE, 0.056, "?")))
    result = validate(table(with_marks(NOW, 0.5, "?")), against=profile)
    assert {(each.column, each.check) for each in result.findings} == {("plan", "missing_rate")}


def test_as_many_question_marks_as_before_are_no_finding() -> None:
    assert found(validated(with_marks(NOW, 0.056, "?"), against=with_marks(BEFORE, 0.056, "?"))) == set()


def test_question_marks_that_were_never_there_are_one_finding() -> None:
    assert found(validated(with_marks(NOW, 0.3, "?"), against=BEFORE)) == {("plan", "missing_rate")}


def test_gaps_that_are_written_in_a_new_way_are_not_more_of_them() -> None:
    random = np.random.default_rng(6)
    before = BEFORE.assign(plan=BEFORE["plan"].mask(random.random(len(BEFORE)) < 0.1))
    result = validated(with_marks(NOW, 0.1, "?"), against=before)
    assert found(result) == {("plan", "unseen_categories")}
    assert only(result, "unseen_categories").cause.startswith("gaps are written in a new way")


@pytest.mark.parametrize(("mark", "severity"), [("n/a", "fail"), ("none", "warn")])
def test_a_word_that_may_be_a_value_never_fails_by_itself(mark: str, severity: str) -> None:
    result = validated(with_marks(NOW, 0.5, mark), against=with_marks(BEFORE, 0.05, mark))
    assert only(result, "missing_rate").severity == severity


def test_columns_that_a_join_left_with_question_marks_are_one_broken_join() -> None:
    lost = np.random.default_rng(4).random(2000) < 0.2
    names = ["plan", "country", "churned"]
    result = validated(NOW.assign(**{name: NOW[name].mask(lost, "?") for name in names}), against=BEFORE)
    assert found(result) == {("", "broken_join")}
    assert only(result, "broken_join").evidence["rows_without"] == int(lost.sum())
