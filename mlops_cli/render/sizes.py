"""Amounts as people read them."""

from __future__ import annotations


def count_text(count: int, one: str, many: str = "") -> str:
    """Return how many there are of something.

    Examples
    --------
    >>> count_text(1, "object"), count_text(70_000, "object"), count_text(2, "copy", "copies")
    ('1 object', '70,000 objects', '2 copies')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def span_text(seconds: float) -> str:
    """Return a span of time in its largest whole unit.

    Examples
    --------
    >>> span_text(1209600), span_text(5400), span_text(0)
    ('14 days', '90 minutes', '0 seconds')
    """
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds and seconds % unit == 0:
            return count_text(round(seconds / unit), name)
    return count_text(round(seconds), "second")


def number_text(value: float) -> str:
    """Return a number in as many digits as people compare.

    Examples
    --------
    >>> number_text(0.86123456), number_text(12), number_text(1234.5678), number_text(-1.2e-7)
    ('0.8612', '12', '1234.6', '-1.2e-07')
    """
    if isinstance(value, int) or (abs(value) < 1e15 and value.is_integer()):
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.1f}"
