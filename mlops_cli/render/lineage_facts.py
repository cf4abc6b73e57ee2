"""What is known of a node of lineage, as rows of text; and short forms of what its line says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.plain import plain
from mlops_cli.render.short import short_text
from mlops_cli.render.text import seconds_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mlops_cli.tracking.lineage_departed import Departed

_OTHERS = 3  # runs that are named which made the same bytes
_RELATIONS = {"warm_start": "warm start", "built_on": "built on it"}
_STATUS = {"ran": "ran", "cached": "restored, not run again", "recorded": "recorded", "tainted": "tainted"}
_TITLES = {
    "path": "path",
    "run": "run",
    "message": "why",
    "branch": "branch",
    "snapshot": "snapshot of the code",
    "key": "key",
    "record": "record",
    "commit": "commit",
    "subject": "subject",
    "file": "file",
    "tracked": "tracked as",
    "files": "files",
    "stands_for": "stands for",
}


def short_digest(digest: str) -> str:
    """Return a digest's beginning.

    Examples
    --------
    >>> short_digest("b3:1f2e3d4c5b6a79887766554433221100")
    'b3:1f2e3d4c5b6a'
    """
    kind, _, rest = digest.partition(":")
    return f"{kind}:{rest[:12]}"


def also_text(facts: Mapping[str, Any]) -> str:
    """Return which other runs made the same bytes as an artifact.

    Examples
    --------
    >>> also_text({"also_made_by": ["20260101T000000000-1f2e3d4c"]})
    'also made by run 20260101T000000000-1f2e3d4c (same bytes)'
    """
    runs = [str(run) for run in facts["also_made_by"]]
    more = f" and {len(runs) - _OTHERS} more" if runs[_OTHERS:] else ""
    return f"also made by run {', '.join(runs[:_OTHERS])}{more} (same bytes)"


def moment_text(value: Any) -> str:
    """Return a time as records have it, or in seconds since the epoch, to the minute and in UTC.

    Examples
    --------
    >>> moment_text("2026-01-31T17:59:00.123Z"), moment_text(0), moment_text("soon")
    ('2026-01-31 17:59', '1970-01-01 00:00', 'soon')
    """
    try:
        seconds = isinstance(value, (int, float))
        found = datetime.fromtimestamp(value, UTC) if seconds else datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return str(value)
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%M}"


def value_text(value: Any) -> str:
    """Return a parameter's or a metric's value."""
    if isinstance(value, dict) and "value" in value:
        low, high = value.get("low"), value.get("high")
        around = f" [{value_text(low)}, {value_text(high)}]" if low is not None and high is not None else ""
        return value_text(value["value"]) + around
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def pairs_text(values: Mapping[str, Any], most: int = 12, *, whole: bool = True) -> str:
    """Return names and values in a line.

    Parameters
    ----------
    whole : bool
        All of each value; its beginning otherwise.
    """
    texts = {name: value_text(value) for name, value in values.items()}
    rows = [f"{name}={text if whole else short_text(text)}" for name, text in texts.items()]
    return ", ".join(rows[:most]) + (f", … ({len(rows) - most} more)" if len(rows) > most else "")


def relation_text(note: str) -> str:
    """Return how a model built on its parent."""
    return _RELATIONS.get(note, note)


def environment_text(facts: Mapping[str, Any]) -> str:
    """Return an environment in a line."""
    rows = [f"python {facts.get('python', '?')}", f"{facts.get('packages', '?')} packages"]
    rows += [str(facts[name]) for name in ("platform",) if facts.get(name)]
    rows += [f"GPU {gpu}" for gpu in facts.get("gpus", ())]
    return ", ".join(rows)


def origin_text(facts: Mapping[str, Any]) -> str:
    """Return where data came from: its address, or who recorded it; empty where that is not known."""
    parts = []
    origin, recorded = facts.get("origin"), facts.get("recorded")
    if origin:
        parts.append(f"imported from {origin.get('url', '?')}")
    if facts.get("tracked"):
        parts.append("recorded" + (f" {source_text(recorded)}" if recorded else ""))
    return ", ".join(parts)


def source_text(source: Mapping[str, Any]) -> str:
    """Return where a record was found."""
    if source.get("kind") == "commit":
        who = f" by {source['author']}" if source.get("author") else ""
        when = f", {moment_text(source['time'])}" if source.get("time") else ""
        return f"in commit {str(source.get('name', ''))[:7]}{who}{when}"
    return f"in journal {source.get('name', '')}" if source.get("kind") == "journal" else "in the workspace"


def run_text(facts: Mapping[str, Any]) -> str:
    """Return when and by whom an execution was done, and where its record is."""
    status = str(facts.get("status", ""))
    words = [_STATUS.get(status, status)]
    if facts.get("seconds") and status == "ran":
        words[0] += f" in {seconds_text(float(facts['seconds']))}"
    if facts.get("started"):
        words.append(moment_text(facts["started"]))
    if facts.get("author"):
        words.append(f"by {facts['author']}")
    if facts.get("run"):
        words.append(f"run {facts['run']}")
    if facts.get("commit"):
        branch = f" on {facts['branch']}" if facts.get("branch") else ""
        words.append(f"commit {str(facts['commit'])[:7]}{'*' if facts.get('dirty') else ''}{branch}")
    elif facts.get("recorded"):
        words.append(source_text(facts["recorded"]))
    if facts.get("system") == "dvc":
        words.append("by DVC")
    return ", ".join(words)


def artifact_text(facts: Mapping[str, Any]) -> str:
    """Return digest and size."""
    words = [short_digest(str(facts["digest"]))] if facts.get("digest") else []
    if isinstance(facts.get("size"), int):
        words.append(size_text(facts["size"]))
    return "  ".join(words)


def departed_text(rows: Iterable[Departed]) -> str:
    """Return a line for each path at which other bytes lie than the lineage is about."""
    lines = []
    for row in rows:
        record = "what its record says" if row.now else "what was recorded there last"
        lines.append(
            f"mlops: {plain(row.path)} here is not {record} ({short_digest(row.here)} instead of"
            f" {short_digest(row.recorded)}): this is the lineage of the recorded one\n"
        )
    return "".join(lines)


def departed_wire(rows: Iterable[Departed]) -> list[dict[str, Any]]:
    """Return the same as JSON."""
    return [{"path": row.path, "here": row.here, "recorded": row.recorded} for row in rows]


def fact_rows(kind: str, facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield everything that is known of a node as title and text."""
    if kind == "run" and "status" in facts:
        yield "execution", run_text({**facts, "run": None, "commit": None, "recorded": None})
    for name, title in _TITLES.items():
        if facts.get(name) not in (None, "", 0):
            yield title, value_text(facts[name])
    if facts.get("digest"):
        yield "digest", str(facts["digest"])
    if isinstance(facts.get("size"), int):
        yield "size", size_text(facts["size"])
    if facts.get("dirty"):
        yield "code", "with uncommitted changes"
    if facts.get("author"):
        yield "author", f"{facts['author']} <{facts.get('email', '')}>"
    if facts.get("time") is not None:
        yield "committed", f"{moment_text(facts['time'])} UTC"
    yield from _nested(facts)


def _nested(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for file, values in (facts.get("params") or {}).items():
        yield f"parameters of {file}", pairs_text(values, 50)
    if facts.get("values"):
        yield "parameters", pairs_text(facts["values"], 200)
    if facts.get("metrics"):
        yield "metrics", pairs_text(facts["metrics"], 200)
    program = facts.get("program")
    if program:
        yield "program", "\n".join(map(str, program)) if isinstance(program, list) else value_text(program)
    if facts.get("environment"):
        yield "environment", environment_text(facts["environment"])
    if facts.get("origin"):
        yield "origin", ", ".join(f"{k} {value_text(v)}" for k, v in facts["origin"].items())
    if facts.get("recorded"):
        yield "recorded", source_text(facts["recorded"])
    if facts.get("labels"):
        yield "among them", ", ".join(map(str, facts["labels"]))
