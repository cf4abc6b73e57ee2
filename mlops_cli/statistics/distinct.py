"""How many different values there are: exact while few, then estimated; parts merge to the whole, byte for byte.

The state follows from the *set* of 64-bit hashes alone: up to 48 hashes are kept as they are; more are kept as 1,024 registers of
5 bits. Source: P. Flajolet et al., AofA (2007) 137; the estimate, which needs no tables: O. Ertl, arXiv 1702.01284, algorithm 6.
Its standard error is 3.3 %.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from blake3 import blake3

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import ArrayLike, NDArray

    from mlops_cli.statistics.arrays import Words

# So many hashes are kept as they are, so that the state stays below one KiB.
KEPT = 48
# The relative standard error of the estimate.
ERROR = 1.04 / 32

_BITS = 10
_SHORT = 32  # one hash in so many has a longer run of zeros than the others
_REGISTERS = 1 << _BITS
# A register of 5 bits; it would take some 2**40 values to need more.
_TOP = 31


@dataclass(frozen=True, slots=True)
class Distinct:
    """What is known of a set of values.

    Parameters
    ----------
    hashes : tuple of int or None
        Rising, at most 48; None when there are more.
    registers : bytes
        1,024 numbers up to 31; empty while hashes are kept.
    """

    hashes: tuple[int, ...] | None = ()
    registers: bytes = b""

    @classmethod
    def of_hashes(cls, hashes: ArrayLike) -> Distinct:
        """Return what is known of values, given their hashes: see `hash_numbers` and `hash_texts`.

        Parameters
        ----------
        hashes : array of uint64, shape (n,)
            In any order, repeated or not.

        Examples
        --------
        >>> found = Distinct.of_hashes(hash_numbers([1.0, 2.0, 2.0]))
        >>> found.estimate(), found.exact
        (2.0, True)
        """
        taken = np.asarray(hashes, dtype=np.uint64).ravel()
        # A few rows often show that there are many, without sorting all.
        if len(np.unique(taken[: 8 * KEPT])) <= KEPT:
            found = np.unique(taken)
            if len(found) <= KEPT:
                return cls(tuple(found.tolist()))
            taken = found
        return cls(None, _registers(taken).tobytes())

    @property
    def exact(self) -> bool:
        """Whether the number is known and not estimated."""
        return self.hashes is not None

    def merge(self, other: Distinct) -> Distinct:
        """Return what is known of both sets together."""
        if self.hashes is not None and other.hashes is not None:
            both = sorted({*self.hashes, *other.hashes})
            if len(both) <= KEPT:
                return Distinct(tuple(both))
            return Distinct(None, _registers(np.array(both, dtype=np.uint64)).tobytes())
        return Distinct(None, np.maximum(self._filled(), other._filled()).tobytes())

    def estimate(self) -> float:
        """Return how many different values there are: a whole number when exact, else with a standard error of 3.3 %."""
        if self.hashes is not None:
            return float(len(self.hashes))
        counts = np.bincount(self._filled(), minlength=_TOP + 1).tolist()
        m = float(_REGISTERS)
        z = m * _tau(1 - counts[_TOP] / m)
        for k in range(_TOP - 1, 0, -1):
            z = 0.5 * (z + counts[k])
        z += m * _sigma(counts[0] / m)
        if z == 0:  # every register is full: more than can be told
            return _REGISTERS * 2.0**_TOP
        return m * m / (2 * math.log(2) * z)

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON values, below one KiB of text; equal states have equal ones.

        Examples
        --------
        >>> Distinct.of_hashes([10, 2]).to_json()
        {'hashes': ['2', 'a']}
        """
        if self.hashes is not None:
            return {"hashes": [f"{value:x}" for value in self.hashes]}
        bits = np.unpackbits(np.frombuffer(self.registers, np.uint8)[:, None], axis=1)[:, 3:]
        return {"registers": base64.b64encode(np.packbits(bits).tobytes()).decode("ascii")}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Distinct:
        """Return the state from its JSON values.

        Raises
        ------
        ValueError, KeyError, TypeError
            When they are not such.
        """
        if "hashes" in data:
            return cls.of_hashes(np.array([int(value, 16) for value in data["hashes"]], dtype=np.uint64))
        packed = np.frombuffer(base64.b64decode(data["registers"], validate=True), np.uint8)
        if len(packed) * 8 != _REGISTERS * 5:
            raise ValueError(f"{_REGISTERS} registers of 5 bits were expected")
        bits = np.zeros((_REGISTERS, 8), np.uint8)
        bits[:, 3:] = np.unpackbits(packed).reshape(_REGISTERS, 5)
        return cls(None, np.packbits(bits, axis=1).tobytes())

    def _filled(self) -> NDArray[np.uint8]:
        if self.hashes is not None:
            return _registers(np.array(self.hashes, dtype=np.uint64))
        return np.frombuffer(self.registers, np.uint8)


def hash_numbers(values: ArrayLike) -> Words:
    """Return 64-bit hashes of numbers: equal numbers have equal hashes, whether they are floats or whole.

    0.0 and -0.0 are one number, and so are all NaN.

    Parameters
    ----------
    values : array of float, int or bool, shape (n,)
        Whole numbers that no float holds are told apart too.

    Raises
    ------
    TypeError
        When they are not numbers.

    Examples
    --------
    >>> bool(hash_numbers([3])[0] == hash_numbers([3.0])[0]), bool(hash_numbers([0.0])[0] == hash_numbers([-0.0])[0])
    (True, True)
    """
    taken = np.asarray(values)
    if taken.dtype.kind not in "iufb":
        raise TypeError(f"numbers were expected, not {taken.dtype}")
    floats = taken.astype(np.float64) + 0.0
    bits = np.where(np.isnan(floats), np.nan, floats).view(np.uint64)
    if taken.dtype.kind in "iu" and taken.dtype.itemsize == 8:
        with np.errstate(invalid="ignore"):
            inside = np.abs(floats) < 2.0**53
        bits = np.where(inside, bits, taken.astype(np.uint64) ^ np.uint64(0x5851F42D4C957F2D))
    return _mixed(bits)


def hash_texts(texts: Iterable[str]) -> Words:
    """Return 64-bit hashes of texts: the first eight bytes of BLAKE3 of each.

    Examples
    --------
    >>> len(set(hash_texts(["a", "b", "a"]).tolist()))
    2
    """
    parts = b"".join(blake3(text.encode("utf-8", "surrogatepass")).digest(8) for text in texts)
    return np.frombuffer(parts, dtype="<u8").astype(np.uint64)


def _mixed(bits: Words) -> Words:
    """Return bits of which each hangs on all of the input (S. Vigna's splitmix64)."""
    with np.errstate(over="ignore"):
        mixed = bits + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))


def _registers(hashes: Words) -> NDArray[np.uint8]:
    """Return for each value of the low bits the longest run of zeros that follows, plus one."""
    long = hashes[(hashes >> np.uint64(_BITS)) & np.uint64(_SHORT - 1) == 0]
    if len(long) * 8 < len(hashes):  # of many hashes few have a long run, and most often those decide alone
        found = _longest(long)
        if found.all():
            return found
    return _longest(hashes)


def _longest(hashes: Words) -> NDArray[np.uint8]:
    rest = hashes >> np.uint64(_BITS)
    with np.errstate(over="ignore"):
        lowest = rest & (~rest + np.uint64(1))
    run = np.where(rest == 0, _TOP, np.minimum(np.frexp(lowest.astype(np.float64))[1], _TOP)).astype(np.uint8)
    found = np.zeros(_REGISTERS, np.uint8)
    np.maximum.at(found, (hashes & np.uint64(_REGISTERS - 1)).astype(np.int64), run)
    return found


def _sigma(x: float) -> float:
    if x == 1:
        return math.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x *= x
        before = z
        z += x * y
        y += y
    return z


def _tau(x: float) -> float:
    if x in {0, 1}:
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3
