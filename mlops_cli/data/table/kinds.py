"""The five kinds of columns, and what is known of one column before its values are looked at. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from mlops_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Kind = Literal["numeric", "boolean", "categorical", "datetime", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# Kinds of which the values are taken as they are written: codes such as 007 among them.
AS_WRITTEN: tuple[Kind, ...] = ("categorical", "text")
# Up to so many different values a column of texts is categorical, whatever its length.
FEW_VALUES = 256
# Above that it still is where values come back: this share of different values at most, and no longer than this on average.
MOST_DISTINCT = 0.5
SHORT_TEXT = 32.0
# Longer than this on average is what people write, not what they choose from, unless values come back.
LONG_TEXT = 64.0


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        As the table has it; a column without a name is called by its position, `unnamed_3`.
    kind : Kind
        What its values mean: decided once over the whole table, or said by the user.
    storage : str
        The Arrow type of its values as they lie in the table, such as `int64` or `string`.
    note : str
        What a reader should know of how it was read; empty where there is nothing to say.
    """

    name: str
    kind: Kind
    storage: str
    note: str = ""


def check_kinds(kinds: Mapping[str, str], names: Collection[str], table: str) -> None:
    """Refuse kinds that do not exist, or of columns that do not.

    Raises
    ------
    UsageError
        Naming all columns that are not there.
    """
    for name, kind in kinds.items():
        if kind not in KINDS:
            raise UsageError(
                f"{kind!r} is no kind of column (for {name})", hint=f"There are {', '.join(KINDS)}."
            )
    missing = [name for name in kinds if name not in names]
    if missing:
        from difflib import get_close_matches

        close = get_close_matches(missing[0], list(names), 1)
        raise UsageError(
            f"{table} has no column {', '.join(map(repr, missing))}",
            hint=f"Is {close[0]!r} meant?" if close else f"It has {_some(names)}.",
        )


def _some(names: Collection[str]) -> str:
    shown = [repr(name) for name in list(names)[:12]]
    return ", ".join(shown) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
