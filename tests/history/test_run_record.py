from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import FileError
from mlops_cli.git.facts import Actor, Code
from mlops_cli.history.run_record import (
    RunRecord,
    StageRun,
    dump_run_record,
    flat_metrics,
    flat_params,
    load_run_record,
    new_run_id,
)
from mlops_cli.history.runtime import Runtime
from mlops_cli.settings import Trigger
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from tests.support.facts import file

FILE = ".mlops/runs/2026-01/r.json"
D = digest_bytes(b"d")
RUNTIME = Runtime("3.12.1", {"numpy": "2.0"}, D, "Linux-6-x86_64", 4, ("0",), {"OMP_NUM_THREADS": "2"})
STAGE = StageRun("train", "ran", D, ["make"], 1.5, 4096, 0, D, "", {"p.yaml": {"a": 1}}, {"d": file("d")})
RECORD = RunRecord(
    "20260131T175900123-1f2e3d4c",
    "ok",
    "2026-01-31T17:59:00.123Z",
    2.5,
    "why",
    Actor("Ada", "ada@example.org"),
    Trigger("cli"),
    Code("c" * 40, "d" * 40, "main", dirty=True),
    {"file": "mlops.yaml", "digest": D},
    (STAGE,),
    RUNTIME,
    {"a": 1},
    {"auc": 0.5},
)

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)
maybe = st.none() | names
digests = st.binary(max_size=3).map(digest_bytes)
artifacts = st.dictionaries(names, st.builds(Artifact, digests, st.integers(0, 1 << 40)), max_size=2)
scalars = st.none() | st.booleans() | st.integers(-(1 << 60), 1 << 60) | names
values = scalars | st.floats(allow_nan=False, allow_infinity=False) | st.lists(scalars, max_size=2)
flat = st.dictionaries(names, values, max_size=3)
seconds = st.integers(0, 10**9).map(lambda n: n / 1000)
stage_runs = st.builds(
    StageRun,
    name=names,
    status=st.sampled_from(["ran", "cached", "fresh", "failed", "skipped", "tainted"]),
    key=st.none() | digests,
    program=st.none() | st.lists(names, min_size=1, max_size=2),
    seconds=seconds,
    peak_memory=st.none() | st.integers(1, 1 << 40),
    exit_code=st.none() | st.integers(-64, 255),
    log=st.none() | digests,
    message=st.text(st.characters(codec="utf-8"), max_size=5),
    params=st.dictionaries(names, flat, max_size=2),
    deps=artifacts,
    outs=artifacts,
    metrics=flat,
)
records = st.builds(
    RunRecord,
    id=names,
    status=st.sampled_from(["ok", "failed", "stopped"]),
    started=names,
    seconds=seconds,
    message=names,
    actor=st.none() | st.builds(Actor, names, names),
    trigger=st.builds(Trigger, st.sampled_from(["cli", "hook", "ci"]), st.none() | st.just("https://ci/1")),
    code=st.builds(Code, maybe, maybe, maybe, st.booleans()),
    pipeline=st.dictionaries(names, names, max_size=2),
    stages=st.lists(stage_runs, max_size=3).map(tuple),
    runtime=st.builds(
        Runtime,
        names,
        st.dictionaries(names, names, max_size=2),
        digests,
        names,
        st.integers(1, 512),
        st.lists(names, max_size=2).map(tuple),
        st.dictionaries(names, names, max_size=2),
    ),
    params=flat,
    metrics=flat,
    parents=st.lists(st.dictionaries(names, names, max_size=2), max_size=2).map(tuple),
)


@given(records)
def test_a_record_is_read_back_as_it_was_written(record: RunRecord) -> None:
    assert load_run_record(dump_run_record(record), FILE) == record


@given(records)
def test_a_record_that_is_read_and_written_again_has_the_same_bytes(record: RunRecord) -> None:
    data = dump_run_record(record)
    assert dump_run_record(load_run_record(data, FILE)) == data


def test_a_record_has_the_fields_that_were_promised() -> None:
    value = json.loads(dump_run_record(RECORD))
    assert set(value) == {
        "schema", "id", "message", "status", "started", "seconds", "actor", "trigger", "code", "pipeline", "stages",
        "params", "metrics", "parents", "runtime",
    }  # fmt: skip
    assert set(value["code"]) == {"commit", "tree", "snapshot", "dirty", "branch"}
    assert set(value["runtime"]) == {"python", "packages", "platform", "cpus", "gpu", "threads"}


def test_of_a_stage_what_says_nothing_is_left_out() -> None:
    value = json.loads(dump_run_record(replace(RECORD, stages=(StageRun("a", "fresh", D),))))
    assert value["stages"] == [{"name": "a", "status": "fresh", "key": D}]


def test_an_exit_code_of_zero_says_something() -> None:
    assert json.loads(dump_run_record(RECORD))["stages"][0]["exit_code"] == 0


def test_a_credential_in_the_page_of_a_job_is_taken_out() -> None:
    record = replace(RECORD, trigger=Trigger("ci", "https://bot:pw@ci.example.org/job/1"))
    assert b"pw" not in dump_run_record(record)


def changed(**values: Any) -> bytes:
    return json.dumps(json.loads(dump_run_record(RECORD)) | values).encode()


def with_stage(**values: Any) -> bytes:
    [row] = json.loads(dump_run_record(RECORD))["stages"]
    return changed(stages=[row | values])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"schema": 1}',
        changed(schema=None),
        changed(id=5),
        changed(seconds=None),
        changed(seconds="soon"),
        changed(actor="Ada"),
        changed(actor={"name": "Ada"}),
        changed(trigger=None),
        changed(trigger=[]),
        changed(code=None),
        changed(code={"commit": None}),
        changed(pipeline=[]),
        changed(stages=5),
        changed(stages=["train"]),
        changed(stages=[{"name": "train"}]),
        with_stage(key="x"),
        with_stage(key=None),
        with_stage(seconds=[]),
        with_stage(deps=[]),
        with_stage(outs={"a": 5}),
        changed(runtime={}),
        changed(runtime=json.loads(dump_run_record(RECORD))["runtime"] | {"packages": []}),
        changed(parents=5),
        changed(params=[]),
        changed(metrics=None),
    ],
    ids=lambda data: data[:40].decode(),
)
def test_bytes_that_are_no_record_are_refused(data: bytes) -> None:
    with pytest.raises(FileError) as raised:
        load_run_record(data, FILE)
    assert FILE in raised.value.message
    assert "git checkout" in raised.value.hint


def test_a_record_of_a_newer_version_is_never_guessed_at() -> None:
    with pytest.raises(FileError, match="schema 2, and this version reads up to 1"):
        load_run_record(changed(schema=2), FILE)


# Ids ------------------------------------------------------------------------------------------------------------------


def test_an_id_begins_with_the_time_in_utc() -> None:
    now = datetime(2026, 1, 31, 19, 59, 0, 123_456, tzinfo=timezone(timedelta(hours=2)))
    assert new_run_id(now).startswith("20260131T175900123-")


def test_two_ids_of_one_moment_differ() -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    assert len({new_run_id(now) for _ in range(100)}) == 100


moments = st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@given(moments, moments)
def test_ids_sort_as_their_times(one: datetime, other: datetime) -> None:
    milliseconds = [int(m.timestamp() * 1000 // 1) for m in (one, other)]
    ids = [new_run_id(m)[:18] for m in (one, other)]
    if abs(milliseconds[0] - milliseconds[1]) > 1:
        assert (milliseconds[0] < milliseconds[1]) == (ids[0] < ids[1])


# Flat values ----------------------------------------------------------------------------------------------------------


def run_of(name: str, **fields: Any) -> StageRun:
    return StageRun(name, "ran", **fields)


def test_nested_parameters_get_dotted_names() -> None:
    one = run_of("a", params={"p.yaml": {"train": {"depth": 4, "rate": 0.1}, "seed": 1}})
    assert flat_params([one]) == {"train.depth": 4, "train.rate": 0.1, "seed": 1}


def test_a_whole_parameter_file_is_flattened() -> None:
    assert flat_params([run_of("a", params={"p.yaml": {"": {"a": {"b": 1}}}})]) == {"a.b": 1}


def test_one_parameter_that_two_stages_use_stands_once() -> None:
    stages = [run_of(name, params={"p.yaml": {"seed": 1}}) for name in "ab"]
    assert flat_params(stages) == {"seed": 1}


def test_a_name_that_two_files_share_is_told_apart_by_its_file() -> None:
    stages = [run_of("a", params={"p.yaml": {"x": 1}}), run_of("b", params={"q.toml": {"x": 2}})]
    assert flat_params(stages) == {"p.yaml:x": 1, "q.toml:x": 2}


def test_lists_and_empty_mappings_are_values() -> None:
    assert flat_params([run_of("a", params={"p.yaml": {"l": [1], "m": {}}})]) == {"l": [1], "m": {}}


def test_a_metric_that_one_stage_reports_keeps_its_name() -> None:
    assert flat_metrics([run_of("a", metrics={"auc": 0.5}), run_of("b")]) == {"auc": 0.5}


def test_a_metric_that_several_stages_report_is_told_apart_by_its_stage() -> None:
    stages = [run_of("train@a", metrics={"auc": 0.5}), run_of("train@b", metrics={"auc": 0.6})]
    assert flat_metrics(stages) == {"train@a:auc": 0.5, "train@b:auc": 0.6}


def test_a_fresh_stage_keeps_what_no_stage_record_holds() -> None:
    fresh = replace(STAGE, status="fresh", metrics={"auc": 0.9}, filled={"p.yaml": {"b": 2}})
    (stage,) = load_run_record(dump_run_record(replace(RECORD, stages=(fresh.brief(),))), FILE).stages
    assert stage == StageRun("train", "fresh", D, metrics={"auc": 0.9}, filled={"p.yaml": {"b": 2}})
    assert STAGE.brief() is STAGE


def test_parameters_in_texts_are_among_the_flat_ones() -> None:
    stage = StageRun(
        "a", "ran", params={"p.yaml": {"a": 1}}, filled={"p.yaml": {"t.b": 2}, "o.json": {"a": 3}}
    )
    assert flat_params([stage]) == {"p.yaml:a": 1, "o.json:a": 3, "t.b": 2}
