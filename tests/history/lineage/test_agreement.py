"""Whether two records say the same."""

from __future__ import annotations

from typing import Any

from mlops_cli.formats.canonical import compact
from mlops_cli.history.lineage.agreement import first_difference, own_contradiction, row_and_record
from mlops_cli.history.run_record import StageRun, load_run_record
from mlops_cli.pipeline.record import StageRecord
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from tests.support.histories import run_file, stage_row

KEY = digest_bytes(b"key")


def made(text: str, size: int = 3) -> Artifact:
    return Artifact(digest_bytes(text.encode()), size)


def test_the_first_field_that_differs_is_named_with_both_values() -> None:
    one = {"stages": [{"name": "train", "params": {"p.yaml": {"depth": 3}}}], "id": "x"}
    other = {"stages": [{"name": "train", "params": {"p.yaml": {"depth": 8}}}], "id": "x"}
    found = first_difference(one, other)
    assert found is not None
    assert found == ("stages.train.params.p.yaml.depth", "3", "8")
    assert first_difference(one, one) is None


def test_numbers_that_are_written_otherwise_differ() -> None:
    assert first_difference({"a": 1}, {"a": 1.0}) == ("a", "1", "1.0")
    assert first_difference({"a": 1}, {"a": True}) is not None


def test_what_only_one_side_has_differs_from_null() -> None:
    assert first_difference({"a": None}, {}) == ("a", "null", "nothing")


def test_a_run_and_a_stage_record_of_one_key_may_name_other_bytes_but_no_other_program_or_size() -> None:
    row = StageRun("train", "ran", KEY, ["fit"], deps={"d": made("d")}, outs={"m": made("m")})
    record = StageRecord("train", KEY, ["fit"], deps={"d": made("d")}, outs={"m": made("other")})
    assert row_and_record(row, record) is None
    forged = StageRecord("train", KEY, ["fit --fast"], deps={"d": made("d")}, outs={"m": made("m")})
    found = row_and_record(row, forged)
    assert found is not None
    assert found.field.startswith("program")
    larger = StageRecord("train", KEY, ["fit"], deps={"d": made("d", 4)}, outs={"m": made("m")})
    found = row_and_record(row, larger)
    assert found is not None
    assert found.field == "deps.d.size"


def said(**changes: Any) -> str:
    packages = {"digest": digest_bytes(compact({"numpy": "2"})), "names": {"numpy": "2"}}
    runtime = {"python": "3", "packages": packages, "platform": "L", "cpus": 2, "gpu": [], "threads": {}}
    row = stage_row("train", {"a": "a"}, {"m": "m"}) | {
        "metrics": {"auc": 0.5},
        "params": {"p.yaml": {"depth": 3}},
    }
    told = {"params": {"depth": 3}, "metrics": {"auc": 0.5}, "runtime": runtime}
    path, data = run_file(1, row, **(told | changes))
    return own_contradiction(load_run_record(data, path))


def test_a_record_that_says_one_thing_twice_has_to_say_it_alike() -> None:
    assert said() == ""
    assert said(metrics={"auc": 0.9}) == "metrics.auc is 0.9, and 0.5 in its stage train"
    assert said(params={"p.yaml:depth": 8}) == "params.depth is 8, and 3 in its stage train"
    assert said(params={"depth": 8, "other": 1}) == "params.depth is 8, and 3 in its stage train"
    assert "not the time in its id" in said(started="2026-02-01T00:00:00.000Z")


def test_packages_have_the_digest_that_stands_beside_them() -> None:
    packages = {"digest": digest_bytes(compact({"numpy": "2"})), "names": {"numpy": "3"}}
    runtime = {"python": "3", "packages": packages, "platform": "L", "cpus": 2, "gpu": [], "threads": {}}
    assert "runtime.packages" in said(runtime=runtime)
