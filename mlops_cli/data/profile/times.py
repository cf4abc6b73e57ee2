"""Counting times."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlops_cli.data.profile.hashing import hash_integers, salt_of
from mlops_cli.data.profile.model import HOURS, DatetimeProfile, Timeline
from mlops_cli.data.profile.numeric import runs
from mlops_cli.data.profile.steps import DAY, fitting_width
from mlops_cli.statistics.distinct import Distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

SECOND = 1_000_000
_HOUR = 3600
_THURSDAY = 3 * 24  # the hour of the week that 1970 began with


def datetime_profile(
    blank: DatetimeProfile, times: NDArray[np.datetime64], zone: str | None
) -> DatetimeProfile:
    """Return the profile of a column of times.

    Parameters
    ----------
    blank : DatetimeProfile
        Name, storage and privacy. Times need no layout.
    times : (n,) datetime64[us]
        NaT where missing; in UTC where there is a zone.
    zone : str or None
        The column's time zone.
    """
    present = times[~np.isnat(times)]
    ticks = np.sort(present.astype(np.int64))
    counted = replace(blank, zone=zone or "", n=len(ticks), missing=len(times) - len(ticks))
    if blank.private or not len(ticks):
        return counted
    unique, _ = runs(ticks)
    seconds = ticks // SECOND
    hours = np.bincount((seconds // _HOUR + _THURSDAY) % HOURS, minlength=HOURS)
    return replace(
        counted,
        first=int(seconds[0]) * SECOND,
        last=int(seconds[-1]) * SECOND,
        hours=tuple(hours.tolist()),
        midnight=int(np.count_nonzero(ticks % (DAY * SECOND) == 0)),
        timeline=timeline_of(seconds),
        distinct=Distinct.of_hashes(hash_integers(unique, salt_of(blank.name))),
        different=len(unique),
    )


def timeline_of(seconds: Ints) -> Timeline:
    """Return the timeline of ascending seconds after 1970.

    Examples
    --------
    >>> timeline_of(np.array([0, 59, 125]))
    Timeline(width=60, start=0, counts=(2, 0, 1))
    """
    if not len(seconds):
        return Timeline()
    width = fitting_width(int(seconds[0]), int(seconds[-1]))
    start, end = int(seconds[0]) // width, int(seconds[-1]) // width
    starts = np.arange(start, end + 1, dtype=np.int64) * width
    places = np.searchsorted(seconds, np.append(starts[1:], seconds[-1] + 1))
    return Timeline(width, start, tuple(np.diff(places, prepend=0).tolist()))
