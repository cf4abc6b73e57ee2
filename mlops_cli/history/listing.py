"""What a list of runs shows: which runs, in which order, what of each, and which metrics became better. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.canonical import compact
from mlops_cli.history.directions import direction, value_of
from mlops_cli.history.named import alike, bare, meant
from mlops_cli.history.where.expression import Name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mlops_cli.history.directions import Direction, Mark
    from mlops_cli.history.known import KnownRun

_MAIN_METRICS = 3
# What the list has beside what can be asked of a run: branch and commit in one column.
CODE = Name("code")


class Judged(NamedTuple):
    """A metric of one run beside those of others.

    Parameters
    ----------
    change : str or None
        `better` or `worse` than the run before it that has this metric.
    best : bool
        No run in the list that went well is better, and some are worse; it went well itself.
    """

    change: Mark | None
    best: bool


def filtered(runs: Sequence[KnownRun], conditions: Sequence[str], now: float) -> list[KnownRun]:
    """Return the runs that meet every condition.

    Raises
    ------
    UsageError
        When one is no condition, or asks for a parameter or a metric that no run has.
    """
    if not conditions:
        return list(runs)
    from mlops_cli.formats.conditions.tree import names_in
    from mlops_cli.history.where.meaning import check_names, meaning
    from mlops_cli.history.where.parse import parse_where

    parsed = [(text, parse_where(text)) for text in conditions]
    for text, expression in parsed:
        check_names(names_in(expression), text, runs, "--where")
    tests = [meaning(expression) for _, expression in parsed]
    return [run for run in runs if all(test(run, now) for test in tests)]


def ordered(runs: Sequence[KnownRun], text: str, now: float) -> list[KnownRun]:
    """Return runs in the order of a name, smallest first; with a minus before it, largest first.

    Runs without such a value come last, and equal ones stay as they are.

    Raises
    ------
    UsageError
        When it is no name, or one that no run has.
    """
    from mlops_cli.history.where.meaning import check_names, sort_key
    from mlops_cli.history.where.parse import parse_name

    turned = text.startswith("-")
    name = parse_name(text.removeprefix("-"), "--sort")
    check_names([name], text.removeprefix("-"), runs, "--sort")
    key = sort_key(name, now, largest=turned)
    keyed = [(key(run), run) for run in runs]
    present = [(value, run) for value, run in keyed if value is not None]
    present.sort(key=lambda pair: pair[0], reverse=turned)
    return [run for _, run in present] + [run for value, run in keyed if value is None]


def columns_of(text: str, runs: Sequence[KnownRun]) -> list[Name]:
    """Return the columns that a list of names, separated by commas, asks for.

    Raises
    ------
    UsageError
        When one is no name, or one that no run has.
    """
    from mlops_cli.history.where.meaning import check_names
    from mlops_cli.history.where.parse import parse_name

    columns = []
    for part in text.split(","):
        word = part.strip()
        name = CODE if word == CODE.root else parse_name(word, "--columns")
        if name != CODE:
            check_names([name], word, runs, "--columns")
        columns.append(name)
    return columns


def usual_columns(
    shown: Sequence[KnownRun], said: Mapping[str, str], known: Sequence[KnownRun] = ()
) -> list[Name]:
    """Return the columns that tell most about some runs.

    Parameters
    ----------
    said : mapping
        Which way metrics are better, where the settings say so.
    known : sequence of KnownRun, optional
        All that these were chosen from: who ran something is said where it is somebody else than usual.
    """
    columns = [Name("id"), Name("age"), CODE, Name("status")]
    counts = Counter((run.author, run.email) for run in known or shown)
    usual = max(counts, key=lambda who: counts[who], default=None)
    if any((run.author, run.email) != usual for run in shown):
        columns.append(Name("author"))
    columns += varying(shown) + main_metrics(shown, said)
    columns += [Name("outcome")] if any(run.outcome for run in shown) else []
    return columns + ([Name("message")] if any(run.message for run in shown) else [])


def varying(runs: Sequence[KnownRun]) -> list[Name]:
    """Return the parameters that have different values in some runs; one that a run does not have says nothing."""
    seen: dict[str, bytes] = {}
    found: dict[str, None] = {}
    for params in alike([run.params for run in runs]):
        for key, value in params.items():
            if key not in found and seen.setdefault(key, compact(value)) != compact(value):
                found[key] = None
    return [Name("params", key) for key in sorted(found)]


def main_metrics(runs: Sequence[KnownRun], said: Mapping[str, str]) -> list[Name]:
    """Return the metrics that most runs have, those first of which it is known which way they are better.

    One that several stages of a run report is one metric.
    """
    counts: dict[str, int] = {}
    for run in runs:
        for key in {bare(key) for key, value in run.metrics.items() if value_of(value) is not None}:
            counts[key] = counts.get(key, 0) + 1
    chosen = sorted(counts, key=lambda key: (direction(key, said) is None, -counts[key], key))
    return [Name("metrics", key) for key in chosen[:_MAIN_METRICS]]


def judge(
    runs: Sequence[KnownRun], keys: Collection[str], said: Mapping[str, str], shown: Collection[str]
) -> dict[str, dict[str, Judged]]:
    """Return, by metric and run, how a metric stands beside that of the other runs; nothing where nobody knows what is better.

    Parameters
    ----------
    runs : sequence of KnownRun
        In any order: what came before is told by when they ran. Of one with several stages that report a metric, the best counts.
        Repetitions are no new idea: they are left out.
    shown : collection of str
        Of which runs this is wanted.
    """
    ways = {key: way for key in keys if (way := direction(key, said)) is not None}
    rows: dict[str, list[tuple[str, float, bool]]] = {key: [] for key in ways}
    for run in runs:
        if run.repetition:
            continue
        metrics = run.metrics
        for key, way in ways.items():
            own = metrics.get(key)  # as most have it; there may be ten thousand runs
            value = _best_of(metrics, key, way) if own is None else value_of(own)
            if value is not None:
                rows[key].append((run.id, value, run.status == "ok"))
    return {key: _judged(sorted(rows[key]), way, shown) for key, way in ways.items() if rows[key]}


def _best_of(metrics: Mapping[str, Any], key: str, way: Direction) -> float | None:
    found = map(value_of, meant(metrics, key).values())
    values = [value for value in found if value is not None]
    return None if not values else max(values) if way == "up" else min(values)


def _judged(
    rows: Sequence[tuple[str, float, bool]], way: Direction, shown: Collection[str]
) -> dict[str, Judged]:
    values = [value for _, value, good in rows if good]
    best = None if not values else max(values) if way == "up" else min(values)
    differ = len(set(values)) > 1
    judged = {}
    for at, (run, value, good) in enumerate(rows):
        if run not in shown:
            continue
        before = rows[at - 1][1] if at else value
        change: Mark | None = (
            None if value == before else "better" if (value > before) == (way == "up") else "worse"
        )
        judged[run] = Judged(change, good and differ and value == best)
    return judged
