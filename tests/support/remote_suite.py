"""Every kind of remote, opened on a real server: what the one suite of behaviour runs on, and what tests of transfers may use."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops_cli.store.remotes.opening import open_remote_files
from tests.support.servers import trust

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from mlops_cli.store.remotes.port import RemoteFiles
    from tests.support.servers import Server

WRITABLE = ("directory", "memory", "s3", "sftp", "webdav")
READABLE = (*WRITABLE, "http")


@dataclass
class Place:
    """An empty place on a remote.

    Parameters
    ----------
    kind, url : str
        One of `READABLE`; its address.
    options : mapping
        For `open_remote_files`.
    server : Server, optional
        The server behind it.
    folder : Path, optional
        Where its files lie on this machine, if they do.
    """

    kind: str
    url: str
    options: Mapping[str, str] = field(default_factory=dict)
    server: Server | None = None
    folder: Path | None = None

    def open(self, **more: Any) -> RemoteFiles:
        """Return the remote, opened anew."""
        return open_remote_files(self.url, dict(self.options), **more)

    def filled(self, files: Mapping[str, bytes]) -> RemoteFiles:
        """Put files there, past what is tested where it cannot write; return the remote."""
        remote = self.open()
        if self.kind != "http":
            for name, data in files.items():
                remote.write(name, data)
            return remote
        assert self.folder
        listing = {"schema": 1, "files": {name: len(data) for name, data in files.items()}}
        for name, data in {**files, "listing.json": json.dumps(listing).encode()}.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return remote


def make_place(kind: str, request: pytest.FixtureRequest, tmp_path: Path, home: Path) -> Place:
    """Return an empty place on a kind of remote; its server is started when it is the first.

    Parameters
    ----------
    home : Path
        The home folder of this test, which learns to trust the server.
    """
    name = f"place-{uuid.uuid4().hex[:12]}"
    if kind == "directory":
        return Place(kind, str(tmp_path / name), folder=tmp_path / name)
    if kind == "memory":
        return Place(kind, f"memory://{name}")
    server: Server = request.getfixturevalue("web" if kind == "http" else kind)
    if kind == "sftp":
        trust(server, home)
    folder = server.folder / name if server.folder else None
    return Place(kind, server.place(name), server.options, server, folder)
