"""Results as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.execution.outcome import NEEDS
from mlops_cli.formats.redact import redact
from mlops_cli.project import RECORDS
from mlops_cli.render.absent import absent_text
from mlops_cli.render.data_states import data_states_text
from mlops_cli.render.lists import list_text
from mlops_cli.render.runs_table import text_width

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from mlops_cli.actions.init import InitResult
    from mlops_cli.actions.run import RunResult
    from mlops_cli.actions.stages import StagesResult
    from mlops_cli.actions.status import StatusResult
    from mlops_cli.execution.outcome import Outcome
    from mlops_cli.pipeline.decision import Decision, Reason
    from mlops_cli.tracking.last_failures import Failure

# A table of more stages than this lists only those that have something to say.
_MOST_FRESH = 40
_MOST_REASONS = 4
_MOST_METRICS = 40
_LONGEST_VALUE = 60  # characters
_BESIDE_EACH_OTHER = 6  # columns of metrics that can be taken in
_WIDTH = 120  # of a table in a file


def status_text(result: StatusResult, *, everything: bool = False, width: int | None = None) -> str:
    """Return the states of stages: a table where anything is to be done or the pipeline is small, and a sentence."""
    data = data_states_text(result.data, everything=everything, width=width)
    data += "".join(f"{each.message}.\n  {each.hint}\n" for each in result.seen)
    if not result.stages:
        return data or "There are no stages yet: describe one in mlops.yaml.\n"
    text = _states(result.stages, everything=everything, width=width, failed=result.failed)
    text += _failed_text(result.failed) + _summary(result.stages, pull=result.elsewhere)
    due = [decision.stage for decision in result.needed if decision.state != "fresh"]
    return text + (f"Not fresh of what they need: {_few(due, 4)}.\n" if due else "") + data


def _failed_text(failed: Mapping[str, Failure]) -> str:
    """Return how stages failed that are still to run, with their logs."""
    lines = []
    for stage, failure in list(failed.items())[:_MOST_REASONS]:
        when = failure.started[:16].replace("T", " ")
        lines.append(f"{stage} failed at {when} UTC: {_harmless(failure.message)}")
        lines.append(f"  whole log: {failure.log}" if failure.log else f"  see: mlops show {failure.run}")
    return "".join(f"{line}\n" for line in lines)


def _states(
    decisions: Sequence[Decision],
    *,
    everything: bool,
    width: int | None,
    failed: Collection[str] = (),
) -> str:
    shown = [d for d in decisions if d.state != "fresh" or everything]
    if shown and len(decisions) <= _MOST_FRESH:
        shown = list(decisions)
    if not shown:
        return ""
    rows = [(d.stage, d.state, reasons_text(d.reasons, failed=d.stage in failed)) for d in shown]
    return list_text(("stage", "state", "why"), rows, "table", width=width)


def _summary(decisions: Sequence[Decision], *, pull: bool = False) -> str:
    """Return how many stages are in which state, and the command that changes it: where others may have results, one that asks."""
    counts = _counts(d.state for d in decisions)
    if counts.keys() == {"fresh"}:
        return f"{_stages(len(decisions))}, everything is fresh.\n"
    parts = [
        f"{counts[state]} {state}" for state in ("fresh", "cached", "stale", "waiting") if state in counts
    ]
    command = "mlops run --pull" if pull else "mlops run"
    return f"{_stages(len(decisions))}: {', '.join(parts)}. Bring them up to date with: {command}\n"


def reasons_text(reasons: Sequence[Reason], *, failed: bool = False) -> str:
    """Return reasons in one line, a failure first; where there are many, the first of them and how many more."""
    waits = [reason.subject for reason in reasons if reason.kind == "upstream"]
    texts = [f"waits for {_few(waits, 3)}"] if waits else []
    if failed:  # then it did run
        texts = ["failed last time", *texts]
        reasons = [reason for reason in reasons if reason.kind != "new"]
    texts += [reason_text(reason) for reason in reasons if reason.kind != "upstream"]
    return _few(texts, _MOST_REASONS, "; ")


def _few(texts: Sequence[str], most: int, between: str = ", ") -> str:
    """Join texts; of many the first, and how many more there are."""
    if len(texts) > most:
        texts = [*texts[: most - 1], f"{len(texts) - most + 1} more"]
    return between.join(texts)


def reason_text(reason: Reason) -> str:
    """Return one reason in words.

    Examples
    --------
    >>> from mlops_cli.pipeline.decision import Reason
    >>> reason_text(Reason("param-changed", "train.depth", 4, 8, "params.yaml"))
    'train.depth 4 -> 8'
    """
    name, (old, new) = reason.subject, _values(reason.old, reason.new)
    words = {
        "new": "has not run yet",
        "forced": "forced",
        "always": "runs always",
        "frozen": "frozen",
        "tainted": "an input changed while it ran",
        "upstream": f"waits for {name}",
        "program-changed": f"command changed: {old} -> {new}",
        "step-changed": f"the step {name} is another: version {old} -> {new}",
        "setting-changed": f"with.{name} {old} -> {new}",
        "setting-added": f"with.{name} = {new} is a new setting",
        "setting-removed": f"with.{name} = {old} is no setting any more",
        "wdir-changed": f"wdir {old} -> {new}",
        "outs-changed": "its list of outputs changed",
        "dep-changed": f"{name} changed",
        "dep-added": f"{name} is a new input",
        "dep-removed": f"{name} is no input any more",
        "param-changed": f"{name} {old} -> {new}",
        "param-added": f"{name} = {new} is a new parameter",
        "param-removed": f"{name} is no parameter any more",
        "env-changed": f"${name} {old} -> {new}",
        "runtime-changed": f"{name} changed",
        "key-changed": "its key changed",
        "output-missing": f"{name} is missing",
        "output-changed": f"{name} is not what this stage made last",
    }
    return words[reason.kind]


def _values(old: Any, new: Any) -> tuple[str, str]:
    """Return two values in few words: of long ones that begin alike, the part in which they differ."""
    before, after = (value if isinstance(value, str) else _json(value) for value in (old, new))
    alike = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    long = max(len(before), len(after)) > _LONGEST_VALUE
    skipped = alike - 10 if long and alike > 20 else 0  # a little of what stands before it says where it is
    return _value(old, before, skipped), _value(new, after, skipped)


def _value(value: Any, text: str, skipped: int) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "; ".join(value)  # commands are told in full
    text = f"...{text[skipped:]}" if skipped else text
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def _json(value: Any) -> str:
    import json

    return json.dumps(value)


def run_text(result: RunResult, *, width: int | None = None, everything: bool = False) -> str:
    """Return what became of a run: the plan of a dry one, else a sentence and the metrics of what was done."""
    if not result.plan.decisions:
        return "There are no stages yet: describe one in mlops.yaml.\n"
    if not result.outcomes:
        decisions = tuple(result.plan.decisions.values())
        return (
            _states(decisions, everything=everything, width=width)
            + _summary(decisions)
            + absent_text(result.absent, asked=result.pulls)
        )
    counts = _counts(outcome.status for outcome in result.outcomes)
    if counts.keys() == {"fresh"}:
        return f"{_stages(len(result.outcomes))}, everything is fresh: nothing to do.\n"
    order = ("ran", "cached", "fresh", "failed", "tainted", "skipped")
    parts = [f"{counts[status]} {status}" for status in order if status in counts]
    return (
        f"{metrics_text(result.outcomes, width=width)}{', '.join(parts)} in {seconds_text(result.seconds)}.\n"
    )


def metrics_text(outcomes: Iterable[Outcome], *, width: int | None = None) -> str:
    """Return the metrics that stages reported; empty where there are none, or of very many stages.

    A row a stage; a row a metric where there are many, or where that would be wider than the terminal; and where neither has room,
    a row a stage with the first metrics.

    Parameters
    ----------
    width : int, optional
        Columns of the terminal; in a file 120 are filled.
    """
    rows = [(outcome.stage, outcome.metrics) for outcome in outcomes if outcome.metrics]
    names = list(dict.fromkeys(name for _, metrics in rows for name in metrics))
    if not rows or len(rows) > _MOST_METRICS:
        return ""
    by_stage = [
        ("stage", *names),
        *((stage, *(_number(metrics, name) for name in names)) for stage, metrics in rows),
    ]
    by_metric = [
        ("metric", *(stage for stage, _ in rows)),
        *zip(names, *(row[1:] for row in by_stage[1:]), strict=True),
    ]
    room = width or _WIDTH
    shown = next(
        (
            count
            for count in range(min(len(names), _BESIDE_EACH_OTHER), 1, -1)
            if _width(by_stage, count) <= room
        ),
        1,
    )
    if shown < len(names) and len(rows) <= _BESIDE_EACH_OTHER and (shown == 1 or _width(by_metric) <= room):
        return list_text(by_metric[0], by_metric[1:], "table", width=width) + "\n"
    cells = [row[: shown + 1] for row in by_stage]
    more = f"{len(names) - shown} more metrics: mlops show @latest\n" if len(names) > shown else ""
    return list_text(cells[0], cells[1:], "table", width=width) + more + "\n"


def _width(rows: Sequence[tuple[str, ...]], columns: int | None = None) -> int:
    """Return how wide a table is, of whose columns only the first and so many others are shown."""
    sizes = [max(map(text_width, cells)) for cells in zip(*rows, strict=True)]
    kept = sizes if columns is None else sizes[: columns + 1]
    return sum(kept) + 2 * (len(kept) - 1)


def _number(metrics: Mapping[str, Any], name: str) -> str:
    if name not in metrics:
        return ""
    value = metrics[name]
    if isinstance(value, dict):
        bounds = f" ({value['low']:.4g} to {value['high']:.4g})" if value.keys() >= {"low", "high"} else ""
        return f"{value['value']:.4g}{bounds}"
    return "not a number" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def failures_text(outcomes: Iterable[Outcome]) -> str:
    """Return what went wrong, stage by stage, with the end of each log; and what did not run because of it."""
    parts = []
    skipped: dict[str, list[str]] = {}
    for outcome in outcomes:
        was_fresh = outcome.decision is not None and outcome.decision.state == "fresh"
        if outcome.status == "skipped" and not was_fresh:
            skipped.setdefault(outcome.message, []).append(outcome.stage)
        if outcome.status in ("failed", "tainted"):
            parts.append(f"{outcome.stage} {outcome.status}: {outcome.message}\n")
            if outcome.tail:
                parts.append("".join(f"  | {_harmless(line)}\n" for line in outcome.tail.splitlines()))
            if outcome.log:
                parts.append(f"  whole log: {outcome.log}\n")
    for why, names in skipped.items():
        reason = f"they need {why.removeprefix(NEEDS)}" if why.startswith(NEEDS) and len(names) > 1 else why
        parts.append(f"did not run because {reason}: {_few(names, 6)}\n")
    if any(not why.startswith(NEEDS) for why in skipped):
        parts.append("go on with what does not depend on a failure: mlops run --keep-going\n")
    return "".join(parts)


def _harmless(line: str) -> str:
    """Return a line of a program's output without what would change how the terminal behaves."""
    import re

    plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
    return "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in plain)


def stopped_text() -> str:
    """Return what to know after a run was stopped."""
    return "Stopped. What was finished is kept; go on with: mlops run\n"


def stages_rows(result: StagesResult) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return head and rows of the list of stages."""
    rows: list[tuple[str, ...]] = []
    for stage in result.stages:
        program = f"uses {stage.uses}" if stage.uses else " && ".join(map(redact, stage.commands))
        outs = ", ".join(out.path for out in stage.outs)
        rows.append((stage.name, stage.desc or program, ", ".join(dep.path for dep in stage.deps), outs))
    return ("stage", "what it does", "needs", "makes"), rows


def init_text(result: InitResult) -> str:
    """Return what was written, and what to type next."""
    if not result.written:
        return f"{result.project.root} is a project already; nothing was changed.\n"
    lines = [f"wrote {path}" for path in result.written]
    next_step = "mlops run" if result.example else "describe a stage in mlops.yaml, then: mlops run"
    return "\n".join([*lines, f"Next: {next_step}"]) + "\n"


def commit_text(written: Sequence[str], folder: str = "", *, again: str = "mlops run --commit") -> str:
    """Return which files to commit, and how.

    Parameters
    ----------
    folder : str
        Where the user stands, relative to the project that the paths are relative to.
    again : str
        The command that does it by itself the next time; empty where there is none.
    """
    if not written:
        return ""
    up = "../" * (folder.count("/") + 1) if folder else ""
    records = [path for path in written if path.startswith(f"{RECORDS}/")]
    if len(records) > 1:  # one more with each run, with names that say nothing
        written = sorted({path if path not in records else RECORDS for path in written})
    folders = sorted({path.partition("/")[0] for path in written})
    few = written if len(written) <= 6 else folders
    names = " ".join(_quote(up + path) for path in few)
    next_time = f"    (or next time: {again})" if again else ""
    return f"To keep this: git add {names} && git commit{next_time}\n"


def _quote(path: str) -> str:
    import shlex

    return shlex.quote(path)


def seconds_text(seconds: float) -> str:
    """Return a duration.

    Examples
    --------
    >>> seconds_text(0.1234), seconds_text(75), seconds_text(7300)
    ('0.12 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def files_text(count: int) -> str:
    """Return a number of files.

    Examples
    --------
    >>> files_text(1), files_text(70_000)
    ('1 file', '70,000 files')
    """
    return "1 file" if count == 1 else f"{count:,} files"


def _counts(states: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for state in states:
        counts[state] = counts.get(state, 0) + 1
    return counts


def _stages(count: int) -> str:
    return "1 stage" if count == 1 else f"{count} stages"
