"""What `show` says of a run, and its shape as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.history.known import own_changes
from mlops_cli.history.run_event import dump_run_event
from mlops_cli.render.lineage_facts import moment_text, short_digest, value_text
from mlops_cli.render.plain import plain
from mlops_cli.render.runs_table import text_width
from mlops_cli.render.short import PROSE, VALUE, short_text
from mlops_cli.render.sizes import count_text
from mlops_cli.render.text import seconds_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlops_cli.actions.show import CodeHere, ShowResult
    from mlops_cli.history.known import Source
    from mlops_cli.history.run_event import RunEvent
    from mlops_cli.history.run_record import RunRecord, StageRun
    from mlops_cli.store.artifact import Artifact

_MOST_PACKAGES = 12
_MOST_FRESH = 5
_WIDEST_NAME = 40


def show_text(result: ShowResult, *, everything: bool = False) -> str:
    """Return a run in full.

    Parameters
    ----------
    everything : bool
        Every package, what `fresh` stages there were, and all of each text.
    """
    record = result.record
    prose, value = (None, None) if everything else (PROSE, VALUE)
    sections = [
        _rows(_head(record), most=prose),
        _section("code", _code(record, result.code)),
        _stages(record.stages, everything=everything),
        _section("parameters", ((name, value_text(given)) for name, given in record.params.items()), value),
        _section("metrics", ((name, value_text(found)) for name, found in record.metrics.items()), value),
        _data(record.stages),
        _section("environment", _environment(record, everything=everything)),
        _section("kept in", [("", _source(source)) for source in _few_sources(result.sources)], prose),
        _section("notes and verdicts", map(_event, result.events), prose),
    ]
    return "\n".join(section for section in sections if section)


def show_wire(result: ShowResult) -> dict[str, Any]:
    """Return the shape of `show --json`: the record, and `events`."""
    record: dict[str, Any] = json.loads(result.data)
    return record | {"events": [json.loads(dump_run_event(event)) for event in result.events]}


def _head(record: RunRecord) -> Iterable[tuple[str, str]]:
    actor, trigger = record.actor, record.trigger
    yield "run", record.id
    yield "status", record.status
    if record.message:
        yield "message", record.message
    if actor is not None:
        yield "by", f"{actor.name} <{actor.email}>"
    yield "started", f"{moment_text(record.started)} UTC, took {seconds_text(record.seconds)}"
    if trigger.kind != "cli" or trigger.url:
        yield "trigger", " ".join(filter(None, (trigger.kind, trigger.url)))
    for name, value in (record.experiment or {}).items():
        if name != "dirty" and value not in (None, {}, ""):
            yield f"experiment {name}", _pairs(value) if isinstance(value, dict) else value_text(value)
    for parent in record.parents:
        yield "parent", _pairs(parent)


def _code(record: RunRecord, here: CodeHere) -> Iterable[tuple[str, str]]:
    code = record.code
    yield "branch", code.branch or "none (detached HEAD)"
    yield (
        "commit",
        (code.commit or "none yet")
        + (" with uncommitted changes" if own_changes(code.dirty, record.experiment) else "")
        + (", which is not in this clone" if code.commit and here != "commit" else ""),
    )
    if here == "nothing":
        yield "code", "not in this clone"
    elif here == "tree":
        yield "snapshot", f"{code.kept}; see its files with: git ls-tree -r {(code.kept or '')[:10]}"
    elif code.snapshot:
        yield (
            "snapshot",
            f"{code.snapshot}; see the changes with: git diff {(code.commit or '')[:10]} {code.snapshot[:10]}",
        )
    for row in record.left_out:
        size = f", {size_text(row['size'])}" if row.get("size") else ""
        yield "left out", f"{row.get('path') or ''} ({row.get('why')}{size})"


def _stages(stages: Sequence[StageRun], *, everything: bool) -> str:
    fresh = [stage.name for stage in stages if stage.status == "fresh"]
    folded = set() if everything or len(fresh) <= _MOST_FRESH else set(fresh)
    rows = []
    for stage in stages:
        if stage.name in folded:
            continue
        took = seconds_text(stage.seconds) if stage.seconds else ""
        exit_code = f"exit code {stage.exit_code}" if stage.exit_code and not stage.message else ""
        about = ", ".join(filter(None, (stage.status, took, exit_code, stage.message)))
        rows.append((stage.name, about))
    if folded:
        rows.append(("", f"and {count_text(len(fresh), 'stage')} fresh; see them with -v"))
    return _section("stages", rows, None if everything else PROSE)


def _data(stages: Sequence[StageRun]) -> str:
    made = {path: artifact for stage in stages for path, artifact in stage.outs.items()}
    read = {path: artifact for stage in stages for path, artifact in stage.deps.items() if path not in made}
    rows = [(path, f"read  {_artifact(artifact)}") for path, artifact in read.items()]
    return _section(
        "data", [*rows, *((path, f"made  {_artifact(artifact)}") for path, artifact in made.items())]
    )


def _artifact(artifact: Artifact) -> str:
    return f"{short_digest(artifact.digest)}  {size_text(artifact.size)}"


def _environment(record: RunRecord, *, everything: bool) -> Iterable[tuple[str, str]]:
    runtime = record.runtime
    yield "python", runtime.python
    yield "platform", runtime.platform
    yield "cpus", str(runtime.cpus)
    if runtime.gpus:
        yield "gpu", ", ".join(runtime.gpus)
    yield from ((name, value) for name, value in runtime.threads.items() if value)
    names = [f"{name} {version}" for name, version in sorted(runtime.packages.items())]
    shown = names if everything else names[:_MOST_PACKAGES]
    more = f" and {len(names) - len(shown)} more; see them with -v" if len(shown) < len(names) else ""
    yield "packages", ", ".join(shown) + more


def _few_sources(sources: Sequence[Source]) -> list[Source]:
    """Return where a record was found: of commits the first one, which brought it."""
    commits = [source for source in sources if source.kind == "commit"]
    return commits[:1] + [source for source in sources if source.kind != "commit"]


def _source(source: Source) -> str:
    if source.kind == "commit":
        return (
            f"commit {source.name[:10]} of {source.author}, {moment_text(source.time)} UTC: {source.subject}"
        )
    return f"the journal {source.name}" if source.kind == "journal" else "the workspace"


def _event(event: RunEvent) -> tuple[str, str]:
    who = f"  {event.actor.name}" if event.actor else ""
    kind = "rerun " if event.kind == "rerun" else ""
    said = [
        event.outcome or "",
        event.verdict or "",
        f"from {event.stage} on" if event.stage else "",
        event.text,
    ]
    return f"{moment_text(event.at)}{who}", kind + ": ".join(filter(None, said))


def _section(title: str, rows: Iterable[tuple[str, str]], most: int | None = None) -> str:
    text = _rows(rows, "  ", most)
    return f"{title}\n{text}" if text else ""


def _rows(rows: Iterable[tuple[str, str]], indent: str = "", most: int | None = None) -> str:
    """Return names and texts in two columns; what has several lines stays in its column.

    Parameters
    ----------
    most : int, optional
        Characters of a text; None for all.
    """
    cut = [(name, text if most is None else short_text(text, most)) for name, text in rows]
    shown = [(plain(name), [plain(line) for line in text.splitlines()]) for name, text in cut]
    size = min(max((text_width(name) for name, _ in shown), default=0), _WIDEST_NAME)
    text = ""
    for name, lines in shown:
        for number, line in enumerate(lines or [""]):
            title = name if number == 0 else ""
            blanks = " " * (max(size - text_width(title), 0) + (2 if size else 0))
            text += f"{indent}{title}{blanks}{line}".rstrip() + "\n"
    return text


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value_text(value)}" for name, value in values.items())
