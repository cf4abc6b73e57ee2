"""Text that a terminal shows as it is: what would steer it, such as a file's name may hold, is spelled out. Pure."""

from __future__ import annotations

import re

# Control characters, line ends of every kind, and what turns round the order of what is shown.
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# The same, but for line ends, tabs, and the colours that tables have.
_IN_TEXT = re.compile(
    r"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def plain(text: str) -> str:
    r"""Return a name or a value on one line.

    Examples
    --------
    >>> plain("a\nb\x1b[1m")
    'a\\nb\\x1b[1m'
    """
    return text if text.isprintable() else _STEERING.sub(_spelled_out, text)


def plain_text(text: str) -> str:
    r"""Return text of several lines, which may have colours.

    Examples
    --------
    >>> plain_text("tracked a\x1b[2Jb\n")
    'tracked a\\x1b[2Jb\n'
    """
    return _IN_TEXT.sub(_spelled_out, text)


def _spelled_out(sign: re.Match[str]) -> str:
    return sign[0].encode("unicode_escape").decode()
