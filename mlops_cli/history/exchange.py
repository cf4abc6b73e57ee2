"""What is in a part of a journal, and whether it may be taken over from somebody else. Pure."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.git.journal import SNAPSHOT_PATH, Entry
from mlops_cli.git.objects import FILE_MODE, TREE_MODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlops_cli.git.journal import Difference

_RUN = re.compile(r"(?:.*/)?runs/\d{4}-\d\d/\d\d/\d\d/[^/.]+\.json", re.DOTALL)
_EVENT = re.compile(r"(?:.*/)?runs/\d{4}-\d\d/\d\d/\d\d/[^/.]+\.[^/]+\.json", re.DOTALL)

_ID = re.compile(r"[0-9a-f]{6,64}")
# Control characters, and those that turn the direction of text around.
_DECEIVING = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Content:
    """What a part of a journal holds: runs, events about runs, and snapshots of the code that runs began with."""

    runs: int = 0
    events: int = 0
    snapshots: int = 0

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.runs or self.events or self.snapshots)


NOTHING = Content()


def content_of(paths: Iterable[str]) -> Content:
    """Return what lies at some paths of a journal.

    Examples
    --------
    >>> content_of(["runs/2026-01/31/17/20260131T175900123-1f2e3d4c.json"])
    Content(runs=1, events=0, snapshots=0)
    """
    runs = events = snapshots = 0
    for path in paths:
        runs += _RUN.fullmatch(path) is not None
        events += _EVENT.fullmatch(path) is not None
        snapshots += SNAPSHOT_PATH.fullmatch(path) is not None
    return Content(runs, events, snapshots)


def additions(rows: Iterable[Difference]) -> dict[str, Entry]:
    """Return what the new one of two journals has, and the old one does not."""
    return {row.path: Entry(id=row.new.id, mode=row.new.mode) for row in rows if row.new and not row.old}


def objection(rows: Iterable[Difference]) -> str:
    """Return why what differs in a journal that comes from elsewhere is not what this tool writes; empty where it may be."""
    for row in rows:
        snapshot = SNAPSHOT_PATH.fullmatch(row.path)
        if _DECEIVING.search(row.path):
            return f"{row.path!a} has characters that would deceive a terminal"
        if row.old and row.new:
            return f"{row.path} says something else than before, and what a journal says never changes"
        if row.new and row.new.mode != (TREE_MODE if snapshot else FILE_MODE):
            return f"{row.path} is neither a file nor a snapshot"
        if row.new and snapshot and snapshot[1] != row.new.id:
            return f"{row.path} is another snapshot than its name says"
    return ""


def committed_code(records: Mapping[str, bytes]) -> dict[str, str]:
    """Return the code of runs that began with committed code: tree to commit.

    Examples
    --------
    >>> committed_code({"runs/…": b'{"code": {"commit": "c0ffee", "tree": "4b825d", "snapshot": null}}'})
    {'4b825d': 'c0ffee'}
    """
    found: dict[str, str] = {}
    for data in records.values():
        with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
            code = json.loads(data)["code"]
            if code["snapshot"] is None and _ID.fullmatch(code["commit"]) and _ID.fullmatch(code["tree"]):
                found[code["tree"]] = code["commit"]
    return found


def people_in(records: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return who is named in records, with their e-mail addresses, as they would read it."""
    found: set[str] = set()
    for data in records.values():
        with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
            actor = json.loads(data)["actor"]
            found.add(f"{actor['name']} <{actor['email']}>")
    return tuple(sorted(found))
