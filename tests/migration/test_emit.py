"""YAML as a person would have written it, that reads back as what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.formats.problems import Problems
from mlops_cli.formats.yaml_text import parse_yaml
from mlops_cli.migration.emit import emit, scalar
from mlops_cli.migration.translate import node_of

if TYPE_CHECKING:
    from typing import Any


def reads(text: str) -> Any:
    problems = Problems()
    node = parse_yaml(text.encode(), "", problems)
    assert problems.found == [], text
    return None if node is None else node.plain()


plain = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t") | st.sampled_from(
    "'\":#{}[],&*!|>%@`-? ~$\\"
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(plain, max_size=12)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, min_size=1, max_size=4)
    | st.dictionaries(st.text(plain, min_size=1, max_size=8), inner, min_size=1, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(plain, min_size=1, max_size=8), values, min_size=1, max_size=4))
def test_whatever_is_written_reads_back_as_it_was(value: dict[str, Any]) -> None:
    assert reads(emit(node_of(value))) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("python src/train.py --lr ${lr}", "python src/train.py --lr ${lr}"), ("1", '"1"'),
        ("true", '"true"'), ("1e3", '"1e3"'), ("no", "no"),
        ("${a}/b", "${a}/b"), ("a: b", '"a: b"'), ('say "x": y', "'say \"x\": y'"), ("", '""'),
        (1e-05, "1e-05"), (None, "null"), (" x", '" x"'),
    ],
)  # fmt: skip
def test_quotes_stand_only_where_they_are_needed(value: Any, shown: str) -> None:
    assert scalar(value) == shown


def test_a_text_of_several_lines_stays_one() -> None:
    assert emit(node_of({"cmd": "a\nb\n"})) == "cmd: |\n  a\n  b\n"
    assert emit(node_of({"cmd": "a\n\n  b"})) == "cmd: |-\n  a\n\n    b\n"


def test_comments_empty_lines_and_short_lists_come_along() -> None:
    source = "# Above.\nstages:\n  # One.\n  one:\n    deps: [a, b]\n    outs:\n      # why\n      - c\n\n  two:\n    deps: [d]\n"
    node = parse_yaml(source.encode(), "", Problems())
    assert node is not None
    assert emit(node, source) == source


@pytest.mark.parametrize(
    "line",
    [
        "prep:  # prepare", "cmd: echo it's  # here", "cmd: 'a # b'", "cmd: 'a # b'  # c", "outs: [a, 'b # c']  # d", "wdir: a#b",
        'cmd: "say \\" # x"  # y', "always_changed: true  # each time", '"a key":  # quoted', "url: http://x:80/#y",
    ],
)  # fmt: skip
def test_a_comment_stays_beside_what_it_is_about(line: str) -> None:
    text = f"{line}\n  a: 1\n" if line.endswith(("prepare", "quoted")) else f"{line}\n"
    problems = Problems()
    node = parse_yaml(text.encode(), "", problems)
    assert node is not None
    written = emit(node, text)
    assert reads(written) == node.plain()
    assert ("#" + line.rpartition("  #")[2] in written) is ("  #" in line)
    assert written.count("#") == text.count("#")


def test_comments_beside_items_come_along() -> None:
    text = "deps:  # what it reads\n  - a  # first\n  - path: b  # second\n  - c#d\n"
    node = parse_yaml(text.encode(), "", Problems())
    assert node is not None
    assert [line.partition("#")[2] for line in emit(node, text).splitlines()] == [
        " what it reads", " first", " second", "d",
    ]  # fmt: skip
