from __future__ import annotations

from mlops_cli.formats.conditions.tree import And, Compare, Expression, In, Missing, Not, Or, both, names_in

ONE, TWO, THREE = (Compare(name, "==", 1) for name in "abc")


def test_conditions_are_joined_flat() -> None:
    assert both(both(ONE, TWO), THREE) == And((ONE, TWO, THREE))
    assert both(ONE) == ONE
    assert both(Or((ONE, TWO)), THREE) == And((Or((ONE, TWO)), THREE))


def test_names_come_from_left_to_right() -> None:
    expression: Expression[str, int] = Or((And((THREE, Not(In("x", (1, 2))))), Missing("y"), ONE))
    assert list(names_in(expression)) == ["c", "x", "y", "a"]
