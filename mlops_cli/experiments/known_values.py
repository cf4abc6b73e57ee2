"""What recorded runs tell of a metric, by recipe: a run counts for every tree with the recipe that it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError, FileError, UsageError
from mlops_cli.experiments.measuring import metric_among
from mlops_cli.formats.problems import nearest
from mlops_cli.history.directions import value_of
from mlops_cli.history.tree_recipe import needed_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mlops_cli.history.index.history import History
    from mlops_cli.history.known import KnownRun
    from mlops_cli.history.recipes import Recipes
    from mlops_cli.history.run_record import RunRecord
    from mlops_cli.history.tree_recipe import Recipe
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest

_LOOKED_AT = 20  # records in which the stage that reports a metric is looked for


class Value(NamedTuple):
    """One value of the metric, and the run that it comes from."""

    value: float
    run: str | None


def check_metric(history: History, metric: str) -> None:
    """Refuse a metric that no recorded run has, where recorded runs have others: it would be looked for in vain.

    Raises
    ------
    UsageError
        When it is misspelt, by all that is known.
    """
    names: set[str] = set()
    for known in history.runs():
        if value_of(known.metrics.get(metric)) is not None:
            return
        names.update(known.metrics)
    if not names or any(name.endswith(f":{metric}") for name in names):
        return
    short = {name.rpartition(":")[2] for name in names}
    close = nearest(metric, sorted(names | short))
    hint = (close[:1].upper() + close[1:]) or f"Recorded are: {', '.join(sorted(names)[:10])}"
    raise UsageError(f"no recorded run has the metric {metric}", hint=hint)


def reporting_stages(history: History, metric: str) -> tuple[str, ...]:
    """Return the stages that report a metric, as the newest run says that tells; none where no run tells."""
    looked = 0
    for known in history.runs():
        if looked == _LOOKED_AT:
            break
        if value_of(known.metrics.get(metric)) is None:
            continue
        looked += 1
        found = _reporting(history, known.id, metric)
        if found:
            return found
    return ()


def _reporting(history: History, run: str, metric: str) -> tuple[str, ...]:
    try:
        rows = history.record(run).stages
    except (DataError, FileError):
        return ()
    return tuple(row.name for row in rows if metric_among({row.name: row.metrics}, metric) is not None)


def known_values(
    history: History,
    recipes: Recipes,
    metric: str,
    targets: Sequence[str],
    trees: Mapping[str, str],
    present: Callable[[str], Artifact | None],
) -> dict[Digest, list[Value]]:
    """Return what recorded runs got for the metric, by the recipe that they ran.

    Parameters
    ----------
    targets : sequence of str
        The stages that report it.
    trees : mapping
        Commit to tree: runs on these commits count, and runs whose record came with one of them.
    present : callable
        Returns what lies at a path of the workspace: inputs that are not in Git are the same for all commits, so a run that read
        something else there does not count.
    """
    rows = [row for row in _candidates(history, metric, trees) if recipes.has(row[1])]
    # Neighbours of the same commit differ little, so they are read one after another.
    rows.sort(key=lambda row: (row[0].code.commit or "", row[1]))
    found: dict[Digest, list[tuple[Value, bool]]] = {}
    for (record, _, metrics), recipe in zip(rows, recipes.of([tree for _, tree, _ in rows]), strict=True):
        if not _whole(record, recipe, targets) or not _same_loose(record, recipe, present):
            continue
        value = value_of(metrics.get(metric))
        if value is not None:
            ran = any(row.status == "ran" and (row.name in targets or not targets) for row in record.stages)
            found.setdefault(recipe.digest, []).append((Value(value, record.id), ran))
    return {digest: _independent(values) for digest, values in found.items()}


def _independent(values: list[tuple[Value, bool]]) -> list[Value]:
    """Return values that were really measured: what was restored says the same again; one of it where there is nothing else."""
    measured = [value for value, ran in values if ran]
    return measured or [values[0][0]]


def _candidates(
    history: History, metric: str, trees: Mapping[str, str]
) -> Iterator[tuple[RunRecord, str, Mapping[str, object]]]:
    """Yield runs that may tell: record, tree and metrics."""
    for known in history.runs():
        if known.status != "ok" or not _near(known, trees):
            continue
        if value_of(known.metrics.get(metric)) is None or (known.experiment or {}).get("set"):
            continue
        try:
            record = history.record(known.id)
        except (DataError, FileError):
            continue
        code = record.code
        tree = code.snapshot or (None if code.dirty else code.tree)
        if tree is not None and not record.left_out:
            yield record, tree, known.metrics


def _near(known: KnownRun, trees: Mapping[str, str]) -> bool:
    return known.commit in trees or any(
        source.kind == "commit" and source.name in trees for source in known.sources
    )


def _whole(record: RunRecord, recipe: Recipe, targets: Sequence[str]) -> bool:
    """Whether a run brought everything up to date that the metric rests on, and nothing changed under its hands."""
    if recipe.problem or recipe.pipeline is None:
        return False
    rows = {row.name: row.status for row in record.stages}
    needed = needed_stages(recipe.pipeline, targets)
    return all(rows.get(name) in ("ran", "cached", "fresh") for name in needed)


def _same_loose(record: RunRecord, recipe: Recipe, present: Callable[[str], Artifact | None]) -> bool:
    for path in recipe.loose:
        read = [row.deps[path] for row in record.stages if path in row.deps]
        if not read or not all(artifact.same(present(path)) for artifact in read):
            return False
    return True
