"""Profiles for the tests of pages: of a usual table, of its next edition, and of one whose names and values mean harm."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.diff import ProfileDiff, diff
from mlops_cli.data.profile.model import Profile
from mlops_cli.data.table.table import table_of
from tests.support.page_reports import NAMES
from tests.support.tables import people, table


def usual_profile() -> Profile:
    """Return the profile of a table with a column of each kind."""
    return profile_table(table_of(people(2_000)))


def profile_diff() -> ProfileDiff:
    """Return two profiles between which a column of each kind changed, one went and one came."""
    before = people(2_000)
    after = people(1_500, seed=8)
    moved: dict[str, Any] = {each: after.column(each) for each in after.column_names if each != "member"}
    moved["age"] = np.asarray(after.column("age")) * 1.4 + 20
    moved["city"] = ["Oslo" if each == "Lima" else each for each in after.column("city").to_pylist()]
    moved["plan"] = ["free"] * 1_500
    first = profile_table(table_of(before))
    return diff(first, profile_table(table(moved), baseline=first))


def odd_profile() -> Profile:
    """Return the profile of what is hard to draw: one value, nothing, infinities, one far away, texts that mean harm."""
    rows = 400
    random = np.random.default_rng(3)
    far = random.normal(0, 1, rows)
    far[0] = 1e300
    wild = random.normal(0, 1, rows)
    wild[:40], wild[40:60] = np.inf, np.nan
    columns: dict[str, Any] = {
        NAMES[0]: [NAMES[n % len(NAMES)] for n in range(rows)],
        NAMES[1]: [7.0] * rows,
        NAMES[2]: [None] * rows,
        NAMES[3]: wild,
        NAMES[5]: far,
        NAMES[6]: np.arange(rows) * 1e-12,
        NAMES[7]: [f"{NAMES[0]} {n}" for n in range(rows)],
        NAMES[8]: random.integers(0, 2, rows) == 1,
        "0": [0.0] * (rows - 5) + [1.0] * 5,
    }
    return profile_table(table(columns, kinds={NAMES[2]: "numeric"}))


def empty_profile() -> Profile:
    """Return a profile of no rows and no columns."""
    return Profile(rows=0, columns=())
