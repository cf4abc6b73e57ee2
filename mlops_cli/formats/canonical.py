"""Canonical JSON: the same value always gives the same bytes, and bytes that are not a plain value are refused.

Two layouts. `compact` is what digests are made of: one line, no spaces. `pretty` is what is committed and reviewed: what fits
into a line stands in one, what does not has a line a member, so that a change is a short diff. Both: UTF-8, keys sorted,
newline at the end, NaN and infinity refused.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from mlops_cli.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Any value of JSON. `Any` inside, because a recursive alias makes every reader of a record cast at each step.
Json: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | None"

_NESTING = (dict, list, tuple)
_PLAIN = {str, int, float, bool, type(None)}
_COMPACT = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_INLINE = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False)
_WIDTH = 110


def compact(value: Json) -> bytes:
    r"""Return the bytes that a digest is made of.

    Raises
    ------
    ValueError
        For NaN, infinity, keys that are not strings, or text that is not Unicode.

    Examples
    --------
    >>> compact({"b": 1, "a": [0.1, None]})
    b'{"a":[0.1,null],"b":1}\n'
    """
    _check_keys(value)
    return _bytes(_COMPACT.encode(value))


def pretty(value: Json) -> bytes:
    r"""Return the bytes of a committed file.

    Raises
    ------
    ValueError
        As `compact`.

    Examples
    --------
    >>> pretty({"b": [1, 2], "a": {}})
    b'{"a": {}, "b": [1, 2]}\n'
    """
    _check_keys(value)
    return _bytes(_lay_out(value, ""))


def _lay_out(value: Any, indent: str) -> str:
    # The encoder's fast path knows no indentation, so it writes the lines and we break them.
    text = _INLINE.encode(value)
    if not value or not isinstance(value, _NESTING) or len(text) + len(indent) <= _WIDTH:
        return text
    inner = indent + "  "
    if isinstance(value, dict):
        rows = [f"{inner}{_INLINE.encode(key)}: {_lay_out(value[key], inner)}" for key in sorted(value)]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _lay_out(item, inner) for item in value) + f"\n{indent}]"


def _bytes(text: str) -> bytes:
    try:
        return (text + "\n").encode()
    except UnicodeEncodeError as error:
        raise ValueError("text holds a lone surrogate, which UTF-8 cannot carry") from error


def _check_keys(value: Any) -> None:
    """Refuse keys that are not text: json would quietly turn 1 into "1", two different values with the same bytes."""
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str:
                raise ValueError("keys must be strings")
        value = value.values()
    elif not isinstance(value, _NESTING):
        return
    for item in value:
        # Most of what is nested are rows of plain values, of which there may be a hundred thousand.
        if isinstance(item, _NESTING) and (isinstance(item, dict) or not set(map(type, item)) <= _PLAIN):
            _check_keys(item)


def read_record(data: bytes, *, file: str, schema: int) -> dict[str, Any]:
    """Return the object in a file that the tool wrote.

    Parameters
    ----------
    data : bytes
        The file's bytes.
    file : str
        Its path, for the message.
    schema : int
        The newest schema number that this version reads.

    Raises
    ------
    FileError
        When it is not JSON, not an object, or of a newer schema.
    """
    if b"\n<<<<<<< " in b"\n" + data:
        raise FileError(f"{file} has a merge conflict in it", hint=_one_side(file))
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{file} is not valid JSON: {error}", hint=_restore(file)) from error
    if not isinstance(value, dict):
        raise FileError(f"{file} should hold a JSON object", hint=_restore(file))
    number = value.get("schema")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise FileError(f"{file} does not name its schema number", hint=_restore(file))
    if number > schema:
        raise FileError(
            f"{file} has schema {number}, and this version reads up to {schema}",
            hint="Upgrade: pip install --upgrade mlops-cli",
        )
    return value


def _one_side(file: str) -> str:
    """Return the ways out of a conflict: of a merge that goes on, and of one whose marks were committed."""
    place = f"/{file}"
    again = "make it again"
    if "/.mlops/stages/" in place:
        again = "mlops run"
    elif "/.mlops/data/" in place:
        again = f"mlops add {place.partition('/.mlops/data/')[2].removesuffix('.json')}"
    return (
        f"In a merge take one side with: git checkout --ours -- {file} (or --theirs), and git add it; then: mlops checkout. "
        f"When the marks are committed already: rm {file}; then: {again}"
    )


def text_field(record: Mapping[str, Any], name: str, file: str) -> str:
    """Return a text field of a record.

    Raises
    ------
    FileError
        When it is missing or not text.
    """
    value = record.get(name)
    if not isinstance(value, str):
        raise FileError(f'{file}: "{name}" should be text', hint=_restore(file))
    return value


def object_field(record: Mapping[str, Any], name: str, file: str) -> dict[str, Any]:
    """Return an object field of a record.

    Raises
    ------
    FileError
        When it is missing or not an object.
    """
    value = record.get(name)
    if not isinstance(value, dict):
        raise FileError(f'{file}: "{name}" should be an object', hint=_restore(file))
    return value


def _restore(file: str) -> str:
    return f"Bring it back with: git checkout -- {file}"
