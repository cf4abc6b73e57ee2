"""`add`: track files and directories: content into the store, one record a path, an ignore rule."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from mlops_cli.errors import DataError, FileError, MlopsError, UsageError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.git.facts import uncommitted
from mlops_cli.project import DATA_RECORDS, data_record_path
from mlops_cli.store.digest import Digest
from mlops_cli.store.ignore import IGNORE_FILE
from mlops_cli.store.placement.counted import CountedObjects
from mlops_cli.store.placement.difference import top_entry
from mlops_cli.store.placement.forest import Forest, check_link
from mlops_cli.store.placement.graft import graft
from mlops_cli.store.save import save
from mlops_cli.store.tracked import (
    DataRecord,
    dump_data_record,
    holder,
    is_speakable,
    read_data_records,
    remove_data_record,
)
from mlops_cli.store.tree import Entry
from mlops_cli.tracking.absent import count_files, never_here
from mlops_cli.tracking.held import hold
from mlops_cli.tracking.recorded import project_path
from mlops_cli.tracking.storing_anew import store_anew
from mlops_cli.tracking.trackable import check_git, check_name, check_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.opened import Opened, Writing
    from mlops_cli.store.artifact import Artifact


@dataclass(frozen=True, slots=True)
class Added:
    """One path that was asked for.

    Parameters
    ----------
    path : str
        As the record has it: the tracked directory, where the path lies in one.
    state : str
        `new`, `changed` or `same`.
    size, files : int
        What the record says now.
    part : str
        The path inside the tracked directory whose change was taken over; empty for all of it.
    """

    path: str
    state: Literal["new", "changed", "same"]
    size: int
    files: int
    part: str = ""


@dataclass(frozen=True, slots=True)
class AddResult:
    """What became of the paths.

    Parameters
    ----------
    failed : tuple of MlopsError
        Paths that could not be added; the others are.
    notices : tuple of str
        What else changed, in words.
    written : tuple of str
        Files to commit, relative to the project.
    """

    added: tuple[Added, ...]
    failed: tuple[MlopsError, ...] = ()
    notices: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


class _Asked(NamedTuple):
    """A path to add; `top` is the tracked directory that it lies in."""

    path: str
    top: str | None = None


def add(
    opened: Opened,
    paths: Sequence[str],
    tell: Callable[[int, int], None] = lambda *_: None,
    *,
    force: bool = False,
) -> AddResult:
    """Track files and directories.

    Parameters
    ----------
    paths : sequence of str
        Relative to where the user stands.
    tell : callable
        Told how many files and bytes are in the store, while it happens.
    force : bool
        Take what is here of a tracked directory for all of it, also where the rest was never brought here.

    Raises
    ------
    UsageError
        When a path cannot be tracked; nothing was done then.
    FileError
        When a record or the pipeline file is wrong.
    DataError
        When the store cannot be written.
    """
    asked = _Check(opened).check(paths)
    with opened.writing() as writing:
        return _Add(opened, writing, tell, force).carry_out(asked)


class _Check:
    """Refuses what cannot be tracked, before anything is read or written."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.root = str(opened.project.root)
        self.records = opened.data
        self.rules = opened.rules

    def check(self, paths: Sequence[str]) -> list[_Asked]:
        found = {self._plain(typed): typed for typed in paths}
        asked = []
        for path, typed in found.items():
            if any(other != path and path.startswith(f"{other}/") for other in found):
                continue  # the folder around it is added, too
            top = holder(self.records, path)
            asked.append(_Asked(path, None if top == path else top))
            self._check_kind(path, typed, inside=top is not None and top != path)
            if top in (None, path):
                check_name(path, typed)
            check_owner(self.opened, path, typed)
        check_git(self.opened, [each.path for each in asked])
        return asked

    def _plain(self, typed: str) -> str:
        path = project_path(self.opened, typed)
        if path == ".":
            raise UsageError("the whole project cannot be tracked as data", hint="Name a folder in it.")
        if not is_speakable(path):
            raise UsageError(
                f"{typed!r} cannot be tracked: neither a record nor a rule of Git can hold a line break or what is not UTF-8",
                hint="Rename it, or put it into a folder and track that.",
            )
        folder = os.path.dirname(f"{self.root}/{path}")
        real = os.path.realpath(folder)
        if real != folder:
            if not f"{real}/".startswith(f"{self.root}/"):
                raise UsageError(
                    f"{typed} leads out of the project, to {real}", hint="Copy it into the project."
                )
            name = os.path.relpath(f"{real}/{os.path.basename(path)}", f"{self.root}/{self.opened.folder}")
            raise UsageError(f"{typed} lies behind a link", hint=f"Name the place itself: mlops add {name}")
        return path

    def _check_kind(self, path: str, typed: str, *, inside: bool) -> None:
        absolute = f"{self.root}/{path}"
        if not os.path.lexists(absolute):
            if inside:
                return  # taken away from a tracked directory
            hint = (
                f"It is tracked; bring it with: mlops checkout {typed}"
                if path in self.records
                else "Correct the path."
            )
            raise UsageError(f"{typed} does not exist", hint=hint)
        if os.path.islink(absolute) and not inside:
            real = os.path.realpath(absolute)
            ours = f"{real}/".startswith((f"{self.root}/", f"{os.path.realpath(self.opened.store)}/"))
            if not ours:
                raise UsageError(
                    f"{typed} is a link that leads out of the project, to {real}",
                    hint="Put the file itself there, or import it: mlops import URL PATH",
                )
            if not os.path.exists(absolute):
                raise UsageError(f"{typed} is a link that leads nowhere", hint="Remove it, or mend it.")
        if self.rules.ignores(path, is_folder=os.path.isdir(absolute)):
            raise UsageError(f"{typed} is left out by {IGNORE_FILE}", hint="Change the rule, or the path.")


@dataclass(slots=True)
class _Add:
    """The carrying out: all content first, then, under a lock, the records."""

    opened: Opened
    writing: Writing
    tell: Callable[[int, int], None]
    force: bool
    added: list[Added] = field(default_factory=list)
    failed: list[MlopsError] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def carry_out(self, asked: Sequence[_Asked]) -> AddResult:
        root = self.opened.project.root
        if not self.force:
            # Before anything is stored: a refused change must not count as kept, or a pull would overwrite it.
            asked = [each for each in asked if self._is_whole(each)]
        saved = self._save([each.path for each in asked if self._holds_content(each)])
        failed = {path for path, artifact in saved.items() if artifact is None}
        # Records are read and written under a lock, so that of two commands at once none loses the other's change.
        with self.opened.data_lock():
            records = read_data_records(root)
            # Rules before records: whoever is killed between them must not leave data that Git would take.
            new = [e.path for e in asked if e.path not in failed and holder(records, e.path) is None]
            self.opened.update_ignore({*records, *new})
            for each in asked:
                if each.path not in failed:
                    try:
                        self._record(each, saved.get(each.path), records)
                    except MlopsError as error:
                        self.failed.append(error)
            self.opened.update_ignore(records)
        self.opened.__dict__.pop("data", None)
        hold(self.opened, [each.path for each in self.added])
        written = uncommitted(
            self.opened.git,
            self.opened.project.prefix,
            {".gitignore", f"{DATA_RECORDS}/"},
            (".gitignore", DATA_RECORDS),
        )
        return AddResult(tuple(self.added), tuple(self.failed), tuple(self.notices), written)

    def _holds_content(self, each: _Asked) -> bool:
        """Whether there is content to be stored: not for a path that is gone, nor for a link, whose target is all it has."""
        absolute = f"{self.opened.project.root}/{each.path}"
        return os.path.exists(absolute) if self._link(each) is None else False

    def _is_whole(self, each: _Asked) -> bool:
        """Whether a directory lacks nothing that never was here, and that nobody here can have removed; else that is noted."""
        old = self.opened.data.get(each.top or each.path)
        folder = f"{self.opened.project.root}/{each.path}"
        if old is None or not old.artifact.tree or os.path.islink(folder) or not os.path.isdir(folder):
            return True
        forest = Forest(self.writing.objects)
        tree = top_entry(old.artifact)
        try:
            found = forest.find(old.artifact, each.path[len(old.path) + 1 :]) if each.top else tree
            if found is None or found.kind != "tree":
                return True
            lacking = never_here(self.writing.objects, forest, Digest(found.content), folder)
        except DataError:
            return True  # what is wrong there is said where it is needed
        if not lacking or (lacking == [""] and found is tree and count_files(folder) >= old.files):
            return True
        self.failed.append(_in_part(each.path, lacking))
        return False

    def _link(self, each: _Asked) -> str | None:
        """Return where a link in a tracked directory leads; None for anything else, and for a link to the store's objects."""
        if each.top is None:
            return None
        try:
            target = os.readlink(f"{self.opened.project.root}/{each.path}")
        except OSError:
            return None
        return None if target.startswith(f"{self.opened.store}/") else target

    def _save(self, paths: Sequence[str]) -> Mapping[str, Artifact | None]:
        """Store content; None for what could not be stored. One by one only where something goes wrong."""
        objects = CountedObjects(self.writing.objects, self.tell)
        try:
            return self._save_all(objects, paths)
        except (DataError, FileError) as error:
            if len(paths) == 1:
                self.failed.append(error)
                return {paths[0]: None}
        saved: dict[str, Artifact | None] = {}
        for path in paths:
            try:
                saved |= self._save_all(objects, [path])
            except (DataError, FileError) as error:
                self.failed.append(error)
                saved[path] = None
        return saved

    def _save_all(self, objects: CountedObjects, paths: Sequence[str]) -> Mapping[str, Artifact]:
        saved = save(self.opened.workspace, objects, paths)
        # What is new was read, and stored, just now; of what is as it was recorded only the store's word was taken.
        known = {path: artifact for path, artifact in saved.items() if self._is_recorded(path, artifact)}
        store_anew(self.writing.objects, self.opened.workspace, known)
        return saved

    def _is_recorded(self, path: str, artifact: Artifact) -> bool:
        """Whether a path is as its record says, or a part of something that is recorded."""
        top = holder(self.opened.data, path)
        return top is not None and (top != path or self.opened.data[top].artifact.same(artifact))

    # Records --------------------------------------------------------------------------------------------------------

    def _record(self, each: _Asked, artifact: Artifact | None, records: dict[str, DataRecord]) -> None:
        top = holder(records, each.path)  # anew: another command may have added the folder around it
        if top is not None and top != each.path:
            self._record_part(each._replace(top=top), artifact, records)
            return
        if artifact is None:
            raise DataError(f"{each.path} is gone")
        below = [path for path in records if path.startswith(f"{each.path}/")]
        for path in below:
            source = records[path].source
            if source is not None:
                raise UsageError(
                    f"{each.path} holds {path}, which was imported from {source['url']} and keeps its own record",
                    hint=f"Add the other paths one by one, or no longer track that one: mlops remove {path}",
                )
        old = records.get(each.path)
        files = self.opened.workspace.files(each.path)
        if old is not None and old.artifact.tree and files < old.files:
            self.notices.append(
                f"{each.path} has {old.files - files:,} files fewer than its record had. If they were only not here, go back with:"
                f" git checkout -- {data_record_path(each.path)} && mlops checkout {each.path}"
            )
        self._write(DataRecord(each.path, artifact, files if artifact.tree else 1), old, records)
        for path in below:
            self._remove(path, records)
            self.notices.append(f"{path} is part of {each.path} now; its own record is gone")

    def _record_part(self, each: _Asked, artifact: Artifact | None, records: dict[str, DataRecord]) -> None:
        top = each.top or each.path
        old = records[top]
        if not old.artifact.tree:
            raise UsageError(
                f"{top} is tracked as a file, and {each.path} lies in it",
                hint=f"Add all of it: mlops add {top}",
            )
        inner = each.path[len(top) + 1 :]
        forest = Forest(self.writing.objects)
        leaf = self._leaf(each, artifact, inner)
        if leaf is None and forest.find(old.artifact, inner) is None:
            raise UsageError(f"{each.path} does not exist", hint="Correct the path.")
        grafted = graft(forest, old.artifact, inner, leaf)
        self.writing.objects.put_blobs(grafted.trees)
        files = old.files - _count(forest, grafted.displaced)
        files += self.opened.workspace.files(each.path) if artifact else 0
        self._write(DataRecord(top, grafted.artifact, files), old, records, inner)

    def _leaf(self, each: _Asked, artifact: Artifact | None, inner: str) -> Entry | None:
        name = inner.rpartition("/")[2]
        link = self._link(each)
        if link is not None:
            check_link(each.path, inner.count("/"), link)
            return Entry(name, "link", link, 0)
        return top_entry(artifact)._replace(name=name) if artifact is not None else None

    def _write(
        self, record: DataRecord, old: DataRecord | None, records: dict[str, DataRecord], part: str = ""
    ) -> None:
        same = old is not None and old.artifact == record.artifact
        if old is not None and old.source is not None:
            if same:
                record = old
            else:
                self.notices.append(
                    f"{record.path} is no longer what was imported from {old.source['url']}, so it is your own now"
                )
        file = data_record_path(record.path)
        if record != old:
            temporary = self.writing.session.folder / f"record-{len(self.added)}"
            path = self.opened.project.root / file
            try:
                write_atomic(path, dump_data_record(record), durable=False, temporary=temporary)
            except OSError as error:
                raise DataError(f"{file} cannot be written: {error.strerror}") from error
            self.writing.commit.written(str(path))
        records[record.path] = record
        state: Literal["new", "changed", "same"] = "new" if old is None else "same" if same else "changed"
        self.added.append(Added(record.path, state, record.artifact.size, record.files, part))

    def _remove(self, path: str, records: dict[str, DataRecord]) -> None:
        del records[path]
        remove_data_record(self.opened.project.root, path)


def _in_part(path: str, lacking: Sequence[str]) -> DataError:
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    what = f"what its record names as {path}/{lacking[0]}{more}" if lacking[0] else "what its record names"
    return DataError(
        f"{path} is here only in part: {what} is neither here nor in the store",
        hint=f"Add what is your own by its path, and bring the rest with: mlops pull {path};"
        f" if the rest is meant to be gone: mlops add --force {path}",
    )


def _count(forest: Forest, entry: Entry | None) -> int:
    """Return how many files an entry of a tree stands for."""
    if entry is None or entry.kind == "link":
        return 0
    return forest.explore(Digest(entry.content)).files if entry.kind == "tree" else 1
