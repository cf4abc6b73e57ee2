from __future__ import annotations

import concurrent.futures
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.errors import UsageError
from mlops_cli.execution import runner
from mlops_cli.execution.events import StageFinished, StageStarted, StageWaits
from mlops_cli.formats.problems import DefinitionError
from tests.support.command import Counter, counted, define, project, run_records, start, variables
from tests.support.command import finish as finish_command
from tests.support.files import write
from tests.support.working import carry_out, states

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def chain(*names: str, **bodies: dict[str, Any]) -> dict[str, Any]:
    """Return stages that each copy what the one before made."""
    stages: dict[str, Any] = {}
    before = "in"
    for name in names:
        stages[name] = {"cmd": f"cat {before} > {name}.txt", "deps": [before], "outs": [f"{name}.txt"]}
        before = f"{name}.txt"
    return {name: body | bodies.get(name, {}) for name, body in stages.items()}


def repo_of(folder: Path, stages: Mapping[str, Any], **files: str) -> Path:
    return project(folder / "repo", stages, {"in": "1"} | files)


# Order and early cutoff -----------------------------------------------------------------------------------------------


def test_stages_run_after_those_that_they_need(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, dict(reversed(chain("a", "b", "c").items())))
    assert carry_out(repo).statuses == {"a": "ran", "b": "ran", "c": "ran"}
    assert (repo / "c.txt").read_text() == "1"


def test_a_second_run_runs_nothing_and_leaves_no_record(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a", "b"))
    carry_out(repo)
    done = carry_out(repo)
    assert set(done.statuses.values()) == {"fresh"}
    assert done.result.run is None
    assert len(run_records(repo)) == 1


def test_an_upstream_stage_that_makes_the_same_bytes_leaves_downstream_fresh(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a", "b", a={"cmd": "wc -c < in > a.txt"}))
    carry_out(repo)
    write(repo / "in", "2")
    assert carry_out(repo).statuses == {"a": "ran", "b": "fresh"}


def test_a_target_brings_what_it_needs_and_nothing_else(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a", "b", "c"))
    assert carry_out(repo, "b").statuses == {"a": "ran", "b": "ran"}


def test_only_the_named_stage_runs_with_what_lies_there(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a", "b"))
    carry_out(repo)
    write(repo / "in", "2")
    assert carry_out(repo, "b", only=True).statuses == {"b": "fresh"}


def test_force_runs_the_named_stage_and_not_what_it_needs(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a", "b"))
    carry_out(repo)
    assert carry_out(repo, "b", force=True).statuses == {"a": "fresh", "b": "ran"}


def test_force_without_a_name_runs_everything(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a", "b"))
    carry_out(repo)
    assert carry_out(repo, force=True).statuses == {"a": "ran", "b": "ran"}


def test_a_stage_that_runs_always_runs_again(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a", "b", a={"always": True}))
    carry_out(repo)
    assert carry_out(repo).statuses == {"a": "ran", "b": "fresh"}


def test_a_dry_run_runs_nothing_and_writes_nothing(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a", "b"))
    result = carry_out(repo, dry=True).result
    assert result.outcomes == ()
    assert [d.state for d in result.plan.decisions.values()] == ["stale", "waiting"]
    assert sorted(path.name for path in repo.iterdir()) == [".git", "in", "mlops.yaml"]


def test_a_missing_input_stops_the_run_before_anything_starts(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a") | {"b": {"cmd": "true", "deps": ["gone"]}})
    with pytest.raises(DefinitionError) as raised:
        carry_out(repo)
    assert "gone does not exist, and no stage makes it" in str(raised.value.problems[0])
    assert not (repo / "a.txt").exists()


def test_an_output_that_git_tracks_stops_the_run(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a"), **{"a.txt": "mine"})
    with pytest.raises(DefinitionError) as raised:
        carry_out(repo)
    assert "git rm --cached a.txt" in raised.value.problems[0].hint


@pytest.mark.parametrize("jobs", [0, -1])
def test_a_run_needs_at_least_one_core(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(UsageError):
        carry_out(repo_of(tmp_path, chain("a")), jobs=jobs)


# Failures -------------------------------------------------------------------------------------------------------------

FAILING: dict[str, Any] = {
    "bad": {"cmd": "exit 1", "outs": ["bad.txt"]},
    "after": {"cmd": "cat bad.txt", "deps": ["bad.txt"]},
    "last": {"cmd": "echo 1 > last.txt", "outs": ["last.txt"]},
}


def test_after_a_failure_nothing_new_starts(tmp_path: Path) -> None:
    done = carry_out(repo_of(tmp_path, FAILING), jobs=1)
    assert done.statuses == {"bad": "failed", "after": "skipped", "last": "skipped"}
    assert done.outcome("after").message == "it needs bad"
    assert done.outcome("last").message == "bad failed"
    assert not done.result.good


def test_a_run_may_go_on_with_what_does_not_depend_on_a_failure(tmp_path: Path) -> None:
    done = carry_out(repo_of(tmp_path, FAILING), jobs=1, keep_going=True)
    assert done.statuses == {"bad": "failed", "after": "skipped", "last": "ran"}


def test_what_ran_before_a_failure_stays_done(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a", "b", b={"cmd": "exit 1"}))
    carry_out(repo)
    assert states(repo) == {"a": "fresh", "b": "stale"}


def test_a_failed_run_has_a_record_with_what_went_wrong(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, FAILING)
    carry_out(repo, jobs=1)
    [record] = run_records(repo)
    assert record["status"] == "failed"
    assert [stage["status"] for stage in record["stages"]] == ["failed", "skipped", "skipped"]
    assert record["stages"][0]["exit_code"] == 1


# Side by side ---------------------------------------------------------------------------------------------------------


def meeting(name: str, other: str) -> dict[str, Any]:
    """Return a stage that ends well only if another runs at the same time."""
    wait = f'touch "$MEET/{name}"; i=0; until test -e "$MEET/{other}"; do i=$((i+1)); test $i -lt 3000 || exit 1; sleep 0.01; done'
    return {"cmd": wait}


def test_independent_stages_run_at_the_same_time(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, {"a": meeting("a", "b"), "b": meeting("b", "a")})
    done = carry_out(repo, jobs=2, env={"MEET": str(tmp_path)})
    assert done.statuses == {"a": "ran", "b": "ran"}


ALONE = 'mkdir "$MEET/lock" || exit 1; sleep 0.05; rmdir "$MEET/lock"'


@pytest.mark.parametrize(
    ("wish", "jobs"),
    [({}, 1), ({"cores": 2}, 2), ({"cores": 99}, 4), ({"mutex": "db"}, 4), ({"memory": "1TB"}, 4)],
)
def test_stages_that_cannot_share_never_run_at_the_same_time(
    tmp_path: Path, wish: dict[str, Any], jobs: int
) -> None:
    repo = repo_of(tmp_path, {name: {"cmd": f"{ALONE}; : {name}"} | wish for name in "abcd"})
    done = carry_out(repo, jobs=jobs, env={"MEET": str(tmp_path)})
    assert set(done.statuses.values()) == {"ran"}


def test_one_gpu_is_used_by_one_stage_at_a_time(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, {name: {"cmd": f"{ALONE}; : {name}", "gpu": 1} for name in "abc"})
    done = carry_out(repo, jobs=4, env={"MEET": str(tmp_path), "CUDA_VISIBLE_DEVICES": "3"})
    assert set(done.statuses.values()) == {"ran"}


def test_a_stage_that_must_run_and_asks_for_more_gpus_than_there_are_is_a_problem(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, {"a": {"cmd": "true", "gpu": 2}})
    with pytest.raises(DefinitionError) as raised:
        carry_out(repo, env={"CUDA_VISIBLE_DEVICES": "0"})
    assert raised.value.problems[0].message == "a asks for 2 GPUs, and this machine has 1"


def test_each_stage_is_told_when_it_starts_and_when_it_is_over(tmp_path: Path) -> None:
    done = carry_out(repo_of(tmp_path, chain("a", "b")))
    told = [
        (type(event).__name__, event.stage if isinstance(event, StageStarted) else event.outcome.stage)
        for event in done.events
        if isinstance(event, StageStarted | StageFinished)
    ]
    assert told == [
        ("StageStarted", "a"),
        ("StageFinished", "a"),
        ("StageStarted", "b"),
        ("StageFinished", "b"),
    ]


# Several commands at once ---------------------------------------------------------------------------------------------


def counting(names: str) -> dict[str, Any]:
    return {
        name: {
            "cmd": counted(f"sleep 0.2; cat in > {name}.txt", name),
            "deps": ["in"],
            "outs": [f"{name}.txt"],
        }
        for name in names
    }


def test_two_runs_of_the_same_stages_do_the_work_once(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, counting("abcd"))
    counter = Counter(tmp_path / "count")
    both = [start(repo, "run", "--json", env=counter.env) for _ in range(2)]
    answers = [finish_command(process) for process in both]
    assert [answer.code for answer in answers] == [0, 0]
    assert counter.take() == ["a", "b", "c", "d"]


def test_two_runs_of_different_stages_do_not_disturb_each_other(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, counting("abcd"))
    counter = Counter(tmp_path / "count")
    both = [start(repo, "run", *targets, env=counter.env) for targets in (("a", "b"), ("c", "d"))]
    assert [finish_command(process).code for process in both] == [0, 0]
    assert counter.take() == ["a", "b", "c", "d"]
    assert set(states(repo).values()) == {"fresh"}
    assert len(run_records(repo)) == 2


def wait_for_file(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_who_waits_for_another_command_is_told_so_and_goes_on_with_other_stages(tmp_path: Path) -> None:
    slow = f'touch "{tmp_path}/up"; until test -e "{tmp_path}/go"; do sleep 0.01; done; echo 1 > slow.txt'
    stages = {"slow": {"cmd": slow, "outs": ["slow.txt"]}, "quick": {"cmd": f'touch "{tmp_path}/go"'}}
    repo = repo_of(tmp_path, stages)
    process = start(repo, "run", "slow")
    wait_for_file(tmp_path / "up")
    done = carry_out(repo, jobs=2)
    assert finish_command(process).code == 0
    assert done.statuses == {"slow": "fresh", "quick": "ran"}
    assert [event.stage for event in done.events if isinstance(event, StageWaits)] == ["slow"]


# Stopping -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_ends_its_children_keeps_what_is_done_and_says_so_in_its_record(
    tmp_path: Path, number: signal.Signals
) -> None:
    stages = chain(
        "a",
        "b",
        "c",
        b={
            "cmd": f'echo $$ > "{tmp_path}/pid.tmp"; mv "{tmp_path}/pid.tmp" "{tmp_path}/pid"; exec sleep 600'
        },
    )
    repo = repo_of(tmp_path, stages)
    process = start(repo, "run")
    wait_for_file(tmp_path / "pid")
    os.kill(process.pid, number)
    answer = finish_command(process)
    assert answer.code == 130
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    [record] = run_records(repo)
    assert record["status"] == "stopped"
    assert [stage["status"] for stage in record["stages"]] == ["ran", "failed", "skipped"]
    assert states(repo) == {"a": "fresh", "b": "stale", "c": "waiting"}


def test_after_a_kill_an_orphan_is_ended_and_the_next_run_ends_right(tmp_path: Path) -> None:
    command = f'echo $$ >> "{tmp_path}/pids"; test -e "{tmp_path}/quick" || {{ touch "{tmp_path}/up"; sleep 600; }}; cat in > a.txt'
    repo = repo_of(tmp_path, chain("a", a={"cmd": command}))
    process = start(repo, "run")
    wait_for_file(tmp_path / "up")
    process.kill()
    process.communicate()
    write(tmp_path / "quick")
    assert carry_out(repo).statuses == {"a": "ran"}
    orphan = int((tmp_path / "pids").read_text().split()[0])
    end = time.monotonic() + 60
    while os.path.exists(f"/proc/{orphan}") and "Z" not in _state(orphan):
        assert time.monotonic() < end
        time.sleep(0.01)


def _state(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


def test_a_run_in_a_thread_of_a_program_works_too(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a"))
    found: list[dict[str, str]] = []
    thread = threading.Thread(target=lambda: found.append(carry_out(repo).statuses))
    thread.start()
    thread.join()
    assert found == [{"a": "ran"}]


# The record of a run --------------------------------------------------------------------------------------------------


def test_the_record_tells_what_was_done_and_why(tmp_path: Path) -> None:
    stages = {
        "a": {
            "cmd": "echo '{\"auc\": 0.5}' > m.json",
            "params": ["depth"],
            "metrics": ["m.json"],
        }
    }
    repo = repo_of(tmp_path, stages, **{"params.yaml": "depth: 4\n"})
    done = carry_out(repo, message="deeper")
    [record] = run_records(repo)
    assert record["id"] == done.result.run
    assert (record["status"], record["message"]) == ("ok", "deeper")
    assert (record["params"], record["metrics"]) == ({"depth": 4}, {"auc": 0.5})
    assert record["actor"] == {"name": "Ada", "email": "ada@example.org"}
    assert record["trigger"] == {"kind": "cli", "url": None}
    assert record["code"]["dirty"] is False
    assert record["stages"][0]["metrics"] == {"auc": 0.5}


def test_uncommitted_code_is_told_in_the_record(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a"))
    write(repo / "in", "2")
    carry_out(repo)
    assert run_records(repo)[0]["code"]["dirty"] is True


def test_of_a_stage_that_was_fresh_the_record_tells_the_key_alone(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a"))
    carry_out(repo)
    define(repo, chain("a", "b"))
    carry_out(repo)
    assert set(run_records(repo)[-1]["stages"][0]) == {"name", "status", "key"}


def test_a_run_tells_which_files_to_commit(tmp_path: Path) -> None:
    stages = chain("a") | {"m": {"cmd": "echo '{}' > m.json", "metrics": ["m.json"]}}
    repo = repo_of(tmp_path, stages)
    result = carry_out(repo).result
    run = f".mlops/runs/{result.run[:4]}-{result.run[4:6]}/{result.run}.json" if result.run else ""
    assert result.written == (".gitignore", run, ".mlops/stages/a.json", ".mlops/stages/m.json", "m.json")


def test_a_run_may_commit_them_and_then_nothing_is_left_to_commit(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a"))
    result = carry_out(repo, commit=True).result
    assert result.commit is not None
    from tests.support.command import git

    assert git(repo, "status", "--porcelain") == ""
    assert git(repo, "log", "-1", "--format=%H").strip() == result.commit


def test_a_variable_of_the_environment_is_in_no_record(tmp_path: Path) -> None:
    repo = repo_of(tmp_path, chain("a"))
    carry_out(repo, env=variables({"DATABASE_URL": "postgres://u:hunter2@db"}))
    assert not any("hunter2" in path.read_text() for path in (repo / ".mlops").rglob("*.json"))


def test_nobody_waits_so_long_for_a_stage_that_a_ctrl_c_just_before_it_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A signal in the instant between Python's last look and the wait itself is handled, and the wait goes on.
    waits: list[float | None] = []
    real = concurrent.futures.wait

    def noted(futures: Any, timeout: float | None = None, return_when: str = "") -> Any:
        waits.append(timeout)
        return real(futures, timeout=timeout, return_when=return_when)

    monkeypatch.setattr(runner, "wait", noted)
    repo = repo_of(tmp_path, chain("a", a={"cmd": "sleep 1.2; cat in > a.txt"}))
    assert carry_out(repo).statuses == {"a": "ran"}
    assert len(waits) > 1
    assert all(timeout is not None and timeout <= 1 for timeout in waits)
