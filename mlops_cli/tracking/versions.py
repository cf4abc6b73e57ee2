"""Recorded content of older versions: what some commits name, what all of history names, and what a push of commits takes along."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import UsageError
from mlops_cli.git.history import gaps_of, new_records, reachable_records
from mlops_cli.git.revision import read_revision
from mlops_cli.git.worktrees import repository_at
from mlops_cli.history.needs import InGit, needs_of
from mlops_cli.history.soundness import RUNS, STAGES, inside_project
from mlops_cli.pipeline.record import load_stage_record
from mlops_cli.project import DATA_RECORDS, RECORDS
from mlops_cli.store.closure import closure
from mlops_cli.store.save import inside
from mlops_cli.store.tracked import holder, load_data_record
from mlops_cli.tracking.recorded import Chosen, Recorded, artifacts_of, choose, project_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mlops_cli.git.records import RecordFile
    from mlops_cli.git.revision import Revision
    from mlops_cli.opened import Opened
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.closure import Blobs
    from mlops_cli.store.digest import Digest
    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.transfer.outcome import Failure, Transfer
    from mlops_cli.store.transfer.remote_store import RemoteStore

_SHORT = 10  # digits by which a commit is called


class Tip(NamedTuple):
    """A commit that a ref leads to, and how people call the ref."""

    name: str
    commit: str


class Pushed(NamedTuple):
    """What a `git push` brings to a remote of Git's.

    Parameters
    ----------
    tips : tuple of Tip
        What is pushed.
    known : tuple of str
        Ids of commits that are there.
    remote : str
        The remote's name; empty where it has none.
    """

    tips: tuple[Tip, ...]
    known: tuple[str, ...] = ()
    remote: str = ""


# Which ------------------------------------------------------------------------------------------------------------------


def choose_versions(
    opened: Opened, paths: Sequence[str], revs: Sequence[str] = (), *, history: bool = False
) -> list[Chosen]:
    """Return what paths ask for, out of the records of commits or of all history; of the workspace's where neither is wanted.

    Parameters
    ----------
    revs : sequence of str
        Commits, branches, tags, as Git takes them.
    history : bool
        Every record that anything in the repository leads to, the workspace's too.

    Raises
    ------
    UsageError
        When there is no such commit, or none of the records names anything at a path.
    FileError
        When a record of one of the commits is wrong.
    HistoryError
        When the history cannot be read.
    """
    if revs and history:
        raise UsageError(
            "--all takes every version along, so --rev says nothing beside it", hint="Leave one."
        )
    if revs:
        return _among(opened, [each for rev in revs for each in _recorded_at(opened, rev)], paths)
    if history:
        return _among(opened, _recorded_ever(opened), paths)
    return choose(opened, paths)


def _recorded_at(opened: Opened, rev: str) -> list[Recorded]:
    """Return what the records of one commit name; what Git itself keeps there is left out."""
    revision = read_revision(opened.git, opened.project, rev)
    return list(_named_in(revision, rev if len(rev) < len(revision.commit) else rev[:_SHORT]))


def _named_in(revision: Revision, name: str) -> Iterator[Recorded]:
    kept_by_git = InGit(revision.files)
    for file, data in revision.records.items():
        if file.startswith(f"{DATA_RECORDS}/"):
            record = load_data_record(data, file)
            yield Recorded(record.path, record.artifact, version=name)
        elif file.startswith(STAGES):
            made = load_stage_record(data, file)
            key = None if made.tainted else made.key
            for path, artifact in made.outs.items():
                if path not in kept_by_git:
                    yield Recorded(path, artifact, made.stage, key, version=name)


def _recorded_ever(opened: Opened) -> list[Recorded]:
    """Return what every record of the project names, whatever leads to it: as `mlops verify --all` looks at."""
    from mlops_cli.git.command import Git
    from mlops_cli.git.facts import tracked_files

    project, variables = opened.project, opened.environment.variables
    main = project.worktree if project.git_dir == project.common_dir else None
    repository = repository_at(project.common_dir, variables, main)
    if gaps_of(repository).shallow:
        opened.notices.append(
            "the history of this clone is cut off, so older versions are left out; bring it with: git fetch --unshallow"
        )
    records = reachable_records(repository)
    in_git = InGit(tracked_files(Git(project.worktree, variables)))
    return list(_needed(opened, records, in_git, history=True))


def pushed_versions(opened: Opened, pushed: Pushed) -> list[Chosen]:
    """Return what the records at the tips of a push name, and those of every commit that is new to the remote.

    What a tip has from commits that are there already is bygone, too: that it is lost is not this push's doing.

    Raises
    ------
    FileError
        When a record at a tip is wrong.
    HistoryError
        When the commits cannot be read.
    """
    found: list[Recorded] = []
    files: set[str] = set()
    prefix = opened.project.prefix
    for name, commit in pushed.tips:
        revision = read_revision(opened.git, opened.project, commit)
        files.update(prefix + path for path in revision.files)
        found += _named_in(revision, name)
    repository = repository_at(opened.project.common_dir, opened.environment.variables)
    commits = [tip.commit for tip in pushed.tips]
    folder = f"{prefix}{RECORDS}/"
    records = new_records(repository, commits, pushed.known, pushed.remote, folder)
    new = list(_needed(opened, records, InGit(frozenset(files)), history=False))
    brought = {(each.path, each.artifact.digest) for each in new}
    found = [each._replace(bygone=(each.path, each.artifact.digest) not in brought) for each in found]
    return [Chosen(each) for each in _once([*found, *new])]


def _needed(
    opened: Opened, records: Iterable[RecordFile], in_git: InGit, *, history: bool
) -> Iterator[Recorded]:
    """Yield what records of the project say should be in the store; nothing for those that cannot be read."""
    prefix = opened.project.prefix
    for record in records:
        if record.path.startswith(f"{prefix}{RECORDS}/"):
            version = _version(record)
            for need in needs_of(record, in_git, history=history):
                path = need.path.removeprefix(prefix)
                yield Recorded(path, need.artifact, None, need.key, version=version, bygone=bool(version))


def _version(record: RecordFile) -> str:
    """Return how to call the version that a record belongs to; empty for the workspace."""
    if record.where == "workspace" and not inside_project(record.path).startswith(RUNS):
        return ""
    if inside_project(record.path).startswith(RUNS):
        return record.path.rpartition("/")[2].removesuffix(".json")
    return record.where[:_SHORT] if "/" not in record.where else record.where


def _once(recorded: Iterable[Recorded]) -> list[Recorded]:
    """Return each content once at each path, the first that comes."""
    found: dict[tuple[str, Digest, Digest | None], Recorded] = {}
    called: dict[tuple[str, str], Digest] = {}
    for each in sorted(recorded, key=lambda each: each.bygone):
        digest, version = each.artifact.digest, each.version
        if called.setdefault((each.path, version), digest) != digest:
            version += f":{digest[3:11]}"  # as the sides of a conflict
        found.setdefault((each.path, digest, each.key), each._replace(version=version))
    return list(found.values())


def _among(opened: Opened, recorded: Iterable[Recorded], paths: Sequence[str]) -> list[Chosen]:
    """Return what paths ask for of several versions; all of them where none is given."""
    known = _once(recorded)
    if not paths:
        return [Chosen(each) for each in known]
    names = {each.path for each in known}
    chosen: dict[Chosen, None] = {}
    for typed in paths:
        path = project_path(opened, typed)
        around = {holder({name}, path) for name in names} - {None}
        below = {name for name in names if path == "." or name.startswith(f"{path}/")}
        if not (around or below):
            raise UsageError(
                f"none of these versions records anything at {typed}",
                hint="See what was recorded when with: git log --all --stat -- .mlops",
            )
        for each in known:
            if each.path in around:
                chosen[Chosen(each, path[len(each.path) + 1 :])] = None
            elif each.path in below:
                chosen[Chosen(each)] = None
    return list(chosen)


def versions_of(objects: Blobs, chosen: Sequence[Chosen]) -> dict[str, Artifact]:
    """Return artifacts by `Chosen.name`, as `artifacts_of`; a version that does not have the part asked for has nothing to give.

    Raises
    ------
    DataError
        When a tree on the way to a part of the workspace's version is missing, or there is no such part.
    """
    found = artifacts_of(objects, [choice for choice in chosen if not choice.recorded.version])
    for choice in chosen:
        if choice.recorded.version:
            whole = choice.recorded.artifact
            part = inside(objects, whole, choice.inside) if choice.inside else whole
            if part is None and whole.tree and objects.missing([whole.digest]):
                part = whole  # what is in it cannot be told: then all of it is what is missed
            if part is not None:
                found[choice.name] = part
    return found


def with_outs(
    chosen: Sequence[Chosen], artifacts: Mapping[str, Artifact], outs: Mapping[Digest, Mapping[str, Artifact]]
) -> tuple[list[Chosen], dict[str, Artifact]]:
    """Return what was chosen with the outputs that go along with it because their result does, as those that Git keeps.

    Parameters
    ----------
    artifacts : mapping
        By `Chosen.name`.
    outs : mapping
        Key to outputs.
    """
    more, found = list(chosen), dict(artifacts)
    for choice in chosen:
        recorded = choice.recorded
        for path, artifact in outs.get(recorded.key, {}).items() if recorded.key is not None else ():
            other = Chosen(recorded._replace(path=path, artifact=artifact))
            if found.setdefault(other.name, artifact) is artifact:
                more.append(other)
    return more, found


# What became of it ---------------------------------------------------------------------------------------------------------


def complete_keys(
    objects: FolderObjects, chosen: Sequence[Chosen], artifacts: dict[str, Artifact]
) -> set[Digest]:
    """Return the keys of which everything that was chosen is here, down to the last file."""
    found = closure(objects, list(artifacts.values()))
    lacking = objects.missing(found.blobs.keys()) | found.missing.keys()
    lacking |= set(_spoilt(found.trees, found.children, lacking))
    wanted: set[Digest] = set()
    broken: set[Digest] = set()
    for choice in chosen:
        artifact, key = artifacts.get(choice.name), choice.recorded.key
        if key is not None:
            (broken if artifact is None or artifact.digest in lacking else wanted).add(key)
    return wanted - broken


def _spoilt(
    trees: Iterable[Digest], children: dict[Digest, frozenset[Digest]], lacking: Collection[Digest]
) -> Iterator[Digest]:
    """Yield trees that lack something; those inside come before those around them."""
    bad = set(lacking)
    for tree in trees:
        if not bad.isdisjoint(children[tree]):
            bad.add(tree)
            yield tree


def told_apart(
    outcome: Transfer,
    objects: FolderObjects,
    store: RemoteStore,
    chosen: Sequence[Chosen],
    artifacts: dict[str, Artifact],
) -> Transfer:
    """Return a transfer in which what older versions lack, and nobody has any more, is told apart from what failed."""
    if not outcome.failed or not any(choice.recorded.version for choice in chosen):
        return outcome
    names = {choice.name: choice for choice in chosen}
    bygone = {name for name, choice in names.items() if choice.recorded.bygone}
    failed = {each.digest for each in outcome.failed}
    found = closure(objects, list(artifacts.values()))
    unmoved: set[Digest] = {d for d in (*found.trees, *found.blobs, *found.missing) if d in failed}
    nowhere = store.missing(objects.missing(unmoved))
    for tree in found.trees:
        if tree in unmoved and unmoved & found.children[tree] <= nowhere:
            nowhere.add(tree)  # held back only for what it lacks
    needed = closure(objects, [artifact for name, artifact in artifacts.items() if name not in bygone])
    nowhere -= {*needed.trees, *needed.blobs, *needed.missing}
    told = [_called(each, names) for each in outcome.failed]
    return replace(
        outcome,
        failed=tuple(each for each in told if each.digest not in nowhere),
        gone=tuple(each for each in told if each.digest in nowhere),
    )


def _called(failure: Failure, names: dict[str, Chosen]) -> Failure:
    """Return a failure with its path and its version apart, and what helps for that version."""
    name = holder(names, failure.path)
    if name is None or not names[name].recorded.version:
        return failure
    choice = names[name]
    version = choice.recorded.version
    path = f"{choice.path}{failure.path[len(name) :]}"
    sender = re.search(r"mlops push( --repair)?$", failure.hint)
    hint = f"{failure.hint} --rev {shlex.quote(version)}" if sender else failure.hint
    return replace(failure, path=path, version=version, hint=hint)
