"""`update`: ask the sources of imported data for new versions, and bring them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mlops_cli.errors import DataError, MlopsError, UsageError
from mlops_cli.git.facts import uncommitted
from mlops_cli.project import DATA_RECORDS
from mlops_cli.store.tracked import holder
from mlops_cli.store.transfer.flight import Tally
from mlops_cli.tracking.importing import Bringing, Came, Wanted, ask, read_pin, write_record
from mlops_cli.tracking.recorded import project_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.opened import Opened
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.tracked import DataRecord
    from mlops_cli.tracking.importing import Answered

State = Literal["same", "pinned", "new version", "unknown", "changed", "touched"]


class Updated(NamedTuple):
    """One import.

    Parameters
    ----------
    state : str
        `same`: the source has no new version. `pinned`: it was not asked. `changed`: there was one, and it is here. `touched`:
        there was one, of the same content. `new version`, and `unknown` where the source does not tell: only for a dry run.
    """

    path: str
    state: State
    record: DataRecord


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What became of the imports.

    Parameters
    ----------
    failed : dict
        Path to error, for those whose source could not be asked or whose content did not come.
    brought : int
        Bytes that came.
    written : tuple of str
        Files to commit, relative to the project.
    silent : tuple of str
        Of `failed`, those whose source could not be asked.
    """

    updated: tuple[Updated, ...]
    failed: Mapping[str, MlopsError]
    brought: int = 0
    dry: bool = False
    written: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 when every source was asked and everything new is here; else 5."""
        return DataError.exit_code if self.failed else 0


def update(
    opened: Opened,
    paths: Sequence[str] = (),
    *,
    pin: str | None = None,
    unpin: bool = False,
    dry: bool = False,
    force: bool = False,
    listen: Callable[[Tally], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> UpdateResult:
    """Bring new versions of imported data; where there is none, nothing is downloaded.

    Parameters
    ----------
    paths : sequence of str
        Imports, or folders that hold some, relative to where the user stands; all imports by default.
    pin : str, optional
        The digest that one import must have from now on.
    unpin : bool
        Take the pin off, and update.
    dry : bool
        Only say what is new.
    force : bool
        Replace what lies in the workspace even if it is nowhere else.
    listen : callable
        Told how far it is, from any thread.
    tell : callable
        Told when sources take long to answer, from another thread.

    Raises
    ------
    UsageError
        When nothing was imported at a path, or options do not go together.
    """
    chosen = _choose(opened, paths)
    digest = _read_pin(pin, chosen, unpin=unpin)
    if digest is not None:
        record = next(iter(chosen.values()))
        if record.artifact.digest == digest:
            return _set_pin(opened, record, dry=dry)
    work = _Update(opened, chosen, digest, unpin=unpin)
    asked = {p: str(r.source["url"]) for p, r in chosen.items() if r.source and p not in work.left}
    answers = ask(opened, asked, tell)
    todo = work.sort(answers)
    tally = Tally(listen=listen)
    if not dry and (todo or work.unpinned):
        work.bring(todo, Bringing(opened, tally, force=force))
    elif dry:
        for path, state in todo.items():
            work.done[path] = Updated(path, state, chosen[path])
    news = any(each.state in ("changed", "touched") for each in work.done.values()) or work.unpinned
    written = _written(opened) if news and not dry else ()
    updated = tuple(work.done[path] for path in chosen if path in work.done)
    return UpdateResult(updated, work.failed, tally.bytes, dry, written, tuple(work.silent))


class _Update:
    def __init__(
        self, opened: Opened, chosen: Mapping[str, DataRecord], pin: Digest | None, *, unpin: bool
    ) -> None:
        self.opened = opened
        self.chosen = chosen
        self.pin = pin
        self.answers: Mapping[str, Answered | MlopsError] = {}
        self.done: dict[str, Updated] = {}
        self.failed: dict[str, MlopsError] = {}
        self.silent: list[str] = []
        pinned = [path for path, record in chosen.items() if record.source and record.source.get("pinned")]
        self.unpinned = pinned if unpin else []
        self.left = set() if unpin or pin is not None else set(pinned)
        for path in self.left:
            self.done[path] = Updated(path, "pinned", chosen[path])

    def sort(self, answers: Mapping[str, Answered | MlopsError]) -> dict[str, State]:
        """Note what is as it was and what cannot be asked; return the rest."""
        self.answers = answers
        todo: dict[str, State] = {}
        for path, answer in answers.items():
            record = self.chosen[path]
            if isinstance(answer, MlopsError):
                self.failed[path] = answer
                self.silent.append(path)
                continue
            state = answer.seen.compare(record.source or {})
            if state == "same" and self.pin is None:
                self.done[path] = Updated(path, "same", record)
            else:
                todo[path] = state
        return todo

    def bring(self, todo: Mapping[str, State], bringing: Bringing) -> None:
        wanted = []
        for path in todo:
            answer, source = self.answers[path], self.chosen[path].source or {}
            if not isinstance(answer, MlopsError):
                wanted.append(Wanted(path, str(source["url"]), answer, self.pin, self.pin is not None))
        for path, came in (bringing.bring(wanted) if wanted else {}).items():
            if isinstance(came, Came):
                self.done[path] = Updated(path, _became(came, todo[path]), came.record)
            else:
                self.failed[path] = came
        same = [path for path in self.unpinned if path in self.done and self.done[path].state == "same"]
        if same:
            with self.opened.writing() as writing, self.opened.data_lock():
                for path in same:
                    record = _without_pin(self.chosen[path])
                    write_record(self.opened, writing, record)
                    self.done[path] = Updated(path, "same", record)


def _became(came: Came, state: State) -> State:
    if came.changed:
        return "changed"
    return "same" if state == "unknown" else "touched"


def _choose(opened: Opened, paths: Sequence[str]) -> dict[str, DataRecord]:
    known = {path: record for path, record in opened.data.items() if record.source is not None}
    if not paths:
        return known
    chosen: dict[str, DataRecord] = {}
    for typed in paths:
        path = project_path(opened, typed)
        around = holder(known, path)
        found = [around] if around else [p for p in known if path == "." or p.startswith(f"{path}/")]
        if not found:
            own = holder(opened.data, path)
            what = f"{typed} was added, not imported" if own else f"nothing was imported at {typed}"
            raise UsageError(what, hint=f"Import it with: mlops import URL {typed}")
        chosen.update((name, known[name]) for name in found)
    return chosen


def _read_pin(pin: str | None, chosen: Mapping[str, DataRecord], *, unpin: bool) -> Digest | None:
    if pin is None:
        return None
    if unpin or len(chosen) != 1:
        raise UsageError("--pin is for one import, and goes without --unpin", hint="Name one path.")
    return read_pin(pin)


def _set_pin(opened: Opened, record: DataRecord, *, dry: bool) -> UpdateResult:
    """Pin an import to what it is: nobody needs to be asked."""
    pinned = record._replace(source={**(record.source or {}), "pinned": True})
    if not dry:
        with opened.writing() as writing, opened.data_lock():
            write_record(opened, writing, pinned)
    return UpdateResult(
        (Updated(record.path, "pinned", pinned),), {}, dry=dry, written=() if dry else _written(opened)
    )


def _without_pin(record: DataRecord) -> DataRecord:
    source: dict[str, Any] = {
        name: value for name, value in (record.source or {}).items() if name != "pinned"
    }
    return record._replace(source=source)


def _written(opened: Opened) -> tuple[str, ...]:
    return uncommitted(
        opened.git, opened.project.prefix, {".gitignore", f"{DATA_RECORDS}/"}, (".gitignore", DATA_RECORDS)
    )
