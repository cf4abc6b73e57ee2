from __future__ import annotations

import pytest

from mlops_cli.git.journal import Difference, Entry, snapshot_path
from mlops_cli.git.objects import Row
from mlops_cli.history.exchange import (
    NOTHING,
    Content,
    additions,
    committed_code,
    content_of,
    objection,
    people_in,
)

ID, OTHER = "ab" * 20, "cd" * 20
RUN = "runs/2026-01/31/17/20260131T175900123-1f2e3d4c.json"
NOTE = RUN.replace(".json", ".note-0a1b2c3d.json")


def file(name: str = ID, mode: str = "100644") -> Row:
    return Row(mode, "name", name)


def test_runs_events_and_snapshots_are_counted_in_every_project() -> None:
    paths = [RUN, f"sub/{RUN}", f"code/{RUN}", NOTE, snapshot_path(ID), "something/new"]
    assert content_of(paths) == Content(3, 1, 1)
    assert not content_of([])
    assert not NOTHING
    assert content_of([RUN])


def test_an_addition_is_what_only_the_new_one_has() -> None:
    rows = [
        Difference(RUN, None, file()),
        Difference(NOTE, file(), None),
        Difference("x", file(), file(OTHER)),
    ]
    assert additions(rows) == {RUN: Entry(id=ID)}


def test_files_and_snapshots_may_come_and_go() -> None:
    rows = [
        Difference(RUN, None, file()),
        Difference(NOTE, file(), None),
        Difference(snapshot_path(ID), None, file(mode="40000")),
    ]
    assert objection(rows) == ""


@pytest.mark.parametrize(
    ("path", "new", "why"),
    [
        (RUN, file(mode="120000"), "is neither a file nor a snapshot"),
        (RUN, file(mode="100755"), "is neither a file nor a snapshot"),
        (RUN, file(mode="160000"), "is neither a file nor a snapshot"),
        (snapshot_path(ID), file(), "is neither a file nor a snapshot"),
        (snapshot_path(ID), file(OTHER, "40000"), "is another snapshot than its name says"),
    ],
)
def test_what_this_tool_would_not_write_is_objected_to(path: str, new: Row, why: str) -> None:
    assert objection([Difference("fine", None, file()), Difference(path, None, new)]) == f"{path} {why}"


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "ab\u202ecd", "\x9b2J"])
def test_a_name_that_would_deceive_a_terminal_is_objected_to_and_not_repeated(name: str) -> None:
    told = objection([Difference(f"{name}/{RUN}", None, file())])
    assert told.endswith("has characters that would deceive a terminal")
    assert name not in told


def test_a_record_that_has_changed_is_objected_to() -> None:
    assert objection([Difference(RUN, file(), file(OTHER))]).startswith(
        f"{RUN} says something else than before"
    )


def test_the_people_in_records_are_named_once_each() -> None:
    ada = b'{"actor": {"name": "Ada", "email": "a@x"}}'
    odd = [b"", b"[]", b'{"actor": null}', b'{"actor": {"name": "x"}}', b"\xff", b"[" * 100_000]
    assert people_in(dict(enumerate([ada, ada, *odd]))) == ("Ada <a@x>",)  # type: ignore[arg-type]


def test_the_commits_of_runs_are_known_by_their_trees_where_nothing_was_uncommitted() -> None:
    clean = b'{"code": {"commit": "%b", "tree": "%b", "snapshot": null}}' % (ID.encode(), OTHER.encode())
    dirty = clean.replace(b"null", b'"5555555555"')
    unborn = b'{"code": {"commit": null, "tree": null, "snapshot": null}}'
    hostile = clean.replace(ID.encode(), b"--output=x")
    odd = [b"", b"[]", b'{"code": 1}', b"\xff", b"[" * 100_000]
    found = committed_code(dict(enumerate([dirty, unborn, hostile, *odd, clean])))  # type: ignore[arg-type]
    assert found == {OTHER: ID}
