from __future__ import annotations

from mlops_cli.actions.graph import GraphNode, GraphResult
from mlops_cli.render.graph import graph_dot, graph_mermaid, graph_text


def graph(names: str, *edges: str, counts: dict[str, int] | None = None) -> GraphResult:
    nodes = tuple(GraphNode(name, (counts or {}).get(name, 1), "") for name in names)
    return GraphResult(nodes, tuple((edge[0], edge[1]) for edge in edges))


def test_a_chain_is_drawn_in_the_direction_in_which_data_flows() -> None:
    assert graph_text(graph("abc", "ab", "bc")).splitlines() == ["a", "└── b", "    └── c"]


def test_several_followers_hang_on_one_stem() -> None:
    assert graph_text(graph("abcd", "ab", "bc", "ad")).splitlines() == ["a", "├── b", "│   └── c", "└── d"]


def test_what_was_drawn_above_is_not_drawn_again() -> None:
    lines = graph_text(graph("abcd", "ac", "bc", "cd")).splitlines()
    assert lines == ["a", "└── c", "    └── d", "b", "└── c (as above)"]


def test_stages_without_edges_stand_alone() -> None:
    assert graph_text(graph("ab")) == "a\nb\n"


def test_members_of_a_matrix_are_counted() -> None:
    assert graph_text(graph("a", counts={"a": 6})) == "a (6)\n"


def test_nothing_is_drawn_of_nothing() -> None:
    assert graph_text(graph("")) == ""


def test_a_very_long_chain_is_drawn() -> None:
    nodes = tuple(GraphNode(str(i), 1, "") for i in range(3000))
    edges = tuple((str(i), str(i + 1)) for i in range(2999))
    assert graph_text(GraphResult(nodes, edges)).count("\n") == 3000


def test_dot_names_nodes_and_edges() -> None:
    text = graph_dot(graph("ab", "ab", counts={"b": 2}))
    assert text.startswith("digraph pipeline {\n")
    assert '  "b" [label="b (2)"];\n' in text
    assert '  "a" -> "b";\n' in text
    assert text.endswith("}\n")


def test_dot_quotes_names() -> None:
    assert r'"a\"b"' in graph_dot(GraphResult((GraphNode('a"b', 1, ""),), ()))


def test_mermaid_names_nodes_and_edges() -> None:
    assert graph_mermaid(graph("ab", "ab")) == 'flowchart LR\n  s0["a"]\n  s1["b"]\n  s0 --> s1\n'


def test_mermaid_escapes_what_would_break_it() -> None:
    text = graph_mermaid(GraphResult((GraphNode('a"<b>&#;', 1, ""),), ()))
    assert 's0["a#34;#60;b#62;#38;#35;#59;"]' in text
