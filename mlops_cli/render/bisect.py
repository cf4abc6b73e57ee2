"""What `bisect` says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlops_cli.actions.bisect import BisectResult
    from mlops_cli.experiments.factors import Effect, Swapped
    from mlops_cli.experiments.found import Commit, Found, Guilt, Point
    from mlops_cli.experiments.hybrids import Factor

_SCHEMA = 1
_SHOWN = 8


def bisect_text(result: BisectResult, *, everything: bool = False) -> str:
    """Return what was found, and what it rests on.

    Parameters
    ----------
    everything : bool
        Every commit with a value, every file.
    """
    lines = _search(result, result.found, everything) if result.found else _factors(result, everything)
    return "".join(f"{line}\n" for line in lines)


# By commit -------------------------------------------------------------------------------------------------------------


def _search(result: BisectResult, found: Found, everything: bool) -> Iterator[str]:
    yield from (f"note: {note}" for note in found.notes)
    if everything or found.outcome in ("planned", "unfinished"):
        yield from (_point(result.metric, point) for point in found.points)
    if found.guilty is not None:
        yield from _guilt(result, found.guilty, everything)
    else:
        yield _verdict(result, found)
    if found.outcome in ("suspects", "unfinished", "planned"):
        yield from _suspects(found.suspects, everything)
    yield _effort(result, found)


def _verdict(result: BisectResult, found: Found) -> str:
    ends = f"{result.good[:12]} and {result.bad[:12]}"
    values = [point.mean for point in found.points if point.mean is not None]
    if found.outcome == "same":
        return f"nothing that {result.metric} rests on differs between {ends}; if it does, look at inputs outside of Git"
    if found.outcome == "not-fallen" and values:
        return f"{result.metric} did not {_worse(result)} between {ends}: {values[0]:g} -> {values[-1]:g}"
    if found.outcome == "noise" and found.scale is not None:
        scale = found.scale
        return (
            f"{result.metric} {scale.good:g} -> {scale.bad:g} lies within its scatter ({found.scatter:.3g});"
            " with more values it may be told: --repeats"
        )
    if found.outcome == "suspects":
        return f"it is one of these {len(found.suspects)} commits; those between the first and the last could not be told"
    if found.outcome == "planned":
        return f"it takes {_runs(found.left)} at most"
    return f"not finished: {_runs(found.left)} at most; the same command goes on where this one ended"


def _runs(count: int) -> str:
    return "1 more run" if count == 1 else f"{count} more runs"


def _worse(result: BisectResult) -> str:
    """Return what a metric does when it becomes worse; where its name does not tell, what it did from good to bad."""
    if result.direction is not None:
        return "rise" if result.direction == "down" else "fall"
    scale, swapped = (result.found.scale if result.found else None), result.swapped
    good, bad = (scale.good, scale.bad) if scale else (swapped.good, swapped.bad) if swapped else (None, None)
    if good is None or bad is None or good == bad:
        return "change"
    return "rise" if good < bad else "fall"


def _guilt(result: BisectResult, guilt: Guilt, everything: bool) -> Iterator[str]:
    commit, change = guilt.commit, guilt.change
    moved = f"{_value(guilt.before)} -> {_value(guilt.after)}"
    yield f"{commit.id[:12]} made {result.metric} {_worse(result)}: {moved}"
    yield f"  {commit.author} <{commit.email}>, {_when(commit.time)}: {commit.subject}"
    for param in change.params:
        yield f"  parameter {param.name}: {_side(param.old, param.there[0])} -> {_side(param.new, param.there[1])}"
    yield from (f"  data {path}" for path in _some(change.data, everything))
    yield from (f"  file {path}" for path in _some(change.code, everything))
    yield from (f"  definition of stage {name}" for name in _some(change.stages, everything))
    yield f"  see it with: git show {commit.id[:12]}"


def _suspects(commits: Sequence[Commit], everything: bool) -> Iterator[str]:
    shown = commits if everything or len(commits) <= _SHOWN else [*commits[: _SHOWN - 1], commits[-1]]
    for commit in shown:
        yield f"  {commit.id[:12]} {_when(commit.time)} {commit.author}: {commit.subject}"
    if len(shown) < len(commits):
        yield f"  … and {len(commits) - len(shown)} between the last two, with -v"


def _point(metric: str, point: Point) -> str:
    said = f"{metric} {_value(point.mean)}" if point.values else point.trouble
    count = f" ({len(point.values)} values)" if len(point.values) > 1 else ""
    return f"  {point.commit.id[:12]} {point.answer or '':<4} {said}{count}  {point.commit.subject}"


def _effort(result: BisectResult, found: Found) -> str:
    recorded = sum(any(value.run for value in point.values) for point in found.points)
    return (
        f"{found.commits} commits, {found.apart} of them can have changed it, {recorded} with a value;"
        f" {result.executed} executed and {result.restored} restored now, in {result.seconds:.1f} s."
    )


# By factor -------------------------------------------------------------------------------------------------------------


def _factors(result: BisectResult, everything: bool) -> Iterator[str]:
    swapped = result.swapped
    if swapped is None:
        return
    yield from (f"note: {note}" for note in swapped.notes)
    if swapped.outcome == "same":
        yield f"nothing that {result.metric} rests on differs between {result.good[:12]} and {result.bad[:12]}"
        return
    yield f"{result.metric}: good {_value(swapped.good)}, bad {_value(swapped.bad)}"
    if not swapped.effects:
        yield from (f"  {_factor(factor, everything)}" for factor in swapped.factors)
    for effect in swapped.effects:
        yield f"  {_effect(effect)}  {_factor(effect.factor, everything)}"
        if effect.trouble:
            yield f"{'':>14}{effect.trouble}"
    yield from _outcome(result, swapped)
    yield f"{result.executed} executed and {result.restored} restored now, in {result.seconds:.1f} s."


def _outcome(result: BisectResult, swapped: Swapped) -> Iterator[str]:
    if swapped.outcome == "planned":
        yield f"{len(swapped.factors)} factors differ: it takes {_runs(2 * len(swapped.factors) + 3)} at most"
    elif swapped.outcome == "not-fallen":
        yield f"{result.metric} did not {_worse(result)}"
    elif swapped.outcome == "unfinished":
        yield "not finished; the same command goes on where this one ended"
    else:
        top = swapped.effects[0].factor.name
        if swapped.outcome == "together":
            yield "no factor moves it alone by half of the difference: they act together"
        elif swapped.restored is None:
            yield f"{top} is what moved it"
        else:
            again = " again" if _is_back(swapped) else f", where good has {_value(swapped.good)}"
            yield f"{top} is what moved it: put back alone, it gives {_value(swapped.restored)}{again}"
        if swapped.rest is not None and abs(swapped.rest) > 1e-9:
            yield f"{swapped.rest:+.6g} comes from several of them together"


def _is_back(swapped: Swapped) -> bool:
    """Whether the metric is what it was, as far as its scatter lets anybody tell."""
    if swapped.restored is None or swapped.good is None:
        return False
    apart = abs(swapped.restored - swapped.good)
    return apart <= max(swapped.scatter or 0.0, 1e-9 * abs(swapped.good))


def _effect(effect: Effect) -> str:
    if effect.effect is None:
        return f"{'?':>10}"
    return f"{effect.effect:>+10.6g}"


def _factor(factor: Factor, everything: bool) -> str:
    if factor.kind == "parameter":
        return f"parameter {factor.name}: {factor.old!r} -> {factor.new!r}"
    if factor.kind == "data":
        return f"data {factor.name}"
    return "code: " + ", ".join(_some(factor.files, everything))


# Words -----------------------------------------------------------------------------------------------------------------


def _some(names: Sequence[str], everything: bool) -> list[str]:
    if everything or len(names) <= _SHOWN:
        return list(names)
    return [*names[:_SHOWN], f"… and {len(names) - _SHOWN} more"]


def _value(value: float | None) -> str:
    return "not known" if value is None else f"{value:g}"


def _side(value: Any, there: bool) -> str:
    return repr(value) if there else "not there"


def _when(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")


# JSON ------------------------------------------------------------------------------------------------------------------


def bisect_wire(result: BisectResult) -> dict[str, Any]:
    """Return the shape of `bisect --json`."""
    value: dict[str, Any] = {
        "schema": _SCHEMA,
        "metric": result.metric,
        "direction": result.direction,
        "good": result.good,
        "bad": result.bad,
        "stages": list(result.stages),
        "executed": result.executed,
        "restored": result.restored,
        "seconds": round(result.seconds, 3),
    }
    if result.found is not None:
        value |= _found_wire(result.found)
    if result.swapped is not None:
        value |= _swapped_wire(result.swapped)
    return value


def _found_wire(found: Found) -> dict[str, Any]:
    scale, guilty = found.scale, found.guilty
    return {
        "by": "commit",
        "outcome": found.outcome,
        "threshold": scale.threshold if scale else None,
        "scatter": found.scatter,
        "guilty": None
        if guilty is None
        else {
            **_commit(guilty.commit),
            "before": guilty.before,
            "after": guilty.after,
            "params": [
                {"file": p.file, "name": p.name, "old": p.old, "new": p.new, "there": list(p.there)}
                for p in guilty.change.params
            ],
            "data": list(guilty.change.data),
            "files": list(guilty.change.code),
            "stages": list(guilty.change.stages),
        },
        "suspects": [_commit(commit) for commit in found.suspects],
        "points": [
            {
                **_commit(point.commit),
                "answer": point.answer,
                "values": [value.value for value in point.values],
                "runs": [value.run for value in point.values],
                "trouble": point.trouble,
            }
            for point in found.points
        ],
        "commits": found.commits,
        "apart": found.apart,
        "left": found.left,
        "notes": list(found.notes),
    }


def _commit(commit: Commit) -> dict[str, Any]:
    when = datetime.fromtimestamp(commit.time, UTC).isoformat().replace("+00:00", "Z")
    return {
        "commit": commit.id,
        "author": commit.author,
        "email": commit.email,
        "time": when,
        "subject": commit.subject,
    }


def _swapped_wire(swapped: Swapped) -> dict[str, Any]:
    return {
        "by": "factor",
        "outcome": swapped.outcome,
        "values": {"good": swapped.good, "bad": swapped.bad, "restored": swapped.restored},
        "rest": swapped.rest,
        "scatter": swapped.scatter,
        "factors": [_factor_wire(factor) for factor in swapped.factors],
        "effects": [
            {
                "name": effect.factor.name,
                "value": effect.value,
                "effect": effect.effect,
                "side": effect.side,
                "trouble": effect.trouble,
            }
            for effect in swapped.effects
        ],
        "notes": list(swapped.notes),
    }


def _factor_wire(factor: Factor) -> dict[str, Any]:
    value: dict[str, Any] = {"name": factor.name, "kind": factor.kind}
    if factor.kind == "parameter":
        value |= {"file": factor.file, "old": factor.old, "new": factor.new}
    else:
        value["files"] = list(factor.files)
    return value
