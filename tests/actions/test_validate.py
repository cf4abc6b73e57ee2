"""`validate` without a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlops_cli.actions.validate import infer, validate
from mlops_cli.data.checks.request import Request
from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.text import profile_to_bytes
from mlops_cli.errors import UsageError
from tests.support.planted import PLANTED, customers, table

if TYPE_CHECKING:
    from pathlib import Path

NOW = customers(1000, 2)


def test_paths_are_relative_to_the_folder_and_called_as_they_were_given(tmp_path: Path) -> None:
    NOW.to_csv(tmp_path / "now.csv", index=False)
    result = validate(tmp_path, Request("now.csv", train="now.csv"))
    assert result.name == "now.csv"
    assert result.compared == ("the training table now.csv",)
    assert {finding.check for finding in result.findings} == {"overlap_rows"}


def test_a_committed_profile_is_recognised_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_bytes(profile_to_bytes(profile_table(table(customers(5000, 1)))))
    bad = PLANTED["class swap"][0](NOW, np.random.default_rng(1))
    bad.to_parquet(tmp_path / "now.parquet")
    result = validate(tmp_path, Request("now.parquet", against="train.json"))
    assert {(finding.column, finding.check) for finding in result.findings} == {("churned", "relabelled")}
    assert "  churned:" in infer(tmp_path, "train.json").text


def test_temporary_files_are_gone_afterwards(tmp_path: Path) -> None:
    NOW.to_csv(tmp_path / "now.csv", index=False)
    validate(tmp_path, Request("now.csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["now.csv"]


def test_a_file_that_is_there_is_not_even_read_for(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("mine")
    with pytest.raises(UsageError, match=r"s\.yaml is there already"):
        infer(tmp_path, "gone.csv", "s.yaml")
