"""Known values that are written in another way."""

from __future__ import annotations

import pytest

from mlops_cli.data.checks.writing import rewritten


@pytest.mark.parametrize(
    ("new", "known", "how"),
    [
        (["a b", "c"], [" a b", "c "], "without the blanks around them"),
        ([" a b", "c "], ["a b", "c"], "with blanks around them"),
        (["  a "], [" a"], "with other blanks around them"),
        (["A", "b"], [" a", " b"], "in other upper and lower case"),
        (["a-b", "c_d"], ["A b", "c.d"], "with other signs or blanks in them"),
        (["<=50K."], [" <=50K"], "with other signs or blanks in them"),
    ],
)
def test_how_values_are_written_is_said_by_what_changed_most(
    new: list[str], known: list[str], how: str
) -> None:
    found = rewritten(new, known)
    assert found is not None
    assert dict(found.known) == dict(zip(new, known, strict=True))
    assert found.said == how


def test_the_nearest_way_to_write_a_value_is_meant() -> None:
    found = rewritten(["ab"], ["A-B", "AB", " ab"])
    assert found is not None
    assert found.known == {"ab": " ab"}


@pytest.mark.parametrize(
    ("new", "known"), [("-", "/"), ("-1", "1"), ("1.5", "15"), ("1-5", "15"), (">50K", "<50K")]
)
def test_what_says_something_else_is_another_value(new: str, known: str) -> None:
    assert rewritten([new], [known]) is None
