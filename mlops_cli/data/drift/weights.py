"""Importance of columns, out of an evaluation that was made before. Light."""

from __future__ import annotations

import json
from typing import Any

from mlops_cli.errors import FileError


def weights_in(data: bytes, file: str) -> dict[str, float]:
    """Return how much a metric loses without each column, as an `evaluation.json` has it; nothing is less than nothing.

    Raises
    ------
    FileError
        When it is no evaluation, or has no importance.

    Examples
    --------
    >>> weights_in(b'{"importance": [{"column": "age", "drop": {"value": 0.1}}]}', "evaluation.json")
    {'age': 0.1}
    """
    try:
        value: Any = json.loads(data)
        found = {
            str(each["column"]): max(float(each["drop"]["value"] or 0.0), 0.0) for each in value["importance"]
        }
    except (ValueError, KeyError, TypeError) as error:
        raise FileError(
            f"{file} has no importance of columns",
            hint="Name an evaluation.json that has one; of a stage that evaluates, ask for importance.",
        ) from error
    if not any(found.values()):
        raise FileError(f"{file}: no column has any importance", hint="Compare without weights.")
    return found
