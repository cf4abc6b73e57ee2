from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.git.ignore import conflict, ignore_text, without_rule, write_ignore
from tests.support.command import repository
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

texts = st.text(st.sampled_from("a#\n*/ "), max_size=12)
paths = st.lists(st.text("ab/*! ", min_size=1, max_size=5), max_size=3)


def test_a_rule_names_exactly_one_path_from_the_top() -> None:
    assert "\n/data/train.csv\n" in ignore_text("", ["data/train.csv"])


def test_rules_are_sorted_and_stand_once() -> None:
    assert ignore_text("", ["b", "a", "b"]).splitlines()[1:-1] == ["/a", "/b"]


def test_what_people_wrote_stays_as_it_is() -> None:
    assert ignore_text("*.log\n", ["a"]).startswith("*.log\n\n# >>> mlops")


def test_a_last_line_without_an_end_gets_one() -> None:
    assert ignore_text("*.log", ["a"]).startswith("*.log\n\n# >>> mlops")


def test_other_paths_replace_the_block() -> None:
    text = ignore_text(ignore_text("*.log\n", ["a"]), ["b"])
    assert text == ignore_text("*.log\n", ["b"])


def test_without_paths_there_is_no_block() -> None:
    assert ignore_text(ignore_text("*.log\n", ["a"]), []) == "*.log\n"


def test_without_paths_an_empty_file_stays_empty() -> None:
    assert ignore_text("", []) == ""


def test_where_people_moved_the_block_there_it_stays() -> None:
    moved = "first\n" + ignore_text("", ["a"]) + "last\n"
    assert ignore_text(moved, ["b"]).splitlines()[0] == "first"
    assert ignore_text(moved, ["b"]).splitlines()[-1] == "last"


def test_a_block_without_its_end_is_replaced() -> None:
    cut = ignore_text("*.log\n", ["a"]).removesuffix("# <<< mlops\n")
    assert ignore_text(cut, ["a"]) == ignore_text("*.log\n", ["a"])


def test_two_blocks_become_one() -> None:
    twice = ignore_text("", ["a"]) + "\n" + ignore_text("", ["b"])
    assert ignore_text(twice, ["c"]).count("# >>> mlops") == 1


@given(texts, paths)
def test_doing_it_again_changes_nothing(text: str, wanted: list[str]) -> None:
    once = ignore_text(text, wanted)
    assert ignore_text(once, wanted) == once


@given(texts, paths, paths)
def test_no_line_of_the_user_s_is_ever_lost(text: str, before: list[str], after: list[str]) -> None:
    lines = [line for line in ignore_text(ignore_text(text, before), after).split("\n") if line]
    own = [line for line in text.split("\n") if line]
    assert lines[: len(own)] == own


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "data/train.csv",
        "with space",
        "trailing ",
        "#hash",
        "!bang",
        "a*b",
        "a?b",
        "a[b]c",
        "back\\slash",
        "ü.bin",
    ],
)
def test_git_ignores_what_stages_make_whatever_its_name_and_nothing_like_it(
    tmp_path: Path, path: str
) -> None:
    repo = repository(tmp_path / "repo")
    write_ignore(repo, [path])
    asked = [path, f"below/{path}", "axb", "abc", "with", "unrelated"]
    done = subprocess.run(
        ["git", "-c", "core.quotePath=false", "check-ignore", "-z", "--stdin"],
        cwd=repo,
        input="\0".join(asked).encode(),
        capture_output=True,
        check=False,
    )
    assert done.stdout.decode().split("\0")[:-1] == [path]


def test_a_file_that_says_what_it_should_is_not_written(tmp_path: Path) -> None:
    assert write_ignore(tmp_path, ["a"])
    before = (tmp_path / ".gitignore").stat().st_mtime_ns
    assert not write_ignore(tmp_path, ["a"])
    assert (tmp_path / ".gitignore").stat().st_mtime_ns == before


def test_without_outputs_no_file_is_made(tmp_path: Path) -> None:
    assert not write_ignore(tmp_path, [])
    assert not (tmp_path / ".gitignore").exists()


def test_bytes_that_are_not_utf_8_survive(tmp_path: Path) -> None:
    write(tmp_path / ".gitignore", b"caf\xe9\n")
    write_ignore(tmp_path, ["a"])
    assert (tmp_path / ".gitignore").read_bytes().startswith(b"caf\xe9\n")


def test_line_ends_of_another_system_survive(tmp_path: Path) -> None:
    write(tmp_path / ".gitignore", b"one\r\ntwo\r\n")
    write_ignore(tmp_path, ["a"])
    assert (tmp_path / ".gitignore").read_bytes().startswith(b"one\r\ntwo\r\n")


def test_a_block_that_git_checked_out_with_other_line_ends_is_replaced() -> None:
    text = ignore_text("*.log\n", ["a"]).replace("\n", "\r\n")
    assert ignore_text(text, ["b"]).count("# >>> mlops") == 1


HEAD = "# >>> mlops: what stages make and what is tracked as data; this block is kept up to date"
IN_BLOCK = f"*.log\n\n{HEAD}\n<<<<<<< HEAD\n/n2\n=======\n/n1\n>>>>>>> n1\n# <<< mlops\n"
WHOLE_BLOCK = f"*.log\n<<<<<<< HEAD\n=======\n\n{HEAD}\n/n1\n# <<< mlops\n>>>>>>> n1\n"
WITH_BASE = f"{HEAD}\n<<<<<<< HEAD\n/n2\n||||||| 1a2b3c\n/n0\n=======\n/n1\n>>>>>>> n1\n# <<< mlops\n"
OTHER = f"<<<<<<< HEAD\n*.log\n=======\n*.tmp\n>>>>>>> n1\n\n{HEAD}\n/n1\n# <<< mlops\n"


@pytest.mark.parametrize("text", [IN_BLOCK, WHOLE_BLOCK, WITH_BASE])
def test_a_conflict_in_the_block_alone_is_solved_by_writing_it(text: str, tmp_path: Path) -> None:
    write(tmp_path / ".gitignore", text)
    assert conflict(tmp_path) == "block"
    assert write_ignore(tmp_path, ["n1", "n2"])
    people = "*.log\n\n" if "*.log" in text else ""
    assert (tmp_path / ".gitignore").read_text() == f"{people}{HEAD}\n/n1\n/n2\n# <<< mlops\n"
    assert conflict(tmp_path) is None


def test_a_conflict_in_what_people_wrote_is_theirs_and_all_rules_hold(tmp_path: Path) -> None:
    write(tmp_path / ".gitignore", OTHER)
    assert conflict(tmp_path) == "more"
    assert write_ignore(tmp_path, ["n1", "n2"])
    text = (tmp_path / ".gitignore").read_text()
    assert text.startswith(OTHER)
    assert without_rule(tmp_path, ["n1", "n2"]) == []
    assert not write_ignore(tmp_path, ["n1", "n2"])
    solved = text.replace("<<<<<<< HEAD\n", "").replace("=======\n", "").replace(">>>>>>> n1\n", "")
    assert ignore_text(solved, ["n1", "n2"]).count("/n1") == 1


def test_which_paths_have_no_rule_is_told(tmp_path: Path) -> None:
    assert without_rule(tmp_path, ["a"]) == ["a"]
    write_ignore(tmp_path, ["a", "b c"])
    assert without_rule(tmp_path, ["a", "b c", "b"]) == ["b"]
