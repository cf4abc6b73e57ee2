"""What holds for every command: options, places, streams, errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.command import (
    COMMAND,
    PATIENCE,
    Answer,
    commit,
    define,
    finish,
    git,
    mlops,
    project,
    repository,
    start,
    states,
    variables,
)
from tests.support.command import run as run_stages
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

STAGES = {
    "one": {"cmd": "cp in.txt one.txt", "deps": ["in.txt"], "outs": ["one.txt"]},
    "two": {"cmd": "cp one.txt two.txt", "deps": ["one.txt"], "outs": ["two.txt"], "desc": "Copy it again"},
}
READING = ["status", "graph", "stages"]
PIPELINE = ["run", *READING]
ALL = ["init", *PIPELINE]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return project(tmp_path / "p", STAGES, {"in.txt": "a\n"})


def test_without_arguments_the_help_is_shown_and_that_is_no_error(tmp_path: Path) -> None:
    answer = mlops(tmp_path)
    assert answer.code == 0
    assert all(name in answer.out for name in ALL)


@pytest.mark.parametrize("command", ALL)
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    answer = mlops(tmp_path, command, "--help")
    assert answer.code == 0
    assert "--json" in answer.out
    assert answer.err == ""


def test_the_version_is_one_line(tmp_path: Path) -> None:
    answer = mlops(tmp_path, "--version")
    assert (answer.code, answer.out.split()[0], len(answer.out.splitlines())) == (0, "mlops", 1)


@pytest.mark.parametrize("command", ALL)
def test_outside_a_git_repository_each_command_says_how_to_make_one(tmp_path: Path, command: str) -> None:
    answer = mlops(tmp_path, command)
    assert answer.code == 2
    assert answer.out == ""
    assert str(tmp_path) in answer.err
    assert "git init" in answer.err


@pytest.mark.parametrize("command", ALL)
def test_an_error_under_json_is_json_on_standard_output(tmp_path: Path, command: str) -> None:
    answer = mlops(tmp_path, command, "--json")
    assert answer.code == 2
    error = answer.json["error"]
    assert answer.json["schema"] == 1
    assert (error["kind"], error["exit_code"]) == ("usage", 2)
    assert "git init" in error["hint"]


@pytest.mark.parametrize("command", PIPELINE)
def test_without_a_pipeline_file_each_command_names_init(tmp_path: Path, command: str) -> None:
    answer = mlops(repository(tmp_path / "p"), command)
    assert answer.code == 3
    assert "mlops.yaml" in answer.err
    assert "mlops init" in answer.err


@pytest.mark.parametrize("command", PIPELINE)
def test_a_pipeline_without_stages_is_no_error(tmp_path: Path, command: str) -> None:
    root = repository(tmp_path / "p")
    assert mlops(root, "init").code == 0
    answer = mlops(root, command)
    assert answer.code == 0, answer
    value = mlops(root, command, "--json")
    assert value.code == 0
    assert value.json.get("stages", value.json.get("nodes")) == []


@pytest.mark.parametrize("command", PIPELINE)
def test_every_problem_of_a_file_is_named_with_its_line_and_column(tmp_path: Path, command: str) -> None:
    text = "stages:\n  a:\n    cmd: 'true'\n    dep: [x]\n  b:\n    cmd: 'true'\n    retries: many\n"
    root = project(tmp_path / "p", text)
    answer = mlops(root, command)
    assert answer.code == 3
    assert 'mlops.yaml:4:5: unknown key "dep"' in answer.err
    assert 'did you mean "deps"?' in answer.err
    assert "mlops.yaml:7:14: " in answer.err
    problems = mlops(root, command, "--json").json["error"]["problems"]
    assert [(p["file"], p["line"], p["column"]) for p in problems] == [
        ("mlops.yaml", 4, 5),
        ("mlops.yaml", 7, 14),
    ]


@pytest.mark.parametrize("command", PIPELINE)
def test_a_stage_that_does_not_exist_is_a_usage_error_with_the_nearest_name(home: Path, command: str) -> None:
    answer = mlops(home, command, "tow")
    assert answer.code == 2
    assert '"tow"' in answer.err
    assert 'Did you mean "two"?' in answer.err


@pytest.mark.parametrize("command", ALL)
def test_an_unknown_option_is_a_usage_error_that_points_to_the_help(home: Path, command: str) -> None:
    answer = mlops(home, command, "--nonsense")
    assert answer.code == 2
    assert "--nonsense" in answer.err
    assert f"mlops {command} --help" in answer.err
    error = mlops(home, command, "--nonsense", "--json").json["error"]
    assert error["exit_code"] == 2


def test_an_unknown_command_is_a_usage_error(home: Path) -> None:
    answer = mlops(home, "statsu")
    assert answer.code == 2
    assert "statsu" in answer.err
    assert "mlops" in answer.err


@pytest.mark.parametrize("command", PIPELINE)
def test_a_folder_may_be_named_before_or_after_the_command(home: Path, tmp_path: Path, command: str) -> None:
    before = mlops(tmp_path, "-C", "p", command, "--json")
    after = mlops(tmp_path, command, "-C", str(home), "--json")
    assert (before.code, after.code) == (0, 0)
    assert before.json.keys() == after.json.keys()
    both = mlops(tmp_path.parent, "-C", tmp_path.name, command, "-C", "p", "--json")
    assert both.code == 0


@pytest.mark.parametrize("command", ALL)
def test_a_folder_that_does_not_exist_is_named(tmp_path: Path, command: str) -> None:
    answer = mlops(tmp_path, "-C", "nowhere", command)
    assert answer.code == 2
    assert "nowhere" in answer.err


@pytest.mark.parametrize("command", ALL)
def test_quiet_says_nothing_at_all(home: Path, command: str) -> None:
    for answer in (mlops(home, command, "-q"), mlops(home, "-q", command)):
        assert (answer.code, answer.out, answer.err) == (0, "", "")


@pytest.mark.parametrize("command", ALL)
def test_quiet_still_prints_json_and_errors(home: Path, command: str) -> None:
    assert mlops(home, command, "-q", "--json").json["schema"] == 1
    assert "--nonsense" in mlops(home, command, "-q", "--nonsense").err


@pytest.mark.parametrize("command", ALL)
def test_json_may_be_asked_for_before_the_command(home: Path, command: str) -> None:
    assert mlops(home, "--json", command).json["schema"] == 1


@pytest.mark.parametrize("command", ALL)
def test_into_a_pipe_no_colours_are_written(home: Path, command: str) -> None:
    answer = mlops(home, command)
    assert "\x1b" not in answer.out + answer.err


@pytest.mark.parametrize("command", PIPELINE)
def test_no_color_is_honoured_on_a_terminal(home: Path, command: str) -> None:
    assert "\x1b[" not in _on_terminal(home, [command], {"NO_COLOR": "1", "TERM": "xterm"})


def _on_terminal(folder: Path, arguments: list[str], env: dict[str, str]) -> str:
    """Return what a command writes to a terminal."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments], cwd=folder, env=variables(env), stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        seen = b""
        try:
            while data := os.read(ours, 65536):
                seen += data
        except OSError:
            pass  # that is how Linux says that the other end is closed
        assert process.wait(PATIENCE) == 0
    os.close(ours)
    return seen.decode()


@pytest.mark.parametrize("group", ["remote", "hooks", "profile", "migrate"])
def test_a_group_without_a_command_says_that_one_is_missing(home: Path, group: str) -> None:
    answer = mlops(home, group)
    assert answer.code == 2
    assert answer.err == f"mlops: Missing command\nSee what there is with: mlops {group} --help\n"


@pytest.mark.parametrize("command", ["status", "graph", "stages", "run", "init", "--help"])
def test_a_reader_that_has_had_enough_is_no_error_of_ours(home: Path, command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, command],
        cwd=home,
        env=variables(),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    os.close(writing)
    assert done.returncode in (0, 141)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert "bug" not in done.stderr


def _into(folder: Path, streams: str, *arguments: str, env: dict[str, str] | None = None) -> Answer:
    """Run a command whose streams a shell has led elsewhere."""
    script = f'"$@" {streams}'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *COMMAND, *arguments],
        cwd=folder,
        env=variables(env),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [["status"], ["--json", "status"], ["stages", "-o", "csv"], ["--help"]])
def test_a_result_that_cannot_be_written_is_told_on_standard_error(
    home: Path, command: list[str], unbuffered: str
) -> None:
    answer = _into(home, "> /dev/full", *command, env={"PYTHONUNBUFFERED": unbuffered})
    assert answer.code == 5
    assert "No space left on device" in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["push"], ["status", "nope"], ["nonsense"]])
def test_an_error_keeps_its_exit_code_where_its_json_cannot_be_written(
    home: Path, arguments: list[str]
) -> None:
    usual = mlops(home, *arguments)
    for streams in ("> /dev/full", ">&-", "2> /dev/full", "2>&-", "<&- >&- 2>&-"):
        answer = _into(home, streams, "--json", *arguments)
        assert answer.code == usual.code == 2
    assert _into(home, "> /dev/full", "--json", *arguments).err == usual.err


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&-", "<&- >&- 2>&-", "2> /dev/full"])
@pytest.mark.parametrize(
    "command", [["status"], ["run"], ["--json", "status"], ["gc"], ["runs"], ["--version"]]
)
def test_a_closed_stream_changes_nothing_but_what_is_seen(
    home: Path, command: list[str], streams: str
) -> None:
    assert _into(home, streams, *command).code == 0


def test_the_answer_no_is_an_exit_code_where_nothing_can_be_said(home: Path) -> None:
    assert _into(home, ">&- 2>&-", "status", "--check").code == 1


def test_what_steers_a_terminal_is_spelled_out_on_one_and_kept_in_json_and_files(home: Path) -> None:
    name = "a\x1b]0;title\x07b.bin"
    write(home / name, "x\n")
    shown = _on_terminal(home, ["add", name], {"TERM": "xterm"})
    assert "tracked a\\x1b]0;title\\x07b.bin" in shown
    assert "\x1b]" not in shown + _on_terminal(home, ["status", "-v"], {"TERM": "xterm"})
    assert mlops(home, "--json", "status").json["data"][0]["path"] == name


@pytest.mark.parametrize("command", PIPELINE)
def test_in_a_folder_of_the_project_the_whole_project_is_meant(home: Path, command: str) -> None:
    folder = home / "src" / "deep"
    folder.mkdir(parents=True)
    answer = mlops(folder, command, "--json")
    assert answer.code == 0
    names = [row["name"] for row in answer.json.get("stages", answer.json.get("nodes"))]
    assert names == ["one", "two"]


@pytest.mark.parametrize("command", PIPELINE)
def test_in_the_folder_of_a_sub_project_its_stages_need_no_address(tmp_path: Path, command: str) -> None:
    root = project(
        tmp_path / "p",
        "include: [models/churn]\nstages:\n  top: {cmd: touch t, outs: [t]}\n",
        {"models/churn/mlops.yaml": "stages:\n  train: {cmd: touch m, outs: [m]}\n"},
    )
    answer = mlops(root / "models/churn", command, "train", "--json")
    assert answer.code == 0, answer
    names = [row["name"] for row in answer.json.get("stages", answer.json.get("nodes"))]
    assert names == ["models/churn:train"]


def test_a_project_in_a_folder_of_a_repository_reads_files_above_it(tmp_path: Path) -> None:
    top = repository(tmp_path / "p")
    write(top / "shared.txt", "shared\n")
    define(
        top / "team", {"a": {"cmd": "cp ../shared.txt a.txt", "deps": ["../shared.txt"], "outs": ["a.txt"]}}
    )
    commit(top, "a project below")
    assert run_stages(top / "team") == {"a": "ran"}
    assert (top / "team/a.txt").read_text() == "shared\n"
    assert (top / "team/.mlops/stages/a.json").exists()
    assert not (top / ".mlops").exists()
    write(top / "shared.txt", "other\n")
    assert states(top / "team") == {"a": "stale"}


def test_a_linked_worktree_shares_results_and_has_records_of_its_own(home: Path, tmp_path: Path) -> None:
    run_stages(home)
    other = tmp_path / "linked"
    git(home, "worktree", "add", "-q", str(other))
    assert states(other) == {"one": "cached", "two": "cached"}
    assert run_stages(other) == {"one": "cached", "two": "cached"}
    assert (other / "two.txt").read_text() == "a\n"
    assert not (other / ".git").is_dir()
    assert states(other) == states(home) == {"one": "fresh", "two": "fresh"}


def test_before_the_first_commit_everything_works(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    define(root, STAGES)
    write(root / "in.txt", "a\n")
    assert run_stages(root) == {"one": "ran", "two": "ran"}
    [record] = [json.loads(p.read_bytes()) for p in (root / ".mlops/runs").glob("*/*.json")]
    kept = git(root, "ls-tree", "-r", "--name-only", record["code"].pop("snapshot")).splitlines()
    assert kept == ["in.txt", "mlops.yaml"]
    assert record["code"] == {"commit": None, "tree": None, "dirty": True, "branch": "main"}
    assert states(root) == {"one": "fresh", "two": "fresh"}


def test_a_detached_head_is_no_branch(home: Path) -> None:
    head = git(home, "rev-parse", "HEAD").strip()
    git(home, "checkout", "-q", "--detach")
    assert run_stages(home) == {"one": "ran", "two": "ran"}
    [record] = [json.loads(p.read_bytes()) for p in (home / ".mlops/runs").glob("*/*.json")]
    assert (record["code"]["commit"], record["code"]["branch"]) == (head, None)


@pytest.mark.parametrize("command", PIPELINE)
def test_a_bare_repository_is_explained(tmp_path: Path, command: str) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare")
    answer = mlops(tmp_path / "bare", command)
    assert answer.code == 2
    assert f"git clone {tmp_path}/bare" in answer.err


@pytest.mark.parametrize("command", READING)
def test_reading_commands_work_where_nothing_can_be_written(home: Path, command: str) -> None:
    run_stages(home)
    local = home / ".git/mlops"
    folders = [local, *(p for p in local.rglob("*") if p.is_dir())]
    try:
        for folder in folders:
            folder.chmod(0o555)
        (local / "state.db").chmod(0o444)
        write(home / "in.txt", "changed\n")
        answer = mlops(home, command, "--json")
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert answer.code == 0, answer
    if command == "status":
        assert [row["state"] for row in answer.json["stages"]] == ["stale", "waiting"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_run_where_nothing_can_be_written_says_which_folder(home: Path) -> None:
    local = home / ".git/mlops"
    local.mkdir()
    local.chmod(0o555)
    try:
        answer = mlops(home, "run")
    finally:
        local.chmod(0o755)
    assert answer.code == 5
    assert ".git/mlops" in answer.err


@pytest.mark.parametrize("command", ["status", "run"])
def test_a_damaged_stage_record_is_named_with_how_to_bring_it_back(home: Path, command: str) -> None:
    run_stages(home)
    write(home / ".mlops/stages/one.json", '{"schema": 1, "stage": "one", "key"')
    answer = mlops(home, command)
    assert answer.code == 3
    assert ".mlops/stages/one.json" in answer.err
    assert "git checkout -- .mlops/stages/one.json" in answer.err


@pytest.mark.parametrize("command", ["status", "run"])
def test_a_record_with_conflict_marks_is_named(home: Path, command: str) -> None:
    run_stages(home)
    record = home / ".mlops/stages/one.json"
    write(record, f"<<<<<<< ours\n{record.read_text()}=======\n{record.read_text()}>>>>>>> theirs\n")
    answer = mlops(home, command)
    assert answer.code == 3
    assert ".mlops/stages/one.json" in answer.err


def test_the_way_out_of_committed_conflict_marks_helps(home: Path) -> None:
    write(home / "d", "d\n")
    assert mlops(home, "add", "d").code == 0
    run_stages(home)
    for name in (".mlops/stages/one.json", ".mlops/data/d.json"):
        text = (home / name).read_text()
        write(home / name, f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n")
    commit(home, "with marks")
    for name, again in ((".mlops/data/d.json", "mlops add d"), (".mlops/stages/one.json", "mlops run")):
        assert f"rm {name}; then: {again}" in mlops(home, "status").err
        (home / name).unlink()
        if again == "mlops add d":
            mlops(home, "add", "d")
    assert mlops(home, "run").code == 0
    assert mlops(home, "status", "--check").code == 0


@pytest.mark.parametrize("command", ["status", "run"])
def test_a_record_of_a_newer_version_is_never_guessed_at(home: Path, command: str) -> None:
    run_stages(home)
    record = home / ".mlops/stages/one.json"
    value = json.loads(record.read_bytes())
    write(record, json.dumps(value | {"schema": 99}))
    answer = mlops(home, command)
    assert answer.code == 3
    assert "schema 99" in answer.err
    assert "pip install --upgrade" in answer.err


@pytest.mark.parametrize("command", PIPELINE)
def test_broken_settings_are_named_with_their_place(home: Path, command: str) -> None:
    write(home / ".mlops/config.yaml", "run:\n  jobs: many\n")
    answer = mlops(home, command)
    assert answer.code == 3
    assert ".mlops/config.yaml:2:9" in answer.err


@pytest.mark.parametrize("command", PIPELINE)
def test_a_damaged_cache_of_digests_is_rebuilt_without_a_word(home: Path, command: str) -> None:
    run_stages(home)
    for name in ("state.db-wal", "state.db-shm"):
        (home / ".git/mlops" / name).unlink(missing_ok=True)
    write(home / ".git/mlops/state.db", b"not a database" * 1000)
    answer = mlops(home, command, "--json")
    assert (answer.code, answer.err) == (0, "")
    assert states(home) == {"one": "fresh", "two": "fresh"}


def test_a_folder_in_place_of_the_cache_of_digests_costs_nothing_but_time(home: Path) -> None:
    run_stages(home)
    for path in (home / ".git/mlops").glob("state.db*"):
        path.unlink()
    (home / ".git/mlops/state.db/inside").mkdir(parents=True)
    assert states(home) == {"one": "fresh", "two": "fresh"}


@pytest.mark.parametrize(
    ("path", "kind"),
    [("mlops.yaml", "folder"), (".mlops/stages/one.json", "folder"), (".mlops/config.yaml", "folder"), (".mlops", "file"),
     ("mlops.yaml", "binary"), ("mlops.yaml", "loop")],
)  # fmt: skip
def test_something_strange_in_place_of_our_files_is_explained(home: Path, path: str, kind: str) -> None:
    place = home / path
    if place.is_file():
        place.unlink()
    if kind == "folder":
        place.mkdir(parents=True)
    elif kind == "binary":
        place.write_bytes(bytes(range(256)))
    elif kind == "loop":
        place.symlink_to(place.name)
    else:
        place.write_text("a file\n")
    for command in ("status", "run", "stages"):
        answer = mlops(home, command)
        assert answer.code in (0, 3, 5), answer
        if answer.code:
            assert path in answer.err


def test_a_repository_whose_git_file_leads_nowhere_is_explained(tmp_path: Path) -> None:
    write(tmp_path / "p/.git", "gitdir: ../nowhere\n")
    write(tmp_path / "q/.git", "nonsense\n")
    define(tmp_path / "p", STAGES)
    for name in ("p", "q"):
        answer = mlops(tmp_path / name, "status")
        assert answer.code in (2, 3, 5), answer
        assert answer.err


@pytest.mark.parametrize(
    "name",
    ["with space", "ünïcödé-数据", "-leading-dash", "--also", "new\nline", "quote'\"", "dollar$HOME", "#hash", "[set]", "a;b"],
)  # fmt: skip
def test_a_project_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    root = project(tmp_path / name, STAGES, {"in.txt": "a\n"})
    assert run_stages(root) == {"one": "ran", "two": "ran"}
    assert states(root) == {"one": "fresh", "two": "fresh"}
    assert mlops(tmp_path, "-C", name, "status", "--check").code == 0


@pytest.mark.parametrize(
    "name", ["with space.txt", "ünïcödé-数据.txt", "-leading-dash", "quote'.txt", "#hash", "!bang", "tail "]
)
def test_inputs_and_outputs_may_have_any_name(tmp_path: Path, name: str) -> None:
    stages = {
        "a": {"cmd": 'cp -- in/* "$OUT"', "deps": [f"in/{name}"], "outs": [f"out/{name}"], "env": ["OUT"]}
    }
    root = project(tmp_path / "p", stages, {f"in/{name}": "a\n"})
    env = {"OUT": f"out/{name}"}
    assert mlops(root, "run", env=env).code == 0
    assert (root / "out" / name).read_text() == "a\n"
    assert mlops(root, "status", "--check", env=env).code == 0
    # Git sees the record and the rules, and not the output.
    seen = git(root, "status", "--porcelain", "-uall", "-z").split("\0")
    assert sorted(row[3:].split("/")[0] for row in seen if row) == [".gitignore", ".mlops", ".mlops"]


INTERRUPTED_WHILE_TIDYING_UP = """
import time, weakref
from mlops_cli.cli import app

def interrupted(_):
    raise KeyboardInterrupt

class Thing:
    pass

def build(arguments):
    thing = Thing()
    reference = weakref.ref(thing, interrupted)
    del thing
    time.sleep(60)

app.build = build
app.main(["status"])
"""


def test_ctrl_c_that_comes_while_python_tidies_up_is_not_lost() -> None:
    command = [sys.executable, "-c", INTERRUPTED_WHILE_TIDYING_UP]
    answer = subprocess.run(command, env=variables(), capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (130, "mlops: stopped\n")


def test_an_interrupted_command_leaves_with_130(home: Path) -> None:
    import signal

    define(home, {"slow": {"cmd": "touch started; sleep 60; touch s", "outs": ["s"]}})
    process = start(home, "run")
    while not (home / "started").exists() and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    assert finish(process).code == 130
