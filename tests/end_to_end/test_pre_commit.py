"""The hooks through the pre-commit framework itself, which installs this package into an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command import git, mlops, repository, variables
from tests.support.files import write

pytestmark = pytest.mark.slow  # it asks the package index

ROOT = Path(__file__).parents[2]
PRE_COMMIT = ROOT / "build/pre-commit/bin/pre-commit"


def source(folder: Path) -> Path:
    """Return a repository with this package as it lies here, for the framework to install from."""
    repository(folder)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "mlops_cli", folder / "mlops_cli", ignore=shutil.ignore_patterns("__pycache__"))
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "the package")
    git(folder, "tag", "v1")
    return folder


@pytest.mark.skipif(
    not PRE_COMMIT.exists(), reason="there is no pre-commit; make it with: make build/pre-commit"
)
def test_the_framework_installs_and_runs_our_hooks(tmp_path: Path) -> None:
    package = source(tmp_path / "package")
    repo = repository(tmp_path / "repo")
    ids = ("mlops-pre-commit", "mlops-checkout", "mlops-push")
    hooks = "".join(f"      - id: {name}\n" for name in ids)
    write(repo / ".pre-commit-config.yaml", f"repos:\n  - repo: {package}\n    rev: v1\n    hooks:\n{hooks}")
    write(repo / "data.csv", b"1")
    for command in (("add", "data.csv", "-q"), ("remote", "add", "store", str(tmp_path / "store"), "-q")):
        assert mlops(repo, *command).code == 0
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "-m", "one")
    kinds = [f"--hook-type={name}" for name in ("pre-commit", "post-checkout", "post-merge", "pre-push")]
    # Git's hooks must find the framework's own mlops, not one of the machine.
    path = os.pathsep.join(["/usr/local/bin", "/usr/bin", "/bin"])
    env = variables({"PRE_COMMIT_HOME": str(tmp_path / "home"), "PATH": path})
    env.pop("PYTHONPATH")

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=repo, env=env, capture_output=True, text=True, check=False)

    installed = run(str(PRE_COMMIT), "install", "--install-hooks", *kinds)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    write(repo / "large.bin", bytes(11_000_000))
    git(repo, "add", "large.bin")
    refused = run("git", "commit", "-m", "large")
    assert refused.returncode == 1
    assert "large.bin would go into Git" in refused.stdout + refused.stderr
    (repo / "data.csv").unlink()
    git(repo, "rm", "--quiet", "--cached", "large.bin")
    moved = run("git", "checkout", "-b", "two")
    assert moved.returncode == 0, moved.stdout + moved.stderr
    assert (repo / "data.csv").read_bytes() == b"1"
    write(repo / "data.csv", b"2")
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "origin.git"))
    assert mlops(repo, "add", "data.csv", "-q").code == 0
    git(repo, "add", ".mlops")
    committed = run("git", "commit", "--quiet", "-m", "two")
    assert committed.returncode == 0, committed.stdout + committed.stderr
    assert run("git", "checkout", "--quiet", "-").returncode == 0
    pushed = run("git", "push", "--quiet", "origin", "two")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert mlops(repo, "push", "--rev", "two").out.startswith(
        "Nothing to do: everything is there already (1 "
    )
