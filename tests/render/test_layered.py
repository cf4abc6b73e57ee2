"""Where nodes are drawn."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.render.layered import HEIGHT, WIDTH, Drawing, lay_out


def clashes(drawing: Drawing) -> int:
    places = list(drawing.places.values())
    return sum(
        abs(a.x - b.x) < WIDTH and abs(a.y - b.y) < HEIGHT for n, a in enumerate(places) for b in places[:n]
    )


def test_data_flows_from_left_to_right() -> None:
    drawing = lay_out(["raw", "prepare", "train", "code", "model"],
                      [("raw", "prepare"), ("prepare", "train"), ("code", "train"), ("train", "model")])  # fmt: skip
    x = {name: place.x for name, place in drawing.places.items()}
    assert x["raw"] < x["prepare"] < x["train"] < x["model"]
    assert x["code"] == x["prepare"]  # beside what it is read by, not at the far end
    assert drawing.places["raw"].y == drawing.places["prepare"].y


def test_edges_that_need_not_cross_do_not() -> None:
    drawing = lay_out(["a", "b", "c", "d"], [("a", "d"), ("b", "c")])
    y = {name: place.y for name, place in drawing.places.items()}
    assert (y["a"] < y["b"]) == (y["d"] < y["c"])


def test_an_edge_past_a_column_goes_around_what_lies_there() -> None:
    drawing = lay_out(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    way = drawing.ways[2]
    middle = [point for point in way if abs(point.x - drawing.places["b"].x) <= WIDTH / 2]
    assert len(middle) == 2
    assert all(abs(point.y - drawing.places["b"].y) > HEIGHT / 2 for point in middle)


def test_nothing_is_drawn_for_nothing() -> None:
    assert lay_out([], []).places == {}


@given(
    st.integers(1, 25).flatmap(
        lambda n: st.tuples(
            st.just(n), st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=40)
        )
    )
)
def test_nodes_never_lie_over_each_other_and_edges_never_go_back(
    drawn: tuple[int, set[tuple[int, int]]],
) -> None:
    count, pairs = drawn
    nodes = [f"n{number}" for number in range(count)]
    edges = [(f"n{a}", f"n{b}") for a, b in sorted(pairs) if a < b]
    drawing = lay_out(nodes, edges)
    assert clashes(drawing) == 0
    assert all(drawing.places[a].x < drawing.places[b].x for a, b in edges)
    assert all(before.x < after.x for way in drawing.ways for before, after in pairwise(way))
    assert all(
        0 < place.y < drawing.height and 0 < place.x < drawing.width for place in drawing.places.values()
    )
