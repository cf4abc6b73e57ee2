"""One value in a TOML text, changed or added where it stands.

TOML's own reader says where a value ends: what is read alone as a value, up to a comment or the end of a line, is one.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.edit_common import CannotEditError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_cli.formats.canonical import Json
    from mlops_cli.formats.edit_common import Path

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_HEADER = re.compile(r"[ \t]*\[[^\[].*\][ \t]*(#.*)?\r?\n?")
_KEY = re.compile(r"""[ \t]*((?:[A-Za-z0-9_.\- \t]|"[^"\n]*"|'[^'\n]*')+?)[ \t]*=[ \t]*""")


class _Entry(NamedTuple):
    """A key with its value, or a table's header (`start` is -1): its path, and where value and line end."""

    path: tuple[str, ...]
    start: int
    end: int
    line: int


def edit_toml(text: str, path: Path, value: Json) -> str:
    """Return the text with another value at a path.

    Raises
    ------
    CannotEditError
        When it is not written so that this can be done.
    """
    entries = list(_entries(text))
    for entry in entries:
        size = len(entry.path)
        if entry.start >= 0 and tuple(path[:size]) == entry.path:
            old = _value(text[entry.start : entry.end])
            new = value if size == len(path) else _with(old, path[size:], value)
            return text[: entry.start] + toml_value(new) + text[entry.end :]
    return _add(text, entries, path, value)


def _entries(text: str) -> Iterator[_Entry]:
    table: tuple[str, ...] = ()
    at = 0
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        line = text[at:end]
        key = _KEY.match(line)
        if _HEADER.fullmatch(line) and _parsed(line) is not None:
            table = _only_path(_parsed(line) or {})
            yield _Entry(table, -1, -1, end)
        elif line.lstrip().startswith("[["):
            table = ("\0",)  # a list of tables: nothing in it has a name of its own
        elif key and _parsed(f"{key[1]} = 0") is not None:
            start = at + key.end()
            stop, end = _end_of_value(text, start)
            yield _Entry((*table, *_only_path(_parsed(f"{key[1]} = 0") or {})), start, stop, end)
        at = end


def _end_of_value(text: str, start: int) -> tuple[int, int]:
    """Return where a value ends, and where its last line does."""
    end = start
    while end < len(text):
        end = text.find("\n", end) + 1 or len(text)
        whole = _parsed(f"v = {text[start:end]}")
        if whole is None:
            continue
        for at in [i for i in range(start, end) if text[i] == "#"]:
            if _parsed(f"v = {text[start:at]}") == whole:
                return start + len(text[start:at].rstrip()), end
        return start + len(text[start:end].rstrip()), end
    raise CannotEditError


def _add(text: str, entries: list[_Entry], path: Path, value: Json) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    table, name = tuple(path[:-1]), str(path[-1])
    line = f"{_key(name)} = {toml_value(value)}{newline}"
    inside = [e for e in entries if e.path == table and e.start < 0]
    siblings = [e for e in entries if e.start >= 0 and e.path[:-1] == table]
    if siblings or inside:
        at = (siblings or inside)[-1].line
    elif not table:
        at = 0
    else:
        header = ".".join(_key(str(part)) for part in table)
        gap = "" if not text or text.endswith("\n") else newline
        blank = newline if text.strip() else ""
        return f"{text}{gap}{blank}[{header}]{newline}{line}"
    gap = newline if at and text[at - 1] != "\n" else ""
    return f"{text[:at]}{gap}{line}{text[at:]}"


def _with(old: Any, path: Path, value: Json) -> Any:
    if not path:
        return value
    if isinstance(old, list):
        return [_with(item, path[1:], value) if i == path[0] else item for i, item in enumerate(old)]
    if not isinstance(old, dict):
        raise CannotEditError
    return {**old, str(path[0]): _with(old.get(str(path[0]), {}), path[1:], value)}


def _only_path(values: dict[str, Any]) -> tuple[str, ...]:
    """Return the names that lead to the one thing in a mapping of mappings."""
    path = []
    current: Any = values
    while isinstance(current, dict) and current:
        name, current = next(iter(current.items()))
        path.append(name)
    return tuple(path)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _value(text: str) -> Any:
    return (_parsed(f"v = {text}") or {}).get("v")


def toml_value(value: Any) -> str:
    """Return a value as TOML on one line.

    Raises
    ------
    CannotEditError
        When TOML has no such value.

    Examples
    --------
    >>> toml_value([1e-5, "relu", {"a": True}])
    '[1e-05, "relu", {a = true}]'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, float):
        return repr(value)
    if value is None:
        raise CannotEditError
    return str(value.isoformat())


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
