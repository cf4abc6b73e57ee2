"""What `tried` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.history.conditions import shown, values_of
from mlops_cli.history.directions import value_of
from mlops_cli.history.known import own_changes
from mlops_cli.render.lists import list_text
from mlops_cli.render.plain import plain
from mlops_cli.render.runs_table import REPEATED, Cell, runs_table
from mlops_cli.render.short import short_text
from mlops_cli.render.sizes import count_text, number_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlops_cli.actions.tried import TriedResult
    from mlops_cli.history.conditions import Miss
    from mlops_cli.history.known import KnownRun
    from mlops_cli.history.run_event import RunEvent
    from mlops_cli.history.tried import Best, Near

_SCHEMA = 1
_METRICS = 3  # columns of metrics
_BEFORE, _AFTER = 5, 2  # columns around the parameters and the metrics
_LONGEST = 60
_NEAR = "Near, but not this:"
# How soon a column gives way on a narrow terminal: the higher, the sooner; 0 never.
_WEIGHTS = {"run": 0.0, "status": 0.0, "differs": 0.0, "by": 2.0, "said": 3.0, "started": 5.0, "code": 6.0}
_PARAM, _FIRST_METRIC, _METRIC = 4.0, 1.0, 3.5


def tried_text(result: TriedResult, form: str, *, width: int | None = None) -> str:
    """Return the list in one of its forms; as a table nothing where there is nothing in it."""
    head, rows = tried_rows(result, whole=form == "csv")
    if form in ("table", "md") and result.tried.near:
        found = len(_listed(result))
        blank = ("",) * len(head)
        gap = [blank] if found and form == "table" else []
        rows = [*rows[:found], *gap, (_NEAR, *blank[1:]), *rows[found:]]
    if form != "table":
        return list_text(head, rows, form)
    fields = [
        [Cell(plain(text), elastic=name == "said") for name, text in zip(head, row, strict=True)]
        for row in rows
    ]
    return runs_table(head, fields, _weights(head, len(result.params)), width=width) if rows else ""


def _weights(head: Sequence[str], params: int) -> list[float]:
    """Return how soon each column gives way; five stand before the parameters, two after the metrics."""
    metrics = len(head) - _BEFORE - params - _AFTER
    middle = [_PARAM] * params + [_FIRST_METRIC, *[_METRIC] * metrics][:metrics]
    fixed = [_WEIGHTS[name] for name in (*head[:_BEFORE], *head[-_AFTER:])]
    return [*fixed[:_BEFORE], *middle, *fixed[_BEFORE:]]


def tried_rows(result: TriedResult, *, whole: bool = False) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return head and rows: the runs found, then the near misses with what differs.

    Parameters
    ----------
    whole : bool
        All of each text, as for programs.
    """
    found, near = _listed(result), result.tried.near
    listed = [result.tried.metrics(run) for run in (*found, *(each.run for each in near))]
    metrics = _main_metrics(listed, result.tried.best)
    head = ("run", "started", "by", "code", "status", *result.params, *metrics, "said", "differs")
    short = str if whole else _short
    rows = [(*_run_cells(run, result, metrics, short), "") for run in found]
    rows += [(*_run_cells(each.run, result, metrics, short), _differs(each, short)) for each in near]
    return head, rows


def tried_summary(result: TriedResult) -> str:
    """Return sentences on what was found."""
    found, looked = len(result.tried.found), count_text(result.searched, "run")
    if found:
        more = f"; {found - result.shown:,} more are not shown, see --limit" if found > result.shown else ""
        lines = [f"Tried: {found:,} of {looked}{more}."]
    else:
        close = " What comes near is shown." if result.tried.near else ""
        lines = [f"Not tried in any of {looked}.{close}"]
    return "".join(f"{line}\n" for line in (*lines, *(f"{hint}" for hint in result.hints)))


def _listed(result: TriedResult) -> Sequence[KnownRun]:
    return result.tried.found[: result.shown]


def _main_metrics(runs: Sequence[Mapping[str, Any]], best: Mapping[str, Best]) -> list[str]:
    """Return the metrics that most of the runs have; where it is known of any which way they are better, only of those."""
    counts: dict[str, int] = {}
    for run in runs:
        for name in run:
            counts[name] = counts.get(name, 0) + 1
    telling = [name for name in counts if name in best] or list(counts)
    return sorted(telling, key=lambda name: (-counts[name], name))[:_METRICS]


def _run_cells(
    run: KnownRun, result: TriedResult, metrics: Iterable[str], short: Callable[[str], str]
) -> tuple[str, ...]:
    params = (", ".join(shown(value) for value in values_of(run.params, name)) for name in result.params)
    return (
        run.id,
        run.started[:16].replace("T", " "),
        plain(run.author or run.email),
        _code(run),
        run.status + (f" {REPEATED}" if run.repetition and short is not str else ""),
        *(short(text) for text in params),
        *(_metric(run, name, result.tried.best.get(name), short) for name in metrics),
        short(_said(run, result.notes.get(run.id, ()))),
    )


def _code(run: KnownRun) -> str:
    mark = "*" if own_changes(run.dirty, run.experiment) else ""
    commit = f"{run.commit[:8]}{mark}" if run.commit else ""
    return plain(" ".join(part for part in (run.branch, commit) if part))


def _metric(run: KnownRun, name: str, best: Best | None, short: Callable[[str], str]) -> str:
    """Return a metric, and how far it is from the best that any run reached."""
    if name not in run.metrics:
        return ""
    value = value_of(run.metrics[name])
    if value is None:
        return short(shown(run.metrics[name]))
    if best is None:
        return number_text(value)
    far = "best" if value == best.value and not run.repetition else f"{value - best.value:+.3g} to best"
    return f"{number_text(value)} ({far})"


def _said(run: KnownRun, notes: Sequence[RunEvent]) -> str:
    """Return what came of a run in words: the outcome, the last note, the message."""
    parts = [run.outcome or "", notes[-1].text if notes else "", run.message]
    return "; ".join(part for part in parts if part)


def _differs(near: Near, short: Callable[[str], str]) -> str:
    text = plain(", ".join(_miss_text(miss, short) for miss in near.misses))
    return text + (f" (and {count_text(near.others, 'run')} like it)" if near.others else "")


def _miss_text(miss: Miss, short: Callable[[str], str]) -> str:
    if miss.about in ("data", "code", "text"):
        return f"other {miss.about}" if miss.about != "text" else f"nothing said of {short(miss.wanted)}"
    if not miss.had:
        return f"no {miss.about}"
    return (
        f"{miss.about} {', '.join(short(shown(value)) for value in miss.had)} instead of {short(miss.wanted)}"
    )


def _short(text: str) -> str:
    return plain(short_text(" ".join(text.split()), _LONGEST))


# JSON ---------------------------------------------------------------------------------------------------------------


def tried_wire(result: TriedResult) -> dict[str, Any]:
    """Return the shape of `tried --json`."""
    return {
        "schema": _SCHEMA,
        "found": bool(result.tried.found),
        "count": len(result.tried.found),
        "searched": result.searched,
        "runs": [_run_wire(run, result) for run in _listed(result)],
        "near": [
            {
                **_run_wire(each.run, result),
                "differs": [
                    {"about": miss.about, "wanted": miss.wanted, "had": list(miss.had)}
                    for miss in each.misses
                ],
                "others": each.others,
            }
            for each in result.tried.near
        ],
        "best": {name: {"value": best.value, "run": best.run} for name, best in result.tried.best.items()},
        "hints": list(result.hints),
    }


def _run_wire(run: KnownRun, result: TriedResult) -> dict[str, Any]:
    return {
        "id": run.id,
        "status": run.status,
        "started": run.started,
        "seconds": run.seconds,
        "message": run.message,
        "author": run.author,
        "email": run.email,
        "trigger": run.trigger,
        "commit": run.commit,
        "branch": run.branch,
        "dirty": run.dirty,
        "snapshot": run.snapshot,
        "params": dict(run.params),
        "metrics": dict(result.tried.metrics(run)),
        "to_best": _to_best(run, result),
        "stages": list(run.stages),
        "experiment": dict(run.experiment) if run.experiment else None,
        "outcome": run.outcome,
        "notes": [
            {
                "at": event.at,
                "author": event.actor.name if event.actor else None,
                "text": event.text,
                "outcome": event.outcome,
            }
            for event in result.notes.get(run.id, ())
        ],
        "found_in": [{"kind": source.kind, "name": source.name} for source in run.sources],
    }


def _to_best(run: KnownRun, result: TriedResult) -> dict[str, float]:
    values = {name: value_of(run.metrics.get(name)) for name in result.tried.best}
    return {
        name: value - result.tried.best[name].value for name, value in values.items() if value is not None
    }
