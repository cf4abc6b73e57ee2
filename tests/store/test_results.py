from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.results import FirstResults, Results
from tests.support.files import listing

if TYPE_CHECKING:
    from pathlib import Path

KEY = digest_bytes(b"key")
OUTS = {"model.bin": Artifact(digest_bytes(b"m"), 1), "plots": Artifact(digest_bytes(b"p"), 9, tree=True)}
FILE = f"{KEY[3:5]}/{KEY[5:]}.json"
outs = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.builds(
        Artifact,
        st.binary(max_size=2).map(digest_bytes),
        st.integers(0, 1 << 50),
        st.booleans(),
        st.booleans(),
    ),
    max_size=4,
)


@given(key=st.binary(max_size=3).map(digest_bytes), outs=outs)
def test_a_result_is_read_back_as_it_was_put(
    key: Any, outs: dict[str, Artifact], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("results")
    Results(folder).put(key, outs)
    assert Results(folder).get(key) == outs


def test_a_key_that_led_to_nothing_yet_has_no_result(tmp_path: Path) -> None:
    assert Results(tmp_path / "none").get(KEY) is None


def test_a_result_is_one_file_named_by_its_key(tmp_path: Path) -> None:
    Results(tmp_path).put(KEY, OUTS)
    assert list(listing(tmp_path)) == [FILE]


def test_the_same_result_has_the_same_bytes_in_whatever_order_its_outputs_are_named(tmp_path: Path) -> None:
    Results(tmp_path / "one").put(KEY, OUTS)
    Results(tmp_path / "other").put(KEY, dict(reversed(OUTS.items())))
    assert listing(tmp_path / "one") == listing(tmp_path / "other")


def test_the_last_result_of_a_key_counts(tmp_path: Path) -> None:
    Results(tmp_path).put(KEY, OUTS)
    Results(tmp_path).put(KEY, {})
    assert Results(tmp_path).get(KEY) == {}


def test_a_result_that_was_cut_short_anywhere_counts_as_absent(tmp_path: Path) -> None:
    Results(tmp_path).put(KEY, OUTS)
    data = (tmp_path / FILE).read_bytes()
    found = []
    for length in range(len(data.rstrip())):
        (tmp_path / FILE).write_bytes(data[:length])
        found.append(Results(tmp_path).get(KEY))
    assert found == [None] * len(found)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(300),
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"{}",
        b"[" * 100_000,
        json.dumps({"schema": 1, "key": KEY}).encode(),
        json.dumps({"schema": 1, "key": KEY, "outs": []}).encode(),
        json.dumps({"schema": 1, "key": KEY, "outs": {"a": None}}).encode(),
        json.dumps({"schema": 1, "key": KEY, "outs": {"a": {"digest": "b3:1", "size": 1}}}).encode(),
        json.dumps({"schema": 1, "key": digest_bytes(b"other"), "outs": {}}).encode(),
        json.dumps({"schema": 1, "outs": {}}).encode(),
        json.dumps({"key": KEY, "outs": {}}).encode(),
        json.dumps({"schema": 2, "key": KEY, "outs": {}}).encode(),
    ],
)
def test_a_damaged_result_counts_as_absent(data: bytes, tmp_path: Path) -> None:
    Results(tmp_path).put(KEY, OUTS)
    (tmp_path / FILE).write_bytes(data)
    assert Results(tmp_path).get(KEY) is None


@pytest.mark.parametrize("seed", range(20))
def test_a_result_with_a_byte_shot_out_of_it_never_crashes(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    Results(tmp_path).put(KEY, OUTS)
    data = bytearray((tmp_path / FILE).read_bytes())
    data[chance.randrange(len(data))] = chance.randrange(256)
    (tmp_path / FILE).write_bytes(data)
    found = Results(tmp_path).get(KEY)
    assert found is None or isinstance(found, dict)


def test_a_folder_in_the_place_of_a_result_counts_as_absent(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir(parents=True)
    assert Results(tmp_path).get(KEY) is None


def test_a_damaged_result_is_replaced_by_the_next_one(tmp_path: Path) -> None:
    Results(tmp_path).put(KEY, OUTS)
    (tmp_path / FILE).write_bytes(b"")
    Results(tmp_path).put(KEY, OUTS)
    assert Results(tmp_path).get(KEY) == OUTS


def test_first_results_are_not_replaced_and_new_ones_are_kept(tmp_path: Path) -> None:
    results = Results(tmp_path)
    first = FirstResults(results)
    one, two = digest_bytes(b"1"), digest_bytes(b"2")
    first.put(one, {"out": Artifact(one, 1)})
    first.put(one, {"out": Artifact(two, 2)})
    assert first.get(one) == results.get(one) == {"out": Artifact(one, 1)}
    results.put(one, {"out": Artifact(two, 2)})
    assert first.get(one) == {"out": Artifact(two, 2)}
