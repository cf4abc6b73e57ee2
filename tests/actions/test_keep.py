from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.keep import KeepResult, keep
from mlops_cli.errors import DataError, UsageError
from mlops_cli.history.run_event import keep_event, new_event
from mlops_cli.opened import open_folder
from mlops_cli.settings import read_environment
from tests.support.command import commit, git, project, run
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = project(
        tmp_path / "home", {"one": {"cmd": "cat in > one", "deps": ["in"], "outs": ["one"]}}, {"in": "1"}
    )
    run(folder)
    return folder


def kept(folder: Path, *refs: str) -> KeepResult:
    with open_folder(folder, read_environment(dict(os.environ))) as opened:
        return keep(opened, refs)


def thrown_away(folder: Path) -> tuple[str, bytes]:
    """Throw the file of the only run away; return its path and what it held."""
    [file] = (folder / ".mlops/runs").glob("*/*.json")
    data = file.read_bytes()
    shutil.rmtree(folder / ".mlops/runs")
    return file.relative_to(folder).as_posix(), data


def test_a_run_whose_file_is_gone_comes_back_byte_for_byte(home: Path) -> None:
    path, data = thrown_away(home)
    run_id = path[-len("20260131T175900123-1f2e3d4c.json") : -len(".json")]
    result = kept(home, run_id[:-4])
    assert (home / path).read_bytes() == data
    assert [(each.run, each.path, each.new) for each in result.kept] == [(run_id, path, True)]
    assert result.written == (path,)


def test_a_run_that_lies_there_stays_as_it_is(home: Path) -> None:
    path, data = thrown_away(home)
    first = kept(home, "@latest")
    assert first.kept[0].new
    again = kept(home, "@latest", "@latest")
    assert [(each.path, each.new) for each in again.kept] == [(path, False)]
    assert again.written == (path,)
    commit(home, "kept")
    assert kept(home, "@latest").written == ()
    assert (home / path).read_bytes() == data


def test_what_was_noted_of_a_run_comes_with_it(home: Path) -> None:
    path, _ = thrown_away(home)
    with open_folder(home, read_environment(dict(os.environ))) as opened:
        event = new_event(path[-32:-5], "note", None, "a good idea", outcome="confirmed")
        assert keep_event(opened.git, opened.project, event) is None
    result = kept(home, "@latest")
    assert len(result.written) == 2
    assert result.written[1].endswith(f".{event.suffix}.json") or result.written[0].endswith(
        f".{event.suffix}.json"
    )


def test_another_file_in_its_place_is_not_overwritten(home: Path) -> None:
    path, _ = thrown_away(home)
    with open_folder(home, read_environment(dict(os.environ))) as opened:
        assert opened.history.runs()
        write(home / path, "mine\n")
        with pytest.raises(DataError, match="is not what the run wrote"):
            keep(opened, [path[-32:-5]])
    assert (home / path).read_text() == "mine\n"


def test_what_is_no_run_is_said_to_be_none_and_nothing_is_written(home: Path) -> None:
    thrown_away(home)
    with pytest.raises(UsageError):
        kept(home, "@latest", "nonsense")
    assert not (home / ".mlops/runs").exists()


def test_a_run_of_a_project_below_the_top_comes_back_there(home: Path) -> None:
    write(home / "sub/mlops.yaml", "stages: {sub: {cmd: echo > s, outs: [s]}}\n")
    write(home / "sub/.mlops/config.yaml")
    run(home / "sub")
    path, data = thrown_away(home / "sub")
    assert kept(home / "sub", "@latest").written == (path,)
    assert (home / "sub" / path).read_bytes() == data
    assert (
        git(home, "status", "--porcelain", "--untracked-files=all", "sub/.mlops/runs").strip()
        == f"?? sub/{path}"
    )
