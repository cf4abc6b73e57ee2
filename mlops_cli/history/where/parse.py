"""From text to a condition on runs; every mistake with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.formats.conditions import parse
from mlops_cli.formats.conditions.language import NEEDS_QUOTES, Language
from mlops_cli.formats.conditions.tree import PATTERNS, Compare, Missing, Not
from mlops_cli.formats.problems import nearest
from mlops_cli.formats.quantities import read_grace
from mlops_cli.formats.yaml_text import read_scalar
from mlops_cli.history.where.expression import GROUPS, SPELLING, Name, Scalar
from mlops_cli.history.where.fields import ALIASES, FIELDS, kind_of, moments
from mlops_cli.history.where.patterns import matcher

if TYPE_CHECKING:
    from mlops_cli.formats.conditions.tokens import Token
    from mlops_cli.formats.conditions.tree import Operator
    from mlops_cli.history.where.expression import Expression


def parse_where(text: str, option: str = "--where") -> Expression:
    """Return the condition that a text is.

    Parameters
    ----------
    option : str
        Where it was given, for messages.

    Raises
    ------
    ExpressionError
        When it is none; the message shows the place.
    """
    return parse.parse(text, _RUNS, option)


def parse_name(text: str, option: str) -> Name:
    """Return the name that a text is.

    Raises
    ------
    ExpressionError
        When it is none.
    """
    return parse.parse_name(text, _RUNS, option)


class _Runs(Language[Name, Scalar]):
    spelling = SPELLING
    wanted = "a name should be, such as status or metrics.auc"

    def name(self, word: Token) -> Name:
        root, _, key = word.text.partition(".")
        root = ALIASES.get(root, root)
        if root in GROUPS and key:
            return Name(root, word.plain.partition(".")[2], word.at, word.length)
        if root in FIELDS and not key:
            return Name(root, "", word.at, word.length)
        if root in GROUPS:
            raise word.wrong(f"here the name of one of the {root} should be, such as {root}.x")
        if word.quoted:
            raise word.wrong(f"here {self.wanted}, without quotes")
        if type(read_scalar(word.text)) in (int, float):
            raise word.wrong(f"here {self.wanted}; the value comes behind it", hint=parse.CHAIN_HINT)
        hint = nearest(word.text, FIELDS) or f"is it params.{word.text}, or metrics.{word.text}?"
        raise word.wrong(f"there is no {word.text}", hint=hint)

    def value(self, name: Name, word: Token) -> Scalar:
        kind, text = kind_of(name), word.plain
        if not word.quoted and word.text.startswith(tuple(f"{group}." for group in GROUPS)):
            raise word.wrong(NEEDS_QUOTES)
        if kind == "any":
            return text if word.quoted or text != word.text else read_scalar(text)
        if not word.quoted and text == "null":
            raise word.wrong(f"a value of {name} is never null; write: {name} is missing")
        if kind == "bool":
            if text.lower() not in ("true", "false"):
                raise word.wrong(f"{name} is true or false")
            return text.lower() == "true"
        _check(name, text, word)
        return text if kind != "number" else read_scalar(text)

    def compare(self, name: Name, op: Operator, sign: Token, word: Token) -> Expression:
        if op in PATTERNS:
            if name.root in FIELDS and kind_of(name) in ("bool", "span", "time", "number"):
                raise sign.wrong(f"{name} is not text, so it has no patterns")
            try:
                matcher(word.plain)
            except ValueError as error:
                raise word.wrong(str(error)) from error
            return Compare(name, op, word.plain)
        if not word.quoted and word.text == "null" and name.root in FIELDS and op in ("==", "!="):
            return Missing(name) if op == "==" else Not(Missing(name))
        if op not in ("==", "!=") and kind_of(name) in ("choice", "id", "stage", "bool"):
            raise sign.wrong(f"{name} has no order; compare it with == or ~")
        return super().compare(name, op, sign, word)

    def alone(self, name: Name) -> Expression | None:
        return Compare(name, "==", True) if kind_of(name) in ("bool", "any") else None


_RUNS = _Runs()


def _check(name: Name, text: str, word: Token) -> None:
    """Refuse a value that no run can have under a name."""
    kind, choices = kind_of(name), FIELDS[name.root].choices
    if kind == "choice" and text not in choices:
        raise word.wrong(f"{name} is one of {', '.join(choices)}")
    if kind == "span" and read_grace(text) is None:
        raise word.wrong(f"{name} is compared with a duration, such as 90s, 30m, 12h or 7d")
    if kind == "time" and moments(text) is None:
        raise word.wrong(f"{name} is compared with a date or a time, such as 2026-01-31 or 2026-01-31T12:30")
    if kind == "number" and type(read_scalar(text)) not in (int, float):
        raise word.wrong(f"{name} is compared with a number")
