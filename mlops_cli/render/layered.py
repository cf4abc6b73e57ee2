"""Where the nodes of a graph without loops are drawn: in columns from left to right, with few crossings. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 208.0, 58.0  # of a node
_BESIDE, _BELOW = 64.0, 18.0  # between columns; between nodes of a column
_WIRE = 12.0  # what an edge takes that passes a column
_SWEEPS = 12


class Point(NamedTuple):
    """A place on the drawing, in pixels from its upper left corner."""

    x: float
    y: float


class Drawing(NamedTuple):
    """A graph, laid out.

    Parameters
    ----------
    places : dict
        The middle of each node.
    ways : list of list of Point
        Of each edge the points it goes through, from the right side of its start to the left side of its end.
    """

    width: float
    height: float
    places: dict[str, Point]
    ways: list[list[Point]]


def lay_out(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> Drawing:
    """Return where nodes and edges go.

    Parameters
    ----------
    edges : sequence of pairs
        From, to; there are no loops.
    """
    column = _columns(nodes, edges)
    chains = [_chain(number, start, end, column) for number, (start, end) in enumerate(edges)]
    rows: list[list[str]] = [[] for _ in range(max(column.values(), default=0) + 1)]
    for name, place in column.items():
        rows[place].append(name)
    links: dict[str, tuple[list[str], list[str]]] = {name: ([], []) for name in column}
    for chain in chains:
        for before, after in pairwise(chain):
            links[before][1].append(after)
            links[after][0].append(before)
    _order(rows, links)
    heights = _heights(rows, links, set(nodes))
    return _drawn(nodes, chains, column, heights)


def _columns(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return a column for each node: as far right as what follows allows; what nothing follows beside what it came of."""
    before: dict[str, list[str]] = {name: [] for name in nodes}
    after: dict[str, list[str]] = {name: [] for name in nodes}
    for start, end in edges:
        before[end].append(start)
        after[start].append(end)
    height: dict[str, int] = dict.fromkeys(nodes, 0)  # the longest way on from here
    waiting = {name: len(after[name]) for name in nodes}
    ready = [name for name in nodes if not waiting[name]]
    for name in ready:  # grows while it is walked
        for other in before[name]:
            height[other] = max(height[other], height[name] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    last = max(height.values(), default=0)
    column = {name: last - height[name] for name in nodes}
    for name in nodes:
        if not after[name] and before[name]:
            column[name] = 1 + max(column[other] for other in before[name])
    return column


def _chain(number: int, start: str, end: str, column: dict[str, int]) -> list[str]:
    """Return the nodes that an edge passes: its ends, and one without a name in each column between."""
    names = [f"\0{number}.{place}" for place in range(column[start] + 1, column[end])]
    for offset, name in enumerate(names):
        column[name] = column[start] + 1 + offset
    return [start, *names, end]


def _order(rows: list[list[str]], links: Mapping[str, tuple[list[str], list[str]]]) -> None:
    """Sort each column by the middle of its neighbours, forwards and backwards; keep the order with the fewest crossings."""
    place: dict[str, float] = {}

    def number() -> None:
        for row in rows:
            place.update({name: float(index) for index, name in enumerate(row)})

    number()
    best, fewest = [list(row) for row in rows], _crossings(rows, links, place)
    for sweep in range(_SWEEPS):
        side = sweep % 2
        for row in rows if side == 0 else reversed(rows):
            middle = {name: _middle([place[n] for n in links[name][side]], place[name]) for name in row}
            row.sort(key=middle.__getitem__)
            place.update({name: float(index) for index, name in enumerate(row)})
        crossings = _crossings(rows, links, place)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best


def _middle(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(
    rows: list[list[str]], links: Mapping[str, tuple[list[str], list[str]]], place: Mapping[str, float]
) -> int:
    """Return how often edges cross between neighbouring columns: inversions, counted while inserting into a sorted list."""
    from bisect import bisect_right, insort

    count = 0
    for row in rows:
        ends = [place[end] for name in row for end in sorted(links[name][1], key=place.__getitem__)]
        met: list[float] = []
        for end in ends:
            count += len(met) - bisect_right(met, end)
            insort(met, end)
    return count


def _heights(
    rows: list[list[str]], links: Mapping[str, tuple[list[str], list[str]]], real: set[str]
) -> dict[str, float]:
    """Return how far down each node lies: near the middle of its neighbours, and none over another."""

    def gap(above: str, below: str) -> float:
        sizes = [HEIGHT if name in real else _WIRE for name in (above, below)]
        return sum(sizes) / 2 + (_BELOW if real & {above, below} else 0.0)

    down: dict[str, float] = {}
    offsets: list[list[float]] = []
    for row in rows:
        offset, at = [], 0.0
        for index, name in enumerate(row):
            at += gap(row[index - 1], name) if index else 0.0
            offset.append(at)
            down[name] = at
        offsets.append(offset)
    for sweep in range(_SWEEPS):
        order = range(len(rows)) if sweep % 2 == 0 else range(len(rows) - 1, -1, -1)
        for index in order:
            row, offset = rows[index], offsets[index]
            wanted = [_middle([down[n] for side in links[name] for n in side], down[name]) for name in row]
            settled = _rising([want - off for want, off in zip(wanted, offset, strict=True)])
            down.update({n: z + off for n, z, off in zip(row, settled, offset, strict=True)})
    return down


def _rising(values: list[float]) -> list[float]:
    """Return the numbers nearest to these that never fall: neighbours that would are replaced by their mean.

    Examples
    --------
    >>> _rising([1.0, 5.0, 3.0, 6.0])
    [1.0, 4.0, 4.0, 6.0]
    """
    blocks: list[tuple[float, int]] = []  # sum, count
    for value in values:
        total, count = value, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before = blocks.pop()
            total, count = total + before[0], count + before[1]
        blocks.append((total, count))
    return [total / count for total, count in blocks for _ in range(count)]


def _drawn(
    nodes: Sequence[str], chains: list[list[str]], column: Mapping[str, int], down: Mapping[str, float]
) -> Drawing:
    top = min((down[name] for name in column), default=0.0) - HEIGHT / 2 - _BELOW
    bottom = max((down[name] for name in column), default=0.0) + HEIGHT / 2 + _BELOW
    place = {
        name: Point(_BELOW + WIDTH / 2 + at * (WIDTH + _BESIDE), down[name] - top)
        for name, at in column.items()
    }
    ways = []
    for chain in chains:
        points = [Point(place[chain[0]].x + WIDTH / 2, place[chain[0]].y)]
        for name in chain[1:-1]:
            points += [
                Point(place[name].x - WIDTH / 2, place[name].y),
                Point(place[name].x + WIDTH / 2, place[name].y),
            ]
        ways.append([*points, Point(place[chain[-1]].x - WIDTH / 2, place[chain[-1]].y)])
    last = max(column.values(), default=0)
    width = 2 * _BELOW + (last + 1) * WIDTH + last * _BESIDE
    return Drawing(width, bottom - top, {name: place[name] for name in nodes}, ways)
