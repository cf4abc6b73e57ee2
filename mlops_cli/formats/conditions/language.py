"""What conditions of one kind have of their own: names, values, and how the two may be compared."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic

from mlops_cli.formats.conditions.tree import Compare, N, V

if TYPE_CHECKING:
    from mlops_cli.formats.conditions.tokens import Spelling, Token
    from mlops_cli.formats.conditions.tree import Expression, Operator

# What is said of a word that stands for a value, and means something else.
NEEDS_QUOTES = "here a value should be; a text that looks like this needs quotes"


class Language(ABC, Generic[N, V]):
    """Conditions of one kind. A method that does not like a token raises `token.wrong(…)`.

    Parameters
    ----------
    spelling : Spelling
        How names and values are written.
    wanted : str
        What should be where a name should be: `a column should be`.
    """

    spelling: ClassVar[Spelling]
    wanted: ClassVar[str]

    @abstractmethod
    def name(self, word: Token) -> N:
        """Return the name that a word is; it is no keyword."""

    @abstractmethod
    def value(self, name: N, word: Token) -> V:
        """Return the value that a word is, beside a name; it is no keyword."""

    def compare(self, name: N, op: Operator, sign: Token, word: Token) -> Expression[N, V]:  # noqa: ARG002 # for those that look at it
        """Return the comparison of a name with the value that a word is.

        Parameters
        ----------
        sign : Token
            The operator as it was written. Behind `~` and `!~` the word may be a keyword.
        """
        return Compare(name, op, self.value(name, word))

    def alone(self, name: N) -> Expression[N, V] | None:  # noqa: ARG002 # the same
        """Return what a name asks that is compared with nothing; None where it asks nothing."""
        return None
