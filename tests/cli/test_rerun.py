"""`mlops rerun`: what a run did is done again elsewhere, and held against what came out then."""

from __future__ import annotations

import shutil
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import (
    Counter,
    commit,
    counted,
    finish,
    git,
    mlops,
    project,
    run,
    run_records,
    stage_record,
    start,
)
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

SHELL: dict[str, Any] = {
    "prepare": {
        "cmd": counted("sort data.txt > sorted.txt", "prepare"),
        "deps": ["data.txt"],
        "outs": ["sorted.txt"],
    },
    "train": {
        "cmd": counted("sh train.sh", "train"),
        "deps": ["train.sh", "sorted.txt"],
        "params": ["depth"],
        "outs": ["model.txt"],
    },
    "score": {
        "cmd": counted("sh score.sh", "score"),
        "deps": ["score.sh", "model.txt"],
        "metrics": ["metrics.json"],
    },
}
FILES: dict[str, bytes | str] = {
    "data.txt": "c\nb\na\n",
    "params.yaml": "depth: 3\n",
    "train.sh": "cat sorted.txt params.yaml > model.txt\n",
    "score.sh": 'echo "{\\"auc\\": 0.$(wc -l < model.txt | tr -d " ")}" > metrics.json\n',
}
# Something new each time: what a forgotten seed does.
UNSEEDED = "cat sorted.txt params.yaml > model.txt; od -An -N8 -tx8 /dev/urandom | tr -d '\\n' >> model.txt\n"


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    found = Counter(tmp_path / "counter")
    monkeypatch.setenv("COUNTER", str(found.path))
    return found


@pytest.fixture
def home(tmp_path: Path, counter: Counter) -> Path:
    return project(tmp_path / "p", SHELL, FILES)


def ran(folder: Path) -> str:
    """Run everything; return the run's id."""
    before = {record["id"] for record in run_records(folder)}
    run(folder)
    [new] = {record["id"] for record in run_records(folder)} - before
    return str(new)


def moved_on(folder: Path, commits: int = 3) -> None:
    """Commit what is there, and then other code, data and parameters, several times."""
    commit(folder, "what was run")
    for number in range(commits):
        write(folder / "params.yaml", f"depth: {10 + number}\n")
        write(folder / "data.txt", f"{number}\n")
        write(folder / "train.sh", f"echo {number} > model.txt\n")
        commit(folder, f"work {number}")


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of the workspace but records of runs."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git/" not in f"{path}/" and ".mlops/runs" not in str(path)
    }


# Verdicts -----------------------------------------------------------------------------------------------------------


def test_a_run_of_uncommitted_code_from_three_commits_ago_gives_identical_digests(
    home: Path, counter: Counter
) -> None:
    write(home / "train.sh", "cat sorted.txt sorted.txt params.yaml > model.txt\n")
    write(home / "params.yaml", "depth: 5\n")
    name = ran(home)
    git(home, "checkout", "--", "train.sh", "params.yaml")
    moved_on(home)
    write(home / "train.sh", "echo work in progress\n")
    before, head = contents(home), git(home, "rev-parse", "HEAD")
    counter.take()

    answer = mlops(home, "rerun", name, "--verify", "--json")

    assert answer.code == 0, answer
    assert (answer.json["verdict"], answer.json["stage"]) == ("identical", None)
    assert {row["name"]: row["verdict"] for row in answer.json["stages"]} == dict.fromkeys(SHELL, "same")
    assert counter.take() == ["prepare", "score", "train"]  # for real, though the store knew every result
    assert contents(home) == before
    assert git(home, "rev-parse", "HEAD") == head
    assert git(home, "worktree", "list").count("\n") == 1


def test_an_unseeded_stage_is_named_and_what_follows_only_follows(home: Path) -> None:
    write(home / "train.sh", UNSEEDED)
    write(home / "score.sh", 'echo "{\\"auc\\": 0.$(cksum < model.txt | cut -d" " -f1)}" > metrics.json\n')
    name = ran(home)
    moved_on(home)

    answer = mlops(home, "rerun", name, "--verify")
    assert answer.code == 1, answer
    assert "different from stage train on" in answer.out

    answer = mlops(home, "rerun", name, "--json")  # without --verify nothing is judged
    assert answer.code == 0
    rows = {row["name"]: row for row in answer.json["stages"]}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "prepare": "same",
        "train": "differs",
        "score": "follows",
    }
    assert [change["path"] for change in rows["train"]["outs"]] == ["model.txt"]
    assert rows["score"]["inputs"] == ["model.txt"]
    assert answer.json["event"] is None


def test_other_bytes_with_the_same_metrics_are_equivalent(home: Path) -> None:
    write(home / "train.sh", UNSEEDED)
    name = ran(home)
    answer = mlops(home, "rerun", name, "--verify", "--json")
    assert answer.code == 0, answer
    assert (answer.json["verdict"], answer.json["stage"]) == ("equivalent", "train")


def test_a_metric_within_the_tolerance_is_equivalent_and_beyond_it_different(
    home: Path, tmp_path: Path
) -> None:
    write(home / "score.sh", f'echo "{{\\"auc\\": $(cat {tmp_path}/auc)}}" > metrics.json\n')
    write(tmp_path / "auc", "0.900")
    name = ran(home)
    write(tmp_path / "auc", "0.909")
    assert mlops(home, "rerun", name, "--verify").code == 1
    answer = mlops(home, "rerun", name, "--verify", "--tolerance", "0.02", "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "equivalent")


def test_the_spread_of_recorded_repetitions_makes_a_metric_equivalent(home: Path, tmp_path: Path) -> None:
    write(home / "score.sh", f'echo "{{\\"auc\\": $(cat {tmp_path}/auc)}}" > metrics.json\n')
    write(tmp_path / "auc", "0.90")
    name = ran(home)
    write(tmp_path / "auc", "0.94")
    assert mlops(home, "rerun", name, "--verify").code == 1
    write(tmp_path / "auc", "0.92")  # between what the same recipe gave before
    answer = mlops(home, "rerun", name, "--verify", "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "equivalent"), answer
    [metric] = answer.json["stages"][-1]["metrics"]
    assert metric["within"] == "spread"
    write(tmp_path / "auc", "0.95")
    assert mlops(home, "rerun", name, "--verify").code == 1


def test_the_difference_of_the_machines_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = ran(home)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    answer = mlops(home, "rerun", name)
    assert answer.code == 0
    assert answer.out.splitlines()[:2] == [
        "this machine is not the one of then:",
        "  threads OMP_NUM_THREADS none -> 3",
    ]


def test_another_value_of_a_declared_variable_is_another_recipe(
    tmp_path: Path, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = {"s": {"cmd": 'echo "$COLOUR" > out.txt', "env": ["COLOUR"], "outs": ["out.txt"]}}
    home = project(tmp_path / "p", stages)
    monkeypatch.setenv("COLOUR", "red")
    name = ran(home)
    monkeypatch.setenv("COLOUR", "blue")
    answer = mlops(home, "rerun", name, "--verify", "--json")
    assert (answer.code, answer.json["stages"][0]["verdict"]) == (1, "recipe")


def test_a_stage_that_fails_now_ends_with_4_and_one_that_failed_then_may_fail_again(
    home: Path, tmp_path: Path
) -> None:
    write(home / "train.sh", f"test -e {tmp_path}/licence && cp sorted.txt model.txt\n")
    run(home, code=4)
    failed = run_records(home)[-1]["id"]
    assert mlops(home, "rerun", failed, "--verify", "--json").json["verdict"] == "identical"
    write(tmp_path / "licence", "")
    name = ran(home)
    (tmp_path / "licence").unlink()
    answer = mlops(home, "rerun", name, "--verify", "--json")
    assert (answer.code, answer.json["failed"], answer.json["verdict"]) == (4, ["train"], "different")


# What is repeated ---------------------------------------------------------------------------------------------------


def test_fresh_stages_of_a_run_are_repeated_and_held_against_what_made_them(
    home: Path, counter: Counter
) -> None:
    write(home / "train.sh", UNSEEDED)
    ran(home)
    write(home / "score.sh", 'echo "{\\"auc\\": 0.5}" > metrics.json\n')
    name = ran(home)  # prepare and train are fresh here, so the record has no more than their keys
    counter.take()
    answer = mlops(home, "rerun", name, "--json")
    assert {row["name"]: row["verdict"] for row in answer.json["stages"]} == {
        "prepare": "same",
        "train": "differs",
        "score": "same",
    }
    assert counter.take() == ["prepare", "score", "train"]


def test_what_a_repetition_made_is_not_taken_for_what_lay_in_the_workspace(home: Path) -> None:
    write(home / "train.sh", UNSEEDED)
    made = stage_record(home, "train")["outs"]["model.txt"] if ran(home) else None
    mlops(home, "rerun", "@latest")  # the same key, other bytes, and before the next run
    write(home / "score.sh", 'echo "{\\"auc\\": 0.5}" > metrics.json\n')
    answer = mlops(home, "rerun", ran(home), "--json")
    [change] = next(row for row in answer.json["stages"] if row["name"] == "train")["outs"]
    assert change["old"] == made


def test_named_stages_alone_are_repeated_from_the_inputs_of_then(home: Path, counter: Counter) -> None:
    write(home / "train.sh", UNSEEDED)
    name = ran(home)
    moved_on(home)
    counter.take()
    answer = mlops(home, "rerun", name, "score", "--verify", "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "identical"), answer
    assert counter.take() == ["score"]
    assert mlops(home, "rerun", name, "nothing").code == 2


def test_an_artifact_stands_for_the_run_that_made_it(home: Path) -> None:
    name = ran(home)
    answer = mlops(home, "rerun", "model.txt", "--json")
    assert (answer.code, answer.json["run"]) == (0, name), answer


def test_a_repetition_does_not_replace_what_the_store_knows(home: Path, counter: Counter) -> None:
    write(home / "train.sh", UNSEEDED)
    name = ran(home)
    model = (home / "model.txt").read_bytes()
    mlops(home, "rerun", name, "--verify")
    (home / "model.txt").unlink()
    shutil.rmtree(home / ".mlops/stages")
    assert run(home) == dict.fromkeys(SHELL, "cached")
    assert (home / "model.txt").read_bytes() == model


def test_tracked_data_of_then_is_placed_by_its_digest(home: Path) -> None:
    git(home, "rm", "--quiet", "--cached", "data.txt")
    assert mlops(home, "add", "data.txt").code == 0
    name = ran(home)
    commit(home, "tracked")
    write(home / "data.txt", "other\n")
    assert mlops(home, "add", "data.txt").code == 0
    commit(home, "other data")
    answer = mlops(home, "rerun", name, "--verify", "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "identical"), answer
    assert (home / "data.txt").read_text() == "other\n"


def test_an_input_that_git_ignores_is_placed_as_it_was(home: Path) -> None:
    git(home, "rm", "--quiet", "--cached", "data.txt")
    write(home / ".gitignore", "data.txt\n")
    commit(home, "not in Git")
    name = ran(home)
    answer = mlops(home, "rerun", name, "--verify", "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "identical"), answer
    write(home / "data.txt", "other\n")  # by now the store has what lay there
    assert mlops(home, "rerun", name, "--verify").code == 0


def test_inputs_that_are_nowhere_any_more_are_named(home: Path) -> None:
    git(home, "rm", "--quiet", "--cached", "data.txt")
    write(home / ".gitignore", "data.txt\n")
    commit(home, "not in Git")
    name = ran(home)
    write(home / "data.txt", "gone for good\n")
    answer = mlops(home, "rerun", name, "--verify")
    assert answer.code == 5, answer
    assert "data.txt (b3:" in answer.err
    assert "mlops pull" in answer.err


def test_missing_inputs_come_from_a_remote_when_asked(home: Path, tmp_path: Path) -> None:
    git(home, "rm", "--quiet", "--cached", "data.txt")
    mlops(home, "add", "data.txt")
    name = ran(home)
    commit(home, "tracked")
    assert mlops(home, "remote", "add", "there", str(tmp_path / "remote")).code == 0
    assert mlops(home, "push").code == 0
    write(home / "data.txt", "other\n")
    mlops(home, "add", "data.txt")
    commit(home, "other data")
    shutil.rmtree(home / ".git/mlops/objects")
    assert mlops(home, "rerun", name, "--verify").code == 5
    answer = mlops(home, "rerun", name, "--verify", "--pull", "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "identical"), answer


def test_a_run_of_a_part_of_a_repository_is_repeated_from_any_folder(
    tmp_path: Path, counter: Counter
) -> None:
    top = tmp_path / "top"
    project(top / "shop", SHELL, FILES)  # a repository, whose top we move one up
    shutil.move(str(top / "shop/.git"), str(top / ".git"))
    (top / "shop/.mlops").mkdir(exist_ok=True)
    write(top / "shop/.mlops/config.yaml", "")
    write(top / "shop/sub/note.txt", "x\n")
    commit(top, "moved")
    name = ran(top / "shop")
    answer = mlops(top / "shop/sub", "rerun", name, "--verify", "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "identical"), answer


# What cannot be repeated --------------------------------------------------------------------------------------------


def test_what_a_snapshot_left_out_is_said(home: Path) -> None:
    write(home / "big.bin", b"0" * (2 << 20))
    name = ran(home)
    answer = mlops(home, "rerun", name)
    assert "the snapshot of its code does not hold big.bin" in answer.out


def test_a_snapshot_that_is_gone_is_said_with_what_to_do(home: Path) -> None:
    write(home / "train.sh", "cp sorted.txt model.txt\n")
    name = ran(home)
    commit(home, "the record, in a commit")
    git(home, "checkout", "--quiet", "HEAD~1", "--", "train.sh")
    commit(home, "back")
    for ref in git(home, "for-each-ref", "--format=%(refname)", "refs/mlops").split():
        git(home, "update-ref", "-d", ref)
    git(home, "gc", "--quiet", "--prune=now")
    answer = mlops(home, "rerun", name)
    assert answer.code == 5, answer
    assert "the snapshot of uncommitted code" in answer.err
    assert "mlops sync" in answer.err


def rewritten(home: Path) -> tuple[str, str]:
    """Run a commit and reword it, so that nothing but the journal leads to its code; return the run and the commit."""
    write(home / "params.yaml", "depth: 4\n")
    commit(home, "an idea")
    was = git(home, "rev-parse", "HEAD").strip()
    name = ran(home)
    git(home, "reset", "--quiet", "--soft", "HEAD~1")
    write(home / "params.yaml", "depth: 5\n")
    commit(home, "another idea, in one commit with the records")
    git(home, "reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    git(home, "gc", "--quiet", "--prune=now")
    return name, was


def test_a_run_on_a_commit_that_was_rewritten_and_collected_is_repeated(home: Path) -> None:
    name, was = rewritten(home)
    answer = mlops(home, "rerun", name, "--verify", "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "identical"), answer
    assert (
        f"commit {was[:12]}, on which it was made, is not in this clone: its tree is" in answer.json["notes"]
    )
    compared = mlops(home, "compare", name, "HEAD", "--code").out
    assert "-depth: 4" in compared
    assert "+depth: 5" in compared


def test_code_that_nobody_keeps_is_said_to_be_gone_without_a_fetch_that_brings_nothing(
    home: Path, tmp_path: Path
) -> None:
    name, was = rewritten(home)
    git(tmp_path, "clone", "--quiet", f"file://{home}", "bo")
    answer = mlops(tmp_path / "bo", "rerun", name)
    assert answer.code == 5
    assert f"commit {was[:12]} that {name} ran is not in this clone" in answer.err
    assert "type mlops sync there, then here: mlops sync --fetch" in answer.err
    answer = mlops(tmp_path / "bo", "rerun", name, env={"GIT_AUTHOR_EMAIL": "bo@example.org"})
    assert "Ada has it: once they have typed mlops sync, bring it with: mlops sync --fetch" in answer.err
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{home}", "shallow")
    assert "git fetch --unshallow" in mlops(tmp_path / "shallow", "rerun", name).err
    for ref in git(home, "for-each-ref", "--format=%(refname)", "refs/mlops").split():
        git(home, "update-ref", "-d", ref)
    git(home, "gc", "--quiet", "--prune=now")
    answer = mlops(home, "rerun", name)
    assert answer.code == 5
    assert "git fetch" not in answer.err


def test_what_is_no_run_is_refused(home: Path) -> None:
    ran(home)
    assert mlops(home, "rerun", "nonsense").code == 2
    assert mlops(home, "rerun", "@latest", "--tolerance", "-1").code == 2


# What is kept -------------------------------------------------------------------------------------------------------


def test_the_verdict_is_kept_in_the_journal_and_beside_the_run(home: Path) -> None:
    name = ran(home)
    answer = mlops(home, "rerun", name, "--verify", "--json")
    written = home / answer.json["written"]
    assert written.is_file()
    journal = git(home, "for-each-ref", "--format=%(refname)", "refs/mlops/journal").strip()
    assert written.name in git(home, "ls-tree", "-r", "--name-only", journal)
    commit(home, "kept")
    again = mlops(home, "rerun", name, "--verify", "--json")
    assert again.json["written"] != answer.json["written"]


def test_the_repetition_is_a_run_of_its_own_in_the_journal_alone(home: Path) -> None:
    name = ran(home)
    repeat = mlops(home, "rerun", name, "--json").json["repeat"]
    assert [record["id"] for record in run_records(home)] == [name]
    again = mlops(home, "rerun", repeat, "--verify", "--json")
    assert (again.code, again.json["verdict"]) == (0, "identical"), again


def test_ctrl_c_ends_the_repetition_and_leaves_nothing_behind(home: Path, tmp_path: Path) -> None:
    slow = f"test -e {tmp_path}/slow && touch {tmp_path}/begun && sleep 60; cp sorted.txt model.txt\n"
    write(home / "train.sh", slow)
    name = ran(home)
    write(tmp_path / "slow", "")
    process = start(home, "rerun", name, "--verify")
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    answer = finish(process)
    assert answer.code == 130, answer
    assert answer.err.count("mlops: stopped") == 1
    assert git(home, "worktree", "list").count("\n") == 1
    assert list((home / ".git/mlops/worktrees").iterdir()) == []
    assert not list((home / ".mlops/runs").rglob("*.rerun-*"))


def test_a_commit_stands_for_its_run(home: Path) -> None:
    name = ran(home)
    moved_on(home, 1)
    answer = mlops(home, "rerun", "HEAD~1", "--json")
    assert (answer.code, answer.json["run"]) == (0, name), answer
    assert mlops(home, "rerun", "HEAD~1", "--json").json["run"] == name  # and not its repetition
    assert name in mlops(home, "keep", "HEAD~1").out


def test_what_git_brought_into_the_worktree_is_not_told_of_as_somebodys_work(home: Path) -> None:
    write(home / "metrics.json", '{"auc": 0.123}\n')  # which the store has never seen
    commit(home, "metrics are kept in Git")
    name = ran(home)
    answer = mlops(home, "rerun", name, "--json")
    assert (answer.code, answer.json["verdict"]) == (0, "identical"), answer
    assert "was not made by a run" not in answer.err
