from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.profile import kinds_of, profile, profile_diff, profile_merge, profile_show
from mlops_cli.errors import DataError, FileError, UsageError
from tests.support.command import repository
from tests.support.tables import people, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(tmp_path / "people.csv", people(300))
    write_csv(tmp_path / "more.csv", people(200, 11))
    return tmp_path


def test_a_table_is_profiled_without_a_repository(folder: Path) -> None:
    found = profile(folder, "people.csv")
    assert (found.name, found.out, found.profile.rows) == ("people.csv", "", 300)
    assert sorted(path.name for path in folder.iterdir()) == ["more.csv", "people.csv"]


def test_a_profile_is_written_and_read_again(folder: Path) -> None:
    made = profile(
        folder, "people.csv", out="profiles/base.json", pii=["id"], types={"age": "categorical"}, stage="raw"
    )
    assert profile_show(folder, "profiles/base.json").profile == made.profile
    assert made.profile.columns[0].private


def test_windows_are_counted_on_a_baseline_and_add_up(folder: Path) -> None:
    base = profile(folder, "people.csv", out="base.json").profile
    one = profile(folder, "more.csv", against="base.json", out="one.json").profile
    assert one.edges_from == base.edges_from
    found = profile_merge(folder, ["one.json", "one.json"], out="sum.json")
    assert found.profile.rows == 400
    assert profile_show(folder, "sum.json").profile == found.profile
    assert profile_diff(folder, "base.json", "one.json").diff.one_layout


def test_profiles_of_two_baselines_do_not_add_up_and_nothing_is_written(folder: Path) -> None:
    profile(folder, "people.csv", out="a.json")
    profile(folder, "more.csv", out="b.json")
    with pytest.raises(DataError, match=r"a\.json and b\.json"):
        profile_merge(folder, ["a.json", "b.json"], out="sum.json")
    assert not (folder / "sum.json").exists()


@pytest.mark.parametrize("out", [".", "", "..", "there", "there/", "new/"])
def test_a_folder_is_no_place_for_a_profile(folder: Path, out: str) -> None:
    (folder / "there").mkdir()
    profile(folder, "people.csv", out="base.json")
    if not out:
        assert profile(folder, "people.csv").out == ""
        return
    acts: tuple[Callable[[], object], ...] = (
        lambda: profile(folder, "people.csv", out=out),
        lambda: profile_merge(folder, ["base.json", "base.json"], out=out),
    )
    for act in acts:
        with pytest.raises(UsageError, match="is a folder, and a profile is a file"):
            act()
    assert sorted(path.name for path in folder.iterdir()) == ["base.json", "more.csv", "people.csv", "there"]


@pytest.mark.parametrize("out", ["page.html", "reports/Page.HTM"])
def test_a_profile_is_not_written_into_what_is_called_a_page(folder: Path, out: str) -> None:
    with pytest.raises(UsageError, match="which is JSON and no page") as caught:
        profile(folder, "people.csv", out=out)
    assert f"-o html > {out}" in (caught.value.hint or "")
    assert not (folder / out).exists()


def test_nothing_is_written_outside_of_a_project(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    write_csv(repo / "people.csv", people(50))
    assert (
        profile(repo, "people.csv", out="../free.json").out == "../free.json"
    )  # a repository, no project yet
    (repo / "mlops.yaml").write_text("stages: {}\n")
    (repo / "sub").mkdir()
    for place, out in ((repo, "../a.json"), (repo, str(tmp_path / "a.json")), (repo / "sub", "../../a.json")):
        with pytest.raises(UsageError, match="does not lie inside the project"):
            profile(place, str(repo / "people.csv"), out=out)
    profile(repo / "sub", "../people.csv", out="../b.json")
    profile(repo / "sub", "../people.csv", out=str(repo / "c.json"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["free.json", "repo"]
    assert (repo / "b.json").read_bytes() == (repo / "c.json").read_bytes()


def test_tables_are_held_against_each_other_and_against_profiles_on_one_layout(folder: Path) -> None:
    base = profile(folder, "people.csv", out="base.json").profile
    window = profile(folder, "more.csv", against="base.json").profile
    for before, after in (("people.csv", "more.csv"), ("base.json", "more.csv"), ("more.csv", "base.json")):
        found = profile_diff(folder, before, after).diff
        assert found.one_layout
        rows = {"people.csv": 300, "base.json": 300, "more.csv": 200}
        assert (found.before.rows, found.after.rows) == (rows[before], rows[after])
    forth = profile_diff(folder, "people.csv", "more.csv").diff
    assert (forth.before, forth.after.edges_from) == (base, base.edges_from)
    assert profile_diff(folder, "base.json", "more.csv").diff.after == window


@pytest.mark.parametrize("name", ["people.csv", "people.csv.gz", "two words.parquet"])
def test_a_table_in_place_of_a_profile_is_called_one(folder: Path, name: str) -> None:
    (folder / "people.csv").rename(folder / name)
    write_csv(folder / "some.csv", people(20))
    acts: tuple[Callable[[], object], ...] = (
        lambda: profile_show(folder, name),
        lambda: profile_merge(folder, [name, name]),
        lambda: profile(folder, "some.csv", against=name),
    )
    for act in acts:
        with pytest.raises(FileError, match="is a table, not a profile") as caught:
            act()
        assert caught.value.hint.startswith("Profile it with: mlops profile ")
        assert name in caught.value.hint
        assert "git" not in caught.value.hint


def test_a_profile_is_not_profiled_again(folder: Path) -> None:
    profile(folder, "people.csv", out="base.json")
    with pytest.raises(UsageError) as caught:
        profile(folder, "base.json")
    assert caught.value.hint == "Show it with: mlops profile show base.json"


def test_a_table_is_no_profile(folder: Path) -> None:
    with pytest.raises(FileError):
        profile_show(folder, "people.csv")


def test_where_it_cannot_be_written_is_told(folder: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        profile(folder, "people.csv", out="people.csv/base.json")


@pytest.mark.parametrize("text", ["zip", "=text", "zip=number", ""])
def test_a_kind_that_is_not_said_rightly_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="a column and its kind"):
        kinds_of([text])


def test_a_column_may_have_a_sign_in_its_name() -> None:
    assert kinds_of(["a=b=text"]) == {"a=b": "text"}


def test_a_stage_that_does_not_exist_is_told(folder: Path) -> None:
    with pytest.raises(UsageError, match="raw, transformed or scored"):
        profile(folder, "people.csv", stage="cooked")
