"""A remote over SSH: one connection, few channels, many requests on the way in each. Unknown hosts are refused, as `ssh` does.

fsspec's own SFTP greets every unknown host as a friend, ignores `~/.ssh/config`, and waits for the answer to each 32 KiB; so
only its library, paramiko, is used.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISDIR
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mlops_cli.store.remotes.errors import announced, short_read, translated
from mlops_cli.store.remotes.port import TEMPORARY, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

# OpenSSH opens ten sessions on a connection, and no more.
_CHANNELS = 8
_READ_AHEAD = 64
_PATIENCE = 60.0
_SILENCE = logging.NullHandler()


class SftpFiles:
    """Files below a folder on a server.

    Parameters
    ----------
    url : str
        `sftp://user@host:port/folder`; `/~/folder` is below the home folder.
    options : mapping
        `user`, `password`, `key_file`, `passphrase`; all of them may be left to the agent, `~/.ssh` and `~/.ssh/config`.
    connections : int
        Channels at most.
    """

    def __init__(self, url: str, options: Mapping[str, Any], connections: int = _CHANNELS) -> None:
        self.url = url.rstrip("/")
        self._parts = urlsplit(url)
        path = unquote(self._parts.path).rstrip("/")
        self._root = path[3:] or "." if path.startswith("/~/") or path == "/~" else path
        self._options = dict(options)
        self._lock = threading.Lock()
        self._few = threading.Semaphore(min(connections, _CHANNELS))
        self._idle: list[Any] = []
        self._client: Any = None
        self._process = os.getpid()
        self.requests = 0

    def list(self, folder: str = "") -> dict[str, int]:
        """Return the size of every file below a folder, by name."""
        found: dict[str, int] = {}
        with self._channel(folder) as sftp:
            folders = [folder]
            while folders:
                here = folders.pop()
                self._counted()
                try:
                    items = list(sftp.listdir_iter(self._path(here)))
                except FileNotFoundError:
                    continue
                for item in items:
                    name = f"{here}/{item.filename}" if here else item.filename
                    if not S_ISDIR(item.st_mode or 0):
                        found[name] = item.st_size
                    elif name != TEMPORARY:
                        folders.append(name)
        return found

    def read(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes of a file."""
        if length == 0:
            return b""
        with self._channel(name) as sftp, sftp.open(self._path(name), "rb") as file:
            self._counted(2)
            wanted = max(file.stat().st_size - start, 0) if length is None else length
            data = bytearray()
            if wanted:
                self._counted(-(-wanted // file.MAX_REQUEST_SIZE))
                for part in file.readv([(start, wanted)], _READ_AHEAD):
                    data += part
            if len(data) < wanted or (start and not data):
                raise short_read(self.url, name, len(data), max(wanted, 1))
            return bytes(data)

    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        self.upload(name, [data], len(data))

    def upload(self, name: str, chunks: Iterable[bytes], size: int) -> None:
        """Write a file from chunks, whole or not at all."""
        with self._temporary(name, chunks, size) as temporary, self._channel(name) as sftp:
            self._within(sftp, name, lambda: self._replace(sftp, temporary, self._path(name)))

    def create(self, name: str, data: bytes) -> bool:
        """Write a file only where nothing has this name: SFTP's own rename does not overwrite."""
        with self._temporary(name, [data], len(data)) as temporary, self._channel(name) as sftp:
            path = self._path(name)
            try:
                self._within(sftp, name, lambda: sftp.rename(temporary, path))
            except OSError:
                if not _exists(sftp, path):
                    raise
                sftp.remove(temporary)
                return False
            return True

    def remove(self, names: Sequence[str]) -> None:
        """Remove files."""
        for name in names:
            with self._channel(name) as sftp, suppress(FileNotFoundError):
                self._counted()
                sftp.remove(self._path(name))

    def remove_folder(self, folder: str) -> None:
        """Remove an empty folder; a server refuses for any other."""
        with self._channel(folder) as sftp, suppress(OSError):
            self._counted()
            sftp.rmdir(self._path(folder))

    def _counted(self, number: int = 1) -> None:
        with self._lock:
            self.requests += number

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root or "/"

    @contextmanager
    def _temporary(self, name: str, chunks: Iterable[bytes], size: int) -> Iterator[str]:
        """Write chunks into a temporary file, which is gone after an error."""
        hidden = f"{TEMPORARY}/{secrets.token_hex(8)}"
        try:
            self._send(hidden, name, chunks, size)
            yield self._path(hidden)
        except BaseException:
            with suppress(Exception):
                self.remove([hidden])
            raise

    def _send(self, hidden: str, name: str, chunks: Iterable[bytes], size: int) -> None:
        problem: BaseException | None = None
        with self._channel(name) as sftp:
            with self._within(sftp, hidden, lambda: sftp.open(self._path(hidden), "wb")) as file:
                file.set_pipelined(True)
                walk = announced(chunks, size, self.url, name)
                while problem is None:
                    try:
                        chunk = next(walk)
                    except StopIteration:
                        break
                    except BaseException as error:  # noqa: BLE001 - raised below, where it is not taken for the remote's
                        problem = error
                        break
                    self._counted(-(-len(chunk) // file.MAX_REQUEST_SIZE))
                    file.write(chunk)
            # Answers to writes that nobody waited for may have said that the disk is full.
            arrived = sftp.stat(self._path(hidden)).st_size
            self._counted(2)
        if problem is not None:
            raise problem
        if arrived != size:
            raise short_read(self.url, name, arrived, size)

    def _within(self, sftp: Any, name: str, action: Callable[[], Any]) -> Any:
        """Do something that needs a name's folder; make the folder only where it turns out to be missing."""
        self._counted()
        try:
            return action()
        except FileNotFoundError:
            missing = []
            folder = self._path(name).rpartition("/")[0]
            while folder:
                missing.append(folder)
                try:
                    sftp.stat(folder)
                    missing.pop()
                    break
                except FileNotFoundError:
                    folder = folder.rpartition("/")[0]
            for path in reversed(missing):
                self._counted()
                with suppress(OSError):  # another thread may have been faster
                    sftp.mkdir(path)
            self._counted()
            return action()

    def _replace(self, sftp: Any, temporary: str, path: str) -> None:
        try:
            sftp.posix_rename(temporary, path)
        except OSError as error:
            if error.errno is not None:
                raise
            # A server without that extension: for an instant nothing has the name, which readers take for not yet written.
            with suppress(FileNotFoundError):
                sftp.remove(path)
            sftp.rename(temporary, path)

    # The connection -------------------------------------------------------------------------------------------------

    @contextmanager
    def _channel(self, name: str) -> Iterator[Any]:
        """Lend a channel; one that broke is not lent again."""
        with self._few:
            with translated(self.url, name):
                sftp = self._take()
            try:
                with translated(self.url, name):
                    yield sftp
            except RemoteError as error:
                if error.transient:
                    sftp.close()
                else:
                    self._idle.append(sftp)
                raise
            except BaseException:
                sftp.close()
                raise
            self._idle.append(sftp)

    def _take(self) -> Any:
        with self._lock:
            if self._process != os.getpid():  # a forked child must not speak on its parent's line
                self._process, self._client, self._idle = os.getpid(), None, []
            line = self._client.get_transport() if self._client is not None else None
            if line is None or not line.is_active():
                self._client, self._idle = None, []
            if self._client is None:
                self._client = self._connect()
            if self._idle:
                return self._idle.pop()
            sftp = self._client.open_sftp()
        sftp.get_channel().settimeout(_PATIENCE)
        return sftp

    def _connect(self) -> Any:
        import paramiko

        # It writes tracebacks of what is raised anyway onto the terminal of a program that has set up no logging.
        logging.getLogger("paramiko").addHandler(_SILENCE)
        host, said = self._parts.hostname or "", _ssh_config(self._parts.hostname or "")
        user = self._options.get("user") or self._parts.username or said.get("user")
        keys = [self._options["key_file"]] if self._options.get("key_file") else said.get("identityfile", [])
        keys = [path for path in (str(Path(key).expanduser()) for key in keys) if Path(path).exists()]
        client = paramiko.SSHClient()
        client.load_system_host_keys()
        with suppress(OSError):
            client.load_system_host_keys("/etc/ssh/ssh_known_hosts")
        client.set_missing_host_key_policy(_stranger(self.url))
        command = said.get("proxycommand")
        try:
            client.connect(
                said.get("hostname", host),
                port=self._parts.port or int(said.get("port", 22)),
                username=user,
                password=self._options.get("password"),
                passphrase=self._options.get("passphrase"),
                key_filename=keys or None,
                sock=paramiko.ProxyCommand(command) if command else None,
                timeout=10,
                banner_timeout=20,
                auth_timeout=30,
            )
        except BaseException:
            client.close()
            raise
        client.get_transport().set_keepalive(30)
        return client


def _exists(sftp: Any, path: str) -> bool:
    try:
        sftp.lstat(path)
    except FileNotFoundError:
        return False
    return True


def _ssh_config(host: str) -> dict[str, Any]:
    """Return what `~/.ssh/config` says of a host."""
    import paramiko

    try:
        with Path("~/.ssh/config").expanduser().open() as file:
            return dict(paramiko.SSHConfig.from_file(file).lookup(host))
    except OSError:
        return {}


def _stranger(url: str) -> Any:
    """Return what refuses a host whose key nobody has seen."""
    import paramiko

    class Refuse(paramiko.MissingHostKeyPolicy):  # type: ignore[misc] # it has no types
        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:  # noqa: ARG002 - paramiko's shape
            raise RemoteError(
                f"{url}: the key of {hostname} is not in ~/.ssh/known_hosts",
                hint="Connect once with ssh and compare the fingerprint that it shows, then try again.",
            )

    return Refuse()
