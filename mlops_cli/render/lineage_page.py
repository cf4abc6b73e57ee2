"""Lineage as one page that needs nothing else: the graph drawn, and what is known of each node."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from mlops_cli.history.lineage.fold import fold
from mlops_cli.render.fitting import fit_end, fit_middle
from mlops_cli.render.layered import HEIGHT, WIDTH, lay_out
from mlops_cli.render.lineage_facts import fact_rows, moment_text, relation_text, short_digest
from mlops_cli.render.plain import plain
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.actions.lineage import LineageResult
    from mlops_cli.history.lineage.fold import Shown, View
    from mlops_cli.render.layered import Drawing, Point

MOST_NODES = 200
_KINDS = ("model", "artifact", "data", "code", "params", "run", "commit")
_PAD = 14  # pixels between the border of a node and its text
_FONT, _SMALL = 13, 11  # pixels, as in the style sheet


def lineage_page(result: LineageResult) -> str:
    """Return the page; a graph of more nodes than can be read is folded, and the page says so."""
    view = fold(result.graph, MOST_NODES, commits=False)
    number = {node.id: index for index, node in enumerate(view.nodes)}
    drawing = lay_out([n.id for n in view.nodes], [(e.start, e.end) for e in view.edges])
    style, script = _part("lineage.css"), _part("lineage.js")
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hashed}'; base-uri 'none'"
    title = f"Lineage of {plain(result.asked.ref)}"
    kinds = [kind for kind in _KINDS if any(node.kind == kind for node in view.nodes)]
    legend = "".join(f'<li><i class="{kind}"></i>{kind}</li>' for kind in kinds)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
{_said(result, view)}</header>
<div class="tools">
<button type="button" id="smaller" aria-label="Smaller">&minus;</button>
<button type="button" id="larger" aria-label="Larger">+</button>
<button type="button" id="fit">All</button>
<input id="find" type="search" placeholder="Find" aria-label="Find a node">
<ul class="legend" aria-label="Kinds of nodes">{legend}</ul>
</div>
<main>
<div id="drawing">
{_svg(view, drawing, number)}</div>
<aside id="facts" aria-live="polite"><p>Choose a node to see what is known of it.</p></aside>
</main>
<details>
<summary>All {count_text(len(view.nodes), "node")} as a table</summary>
<div class="scroll"><table>
<tr><th>kind</th><th>name</th><th>what is known</th></tr>
{_table(view)}</table></div>
</details>
<script type="application/json" id="nodes">{_json(view)}</script>
<script>{script}</script>
</body>
</html>
"""


def _part(name: str) -> str:
    return (files("mlops_cli.render") / "page" / name).read_text(encoding="utf-8")


def _said(result: LineageResult, view: View) -> str:
    graph = result.graph
    rows = [
        "What made it, from left to right."
        if graph.direction == "up"
        else "What came of it, from left to right."
    ]
    if result.asked.at is not None:
        rows[0] += f" As it was on {moment_text(result.asked.at.time)} UTC."
    if graph.direction == "down":
        rows[0] += f" {count_text(len(result.models), 'model')} came of it."
    text = f"<p>{escape(rows[0])}</p>\n"
    notes = [f"{said[:1].upper()}{said[1:]}." for said in view.said]
    if graph.cut:
        notes.append("There is more behind nodes with a broken border: ask with a greater --depth.")
    if result.incomplete is not None:
        notes.append(f"This clone does not have the whole history: {result.incomplete.message}.")
    return text + "".join(f'<p class="said">{escape(plain(note))}</p>\n' for note in notes)


def _svg(view: View, drawing: Drawing, number: dict[str, int]) -> str:
    width, height = drawing.width, drawing.height
    begin = (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="group" '
        f'aria-label="The graph">\n<defs><marker id="arrowhead" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" '
        'markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path id="arrow" d="M0 0 8 4 0 8z"/></marker></defs>\n'
    )
    parts = [begin]
    for edge, way in zip(view.edges, drawing.ways, strict=True):
        note = relation_text(edge.note)
        told = f"<title>{escape(plain(f'{edge.role}: {note}' if note else edge.role))}</title>"
        parts.append(
            f'<path class="edge {edge.role}" data-from="{number[edge.start]}" data-to="{number[edge.end]}" '
            f'd="{_curve(way)}" marker-end="url(#arrowhead)">{told}</path>\n'
        )
    parts += [_node(node, drawing.places[node.id]) for node in view.nodes]
    return "".join([*parts, "</svg>\n"])


def _curve(way: Sequence[Point]) -> str:
    """Return a line through points: straight past a column, bent between two."""
    start, *rest = way
    text = f"M{start.x:.1f} {start.y:.1f}"
    for index, point in enumerate(rest):
        before = way[index]
        if index % 2:
            text += f"L{point.x:.1f} {point.y:.1f}"
        else:
            middle = (before.x + point.x) / 2
            text += f"C{middle:.1f} {before.y:.1f} {middle:.1f} {point.y:.1f} {point.x:.1f} {point.y:.1f}"
    return text


def _node(node: Shown, place: Point) -> str:
    left, top = place.x - WIDTH / 2, place.y - HEIGHT / 2
    marks = " ".join([node.kind, *(["start"] if node.start else []), *(["cut"] if node.cut else [])])
    name = plain(node.label)
    spoken = escape(f"{node.kind} {name}")
    room = WIDTH - 2 * _PAD
    count = f" ({node.stands_for})" if node.stands_for > 1 else ""
    return (
        f'<g class="node {marks}" tabindex="0" role="button" aria-pressed="false" aria-label="{spoken}"'
        f' transform="translate({left:.1f} {top:.1f})"><title>{escape(name)}</title>'
        f'<rect width="{WIDTH:.0f}" height="{HEIGHT:.0f}" rx="{26 if node.kind == "run" else 6}"/>'
        f'<text class="small" x="{_PAD}" y="16">{node.kind}{count}</text>'
        f'<text x="{_PAD}" y="34">{escape(fit_middle(name, room / _FONT))}</text>'
        f'<text class="small" x="{_PAD}" y="49">{escape(fit_end(_second(node), room / _SMALL))}</text></g>\n'
    )


def _second(node: Shown) -> str:
    facts = node.facts
    if node.kind == "run":
        words = [moment_text(facts["started"])] if facts.get("started") else []
        return plain(" ".join([*words, str(facts.get("author", ""))]).strip())
    if facts.get("values"):
        return plain(", ".join(f"{name}={value}" for name, value in facts["values"].items()))
    if facts.get("subject"):
        return plain(str(facts["subject"]))
    return short_digest(str(facts["digest"])) if facts.get("digest") else ""


def _rows(node: Shown) -> list[tuple[str, str]]:
    return [
        (plain(title), "\n".join(plain(line) for line in text.split("\n")))
        for title, text in fact_rows(node.kind, node.facts)
    ]


def _table(view: View) -> str:
    lines = []
    for node in view.nodes:
        facts = "; ".join(f"{title}: {text}" for title, text in _rows(node))
        lines.append(
            f"<tr><td>{node.kind}</td><td>{escape(plain(node.label))}</td><td>{escape(facts)}</td></tr>\n"
        )
    return "".join(lines)


def _json(view: View) -> str:
    """Return what the page's program reads; nothing in it can end the element that it stands in."""
    rows = [
        {"label": plain(node.label), "kind": node.kind, "facts": [list(row) for row in _rows(node)]}
        for node in view.nodes
    ]
    text = json.dumps(rows, ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
