"""`mlops run -S`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import Counter, git, mlops, project
from tests.support.files import write
from tests.support.sweeps import STAGES, belongings, sweep_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command import Answer


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    found = Counter(tmp_path / "counter")
    monkeypatch.setenv("COUNTER", str(found.path))
    return found


@pytest.fixture
def home(tmp_path: Path, counter: Counter) -> Path:
    return sweep_project(tmp_path / "p")


def refused(home: Path, *arguments: str, code: int = 2) -> str:
    answer = mlops(home, "run", *arguments)
    assert answer.code == code, answer
    assert not (home / ".git/mlops/worktrees").exists()
    return answer.err


def rows(answer: Answer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.json["experiments"]
    return found


def test_the_table_has_the_best_first_and_says_what_to_do_next(home: Path) -> None:
    answer = mlops(home, "run", "-S", "train.lr=0.2,0.1", "-m", "which rate")
    assert answer.code == 0, answer
    head, first, second, total, hint = answer.out.splitlines()
    assert head.split() == ["run", "status", "train.lr", "accuracy", "↑", "rows"]
    assert first.split()[1:] == ["ok", "0.1", "0.95", "18"]
    assert second.split()[1:] == ["ok", "0.2", "0.9", "18"]
    assert (total, hint) == ("2 experiments: 2 ok.", "Take one over with: mlops apply RUN")
    assert len([line for line in answer.err.splitlines() if line.startswith("train.lr=0.")]) == 2
    found = mlops(home, "runs", "--all", "--json").json["runs"]
    assert {run["message"] for run in found} == {"which rate"}


def test_nothing_starts_when_anything_is_wrong_and_all_of_it_is_told(home: Path) -> None:
    said = refused(home, "-S", "train.dpeth=1", "-S", "train.lr=range(1)")
    assert "there is no train.dpeth in params.yaml" in said
    assert "range takes two or three numbers" in said
    said = refused(home, "-S", "train.lr=uniform(0,1)", "-S", "train.dpeth=1")
    assert "how many values of train.lr are to be drawn? as in --sample 20" in said
    assert "there is no train.dpeth in params.yaml" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sample", "3"], "--sample goes with -S"),
        (["--max", "3"], "--max goes with -S"),
        (["--parallel", "3"], "--parallel goes with -S"),
        (["-S", "train.lr=1", "--seed", "3"], "--seed is for what is drawn"),
        (["-S", "train.lr=1", "--parallel", "0"], "--parallel takes a number of 1 or more"),
        (["-S", "train.lr=1", "--commit"], "--commit is for a run in place"),
        (["-S", "train.lr=1", "--pull"], "--pull is for a run in place"),
        (["-S", "train.lr=uniform(0,1)"], "how many values of train.lr are to be drawn"),
        (["-S", "train.lr=1", "nowhere"], 'there is no stage "nowhere"'),
    ],
)
def test_what_does_not_go_together_is_refused(home: Path, arguments: list[str], message: str) -> None:
    assert message in refused(home, *arguments)


def test_a_project_without_a_commit_is_told_to_make_one(tmp_path: Path) -> None:
    home = tmp_path / "p"
    home.mkdir()
    git(home, "init", "--quiet")
    write(home / "mlops.yaml", "stages: {s: {cmd: 'echo 1 > a', params: [x], outs: [a]}}\n")
    write(home / "params.yaml", "x: 1\n")
    answer = mlops(home, "run", "-S", "x=1,2")
    assert answer.code == 2
    assert "there is no commit yet" in answer.err


def test_a_dry_run_lists_the_experiments_and_starts_none(home: Path) -> None:
    answer = mlops(home, "run", "-S", "train.lr=loguniform(1e-3,1e-1)", "--sample", "3", "-n", "--json")
    again = mlops(home, "run", "-S", "train.lr=loguniform(1e-3,1e-1)", "--sample", "3", "-n", "--json")
    assert answer.json["dry"] is True
    assert [row["status"] for row in rows(answer)] == ["waiting"] * 3
    assert answer.json == again.json
    assert not (home / ".git/mlops/worktrees").exists()


def test_a_failure_ends_the_sweep_unless_it_is_told_to_go_on(home: Path) -> None:
    arguments = ["run", "--json", "--parallel", "1", "-S", "train.depth=3,text,4"]
    answer = mlops(home, *arguments)
    assert answer.code == 4
    assert [row["status"] for row in rows(answer)] == ["ok", "failed", "left"]
    assert "train: exit code 1: ValueError" in rows(answer)[1]["message"]  # and the last thing that it said
    answer = mlops(home, *arguments, "-k")
    assert answer.code == 4
    assert [row["status"] for row in rows(answer)] == ["ok", "failed", "ok"]
    # A failed experiment is a run, too, and was kept.
    failed = mlops(home, "runs", "--all", "--json").json["runs"]
    assert [run["status"] for run in failed].count("failed") == 2


@pytest.mark.slow
def test_after_so_many_the_rest_is_left_and_done_the_next_time(home: Path, counter: Counter) -> None:
    arguments = ["run", "--json", "--max", "2", "-S", "train.lr=0.1,0.2,0.3"]
    first = mlops(home, *arguments)
    assert (first.code, [row["status"] for row in rows(first)]) == (0, ["ok", "ok", "left"])
    counter.take()
    second = mlops(home, *arguments)
    assert [row["status"] for row in rows(second)] == ["ok", "ok", "ok"]
    assert counter.take() == ["train"]
    assert first.json["sweep"] == second.json["sweep"]


@pytest.mark.slow
def test_force_runs_what_was_done_before(home: Path, counter: Counter) -> None:
    assert mlops(home, "run", "-q", "-S", "train.lr=0.1").code == 0
    counter.take()
    answer = mlops(home, "run", "--json", "-f", "-S", "train.lr=0.1", "train")
    assert "before" not in rows(answer)[0]
    assert counter.take() == ["train"]


@pytest.mark.slow
def test_several_files_and_new_parameters_can_be_set(tmp_path: Path) -> None:
    stages = {
        "s": {
            "cmd": "cat params.yaml other.json conf.toml > all.txt",
            "deps": ["params.yaml"],
            "params": [{"other.json": ["a"]}, {"conf.toml": ["t.x"]}],
            "outs": ["all.txt"],
        }
    }
    files: dict[str, bytes | str] = {
        "params.yaml": "x: 1 # one\n",
        "other.json": '{"a": {"b": 1}}\n',
        "conf.toml": "[t]\nx = 1 # two\n",
    }
    home = project(tmp_path / "p", stages, files)
    before = belongings(home)
    sets = ["x=no", "other.json:a.b=[1, 2]", "conf.toml:t.x=2.5", "+new.name=null"]
    answer = mlops(home, "run", "--json", *(part for text in sets for part in ("-S", text)))
    assert answer.code == 0, answer
    (row,) = rows(answer)
    assert row["set"] == {"x": "no", "other.json:a.b": [1, 2], "conf.toml:t.x": 2.5, "new.name": None}
    assert belongings(home) == before
    assert mlops(home, "apply", row["run"]).code == 0
    assert (home / "params.yaml").read_text() == 'x: "no" # one\nnew:\n  name: null\n'
    assert json.loads((home / "other.json").read_text()) == {"a": {"b": [1, 2]}}
    assert (home / "conf.toml").read_text() == "[t]\nx = 2.5 # two\n"
    assert (home / "all.txt").read_text().startswith('x: "no" # one')


def test_a_parameter_that_no_stage_names_is_told(home: Path) -> None:
    answer = mlops(home, "run", "-n", "-S", "+other=1")
    assert "no stage of this run names other under params" in answer.err


def test_from_a_folder_below_and_for_some_stages_only(home: Path, counter: Counter) -> None:
    (home / "src").mkdir()
    answer = mlops(home / "src", "run", "--json", "-S", "train.lr=0.1", "prepare")
    assert answer.code == 0, answer
    assert counter.take() == ["prepare"]


def test_tracked_data_is_there(tmp_path: Path, counter: Counter) -> None:
    stages = {**STAGES, "prepare": {**STAGES["prepare"], "deps": ["raw.txt", "notes.txt", "big"]}}
    home = sweep_project(tmp_path / "p", stages)
    write(home / "big/one", "1")
    assert mlops(home, "add", "big").code == 0
    before = belongings(home)
    assert mlops(home, "run", "-q", "-S", "train.lr=0.1,0.2").code == 0
    assert belongings(home) == before
    # Not even in the workspace: its record is enough.
    (home / "big/one").unlink()
    (home / "big").rmdir()
    assert mlops(home, "run", "-q", "-S", "train.lr=0.3").code == 0


@pytest.mark.slow
def test_stages_that_must_be_alone_run_one_at_a_time(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    stages = {
        "s": {
            "cmd": f"test ! -e {mark} && touch {mark} && sleep 0.3 && rm {mark} && echo 1 > a",
            "params": ["x"],
            "mutex": "port",
            "outs": ["a"],
        }
    }
    home = project(tmp_path / "p", stages, {"params.yaml": "x: 1\n"})
    answer = mlops(home, "run", "--json", "-j", "4", "-S", "x=1,2,3")
    assert [row["status"] for row in rows(answer)] == ["ok"] * 3, answer


def test_set_parameters_alone_are_no_uncommitted_changes_to_tell_of(home: Path) -> None:
    assert mlops(home, "run", "-S", "train.lr=0.1").code == 0
    assert "*" in mlops(home, "runs", "--all").out
    assert "with uncommitted changes" in mlops(home, "show").out
    git(home, "add", "-A")
    git(home, "commit", "-q", "-m", "clean")
    first = mlops(home, "runs", "--all", "--json").json["runs"][0]["id"]
    assert mlops(home, "run", "-S", "train.lr=0.2").code == 0
    runs = mlops(home, "runs", "--all", "--json").json["runs"]
    assert [run["experiment"]["dirty"] for run in runs] == [False, True]
    assert runs[0]["code"]["dirty"] is True
    shown = mlops(home, "runs", "--all").out.splitlines()
    assert ["*" in line for line in shown[1:]] == [False, True]
    assert "with uncommitted changes" not in mlops(home, "show", runs[0]["id"]).out
    assert "experiment dirty" not in mlops(home, "show", runs[0]["id"]).out
    assert mlops(home, "compare", first, first).out.count("*") == 2
    assert mlops(home, "compare", first, runs[0]["id"]).out.count("*") == 1
