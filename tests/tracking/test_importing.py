"""Bringing imports: what is recorded is one version of the source, whatever the source does meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.import_ import import_
from mlops_cli.actions.update import update
from mlops_cli.errors import DataError
from mlops_cli.opened import Opened, open_folder
from mlops_cli.settings import read_environment
from mlops_cli.store.remotes.source import Fact, Seen
from mlops_cli.tracking import importing
from tests.support.command import git, repository
from tests.support.files import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Scripted:
    """A source whose content and version a test changes while it is read."""

    def __init__(self, files: Mapping[str, bytes], version: str = "1") -> None:
        self.files = dict(files)
        self.version = version
        self.options: Mapping[str, object] = {}
        self.later = ""
        self.read: list[str] = []

    def look(self) -> Seen:
        facts = {name: Fact(len(data), self.version) for name, data in self.files.items()}
        return Seen("" not in self.files, facts)

    def chunks(self, name: str, fact: Fact) -> Iterator[bytes]:  # noqa: ARG002 - the shape of a source
        self.read.append(name)
        yield self.files[name]
        self.version = self.later or self.version


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    return open_folder(repository(tmp_path / "repo"))


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Put a scripted source behind every address."""
    found = Scripted({"": b"one"})

    def open_source(url: str, options: Mapping[str, object], root: Path) -> Scripted:
        found.options = options
        return found

    monkeypatch.setattr(importing, "open_source", open_source)
    return found


def test_a_source_that_changes_while_it_is_brought_is_not_recorded(opened: Opened, source: Scripted) -> None:
    source.later = "2"
    with pytest.raises(DataError, match="changed while it was brought"):
        import_(opened, "s3://bucket/x", "x")
    assert git(opened.project.root, "status", "--short") == ""
    assert not (opened.project.root / "x").exists()
    assert import_(opened, "s3://bucket/x", "x").record.source == {
        "url": "s3://bucket/x",
        "etag": "2",
        "size": 3,
    }


def test_of_many_imports_one_that_fails_keeps_none_of_the_others(opened: Opened, source: Scripted) -> None:
    for name in ("a", "b"):
        import_(opened, f"s3://bucket/{name}", name)
    source.files[""], source.version = b"three", "2"
    write(opened.project.root / "a", b"mine")
    result = update(open_folder(opened.project.root))
    assert (list(result.failed), [each.path for each in result.updated]) == (["a"], ["b"])
    assert (opened.project.root / "a").read_bytes() == b"mine"
    assert (opened.project.root / "b").read_bytes() == b"three"


def test_files_of_a_version_that_came_before_are_read_only_where_their_content_is_gone(
    opened: Opened, source: Scripted
) -> None:
    del source.files[""]
    source.files |= {"a": b"1" * 70_000, "b": b"2" * 70_000}
    import_(opened, "s3://bucket/x", "x")
    record = import_(opened, "s3://bucket/x", "again").record
    assert sorted(source.read) == ["a", "b"]
    for path in (opened.store / "objects").rglob("*"):
        if path.is_file() and path.read_bytes() == source.files["b"]:
            path.unlink()
    assert import_(opened, "s3://bucket/x", "third").record.artifact == record.artifact
    assert sorted(source.read) == ["a", "b", "b"]


CONFIG = """\
remotes:
  wide: {url: "webdavs://files.example.org/", user: wide}
  near: {url: "webdavs://files.example.org/team", user: near}
  other: {url: "webdavs://elsewhere.example.org/team", user: other}
"""


@pytest.mark.parametrize(
    ("url", "user"),
    [
        ("webdavs://files.example.org/team/x", "near"),
        ("webdavs://files.example.org/teams/x", "wide"),
        ("webdavs://FILES.example.org/x", "wide"),
        ("webdav://files.example.org/team/x", None),
        ("webdavs://files.example.org.evil.org/team/x", None),
        ("webdavs://files.example.org@evil.org/team/x", None),
    ],
)
def test_credentials_go_to_the_server_of_their_remote_and_to_no_other(
    url: str, user: str | None, source: Scripted, tmp_path: Path
) -> None:
    repo = repository(tmp_path / "repo")
    write(repo / ".mlops/config.yaml", CONFIG)
    secrets = {f"MLOPS_REMOTE_{name}_PASSWORD": name.lower() for name in ("WIDE", "NEAR", "OTHER")}
    opened = open_folder(repo, read_environment({**read_environment().variables, **secrets}))
    import_(opened, url, "x")
    assert source.options.get("user") == user
    assert source.options.get("password") == user


def test_who_waits_long_for_a_source_is_told_which(
    opened: Opened, source: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_PATIENCE", 0.01)
    told: list[str] = []
    answer, said = source.look, threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        said.set()

    def slow() -> Seen:
        assert said.wait(60)
        return answer()

    monkeypatch.setattr(source, "look", slow)
    importing.ask(opened, {"data": "s3://bucket/x"}, tell)
    assert told == ["asking s3://bucket/x; who does not answer is asked again"]


def test_who_is_answered_soon_is_told_nothing(opened: Opened, source: Scripted) -> None:
    told: list[str] = []
    assert source.files
    importing.ask(opened, {"data": "s3://bucket/x"}, told.append)
    assert told == []
