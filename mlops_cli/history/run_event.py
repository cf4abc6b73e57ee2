"""Events about a run: what people noted on it, and what a repetition of it came to. Each is a file that never changes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from mlops_cli.errors import FileError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.formats.canonical import pretty, read_record, text_field
from mlops_cli.git.facts import Actor
from mlops_cli.history.run_record import new_run_id
from mlops_cli.project import RECORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.git.command import Git
    from mlops_cli.project import Project

EVENT_SCHEMA = 1
Kind = Literal["note", "rerun"]
Outcome = Literal["confirmed", "rejected", "inconclusive"]
Verdict = Literal["identical", "equivalent", "different"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_ID = re.compile(r"\d{8}T\d{9}-[0-9a-f]{8}")
_NAME = re.compile(rf"({_ID.pattern})\.([a-z]+)-([0-9a-f]{{8}})\.json")


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One fact about a run that came after it.

    Parameters
    ----------
    id : str
        UTC time and random digits, as of a run; sorts by time.
    run : str
        The id of the run it is about.
    kind : str
        `note`, or `rerun`.
    at : str
        UTC, ISO 8601, to the millisecond.
    actor : Actor or None
        Who; None where Git had no identity.
    outcome : str or None
        What came of the idea that the run tried: `confirmed`, `rejected` or `inconclusive`.
    verdict : str or None
        Of a `rerun`: `identical`, `equivalent` or `different`.
    stage : str or None
        Of a `rerun`: the first stage that came out differently.
    details : mapping
        Of a `rerun`: what else was found.
    """

    id: str
    run: str
    kind: Kind
    at: str
    actor: Actor | None
    text: str = ""
    outcome: Outcome | None = None
    verdict: Verdict | None = None
    stage: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """What its file is called after the run's id: `note-1f2e3d4c`."""
        return f"{self.kind}-{self.id.rpartition('-')[2]}"


def new_event(
    run: str,
    kind: Kind,
    actor: Actor | None,
    text: str = "",
    *,
    outcome: Outcome | None = None,
    verdict: Verdict | None = None,
    stage: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> RunEvent:
    """Return an event that happens now."""
    now = datetime.now(UTC)
    at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return RunEvent(
        new_run_id(now),
        run,
        kind,
        at,
        actor,
        text,
        outcome,
        verdict=verdict,
        stage=stage,
        details=details or {},
    )


def event_path(event: RunEvent) -> str:
    """Return where an event's file lies beside that of its run, relative to the project."""
    return f"{RECORDS}/runs/{event.run[:4]}-{event.run[4:6]}/{event.run}.{event.suffix}.json"


class EventName(NamedTuple):
    """What the name of an event's file says."""

    run: str
    kind: str
    random: str


def event_name(path: str) -> EventName | None:
    """Return what a file's name says, wherever the file lies; None for one that is no event of a run.

    Examples
    --------
    >>> event_name(".mlops/runs/2026-01/20260131T175900123-1f2e3d4c.note-0a1b2c3d.json")
    EventName(run='20260131T175900123-1f2e3d4c', kind='note', random='0a1b2c3d')
    >>> event_name(".mlops/runs/2026-01/20260131T175900123-1f2e3d4c.json")
    """
    found = _NAME.fullmatch(path.rpartition("/")[2])
    return EventName(*found.groups()) if found else None


def dump_run_event(event: RunEvent) -> bytes:
    """Return the bytes of an event's file."""
    # What the event has nothing to say of is left out.
    extra = {"verdict": event.verdict, "stage": event.stage, "details": dict(event.details)}
    actor = event.actor
    return pretty(
        {
            **{name: value for name, value in extra.items() if value},
            "schema": EVENT_SCHEMA,
            "id": event.id,
            "run": event.run,
            "kind": event.kind,
            "at": event.at,
            "actor": None if actor is None else {"name": actor.name, "email": actor.email},
            "text": event.text,
            "outcome": event.outcome,
        }
    )


def load_run_event(data: bytes, file: str) -> RunEvent:
    """Return the event in a file's bytes.

    Raises
    ------
    FileError
        When the bytes are not an event of a run.
    """
    value = read_record(data, file=file, schema=EVENT_SCHEMA)
    try:
        actor, details = value["actor"], value.get("details", {})
        return RunEvent(
            id=_id(value["id"]),
            run=_id(value["run"]),
            kind=_one_of(value["kind"], Kind),
            at=text_field(value, "at", file),
            actor=None if actor is None else Actor(str(actor["name"]), str(actor["email"])),
            text=text_field(value, "text", file),
            outcome=_one_of(value["outcome"], Outcome, None),
            verdict=_one_of(value.get("verdict"), Verdict, None),
            stage=value.get("stage"),
            details=dict(details),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FileError(
            f"{file} is not an event of a run", hint=f"Bring it back with: git checkout -- {file}"
        ) from error


def _id(value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError(value)
    return value


def _one_of(value: Any, kind: Any, *others: Any) -> Any:
    if value not in (*get_args(kind), *others):
        raise ValueError(value)
    return value


def keep_event(git: Git, project: Project, event: RunEvent) -> str | None:
    """Put an event into the journal and, where its run's file lies in the workspace, beside that.

    Returns
    -------
    str or None
        The file in the workspace, relative to the project; None where there is none.

    Raises
    ------
    DataError
        When the journal cannot be written.
    OSError
        When the file cannot be.
    """
    from mlops_cli.history.journal import Journal, journal_path

    data = dump_run_event(event)
    Journal(git, project).append({journal_path(project.prefix, event.run, event.suffix): data})
    if not project.run_record(event.run).is_file():
        return None
    path = event_path(event)
    write_atomic(project.root / path, data)
    return path
