"""The shapes that other programs rely on: what `--json` prints, and what lies in committed records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import commit, git, mlops, project, run, run_records, stage_record
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = re.compile(r"b3:[0-9a-f]{64}")
STATES = {"fresh", "cached", "stale", "waiting"}
STATUSES = {"ran", "cached", "fresh", "failed", "skipped"}

PIPELINE = """\
runtime: [lock.txt]
stages:
  prepare:
    cmd: mkdir data; cp raw.txt data/a; cp raw.txt data/b
    deps: [raw.txt, "src/*.py"]
    env: [MODE, NOT_SET]
    outs: [data]
  train:
    cmd: [cat data/a > model, 'echo ''{"auc": 0.5, "folds": {"n": 3}}'' > m.json']
    deps: [data]
    params: [train, other.toml]
    outs: [model]
    metrics: [m.json]
  bad: {cmd: exit 7, deps: [model], outs: [never]}
  after: {cmd: cp never never2, deps: [never], outs: [never2]}
"""
FILES: dict[str, bytes | str] = {
    "raw.txt": "1\n",
    "lock.txt": "numpy==2\n",
    "src/a.py": "",
    "params.yaml": "train: {depth: 3, list: [1, 2.5, null, true]}\n",
    "other.toml": "[a]\nb = 1\n",
}
ENV = {"MODE": "x", "OMP_NUM_THREADS": "2"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return project(tmp_path / "p", PIPELINE, FILES)


def test_status_has_name_state_and_reasons_of_each_stage(home: Path) -> None:
    for step in ("before", "after", "changed"):
        value = mlops(home, "status", "--json", env=ENV).json
        assert value["schema"] == 1
        assert [row["name"] for row in value["stages"]] == ["prepare", "train", "bad", "after"]
        for row in value["stages"]:
            assert row["state"] in STATES
            for reason in row["reasons"]:
                assert isinstance(reason["kind"], str)
                assert not ("path" in reason and "name" in reason)
            assert (row["state"] == "fresh") == (row["reasons"] == [])
        if step == "before":
            run(home, "train", env=ENV)
        write(home / "raw.txt", f"{step}\n")


def test_run_has_the_id_of_the_record_and_name_status_and_seconds_of_each_stage(home: Path) -> None:
    answer = mlops(home, "run", "--json", env=ENV)
    assert answer.code == 4
    value = answer.json
    assert value["schema"] == 1
    assert [(row["name"], row["status"]) for row in value["stages"]] == [
        ("prepare", "ran"), ("train", "ran"), ("bad", "failed"), ("after", "skipped"),
    ]  # fmt: skip
    for row in value["stages"]:
        assert row["status"] in STATUSES
        assert isinstance(row["seconds"], int | float)
    [record] = run_records(home)
    assert value["run"] == record["id"]
    assert (home / f".mlops/runs/{record['id'][:4]}-{record['id'][4:6]}/{record['id']}.json").exists()


def test_a_run_with_nothing_to_do_has_no_id_and_leaves_no_record(home: Path) -> None:
    run(home, "train", env=ENV)
    value = mlops(home, "run", "--json", "train", env=ENV).json
    assert value["run"] is None
    assert {row["status"] for row in value["stages"]} == {"fresh"}
    assert len(run_records(home)) == 1


def test_a_run_that_only_restores_has_an_id_and_a_record(home: Path) -> None:
    run(home, "train", env=ENV)
    (home / "model").unlink()
    value = mlops(home, "run", "--json", "train", env=ENV).json
    assert [row["status"] for row in value["stages"]] == ["fresh", "cached"]
    assert run_records(home)[-1]["id"] == value["run"]
    assert run_records(home)[-1]["metrics"] == {"auc": 0.5, "folds.n": 3}


def test_a_stage_record_has_what_follows_from_content_and_nothing_else(home: Path) -> None:
    run(home, "train", env=ENV)
    prepare, train = stage_record(home, "prepare"), stage_record(home, "train")
    for record in (prepare, train):
        assert record.keys() == {
            "schema", "stage", "key", "program", "wdir", "deps", "params", "env", "runtime", "outs",
        }  # fmt: skip
        assert DIGEST.fullmatch(record["key"])
        for artifact in (*record["deps"].values(), *record["outs"].values()):
            assert artifact.keys() - {"tree", "executable"} == {"digest", "size"}
            assert DIGEST.fullmatch(artifact["digest"])
    assert prepare["stage"] == "prepare"
    assert prepare["deps"].keys() == {"raw.txt", "src/a.py"}
    assert prepare["outs"]["data"] == {"digest": train["deps"]["data"]["digest"], "size": 4, "tree": True}
    assert prepare["env"] == {"MODE": "x", "NOT_SET": None}
    assert prepare["runtime"].keys() == {"lock.txt"}
    assert train["outs"].keys() == {"model", "m.json"}
    assert train["params"] == {
        "params.yaml": {"train": {"depth": 3, "list": [1, 2.5, None, True]}},
        "other.toml": {"": {"a": {"b": 1}}},
    }


def test_a_stage_record_is_the_same_on_another_clone_with_another_user_and_order(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(home, "train", "-m", "one", env=ENV)
    git(tmp_path, "clone", "-q", str(home), "elsewhere/deep")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Bob")
    other = tmp_path / "elsewhere/deep"
    run(other, "prepare", "-j", "1", env=ENV)
    run(other, "train", "-f", env=ENV | {"LANG": "C", "UNRELATED": "1"})
    for stage in ("prepare", "train"):
        path = f".mlops/stages/{stage}.json"
        assert (home / path).read_bytes() == (other / path).read_bytes()


def test_a_run_record_has_every_field_of_the_design(home: Path) -> None:
    mlops(home, "run", "-m", "why", env=ENV)
    [record] = run_records(home)
    assert record.keys() == {
        "schema", "id", "message", "status", "started", "seconds", "actor", "trigger", "code", "pipeline",
        "stages", "params", "metrics", "parents", "runtime",
    }  # fmt: skip
    assert (record["schema"], record["message"], record["status"]) == (1, "why", "failed")
    assert re.fullmatch(r"\d{8}T\d{9}-[0-9a-f]{8}", record["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["started"])
    assert re.sub(r"\D", "", record["started"]) == re.sub(r"\D", "", record["id"].split("-")[0])
    assert record["seconds"] >= 0
    assert record["actor"] == {"name": "Ada", "email": "ada@example.org"}
    assert record["trigger"] == {"kind": "cli", "url": None}
    assert record["code"] == {
        "commit": git(home, "rev-parse", "HEAD").strip(),
        "tree": git(home, "rev-parse", "HEAD^{tree}").strip(),
        "snapshot": None,
        "dirty": False,
        "branch": "main",
    }
    assert record["pipeline"].keys() == {"file", "digest"}
    assert record["pipeline"]["file"] == "mlops.yaml"
    assert DIGEST.fullmatch(record["pipeline"]["digest"])
    assert record["params"] == {"train.depth": 3, "train.list": [1, 2.5, None, True], "a.b": 1}
    assert record["metrics"] == {"auc": 0.5, "folds.n": 3}
    assert record["parents"] == []


def test_the_runtime_in_a_run_record_tells_interpreter_packages_and_machine(home: Path) -> None:
    run(home, "train", env=ENV)
    runtime = run_records(home)[0]["runtime"]
    assert runtime.keys() == {"python", "packages", "platform", "cpus", "gpu", "threads"}
    assert re.match(r"\d+\.\d+", runtime["python"])
    assert DIGEST.fullmatch(runtime["packages"]["digest"])
    assert "blake3" in runtime["packages"]["names"]
    assert runtime["cpus"] >= 1
    assert runtime["threads"] == {"OMP_NUM_THREADS": "2"}


def test_the_stages_in_a_run_record_tell_what_each_did(home: Path) -> None:
    mlops(home, "run", env=ENV)
    rows: dict[str, dict[str, Any]] = {row["name"]: row for row in run_records(home)[0]["stages"]}
    train, bad, after = rows["train"], rows["bad"], rows["after"]
    assert (train["status"], train["exit_code"]) == ("ran", 0)
    assert train["key"] == stage_record(home, "train")["key"]
    assert train["program"][0] == "cat data/a > model"
    assert train["peak_memory"] > 0
    assert DIGEST.fullmatch(train["log"])
    assert train["params"]["params.yaml"]["train"]["depth"] == 3
    assert train["deps"]["data"]["tree"] is True
    assert train["outs"].keys() == {"model", "m.json"}
    assert train["metrics"] == {"auc": 0.5, "folds.n": 3}
    assert (bad["status"], bad["exit_code"], bad["message"]) == ("failed", 7, "exit code 7")
    assert "outs" not in bad
    assert after["status"] == "skipped"


def test_records_are_text_that_git_can_merge_and_no_line_is_long(home: Path) -> None:
    run(home, "train", env=ENV)
    for path in (home / ".mlops").rglob("*.json"):
        text = path.read_text()
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
    commit(home, "records")
    assert (
        git(home, "check-ignore", "-v", "--no-index", "--", ".mlops/stages/train.json", "data")
        .splitlines()[-1]
        .endswith("data")
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("status",), 0),
        (("status", "--check"), 1),
        (("status", "--nonsense"), 2),
        (("run", "nowhere"), 2),
        (("run",), 4),
        (("run", "train"), 0),
    ],
)
def test_exit_codes_are_those_of_the_design(home: Path, arguments: tuple[str, ...], code: int) -> None:
    assert mlops(home, *arguments, env=ENV).code == code


def test_a_file_of_the_users_that_is_wrong_ends_with_3(home: Path) -> None:
    write(home / "params.yaml", "train: [")
    assert mlops(home, "status").code == 3
