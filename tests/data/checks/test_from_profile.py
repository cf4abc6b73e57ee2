"""A committed profile stands in for the table that it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from mlops_cli.data.checks.run import validate
from mlops_cli.data.checks.schema import TableSchema
from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.parse import profile_from_bytes
from mlops_cli.data.profile.text import profile_to_bytes
from tests.support.planted import PLANTED, customers, found, table

if TYPE_CHECKING:
    from mlops_cli.data.profile.model import Profile


@pytest.fixture(scope="module")
def profile() -> Profile:
    made = profile_table(table(customers(5000, 1)))
    return profile_from_bytes(profile_to_bytes(made), "p.json")


NOW = customers(2000, 2, start=5000)


def test_a_healthy_table_has_no_finding_against_a_profile(profile: Profile) -> None:
    assert found(validate(table(NOW), TableSchema(target="churned"), against=profile)) == set()


@pytest.mark.parametrize("name", PLANTED)
def test_what_was_planted_is_named_from_a_profile_alone(profile: Profile, name: str) -> None:
    change, column, check, cause = PLANTED[name]
    result = validate(table(change(NOW, np.random.default_rng(1))), against=profile)
    assert found(result) == {(column, check)}
    assert cause in result.findings[0].cause


@pytest.mark.parametrize("old", ["age", "country", "created", "member"])
def test_renamed_columns_are_known_from_a_profile(profile: Profile, old: str) -> None:
    result = validate(table(NOW.rename(columns={old: "new"})), against=profile)
    assert [(each.column, each.check, each.evidence["new_name"]) for each in result.findings] == [
        (old, "renamed_column", "new")
    ]


def test_values_beyond_a_profile_are_counted_though_it_does_not_keep_the_ends(profile: Profile) -> None:
    frame = NOW.copy()
    frame.loc[:199, "height"] = 3.5
    assert ("height", "out_of_range") in found(validate(table(frame), against=profile))


def test_private_columns_say_little_and_break_nothing() -> None:
    private = profile_table(
        table(customers(5000, 1)), pii=frozenset({"income", "country", "created", "member"})
    )
    assert found(validate(table(NOW), against=private)) == set()


def test_values_that_lost_their_blanks_are_one_finding_though_the_profile_has_no_rare_ones() -> None:
    """Rare values are not in a profile; so that column is told by its new values, and `?` is a gap on both sides."""
    often = [f"job {i % 8}" for i in range(3000)] + ["?"] * 200
    before = pd.DataFrame({"job": [*often, "rare 1", "rare 2"], "town": [*often, "job 1", "job 2"]})
    now = before.iloc[:-2]
    result = validate(table(now), against=profile_table(table(before.map(lambda value: f" {value}"))))
    assert found(result) == {("", "relabelled")}
    assert result.findings[0].evidence["columns"] == ["town", "job"]
