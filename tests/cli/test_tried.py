from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import commit, git, mlops, project, run, run_records
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
        "cmd": "grep -q 13 params.yaml && exit 3; cat ready.csv train.txt > model; cp score.json metrics.json",
        "deps": ["ready.csv", "train.txt", "score.json"],
        "params": ["train"],
        "outs": ["model"],
        "metrics": ["metrics.json"],
    },
}


def attempt(folder: Path, depth: float, auc: float = 0.5, *arguments: str, code: int = 0) -> str:
    write(folder / "params.yaml", f"train: {{depth: {depth}, kind: tree}}\n")
    write(folder / "score.json", f'{{"auc": {auc}}}')
    run(folder, *arguments, code=code)
    return str(run_records(folder)[-1]["id"])


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    files = {
        "prepare.txt": "p\n",
        "train.txt": "t\n",
        "helper.txt": "h\n",
        "params.yaml": "train: {depth: 4, kind: tree}\n",
    }
    folder = project(tmp_path / "repo", STAGES, files)
    write(folder / "raw.csv", "1\n2\n")
    write(folder / ".gitignore", "/raw.csv\n")
    assert mlops(folder, "add", "raw.csv").code == 0
    attempt(folder, 4, 0.8, "-m", "Shallow trees first")
    commit(folder, "first")
    return folder


def tried(folder: Path, *arguments: str, code: int = 0) -> Any:
    answer = mlops(folder, "tried", "--json", *arguments)
    assert answer.code == code, answer
    assert answer.json["found"] is (code == 0)
    return answer.json


def ids(told: Any) -> list[str]:
    return [each["id"] for each in told["runs"]]


def test_what_was_tried_is_found_on_another_branch_with_what_came_of_it(repo: Path) -> None:
    git(repo, "switch", "--quiet", "--create", "deep")
    found = attempt(repo, 8, 0.7, "-m", "deeper")
    assert mlops(repo, "note", found, "overfits", "--outcome", "rejected").code == 0
    commit(repo, "deeper")
    git(repo, "switch", "--quiet", "main" if "main" in git(repo, "branch") else "master")
    told = tried(repo, "-S", "train.depth=8")
    [each] = told["runs"]
    assert (each["id"], each["branch"], each["status"], each["outcome"]) == (found, "deep", "ok", "rejected")
    assert [note["text"] for note in each["notes"]] == ["overfits"]
    assert round(each["to_best"]["auc"], 6) == -0.1
    assert {source["kind"] for source in each["found_in"]} >= {"commit"}
    table = mlops(repo, "tried", "-S", "train.depth=8").out
    assert "rejected; overfits; deeper" in table
    assert "0.7 (-0.1 to best)" in table


def test_a_failed_run_was_tried_too(repo: Path) -> None:
    failed = attempt(repo, 13, 0.5, code=4)
    told = tried(repo, "-S", "train.depth=13")
    assert [(each["id"], each["status"]) for each in told["runs"]] == [(failed, "failed")]


def test_what_was_not_tried_ends_with_1_and_shows_what_is_near(repo: Path) -> None:
    near = attempt(repo, 8)
    told = tried(repo, "-S", "train.depth=7", "-S", "train.kind=tree", code=1)
    assert [each["id"] for each in told["near"]] == [near, run_records(repo)[0]["id"]]
    assert told["near"][0]["differs"] == [{"about": "train.depth", "wanted": "7", "had": [8]}]
    assert "train.depth 8 instead of 7" in mlops(repo, "tried", "-S", "train.depth=7").out
    assert tried(repo, "-S", "train.depth=7", "--near", "1", code=1)["near"][0]["id"] == near


def test_numbers_can_be_compared(repo: Path) -> None:
    deep = attempt(repo, 8)
    assert ids(tried(repo, "-S", "train.depth>=6")) == [deep]
    assert len(ids(tried(repo, "-S", "train.depth=4,8"))) == 2
    assert ids(tried(repo, "-S", "train.depth!=4")) == [deep]


def test_data_is_found_by_what_lies_at_its_path_by_digest_and_at_a_commit(repo: Path) -> None:
    first = run_records(repo)[0]["id"]
    before = git(repo, "rev-parse", "HEAD").strip()
    write(repo / "raw.csv", "1\n2\n3\n")
    assert mlops(repo, "add", "raw.csv").code == 0
    tried(repo, "--data", "raw.csv", code=1)
    second = attempt(repo, 4, 0.8)
    third = attempt(repo, 5, 0.8)
    # In the third, only `train` ran: it read what was made from the data.
    assert run_records(repo)[-1]["stages"][0]["status"] == "fresh"
    assert set(ids(tried(repo, "--data", "raw.csv"))) == {second, third}
    assert ids(tried(repo, "--data", f"raw.csv@{before}")) == [first]
    digest = run_records(repo)[0]["stages"][0]["deps"]["raw.csv"]["digest"]
    assert ids(tried(repo, "--data", digest)) == [first]
    assert ids(tried(repo, "--data", digest[:14])) == [first]


def test_code_is_found_by_its_content(repo: Path) -> None:
    first = run_records(repo)[0]["id"]
    before = git(repo, "rev-parse", "HEAD").strip()
    write(repo / "train.txt", "better\n")
    tried(repo, "--code", "train.txt", code=1)
    second = attempt(repo, 4, 0.8)
    assert ids(tried(repo, "--code", "train.txt")) == [second]
    assert ids(tried(repo, "--code", f"train.txt@{before}")) == [first]
    assert ids(tried(repo, "--code", "train.txt", "-S", "train.depth=4")) == [second]
    tried(repo, "--code", "train.txt", "-S", "train.depth=5", code=1)


def test_code_that_no_stage_declares_is_looked_for_in_the_snapshots(repo: Path) -> None:
    first = run_records(repo)[0]["id"]
    write(repo / "helper.txt", "another\n")
    tried(repo, "--code", "helper.txt", code=1)
    second = attempt(repo, 8)
    assert ids(tried(repo, "--code", "helper.txt")) == [second]
    assert ids(tried(repo, "--code", "helper.txt@HEAD")) == [first]


def test_words_are_found_in_messages_notes_and_subjects(repo: Path) -> None:
    first = run_records(repo)[0]["id"]
    assert ids(tried(repo, "--text", "shallow TREES")) == [first]
    assert ids(tried(repo, "--text", "first")) == [first]
    tried(repo, "--text", "focal", code=1)
    assert mlops(repo, "note", first, "Focal loss was no help").code == 0
    assert ids(tried(repo, "--text", "focal")) == [first]


def test_a_run_is_not_like_itself_but_like_its_repetition(repo: Path) -> None:
    tried(repo, "--like", "@latest", code=1)
    first = run_records(repo)[0]["id"]
    attempt(repo, 4, 0.8, "--force")
    assert ids(tried(repo, "--like", "@latest")) == [first]
    told = tried(repo, "--like", "@latest", "-S", "train.depth=6", code=1)
    assert told["near"][0]["differs"][0]["about"] == "train.depth"


def test_why_nothing_was_found_is_said(repo: Path) -> None:
    answer = mlops(repo, "tried", "-S", "train.detph=4")
    assert (answer.code, 'did you mean "train.depth"?' in answer.err) == (2, True)
    write(repo / "other.csv", "x")
    assert "no stage is known to have read other.csv" in mlops(repo, "tried", "--data", "other.csv").err


def test_a_parameter_that_only_the_pipeline_has_yet_was_not_tried(repo: Path) -> None:
    write(repo / "params.yaml", "train: {depth: 4, kind: tree, trees: 9}\n")
    tried(repo, "-S", "train.trees=9", code=1)


def test_before_the_first_run_any_name_may_be_asked_for(tmp_path: Path) -> None:
    tried(project(tmp_path / "new", {}, {}), "-S", "train.detph=4", code=1)


def test_what_a_sweep_would_expand_is_expanded(repo: Path) -> None:
    found = run_records(repo)[0]["id"]
    assert ids(tried(repo, "-S", "train.depth=range(3,5)")) == [found]
    assert ids(tried(repo, "-S", "train.depth=range(3,5),9")) == [found]
    tried(repo, "-S", "train.depth!=range(3,5)", code=1)
    tried(repo, "-S", "train.depth=range(5,8)", code=1)


def test_what_is_drawn_or_turned_round_is_refused_with_what_to_write(repo: Path) -> None:
    for text, hint in (
        ("train.depth=uniform(1, 5)", "train.depth>=LOW"),
        ("train.depth=range(5, 3)", "empty"),
        ("train.depth=<5", "train.depth<=5"),
        ("train.depth=>=5", "train.depth>=5"),
    ):
        answer = mlops(repo, "tried", "-S", text)
        assert (answer.code, hint in answer.err) == (2, True), answer


def test_a_value_that_no_run_ever_had_is_told_with_the_nearest_there_are(repo: Path) -> None:
    [hint] = tried(repo, "-S", 'train.depth="4"', "-S", "train.kind=tree", code=1)["hints"]
    assert hint == 'no run ever had train.depth = "4"; there is 4'
    [hint] = tried(repo, "-S", "train.kind=trees", code=1)["hints"]
    assert hint == 'no run ever had train.kind = trees; there is "tree"'
    assert tried(repo, "-S", "train.kind=tree", "-S", "train.depth=4")["hints"] == []


def test_a_name_may_have_the_prefix_that_where_gives_it(repo: Path) -> None:
    assert len(ids(tried(repo, "-S", "params.train.depth=4"))) == 1
    tried(repo, "-S", "params.train.depth=5", code=1)


def test_what_cannot_be_asked_is_a_mistake_of_usage(repo: Path) -> None:
    for arguments in (
        (),
        ("-S", "train.depth"),
        ("-S", "train.depth>deep"),
        ("--data", "nothing-here"),
        ("--data", "raw.csv@no-such-commit"),
        ("--code", "../outside"),
        ("--like", "no-such-run"),
        ("--data", "b3:0000"),
    ):
        assert mlops(repo, "tried", *arguments).code == 2, arguments


def test_a_list_can_be_cut_and_has_every_form(repo: Path) -> None:
    for depth in (5, 6, 7):
        attempt(repo, depth)
    told = tried(repo, "-S", "train.kind=tree", "-n", "2")
    assert (len(told["runs"]), told["count"], told["searched"]) == (2, 4, 4)
    assert len(ids(tried(repo, "-S", "train.kind=tree"))) == 4
    answer = mlops(repo, "tried", "-S", "train.kind=tree", "-n", "1", "-o", "csv")
    assert len(list(csv.reader(io.StringIO(answer.out)))) == 2
    assert "3 more are not shown" in answer.err
    assert mlops(repo, "tried", "-S", "train.kind=tree", "-o", "md").out.startswith("| run |")
    assert (
        mlops(repo, "tried", "-q", "-S", "train.kind=tree").out,
        tried(repo, "-q", "-S", "train.kind=tree")["found"],
    ) == (
        "",
        True,
    )


def test_it_works_from_a_folder_inside(repo: Path) -> None:
    write(repo / "sub" / "x.txt", "x")
    assert len(ids(tried(repo / "sub", "--data", "../raw.csv"))) == 1
