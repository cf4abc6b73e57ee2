"""Asking the sources of imported data what they have now, and bringing it: what `import`, `update` and `status --sources` share."""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from mlops_cli.errors import DataError, FileError, MlopsError, UsageError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.project import data_record_path
from mlops_cli.settings import find_remote
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import Digest, digest_bytes, parse_digest
from mlops_cli.store.globs import LITTER
from mlops_cli.store.placement.difference import compare, find_losses, top_entry
from mlops_cli.store.placement.forest import Forest
from mlops_cli.store.remotes.errors import CHECK
from mlops_cli.store.remotes.opening import scheme_of, usual_jobs
from mlops_cli.store.remotes.source import Seen, check_names
from mlops_cli.store.remotes.source_kinds import is_page_name, open_source
from mlops_cli.store.take_in import Item, Taken, WrongContentError, assemble, take_in, wrong_content
from mlops_cli.store.tracked import DataRecord, dump_data_record, read_data_records
from mlops_cli.store.transfer.flight import Flight
from mlops_cli.store.tree import Entry
from mlops_cli.tracking.held import hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from mlops_cli.opened import Opened, Writing
    from mlops_cli.store.remotes.source import Fact, Source
    from mlops_cli.store.transfer.flight import Tally

# How many sources are asked at once.
_AT_ONCE = 8
_PATIENCE = 2.0  # seconds without a word
# A listing of more files than these is not remembered file by file.
_MOST_REMEMBERED = 200_000

# What helps with content that is not what an import is pinned to: one that is recorded, and one that is not yet.
_PINNED = "Nothing was changed. If the new content is right, pin it instead, or take the pin off with: mlops update --unpin"
_NEW = "Nothing was recorded. If that content is right, import it with its digest, or without --pin."


class Answered(NamedTuple):
    """A source, and what it has now."""

    source: Source
    seen: Seen


class Wanted(NamedTuple):
    """An import to bring.

    Parameters
    ----------
    pin : Digest or None
        The only content to be taken.
    pinned : bool
        Leave it at that from now on.
    """

    path: str
    url: str
    answered: Answered
    pin: Digest | None = None
    pinned: bool = False


class Came(NamedTuple):
    """An import that is in place; `changed` is whether its content is not what the record said before."""

    record: DataRecord
    changed: bool


def ask(
    opened: Opened, urls: Mapping[str, str], tell: Callable[[str], None] = lambda _: None
) -> dict[str, Answered | MlopsError]:
    """Ask sources what they have now, several at once.

    Parameters
    ----------
    urls : mapping
        Path of the import to address.
    tell : callable
        Told, from another thread, when the answers take long.

    Returns
    -------
    dict
        By path; an error for what could not be asked.
    """

    def one(path: str) -> Answered | MlopsError:
        try:
            source = open_source(urls[path], _options(opened, urls[path]), opened.project.root)
            seen = source.look()
            if seen.page and not is_page_name(path):
                return _no_data(urls[path], path, seen)
            return Answered(source, _visible(opened, path, urls[path], seen))
        except MlopsError as error:
            if error.hint == CHECK:  # a source need not be a remote of the project
                error.hint = "Look at the address and the credentials, or do it again later."
            return error

    _ = opened.config  # read here, once, before several threads ask for it
    flight: Flight[str, Answered | MlopsError] = Flight(_AT_ONCE)
    what = next(iter(urls.values()), "") if len(urls) == 1 else f"{len(urls)} sources"
    waiting = threading.Timer(_PATIENCE, tell, (f"asking {what}; who does not answer is asked again",))
    waiting.daemon = True
    waiting.start()
    try:
        found = dict(flight.run(one, urls))
    finally:
        waiting.cancel()
    return {path: found[path] for path in urls}


def _no_data(url: str, path: str, seen: Seen) -> DataError:
    """Return the error of an address behind which a web server has a page for people."""
    page = f"to keep the page itself: mlops import {url} {path.rstrip('/')}.html"
    if seen.page == "folder":
        return DataError(
            f"{url} is a folder on a web server, which gives a page about it and not the files in it",
            hint=f"Name one file: mlops import {url.rstrip('/')}/FILE {path}/FILE; {page}",
        )
    return DataError(
        f"{url} answers with a web page, not with data; it may be a folder, or a login",
        hint=f"Name the file itself; {page}",
    )


def _options(opened: Opened, url: str) -> Mapping[str, Any]:
    """Return what is known of the remote on the same server, credentials among it; the nearest one, where there are several."""
    if not scheme_of(url):
        return {}
    there = urlsplit(url)
    best, most = None, -1
    for name, values in opened.config.remotes.items():
        here = urlsplit(str(values["url"]))
        if (here.scheme, _host(here.netloc)) == (there.scheme, _host(there.netloc)):
            shared = len(os.path.commonpath([f"/{here.path.strip('/')}", f"/{there.path.strip('/')}"]))
            if shared > most:
                best, most = name, shared
    return {} if best is None else find_remote(opened.config, opened.environment.variables, best).options


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2].lower()


def _visible(opened: Opened, path: str, url: str, seen: Seen) -> Seen:
    """Leave out what a tracked directory never holds: litter, and what the rules of the project pass over."""
    if not seen.tree:
        return seen
    check_names(url, seen.files)
    never = LITTER | {".git", ".mlops", ".hg", ".svn"}
    kept = {
        name: fact
        for name, fact in seen.files.items()
        if never.isdisjoint(name.split("/")) and not opened.rules.ignores(f"{path}/{name}", is_folder=False)
    }
    return Seen(True, kept)


class Bringing:
    """Brings imports: content into the store, then into the workspace, then the records.

    Parameters
    ----------
    force : bool
        Take away also what lies there and is nowhere else.
    """

    def __init__(self, opened: Opened, tally: Tally, *, force: bool = False) -> None:
        self.opened = opened
        self.tally = tally
        self.force = force

    def bring(self, wanted: Sequence[Wanted]) -> dict[str, Came | MlopsError]:
        """Bring imports; return for each what came, or why it did not.

        Raises
        ------
        DataError
            When the store cannot be written.
        """
        found: dict[str, Came | MlopsError] = {}
        with self.opened.writing() as writing:
            writing.commit.begin()
            entries, failed = self._content(writing, wanted)
            failed |= self._changed_meanwhile([each for each in wanted if each.path not in failed])
            with self._temporary(writing) as temporary, _records(self.opened) as records:
                for number, each in enumerate(wanted):
                    if each.path in failed:
                        found[each.path] = failed[each.path]
                        continue
                    try:
                        artifact = self._artifact(writing, each, entries[each.path])
                        self._place(writing, each.path, artifact, f"{temporary}/agree-{number}")
                        found[each.path] = self._record(writing, each, artifact, records)
                    except (DataError, FileError) as error:
                        found[each.path] = self._failure(each.path, each.path, error)
                self.opened.update_ignore(records)
        self.opened.__dict__.pop("data", None)
        hold(self.opened, [path for path, came in found.items() if isinstance(came, Came)])
        return found

    # Content --------------------------------------------------------------------------------------------------------

    def _content(
        self, writing: Writing, wanted: Sequence[Wanted]
    ) -> tuple[dict[str, dict[str, Entry]], dict[str, MlopsError]]:
        """Bring every file that is not in the store as the same version already."""
        entries: dict[str, dict[str, Entry]] = {}
        failed: dict[str, MlopsError] = {}
        items: list[Item] = []
        for each in wanted:
            known = self._recall(writing, each)
            entries[each.path] = known
            expect = None if each.answered.seen.tree else each.pin
            items += [
                Item(each.path, each.answered.source, name, fact, expect)
                for name, fact in each.answered.seen.files.items()
                if name not in known
            ]
        self.tally.skipped += sum(map(len, entries.values()))
        jobs = max((usual_jobs(each.url) for each in wanted), default=1)
        for item, taken in take_in(writing.objects, items, self.tally, jobs):
            if isinstance(taken, Taken):
                entry = _entry(item.name, item.fact, taken.digest, taken.size)
                entries[item.group][item.name] = entry
            elif item.group not in failed:
                where = f"{item.group}/{item.name}" if item.name else item.group
                failed[item.group] = self._failure(item.group, where, taken)
        for each in wanted:
            if each.path not in failed:
                self._remember(each, entries[each.path])
        return entries, failed

    def _failure(self, path: str, where: str, error: MlopsError) -> MlopsError:
        """Return the error of an import that did not come, with what helps there."""
        if isinstance(error, WrongContentError):
            error = DataError(error.message, hint=_PINNED if path in self.opened.data else _NEW)
        return _about(where, error)

    def _recall(self, writing: Writing, each: Wanted) -> dict[str, Entry]:
        """Return the files of which this version was brought before and is in the store still."""
        memo = self.opened.cache.memo(_memo_name(self.opened, each.url))
        if memo is None:
            return {}
        known: dict[str, list[Any]] = json.loads(memo)
        found: dict[str, Entry] = {}
        for name, fact in each.answered.seen.files.items():
            row = known.get(name)
            if row is not None and fact.telling and row[0] == list(fact):
                found[name] = _entry(name, fact, row[1], row[2])
        absent = writing.objects.missing({Digest(entry.content) for entry in found.values()})
        return {name: entry for name, entry in found.items() if entry.content not in absent}

    def _remember(self, each: Wanted, entries: Mapping[str, Entry]) -> None:
        if len(entries) > _MOST_REMEMBERED:
            return
        files = each.answered.seen.files
        rows = {name: [list(files[name]), entry.content, entry.size] for name, entry in entries.items()}
        self.opened.cache.keep_memo(_memo_name(self.opened, each.url), json.dumps(rows).encode())

    def _changed_meanwhile(self, wanted: Sequence[Wanted]) -> dict[str, MlopsError]:
        """Return an error for each source that is no longer what it was when its content began to come."""
        answers = ask(self.opened, {each.path: each.url for each in wanted})
        found: dict[str, MlopsError] = {}
        for each in wanted:
            now = answers[each.path]
            if isinstance(now, MlopsError):
                found[each.path] = _about(each.path, now)
            elif now.seen != each.answered.seen:
                found[each.path] = DataError(f"{each.url} changed while it was brought", hint="Do it again.")
        return found

    def _artifact(self, writing: Writing, each: Wanted, entries: Mapping[str, Entry]) -> Artifact:
        trees: list[bytes] = []

        def keep(data: bytes) -> Digest:
            trees.append(data)
            return digest_bytes(data)

        if each.answered.seen.tree:
            artifact = assemble(entries, keep)
        else:
            entry = entries[""]
            artifact = Artifact(Digest(entry.content), entry.size, executable=entry.kind == "exec")
        if each.pin is not None and artifact.digest != each.pin:
            raise wrong_content(each.pin, artifact.digest)
        writing.objects.put_blobs(trees)
        return artifact

    # The workspace and the record -----------------------------------------------------------------------------------

    @contextmanager
    def _temporary(self, writing: Writing) -> Iterator[str]:
        """Lend a folder of this command beside the workspace: the store may lie on another file system."""
        project = self.opened.project
        if self.opened.store == project.local:
            yield str(writing.session.folder)
            return
        from mlops_cli.execution.aside import mend
        from mlops_cli.store.session import Session

        session = Session(project.local, mend)
        try:
            yield str(session.folder)
        finally:
            session.close()

    def _place(self, writing: Writing, path: str, artifact: Artifact, temporary: str) -> None:
        """Put an artifact in place, unless something would be lost by it."""
        from mlops_cli.store.placement.agree import make_agree
        from mlops_cli.store.placement.difference import Wanted as Placing

        workspace, objects = self.opened.workspace, writing.objects
        forest = Forest(objects)
        entry = top_entry(artifact)
        workspace.forget([path])
        difference = compare(
            workspace, objects, forest, Placing(path, entry), f"{self.opened.store.absolute()}/objects/"
        )
        find_losses(objects, [difference])
        if difference.losses and not self.force:
            lost = difference.losses[0].path
            more = f" and {len(difference.losses) - 1} more" if len(difference.losses) > 1 else ""
            raise DataError(
                f"{path} is left as it is: {lost}{more} is not in the store, and would be lost",
                hint=f"Keep it under another name, or with: mlops add {path}; or drop it with: --force",
            )
        if not difference.empty:
            make_agree(workspace, objects, forest, difference, temporary, force=self.force)

    def _record(
        self, writing: Writing, each: Wanted, artifact: Artifact, records: dict[str, DataRecord]
    ) -> Came:
        seen = each.answered.seen
        source = seen.record(each.url) | ({"pinned": True} if each.pinned else {})
        record = DataRecord(each.path, artifact, len(seen.files) if seen.tree else 1, source)
        old = records.get(each.path)
        if record != old:
            write_record(self.opened, writing, record)
            records[each.path] = record
        return Came(record, old is None or old.artifact != artifact)


def write_record(opened: Opened, writing: Writing, record: DataRecord) -> None:
    """Write a data record, to reach the disk with the rest of the group."""
    path = opened.project.root / data_record_path(record.path)
    temporary = writing.session.folder / f"record-{digest_bytes(record.path.encode())[3:19]}"
    write_atomic(path, dump_data_record(record), durable=False, temporary=temporary)
    writing.commit.written(str(path))


@contextmanager
def _records(opened: Opened) -> Iterator[dict[str, DataRecord]]:
    """Lend the records as they are now, while no other command writes any."""
    with opened.data_lock():
        yield read_data_records(opened.project.root)


def _entry(name: str, fact: Fact, content: str, size: int) -> Entry:
    return Entry(name, "exec" if fact.executable else "file", content, size)


def read_pin(text: str) -> Digest:
    """Return a digest that a user typed.

    Raises
    ------
    UsageError
        When it is not one.
    """
    try:
        return parse_digest(text)
    except DataError as error:
        hint = "Copy the digest out of the record of an import, below .mlops/data."
        raise UsageError(f"--pin: {error.message}", hint=hint) from error


def _memo_name(opened: Opened, url: str) -> str:
    return f"import {'' if scheme_of(url) else opened.project.root} {url}"


def _about(path: str, error: MlopsError) -> MlopsError:
    """Return an error that names the path it is about."""
    return error if path in error.message else DataError(f"{path}: {error.message}", hint=error.hint)
