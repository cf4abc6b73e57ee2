"""Names: of a table, without anything secret; of its columns, all different and none empty."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence


def shown(url: str) -> str:
    """Return an address without anything secret.

    Examples
    --------
    >>> shown("https://me:word@example.org/data/t.csv?sig=abc#x")
    'https://example.org/data/t.csv'
    """
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


def checked_names(names: Sequence[str], where: str) -> tuple[list[str], list[str]]:
    """Return the names that columns go by, and warnings about them.

    A column without a name is called by its position.

    Raises
    ------
    DataError
        When there is no column, or two have one name; each pair is named with its positions.

    Examples
    --------
    >>> checked_names(["age", ""], "t.csv")
    (['age', 'unnamed_2'], ['t.csv: column 2 has no name and is called unnamed_2'])
    """
    if not names:
        raise DataError(f"{where} has no columns")
    found, warnings = list(names), []
    for at, name in enumerate(names, 1):
        if not name.strip():
            found[at - 1] = _free(f"unnamed_{at}", names)
            warnings.append(f"{where}: column {at} has no name and is called {found[at - 1]}")
        elif "\n" in name or "\r" in name:
            warnings.append(f"{where}: the name of column {at}, {name!r}, has a line break in it")
        elif name != name.strip():
            warnings.append(f"{where}: the name of column {at}, {name!r}, begins or ends with a space")
    _refuse_twins(names, where)
    return found, warnings


def _free(name: str, names: Sequence[str]) -> str:
    while name in names:
        name += "_"
    return name


def _refuse_twins(names: Sequence[str], where: str) -> None:
    if len(set(names)) == len(names):
        return
    first: dict[str, int] = {}
    twins = []
    for at, name in enumerate(names, 1):
        if name in first and name.strip():
            twins.append(f"{name!r} (columns {first[name]} and {at})")
        first.setdefault(name, at)
    if twins:
        more = f" and {len(twins) - 5} more" if len(twins) > 5 else ""
        raise DataError(
            f"{where} has columns of the same name: {', '.join(twins[:5])}{more}",
            hint="Give each column a name of its own.",
        )


def expect_same_names(names: Sequence[str], where: str, others: Sequence[str], there: str) -> None:
    """Refuse a part of a table that has other columns than the first part.

    Raises
    ------
    DataError
        Naming what is lacking and what is there besides.
    """
    if set(names) == set(others):
        return
    lacking = [name for name in names if name not in set(others)]
    besides = [name for name in others if name not in set(names)]
    told = [f"lacks {_some(lacking)}"] if lacking else []
    told += [f"has {_some(besides)} besides"] if besides else []
    raise DataError(
        f"the columns of {there} are not those of {where}: it {' and '.join(told)}",
        hint="All parts of a table have the same columns.",
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more
