"""The graph of stages as a tree of text, as DOT and as Mermaid."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_cli.actions.graph import GraphNode, GraphResult

FORMS = ("text", "dot", "mermaid")


def graph_text(result: GraphResult) -> str:
    """Return the graph as trees in the direction in which data flows; what was drawn above is drawn once."""
    nodes = {node.name: node for node in result.nodes}
    followers: dict[str, list[str]] = {name: [] for name in nodes}
    needed = set()
    for start, end in result.edges:
        followers[start].append(end)
        needed.add(end)
    lines: list[str] = []
    drawn: set[str] = set()
    # Each item: name, what stands before it, what stands before its followers.
    stack = [(name, "", "") for name in reversed(nodes) if name not in needed]
    while stack:
        name, lead, below = stack.pop()
        again = name in drawn and followers[name]
        lines.append(lead + _label(nodes[name]) + (" (as above)" if again else ""))
        if again:
            continue
        drawn.add(name)
        children = followers[name]
        for place in range(len(children) - 1, -1, -1):
            last = place == len(children) - 1
            stack.append(
                (children[place], below + ("└── " if last else "├── "), below + ("    " if last else "│   "))
            )
    return "".join(line + "\n" for line in lines)


def graph_dot(result: GraphResult) -> str:
    """Return the graph in Graphviz's language."""
    lines = [
        "digraph pipeline {",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="Helvetica"];',
    ]
    lines += [f"  {json.dumps(node.name)} [label={json.dumps(_label(node))}];" for node in result.nodes]
    lines += [f"  {json.dumps(start)} -> {json.dumps(end)};" for start, end in result.edges]
    return "\n".join([*lines, "}"]) + "\n"


def graph_mermaid(result: GraphResult) -> str:
    """Return the graph in Mermaid's language, which hosting sites draw inside Markdown."""
    ids = {node.name: f"s{number}" for number, node in enumerate(result.nodes)}
    lines = ["flowchart LR"]
    lines += [f'  {ids[node.name]}["{_escape(_label(node))}"]' for node in result.nodes]
    lines += [f"  {ids[start]} --> {ids[end]}" for start, end in result.edges]
    return "\n".join(lines) + "\n"


def _label(node: GraphNode) -> str:
    return node.name if node.count == 1 else f"{node.name} ({node.count})"


def _escape(text: str) -> str:
    return re.sub(r'["<>&#;]', lambda found: f"#{ord(found[0])};", text)
