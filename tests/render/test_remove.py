"""What `remove` says of data that stays where it is."""

from __future__ import annotations

from mlops_cli.actions.remove import Removed, RemoveResult
from mlops_cli.render.remove import remove_text, remove_warnings, remove_wire
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.tracked import DataRecord

RECORD = DataRecord("my data", Artifact(digest_bytes(b"1"), 2048, tree=True), 3)


def result(record: DataRecord | None = RECORD, *, here: bool = True, visible: bool = True) -> RemoveResult:
    return RemoveResult((Removed("my data", record, r"/my\ data", here, visible),))


def test_names_are_quoted_for_the_shell_and_seen_from_where_the_user_stands() -> None:
    text = remove_warnings(result(), "sub/folder")
    assert text == (
        "mlops: Git no longer ignores my data, 2.0 KiB: git add --all would take it.\n"
        "Keep it out with: echo '/my\\ data' >> ../../.gitignore; or track it again with: mlops add '../../my data'\n"
    )


def test_what_git_ignores_anyway_needs_no_words() -> None:
    assert remove_warnings(result(visible=False)) == ""


def test_a_rule_that_was_left_over_is_called_that() -> None:
    assert remove_text(result(None)) == (
        "my data was not tracked any more; nothing takes it away, and it has no ignore rule\n"
    )
    assert remove_wire(result(None))["removed"] == [
        {"path": "my data", "tracked": False, "here": True, "visible": True}
    ]
