"""From text to a condition, by what a language has; every mistake with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

from mlops_cli.formats.conditions.language import NEEDS_QUOTES
from mlops_cli.formats.conditions.tree import PATTERNS, And, In, Missing, N, Not, Or, V

if TYPE_CHECKING:
    from mlops_cli.formats.conditions.language import Language
    from mlops_cli.formats.conditions.tokens import Token
    from mlops_cli.formats.conditions.tree import Expression

_DEEPEST = 50  # parentheses inside each other
_WRITE = {"&&": "and", "&": "and", "||": "or", "|": "or", "~": "not"}
# Said of `18 <= age < 65`, wherever a language sees that it is one.
CHAIN_HINT = "Write: age >= 18 and age < 65"


def parse(text: str, language: Language[N, V], option: str = "") -> Expression[N, V]:
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
    return _Parser(text, language, option).whole()


def parse_name(text: str, language: Language[N, V], option: str = "") -> N:
    """Return the name that a text is.

    Raises
    ------
    ExpressionError
        When it is none, or more than one.
    """
    return _Parser(text, language, option).only_name()


class _Parser(Generic[N, V]):
    def __init__(self, text: str, language: Language[N, V], option: str) -> None:
        self._language = language
        self._tokens = language.spelling.tokens(text, option)
        self._next = 0
        self._depth = 0

    def whole(self) -> Expression[N, V]:
        expression = self._disjunction()
        token = self._peek
        if token.kind == "end":
            return expression
        if token.text in self._language.spelling.signs:
            raise token.wrong('compare once, and join with "and"', hint=CHAIN_HINT)
        write = _WRITE.get(token.text)
        raise token.wrong(f'write "{write}"' if write else 'here "and", "or" or the end should be')

    def only_name(self) -> N:
        name = self._name()
        if self._peek.kind != "end":
            raise self._peek.wrong("here the end should be")
        return name

    def _disjunction(self) -> Expression[N, V]:
        parts = [self._conjunction()]
        while self._take("or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _conjunction(self) -> Expression[N, V]:
        parts = [self._negation()]
        while self._take("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negation(self) -> Expression[N, V]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._peek.wrong("this is too deep")
        try:
            if self._take("not"):
                return Not(self._negation())
            if self._take("exists"):
                return Not(Missing(self._name()))
            open_ = self._peek
            if self._take_sign("("):
                inner = self._disjunction()
                if not self._take_sign(")"):
                    raise open_.wrong('a ")" is missing for this')
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Expression[N, V]:
        name = self._name()
        if self._take("exists"):  # a keyword in some languages only
            return Not(Missing(name))
        if self._take("is"):
            negated = self._take("not")
            if not self._take("missing"):
                raise self._peek.wrong('here "missing" should be')
            return Not(Missing(name)) if negated else Missing(name)
        negated = self._take("not")
        if self._take("in"):
            return In(name, self._values(name), negated)
        sign = self._peek
        op = self._language.spelling.signs.get(sign.text)
        if op and not negated:
            self._next += 1
            return self._language.compare(name, op, sign, self._value(keyword=op in PATTERNS))
        found = None if negated else self._language.alone(name)
        if found is None:
            raise sign.wrong(f"here a comparison should be: {self._comparisons}")
        return found

    def _values(self, name: N) -> tuple[V, ...]:
        open_ = self._peek
        if not (self._take_sign("(") or self._take_sign("[")):
            raise open_.wrong("here a list should be, such as (4, 8) or (red, blue)")
        values = [self._language.value(name, self._value())]
        while self._take_sign(","):
            values.append(self._language.value(name, self._value()))
        if not self._take_sign(")" if open_.text == "(" else "]"):
            raise self._peek.wrong('here "," or the end of the list should be')
        return tuple(values)

    def _name(self) -> N:
        token = self._peek
        if token.kind != "word" or token.keyword:
            raise token.wrong(f"here {self._language.wanted}")
        self._next += 1
        return self._language.name(token)

    def _value(self, *, keyword: bool = False) -> Token:
        """Take the word that stands for a value, which may be a keyword or not."""
        token = self._peek
        if token.kind != "word":
            raise token.wrong("here a value should be")
        if token.keyword and not keyword:
            raise token.wrong(NEEDS_QUOTES)
        self._next += 1
        return token

    @property
    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self, keyword: str) -> bool:
        taken = self._peek.keyword == keyword
        self._next += taken
        return taken

    def _take_sign(self, sign: str) -> bool:
        taken = self._peek.text == sign
        self._next += taken
        return taken

    @property
    def _comparisons(self) -> str:
        spelling = self._language.spelling
        exists = ", exists" if "exists" in spelling.keywords else ""
        return f"{' '.join(spelling.operators)} in (…){exists} or is missing"
