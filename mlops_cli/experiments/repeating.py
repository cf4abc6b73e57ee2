"""Doing again what was done before: the code of a run or of a commit, runs that Ctrl-C stops in order, and their records."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError, FileError, MlopsError, StageError, UsageError
from mlops_cli.execution.children import Children
from mlops_cli.experiments.running import Ran, run_in
from mlops_cli.git.batch import Reader
from mlops_cli.git.facts import read_actor
from mlops_cli.history.journal import Journal, journal_path
from mlops_cli.history.repetition import completed
from mlops_cli.history.run_record import RunRecord, load_run_record
from mlops_cli.store.save import whole
from mlops_cli.tracking.bringing import bring
from mlops_cli.tracking.recorded import Chosen, Recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.experiments.isolated import Isolated
    from mlops_cli.history.index.history import History
    from mlops_cli.history.known import Production
    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.transfer.flight import Tally

_ERRORS: dict[int, type[MlopsError]] = {2: UsageError, 3: FileError, 4: StageError, 5: DataError}
_GLANCE = 0.5  # seconds: a Ctrl-C that comes in the instant before waiting begins is seen only after it
_NAMED = 5  # missing inputs that a message names


def code_of_run(opened: Opened, record: RunRecord) -> tuple[str, str | None]:
    """Return the tree that holds the code of a run, and a commit to stand on: the run's own where this clone has it.

    Raises
    ------
    DataError
        When that code was not kept, or is not in this clone.
    """
    code = record.code
    # Where nothing but what was left out differs from the commit, there is no snapshot, and the commit serves.
    if code.dirty and code.snapshot is None and not record.left_out:
        raise DataError(
            f"{record.id} ran uncommitted code that was not kept, so it cannot be repeated",
            hint="See what it did: mlops show " + record.id,
        )
    tree = code.kept
    if tree is None or not _has(opened, tree):
        kept = "the snapshot of uncommitted code" if code.snapshot else f"commit {(code.commit or '')[:12]}"
        raise DataError(f"{kept} that {record.id} ran is not in this clone", hint=_who_has_it(opened, record))
    if code.commit and _has(opened, f"{code.commit}^{{commit}}"):
        return tree, code.commit
    head = opened.git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    return tree, head.decode().strip() if head else None


def _who_has_it(opened: Opened, record: RunRecord) -> str:
    """Return how to get the code of a run that this clone lacks: who has it, as far as the record tells."""
    code, history = record.code, opened.history
    if history.gaps.shallow and not code.snapshot:
        return "This clone is shallow. Bring the whole history: git fetch --unshallow"
    if record.id in history.own_runs() or record.actor in (None, read_actor(opened.git)):
        return "If another clone has it: type mlops sync there, then here: mlops sync --fetch"
    return f"{record.actor.name} has it: once they have typed mlops sync, bring it with: mlops sync --fetch"


def _has(opened: Opened, name: str) -> bool:
    return opened.git.ask("cat-file", "-e", name) is not None


def whole_record(history: History, run: str) -> RunRecord:
    """Return a run's record, its fresh stages filled in with what lay in the workspace: what was made elsewhere never did.

    Raises
    ------
    DataError
        When there is no such run, or its bytes are gone.
    """

    def by_key(key: Digest) -> Sequence[Production]:
        found = history.by_key(key)
        elsewhere = {each.run for each in found if each.run and _made_elsewhere(history, each.run)}
        return [each for each in found if each.run not in elsewhere] or found

    return completed(history.record(run), by_key)


def _made_elsewhere(history: History, run: str) -> bool:
    known = history.run(run)
    return known is not None and known.experiment is not None


def require(
    isolated: Isolated,
    wanted: Mapping[str, Artifact],
    *,
    pull: bool,
    hint: str,
    listen: Callable[[Tally], None] = lambda _: None,
) -> None:
    """See to it that the content of inputs can be had: it lies in the worktree, in the store or in the user's workspace.

    Parameters
    ----------
    pull : bool
        Bring the rest from the default remote.
    hint : str
        What to type where something is missing.

    Raises
    ------
    DataError
        With the names of what is missing.
    """
    absent = _absent(isolated, wanted)
    if absent and pull:
        chosen = [Chosen(Recorded(path, artifact)) for path, artifact in absent.items()]
        bring(isolated.source, chosen, None, listen, 0.0)
        absent = _absent(isolated, wanted)
    if absent:
        names = [f"{path} ({artifact.digest[:15]}…)" for path, artifact in absent.items()]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        verb = "is" if len(names) == 1 else "are"
        raise DataError(f"{', '.join(names[:_NAMED])}{more} {verb} not here", hint=hint)


def _absent(isolated: Isolated, wanted: Mapping[str, Artifact]) -> dict[str, Artifact]:
    here, source = isolated.opened.workspace, isolated.source
    here.look(wanted)
    differs = {path: artifact for path, artifact in wanted.items() if not artifact.same(here.artifact(path))}
    if not differs:
        return {}
    objects = source.open_store()[0]
    found = {path: artifact for path, artifact in differs.items() if not whole(objects, [artifact])}
    source.workspace.look(found)
    return {
        path: artifact
        for path, artifact in found.items()
        if not artifact.same(source.workspace.artifact(path))
    }


def run_stoppable(
    isolated: Isolated,
    targets: Sequence[str],
    *,
    experiment: Mapping[str, Any],
    force: bool = False,
    only: bool = False,
    jobs: int | None = None,
    listen: Callable[[str], None] = lambda _: None,
) -> Ran:
    """Run the pipeline in an isolated worktree; Ctrl-C lets it end as a run in place would, before it goes on its way.

    Raises
    ------
    MlopsError
        When it came to no run at all: that command's own error.
    KeyboardInterrupt
        When it was stopped.
    """
    children = Children()
    with ThreadPoolExecutor(1, "experiment") as pool:
        work = pool.submit(
            run_in,
            isolated,
            targets,
            force=force,
            only=only,
            jobs=jobs,
            experiment=experiment,
            listen=listen,
            children=children,
        )
        try:
            while not wait([work], timeout=_GLANCE).done:
                pass
            ran = work.result()
        except BaseException:
            children.stop()
            raise
    if ran.status == "stopped":
        raise KeyboardInterrupt
    if ran.run is None and ran.code:
        raise _ERRORS.get(ran.code, DataError)(ran.error, hint=ran.hint)
    return ran


def recorded_run(opened: Opened, run: str) -> RunRecord:
    """Return the record of a run that was just made elsewhere, out of the journal.

    Raises
    ------
    DataError
        When the journal does not have it.
    """
    path = journal_path(opened.project.prefix, run)
    name = f"{Journal(opened.git, opened.project).ref}:{path}"
    with Reader(opened.project.common_dir, opened.git.variables) as reader:
        found = reader.find(name)
    if not found.kind:
        raise DataError(
            f"the record of {run} did not reach the journal", hint="Look at the repository with: git fsck"
        )
    return load_run_record(found.data, path)
