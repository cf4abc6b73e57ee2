"""From values as they are stored to values of a kind: numbers, truth, times, texts. Whole columns or batches alike."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from mlops_cli.data.table.kinds import Kind

MICROSECONDS = pa.timestamp("us")
UTC_MICROSECONDS = pa.timestamp("us", "UTC")
TRUE, FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
# Whole numbers of this many digits are seconds, thousandths and so on since 1970, as far as anybody can tell.
_EPOCH_UNITS = ((100_000_000_000, "s"), (100_000_000_000_000, "ms"), (100_000_000_000_000_000, "us"))


def is_text(kind: Any) -> bool:
    """Whether an Arrow type holds texts, dictionary-encoded or not."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_number(kind: Any) -> bool:
    """Whether an Arrow type holds numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_time(kind: Any) -> bool:
    """Whether an Arrow type holds points in time."""
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def plain(column: Any) -> Any:
    """Return a column without dictionary encoding or views."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_string_view(kind):
        return column.cast(pa.large_string())
    return column


def of_kind(column: Any, kind: Kind) -> Any:
    """Return a column in the one form that its kind has.

    Parameters
    ----------
    column : pyarrow.ChunkedArray or pyarrow.Array
        As stored.
    kind : Kind
        What was decided, or asked for.

    Returns
    -------
    pyarrow.ChunkedArray or pyarrow.Array
        `numeric`: an integer or `double`; `boolean`: `bool`; `datetime`: `timestamp[us]`, with UTC where zones are known;
        `categorical` and `text`: `string` (or `large_string`).

    Raises
    ------
    DataError
        When a value has no such form.
    """
    forms = {"numeric": _numeric, "boolean": _boolean, "datetime": _datetime}
    return forms[kind](plain(column)) if kind in forms else _texts(plain(column))


def floats(column: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return numbers or truths as float64, with NaN for missing."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    out = np.empty(len(column), np.float64)
    at = 0
    for chunk in chunks:
        if pa.types.is_boolean(chunk.type):
            chunk = chunk.cast(pa.uint8())  # noqa: PLW2901 - there is no cast from bool to double
        if chunk.type != pa.float64():
            chunk = chunk.cast(pa.float64(), safe=False)  # noqa: PLW2901 - the same values
        if chunk.null_count:
            chunk = chunk.fill_null(np.nan)  # noqa: PLW2901 - the same values
        out[at : at + len(chunk)] = chunk.to_numpy(zero_copy_only=False)
        at += len(chunk)
    return out


def encoded(column: Any) -> Any:
    """Return texts as one dictionary array: codes (int32) and the distinct texts in the order of their appearance."""
    if isinstance(column, pa.Array):
        column = pa.chunked_array([column])
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
        if column.type.index_type != pa.int32() or not pa.types.is_string(column.type.value_type):
            column = column.cast(pa.dictionary(pa.int32(), pa.string()))
    else:
        column = _small(column).dictionary_encode()
    if column.num_chunks == 0:
        return pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))
    return column.combine_chunks() if column.num_chunks > 1 else column.chunk(0)


def parsed_times(column: Any) -> Any | None:
    """Return texts as times where all of them are ISO 8601; None where they are not, or where only some have a zone."""
    for kind in (MICROSECONDS, UTC_MICROSECONDS, pa.timestamp("ns"), pa.timestamp("ns", "UTC")):
        try:
            parsed = column.cast(kind)
        except pa.ArrowInvalid:
            continue
        return parsed.cast(pa.timestamp("us", kind.tz), safe=False)
    return None


def _small(column: Any) -> Any:
    """Return texts as `string`; where one chunk is too large for that, as `large_string`."""
    if pa.types.is_large_string(column.type) and column.nbytes < 1 << 30:
        return column.cast(pa.string())
    return column.cast(pa.large_string()) if column.nbytes >= 1 << 30 else column


def _numeric(column: Any) -> Any:
    kind = column.type
    if pa.types.is_integer(kind) or kind == pa.float64():
        return column
    if pa.types.is_boolean(kind):
        return column.cast(pa.int8())
    if pa.types.is_duration(kind):
        per_second = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[kind.unit]
        return pc.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), per_second)
    if is_time(kind):
        moments = _microseconds(column)
        return pc.divide(moments.cast(pa.int64()).cast(pa.float64(), safe=False), 1e6)
    if is_text(kind):
        return numbers_in(column)
    return column.cast(pa.float64(), safe=False)


def numbers_in(column: Any) -> Any:
    """Return texts as numbers; what is none is missing."""
    trimmed = pc.utf8_trim_whitespace(column)
    try:
        return trimmed.cast(pa.float64())
    except pa.ArrowInvalid:
        number = pc.match_substring_regex(
            trimmed, r"^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|(?i:inf|infinity|nan))$"
        )
        return pc.if_else(number, trimmed, pa.scalar(None, trimmed.type)).cast(pa.float64())


def _boolean(column: Any) -> Any:
    kind = column.type
    if pa.types.is_boolean(kind):
        return column
    if pa.types.is_null(kind):
        return column.cast(pa.bool_())
    if is_number(kind):
        other = pc.invert(pc.is_in(column, pa.array([0, 1]).cast(kind)))
        _refuse(pc.and_(other, pc.is_valid(column)), column, "0 nor 1")
        return column.cast(pa.bool_())
    texts = _texts(column)
    yes, no = (
        pc.is_in(texts, pa.array([*group, digit], texts.type)) for group, digit in ((TRUE, "1"), (FALSE, "0"))
    )
    _refuse(pc.and_(pc.invert(pc.or_(yes, no)), pc.is_valid(texts)), texts, "true nor false")
    return pc.if_else(pc.is_valid(texts), yes, pa.scalar(None, pa.bool_()))


def _datetime(column: Any) -> Any:
    kind = column.type
    if pa.types.is_null(kind):
        return column.cast(MICROSECONDS)
    if is_time(kind):
        return _microseconds(column)
    if is_number(kind):
        return _from_epoch(column)
    times = parsed_times(pc.utf8_trim_whitespace(_texts(column)))
    if times is None:
        raise DataError(
            "not all of its values are dates or times such as 2024-05-31 or 2024-05-31T12:30:00Z",
            hint="Leave its kind out, or mend these values. All of them need a time zone, or none.",
        )
    return times


def _microseconds(column: Any) -> Any:
    """Return times in microseconds; what does not fit raises, what is finer is cut off."""
    kind = column.type
    if pa.types.is_date(kind):
        return column.cast(MICROSECONDS)
    return column.cast(pa.timestamp("us", kind.tz), safe=kind.unit != "ns")


def _from_epoch(column: Any) -> Any:
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        _refuse(pc.is_inf(column), column, "a number of seconds nor missing")
    bounds = pc.min_max(column).as_py()
    largest = max(abs(bounds["min"] or 0), abs(bounds["max"] or 0))
    unit = next((unit for limit, unit in _EPOCH_UNITS if largest < limit), "ns")
    if unit == "s" and not pa.types.is_integer(column.type):
        micro = pc.round(pc.multiply(column.cast(pa.float64(), safe=False), 1e6))
        return micro.cast(pa.int64(), safe=False).cast(MICROSECONDS)
    whole = column.cast(pa.int64(), safe=False)
    return whole.cast(pa.timestamp(unit)).cast(MICROSECONDS, safe=False)


def _texts(column: Any) -> Any:
    kind = column.type
    if is_text(kind):
        return column
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        try:
            return column.cast(pa.large_string() if pa.types.is_large_binary(kind) else pa.string())
        except pa.ArrowInvalid:
            return _each(column, lambda value: value.hex())
    if pa.types.is_nested(kind):
        return _each(column, lambda value: json.dumps(value, default=str, ensure_ascii=False))
    try:
        return column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return _each(column, str)


def _each(column: Any, say: Any) -> Any:
    """Return texts made one by one, a part of the column at a time: for what Arrow has no words for."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    pieces = [
        pa.array(
            (None if value is None else say(value) for value in chunk.slice(at, 4096).to_pylist()),
            pa.string(),
        )
        for chunk in chunks
        for at in range(0, len(chunk), 4096)
    ]
    found = pa.chunked_array(pieces, pa.string())
    return found if isinstance(column, pa.ChunkedArray) else found.combine_chunks()


def _refuse(wrong: Any, column: Any, neither: str) -> None:
    """Raise where a value is wrong, naming the first row."""
    at = pc.index(wrong, True).as_py()
    if at >= 0:
        raise DataError(f"row {at + 1:,} has {column[at].as_py()!r}, which is neither {neither}")
