"""Numbers as pages show them: no more digits than are known, and never a number for what was not measured. Pure."""

from __future__ import annotations

import math

from mlops_cli.render.chart_scale import MINUS, minus

ABSENT = "not measured"


def is_number(value: object) -> bool:
    """Tell whether there is a finite number to show."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def amount_text(value: float | None) -> str:
    """Return a number in as many digits as people compare; from 10,000 on it has commas, so that a year has none.

    Examples
    --------
    >>> amount_text(48842), amount_text(38.643585), amount_text(0.00012345), amount_text(None)
    ('48,842', '38.64', '0.0001234', 'not measured')
    """
    if value is None or math.isnan(value):
        return ABSENT
    if math.isinf(value):
        return "infinite" if value > 0 else f"{MINUS}infinite"
    if abs(value) < 1e15 and float(value).is_integer():
        return minus(f"{int(value):,}" if abs(value) >= 1e4 else str(int(value)))
    if abs(value) >= 1e15 or abs(value) < 1e-4:
        return minus(f"{value:.4g}")
    decimals = min(7, max(0, 3 - math.floor(math.log10(abs(value)))))
    shown = f"{value:,.{decimals}f}" if abs(value) >= 1e4 else f"{value:.{decimals}f}"
    return minus(shown.rstrip("0").rstrip(".") if decimals else shown)


def share_text(share: float | None) -> str:
    """Return a share as percent; only nothing is 0 %, and only all is 100 %.

    Examples
    --------
    >>> share_text(0.1234), share_text(0.00001), share_text(0), share_text(0.99999)
    ('12.3%', '<0.1%', '0%', '>99.9%')
    """
    if share is None or not math.isfinite(share):
        return ABSENT
    if share == round(share, 2):
        return minus(f"{100 * share:.0f}%")
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return minus(f"{100 * share:.1f}%")


def p_text(p_value: float | None) -> str:
    """Return a p-value.

    Examples
    --------
    >>> p_text(0.03456), p_text(1e-9), p_text(0.7)
    ('0.035', '<0.001', '0.70')
    """
    if p_value is None or not math.isfinite(p_value):
        return ABSENT
    if p_value < 0.001:
        return "<0.001"
    return f"{p_value:.3f}" if p_value < 0.1 else f"{p_value:.2f}"


def interval_texts(value: float, low: float | None, high: float | None) -> tuple[str, str, str]:
    """Return a value and the ends of its interval, all with the decimals that the interval's width gives a meaning.

    The ends are empty texts where there is no interval.

    Examples
    --------
    >>> interval_texts(0.861234, 0.852345, 0.870123), interval_texts(0.5, None, None)
    (('0.861', '0.852', '0.870'), ('0.5', '', ''))
    >>> interval_texts(12345.6, 11000.2, 13999.1)
    ('12,346', '11,000', '13,999')
    """
    if low is None or high is None or not (is_number(low) and is_number(high)):
        return amount_text(value), "", ""
    if max(abs(value), abs(low), abs(high)) >= 1e15:
        return tuple(minus(f"{number:.4g}") for number in (value, low, high))  # type: ignore[return-value]
    width = high - low
    decimals = 1 - math.floor(math.log10(width)) if width > 0 else 4
    decimals = min(8, max(decimals, 2 if max(abs(value), abs(low), abs(high)) <= 1 else 0))
    return _fixed(value, decimals), _fixed(low, decimals), _fixed(high, decimals)


def signed(text: str) -> str:
    """Return a difference with its sign.

    Examples
    --------
    >>> signed("0.012"), signed("0.000"), signed(f"{MINUS}0.5") == f"{MINUS}0.5"
    ('+0.012', '0.000', True)
    """
    return text if text.startswith(MINUS) or not text.strip("0.,%") else f"+{text}"


def _fixed(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else minus(text)
