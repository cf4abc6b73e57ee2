"""The machine in neutral words: enough to judge the figures, nothing that names it."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def facts(folder: Path) -> dict[str, str]:
    """Return cores, memory, system, file system of `folder`, and Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": str(_cores()),
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}, {platform.machine()}",
        "file system": _file_system(folder),
        "Python": platform.python_version(),
    }


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def _file_system(folder: Path) -> str:
    """Return the type of the file system that `folder` lies on, where the system tells."""
    table = Path("/proc/mounts")
    if not table.exists():
        return "unknown"
    found = ("/", "unknown")
    for line in table.read_text(encoding="utf-8").splitlines():
        _, point, kind, *_ = line.split()
        inside = folder.resolve().is_relative_to(point)
        if inside and len(point) >= len(found[0]):
            found = (point, kind)
    return found[1]
