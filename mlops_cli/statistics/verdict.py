"""Verdicts: what every check, comparison and validation ends with. Light: needs no library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Verdict = Literal["pass", "warn", "fail", "insufficient", "error"]

# From the mildest to the gravest.
ORDER: tuple[Verdict, ...] = ("pass", "warn", "insufficient", "fail", "error")
_RANK = {name: rank for rank, name in enumerate(ORDER)}
_EXIT: dict[Verdict, int] = {"pass": 0, "warn": 0, "insufficient": 1, "fail": 1, "error": 5}


def worst(verdicts: Iterable[Verdict], *, empty: Verdict = "insufficient") -> Verdict:
    """Return the gravest verdict: error, then fail, insufficient, warn, pass.

    Parameters
    ----------
    verdicts : iterable of verdict
        In any order.
    empty : verdict
        What no verdicts at all come to. Where nothing was looked at, nothing has passed; so it is not `pass`
        unless the caller says so.

    Raises
    ------
    ValueError
        When one of them is no verdict.

    Examples
    --------
    >>> worst(["pass", "fail", "warn"]), worst([])
    ('fail', 'insufficient')
    """
    found = list(verdicts)
    unknown = [name for name in found if name not in _RANK]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no verdict: {', '.join(ORDER)} are")
    return max(found, key=_RANK.__getitem__, default=empty)


def exit_code(verdict: Verdict) -> int:
    """Return what a command ends with: 0 for pass and warn, 1 for fail and insufficient, 5 for error.

    Examples
    --------
    >>> exit_code("warn"), exit_code("insufficient"), exit_code("error")
    (0, 1, 5)
    """
    return _EXIT[verdict]
