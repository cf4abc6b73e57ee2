"""What a remote can do, found out by doing it with a small probe that is gone afterwards."""

from __future__ import annotations

import secrets
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops_cli.store.remotes.port import ReadOnly, RemoteError, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.store.remotes.port import RemoteFiles

PROBES = "probe"
_SIZE = 64 << 10
_READS = 5


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One thing that was tried.

    Parameters
    ----------
    detail : str
        What came of it; of a failure, why.
    hint : str
        What to do about a failure.
    """

    name: str
    ok: bool
    detail: str
    hint: str = ""


@dataclass(slots=True)
class Findings:
    """What was found out.

    Parameters
    ----------
    latency : float or None
        Median seconds of a small read; None where nothing could be read.
    create_only : bool or None
        Whether the store refuses to write over a name when asked to; None where that was not found out.
    """

    steps: list[CheckStep] = field(default_factory=list)
    read_only: bool = False
    latency: float | None = None
    create_only: bool | None = None

    @property
    def ok(self) -> bool:
        """Whether everything worked that has to."""
        return all(step.ok for step in self.steps)


def check_remote(files: RemoteFiles, clock: Callable[[], float] = time.perf_counter) -> Findings:
    """Write, read, compare, list and delete a probe, and look which conditions the store keeps.

    Parameters
    ----------
    clock : callable
        Gives seconds.
    """
    found = Findings()
    name = f"{PROBES}/{secrets.token_hex(8)}"
    data = secrets.token_bytes(_SIZE)
    try:
        if not _write(found, files, name, data):
            return found
        _read(found, files, name, data, clock)
        _list(found, files, name)
        _create(found, files, f"{name}-once")
        _replace(found, files, name)
        _remove(found, files, [name, f"{name}-once"])
    finally:
        with suppress(RemoteError):
            files.remove([name, f"{name}-once"])
            files.remove_folder(PROBES)
    return found


def _try(found: Findings, step: str, action: Callable[[], Any]) -> bool:
    """Do something; keep as a step what came of it: what it returns, or what it raises."""
    try:
        detail = action()
    except RemoteError as error:
        found.steps.append(CheckStep(step, False, error.message, error.hint))
        return False
    found.steps.append(CheckStep(step, True, detail or ""))
    return True


def _write(found: Findings, files: RemoteFiles, name: str, data: bytes) -> bool:
    try:
        files.write(name, data)
    except ReadOnly as error:
        found.read_only = True
        found.steps.append(CheckStep("write", True, f"not possible: {error.message}"))
        _only_reading(found, files)
        return False
    except RemoteError as error:
        found.steps.append(CheckStep("write", False, error.message, error.hint))
        _try(found, "list", lambda: f"{len(files.list(PROBES))} probes of others")
        return False
    found.steps.append(CheckStep("write", True, f"{len(data):,} bytes"))
    return True


def _only_reading(found: Findings, files: RemoteFiles) -> None:
    """Look at a remote that takes nothing: has it a listing, and gives it ranges."""
    listed: dict[str, int] = {}

    def look() -> str:
        listed.update(files.list())
        return f"{len(listed):,} files" if listed else "nothing was pushed there yet: it has no listing.json"

    if _try(found, "list", look) and listed:
        name, size = max(listed.items(), key=lambda item: item[1])

        def read() -> str:
            start = time.perf_counter()
            files.read(name, size // 2, min(16, size - size // 2))
            found.latency = time.perf_counter() - start
            return f"of {name}"

        _try(found, "ranged read", read)


def _read(found: Findings, files: RemoteFiles, name: str, data: bytes, clock: Callable[[], float]) -> None:
    def whole() -> str:
        if files.read(name) != data:
            raise RemoteError(
                "what comes back is not what was written",
                hint="Something on the way changes bytes; use another remote.",
            )
        return "comes back as it was written"

    def part() -> str:
        if files.read(name, 1000, 500) != data[1000:1500]:
            raise RemoteError(
                "other bytes come back than were asked for", hint="The server does not keep to ranges."
            )
        times = []
        for _ in range(_READS):
            start = clock()
            files.read(name, 0, 1)
            times.append(clock() - start)
        found.latency = statistics.median(times)
        return f"median of {_READS} small reads: {found.latency * 1000:.1f} ms"

    if _try(found, "read", whole):
        _try(found, "ranged read", part)


def _list(found: Findings, files: RemoteFiles, name: str) -> None:
    def look() -> str:
        listed = files.list(PROBES)
        if listed.get(name) != _SIZE:
            raise RemoteError(
                f"the listing {'has another size for' if name in listed else 'leaves out'} what was just written",
                hint="A store that lists late makes a push send again what is there; ask its provider.",
            )
        return "shows at once what was written"

    _try(found, "list", look)


def _create(found: Findings, files: RemoteFiles, name: str) -> None:
    def create() -> str:
        try:
            first, second = files.create(name, b"first"), files.create(name, b"second")
        except Unsupported:
            found.create_only = False
            return "not possible here; the last writer of a name wins"
        found.create_only = first and not second and files.read(name) == b"first"
        return "works" if found.create_only else "is not kept: the last writer of a name wins"

    _try(found, "create only", create)


def _replace(found: Findings, files: RemoteFiles, name: str) -> None:
    def replace() -> str:
        files.upload(name, [b"an", b"other"], 7)
        if files.read(name) != b"another":
            raise RemoteError(
                "what was replaced still comes back",
                hint="A cache on the way answers for the store; go around it.",
            )
        return "comes back at once"

    _try(found, "replace", replace)


def _remove(found: Findings, files: RemoteFiles, names: list[str]) -> None:
    def remove() -> str:
        files.remove(names)
        left = [name for name in names if name in files.list(PROBES)]
        if left:
            raise RemoteError(f"{left[0]} is listed still", hint="Look at the rights to delete.")
        return "gone"

    _try(found, "delete", remove)
