"""Ignore rules: one managed block in `.gitignore`, computed from definition and data records, written only when it differs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlops_cli.formats.atomic import write_if_changed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BEGIN = "# >>> mlops: what stages make and what is tracked as data; this block is kept up to date"
_END = "# <<< mlops"
_NEWLINE = r"\r?\n"
_BLOCK = re.compile(
    rf"(?:{_NEWLINE})?# >>> mlops:[^\r\n]*{_NEWLINE}.*?(?:{re.escape(_END)}(?:{_NEWLINE})?|\Z)", re.DOTALL
)
_SPECIAL = re.compile(r"([\\*?\[\]#! ])")


def ignore_text(text: str, paths: Iterable[str]) -> str:
    r"""Return the text of an ignore file with its block made of `paths`; without a block where there are none.

    Examples
    --------
    >>> print(ignore_text("*.log\n", ["data/train.csv"]), end="")
    *.log
    <BLANKLINE>
    # >>> mlops: what stages make and what is tracked as data; this block is kept up to date
    /data/train.csv
    # <<< mlops
    """
    rules = sorted({"/" + _SPECIAL.sub(r"\\\1", path) for path in paths})
    kept = _BLOCK.sub("", text)
    if not rules:
        return kept
    if kept and not kept.endswith("\n"):
        kept += "\n"
    block = "\n".join([_BEGIN, *rules, _END]) + "\n"
    found = _BLOCK.search(text)
    if found and found.start() < len(kept):
        # Where people moved the block to, there it stays.
        before, after = text[: found.start()], text[found.end() :]
        return before + ("\n" if before else "") + block + after
    return kept + ("\n" if kept else "") + block


def managed_paths(outs: Iterable[str], data: Iterable[str]) -> list[str]:
    """Return the paths that the block is made of.

    Parameters
    ----------
    outs : iterable of str
        Outputs that the store keeps.
    data : iterable of str
        Tracked data.
    """
    return sorted({*outs, *data})


def write_ignore(folder: Path, paths: Iterable[str]) -> bool:
    """Bring the block in a folder's `.gitignore` up to date; return whether the file was written."""
    path = folder / ".gitignore"
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape")  # as it is, its line ends too
    except FileNotFoundError:
        text = ""
    wanted = ignore_text(text, paths)
    if wanted == text:
        return False
    return write_if_changed(path, wanted.encode("utf-8", "surrogateescape"))
