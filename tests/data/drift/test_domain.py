"""Telling the rows of two tables apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlops_cli.data.drift.domain import joint_drift
from mlops_cli.data.drift.encode import encoded, useless
from mlops_cli.data.drift.model import DriftSettings, JointDrift
from mlops_cli.data.drift.rows import Numbers, Rows, Watched, Words, chosen_rows
from mlops_cli.data.table.table import table_of

RANDOM = np.random.default_rng


def rows(columns: dict[str, Any]) -> Rows:
    made: dict[str, Numbers | Words] = {
        name: values if isinstance(values, Numbers | Words) else Numbers(np.asarray(values, dtype=np.float64))
        for name, values in columns.items()
    }
    first = next(iter(made.values()))
    return Rows(np.arange(len(first.values if isinstance(first, Numbers) else first.codes)), made)


def words(random: np.random.Generator, n: int, classes: int = 5) -> Words:
    return Words(random.integers(0, classes, n), tuple(f"c{at}" for at in range(classes)))


def judged(before: dict[str, Any], after: dict[str, Any], **settings: Any) -> JointDrift:
    return joint_drift(rows(before), rows(after), list(before), DriftSettings(**settings))


def tables(n: int, seed: int) -> list[dict[str, Any]]:
    random = RANDOM(seed)
    return [{"a": random.normal(size=n), "b": random.normal(size=n), "c": words(random, n)} for _ in range(2)]


def test_tables_of_one_kind_cannot_be_told_apart() -> None:
    found = judged(*tables(2000, 1))
    assert found.verdict == "pass"
    assert found.auc == pytest.approx(0.5, abs=0.04)
    assert found.separators == ()


def test_a_relation_that_changed_is_seen_though_no_column_changed() -> None:
    random = RANDOM(2)
    first, second, noise = random.normal(size=(3, 4000))
    before = {"a": first, "b": first + 0.3 * noise}
    after = {"a": second, "b": -second + 0.3 * noise}
    found = judged(before, after)
    assert found.verdict == "fail"
    assert {each.name for each in found.separators} == {"a", "b"}


def test_the_column_that_moved_is_what_tells_them_apart() -> None:
    before, after = tables(2000, 3)
    after["b"] = after["b"] + 1.5
    found = judged(before, after)
    assert (found.verdict, found.separators[0].name) == ("fail", "b")
    assert found.separators[0].low <= found.separators[0].drop <= found.separators[0].high
    assert found.separation == pytest.approx(2 * (found.auc or 0) - 1)


def test_the_verdict_is_on_the_lower_bound() -> None:
    before, after = tables(150, 4)
    after["a"] = after["a"] + 0.7
    found = judged(before, after)
    assert found.auc is not None
    assert found.low is not None
    assert found.auc > 0.55 > found.low
    assert found.verdict == "pass"


def test_few_rows_have_no_verdict_but_a_reason() -> None:
    found = judged(*tables(60, 5))
    assert found.verdict == "insufficient"
    assert "60" in found.reason


def test_with_few_rows_the_p_value_is_found_by_permutation_and_is_never_zero() -> None:
    before, after = tables(300, 6)
    after["a"] = after["a"] + 5
    found = judged(before, after)
    assert found.p_value == pytest.approx(1 / 1000)
    assert judged(*tables(300, 7)).p_value == pytest.approx(0.5, abs=0.49)


def test_what_numbers_rows_or_follows_time_is_dropped_and_listed() -> None:
    random = RANDOM(8)
    n = 500

    def side(start: int) -> dict[str, Any]:
        return {
            "id": np.arange(start, start + n),
            "at": Numbers(np.arange(start, start + n, dtype=np.float64) * 6e7, time=True),
            "a": random.normal(size=n),
            "one": np.full(n, float(start)),
            "up": np.sort(random.normal(size=n)),
        }

    before, after = side(0), side(n)
    found = judged(before, after)
    assert found.used == ("a",)
    assert dict(found.dropped).keys() == {"id", "at", "one", "up"}
    assert "blocks of at" in found.folds
    assert found.verdict == "pass"


def test_without_any_column_left_there_is_no_verdict() -> None:
    found = judged({"id": np.arange(500)}, {"id": np.arange(500, 1000)})
    assert (found.verdict, found.used) == ("insufficient", ())


def test_missing_and_infinite_values_are_seen() -> None:
    random = RANDOM(9)
    before, after = random.normal(size=1000), random.normal(size=1000)
    after[::2] = np.nan
    assert judged({"a": before}, {"a": after}).verdict == "fail"
    after[::2] = np.inf
    assert judged({"a": before}, {"a": after}).verdict == "fail"


def test_classes_are_the_same_ones_whatever_their_codes() -> None:
    random = RANDOM(10)
    codes = random.integers(0, 3, 1000)
    before = {"c": Words(codes, ("x", "y", "z"))}
    after = {"c": Words(2 - random.permutation(codes), ("z", "y", "x"))}
    assert judged(before, after).verdict == "pass"


def test_more_classes_than_the_classifier_takes_are_one() -> None:
    random = RANDOM(11)
    made = encoded(rows({"c": words(random, 5000, 1000)}), rows({"c": words(random, 5000, 1000)}), ["c"])
    assert made.names == ("c",)
    assert np.nanmax(made.reference) <= 250


def test_the_rows_that_look_least_like_the_reference_are_named_by_their_number() -> None:
    before, after = tables(1000, 12)
    after["a"][417] = 50.0
    after["a"][:200] += 4
    found = judged(before, after)
    assert len(found.alien) == 20
    assert all(1 <= number <= 1000 for number, _ in found.alien)
    assert all(number <= 200 or number == 418 for number, _ in found.alien[:10])


def test_the_same_rows_give_the_same_answer() -> None:
    before, after = tables(800, 13)
    assert judged(before, after) == judged(before, after)


def test_as_many_rows_of_each_are_looked_at_and_no_more_than_asked() -> None:
    before, after = tables(900, 14)
    shorter = {
        name: (Words(v.codes[:400], v.texts) if isinstance(v, Words) else v[:400])
        for name, v in after.items()
    }
    found = judged(before, shorter)
    assert (found.n_reference, found.n_current) == (400, 400)
    assert judged(before, after, joint_rows=300).n_reference == 300


def test_a_watched_table_keeps_the_rows_that_pass_by() -> None:
    table = table_of(
        pa.table(
            {
                "n": list(range(100)),
                "w": [f"w{at}" for at in range(100)],
                "b": [at % 2 == 0 for at in range(100)],
            }
        )
    )
    watched = Watched(table, 10)
    watched.numbers("n")
    kept = watched.rows_kept()
    chosen = chosen_rows(100, 10, table.names)
    number, word, flag = kept.columns["n"], kept.columns["w"], kept.columns["b"]
    assert isinstance(number, Numbers)
    assert isinstance(word, Words)
    assert isinstance(flag, Numbers)
    assert number.values.tolist() == chosen.tolist()
    assert [word.texts[code] for code in word.codes] == [f"w{at}" for at in chosen]
    assert flag.values.tolist() == [float(at % 2 == 0) for at in chosen]


def test_columns_of_another_type_are_not_looked_at() -> None:
    random = RANDOM(15)
    assert useless(Numbers(random.normal(size=10)), words(random, 10)) == "another type in each table"


@pytest.mark.slow
def test_tables_of_one_kind_are_told_apart_in_at_most_one_of_fifty_cases() -> None:
    verdicts = [judged(*tables(size, seed)).verdict for size in (150, 1000) for seed in range(50)]
    assert sum(verdict != "pass" for verdict in verdicts) <= 2


def test_a_table_cannot_be_told_from_itself() -> None:
    before, _ = tables(2000, 21)
    found = judged(before, before)
    assert found.auc == pytest.approx(0.5, abs=0.001)
    assert (found.verdict, found.shared) == ("pass", 2000)


@pytest.mark.parametrize("timed", [False, True])
def test_windows_that_overlap_are_as_far_apart_as_tables_alike_in_all_but_the_shared_rows(
    timed: bool,
) -> None:
    random = RANDOM(22)
    whole = random.normal(size=(6000, 2))
    whole[4000:] += 1
    fresh = random.normal(size=(4000, 2))
    fresh[2000:] += 1

    def side(values: Any, start: int) -> dict[str, Any]:
        at = (
            {"at": Numbers(np.arange(start, start + 4000, dtype=np.float64) * 1e6, time=True)}
            if timed
            else {}
        )
        return {"a": values[:, 0], "b": values[:, 1], **at}

    overlapping = judged(side(whole[:4000], 0), side(whole[2000:], 2000))
    apart = judged(side(whole[:4000], 0), side(fresh, 10_000))
    assert (overlapping.shared, apart.shared) == (2000, 0)
    assert overlapping.auc == pytest.approx(apart.auc or 0, abs=0.04)


def test_rows_that_are_equal_by_chance_are_not_shared() -> None:
    random = RANDOM(23)
    for classes in (3, 30, 100):
        before, after = (
            {"a": random.integers(0, classes, 2000), "b": words(random, 2000, classes)} for _ in range(2)
        )
        assert judged(before, after).shared == 0
