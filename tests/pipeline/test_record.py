from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import FileError
from mlops_cli.pipeline.definition import Output
from mlops_cli.pipeline.record import (
    StageRecord,
    dump_stage_record,
    load_stage_record,
    record_of,
    shown_program,
)
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from tests.support.facts import file, stage

FILE = ".mlops/stages/train.json"
KEY = digest_bytes(b"key")
RECORD = StageRecord("train", KEY, ["make"], outs={"a": file("a")})

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
digests = st.binary(max_size=3).map(digest_bytes)
artifacts = st.builds(Artifact, digests, st.integers(0, 1 << 50), st.booleans(), st.booleans())
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 60), 1 << 60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | names
)
values = st.recursive(
    scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(names, v, max_size=3), max_leaves=5
)
records = st.builds(
    StageRecord,
    stage=names,
    key=digests,
    program=st.lists(names, min_size=1, max_size=3) | st.dictionaries(names, values, max_size=2),
    wdir=names,
    deps=st.dictionaries(names, artifacts, max_size=3),
    params=st.dictionaries(names, st.dictionaries(names, values, max_size=3), max_size=2),
    env=st.dictionaries(names, st.none() | names, max_size=3),
    runtime=st.dictionaries(names, digests, max_size=2),
    outs=st.dictionaries(names, artifacts, max_size=3),
    tainted=st.booleans(),
)


@given(records)
def test_a_record_is_read_back_as_it_was_written(record: StageRecord) -> None:
    assert load_stage_record(dump_stage_record(record), FILE) == record


@given(records)
def test_a_record_that_is_read_and_written_again_has_the_same_bytes(record: StageRecord) -> None:
    data = dump_stage_record(record)
    assert dump_stage_record(load_stage_record(data, FILE)) == data


def test_the_bytes_do_not_depend_on_the_order_in_which_things_were_found() -> None:
    one = replace(RECORD, outs={"a": file("a"), "b": file("b")})
    assert dump_stage_record(one) == dump_stage_record(replace(one, outs={"b": file("b"), "a": file("a")}))


def test_a_record_holds_nothing_but_what_follows_from_content() -> None:
    value = json.loads(dump_stage_record(replace(RECORD, tainted=True)))
    content = {"stage", "key", "program", "wdir", "deps", "params", "env", "runtime", "outs", "tainted"}
    assert set(value) == content | {"schema"}
    assert {field.name for field in fields(StageRecord)} == content


def test_taint_is_only_written_where_there_is_one() -> None:
    assert b"tainted" not in dump_stage_record(RECORD)


def test_a_digest_and_a_size_stand_for_each_output() -> None:
    value = json.loads(dump_stage_record(RECORD))
    assert value["outs"] == {"a": {"digest": file("a").digest, "size": 1}}


def test_commands_are_shown_without_their_secrets() -> None:
    this = stage("load", commands=("load --api-key=abc123", "curl https://ana:pw@example.org"))
    assert shown_program(this) == ["load --api-key=***", "curl https://example.org"]


def test_a_built_in_step_is_shown_with_its_settings() -> None:
    this = stage("evaluate", commands=(), uses="evaluate", settings={"target": "y"})
    assert shown_program(this) == {"uses": "evaluate", "with": {"target": "y"}, "version": 0}


def test_the_record_of_a_run_holds_what_the_stage_read_and_made() -> None:
    this = stage(
        "train", outs=["m", Output("x.json", "metric")], wdir="src", params={"params.yaml": {"a": 1}}
    )
    record = record_of(
        this, KEY, {"d": file("d")}, {"MODE": None}, {"lock": KEY}, {"m": file("m")}, tainted=True
    )
    assert record == StageRecord(
        "train",
        KEY,
        ["make train"],
        "src",
        {"d": file("d")},
        {"params.yaml": {"a": 1}},
        {"MODE": None},
        {"lock": KEY},
        {"m": file("m")},
        tainted=True,
    )


def changed(**values: Any) -> bytes:
    return json.dumps(json.loads(dump_stage_record(RECORD)) | values).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"schema": 1}',
        changed(schema=0),
        changed(schema=True),
        changed(schema="1"),
        changed(stage=None),
        changed(stage=5),
        changed(key="abc"),
        changed(key=None),
        changed(wdir=None),
        changed(deps=[]),
        changed(deps={"a": 1}),
        changed(deps={"a": {"digest": "b3:1", "size": 1}}),
        changed(outs=None),
        changed(outs={"a": {"digest": KEY, "size": -1}}),
        changed(params=[]),
        changed(params={"params.yaml": 5}),
        changed(env=""),
        changed(env={"MODE": 5}),
        changed(runtime={"lock": "x"}),
    ],
    ids=lambda data: data[:60].decode(),
)
def test_bytes_that_are_no_record_are_refused_with_a_way_to_bring_it_back(data: bytes) -> None:
    with pytest.raises(FileError) as raised:
        load_stage_record(data, FILE)
    assert FILE in raised.value.message
    assert raised.value.hint == f"Bring it back with: git checkout -- {FILE}"


def test_a_record_of_a_newer_version_is_never_guessed_at() -> None:
    with pytest.raises(FileError, match="schema 2, and this version reads up to 1") as raised:
        load_stage_record(changed(schema=2), FILE)
    assert "Upgrade" in raised.value.hint
