"""Certified figures through a whole profile: as one table, on a baseline, and as the sum of parts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.merge import merge
from mlops_cli.data.profile.model import NumericProfile, Profile
from mlops_cli.data.profile.parse import profile_from_bytes
from mlops_cli.data.profile.text import profile_to_bytes
from tests.support.tables import table


def alternating(middle: float, first: float, second: float, count: int) -> list[float]:
    return [middle, *([first, second] * (count // 2))]


# NIST Statistical Reference Datasets, univariate summary statistics (itl.nist.gov/div898/strd): values, mean, sd, digits that the
# values themselves, as floats, can give.
NIST = {
    "NumAcc1": ([10000001.0, 10000003.0, 10000002.0], 10000002.0, 1.0, 15),
    "NumAcc2": (alternating(1.2, 1.1, 1.3, 1000), 1.2, 0.1, 14),
    "NumAcc3": (alternating(1000000.2, 1000000.1, 1000000.3, 1000), 1000000.2, 0.1, 9),
    "NumAcc4": (alternating(10000000.2, 10000000.1, 10000000.3, 1000), 10000000.2, 0.1, 8),
}


def figures(profile: Profile) -> tuple[float, float]:
    column = profile_from_bytes(profile_to_bytes(profile), "p.json").columns[0]
    assert isinstance(column, NumericProfile)
    assert column.moments is not None
    return column.moments.mean or 0.0, column.moments.sd or 0.0


@pytest.mark.parametrize("name", NIST)
@pytest.mark.parametrize("way", ["whole", "window", "parts"])
def test_mean_and_sd_are_the_certified_ones(name: str, way: str) -> None:
    values, mean, sd, digits = NIST[name]
    profile = profile_table(table({"x": values}))
    if way != "whole":
        profile = profile_table(
            table({"x": values}), baseline=profile_table(table({"x": np.array(values) * 1.01}))
        )
    if way == "parts":
        hands = np.arange(len(values)) % 3
        profile = merge(
            [
                profile_table(table({"x": np.array(values)[hands == hand]}), baseline=profile)
                for hand in range(3)
            ]
        )
    found_mean, found_sd = figures(profile)
    assert abs(found_mean - mean) <= mean * 10.0**-15 * 2
    assert -math.log10(abs(found_sd - sd) / sd or 1e-16) >= digits - 0.5
