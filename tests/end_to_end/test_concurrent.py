"""Several commands at once: nobody fails, and no work is done twice."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import (
    Counter,
    counted,
    finish,
    git,
    mlops,
    project,
    run,
    run_records,
    start,
    states,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    found = Counter(tmp_path / "counter")
    monkeypatch.setenv("COUNTER", str(found.path))
    return found


def chains(count: int, length: int, seconds: float = 0.02) -> dict[str, Any]:
    """Return stages in chains: `c<chain>-<place>`, each copying the output of the one before."""
    stages = {}
    for chain in range(count):
        for place in range(length):
            name, dep = f"c{chain}-{place}", f"c{chain}-{place - 1}.txt" if place else "in.txt"
            command = counted(f"sleep {seconds}; cat {dep} > {name}.txt; echo {name} >> {name}.txt", name)
            stages[name] = {"cmd": command, "deps": [dep], "outs": [f"{name}.txt"]}
    return stages


def _right(root: Path, stages: dict[str, Any], local: Path | None = None) -> None:
    for name in stages:
        chain, place = name[1:].split("-")
        expected = ["in", *(f"c{chain}-{p}" for p in range(int(place) + 1))]
        assert (root / f"{name}.txt").read_text().split() == expected
    assert states(root) == dict.fromkeys(stages, "fresh")
    assert set(git(root, "status", "--porcelain").split()) <= {"??", ".gitignore", ".mlops/"}
    assert not list((local or root / ".git/mlops/tmp").iterdir())


def test_two_runs_on_disjoint_targets_do_not_meet(tmp_path: Path, counter: Counter) -> None:
    stages = chains(2, 6)
    root = project(tmp_path / "p", stages, {"in.txt": "in\n"})
    running = [start(root, "run", "--json", f"c{chain}-5") for chain in (0, 1)]
    answers = [finish(process) for process in running]
    assert [answer.code for answer in answers] == [0, 0], answers
    for answer in answers:
        assert {row["status"] for row in answer.json["stages"]} == {"ran"}
    assert counter.take() == sorted(stages)
    _right(root, stages)


@pytest.mark.parametrize("count", [2, 4])
def test_several_runs_on_the_same_target_share_the_work(tmp_path: Path, counter: Counter, count: int) -> None:
    stages = chains(3, 5)
    root = project(tmp_path / "p", stages, {"in.txt": "in\n"})
    running = [start(root, "run", "--json") for _ in range(count)]
    answers = [finish(process) for process in running]
    assert [answer.code for answer in answers] == [0] * count, answers
    assert counter.take() == sorted(stages)
    # Whoever did not run a stage found it fresh: as many executions are reported as there were.
    ran = [row["name"] for answer in answers for row in answer.json["stages"] if row["status"] == "ran"]
    assert sorted(ran) == sorted(stages)
    _right(root, stages)
    assert len({record["id"] for record in run_records(root)}) == len(run_records(root))


def test_several_forced_runs_on_the_same_target_take_turns(tmp_path: Path, counter: Counter) -> None:
    stages = chains(1, 1)
    root = project(tmp_path / "p", stages, {"in.txt": "in\n"})
    answers = [finish(process) for process in [start(root, "run", "-f", "--json") for _ in range(2)]]
    assert [answer.code for answer in answers] == [0, 0], answers
    assert counter.take() == sorted([*stages, *stages])
    _right(root, stages)


def test_status_may_be_asked_while_a_run_is_at_work(tmp_path: Path) -> None:
    stages = chains(2, 8, 0.05)
    root = project(tmp_path / "p", stages, {"in.txt": "in\n"})
    process = start(root, "run", "--json")
    while process.poll() is None:
        answer = mlops(root, "status", "--json")
        assert answer.code == 0, answer
        assert [row["name"] for row in answer.json["stages"]]
    assert finish(process).code == 0
    assert states(root) == dict.fromkeys(stages, "fresh")


def test_two_linked_worktrees_run_at_once_on_one_store(tmp_path: Path, counter: Counter) -> None:
    stages = chains(2, 5)
    root = project(tmp_path / "p", stages, {"in.txt": "in\n"})
    other = tmp_path / "linked"
    git(root, "worktree", "add", "-q", str(other))
    answers = [finish(process) for process in [start(folder, "run", "--json") for folder in (root, other)]]
    assert [answer.code for answer in answers] == [0, 0], answers
    # Each has outputs of its own, so both may run a stage; what one has finished the other restores.
    executed = counter.take()
    assert set(executed) == set(stages)
    reported = [row for answer in answers for row in answer.json["stages"]]
    assert len(executed) == sum(row["status"] == "ran" for row in reported)
    _right(root, stages)
    _right(other, stages, root / ".git/mlops/tmp")
    for stage in stages:
        path = f".mlops/stages/{stage}.json"
        assert (root / path).read_bytes() == (other / path).read_bytes()


def test_a_run_that_has_to_wait_says_for_which_stage(tmp_path: Path, counter: Counter) -> None:
    stages = {
        "slow": {"cmd": counted("while ! test -e go; do sleep 0.02; done; touch o", "slow"), "outs": ["o"]}
    }
    root = project(tmp_path / "p", stages)
    first = start(root, "run", "--json")
    while not counter.path.exists():
        assert first.poll() is None
    second = start(root, "run", "--json")
    assert second.stderr is not None
    assert second.stderr.readline() == "slow waits: another mlops run has it\n"
    (root / "go").touch()
    assert finish(first).json["stages"][0]["status"] == "ran"
    assert finish(second).json["stages"][0]["status"] == "fresh"
    assert counter.take() == ["slow"]


def test_when_the_run_that_others_wait_for_fails_they_try_for_themselves(
    tmp_path: Path, counter: Counter
) -> None:
    command = counted(
        'while ! test -e go; do sleep 0.02; done; test "$(wc -l < "$COUNTER")" -gt 1 && touch o', "slow"
    )
    root = project(tmp_path / "p", {"slow": {"cmd": command, "outs": ["o"]}})
    first = start(root, "run", "--json")
    while not counter.path.exists():
        assert first.poll() is None
    second = start(root, "run", "--json")
    assert second.stderr is not None
    second.stderr.readline()
    (root / "go").touch()
    assert (finish(first).code, finish(second).code) == (4, 0)
    assert run(root) == {"slow": "fresh"}


def test_a_run_with_another_store_is_waited_for_and_not_taken_for_dead(
    tmp_path: Path, counter: Counter
) -> None:
    command = counted(
        f"touch {tmp_path}/up; while ! test -e {tmp_path}/go; do sleep 0.05; done; cat in.txt > a.txt", "a"
    )
    stages = {"a": {"cmd": command, "deps": ["in.txt"], "outs": ["a.txt"]}}
    root = project(tmp_path / "p", stages, {"in.txt": "in\n"})
    first = start(root, "run", env={"MLOPS_CACHE_DIR": str(tmp_path / "one")})
    while not (tmp_path / "up").exists():
        assert first.poll() is None
        time.sleep(0.01)
    second = start(root, "run", env={"MLOPS_CACHE_DIR": str(tmp_path / "two")})
    assert second.stderr is not None
    assert "another mlops run has it" in second.stderr.readline()
    (tmp_path / "go").touch()
    assert [finish(first).code, finish(second).code] == [0, 0]
    assert counter.take() == ["a"]
