"""Real servers on free ports of the loopback: S3, SFTP, WebDAV and plain HTTP; what they hold lies in memory or a test's folder."""

from __future__ import annotations

import asyncio
import http.server
import re
import subprocess
import threading
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
MOTO = ROOT / "build/moto/bin/moto_server"
USER, PASSWORD = "ada", "not-a-secret"
_PATIENCE = 60


@dataclass
class Server:
    """A server that runs, and how to reach it.

    Parameters
    ----------
    url : str
        Of a place in it that is empty at first.
    env : mapping
        Variables that a client needs, credentials among them.
    options : mapping
        The same for `open_remote_files`.
    folder : Path, optional
        Where its files lie, for servers that have them on disk.
    log : list of str
        A line for each request, where the server tells.
    """

    url: str
    env: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None
    log: list[str] = field(default_factory=list)

    def place(self, name: str) -> str:
        """Return the address of a place of one's own."""
        return f"{self.url}/{name}"


# S3 --------------------------------------------------------------------------------------------------------------------

_REQUEST = re.compile(r'"([A-Z]+ .*?) HTTP/1\.[01]" (\d+)')


@contextmanager
def s3_server() -> Iterator[Server]:
    """Run moto in its own process and environment, with one bucket."""
    if not MOTO.exists():
        pytest.skip("there is no S3 server; make one with: make build/moto")
    process = subprocess.Popen(
        [str(MOTO), "-H", "127.0.0.1", "-p", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    server = Server("")
    found = threading.Event()

    def follow() -> None:
        for line in process.stderr or ():
            address = re.search(r"Running on (http://127\.0\.0\.1:\d+)", line)
            if address:
                server.env["AWS_ENDPOINT_URL"] = server.options["endpoint_url"] = address[1]
                found.set()
            request = _REQUEST.search(re.sub(r"\x1b\[[0-9;]*m", "", line))
            if request:
                server.log.append(f"{request[1]} {request[2]}")

    threading.Thread(target=follow, daemon=True).start()
    try:
        assert found.wait(_PATIENCE), "the S3 server does not start"
        server.env |= {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        server.options |= {"key": "testing", "secret": "testing", "region": "us-east-1"}
        server.url = make_bucket(server, "bucket")
        yield server
    finally:
        process.terminate()
        process.wait()


def make_bucket(server: Server, name: str) -> str:
    """Make a bucket; return its address."""
    _ask(server, name, "PUT")
    return f"s3://{name}"


def unfinished_uploads(server: Server) -> int:
    """Return how many uploads in parts were neither finished nor thrown away in the S3 server's bucket."""
    return _ask(server, "bucket?uploads").count(b"<UploadId>")


def _ask(server: Server, path: str, method: str = "GET") -> bytes:
    request = urllib.request.Request(f"{server.options['endpoint_url']}/{path}", method=method)  # noqa: S310 - the loopback
    with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310 - see above
        data: bytes = answer.read()
    return data


# SFTP ------------------------------------------------------------------------------------------------------------------


@contextmanager
def sftp_server(folder: Path) -> Iterator[Server]:
    """Run an SSH server for one user, who sees nothing but a folder; as OpenSSH, it opens ten sessions on a connection."""
    import asyncssh

    class Login(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - asyncssh's shape
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

    class Files(asyncssh.SFTPServer):
        _open = 0

        def __init__(self, channel: Any) -> None:
            connection = channel.get_connection()
            count = getattr(connection, "_test_sessions", 0) + 1
            connection._test_sessions = count
            assert count <= 10, "more sessions than OpenSSH opens"
            super().__init__(channel, chroot=str(folder).encode())

    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    started = threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        found["server"] = await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[key], server_factory=Login, sftp_factory=Files, allow_scp=False
        )
        started.set()

    thread = threading.Thread(
        target=lambda: (loop.run_until_complete(serve()), loop.run_forever()), daemon=True
    )
    thread.start()
    try:
        assert started.wait(_PATIENCE), "the SSH server does not start"
        port = found["server"].get_port()
        known = f"[127.0.0.1]:{port} {key.export_public_key().decode().strip()}\n"
        yield Server(f"sftp://{USER}@127.0.0.1:{port}", {"KNOWN_HOST": known}, {"password": PASSWORD}, folder)
    finally:

        async def end() -> None:
            found["server"].close()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), loop).result(_PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE)


# WebDAV ----------------------------------------------------------------------------------------------------------------


@contextmanager
def webdav_server(folder: Path) -> Iterator[Server]:
    """Run WsgiDAV on cheroot, for one user with a password."""
    from cheroot import wsgi
    from wsgidav.wsgidav_app import WsgiDAVApp

    log: list[str] = []
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": str(folder)},
            "http_authenticator": {
                "domain_controller": None,
                "accept_basic": True,
                "accept_digest": False,
                "default_to_digest": False,
            },
            "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
            "verbose": 0,
            "logging": {"enable": False},
        }
    )

    def logged(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: Any, *rest: Any) -> Any:
            method, path, asked = (
                environ["REQUEST_METHOD"],
                environ["PATH_INFO"],
                environ.get("HTTP_RANGE", "-"),
            )
            log.append(f"{method} {path} {asked} {status[:3]}")
            return start_response(status, headers, *rest)

        return app(environ, start)

    server = wsgi.Server(("127.0.0.1", 0), logged, numthreads=10)
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        url = f"webdav://127.0.0.1:{server.bind_addr[1]}"
        yield Server(url, {}, {"user": USER, "password": PASSWORD}, folder, log)
    finally:
        server.stop()
        thread.join(_PATIENCE)


# HTTP ------------------------------------------------------------------------------------------------------------------


class _Handler(http.server.BaseHTTPRequestHandler):
    """Gives files, whole or by ranges, as the server's own attributes say."""

    protocol_version = "HTTP/1.1"
    server: HttpServer

    def do_HEAD(self) -> None:
        if not self.server.heads:
            self._answer(405, b"", "-")
            return
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(self.path).lstrip("/")
        asked = self.headers.get("Range", "-")
        if self.server.failures:
            self._answer(self.server.failures.pop(0), b"", asked)
            return
        file = self.server.folder / path
        if self.path in self.server.moved:
            self._facts = {"Location": self.server.moved[self.path]}
            self._answer(301, b"", asked)
            return
        if self.path.endswith("/") and self.path in self.server.kinds:
            self._facts = {"Content-Type": self.server.kinds[self.path]}
            self._answer(200, b"what a server says of a folder", asked)
            return
        if not file.is_file():
            self._answer(404, b"", asked)
            return
        data = file.read_bytes()
        self._facts = self._facts_of(file)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", asked)
        if wanted is None or not self.server.ranges:
            self._answer(200, data, asked)
            return
        start, end = int(wanted[1]), int(wanted[2] or len(data) - 1)
        if start >= len(data):
            self._answer(416, b"", asked)
            return
        part = data[start : end + 1]
        self._answer(206, part, asked, f"bytes {start}-{start + len(part) - 1}/{len(data)}")

    _facts: Mapping[str, str] = {}

    def _facts_of(self, file: Path) -> dict[str, str]:
        """Return the headers that tell one version of a file from the next, those that this server sends."""
        status = file.stat()
        modified = formatdate(status.st_mtime, usegmt=True)
        facts = {"ETag": f'"{status.st_mtime_ns:x}-{status.st_size:x}"', "Last-Modified": modified}
        told = {name: value for name, value in facts.items() if name in self.server.tells}
        kind = self.server.kinds.get(self.path)
        return told | ({"Content-Type": kind} if kind else {})

    def _answer(self, status: int, body: bytes, asked: str, content_range: str = "") -> None:
        self.server.log.append(f"{self.command} {self.path} {asked} {status} {len(body)}")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if content_range:
            self.send_header("Content-Range", content_range)
        for name, value in self._facts.items():
            self.send_header(name, value)
        self._facts = {}
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.server.cut and len(body) > 1
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.server.cut -= 1
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


class HttpServer(http.server.ThreadingHTTPServer):
    """A web server whose manners a test can change while it runs.

    Parameters
    ----------
    folder : Path
        What it gives.
    """

    daemon_threads = True

    def __init__(self, folder: Path, log: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.log = log
        self.ranges = True
        self.heads = True
        self.tells: tuple[str, ...] = ()
        self.kinds: dict[str, str] = {}
        self.moved: dict[str, str] = {}
        self.failures: list[int] = []
        self.cut = 0


@dataclass
class WebServer(Server):
    """A plain web server.

    Parameters
    ----------
    manners : HttpServer
        Its `ranges` and `heads` may be switched off; `tells` are the headers by which it tells versions
        apart; `kinds` are content types by path, also of folders that it answers for; `moved` are paths that
        lead to others; `failures` are statuses that come first; `cut` is how many answers end in the middle.
    """

    manners: Any = None


@contextmanager
def http_server(folder: Path) -> Iterator[WebServer]:
    """Run a web server that only gives what lies in a folder."""
    server = HttpServer(folder, [])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield WebServer(
            f"http://127.0.0.1:{server.server_address[1]}", folder=folder, log=server.log, manners=server
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_PATIENCE)


# As fixtures -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", name="s3")
def _s3() -> Iterator[Server]:
    """Return an S3 server with an empty bucket."""
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session", name="sftp")
def _sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return an SSH server; trust it with `trust(server, home)`."""
    with sftp_server(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(scope="session", name="webdav")
def _webdav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a WebDAV server."""
    with webdav_server(tmp_path_factory.mktemp("webdav")) as server:
        yield server


@pytest.fixture(scope="session", name="web")
def _web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Return a plain web server."""
    with http_server(tmp_path_factory.mktemp("web")) as server:
        yield server


def trust(server: Server, home: Path) -> None:
    """Put an SSH server's key into a home's known hosts."""
    (home / ".ssh").mkdir(exist_ok=True)
    (home / ".ssh/known_hosts").write_text(server.env["KNOWN_HOST"])


@pytest.fixture(name="home_folder")
def _home(_isolated: Path) -> Path:
    """Return this test's home folder."""
    return _isolated
