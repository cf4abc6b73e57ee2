"""What `runs` says: a table for eyes, CSV and Markdown for others, and whole records as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlops_cli.history.directions import value_of
from mlops_cli.history.known import own_changes
from mlops_cli.history.listing import CODE
from mlops_cli.history.named import alike, meant
from mlops_cli.history.where.expression import GROUPS, Name
from mlops_cli.history.where.fields import kind_of, reader
from mlops_cli.render.lineage_facts import moment_text, value_text
from mlops_cli.render.lists import list_text
from mlops_cli.render.plain import plain
from mlops_cli.render.runs_table import REPEATED, Cell, runs_table
from mlops_cli.render.short import PROSE, short_text
from mlops_cli.render.sizes import count_text
from mlops_cli.render.text import seconds_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.actions.runs import RunsResult
    from mlops_cli.history.known import KnownRun
    from mlops_cli.history.where.unmet import Unmet

_SCHEMA = 1
_LONGEST_TEXT = 60
_UNTEXT = (
    "",
    "null",
)  # text that stands in quotes in CSV: without, it would be no value, or one that is null
_AGES = ((365 * 86400, "y"), (7 * 86400, "w"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_MARKS = {"better": "▲", "worse": "▼", None: " "}
_STYLES = {"failed": "red", "killed": "red", "stopped": "yellow"}
# What stays longest where a terminal is narrow; parameters and metrics come in between, the first ones first.
_WEIGHTS = {"id": 0.0, "status": 1, "age": 3, "message": 5, "code": 6, "outcome": 3.5, "author": 3.2}

# What fields look like in a table, where it is not just their value.
_TEXTS: Mapping[str, Callable[[KnownRun, Any], str]] = {
    "age": lambda _, age: age_text(age),
    "started": lambda run, _: moment_text(run.started),
    "seconds": lambda run, _: seconds_text(run.seconds),
    "author": lambda run, _: run.author or run.email,
    "stage": lambda run, _: ", ".join(run.stages),
    "commit": lambda run, _: (run.commit or "")[:10],
    "snapshot": lambda run, _: (run.snapshot or "")[:10],
    "dirty": lambda run, _: "yes" if run.dirty else "no",
    "repetition": lambda run, _: "yes" if run.repetition else "no",
    "status": lambda run, _: run.status + (f" {REPEATED}" if run.repetition else ""),
}


def runs_text(result: RunsResult, form: str, *, width: int | None = None) -> str:
    """Return the list of runs.

    Parameters
    ----------
    form : str
        `table`, `csv` or `md`.
    width : int, optional
        Columns of the terminal; None for no limit, as in a file.
    """
    if form == "csv":
        columns = [column for name in result.columns for column in _exact_columns(result, name)]
        heads, rows = [head for head, _ in columns], zip(*[column for _, column in columns], strict=True)
        return list_text(heads, list(rows), "csv")
    cells = [[_cell(result, run, name) for name in result.columns] for run in result.runs]
    head = [_short(name) for name in result.columns]
    if form == "md":
        return list_text(head, [[str(cell) for cell in row] for row in cells], "md")
    if not result.runs:
        return ""
    weights = [0 if result.chosen else _weight(result.columns, at) for at in range(len(head))]
    return runs_table(head, cells, weights, width=width)


def runs_notes(result: RunsResult, *, whole: bool = False) -> str:
    """Return what to know beside the list: how much more there is, and where.

    Parameters
    ----------
    whole : bool
        The list is for a program, which needs no more than to be told what is gone.
    """
    gone = "".join(f"mlops: the record of {run} is gone\n" for run in result.gone)
    unmet = "".join(_unmet_text(each) for each in result.unmet)
    if whole:
        return gone + unmet
    more = result.matched - len(result.runs)
    text = f"{count_text(more, 'more run')}: see all with -n 0\n" if more else ""
    if not result.known:
        where = "on this branch" if result.elsewhere else "yet"
        hint = "see those of other branches and journals with: mlops runs --all"
        text += f"There are no runs {where}" + (
            f"; {hint}\n" if result.elsewhere else "; make one with: mlops run\n"
        )
    elif not result.matched:
        text += f"None of {count_text(result.known, 'run')} is so.\n"
    return text + unmet


def _unmet_text(unmet: Unmet) -> str:
    """Return a sentence on a part of a condition that no run meets, with what there is instead."""
    more = f" and {count_text(unmet.more, 'other value')}" if unmet.more else ""
    near = ", ".join(short_text(plain(each), _LONGEST_TEXT) for each in unmet.nearest)
    there = f"; there {'are' if len(unmet.nearest) > 1 or more else 'is'} {near}{more}" if near else ""
    count = f"; {count_text(unmet.elsewhere, 'run')} elsewhere: see --all" if unmet.elsewhere else ""
    return f"No run here meets {plain(unmet.text)}{there}{count}.\n"


def runs_json(result: RunsResult) -> str:
    """Return what `runs --json` prints; records are handed on as they were written, so that thousands of them take no time."""
    found = [result.records[run.id].decode().strip() for run in result.runs if run.id in result.records]
    inside = ",\n".join(found)
    return f'{{"schema": {_SCHEMA}, "runs": [{inside}]}}\n'


# Cells --------------------------------------------------------------------------------------------------------------


def _short(name: Name) -> str:
    return plain(name.key or name.root)


def _weight(columns: Sequence[Name], at: int) -> float:
    """Return how soon a column gives way where there is not enough room: the higher, the sooner."""
    name = columns[at]
    if name.root in ("params", "metrics"):
        number = [each for each in columns[:at] if each.root == name.root]
        first = 2.0 if name.root == "metrics" else 4.0
        return first + (8 * len(number) if name.root == "params" else 7 * len(number)) / 4
    return float(_WEIGHTS.get(name.root, 9))


def _cell(result: RunsResult, run: KnownRun, name: Name) -> Cell:
    if name == CODE:
        return Cell(_code(run))
    if name.root == "metrics":
        return _metric(result, run, name)
    values = reader(name)(run, result.now)
    if not values:
        return Cell("")
    if name.root == "params":
        return Cell(_cut(plain(", ".join(map(value_text, values)))), right=_is_number(values[0]))
    text = _TEXTS[name.root](run, values[0]) if name.root in _TEXTS else str(values[0])
    style = _STYLES.get(run.status, "") if name.root == "status" else ""
    right = name.root in ("age", "seconds", "notes")
    elastic = name.root == "message"
    return Cell(plain(short_text(text, PROSE)), style=style, right=right, elastic=elastic)


def _metric(result: RunsResult, run: KnownRun, name: Name) -> Cell:
    values = reader(name)(run, result.now)
    text = _range(values)
    judged = result.judged.get(name.key, {}).get(run.id)
    if judged is None or not text:
        return Cell(text, right=True)
    mark = f" {_MARKS[judged.change]}{'★' if judged.best else ' '}"
    style = "bold green" if judged.best else {"better": "green", "worse": "red"}.get(judged.change or "", "")
    return Cell(text, style=style, right=True, mark=mark)


def _range(values: Sequence[Any]) -> str:
    """Return a metric's value; of several stages' the smallest and the largest."""
    numbers = sorted(number for value in values if (number := value_of(value)) is not None)
    if len(numbers) == len(values) > 1:
        low, high = number_text(numbers[0]), number_text(numbers[-1])
        return low if low == high else f"{low}…{high}"
    return ", ".join(map(number_text, values))


def _code(run: KnownRun) -> str:
    parts = [part for part in (run.branch, (run.commit or "")[:7]) if part]
    return plain(" ".join(parts)) + ("*" if own_changes(run.dirty, run.experiment) else "")


def _exact_columns(result: RunsResult, name: Name) -> list[tuple[str, list[str]]]:
    """Return head and cells for programs: a parameter or metric that runs have of several files or stages has a column for each."""
    if name.root not in GROUPS:
        return [(str(name), [_exact(run, name, result.now) for run in result.runs])]
    found = alike([getattr(run, name.root) for run in result.runs])
    own = [meant(dict(values), name.key) for values in found]
    key, part = name.key, ""
    if name.root == "metrics" and not any(own):  # `auc.low`
        key, _, part = name.key.rpartition(".")
        own = [_parts(meant(dict(values), key), part) for values in found]
    names = sorted({each for values in own for each in values}, key=lambda each: (":" in each, each)) or [
        name.key
    ]
    columns = [
        [_plain_text(_measured(values[each])) if each in values else "" for values in own] for each in names
    ]
    return [(str(Name(name.root, each)), column) for each, column in zip(names, columns, strict=True)]


def _parts(metrics: Mapping[str, Any], part: str) -> dict[str, Any]:
    return {
        f"{name}.{part}": value[part]
        for name, value in metrics.items()
        if isinstance(value, dict) and part in value
    }


def _measured(value: Any) -> Any:
    number = value_of(value)
    return value if number is None else number


def _exact(run: KnownRun, name: Name, now: float) -> str:
    """Return a cell for programs: whole, and numbers as they are; empty only where there is no value."""
    if name == CODE:
        return _code(run)
    values = reader(name)(run, now)
    if name.root == "started":
        return run.started
    if name.root == "author":
        return run.author or run.email
    if kind_of(name) == "span" and values:
        return f"{values[0]:.3f}"
    return ", ".join(map(_plain_text, values))


def _plain_text(value: Any) -> str:
    return value if isinstance(value, str) and value not in _UNTEXT else json.dumps(value, ensure_ascii=False)


def age_text(seconds: float) -> str:
    """Return how long ago something was, roughly.

    Examples
    --------
    >>> age_text(0.2), age_text(59), age_text(7200), age_text(86400 * 13), age_text(86400 * 900)
    ('0s', '59s', '2h', '13d', '2y')
    """
    for size, unit in _AGES:
        if seconds >= (2 * size if unit in "wy" else size):
            return f"{int(seconds // size)}{unit}"
    return "0s"


def number_text(value: Any) -> str:
    """Return a metric's value in as many digits as people compare.

    Examples
    --------
    >>> number_text(0.91342), number_text(12), number_text(1234.56), number_text(True)
    ('0.9134', '12', '1234.6', 'true')
    """
    number = value_of(value)
    if number is None:
        return plain(value_text(value))
    if isinstance(number, int) or (abs(number) < 1e15 and number.is_integer()):
        return str(int(number))
    return f"{number:.4g}" if abs(number) < 1000 else f"{number:.1f}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
