"""An S3 server on the loopback, in memory, that counts what it is asked: moto, in its own environment."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_REQUEST = re.compile(rb'"[A-Z]+ [^"]* HTTP/1\.[01]" \d')
_PATIENCE = 30.0


class S3Server:
    """A server that runs as long as the ``with`` block, and writes a line for each request.

    Parameters
    ----------
    program : Path
        ``moto_server``.
    """

    def __init__(self, program: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._folder = tempfile.TemporaryDirectory(prefix="bench-s3-")
        self._log = Path(self._folder.name) / "log"
        self._counted, self._read = 0, 0
        self._command = [str(program), "-H", "127.0.0.1", "-p", str(self._port)]

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """What every tool needs to find it: the variables that Amazon's own libraries read."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    @property
    def requests(self) -> int:
        """How many requests it has answered."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        whole = text.rfind(b"\n") + 1
        self._read += whole
        self._counted += len(_REQUEST.findall(text[:whole]))
        return self._counted

    def bucket(self, name: str) -> str:
        """Make an empty bucket and return its URL."""
        self._ask("PUT", f"/{name}")
        return f"s3://{name}"

    def forget(self) -> None:
        """Remove every bucket and what is in it."""
        self._ask("POST", "/moto-api/reset")

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=log)
        end = time.monotonic() + _PATIENCE
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
                return self
            if time.monotonic() > end or self._process.poll() is not None:
                self.__exit__(None, None, None)
                raise RuntimeError(f"{self._command[0]} does not answer")
            time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()

    def _ask(self, method: str, path: str) -> None:
        request = urllib.request.Request(self.address + path, method=method)
        with urllib.request.urlopen(request, timeout=_PATIENCE):
            pass
