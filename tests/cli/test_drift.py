"""`mlops drift`, as it is typed, and as a stage."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import joblib
import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.text import profile_to_bytes
from mlops_cli.data.table.table import table_of
from tests.support.command import commit, mlops, project, run
from tests.support.files import write
from tests.support.tables import write_csv, write_parquet

if TYPE_CHECKING:
    from pathlib import Path


def made(seed: int, shift: float = 0.0, rows: int = 600) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "age": random.normal(40 + 10 * shift, 10, rows),
            "pay": random.lognormal(3, 0.5, rows),
            "city": random.choice(["Oslo", "Bern", "Lima"], rows),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("drift")
    write_csv(place / "a.csv", made(1))
    write_parquet(place / "same.parquet", made(2))
    write_csv(place / "moved.csv", made(3, shift=2))
    write_csv(place / "somewhat.csv", made(5, shift=0.8))
    write_csv(place / "few.csv", made(4, rows=5))
    write_csv(place / "other.csv", pa.table({"x": [1, 2, 3]}))
    reference = profile_table(table_of(made(1)))
    (place / "a.json").write_bytes(profile_to_bytes(reference))
    (place / "moved.json").write_bytes(
        profile_to_bytes(profile_table(table_of(made(3, shift=2)), baseline=reference))
    )
    return place


def test_tables_that_are_alike_pass_outside_of_any_repository(folder: Path) -> None:
    answer = mlops(folder, "drift", "a.csv", "same.parquet", "--json")
    assert answer.code == 0
    assert answer.json["verdict"] == "pass"
    assert answer.json["joint"]["verdict"] == "pass"
    assert {each["name"] for each in answer.json["columns"]} == {"age", "pay", "city"}


def test_a_table_that_moved_fails_and_every_promised_field_is_there(folder: Path) -> None:
    answer = mlops(folder, "drift", "a.csv", "moved.csv", "--json")
    assert answer.code == 1
    column = answer.json["columns"][0]
    assert column["name"] == "age"
    promised = (
        "type",
        "verdict",
        "effect",
        "statistic",
        "p_value",
        "p_adjusted",
        "n_reference",
        "n_current",
        "needed",
    )
    assert [column[name] for name in promised[:2]] == ["numeric", "fail"]
    assert all(column[name] is not None for name in promised)
    assert answer.json["joint"]["separators"][0]["name"] == "age"


def test_the_table_has_the_worst_first_and_the_sentence_is_talk(folder: Path) -> None:
    answer = mlops(folder, "drift", "a.csv", "moved.csv", "--no-joint")
    assert answer.code == 1
    head, first, *_ = answer.out.splitlines()
    assert head.split()[:5] == ["column", "type", "verdict", "measure", "effect"]
    assert first.split()[:3] == ["age", "numeric", "fail"]
    assert answer.err.startswith("fail: Different: 1 of 3 columns moved far (age)")


def test_two_profiles_are_compared(folder: Path) -> None:
    answer = mlops(folder, "drift", "a.json", "moved.json", "--json")
    assert answer.code == 1
    assert answer.json["joint"]["verdict"] == "insufficient"
    assert "rows" in answer.json["joint"]["reason"]
    assert answer.json["reference"]["kind"] == "profile"


def test_few_rows_are_insufficient_and_end_with_one(folder: Path) -> None:
    answer = mlops(folder, "drift", "a.csv", "few.csv", "--json")
    assert (answer.code, answer.json["verdict"]) == (1, "insufficient")


def test_nothing_in_common_is_an_error_and_ends_with_five(folder: Path) -> None:
    answer = mlops(folder, "drift", "a.csv", "other.csv", "--json")
    assert (answer.code, answer.json["verdict"]) == (5, "error")


def test_columns_can_be_left_out(folder: Path) -> None:
    answer = mlops(folder, "drift", "a.csv", "moved.csv", "--ignore", "age,city", "--no-joint", "--json")
    assert answer.code == 0
    assert [each["name"] for each in answer.json["columns"]] == ["pay"]
    assert answer.json["joint"] is None


def test_bands_can_be_widened(folder: Path) -> None:
    assert mlops(folder, "drift", "a.csv", "somewhat.csv", "--no-joint").code == 1
    answer = mlops(folder, "drift", "a.csv", "somewhat.csv", "--no-joint", "--warn", "0.6", "--fail", "0.9")
    assert answer.code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--columns", "agee"), 'did you mean "age"?'),
        (("--columns", "xyzzy"), "There are: age, pay, city"),
        (("--warn", "0.5"), "lies under"),
        (("--type", "age"), "a column and what it is"),
        (("--type", "age=odd"), "'odd' is no type"),
        (("--time", "agee"), 'did you mean "age"?'),
        (("--time", "nope"), "There are: age, pay, city"),
        (("--time", "city"), "rows cannot be ordered by city"),
        (("--model", "a.csv"), "this is a table, not a model"),
    ],
)
def test_what_is_asked_wrongly_is_said(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    answer = mlops(folder, "drift", "a.csv", "moved.csv", *arguments)
    assert answer.code == 2
    assert any(part in answer.err for part in said.split("|"))


def test_a_table_that_is_not_there_is_named(folder: Path) -> None:
    answer = mlops(folder, "drift", "a.csv", "gone.csv")
    assert answer.code in (3, 5)
    assert "gone.csv" in answer.err


def test_the_list_comes_as_csv_and_as_markdown_and_as_a_page(folder: Path) -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(mlops(folder, "drift", "a.csv", "moved.csv", "--no-joint", "-o", "csv").out)
        )
    )
    assert [row["verdict"] for row in rows] == ["fail", "pass", "pass"]
    assert float(rows[0]["effect"]) > 0.2
    marked = mlops(folder, "drift", "a.csv", "moved.csv", "--no-joint", "-o", "md").out
    assert "| age | numeric | fail |" in marked
    passed = mlops(folder, "drift", "a.csv", "same.parquet", "--no-joint", "-o", "md").out
    assert passed.startswith("**pass**: same.parquet against a.csv")
    assert "Similar: none of 3 columns moved" in passed
    page = mlops(folder, "drift", "a.csv", "moved.csv", "--no-joint", "-o", "html").out
    assert page.lower().startswith("<!doctype html>")


def test_quiet_says_it_with_the_exit_code(folder: Path) -> None:
    answer = mlops(folder, "drift", "a.csv", "moved.csv", "--no-joint", "-q")
    assert (answer.code, answer.out, answer.err) == (1, "", "")


STAGE = {
    "uses": "drift",
    "with": {"reference": "a.csv", "current": "b.csv", "joint": False},
    "report": "reports/drift",
}


def test_a_stage_compares_and_goes_on(tmp_path: Path) -> None:
    repo = project(tmp_path / "repo", {"drift": STAGE})
    write_csv(repo / "a.csv", made(1))
    write_csv(repo / "b.csv", made(3, shift=2))
    assert run(repo) == {"drift": "ran"}
    report = json.loads((repo / "reports/drift/drift.json").read_bytes())
    assert report["verdict"] == "fail"
    assert json.loads((repo / "reports/drift/metrics.json").read_bytes())["drift"]["failed"] == 1
    assert "age" in (repo / "reports/drift/report.html").read_text()
    assert run(repo) == {"drift": "fresh"}


def test_a_stage_that_is_to_stop_there_fails(tmp_path: Path) -> None:
    stage = {**STAGE, "with": {**STAGE["with"], "on_fail": "stop"}}  # type: ignore[dict-item]
    repo = project(tmp_path / "repo", {"drift": stage})
    write_csv(repo / "a.csv", made(1))
    write_csv(repo / "b.csv", made(3, shift=2))
    answer = mlops(repo, "run")
    assert answer.code == 4
    assert "1 of 3 columns moved far (age)" in answer.err
    assert "training again" not in answer.err  # the whole sentence is in the report


def test_a_column_that_broke_ends_with_one_though_all_others_are_as_they_were(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    for name, share in (("a.csv", 0.0), ("b.csv", 0.3)):
        columns = {f"c{at}": random.normal(size=500) for at in range(12)}
        columns["c0"] = np.where(random.random(500) < share, np.nan, columns["c0"])
        write_csv(
            tmp_path / name, pa.table({key: pa.array(it, from_pandas=True) for key, it in columns.items()})
        )
    answer = mlops(tmp_path, "drift", "a.csv", "b.csv", "--no-joint", "--json")
    assert (answer.code, answer.json["verdict"], answer.json["retrain"]) == (1, "fail", "repair")
    assert answer.json["share"]["failed"] < answer.json["share"]["fail"]


def test_a_model_says_how_much_each_column_counts(tmp_path: Path) -> None:
    repo = project(tmp_path / "repo", {})
    before, after = made(1), made(3, shift=2)
    write_csv(repo / "a.csv", before)
    write_csv(repo / "b.csv", after)
    frame = before.to_pandas()[["pay", "age"]]
    joblib.dump(LogisticRegression().fit(frame, frame.pay > 20), repo / "model.joblib")
    commit(repo, "a model")
    answer = mlops(repo, "drift", "a.csv", "b.csv", "--model", "model.joblib", "--no-joint", "--json")
    weights = {each["name"]: each["weight"] for each in answer.json["columns"]}
    assert weights["pay"] > 0.8
    assert weights["city"] == 0
    assert (answer.code, answer.json["verdict"], answer.json["retrain"]) == (0, "warn", "unlikely")
    write(repo / "model.joblib", b"something else")
    assert mlops(repo, "drift", "a.csv", "b.csv", "--model", "model.joblib", "--no-joint").code == 5


def test_an_evaluation_says_how_much_each_column_counts(tmp_path: Path, folder: Path) -> None:
    write(tmp_path / "evaluation.json", b'{"importance": [{"column": "pay", "drop": {"value": 0.3}}]}')
    place = str(tmp_path / "evaluation.json")
    answer = mlops(folder, "drift", "a.csv", "moved.csv", "--model", place, "--no-joint", "--json")
    assert (answer.code, answer.json["share"]["failed"]) == (0, 0)
    write_csv(tmp_path / "without.csv", made(2).drop_columns("pay"))
    answer = mlops(folder, "drift", "a.csv", str(tmp_path / "without.csv"), "--model", place, "--no-joint")
    assert answer.code == 1
    assert answer.out.splitlines()[1].split() == ["pay", "gone", "fail", "600", "→", "0", "100.0%", "gone"]
    assert answer.err.startswith("fail: Different: pay is gone, and the model goes by it (with 100 % of its")
