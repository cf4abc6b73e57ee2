"""Which stage needs which, in which order, and whether they wait for each other."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from mlops_cli.pipeline.graph import Graph, Source, build_graph, find_loop
from tests.support.pipelines import parse
from tests.support.strategies import acyclic_graphs, any_graphs


def _upstream(text: str) -> dict[str, tuple[str, ...]]:
    return dict(build_graph(parse(text)).upstream)


def _reaches_itself(graph: Graph, name: str) -> bool:
    return name in graph.closure(graph.upstream[name])


@given(acyclic_graphs())
def test_in_an_order_every_stage_stands_once_and_after_those_that_it_needs(graph: Graph) -> None:
    order = graph.order()
    assert sorted(order) == sorted(graph.upstream)
    for name in order:
        assert all(order.index(up) < order.index(name) for up in graph.upstream[name])


@given(acyclic_graphs(), st.data())
def test_an_order_of_some_stages_keeps_their_order_among_each_other(
    graph: Graph, data: st.DataObject
) -> None:
    assume(graph.upstream)
    wanted = data.draw(st.lists(st.sampled_from(list(graph.upstream)), unique=True))
    order = graph.order(iter(wanted))
    assert sorted(order) == sorted(wanted)
    for name in order:
        assert all(order.index(up) < order.index(name) for up in graph.upstream[name] if up in wanted)


@given(any_graphs())
def test_stages_are_left_out_of_an_order_exactly_when_they_wait_for_a_loop(graph: Graph) -> None:
    stuck = {
        name
        for name in graph.upstream
        if any(_reaches_itself(graph, up) for up in {name, *graph.closure(graph.upstream[name])})
    }
    assert set(graph.order()) == set(graph.upstream) - stuck


@given(any_graphs())
def test_a_loop_is_found_exactly_when_there_is_one_and_is_a_real_one(graph: Graph) -> None:
    loop = find_loop(graph)
    assert bool(loop) == any(_reaches_itself(graph, name) for name in graph.upstream)
    if loop:
        assert loop[0] == loop[-1] == min(loop)
        assert len(set(loop)) == len(loop) - 1
        for before, after in pairwise(loop):
            assert before in graph.upstream[after]


@given(acyclic_graphs())
def test_without_a_loop_none_is_found(graph: Graph) -> None:
    assert find_loop(graph) == ()


def test_a_long_loop_is_found_without_recursion() -> None:
    count = 5_000
    names = [f"s{i:05}" for i in range(count)]
    up = {name: (names[i - 1],) for i, name in enumerate(names)}
    down = {name: (names[(i + 1) % count],) for i, name in enumerate(names)}
    assert find_loop(Graph({}, up, down)) == (*names, names[0])


@given(any_graphs(), st.data())
def test_a_closure_holds_what_it_started_from_and_every_neighbour(graph: Graph, data: st.DataObject) -> None:
    start = data.draw(st.lists(st.sampled_from(list(graph.upstream)), max_size=3))
    for down, edges in ((False, graph.upstream), (True, graph.downstream)):
        found = graph.closure(start, down=down)
        assert set(start) <= found
        assert all(set(edges[name]) <= found for name in found)


def test_independent_stages_keep_the_order_in_which_they_are_written() -> None:
    pipeline = parse("stages:\n  z: {cmd: x}\n  a: {cmd: x}\n  m: {cmd: x}\n")
    assert build_graph(pipeline).order() == ("z", "a", "m")


def test_the_same_path_is_an_edge() -> None:
    text = "stages:\n  a: {cmd: x, outs: [m]}\n  b: {cmd: x, deps: [./m]}\n"
    assert _upstream(text) == {"a": (), "b": ("a",)}


def test_metrics_and_plots_feed_stages_as_outputs_do() -> None:
    text = "stages:\n  a: {cmd: x, metrics: [m], plots: [p]}\n  b: {cmd: x, deps: [m]}\n  c: {cmd: x, deps: [p]}\n"
    assert _upstream(text) == {"a": (), "b": ("a",), "c": ("a",)}


def test_a_file_inside_an_output_directory_is_an_edge() -> None:
    text = "stages:\n  a: {cmd: x, outs: [data]}\n  b: {cmd: x, deps: [data/sub/b.csv]}\n"
    graph = build_graph(parse(text))
    assert graph.sources["b"] == {"data/sub/b.csv": (Source("a", "data"),)}


def test_a_directory_needs_every_stage_that_makes_something_below_it_and_no_other() -> None:
    text = """
        stages:
          a: {cmd: x, outs: [data/a]}
          b: {cmd: x, outs: [data/sub/b]}
          c: {cmd: x, outs: [data2, data-c, datb]}
          d: {cmd: x, deps: [data]}
    """
    assert _upstream(text)["d"] == ("a", "b")


def test_the_whole_project_as_an_input_needs_everybody_else() -> None:
    text = "stages:\n  a: {cmd: x, outs: [a]}\n  b: {cmd: x, outs: [deep/b]}\n  c: {cmd: x, deps: [.]}\n"
    assert _upstream(text)["c"] == ("a", "b")


def test_a_pattern_needs_the_outputs_that_it_matches() -> None:
    text = """
        stages:
          a: {cmd: x, outs: [made/a.csv]}
          b: {cmd: x, outs: [made/b.json]}
          c: {cmd: x, outs: [made/deep/c.csv]}
          flat: {cmd: x, deps: ['made/*.csv']}
          deep: {cmd: x, deps: ['made/**/*.csv']}
    """
    upstream = _upstream(text)
    assert upstream["flat"] == ("a",)
    assert upstream["deep"] == ("a", "c")


def test_a_pattern_needs_a_directory_that_may_hold_matches() -> None:
    text = """
        stages:
          a: {cmd: x, outs: [made/parts]}
          b: {cmd: x, deps: ['made/*/*.csv']}
          c: {cmd: x, deps: ['made/parts/*.csv']}
          d: {cmd: x, deps: ['other/*/*.csv']}
    """
    upstream = _upstream(text)
    assert (upstream["b"], upstream["c"], upstream["d"]) == (("a",), ("a",), ())


def test_a_pattern_that_matches_the_stages_own_output_is_no_edge_to_itself() -> None:
    text = "stages:\n  a: {cmd: x, deps: ['d/*.csv'], outs: [d/a.csv]}\n"
    assert _upstream(text) == {"a": ()}


def test_members_of_a_matrix_need_only_what_they_name() -> None:
    text = """
        stages:
          make:
            matrix: {v: [1, 2]}
            cmd: x
            outs: ['m/${matrix.v}']
          use:
            matrix: {v: [1, 2]}
            cmd: x
            deps: ['m/${matrix.v}']
    """
    upstream = _upstream(text)
    assert upstream["use@1"] == ("make@1",)
    assert upstream["use@2"] == ("make@2",)


def test_edges_cross_sub_projects() -> None:
    pipeline = parse(
        {
            "mlops.yaml": "include: [sub]\nstages:\n  a: {cmd: x, outs: [shared/a]}\n",
            "sub/mlops.yaml": "stages:\n  b: {cmd: x, deps: [../shared/a]}\n",
        }
    )
    assert build_graph(pipeline).upstream["sub:b"] == ("a",)
    assert build_graph(pipeline).downstream["a"] == ("sub:b",)
