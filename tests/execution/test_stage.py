from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import commit, define, git, project, stage_record
from tests.support.files import listing, write
from tests.support.working import carry_out, decisions, states

if TYPE_CHECKING:
    from pathlib import Path

COPY = {"copy": {"cmd": "cat in > out", "deps": ["in"], "outs": ["out"]}}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return a project whose one stage copies a file."""
    return project(tmp_path / "repo", COPY, {"in": "1"})


def of(folder: Path, stages: dict[str, Any], **files: str) -> Path:
    return project(folder / "repo", stages, files)


def local(folder: Path, kind: str) -> dict[str, bytes]:
    """Return what lies in one of the local folders, without the name of the run."""
    return {
        name.split("/", 1)[1] if kind == "kept" else name: data
        for name, data in listing(folder / ".git/mlops" / kind).items()
    }


# A run that ends well -------------------------------------------------------------------------------------------------


def test_a_stage_that_ran_has_made_its_output(repo: Path) -> None:
    assert carry_out(repo).statuses == {"copy": "ran"}
    assert (repo / "out").read_text() == "1"


def test_its_record_tells_what_it_read_and_made(repo: Path) -> None:
    done = carry_out(repo)
    record = stage_record(repo, "copy")
    assert record["key"] == done.outcome("copy").decision.key  # type: ignore[union-attr]
    assert record["program"] == ["cat in > out"]
    assert record["deps"]["in"] == record["outs"]["out"]


def test_what_it_printed_is_in_a_log_of_its_own(tmp_path: Path) -> None:
    repo = of(tmp_path, {"talk": {"cmd": "echo hello; echo there >&2"}})
    with open(carry_out(repo).outcome("talk").log) as stream:
        assert stream.read() == "hello\nthere\n"


def test_its_peak_memory_is_told(repo: Path) -> None:
    assert (carry_out(repo).outcome("copy").peak_memory or 0) > 0


def test_it_is_told_its_name(tmp_path: Path) -> None:
    repo = of(tmp_path, {"who": {"cmd": 'printf "$MLOPS_STAGE" > out', "outs": ["out"]}})
    carry_out(repo)
    assert (repo / "out").read_text() == "who"


def test_it_has_the_whole_environment_although_only_named_variables_count(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": 'printf "$MODE" > out', "outs": ["out"]}})
    carry_out(repo, env={"MODE": "fast"})
    assert (repo / "out").read_text() == "fast"
    assert carry_out(repo, env={"MODE": "slow"}).statuses == {"s": "fresh"}


def test_a_named_variable_is_a_reason_to_run(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": 'printf "$MODE" > out', "env": ["MODE"], "outs": ["out"]}})
    carry_out(repo, env={"MODE": "fast"})
    assert carry_out(repo, env={"MODE": "slow"}).statuses == {"s": "ran"}
    assert carry_out(repo, env={"MODE": "fast"}).statuses == {"s": "cached"}


def test_it_runs_in_its_folder(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "cat in > ../out", "wdir": "src", "deps": ["in"], "outs": ["../out"]}})
    write(repo / "src/in", "1")
    assert carry_out(repo).statuses == {"s": "ran"}
    assert (repo / "out").read_text() == "1"


def test_the_folders_of_its_outputs_are_there_when_it_starts(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "echo 1 > a/b/c.txt", "outs": ["a/b/c.txt"]}})
    assert carry_out(repo).statuses == {"s": "ran"}


def test_its_old_outputs_are_out_of_the_way_when_it_starts(tmp_path: Path) -> None:
    repo = of(
        tmp_path,
        {"s": {"cmd": "test ! -e out && cat in > out", "deps": ["in"], "outs": ["out"]}},
        **{"in": "1"},
    )
    carry_out(repo)
    write(repo / "in", "2")
    assert carry_out(repo).statuses == {"s": "ran"}


def test_an_output_that_persists_is_left_in_place(tmp_path: Path) -> None:
    out = {"path": "out", "persist": True}
    repo = of(tmp_path, {"s": {"cmd": "cat in >> out", "deps": ["in"], "outs": [out]}}, **{"in": "1"})
    carry_out(repo)
    write(repo / "in", "2")
    carry_out(repo)
    assert (repo / "out").read_text() == "12"


def test_several_commands_run_one_after_another(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": ["echo 1 > out", "echo 2 >> out"], "outs": ["out"]}})
    carry_out(repo)
    assert (repo / "out").read_text() == "1\n2\n"


def test_a_directory_is_an_output_with_everything_in_it(tmp_path: Path) -> None:
    command = "mkdir -p d/sub; echo 1 > d/a; echo 2 > d/sub/b; chmod +x d/a; ln -s a d/l"
    repo = of(tmp_path, {"s": {"cmd": command, "outs": ["d"]}})
    carry_out(repo)
    before = listing(repo / "d")
    git(repo, "clean", "-fdxq", "d")
    assert carry_out(repo).statuses == {"s": "cached"}
    assert listing(repo / "d") == before
    assert (repo / "d/a").stat().st_mode & 0o100
    assert (repo / "d/l").is_symlink()


def test_metrics_are_told_with_the_outcome(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "echo '{\"auc\": 0.5}' > m.json", "metrics": ["m.json"]}})
    assert carry_out(repo).outcome("s").metrics == {"auc": 0.5}


def test_metrics_of_a_restored_stage_are_told_too(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "echo '{\"auc\": 0.5}' > m.json", "metrics": ["m.json"]}})
    carry_out(repo)
    (repo / "m.json").unlink()
    outcome = carry_out(repo).outcome("s")
    assert (outcome.status, outcome.metrics) == ("cached", {"auc": 0.5})


# Failures -------------------------------------------------------------------------------------------------------------


def test_a_failure_says_its_exit_code_and_shows_the_end_of_the_log(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "seq 100; exit 3"}})
    outcome = carry_out(repo).outcome("s")
    assert (outcome.status, outcome.message, outcome.exit_code) == ("failed", "exit code 3", 3)
    assert outcome.tail.splitlines() == [str(n) for n in range(81, 101)]


def test_a_signal_is_told_by_its_number(tmp_path: Path) -> None:
    assert carry_out(of(tmp_path, {"s": {"cmd": "kill -9 $$"}})).outcome("s").message == "ended by signal 9"


def test_a_timeout_is_told(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "exec sleep 600", "timeout": "0.2s"}})
    assert "still running after its timeout of 0.2 seconds" in carry_out(repo).outcome("s").message


def test_an_output_that_was_not_made_is_a_failure_that_says_so(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "echo 1 > a", "outs": ["a", "b", "c"]}})
    outcome = carry_out(repo).outcome("s")
    assert outcome.status == "failed"
    assert outcome.message.startswith("it ended well, but did not make its output b, c")


def test_metrics_that_cannot_be_read_are_a_failure_that_says_where(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "echo '{oops' > m.json", "metrics": ["m.json"]}})
    outcome = carry_out(repo).outcome("s")
    assert outcome.status == "failed"
    assert "its metrics cannot be read: m.json:1:" in outcome.message


def test_an_output_that_cannot_be_kept_is_a_failure_that_says_so(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "mkdir d; mkfifo d/pipe", "outs": ["d"]}})
    outcome = carry_out(repo).outcome("s")
    assert outcome.status == "failed"
    assert "d/pipe is a device, a socket or a pipe" in outcome.message


def test_after_a_failure_the_old_output_is_back_and_the_stage_is_stale(repo: Path) -> None:
    carry_out(repo)
    define(repo, {"copy": COPY["copy"] | {"cmd": "echo half > out; exit 1"}})
    carry_out(repo)
    assert (repo / "out").read_text() == "1"
    assert states(repo) == {"copy": "stale"}


def test_after_a_failure_what_was_half_made_can_be_looked_at(repo: Path) -> None:
    carry_out(repo)
    define(repo, {"copy": COPY["copy"] | {"cmd": "echo half > out; exit 1"}})
    message = carry_out(repo).outcome("copy").message
    found = re.fullmatch(r"exit code 1 \(what it had made so far is in (.+)\)", message)
    assert found is not None
    assert (repo / found[1] / "out").read_text() == "half\n"


def test_a_failure_leaves_record_and_result_as_they_were(repo: Path) -> None:
    carry_out(repo)
    record = (repo / ".mlops/stages/copy.json").read_bytes()
    results = listing(repo / ".git/mlops/results")
    define(repo, {"copy": COPY["copy"] | {"cmd": "exit 1"}})
    carry_out(repo)
    assert (repo / ".mlops/stages/copy.json").read_bytes() == record
    assert listing(repo / ".git/mlops/results") == results


def test_a_failed_attempt_is_tried_again_as_often_as_was_said(tmp_path: Path) -> None:
    command = 'echo x >> "$COUNT"; test $(wc -l < "$COUNT") -eq 3 && echo 1 > out'
    repo = of(tmp_path, {"s": {"cmd": command, "retries": 2, "outs": ["out"]}})
    done = carry_out(repo, env={"COUNT": str(tmp_path / "count")})
    assert done.statuses == {"s": "ran"}
    assert done.notices == ["s failed, trying again (1 of 2)", "s failed, trying again (2 of 2)"]


def test_when_every_attempt_fails_the_stage_fails(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": 'echo x >> "$COUNT"; exit 1', "retries": 2}})
    assert carry_out(repo, env={"COUNT": str(tmp_path / "count")}).statuses == {"s": "failed"}
    assert (tmp_path / "count").read_text() == "x\n" * 3


def test_another_attempt_finds_nothing_of_the_one_before(tmp_path: Path) -> None:
    command = 'test ! -e out || exit 9; echo 1 > out; echo x >> "$COUNT"; test $(wc -l < "$COUNT") -eq 2'
    repo = of(tmp_path, {"s": {"cmd": command, "retries": 1, "outs": ["out"]}})
    assert carry_out(repo, env={"COUNT": str(tmp_path / "count")}).statuses == {"s": "ran"}


def test_the_log_holds_every_attempt(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "echo try; exit 1", "retries": 1}})
    with open(carry_out(repo).outcome("s").log) as stream:
        assert stream.read() == "try\n--- attempt 2 of 2 ---\ntry\n"


# Inputs that change while a stage runs --------------------------------------------------------------------------------

TAINTS = {
    "dep": ({"cmd": "cat in > out; echo 2 > in", "deps": ["in"], "outs": ["out"]}, "in"),
    "same size": ({"cmd": "cat in > out; printf 2 > in", "deps": ["in"], "outs": ["out"]}, "in"),
    "dep removed": ({"cmd": "cat in > out; rm in", "deps": ["in"], "outs": ["out"]}, "in"),
    "directory": ({"cmd": "ls d > out; echo 2 > d/b", "deps": ["d"], "outs": ["out"]}, "d"),
    "pattern": ({"cmd": "ls d > out; echo 2 > d/b", "deps": ["d/*"], "outs": ["out"]}, "d/b"),
    "runtime": ({"cmd": "echo 1 > out; echo 2 > lock", "outs": ["out"]}, "lock"),
    "params": (
        {"cmd": "echo 1 > out; echo 'a: 2' > params.yaml", "params": ["a"], "outs": ["out"]},
        "params.yaml",
    ),
}  # fmt: skip


def tainting(folder: Path, kind: str) -> Path:
    body, _ = TAINTS[kind]
    text = json.dumps(
        {"runtime": ["lock"], "stages": {"s": body, "next": {"cmd": "cat out", "deps": ["out"]}}}
    )
    files = {"in": "1", "d/a": "1", "lock": "1", "params.yaml": "a: 1\nb: 1\n"}
    return project(folder / "repo", text, files)


@pytest.mark.parametrize("kind", TAINTS)
def test_a_stage_whose_input_changes_while_it_runs_is_tainted_and_says_which(
    tmp_path: Path, kind: str
) -> None:
    outcome = carry_out(tainting(tmp_path, kind)).outcome("s")
    message = f"{TAINTS[kind][1]} changed while the stage ran, so its outputs are no result: run again"
    assert (outcome.status, outcome.message) == ("tainted", message)


@pytest.mark.parametrize("kind", TAINTS)
def test_what_a_tainted_stage_made_is_no_result(tmp_path: Path, kind: str) -> None:
    repo = tainting(tmp_path, kind)
    carry_out(repo)
    assert listing(repo / ".git/mlops/results") == {}


def test_what_needs_a_tainted_stage_does_not_run(tmp_path: Path) -> None:
    done = carry_out(tainting(tmp_path, "dep"))
    assert done.statuses == {"s": "tainted", "next": "skipped"}
    assert done.outcome("next").message == "it needs s"


def test_status_tells_of_the_taint(tmp_path: Path) -> None:
    repo = tainting(tmp_path, "dep")
    carry_out(repo)
    decision = decisions(repo)["s"]
    assert decision.state == "stale"
    assert "tainted" in [reason.kind for reason in decision.reasons]


def test_status_tells_of_the_taint_although_the_input_is_as_it_was(tmp_path: Path) -> None:
    repo = tainting(tmp_path, "dep")
    carry_out(repo)
    write(repo / "in", "1")
    decision = decisions(repo)["s"]
    assert (decision.state, [reason.kind for reason in decision.reasons]) == ("stale", ["tainted"])


def test_an_input_that_is_written_again_with_the_same_bytes_taints_nothing(tmp_path: Path) -> None:
    repo = of(
        tmp_path,
        {"s": {"cmd": "cat in > out; cp in x; mv x in", "deps": ["in"], "outs": ["out"]}},
        **{"in": "1"},
    )
    assert carry_out(repo).statuses == {"s": "ran"}


def test_a_parameter_of_another_stage_that_changes_taints_nothing(tmp_path: Path) -> None:
    body = {"cmd": "echo 1 > out; printf 'a: 1\\nb: 2\\n' > params.yaml", "params": ["a"], "outs": ["out"]}
    repo = of(tmp_path, {"s": body}, **{"params.yaml": "a: 1\nb: 1\n"})
    assert carry_out(repo).statuses == {"s": "ran"}


def test_a_parameter_that_changed_before_a_later_stage_began_taints_that_stage_too(tmp_path: Path) -> None:
    stages = {
        "edit": {"cmd": "echo 'a: 2' > params.yaml; echo 1 > first", "outs": ["first"]},
        "one": {"cmd": "cat params.yaml > one", "deps": ["first"], "params": ["a"], "outs": ["one"]},
        "two": {"cmd": "cat params.yaml > two", "deps": ["first"], "params": ["a"], "outs": ["two"]},
    }
    repo = of(tmp_path, stages, **{"params.yaml": "a: 1\n"})
    done = carry_out(repo, jobs=1, keep_going=True)
    assert done.statuses == {"edit": "ran", "one": "tainted", "two": "tainted"}


# Outputs that somebody else made --------------------------------------------------------------------------------------


def test_an_edited_output_is_kept_and_the_user_is_told_where(repo: Path) -> None:
    carry_out(repo)
    write(repo / "out", "by hand")
    done = carry_out(repo)
    assert done.statuses == {"copy": "cached"}
    assert (repo / "out").read_text() == "1"
    assert local(repo, "kept") == {"out": b"by hand"}
    assert str(repo / ".git/mlops/kept") in done.notices[0]


def test_an_edited_output_is_kept_although_its_stage_has_other_reasons_to_run(repo: Path) -> None:
    carry_out(repo)
    write(repo / "out", "by hand")
    write(repo / "in", "2")
    assert carry_out(repo).statuses == {"copy": "ran"}
    assert local(repo, "kept") == {"out": b"by hand"}


def test_a_file_that_lay_there_before_the_first_run_is_kept(repo: Path) -> None:
    write(repo / "out", "by hand")
    carry_out(repo)
    assert local(repo, "kept") == {"out": b"by hand"}


def test_an_edited_directory_is_kept_whole(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "mkdir d; echo 1 > d/a", "outs": ["d"]}})
    carry_out(repo)
    write(repo / "d/b", "by hand")
    carry_out(repo)
    assert local(repo, "kept") == {"d/a": b"1\n", "d/b": b"by hand"}


def test_an_output_of_a_run_is_not_kept_beside_the_store(repo: Path) -> None:
    carry_out(repo)
    write(repo / "in", "2")
    assert carry_out(repo).notices == []
    assert local(repo, "kept") == {}


def test_a_replaced_output_that_another_run_made_is_not_kept_beside_the_store(repo: Path) -> None:
    carry_out(repo)
    write(repo / "in", "2")
    carry_out(repo)
    write(repo / "out", "1")
    carry_out(repo)
    assert local(repo, "kept") == {}


def test_after_a_failure_an_edited_output_is_back_where_it_was(repo: Path) -> None:
    carry_out(repo)
    write(repo / "out", "by hand")
    define(repo, {"copy": COPY["copy"] | {"cmd": "exit 1"}})
    carry_out(repo)
    assert (repo / "out").read_text() == "by hand"
    assert local(repo, "kept") == {}


# Restoring ------------------------------------------------------------------------------------------------------------


def test_a_known_result_is_restored_without_running_anything(repo: Path) -> None:
    carry_out(repo)
    write(repo / "in", "2")
    carry_out(repo)
    write(repo / "in", "1")
    done = carry_out(repo)
    assert done.statuses == {"copy": "cached"}
    assert done.outcome("copy").log == ""
    assert (repo / "out").read_text() == "1"


def test_restoring_writes_the_record_that_running_had_written(repo: Path) -> None:
    carry_out(repo)
    record = (repo / ".mlops/stages/copy.json").read_bytes()
    write(repo / "in", "2")
    carry_out(repo)
    write(repo / "in", "1")
    carry_out(repo)
    assert (repo / ".mlops/stages/copy.json").read_bytes() == record


def test_a_branch_with_other_inputs_is_restored(repo: Path) -> None:
    carry_out(repo)
    commit(repo, "one")
    git(repo, "checkout", "-q", "-b", "two")
    write(repo / "in", "2")
    carry_out(repo)
    commit(repo, "two")
    git(repo, "checkout", "-q", "main")
    assert carry_out(repo).statuses == {"copy": "cached"}
    assert (repo / "out").read_text() == "1"


def test_a_result_that_is_damaged_in_the_store_is_made_again(repo: Path) -> None:
    carry_out(repo)
    (repo / "out").unlink()
    for path in (repo / ".git/mlops/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"?")
    assert carry_out(repo).statuses["copy"] == "ran"
    assert (repo / "out").read_text() == "1"


def test_a_frozen_stage_that_is_restored_keeps_its_record(repo: Path) -> None:
    carry_out(repo)
    record = (repo / ".mlops/stages/copy.json").read_bytes()
    (repo / "out").unlink()
    define(repo, {"copy": COPY["copy"] | {"cmd": "something else", "frozen": True}})
    assert carry_out(repo).statuses == {"copy": "cached"}
    assert (repo / ".mlops/stages/copy.json").read_bytes() == record


def test_a_frozen_stage_whose_content_is_damaged_fails_and_does_not_run(repo: Path) -> None:
    carry_out(repo)
    (repo / "out").unlink()
    define(repo, {"copy": COPY["copy"] | {"frozen": True}})
    for path in (repo / ".git/mlops/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"?")
    done = carry_out(repo)
    assert done.statuses == {"copy": "failed"}
    assert "frozen" in done.result.outcomes[0].message


# Records --------------------------------------------------------------------------------------------------------------


def test_the_same_work_on_two_clones_gives_the_same_record(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "repo", "elsewhere/deep/clone")
    clone = tmp_path / "elsewhere/deep/clone"
    git(clone, "checkout", "-q", "-b", "other")
    carry_out(repo, message="why")
    carry_out(clone, env={"GIT_AUTHOR_NAME": "Grace", "USER": "grace"}, jobs=1)
    one, other = ((folder / ".mlops/stages/copy.json").read_bytes() for folder in (repo, clone))
    assert one == other


def test_a_record_names_no_time_user_machine_folder_or_run(repo: Path) -> None:
    done = carry_out(repo, message="why")
    text = (repo / ".mlops/stages/copy.json").read_text()
    started = json.loads(next((repo / ".mlops/runs").rglob("*.json")).read_bytes())["started"]
    assert done.result.run is not None
    for told in (done.result.run, started[:10], "Ada", "example.org", str(repo), "why", "main"):
        assert told not in text


def test_a_secret_in_a_command_reaches_no_record(tmp_path: Path) -> None:
    command = "echo --password=hunter2 https://ana:hunter2@example.org > out"
    repo = of(tmp_path, {"s": {"cmd": command, "outs": ["out"]}})
    carry_out(repo)
    texts = [path.read_text() for path in (repo / ".mlops").rglob("*.json")]
    assert len(texts) == 2
    assert not any("hunter2" in text for text in texts)


def test_a_run_that_changes_nothing_does_not_touch_the_record(repo: Path) -> None:
    carry_out(repo)
    before = (repo / ".mlops/stages/copy.json").stat().st_mtime_ns
    carry_out(repo, force=True)
    assert (repo / ".mlops/stages/copy.json").stat().st_mtime_ns == before


# GPUs -----------------------------------------------------------------------------------------------------------------


def test_a_stage_sees_the_gpus_that_it_was_given(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": 'printf "$CUDA_VISIBLE_DEVICES" > out', "gpu": 1, "outs": ["out"]}})
    carry_out(repo, env={"CUDA_VISIBLE_DEVICES": "4,7"})
    assert (repo / "out").read_text() == "4"


def test_a_result_that_needed_a_gpu_is_restored_on_a_machine_without_one(tmp_path: Path) -> None:
    repo = of(tmp_path, {"s": {"cmd": "echo 1 > out", "gpu": 1, "outs": ["out"]}})
    carry_out(repo, env={"CUDA_VISIBLE_DEVICES": "0"})
    (repo / "out").unlink()
    assert carry_out(repo, env={"CUDA_VISIBLE_DEVICES": ""}).statuses == {"s": "cached"}


def test_beside_a_fresh_stage_that_needed_a_gpu_others_run_on_a_machine_without_one(tmp_path: Path) -> None:
    stages: dict[str, Any] = {"s": {"cmd": "echo 1 > out", "gpu": 1, "outs": ["out"]}}
    repo = of(tmp_path, stages)
    carry_out(repo, env={"CUDA_VISIBLE_DEVICES": "0"})
    define(repo, stages | {"more": {"cmd": "true"}})
    done = carry_out(repo, env={"CUDA_VISIBLE_DEVICES": ""})
    assert done.statuses == {"s": "fresh", "more": "ran"}


# Built-in steps that fail ---------------------------------------------------------------------------------------------

PROFILE = {"p": {"uses": "profile", "with": {"data": "in.csv", "pii": ["nobody"]}, "report": "reports/p"}}


def test_what_a_step_finds_wrong_is_told_once_and_not_again_as_the_end_of_its_log(tmp_path: Path) -> None:
    root = of(tmp_path, PROFILE, **{"in.csv": "a,b\n1,2\n"})
    outcome = carry_out(root).outcome("p")
    assert outcome.status == "failed"
    assert "has no column 'nobody'" in outcome.message
    assert outcome.tail == ""
    assert ".." not in outcome.message


def test_an_empty_folder_for_a_report_is_gone_after_a_failure_and_others_stay(tmp_path: Path) -> None:
    root = of(tmp_path, PROFILE, **{"in.csv": "a,b\n1,2\n"})
    assert carry_out(root).statuses == {"p": "failed"}
    assert not (root / "reports/p").exists()
    (root / "reports/p").mkdir(parents=True)  # somebody's own, although it is empty
    assert carry_out(root).statuses == {"p": "failed"}
    assert (root / "reports/p").is_dir()
