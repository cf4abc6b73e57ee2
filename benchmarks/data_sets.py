"""The data sets that are measured: random bytes from a fixed seed, and what lies in a folder afterwards."""

from __future__ import annotations

import hashlib
import os
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.projects import WrongResultError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CLASSES = 10
"""Folders that a set of many files is spread over, as sets of images for classification are."""

_CHUNK = 1 << 20

_WRITTEN = 1_600_000_000
"""When every file says that it was written: data is older than the second in which it is added."""


@dataclass(frozen=True)
class DataSet:
    """`files` files of `size` bytes each under the one path `item` that is tracked; one file is `item` itself."""

    name: str
    files: int
    size: int
    classes: int = CLASSES

    @property
    def item(self) -> str:
        """The path that is added, relative to the project."""
        return "data" if self.files > 1 else "data.bin"

    @property
    def title(self) -> str:
        """What the tables call it."""
        what = "file" if self.files == 1 else "files"
        where = f", {self.classes} folders" if self.files > 1 and self.classes > 1 else ""
        return f"{self.files:,} {what} of {_bytes(self.size)}{where}"

    @property
    def sample(self) -> str:
        """The one file that is changed, and pulled alone, relative to the project."""
        return self.path(self.files // 2)

    def path(self, number: int) -> str:
        """Return where the file `number` lies, relative to the project."""
        if self.files == 1:
            return self.item
        name = f"{number:06}.bin"
        return f"{self.item}/{number % self.classes}/{name}" if self.classes > 1 else f"{self.item}/{name}"

    def scaled(self, scale: float) -> DataSet:
        """Return a smaller set for a trial: fewer files, or one smaller file."""
        if self.files == 1:
            return replace(self, size=max(1, round(self.size * scale)))
        return replace(self, files=max(2, round(self.files * scale)))

    def write(self, project: Path) -> None:
        """Write the set below `project`; the same bytes each time."""
        source = random.Random(f"{self.name} {self.files} {self.size}")
        for number in range(self.files):
            path = project / self.path(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for start in range(0, self.size, _CHUNK):
                    file.write(source.randbytes(min(_CHUNK, self.size - start)))
            os.utime(path, (_WRITTEN, _WRITTEN))

    def change(self, project: Path, number: int) -> None:
        """Give the one file a content that it never had: its size stays, eight bytes in its middle change."""
        with (project / self.sample).open("r+b") as file:
            file.seek(max(0, self.size // 2 - 8))
            file.write(number.to_bytes(8, "big"))


SETS = {
    one.name: one
    for one in (
        DataSet("tiny", 70_000, 275),
        DataSet("flat", 70_000, 275, classes=1),
        DataSet("middle", 25_000, 35_000),
        DataSet("large", 1, 1 << 30),
    )
}


def fingerprint(path: Path) -> dict[str, str]:
    """Return a digest for each file below `path`, or of the file `path` itself under the name ``""``."""
    if path.is_file():
        return {"": _digest(path)}
    return {
        file.relative_to(path).as_posix(): _digest(file) for file in sorted(path.rglob("*")) if file.is_file()
    }


def check_same(path: Path, expected: Mapping[str, str]) -> None:
    """Raise unless exactly the expected files lie at `path`, each with the right bytes."""
    found = fingerprint(path) if path.exists() else {}
    wrong = [name for name in {**expected, **found} if found.get(name) != expected.get(name)]
    if wrong:
        raise WrongResultError(
            f"{path}: {len(found)} files instead of {len(expected)}; {len(wrong)} missing or wrong: {wrong[0]!r} …"
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.blake2b).hexdigest()


def _bytes(size: int) -> str:
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size / 1000:.3g} KB" if size >= 1000 else f"{size} B"
