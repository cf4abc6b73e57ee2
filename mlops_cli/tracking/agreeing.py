"""Making the workspace agree with records, and losing nothing unasked: what `checkout` and `pull` have in common."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError, FileError, MlopsError
from mlops_cli.store.objects import DamagedObjectError
from mlops_cli.tracking.recorded import no_such_part

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from mlops_cli.opened import Opened, Writing
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.locks import Lock
    from mlops_cli.store.placement.counted import CountedObjects
    from mlops_cli.store.placement.difference import Difference, Loss
    from mlops_cli.store.placement.forest import Forest
    from mlops_cli.tracking.recorded import Chosen


class Brought(NamedTuple):
    """A path that agrees now: files placed, their bytes, and how many files and links were taken away."""

    path: str
    files: int
    size: int
    removed: int


class Kept(NamedTuple):
    """A path that was left as it is, because these would be lost; and the stage that makes it, if one does."""

    path: str
    losses: tuple[Loss, ...]
    stage: str | None = None


class Part(NamedTuple):
    """A directory that is here only in part, because the content of these paths is not in the store."""

    path: str
    lacking: tuple[str, ...]


class Away(NamedTuple):
    """A path that was taken away, no longer recorded here: files and links, their bytes, and a commit that records it."""

    path: str
    files: int
    size: int
    commit: str


class Left(NamedTuple):
    """A path that was tracked as data, is not any more, and stays where it is; and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class CheckoutResult:
    """What became of the paths.

    Parameters
    ----------
    same : int
        How many agreed already.
    kept : tuple of Kept
        What was not touched because content that is nowhere else would be lost.
    missing : tuple of str
        Paths whose content is not in the store.
    partial : tuple of Part
        Directories of which all is in place that could be had.
    failed : tuple of MlopsError
        Paths that could not be brought for another reason.
    damaged : frozenset of Digest
        Objects whose damage is such a reason.
    away : tuple of Away
        What was taken away because nothing here records it any more.
    left : tuple of Left
        What nothing here records any more, and stays.
    rules : bool
        Whether the ignore rules were written anew.
    """

    brought: tuple[Brought, ...]
    same: int
    kept: tuple[Kept, ...] = ()
    missing: tuple[str, ...] = ()
    failed: tuple[MlopsError, ...] = ()
    damaged: frozenset[Digest] = frozenset()
    partial: tuple[Part, ...] = ()
    away: tuple[Away, ...] = ()
    left: tuple[Left, ...] = ()
    rules: bool = False

    @property
    def exit_code(self) -> int:
        """0 when everything agrees; else 5, or what the first failure says."""
        if self.kept or self.missing or self.partial:
            return DataError.exit_code
        return self.failed[0].exit_code if self.failed else 0


def agree(
    opened: Opened,
    chosen: Sequence[Chosen],
    *,
    force: bool = False,
    together: bool = False,
    in_part: bool = False,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> CheckoutResult:
    """Make what was chosen lie in the workspace as it is recorded.

    Parameters
    ----------
    force : bool
        Take away also content that is nowhere else.
    together : bool
        Bring nothing where something would be lost, or is not here.
    in_part : bool
        Of tracked directories whose content is not all in the store, place what is. Only where nothing lies there, or a part of
        what is recorded: versions are never mixed. And no outputs, which a stage may take for whole.
    tell : callable
        Told how many files and bytes were placed, while it happens.
    """
    chosen = _without_parts(chosen)
    opened.workspace.look(each.path for each in chosen)
    todo = [each for each in chosen if not _agrees(opened, each)]
    if not todo:
        return CheckoutResult((), len(chosen))
    with opened.writing(placing=True) as writing:
        work = _Checkout(opened, writing, tell, force, together, in_part)
        return work.carry_out(todo, len(chosen) - len(todo))


def _without_parts(chosen: Sequence[Chosen]) -> list[Chosen]:
    """Leave out parts of what is asked for as a whole."""
    whole = {each.recorded.path for each in chosen if not each.inside}
    return [each for each in chosen if not each.inside or each.recorded.path not in whole]


def _agrees(opened: Opened, chosen: Chosen) -> bool:
    """Whether a whole artifact is in place; of a part only its tree can tell."""
    now = opened.workspace.artifact(chosen.path)
    wanted = chosen.recorded.artifact
    return not chosen.inside and now is not None and now.same(wanted) and now.executable == wanted.executable


@dataclass(slots=True)
class _Checkout:
    opened: Opened
    writing: Writing
    tell: Callable[[int, int], None]
    force: bool
    together: bool = False
    in_part: bool = False
    partial: list[Part] = field(default_factory=list)
    brought: list[Brought] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    failed: list[MlopsError] = field(default_factory=list)
    damaged: set[Digest] = field(default_factory=set)

    def carry_out(self, todo: Sequence[Chosen], same: int) -> CheckoutResult:
        from mlops_cli.store.placement.counted import CountedObjects
        from mlops_cli.store.placement.difference import find_losses
        from mlops_cli.store.placement.forest import Forest

        objects = CountedObjects(self.writing.objects, self.tell)
        forest = Forest(objects)
        found = []
        for each in todo:
            difference = self._compare(each, objects, forest)
            if difference is not None:
                found.append((each, difference))
        absent = objects.missing({digest for _, d in found for digest in d.needed})
        find_losses(objects, [difference for _, difference in found])
        if self.together:
            trouble = [f for f in found if absent & f[1].needed or (f[1].losses and not self.force)]
            found = trouble if trouble or self.missing or self.failed else found
        with ExitStack() as stack:
            temporary = self._temporary(stack)
            for number, (each, difference) in enumerate(found):
                place = f"{temporary}/agree-{number}"
                if difference.empty:
                    same += 1
                elif absent & difference.needed:
                    self._bring_part(each, absent & difference.needed, objects, forest, place)
                elif difference.losses and not self.force:
                    self.kept.append(Kept(each.path, tuple(difference.losses), each.recorded.stage))
                else:
                    self._bring(each, difference, objects, forest, place)
        return CheckoutResult(
            tuple(self.brought),
            same,
            tuple(self.kept),
            tuple(sorted(self.missing)),
            tuple(self.failed),
            frozenset(self.damaged),
            tuple(self.partial),
        )

    def _compare(
        self, each: Chosen, objects: CountedObjects, forest: Forest, without: Collection[Digest] = frozenset()
    ) -> Difference | None:
        from mlops_cli.store.placement.difference import Wanted, compare, top_entry
        from mlops_cli.store.placement.forest import MissingContentError

        recorded = each.recorded
        try:
            entry = (
                forest.find(recorded.artifact, each.inside) if each.inside else top_entry(recorded.artifact)
            )
            if entry is None:
                raise no_such_part(recorded.path, each.inside)
            depth = each.inside.count("/") + 1 if each.inside else 0
            wanted = Wanted(each.path, entry, depth, recorded.own)
            placed = f"{self.opened.store.absolute()}/objects/"
            return compare(self.opened.workspace, objects, forest, wanted, placed, without)
        except MissingContentError:
            self.missing.append(each.path)
        except (DataError, FileError) as error:
            self.failed.append(_about(each.path, error))
        return None

    def _temporary(self, stack: ExitStack) -> str:
        """Return a folder of this command beside the workspace: the store may lie on another file system."""
        project = self.opened.project
        if self.writing.session.store == project.local:
            return str(self.writing.session.folder)
        from mlops_cli.execution.aside import mend
        from mlops_cli.store.session import Session

        session = Session(project.local, mend)
        stack.callback(session.close)
        return str(session.folder)

    def _bring_part(
        self, each: Chosen, absent: set[Digest], objects: CountedObjects, forest: Forest, temporary: str
    ) -> None:
        """Place what is in the store of a tracked directory, where that is wanted and mixes no versions."""
        wanted = self.in_part and each.recorded.stage is None
        part = self._compare(each, objects, forest, absent) if wanted else None
        there = os.path.isdir(self.opened.workspace_path(each.path))
        if part is None or not part.only_adds or (part.empty and not there):
            self.missing.append(each.path)
        elif part.empty or self._bring(each, part, objects, forest, temporary):
            self.partial.append(Part(each.path, tuple(sorted(part.lacking))))

    def _bring(
        self, each: Chosen, difference: Difference, objects: CountedObjects, forest: Forest, temporary: str
    ) -> bool:
        """Do what has to be done so that a path agrees; return whether it was done."""
        from mlops_cli.store.placement.agree import make_agree

        lock = self._lock(each.recorded.stage)
        if lock is not None and not lock.acquire(wait=False):
            self.failed.append(
                DataError(
                    f"{each.path} is being made: another command has {each.recorded.stage}",
                    hint="Do it again when that has ended.",
                )
            )
            return False
        try:
            if lock is not None:
                lock.note(f"{self.writing.session.id} {self.writing.session.store}")
            placed = make_agree(
                self.opened.workspace, objects, forest, difference, temporary, force=self.force
            )
            self.brought.append(Brought(each.path, *placed))
        except (DataError, FileError) as error:
            if isinstance(error, DamagedObjectError):  # which told of one: there may be more
                self.damaged |= objects.damaged(difference.needed)
            self.failed.append(_about(each.path, error))
            return False
        finally:
            if lock is not None:
                lock.release()
        return True

    def _lock(self, stage: str | None) -> Lock | None:
        """Return the lock of the stage that makes an output: nobody may run it meanwhile."""
        if stage is None:
            return None
        from mlops_cli.execution.workbench import lock_name
        from mlops_cli.store.digest import digest_bytes
        from mlops_cli.store.locks import Lock

        project = self.opened.project
        place = digest_bytes(str(project.root).encode())[3:19]
        return Lock(project.local / "locks" / place / lock_name(stage))


def _about(path: str, error: MlopsError) -> MlopsError:
    """Return an error that names the path it is about."""
    return error if path in error.message else type(error)(f"{path}: {error.message}", hint=error.hint)
