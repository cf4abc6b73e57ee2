"""`hooks`: the Git hooks of a repository, and what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError, MlopsError, UsageError
from mlops_cli.git.command import Git
from mlops_cli.git.discover import find_repository
from mlops_cli.git.hooks import NAMES, Hook, hooks_folder
from mlops_cli.git.hooks import install as write_hooks
from mlops_cli.git.hooks import uninstall as remove_hooks
from mlops_cli.git.staged import hook_git, projects_touched, read_staged, staged_files
from mlops_cli.opened import open_folder
from mlops_cli.project import DATA_RECORDS, RECORDS
from mlops_cli.settings import Environment, read_environment
from mlops_cli.tracking.slipping import slipping_files, slipping_rules
from mlops_cli.tracking.taking_away import agree_with_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mlops_cli.git.staged import Staged
    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.tracking.agreeing import CheckoutResult

_STAGE_RECORDS = f"{RECORDS}/stages/"


@dataclass(frozen=True, slots=True)
class HooksResult:
    """The hooks after what was done; `shared` where other worktrees have the same."""

    folder: Path
    hooks: tuple[Hook, ...]


@dataclass(frozen=True, slots=True)
class Agreed:
    """What became of one project after HEAD moved.

    Parameters
    ----------
    prefix : str
        Its folder relative to the top of the worktree, with a slash at its end; empty for the top itself.
    error : MlopsError or None
        Why nothing could be done.
    """

    prefix: str
    result: CheckoutResult | None = None
    error: MlopsError | None = None


class Objection(NamedTuple):
    """Something that should not be committed as it is, and what to do about it."""

    message: str
    hint: str


def install(folder: Path) -> HooksResult:
    """Bring our block into every hook of a repository; what others wrote in them stays.

    Raises
    ------
    UsageError
        When the folder is in no repository, or its hooks are those of all repositories.
    FileError
        When a hook cannot be added to.
    """
    return _with_hooks(folder, write_hooks)


def uninstall(folder: Path) -> HooksResult:
    """Take our block out of every hook of a repository.

    Raises
    ------
    UsageError
        When the folder is in no repository.
    """
    return _with_hooks(folder, remove_hooks)


def _with_hooks(folder: Path, action: Callable[[Path, tuple[Path, ...]], list[Hook]]) -> HooksResult:
    here = find_repository(folder)
    git = Git(here.root, read_environment().variables)
    where = hooks_folder(git, here)
    places = (here.worktree.resolve(), here.common_dir.resolve())
    return HooksResult(where, tuple(action(where, places)))


def check_name(name: str) -> None:
    """Refuse a hook that is not ours.

    Raises
    ------
    UsageError
        When it is none.
    """
    if name not in NAMES:
        raise UsageError(f"there is no hook {name}", hint=f"There are {', '.join(NAMES)}.")


# After HEAD has moved --------------------------------------------------------------------------------------------------


def after_move(
    folder: Path, name: str, arguments: Sequence[str], tell: Callable[[int, int], None] = lambda *_: None
) -> tuple[Agreed, ...]:
    """Make the workspace of every project whose records changed agree with them.

    Parameters
    ----------
    name : str
        `post-checkout` or `post-merge`.
    arguments : sequence of str
        As Git gives them to the hook; without any, every project is looked at.

    Raises
    ------
    UsageError
        When the folder is in no repository.
    """
    environment = read_environment()
    worktree = find_repository(folder).worktree
    git = hook_git(worktree, environment.variables)
    moved: tuple[str, ...] = ()
    if name == "post-checkout" and len(arguments) >= 2:
        if arguments[2:] == ["0"]:
            return ()
        moved = (arguments[0], arguments[1])
    elif name == "post-merge" and arguments:
        moved = ("ORIG_HEAD",)
    found = []
    for prefix in projects_touched(git, moved):
        place = worktree / prefix
        if place.is_dir():
            found.append(_agree(place, f"{prefix}/" if prefix else "", environment, tell))
    return tuple(found)


def _agree(place: Path, prefix: str, environment: Environment, tell: Callable[[int, int], None]) -> Agreed:
    try:
        with open_folder(place, environment) as opened:
            return Agreed(prefix, agree_with_all(opened, tell=tell))
    except MlopsError as error:
        return Agreed(prefix, error=error)
    except OSError as error:
        return Agreed(prefix, error=DataError(f"{error.filename or place}: {error.strerror}"))


# Before a commit ---------------------------------------------------------------------------------------------------------


def before_commit(folder: Path) -> tuple[Objection, ...]:
    """Return what should not be committed as it is staged: records that the workspace is not, data in Git, and large new files.

    Raises
    ------
    UsageError
        When the folder is in no repository.
    FileError
        When a staged record or the settings are wrong.
    """
    environment = read_environment()
    here = find_repository(folder)
    git = hook_git(here.worktree, environment.variables)
    files = staged_files(git, here.git_dir)
    records: dict[str, list[Staged]] = {}
    for file in files:
        prefix, found, _ = f"/{file.path}".partition(f"/{RECORDS}/")
        if found and file.path.endswith(".json"):
            records.setdefault(prefix[1:], []).append(file)
    found_ = []
    for prefix, some in records.items():
        contents = read_staged(git, here.git_dir, some)
        with open_folder(here.worktree / prefix, environment) as opened:
            start = len(prefix) + 1 if prefix else 0
            ours = {path[start:]: data for path, data in contents.items()}
            found_ += _disagreements(opened, ours)
            found_ += [Objection(*slip) for slip in slipping_rules(git, opened, ours)]
    found_ += [Objection(*slip) for slip in slipping_files(git, here, files, environment)]
    return (*found_, *_large(here.worktree, files, environment))


def _disagreements(opened: Opened, records: Mapping[str, bytes]) -> list[Objection]:
    """Compare staged records, by their paths in the project, with what lies in the workspace."""
    from mlops_cli.pipeline.record import load_stage_record
    from mlops_cli.store.tracked import load_data_record

    said: list[tuple[str, Artifact, str, str]] = []
    for file, data in records.items():
        if file.startswith(f"{DATA_RECORDS}/"):
            record = load_data_record(data, file)
            hint = f"Record what is there: mlops add {record.path}; or bring back what was recorded: mlops checkout {record.path}"
            said.append((record.path, record.artifact, file, hint))
        elif file.startswith(_STAGE_RECORDS):
            stage = load_stage_record(data, file)
            said += [
                (path, artifact, file, f"Bring it up to date with: mlops run {stage.stage}")
                for path, artifact in stage.outs.items()
            ]
    opened.workspace.look([path for path, *_ in said])
    found = []
    for path, artifact, file, hint in said:
        if not _contradicts(opened, path, artifact):
            continue
        again = f"The record was written again since it was staged; stage it too: git add {file}. Or: "
        staged_last = opened.read(file) == records[file]
        message = f"{path} is not what its staged record says: it has changed"
        found.append(Objection(message, hint if staged_last else again + hint))
    return found


def _contradicts(opened: Opened, path: str, artifact: Artifact) -> bool:
    """Whether something lies at a path that an artifact does not have; what is not here was not changed here."""
    from mlops_cli.store.placement.difference import Wanted, compare, top_entry
    from mlops_cli.store.placement.forest import Forest

    now = opened.workspace.artifact(path)
    if now is None or (now.same(artifact) and now.executable == artifact.executable):
        return False
    if not (now.tree and artifact.tree):
        return True
    objects, _ = opened.open_store()
    wanted, placed = Wanted(path, top_entry(artifact)), f"{opened.store.absolute()}/objects/"
    try:
        difference = compare(opened.workspace, objects, Forest(objects), wanted, placed)
    except DataError:
        return True  # without its list of files nobody can tell which part is here
    changed = any(file.identity is not None for file in difference.files)
    return changed or bool(difference.removed or difference.emptied)


def _large(worktree: Path, files: Sequence[Staged], environment: Environment) -> list[Objection]:
    limits: dict[str, int] = {}
    found = []
    for file in files:
        if f"/{RECORDS}/" in f"/{file.path}":
            continue
        folder = file.path.rpartition("/")[0]
        limit = _limit(worktree, folder, environment, limits)
        if file.size > limit >= file.before:
            found.append(
                Objection(
                    f"{file.path} would go into Git with {file.size / 1e6:,.1f} MB; the limit is {limit / 1e6:,.1f} MB",
                    f"Track it as data instead: git rm --cached {file.path} && mlops add {file.path}",
                )
            )
    return found


def _limit(worktree: Path, folder: str, environment: Environment, limits: dict[str, int]) -> int:
    """Return the limit of the project that a folder belongs to."""
    if folder not in limits:
        if folder and not (worktree / folder / RECORDS).is_dir():
            limits[folder] = _limit(worktree, folder.rpartition("/")[0], environment, limits)
        else:
            with open_folder(worktree / folder, environment) as opened:
                limits[folder] = opened.config.hooks_large
    return limits[folder]
