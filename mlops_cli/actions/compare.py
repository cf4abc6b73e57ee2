"""`compare`: what differs between runs, or between what commits have recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.git.trees import FileLines, changed_files, difference, kept_in
from mlops_cli.history.compare import Comparison
from mlops_cli.history.compare import compare as compare_sides
from mlops_cli.history.refs import resolve
from mlops_cli.history.sides import Facts, Side, facts_of_commit, facts_of_run, fold, named_alike
from mlops_cli.tracking.commit_run import of_commit
from mlops_cli.tracking.which_run import last_maker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.errors import HistoryError
    from mlops_cli.history.compare_profiles import ProfileRow
    from mlops_cli.history.refs import Ref
    from mlops_cli.opened import Opened
    from mlops_cli.tracking.stale_records import Stale


@dataclass(frozen=True, slots=True)
class CodeChange:
    """How the code of one side differs from the baseline's.

    Parameters
    ----------
    files : tuple of FileLines
        Those that runs read come first.
    read : frozenset of str
        The files, of these, that a stage of one of the two read.
    unknown : str
        Why it cannot be said; empty where it can.
    text : str
        The difference itself, where that was asked for.
    """

    files: tuple[FileLines, ...] = ()
    read: frozenset[str] = frozenset()
    unknown: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class CompareResult:
    """What differs.

    Parameters
    ----------
    code : tuple of CodeChange
        One for each side but the first.
    stale : tuple of Stale
        Commits whose records are not of their code.
    profiles : tuple of ProfileRow
        What profiles say of data that both sides have profiled.
    trouble : HistoryError or None
        What of the history is not here.
    """

    comparison: Comparison
    code: tuple[CodeChange, ...]
    trouble: HistoryError | None = None
    stale: tuple[Stale, ...] = ()
    profiles: tuple[ProfileRow, ...] = ()


def compare(
    opened: Opened, refs: Sequence[str], *, everything: bool = False, code: bool = False, each: bool = False
) -> CompareResult:
    """Say what differs between runs; the first is the baseline.

    Parameters
    ----------
    refs : sequence of str
        Two or more: runs, artifacts (the run that made each), or commits (what each has recorded).
    everything : bool
        Also what is the same.
    code : bool
        The difference of the code itself, too.
    each : bool
        Runs that repeat each other stay apart.

    Raises
    ------
    UsageError
        When there are fewer than two, or one means nothing.
    DataError
        When a record is gone.
    """
    if len(refs) < 2:
        raise UsageError(
            "compare takes two runs or more",
            hint="See what there is with: mlops runs; then: mlops compare A B",
        )
    stale: list[Stale] = []
    facts = named_alike(
        [_with_sizes(opened, found) for found in (_facts(opened, ref, stale) for ref in refs)]
    )
    sides = tuple(Side((found,)) for found in facts) if each else fold(facts)
    changes = tuple(_code(opened, sides[0].first, side.first, text=code) for side in sides[1:])
    told = not any(change.unknown for change in changes)
    kept = {found.name: _kept(opened, found) for found in facts} if told else {}
    comparison = compare_sides(
        sides,
        everything=everything,
        is_code=lambda found, path: path in kept.get(found.name, ()),
        said=opened.config.metrics,
    )
    profiles = _profiles(opened, sides, everything=everything)
    return CompareResult(comparison, changes, opened.history.trouble, tuple(stale), profiles)


# What is compared ---------------------------------------------------------------------------------------------------


def _facts(opened: Opened, text: str, stale: list[Stale]) -> Facts:
    history = opened.history
    ref = resolve(history, opened.git, opened.project, text, opened.folder, opened.config.metrics)
    if ref.kind == "commit":
        return _of_commit(opened, ref, stale)
    run = ref.run or (last_maker(history, ref.digest) if ref.digest else None)
    if run is None:
        raise UsageError(
            f"no known run made {text}", hint=f"See what is known of it with: mlops lineage {text}"
        )
    return facts_of_run(text, history.record(run), history.by_key)


def _of_commit(opened: Opened, ref: Ref, stale: list[Stale]) -> Facts:
    """Return what a commit's stage records say; a run of its code where they are older than it; its last run where it has none."""
    found = of_commit(opened, ref.text, ref.commit or ref.text)
    if found.stale is not None and found.stale not in stale:
        stale.append(found.stale)
    if found.stages and not (found.stale and found.run):
        runtime = opened.history.record(found.maker).runtime if found.maker else None
        return facts_of_commit(ref.text, found.commit, found.stages, runtime)
    if found.run is None:
        raise UsageError(
            f"nothing was recorded at {ref.text}", hint="See where something was: mlops runs --all"
        )
    ran = facts_of_run(ref.text, opened.history.record(found.run), opened.history.by_key)
    if found.stale is None:
        return ran
    return replace(ran, commit=found.commit, tree=found.commit, branch=None, dirty=False)


def _with_sizes(opened: Opened, facts: Facts) -> Facts:
    """Return facts in which directories of data say how many files they have."""
    inputs = dict(facts.inputs)
    for path, each in inputs.items():
        known = opened.history.data(each.digest) if each.tree else []
        if known:
            inputs[path] = each._replace(files=known[0].files)
    return replace(facts, inputs=inputs)


def _profiles(opened: Opened, sides: Sequence[Side], *, everything: bool) -> tuple[ProfileRow, ...]:
    """Return what profiles say; where no side has one, nothing is imported."""
    if not any(side.first.profiled for side in sides):
        return ()
    from mlops_cli.history.compare_profiles import compare_profiles
    from mlops_cli.tracking.known_profiles import profile_reader

    return compare_profiles(sides, profile_reader(opened), everything=everything)


# Code ---------------------------------------------------------------------------------------------------------------


def _kept(opened: Opened, facts: Facts) -> frozenset[str]:
    """Return the inputs of a run that are code: Git has them, and no data record does."""
    if facts.tree is None:
        return frozenset()
    candidates = [
        path
        for path, each in facts.inputs.items()
        if not any(data.path == path for data in opened.history.data(each.digest))
    ]
    return kept_in(opened.git, facts.tree, candidates)


def _code(opened: Opened, old: Facts, new: Facts, *, text: bool) -> CodeChange:
    for facts in (old, new):
        if facts.tree is None:
            return CodeChange(unknown=f"the uncommitted code of {facts.name} was not kept")
    if old.tree == new.tree:
        return CodeChange()
    files = changed_files(opened.git, str(old.tree), str(new.tree))
    if files is None:
        return CodeChange(unknown=f"Git does not have the code of {old.name} or {new.name} any more")
    made = {*old.outs, *new.outs}
    inputs = {*old.inputs, *new.inputs}
    files = tuple(file for file in files if not _below(file.path, made))
    read = frozenset(file.path for file in files if _below(file.path, inputs))
    ordered = tuple(sorted(files, key=lambda file: (file.path not in read, file.path)))
    paths = [name for file in ordered for name in (file.before, file.path) if name]
    shown = difference(opened.git, str(old.tree), str(new.tree), paths) if text else ""
    return CodeChange(ordered, read, "", shown)


def _below(path: str, paths: set[str]) -> bool:
    """Whether a path is one of some paths, or lies in one."""
    while path:
        if path in paths:
            return True
        path = path.rpartition("/")[0]
    return False
