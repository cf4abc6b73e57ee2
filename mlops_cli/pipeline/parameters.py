"""Parameter files: reading each once, and finding a value by its dotted name."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.formats.problems import Problems


PARAMETER_SUFFIXES = (".yaml", ".yml", ".json", ".toml", ".py")


class ParameterFiles:
    """Parameter files of a project, each read once.

    Parameters
    ----------
    read : callable
        Returns the bytes of a file of the project, or None where there is none.
    problems : Problems
        Where mistakes in the files are gathered.
    """

    def __init__(self, read: Callable[[str], bytes | None], problems: Problems) -> None:
        self._read = read
        self._problems = problems
        self._values: dict[str, dict[str, Any] | None] = {}

    @property
    def files(self) -> tuple[str, ...]:
        """The files asked for so far, those that are missing included."""
        return tuple(self._values)

    def values(self, file: str) -> dict[str, Any] | None:
        """Return what a file holds, or None where it is missing or broken (then a problem is kept)."""
        if file not in self._values:
            data = self._read(file)
            from mlops_cli.formats.data_text import (
                read_values,
            )  # the parsers, where there is something to parse

            self._values[file] = None if data is None else read_values(data, file, self._problems)
        return self._values[file]

    def exists(self, file: str) -> bool:
        """Whether there is such a file."""
        self.values(file)
        return self._values[file] is not None or self._read(file) is not None


def is_parameter_file(name: str) -> bool:
    """Whether a name is that of a file rather than of a parameter."""
    return name.endswith(PARAMETER_SUFFIXES)


def lookup(values: Mapping[str, Any], name: str) -> Any:
    """Return the value at a dotted name; the name `""` is everything.

    Raises
    ------
    LookupError
        With a hint as its text: the nearest name there is, to be written in place of this one.

    Examples
    --------
    >>> lookup({"train": {"depth": 4}}, "train.depth")
    4
    >>> lookup({"train": {"depth": 4}}, "train.depht")
    Traceback (most recent call last):
    LookupError: did you mean "train.depth"?
    """
    if not name:
        return values
    if name in values:  # a key that itself holds dots
        return values[name]
    current: Any = values
    parts = name.split(".")
    for count, part in enumerate(parts):
        if isinstance(current, dict) and part in current:
            current = current[part]
        elif (
            isinstance(current, list) and (position := index_of(part)) is not None and position < len(current)
        ):
            current = current[position]
        else:
            known = [str(key) for key in current] if isinstance(current, dict) else []
            close = nearest_name(parts, count, current)
            raise LookupError(close or (f"it has {_some(known)}" if known else ""))
    return current


def nearest_name(parts: Sequence[str], at: int, values: Any) -> str:
    """Return `did you mean "train.depth"?` for a dotted name of which one part is not there; empty where nothing is near.

    Parameters
    ----------
    at : int
        Which part it is.
    values : any
        What the parts before it lead to.

    Examples
    --------
    >>> nearest_name(["train", "depht"], 1, {"depth": 4}), nearest_name(["tran", "depth"], 0, {"train": {"depth": 4}})
    ('did you mean "train.depth"?', 'did you mean "train.depth"?')
    """
    if not isinstance(values, dict):
        return ""
    close = nearest(parts[at], [str(key) for key in values])
    if not close:
        return ""
    found = close.split('"')[1]
    whole, rest = [*parts[:at], found], list(parts[at + 1 :])
    with suppress(LookupError):  # what follows may be right
        lookup(values, ".".join([found, *rest]))
        whole += rest
    return f'did you mean "{".".join(whole)}"?'


def index_of(part: str) -> int | None:
    """Return the position in a list that a part of a name stands for; None where it is no plain number.

    Examples
    --------
    >>> index_of("2"), index_of("two"), index_of("²")
    (2, None, None)
    """
    return int(part) if part.isascii() and part.isdigit() and len(part) < 10 else None


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")


def finite(value: Any) -> bool:
    """Whether a value holds no NaN and no infinity, which cannot be compared and so belong in no key."""
    if isinstance(value, dict):
        return all(finite(item) for item in value.values())
    if isinstance(value, list):
        return all(finite(item) for item in value)
    return not isinstance(value, float) or math.isfinite(value)


def leaves(values: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], Any]:
    """Return (file, dotted name) to value of every single parameter in the form that stages hold."""
    found: dict[tuple[str, str], Any] = {}
    for file, selected in values.items():
        for name, value in selected.items():
            _leaves(file, name, value, found)
    return found


def together(values: Mapping[tuple[str, str], Any]) -> dict[str, dict[str, Any]]:
    """Return file to name to value of what has both in its key: how stages hold parameters."""
    found: dict[str, dict[str, Any]] = {}
    for (file, name), value in values.items():
        found.setdefault(file, {})[name] = value
    return found


def _leaves(file: str, name: str, value: Any, found: dict[tuple[str, str], Any]) -> None:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            _leaves(file, f"{name}.{key}" if name else key, item, found)
    else:
        found[file, name] = value
