"""Labels as text: what a table and a model mean by the same class, whichever types they keep it in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlops_cli.statistics.arrays import Integers

_YES = ("true", "1", "yes", "y", "positive", "pos")
_NO = ("false", "0", "no", "n", "negative", "neg", "-1")
_FLAGS = {"true": "1", "false": "0"}


def label_text(value: Any) -> str | None:
    """Return a label as text; None where it is missing.

    Examples
    --------
    >>> [label_text(value) for value in (1, 1.0, True, "yes", 0.5, float("nan"), None)]
    ['1', '1', 'true', 'yes', '0.5', None, None]
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        if math.isnan(number):
            return None
        return str(int(number)) if number.is_integer() else repr(number)
    return str(value)


def coded(values: Any) -> tuple[Integers, list[str]]:
    """Return codes, -1 for missing ones, and the label of each code.

    Parameters
    ----------
    values : (n,) array or Series
    """
    codes, uniques = pd.factorize(pd.Series(values), use_na_sentinel=True)
    texts: dict[str, int] = {}
    moved = np.full(len(uniques) + 1, -1, dtype=np.int64)  # the last entry is for missing ones
    for at, unique in enumerate(uniques):
        text = label_text(unique)
        if text is not None:
            moved[at] = texts.setdefault(text, len(texts))
    return moved[codes], list(texts)


def recoded(codes: Integers, labels: list[str], places: Mapping[str, int]) -> Integers:
    """Return codes among classes instead of among labels."""
    moved = np.array([*(places[label] for label in labels), -1], dtype=np.int64)
    return moved[codes]


def agree_on_flags(*several: list[str]) -> list[list[str]]:
    """Return lists of labels in which yes and no are spelled one way, where one side has `true` and another `1`.

    Examples
    --------
    >>> agree_on_flags(["true", "false"], ["0", "1"]), agree_on_flags(["true"], ["false"])
    ([['1', '0'], ['0', '1']], [['true'], ['false']])
    """
    known = {label for labels in several for label in labels}
    if known <= {"true", "false", "0", "1"} and known & {"true", "false"} and known & {"0", "1"}:
        return [[_FLAGS.get(label, label) for label in labels] for labels in several]
    return [list(labels) for labels in several]


def in_class_order(labels: Iterable[str]) -> list[str]:
    """Return labels in the order of classes: numbers by size, others by the alphabet.

    Examples
    --------
    >>> in_class_order({"10", "9"}), in_class_order({"b", "a", "10"})
    (['9', '10'], ['10', 'a', 'b'])
    """
    found = sorted(labels)
    try:
        return sorted(found, key=float)
    except ValueError:
        return found


def differ_in_spaces(labels: Iterable[str]) -> tuple[str, str] | None:
    """Return two labels that are the same but for spaces around them; None where there are none.

    Examples
    --------
    >>> differ_in_spaces(["yes", "no"]), differ_in_spaces(["no", " yes", "yes"])
    (None, (' yes', 'yes'))
    """
    known: dict[str, str] = {}
    for label in sorted(labels):
        other = known.setdefault(" ".join(label.split()), label)
        if other != label:
            return other, label
    return None


def two_classes(labels: list[str], positive: str | None) -> tuple[str, str]:
    """Return the negative and the positive class.

    Parameters
    ----------
    labels : list of str
        One or two.
    positive : str or None
        The positive one, where somebody said.
    """
    if len(labels) == 1:
        only = labels[0]
        other = f"not {only}"
        if (positive is None and only.lower() in _NO) or (positive is not None and positive != only):
            return only, positive or other
        return other, only
    ordered = in_class_order(labels)
    chosen = positive or next((label for label in ordered if label.lower() in _YES), ordered[1])
    return next(label for label in ordered if label != chosen), chosen
