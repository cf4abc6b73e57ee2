"""Durations and sizes as people write them."""

from __future__ import annotations

import re
from typing import Any

_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*(ms|s|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,12})?)\s*([kKMGTP]?)(i?)[bB]?")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_LONGEST = 1e9  # seconds: thirty years


def read_duration(value: Any) -> float | None:
    """Return seconds out of a number or text; None for what is not a duration above zero.

    Examples
    --------
    >>> [read_duration(v) for v in (90, "90s", "30m", "2h", "soon")]
    [90.0, 90.0, 1800.0, 7200.0, None]
    """
    return read_grace(value) or None


def read_grace(value: Any) -> float | None:
    """Return seconds out of a number or text, which may be none at all; None for what is not a duration.

    Examples
    --------
    >>> [read_grace(v) for v in ("14d", "36h", "0d", "0", 0, "-1d")]
    [1209600.0, 129600.0, 0.0, 0.0, 0.0, None]
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if 0 <= value < _LONGEST else None
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = float(found[1]) * _SECONDS[found[2] or "s"] if found else _LONGEST
    return seconds if seconds < _LONGEST else None


def read_size(value: Any) -> int | None:
    """Return bytes out of a number or text; None for what is not a size above zero.

    Examples
    --------
    >>> [read_size(v) for v in (512, "500MB", "8GiB", "1.5 kB", "much")]
    [512, 500000000, 8589934592, 1500, None]
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value > 0 else None
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or (found[3] and not found[2]):
        return None
    return int(float(found[1]) * (1024 if found[3] else 1000) ** _POWERS[found[2].upper()]) or None


def size_text(size: int) -> str:
    """Return a number of bytes.

    Examples
    --------
    >>> size_text(1), size_text(2048), size_text(3 << 30)
    ('1 byte', '2.0 KiB', '3.0 GiB')
    """
    if size < 1024:
        return "1 byte" if size == 1 else f"{size} bytes"
    amount = float(size)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        amount /= 1024
        if amount < 1024 or unit == "TiB":
            break
    return f"{amount:.1f} {unit}"
