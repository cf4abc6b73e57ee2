"""What kind a column has: decided once, over all of its values, with what is odd about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlops_cli.data.table.kinds import FEW_VALUES, LONG_TEXT, MOST_DISTINCT, SHORT_TEXT, Kind
from mlops_cli.data.table.values import (
    FALSE,
    TRUE,
    encoded,
    is_number,
    is_text,
    is_time,
    numbers_in,
    parsed_times,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_cli.data.table.stored import Stored

# What people write where they have no value, and what no format takes for a missing value by itself.
PLACEHOLDERS = frozenset(
    {
        "?",
        "??",
        "-",
        "--",
        "---",
        ".",
        "..",
        "*",
        "#",
        "",
        "missing",
        "(null)",
        "nil",
        "n.a.",
        "undefined",
        "not available",
    }
    | {"na", "nan", "null", "none", "n/a", "#n/a", "<na>"}
)
# Those of them that may as well be values: no plan, Namibia, a score of nil.
DOUBTFUL = frozenset({"none", "na", "nil"})
_COUNTED = ", and validate counts it as missing unless its schema lists it"
_ISO = re.compile(r"\s*[+-]?\d{4}-\d{2}-\d{2}([T ]|\s*$)")
_CLOCK = re.compile(r"(?i)(time|date|epoch|stamp|(^|_)ts$|_at$)")
_EXACT = 1 << 53


@dataclass(frozen=True, slots=True)
class Decided:
    """The kind of a column, what a reader should know, and what is odd.

    Parameters
    ----------
    warnings : tuple of str
        Whole sentences without the name of the column.
    spaces : str
        A value that begins or ends with a space, where there are such and none of them has a twin without; else empty.
    """

    kind: Kind
    note: str = ""
    warnings: tuple[str, ...] = ()
    spaces: str = ""


def decide(name: str, stored: Stored, wanted: Kind | None = None) -> Decided:
    """Return what kind a column has; numbers and times are what their type says, texts are looked at.

    Parameters
    ----------
    wanted : Kind, optional
        What the user says it is; then only oddities are looked for.
    """
    storage = stored.storage(name)
    if pa.types.is_dictionary(storage) and not is_text(storage):
        storage = storage.value_type
    if is_text(storage):
        return _decide_texts(encoded(stored.read(name)), wanted, stored.missing_texts)
    if wanted is not None:
        return Decided(wanted, f"read as {wanted}, as asked for")
    return _by_type(name, storage, stored)


def grouped_warnings(found: Iterable[tuple[str, Decided]]) -> list[str]:
    """Return the warnings of all columns, each naming its column; what many columns share is said once."""
    said, spaced = [], []
    for name, decided in found:
        said += [f"column {name!r}: {warning}" for warning in decided.warnings]
        if decided.spaces:
            spaced.append((name, decided.spaces))
    if spaced:
        names = ", ".join(repr(name) for name, _ in spaced[:6])
        more = f" and {len(spaced) - 6} more" if len(spaced) > 6 else ""
        noun = "columns" if len(spaced) > 1 else "column"
        said.append(
            f"{noun} {names}{more}: values begin or end with spaces, such as {spaced[0][1]!r}; they are kept as they are"
        )
    return said


def _by_type(name: str, storage: Any, stored: Stored) -> Decided:
    if pa.types.is_null(storage):
        return Decided("numeric", "no value at all", ("it has no value at all",))
    if pa.types.is_boolean(storage):
        return Decided("boolean")
    if pa.types.is_integer(storage):
        return Decided("numeric", _whole_number_note(name, stored.bounds(name)))
    if is_number(storage):
        return Decided("numeric", "decimal, computed with as double" if pa.types.is_decimal(storage) else "")
    if is_time(storage):
        return Decided("datetime")
    if pa.types.is_duration(storage):
        return Decided("numeric", "a duration, in seconds")
    as_text = "nested values, written as JSON" if pa.types.is_nested(storage) else f"{storage}, as text"
    return Decided("text", as_text)


def _whole_number_note(name: str, bounds: tuple[int, int] | None) -> str:
    if bounds is None:
        return ""
    least, most = bounds
    for unit, scale in (
        ("seconds", 1),
        ("milliseconds", 10**3),
        ("microseconds", 10**6),
        ("nanoseconds", 10**9),
    ):
        # From 1990 to 2050: what lies there and is called so is a time.
        if _CLOCK.search(name) and 631_152_000 * scale <= least and most <= 2_524_608_000 * scale:
            return f"looks like {unit} since 1970; where it is a time: kind datetime"
    if max(abs(least), abs(most)) > _EXACT:
        return "has whole numbers beyond 2**53, of which a double keeps 15 to 17 digits; where it is an id: kind text"
    return ""


def _decide_texts(column: Any, wanted: Kind | None, missing: frozenset[str]) -> Decided:
    # A dictionary may hold texts that no row has, and `null` as one of them.
    codes = column.indices.fill_null(len(column.dictionary)).to_numpy(zero_copy_only=False)
    counts = np.bincount(codes, minlength=len(column.dictionary) + 1)[:-1]
    used = np.flatnonzero(counts)
    texts, often = column.dictionary.take(pa.array(used)), pa.array(counts[used])
    if texts.null_count:
        valid = pc.is_valid(texts)
        texts, often = texts.filter(valid), often.filter(valid)
    total = pc.sum(often).as_py() or 0
    if total == 0:
        return Decided(wanted or "categorical", "no value at all", ("it has no value at all",))
    found = _Texts(texts, often, total)
    warnings = _placeholder_warnings(found, missing, wanted)
    twins, spaces = _spaces(found)
    warnings += twins
    if wanted == "numeric":
        warnings += _not_numbers(found)
    if wanted is not None:
        return Decided(wanted, f"read as {wanted}, as asked for", tuple(warnings), spaces)
    kind, note = _kind_of(found)
    if kind in ("categorical", "text"):
        warnings += _broken_times(found.distinct)
    return Decided(kind, note, tuple(warnings), spaces)


@dataclass(frozen=True, slots=True)
class _Texts:
    """Distinct texts, how often each is there, and how many values there are."""

    distinct: Any
    often: Any
    total: int

    def count(self, chosen: Any) -> int:
        return int(pc.sum(self.often.filter(chosen)).as_py() or 0)


def _kind_of(texts: _Texts) -> tuple[Kind, str]:
    distinct = len(texts.distinct)
    if distinct <= 2 and set(texts.distinct.to_pylist()) <= {*TRUE, *FALSE}:
        return "boolean", "texts, all true or false"
    times = _times(texts.distinct)
    if times is not None:
        return "datetime", "ISO 8601 texts" + (", held in UTC" if times.type.tz else "")
    mean_length = _mean_length(texts)
    if distinct <= FEW_VALUES:
        long = mean_length > LONG_TEXT and distinct > MOST_DISTINCT * texts.total
        return ("text" if long else "categorical"), ""
    few = distinct <= MOST_DISTINCT * texts.total and mean_length <= SHORT_TEXT
    return ("categorical" if few else "text"), ""


def _times(distinct: Any) -> Any | None:
    """Return texts as times where all are; looks at all only where most of the first ones look so."""
    return parsed_times(pc.utf8_trim_whitespace(distinct)) if _look_like_times(distinct) else None


def _look_like_times(distinct: Any) -> bool:
    first = distinct.slice(0, 20).to_pylist()
    return sum(bool(_ISO.match(text)) for text in first) * 2 > len(first)


def _broken_times(distinct: Any) -> list[str]:
    """Return a warning where most of the texts are times and some are not, or have no zone where others have one."""
    if not _look_like_times(distinct):
        return []
    trimmed = pc.utf8_trim_whitespace(distinct)
    at, rest = 0, trimmed
    while len(rest) > 1:
        half = len(rest) // 2
        if parsed_times(rest.slice(0, half)) is None:
            rest = rest.slice(0, half)
        elif parsed_times(rest.slice(half)) is None:
            at, rest = at + half, rest.slice(half)
        else:
            return ["it has times with a time zone and times without, and is read as texts"]
    return [
        f"most of its values are dates or times and some are not, such as {distinct[at].as_py()!r}; it is read as texts"
    ]


def _mean_length(texts: _Texts) -> float:
    lengths = pc.multiply(pc.utf8_length(texts.distinct).cast(pa.int64()), texts.often)
    return float(pc.sum(lengths).as_py()) / texts.total


def _placeholder_warnings(texts: _Texts, missing: frozenset[str], wanted: Kind | None) -> list[str]:
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(texts.distinct))
    likely = pc.is_in(folded, pa.array(sorted(PLACEHOLDERS), folded.type))
    warnings = []
    for at in pc.indices_nonzero(likely).to_pylist():
        text, count = texts.distinct[at].as_py(), texts.often[at].as_py()
        if text not in missing:
            said = f"{_values(count)} {text!r}, probably a placeholder for a missing value"
            if wanted != "numeric":  # of numbers it is no value, which is told as such
                said += ": it is kept as a value"
                said += "" if folded[at].as_py() in DOUBTFUL else _COUNTED
            warnings.append(said)
    return warnings


def _spaces(texts: _Texts) -> tuple[list[str], str]:
    trimmed = pc.utf8_trim_whitespace(texts.distinct)
    spaced = pc.not_equal(trimmed, texts.distinct)
    if not pc.any(spaced).as_py():
        return [], ""
    example = texts.distinct[pc.index(spaced, True).as_py()].as_py()
    # One text may have several forms with spaces, or one with and one without.
    twin = pc.or_(pc.is_in(trimmed, texts.distinct), _several(trimmed))
    twin = pc.and_(twin, spaced)
    if not pc.any(twin).as_py():
        return [], example
    shown = texts.distinct[pc.index(twin, True).as_py()].as_py()
    warning = (
        f"{_values(texts.count(twin), 'differ', 'differs')} from others only in spaces around them, such as {shown!r} and"
        f" {shown.strip()!r}; these count as different values"
    )
    return [warning], ""


def _several(trimmed: Any) -> Any:
    tally = pc.value_counts(trimmed)
    again = tally.field("values").filter(pc.greater(tally.field("counts"), 1))
    return pc.is_in(trimmed, again)


def _not_numbers(texts: _Texts) -> list[str]:
    numbers = numbers_in(texts.distinct)
    wrong = pc.and_(pc.is_null(numbers), pc.is_valid(texts.distinct))
    count = texts.count(wrong)
    if not count:
        return []
    example = texts.distinct[pc.index(wrong, True).as_py()].as_py()
    return [f"{_values(count)} no number and taken for missing, such as {example!r}"]


def _values(count: int, many: str = "are", one: str = "is") -> str:
    return f"{count:,} values {many}" if count != 1 else f"1 value {one}"
