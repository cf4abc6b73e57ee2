"""`mlops validate`, as it is typed, and as a stage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.text import profile_to_bytes
from tests.support.command import mlops, project, run
from tests.support.planted import PLANTED, customers, table

if TYPE_CHECKING:
    from pathlib import Path

BEFORE, NOW = customers(2000, 1), customers(1000, 2, start=2000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    BEFORE.to_csv(tmp_path / "before.csv", index=False)
    NOW.to_parquet(tmp_path / "now.parquet")
    bad = PLANTED["unit x1000"][0](NOW, np.random.default_rng(1))
    bad.to_csv(tmp_path / "bad.csv", index=False)
    return tmp_path


def test_a_healthy_table_passes_and_the_summary_is_talk(folder: Path) -> None:
    answer = mlops(folder, "validate", "now.parquet", "--against", "before.csv", "--target", "churned")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("Pass: nothing found in now.parquet (1,000 rows, 11 columns)")


def test_what_is_wrong_is_told_with_evidence_and_cause(folder: Path) -> None:
    answer = mlops(folder, "validate", "bad.csv", "--against", "before.csv")
    assert answer.code == 1
    assert answer.out.startswith("fail   height  unit\n       the median is 17")
    assert "Likely: a unit became its thousandth" in answer.out
    assert answer.err.startswith("Fail: 1 failure in bad.csv")


def test_the_json_is_that_of_the_contract(folder: Path) -> None:
    answer = mlops(folder, "validate", "bad.csv", "--against", "before.csv", "--json")
    assert (answer.code, answer.err) == (1, "")
    assert answer.json["verdict"] == "fail"
    (finding,) = answer.json["findings"]
    assert {"column", "check", "severity", "evidence", "cause"} <= set(finding)
    assert (finding["column"], finding["check"], finding["evidence"]["factor"]) == ("height", "unit", 1000)


@pytest.mark.parametrize(
    ("form", "begins"), [("csv", "severity,column,check,"), ("md", "| severity | column |")]
)
def test_findings_come_as_lists_too(folder: Path, form: str, begins: str) -> None:
    answer = mlops(folder, "validate", "bad.csv", "--against", "before.csv", "-o", form)
    assert answer.out.startswith(begins)
    assert answer.out.count("height") == 1 if form == "csv" else True


def test_quiet_says_it_by_the_exit_code_alone(folder: Path) -> None:
    answer = mlops(folder, "validate", "bad.csv", "--against", "before.csv", "-q")
    assert (answer.code, answer.out, answer.err) == (1, "", "")


# Inferring ------------------------------------------------------------------------------------------------------------


def test_a_schema_file_is_inferred_edited_and_met(folder: Path) -> None:
    made = mlops(folder, "validate", "--infer", "before.csv", "--schema", "schema/customers.yaml")
    assert (made.code, made.out) == (0, "")
    assert "Wrote schema/customers.yaml" in made.err
    assert mlops(folder, "validate", "now.parquet", "--schema", "schema/customers.yaml").code == 0
    file = folder / "schema/customers.yaml"
    file.write_text(file.read_text().replace("  # fresh: 2d", "  fresh: 2d"))
    answer = mlops(folder, "validate", "now.parquet", "--schema", "schema/customers.yaml", "--json")
    assert answer.code == 1
    assert [finding["check"] for finding in answer.json["findings"]] == ["stale"]


def test_a_schema_file_is_never_written_over_unasked(folder: Path) -> None:
    (folder / "s.yaml").write_text("mine")
    answer = mlops(folder, "validate", "--infer", "before.csv", "--schema", "s.yaml")
    assert answer.code == 2
    assert "--force" in answer.err
    assert (folder / "s.yaml").read_text() == "mine"
    assert mlops(folder, "validate", "--infer", "before.csv", "--schema", "s.yaml", "--force").code == 0
    assert (folder / "s.yaml").read_text().startswith("# What before.csv should hold")


def test_without_a_file_the_schema_is_printed(folder: Path) -> None:
    answer = mlops(folder, "validate", "--infer", "now.parquet")
    assert set(yaml.safe_load(answer.out)["columns"]) == set(NOW.columns)
    assert mlops(folder, "validate", "--infer", "now.parquet", "--json").json["text"] == answer.out


# Mistakes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["gone.csv"], 3, "gone.csv"),
        (["now.parquet", "--schema", "gone.yaml"], 3, "mlops validate --infer TABLE --schema gone.yaml"),
        (["now.parquet", "--against", "gone.csv"], 3, "gone.csv"),
        (["now.parquet", "--fresh", "soon"], 2, "--fresh takes an age"),
        (["now.parquet", "--force"], 2, "--force belongs to --infer"),
        (["now.parquet", "--target", "churn"], 2, 'Did you mean "churned"?'),
        (["now.parquet", "--key", "order"], 2, "key: now.parquet has no column order"),
        (["now.parquet", "--time", "crated"], 2, 'Did you mean "created"?'),
        (["now.parquet", "--fresh", "2d"], 2, "--time created"),
        (
            ["--infer", "now.parquet", "--against", "before.csv", "--key", "customer"],
            2,
            "no --against, --key",
        ),
        (["profile.json"], 2, "mlops validate TABLE --against profile.json"),
        (["now.parquet", "--train", "profile.json"], 2, "--train takes a table"),
        (["empty.csv"], 5, "empty.csv"),
        (["now.parquet", "--schema", "wrong.yaml"], 3, "wrong.yaml:2:17: unknown key"),
    ],
)
def test_mistakes_have_their_exit_code_and_no_traceback(
    folder: Path, arguments: list[str], code: int, said: str
) -> None:
    (folder / "empty.csv").write_text("")
    (folder / "profile.json").write_bytes(profile_to_bytes(profile_table(table(NOW))))
    (folder / "wrong.yaml").write_text("schema: 1\ncolumns: {age: {rnage: [0, 1]}}\n")
    answer = mlops(folder, "validate", *arguments)
    assert answer.code == code, answer
    assert said in answer.out + answer.err


def test_a_column_that_the_reference_has_and_the_table_lost_is_a_finding_and_no_slip(folder: Path) -> None:
    NOW.drop(columns="churned").to_csv(folder / "lost.csv", index=False)
    answer = mlops(folder, "validate", "lost.csv", "--against", "before.csv", "--target", "churned")
    assert answer.code == 5  # whether it leaks cannot be told
    assert "fail   churned  missing_column" in answer.out


def test_a_code_that_looks_like_a_number_stays_what_the_schema_file_says(tmp_path: Path) -> None:
    (tmp_path / "zip.csv").write_text("zip\n" + "".join(f"0{i:04}\n" for i in range(100)))
    zip_column = "zip: {kind: text, pattern: '[0-9]{5}', unique: true}"
    (tmp_path / "s.yaml").write_text(
        f"schema: 1\ncolumns: {{{zip_column}, old: {{kind: text, optional: true}}}}\n"
    )
    assert mlops(tmp_path, "validate", "zip.csv", "--schema", "s.yaml").code == 0


# As a stage -----------------------------------------------------------------------------------------------------------

STAGES = {
    "check": {
        "uses": "validate",
        "with": {"data": "now.csv", "against": "before.csv"},
        "report": "reports/check",
    },
    "train": {
        "cmd": "cp now.csv model",
        "deps": ["now.csv", "reports/check/validation.json"],
        "outs": ["model"],
    },
}


def test_a_stage_that_passes_leaves_its_report_and_lets_others_go_on(tmp_path: Path) -> None:
    files = {"before.csv": BEFORE.to_csv(index=False), "now.csv": NOW.to_csv(index=False)}
    repo = project(tmp_path / "repo", STAGES, files)
    assert run(repo) == {"check": "ran", "train": "ran"}
    assert json.loads((repo / "reports/check/validation.json").read_bytes())["verdict"] == "pass"
    assert json.loads((repo / "reports/check/metrics.json").read_bytes())["validation"]["fail"] == 0
    assert "<html" in (repo / "reports/check/report.html").read_text()
    assert run(repo) == {"check": "fresh", "train": "fresh"}


def test_a_stage_that_fails_stops_what_follows_and_keeps_its_report(tmp_path: Path) -> None:
    bad = PLANTED["unit x1000"][0](NOW, np.random.default_rng(1))
    files = {"before.csv": BEFORE.to_csv(index=False), "now.csv": bad.to_csv(index=False)}
    repo = project(tmp_path / "repo", STAGES, files)
    answer = mlops(repo, "run", "--json")
    assert answer.code == 4
    rows = {row["name"]: row for row in answer.json["stages"]}
    assert (rows["check"]["status"], rows["train"]["status"]) == ("failed", "skipped")
    assert "unit of height" in json.dumps(rows["check"])
    assert not (repo / "model").exists()
    kept = list(repo.rglob("validation.json"))
    assert len(kept) == 1
    assert json.loads(kept[0].read_bytes())["findings"][0]["column"] == "height"
    plain = mlops(repo, "run")
    assert "unit of height" in plain.err
    assert "what it had made so far is in" in plain.err
    assert any(str(folder.relative_to(repo)) in plain.err for folder in kept[0].parents if folder != repo)


def test_a_stage_that_names_a_column_that_is_not_there_says_which(tmp_path: Path) -> None:
    stage = {"uses": "validate", "with": {"data": "now.csv", "target": "churn"}, "report": "reports/check"}
    repo = project(tmp_path / "repo", {"check": stage}, {"now.csv": NOW.to_csv(index=False)})
    answer = mlops(repo, "run")
    assert answer.code == 4
    assert "now.csv has no column churn" in answer.err
    assert "Traceback" not in answer.err
