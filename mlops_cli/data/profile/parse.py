"""Bytes to profiles. What is damaged is refused, with its place: a wrong profile would make wrong verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from mlops_cli.data.profile.blank import layout_digest
from mlops_cli.data.profile.model import (
    FORMAT,
    HOURS,
    SCHEMA,
    AnyColumn,
    BooleanProfile,
    CategoricalProfile,
    DatetimeProfile,
    MissingPair,
    NumericProfile,
    Order,
    Others,
    Outside,
    Profile,
    Ranks,
    RowSample,
    Scale,
    Stage,
    TextProfile,
    Timeline,
)
from mlops_cli.errors import FileError
from mlops_cli.formats.canonical import read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_HINT = "Make it again with: mlops profile PATH --out FILE"
_RESTORE = "Bring it back with"  # what records in Git are told
_MARK, _SHORT, _LONG = 4, 8, 16  # hexadecimal digits of a mark, a value's hash, a row's hash


@dataclass(frozen=True, slots=True)
class _Fields:
    """An object of the file, with its place for messages."""

    record: dict[str, Any]
    file: str
    place: str = ""

    def wrong(self, name: str, wanted: str) -> NoReturn:
        raise FileError(f'{self.file}: "{self.place}{name}" should be {wanted}', hint=_HINT)

    def inner(self, name: str) -> _Fields:
        value = self.record.get(name)
        if not isinstance(value, dict):
            self.wrong(name, "an object")
        return _Fields(value, self.file, f"{self.place}{name}.")

    def text(self, name: str, choices: Iterable[str] = ()) -> Any:
        value = self.record.get(name)
        if not isinstance(value, str) or (choices and value not in choices):
            self.wrong(name, f"one of {', '.join(map(repr, choices))}" if choices else "text")
        return value

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        value = self.record.get(name, default)
        if not isinstance(value, bool):
            self.wrong(name, "true or false")
        return value

    def whole(self, name: str, *, least: int = 0) -> int:
        value = self.record.get(name)
        if type(value) is not int or value < least:
            self.wrong(name, "a whole number" if least < 0 else "a count")
        return value

    def maybe_whole(self, name: str) -> int | None:
        return None if self.record.get(name) is None else self.whole(name, least=-(1 << 63))

    def number(self, name: str) -> float:
        value: Any = self.record.get(name)
        if not _is_number(value):
            self.wrong(name, "a number")
        return float(value)

    def maybe_number(self, name: str) -> float | None:
        return None if self.record.get(name) is None else self.number(name)

    def numbers(self, name: str) -> tuple[float, ...]:
        found = tuple(float(value) for value in self._list(name, _is_number, "numbers"))
        if list(found) != sorted(set(found)):
            self.wrong(name, "ascending")
        return found

    def counts(self, name: str, length: int | None = None) -> tuple[int, ...]:
        found = self._list(name, lambda value: type(value) is int and value >= 0, "counts")
        if length is not None and len(found) != length:
            self.wrong(name, f"{length} counts")
        return tuple(found)

    def wholes(self, name: str, length: int | None = None) -> tuple[int, ...]:
        found = self._list(name, lambda value: type(value) is int, "whole numbers")
        if length is not None and len(found) != length:
            self.wrong(name, f"{length} whole numbers")
        return tuple(found)

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self._list(name, lambda value: isinstance(value, str), "texts"))

    def hashed(self, name: str, digits: int) -> tuple[tuple[int, int], ...]:
        match self.record.get(name):
            case [str(text), list(rows)] if len(text) == digits * len(rows):
                values = self._hex(name, text, digits)
                if all(type(each) is int and each > 0 for each in rows) and values == sorted(set(values)):
                    return tuple(zip(values, rows, strict=True))
        return self.wrong(name, "hashes, ascending, and their rows")

    def others(self, name: str) -> Others:
        match self.record.get(name):
            case [str(below), str(marks)] if len(marks) % _MARK == 0:
                return Others(
                    self._hex(name, below, len(below) or 1)[0], tuple(self._hex(name, marks, _MARK))
                )
        return self.wrong(name, "a limit and marks")

    def items(self, name: str) -> list[Any]:
        value = self.record.get(name)
        if not isinstance(value, list):
            self.wrong(name, "a list")
        return value

    def _hex(self, name: str, text: str, digits: int) -> list[int]:
        try:
            return [int(text[place : place + digits], 16) for place in range(0, len(text), digits)]
        except ValueError:
            self.wrong(name, "hexadecimal")

    def _list(self, name: str, fits: Callable[[Any], bool], wanted: str) -> list[Any]:
        value = self.items(name)
        if not all(map(fits, value)):
            self.wrong(name, f"a list of {wanted}")
        return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _record(data: bytes, file: str) -> dict[str, Any]:
    """Return the object in a file; Git need not have a profile, so what is damaged is made again.

    Raises
    ------
    FileError
        When it is no object, of a newer schema, or has a conflict in it.
    """
    try:
        return read_record(data, file=file, schema=SCHEMA)
    except FileError as error:
        if error.hint.startswith(_RESTORE):
            raise FileError(error.message, hint=_HINT) from error
        raise


def profile_from_bytes(data: bytes, file: str) -> Profile:
    """Return the profile in a file.

    Parameters
    ----------
    data : bytes
        The file's bytes.
    file : str
        Its path, for messages.

    Raises
    ------
    FileError
        When it is no profile, damaged, or of a newer version of mlops.
    """
    record = _record(data, file)
    fields = _Fields(record, file)
    if record.get("format") != FORMAT:
        raise FileError(f"{file} is not a profile", hint="Make one with: mlops profile PATH --out FILE")
    columns = []
    for place, each in enumerate(fields.items("columns")):
        name = each.get("name") if isinstance(each, dict) else None
        shown = f"columns[{name}]." if isinstance(name, str) else f"columns[{place}]."
        if not isinstance(each, dict):
            fields.wrong(shown[:-1], "an object")
        columns.append(_column(_Fields(each, file, shown)))
    profile = Profile(
        rows=fields.whole("rows"),
        columns=tuple(columns),
        sources=fields.texts("sources"),
        stage=fields.text("stage", get_args(Stage)),
        edges_from=fields.text("edges_from"),
        baseline=fields.flag("baseline"),
        missing_pairs=tuple(_pair(fields, each) for each in fields.items("missing_pairs")),
        ranks=_ranks(fields.inner("ranks")),
        sample=RowSample(fields.hashed("sample", _LONG)),
        different_rows=fields.maybe_whole("different_rows"),
    )
    _agree(profile, fields)
    return profile


def _agree(profile: Profile, fields: _Fields) -> None:
    """Refuse a profile whose parts do not fit together: it was damaged, or edited."""
    if len(set(profile.names)) != len(profile.columns):
        fields.wrong("columns", "of different names")
    for column in profile.columns:
        if column.rows != profile.rows:
            fields.wrong(f"columns[{column.name}].n", f"such that n and missing are {profile.rows} rows")
    if profile.baseline and layout_digest(profile) != profile.edges_from:
        fields.wrong("edges_from", "the digest of its own layout: the file was changed")


def _pair(fields: _Fields, value: Any) -> MissingPair:
    match value:
        case [str(first), str(second), int(rows)]:
            return MissingPair(first, second, rows)
    return fields.wrong("missing_pairs", "a list of two columns and their rows")


def _ranks(fields: _Fields) -> Ranks:
    columns = fields.texts("columns")
    k = len(columns)
    edges = fields.items("edges")
    if len(edges) != k or not all(isinstance(each, list) and all(map(_is_number, each)) for each in edges):
        fields.wrong("edges", f"{k} lists of numbers")
    counted = k if fields.items("sums") or fields.items("products") else 0
    return Ranks(
        columns,
        tuple(tuple(float(edge) for edge in each) for each in edges),
        fields.wholes("sums", counted),
        fields.wholes("products", counted * (counted + 1) // 2),
    )


def _column(fields: _Fields) -> AnyColumn:
    from mlops_cli.statistics.distinct import Distinct

    kind = fields.text("kind", tuple(_READERS))
    head = {
        "name": fields.text("name"),
        "storage": fields.text("storage"),
        "n": fields.whole("n"),
        "missing": fields.whole("missing"),
        "private": fields.flag("private", default=False),
        "different": fields.maybe_whole("different"),
        "order": fields.text("order", get_args(Order)) if "order" in fields.record else "",
        "distinct": _made(fields, "distinct", Distinct.from_json),
    }
    column: AnyColumn = _READERS[kind](fields, head)
    return column


def _made(fields: _Fields, name: str, make: Callable[[Any], Any]) -> Any:
    if fields.record.get(name) is None:
        return None
    try:
        return make(fields.record[name])
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        fields.wrong(name, "as it was written")


def _numeric(fields: _Fields, head: dict[str, Any]) -> NumericProfile:
    from mlops_cli.statistics.moments import Moments

    edges, points = fields.numbers("edges"), fields.numbers("points")
    negative_infinite, positive_infinite = fields.counts("infinite", 2)
    level, *flat = fields.wholes("scale") or (0,)
    column = NumericProfile(
        **head,
        negative_infinite=negative_infinite,
        positive_infinite=positive_infinite,
        zero=fields.whole("zero"),
        negative=fields.whole("negative"),
        integer=fields.whole("integer"),
        low=fields.maybe_number("low"),
        high=fields.maybe_number("high"),
        below=fields.whole("below"),
        above=fields.whole("above"),
        edges=edges,
        counts=fields.counts("counts", len(edges) + 1),
        sums=fields.wholes("sums", len(edges) + 1),
        points=points,
        point_counts=fields.counts("point_counts", len(points)),
        centre=fields.number("centre"),
        unit=fields.number("unit"),
        moments=_made(fields, "moments", Moments.from_json),
        scale=Scale(level, tuple(zip(flat[::2], flat[1::2], strict=False))),
        discrete=fields.flag("discrete"),
    )
    if not column.private and sum(column.counts) + sum(column.point_counts) != column.finite:
        fields.wrong("counts", f"{column.finite} rows in all")
    return column


def _boolean(fields: _Fields, head: dict[str, Any]) -> BooleanProfile:
    return BooleanProfile(**head, true=fields.whole("true"), false=fields.whole("false"))


def _categorical(fields: _Fields, head: dict[str, Any]) -> CategoricalProfile:
    values = fields.texts("values")
    outside = fields.inner("outside")
    column = CategoricalProfile(
        **head,
        values=values,
        counts=fields.counts("counts", len(values)),
        others=fields.others("others"),
        outside=Outside(
            outside.whole("rows"),
            outside.whole("tested"),
            outside.whole("unseen"),
            outside.hashed("kept", _SHORT),
        ),
        **_lengths(fields),
    )
    if sum(column.counts) + column.outside.rows != column.n:
        fields.wrong("counts", f"{column.n} rows in all, with those outside")
    return column


def _text(fields: _Fields, head: dict[str, Any]) -> TextProfile:
    shapes = fields.texts("shapes")
    lengths = fields.counts("lengths")
    if len(lengths) not in (0, len(TextProfile.LENGTHS)):
        fields.wrong("lengths", f"{len(TextProfile.LENGTHS)} counts")
    return TextProfile(
        **head,
        lengths=lengths,
        shapes=shapes,
        shape_counts=fields.counts("shape_counts", len(shapes)),
        other_shapes=fields.whole("other_shapes"),
        **_lengths(fields),
    )


def _lengths(fields: _Fields) -> dict[str, Any]:
    return {
        "empty": fields.whole("empty"),
        "blank": fields.whole("blank"),
        "shortest": fields.maybe_whole("shortest"),
        "longest": fields.maybe_whole("longest"),
    }


def _datetime(fields: _Fields, head: dict[str, Any]) -> DatetimeProfile:
    line = fields.inner("timeline")
    hours = fields.counts("hours")
    if len(hours) not in (0, HOURS):
        fields.wrong("hours", f"{HOURS} counts")
    return DatetimeProfile(
        **head,
        zone=fields.text("zone"),
        first=fields.maybe_whole("first"),
        last=fields.maybe_whole("last"),
        hours=hours,
        midnight=fields.whole("midnight"),
        timeline=Timeline(
            line.whole("width", least=1), line.whole("start", least=-(1 << 63)), line.counts("counts")
        ),
    )


_READERS: dict[str, Callable[[_Fields, dict[str, Any]], Any]] = {
    "numeric": _numeric,
    "boolean": _boolean,
    "categorical": _categorical,
    "datetime": _datetime,
    "text": _text,
}
