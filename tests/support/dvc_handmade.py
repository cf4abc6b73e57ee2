"""A DVC project made by hand, as quickly as files are written: one tracked file, two stages, nothing to do."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from tests.support.command import git, repository
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path


def md5(data: bytes | str) -> str:
    return hashlib.md5(data.encode() if isinstance(data, str) else data, usedforsecurity=False).hexdigest()


def pointer(hash_: str, path: str) -> str:
    """Return a .dvc file."""
    return f"outs:\n- md5: {hash_}\n  hash: md5\n  path: {path}\n"


def cached(folder: Path, data: str | bytes) -> Path:
    """Return where DVC 3 keeps some bytes; they are put there."""
    digest = md5(data)
    return write(folder / f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}", data)


PIPELINE = """\
stages:
  one:
    cmd: echo one >> "$COUNTER"; echo 1 > one.txt
    deps: [data.csv]
    params: [a]
    outs: [one.txt]
  two:
    cmd: echo two >> "$COUNTER"; echo 2 > two.txt
    deps: [one.txt]
    params: [b]
    outs: [two.txt]
"""


def handmade(folder: Path) -> Path:
    """Make a project as DVC would have left it: one tracked file, two stages, nothing to do."""
    repository(folder)
    write_all(
        folder,
        {
            ".dvc/config": "[core]\n    analytics = false\n",
            ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
            "data.csv": "d\n",
            "data.csv.dvc": pointer(md5("d\n"), "data.csv"),
            "params.yaml": "a: 1\nb: 2\n",
            "one.txt": "1\n",
            "two.txt": "2\n",
            "dvc.yaml": PIPELINE,
            ".gitignore": "/data.csv\n/one.txt\n/two.txt\n",
        },
    )
    lock = {
        "schema": "2.0",
        "stages": {
            "one": {
                "cmd": 'echo one >> "$COUNTER"; echo 1 > one.txt',
                "deps": [{"path": "data.csv", "hash": "md5", "md5": md5("d\n"), "size": 2}],
                "params": {"params.yaml": {"a": 1}},
                "outs": [{"path": "one.txt", "hash": "md5", "md5": md5("1\n"), "size": 2}],
            },
            "two": {
                "cmd": 'echo two >> "$COUNTER"; echo 2 > two.txt',
                "deps": [{"path": "one.txt", "hash": "md5", "md5": md5("1\n"), "size": 2}],
                "params": {"params.yaml": {"b": 2}},
                "outs": [{"path": "two.txt", "hash": "md5", "md5": md5("2\n"), "size": 2}],
            },
        },
    }
    write(folder / "dvc.lock", json.dumps(lock))
    for data in ("d\n", "1\n", "2\n"):
        cached(folder, data)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "under DVC")
    return folder
