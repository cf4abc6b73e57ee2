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


def percent_change(share: float) -> str:
    """Return a relative change with its sign; one that is small and not nothing is never told as nothing.

    Examples
    --------
    >>> percent_change(-0.0741), percent_change(-0.00027), percent_change(0.0)
    ('-7.4%', '-0.03%', '+0.0%')
    """
    return f"{share:+.1%}" if share == 0 or abs(share) >= 0.0005 else f"{100 * share:+.1g}%"
