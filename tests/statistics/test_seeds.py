"""Seeds follow from content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.statistics.seeds import generator, seed_of

PART = st.one_of(st.text(max_size=5), st.binary(max_size=5), st.integers(-1000, 1000))


@given(st.lists(PART, max_size=4), st.lists(PART, max_size=4))
def test_other_parts_make_another_seed(one: list[str], two: list[str]) -> None:
    same = one == two and [type(part) for part in one] == [type(part) for part in two]
    assert (seed_of(*one) == seed_of(*two)) == same
    assert 0 <= seed_of(*one) < 2**64


def test_seeds_stay_what_they_are() -> None:
    """A report is cached by its inputs: the same inputs have to give the same figures next year."""
    assert seed_of("b3:00", b"\x00", 7) == SEED
    assert generator(1).integers(1 << 30, size=3).tolist() == DRAWN


SEED = 6908732362967447787
DRAWN = [508082495, 549564284, 810854937]


def test_kinds_are_told_apart() -> None:
    assert len({seed_of("1"), seed_of(b"1"), seed_of(1), seed_of("1", ""), seed_of("", "1")}) == 5
    with pytest.raises(TypeError, match="not of float"):
        seed_of(1.5)  # type: ignore[arg-type]
