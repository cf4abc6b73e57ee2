"""Sweeps as people run them: the same as one by one, nothing of the user's touched, killed and begun again."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import Counter, finish, git, mlops, run_records, start
from tests.support.files import write
from tests.support.sweeps import PARAMS, STAGES, belongings, sweep_project

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 120


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    found = Counter(tmp_path / "counter")
    monkeypatch.setenv("COUNTER", str(found.path))
    return found


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def slow_stages(seconds: float) -> dict[str, Any]:
    """Return stages of which the last takes a while, and says which experiment it is for when it begins."""
    command = f'grep -o "lr: [0-9.]*" params.yaml | tr -d " " >> "$COUNTER"; python train.py; sleep {seconds}'
    train = {**STAGES["train"], "cmd": command}
    return {**STAGES, "train": train}


def experiments(home: Path, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    answer = mlops(home, "run", "--json", *arguments)
    assert answer.code == code, answer
    rows: list[dict[str, Any]] = answer.json["experiments"]
    return rows


def journal_record(home: Path, run: str) -> dict[str, Any]:
    import json

    ref = git(home, "for-each-ref", "--format=%(refname)", "refs/mlops/journal/").strip()
    names = git(home, "ls-tree", "-r", "--name-only", ref).splitlines()
    path = next(name for name in names if name.endswith(f"/{run}.json"))
    value: dict[str, Any] = json.loads(git(home, "show", f"{ref}:{path}"))
    return value


def outcome(record: dict[str, Any]) -> dict[str, Any]:
    """Return what a run read, made and measured, without what another time or place makes different."""
    stages = {
        row["name"]: {name: row.get(name) for name in ("key", "deps", "outs", "params", "metrics")}
        for row in record["stages"]
        if row["status"] != "fresh"
    }
    return {"stages": stages, "params": record["params"], "metrics": record["metrics"]}


def check_same_as_one_by_one(tmp_path: Path, rates: list[float], depths: range) -> None:
    home = sweep_project(tmp_path / "p")
    alone = tmp_path / "alone"
    shutil.copytree(home, alone, symlinks=True)
    before = belongings(home)
    rows = experiments(
        home,
        "-S",
        "train.lr=" + ",".join(map(str, rates)),
        "-S",
        f"train.depth=range({depths.start},{depths.stop})",
        "--parallel",
        "2",
    )
    assert belongings(home) == before
    assert [row["status"] for row in rows] == ["ok"] * (len(rates) * len(depths))
    wanted = [{"train.lr": lr, "train.depth": depth} for lr, depth in itertools.product(rates, depths)]
    assert [row["set"] for row in rows] == wanted
    for row in rows:
        lr, depth = row["set"]["train.lr"], row["set"]["train.depth"]
        write(
            alone / "params.yaml",
            PARAMS.replace("lr: 0.5", f"lr: {lr}").replace("depth: 2", f"depth: {depth}"),
        )
        assert mlops(alone, "run", "-f").code == 0
        there, here = journal_record(home, row["run"]), run_records(alone)[-1]
        assert outcome(there) == outcome(here)
        assert row["metrics"] == here["metrics"]
        # The code is the same to the byte, too: what the user had not committed, and this combination's parameters.
        assert there["code"]["snapshot"] == here["code"]["snapshot"]
        assert there["code"]["commit"] == here["code"]["commit"]
        assert there["experiment"]["set"] == row["set"]


def test_a_small_grid_comes_to_what_the_same_runs_one_by_one_come_to(
    tmp_path: Path, counter: Counter
) -> None:
    check_same_as_one_by_one(tmp_path, [0.1, 0.01], range(3, 5))


@pytest.mark.slow
def test_a_grid_of_24_comes_to_what_the_same_runs_one_by_one_come_to(
    tmp_path: Path, counter: Counter
) -> None:
    check_same_as_one_by_one(tmp_path, [0.1, 0.2, 0.3, 0.4], range(3, 9))


def test_what_all_experiments_have_in_common_is_made_once(tmp_path: Path, counter: Counter) -> None:
    home = sweep_project(tmp_path / "p")
    rows = experiments(home, "-S", "train.lr=0.1,0.2,0.3", "--parallel", "3")
    assert {row["status"] for row in rows} == {"ok"}
    assert counter.take() == ["prepare", "train", "train", "train"]


def test_what_was_done_before_is_not_done_again(tmp_path: Path, counter: Counter) -> None:
    home = sweep_project(tmp_path / "p")
    first = experiments(home, "-S", "train.lr=0.1,0.2")
    counter.take()
    second = experiments(home, "-S", "train.lr=0.2,0.3")
    assert (second[0]["run"], second[0]["before"]) == (first[1]["run"], True)
    assert second[0]["metrics"] == first[1]["metrics"]
    assert counter.take() == ["train"]
    # With other data the same parameters are another experiment.
    write(home / "raw.txt", "other\n")
    third = experiments(home, "-S", "train.lr=0.2")
    assert "before" not in third[0]
    assert counter.take() == ["prepare", "train"]


def check_killed_and_begun_again(
    tmp_path: Path, counter: Counter, number: signal.Signals, count: int
) -> None:
    home = sweep_project(tmp_path / "p", slow_stages(0.4))
    before = belongings(home)
    values = ",".join(f"0.{n:02}" for n in range(1, count + 1))
    arguments = ["run", "-S", f"train.lr={values}", "--parallel", "2"]
    process = start(home, *arguments)
    assert process.stderr is not None
    ended = [process.stderr.readline() for _ in range(2)]
    assert all(": ok in" in line for line in ended), ended
    deadline = time.monotonic() + PATIENCE
    while counter.count() < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    if number == signal.SIGKILL:
        process.communicate()
    else:
        assert finish(process).code == 130
        assert belongings(home) == before
        assert list((home / ".git/mlops/worktrees").iterdir()) == []
    rows = experiments(home, *arguments[1:])
    assert {row["status"] for row in rows} == {"ok"}
    done = [row for row in rows if row.get("before")]
    assert 2 <= len(done) < count
    begun = counter.take()
    for row in rows:
        times = begun.count(f"lr:{row['set']['train.lr']}")
        assert times == 1 if row in done else times in (1, 2), (row, begun)
    assert sum(begun.count(f"lr:{row['set']['train.lr']}") for row in rows) <= count + 2  # the two under way
    assert belongings(home) == before
    assert list((home / ".git/mlops/worktrees").iterdir()) == []
    assert not (home / ".git/worktrees").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_sweep_that_was_ended_and_is_begun_again_does_the_rest_only(
    tmp_path: Path, counter: Counter, number: signal.Signals
) -> None:
    check_killed_and_begun_again(tmp_path, counter, number, 6)


@pytest.mark.slow
def test_a_grid_of_24_that_was_killed_in_the_middle_does_the_rest_only(
    tmp_path: Path, counter: Counter
) -> None:
    check_killed_and_begun_again(tmp_path, counter, signal.SIGKILL, 24)


def test_what_a_killed_sweep_left_running_is_ended_by_the_next_one(tmp_path: Path, counter: Counter) -> None:
    mark = tmp_path / "alive"
    stages = {**STAGES, "train": {**STAGES["train"], "cmd": f"echo $$ > {mark}; sleep 600; false"}}
    home = sweep_project(tmp_path / "p", stages)
    process = start(home, "run", "-S", "train.lr=0.1")
    deadline = time.monotonic() + PATIENCE
    while not (mark.exists() and mark.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    pid = int(mark.read_text())
    assert lives(pid)
    mlops(home, "run", "-S", "train.lr=0.2", "prepare")
    while lives(pid) and time.monotonic() < deadline + PATIENCE:
        time.sleep(0.02)
    assert not lives(pid)
    assert list((home / ".git/mlops/worktrees").iterdir()) == []
