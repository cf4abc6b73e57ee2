"""The runtime of a run: interpreter, packages, machine. Read from names of folders, without importing or starting anything."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.formats.canonical import compact
from mlops_cli.store.digest import Digest, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DIST = re.compile(r"(.+?)-([^-]+)\.dist-info")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a run ran on.

    Parameters
    ----------
    packages : mapping
        Name to version of what is installed where stages run.
    packages_digest : Digest
        Of that mapping: two runs with the same one had the same packages.
    threads : mapping
        The variables that limit the threads of numeric libraries, where they are set.
    """

    python: str
    packages: Mapping[str, str]
    packages_digest: Digest
    platform: str
    cpus: int
    gpus: tuple[str, ...]
    threads: Mapping[str, str]


def read_runtime(prefix: Path, variables: Mapping[str, str], gpus: tuple[str, ...]) -> Runtime:
    """Return the runtime of stages.

    Parameters
    ----------
    prefix : Path
        The Python installation or virtual environment in which stages run.
    variables : mapping
        The environment.
    gpus : tuple of str
        Ids of the GPUs.
    """
    version, packages = _python_at(prefix)
    return Runtime(
        python=version,
        packages=packages,
        packages_digest=digest_bytes(compact(dict(packages))),
        platform=f"{platform.system()}-{platform.release()}-{platform.machine()}",
        cpus=os.cpu_count() or 1,
        gpus=gpus,
        threads={name: variables[name] for name in _THREADS if name in variables},
    )


def _python_at(prefix: Path) -> tuple[str, dict[str, str]]:
    folders = sorted(prefix.glob("lib/python3.*/site-packages")) or sorted(prefix.glob("Lib/site-packages"))
    packages: dict[str, str] = {}
    for folder in folders:
        for entry in os.scandir(folder):
            found = _DIST.fullmatch(entry.name)
            if found:
                packages[found[1].lower().replace("_", "-")] = found[2]
    own = platform.python_version()
    if prefix.resolve() == type(prefix)(sys.prefix).resolve() or not folders:
        return own, packages
    return _configured(prefix) or folders[0].parent.name.removeprefix("python"), packages


def _configured(prefix: Path) -> str | None:
    """Return the version in a virtual environment's `pyvenv.cfg`."""
    try:
        text = (prefix / "pyvenv.cfg").read_text()
    except OSError:
        return None
    found = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+\.\d+)", text, re.MULTILINE)
    return found[1] if found else None
