"""What `import` and `update` say of what became of the data."""

from __future__ import annotations

import pytest

from mlops_cli.actions.update import State, Updated, UpdateResult
from mlops_cli.errors import DataError
from mlops_cli.render.update import update_failures, update_text, update_wire
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.tracked import DataRecord

RECORD = DataRecord("data/x", Artifact(digest_bytes(b"1"), 2048), 1, {"url": "s3://b/x", "etag": "1"})


@pytest.mark.parametrize(
    ("state", "dry", "text"),
    [
        ("same", False, "no new version of data/x from s3://b/x\n"),
        ("changed", False, "updated data/x (1 file, 2.0 KiB) from s3://b/x\n"),
        ("touched", False, "new version, same content: data/x from s3://b/x\n"),
        ("pinned", False, "pinned: data/x from s3://b/x\n"),
        ("new version", True, "new version of data/x from s3://b/x\nBring what is new with: mlops update\n"),
    ],
)
def test_each_state_has_its_words(state: State, dry: bool, text: str) -> None:
    assert update_text(UpdateResult((Updated("data/x", state, RECORD),), {}, dry=dry)) == text


def test_without_imports_it_says_how_to_make_one() -> None:
    assert "mlops import URL PATH" in update_text(UpdateResult((), {}))


def test_a_failure_names_its_import_once_and_what_to_do() -> None:
    result = UpdateResult((), {"data/x": DataError("s3://b/x is not there", hint="Look.")})
    assert update_failures(result) == "mlops: data/x: s3://b/x is not there\nLook.\n"
    assert update_text(result) == ""
    assert (result.exit_code, update_wire(result)["failed"][0]["path"]) == (5, "data/x")
