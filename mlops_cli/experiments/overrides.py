"""What `-S` asks for: text to parameters and the values that they are to have. Pure.

Every mistake in every text is found before anything starts, and told with its place.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.errors import UsageError
from mlops_cli.formats.canonical import compact
from mlops_cli.formats.problems import Problems, nearest
from mlops_cli.formats.yaml_text import parse_yaml, read_scalar
from mlops_cli.pipeline.parameters import finite, is_parameter_file, lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.formats.canonical import Json

_MOST = 10_000  # values of one parameter
_SHOWN = 8  # keys of a section that a message names
_FUNCTION = re.compile(r"([A-Za-z_]\w*)\((.*)\)", re.DOTALL)
_QUOTES = "'\""
_CLOSING = {"[": "]", "{": "}", "(": ")"}


class Distribution(NamedTuple):
    """Values to be drawn.

    Parameters
    ----------
    kind : str
        `uniform`, `loguniform`, `normal` or `randint`.
    first, second : float
        Lower and upper bound (`randint` never draws the upper one); of `normal` mean and standard deviation.
    """

    kind: str
    first: float
    second: float

    def draw(self, chance: float) -> Json:
        """Return the value at a point of the distribution; `chance` is at least 0 and less than 1.

        Examples
        --------
        >>> Distribution("uniform", 2, 4).draw(0.5), Distribution("randint", 1, 10).draw(0.999)
        (3.0, 9)
        """
        low, high = self.first, self.second
        if self.kind == "randint":
            return min(int(low) + int(chance * (high - low)), int(high) - 1)
        if self.kind == "normal":
            found = NormalDist(low, high).inv_cdf(min(max(chance, 1e-12), 1 - 1e-12))
        elif self.kind == "loguniform":
            found = math.exp(math.log(low) + chance * (math.log(high) - math.log(low)))
        else:
            found = low + chance * (high - low)
        return float(f"{found:.6g}")  # nobody means more digits than these


@dataclass(frozen=True, slots=True)
class Override:
    """One `-S`, understood.

    Parameters
    ----------
    values : tuple of JSON
        What it gives the parameter, one after the other; empty where it is drawn.
    drawn : Distribution or None
        What it is drawn from.
    """

    file: str
    name: str
    label: str
    values: tuple[Json, ...] = ()
    drawn: Distribution | None = None


class Mistake(NamedTuple):
    """What is wrong with one text, and at which character of it, from 0."""

    text: str
    at: int
    message: str


class SweepError(UsageError):
    """Texts of `-S` cannot be understood; `mistakes` holds everything found."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = "one of them" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        shown = [f"  {m.text}\n  {' ' * m.at}^ {m.message}" for m in mistakes]
        super().__init__(
            "\n".join([f"-S: {count} is wrong" if len(mistakes) == 1 else f"-S: {count}", *shown])
        )


def parse_overrides(
    texts: Sequence[str],
    usual: str,
    read: Callable[[str], Mapping[str, Any] | None],
    *,
    sampled: bool = True,
) -> tuple[Override, ...]:
    """Return what texts such as `train.lr=0.1,0.01` ask for.

    Parameters
    ----------
    usual : str
        The parameter file that is meant where none is named.
    read : callable
        Returns what a parameter file holds; None where there is none.
    sampled : bool
        Whether it is said how many to draw.

    Raises
    ------
    SweepError
        With every mistake.
    """
    mistakes: list[Mistake] = []
    found: list[Override] = []
    for text in texts:
        override = _Reader(text, usual, read, mistakes).override()
        if override is None:
            continue
        twice = [o for o in found if o.file == override.file and _overlap(o.name, override.name)]
        mistakes += [
            Mistake(text, 0, f"{o.label} is given already, and one is a part of the other") for o in twice
        ]
        if override.drawn and not sampled:
            at = text.index("=") + 1
            mistakes.append(
                Mistake(text, at, f"how many values of {override.label} are to be drawn? as in --sample 20")
            )
        found.append(override)
    if mistakes:
        raise SweepError(mistakes)
    return tuple(found)


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


@dataclass(slots=True)
class _Reader:
    """The reading of one text."""

    text: str
    usual: str
    read: Callable[[str], Mapping[str, Any] | None]
    mistakes: list[Mistake]
    _wrong: bool = field(default=False)

    def override(self) -> Override | None:
        key, equals, _ = self.text.partition("=")
        if not equals:
            self._no(len(self.text), "= and a value should follow, as in train.lr=0.1")
            return None
        add = key.startswith("+")
        file, name, at = self.usual, key[add:].strip(), int(add)
        before, colon, after = name.partition(":")
        if colon and is_parameter_file(before):
            file, name, at = before, after, at + len(before) + 1
        label = name if file == self.usual else f"{file}:{name}"
        self._check_name(file, name, at, add=add)
        values, drawn = self._values(len(key) + 1)
        if not self._wrong and not add:
            self._check_section(file, name, at, values)
        return None if self._wrong else Override(file, name, label, values, drawn)

    def _no(self, at: int, message: str) -> None:
        self._wrong = True
        self.mistakes.append(Mistake(self.text, at, message))

    def _check_name(self, file: str, name: str, at: int, *, add: bool) -> None:
        if not all(name.split(".")):
            return self._no(at, "a parameter's name should stand here, as train.lr")
        if file.endswith(".py"):
            return self._no(at, f"parameters in Python cannot be changed; have them in {self.usual}")
        values = self.read(file)
        if values is None:
            return self._no(0, f"there is no parameter file {file}")
        try:
            lookup(values, name)
        except LookupError as error:
            hint = str(error) or "it is empty"
            return (
                None if add else self._no(at, f"there is no {name} in {file}: {hint} (to add it: +{name}=…)")
            )
        return self._no(0, f"{name} is in {file} already; leave the + out") if add else None

    def _check_section(self, file: str, name: str, at: int, values: Sequence[Json]) -> None:
        """Refuse a plain value where many parameters would be lost for it."""
        section = lookup(self.read(file) or {}, name)
        if (
            not isinstance(section, dict)
            or not section
            or (values and all(isinstance(v, dict) for v in values))
        ):
            return
        keys = [str(key) for key in section]
        shown = ", ".join(keys[:_SHOWN]) + (f" and {len(keys) - _SHOWN} more" if keys[_SHOWN:] else "")
        first = f"{name}.{keys[0]}"
        self._no(at, f"{name} is a section, with {shown}; give one of these a value, as in {first}=…")

    # Values -------------------------------------------------------------------------------------------------------

    def _values(self, start: int) -> tuple[tuple[Json, ...], Distribution | None]:
        parts = self._split(start)
        found: dict[bytes, Json] = {}
        drawn: Distribution | None = None
        for begin, end in parts:
            value = self.text[begin:end].strip()
            at = begin + len(self.text[begin:end]) - len(self.text[begin:end].lstrip())
            function = _FUNCTION.fullmatch(value)
            if function is None:
                self._gather(found, [self._value(value, at)] if value else [], at)
                if not value:
                    self._no(begin, "a value is missing here; nothing is written null, an empty text ''")
            elif function[1] == "range":
                self._gather(found, self._range(function[2], at), at)
            elif function[1] not in _KINDS:
                hint = nearest(function[1], [*_KINDS, "range"]) or f"there are range, {', '.join(_KINDS)}"
                self._no(at, f"there is no {function[1]}(…): {hint}; a text with brackets needs quotes")
            elif len(parts) > 1:
                self._no(at, f"{function[1]}(…) stands alone: values are listed or drawn, not both")
            else:
                drawn = self._distribution(function[1], function[2], at)
        return tuple(found.values()), drawn

    def _gather(self, found: dict[bytes, Json], values: Sequence[Json], at: int) -> None:
        """Add values that are not there yet."""
        for value in values:
            try:
                found.setdefault(compact(value), value)
            except ValueError:
                return self._no(
                    at, "a value cannot be compared with others: no NaN, no infinity, no half characters"
                )
        return None

    def _split(self, start: int) -> list[tuple[int, int]]:
        """Return where the parts between commas begin and end: commas in quotes and brackets are not meant."""
        parts: list[tuple[int, int]] = []
        open_: list[tuple[str, int]] = []
        begin = at = start
        while at < len(self.text):
            character = self.text[at]
            if character in _QUOTES and self._begins(at, begin):
                end = self._quoted(at)
                if end < 0:
                    self._no(at, "this quote is never closed")
                    return []
                at = end
            elif character in _CLOSING and (open_ or character == "(" or self._begins(at, begin)):
                open_.append((_CLOSING[character], at))
            elif open_ and character == open_[-1][0]:
                open_.pop()
            elif character == "," and not open_:
                parts.append((begin, at))
                begin = at + 1
            at += 1
        if open_:
            self._no(open_[-1][1], "this bracket is never closed")
            return []
        return [*parts, (begin, len(self.text))]

    def _begins(self, at: int, begin: int) -> bool:
        """Whether a value begins here; a quote in the middle of a text is a part of it."""
        before = self.text[begin:at].rstrip()
        return not before or before[-1] in "[{(,:"

    def _quoted(self, at: int) -> int:
        """Return where a quoted text ends, or -1."""
        quote = self.text[at]
        at += 1
        while at < len(self.text):
            if quote == '"' and self.text[at] == "\\":
                at += 1
            elif self.text[at] == quote:
                if quote == "'" and self.text[at + 1 : at + 2] == "'":
                    at += 1
                else:
                    return at
            at += 1
        return -1

    def _value(self, value: str, at: int) -> Json:
        """Return one value, read as parameter files are."""
        if not value.startswith(("[", "{", *_QUOTES)):
            found: Json = read_scalar(value)
        else:
            problems = Problems()
            node = parse_yaml(value.encode(errors="surrogatepass"), "", problems)
            for problem in problems.found[:1]:
                self._no(at + max(problem.column - 1, 0), problem.message)
            found = None if node is None else node.plain()
        if not finite(found):
            self._no(at, "NaN and infinity cannot be compared with other values")
            return None
        return found

    def _range(self, inside: str, at: int) -> Sequence[Json]:
        numbers = self._numbers(inside, at + len("range("))
        if numbers is None:
            return ()
        if len(numbers) not in (2, 3):
            self._no(at, "range takes two or three numbers: range(first, end) or range(first, end, step)")
            return ()
        first, end, step = (*numbers, Decimal(1))[:3]
        if not step:
            self._no(at, "range goes on forever: its step is 0")
            return ()
        count = math.ceil((end - first) / step)
        if count < 1:
            self._no(at, f"range({inside.strip()}) is empty: its end is not part of it")
            return ()
        if count > _MOST:
            self._no(
                at,
                f"range({inside.strip()}) has {count:,} values; draw some, as with uniform(…) or randint(…)",
            )
            return ()
        steps = [first + step * number for number in range(count)]
        whole = all(number == number.to_integral_value() for number in numbers) and "." not in inside
        return [int(number) if whole else float(number) for number in steps]

    def _distribution(self, kind: str, inside: str, at: int) -> Distribution | None:
        numbers = self._numbers(inside, at + len(kind) + 1)
        if numbers is None:
            return None
        names, good, rule = _KINDS[kind]
        if len(numbers) != 2:
            self._no(at, f"{kind} takes two numbers: {kind}({names})")
            return None
        first, second = map(float, numbers)
        if not (math.isfinite(first) and math.isfinite(second) and good(first, second)):
            self._no(at, f"{kind}({names}): {rule}")
            return None
        return Distribution(kind, first, second)

    def _numbers(self, inside: str, at: int) -> list[Decimal] | None:
        numbers = []
        for part in inside.split(","):
            try:
                number = Decimal(part.strip())
            except InvalidOperation:
                number = Decimal("nan")
            if not number.is_finite() or abs(number.adjusted()) > 300:
                self._no(at, f"{part.strip() or 'nothing'} is not a number")
                return None
            numbers.append(number)
            at += len(part) + 1
        return numbers


def _whole(low: float, high: float) -> bool:
    return low.is_integer() and high.is_integer() and low < high


_KINDS: dict[str, tuple[str, Callable[[float, float], bool], str]] = {
    "uniform": ("low, high", lambda low, high: low < high, "low should be less than high"),
    "loguniform": ("low, high", lambda low, high: 0 < low < high, "0 < low < high should hold"),
    "normal": ("mean, deviation", lambda _, deviation: deviation > 0, "the deviation should be more than 0"),
    "randint": ("low, high", _whole, "both should be whole, and low less than high, which is never drawn"),
}
