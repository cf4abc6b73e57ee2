from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.remove import RemoveResult, remove
from mlops_cli.errors import DataError, FileError, UsageError
from mlops_cli.formats.problems import DefinitionError
from mlops_cli.git import ignore
from tests.support.command import define, git
from tests.support.files import write
from tests.support.stored import Lab

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a project that tracks a directory and two files."""
    lab = Lab(tmp_path / "lab")
    lab.track("data/raw", {"a.csv": "1", "sub/b.csv": "2"})
    lab.track("data/one.csv", "3")
    lab.track("other.csv", "4")
    with lab.open() as opened:
        opened.update_ignore()
    return lab


def rules(lab: Lab) -> list[str]:
    return [line for line in (lab.root / ".gitignore").read_text().splitlines() if line.startswith("/")]


def records(lab: Lab) -> list[str]:
    folder = lab.root / ".mlops/data"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def act(lab: Lab, *paths: str) -> RemoveResult:
    with lab.open() as opened:
        return remove(opened, paths)


def refused(lab: Lab, *paths: str) -> UsageError:
    """Remove what must be refused, together with what could be; nothing may have changed."""
    before = records(lab), rules(lab)
    with pytest.raises(UsageError) as raised:
        act(lab, "other.csv", *paths)
    assert (records(lab), rules(lab)) == before
    return raised.value


def test_record_and_rule_go_and_everything_else_stays(lab: Lab) -> None:
    artifact = lab.track("data/raw", {"a.csv": "1", "sub/b.csv": "2"})
    result = act(lab, "data/raw")
    assert [(each.path, each.here, each.visible) for each in result.removed] == [("data/raw", True, True)]
    assert result.removed[0].record is not None
    assert records(lab) == ["data", "data/one.csv.json", "other.csv.json"]
    assert rules(lab) == ["/data/one.csv", "/other.csv"]
    assert (lab.root / "data/raw/sub/b.csv").read_text() == "2"
    assert lab.whole(artifact) == [True]


def test_folders_of_records_that_hold_nothing_go_too(lab: Lab) -> None:
    act(lab, "data/raw", "data/one.csv")
    assert records(lab) == ["other.csv.json"]


def test_a_path_named_twice_is_removed_once(lab: Lab) -> None:
    assert [each.path for each in act(lab, "data/raw", "data/raw/").removed] == ["data/raw"]


def test_data_that_is_not_here_can_be_removed(lab: Lab) -> None:
    (lab.root / "other.csv").unlink()
    [removed] = act(lab, "other.csv").removed
    assert (removed.here, removed.visible) == (False, False)
    assert "/other.csv" not in rules(lab)


def test_data_that_git_ignores_for_another_reason_is_not_called_visible(lab: Lab) -> None:
    text = (lab.root / ".gitignore").read_text()
    write(lab.root / ".gitignore", "*.csv\n" + text)
    result = act(lab, "data/raw", "other.csv")
    assert [each.visible for each in result.removed] == [False, False]
    assert (lab.root / ".gitignore").read_text().startswith("*.csv\n")


def test_what_git_sees_is_found_where_nothing_around_it_is_known_to_git_and_by_names_of_any_kind(
    lab: Lab,
) -> None:
    lab.track("deep/er/[x] *.csv", "5")
    act(lab, "data/raw", "data/one.csv")
    [removed] = act(lab, "deep/er/[x] *.csv").removed
    assert removed.visible
    assert removed.rule == r"/deep/er/\[x\]\ \*.csv"


# Refusals ----------------------------------------------------------------------------------------------------------


def test_a_path_in_a_tracked_directory_is_refused_with_the_directory_named(lab: Lab) -> None:
    error = refused(lab, "data/raw/sub/b.csv")
    assert "part of data/raw" in error.message
    assert "mlops remove data/raw;" in error.hint
    assert "mlops add data/raw/sub/b.csv" in error.hint


@pytest.mark.parametrize("path", ["data", "."])
def test_a_folder_around_tracked_paths_is_refused_with_these_named(lab: Lab, path: str) -> None:
    error = refused(lab, path)
    assert "data/one.csv, data/raw" in error.message


def test_what_is_not_tracked_is_refused_with_a_close_name_or_with_what_there_is(lab: Lab) -> None:
    assert refused(lab, "data/rw").hint == 'Did you mean "data/raw"?'
    error = refused(lab, "zebra")
    assert error.message == "zebra is not tracked as data"
    assert error.hint == "Tracked: data/one.csv, data/raw, other.csv"
    for number in range(9):
        lab.track(f"more{number}", "1")
    assert refused(lab, "zebra").hint.endswith(" and 7 more")


def test_where_nothing_is_tracked_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        act(Lab(tmp_path / "empty"), "x")
    assert "Nothing is" in raised.value.hint


def test_an_output_of_a_stage_is_refused_with_the_stage_named(lab: Lab) -> None:
    define(lab.root, {"train": {"cmd": "true", "outs": ["models/m"]}})
    for path, what in (("models/m", "is"), ("models", "holds"), ("models/m/x", "lies in")):
        error = refused(lab, path)
        assert f"{path} {what} an output of train, models/m" in error.message
        assert "mlops.yaml" in error.hint


def test_data_that_a_stage_makes_by_now_can_be_removed_and_stays_ignored(lab: Lab) -> None:
    define(lab.root, {"train": {"cmd": "true", "outs": ["other.csv"]}})
    [removed] = act(lab, "other.csv").removed
    assert not removed.visible
    assert "/other.csv" in rules(lab)


def test_a_pipeline_that_is_wrong_is_said_before_anything_is_removed(lab: Lab) -> None:
    define(lab.root, "stages: 1\n")
    before = records(lab)
    with pytest.raises(DefinitionError):
        act(lab, "other.csv")
    assert records(lab) == before


def test_a_record_that_is_damaged_is_said_before_anything_is_removed(lab: Lab) -> None:
    write(lab.root / ".mlops/data/other.csv.json", "{")
    before = records(lab)
    with pytest.raises(FileError, match=r"other\.csv\.json"):
        act(lab, "data/raw")
    assert records(lab) == before


# Cut off -----------------------------------------------------------------------------------------------------------


def test_records_go_before_rules_and_doing_it_again_completes_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException): ...

    def kill(folder: Path, paths: Iterable[str]) -> bool:
        assert not (folder / ".mlops/data/data/raw.json").exists()
        assert "data/raw" not in set(paths)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(ignore, "write_ignore", kill)
        with pytest.raises(KilledError):
            act(lab, "data/raw")
    assert "/data/raw" in rules(lab)
    [removed] = act(lab, "data/raw").removed
    assert (removed.record, removed.visible) == (None, True)
    assert "/data/raw" not in rules(lab)
    with pytest.raises(UsageError, match="not tracked"):
        act(lab, "data/raw")


def test_rules_that_cannot_be_written_are_an_error_of_data(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ignore, "write_ignore", fail)
    with pytest.raises(DataError, match=r"\.gitignore cannot be written") as raised:
        act(lab, "data/raw")
    assert "again" in raised.value.hint


def test_the_rule_of_a_record_that_was_removed_by_hand_goes(lab: Lab) -> None:
    git(lab.root, "add", "-A")
    git(lab.root, "rm", "-q", "-f", ".mlops/data/other.csv.json")
    assert act(lab, "other.csv").removed[0].record is None
    assert "/other.csv" not in rules(lab)
