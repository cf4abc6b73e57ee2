"""Every shell block that a reader would copy works as it is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.command import COMMAND, PATIENCE, SOURCE, variables
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SKIP = re.compile(r"<!-- not run: (.+?) -->\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One shell block; `skip` says why it is not run, where it says so itself."""

    file: str
    line: int
    text: str
    skip: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def _blocks(path: Path) -> list[Block]:
    text = path.read_text()
    found = []
    for match in _BLOCK.finditer(text):
        before = text[: match.start()]
        reason = _SKIP.search(before)
        line = before.count("\n") + 2
        found.append(Block(str(path.relative_to(SOURCE)), line, match[1], reason[1] if reason else ""))
    return found


FILES = [
    path for path in (SOURCE / "README.md", *sorted(SOURCE.glob("examples/*/README.md"))) if path.exists()
]
BLOCKS = [(path, _blocks(path)) for path in FILES]


def test_there_are_blocks_to_run() -> None:
    assert len(BLOCKS) >= 2
    assert all(any(not block.skip for block in blocks) for _, blocks in BLOCKS)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_blocks_of_a_page_work_as_written(path: Path, tmp_path: Path) -> None:
    """Blocks of one page build on each other, as a reader's terminal does: one shell runs them all."""
    folder = tmp_path / "clone"
    folder.mkdir()
    shutil.copytree(SOURCE / "examples", folder / "examples")
    bin_folder = tmp_path / "bin"
    write(bin_folder / "mlops", f'#!/bin/sh\nexec "{COMMAND[0]}" -c "{COMMAND[2]}" "$@"\n', executable=True)
    env = variables({"TMPDIR": str(tmp_path)})
    env["PATH"] = f"{bin_folder}{os.pathsep}{env['PATH']}"
    script = "set -e\n"
    for block in _blocks(path):
        if not block.skip:
            script += f"echo '# {block}' >&2\n{block.text}\n"
    # What a page puts into /tmp goes into the test's own folder.
    script = script.replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - what the page says
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE * 2,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr
