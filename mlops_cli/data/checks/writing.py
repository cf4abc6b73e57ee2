"""Known values that are written in another way, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.data.checks.words import named, quoted
from mlops_cli.data.spelling import spelt_otherwise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Known values that are written in another way.

    Parameters
    ----------
    how : str
        In what: `blanks` around them, upper and lower `case`, or `signs` between words.
    known : mapping
        Value as it is written now to the known one.
    """

    how: str
    known: Mapping[str, str]

    @property
    def said(self) -> str:
        """How they are written now, beside what is known.

        Examples
        --------
        >>> Rewritten("blanks", {"HS-grad": " HS-grad"}).said
        'without the blanks around them'
        """
        if self.how == "blanks":
            if all(new == new.strip() for new in self.known):
                return "without the blanks around them"
            bare = all(old == old.strip() for old in self.known.values())
            return "with blanks around them" if bare else "with other blanks around them"
        return "in other upper and lower case" if self.how == "case" else "with other signs or blanks in them"

    def pairs(self, word: str = "was") -> str:
        """Return the first values with what they were, and how many more there are."""
        return named([f"{quoted(new)} {word} {quoted(old)}" for new, old in self.known.items()], 3)

    @property
    def cause(self) -> str:
        """What most likely happened, with one value for all."""
        new, old = next(iter(self.known.items()))
        return f"known categories are written in another way: {quoted(new)} was {quoted(old)}"


def rewritten(names: Iterable[str], known: Iterable[str]) -> Rewritten | None:
    """Return which of the new values are known ones that are written in another way; None where none is.

    Examples
    --------
    >>> rewritten(["HS-grad", "11th", "PhD"], [" 11th", " HS-grad"])
    Rewritten(how='blanks', known={'HS-grad': ' HS-grad', '11th': ' 11th'})
    >>> rewritten(["FR"], ["DE"])
    """
    how, found = spelt_otherwise(names, known)
    return Rewritten(how, found) if found else None
