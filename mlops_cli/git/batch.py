"""Reading many of Git's objects through one process, and long listings without holding them in memory."""

from __future__ import annotations

import re
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Self

from mlops_cli.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import IO

_CHUNK = 1 << 16
_PIPE = 1 << 14  # what a pipe holds on every system, with room to spare
# What Git says of a ref that leads nowhere because its remote dropped the branch: everyday, and nothing is lost by it.
_HARMLESS = re.compile(r"ignoring dangling symref|^(warning|hint): (?!ignoring broken ref)")


class GitObject(NamedTuple):
    """One object of Git's; `kind` is empty where the repository does not have it."""

    id: str
    kind: str
    data: bytes


def stream(
    folder: Path,
    variables: Mapping[str, str],
    *commands: Sequence[str],
    given: bytes = b"",
    graph: bool = False,
) -> Iterator[bytes]:
    """Yield what the last of some Git commands prints, each reading what the one before it prints.

    Parameters
    ----------
    folder : Path
        Git's own folder of the repository.
    commands : sequence of str
        Arguments of each.
    given : bytes
        What the first one reads.
    graph : bool
        Whether Git may believe its cached graph of commits.

    Raises
    ------
    HistoryError
        When one of them fails, or complains of something that may hide a part of the history.
    """
    processes: list[subprocess.Popen[bytes]] = []
    complaints: list[_Complaints] = []
    try:
        for number, arguments in enumerate(commands):
            source = processes[-1].stdout if processes else subprocess.PIPE
            process = subprocess.Popen(
                git_command(folder, *arguments, graph=graph),
                cwd=folder,
                env=dict(variables),
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            if number:
                _of(processes[-1].stdout).close()  # it is the next one's alone now
            processes.append(process)
            complaints.append(_Complaints(_of(process.stderr)))
        feeder = _feed(_of(processes[0].stdin), given)
        out = _of(processes[-1].stdout)
        while data := out.read(_CHUNK):
            yield data
        feeder.join()
        for process, complaint, arguments in zip(processes, complaints, commands, strict=True):
            code = process.wait()
            said = complaint.take()
            if code or said:
                raise HistoryError(
                    f"{folder} cannot be read as a whole: git {arguments[0]}: {said or f'exit code {code}'}",
                    hint="Look at the repository with: git fsck",
                )
    finally:
        for process in processes:
            _end(process)


class Reader:
    """One `git cat-file --batch`, asked again and again; a context manager."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            git_command(folder, "cat-file", "--batch"),
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._complaints = _Complaints(_of(self._process.stderr))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        _end(self._process)

    def read(self, ids: Sequence[str]) -> Iterator[GitObject]:
        """Yield objects in the order asked for; all have to be taken before the next question.

        Raises
        ------
        HistoryError
            When one is damaged.
        """
        source, out = _of(self._process.stdin), _of(self._process.stdout)
        given = "".join(f"{name}\n" for name in ids).encode()
        feeder = None
        if len(given) > _PIPE:
            feeder = _feed(source, given, close=False)
        else:  # it goes into the pipe at once, whatever the process does
            with suppress(OSError):
                source.write(given)
                source.flush()
        for name in ids:
            head = out.readline().split()
            if len(head) == 2 and head[1] == b"missing":
                yield GitObject(name, "", b"")
                continue
            if len(head) != 3:
                raise self._broken(name)
            size = int(head[2])
            data = out.read(size)
            if len(data) != size or out.read(1) != b"\n":
                raise self._broken(name)
            yield GitObject(name, head[1].decode(), data)
        if feeder is not None:
            feeder.join()

    def find(self, name: str) -> GitObject:
        """Return what a name leads to, under its own id; with an empty id and kind where it leads to nothing.

        Parameters
        ----------
        name : str
            A ref, `HEAD:folder`, anything that Git takes and that has no line end in it.
        """
        source, out = _of(self._process.stdin), _of(self._process.stdout)
        with suppress(OSError):  # the process has ended; what it says of that is read below
            source.write(f"{name}\n".encode(errors="surrogateescape"))
            source.flush()
        head = out.readline().split(b" ")
        if head[-1] in (b"missing\n", b"ambiguous\n"):
            return GitObject("", "", b"")
        if len(head) != 3:
            raise self._broken(name)
        data = out.read(int(head[2]))
        if out.read(1) != b"\n":
            raise self._broken(name)
        return GitObject(head[0].decode(), head[1].decode(), data)

    def _broken(self, name: str) -> HistoryError:
        self._process.wait()
        said = self._complaints.take() or "git cat-file ended"
        return HistoryError(
            f"{self._folder}: object {name} of Git cannot be read: {said}",
            hint="Look at the repository with: git fsck",
        )


def git_command(folder: Path, *arguments: str, graph: bool = False) -> list[str]:
    """Return a command line that asks about a repository as it is: no replaced objects, no cached graph unless it may be used."""
    return [
        "git",
        "--no-pager",
        "--no-replace-objects",
        f"--git-dir={folder}",
        "-c",
        f"core.commitGraph={str(graph).lower()}",
        *arguments,
    ]


def fields(chunks: Iterator[bytes]) -> Iterator[str]:
    """Yield texts out of bytes in which each ends with a NUL."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        for field in whole:
            yield field.decode(errors="surrogateescape")
    if rest.strip():
        yield rest.decode(errors="surrogateescape")


class _Complaints:
    """What a process says on standard error, taken while it works so that it never waits for us."""

    def __init__(self, source: IO[bytes]) -> None:
        self._lines: list[str] = []
        self._thread = threading.Thread(target=self._work, args=(source,), daemon=True)
        self._thread.start()

    def _work(self, source: IO[bytes]) -> None:
        for raw in source:
            line = raw.decode(errors="replace").strip()
            if line and not _HARMLESS.search(line) and len(self._lines) < 10:
                self._lines.append(line)
        source.close()

    def take(self) -> str:
        """Return what is worth telling, once the process has ended."""
        self._thread.join()
        return "; ".join(self._lines)


def _feed(target: IO[bytes], data: bytes, *, close: bool = True) -> threading.Thread:
    def work() -> None:
        with suppress(OSError, ValueError):  # the process has ended; its exit code says why
            target.write(data)
            target.flush()
            if close:
                target.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None and not pipe.closed:
            with suppress(OSError):
                pipe.close()
    if process.poll() is None:
        process.terminate()
    process.wait()


def _of(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "asked for when the process was started"  # noqa: S101 - tells the type checker
    return pipe
