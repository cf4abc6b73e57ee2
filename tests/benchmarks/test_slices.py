"""The scenario of weak slices: its table is always the same, and its answer is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.slice_scenarios import NUMBERS, PLANTED, STEPS, WORDS, search, write_table

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_planted_slice_is_found_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(tmp_path / "t.parquet", 30_000)
    search(tmp_path / "t.parquet", 2)
    assert capsys.readouterr().out.splitlines()[0] == PLANTED


def test_the_table_has_thirty_columns_and_is_always_the_same(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    for name in "ab":
        write_table(tmp_path / name, 500)
    one, two = (pq.read_table(tmp_path / name) for name in "ab")
    assert one.equals(two)
    assert len(one.column_names) == NUMBERS + STEPS + WORDS + 1 == 31
