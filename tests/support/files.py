"""Files for tests: made, aged and watched."""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pytest

# Long enough before now that every file system's clock has ticked since.
AGE = 10_000_000_000


def write(path: Path, data: bytes | str = b"", *, executable: bool = False) -> Path:
    """Write a file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    if executable:
        path.chmod(0o755)
    return path


def write_all(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files below a folder, in the order given."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        write(folder / name, data)
    return folder


def listing(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def later(monkeypatch: pytest.MonkeyPatch, nanoseconds: int = AGE) -> None:
    """Move this process's clock on, so that files just written are at rest without waiting for it."""
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + nanoseconds)


@contextmanager
def spying(monkeypatch: pytest.MonkeyPatch, *names: str) -> Iterator[dict[str, Counter[str]]]:
    """Count calls of functions of `os` by their path; the real ones run."""
    calls: dict[str, Counter[str]] = {name: Counter() for name in names}

    def watched(name: str, real: Any) -> Any:
        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            calls[name][os.fspath(path)] += 1
            return real(path, *args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for name in names:
            patch.setattr(os, name, watched(name, getattr(os, name)))
        yield calls
