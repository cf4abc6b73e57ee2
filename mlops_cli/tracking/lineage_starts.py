"""From a REF to what lineage starts at: artifacts, or the executions of a run, as they were at a moment."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import FileError, UsageError
from mlops_cli.git.beyond import beyond_border
from mlops_cli.git.revision import read_revision
from mlops_cli.history.known import Production, Source
from mlops_cli.history.lineage.graph import Named
from mlops_cli.history.lineage.sources import Preferred
from mlops_cli.history.lineage.start import executions, final, find_named, versions
from mlops_cli.history.lineage.then import Moment, Remembered, read_date
from mlops_cli.pipeline.record import load_stage_record
from mlops_cli.project import DATA_RECORDS, RECORDS
from mlops_cli.store.tracked import holder, load_data_record

if TYPE_CHECKING:
    from mlops_cli.git.revision import Revision
    from mlops_cli.history.refs import Ref
    from mlops_cli.opened import Opened


class Begun(NamedTuple):
    """What a REF leads to.

    Parameters
    ----------
    productions : list of Production
        Of a run.
    path : str or None
        Where the REF was a path.
    commit : str or None
        Where the REF named the commit in which the path is meant.
    now : bool
        Whether the records of the workspace have the path; else it is what was recorded there last, by any run.
    preferred : Preferred or None
        Which executions are meant where several made the same bytes: those of the run, or those that the records of the commit, or
        of the workspace, name. None where nothing tells.
    """

    artifacts: list[Named]
    productions: list[Production]
    path: str | None = None
    commit: str | None = None
    now: bool = False
    preferred: Preferred | None = None


def remembered(opened: Opened, at: str | None) -> Remembered:
    """Return the history to ask, as it was at a date or a commit where one is given.

    Raises
    ------
    UsageError
        When it is neither a date nor a commit.
    """
    return Remembered(opened.history, None if at is None else _moment(opened, at))


def _moment(opened: Opened, text: str) -> Moment:
    commit = _commit(opened, text)
    if commit is not None:
        time = int(opened.git.ask("log", "--max-count=1", "--format=%ct", commit) or b"0")
        return Moment(commit, time, opened.history.in_history_of(commit))
    date = read_date(text)
    if date is None:
        raise beyond_border(opened.git, text) or UsageError(
            f"{text} is neither a date nor a commit",
            hint="Write a date as 2026-01-31 or '2026-01-31 17:59'; see commits with: git log --all",
        )
    before = opened.git.ask("rev-list", "--max-count=1", f"--before={date}", "HEAD")
    return Moment(before.decode().strip() or None if before else None, date)


def _commit(opened: Opened, text: str) -> str | None:
    if not text or "\0" in text:
        return None
    found = opened.git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
    return found.decode().strip() if found else None


def begin(opened: Opened, known: Remembered, text: str) -> Begun:
    """Return what a REF leads to.

    Raises
    ------
    UsageError
        When it leads to nothing, or nothing is known of it then.
    """
    from mlops_cli.history.refs import resolve

    if known.at is not None:
        there = _path_then(opened, known, text)
        if there is not None:
            return there
    said = opened.config.metrics
    try:
        ref = resolve(opened.history, opened.git, opened.project, text, opened.folder, said)
    except UsageError:
        there = _path_in(opened, text)
        if there is None:
            raise
        return there
    if ref.run is not None:
        own = executions(known, opened.history.record(ref.run), known.run(ref.run))
        return Begun([], own, preferred=Preferred(own))
    if ref.kind == "commit" and ref.commit is not None:
        return _of_commit(opened, ref.commit, text)
    if ref.digest is not None:
        named = find_named(known, ref.digest, ref.path)
        if named is not None:
            return Begun([named], [], ref.path, ref.commit, True, _named_by(opened, ref))
    if ref.path is not None:
        found = _newest(known, ref.path)
        if found is not None:
            return Begun([found], [], ref.path, ref.commit)
    then = " then" if known.at is not None else ""
    raise UsageError(
        f"nothing is recorded of {text}{then}", hint="See what was recorded with: mlops runs --all"
    )


def _newest(known: Remembered, path: str) -> Named | None:
    """Return the newest artifact at a path, or around it."""
    while path:
        found = versions(known, path)
        if found:
            return found[0]
        path = path.rpartition("/")[0]
    return None


def _path_then(opened: Opened, known: Remembered, text: str) -> Begun | None:
    """Return what a path meant at that moment; None where the text is no path that was known then."""
    at = known.at
    path = _project_path(opened, text)
    if at is None or path is None:
        return None
    if at.commit is not None:
        there = _recorded(opened, at.commit)
        around = holder(there, path)
        if around is not None:
            return Begun([there[around]], [], around, at.commit, preferred=_in_commit(opened, at.commit))
    found = versions(known, path)
    return Begun(found[:1], [], path, at.commit or "") if found else None


def _path_in(opened: Opened, text: str) -> Begun | None:
    """Return what `COMMIT:PATH` means where the commit's own records do not tell, but what led to it does, as DVC's files."""
    rev, colon, path = text.partition(":")
    commit = _commit(opened, rev) if colon and rev else None
    if commit is None:
        return None
    found = versions(Remembered(opened.history, _moment(opened, commit)), path)
    return Begun(found[:1], [], path, commit) if found else None


def _project_path(opened: Opened, text: str) -> str | None:
    """Return a typed path relative to the project; None where it leads out of it."""
    import os

    path = os.path.normpath(f"{opened.folder}/{text}" if opened.folder else text).replace(os.sep, "/")
    return None if path.startswith(("../", "/")) or path == ".." else path


def _recorded(opened: Opened, commit: str) -> dict[str, Named]:
    """Return the artifacts that the records of a commit name."""
    revision = read_revision(opened.git, opened.project, commit)
    found: dict[str, Named] = {}
    for production in _stage_records(revision):
        found.update({path: Named(path, artifact) for path, artifact in production.outs.items()})
        for path, artifact in production.deps.items():
            found.setdefault(path, Named(path, artifact))
    for file, data in revision.records.items():
        if file.startswith(f"{DATA_RECORDS}/") and data:
            record = load_data_record(data, file)
            found[record.path] = Named(record.path, record.artifact)
    return found


def _stage_records(revision: Revision) -> list[Production]:
    found = []
    source = Source("commit", revision.commit)
    for file, data in revision.records.items():
        if not data or file.startswith(f"{DATA_RECORDS}/"):
            continue
        with suppress(FileError):  # of a newer version, or damaged: the others still tell
            row = load_stage_record(data, file)
            sides = row.deps, row.outs, row.params
            found.append(
                Production(row.stage, row.key, "recorded", None, *sides, {}, row.program, None, source, file)
            )
    return found


def _of_commit(opened: Opened, commit: str, text: str) -> Begun:
    records = _stage_records(read_revision(opened.git, opened.project, commit))
    found = final(records)
    if not found:
        raise UsageError(
            f"no stage was recorded in {text}", hint="See commits that have records with: git log -- .mlops"
        )
    keys = {row.key for row in records}
    return Begun(found, [], None, commit, preferred=Preferred(keys=lambda: keys))


def _named_by(opened: Opened, ref: Ref) -> Preferred | None:
    """Return which executions the records of a commit, or of the workspace, name; None for a bare digest."""
    if ref.path is None:
        return None
    return (
        _in_commit(opened, ref.commit) if ref.commit else Preferred(keys=cache(lambda: _present_keys(opened)))
    )


def _in_commit(opened: Opened, commit: str) -> Preferred:
    def keys() -> frozenset[str | None]:
        return frozenset(row.key for row in _stage_records(read_revision(opened.git, opened.project, commit)))

    return Preferred(keys=cache(keys))


def _present_keys(opened: Opened) -> frozenset[str | None]:
    """Return the keys in the stage records of the workspace."""
    found: set[str | None] = set()
    for path in (opened.project.root / RECORDS / "stages").rglob("*.json"):
        with suppress(OSError, FileError):  # damaged, or of a newer version: the others still tell
            found.add(load_stage_record(path.read_bytes(), path.name).key)
    return frozenset(found)
