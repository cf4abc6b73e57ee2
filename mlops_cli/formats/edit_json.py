"""One value in a JSON text, changed or added where it stands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mlops_cli.formats.edit_common import CannotEditError, nested

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlops_cli.formats.canonical import Json
    from mlops_cli.formats.edit_common import Path

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def edit_json(text: str, path: Path, value: Json) -> str:
    """Return the text with another value at a path.

    Raises
    ------
    CannotEditError
        When there is no such place.
    """
    if not text.strip():
        return json.dumps(nested(path, value), indent=2, ensure_ascii=False) + "\n"
    start = _skip(text, 0)
    for depth, part in enumerate(path):
        found = next((at for name, at in _members(text, start) if name == part), None)
        if found is None:
            return _add(text, start, path[depth:], value)
        start = found
    _, end = _DECODER.raw_decode(text, start)
    return text[:start] + json.dumps(value, ensure_ascii=False) + text[end:]


def _members(text: str, start: int) -> Iterator[tuple[str | int, int]]:
    """Yield name, or position, and place of what lies in the object or array at a place."""
    if text[start] not in "{[":
        return
    is_object = text[start] == "{"
    at, number = _skip(text, start + 1), 0
    while text[at] not in "}]":
        name: str | int = number
        if is_object:
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)  # past the colon
        yield name, at
        _, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at] == "," else at
        number += 1


def _add(text: str, start: int, rest: Path, value: Json) -> str:
    if text[start : start + 4] == "null":
        return text[:start] + json.dumps(nested(rest, value), ensure_ascii=False) + text[start + 4 :]
    if text[start] != "{":
        raise CannotEditError
    added = f"{json.dumps(str(rest[0]), ensure_ascii=False)}: " + json.dumps(
        nested(rest[1:], value), ensure_ascii=False
    )
    places = [at for _, at in _members(text, start)]
    if not places:
        _, end = _DECODER.raw_decode(text, start)
        return f"{text[:start]}{{{added}}}{text[end:]}"
    _, last = _DECODER.raw_decode(text, places[-1])
    first = _skip(text, start + 1)
    return f"{text[:last]},{text[start + 1 : first] or ' '}{added}{text[last:]}"


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
