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
    rules = sorted({ignore_rule(path) for path in paths})
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


def ignore_rule(path: str) -> str:
    r"""Return the line of an ignore file that stands for one path, and for nothing else.

    Examples
    --------
    >>> print(ignore_rule("data/raw [old]"))
    /data/raw\ \[old\]
    """
    return "/" + _SPECIAL.sub(r"\\\1", path)


def is_managed(folder: Path, path: str) -> bool:
    """Whether the block in a folder's `.gitignore` has a rule for a path."""
    try:
        text = (folder / ".gitignore").read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return False
    found = _BLOCK.search(text)
    return found is not None and ignore_rule(path) in re.split(_NEWLINE, found[0])


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


def new_ignore(folder: Path, paths: Iterable[str]) -> bytes | None:
    """Return what a folder's `.gitignore` should be; None where it is so already."""
    try:
        data = (folder / ".gitignore").read_bytes()
    except FileNotFoundError:
        data = b""
    text = data.decode("utf-8", "surrogateescape")  # as it is, its line ends too
    wanted = ignore_text(text, paths)
    return None if wanted == text else wanted.encode("utf-8", "surrogateescape")


def write_ignore(folder: Path, paths: Iterable[str]) -> bool:
    """Bring the block in a folder's `.gitignore` up to date; return whether the file was written."""
    wanted = new_ignore(folder, paths)
    return wanted is not None and write_if_changed(folder / ".gitignore", wanted)
