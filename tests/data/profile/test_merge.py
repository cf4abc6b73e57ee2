"""The law of profiles: the sum of any parts is the profile of the whole, byte for byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.merge import merge
from mlops_cli.data.profile.parse import profile_from_bytes
from mlops_cli.data.profile.text import profile_to_bytes
from mlops_cli.data.table.table import table_of
from mlops_cli.errors import DataError
from tests.support.tables import people, table

KINDS: Any = {
    "number": "numeric",
    "word": "categorical",
    "note": "text",
    "time": "datetime",
    "flag": "boolean",
}
SCHEMA = pa.schema(
    [
        ("number", pa.float64()),
        ("word", pa.string()),
        ("note", pa.string()),
        ("time", pa.timestamp("us")),
        ("flag", pa.bool_()),
    ]
)
NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([0.0, -0.0, 1.0, -999.0, float("inf"), float("-inf")]),
    st.floats(allow_nan=False),
)
ROWS = st.tuples(
    NUMBERS,
    st.one_of(st.none(), st.sampled_from(["", " ", "Oslo", "Bern", "木"]), st.text(max_size=6)),
    st.one_of(st.none(), st.text(max_size=80)),
    st.one_of(st.none(), st.integers(-(10**16), 10**16)),
    st.one_of(st.none(), st.booleans()),
)


def frame(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    return pa.table(
        {
            field.name: pa.array(values, type=field.type)
            for field, values in zip(SCHEMA, columns, strict=True)
        },
        schema=SCHEMA,
    )


def taken(data: pa.Table, **options: Any) -> bytes:
    return profile_to_bytes(profile_table(table_of(data, kinds=KINDS), **options))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_sum_of_any_parts_is_the_profile_of_the_whole(data: st.DataObject) -> None:
    base = frame(data.draw(st.lists(ROWS, min_size=1, max_size=30)) * data.draw(st.integers(1, 8)))
    baseline = profile_table(table_of(base, kinds=KINDS))
    rows = data.draw(st.lists(ROWS, min_size=1, max_size=40))
    dealt = [data.draw(st.integers(0, 3)) for _ in rows]
    parts = [[row for row, hand in zip(rows, dealt, strict=True) if hand == number] for number in range(4)]
    written = [taken(frame(part), baseline=baseline) for part in parts if part]
    read = [profile_from_bytes(each, "part.json") for each in written]
    assert profile_to_bytes(merge(read)) == taken(frame(rows), baseline=baseline)
    assert merge(read[::-1]) == merge(read)


@pytest.mark.parametrize("seed", range(3))
def test_a_large_table_is_the_sum_of_its_days(seed: int) -> None:
    random = np.random.default_rng(seed)
    data = people(6000, seed)
    baseline = profile_table(table_of(data.slice(0, 3000)))
    kinds: Any = {column.name: column.kind for column in baseline.columns}
    hands = random.integers(0, 9, data.num_rows)
    parts = [
        profile_table(table_of(data.filter(pa.array(hands == hand)), kinds=kinds), baseline=baseline)
        for hand in range(9)
    ]
    whole = profile_table(table_of(data, kinds=kinds), baseline=baseline)
    random.shuffle(parts)
    assert profile_to_bytes(merge(parts)) == profile_to_bytes(whole)


def test_a_baseline_counts_like_a_window() -> None:
    data = people(500)
    baseline = profile_table(table_of(data))
    window = profile_table(table_of(data), baseline=baseline)
    assert merge([baseline, baseline]) == merge([window, window])


def test_one_profile_is_its_own_sum() -> None:
    one = profile_table(table({"x": [1.0, 2.0]}))
    assert merge([one]) is one


def test_profiles_of_two_layouts_do_not_add_up() -> None:
    first, second = (profile_table(table({"x": np.arange(50.0) * scale})) for scale in (1, 2))
    with pytest.raises(DataError, match=r"a\.json and b\.json were not counted on one baseline"):
        merge([first, second], ["a.json", "b.json"])


def test_profiles_of_other_columns_do_not_add_up() -> None:
    baseline = profile_table(table({"x": np.arange(50.0)}))
    first = profile_table(table({"x": np.arange(5.0)}), baseline=baseline)
    second = profile_table(table({"x": np.arange(5.0), "y": np.arange(5.0)}), baseline=baseline)
    third = profile_table(table({"x": ["a", "b"]}), baseline=baseline)
    with pytest.raises(DataError, match="1 columns"):
        merge([first, second])
    with pytest.raises(DataError, match=r"x \(numeric\) where profile 2 has x \(categorical\)"):
        merge([first, third])


def test_profiles_of_two_stages_do_not_add_up() -> None:
    baseline = profile_table(table({"x": np.arange(50.0)}))
    raw, scored = (
        profile_table(table({"x": np.arange(5.0)}), baseline=baseline, stage=stage)
        for stage in ("raw", "scored")
    )
    with pytest.raises(DataError, match="stage"):
        merge([raw, scored])


def test_the_sum_names_all_sources() -> None:
    from dataclasses import replace

    one = profile_table(table({"x": np.arange(50.0)}))
    parts = [replace(one, sources=(source,)) for source in ("b3:2", "b3:1", "b3:2")]
    assert merge(parts).sources == ("b3:1", "b3:2")
