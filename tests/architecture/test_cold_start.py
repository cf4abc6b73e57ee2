"""Start-up is a feature: what a command does not need, it does not import."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.command import mlops, project, variables

if TYPE_CHECKING:
    from pathlib import Path

# Printed at the very end, whatever ended the command.
PROGRAM = """
import atexit, sys
atexit.register(lambda: print("\\n".join(sys.modules), file=sys.stderr))
from mlops_cli.__main__ import main
main()
"""
HEAVY = {
    "pandas",
    "numpy",
    "scipy",
    "sklearn",
    "git",
    "fsspec",
    "pathspec",
    "pydantic",
    "joblib",
    "jsonschema",
    "pyarrow",
    "pandera",
}
UNUSED_WHERE_FRESH = HEAVY | {
    "rich",
    "yaml",
    "concurrent",
    "importlib.metadata",
    "csv",
    "mlops_cli.api",
    "mlops_cli.git.command",
}

STAGES = {
    "a": {"cmd": "cat in > a.txt", "deps": ["in"], "params": ["x"], "outs": ["a.txt"]},
    "b": {"cmd": "mkdir d; cat a.txt > d/b", "deps": ["a.txt"], "outs": ["d"]},
}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project in which everything is fresh, and known to be."""
    repo = project(tmp_path_factory.mktemp("cold") / "repo", STAGES, {"in": "1", "params.yaml": "x: 1\n"})
    assert mlops(repo, "run", "-q").code == 0
    assert mlops(repo, "status", "-q").code == 0
    return repo


def loaded(folder: Path, *arguments: str) -> set[str]:
    """Return the modules that a command has loaded when it ends."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, cwd=folder, env=variables(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    modules = set(done.stderr.split())
    assert "mlops_cli" in modules
    return modules


def roots(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize(
    "arguments", [["--version"], ["status", "-q"], ["-C", ".", "status", "-q"], ["status", "--check", "-q"]]
)
def test_a_command_with_nothing_to_say_loads_nothing_heavy(fresh: Path, arguments: list[str]) -> None:
    modules = loaded(fresh, *arguments)
    assert (roots(modules) | modules) & UNUSED_WHERE_FRESH == set()


def test_a_run_with_nothing_to_do_loads_nothing_heavy(fresh: Path) -> None:
    assert roots(loaded(fresh, "run", "-q")) & HEAVY == set()


@pytest.mark.parametrize("arguments", [["runs"], ["runs", "--json"], ["show"]])
def test_a_list_of_runs_into_a_pipe_needs_neither_rich_nor_parsers(fresh: Path, arguments: list[str]) -> None:
    unused = HEAVY | {"rich", "yaml", "csv", "mlops_cli.history.where.parse", "mlops_cli.pipeline.parse"}
    modules = loaded(fresh, *arguments)
    assert (roots(modules) | modules) & unused == set()


def test_conditions_on_runs_need_nothing_heavy(fresh: Path) -> None:
    modules = loaded(fresh, "runs", "--where", "status == ok and not params.x > 1")
    assert "mlops_cli.formats.conditions.parse" in modules
    assert (roots(modules) | modules) & (HEAVY | {"rich", "yaml", "csv"}) == set()


@pytest.mark.parametrize("command", [[], ["run"], ["status"], ["init"], ["graph"], ["stages"], ["remote"]])
def test_help_loads_nothing_heavier_than_rich(fresh: Path, command: list[str]) -> None:
    assert roots(loaded(fresh, *command, "--help")) & HEAVY == set()


def test_the_version_needs_no_project(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "--version")
    assert not {"mlops_cli.opened", "mlops_cli.actions", "sqlite3", "blake3"} & modules


@pytest.mark.parametrize("command", ["status", "stages", "graph"])
def test_a_command_imports_no_other_command(fresh: Path, command: str) -> None:
    prefix = "mlops_cli.cli.commands."
    found = {name.removeprefix(prefix) for name in loaded(fresh, command, "-q") if name.startswith(prefix)}
    assert found == {command}


def test_importing_the_package_loads_almost_nothing_of_it(tmp_path: Path) -> None:
    program = "import sys, mlops_cli; print(*(m for m in sys.modules if m.startswith('mlops_cli')))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, env=variables(), capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"mlops_cli", "mlops_cli.version"}
