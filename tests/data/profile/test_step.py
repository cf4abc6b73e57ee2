"""`uses: profile`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.data.profile.parse import profile_from_bytes
from mlops_cli.data.profile.step import ProfileStep, read_settings
from mlops_cli.data.profile.text import profile_to_bytes
from mlops_cli.data.profile.work import make_profile, run
from mlops_cli.errors import FileError, UsageError
from mlops_cli.execution.builtins import STEPS
from mlops_cli.pipeline.builtin import StepCall
from tests.support.tables import people, write_csv, write_parquet

if TYPE_CHECKING:
    from pathlib import Path


def test_the_step_reads_table_and_baseline_and_makes_profile_and_page() -> None:
    found = STEPS["profile"].declare({"data": "new.csv", "baseline": "base.json"}, "reports/p")
    assert found.deps == ("new.csv", "base.json")
    assert found.plots == ("reports/p/profile.json",)
    assert found.outs == ("reports/p/report.html",)


def test_an_address_is_no_dependency() -> None:
    assert ProfileStep().declare({"data": "s3://bucket/new.csv"}, "r").deps == ()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "needs data"),
        ({"data": 3}, "needs data"),
        ({"data": "a", "dta": "b"}, "knows no 'dta'; there are data, baseline, pii, types, stage"),
        ({"data": "a", "baseline": ["b"]}, "baseline should be"),
        ({"data": "a", "pii": [1]}, "pii should be"),
        ({"data": "a", "types": {"x": "number"}}, "'number' is no kind"),
        ({"data": "a", "types": ["x"]}, "types should be a mapping"),
        ({"data": "a", "stage": "cooked"}, "stage should be"),
    ],
)
def test_wrong_settings_are_told(settings: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_settings(settings)


def test_a_step_without_report_is_refused() -> None:
    with pytest.raises(ValueError, match="report"):
        ProfileStep().declare({"data": "a.csv"}, None)


def test_the_step_writes_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "people.csv", people(200))
    (tmp_path / "out").mkdir()
    settings: dict[str, Any] = {
        "data": "people.csv",
        "pii": "id",
        "stage": "raw",
        "types": {"age": "categorical"},
    }
    run(
        StepCall(
            settings, "out", scratch=str(tmp_path / "scratch"), page=lambda profile: f"<p>{profile.rows}</p>"
        )
    )
    profile = profile_from_bytes((tmp_path / "out/profile.json").read_bytes(), "p")
    assert (profile.rows, profile.stage) == (200, "raw")
    assert profile.columns[1].kind == "categorical"
    assert profile.columns[0].private
    assert (tmp_path / "out/report.html").read_text() == "<p>200</p>"


def test_csv_and_parquet_of_one_table_have_one_profile(tmp_path: Path) -> None:
    data = people(500)
    write_csv(tmp_path / "a.csv", data)
    write_parquet(tmp_path / "a.parquet", data)
    first, second = (
        make_profile(read_settings({"data": name}), tmp_path, tmp_path / "scratch")
        for name in ("a.csv", "a.parquet")
    )
    for one, other in zip(first.columns, second.columns, strict=True):
        assert (one.kind, one.n, one.missing, one.distinct) == (
            other.kind,
            other.n,
            other.missing,
            other.distinct,
        )
    assert first.sample == second.sample


def test_texts_that_look_like_numbers_are_read_as_the_baseline_read_them(tmp_path: Path) -> None:
    (tmp_path / "base.csv").write_text("zip,x\n" + "A1,1\n01234,2\n" * 10)
    (tmp_path / "new.csv").write_text("zip\n" + "01234\n" * 6)
    base = make_profile(read_settings({"data": "base.csv"}), tmp_path, tmp_path / "scratch")
    (tmp_path / "base.json").write_bytes(profile_to_bytes(base))
    found = make_profile(
        read_settings({"data": "new.csv", "baseline": "base.json"}), tmp_path, tmp_path / "scratch"
    )
    assert found.names == ("zip",)
    assert dict(zip(found.columns[0].values, found.columns[0].counts, strict=True)) == {"01234": 6, "A1": 0}  # type: ignore[union-attr]


def test_a_column_that_was_said_to_be_something_and_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n")
    with pytest.raises(UsageError, match="'y'"):
        make_profile(read_settings({"data": "a.csv", "types": {"y": "text"}}), tmp_path, tmp_path / "scratch")


@pytest.mark.parametrize(("name", "said"), [("none.json", "cannot be read"), ("folder", "is a folder")])
def test_a_baseline_that_is_not_there_is_told(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.csv").write_text("x\n1\n")
    with pytest.raises(FileError, match=said):
        make_profile(read_settings({"data": "a.csv", "baseline": name}), tmp_path, tmp_path / "scratch")
