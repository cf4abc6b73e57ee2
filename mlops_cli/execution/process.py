"""Child processes: each stage in a session of its own, its output in a log file, ended as a whole group."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Linux counts resident memory in KiB, macOS in bytes.
_RSS_UNIT = 1 if os.uname().sysname == "Darwin" else 1024
_GRACE = 5.0  # seconds between asking a group to end and ending it


@dataclass(frozen=True, slots=True)
class Exit:
    """How a program ended.

    Parameters
    ----------
    code : int
        Its exit code; negative for the number of the signal that ended it.
    peak_memory : int
        The largest resident set of the program or of one of its children, in bytes. Linux counts in what this process had
        when it started the child, so a tiny program never shows less than that.
    timed_out, stopped : bool
        Whether its time was over; whether the whole run was being stopped.
    """

    code: int
    seconds: float
    peak_memory: int
    timed_out: bool = False
    stopped: bool = False


class Processes:
    """The children of one run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._stopping = threading.Event()

    def run(
        self,
        programs: Sequence[Sequence[str]],
        *,
        folder: str,
        variables: Mapping[str, str],
        log: Path,
        timeout: float | None = None,
        keep: tuple[int, ...] = (),
    ) -> Exit:
        """Run programs one after another until one fails; wait for the last.

        Parameters
        ----------
        programs : sequence of argument lists
            What to start, never through a shell of ours.
        folder : str
            Working directory.
        log : Path
            File that output and errors are appended to.
        timeout : float, optional
            Seconds for all of them together; then the whole group is ended.
        keep : tuple of int
            File descriptors that the children keep open.
        """
        begin = time.monotonic()
        deadline = None if timeout is None else begin + timeout
        end = Exit(0, 0.0, 0)
        peak = 0
        for program in programs:
            end = self._run_one(program, folder, variables, log, deadline, keep)
            peak = max(peak, end.peak_memory)
            if end.code != 0 or end.stopped or end.timed_out:
                break
        return Exit(end.code, time.monotonic() - begin, peak, end.timed_out, end.stopped)

    def stop(self) -> None:
        """End every group, kindly first; nothing new starts afterwards."""
        with self._lock:
            self._stopping.set()
            groups = set(self._groups)
        for group in groups:
            _signal(group, signal.SIGINT)
        deadline = time.monotonic() + _GRACE
        while time.monotonic() < deadline:
            with self._lock:
                if not self._groups & groups:
                    return
            time.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """End every group at once."""
        with self._lock:
            groups = set(self._groups)
        for group in groups:
            _signal(group, signal.SIGKILL)

    def _run_one(
        self,
        program: Sequence[str],
        folder: str,
        variables: Mapping[str, str],
        log: Path,
        deadline: float | None,
        keep: tuple[int, ...],
    ) -> Exit:
        with self._lock:
            if self._stopping.is_set():
                return Exit(-signal.SIGINT, 0.0, 0, stopped=True)
            try:
                child = _start(program, folder, variables, log, keep)
            except OSError as error:
                with log.open("a") as stream:
                    stream.write(f"{program[0]} could not be started in {folder}: {error.strerror}\n")
                return Exit(127, 0.0, 0)
            self._groups.add(child.pid)
        timer = _Timer(child.pid, deadline) if deadline is not None else None
        _pid, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        with self._lock:
            self._groups.discard(child.pid)
            stopped = self._stopping.is_set()
        if stopped:
            _signal(
                child.pid, signal.SIGKILL
            )  # what it leaves behind: shells let background jobs ignore SIGINT
        timed_out = timer.cancel() if timer else False
        peak = usage.ru_maxrss * _RSS_UNIT
        return Exit(child.returncode, 0.0, peak, timed_out, stopped and child.returncode != 0)


@contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGTERM and SIGHUP what Ctrl-C is: a KeyboardInterrupt, so that children end and everything is left valid.

    Signals that are ignored stay ignored (`nohup`), and outside the main thread nothing can be done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    ours = [number for number, handler in before.items() if handler is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


class _Timer:
    """Ends a process group when its time is over."""

    def __init__(self, group: int, deadline: float) -> None:
        self._group = group
        self._over = threading.Event()
        self._fired = False
        self._thread = threading.Thread(target=self._work, args=(deadline,), daemon=True)
        self._thread.start()

    def cancel(self) -> bool:
        """Stop waiting; return whether the time was over. What is left of the group is then ended for good."""
        self._over.set()
        self._thread.join()
        if self._fired:
            _signal(self._group, signal.SIGKILL)
        return self._fired

    def _work(self, deadline: float) -> None:
        if self._over.wait(max(0.0, deadline - time.monotonic())):
            return
        self._fired = True
        _signal(self._group, signal.SIGTERM)
        if not self._over.wait(_GRACE):
            _signal(self._group, signal.SIGKILL)


def _start(
    program: Sequence[str], folder: str, variables: Mapping[str, str], log: Path, keep: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
    try:
        return subprocess.Popen(
            list(program),
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            pass_fds=keep,
        )
    finally:
        os.close(descriptor)


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def end_holders(lock: Path) -> bool:
    """End every process that still holds a lock which a killed command left to its children.

    Parameters
    ----------
    lock : Path
        The lock's file. The caller knows that whoever took the lock is dead.

    Returns
    -------
    bool
        Whether a process was ended; False also where the system does not say who holds what.
    """
    found = False
    path = str(lock)
    for process in Path("/proc").glob("[0-9]*"):
        if process.name != str(os.getpid()) and _holds(process, path):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(int(process.name), signal.SIGKILL)
                found = True
    return found


def _holds(process: Path, path: str) -> bool:
    """Whether a process holds a lock on a file: to have it open is not enough, others may just be trying."""
    try:
        for name in os.listdir(process / "fd"):
            if os.readlink(process / "fd" / name) == path:
                return "FLOCK" in (process / "fdinfo" / name).read_text()
    except OSError:
        pass  # gone meanwhile, or another user's
    return False
