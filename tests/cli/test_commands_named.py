"""What is said can be typed where the user stands, also after `-C DIR`."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_cli.cli.commands_named import named_from_here
from tests.support.command import mlops, repository
from tests.support.files import write

COMMANDS = ["add", "checkout", "run"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Keep it: mlops add f; or mlops run\n", "Keep it: mlops -C ../b add f; or mlops -C ../b run\n"),
        ("git add f && git commit", "git -C ../b add f && git -C ../b commit"),
        ("mlops: it belongs to mlops itself", "mlops: it belongs to mlops itself"),
        ("/bin/mlops add and .mlops add", "/bin/mlops add and .mlops add"),
        ("  | mlops add f\nmlops add f", "  | mlops add f\nmlops -C ../b add f"),
    ],
    ids=["ours", "gits", "prose", "names", "output of a program"],
)
def test_commands_get_the_folder_and_nothing_else_changes(text: str, named: str) -> None:
    assert named_from_here(text, Path("../b"), COMMANDS) == named


def test_a_folder_is_quoted() -> None:
    assert named_from_here("mlops add f", Path("a b"), COMMANDS) == "mlops -C 'a b' add f"


def test_of_a_result_only_what_is_ours_changes() -> None:
    text = "command changed: mlops add a -> b. Do it with: mlops run\n"
    named = "command changed: mlops add a -> b. Do it with: mlops -C b run\n"
    assert named_from_here(text, Path("b"), COMMANDS, result=True) == named


def test_a_hint_names_the_folder_that_was_named(tmp_path: Path) -> None:
    home = repository(tmp_path / "p")
    write(home / "f", "1")
    assert (
        "git -C p add .gitignore .mlops/data/f.json && git -C p commit"
        in mlops(tmp_path, "-C", "p", "add", "f").err
    )
    write(home / "f", "2")
    answer = mlops(tmp_path, "checkout", "-C", "p")
    assert "To keep it: mlops -C p add f; to drop it: mlops -C p checkout --force f" in answer.err
    status = mlops(tmp_path, "-C", "p", "status")
    assert "Record what changed with: mlops -C p add PATH" in status.out
    assert "mlops add PATH" in mlops(home, "status").out
