"""`migrate`: come over from DVC: its files in our words, its content in our store, and nothing to run again."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, NamedTuple

from mlops_cli.errors import FileError, UsageError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.formats.problems import DefinitionError
from mlops_cli.git.discover import find_repository
from mlops_cli.git.ignore import managed_paths, new_ignore
from mlops_cli.history.dvc_links import dump_links
from mlops_cli.migration.cache import DvcCache
from mlops_cli.migration.content import Content, linked_files, replace_links
from mlops_cli.migration.inputs import can_come, require_content
from mlops_cli.migration.md5 import WorkspaceHashes
from mlops_cli.migration.notes import Note, Notes
from mlops_cli.migration.pipeline_files import Carried, PipelineFiles, make_pipeline_files
from mlops_cli.migration.reading import DvcProject, PassedOver, dvc_files, read_dvc_project
from mlops_cli.migration.records import Remembered, remember, stage_record
from mlops_cli.migration.settings_file import config_text
from mlops_cli.opened import Opened
from mlops_cli.pipeline.record import dump_stage_record
from mlops_cli.project import DEFINITION, RECORDS, data_record_path, stage_record_path
from mlops_cli.store.ignore import IGNORE_FILE, IgnoreRules
from mlops_cli.store.save import members as tree_members
from mlops_cli.store.tracked import DataRecord, dump_data_record, overlapping

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from mlops_cli.migration.lock import Locked
    from mlops_cli.migration.pointer import Pointer
    from mlops_cli.opened import Writing
    from mlops_cli.settings import Environment
    from mlops_cli.store.artifact import Artifact

_CONFIG = f"{RECORDS}/config.yaml"
_RECORDS_IGNORE = f"{RECORDS}/.gitignore"
DvcState = Literal["fresh", "cached", "stale", "frozen"]


class Moved(NamedTuple):
    """One stage, or one tracked path, that came over.

    Parameters
    ----------
    state : str
        Of a stage what `status` says of it now (under `--dry-run` what it would say); of data `ok`, `changed` or `missing`.
    """

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class MigrateResult:
    """What came over, and what did not.

    Parameters
    ----------
    written : tuple of str
        Files that were written, or would be, relative to the project.
    records : int
        How many records there are besides, not named one by one: of stages, of data, and one of DVC's hashes.
    notes : tuple of Note
        What was lost, and what is said differently.
    damaged : tuple of str
        Objects in DVC's cache that are not what their names say.
    dry : bool
        Nothing was written.
    """

    root: str
    stages: tuple[Moved, ...] = ()
    data: tuple[Moved, ...] = ()
    written: tuple[str, ...] = ()
    records: int = 0
    notes: tuple[Note, ...] = ()
    damaged: tuple[str, ...] = ()
    dry: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything was written, or would be."""
        return bool(self.written or self.records)


def migrate_dvc(
    folder: Path, environment: Environment, *, force: bool = False, dry: bool = False
) -> MigrateResult:
    """Come over from DVC; its own files stay as they are.

    Parameters
    ----------
    folder : Path
        The folder of the DVC project, or one inside it.
    force : bool
        Overwrite pipeline files and records that say something else.
    dry : bool
        Write nothing.

    Raises
    ------
    UsageError
        When there is no DVC project.
    FileError
        When a file of DVC's cannot be read, or a pipeline file of ours is there and says something else.
    DataError
        When an input of a stage is nowhere, or the store cannot be written.
    """
    project = find_repository(_dvc_root(folder))
    with Opened(project, environment) as opened:
        return _Migration(opened, force=force, dry=dry).migrate()


def _dvc_root(folder: Path) -> Path:
    here = find_repository(folder)
    for each in (here.root, *here.root.parents):
        if (each / ".dvc").is_dir():
            return each
        if each == here.worktree:
            break
    raise UsageError(
        f"{folder} is not inside a DVC project", hint="There is no folder .dvc in it, nor above it."
    )


@dataclass(slots=True)
class _Migration:
    opened: Opened
    force: bool
    dry: bool
    notes: Notes = field(default_factory=Notes)
    written: list[str] = field(default_factory=list)
    records: int = 0

    def migrate(self) -> MigrateResult:
        opened = self.opened
        ignored = IgnoreRules(str(opened.project.root), ".dvcignore")
        depth = opened.project.depth
        source = read_dvc_project(self._dvc_files(ignored), opened.read, depth, self.notes)
        pipeline = make_pipeline_files(source.files, opened.read, source.choices, self.notes)
        wanted = self._texts(source, pipeline)
        root = str(opened.project.root)
        cache = DvcCache(self._cache_folders(source))
        content = Content(root, WorkspaceHashes(root, PassedOver(ignored)), cache)
        remembered = self._remembered(source, pipeline)
        pointers = self._pointers(source, pipeline)
        coming = {p.path for p in pointers if can_come(content, p.path, p.locked)}
        require_content(pipeline.carried, remembered, pointers, {*opened.data, *coming}, content)
        if self.dry:
            self.written += [path for path in wanted if opened.read(path) != wanted[path]]
            self._foresee_ignore(pipeline, coming)
            self._say_missing([p for p in pointers if self._misses(data_record_path(p.path))], coming)
            stages = self._foresee(pipeline, remembered, content)
            data = [Moved(p.path, _data_state(content, p)) for p in pointers]
            self.records = len([p for p in coming if self._misses(data_record_path(p))])
            self.records += len([n for n in remembered if self._misses(stage_record_path(n))])
            self.records += self.records > 0  # the one that tells DVC's hashes from our digests
        else:
            for path, text in wanted.items():
                self._write(path, text)
            self._bring(pipeline, remembered, pointers, content)
            stages, data = self._look_back(pipeline)
        return MigrateResult(
            root, tuple(stages), tuple(data), tuple(self.written), self.records, self.notes.all(),
            tuple(cache.damaged), self.dry,
        )  # fmt: skip

    # Reading --------------------------------------------------------------------------------------------------------

    def _dvc_files(self, ignored: IgnoreRules) -> list[str]:
        """Return what may be a file of DVC's: whatever Git tracks or would track."""
        output = self.opened.git.ask("ls-files", "-z", "--cached", "--others", "--exclude-standard") or b""
        paths = [path for path in output.decode(errors="surrogateescape").split("\0") if path]
        return [path for path in dvc_files(paths) if not ignored.ignores(path, is_folder=False)]

    def _cache_folders(self, source: DvcProject) -> list[str]:
        root = self.opened.project.root
        named = source.config.get("cache", "dir")
        folders = [root / ".dvc" / "cache"]
        if named is not None:
            folders.insert(0, (root / ".dvc" / os.path.expanduser(named.value)).resolve())
        return [str(folder) for folder in dict.fromkeys(folders)]

    def _remembered(self, source: DvcProject, pipeline: PipelineFiles) -> dict[str, Remembered]:
        found = {}
        for carried in pipeline.carried:
            lock = source.locks.get(carried.definition.folder, {})
            remembered = remember(carried, lock.get(carried.member.name), self.opened.read)
            if remembered is not None:
                found[carried.stage.name] = remembered
        return found

    def _pointers(self, source: DvcProject, pipeline: PipelineFiles) -> list[Pointer]:
        """Return the tracked paths that can be tracked here: each once, and none that a stage makes."""
        outs = [out.path for carried in pipeline.carried for out in carried.stage.outs]
        found: dict[str, Pointer] = {}
        for pointer in source.pointers:
            tracked = [path for path in self.opened.data if path != pointer.path]
            if overlapping([*outs, *found, *tracked], pointer.path):
                self.notes.lost(
                    pointer.file, pointer.line, pointer.path, "it is tracked twice, or a stage makes it"
                )
            elif pointer.locked.hash is None:
                why = "DVC has no MD5 of it; bring it with dvc pull, then track it with mlops add"
                self.notes.lost(pointer.file, pointer.line, pointer.path, why)
            else:
                found[pointer.path] = pointer
        return list(found.values())

    # Files ----------------------------------------------------------------------------------------------------------

    def _texts(self, source: DvcProject, pipeline: PipelineFiles) -> dict[str, bytes]:
        """Return path to bytes of every file to be written but records.

        Raises
        ------
        FileError
            When a pipeline file is there and says something else.
        """
        templates = files("mlops_cli.actions") / "templates"
        template = (templates / "plain" / DEFINITION).read_bytes()
        found = {path: text.encode() for path, text in pipeline.texts.items()}
        for path, data in found.items():
            there = self.opened.read(path)
            if there not in (None, data, template) and not self.force:
                raise FileError(
                    f"{path} is there already, and is not what DVC's files say",
                    hint="Move it away, and look at both; or overwrite it with: mlops migrate dvc --force",
                )
        found[_CONFIG] = config_text(
            self.opened.read(_CONFIG) or (templates / "config.yaml").read_bytes(),
            _CONFIG,
            source.config,
            self.notes,
        )
        found[_RECORDS_IGNORE] = (
            self.opened.read(_RECORDS_IGNORE) or (templates / "records.gitignore").read_bytes()
        )
        for path in source.ignores:
            target = path.removesuffix(".dvcignore") + IGNORE_FILE
            data = self.opened.read(path) or b""
            if self.opened.read(target) in (None, data) or self.force:
                found[target] = data
            else:
                self.notes.lost(path, 0, "its rules", f"{target} is there already and has others")
        return found

    def _write(self, path: str, data: bytes) -> None:
        if self.opened.read(path) != data:
            write_atomic(self.opened.project.root / path, data)
            self.written.append(path)

    def _misses(self, path: str) -> bool:
        return self.force or self.opened.read(path) is None

    # Content and records --------------------------------------------------------------------------------------------

    def _bring(
        self,
        pipeline: PipelineFiles,
        remembered: Mapping[str, Remembered],
        pointers: list[Pointer],
        content: Content,
    ) -> None:
        opened = self.opened
        data = [p for p in pointers if self._misses(data_record_path(p.path))]
        stages = {n: r for n, r in remembered.items() if self._misses(stage_record_path(n))}
        wanted = {p.path: p.locked for p in data}
        wanted |= {path: locked for r in stages.values() for path, locked in r.outs.items()}
        if wanted:
            self._own_files(pipeline, wanted, content)
            with opened.writing() as writing:
                writing.commit.begin()
                found = content.store(wanted, opened.workspace, writing.objects, self.notes)
                self._say_missing(data, found)
                with opened.data_lock():
                    for pointer in data:
                        if pointer.path in found:
                            self._track(pointer, found[pointer.path], writing)
                for name, each in stages.items():
                    self._record(name, each, found, content, writing)
                if content.names:
                    self._write_record(*dump_links(content.names), writing)
        opened.__dict__.pop("data", None)
        if opened.update_ignore():
            self.written.append(".gitignore")

    def _own_files(self, pipeline: PipelineFiles, wanted: Mapping[str, Locked], content: Content) -> None:
        own = {out.path for carried in pipeline.carried for out in carried.stage.outs if out.persist}
        linked = linked_files(content.root, wanted, content.cache.folders, own)
        if linked:
            replace_links(linked)
            why = "DVC's cache may go one day; the files have bytes of their own now"
            self.notes.changed(".dvc/config", 0, f"{len(linked)} links into DVC's cache", why)

    def _say_missing(self, data: list[Pointer], found: Collection[str]) -> None:
        for pointer in data:
            if pointer.path not in found:
                why = "its content is neither in the workspace nor whole in DVC's cache; bring it with dvc pull, then migrate again"
                self.notes.lost(pointer.file, pointer.line, pointer.path, why)

    def _track(self, pointer: Pointer, artifact: Artifact, writing: Writing) -> None:
        count = 1
        if artifact.tree:
            count = sum(
                entry.kind in ("file", "exec") for _, entry in tree_members(writing.objects, artifact)
            )
        record = DataRecord(pointer.path, artifact, count, pointer.source)
        self._write_record(data_record_path(pointer.path), dump_data_record(record), writing)

    def _record(
        self, name: str, each: Remembered, found: Mapping[str, Artifact], content: Content, writing: Writing
    ) -> None:
        def look(path: str, locked: Locked | None) -> Artifact | None:
            if locked is None:  # known to DVC as parameters, and they are as they were
                return self.opened.workspace.artifact(path)
            return content.look(path, locked, self.opened.workspace)

        record = stage_record(each, look, found)
        if record is not None:
            writing.results.put(record.key, record.outs)
            self._write_record(stage_record_path(name), dump_stage_record(record), writing)

    def _write_record(self, path: str, data: bytes, writing: Writing) -> None:
        if self.opened.read(path) == data:
            return
        target = self.opened.project.root / path
        write_atomic(target, data, durable=False, temporary=writing.session.folder / f"record-{self.records}")
        writing.commit.written(str(target))
        self.records += 1

    # Afterwards -----------------------------------------------------------------------------------------------------

    def _look_back(self, pipeline: PipelineFiles) -> tuple[list[Moved], list[Moved]]:
        opened = self.opened
        data = []
        for path, record in opened.data.items():
            now = opened.workspace.artifact(path)
            data.append(
                Moved(path, "missing" if now is None else "ok" if now.same(record.artifact) else "changed")
            )
        if not pipeline.carried:
            return [], data
        try:
            plan = opened.plan(list(opened.pipeline.stages))
        except DefinitionError as error:
            for problem in error.problems:
                self.notes.lost(
                    problem.file, problem.line, problem.message, problem.hint or "nothing runs until then"
                )
            return [], data
        return [Moved(name, decision.state) for name, decision in plan.decisions.items()], data

    def _foresee_ignore(self, pipeline: PipelineFiles, coming: Collection[str]) -> None:
        stages = [each.stage for each in pipeline.carried] or list(self.opened.stages.values())
        outs = [out.path for stage in stages for out in stage.outs if out.cache]
        if (
            new_ignore(self.opened.project.root, managed_paths(outs, [*self.opened.data, *coming]))
            is not None
        ):
            self.written.append(".gitignore")

    def _foresee(
        self, pipeline: PipelineFiles, remembered: Mapping[str, Remembered], content: Content
    ) -> list[Moved]:
        return [
            Moved(c.stage.name, self._state(c, remembered.get(c.stage.name), content))
            for c in pipeline.carried
        ]

    def _state(self, carried: Carried, each: Remembered | None, content: Content) -> str:
        if carried.stage.frozen and all(
            os.path.exists(f"{content.root}/{o.path}") for o in carried.stage.outs
        ):
            return "fresh"
        if each is None or carried.stage.always or each.stage != carried.stage:
            return "stale"
        states = Counter(content.state(path, locked) for path, locked in each.outs.items())
        if states["gone"]:
            return "stale"
        deps = [content.state(path, locked) for path, locked in each.deps.items() if locked is not None]
        if any(state == "gone" for state in deps):
            return "stale"
        return "cached" if states["cached"] else "fresh"


def _data_state(content: Content, pointer: Pointer) -> str:
    if content.state(pointer.path, pointer.locked) == "here":
        return "ok"
    return "changed" if os.path.exists(f"{content.root}/{pointer.path}") else "missing"
