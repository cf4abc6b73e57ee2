"""The real DVC, in its own environment: started once, and asked often.

A process that has imported DVC already forks for every command, so that a test does not wait for the import each time.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.command import variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
HOME = ROOT / "build" / "dvc"

_SERVER = """
import json, os, sys, traceback
import dvc.cli, dvc.repo, dvc.repo.reproduce, dvc.repo.add, dvc.stage, dvc.commands.repro
for line in sys.stdin:
    wish = json.loads(line)
    child = os.fork()
    if not child:
        code = 70
        try:
            os.chdir(wish["folder"])
            os.environ.clear()
            os.environ.update(wish["variables"])
            log = os.open(wish["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1)
            os.dup2(log, 2)
            code = dvc.cli.main(wish["arguments"])
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Said(NamedTuple):
    """What DVC said, and its exit code."""

    code: int
    text: str


class Dvc:
    """The command of DVC."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def ask(self, folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Said:
        """Run a command in a folder."""
        process = self._started()
        values = variables(env) | {
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self._log.parent / "site"),
        }
        values["PATH"] = f"{HOME / 'bin'}{os.pathsep}{values['PATH']}"
        wish = {"folder": str(folder), "arguments": arguments, "variables": values, "log": str(self._log)}
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(wish) + "\n")
        process.stdin.flush()
        return Said(int(process.stdout.readline()), self._log.read_text(errors="replace"))

    def __call__(self, folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run a command in a folder; it must say yes."""
        said = self.ask(folder, *arguments, env=env)
        assert said.code == 0, said.text
        return said.text

    def close(self) -> None:
        """End the process."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [str(HOME / "bin" / "python"), "-c", _SERVER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process


def _set_up() -> None:
    """Install DVC where it is not there yet; of several processes one does it."""
    HOME.parent.mkdir(exist_ok=True)
    with (HOME.parent / "dvc.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (HOME / "bin" / "dvc").exists():
            return
        script = ["sh", str(ROOT / "benchmarks" / "setup_dvc.sh"), sys.executable, str(HOME)]
        done = subprocess.run(script, capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(HOME, ignore_errors=True)
            pytest.skip(f"DVC cannot be installed here: {done.stderr.strip()[-200:]}")


@pytest.fixture(scope="session", name="dvc")
def _dvc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dvc]:
    """Return the real DVC."""
    _set_up()
    program = Dvc(tmp_path_factory.mktemp("dvc") / "log")
    yield program
    program.close()
