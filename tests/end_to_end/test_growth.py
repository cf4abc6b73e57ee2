"""Hundreds of stages: the work grows with the stages, and what is done needs nothing but a look at each path."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli import open_project
from tests.support.command import mlops, project, run, states
from tests.support.files import spying, write

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

CHAINS, LENGTH = 30, 10


def _stages() -> dict[str, Any]:
    stages = {}
    for chain in range(CHAINS):
        for place in range(LENGTH):
            dep = f"out/c{chain}-{place - 1}" if place else f"in/{chain}"
            out = f"out/c{chain}-{place}"
            stages[f"c{chain}-{place}"] = {"cmd": f"cat {dep} > {out}", "deps": [dep], "outs": [out]}
    return stages


@pytest.fixture
def home(tmp_path: Path) -> Path:
    files: dict[str, bytes | str] = {f"in/{chain}": f"{chain}\n" for chain in range(CHAINS)}
    return project(tmp_path / "p", _stages(), files)


def _identities(root: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    for folder in ("out", ".mlops"):
        for path in (root / folder).rglob("*"):
            status = path.stat()
            found[str(path)] = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
    return found


def test_three_hundred_stages_run_and_the_second_run_starts_no_process_and_touches_no_output(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(run(home).values()) == ["ran"] * (CHAINS * LENGTH)
    for chain in range(CHAINS):
        assert (home / f"out/c{chain}-{LENGTH - 1}").read_text() == f"{chain}\n"
    assert (
        mlops(home, "status", "--check").code == 0
    )  # Git is asked about tracked files once, after the commit of rules
    before = _identities(home)

    def refuse(*arguments: Any, **options: Any) -> Any:
        raise AssertionError(f"a process was started: {arguments}")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    for name in ("fork", "posix_spawn", "execve", "system"):
        monkeypatch.setattr(os, name, refuse)
    with open_project(home) as found:
        result = found.run()
    assert (result.run, {outcome.status for outcome in result.outcomes}) == (None, {"fresh"})
    assert _identities(home) == before


def test_one_change_runs_one_chain_of_ten(home: Path) -> None:
    run(home)
    write(home / "in/7", "seven\n")
    expected = {f"c7-{place}" for place in range(LENGTH)}
    assert {name for name, state in states(home).items() if state != "fresh"} == expected
    assert {name for name, status in run(home).items() if status == "ran"} == expected
    assert (home / f"out/c7-{LENGTH - 1}").read_text() == "seven\n"


def test_status_looks_at_each_path_once_however_many_stages_share_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = ["shared.txt", "folder", "src/*.py"]
    stages = {
        f"s{i}": {"cmd": f"cat shared.txt > o{i}", "deps": shared, "outs": [f"o{i}"]} for i in range(40)
    }
    stages |= {f"t{i}": {"cmd": f"cat o{i} > p{i}", "deps": [f"o{i}"], "outs": [f"p{i}"]} for i in range(40)}
    files: dict[str, bytes | str] = {"shared.txt": "1", "src/a.py": "", "src/b.py": ""}
    files |= {f"folder/{i}": str(i) for i in range(20)}
    root = project(tmp_path / "p", stages, files)
    run(root)
    opened: Counter[str] = _seen(root, monkeypatch)
    watched = {f"{root}/{path}" for path in (*files, "folder", "src", *(f"o{i}" for i in range(40)))}
    often = {path: count for path, count in opened.items() if path in watched and count > 1}
    assert often == {}
    # The counters count: what every stage shares was looked at, and so was every output.
    assert opened[f"{root}/shared.txt"] == opened[f"{root}/folder"] == opened[f"{root}/o7"] == 1


def _seen(root: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    with spying(monkeypatch, "stat", "scandir") as calls, open_project(root) as found:
        calls["stat"].clear()
        assert found.status().fresh
    listed = calls["scandir"]
    assert {path: count for path, count in listed.items() if count > 1} == {}
    assert listed[f"{root}/src"] == listed[f"{root}/folder"] == 1
    return calls["stat"]
