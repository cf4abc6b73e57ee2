"""Data commands that are killed, interrupted, or at work at the same time: nothing is lost, and doing it again mends everything."""

from __future__ import annotations

import random
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.circumstances import contents, everything_is_whole, half_made, litter
from tests.support.command import Answer, commit, finish, git, mlops, repository, start
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOME = {f"{n % 7}/{n}.txt": f"small {n} " * 20 for n in range(300)} | {"empty": "", "0/deep/er/x": "x"}
LARGE = {f"large{n}": bytes([n]) * (3 << 20) for n in range(3)}


def data(folder: Path) -> None:
    write_all(folder, {**SOME, **LARGE})


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# How many signals more are tried where all came when the command was over.
MORE = 30


class Case:
    """One command that can be begun anew again and again.

    Parameters
    ----------
    reset : callable
        Makes the state from which the command starts.
    state : callable
        Returns all that the command should have brought about.
    """

    def __init__(
        self, root: Path, command: list[str], reset: Callable[[], None], state: Callable[[], object]
    ) -> None:
        self.root = root
        self.command = command
        self.reset = reset
        self.state = state

    def again(self) -> object:
        """Run to the end, and return what there is then."""
        answer = mlops(self.root, *self.command)
        assert answer.code == 0, answer
        sweep(self.root)
        assert half_made(self.root / ".git/mlops") == []
        assert not [p for p in self.root.rglob("*.tmp") if ".git" not in p.parts]
        return self.state()

    def signalled(self, number: int, seconds: float) -> Answer:
        """Start anew, and send a signal some time after the command has begun to write."""
        self.reset()
        process = start(self.root, *self.command)
        begun = self.root.parent / "remote" if self.command == ["push"] else self.root / ".git/mlops/tmp"
        while number == signal.SIGINT and process.poll() is None and not _any(begun):
            time.sleep(0.001)
        time.sleep(seconds)
        process.send_signal(number)
        return finish(process)


def sweep(root: Path) -> None:
    """Check that what killed commands left is gone, at the latest after a command that writes.

    One that was killed at its very end had done everything: the same command again finds nothing to do, and sweeps nothing.
    """
    if litter(root / ".git/mlops"):
        assert mlops(root, "verify", "--repair").code == 0
    assert litter(root / ".git/mlops") == []


def _any(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def case_add(tmp_path: Path) -> Case:
    root = repository(tmp_path / "p")
    data(root / "data")

    def reset() -> None:
        for name in (".mlops", ".gitignore", ".git/mlops"):
            remove(root / name)

    def state() -> object:
        assert everything_is_whole(root) == ["data"]
        return (root / ".mlops/data/data.json").read_bytes(), (root / ".gitignore").read_bytes()

    return Case(root, ["add", "data"], reset, state)


def case_checkout(tmp_path: Path) -> Case:
    root = repository(tmp_path / "p")
    data(root / "data")
    assert mlops(root, "add", "data").code == 0
    write(root / "data/0/0.txt", "old")
    write(root / "data/old/1", "old")
    assert mlops(root, "add", "data").code == 0
    old = (root / ".mlops/data/data.json").read_bytes()
    remove(root / "data/old")
    write(root / "data/0/0.txt", "new")
    assert mlops(root, "add", "data").code == 0
    new = (root / ".mlops/data/data.json").read_bytes()
    turn = iter(range(10_000))

    def reset() -> None:
        write(root / ".mlops/data/data.json", old)
        assert mlops(root, "checkout").code == 0
        write(root / ".mlops/data/data.json", new)
        if next(turn) % 2:
            remove(root / "data")

    def state() -> object:
        return contents(root / "data")

    return Case(root, ["checkout"], reset, state)


def case_push(tmp_path: Path) -> Case:
    root = repository(tmp_path / "p")
    data(root / "data")
    assert mlops(root, "add", "data").code == 0
    remote = tmp_path / "remote"
    write(root / ".mlops/config.yaml", f"remotes: {{there: {{url: {remote}}}}}\n")
    commit(root, "data")
    git(tmp_path, "clone", "--quiet", str(root), "clone")
    clone = tmp_path / "clone"

    def reset() -> None:
        remove(remote)
        for name in ("remotes", "state.db", "state.db-wal", "state.db-shm"):
            remove(root / ".git/mlops" / name)

    def state() -> object:
        remove(clone / ".git/mlops")
        remove(clone / "data")
        answer = mlops(clone, "pull")
        assert answer.code == 0, answer
        return contents(clone / "data")

    return Case(root, ["push"], reset, state)


def case_pull(tmp_path: Path) -> Case:
    there = case_push(tmp_path)
    there.again()
    clone = tmp_path / "clone"

    def reset() -> None:
        remove(clone / ".git/mlops")
        remove(clone / "data")

    return Case(clone, ["pull"], reset, lambda: contents(clone / "data"))


CASES = {"add": case_add, "checkout": case_checkout, "push": case_push, "pull": case_pull}


def _kill(case: Case, kills: int, seed: int) -> None:
    case.reset()
    began = time.monotonic()
    assert mlops(case.root, *case.command).code == 0
    lasted = time.monotonic() - began
    wanted = case.again()
    chance = random.Random(seed)
    met = 0
    for turn in range(kills + MORE):
        if turn >= kills and met:
            break
        # How long a command takes differs from time to time: the more often it was over, the earlier the next signal comes.
        answer = case.signalled(signal.SIGKILL, chance.uniform(0.2, 0.9) * lasted * 0.8 ** (turn - met))
        met += answer.code == -signal.SIGKILL
        assert half_made(case.root / ".git/mlops") == []
        assert case.again() == wanted
    assert met > 0, "all kills met a command that was over"


@pytest.mark.parametrize("name", CASES)
def test_a_command_that_is_killed_ends_the_second_time_as_if_it_had_not_been(
    tmp_path: Path, name: str
) -> None:
    _kill(CASES[name](tmp_path), kills=4, seed=5)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_command_that_is_killed_often_ends_as_if_it_had_not_been(tmp_path: Path, name: str) -> None:
    _kill(CASES[name](tmp_path), kills=60, seed=6)


@pytest.mark.parametrize("name", CASES)
def test_what_a_command_left_that_was_killed_at_its_very_end_goes_with_the_next_that_writes(
    tmp_path: Path, name: str
) -> None:
    case = CASES[name](tmp_path)
    case.reset()
    assert mlops(case.root, *case.command).code == 0
    dead = "123-00000000"
    write(case.root / f".git/mlops/tmp/{dead}/half", "half")
    write(case.root / f".git/mlops/locks/session-{dead}", "")
    wanted = case.again()
    write(case.root / f".git/mlops/locks/session-{dead}", "")
    assert case.again() == wanted


@pytest.mark.parametrize("name", CASES)
def test_an_interrupted_command_says_one_line_and_leaves_nothing_half_made(tmp_path: Path, name: str) -> None:
    case = CASES[name](tmp_path)
    case.reset()
    wanted = case.again()
    chance = random.Random(7)
    codes = []
    for turn in range(4 + MORE):
        if turn >= 4 and 130 in codes:
            break
        answer = case.signalled(signal.SIGINT, chance.uniform(0, 0.05) if 0 < turn < 4 else 0)
        codes.append(answer.code)
        # The last: all was done, and Python was ending.
        assert answer.code in (0, 130, -signal.SIGINT), answer
        if answer.code == 130:
            assert [line for line in answer.err.splitlines() if line.startswith("mlops: ")] == [
                "mlops: stopped"
            ]
            assert litter(case.root / ".git/mlops") == []
        assert half_made(case.root / ".git/mlops") == []
        assert case.again() == wanted
    assert 130 in codes


# Several at once --------------------------------------------------------------------------------------------------------


def _several(tmp_path: Path, rounds: int, seed: int) -> None:
    """Four at once, of which one is killed: two for paths of their own, two for the same path."""
    root = repository(tmp_path / "p")
    chance = random.Random(seed)
    killed = 0
    for turn in range(rounds):
        for n in range(3):
            write_all(
                root / f"d{n}",
                {f"{k}": f"{turn} {n} {k}" for k in range(60)} | {"big": bytes([turn]) * 200_000},
            )
        started = [start(root, "add", *paths) for paths in (["d0"], ["d1"], ["d2"], ["d2"])]
        time.sleep(chance.uniform(0.05, 0.35))
        victim = chance.randrange(4)
        killed += started[victim].poll() is None
        started[victim].kill()
        codes = [process.wait() for process in started]
        answers = [finish(process) for process in started]
        assert [code for n, code in enumerate(codes) if n != victim] == [0, 0, 0], answers
        recorded = everything_is_whole(root)
        assert {f"d{n}" for n in (0, 1) if n != victim} | {"d2"} <= set(recorded)
    answer = mlops(root, "add", "d0", "d1", "d2")
    assert answer.code == 0
    assert everything_is_whole(root) == ["d0", "d1", "d2"]
    sweep(root)
    assert mlops(root, "verify").code == 0
    wanted = {name: contents(root / name) for name in ("d0", "d1", "d2")}
    for name in wanted:
        remove(root / name)
    assert mlops(root, "checkout").code == 0
    assert {name: contents(root / name) for name in wanted} == wanted
    assert killed >= rounds // 3


def test_of_four_that_add_at_once_one_is_killed_and_nothing_of_the_others_is_lost(tmp_path: Path) -> None:
    _several(tmp_path, rounds=5, seed=1)


@pytest.mark.slow
def test_of_four_that_add_at_once_one_is_killed_thirty_times(tmp_path: Path) -> None:
    _several(tmp_path, rounds=30, seed=2)


def test_a_killed_add_never_leaves_a_record_without_its_rule(tmp_path: Path) -> None:
    """Rules are written before records; Git would take the data in, otherwise."""
    root = repository(tmp_path / "p")
    write(root / "data", "1")
    process = start(root, "add", "data")
    records = root / ".mlops/data/data.json"
    while process.poll() is None and not records.exists():
        pass
    process.kill()
    finish(process)
    assert "/data" in (root / ".gitignore").read_text().splitlines()


def test_what_is_added_while_garbage_is_collected_is_kept(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    write_all(root / "first", {f"{k}": f"{k}" for k in range(50)})
    assert mlops(root, "add", "first").code == 0
    answers = []
    for turn in range(4):
        write_all(
            root / f"d{turn}", {f"{k}": f"{turn} {k}" for k in range(100)} | {"big": bytes([turn]) * 300_000}
        )
        collecting = [start(root, "gc", "--delete", "--grace", "0") for _ in range(2)]
        time.sleep(0.05 * turn)
        answers += [finish(start(root, "add", f"d{turn}", "first")), *map(finish, collecting)]
    assert [answer for answer in answers if answer.code] == []
    assert everything_is_whole(root) == ["d0", "d1", "d2", "d3", "first"]
    assert mlops(root, "verify").code == 0


def test_checkouts_and_adds_of_the_same_paths_at_once_lose_nothing(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    data(root / "data")
    assert mlops(root, "add", "data").code == 0
    wanted = contents(root / "data")
    record = (root / ".mlops/data/data.json").read_bytes()
    for turn in range(4):
        (root / "data/0/0.txt").unlink()
        remove(root / "data/1")
        commands = [["checkout"], ["checkout"], ["add", "data"]] if turn % 2 else [["checkout"], ["checkout"]]
        for process in [start(root, *command) for command in commands]:
            answer = finish(process)
            assert answer.code in (0, 5), answer
        # Whatever came first: each record stands for a moment of the folder, and is whole.
        assert everything_is_whole(root) == ["data"]
        write(root / ".mlops/data/data.json", record)
        assert mlops(root, "checkout").code == 0
        assert contents(root / "data") == wanted
    assert litter(root / ".git/mlops") == []


def test_no_lock_of_a_killed_command_blocks_the_next(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    data(root / "data")
    process = start(root, "add", "data")
    while process.poll() is None and not (root / ".git/mlops/tmp").exists():
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)  # it holds whatever it holds
    other = start(root, "add", "data/0")
    process.kill()
    process.communicate()
    assert finish(other).code == 0
    assert mlops(root, "add", "data").code == 0
    assert everything_is_whole(root)
