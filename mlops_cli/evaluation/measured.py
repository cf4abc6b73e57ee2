"""One metric as it was measured: its value, how sure it is, on how many rows it stands, and whether it could be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json

Direction = Literal["up", "down"]
Status = Literal["ok", "insufficient", "error"]
LEAST_P = 1e-300  # what floats make 0 of is no certainty; `drift` writes the same
_DIGITS = 12  # significant ones in every file: what lies behind differs between machines


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric's value with its interval.

    Parameters
    ----------
    value, low, high : float or None
        The value, and the ends of its 95 % interval; None where they could not be had. A value without an interval has a `note`.
    n : int
        Rows that it stands on: of a recall the positives, of a precision those answered 'positive'.
    direction : str or None
        `up` when higher is better, `down` when lower is, None when neither (a bias, a share).
    status : str
        `ok`; `insufficient`, when the rows do not allow it (one class only, none at all); `error`, when it could not be computed.
    method : str
        How the interval was made: `wilson`, `delong`, `bootstrap`, `t`, ...; empty where there is none.
    note : str
        Why there is no value or no interval, or what to know of it.
    effective : float or None
        How many rows of equal classes would tell as much, of a metric that every class has the same part in.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    direction: Direction | None = None
    status: Status = "ok"
    method: str = ""
    note: str = ""
    effective: float | None = None

    def to_wire(self) -> dict[str, Json]:
        """Return the metric as it stands in files: `method`, `note` and `effective` only where they say something."""
        found: dict[str, Json] = {
            "value": rounded(self.value),
            "low": rounded(self.low),
            "high": rounded(self.high),
            "n": self.n,
            "direction": self.direction,
            "status": self.status,
        }
        if self.method:
            found["method"] = self.method
        if self.note:
            found["note"] = self.note
        if self.effective is not None:
            found["effective"] = rounded(self.effective)
        return found

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> Measured:
        """Return the metric that `to_wire` wrote."""
        return cls(**{name: value[name] for name in cls.__slots__ if name in value})


def unmeasured(
    status: Literal["insufficient", "error"], note: str, n: int = 0, direction: Direction | None = None
) -> Measured:
    """Return a metric that could not be had, with the reason."""
    return Measured(None, None, None, n, direction, status, "", note)


def rounded(value: float | None) -> float | None:
    """Return a number with as many digits as files keep.

    Raises
    ------
    ValueError
        When it is not finite: that has to be said in words.

    Examples
    --------
    >>> rounded(0.1 + 0.2), rounded(None), rounded(1e-30 / 3)
    (0.3, None, 3.33333333333e-31)
    """
    if value is None:
        return None
    number = float(value)
    if number - number != 0:  # NaN or infinite
        raise ValueError(f"{number} is no number for a file")
    return float(f"{number:.{_DIGITS}g}")
