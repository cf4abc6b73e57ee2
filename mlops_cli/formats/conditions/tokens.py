"""The signs and words that a condition is made of, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.formats.conditions.mistake import ExpressionError
from mlops_cli.formats.conditions.tree import COMPARISONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.conditions.tree import Operator

KEYWORDS = frozenset({"and", "or", "not", "in", "is", "missing"})
_BRACKETS = "()[],"


@dataclass(frozen=True)
class Spelling:
    """How names and values of one language are written.

    Parameters
    ----------
    operators : tuple of str
        Which comparisons there are.
    quotes : str
        What may stand around a name or a value.
    joined : bool
        Whether quotes may stand inside a word, too: `params.'a b'.c`.
    keywords : frozenset of str
        The words of the grammar. A name or a value that is one needs quotes.

    Examples
    --------
    >>> spelling = Spelling(quotes="'")
    >>> [token.plain for token in spelling.tokens("age>=65 and sex='it''s'")]
    ['age', '>=', '65', 'and', 'sex', '=', "it's", '']
    """

    operators: tuple[Operator, ...] = COMPARISONS
    quotes: str = "'\""
    joined: bool = False
    keywords: frozenset[str] = KEYWORDS

    @cached_property
    def signs(self) -> Mapping[str, Operator]:
        """How operators may be written, with what each means."""
        return {**{operator: operator for operator in self.operators}, "=": "==", "<>": "!="}

    def bare(self, text: str) -> bool:
        """Whether a text can stand without quotes, as far as its characters go."""
        return re.fullmatch(rf"{self._bare}+", text) is not None

    def tokens(self, text: str, option: str = "") -> list[Token]:
        """Return the tokens of a text; the last one stands for its end.

        Raises
        ------
        ExpressionError
            When a quote is not closed, or a character means nothing.
        """
        tokens = []
        for found in self._token.finditer(text):
            kind = found.lastgroup or ""
            token = self._read(found[kind], found.start(kind), kind, Source(text, option))
            if kind == "wrong":
                raise self._no_token(token)
            tokens.append(token)
        return tokens

    def _no_token(self, token: Token) -> ExpressionError:
        """Return what is wrong with what begins no sign and no word: a quote without its end, or half of an operator."""
        if token.text in self.quotes:
            return token.wrong("this quote is not closed", hint="A quote inside quotes is written twice")
        return token.wrong(
            f"{token.text} means nothing here", hint='Write "not"' if token.text == "!" else ""
        )

    def _read(self, text: str, at: int, kind: str, source: Source) -> Token:
        if kind != "word":
            return Token(text, at, kind, source, text)
        plain = re.sub(self._quoted, _unquoted, text, flags=re.DOTALL)
        alone = re.fullmatch(self._quoted, text, re.DOTALL) is not None
        keyword = text.lower() if text.lower() in self.keywords else ""
        return Token(text, at, kind, source, plain, alone, keyword)

    @cached_property
    def _bare(self) -> str:
        """A pattern of one character that needs no quotes. What any language takes for a sign is none in all of them."""
        taken = {*_BRACKETS, *"".join((*COMPARISONS, *self.operators)), *self.quotes, *"'\""}
        return rf"[^\s{re.escape(''.join(sorted(taken)))}]"

    @cached_property
    def _quoted(self) -> str:
        return "|".join(f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}" for quote in self.quotes)

    @cached_property
    def _token(self) -> re.Pattern[str]:
        signs = "|".join(map(re.escape, sorted([*self.signs, *_BRACKETS], key=len, reverse=True)))
        word = rf"(?:{self._bare}|{self._quoted})+" if self.joined else rf"{self._bare}+|{self._quoted}"
        return re.compile(rf"\s*(?:(?P<sign>{signs})|(?P<word>{word})|(?P<end>$)|(?P<wrong>.))", re.DOTALL)


class Source(NamedTuple):
    """A condition as it was given, and by which option."""

    text: str
    option: str


class Token(NamedTuple):
    """One piece of a condition.

    Parameters
    ----------
    text : str
        As it is written.
    at : int
        Where it stands, from 0.
    kind : str
        `sign`, `word` or `end`.
    plain : str
        A word without its quotes.
    quoted : bool
        Whether it is one text in quotes, from end to end.
    keyword : str
        The word of the grammar that it is; empty for any other.
    """

    text: str
    at: int
    kind: str
    source: Source
    plain: str
    quoted: bool = False
    keyword: str = ""

    @property
    def length(self) -> int:
        """How much of the condition it is."""
        return len(self.text)

    def wrong(self, reason: str, *, hint: str = "") -> ExpressionError:
        """Return the mistake that it is."""
        text, option = self.source
        return ExpressionError(reason, text, self.at, self.length, hint=hint, option=option)


def _unquoted(found: re.Match[str]) -> str:
    quote = found[0][0]
    return found[0][1:-1].replace(quote * 2, quote)
