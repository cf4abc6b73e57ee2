"""Values in another spelling."""

from __future__ import annotations

import pytest

from mlops_cli.data.spelling import spelt_otherwise


@pytest.mark.parametrize(
    ("new", "known", "how"),
    [
        ("Male", " Male", "blanks"),
        ("male", " Male", "case"),
        ("never married", "Never-married", "signs"),
        ("N.Y.", "n.y", "signs"),
    ],
)
def test_how_a_known_value_is_written_otherwise_is_told(new: str, known: str, how: str) -> None:
    assert spelt_otherwise([new], ["other", known]) == (how, {new: known})


@pytest.mark.parametrize(("new", "known"), [("-1", "1"), ("1.5", "15"), ("", " "), ("a b", "c")])
def test_other_values_are_not_taken_for_the_same(new: str, known: str) -> None:
    assert spelt_otherwise([new], [known]) == ("", {})


def test_the_largest_difference_is_told_and_the_first_of_two_known_ones_is_meant() -> None:
    assert spelt_otherwise(["a", "b"], [" a", "A", "B"]) == ("case", {"a": " a", "b": "B"})
