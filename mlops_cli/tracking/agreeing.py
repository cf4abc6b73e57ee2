"""Making the workspace agree with records, and losing nothing unasked: what `checkout` and `pull` have in common."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError, FileError, MlopsError, UsageError
from mlops_cli.store.objects import DamagedObjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    """A path that was left as it is, because these would be lost."""

    path: str
    losses: tuple[Loss, ...]


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
    failed : tuple of MlopsError
        Paths that could not be brought for another reason.
    damaged : frozenset of Digest
        Objects whose damage is such a reason.
    """

    brought: tuple[Brought, ...]
    same: int
    kept: tuple[Kept, ...] = ()
    missing: tuple[str, ...] = ()
    failed: tuple[MlopsError, ...] = ()
    damaged: frozenset[Digest] = frozenset()

    @property
    def exit_code(self) -> int:
        """0 when everything agrees; else 5, or what the first failure says."""
        if self.kept or self.missing:
            return DataError.exit_code
        return self.failed[0].exit_code if self.failed else 0


def agree(
    opened: Opened,
    chosen: Sequence[Chosen],
    *,
    force: bool = False,
    together: bool = False,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> CheckoutResult:
    """Make what was chosen lie in the workspace as it is recorded.

    Parameters
    ----------
    force : bool
        Take away also content that is nowhere else.
    together : bool
        Bring nothing where something would be lost, or is not here.
    tell : callable
        Told how many files and bytes were placed, while it happens.
    """
    chosen = _without_parts(chosen)
    opened.workspace.look(each.path for each in chosen)
    todo = [each for each in chosen if not _agrees(opened, each)]
    if not todo:
        return CheckoutResult((), len(chosen))
    with opened.writing(placing=True) as writing:
        work = _Checkout(opened, writing, tell, force, together)
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
                if difference.empty:
                    same += 1
                    continue
                if absent & difference.needed:
                    self.missing.append(each.path)
                elif difference.losses and not self.force:
                    self.kept.append(Kept(each.path, tuple(difference.losses)))
                else:
                    self._bring(each, difference, objects, forest, f"{temporary}/agree-{number}")
        return CheckoutResult(
            tuple(self.brought),
            same,
            tuple(self.kept),
            tuple(sorted(self.missing)),
            tuple(self.failed),
            frozenset(self.damaged),
        )

    def _compare(self, each: Chosen, objects: CountedObjects, forest: Forest) -> Difference | None:
        from mlops_cli.store.placement.difference import Wanted, compare, top_entry
        from mlops_cli.store.placement.forest import MissingContentError

        recorded = each.recorded
        try:
            entry = (
                forest.find(recorded.artifact, each.inside) if each.inside else top_entry(recorded.artifact)
            )
            if entry is None:
                raise UsageError(
                    f"the record of {recorded.path} has no {each.inside}",
                    hint="See what changed with: mlops diff --files",
                )
            depth = each.inside.count("/") + 1 if each.inside else 0
            wanted = Wanted(each.path, entry, depth, recorded.own)
            return compare(
                self.opened.workspace, objects, forest, wanted, f"{self.opened.store.absolute()}/objects/"
            )
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

    def _bring(
        self, each: Chosen, difference: Difference, objects: CountedObjects, forest: Forest, temporary: str
    ) -> None:
        from mlops_cli.store.placement.agree import make_agree

        lock = self._lock(each.recorded.stage)
        if lock is not None and not lock.acquire(wait=False):
            self.failed.append(
                DataError(
                    f"{each.path} is being made: another command has {each.recorded.stage}",
                    hint="Do it again when that has ended.",
                )
            )
            return
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
        finally:
            if lock is not None:
                lock.release()

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
