from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.store.globs import fixed_part, glob_expression, is_glob

plain_names = st.text("abc.-_ +(){}^$|\\", min_size=1, max_size=5)
plain_paths = st.lists(plain_names, min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*.csv", "a.csv"),
        ("*.csv", "b.x.csv"),
        ("data/*", "data/a"),
        ("data/*.csv", "data/a.csv"),
        ("src/**/*.py", "src/a.py"),
        ("src/**/*.py", "src/a/b/c.py"),
        ("**/*.py", "a.py"),
        ("**/*.py", "a/b.py"),
        ("src/**", "src/a"),
        ("src/**", "src/a/b"),
        ("a?.txt", "ab.txt"),
        ("[ab].txt", "a.txt"),
        ("[!ab].txt", "c.txt"),
        ("[^].txt", "^.txt"),
        ("[]].txt", "].txt"),
        ("[a-c]x", "bx"),
        ("a[", "a["),
        ("[z-a]", "[z-a]"),
        ("a.b", "a.b"),
        ("*/*.csv", "a/b.csv"),
    ],
)
def test_a_pattern_matches(pattern: str, path: str) -> None:
    assert glob_expression(pattern).fullmatch(path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*.csv", "a/b.csv"),
        ("*.csv", ".csv"),
        ("*.csv", "a.csv.gz"),
        ("data/*", "data/a/b"),
        ("data/*", "data/.hidden"),
        ("src/**/*.py", "srca.py"),
        ("src/**/*.py", "src/a.pyc"),
        ("a?.txt", "a/.txt"),
        ("a?.txt", "a.txt"),
        ("[ab].txt", "c.txt"),
        ("[!ab].txt", "a.txt"),
        ("a.b", "axb"),
        ("[!a]b", "/b"),
        ("a[.-0]b", "a/b"),
    ],
)
def test_a_pattern_does_not_match(pattern: str, path: str) -> None:
    assert not glob_expression(pattern).fullmatch(path)


@given(plain_paths)
def test_a_path_without_marks_matches_itself(path: str) -> None:
    assert glob_expression(path).fullmatch(path)


@given(plain_paths, plain_paths)
def test_a_path_without_marks_matches_nothing_else(pattern: str, path: str) -> None:
    assert bool(glob_expression(pattern).fullmatch(path)) == (pattern == path)


@given(st.text("ab*?[]!^-/.\\", max_size=12))
def test_every_text_is_a_pattern(pattern: str) -> None:
    assert isinstance(glob_expression(pattern), re.Pattern)


@given(
    st.text("ab*?[]!^-.", max_size=8), st.text("ab/", min_size=1, max_size=8).filter(lambda path: "/" in path)
)
def test_a_pattern_without_slash_and_double_star_stays_in_its_folder(pattern: str, path: str) -> None:
    assert "**" in pattern or not glob_expression(pattern).fullmatch(path)


@given(plain_names, st.lists(st.sampled_from(["a", "b.py", ".c"]), min_size=1, max_size=4).map("/".join))
def test_two_stars_at_the_end_match_everything_below(folder: str, below: str) -> None:
    assert glob_expression(f"{folder}/**").fullmatch(f"{folder}/{below}")


@pytest.mark.parametrize("path", ["*", "a?", "[a]", "a/**/b"])
def test_marks_make_a_pattern(path: str) -> None:
    assert is_glob(path)


@pytest.mark.parametrize("path", ["a", "a/b.c", "a]", "{a}", "a!b"])
def test_a_path_without_marks_is_no_pattern(path: str) -> None:
    assert not is_glob(path)


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("*.csv", ""),
        ("a/*.csv", "a"),
        ("a/b/**/c.csv", "a/b"),
        ("a/b.csv", "a"),
        ("a*/b/c", ""),
        ("a/[b]/c", "a"),
    ],
)
def test_the_fixed_part_is_the_folder_above_the_first_mark(pattern: str, folder: str) -> None:
    assert fixed_part(pattern) == folder
