"""What differs between how two artifacts were made, ranked by how likely it explains that they differ."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mlops_cli.history.lineage.kinds import is_code
from mlops_cli.history.lineage.measured import Change, change_of, metrics_of, number_of
from mlops_cli.history.lineage.sources import flat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlops_cli.history.known import Production
    from mlops_cli.history.lineage.graph import Lineage, Node
    from mlops_cli.history.lineage.sources import Known
    from mlops_cli.history.runtime import Runtime

Kind = Literal["parent", "data", "stage", "program", "parameter", "code", "environment"]

# How likely a difference of a kind explains another result, before its amount and its distance are looked at.
_WEIGHTS: dict[Kind, float] = {
    "parent": 1.0,
    "data": 0.9,
    "stage": 0.85,
    "program": 0.8,
    "parameter": 0.8,
    "code": 0.7,
    "environment": 0.35,
}
_FARTHER = 0.9  # by this much less for each execution between the difference and the model
_SEEDS = ("seed", "random_state", "random_seed")
_LIBRARIES = """
catboost jax jaxlib keras lightgbm numpy pandas polars pyarrow scikit-learn scipy statsmodels tensorflow tokenizers torch
transformers xgboost
"""
_NUMERIC = frozenset(_LIBRARIES.split())


class Difference(NamedTuple):
    """Something that was not the same.

    Parameters
    ----------
    what : str
        A path, `file:name` of a parameter, a package, a stage.
    stages : tuple of str
        Where it comes in.
    old, new : JSON
        None where it was not there.
    effect : float
        0 to 1; only its order means anything.
    why : str
        What the rank rests on.
    """

    kind: Kind
    what: str
    stages: tuple[str, ...]
    old: Any
    new: Any
    effect: float
    why: str

    @property
    def likely(self) -> str:
        """The effect in a word: `high`, `medium` or `low`."""
        return "high" if self.effect >= 0.6 else "medium" if self.effect >= 0.3 else "low"


@dataclass(frozen=True, slots=True)
class Differences:
    """Two lineages, held against each other.

    Parameters
    ----------
    rows : tuple of Difference
        The likeliest cause first.
    metrics : mapping
        What both reported, and how it differs.
    follows : int
        How many artifacts between differ, too, because of these.
    same : bool
        Both are the same bytes.
    """

    old: Node
    new: Node
    rows: tuple[Difference, ...] = ()
    metrics: Mapping[str, Change] = field(default_factory=dict)
    follows: int = 0
    same: bool = False


class _Stage(NamedTuple):
    production: Production
    distance: int
    parents: frozenset[str]  # paths of inputs that are parent models
    made: frozenset[str]  # paths of inputs that another execution made


def differences(known: Known, old: Lineage, new: Lineage) -> Differences:
    """Return what differs between how two artifacts were made.

    Parameters
    ----------
    old, new : Lineage
        What made each of them; the first start counts.
    """
    one, other = _stages(old), _stages(new)
    rows: dict[tuple[str, str, str], Difference] = {}
    follows: set[str] = set()
    for difference in _all(known, one, other, follows):
        key = difference.kind, difference.what, repr((difference.old, difference.new))
        before = rows.get(key)
        if before is None:
            rows[key] = difference
        else:
            best = max(before, difference, key=lambda row: row.effect)
            rows[key] = best._replace(stages=tuple(dict.fromkeys([*before.stages, *difference.stages])))
    first, second = old.nodes[old.starts[0]], new.nodes[new.starts[0]]
    return Differences(
        first,
        second,
        tuple(sorted(rows.values(), key=lambda row: (-row.effect, row.kind, row.what))),
        _metric_changes(known, old, new),
        len(follows),
        first.facts.get("digest") is not None and first.facts.get("digest") == second.facts.get("digest"),
    )


def _metric_changes(known: Known, old: Lineage, new: Lineage) -> dict[str, Change]:
    sides = []
    for lineage in (old, new):
        start = lineage.starts[0]
        made = [
            lineage.productions[e.start] for e in lineage.before()[start] if e.start in lineage.productions
        ]
        sides.append(metrics_of(known, lineage.artifacts.get(start), made))
    return {name: change_of(sides[0][name], sides[1][name]) for name in sides[0] if name in sides[1]}


def _stages(lineage: Lineage) -> dict[str, _Stage]:
    """Return the executions that led to the first start, by stage; not those that made its parent models."""
    before = lineage.before()
    found: dict[str, _Stage] = {}
    level, seen, distance = [lineage.starts[0]], set[str](), 0
    while level:
        deeper = []
        for name in level:
            if name in seen:
                continue
            deeper += [edge.start for edge in before[name] if edge.start in lineage.productions]
            if name in lineage.productions:
                deeper += [e.start for e in before[name] if e.role in ("input", "code")]
                _note(lineage, before, name, distance, found)
            seen.add(name)
        distance += any(name in lineage.productions for name in level)
        level = deeper
    return found


def _note(
    lineage: Lineage, before: Mapping[str, Any], name: str, distance: int, found: dict[str, _Stage]
) -> None:
    production = lineage.productions[name]
    parents = {e.start for e in before[name] if e.role == "parent"}
    made = {e.start for e in before[name] if any(edge.role == "output" for edge in before[e.start])} - parents
    paths = [
        frozenset(lineage.artifacts[n].path for n in side if n in lineage.artifacts)
        for side in (parents, made)
    ]
    found.setdefault(production.stage, _Stage(production, distance, paths[0], paths[1]))


def _all(
    known: Known, one: Mapping[str, _Stage], other: Mapping[str, _Stage], follows: set[str]
) -> Iterator[Difference]:
    pairs = _pairs(one, other)
    for old, new in pairs:
        stages = tuple(dict.fromkeys(side.production.stage for side in (old, new) if side))
        near = _FARTHER ** min(side.distance for side in (old, new) if side)
        if old is None or new is None:
            was, now = old and stages[0], new and stages[0]
            why = "only one of the two went through it"
            yield Difference("stage", stages[0], stages, was, now, _WEIGHTS["stage"] * near, why)
            continue
        yield from _inputs(old, new, stages, near, follows)
        yield from _parameters(old.production, new.production, stages, near)
        if old.production.program != new.production.program:
            before, after = old.production.program, new.production.program
            effect, why = _WEIGHTS["program"] * near, "another program was run"
            yield Difference("program", stages[0], stages, before, after, effect, why)
        yield from _environment(known, old.production, new.production, stages, near)


def _pairs(
    one: Mapping[str, _Stage], other: Mapping[str, _Stage]
) -> list[tuple[_Stage | None, _Stage | None]]:
    """Return the executions to be held against each other: of the same stage, else the two nearest ones, else one alone."""
    pairs: list[tuple[_Stage | None, _Stage | None]] = [(one[n], other[n]) for n in one if n in other]
    left = sorted((one[n] for n in one if n not in other), key=lambda s: s.distance)
    right = sorted((other[n] for n in other if n not in one), key=lambda s: s.distance)
    while left and right and left[0].distance == right[0].distance == 0:
        pairs.append((left.pop(0), right.pop(0)))
    return [*pairs, *((side, None) for side in left), *((None, side) for side in right)]


def _inputs(
    old: _Stage, new: _Stage, stages: tuple[str, ...], near: float, follows: set[str]
) -> Iterator[Difference]:
    before, after = old.production.deps, new.production.deps
    for path in dict.fromkeys([*before, *after]):
        was, now = before.get(path), after.get(path)
        if was is not None and now is not None and was.digest == now.digest:
            continue
        one, other = was and was.record(), now and now.record()
        if path in old.parents | new.parents:
            yield Difference(
                "parent", path, stages, one, other, _WEIGHTS["parent"] * near, "another model was its parent"
            )
        elif path in (old.made | new.made) and was is not None and now is not None:
            follows.add(path)  # whatever made it differs, and is in the list itself
        elif is_code(path):
            yield Difference(
                "code", path, stages, one, other, _WEIGHTS["code"] * near, _presence(was, now, "the code")
            )
        else:
            share = _share(was.size, now.size) if was and now else 1.0
            why = f"its size differs by {share:.1%}" if was and now and was.size != now.size else ""
            why = why or _presence(was, now, "the content")
            yield Difference(
                "data", path, stages, one, other, _WEIGHTS["data"] * near * (0.8 + 0.2 * share), why
            )


def _presence(was: object, now: object, what: str) -> str:
    return (
        "only the second had it"
        if was is None
        else "only the first had it"
        if now is None
        else f"{what} differs"
    )


def _share(old: float, new: float) -> float:
    most = max(abs(old), abs(new))
    return min(1.0, abs(new - old) / most) if most else 0.0


def _parameters(
    old: Production, new: Production, stages: tuple[str, ...], near: float
) -> Iterator[Difference]:
    before, after = flat(old.params), flat(new.params)
    for name in sorted({*before, *after}):
        if name in before and name in after and before[name] == after[name]:
            continue
        was, now = before.get(name), after.get(name)
        effect, why = _WEIGHTS["parameter"], "another choice"
        numbers = number_of(was), number_of(now)
        if name.rpartition(":")[2].rpartition(".")[2].lower() in _SEEDS:
            effect, why = 0.25, "a seed: as much as chance makes of it"
        elif numbers[0] is not None and numbers[1] is not None:
            effect *= 0.8 + 0.2 * _share(*numbers)  # type: ignore[arg-type]  # both are numbers here
            why = _times(*numbers)  # type: ignore[arg-type]
        elif name not in before or name not in after:
            why = _presence(before.get(name), after.get(name), "the value")
        yield Difference("parameter", name, stages, was, now, effect * near, why)


def _times(old: float, new: float) -> str:
    if old and new and (old > 0) == (new > 0):
        return f"{new / old:.3g} times as much"
    return f"{new - old:+.3g}" if math.isfinite(new - old) else "another value"


def _environment(
    known: Known, old: Production, new: Production, stages: tuple[str, ...], near: float
) -> Iterator[Difference]:
    sides = [known.full(p.run) if p.run is not None else None for p in (old, new)]
    if sides[0] is None or sides[1] is None or old.run == new.run:
        return
    yield from runtime_differences(sides[0].runtime, sides[1].runtime, stages, near)


def runtime_differences(
    old: Runtime, new: Runtime, stages: Sequence[str] = (), near: float = 1.0
) -> Iterator[Difference]:
    """Yield how two runtimes differ; packages that have no part in numbers as one row."""
    weight, where = _WEIGHTS["environment"] * near, tuple(stages)
    if old.python != new.python:
        yield Difference(
            "environment", "python", where, old.python, new.python, weight, "another interpreter"
        )
    others: list[str] = []
    for name in sorted({*old.packages, *new.packages}) if old.packages_digest != new.packages_digest else ():
        was, now = old.packages.get(name), new.packages.get(name)
        if was == now:
            continue
        if name in _NUMERIC:
            major = bool(was and now and was.split(".")[0] != now.split(".")[0])
            why = "a library that computes" + (", another major version" if major else "")
            yield Difference("environment", name, where, was, now, weight * (1.6 if major else 1.2), why)
        else:
            others.append(name)
    if others:
        few = ", ".join(others[:5]) + (", …" if len(others) > 5 else "")
        yield Difference("environment", f"{len(others)} other packages", where, None, None, weight * 0.3, few)
    for name in ("platform", "cpus", "gpus", "threads"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            share = 0.9 if name == "gpus" else 0.5
            one, other = _plain(was), _plain(now)
            yield Difference("environment", name, where, one, other, weight * share, "another machine")


def _plain(value: Any) -> Any:
    """Return a part of a runtime as JSON."""
    return (
        list(value) if isinstance(value, tuple) else value if isinstance(value, (str, int)) else dict(value)
    )
