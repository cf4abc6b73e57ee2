"""`mlops run`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import (
    COMMAND,
    Counter,
    commit,
    counted,
    define,
    git,
    mlops,
    project,
    run,
    run_records,
    stage_record,
    states,
    variables,
)
from tests.support.files import write, write_all

STAGES: dict[str, Any] = {
    "a": {"cmd": counted("cp in.txt a.txt", "a"), "deps": ["in.txt"], "outs": ["a.txt"]},
    "b": {"cmd": counted("cp a.txt b.txt", "b"), "deps": ["a.txt"], "outs": ["b.txt"]},
    "c": {"cmd": counted("cp b.txt c.txt", "c"), "deps": ["b.txt"], "outs": ["c.txt"]},
    "x": {"cmd": counted("echo x > x.txt", "x"), "outs": ["x.txt"]},
}


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    found = Counter(tmp_path / "counter")
    monkeypatch.setenv("COUNTER", str(found.path))
    return found


@pytest.fixture
def home(tmp_path: Path, counter: Counter) -> Path:
    return project(tmp_path / "p", STAGES, {"in.txt": "1\n"})


def one(tmp_path: Path, body: dict[str, Any], files: dict[str, bytes | str] | None = None) -> Path:
    """Make a project of one stage, `s`."""
    return project(tmp_path / "p", {"s": body}, files)


# What runs ----------------------------------------------------------------------------------------------------------


def test_everything_runs_once_and_the_second_time_nothing(home: Path, counter: Counter) -> None:
    assert run(home) == dict.fromkeys("abcx", "ran")
    assert counter.take() == ["a", "b", "c", "x"]
    answer = mlops(home, "run")
    assert (answer.code, answer.out, answer.err) == (0, "4 stages, everything is fresh: nothing to do.\n", "")
    assert counter.take() == []
    assert len(run_records(home)) == 1


def test_a_named_stage_runs_with_what_it_needs(home: Path, counter: Counter) -> None:
    assert run(home, "b") == {"a": "ran", "b": "ran"}
    assert run(home, "x.txt") == {"x": "ran"}
    assert counter.take() == ["a", "b", "x"]


def test_only_runs_the_named_stage_on_what_lies_there(home: Path) -> None:
    run(home)
    write(home / "in.txt", "2\n")
    assert run(home, "--only", "b") == {"b": "fresh"}
    write(home / "a.txt", "by hand\n")
    assert run(home, "--only", "b") == {"b": "ran"}
    assert (home / "b.txt").read_text() == "by hand\n"


def test_downstream_runs_the_named_stage_and_all_that_needs_it(home: Path, counter: Counter) -> None:
    run(home)
    counter.take()
    write(home / "a.txt", "by hand\n")
    assert run(home, "--downstream", "b") == {"b": "ran", "c": "ran"}
    assert (home / "c.txt").read_text() == "by hand\n"


def test_only_and_downstream_exclude_each_other(home: Path) -> None:
    answer = mlops(home, "run", "--only", "--downstream", "a")
    assert answer.code == 2
    assert "--only" in answer.err


def test_force_runs_what_is_named_and_no_more(home: Path, counter: Counter) -> None:
    run(home)
    counter.take()
    assert run(home, "-f", "b") == {"a": "fresh", "b": "ran"}
    assert counter.take() == ["b"]
    assert run(home, "--force") == dict.fromkeys("abcx", "ran")


def test_a_dry_run_says_what_would_be_done_and_does_nothing(home: Path, counter: Counter) -> None:
    run(home)
    counter.take()
    write(home / "in.txt", "2\n")
    text = mlops(home, "run", "-n")
    assert (text.code, counter.take()) == (0, [])
    assert "in.txt changed" in text.out
    value = mlops(home, "run", "--dry-run", "--json").json
    assert (value["run"], value["dry"]) == (None, True)
    assert {r["name"]: r["state"] for r in value["stages"]} == {
        "a": "stale",
        "b": "waiting",
        "c": "waiting",
        "x": "fresh",
    }
    assert len(run_records(home)) == 1


def test_equal_bytes_upstream_leave_downstream_alone(home: Path, counter: Counter) -> None:
    run(home)
    counter.take()
    define(home, STAGES | {"a": STAGES["a"] | {"cmd": counted("cat in.txt > a.txt", "a")}})
    assert states(home) == {"a": "stale", "b": "waiting", "c": "waiting", "x": "fresh"}
    assert run(home) == {"a": "ran", "b": "fresh", "c": "fresh", "x": "fresh"}
    assert counter.take() == ["a"]


def test_a_result_known_from_before_is_restored(home: Path, counter: Counter) -> None:
    run(home)
    write(home / "in.txt", "2\n")
    run(home)
    counter.take()
    write(home / "in.txt", "1\n")
    assert run(home) == {"a": "cached", "b": "cached", "c": "cached", "x": "fresh"}
    assert (counter.take(), (home / "c.txt").read_text()) == ([], "1\n")


# Its options --------------------------------------------------------------------------------------------------------


def test_the_message_stands_in_the_run_record(home: Path) -> None:
    run(home, "-m", 'why: "ünïcode"\nand more')
    assert run_records(home)[0]["message"] == 'why: "ünïcode"\nand more'


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_of_jobs_that_cannot_be_is_a_usage_error(home: Path, number: str) -> None:
    answer = mlops(home, "run", "-j", number)
    assert answer.code == 2
    assert "-j" in answer.err


def test_with_one_job_stages_follow_each_other_and_with_two_they_meet(tmp_path: Path) -> None:
    # Each waits until both have started, or says that it was alone.
    body = "touch here-{0}; for i in $(seq 100); do test -e here-{1} && break; sleep 0.05; done; ls here-* | wc -l > {0}"
    stages = {a: {"cmd": body.format(a, b), "outs": [a]} for a, b in (("p", "q"), ("q", "p"))}
    root = project(tmp_path / "p", stages)
    run(root, "-j", "2")
    assert [(root / name).read_text().strip() for name in "pq"] == ["2", "2"]


def test_a_mutex_keeps_two_stages_apart(tmp_path: Path) -> None:
    body = "mkdir held && sleep 0.3 && rmdir held && touch {}"
    stages = {name: {"cmd": body.format(name), "outs": [name], "mutex": "db"} for name in "abc"}
    assert run(project(tmp_path / "p", stages), "-j", "3") == dict.fromkeys("abc", "ran")


def test_commit_commits_what_the_run_wrote_and_nothing_else(home: Path) -> None:
    write(home / "mine.txt", "mine\n")
    git(home, "add", "mine.txt")
    before = git(home, "rev-parse", "HEAD")
    answer = mlops(home, "run", "--commit", "--json", "-m", "First results")
    assert answer.code == 0, answer
    assert answer.json["commit"] == git(home, "rev-parse", "HEAD").strip() != before.strip()
    files = git(home, "show", "--name-only", "--format=%s", "HEAD").split("\n")
    assert files[0] == "First results"
    assert ".gitignore" in files
    assert all(f.startswith((".mlops/", ".gitignore")) for f in files[2:-1])
    assert git(home, "status", "--porcelain") == "A  mine.txt\n"
    again = mlops(home, "run", "--commit", "--json")
    assert again.json["commit"] is None


def test_commit_takes_the_records_of_the_data_that_stages_read_and_of_no_other(tmp_path: Path) -> None:
    stages = {"s": {"cmd": "cat raw/a one > x", "deps": ["raw/a", "one", "more/*.csv"], "outs": ["x"]}}
    root = project(tmp_path / "p", stages)
    files = {"raw/a": "1", "one": "2", "other": "3", "more/m.csv": "4", "more/n.bin": "5"}
    write_all(root, files)
    write(root / ".mlops/config.yaml", "run: {jobs: 1}\n")
    assert mlops(root, "add", "raw", "one", "other", "more/m.csv", "more/n.bin").code == 0
    answer = mlops(root, "run", "--commit", "--json")
    assert answer.code == 0, answer
    committed = set(git(root, "show", "--name-only", "--format=", "HEAD").split())
    data = {path for path in committed if path.startswith(".mlops/data/")}
    assert data == {f".mlops/data/{path}.json" for path in ("raw", "one", "more/m.csv")}
    assert ".gitignore" in committed
    assert ".mlops/config.yaml" not in committed
    write(root / "one", "22")
    assert mlops(root, "add", "one").code == 0
    assert ".mlops/data/one.json" in mlops(root, "run", "--json").json["written"]


def test_commit_leaves_the_record_of_data_that_is_not_what_it_says(tmp_path: Path) -> None:
    root = project(tmp_path / "p", {"s": {"cmd": "cp one x", "deps": ["one"], "outs": ["x"]}})
    write(root / "one", "1")
    assert mlops(root, "add", "one").code == 0
    write(root / "one", "changed since")
    assert mlops(root, "run", "--commit").code == 0
    assert "one.json" not in git(root, "show", "--name-only", "--format=", "HEAD")


def test_commit_of_a_failed_run_commits_nothing_and_says_so_and_how_to_keep_what_went_well(
    tmp_path: Path,
) -> None:
    root = project(
        tmp_path / "p", {"good": {"cmd": "touch o", "outs": ["o"]}, "bad": {"cmd": "false", "outs": ["b"]}}
    )
    head = git(root, "rev-parse", "HEAD")
    answer = mlops(root, "run", "-k", "--commit")
    assert answer.code == 4
    assert git(root, "rev-parse", "HEAD") == head
    assert "Nothing is committed, because not every stage is done.\nTo keep this: git add " in answer.err
    assert "next time" not in answer.err
    assert ".mlops/stages/good.json" in mlops(root, "run", "-k", "--commit", "--json").json["written"]


def test_a_dry_run_says_of_gpus_that_are_not_there_what_the_run_would_say(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": "touch o", "outs": ["o"], "gpu": 3})
    write(root / ".mlops/config.yaml", "run: {gpus: 0}\n")
    really, dry = mlops(root, "run"), mlops(root, "run", "-n")
    assert (dry.code, dry.err) == (really.code, really.err)
    assert dry.code == 3
    assert "asks for 3 GPUs" in dry.err


@pytest.mark.parametrize(("says", "reason"), [("not today", "not today"), ("", "without a word")])
def test_a_hook_that_refuses_the_commit_is_quoted_below_the_result(
    home: Path, says: str, reason: str
) -> None:
    write(home / ".git/hooks/pre-commit", f"#!/bin/sh\nprintf '{says}' >&2\nexit 1\n", executable=True)
    answer = mlops(home, "run", "--commit")
    assert answer.code == 5
    assert "4 ran in " in answer.out
    assert f"mlops: git did not commit: {says}" in answer.err
    assert reason in answer.err
    assert "To keep this: git add " in answer.err
    assert "next time" not in answer.err
    assert states(home) == dict.fromkeys("abcx", "fresh")
    told = mlops(home, "run", "--commit", "--json")
    assert (told.code, told.json["commit"], reason in told.json["refused"]) == (5, None, True)


def test_without_commit_it_says_which_files_to_commit(home: Path) -> None:
    answer = mlops(home, "run")
    assert "git add .gitignore .mlops" in answer.err
    git(home, "add", ".gitignore", ".mlops")
    git(home, "commit", "-q", "-m", "as it said")
    assert git(home, "status", "--porcelain") == ""


# What it says -------------------------------------------------------------------------------------------------------


def test_results_go_to_standard_output_and_progress_to_standard_error(home: Path) -> None:
    answer = mlops(home, "run")
    assert len(answer.out.splitlines()) == 1
    assert answer.out.startswith("4 ran in ")
    assert sorted(line.split()[0] for line in answer.err.splitlines()[:4]) == ["a", "b", "c", "x"]


def test_under_json_standard_output_is_nothing_but_json(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": "echo noise; echo more >&2; touch o", "outs": ["o"]})
    answer = mlops(root, "run", "--json")
    assert answer.json["stages"][0]["status"] == "ran"
    assert "noise" not in answer.out + answer.err


def test_verbose_says_why_each_stage_starts(home: Path) -> None:
    assert "a starts: has not run yet" in mlops(home, "run", "-v").err


def test_metrics_are_shown_as_a_table_and_kept_in_the_record(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": """echo '{"auc": 0.9, "n": {"test": 3}}' > m.json""", "metrics": ["m.json"]})
    answer = mlops(root, "run")
    assert answer.out.splitlines()[0].split() == ["stage", "auc", "n.test"]
    assert answer.out.splitlines()[1].split() == ["s", "0.9", "3"]
    assert run_records(root)[0]["metrics"] == {"auc": 0.9, "n.test": 3}
    assert not (root / ".gitignore").exists()  # metrics are small, and meant to be committed


# What goes wrong ----------------------------------------------------------------------------------------------------


def test_a_failing_stage_ends_with_4_and_shows_the_end_of_its_log(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": "seq 1000; echo broken >&2; exit 3", "outs": ["o"]})
    answer = mlops(root, "run")
    assert answer.code == 4
    assert "s failed: exit code 3" in answer.err
    assert "  | broken\n" in answer.err
    assert "  | 1000\n" in answer.err
    assert "  | 900\n" not in answer.err
    log = root / Path(answer.err.split("whole log: ")[1].splitlines()[0])
    assert len(log.read_text().splitlines()) == 1001
    [row] = mlops(root, "run", "--json").json["stages"]
    assert (row["status"], row["exit_code"], row["message"]) == ("failed", 3, "exit code 3")


def test_a_log_of_raw_bytes_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    root = one(
        tmp_path,
        {"cmd": r"printf '\033[31mred\033[0m \007\016\033]0;title\001\377\n'; exit 1", "outs": ["o"]},
    )
    answer = mlops(root, "run")
    assert answer.code == 4
    assert "  | red " in answer.err
    assert not [c for c in answer.err if ord(c) < 32 and c != "\n"]


def test_who_reads_the_progress_may_leave_without_ending_the_run(home: Path, counter: Counter) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    subprocess.run(
        [*COMMAND, "run", "-v"], cwd=home, env=variables(), stderr=writing, stdout=writing, check=False
    )
    os.close(writing)
    assert counter.take() == ["a", "b", "c", "x"]
    assert states(home) == dict.fromkeys("abcx", "fresh")
    assert [record["status"] for record in run_records(home)] == ["ok"]


def test_after_a_failure_the_rest_is_skipped_and_with_k_only_what_depends_on_it(tmp_path: Path) -> None:
    stages = {
        "bad": {"cmd": "false", "outs": ["bad"]},
        "after": {"cmd": "cp bad after", "deps": ["bad"], "outs": ["after"]},
        "good": {"cmd": "touch good", "outs": ["good"]},
        "later": {"cmd": "cp good later", "deps": ["good"], "outs": ["later"]},
    }
    root = project(tmp_path / "p", stages)
    assert run(root, "-j", "1", code=4) == {
        "bad": "failed",
        "after": "skipped",
        "good": "skipped",
        "later": "skipped",
    }
    assert run(root, "-k", code=4) == {"bad": "failed", "after": "skipped", "good": "ran", "later": "ran"}
    assert [r["status"] for r in run_records(root)] == ["failed", "failed"]


def test_an_output_that_was_not_made_is_a_failure_that_says_so(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": "touch o1", "outs": ["o1", "o2"]})
    answer = mlops(root, "run")
    assert answer.code == 4
    assert "did not make its output o2" in answer.err
    assert not (root / "o1").exists()


def test_on_failure_the_old_output_comes_back_and_the_half_made_one_is_kept(tmp_path: Path) -> None:
    root = one(
        tmp_path,
        {"cmd": "echo half > o; test -e fine", "outs": ["o"], "deps": ["in"]},
        {"in": "1", "fine": ""},
    )
    run(root)
    (root / "fine").unlink()
    write(root / "o", "by hand\n")
    write(root / "in", "2")
    answer = mlops(root, "run")
    assert answer.code == 4
    assert (root / "o").read_text() == "by hand\n"
    folder = root / Path(answer.err.split("what it had made so far is in ")[1].split(")")[0])
    assert (folder / "o").read_text() == "half\n"
    assert stage_record(root, "s")["deps"]["in"]["size"] == 1


def test_an_edited_output_is_kept_aside_and_said_so(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": "echo made > o", "outs": ["o"], "deps": ["in"]}, {"in": "1"})
    run(root)
    write(root / "o", "by hand, precious\n")
    answer = mlops(root, "run")
    assert answer.code == 0
    assert (root / "o").read_text() == "made\n"
    kept = root / Path(answer.err.split("the file that lay there is kept as ")[1].splitlines()[0])
    assert kept.read_text() == "by hand, precious\n"


def test_a_stage_over_its_time_is_ended_with_all_its_children(tmp_path: Path) -> None:
    body = {"cmd": "sleep 300 & echo $! > child; sleep 300", "outs": ["o"], "timeout": 0.3}
    root = one(tmp_path, body)
    answer = mlops(root, "run")
    assert answer.code == 4
    assert "timeout of 0.3 seconds" in answer.err
    assert not _alive(int((root / "child").read_text()))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_retries_try_again_and_the_log_tells_the_attempts(tmp_path: Path, counter: Counter) -> None:
    cmd = counted('test "$(wc -l < "$COUNTER")" -ge 3 && touch o', "s")
    root = one(tmp_path, {"cmd": cmd, "outs": ["o"], "retries": 2})
    assert run(root) == {"s": "ran"}
    assert counter.take() == ["s", "s", "s"]
    (root / "o").unlink()
    define(root, {"s": {"cmd": counted("false", "s"), "outs": ["o"], "retries": 1}})
    answer = mlops(root, "run", "--json")
    assert counter.take() == ["s", "s"]
    assert "--- attempt 2 of 2 ---" in (root / answer.json["stages"][0]["log"]).read_text()


def test_a_program_that_does_not_exist_fails_with_what_the_shell_says(tmp_path: Path) -> None:
    answer = mlops(one(tmp_path, {"cmd": "no-such-program-anywhere", "outs": ["o"]}), "run")
    assert answer.code == 4
    assert "exit code 127" in answer.err
    assert "no-such-program-anywhere" in answer.err


def test_of_several_commands_the_first_that_fails_ends_the_stage(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": ["touch o", "false", "touch never"], "outs": ["o"]})
    assert run(root, code=4) == {"s": "failed"}
    assert not (root / "never").exists()


def test_a_stage_runs_in_its_working_directory_and_knows_its_name(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": 'pwd > o; echo "$MLOPS_STAGE" >> o', "wdir": "sub/dir", "outs": ["o"]})
    run(root)
    assert (root / "sub/dir/o").read_text() == f"{root}/sub/dir\ns\n"


def test_a_stage_reads_nothing_from_the_keyboard(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": "cat > o", "outs": ["o"]})
    assert run(root) == {"s": "ran"}
    assert (root / "o").read_bytes() == b""


def test_metrics_that_cannot_be_read_fail_the_stage_with_the_place(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": "printf '{\"a\":\\n oops}' > m.json", "metrics": ["m.json"]})
    answer = mlops(root, "run")
    assert answer.code == 4
    assert "m.json:2:" in answer.err


# What outputs may be ------------------------------------------------------------------------------------------------


def test_a_directory_is_restored_with_its_bits_links_and_empty_folders(tmp_path: Path) -> None:
    cmd = "mkdir -p o/e/f o/s; echo x > o/s/x; chmod +x o/s/x; ln -s s/x o/link"
    root = one(tmp_path, {"cmd": cmd, "outs": ["o"]})
    run(root)
    import shutil

    shutil.rmtree(root / "o")
    assert run(root) == {"s": "cached"}
    assert os.access(root / "o/s/x", os.X_OK)
    assert (root / "o/link").readlink() == Path("s/x")
    assert (root / "o/e/f").is_dir()


@pytest.mark.parametrize(
    ("cmd", "named"),
    [
        ("mkfifo o", "o is a device, a socket or a pipe"),
        ("mkdir o; mkfifo o/inside", "o/inside is a device, a socket or a pipe"),
        ("mkdir o; ln -s /etc/passwd o/l", "o/l is a link to /etc/passwd"),
        ("mkdir o; ln -s ../in.txt o/l", "o/l is a link to ../in.txt"),
        ("ln -s nowhere o", "did not make its output o"),
        ("""python -c "import socket; socket.socket(socket.AF_UNIX).bind('o')" """, "o is a device, a socket or a pipe"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_by_name(tmp_path: Path, cmd: str, named: str) -> None:
    root = one(tmp_path, {"cmd": cmd, "outs": ["o"]}, {"in.txt": ""})
    answer = mlops(root, "run")
    assert answer.code == 4
    assert named in answer.err
    assert not os.path.lexists(root / "o")
    assert states(root) == {"s": "stale"}


def test_an_output_that_is_a_link_to_a_file_has_the_content_of_that_file(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": "echo x > real; ln -s real o", "outs": ["o"]})
    assert run(root) == {"s": "ran"}
    (root / "o").unlink()
    assert run(root) == {"s": "cached"}
    assert (root / "o").read_text() == "x\n"


def test_a_persistent_output_is_there_when_the_stage_runs_again(tmp_path: Path) -> None:
    root = one(
        tmp_path,
        {"cmd": "cat in >> o", "deps": ["in"], "outs": [{"path": "o", "persist": True}]},
        {"in": "1\n"},
    )
    run(root)
    write(root / "in", "2\n")
    run(root)
    assert (root / "o").read_text() == "1\n2\n"


def test_a_directory_in_place_of_an_output_gives_way_and_is_kept_aside(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": "echo x > o", "outs": ["o"]})
    write(root / "o/old", "precious")
    git(root, "add", "-A")
    git(root, "rm", "-rq", "--cached", "o")
    answer = mlops(root, "run")
    assert answer.code == 0
    assert (root / "o").read_text() == "x\n"
    kept = root / Path(answer.err.split("the file that lay there is kept as ")[1].splitlines()[0])
    assert (kept / "old").read_text() == "precious"


# Damage -------------------------------------------------------------------------------------------------------------


def test_a_damaged_object_is_never_taken_for_the_result(tmp_path: Path, counter: Counter) -> None:
    root = one(tmp_path, {"cmd": counted("echo right > o", "s"), "outs": ["o"]})
    run(root)
    (root / "o").unlink()
    [thing] = [p for p in (root / ".git/mlops/objects").glob("??/*") if p.read_bytes() == b"right\n"]
    thing.chmod(0o644)
    thing.write_bytes(b"wrong\n")
    run(root)
    assert (root / "o").read_text() == "right\n"
    assert states(root) == {"s": "fresh"}
    (root / "o").unlink()
    assert run(root) == {"s": "cached"}
    assert (root / "o").read_text() == "right\n"


def test_a_damaged_object_inside_a_directory_is_never_taken_for_the_result(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": "mkdir o; echo right > o/f; echo fine > o/g", "outs": ["o"]})
    run(root)
    [thing] = [p for p in (root / ".git/mlops/objects").glob("??/*") if p.read_bytes() == b"right\n"]
    thing.chmod(0o644)
    thing.write_bytes(b"rig")
    import shutil

    shutil.rmtree(root / "o")
    run(root)
    assert (root / "o/f").read_text() == "right\n"
    assert states(root) == {"s": "fresh"}


def test_when_a_result_cannot_be_written_the_file_that_lay_there_comes_back(tmp_path: Path) -> None:
    root = one(tmp_path, {"cmd": "echo made > o", "outs": ["o"]})
    write(root / ".git/mlops/results", "a file where a folder should be\n")
    write(root / "o", "precious\n")
    answer = mlops(root, "run")
    assert answer.code == 4
    assert f"{root}/.git/mlops/results/" in answer.err
    assert ".tmp" not in answer.err
    assert (root / "o").read_text() == "precious\n"
    assert not list((root / ".git/mlops/tmp").iterdir())


def test_deleting_the_local_folder_loses_nothing_but_time(home: Path) -> None:
    import shutil

    run(home)
    shutil.rmtree(home / ".git/mlops")
    assert states(home) == dict.fromkeys("abcx", "fresh")
    write(home / "in.txt", "2\n")
    assert run(home) == {"a": "ran", "b": "ran", "c": "ran", "x": "fresh"}


def test_a_run_with_a_shared_cache_takes_results_of_another_project(tmp_path: Path, counter: Counter) -> None:
    first = project(tmp_path / "p", STAGES, {"in.txt": "1\n"})
    second = project(tmp_path / "q", STAGES, {"in.txt": "1\n"})
    env = {"MLOPS_CACHE_DIR": str(tmp_path / "shared")}
    run(first, env=env)
    counter.take()
    assert set(run(second, env=env).values()) == {"cached"}
    assert counter.take() == []
    assert not (second / ".git/mlops/objects").exists()


def test_secrets_in_the_command_and_environment_stay_out_of_records(tmp_path: Path) -> None:
    root = one(
        tmp_path,
        {
            "cmd": "echo https://me:hunter2@example.org/x --password=hunter2 > /dev/null; touch o",
            "outs": ["o"],
        },
    )
    mlops(root, "run", env={"MY_TOKEN": "hunter3"})
    texts = "".join(p.read_text() for p in (root / ".mlops").rglob("*.json"))
    assert "hunter3" not in texts
    assert "hunter2" not in texts


def test_a_run_in_ci_says_so_in_its_record(home: Path) -> None:
    env = {"CI": "true", "CI_JOB_URL": "https://ci.example.org/7"}
    run(home, env=env)
    assert run_records(home)[0]["trigger"] == {"kind": "ci", "url": "https://ci.example.org/7"}


def test_inside_a_git_hook_the_right_repository_is_meant(home: Path, tmp_path: Path) -> None:
    write(home / ".git/hooks/pre-commit", "#!/bin/sh\nexec python -m mlops_cli run -q\n", executable=True)
    write(home / "in.txt", "2\n")
    git(home, "commit", "-qam", "change")
    assert (home / "c.txt").read_text() == "2\n"
    [record] = run_records(home)
    assert record["trigger"]["kind"] == "hook"
    commit(home, "records")


def test_a_dirty_worktree_is_recorded_and_own_files_do_not_make_it_so(home: Path) -> None:
    run(home, "a")
    run(home, "b")
    write(home / "new.py", "")
    run(home, "c")
    assert [r["code"]["dirty"] for r in run_records(home)] == [False, False, True]


def test_the_same_record_is_written_on_another_clone(home: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(home), "clone")
    run(home)
    run(tmp_path / "clone", "-j", "1", "-m", "elsewhere")
    for stage in "abcx":
        path = f".mlops/stages/{stage}.json"
        assert (home / path).read_bytes() == (tmp_path / "clone" / path).read_bytes()
        assert json.loads((home / path).read_bytes()).keys() == {
            "schema", "stage", "key", "program", "wdir", "deps", "params", "env", "runtime", "outs",
        }  # fmt: skip


def test_a_run_of_everything_removes_the_records_of_stages_that_are_gone(
    tmp_path: Path, counter: Counter
) -> None:
    root = project(tmp_path / "p", STAGES, {"in.txt": "in\n"})
    run(root)
    define(root, {name: stage for name, stage in STAGES.items() if name != "x"})
    run(root, "c")
    assert (root / ".mlops/stages/x.json").exists()
    answer = mlops(root, "run")
    assert "removed .mlops/stages/x.json" in answer.err
    assert not (root / ".mlops/stages/x.json").exists()
    assert (root / ".mlops/stages/c.json").exists()
    assert (root / "x.txt").exists()


def test_only_says_who_makes_an_input_that_is_not_there(tmp_path: Path, counter: Counter) -> None:
    root = project(tmp_path / "p", STAGES, {"in.txt": "in\n"})
    answer = mlops(root, "run", "--only", "b")
    assert answer.code == 3
    assert "a.txt is not there, and a, which makes it, is not part of this run" in answer.err


def test_the_files_to_commit_are_named_from_where_the_user_stands(tmp_path: Path, counter: Counter) -> None:
    root = project(tmp_path / "p", STAGES, {"in.txt": "in\n", "deep/down/x": ""})
    answer = mlops(root / "deep/down", "run")
    assert "git add ../../.gitignore ../../.mlops" in answer.err
