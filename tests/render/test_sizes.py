"""Numbers and sizes as people read them."""

from __future__ import annotations

import pytest

from mlops_cli.render.sizes import percent_change


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "+0.0%"),
        (-0.0741, "-7.4%"),
        (0.0005, "+0.1%"),
        (-0.00027, "-0.03%"),
        (2e-9, "+2e-07%"),
        (1.5, "+150.0%"),
    ],
)
def test_a_change_that_is_small_is_not_told_as_none(share: float, text: str) -> None:
    assert percent_change(share) == text
