"""`.mlopsignore`: which paths a look passes over, in Git's ignore syntax.

A file counts for the folder it lies in and everything below; the last rule that fits decides, and a deeper file outdoes one
above it. What lies in a folder that is passed over cannot be brought back, because nobody looks into that folder: that is
what Git does, too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from mlops_cli.errors import DataError, FileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from re import Pattern

IGNORE_FILE = ".mlopsignore"
# `a/**/` means the folders below `a`; the library takes it for `a`, too.
_BELOW = re.compile(r"/\*\*/\s*$")
_FOLDER_MARK = "ps_d"


class RuleFile(NamedTuple):
    """One file of rules.

    Parameters
    ----------
    folder : str
        The folder that it counts for, relative to the project, with a slash at its end; empty for the project itself.
    rules : tuple
        The last rule first: what it fits, and whether that is passed over.
    """

    folder: str
    rules: tuple[tuple[Pattern[str], bool], ...]
    digest: bytes


class Rules:
    """The rules in force in one folder.

    Parameters
    ----------
    files : sequence of RuleFile
        Those that outdo the others first.

    Attributes
    ----------
    digest : str
        Of all bytes that these rules come from.
    """

    def __init__(self, files: Sequence[RuleFile]) -> None:
        self.files = tuple(files)
        hasher = blake3()
        for file in files:
            hasher.update(f"{file.folder}\0".encode("utf-8", "surrogateescape") + file.digest)
        self.digest = hasher.hexdigest()

    def __call__(self, path: str, is_folder: bool, /) -> bool:
        """Whether a path is passed over.

        Parameters
        ----------
        path : str
            Relative to the project; the folders above it are not passed over.
        """
        for file in self.files:
            shown = path[len(file.folder) :]
            for expression, ignores in file.rules:
                if _fits(expression, shown, is_folder):
                    return ignores
        return False


class IgnoreRules:
    """The rules of one project; each file is read once.

    Parameters
    ----------
    root : str
        The project's folder.
    name : str
        How the files of rules are called.
    """

    def __init__(self, root: str, name: str = IGNORE_FILE) -> None:
        self._root = root
        self._name = name
        self._known: dict[str, Rules | None] = {}

    def below(self, folder: str) -> Rules | None:
        """Return the rules for what lies in a folder; None where there are none.

        Parameters
        ----------
        folder : str
            Relative to the project; `""` or `.` for the project itself.

        Raises
        ------
        FileError
            When a file of rules is wrong.
        DataError
            When one cannot be read.
        """
        if folder in ("", "."):
            folder = ""
        elif folder.startswith("../"):
            return None
        if folder not in self._known:
            above = self.below(folder.rpartition("/")[0]) if folder else None
            own = _read(self._root, f"{folder}/" if folder else "", self._name)
            self._known[folder] = Rules([own, *(above.files if above else ())]) if own else above
        return self._known[folder]

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path, or a folder above it, is passed over."""
        parts = path.split("/")
        for count in range(1, len(parts) + 1):
            rules = self.below("/".join(parts[: count - 1]))
            if rules is not None and rules("/".join(parts[:count]), is_folder or count < len(parts)):
                return True
        return False


def _read(root: str, folder: str, called: str) -> RuleFile | None:
    name = f"{folder}{called}"
    try:
        with open(f"{root}/{name}", "rb", buffering=0) as stream:
            data = stream.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from error
    from pathspec import GitIgnoreSpec  # only where there are rules

    try:
        lines = [_BELOW.sub("/**/*/", line) for line in data.decode().split("\n")]
        patterns = GitIgnoreSpec.from_lines(lines).patterns
    except UnicodeDecodeError as error:
        raise FileError(f"{name} is not UTF-8") from error
    except ValueError as error:
        raise FileError(f"{name} has a rule that is not one: {error}") from error
    rules = [(p.regex, p.include) for p in patterns if p.regex is not None and p.include is not None]
    return RuleFile(folder, tuple(reversed(rules)), blake3(data).digest()) if rules else None


def _fits(expression: Pattern[str], path: str, is_folder: bool) -> bool:
    """Whether a rule fits a path itself, and not merely a folder above it: that folder was decided on before.

    The library marks the slash at which a rule has found a folder.
    """
    found = expression.search(path)
    if found is not None and not found.groupdict().get(_FOLDER_MARK):
        return True
    return is_folder and any(
        _FOLDER_MARK in expression.groupindex and match.start(_FOLDER_MARK) == len(path)
        for match in expression.finditer(f"{path}/")
    )
