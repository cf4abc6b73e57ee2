"""Conditions on runs, as `tried` takes them: what a parameter was, which content was read, which words were said."""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mlops_cli.errors import UsageError
from mlops_cli.history.named import meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlops_cli.history.known import KnownRun

_SHAPE = re.compile(r"(?P<name>[^\s=<>!]+)\s*(?P<sign>==|!=|>=|<=|=|>|<)\s*(?P<value>.*)", re.DOTALL)
_PLAIN = re.compile(r"[\w.+-]+(?<!-)")
_CALL = re.compile(r"(?:^|,)\s*[A-Za-z_]\w*\(")
_TURNED = re.compile(r"(?P<sign>[<>!])=?\s*(?P<value>[-+]?\.?\d.*)", re.DOTALL)
_ORDER: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_FAR = 1.0  # how far anything but two numbers is from each other; two numbers are never further
_ABSENT_FAR = 2.0
_NOWHERE = object()  # what no parameter's value is


class Miss(NamedTuple):
    """A condition that a run does not meet.

    Parameters
    ----------
    about : str
        What it is about: a parameter's name, `data`, `code`, `text`.
    wanted : str
        What would meet it, as the user wrote it.
    had : tuple
        What the run has instead; empty where it has nothing of the kind, or that cannot be said.
    distance : float
        Between 0 and 1 for two numbers, 1 for other values, 2 where there is nothing.
    """

    about: str
    wanted: str
    had: tuple[Any, ...]
    distance: float


class Condition(Protocol):
    """Something that is so of a run, or is not."""

    def miss(self, run: KnownRun) -> Miss | None:
        """Return how a run misses it, the same object for runs that miss it in the same way; None where it is met."""


@dataclass(frozen=True, slots=True)
class ParamCondition:
    """A parameter has a value, or one of several, or lies on one side of a number.

    Parameters
    ----------
    sign : str
        `=`, `!=`, `>`, `>=`, `<` or `<=`.
    values : tuple
        For `=` any of them will do; for `!=` none of them; for the others there is one.
    text : str
        The right side as it was written.
    """

    name: str
    sign: str
    values: tuple[Any, ...]
    text: str
    # What was found for a value: thousands of runs share few of them.
    _known: dict[str, Miss | None] = field(default_factory=dict, compare=False, repr=False)

    def miss(self, run: KnownRun) -> Miss | None:
        """Return how a run misses it; None where it is met. What two runs have in common is the same object."""
        had = values_of(run.params, self.name)
        spelled = repr(had)
        if spelled not in self._known:
            self._known[spelled] = self._miss(had)
        return self._known[spelled]

    def _miss(self, had: tuple[Any, ...]) -> Miss | None:
        if any(self._met(value) for value in had):
            return None
        wanted = self.text if self.sign == "=" else f"{self.sign} {self.text}"
        far = min((_distance(value, self.values) for value in had), default=_ABSENT_FAR)
        return Miss(self.name, wanted, had, far)

    def _met(self, value: Any) -> bool:
        if self.sign in _ORDER:
            (limit,) = self.values
            return _is_number(value) and _ORDER[self.sign](value, limit)
        return any(same(value, wanted) for wanted in self.values) == (self.sign == "=")


@dataclass(frozen=True, slots=True)
class ReadCondition:
    """A run read certain content.

    Parameters
    ----------
    about : str
        `data` or `code`.
    what : str
        The content, as the user named it.
    runs : frozenset of str
        Ids of the runs that did.
    """

    about: str
    what: str
    runs: frozenset[str]

    def miss(self, run: KnownRun) -> Miss | None:
        """Return how a run misses it; None where it is met."""
        return None if run.id in self.runs else _constant(self.about, self.what)


@dataclass(frozen=True, slots=True)
class TextCondition:
    """All of some words were said of a run: in its message, its notes, its branch, or the subject of a commit that brought it.

    Parameters
    ----------
    notes : callable
        Returns the texts of a run's notes; asked only for runs that have any.
    """

    words: tuple[str, ...]
    notes: Callable[[str], Iterable[str]]

    def miss(self, run: KnownRun) -> Miss | None:
        """Return how a run misses it; None where it is met."""
        said = [run.message, run.branch or "", *(source.subject for source in run.sources)]
        if run.notes:
            said += self.notes(run.id)
        text = "\n".join(said).casefold()
        return (
            None if all(word in text for word in self.words) else Miss("text", " ".join(self.words), (), _FAR)
        )


@cache
def _constant(about: str, wanted: str) -> Miss:
    """Return how a run misses something that it meets or does not, and nothing between."""
    return Miss(about, wanted, (), _FAR)


def text_condition(text: str, notes: Callable[[str], Iterable[str]]) -> TextCondition:
    """Return the condition that all words of a text were said, in whatever case and order."""
    return TextCondition(tuple(text.casefold().split()), notes)


def read_conditions(
    texts: Sequence[str], expand: Callable[[str, str], tuple[Any, ...]] | None = None
) -> tuple[ParamCondition, ...]:
    """Return the conditions in what followed `-S`.

    Parameters
    ----------
    texts : sequence of str
        `train.depth=8`, `train.depth=4,8`, `train.lr>=0.1`, `train.loss!=mae`; values are YAML.
    expand : callable, optional
        Returns the values that a name and a right side such as `range(3, 5)` stand for, as `run -S` has them.

    Raises
    ------
    UsageError
        When one is not of this form.
    """
    return tuple(_read_condition(text, expand) for text in texts)


def _read_condition(text: str, expand: Callable[[str, str], tuple[Any, ...]] | None) -> ParamCondition:
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise UsageError(
            f"-S {text}: a parameter and its value were expected",
            hint="Write: -S train.depth=8, or -S 'train.depth>=6'",
        )
    name, value = found["name"], found["value"].strip()
    sign = "=" if found["sign"] == "==" else found["sign"]
    turned = _TURNED.fullmatch(value)
    if turned and sign == "=":
        right = f"{turned['sign']}={turned['value']}"
        raise UsageError(f"-S {text}: ={turned['sign']} is no comparison", hint=f"Write: -S '{name}{right}'")
    called = expand is not None and sign in ("=", "!=") and _CALL.search(value)
    values = expand(name, value) if called and expand else _values(value)
    if sign in _ORDER and not (len(values) == 1 and _is_number(values[0])):
        raise UsageError(f"-S {text}: {sign} compares with a number, and {value or 'nothing'} is none")
    return ParamCondition(name, sign, values, value)


def _values(text: str) -> tuple[Any, ...]:
    """Return the values that a text may mean: those of a list without its brackets, and always the text as one value."""
    from mlops_cli.formats.problems import Problems
    from mlops_cli.formats.yaml_text import parse_yaml, read_scalar

    if not text:
        return ("", None)
    if _PLAIN.fullmatch(text):
        return (read_scalar(text),)  # without the parser, which takes a while to import
    node = parse_yaml(f"[{text}]".encode(), "-S", Problems())
    listed = node.plain() if node is not None and isinstance(node.value, list) else [text]
    values = tuple(listed) if isinstance(listed, list) else ()
    return values if len(values) == 1 else (*values, text)


def like(run: KnownRun, besides: Iterable[str]) -> tuple[ParamCondition, ...]:
    """Return conditions that hold for what has the same parameters as a run.

    Parameters
    ----------
    besides : iterable of str
        Parameters that are not asked to be the same, because something else is asked of them.
    """
    left = set(besides)
    return tuple(
        ParamCondition(name, "=", (value,), shown(value))
        for name, value in run.params.items()
        if name not in left and name.rpartition(":")[2] not in left
    )


def values_of(params: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    """Return the values that a parameter has in a run: several where files define it differently, none where none does.

    Examples
    --------
    >>> values_of({"train.depth": 8}, "train.depth"), values_of({"a.yaml:lr": 1, "b.yaml:lr": 2}, "lr")
    ((8,), (1, 2))
    """
    value = params.get(name, _NOWHERE)
    return tuple(meant(params, name).values()) if value is _NOWHERE else (value,)


def same(one: Any, other: Any) -> bool:
    """Whether two values of parameters are the same to whoever wrote them: `8` and `8.0` are, `1` and `true` are not.

    Examples
    --------
    >>> same(8, 8.0), same(1, True), same([1, 2], [1.0, 2]), same("8", 8)
    (True, False, True, False)
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def shown(value: Any) -> str:
    """Return a parameter's value as people write it.

    Examples
    --------
    >>> [shown(value) for value in (8, 0.1, "forest", True, None, [1, "a"])]
    ['8', '0.1', 'forest', 'true', 'null', '[1, "a"]']
    """
    import json

    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _distance(had: Any, wanted: Sequence[Any]) -> float:
    numbers = [float(value) for value in wanted if _is_number(value)]
    if not _is_number(had) or not numbers:
        return _FAR
    return min(_apart(float(had), number) for number in numbers)


def _apart(one: float, other: float) -> float:
    """Return how far apart two numbers are, from 0 for equal ones to 1: the share of the larger in which they differ."""
    if one == other:
        return 0.0
    far = abs(one - other) / (abs(one) + abs(other))
    return far if math.isfinite(far) else _FAR
