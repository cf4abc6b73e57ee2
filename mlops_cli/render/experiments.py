"""`run -S`: experiments on their way, and what came of them."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from mlops_cli.execution.events import Notice
from mlops_cli.history.directions import direction, value_of
from mlops_cli.render.plain import plain
from mlops_cli.render.runs_table import Cell, runs_table, text_width
from mlops_cli.render.text import seconds_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.table import Table

    from mlops_cli.actions.experiments import ExperimentsResult
    from mlops_cli.experiments.trial import Trial

_METRICS = 4  # columns of metrics on a terminal
_ROWS = 20  # of a live table
_ENDED = ("ok", "failed", "stopped")


def experiments_wire(result: ExperimentsResult) -> dict[str, Any]:
    """Return the shape of `run -S … --json`."""
    return {
        "schema": 1,
        "sweep": result.sweep,
        "dry": result.dry,
        "experiments": [_trial_wire(trial) for trial in result.trials],
    }


def _trial_wire(trial: Trial) -> dict[str, Any]:
    value: dict[str, Any] = {
        "set": dict(trial.settings),
        "run": trial.run,
        "status": trial.status,
        "metrics": dict(trial.metrics),
        "seconds": round(trial.seconds, 3),
    }
    if trial.before:
        value["before"] = True
    if trial.trouble:
        value["message"] = trial.trouble
    return value


def experiments_text(
    result: ExperimentsResult, *, said: Mapping[str, str] | None = None, width: int | None = None
) -> str:
    """Return what became of experiments: a table, the best of its main metric first, and a sentence.

    Parameters
    ----------
    said : mapping, optional
        What the settings say of metrics' directions.
    """
    metric = main_metric(result.trials, said)
    metrics = _metrics(result.trials, metric)
    shown = metrics if width is None else metrics[:_METRICS]
    names = _settings(result.trials)
    rows = [
        [
            Cell(trial.run or ""),
            Cell(_status(trial)),
            *(Cell(plain(value_text(trial.settings.get(name)))) for name in names),
            *(Cell(_metric_text(trial, name)) for name in shown),
        ]
        for trial in _sorted(result.trials, metric, said)
    ]
    heads = [
        f"{name} {'↑' if way == 'up' else '↓'}" if (way := direction(name, said)) else name for name in shown
    ]
    vary = varying(result.trials)
    weights = [0.0, 2.0]  # the main metric stays longest; a parameter that is the same everywhere goes first
    weights += [(3.0 if name in vary else 100.0) + at for at, name in enumerate(names)]
    weights += [1.0 if not at else 3.5 + at for at in range(len(shown))]
    table = runs_table(["run", "status", *map(plain, names), *heads], rows, weights, width=width)
    return table + _sentence(result)


def varying(trials: Sequence[Trial]) -> list[str]:
    """Return the parameters that are not the same in all of some experiments; all of them where no two differ."""
    names = _settings(trials)
    if trials and trials[0].varies:
        return list(trials[0].varies)
    found = [name for name in names if len({value_text(trial.settings.get(name)) for trial in trials}) > 1]
    return found or names


def _sentence(result: ExperimentsResult) -> str:
    trials = result.trials
    counts = {
        "to run": sum(trial.status == "waiting" for trial in trials),
        "ok": sum(trial.status == "ok" and not trial.before for trial in trials),
        "done before": sum(trial.before for trial in trials),
        "failed": sum(trial.status == "failed" for trial in trials),
        "stopped": sum(trial.status == "stopped" for trial in trials),
        "not begun": sum(trial.status == "left" for trial in trials),
    }
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    what = "1 experiment" if len(trials) == 1 else f"{len(trials)} experiments"
    text = f"{what}: {said}.\n"
    if counts["not begun"] or counts["stopped"]:
        text += "The same command runs the rest.\n"
    if counts["ok"] or counts["done before"]:
        text += "Take one over with: mlops apply RUN\n"
    return text


def experiments_failures(trials: Iterable[Trial]) -> str:
    """Return what went wrong, a line an experiment."""
    failed = [trial for trial in trials if trial.status == "failed"]
    return "".join(f"failed: {settings_text(trial.settings)}: {trial.trouble}\n" for trial in failed)


def main_metric(trials: Sequence[Trial], said: Mapping[str, str] | None = None) -> str | None:
    """Return the metric to sort by: the first that has a direction, else the first."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.metrics))
    return next((name for name in names if direction(name, said)), names[0] if names else None)


def _metrics(trials: Sequence[Trial], first: str | None) -> list[str]:
    names = dict.fromkeys([first] if first else [])
    names.update(dict.fromkeys(name for trial in trials for name in trial.metrics))
    return list(names)


def _settings(trials: Sequence[Trial]) -> list[str]:
    return list(dict.fromkeys(name for trial in trials for name in trial.settings))


def _sorted(trials: Sequence[Trial], metric: str | None, said: Mapping[str, str] | None) -> list[Trial]:
    """Return experiments, the best first; those without the metric last, in the order of the sweep."""
    if metric is None:
        return list(trials)
    sign = 1 if direction(metric, said) == "down" else -1
    values = {trial.number: value_of(trial.metrics.get(metric)) for trial in trials}
    known = [trial for trial in trials if values[trial.number] is not None]
    rest = [trial for trial in trials if values[trial.number] is None]
    return sorted(known, key=lambda trial: sign * (values[trial.number] or 0.0)) + rest


def _status(trial: Trial) -> str:
    return "done before" if trial.before else {"left": "not begun"}.get(trial.status, trial.status)


def value_text(value: Any) -> str:
    """Return a parameter's value: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _metric_text(trial: Trial, name: str) -> str:
    value = value_of(trial.metrics.get(name))
    return "" if value is None else f"{value:.6g}"


def settings_text(settings: Mapping[str, Any]) -> str:
    """Return parameters and values in one line.

    Examples
    --------
    >>> settings_text({"lr": 0.1, "name": "a"})
    'lr=0.1 name=a'
    """
    return " ".join(f"{name}={value_text(value)}" for name, value in settings.items())


# Progress -----------------------------------------------------------------------------------------------------------


class PlainSweep:
    """A line when an experiment ends.

    Parameters
    ----------
    out : text stream
        Where lines go.
    everything : bool
        Also say when one begins, and what it says itself.
    """

    def __init__(self, out: TextIO, *, everything: bool = False) -> None:
        self._out = out
        self._everything = everything
        self._lock = threading.Lock()

    def __call__(self, event: Trial | Notice) -> None:
        """Write a line for what is worth one."""
        line = event_line(event, everything=self._everything)
        if line:
            with self._lock, suppress(OSError):
                self._out.write(f"{line}\n")
                self._out.flush()

    def close(self) -> None:
        """Do nothing: every line is out."""


class LiveSweep:
    """A table of what runs and what has ended, drawn over on a terminal.

    Parameters
    ----------
    out : text stream
        A terminal.
    """

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        self._lock = threading.Lock()
        self._since: dict[int, float] = {}
        self._trials: dict[int, Trial] = {}
        self._console = Console(file=out, highlight=False)
        self._live = Live(
            console=self._console,
            refresh_per_second=4,
            transient=True,
            get_renderable=self._table,
        )
        self._live.start()

    def __call__(self, event: Trial | Notice) -> None:
        """Draw an event."""
        if isinstance(event, Notice):
            from rich.text import Text

            with suppress(OSError):
                self._live.console.print(Text(event.text, style="yellow"))
            return
        with self._lock:
            self._since.setdefault(event.number, time.monotonic())
            self._trials[event.number] = event

    def close(self) -> None:
        """Remove the table."""
        with suppress(OSError):
            self._live.stop()

    def _table(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        with self._lock:
            trials = sorted(self._trials.values(), key=lambda trial: (trial.status in _ENDED, -trial.number))
            since = dict(self._since)
        ended = sum(trial.status in _ENDED for trial in trials)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for name in (f"{ended} ended", "parameters", "seconds"):
            table.add_column(name, no_wrap=True, overflow="ellipsis")
        now = time.monotonic()
        vary = varying(trials)
        rows: list[list[str]] = []
        for trial in trials[:_ROWS]:
            running = trial.status not in _ENDED
            seconds = now - since[trial.number] if running else trial.seconds
            last = trial.doing if running else trial.trouble or _metrics_text(trial)
            settings = {name: trial.settings[name] for name in vary if name in trial.settings}
            rows.append([_status(trial), settings_text(settings), seconds_text(seconds), last])
        # What stands last gives way to the parameters, which are shown whole.
        room = self._console.width - sum(
            max(text_width(cell) for cell in (head, *(row[at] for row in rows))) + 2
            for at, head in enumerate((f"{ended} ended", "parameters", "seconds"))
        )
        if room >= len("metrics"):
            table.add_column("metrics", no_wrap=True)
        for trial, (status, *others, last) in zip(trials, rows, strict=False):
            style = {"ok": "green", "failed": "red"}.get(trial.status, "")
            cells = [*others, _cut(last, room)] if len(table.columns) > len(others) + 1 else others
            table.add_row(Text(status, style=style), *map(Text, cells))
        return table


def _cut(text: str, width: int) -> str:
    return text if text_width(text) <= width else f"{text[: width - 1]}…"


def event_line(event: Trial | Notice, *, everything: bool) -> str:
    """Return the line that something is worth; empty for none."""
    if isinstance(event, Notice):
        return event.text
    name = settings_text(event.settings)
    if event.status == "running":
        return f"{name}: {event.doing or 'starts'}" if everything else ""
    if event.before:
        return f"{name}: done before: {event.run}"
    what = f"{event.status} in {seconds_text(event.seconds)}"
    run = f" ({event.run})" if event.run else ""
    tail = event.trouble or _metrics_text(event)
    return f"{name}: {what}{run}" + (f": {tail}" if tail else "")


def _metrics_text(trial: Trial) -> str:
    return " ".join(f"{name} {_metric_text(trial, name)}" for name in list(trial.metrics)[:_METRICS])
