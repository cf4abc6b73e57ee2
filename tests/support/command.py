"""The real command in real repositories: started as users start it, its answers taken apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.support.files import write, write_all

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = Path(__file__).parents[2]
# Only a net: no test waits this long, or says anything about how long something takes.
PATIENCE = 240
COMMAND = [sys.executable, "-c", "from mlops_cli.__main__ import main; main()"]


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return what was printed, as JSON."""
        return json.loads(self.out)


def variables(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a command: this one, with the package and its interpreter to be found."""
    values = dict(os.environ)
    values["PYTHONPATH"] = str(SOURCE)
    values["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{values['PATH']}"
    return values | dict(extra or {})


def start(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a command and return at once."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=variables(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def finish(process: subprocess.Popen[str]) -> Answer:
    """Wait for a command; whatever it was, it never shows a traceback."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert "Traceback" not in out + err, out + err
    return Answer(process.returncode, out, err)


def mlops(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Answer:
    """Run a command in a folder."""
    return finish(start(folder, *arguments, env=env))


def run(folder: Path, *arguments: str, code: int = 0, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Run `mlops run --json`, and return the status of each stage."""
    answer = mlops(folder, "run", "--json", *arguments, env=env)
    assert answer.code == code, answer
    return {row["name"]: row["status"] for row in answer.json["stages"]}


def states(folder: Path, *arguments: str) -> dict[str, str]:
    """Run `mlops status --json`, and return the state of each stage."""
    answer = mlops(folder, "status", "--json", *arguments)
    assert answer.code == 0, answer
    return {row["name"]: row["state"] for row in answer.json["stages"]}


def git(folder: Path, *arguments: str) -> str:
    """Run Git in a folder; it must say yes."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=variables(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def repository(folder: Path) -> Path:
    """Make a Git repository with nothing in it."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet")
    return folder


def project(
    folder: Path, stages: Mapping[str, Any] | str, files: Mapping[str, bytes | str] | None = None
) -> Path:
    """Make a repository with a pipeline and its files, all of it committed.

    Parameters
    ----------
    stages : mapping or str
        What stands under `stages`; or the whole pipeline file as text.
    """
    repository(folder)
    define(folder, stages)
    write_all(folder, files or {})
    commit(folder, "a pipeline")
    return folder


def define(folder: Path, stages: Mapping[str, Any] | str) -> None:
    """Write a pipeline file."""
    text = stages if isinstance(stages, str) else yaml.safe_dump({"stages": stages}, sort_keys=False)
    write(folder / "mlops.yaml", text)


def commit(folder: Path, message: str) -> str:
    """Commit everything; return the commit's id."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD").strip()


def counted(command: str, stage: str) -> str:
    """Return a command that also leaves a line outside the project each time it is executed."""
    return f'echo {stage} >> "$COUNTER"; {command}'


class Counter:
    """Counts how often each stage's command was really executed, in a file that no stage declares."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def env(self) -> dict[str, str]:
        """Return the variable that `counted` commands look at."""
        return {"COUNTER": str(self.path)}

    def count(self) -> int:
        """Return how many commands have begun since the last time."""
        return self.path.read_text().count("\n") if self.path.exists() else 0

    def take(self) -> list[str]:
        """Return the stages executed since the last time, sorted."""
        lines = sorted(self.path.read_text().split()) if self.path.exists() else []
        self.path.unlink(missing_ok=True)
        return lines


def run_records(folder: Path) -> list[dict[str, Any]]:
    """Return the run records of a project, oldest first."""
    return [json.loads(path.read_bytes()) for path in sorted((folder / ".mlops/runs").glob("*/*.json"))]


def stage_record(folder: Path, stage: str) -> dict[str, Any]:
    """Return a stage's record."""
    value: dict[str, Any] = json.loads((folder / f".mlops/stages/{stage}.json").read_bytes())
    return value
