from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.git.objects import NewObject, Row, algorithm_of, make_pack, object_id, tree_data, tree_rows
from tests.support.command import git, repository
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path


def test_a_tree_has_the_bytes_and_the_id_that_git_gives_it(tmp_path: Path) -> None:
    folder = repository(tmp_path)
    # A folder sorts as if a slash stood at its end: after `a.b`, before `a0`.
    write_all(folder, {"a/x": "1", "a.b": "2", "a0": "3", "ü": "4", "z": "5"})
    (folder / "z").chmod(0o755)
    git(folder, "add", "--all")
    tree = git(folder, "write-tree").strip()
    data = subprocess.run(
        ["git", "cat-file", "tree", tree], cwd=folder, capture_output=True, check=True
    ).stdout
    rows = list(tree_rows(data, 20))
    assert [row.name for row in rows] == ["a.b", "a", "a0", "z", "ü"]
    assert tree_data(reversed(rows)) == data
    assert object_id("tree", data) == tree


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("size", [0, 1, 15, 16, 2047, 2048, 300_000])
def test_git_takes_a_pack_apart(tmp_path: Path, algorithm: str, size: int) -> None:
    git(tmp_path, "init", "--quiet", f"--object-format={algorithm}")
    blob = b"x" * size
    name = object_id("blob", blob, algorithm)
    tree = tree_data([Row("100644", "file", name)])
    pack = make_pack([NewObject("blob", blob), NewObject("tree", tree)], algorithm)
    subprocess.run(["git", "unpack-objects", "-q", "--strict"], cwd=tmp_path, input=pack, check=True)
    assert git(tmp_path, "cat-file", "-s", name).strip() == str(size)
    assert git(tmp_path, "ls-tree", "--name-only", object_id("tree", tree, algorithm)) == "file\n"
    assert algorithm_of(name) == algorithm


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=50)
@given(st.dictionaries(names, st.sampled_from(["100644", "40000"])))
def test_rows_come_out_of_a_tree_as_they_went_in(children: dict[str, str]) -> None:
    rows = {Row(mode, name, object_id("blob", name.encode())) for name, mode in children.items()}
    assert set(tree_rows(tree_data(rows), 20)) == rows


def test_bytes_that_are_no_tree_are_refused() -> None:
    with pytest.raises(ValueError, match="not found"):
        list(tree_rows(b"nonsense", 20))


def test_a_written_file_has_the_id_that_git_gives_it(tmp_path: Path) -> None:
    write(repository(tmp_path) / "a", "text\n")
    assert git(tmp_path, "hash-object", "a").strip() == object_id("blob", b"text\n")
