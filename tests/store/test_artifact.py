from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact, artifact_from_record
from mlops_cli.store.digest import digest_bytes

EMPTY = digest_bytes(b"")
OTHER = digest_bytes(b"x")
artifacts = st.builds(
    Artifact,
    digest=st.binary(max_size=4).map(digest_bytes),
    size=st.integers(0, 1 << 62),
    tree=st.booleans(),
    executable=st.booleans(),
)


@given(artifacts)
def test_an_artifact_is_read_back_as_it_was_written(artifact: Artifact) -> None:
    assert artifact_from_record(artifact.record()) == artifact


def test_flags_that_say_nothing_are_not_written() -> None:
    assert Artifact(EMPTY, 0).record() == {"digest": EMPTY, "size": 0}


def test_flags_that_say_something_are_written() -> None:
    record = Artifact(EMPTY, 3, tree=True, executable=True).record()
    assert record == {"digest": EMPTY, "size": 3, "tree": True, "executable": True}


def test_the_same_bytes_are_the_same_content() -> None:
    assert Artifact(EMPTY, 0).same(Artifact(EMPTY, 0))


def test_other_bytes_are_other_content() -> None:
    assert not Artifact(EMPTY, 0).same(Artifact(OTHER, 0))


def test_a_directory_is_never_the_same_as_a_file_with_the_bytes_of_its_tree() -> None:
    assert not Artifact(EMPTY, 0).same(Artifact(EMPTY, 0, tree=True))


def test_nothing_is_not_the_same_as_something() -> None:
    assert not Artifact(EMPTY, 0).same(None)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "b3:",
        {},
        {"digest": EMPTY},
        {"size": 1},
        {"digest": EMPTY, "size": -1},
        {"digest": EMPTY, "size": True},
        {"digest": EMPTY, "size": "1"},
        {"digest": EMPTY, "size": 1.0},
        {"digest": "md5:1", "size": 1},
    ],
)
def test_what_is_not_an_artifact_is_refused(value: Any) -> None:
    with pytest.raises(DataError):
        artifact_from_record(value)
