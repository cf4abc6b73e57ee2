"""Parameters in a Python file: plain values that are assigned at its top, in its classes and in their `__init__`.

The file is parsed, never run.
"""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_cli.formats.problems import Problems


def read_python(data: bytes, file: str, problems: Problems) -> dict[str, Any]:
    r"""Return name to value of what a Python file assigns; what is computed, and what is no plain value, is passed over.

    A class is a mapping of what is assigned in it, and of what its `__init__` assigns to `self`. Tuples and sets become lists.

    Examples
    --------
    >>> from mlops_cli.formats.problems import Problems
    >>> read_python(b"LR = 0.1\nclass Train:\n    sizes = (1, 2)\nSEED = LR * 2\n", "params.py", Problems())
    {'LR': 0.1, 'Train': {'sizes': [1, 2]}}
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a string in it escapes
            tree = ast.parse(data)
    except SyntaxError as error:
        problems.add(file, error.lineno or 1, error.offset or 1, f"Python: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        problems.add(file, 1, 1, f"Python: {str(error) or 'nests too deep'}")
    else:
        return _assigned(tree.body)
    return {}


def _assigned(body: Iterable[ast.stmt], *, own: bool = False) -> dict[str, Any]:
    """Return what statements assign; `own`: only to attributes of `self`."""
    found: dict[str, Any] = {}
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            found[statement.name] = _assigned(statement.body)
        elif isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            found |= _assigned(statement.body, own=True)
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = [statement.target] if isinstance(statement, ast.AnnAssign) else statement.targets
            name = _name(targets[0], own=own) if len(targets) == 1 else None
            if name is not None:
                try:
                    found[name] = _plain(ast.literal_eval(statement.value))
                except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    continue  # computed, so nothing that can be known without running it
    return found


def _name(target: ast.expr, *, own: bool) -> str | None:
    if isinstance(target, ast.Name) and not own:
        return target.id
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        return target.attr
    return None


def _plain(value: Any) -> Any:
    """Return a value as JSON can carry it.

    Raises
    ------
    ValueError
        When it cannot.
    """
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(item) for item in value), key=repr)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(type(value).__name__)
