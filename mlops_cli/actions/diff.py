"""`diff`: which artifacts differ between two commits, or between a commit and the workspace."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from mlops_cli.errors import UsageError
from mlops_cli.git.revision import read_revision
from mlops_cli.pipeline.record import load_stage_record
from mlops_cli.project import DATA_RECORDS
from mlops_cli.store.digest import Digest
from mlops_cli.store.look import FileLook, FolderLook
from mlops_cli.store.placement.forest import Forest, MissingContentError
from mlops_cli.store.tracked import load_data_record
from mlops_cli.store.tree import DEEPEST
from mlops_cli.tracking.recorded import recorded_artifacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlops_cli.git.revision import Revision
    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.workspace import Workspace

State = Literal["added", "changed", "removed"]
WORKSPACE = "workspace"
_MOST = 1_000_000  # files that differ in one artifact


class FileChange(NamedTuple):
    """A file, a link or an empty folder inside a directory that differs; sizes in bytes, None where it is not there.

    Parameters
    ----------
    path : str
        With a slash at its end for an empty folder.
    why : tuple of str
        What changed: `content`, `now executable`, `no longer executable`, `link target`, `now a file`, `now a link`. For an empty
        folder that came or went `empty folder`.
    """

    path: str
    state: State
    old: int | None
    new: int | None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArtifactChange:
    """An artifact that differs.

    Parameters
    ----------
    old, new : Artifact or None
        None where it is not there.
    files : tuple of FileChange
        What differs inside a directory, where that was asked for.
    unknown : bool
        What differs inside cannot be told in full: a directory's list of files is not in the store.
    """

    path: str
    old: Artifact | None
    new: Artifact | None
    files: tuple[FileChange, ...] = ()
    unknown: bool = False

    @property
    def state(self) -> State:
        """What became of it."""
        return _state(self.old, self.new)

    @property
    def why(self) -> tuple[str, ...]:
        """What changed of a file, as in `FileChange`; nothing of a directory."""
        if self.old is None or self.new is None:
            return ()
        if self.old.tree != self.new.tree:
            return ("now a directory" if self.new.tree else "now a file",)
        return () if self.new.tree else _why(_file(self.old), _file(self.new))


@dataclass(frozen=True, slots=True)
class DiffResult:
    """Artifacts that differ, by path; `old` and `new` are ids of commits, or `workspace`."""

    old: str
    new: str
    changes: tuple[ArtifactChange, ...] = field(default=())


def diff(opened: Opened, revisions: Sequence[str] = (), *, files: bool = False) -> DiffResult:
    """Compare the artifacts of two commits, or of a commit (HEAD by default) and the workspace.

    Parameters
    ----------
    revisions : sequence of str
        None, one or two, as Git takes them.
    files : bool
        Also say which files differ inside directories.

    Raises
    ------
    UsageError
        When there is no such commit.
    FileError
        When a record is damaged, or of a newer version.
    """
    if len(revisions) > 2:
        raise UsageError("diff compares two commits, or one and the workspace", hint="mlops diff [REV [REV]]")
    before = read_revision(opened.git, opened.project, revisions[0] if revisions else "HEAD")
    old = _artifacts(before)
    if len(revisions) == 2:
        after = read_revision(opened.git, opened.project, revisions[1])
        new, new_name = _artifacts(after), after.commit
    else:
        new, new_name = _workspace(opened), WORKSPACE
    changes = [
        ArtifactChange(path, old.get(path), new.get(path))
        for path in sorted({*old, *new})
        if not _same(old.get(path), new.get(path))
    ]
    if files:
        forest = Forest(opened.facts.objects)
        changes = [_with_files(opened, forest, change, new_name) for change in changes]
    return DiffResult(before.commit, new_name, tuple(changes))


def _same(old: Artifact | None, new: Artifact | None) -> bool:
    return old is not None and old.same(new) and new is not None and old.executable == new.executable


def _artifacts(revision: Revision) -> dict[str, Artifact]:
    """Return the artifacts of a commit: tracked data, and outputs that Git does not keep itself."""
    kept = set(revision.files)
    for path in revision.files:
        folder = path.rpartition("/")[0]
        while folder and folder not in kept:
            kept.add(folder)
            folder = folder.rpartition("/")[0]
    found: dict[str, Artifact] = {}
    for file, data in revision.records.items():
        if not data:
            continue
        if file.startswith(f"{DATA_RECORDS}/"):
            record = load_data_record(data, file)
            found[record.path] = record.artifact
        else:
            outs = load_stage_record(data, file).outs
            found.update({path: artifact for path, artifact in outs.items() if path not in kept})
    return found


def _workspace(opened: Opened) -> dict[str, Artifact]:
    """Return what lies at recorded paths; what is recorded where nothing does."""
    recorded = recorded_artifacts(opened)
    opened.workspace.look(recorded)
    return {path: opened.workspace.artifact(path) or each.artifact for path, each in recorded.items()}


# Inside directories ---------------------------------------------------------------------------------------------------


class _Node(NamedTuple):
    """Something in a directory; `look` where it is known from the workspace and not from the store."""

    kind: str
    content: str
    size: int
    look: FolderLook | None = None


def _with_files(opened: Opened, forest: Forest, change: ArtifactChange, new_name: str) -> ArtifactChange:
    old, new = change.old, change.new
    if old is None or new is None or not (old.tree and new.tree):
        return change
    look = opened.workspace.contents(change.path, deep=False) if new_name == WORKSPACE else None
    here = look if isinstance(look, FolderLook) else None
    found: list[FileChange] = []
    walk = _Walk(opened.workspace, change.path, forest, found)
    walk.compare("", _Node("tree", old.digest, old.size), _Node("tree", new.digest, new.size, here))
    return replace(change, files=tuple(sorted(found)), unknown=walk.unknown)


class _Walk:
    def __init__(self, workspace: Workspace, top: str, forest: Forest, found: list[FileChange]) -> None:
        self.workspace = workspace
        self.top = top
        self.forest = forest
        self.found = found
        self.unknown = False

    def compare(self, path: str, old: _Node | None, new: _Node | None) -> None:
        """Note what differs between two nodes at one path; equal ones are not opened."""
        if old is not None and new is not None and old[:2] == new[:2]:
            return
        if len(self.found) > _MOST or path.count("/") > DEEPEST:  # trees may be hostile
            self.unknown = True
            return
        try:
            before, after = self._children(path, old), self._children(path, new)
        except MissingContentError:
            self.unknown = True
            return
        old_file = old if old is not None and old.kind != "tree" else None
        new_file = new if new is not None and new.kind != "tree" else None
        if old_file or new_file:
            sizes = (old_file.size if old_file else None, new_file.size if new_file else None)
            why = _why(old_file, new_file) if old_file and new_file else ()
            self.found.append(FileChange(path, _state(old_file, new_file), *sizes, why))
        self._empty(path, old, new, before, after)
        for name in sorted({*before, *after}):
            self.compare(f"{path}/{name}" if path else name, before.get(name), after.get(name))

    def _empty(
        self,
        path: str,
        old: _Node | None,
        new: _Node | None,
        before: Mapping[str, _Node],
        after: Mapping[str, _Node],
    ) -> None:
        """Note an empty folder that came or went: no file in it tells."""
        had = old is not None and old.kind == "tree"
        has = new is not None and new.kind == "tree"
        if had != has and path and not (before or after):
            state: State = "added" if has else "removed"
            self.found.append(FileChange(f"{path}/", state, None, None, ("empty folder",)))

    def _children(self, path: str, node: _Node | None) -> Mapping[str, _Node]:
        if node is None or node.kind != "tree":
            return {}
        if node.look is not None:
            place = f"{self.top}/{path}" if path else self.top
            look = node.look if node.look.expanded else self.workspace.contents(place, deep=False)
            return dict(_looked(look)) if isinstance(look, FolderLook) else {}
        entries = self.forest.entries(Digest(node.content))
        return {entry.name: _Node(entry.kind, entry.content, entry.size) for entry in entries}


def _looked(look: FolderLook) -> Iterator[tuple[str, _Node]]:
    for name, child in look.children.items():
        if isinstance(child, str):
            yield name, _Node("link", child, 0)
        elif isinstance(child, FileLook):
            yield name, _Node("exec" if child.executable else "file", child.digest or "", child.identity.size)
        elif child.artifact is not None:
            yield name, _Node("tree", child.artifact.digest, child.artifact.size, child)


def _file(artifact: Artifact) -> _Node:
    return _Node("exec" if artifact.executable else "file", artifact.digest, artifact.size)


def _why(old: _Node, new: _Node) -> tuple[str, ...]:
    """Return what differs between two files or links."""
    if "link" in (old.kind, new.kind):
        return (
            ("link target",)
            if old.kind == new.kind
            else ("now a link" if new.kind == "link" else "now a file",)
        )
    content = ("content",) if old.content != new.content else ()
    if old.kind == new.kind:
        return content
    return (*content, "now executable" if new.kind == "exec" else "no longer executable")


def _state(old: object, new: object) -> State:
    return "added" if old is None else "removed" if new is None else "changed"
