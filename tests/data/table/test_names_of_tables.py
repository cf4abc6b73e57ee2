"""Names of tables and columns in messages; the examples of this room run."""

from __future__ import annotations

import doctest
import importlib
from typing import TYPE_CHECKING

import pytest

from mlops_cli.data.table.naming import checked_names, expect_same_names, shown
from mlops_cli.data.table.opening import open_table
from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("module", ["table", "opening", "naming", "formats"])
def test_the_examples_run(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"mlops_cli.data.table.{module}"))
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("s3://bucket/t.csv", "s3://bucket/t.csv"),
        ("https://ada:word@example.org/t.csv?X-Amz-Signature=abc", "https://example.org/t.csv"),
        ("data/what?.csv", "data/what?.csv"),
    ],
)
def test_what_is_secret_in_an_address_is_not_shown(typed: str, seen: str) -> None:
    assert shown(typed) == seen


def test_a_name_that_is_made_up_is_nobody_elses() -> None:
    names, _ = checked_names(["", "unnamed_1"], "t")
    assert names == ["unnamed_1_", "unnamed_1"]


def test_many_columns_that_are_lacking_are_counted() -> None:
    with pytest.raises(DataError, match="lacks 'c1', 'c2', 'c3', 'c4', 'c5' and 4 more"):
        expect_same_names([f"c{i}" for i in range(10)], "a", ["c0"], "b")


def test_a_scratch_folder_that_cannot_be_written_is_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "t.csv").write_text("a\n1\n")
    monkeypatch.setattr("mlops_cli.data.table.streaming.Segments.write", full)
    with pytest.raises(DataError, match="No space left on device"):
        open_table(tmp_path / "t.csv", scratch=tmp_path / "scratch")
