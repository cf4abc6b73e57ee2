"""Commands that talk names, to be typed where the user stands: with the `-C DIR` of the command that names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_GIT = ("add", "checkout", "commit", "config", "fetch", "init", "ls-files", "ls-tree", "merge", "pull", "push",
        "rebase", "restore", "rm", "stash", "switch", "worktree")  # fmt: skip
_PROGRAM = "  |"  # how a line begins that a program of the user's wrote
_WITH = "with: "


def named_from_here(text: str, folder: Path, commands: Collection[str], *, result: bool = False) -> str:
    """Return talk in which every command of ours and of Git's works in a folder.

    Parameters
    ----------
    folder : Path
        As the user gave it.
    result : bool
        The text also shows what users wrote, such as the commands of stages: only what follows `with: ` is ours then.

    Examples
    --------
    >>> from pathlib import Path
    >>> named_from_here("Bring it with: mlops pull d, or git pull", Path("../b"), ["pull"])
    'Bring it with: mlops -C ../b pull d, or git -C ../b pull'
    >>> named_from_here("command changed: mlops pull -> true", Path("../b"), ["pull"], result=True)
    'command changed: mlops pull -> true'
    """
    if "mlops " not in text and "git " not in text:
        return text
    import re
    import shlex

    ours, gits = "|".join(map(re.escape, commands)), "|".join(_GIT)
    named = re.compile(rf"(?<![\w/.@-])(?:mlops (?=(?:{ours})\b)|git (?=(?:{gits})\b))")
    where = f"-C {shlex.quote(str(folder))} "

    def line_from_here(line: str) -> str:
        start = line.find(_WITH) if result else 0
        if start < 0 or line.startswith(_PROGRAM):
            return line
        return line[:start] + named.sub(lambda found: found[0] + where, line[start:])

    return "".join(map(line_from_here, text.splitlines(keepends=True)))
