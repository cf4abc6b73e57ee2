"""Which stage needs which: edges follow from paths, and the order from the edges."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.store.globs import fixed_part, glob_expression, is_glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlops_cli.pipeline.definition import Pipeline


class Source(NamedTuple):
    """A stage's output that an input needs.

    The same path, one that holds it, one inside it, or a match of its pattern.
    """

    stage: str
    path: str


class Graph(NamedTuple):
    """Edges of a pipeline.

    Parameters
    ----------
    sources : mapping
        Stage to input path (as written) to the outputs that it needs.
    upstream, downstream : mapping
        Stage to the stages next to it, in the order in which they are written.
    """

    sources: Mapping[str, Mapping[str, tuple[Source, ...]]]
    upstream: Mapping[str, tuple[str, ...]]
    downstream: Mapping[str, tuple[str, ...]]

    def order(self, wanted: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return stages so that each stands after those that it needs; ties stay as written.

        Stages in a loop, and behind one, are left out.
        """
        inside = set(self.upstream if wanted is None else wanted)
        names = [name for name in self.upstream if name in inside]
        waiting = {name: sum(up in inside for up in self.upstream[name]) for name in names}
        ready = deque(name for name in names if not waiting[name])
        done: list[str] = []
        while ready:
            name = ready.popleft()
            done.append(name)
            for follower in self.downstream[name]:
                if follower in inside:
                    waiting[follower] -= 1
                    if not waiting[follower]:
                        ready.append(follower)
        return tuple(done)

    def closure(self, names: Iterable[str], *, down: bool = False) -> set[str]:
        """Return stages with everything upstream of them, or downstream."""
        edges = self.downstream if down else self.upstream
        found: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                stack.extend(edges[name])
        return found


def build_graph(pipeline: Pipeline) -> Graph:
    """Return the edges that follow from the paths of a pipeline's stages."""
    makers = {out.path: stage.name for stage in pipeline.stages.values() for out in stage.outs}
    paths = sorted(makers)
    sources: dict[str, dict[str, tuple[Source, ...]]] = {}
    upstream: dict[str, tuple[str, ...]] = {}
    downstream: dict[str, list[str]] = {name: [] for name in pipeline.stages}
    for name, stage in pipeline.stages.items():
        needed: dict[str, tuple[Source, ...]] = {}
        for dep in stage.deps:
            found = (
                _globbed(dep.path, makers, paths) if is_glob(dep.path) else _sources(dep.path, makers, paths)
            )
            found = tuple(source for source in found if source.stage != name)
            if found:
                needed[dep.path] = found
        sources[name] = needed
        upstream[name] = tuple(dict.fromkeys(source.stage for group in needed.values() for source in group))
        for up in upstream[name]:
            downstream[up].append(name)
    return Graph(sources, upstream, {name: tuple(names) for name, names in downstream.items()})


def _sources(path: str, makers: Mapping[str, str], paths: list[str]) -> tuple[Source, ...]:
    if path in makers:
        return (Source(makers[path], path),)
    parts = path.split("/")
    for count in range(len(parts) - 1, 0, -1):
        outer = "/".join(parts[:count])
        if outer in makers:
            return (Source(makers[outer], outer),)
    return tuple(Source(makers[p], p) for p in _below(path, paths))


def _globbed(pattern: str, makers: Mapping[str, str], paths: list[str]) -> tuple[Source, ...]:
    start = fixed_part(pattern)
    outer = _sources(start, makers, []) if start else ()
    if outer:
        return outer
    expression = glob_expression(pattern)
    return tuple(
        Source(makers[p], p)
        for p in _below(start, paths)
        if expression.fullmatch(p) or _may_hold_matches(p, pattern)
    )


def _may_hold_matches(path: str, pattern: str) -> bool:
    """Whether an output may be a directory with matches in it.

    It has no ending, and the pattern goes deeper than it lies.
    """
    if "." in path.rsplit("/", 1)[-1]:
        return False
    parts = pattern.split("/")
    starts = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return any(glob_expression(start).fullmatch(path) for start in starts)


def _below(folder: str, paths: list[str]) -> list[str]:
    """Return the sorted paths that lie below a folder."""
    if folder in ("", "."):
        return paths
    low = bisect_left(paths, folder + "/")
    high = bisect_left(paths, folder + "0")  # "0" is the character after "/"
    return paths[low:high]


def find_loop(graph: Graph) -> tuple[str, ...]:
    """Return a loop of stages, the first one again at its end, or nothing."""
    left = set(graph.upstream) - set(graph.order())
    if not left:
        return ()
    # Whoever is left waits for somebody who is left: walking up must come round.
    name = min(left)
    seen: dict[str, None] = {}
    while name not in seen:
        seen[name] = None
        name = next(up for up in graph.upstream[name] if up in left)
    walked = list(seen)
    loop = walked[walked.index(name) :]
    loop.reverse()
    first = loop.index(min(loop))
    loop = loop[first:] + loop[:first]
    return (*loop, loop[0])
