"""Commits as objects: who made them and when, whether they are signed, and whether their bytes have their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.git.batch import Reader
from mlops_cli.git.objects import algorithm_of, object_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PERSON = re.compile(r"(.*?) ?<(.*)> (-?\d+) [+-]\d+")


class Commit(NamedTuple):
    """A commit.

    Parameters
    ----------
    author, email : str
        As it claims.
    time : int
        When it was committed, as it claims; seconds since the epoch.
    signed : bool
        Whether it carries a signature; whether that is good is another question.
    sound : bool
        Whether its bytes have its id.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    email: str
    time: int
    subject: str
    signed: bool
    sound: bool


def read_commits(folder: Path, variables: Mapping[str, str], ids: Sequence[str]) -> dict[str, Commit]:
    """Return commits by id; those that are not here are left out. Replaced objects are not followed.

    Parameters
    ----------
    folder : Path
        Git's own folder of the repository.

    Raises
    ------
    HistoryError
        When an object is damaged so that Git cannot read it.
    """
    if not ids:
        return {}
    with Reader(folder, variables) as reader:
        return {
            found.id: parse_commit(found.id, found.data)
            for found in reader.read(ids)
            if found.kind == "commit"
        }


def parse_commit(name: str, data: bytes) -> Commit:
    """Return the commit in an object's bytes."""
    head, _, message = data.decode(errors="replace").partition("\n\n")
    rows = [line.partition(" ") for line in head.split("\n")]
    fields = {key: value for key, _, value in reversed(rows) if key}
    author = _PERSON.match(fields.get("author", ""))
    committer = _PERSON.match(fields.get("committer", ""))
    return Commit(
        name,
        fields.get("tree", ""),
        tuple(value for key, _, value in rows if key == "parent"),
        author[1] if author else "",
        author[2] if author else "",
        int(committer[3]) if committer else 0,
        message.strip().partition("\n")[0],
        "gpgsig" in fields or "gpgsig-sha256" in fields,
        object_id("commit", data, algorithm_of(name)) == name,
    )
