"""Changing values in a YAML, JSON or TOML file as a person would: the value, and nothing around it.

Comments, order and layout stay. Every change is read back before it is believed; where a file is written in a way that cannot be
changed so, the user is told what to write.
"""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.errors import FileError
from mlops_cli.formats.data_text import read_values
from mlops_cli.formats.edit_common import CannotEditError
from mlops_cli.formats.problems import DefinitionError, Problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.formats.canonical import Json
    from mlops_cli.formats.edit_common import Path

_BOM = b"\xef\xbb\xbf"


class Change(NamedTuple):
    """A value to be written.

    Parameters
    ----------
    name : str
        Dotted, as parameters are named; a position in a list counts from 0.
    value : JSON
        What is to stand there.
    """

    name: str
    value: Json


def change_values(data: bytes, file: str, changes: Sequence[Change]) -> bytes:
    """Return the file's bytes with other values; a name that is not there is added.

    Parameters
    ----------
    file : str
        Its path: the ending of the name tells how it is written.

    Raises
    ------
    DefinitionError
        When the file cannot be read.
    FileError
        When it is not written so that this can be done; the hint says what to write.
    """
    before = _read(data, file)
    wanted: dict[str, Any] = copy.deepcopy(before)
    paths = []
    for change in changes:
        paths.append(path_of(wanted, change.name))
        _put(wanted, paths[-1], change.value, file)
    mark = _BOM if data.startswith(_BOM) else b""
    text = data.removeprefix(_BOM).decode()
    try:
        for path, change in zip(paths, changes, strict=True):
            text = _edit(text, file, path, change.value)
        changed = mark + text.encode()
        if identical(_read(changed, file), wanted):
            return changed
    except (CannotEditError, DefinitionError, UnicodeEncodeError, RecursionError):
        pass
    raise FileError(
        f"{file} is written in a way in which {_names(changes)} cannot be changed without touching more of it",
        hint="Write there yourself: " + ", ".join(f"{c.name} = {c.value!r}" for c in changes[:8]),
    )


def _names(changes: Sequence[Change]) -> str:
    return ", ".join(change.name for change in changes[:4]) + (", …" if len(changes) > 4 else "")


def _read(data: bytes, file: str) -> dict[str, Any]:
    problems = Problems()
    values = read_values(data, file, problems)
    if values is None:
        raise DefinitionError(problems.found)
    return values


def _edit(text: str, file: str, path: Path, value: Json) -> str:
    if file.endswith(".json"):
        from mlops_cli.formats.edit_json import edit_json

        return edit_json(text, path, value)
    if file.endswith(".toml"):
        from mlops_cli.formats.edit_toml import edit_toml

        return edit_toml(text, path, value)
    if file.endswith(".py"):
        raise CannotEditError
    from mlops_cli.formats.edit_yaml import edit_yaml

    return edit_yaml(text, path, value)


def path_of(values: Any, name: str) -> Path:
    """Return the keys and positions that a dotted name stands for; parts that are not there stand for keys.

    Examples
    --------
    >>> path_of({"a": [{"b": 1}], "c.d": 2}, "a.0.b"), path_of({"c.d": 2}, "c.d"), path_of({}, "x.y")
    (('a', 0, 'b'), ('c.d',), ('x', 'y'))
    """
    if name in values:
        return (name,)
    path: list[str | int] = []
    current: Any = values
    for part in name.split("."):
        if isinstance(current, list) and part.isascii() and part.isdigit() and int(part) < len(current):
            path.append(int(part))
            current = current[int(part)]
        else:
            path.append(part)
            current = current.get(part) if isinstance(current, dict) else None
    return tuple(path)


def _put(values: Any, path: Path, value: Json, file: str) -> None:
    current = values
    for part, following in itertools.pairwise(path):
        if isinstance(current, dict) and current.get(part) is None:
            current[part] = {}
        current = current[part]
        if not isinstance(current, (dict, list)) or (
            isinstance(current, list) and isinstance(following, str)
        ):
            raise FileError(f"{file}: {'.'.join(map(str, path))} cannot be set: {part} is not a mapping")
    current[path[-1]] = value


def identical(one: Any, other: Any) -> bool:
    """Whether two values are the same to the last type: 1, 1.0 and true are three.

    Examples
    --------
    >>> identical([1, {"a": 1.0}], [1, {"a": 1.0}]), identical(1, 1.0), identical(1, True)
    (True, False, False)
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(identical(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(identical, one, other))
    return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 - not a number
