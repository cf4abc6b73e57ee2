"""Path patterns, with one meaning everywhere: `*` and `?` stay inside a folder, `**` crosses folders, `[…]` is a set."""

from __future__ import annotations

import re
from functools import lru_cache

# Litter that programs leave beside the files they read: never part of an input or an output.
LITTER = frozenset(
    {
        ".git",
        ".mlops",
        ".hg",
        ".svn",
        "__pycache__",
        ".ipynb_checkpoints",
        ".DS_Store",
        ".mypy_cache",
        ".pytest_cache",
    }
)
_SPECIAL_IN_SETS = re.compile(r"[\\^\[&~|]")


def is_glob(path: str) -> bool:
    """Whether a path is a pattern."""
    return any(mark in path for mark in "*?[")


def fixed_part(pattern: str) -> str:
    """Return the folder below which every match lies.

    Examples
    --------
    >>> fixed_part("src/models/**/*.py"), fixed_part("*.csv")
    ('src/models', '')
    """
    parts = pattern.split("/")
    for count, part in enumerate(parts):
        if is_glob(part):
            return "/".join(parts[:count])
    return "/".join(parts[:-1])


@lru_cache(maxsize=4096)
def glob_expression(pattern: str) -> re.Pattern[str]:
    """Return the expression that a whole path must match.

    Examples
    --------
    >>> bool(glob_expression("src/**/*.py").fullmatch("src/a.py")), bool(glob_expression("*.py").fullmatch("a/b.py"))
    (True, False)
    """
    out, i = "", 0
    while i < len(pattern):
        if pattern.startswith("**/", i) and (i == 0 or pattern[i - 1] == "/"):
            out, i = out + r"(?:[^/]+/)*", i + 3
        elif pattern.startswith("**", i):
            out, i = out + r".*", i + 2
        elif pattern[i] == "*":
            # As shells do: a star at the start of a name does not match a leading dot.
            lead = r"(?!\.)" if i == 0 or pattern[i - 1] == "/" else ""
            out, i = out + lead + r"[^/]*", i + 1
        elif pattern[i] == "?":
            out, i = out + r"[^/]", i + 1
        elif pattern[i] == "[" and (end := pattern.find("]", i + 2)) > 0:
            out, i = out + _set_expression(pattern[i + 1 : end]), end + 1
        else:
            out, i = out + re.escape(pattern[i]), i + 1
    try:
        return re.compile(out, re.DOTALL)
    except re.error:  # a set such as [z-a]: it matches only itself
        return re.compile(re.escape(pattern))


def _set_expression(inside: str) -> str:
    """Return the expression for one character of a set; like every mark but `**` it never stands for a slash."""
    other, members = ("^", inside[1:]) if inside[0] == "!" else ("", inside)
    members = _SPECIAL_IN_SETS.sub(r"\\\g<0>", members).replace("--", r"-\-")
    return f"(?!/)[{other}{members}]"
