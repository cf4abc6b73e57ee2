"""Verdicts and their order."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.statistics.verdict import ORDER, Verdict, exit_code, worst

VERDICTS = st.lists(st.sampled_from(ORDER), min_size=1)


def test_every_verdict_has_its_place_and_its_exit_code() -> None:
    assert sorted(get_args(Verdict)) == sorted(ORDER)
    assert [exit_code(name) for name in ORDER] == [0, 0, 1, 1, 5]


@given(VERDICTS, VERDICTS)
def test_the_worst_of_all_is_the_worst_of_the_worst_of_parts(one: list[Verdict], two: list[Verdict]) -> None:
    assert worst(one + two) == worst([worst(one), worst(two)]) == worst(two + one)


def test_nothing_looked_at_is_no_pass() -> None:
    assert worst([]) == "insufficient"
    assert worst([], empty="pass") == "pass"


def test_what_is_no_verdict_is_refused() -> None:
    with pytest.raises(ValueError, match="'fine' is no verdict"):
        worst(["pass", "fine"])  # type: ignore[list-item]
