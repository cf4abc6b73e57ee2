"""What was noticed of both tables is told once."""

from __future__ import annotations

from mlops_cli.data.drift.told import both_told

SAID = "column 'work 2': {} values are '?', probably a placeholder"


def test_what_differs_in_numbers_only_is_told_once_with_both() -> None:
    assert both_told([SAID.format("1,115")], [SAID.format("721")]) == [SAID.format("1,115 → 721")]


def test_what_is_the_same_is_told_once() -> None:
    assert both_told([SAID.format("3")], [SAID.format("3")]) == [SAID.format("3")]


def test_columns_whose_names_differ_in_a_number_are_not_mixed_up() -> None:
    other = SAID.replace("work 2", "work 3").format(4)
    assert both_told([SAID.format(4)], [other]) == [
        f"in the reference: {SAID.format(4)}",
        f"in the current table: {other}",
    ]
