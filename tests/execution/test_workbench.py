"""What two worktrees make from the same inputs at the same time is made once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.support.command import Counter, counted, finish, git, project, start

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 60


def both(tmp_path: Path, cmd: str, *arguments: str) -> tuple[dict[str, str], dict[str, str], list[str], str]:
    """Run a stage in two worktrees at once; return what became of it in each, how often it ran, and what the second said."""
    stage = {"cmd": counted(cmd, "s"), "deps": ["in"], "outs": ["out"]}
    home = project(tmp_path / "p", {"s": stage}, {"in": "1"})
    git(home, "worktree", "add", "--quiet", str(tmp_path / "other"))
    counter = Counter(tmp_path / "counter")
    first = start(home, "run", "--json", *arguments, env=counter.env)
    deadline = time.monotonic() + PATIENCE
    while not counter.count() and time.monotonic() < deadline:
        time.sleep(0.01)
    second = start(tmp_path / "other", "run", "--json", *arguments, env=counter.env)
    if arguments:
        while counter.count() < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    else:
        assert second.stderr is not None
        line = second.stderr.readline()
        assert "s waits: another mlops run has it" in line
    (tmp_path / "go").touch()
    answers = finish(first), finish(second)
    one, other = ({row["name"]: row["status"] for row in answer.json["stages"]} for answer in answers)
    locks = [path.name for path in (home / ".git/mlops/locks").iterdir()]
    assert not [name for name in locks if name.startswith("key-")]
    return one, other, counter.take(), answers[1].err


def wait_for(path: Path) -> str:
    return f"while ! test -e {path}; do sleep 0.02; done"


def test_the_second_waits_and_has_the_result_of_the_first(tmp_path: Path) -> None:
    one, other, times, _ = both(tmp_path, f"{wait_for(tmp_path / 'go')}; cp in out")
    assert (one, other, times) == ({"s": "ran"}, {"s": "cached"}, ["s"])


def test_when_the_first_fails_the_second_tries_itself(tmp_path: Path) -> None:
    once = tmp_path / "once"
    cmd = f"{wait_for(tmp_path / 'go')}; if test -e {once}; then cp in out; else touch {once}; false; fi"
    one, other, times, _ = both(tmp_path, cmd)
    assert (one, other, times) == ({"s": "failed"}, {"s": "ran"}, ["s", "s"])


def test_what_is_forced_waits_for_nobody(tmp_path: Path) -> None:
    one, other, times, _ = both(tmp_path, f"{wait_for(tmp_path / 'go')}; cp in out", "-f")
    assert (one, other, times) == ({"s": "ran"}, {"s": "ran"}, ["s", "s"])
