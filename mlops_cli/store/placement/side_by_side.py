"""Placing many files from several processes: making a small file costs more time in Python and the kernel than its bytes."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import ExitStack
from typing import TYPE_CHECKING

from mlops_cli.helper.process import Helper, cores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlops_cli.store.objects import Objects, Placement
    from mlops_cli.store.stat_cache import Identity

_LOT = 2000  # files that are worth another process
_STEP = 500  # files between two looks at whether to go on
_MOST = 4  # processes, this one among them


def place(objects: Objects, placements: Sequence[Placement]) -> list[Identity]:
    """Make files out of objects, as `Objects.place` does; two processes never make files in one folder at once.

    A folder admits one newcomer at a time, so they only gain in different ones.

    Raises
    ------
    DataError
        When an object is missing or damaged, or a file cannot be made; other files may have been made.
    """
    lots = deque(_lots(placements))
    if len(lots) < 2:
        return objects.place(placements)
    objects.bring({placement.digest for placement in placements})
    from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

    identities: dict[int, Identity] = {}
    stop = threading.Event()

    def work(helper: Helper | None) -> None:
        while lots and not stop.is_set():
            try:
                lot = lots.popleft()
            except IndexError:  # another thread took the last one
                return
            for start in range(0, len(lot), _STEP):
                if stop.is_set():
                    return
                part = lot[start : start + _STEP]
                placed = objects.place([placements[number] for number in part], helper)
                identities.update(zip(part, placed, strict=True))

    count = min(_MOST, len(lots), cores())
    with ExitStack() as stack, ThreadPoolExecutor(count, "place") as pool:
        helpers = [stack.enter_context(Helper()) for _ in range(count - 1)]
        futures = [pool.submit(work, helper) for helper in (None, *helpers)]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        except BaseException:
            for helper in helpers:
                helper.stop()
            raise
        finally:  # also where somebody interrupts: whoever clears up must not be joined by new files
            if any(not future.done() or future.exception() for future in futures):
                stop.set()
    for future in futures:
        future.result()
    return [identities[number] for number in range(len(placements))]


def _lots(placements: Sequence[Placement]) -> Iterator[list[int]]:
    """Yield the numbers of placements, each folder's together, small folders with their neighbours."""
    folders: dict[str, list[int]] = {}
    for number, placement in enumerate(placements):
        folders.setdefault(placement.target.rpartition("/")[0], []).append(number)
    lot: list[int] = []
    for numbers in folders.values():
        lot += numbers
        if len(lot) >= _LOT:
            yield lot
            lot = []
    if lot:
        yield lot
