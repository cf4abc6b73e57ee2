"""Parameter and metric files: YAML, JSON, TOML, Python or CSV text to plain values."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.problems import Problems  # noqa: TC001 - the examples in docstrings need it
from mlops_cli.formats.yaml_text import DEEPEST, parse_yaml, place_of, read_scalar

if TYPE_CHECKING:
    from mlops_cli.formats.canonical import Json


def read_values(data: bytes, file: str, problems: Problems) -> dict[str, Any] | None:
    """Return the mapping in a YAML, JSON, TOML or Python file, by the ending of its name.

    Parameters
    ----------
    data : bytes
        The file's bytes.
    file : str
        Its path; an ending that is not known is read as YAML.
    problems : Problems
        Where mistakes are gathered.

    Returns
    -------
    dict or None
        Text to plain values; empty for an empty file; None when it cannot be read.
    """
    before = len(problems.found)
    value: Json
    if file.endswith(".json"):
        value = _read_json(data, file, problems)
    elif file.endswith(".toml"):
        value = _read_toml(data, file, problems)
    elif file.endswith(".py"):
        from mlops_cli.formats.python_text import read_python  # few projects have their parameters in Python

        value = read_python(data, file, problems)
    else:
        node = parse_yaml(data, file, problems)
        value = {} if node is None else node.plain()
    if len(problems.found) > before:
        return None
    if not isinstance(value, dict):
        problems.add(file, 1, 1, "should hold a mapping of names to values", "for example: depth: 4")
        return None
    return value


class _GivenTwiceError(Exception):
    """A JSON object names a key twice."""


def _read_json(data: bytes, file: str, problems: Problems) -> Json:
    try:
        text = data.decode("utf-8-sig")
        value: Json = json.loads(text, object_pairs_hook=_no_key_twice) if text.strip() else {}
        _check_depth(value)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()  # half a character is no text
    except json.JSONDecodeError as error:
        problems.add(file, error.lineno, error.colno, f"JSON: {error.msg}")
    except UnicodeDecodeError as error:
        problems.add(file, *place_of(data, error.start), "not UTF-8 text", "save the file as UTF-8")
    except UnicodeEncodeError:
        problems.add(file, 1, 1, "JSON: a \\ud… escape names half a character", "write the character itself")
    except _GivenTwiceError as error:
        before = len(problems.found)
        parse_yaml(data, file, problems)  # JSON is YAML, and there every key has its place
        if len(problems.found) == before:
            problems.add(file, 1, 1, f'"{error}" is given twice', "keep one of them")
    except RecursionError:
        problems.add(file, 1, 1, f"values nest more than {DEEPEST} deep", "lay them out flatter")
    except ValueError:  # nothing else is left that Python refuses to read
        problems.add(file, 1, 1, "JSON: a number of more than 4,300 digits", "write it as text, in quotes")
    else:
        return value
    return {}


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        raise _GivenTwiceError(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return values


def _check_depth(value: Json) -> None:
    """Raise RecursionError for what nests too deep, before something that recurses meets it."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST + 1:
            raise RecursionError
        inside = [
            item.values() if isinstance(item, dict) else item
            for item in level
            if isinstance(item, dict | list)
        ]
        level = [item for items in inside for item in items]


def _read_toml(data: bytes, file: str, problems: Problems) -> Json:
    import re
    import tomllib

    text = ""
    try:
        text = data.decode("utf-8-sig")
        value = tomllib.loads(text)
        _check_depth(value)
        plain: Json = _plain_toml(value)
    except UnicodeDecodeError as error:
        problems.add(file, *place_of(data, error.start), "not UTF-8 text", "save the file as UTF-8")
    except RecursionError:
        problems.add(file, 1, 1, f"values nest more than {DEEPEST} deep", "lay them out flatter")
    except ValueError as error:  # among them TOML's own
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        end = (len(text.splitlines()) or 1) if "end of document" in str(error) else 1
        line, column = (int(place[1]), int(place[2])) if place else (end, 1)
        message = str(error).split(" (at line")[0]
        problems.add(file, line, column, f"TOML: {message}", _TOML_HINTS.get(message, ""))
    else:
        return plain
    return {}


_TOO_LONG = "a number of more than 3,000 digits"
_TOML_HINTS = {
    "Invalid value": "text needs quotes",
    _TOO_LONG: "write it as text, in quotes",
    "Cannot overwrite a value": "its name is given twice",
}


def _plain_toml(value: Any) -> Any:
    """Turn dates into their ISO text, which JSON can carry, and refuse numbers that nobody can write out."""
    if isinstance(value, dict):
        return {key: _plain_toml(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain_toml(item) for item in value]
    if isinstance(value, int) and value.bit_length() > 10_000:
        raise ValueError(_TOO_LONG)
    return value if isinstance(value, str | int | float | bool | None) else value.isoformat()


def read_metrics(data: bytes, file: str, problems: Problems) -> dict[str, Any]:
    """Return the numbers in a metrics file, flat.

    Nested JSON, YAML and TOML give `a.b`; a mapping that holds `value` beside `n`, `low` or `high` stays one
    metric; of a CSV or TSV the last row counts. Text is passed over. A number that is not finite becomes
    None: it was not measured.

    Examples
    --------
    >>> read_metrics(b'{"test": {"auc": 0.9, "n": 12}, "note": "x"}', "m.json", Problems())
    {'test.auc': 0.9, 'test.n': 12}
    """
    if file.endswith((".csv", ".tsv")):
        return _last_row(data, file, problems)
    values = read_values(data, file, problems)
    return {} if values is None else dict(_numbers(values, ""))


def _last_row(data: bytes, file: str, problems: Problems) -> dict[str, Any]:
    import csv

    try:
        lines = data.decode("utf-8-sig").splitlines()
        rows = [row for row in csv.reader(lines, delimiter="\t" if file.endswith(".tsv") else ",") if row]
    except UnicodeDecodeError as error:
        problems.add(file, *place_of(data, error.start), "not UTF-8 text", "save the file as UTF-8")
        return {}
    except csv.Error as error:  # a field of more than 128 KiB
        problems.add(file, 1, 1, f"CSV: {error}")
        return {}
    if len(rows) < 2:
        problems.add(file, 1, 1, "a metrics table needs a header and at least one row")
        return {}
    return dict(
        _numbers({name: read_scalar(text.strip()) for name, text in zip(rows[0], rows[-1], strict=False)}, "")
    )


def _numbers(value: Any, name: str) -> list[tuple[str, Any]]:
    if isinstance(value, bool):
        return []
    if isinstance(value, int | float):
        return [(name, _measured(value))]
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("value"), int | float) and value.keys() & {"n", "low", "high"}:
        interval = {
            key: value[key]
            for key in ("value", "n", "low", "high")
            if isinstance(value.get(key), int | float)
        }
        return [(name or "value", {key: _measured(number) for key, number in interval.items()})]
    return [pair for key, item in value.items() for pair in _numbers(item, f"{name}.{key}" if name else key)]


def _measured(number: float) -> float | None:
    # A whole number may be too large for a float, and for math.isfinite with it.
    return number if isinstance(number, int) or math.isfinite(number) else None
