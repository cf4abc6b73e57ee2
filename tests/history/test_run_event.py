from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import FileError
from mlops_cli.git.facts import Actor
from mlops_cli.git.records import RecordFile
from mlops_cli.history.needs import InGit, needs_of
from mlops_cli.history.run_event import (
    OUTCOMES,
    RunEvent,
    dump_run_event,
    event_name,
    event_path,
    keep_event,
    load_run_event,
    new_event,
)
from mlops_cli.history.soundness import is_told, unsound
from mlops_cli.opened import open_folder
from tests.support.command import git, repository
from tests.support.files import write
from tests.support.strategies import json_values, texts

if TYPE_CHECKING:
    from pathlib import Path

RUN = "20260131T175900123-1f2e3d4c"
EVENT = RunEvent(
    "20260201T080000000-0a1b2c3d",
    RUN,
    "note",
    "2026-02-01T08:00:00.000Z",
    Actor("Ada", "ada@example.org"),
    "overfits",
    "rejected",
)
PATH = f".mlops/runs/2026-01/{RUN}.note-0a1b2c3d.json"

ids = st.from_regex(r"20[0-9]{6}T[0-9]{9}-[0-9a-f]{8}", fullmatch=True)
events = st.builds(
    RunEvent,
    id=ids,
    run=ids,
    kind=st.sampled_from(["note", "rerun"]),
    at=texts,
    actor=st.none() | st.builds(Actor, texts, texts),
    text=texts,
    outcome=st.none() | st.sampled_from(OUTCOMES),
    verdict=st.none() | st.sampled_from(["identical", "equivalent", "different"]),
    stage=st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=5),
    details=st.dictionaries(texts, json_values, max_size=2),
)


@given(events)
def test_an_event_comes_back_as_it_was_written(event: RunEvent) -> None:
    data = dump_run_event(event)
    assert load_run_event(data, PATH) == event
    assert dump_run_event(load_run_event(data, PATH)) == data


@given(events)
def test_its_file_name_says_what_it_is_about_and_is_a_sound_record(event: RunEvent) -> None:
    path = event_path(event)
    assert event_name(path) == (event.run, event.kind, event.id[-8:])
    assert is_told(path)
    assert unsound(path, dump_run_event(event)) == ""


def test_a_new_event_has_a_time_in_its_id_and_in_its_field() -> None:
    event = new_event(RUN, "note", None, "a")
    assert event.id[:8] == event.at[:10].replace("-", "")
    assert event.suffix == f"note-{event.id[-8:]}"
    assert event.at.endswith("Z")


@pytest.mark.parametrize(
    "name",
    [
        f"{RUN}.json",
        f"{RUN}.note.json",
        f"{RUN}.note-0a1b2c3d",
        f"{RUN}.note-0a1b2c3d.json.bak",
        "note-0a1b2c3d.json",
    ],
)
def test_other_files_are_no_events(name: str) -> None:
    assert event_name(f".mlops/runs/2026-01/{name}") is None


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "gossip"},
        {"outcome": "maybe"},
        {"run": "../../etc"},
        {"id": "x"},
        {"actor": "Ada"},
        {"text": None},
        {"at": 1},
        {"details": 3},
        {"verdict": "so-so"},
        {"schema": 2},
    ],
)
def test_a_file_that_is_no_event_is_refused(change: dict[str, object]) -> None:
    value = json.loads(dump_run_event(EVENT)) | change
    with pytest.raises(FileError):
        load_run_event(json.dumps(value).encode(), PATH)


def test_an_event_that_lies_where_it_does_not_belong_is_unsound() -> None:
    data = dump_run_event(EVENT)
    assert unsound(PATH, data) == ""
    assert "does not stand for" in unsound(PATH.replace("0a1b2c3d", "0a1b2c3e"), data)
    assert "does not stand for" in unsound(PATH.replace("175900123", "175900124"), data)
    assert "laid out" in unsound(PATH, data.replace(b": ", b":  "))
    assert "is not an event" in unsound(PATH, data.replace(b'"note"', b'"nose"'))


def test_an_event_needs_nothing_in_the_store() -> None:
    details = {"outs": {"model": {"digest": f"b3:{'0' * 64}", "size": 3}}}
    data = dump_run_event(replace(EVENT, details=details))
    assert list(needs_of(RecordFile(PATH, "workspace", data), InGit(frozenset()), history=True)) == []


def journaled(repo: Path) -> list[str]:
    [ref] = git(repo, "for-each-ref", "--format=%(refname)", "refs/mlops/journal/").split()
    return git(repo, "ls-tree", "-r", "--name-only", ref).split()


def test_an_event_is_kept_in_the_journal_and_beside_its_run(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    opened = open_folder(repo)
    assert keep_event(opened.git, opened.project, EVENT) is None
    assert journaled(repo) == [f"runs/2026-01/31/17/{RUN}.note-0a1b2c3d.json"]
    assert not (repo / ".mlops").exists()

    write(repo / f".mlops/runs/2026-01/{RUN}.json", "{}")
    other = replace(EVENT, id="20260201T080000000-0a1b2c3e")
    path = keep_event(opened.git, opened.project, other)
    assert path == event_path(other)
    assert (repo / path).read_bytes() == dump_run_event(other)
    assert len(journaled(repo)) == 2


def test_an_event_of_a_project_in_a_folder_stands_below_its_prefix(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    write(repo / "a/mlops.yaml", "stages: {}")
    opened = open_folder(repo / "a")
    keep_event(opened.git, opened.project, EVENT)
    assert journaled(repo) == [f"a/runs/2026-01/31/17/{RUN}.note-0a1b2c3d.json"]
