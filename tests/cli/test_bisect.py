"""`mlops bisect`: which commit, or which factor, made a metric worse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import Answer, Counter, commit, counted, git, mlops, project, run, run_records
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

STAGES: dict[str, Any] = {
    "prepare": {
        "cmd": counted("cp data.txt ready.txt", "prepare"),
        "deps": ["data.txt"],
        "outs": ["ready.txt"],
    },
    "train": {
        "cmd": counted("sh train.sh", "train"),
        "deps": ["train.sh", "ready.txt"],
        "params": ["depth"],
        "metrics": ["metrics.json"],
    },
}
GOOD = 'echo "{\\"auc\\": 0.9}" > metrics.json\n'
BAD = 'echo "{\\"auc\\": 0.7}" > metrics.json\n'
FILES: dict[str, bytes | str] = {"data.txt": "1\n", "params.yaml": "depth: 3\n", "train.sh": GOOD}


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter:
    found = Counter(tmp_path / "counter")
    monkeypatch.setenv("COUNTER", str(found.path))
    return found


@pytest.fixture
def home(tmp_path: Path, counter: Counter) -> Path:
    found = project(tmp_path / "p", STAGES, FILES)
    write(found / ".gitignore", "ready.txt\n")
    commit(found, "ignore what is made")
    return found


def step(folder: Path, number: int, code: str, subject: str = "") -> str:
    """Commit a change that every stage rests on; return the commit's id."""
    write(folder / "train.sh", f"{code}# {number}\n")
    return commit(folder, subject or f"step {number}")


def find(folder: Path, good: str, *more: str) -> Answer:
    return mlops(folder, "bisect", "--metric", "auc", "--good", good, "--json", *more)


def measured(folder: Path) -> None:
    """Record the metric of what is checked out, and leave no trace of it in the workspace."""
    run(folder)
    git(folder, "checkout", "--quiet", "--", ".")
    git(folder, "clean", "-qfd")


# By commit ----------------------------------------------------------------------------------------------------------


def test_a_regression_among_64_commits_is_found_with_at_most_7_runs(home: Path, counter: Counter) -> None:
    start = git(home, "rev-parse", "HEAD").strip()
    made = [step(home, number, GOOD if number < 41 else BAD) for number in range(1, 65)]
    measured(home)
    before = git(home, "status", "--porcelain"), git(home, "rev-parse", "HEAD")
    counter.take()

    answer = find(home, start)

    assert answer.code == 0, answer
    guilty = answer.json["guilty"]
    assert (guilty["commit"], guilty["subject"]) == (made[40], "step 41")
    assert (guilty["before"], guilty["after"], guilty["files"]) == (0.9, 0.7, ["train.sh"])
    # One of both ends had no run, and 64 commits take six.
    assert counter.take().count("train") <= 7
    assert answer.json["executed"] <= 7
    assert (git(home, "status", "--porcelain"), git(home, "rev-parse", "HEAD")) == before

    again = find(home, start)
    assert again.json["guilty"] == guilty
    assert counter.take() == []  # every run of the first time is on record
    assert again.json["executed"] == again.json["restored"] == 0


def test_commits_that_change_nothing_it_rests_on_cannot_be_guilty(home: Path, counter: Counter) -> None:
    start = step(home, 0, GOOD)
    for number in range(20):
        write(home / "README.md", f"{number}\n")
        commit(home, f"words {number}")
    guilty = step(home, 1, BAD)
    write(home / "README.md", "more\n")
    commit(home, "more words")
    answer = find(home, start)
    assert answer.json["guilty"]["commit"] == guilty
    assert (answer.json["commits"], answer.json["apart"]) == (22, 1)
    assert counter.take().count("train") == 2  # both ends


@pytest.mark.slow
def test_a_run_whose_record_was_committed_with_its_code_counts_for_that_commit(
    home: Path, counter: Counter
) -> None:
    start = git(home, "rev-parse", "HEAD").strip()
    for number, code in enumerate([GOOD, GOOD, BAD, BAD]):
        write(home / "train.sh", f"{code}# {number}\n")
        assert mlops(home, "run", "--quiet").code == 0
        commit(home, f"step {number}")
    counter.take()
    answer = find(home, f"{start}~0")
    assert answer.json["guilty"]["subject"] == "step 2"
    assert counter.take() == ["train"]  # only the first commit had no run


@pytest.mark.slow
def test_a_commit_whose_run_fails_is_skipped_and_suspects_are_named(home: Path) -> None:
    start = step(home, 0, GOOD)
    step(home, 1, GOOD)
    broken = [step(home, number, "exit 3\n") for number in (2, 3)]
    last = step(home, 4, BAD)
    step(home, 5, BAD)
    answer = find(home, start)
    assert answer.code == 1, answer
    assert answer.json["outcome"] == "suspects"
    assert [row["commit"] for row in answer.json["suspects"]] == [*broken, last]
    assert {row["answer"] for row in answer.json["points"] if row["commit"] in broken} == {"skip"}


def test_a_dry_run_says_what_is_known_and_runs_nothing(home: Path, counter: Counter) -> None:
    start = git(home, "rev-parse", "HEAD").strip()
    measured(home)
    for number in range(1, 9):
        step(home, number, GOOD if number < 5 else BAD)
    measured(home)
    counter.take()
    answer = find(home, start, "--dry-run")
    assert (answer.code, answer.json["outcome"], answer.json["left"]) == (0, "planned", 3)
    assert counter.take() == []


@pytest.mark.slow
def test_the_number_of_runs_is_limited_and_the_next_call_goes_on(home: Path, counter: Counter) -> None:
    start = git(home, "rev-parse", "HEAD").strip()
    measured(home)
    made = [step(home, number, GOOD if number < 5 else BAD) for number in range(1, 9)]
    measured(home)
    counter.take()
    answer = find(home, start, "--max", "1")
    assert (answer.code, answer.json["outcome"]) == (1, "unfinished")
    assert counter.take().count("train") == 1
    answer = find(home, start)
    assert answer.json["guilty"]["commit"] == made[4]
    assert counter.take().count("train") == 2


def test_a_metric_that_did_not_fall_is_told(home: Path) -> None:
    start = step(home, 0, BAD)
    step(home, 1, GOOD)
    answer = find(home, start)
    assert (answer.code, answer.json["outcome"]) == (1, "not-fallen")


def test_a_metric_that_nothing_tells_the_direction_of_goes_from_good_to_bad(home: Path) -> None:
    start = step(home, 0, 'echo "{\\"claims\\": 1}" > metrics.json\n')
    guilty = step(home, 1, 'echo "{\\"claims\\": 5}" > metrics.json\n')
    step(home, 2, 'echo "{\\"claims\\": 6}" > metrics.json\n')
    answer = mlops(home, "bisect", "--metric", "claims", "--good", start, "--json")
    assert (answer.code, answer.json["guilty"]["commit"]) == (0, guilty), answer


def test_a_threshold_makes_the_ends_believed(home: Path, counter: Counter) -> None:
    start = step(home, 0, GOOD)
    made = [step(home, number, GOOD if number < 3 else BAD) for number in range(1, 5)]
    answer = find(home, start, "--threshold", "0.8")
    assert answer.json["guilty"]["commit"] == made[2]
    assert counter.take().count("train") == 2


def test_the_search_goes_into_a_merge_that_brought_it(home: Path) -> None:
    start = step(home, 0, GOOD)
    git(home, "checkout", "--quiet", "-b", "side")
    step(home, 1, GOOD, "side 1")
    guilty = step(home, 2, BAD, "side 2")
    step(home, 3, BAD, "side 3")
    git(home, "checkout", "--quiet", "main")
    write(home / "README.md", "main\n")
    commit(home, "words")
    git(home, "merge", "--quiet", "--no-ff", "--message", "take side", "side")
    write(home / "README.md", "after\n")
    commit(home, "more words")
    answer = find(home, start)
    assert answer.json["guilty"]["commit"] == guilty, answer
    assert any("take side" in note for note in answer.json["notes"])


@pytest.mark.slow
def test_a_merge_of_two_good_sides_is_guilty_itself(home: Path) -> None:
    start = step(home, 0, GOOD)
    git(home, "checkout", "--quiet", "-b", "side")
    write(home / "data.txt", "2\n")
    commit(home, "other data")
    git(home, "checkout", "--quiet", "main")
    both = 'if test "$(cat ready.txt)" = 2; then echo "{\\"auc\\": 0.5}"; else echo "{\\"auc\\": 0.9}"; fi > metrics.json\n'
    step(home, 1, both)
    git(home, "merge", "--quiet", "--no-ff", "--message", "both", "side")
    merge = git(home, "rev-parse", "HEAD").strip()
    answer = find(home, start)
    assert answer.json["guilty"]["commit"] == merge, answer


@pytest.mark.slow
def test_where_histories_have_parted_the_search_begins_there(home: Path) -> None:
    step(home, 0, GOOD)
    git(home, "checkout", "--quiet", "-b", "release")
    write(home / "README.md", "release\n")
    good = commit(home, "a release")
    git(home, "checkout", "--quiet", "main")
    step(home, 1, GOOD)
    guilty = step(home, 2, BAD)
    answer = find(home, good)
    assert answer.json["guilty"]["commit"] == guilty, answer
    assert "where they part" in answer.json["notes"][0]
    assert mlops(home, "bisect", "--metric", "auc", "--good", "HEAD", "--bad", "HEAD~1").code == 2


def test_a_shallow_clone_says_how_to_bring_the_rest(home: Path, tmp_path: Path) -> None:
    start = step(home, 0, GOOD)
    for number in range(1, 5):
        step(home, number, BAD)
    git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{home}", "clone")
    git(tmp_path / "clone", "fetch", "--quiet", "--depth", "1", "origin", start)
    answer = mlops(tmp_path / "clone", "bisect", "--metric", "auc", "--good", start)
    assert answer.code == 6, answer
    assert "--unshallow" in answer.err


@pytest.mark.slow
def test_values_that_scatter_are_repeated_until_they_tell(home: Path, tmp_path: Path) -> None:
    # The n-th run of all gives its value a wobble of its own.
    wobble = (
        f"n=$(cat {tmp_path}/n 2>/dev/null || echo 0); echo $((n + 1)) > {tmp_path}/n; w=$((n * 7 % 3))\n"
    )
    start = step(home, 0, wobble + 'echo "{\\"auc\\": 0.90$w}" > metrics.json\n')
    made = [
        step(home, number, wobble + f'echo "{{\\"auc\\": 0.{90 if number < 4 else 70}$w}}" > metrics.json\n')
        for number in range(1, 7)
    ]
    answer = find(home, start, "--repeats", "3")
    assert answer.json["guilty"]["commit"] == made[3], answer
    assert answer.json["scatter"] > 0
    ends = [row for row in answer.json["points"] if row["commit"] in (start, made[-1])]
    assert [len(row["values"]) for row in ends] == [3, 3]
    # Far from the threshold one value is enough.
    assert {len(row["values"]) for row in answer.json["points"] if row not in ends} == {1}


@pytest.mark.slow
def test_a_fall_within_the_scatter_is_no_fall(home: Path, tmp_path: Path) -> None:
    wobble = (
        f"n=$(cat {tmp_path}/n 2>/dev/null || echo 0); echo $((n + 1)) > {tmp_path}/n; w=$((n * 3 % 7))\n"
    )
    start = step(home, 0, wobble + 'echo "{\\"auc\\": 0.8$w}" > metrics.json\n')
    step(home, 1, wobble + 'echo "{\\"auc\\": 0.8${w}}" > metrics.json\n')
    answer = find(home, start, "--repeats", "4")
    assert answer.code == 1, answer
    assert answer.json["outcome"] in ("noise", "not-fallen")


@pytest.mark.slow
def test_an_input_outside_of_git_is_the_same_for_all_commits(home: Path, counter: Counter) -> None:
    git(home, "rm", "--quiet", "--cached", "data.txt")
    write(home / ".gitignore", "ready.txt\ndata.txt\n")
    start = commit(home, "data outside of Git")
    guilty = step(home, 1, BAD)
    answer = find(home, start)
    assert (answer.code, answer.json["guilty"]["commit"]) == (0, guilty), answer
    counter.take()
    write(home / "data.txt", "other\n")  # what was recorded was of other data
    assert find(home, start).json["executed"] == 2
    assert counter.take() == ["prepare", "train", "train"]


# By factor ----------------------------------------------------------------------------------------------------------

SCORE = (
    "depth=$(sed 's/depth: //' params.yaml | head -1); rows=$(cat ready.txt)\n"
    'echo "{\\"auc\\": $(echo "$depth $rows" | awk \'{ print 0.9 - ($1 == 9) * 0.2 - ($2 == 2) * 0.05 }\')}" > metrics.json\n'
)


def test_the_factor_that_moved_the_metric_is_named_with_how_far(home: Path) -> None:
    good = step(home, 0, SCORE)
    write(home / "data.txt", "2\n")
    write(home / "params.yaml", "depth: 9\n")
    step(home, 1, SCORE)
    answer = find(home, good, "--by", "factor")
    assert answer.code == 0, answer
    effects = {row["name"]: round(row["effect"], 6) for row in answer.json["effects"]}
    assert effects == {"depth": -0.2, "data.txt": -0.05, "code": 0.0}
    assert next(iter(effects)) == "depth"
    assert answer.json["values"] == {"good": 0.9, "bad": 0.65, "restored": 0.85}
    assert abs(answer.json["rest"]) < 1e-9
    assert git(home, "status", "--porcelain") == ""


def test_what_a_stage_makes_is_no_code_though_the_metric_does_not_rest_on_it(tmp_path: Path) -> None:
    stages = {
        "train": {
            "cmd": 'echo "{\\"auc\\": 0.${depth}}" > a.json',
            "params": ["depth"],
            "metrics": ["a.json"],
        },
        "other": {
            "cmd": "cp params.yaml b.json",
            "deps": ["params.yaml"],
            "outs": [{"path": "b.json", "cache": False}],
        },
    }
    folder = project(tmp_path / "p", stages, {"params.yaml": "depth: 9\n"})
    run(folder)
    good = commit(folder, "good")
    write(folder / "params.yaml", "depth: 3\n")
    run(folder)
    commit(folder, "bad")
    answer = find(folder, good, "--by", "factor", "--dry-run")
    assert answer.code == 0, answer
    assert [path for factor in answer.json["factors"] for path in factor.get("files", ())] == []


@pytest.mark.slow
def test_runs_of_uncommitted_code_can_be_compared_by_factor(home: Path) -> None:
    step(home, 0, SCORE)
    run(home)
    good = run_records(home)[-1]["id"]
    write(home / "params.yaml", "depth: 9\n")
    run(home)
    bad = run_records(home)[-1]["id"]
    answer = find(home, good, "--bad", bad, "--by", "factor")
    assert answer.code == 0, answer
    assert [(row["name"], row["kind"]) for row in answer.json["factors"]] == [("depth", "parameter")]
    assert answer.json["executed"] == 0  # all that differs is one factor, and both ends are known
    refused = find(home, good, "--bad", bad)
    assert refused.code == 2
    assert "--by factor" in refused.json["error"]["hint"]


@pytest.mark.slow
def test_what_runs_read_outside_of_git_is_a_factor_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(home, "rm", "--quiet", "--cached", "data.txt")
    write(home / ".gitignore", "ready.txt\ndata.txt\n")
    step(home, 0, SCORE)
    run(home)
    good = run_records(home)[-1]["id"]
    assert mlops(home, "add", "data.txt").code == 0  # so that the store keeps it
    assert mlops(home, "remove", "data.txt").code == 0
    write(home / ".gitignore", "ready.txt\ndata.txt\n")
    write(home / "data.txt", "2\n")
    write(home / "params.yaml", "depth: 4\n")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    run(home)
    bad = run_records(home)[-1]["id"]
    write(home / "data.txt", "3\n")  # and what lies there now is neither
    answer = find(home, good, "--bad", bad, "--by", "factor")
    assert answer.code == 0, answer
    effects = {row["name"]: round(row["effect"], 6) for row in answer.json["effects"]}
    assert effects == {"data.txt": -0.05, "depth": 0.0}
    assert answer.json["notes"] == [
        "the machines of the two runs differ, too: threads OMP_NUM_THREADS none -> 1"
    ]


@pytest.mark.slow
def test_code_that_needs_new_parameters_takes_them_along(home: Path) -> None:
    good = step(home, 0, GOOD)
    write(home / "params.yaml", "depth: 4\nrate: 1\n")
    write(home / "train.sh", "grep -q rate params.yaml && " + BAD)
    text = (home / "mlops.yaml").read_text().replace("- depth", "- depth\n    - rate")
    write(home / "mlops.yaml", text)
    commit(home, "new code and a new parameter")
    answer = find(home, good, "--by", "factor")
    assert answer.code == 0, answer
    effects = {row["name"]: round(row["effect"], 6) for row in answer.json["effects"]}
    assert effects == {"code": -0.2, "depth": 0.0}


@pytest.mark.slow
def test_factors_that_only_act_together_are_told(home: Path) -> None:
    score = SCORE.replace("($1 == 9) * 0.2 - ($2 == 2) * 0.05", "($1 == 9 && $2 == 2) * 0.2")
    good = step(home, 0, score)
    write(home / "data.txt", "2\n")
    write(home / "params.yaml", "depth: 9\n")
    commit(home, "both")
    answer = find(home, good, "--by", "factor")
    assert {row["effect"] for row in answer.json["effects"]} == {0.0}
    assert (answer.code, answer.json["outcome"]) == (1, "together")
    assert round(answer.json["rest"], 6) == -0.2


def test_the_text_says_who_and_what(home: Path) -> None:
    start = step(home, 0, GOOD)
    write(home / "params.yaml", "depth: 8\n")
    step(home, 1, BAD, "faster training")
    answer = mlops(home, "bisect", "--metric", "auc", "--good", start)
    assert answer.code == 0, answer
    lines = answer.out.splitlines()
    assert lines[0].endswith("made auc fall: 0.9 -> 0.7")
    assert "Ada <ada@example.org>" in lines[1]
    assert "faster training" in lines[1]
    assert "  parameter depth: 3 -> 8" in lines
    assert "  file train.sh" in lines


def test_wrong_options_are_refused(home: Path) -> None:
    for wrong in (["--repeats", "0"], ["--max", "-1"], ["--threshold", "nan"], ["--by", "magic"]):
        assert find(home, "HEAD~1", *wrong).code == 2
    assert find(home, "nonsense").code == 2
    assert mlops(home, "bisect", "--good", "HEAD").code == 2


# Mistakes -----------------------------------------------------------------------------------------------------------


def test_a_stage_that_no_commit_has_is_refused_with_the_nearest_name(home: Path, counter: Counter) -> None:
    start = step(home, 0, GOOD)
    step(home, 1, BAD)
    answer = mlops(home, "bisect", "--metric", "auc", "--good", start, "trian")
    assert answer.code == 2, answer
    assert 'Did you mean "train"?' in answer.err
    assert counter.take() == []


def test_a_stage_that_only_the_good_commit_has_is_known(home: Path) -> None:
    start = step(home, 0, GOOD)
    definition = (home / "mlops.yaml").read_text()
    assert "train" in definition
    write(home / "mlops.yaml", definition.replace('"train"', '"learn"').replace("train:", "learn:"))
    step(home, 1, BAD)
    assert mlops(home, "bisect", "--metric", "auc", "--good", start, "--dry-run", "train").code != 2


def test_a_misspelt_metric_is_refused_before_anything_is_executed(home: Path, counter: Counter) -> None:
    start = step(home, 0, GOOD)
    step(home, 1, BAD)
    measured(home)
    counter.take()
    answer = mlops(home, "bisect", "--metric", "aucc", "--good", start)
    assert answer.code == 2, answer
    assert 'Did you mean "auc"?' in answer.err
    assert counter.take() == []
    assert mlops(home, "bisect", "--metric", "train:auc", "--good", start, "--dry-run").code == 0


def test_good_and_bad_must_not_be_the_same_commit(home: Path, counter: Counter) -> None:
    answer = mlops(home, "bisect", "--metric", "auc", "--good", "HEAD")
    assert answer.code == 2, answer
    assert "good and bad are the same commit" in answer.err
    assert counter.take() == []
