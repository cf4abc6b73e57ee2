"""Bad circumstances for real commands: disks that are small or read-only, users bound by permissions; and what must be left."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.artifact import Artifact
from mlops_cli.store.closure import closure
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.save import whole
from mlops_cli.store.tracked import read_data_records
from tests.support.command import COMMAND, Answer, finish, variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_DROP = "-dac_override,-dac_read_search"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount an empty file system of a few bytes; the test is skipped where nobody may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", str(folder)]
    mounted = shutil.which("mount") is not None and os.geteuid() == 0 and _says_yes(command)
    if not mounted:
        pytest.skip("a small file system can be mounted only by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def make_read_only(disk: Path) -> None:
    """Let nobody write to a mounted file system any more."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


def resize(disk: Path, size: str) -> None:
    """Give a mounted file system more room."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


def _says_yes(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@functools.cache
def _bound() -> tuple[str, ...]:
    """Return what a command is started through, so that permissions bind it although root started it."""
    if os.geteuid() != 0:
        return ()
    prefix = ("setpriv", f"--bounding-set={_DROP}")
    if shutil.which("setpriv") is None or not _says_yes([*prefix, "true"]):
        pytest.skip("permissions do not bind root, and setpriv cannot take that from it")
    return prefix


def start_bound(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a command that permissions bind, and return at once."""
    return subprocess.Popen(
        [*_bound(), *COMMAND, *arguments],
        cwd=folder,
        env=variables(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def mlops_bound(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Answer:
    """Run a command that permissions bind."""
    return finish(start_bound(folder, *arguments, env=env))


def mlops_limited(folder: Path, *arguments: str, size: int) -> Answer:
    """Run a command that may not write a file of more bytes than these."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); "
    return finish(
        subprocess.Popen(
            [*COMMAND[:-1], limit + COMMAND[-1], *arguments],
            cwd=folder,
            env=variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )


def litter(store: Path) -> list[str]:
    """Return what commands that have ended left in a store's temporary folder, and their locks.

    Markers of what may not be on the disk yet are no litter: they go when something is flushed next.
    """
    found = [path for path in store.glob("tmp/*") if path.name != "half-written"]
    return sorted(str(path) for path in [*found, *store.glob("locks/session-*")])


def half_made(store: Path) -> list[str]:
    """Return every object and pack whose bytes are not what its name says, and indexes without their pack."""
    loose = {path: path.parent.name + path.name for path in store.glob("objects/??/*")}
    packs = {path: path.stem for path in store.glob("packs/*.pack")}
    named = (loose | packs).items()
    wrong = [str(path) for path, name in named if digest_bytes(path.read_bytes()) != f"b3:{name}"]
    wrong += [str(path) for path in store.glob("packs/*.idx") if not path.with_suffix(".pack").exists()]
    return wrong


def everything_is_whole(root: Path, store: Path | None = None) -> list[str]:
    """Check that each data record is valid, ignored by Git, and whole in the store; return the recorded paths."""
    store = store or root / ".git/mlops"
    assert half_made(store) == []
    records = read_data_records(root)
    rules = (root / ".gitignore").read_text().splitlines() if records else []
    temporary = store / "tmp" / "half-written"
    objects = FolderObjects(store, temporary)
    for path, record in records.items():
        assert f"/{path}" in rules, (path, rules)
        assert whole(objects, [record.artifact]), path
        named = closure(objects, [record.artifact]).blobs
        assert objects.sizes(named.keys()) == named, path
    return list(records)


def contents(folder: Path) -> dict[str, bytes | str]:
    """Return every file below a folder with its bytes, and every link with its target; empty folders too."""
    found: dict[str, bytes | str] = {}
    for top, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = os.path.join(top, name)
            short = os.path.relpath(path, folder)
            if os.path.islink(path):
                found[short] = os.readlink(path)
            elif os.path.isdir(path):
                found[short] = "a folder"
            else:
                with open(path, "rb") as stream:
                    found[short] = stream.read()
    return found


def force_digest(store: Path, data: bytes) -> Digest:
    """Put bytes into a store as an object of their own, whatever they are."""
    digest = digest_bytes(data)
    path = store / "objects" / digest[3:5] / digest[5:]
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), open(path, "xb") as stream:
        stream.write(data)
    return digest


def tree_artifact(digest: Digest, size: int = 1) -> Artifact:
    """Return a directory by the digest of its tree."""
    return Artifact(digest, size, tree=True)
