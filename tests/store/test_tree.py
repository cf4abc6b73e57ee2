from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import DataError
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.tree import Entry, decode_tree, encode_tree, link_climb, link_stays_inside

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

EMPTY = digest_bytes(b"")
names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=8
).filter(lambda name: name not in (".", ".."))
digests = st.binary(max_size=3).map(digest_bytes)
sizes = st.integers(0, 1 << 50)
entries = st.one_of(
    st.builds(Entry, names, st.sampled_from(["file", "exec", "tree"]), digests, sizes),
    st.builds(Entry, names, st.just("link"), names, st.just(0)),
)
trees = st.lists(entries, max_size=6, unique_by=lambda entry: entry.name)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


def tree_of(*rows: Sequence[Any], schema: Any = 1) -> bytes:
    return json.dumps({"entries": rows, "schema": schema}).encode()


def test_the_form_of_a_tree_object_never_changes() -> None:
    data = encode_tree([Entry("b", "exec", EMPTY, 0), Entry("a", "link", "b", 0)])
    assert data == f'{{"entries":[["a","link","b",0],["b","exec","{EMPTY}",0]],"schema":1}}\n'.encode()


def test_the_digest_of_the_empty_tree_never_changes() -> None:
    assert (
        digest_bytes(encode_tree([])) == "b3:e1bff967722db8813115963f2d55d81e4a4a69a1f3648714db259744c8dfd671"
    )


@given(trees)
def test_a_tree_is_read_back_as_it_was_written(tree: list[Entry]) -> None:
    assert sorted(decode_tree(encode_tree(tree)), key=lambda entry: entry.name) == sorted(
        tree, key=lambda entry: entry.name
    )


@given(trees, st.randoms())
def test_the_order_of_making_does_not_change_a_tree(tree: list[Entry], chance: random.Random) -> None:
    other = tree.copy()
    chance.shuffle(other)
    assert encode_tree(other) == encode_tree(tree)


@given(trees, trees)
def test_trees_have_the_same_bytes_exactly_when_they_hold_the_same(
    one: list[Entry], other: list[Entry]
) -> None:
    assert (encode_tree(one) == encode_tree(other)) == (set(one) == set(other))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "../a", "a/", "a\0b", "\ud800", 1, None, ["a"]])
def test_a_hostile_name_is_refused(name: Any) -> None:
    with pytest.raises(DataError, match="unsafe name"):
        decode_tree(tree_of([name, "file", EMPTY, 0]))


@pytest.mark.parametrize(
    "row",
    [
        ["a", "device", EMPTY, 0],
        ["a", "", EMPTY, 0],
        ["a", None, EMPTY, 0],
        ["a", ["file"], EMPTY, 0],
        ["a", "file", EMPTY, -1],
        ["a", "file", EMPTY, 1.5],
        ["a", "file", EMPTY, "1"],
        ["a", "file", EMPTY, None],
        ["a", "file", EMPTY, True],
        ["a", "file", EMPTY, float("nan")],
        ["a", "file", "b3:12", 0],
        ["a", "tree", "../../etc/passwd", 0],
        ["a", "exec", None, 0],
    ],
)
def test_an_entry_that_says_nothing_known_is_refused(row: list[Any]) -> None:
    with pytest.raises(DataError):
        decode_tree(tree_of(row))


HALF = EMPTY[: len(EMPTY) // 2]
OTHER = digest_bytes(b"other")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # Put one after the other these look like two digests.
        (EMPTY + OTHER[:30], OTHER[30:]),
        (EMPTY[:-1], EMPTY[-1] + OTHER),
        (EMPTY + OTHER, ""),
        ("", EMPTY + OTHER),
        (HALF, EMPTY[len(HALF) :] + OTHER),
        # And these have the right length each.
        (EMPTY[1:] + "b", "3:" + OTHER[2:]),
        (EMPTY[:-1] + "\n", OTHER),
        (EMPTY[:-1] + "G", OTHER),
        (EMPTY.upper(), OTHER),
        ("b2" + EMPTY[2:], OTHER),
        (EMPTY[:-1] + "\u0661", OTHER),
    ],
)
def test_what_is_no_digest_is_refused_also_where_all_of_them_together_look_right(
    first: str, second: str
) -> None:
    with pytest.raises(DataError):
        decode_tree(tree_of(["a", "file", first, 0], ["b", "file", second, 0]))


def test_one_hostile_entry_among_many_good_ones_is_refused() -> None:
    good = [[f"{n:04}", "file", EMPTY, 0] for n in range(300)]
    for bad in (
        ["0100/", "file", EMPTY, 0],
        ["..", "file", EMPTY, 0],
        ["", "file", EMPTY, 0],
        ["0100\0", "file", EMPTY, 0],
        ["0100\udc80", "file", EMPTY, 0],
        ["0100a", "fifo", EMPTY, 0],
        ["0100a", None, EMPTY, 0],
        ["0100a", ["file"], EMPTY, 0],
        ["0100a", {}, EMPTY, 0],
        ["0100a", "file", EMPTY, True],
        ["0100a", "file", EMPTY, -1],
        ["0100a", "file", EMPTY, 0.0],
        ["0100a", "file", EMPTY + "0", 0],
        ["0100a", "link", "/etc", 0],
        ["0100", "file", EMPTY, 0],
        [["0100a"], "file", EMPTY, 0],
        [{}, "file", EMPTY, 0],
        ["0100a", "file", [EMPTY], 0],
        ["0100a", "file", EMPTY, 0, 0],
        ["0100a", "file", EMPTY],
    ):
        at = 101
        with pytest.raises(DataError):
            decode_tree(tree_of(*good[:at], bad, *good[at:]))
    link = ["0100a", "link", "x", 0]
    assert len(decode_tree(tree_of(*good[:101], link, *good[101:]))) == 301


@given(trees.filter(bool), st.data())
def test_no_entry_changes_its_meaning_for_the_entries_beside_it(
    tree: list[Entry], data: st.DataObject
) -> None:
    # What is usual is checked all at once, what is not one by one: both must say the same.
    row = data.draw(st.sampled_from([list(entry) for entry in tree]))
    at = data.draw(st.integers(0, 3))
    row[at] = data.draw(json_values | names | digests)
    alone, beside = (
        tree_of(row),
        tree_of(*sorted([row, ["\U0010ffff", "link", "x", 0]], key=lambda r: r is not row)),
    )

    def answer(value: bytes) -> object:
        try:
            return decode_tree(value)[0]
        except DataError:
            return None

    assert answer(alone) == answer(beside)


@pytest.mark.parametrize("target", ["", "/etc/passwd", "//a", "a\0b", "\udcff", None, 5])
def test_a_link_that_has_no_target_in_its_tree_is_refused(target: Any) -> None:
    with pytest.raises(DataError, match="the link 'a'"):
        decode_tree(tree_of(["a", "link", target, 0]))


def test_a_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(DataError, match="out of order or twice"):
        decode_tree(tree_of(["a", "file", EMPTY, 0], ["a", "link", "b", 0]))


def test_names_out_of_order_are_refused() -> None:
    with pytest.raises(DataError, match="out of order or twice"):
        decode_tree(tree_of(["b", "file", EMPTY, 0], ["a", "file", EMPTY, 0]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"entries":[],"schema":1',
        b'{"entries":5,"schema":1}',
        b'{"entries":{"a":1},"schema":1}',
        b'{"entries":["abc"],"schema":1}',
        b'{"entries":[["a","file"]],"schema":1}',
        b'{"schema":1}',
        b'{"entries":[]}',
        b"[" * 100_000,
        b"the bytes of some file",
    ],
)
def test_bytes_that_are_no_tree_are_refused(data: bytes) -> None:
    with pytest.raises(DataError):
        decode_tree(data)


@pytest.mark.parametrize("schema", [0, 2, "1", None, [1]])
def test_another_schema_is_refused_with_the_way_out(schema: Any) -> None:
    with pytest.raises(DataError, match="schema") as caught:
        decode_tree(tree_of(schema=schema))
    assert "Upgrade" in caught.value.hint


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_but_never_crash(data: bytes) -> None:
    with suppress(DataError):
        decode_tree(data)


@given(
    st.lists(
        st.tuples(
            names | json_values, st.just("file") | json_values, digests | json_values, sizes | json_values
        )
    )
)
def test_any_rows_are_read_or_refused_but_never_crash(rows: list[tuple[Any, ...]]) -> None:
    with suppress(DataError):
        decode_tree(tree_of(*rows))


@pytest.mark.parametrize(
    ("target", "climb"),
    [
        ("a", 0),
        ("a/b", 0),
        (".", 0),
        ("./a", 0),
        ("a//b/", 0),
        ("..", 1),
        ("../a", 1),
        ("./../a", 1),
        ("../../a/b", 2),
        ("...", 0),
        ("..a", 0),
        ("/", None),
        ("/a", None),
        ("a/..", None),
        ("../a/../../b", None),
    ],
)
def test_a_link_climbs_as_many_folders_as_its_target_says(target: str, climb: int | None) -> None:
    assert link_climb(target) == climb


@pytest.mark.parametrize(
    ("parents", "target", "inside"),
    [
        (0, "a", True),
        (0, "../a", False),
        (1, "../a", True),
        (1, "../../a", False),
        (5, "/a", False),
        # The name before the dots may be a link to a shallower folder: then this leads out.
        (5, "up/../x", False),
    ],
)
def test_a_link_stays_inside_when_it_climbs_no_higher_than_the_top(
    parents: int, target: str, inside: bool
) -> None:
    assert link_stays_inside(parents, target) is inside
