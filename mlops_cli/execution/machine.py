"""What this machine has to offer to stages: cores, memory, GPUs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Capacity:
    """What stages may use at a time.

    Parameters
    ----------
    gpus : tuple of str
        Their ids, as `CUDA_VISIBLE_DEVICES` names them.
    memory : int
        Bytes.
    """

    cores: int
    memory: int
    gpus: tuple[str, ...] = ()


def read_capacity(
    variables: Mapping[str, str],
    *,
    cores: int | None = None,
    gpus: int | None = None,
    memory: int | None = None,
) -> Capacity:
    """Return what the machine has, where the settings do not say otherwise.

    Parameters
    ----------
    variables : mapping
        The environment; `CUDA_VISIBLE_DEVICES` limits the GPUs.
    cores, gpus, memory : int, optional
        What the settings say.
    """
    visible = variables.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        found = [name.strip() for name in visible.split(",") if name.strip() and name.strip() != "-1"]
    else:
        folder = Path("/proc/driver/nvidia/gpus")
        found = [str(i) for i in range(len(list(folder.iterdir())))] if folder.is_dir() else []
    if gpus is not None:
        found = found[:gpus] if gpus <= len(found) else [str(i) for i in range(gpus)]
    return Capacity(cores or _cores(), memory or _memory(), tuple(found))


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 1 << 62
