"""The metrics of a model, with how they were measured: two values compare only where that was the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.canonical import compact
from mlops_cli.history.lineage.kinds import is_code, is_model
from mlops_cli.history.lineage.sources import distinct, flat, same_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.history.known import Production
    from mlops_cli.history.lineage.graph import Named
    from mlops_cli.history.lineage.sources import Known


class Measured(NamedTuple):
    """A metric of a model.

    Parameters
    ----------
    value : float
        The number; of an estimate with an interval its value.
    stage : str
        Which stage reported it.
    data : mapping of str to str
        What it was measured on: path to digest. Where the stage that made the model reported it, what that was trained on, too.
    own : bool
        The stage that made the model reported it.
    program : str
        What was executed, without the names of the files it was given; empty where the stage made the model.
    code : mapping of str to str
        Source code that was read: path to digest; empty where the stage made the model.
    params : mapping
        `file:name` to value; empty where the stage made the model.
    """

    value: float
    stage: str
    data: Mapping[str, str] = {}
    own: bool = False
    program: str = ""
    code: Mapping[str, str] = {}
    params: Mapping[str, object] = {}


class Change(NamedTuple):
    """What became of a metric from the parent to the child.

    Parameters
    ----------
    fair : bool
        Both were measured on the same data.
    otherwise : tuple of str
        What differs in how they were measured, in words; empty where nothing does that is known.
    """

    old: float
    new: float
    fair: bool
    otherwise: tuple[str, ...] = ()

    @property
    def by(self) -> float:
        """The difference."""
        return self.new - self.old


def change_of(old: Measured, new: Measured) -> Change:
    """Return what became of a metric, and what differs in how it was measured.

    A stage that makes the model and reports on it may differ in all but its data: that is the change that is looked at. Between
    two evaluations nothing may differ but the model.

    Examples
    --------
    >>> change_of(Measured(0.8, "judge", {"a.csv": "b3:1"}), Measured(0.9, "judge", {"a.csv": "b3:2"})).otherwise
    ('other data a.csv',)
    """
    fair = frozenset(old.data.values()) == frozenset(new.data.values())
    otherwise = [] if fair else [_others("data", old.data, new.data)]
    if old.own != new.own or not same_group(old.stage, new.stage):
        otherwise.append(f"by {new.stage}, not by {old.stage}")
    elif not old.own:
        otherwise += _evaluations(old, new)
    return Change(old.value, new.value, fair, tuple(otherwise))


def _evaluations(old: Measured, new: Measured) -> list[str]:
    found = []
    if frozenset(old.code.values()) != frozenset(new.code.values()):
        found.append(_others("code", old.code, new.code))
    if old.program != new.program:
        found.append(f"another program of {new.stage}")
    names = sorted({*old.params, *new.params})
    differ = [
        name
        for name in names
        if (name in old.params, old.params.get(name)) != (name in new.params, new.params.get(name))
    ]
    return [*found, f"other {', '.join(differ)}"] if differ else found


def _others(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    """Return which files differ, by their names now; those that are gone where no other does."""
    before, now = frozenset(old.values()), frozenset(new.values())
    names = [path for path, digest in new.items() if digest not in before]
    gone = [path for path, digest in old.items() if digest not in now]
    return f"other {what} {', '.join(names)}" if names else f"without {', '.join(gone)}"


def metrics_of(known: Known, named: Named | None, made: Any = ()) -> dict[str, Measured]:
    """Return what the stage that made a model reported, and what stages reported that read it and made no other model of it.

    The latest report of a metric counts.
    """
    if named is None:
        return {}
    digest = named.artifact.digest
    readers = [
        p for p in distinct(known.used(digest)) if p.metrics and not any(is_model(path) for path in p.outs)
    ]
    found: dict[str, Measured] = {}
    for production in made:
        found |= _reported(production, digest, own=True)
    for production in sorted(readers, key=lambda p: p.started or ""):
        found |= _reported(production, digest, own=False)
    return found


def _reported(production: Production, model: str, *, own: bool) -> dict[str, Measured]:
    read = {
        path: str(a.digest) for path, a in production.deps.items() if a.digest != model and not is_model(path)
    }
    data = {path: digest for path, digest in read.items() if not is_code(path)}
    way: dict[str, Any] = (
        {}
        if own
        else {
            "program": _program(production),
            "code": {path: digest for path, digest in read.items() if is_code(path)},
            "params": flat(production.params),
        }
    )
    numbers = {
        name: number for name, value in production.metrics.items() if (number := number_of(value)) is not None
    }
    return {name: Measured(number, production.stage, data, own, **way) for name, number in numbers.items()}


def _program(production: Production) -> str:
    """Return a program as text, in which files are what they are to it: their names differ where another model is judged."""
    text = compact(production.program).decode()
    roles = {**dict.fromkeys(production.deps, "<in>"), **dict.fromkeys(production.outs, "<out>")}
    for path in sorted(roles, key=len, reverse=True):
        text = text.replace(path, roles[path])
    return text


def number_of(value: Any) -> float | None:
    """Return a metric's number: itself, or the `value` of an estimate; None where it is none.

    Examples
    --------
    >>> number_of(0.5), number_of({"value": 0.5, "n": 3}), number_of(True), number_of("high")
    (0.5, 0.5, None, None)
    """
    if isinstance(value, dict):
        value = value.get("value")
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
