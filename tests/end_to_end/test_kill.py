"""A run that is killed at any instant loses at most the stages that were running."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import (
    PATIENCE,
    Counter,
    commit,
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
from tests.support.files import write, write_all

CHAINS, LENGTH = 10, 6
NAMES = [f"c{chain}-{place}" for chain in range(CHAINS) for place in range(LENGTH)]


def _stages() -> dict[str, Any]:
    """Sixty stages: files written in pieces, and a directory at the end of each chain."""
    stages = {}
    for name in NAMES:
        chain, place = name[1:].split("-")
        dep = f"out/c{chain}-{int(place) - 1}" if int(place) else f"in/{chain}"
        if int(place) == LENGTH - 1:
            cmd = f"mkdir -p out/{name}/sub; cat {dep} > out/{name}/a; echo {name} > out/{name}/sub/b"
        else:
            cmd = f"cat {dep} > out/{name}; printf 'and ' >> out/{name}; echo {name} >> out/{name}"
        stages[name] = {"cmd": counted(cmd, name), "deps": [dep], "outs": [f"out/{name}"]}
    return stages


def _expected(content: str) -> dict[str, str]:
    """Return every file that the stages make, with its text."""
    files = {}
    for chain in range(CHAINS):
        text = f"{content} {chain}\n"
        for place in range(LENGTH - 1):
            text += f"and c{chain}-{place}\n"
            files[f"c{chain}-{place}"] = text
        files[f"c{chain}-{LENGTH - 1}/a"] = text
        files[f"c{chain}-{LENGTH - 1}/sub/b"] = f"c{chain}-{LENGTH - 1}\n"
    return files


def _inputs(content: str) -> dict[str, bytes | str]:
    return {f"in/{chain}": f"{content} {chain}\n" for chain in range(CHAINS)}


def _made(root: Path) -> dict[str, str]:
    return {str(p.relative_to(root / "out")): p.read_text() for p in (root / "out").rglob("*") if p.is_file()}


def _recorded(root: Path) -> set[str]:
    return {path.stem for path in (root / ".mlops/stages").glob("*.json")}


def _kill_after(root: Path, counter: Counter, stages: int, seconds: float) -> bool:
    """Start a run and kill it some time after so many stages began; return whether it was still at work."""
    process = start(root, "run")
    while process.poll() is None and counter.count() < stages:
        time.sleep(0.002)
    time.sleep(seconds)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    return alive


def _litter(root: Path) -> list[str]:
    ours = [p for p in root.rglob("*") if ".git" not in p.relative_to(root).parts]
    return [str(p) for p in ours if p.name.endswith(".tmp") or p.name.startswith(".~")]


def _is_right(root: Path, content: str) -> None:
    assert _made(root) == _expected(content)
    assert _litter(root) == []
    rows = git(root, "status", "--porcelain", "-uall").splitlines()
    known = (".gitignore", ".mlops/stages/", ".mlops/runs/")
    assert [row for row in rows if not row[3:].startswith(known)] == []
    assert states(root) == dict.fromkeys(NAMES, "fresh")


def _story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int, seed: int) -> None:
    """Kill a run again and again, until it is through, in ever new states of the project."""
    counter = Counter(tmp_path / "counter")
    monkeypatch.setenv("COUNTER", str(counter.path))
    root = project(tmp_path / "p", _stages(), _inputs("first"))
    chance = random.Random(seed)
    done, content, hits = 0, "first", 0
    while done < kills:
        recorded: set[str] = set()
        for _ in range(chance.randint(1, 4)):
            left = len(NAMES) - len(recorded)
            hits += _kill_after(root, counter, chance.randint(0, left // 2), chance.uniform(0, 0.08))
            done += 1
            executed = counter.take()
            again = sorted(name for name in executed if name in recorded)
            assert again == [], "stages whose record was there ran again"
            now = _recorded(root)
            assert recorded <= now
            recorded = now
        result = run(root)
        executed = counter.take()
        assert set(result.values()) <= {"ran", "fresh", "cached"}
        assert sorted(n for n in executed if n in recorded) == []
        _is_right(root, content)
        if set(result.values()) != {"fresh"}:  # a run that has nothing to do sweeps nothing, either
            assert not list((root / ".git/mlops/tmp").iterdir())
            assert not list((root / ".git/mlops/locks").glob("session-*"))
        assert set(run(root).values()) == {"fresh"}
        assert counter.take() == []
        if chance.random() < 0.5:
            # With outputs to move aside, and results to restore from.
            content = "second" if content == "first" else "first"
            write_all(root, _inputs(content))
            commit(root, content)
            for path in (root / ".mlops/stages").glob("*.json"):
                path.unlink()
            shutil.rmtree(root / ".git/mlops/results")
        else:
            shutil.rmtree(root / "out")
            shutil.rmtree(root / ".mlops")
            shutil.rmtree(root / ".git/mlops")
            commit(root, "from the beginning")
    assert hits >= kills // 2, "most kills met a run that was over"


def test_runs_killed_at_six_instants_lose_nothing_that_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _story(tmp_path, monkeypatch, kills=6, seed=2)


@pytest.mark.slow
def test_runs_killed_at_fifty_instants_lose_nothing_that_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _story(tmp_path, monkeypatch, kills=50, seed=1)


def _until(path: Path, process: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.005)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A project whose second stage waits forever unless there is a file `go`; its old output is there."""
    stages = {
        "quick": {"cmd": "cp in quick.txt", "deps": ["in"], "outs": ["quick.txt"]},
        "slow": {
            "cmd": "echo $$ > pid; echo half > slow.txt; touch started; "
            "while ! test -e go; do sleep 0.02; done; cp quick.txt slow.txt",
            "deps": ["quick.txt"],
            "outs": ["slow.txt"],
        },
        "after": {"cmd": "cp slow.txt after.txt", "deps": ["slow.txt"], "outs": ["after.txt"]},
    }
    root = project(tmp_path / "p", stages, {"in": "1\n", "go": ""})
    run(root)
    (root / "go").unlink()
    (root / "started").unlink()
    write(root / "in", "2\n")
    return root


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGHUP, 130)],
    ids=["INT", "TERM", "HUP"],
)
def test_a_signal_stops_the_children_and_leaves_everything_valid(slow: Path, number: int, code: int) -> None:
    process = start(slow, "run")
    _until(slow / "started", process)
    process.send_signal(number)
    answer = finish(process)
    assert answer.code == code
    assert not _alive(int((slow / "pid").read_text()))
    assert (slow / "slow.txt").read_text() == "1\n"
    assert (slow / "quick.txt").read_text() == "2\n"
    record = run_records(slow)[-1]
    assert record["status"] == "stopped"
    assert {row["name"]: row["status"] for row in record["stages"]} == {
        "quick": "ran", "slow": "failed", "after": "skipped",
    }  # fmt: skip
    assert states(slow) == {"quick": "fresh", "slow": "stale", "after": "waiting"}
    write(slow / "go")
    assert run(slow) == {"quick": "fresh", "slow": "ran", "after": "ran"}
    assert (slow / "after.txt").read_text() == "2\n"


def test_under_json_a_stopped_run_still_prints_its_result(slow: Path) -> None:
    process = start(slow, "run", "--json")
    _until(slow / "started", process)
    process.send_signal(signal.SIGINT)
    answer = finish(process)
    assert answer.code == 130
    assert [row["status"] for row in answer.json["stages"]] == ["ran", "failed", "skipped"]


def test_a_stage_that_takes_no_notice_of_an_interrupt_is_ended_all_the_same(tmp_path: Path) -> None:
    cmd = "trap '' INT TERM HUP; echo $$ > pid; touch started; while :; do sleep 0.05; done"
    root = project(tmp_path / "p", {"deaf": {"cmd": cmd, "outs": ["o"]}})
    process = start(root, "run")
    _until(root / "started", process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)  # no more patience
    assert finish(process).code == 130
    assert not _alive(int((root / "pid").read_text()))
    assert run_records(root)[-1]["status"] == "stopped"


def test_what_a_killed_run_left_running_is_ended_by_the_next_and_no_lock_is_stuck(slow: Path) -> None:
    process = start(slow, "run")
    _until(slow / "started", process)
    process.kill()
    process.communicate()
    left = int((slow / "pid").read_text())
    assert _alive(left)  # nothing could tell it
    (slow / "started").unlink()
    write(slow / "go-later")
    second = start(slow, "run", "--json")
    _until(slow / "started", second)
    assert not _alive(left)
    write(slow / "go")
    answer = finish(second)
    assert answer.code == 0, answer
    assert {r["name"]: r["status"] for r in answer.json["stages"]} == {
        "quick": "fresh",
        "slow": "ran",
        "after": "ran",
    }
    assert (slow / "after.txt").read_text() == "2\n"
    (slow / "go-later").unlink()
    assert _litter(slow) == []


def test_status_after_a_kill_is_right_although_nothing_was_mended_yet(slow: Path) -> None:
    process = start(slow, "run")
    _until(slow / "started", process)
    process.kill()
    process.communicate()
    os.killpg(int((slow / "pid").read_text()), signal.SIGKILL)
    answer = mlops(slow, "status", "--json")
    assert answer.code == 0
    assert {r["name"]: r["state"] for r in answer.json["stages"]} == {
        "quick": "fresh",
        "slow": "stale",
        "after": "waiting",
    }
    write(slow / "go")
    assert run(slow) == {"quick": "fresh", "slow": "ran", "after": "ran"}


def test_a_killed_run_brings_the_old_output_back_also_where_the_next_run_is_about_something_else(
    slow: Path,
) -> None:
    process = start(slow, "run")
    _until(slow / "started", process)
    process.kill()
    process.communicate()
    assert (slow / "slow.txt").read_text() == "half\n"
    run(slow, "quick", "-f")
    assert (slow / "slow.txt").read_text() == "1\n"
