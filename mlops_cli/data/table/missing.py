"""What is a missing value in a text file. Imports nothing heavy."""

from __future__ import annotations

# As pandas reads them. Numbers cannot be told from these by mistake; a text that is one of them is lost as a text.
_SPELLINGS = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
    "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
# Also with one space before: many files have a space after each separator.
MISSING = frozenset(_SPELLINGS) | {f" {text}" for text in _SPELLINGS}
