"""Ignore rules: one managed block in `.gitignore`, computed from definition and data records, written only when it differs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from mlops_cli.formats.atomic import write_if_changed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlops_cli.git.command import Git

_BEGIN = "# >>> mlops: what stages make and what is tracked as data; this block is kept up to date"
_END = "# <<< mlops"
_NEWLINE = r"\r?\n"
_BLOCK = re.compile(
    rf"(?:{_NEWLINE})?# >>> mlops:[^\r\n]*{_NEWLINE}.*?(?:{re.escape(_END)}(?:{_NEWLINE})?|\Z)", re.DOTALL
)
_CONFLICT = re.compile(
    r"^<{7} [^\n]*\n(.*?)(?:^\|{7}[^\n]*\n.*?)?^={7}\r?\n(.*?)^>{7} [^\n]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
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
    if _CONFLICT.search(text):
        solved = _solved(text)
        if solved is None:
            lacking = [rule for rule in rules if rule not in _lines(text)]
            return text + "\n".join(["", _BEGIN, *lacking, _END, ""]) if lacking else text
        text = solved
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


def _solved(text: str) -> str | None:
    """Return a text with conflicts as our side has it, where the block is all that the sides differ in; else None."""
    ours, theirs = (_CONFLICT.sub(side, text) for side in (r"\1", r"\2"))
    same = _BLOCK.sub("", ours).strip() == _BLOCK.sub("", theirs).strip()
    return ours if same else None


def conflict(folder: Path) -> Literal["block", "more"] | None:
    """Return whether Git has left a conflict in a folder's `.gitignore`: only in the block, or in more than that."""
    text = _read(folder)
    if not _CONFLICT.search(text):
        return None
    return "more" if _solved(text) is None else "block"


def without_rule(folder: Path, paths: Iterable[str]) -> list[str]:
    """Return the paths for which a folder's `.gitignore` has no rule of its own; another rule may ignore them."""
    lines = _lines(_read(folder))
    return [path for path in paths if ignore_rule(path) not in lines]


def has_rule(data: bytes, path: str) -> bool:
    """Whether the bytes of an ignore file have a rule for a path."""
    return ignore_rule(path) in _lines(data.decode("utf-8", "surrogateescape"))


def ignored(git: Git, paths: Iterable[str]) -> frozenset[str]:
    """Return the paths, relative to the folder of `git`, that any of Git's rules ignores; folders have a slash at their end."""
    given = "\0".join(paths).encode("utf-8", "surrogateescape")
    said = git.tell("check-ignore", "-z", "--no-index", "--stdin", given=given)
    return frozenset(said.out.decode("utf-8", "surrogateescape").split("\0")) - {""}


def _lines(text: str) -> frozenset[str]:
    return frozenset(re.split(_NEWLINE, text))


def _read(folder: Path) -> str:
    try:
        return (folder / ".gitignore").read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""


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
    found = _BLOCK.search(_read(folder))
    return found is not None and ignore_rule(path) in _lines(found[0])


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
    text = _read(folder)  # as it is, its line ends too
    wanted = ignore_text(text, paths)
    return None if wanted == text else wanted.encode("utf-8", "surrogateescape")


def write_ignore(folder: Path, paths: Iterable[str]) -> bool:
    """Bring the block in a folder's `.gitignore` up to date; return whether the file was written."""
    wanted = new_ignore(folder, paths)
    return wanted is not None and write_if_changed(folder / ".gitignore", wanted)
