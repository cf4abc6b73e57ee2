from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import Answer, commit, define, git, mlops, project, run, run_records
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

STAGES = {
    "prepare": {
        "cmd": "cat raw.csv prepare.txt > ready.csv",
        "deps": ["raw.csv", "prepare.txt"],
        "outs": ["ready.csv"],
    },
    "train": {
        "cmd": "cat ready.csv train.txt > model && cp scores/now.json metrics.json",
        "deps": ["ready.csv", "train.txt", "scores"],
        "params": ["train"],
        "outs": ["model"],
        "metrics": ["metrics.json"],
    },
}


def scores(auc: float) -> str:
    return f'{{"auc": {auc}, "loss": {{"value": {1 - auc}, "low": {0.9 - auc}, "high": {1.1 - auc}}}}}'


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    files = {
        "prepare.txt": "p\n",
        "train.txt": "t\n",
        "params.yaml": "train: {depth: 4, seed: 1}\n",
        "scores/now.json": scores(0.8),
        ".gitignore": "/raw.csv\n",
        "notes.txt": "x\n",
    }
    folder = project(tmp_path / "repo", STAGES, files)
    write(folder / "raw.csv", "1\n2\n")
    assert mlops(folder, "add", "raw.csv").code == 0
    run(folder, "-m", "first")
    commit(folder, "first")
    git(folder, "branch", "first")
    return folder


def change(folder: Path, depth: int = 8, seed: int = 1, auc: float = 0.9) -> None:
    write(folder / "params.yaml", f"train: {{depth: {depth}, seed: {seed}}}\n")
    write(folder / "scores/now.json", scores(auc))


def compared(folder: Path, *arguments: str, code: int = 0) -> Any:
    answer = mlops(folder, "compare", "--json", *arguments)
    assert answer.code == code, answer
    return answer.json


def row(rows: list[dict[str, Any]], name: str) -> list[Any]:
    [found] = [each["values"] for each in rows if each["name"] == name]
    return [None if cell is None else cell.get("value", cell.get("values")) for cell in found]


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [each["name"] for each in rows]


def test_two_branches_are_compared_by_what_they_have_recorded(repo: Path) -> None:
    git(repo, "switch", "--quiet", "--create", "deep")
    change(repo)
    write(repo / "train.txt", "t\nmore\n")
    run(repo, "-m", "deeper")
    commit(repo, "deeper")
    told = compared(repo, "first", "deep")
    assert row(told["params"], "train.depth") == [4, 8]
    assert names(told["params"]) == ["train.depth"]
    assert row(told["metrics"], "auc") == [0.8, 0.9]
    [auc, loss] = told["metrics"]
    assert (auc["direction"], auc["changes"][1]["mark"], auc["changes"][1]["overlap"]) == (
        "up",
        "better",
        None,
    )
    assert (loss["direction"], loss["changes"][1]["mark"], loss["changes"][1]["overlap"]) == (
        "down",
        "better",
        True,
    )
    files = {
        file["path"]: (file["added"], file["removed"], file["read"]) for file in told["code"][1]["files"]
    }
    assert files == {"train.txt": (1, 0, True), "scores/now.json": (1, 1, True), "params.yaml": (1, 1, False)}
    assert (told["data"], told["environment"], told["commands"]) == ([], [], [])
    assert [side["runs"][0]["run"] for side in told["sides"]] == [None, None]


def test_uncommitted_code_is_compared_by_its_snapshot(repo: Path) -> None:
    change(repo)
    write(repo / "train.txt", "t\nuncommitted\n")
    run(repo)
    told = compared(repo, "first", "@latest", "--code")
    code = told["code"][1]
    assert code["unknown"] is None
    assert "+uncommitted" in code["text"]
    assert {file["path"] for file in code["files"]} == {"train.txt", "scores/now.json", "params.yaml"}
    assert told["sides"][1]["runs"][0]["dirty"] is True
    assert "text" not in compared(repo, "first", "@latest")["code"][1]


def test_data_is_told_with_its_size_and_code_is_no_data(repo: Path) -> None:
    write(repo / "raw.csv", "1\n2\n3\n")
    assert mlops(repo, "add", "raw.csv").code == 0
    run(repo)
    told = compared(repo, "first", "@latest")
    [old, new] = row(told["data"], "raw.csv")
    assert (old["size"], new["size"]) == (4, 6)
    assert names(told["data"]) == ["raw.csv"]
    text = mlops(repo, "compare", "first", "@latest")
    assert "+2 bytes" in text.out


def test_of_a_stage_that_was_fresh_the_inputs_are_known(repo: Path) -> None:
    change(repo)
    assert run(repo) == {"prepare": "fresh", "train": "ran"}
    wide = compared(repo, "first", "@latest", "--all")
    [old, new] = row(wide["data"], "raw.csv")
    assert old == new
    assert compared(repo, "first", "@latest")["data"] == []


def test_repeated_runs_share_a_column_with_mean_and_spread(repo: Path) -> None:
    for number, auc in enumerate((0.9, 0.91, 0.92), 1):
        change(repo, seed=number, auc=0.9)
        define_score(repo, auc)
        run(repo)
    ids = [each["id"] for each in run_records(repo)]
    told = compared(repo, *ids)
    assert [len(side["runs"]) for side in told["sides"]] == [1, 3]
    [cell] = [each["values"][1] for each in told["metrics"] if each["name"] == "auc"]
    assert (round(cell["value"], 6), cell["runs"], round(cell["sd"], 6)) == (0.91, 3, 0.01)
    assert row(told["params"], "train.seed")[1] == [1, 2, 3]
    apart = compared(repo, "--each", *ids)
    assert [len(side["runs"]) for side in apart["sides"]] == [1, 1, 1, 1]


def define_score(folder: Path, auc: float) -> None:
    """Have the metric come from outside of what is declared, as a seed would have it."""
    write(folder / ".git" / "now.json", scores(auc))
    stages = {
        **STAGES,
        "train": {
            **STAGES["train"],
            "cmd": "cat ready.csv train.txt > model && cp .git/now.json metrics.json",
        },
    }
    define(folder, stages)


def test_an_artifact_stands_for_the_run_that_made_it(repo: Path) -> None:
    change(repo)
    run(repo)
    latest = run_records(repo)[-1]["id"]
    told = compared(repo, "first", "metrics.json")
    assert told["sides"][1]["runs"][0]["run"] == latest


def test_the_settings_say_which_way_a_metric_is_better(repo: Path) -> None:
    write(repo / ".mlops/config.yaml", "metrics: {auc: down}\n")
    change(repo)
    run(repo)
    [auc] = [each for each in compared(repo, "first", "@latest")["metrics"] if each["name"] == "auc"]
    assert (auc["direction"], auc["changes"][1]["mark"]) == ("down", "worse")


@pytest.mark.slow
def test_code_that_is_gone_is_said(repo: Path) -> None:
    change(repo)
    run(repo)
    for ref in git(repo, "for-each-ref", "--format=%(refname)", "refs/mlops").split():
        git(repo, "update-ref", "-d", ref)
    git(repo, "gc", "--quiet", "--prune=now")
    told = compared(repo, "first", "@latest")
    assert "does not have the code" in told["code"][1]["unknown"]
    assert "is not known" in mlops(repo, "compare", "first", "@latest").out


def test_every_form_has_the_change(repo: Path) -> None:
    change(repo)
    run(repo, "-m", "a <b> | @ana *x*")

    def said(form: str) -> Answer:
        answer = mlops(repo, "compare", "first", "@latest", "-o", form)
        assert answer.code == 0, answer
        return answer

    table = said("table").out
    assert "train.depth" in table
    assert "better" in table
    rows = list(csv.reader(io.StringIO(said("csv").out)))
    assert rows[0] == ["section", "name", "first", "@latest", "change", "relative", "verdict"]
    assert ["parameters", "train.depth", "4", "8", "", "", ""] in rows
    markdown = said("md").out
    assert "| train.depth | 4 | 8 |" in markdown
    assert "@ana" not in markdown
    assert "<b>" not in markdown
    assert "`@latest`" in markdown


def test_nothing_that_differs_is_said(repo: Path) -> None:
    answer = mlops(repo, "compare", "first", "first")
    assert (answer.code, "Nothing differs." in answer.out) == (0, True)


def test_what_means_nothing_is_a_mistake_of_usage(repo: Path) -> None:
    assert mlops(repo, "compare", "first").code == 2
    assert mlops(repo, "compare", "first", "nothing-like-it").code == 2


def test_a_commit_without_stage_records_stands_for_the_last_run_in_its_history(repo: Path) -> None:
    git(repo, "rm", "-r", "--quiet", "--cached", ".mlops/stages")
    git(repo, "commit", "--quiet", "--message", "records removed")
    told = compared(repo, "HEAD", "first", "--all")
    assert told["sides"][0]["runs"][0]["run"] == run_records(repo)[-1]["id"]
    assert row(told["metrics"], "auc") == [0.8, 0.8]


def test_a_shallow_clone_answers_and_says_that_it_is_not_whole(repo: Path, tmp_path: Path) -> None:
    change(repo)
    run(repo)
    commit(repo, "second")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repo}", "clone")
    answer = mlops(tmp_path / "clone", "compare", "HEAD", "@latest", "--json")
    assert answer.code == 6
    assert answer.json["schema"] == 1
    assert "--unshallow" in answer.err


def test_a_commit_has_the_metrics_of_the_run_that_made_what_it_records(repo: Path) -> None:
    define_score(repo, 0.9)
    run(repo)
    commit(repo, "one")
    define_score(repo, 0.7)
    run(repo, "--force")
    commit(repo, "two")
    assert row(compared(repo, "HEAD~", "HEAD")["metrics"], "auc") == [0.9, 0.7]


def test_records_that_are_older_than_their_commits_code_are_said(repo: Path) -> None:
    assert compared(repo, "first", "@latest")["stale"] == []
    change(repo, depth=112, auc=0.8)
    write(repo / "train.txt", "t\nnew\n")
    write(repo / "raw.csv", "1\n2\n3\n")
    assert mlops(repo, "add", "raw.csv").code == 0
    commit(repo, "not run")
    [stale] = compared(repo, "HEAD", "@latest")["stale"]
    assert (stale["ref"], stale["run"]) == ("HEAD", None)
    assert [(each["about"], each["name"], each["old"], each["new"]) for each in stale["departures"]] == [
        ("input", "raw.csv", None, None),
        ("param", "train.depth", 4, 112),
        ("input", "train.txt", None, None),
    ]
    said = "the records of HEAD are not of its code: other raw.csv, train.depth 4 -> 112, other train.txt."
    assert said in mlops(repo, "compare", "HEAD", "@latest").out
    assert said in mlops(repo, "compare", "HEAD", "@latest", "-o", "csv").err
    assert "train.depth 4 -" in mlops(repo, "compare", "HEAD", "@latest", "-o", "md").out


def test_a_run_of_its_code_stands_for_a_commit_whose_records_are_older(repo: Path) -> None:
    train = {**STAGES["train"], "deps": ["ready.csv", "train.txt", "scores/now.json"]}
    define(repo, {**STAGES, "train": train})
    run(repo)
    commit(repo, "files")
    git(repo, "switch", "--quiet", "--create", "deep")
    change(repo)
    commit(repo, "code of it")
    found = run(repo, "-m", "deeper") and run_records(repo)[-1]["id"]
    write(repo / "train.txt", "other\n")
    run(repo, "-m", "of other code")
    # The run is known from the journal; the commit has the records from before it.
    git(repo, "reset", "--quiet", "--hard", "deep")
    told = compared(repo, "first", "deep")
    [stale] = told["stale"]
    assert (stale["ref"], stale["run"], told["sides"][1]["runs"][0]["run"]) == ("deep", found, found)
    assert row(told["params"], "train.depth") == [4, 8]
    assert row(told["metrics"], "auc") == [0.8, 0.9]
    assert f"Run {found}, of just this code, stands for it." in mlops(repo, "compare", "first", "deep").out


def test_before_the_first_commit_there_is_nothing_to_compare_and_that_is_said(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "new")
    answer = mlops(tmp_path / "new", "compare", "HEAD", "HEAD")
    assert answer.code == 2
    assert "there is no commit yet" in answer.err
