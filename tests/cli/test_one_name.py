"""A metric and a parameter have one name whichever stages ran, and repetitions are told from runs: the commands of history."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from tests.support.command import commit, mlops, project, run, run_records
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

STAGES = {
    "eval": {
        "matrix": {"k": ["a", "b"]},
        "cmd": 'echo "{\\"auc\\": 0.$(cat n)}" > ${matrix.k}.json',
        "deps": ["n"],
        "metrics": ["${matrix.k}.json"],
    }
}


def ids(folder: Path, *arguments: str) -> list[str]:
    answer = mlops(folder, "runs", "-o", "csv", "--columns", "id", *arguments)
    assert answer.code == 0, answer
    return answer.out.split()[1:]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return a project of which a run of both stages reported 0.5, and one of the first alone 0.9."""
    folder = project(tmp_path / "repo", STAGES, {"n": "5"})
    run(folder, "-m", "all")
    write(folder / "n", "9")
    run(folder, "eval@a", "-m", "only-a")
    return folder


def test_a_metric_is_found_by_its_stage_and_name_in_every_run(repo: Path) -> None:
    every, alone = [str(record["id"]) for record in run_records(repo)]
    assert mlops(repo, "show", "@best:eval@a:auc", "--json").json["id"] == alone
    assert ids(repo, "--where", "metrics.eval@a:auc > 0.8") == [alone]
    assert ids(repo, "--sort", "-metrics.eval@a:auc") == [alone, every]
    told = mlops(repo, "tried", "--text", "all", "--json").json
    assert told["best"]["eval@a:auc"] == {"value": 0.9, "run": alone}
    [row] = mlops(repo, "compare", every, alone, "--json").json["metrics"][:1]
    assert (row["name"], [cell["value"] for cell in row["values"]]) == ("eval@a:auc", [0.5, 0.9])


def test_a_spreadsheet_has_a_column_for_each_stage(repo: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(mlops(repo, "runs", "-o", "csv").out)))
    assert [(row["metrics.eval@a:auc"], row["metrics.eval@b:auc"]) for row in rows] == [
        ("0.9", ""),
        ("0.5", "0.5"),
    ]


def test_a_run_in_which_the_stage_was_fresh_says_whose_the_metric_is(repo: Path) -> None:
    write(
        repo / "mlops.yaml",
        (repo / "mlops.yaml").read_text() + "  last: {cmd: 'echo 1 > o', deps: [n], outs: [o]}\n",
    )
    run(repo, "eval@a", "last")
    last = run_records(repo)[-1]
    assert last["metrics"] == {"auc": 0.9}
    assert str(last["id"]) in ids(repo, "--where", "metrics.eval@a:auc > 0.8")


def test_parameters_in_templates_are_known_to_history(tmp_path: Path) -> None:
    stages = {"t": {"cmd": "echo ${train.depth} > o; echo 1", "outs": ["o"]}}
    folder = project(tmp_path / "repo", stages, {"params.yaml": "train: {depth: 3}\n"})
    answer = mlops(folder, "run", "-S", "train.depth=5,6")
    assert (answer.code, "names train.depth" in answer.err) == (0, False)
    assert mlops(folder, "tried", "-q", "-S", "train.depth=5").code == 0
    assert mlops(folder, "tried", "-q", "-S", "train.depth=7").code == 1
    [five] = ids(folder, "--where", "params.train.depth == 5")
    assert "train.depth" in mlops(folder, "runs").out.splitlines()[0]
    down = mlops(folder, "lineage", "--down", "train.depth=5")
    assert (down.code, five in down.out) == (0, True)
    run(folder)
    assert run_records(folder)[-1]["params"] == {"train.depth": 3}
    commit(folder, "with its records, which do not say it")
    [row] = mlops(folder, "compare", "HEAD", five, "--json").json["params"]
    assert (row["name"], row["values"]) == ("train.depth", [{"value": 3}, {"value": 5}])
    assert mlops(folder, "apply", five).code == 0
    assert "params.yaml: train.depth=5" in mlops(folder, "lineage", "o").out
    assert (folder / "params.yaml").read_text() == "train: {depth: 5}\n"


def test_a_secret_in_a_template_does_not_get_into_the_record(tmp_path: Path) -> None:
    stages = {"t": {"cmd": "echo --token ${login} ${base.url} ${api_key} ${n} > o", "outs": ["o"]}}
    values = "login: s3cret\nbase: {url: 'https://ana:s3cret@example.org'}\napi_key: s3cret\nn: 4\n"
    folder = project(tmp_path / "repo", stages, {"params.yaml": values})
    run(folder)
    record = run_records(folder)[-1]
    assert record["params"] == {"n": 4}
    assert "login" not in str(record["stages"][0]["filled"])


def test_a_repetition_is_marked_and_never_the_best(tmp_path: Path) -> None:
    stages = {
        "t": {
            "cmd": 'echo x >> "$COUNT"; echo "{\\"auc\\": 0.$(wc -l < "$COUNT")}" > m.json',
            "metrics": ["m.json"],
        }
    }
    folder = project(tmp_path / "repo", stages, {})
    count = {"COUNT": str(tmp_path / "count")}
    assert mlops(folder, "run", "-m", "one", env=count).code == 0
    commit(folder, "one")
    assert mlops(folder, "rerun", "@latest", env=count).code == 0
    [original] = ids(folder, "--where", "not repetition")
    [again] = ids(folder, "--where", f"repeats == {original}")
    lines = {line.split()[0]: line for line in mlops(folder, "runs").out.splitlines()}
    assert ("↻" in lines[again], "★" in lines[again], "↻" in lines[original]) == (True, False, False)
    assert mlops(folder, "show", "@best:auc", "--json").json["id"] == original
    assert mlops(folder, "tried", "--text", "one", "--json").json["best"]["auc"]["run"] == original
