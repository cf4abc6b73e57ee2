"""Whether two records say the same: the first field in which they differ, with both values. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.canonical import compact
from mlops_cli.pipeline.parameters import leaves
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.history.run_record import RunRecord, StageRun
    from mlops_cli.pipeline.record import StageRecord
    from mlops_cli.store.artifact import Artifact

_SHOWN = 60
_ABSENT = "nothing"


class Difference(NamedTuple):
    """Where two values differ.

    Parameters
    ----------
    field : str
        Dotted: `stages.train.params.params.yaml.depth`.
    one, other : str
        Both values, shortened, as JSON.
    """

    field: str
    one: str
    other: str


def first_difference(one: Any, other: Any, field: str = "") -> Difference | None:
    """Return where two JSON values differ first; None where they are the same. 1 and 1.0 are not, nor are 1 and true.

    Examples
    --------
    >>> first_difference({"a": {"b": 1}}, {"a": {"b": 2}})
    Difference(field='a.b', one='1', other='2')
    >>> first_difference({"a": [1]}, {"a": [1]}) is None, first_difference({}, {"a": None}).one
    (True, 'nothing')
    """
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            inner = f"{field}.{name}" if field else name
            if name not in one or name not in other:
                sides = [shown(side[name]) if name in side else _ABSENT for side in (one, other)]
                return Difference(inner, *sides)
            found = first_difference(one[name], other[name], inner)
            if found is not None:
                return found
        return None
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        rows = (
            first_difference(a, b, f"{field}.{_name(a, at)}")
            for at, (a, b) in enumerate(zip(one, other, strict=True))
        )
        return next((row for row in rows if row is not None), None)
    return None if _text(one) == _text(other) else Difference(field, shown(one), shown(other))


def _name(item: Any, at: int) -> str:
    """Return what a row of a list is called: stages have names."""
    return str(item["name"]) if isinstance(item, dict) and "name" in item else str(at)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def shown(value: Any) -> str:
    """Return a value as short text."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def digests(artifacts: Mapping[str, Artifact]) -> dict[str, str]:
    """Return paths with the digests of what lies there."""
    return {path: str(artifact.digest) for path, artifact in artifacts.items()}


def row_and_record(row: StageRun, record: StageRecord) -> Difference | None:
    """Return in what a stage of a run differs from the stage record of the same key; None where neither contradicts the other.

    Outputs are compared by path alone, and those of the same digest by size: one key can have led to other bytes.
    """
    told = {
        "program": row.program,
        "params": {file: dict(values) for file, values in row.params.items()},
        "deps": digests(row.deps),
        **({"outs": sorted(row.outs)} if row.outs else {}),
    }
    recorded = {
        "program": record.program,
        "params": {file: dict(values) for file, values in record.params.items()},
        "deps": digests(record.deps),
        **({"outs": sorted(record.outs)} if row.outs else {}),
    }
    return first_difference(told, recorded) or _sizes(row, record)


def _sizes(row: StageRun, record: StageRecord) -> Difference | None:
    for side in ("deps", "outs"):
        ours, theirs = getattr(row, side), getattr(record, side)
        for path in sorted(ours.keys() & theirs.keys()):
            one, other = ours[path], theirs[path]
            if one.digest == other.digest and (one.size, one.tree) != (other.size, other.tree):
                found = first_difference(one.record(), other.record(), f"{side}.{path}")
                if found is not None:
                    return found
    return None


def own_contradiction(record: RunRecord) -> str:
    """Return what a run's record says in two ways that do not agree; empty where nothing of it does.

    When it began is part of its id, packages have a digest, and flat parameters and metrics follow from those of its stages.
    """
    day, _, clock = record.id.partition("-")[0].partition("T")
    moment = f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}.{clock[6:]}Z"
    if record.started != moment:
        return f"started is {shown(record.started)}, which is not the time in its id"
    runtime = record.runtime
    if digest_bytes(compact(dict(runtime.packages))) != runtime.packages_digest:
        return "runtime.packages does not have the digest that it gives"
    if record.code.snapshot is not None and not record.code.dirty:
        return "code.snapshot holds uncommitted changes, and code.dirty says that there were none"
    for stage in record.stages:
        own = [("params", record.params, *row) for row in _parameters(stage)]
        own += [("metrics", record.metrics, stage.name, name, value) for name, value in stage.metrics.items()]
        for kind, flat, lead, name, value in own:
            told = [flat[key] for key in (name, f"{lead}:{name}") if key in flat]
            if told and not any(_text(each) == _text(value) for each in told):
                return f"{kind}.{name} is {shown(told[0])}, and {shown(value)} in its stage {stage.name}"
    return ""


def _parameters(stage: StageRun) -> list[tuple[str, str, Any]]:
    """Return file, name and value of each parameter of a stage, declared or put into its texts."""
    used = leaves(stage.filled) | leaves(stage.params)
    return [(file, name, value) for (file, name), value in used.items()]
