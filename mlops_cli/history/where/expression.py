"""What conditions on runs are about, a run's fields, parameters and metrics; and their text."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TypeAlias

from mlops_cli.formats.conditions import tree
from mlops_cli.formats.conditions.text import quoted, text_of
from mlops_cli.formats.conditions.tokens import KEYWORDS, Spelling

SPELLING = Spelling((*tree.COMPARISONS, *tree.PATTERNS), joined=True, keywords=KEYWORDS | {"exists"})

# What is asked for by names of its own.
GROUPS = ("params", "metrics")

Scalar: TypeAlias = "bool | int | float | str | None"
Expression: TypeAlias = "tree.Expression[Name, Scalar]"


@dataclass(frozen=True, slots=True)
class Name:
    """What is asked of a run.

    Parameters
    ----------
    root : str
        A field such as `author`; or `params` or `metrics`.
    key : str
        Which parameter or metric.
    at, length : int
        Where it stands in the text, from 0, and how much of it it is.
    """

    root: str
    key: str = ""
    at: int = field(default=0, compare=False)
    length: int = field(default=0, compare=False)

    def __str__(self) -> str:
        """Return it as it is written."""
        if self.root not in GROUPS:
            return self.root
        return f"{self.root}.{self.key if SPELLING.bare(self.key) else quoted(self.key)}"


def expression_text(expression: Expression) -> str:
    """Return a condition as text, which means the same when it is read again.

    Examples
    --------
    >>> from mlops_cli.formats.conditions.tree import And, Compare, Missing
    >>> expression_text(And((Compare(Name("params", "a b"), "==", "x"), Missing(Name("branch")))))
    "params.'a b' == 'x' and branch is missing"
    """
    return text_of(expression, scalar_text, present="exists")


def scalar_text(value: Scalar) -> str:
    """Return a value as conditions have it: text in quotes.

    Examples
    --------
    >>> scalar_text("8"), scalar_text(8), scalar_text(None)
    ("'8'", '8', 'null')
    """
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return json.dumps(value)
