"""Lineage in the languages of Graphviz and Mermaid."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mlops_cli.history.lineage.fold import fold, whole
from mlops_cli.render.lineage_facts import relation_text, short_digest
from mlops_cli.render.plain import plain

if TYPE_CHECKING:
    from mlops_cli.history.lineage.fold import Shown, View
    from mlops_cli.history.lineage.graph import Edge, Lineage

# What hosting sites draw at most, and no setting inside a diagram can raise it.
MERMAID_EDGES, MERMAID_CHARACTERS = 500, 50_000
_SHAPES = {
    "run": "box",
    "data": "cylinder",
    "code": "note",
    "params": "tab",
    "model": "hexagon",
    "commit": "ellipse",
}
_MERMAID = {
    "run": ('["', '"]'),
    "data": ('[("', '")]'),
    "code": ('[/"', '"/]'),
    "params": ('(["', '"])'),
    "model": ('{{"', '"}}'),
    "commit": ('(["', '"])'),
}


def lineage_dot(graph: Lineage) -> str:
    """Return a graph in Graphviz's language, whole."""
    lines = [
        "digraph lineage {",
        "  rankdir=LR;",
        '  node [shape=box, fontname="Helvetica"];',
        '  edge [fontname="Helvetica", fontsize=10];',
    ]
    view = whole(graph)
    ids = {node.id: f"n{number}" for number, node in enumerate(view.nodes)}
    for node in view.nodes:
        # Backslashes first: Graphviz would take what follows one for an instruction.
        label = "\\n".join(_quoted(line) for line in _lines(node))
        more = ", penwidth=3" if node.start else ", style=dashed" if node.cut else ""
        lines.append(f'  {ids[node.id]} [label="{label}", shape={_SHAPES.get(node.kind, "folder")}{more}];')
    for edge in view.edges:
        word = _word(edge)
        label = f' [label="{_quoted(word)}"]' if word else ""
        lines.append(f"  {ids[edge.start]} -> {ids[edge.end]}{label};")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def lineage_mermaid(graph: Lineage) -> tuple[str, tuple[str, ...]]:
    """Return a graph in Mermaid's language, as small as hosting sites draw it, and what was folded for that."""
    most = MERMAID_EDGES
    while True:
        view = fold(graph, most, MERMAID_EDGES)
        text = _mermaid(view)
        if len(text) <= MERMAID_CHARACTERS or most <= 1:
            return text, view.said
        most = most * 3 // 4


def _mermaid(view: View) -> str:
    ids = {node.id: f"n{number}" for number, node in enumerate(view.nodes)}
    lines = ["flowchart LR", *(f"  %% {said}" for said in view.said)]
    for node in view.nodes:
        start, end = _MERMAID.get(node.kind, ('["', '"]'))
        label = "<br/>".join(_escaped(line) for line in _lines(node))
        lines.append(f"  {ids[node.id]}{start}{label}{end}:::{node.kind}")
    for edge in view.edges:
        word = _word(edge)
        arrow = f' -- "{_escaped(word)}" --> ' if word else " --> "
        lines.append(f"  {ids[edge.start]}{arrow}{ids[edge.end]}")
    marked = [ids[node.id] for node in view.nodes if node.start]
    lines += [f"  style {name} stroke-width:4px" for name in marked]
    return "\n".join(lines) + "\n"


def _lines(node: Shown) -> list[str]:
    """Return what stands in a node: its label, how many it stands for, and its digest, run or values."""
    lines = [plain(node.label)[:80]]
    if node.stands_for > 1:
        return [f"{lines[0]} ({node.stands_for})"]
    facts = node.facts
    if node.kind == "run" and facts.get("run"):
        lines.append(plain(str(facts["run"])))
    elif facts.get("digest"):
        lines.append(short_digest(str(facts["digest"])))
    elif node.kind == "params":
        values = json.dumps(facts.get("values", {}), ensure_ascii=False, default=str)
        lines.append(plain(values[:80] + ("…" if len(values) > 80 else "")))
    elif facts.get("subject"):
        lines.append(plain(str(facts["subject"]))[:80])
    return lines


def _word(edge: Edge) -> str:
    if edge.role == "parent":
        return plain(relation_text(edge.note) or "parent")
    return plain(edge.note)


def _escaped(text: str) -> str:
    """Return text in which Mermaid and HTML see nothing but text."""
    return re.sub(r"""["'<>&#;`|{}\[\]()\\%]""", lambda found: f"#{ord(found[0])};", text)
