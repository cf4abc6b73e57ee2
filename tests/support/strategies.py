"""Values, pipelines and graphs that nobody thought of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mlops_cli.pipeline.definition import Dependency, Output, Pipeline, Place, Stage
from mlops_cli.pipeline.graph import Graph

if TYPE_CHECKING:
    from collections.abc import Mapping

names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
# Anything that UTF-8 can carry, control characters and templates included.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
places = st.builds(Place, texts, st.integers(1, 9999), st.integers(1, 200))
dependencies = st.builds(Dependency, texts, places)
outputs = st.builds(
    Output, texts, st.sampled_from(["out", "metric", "plot"]), st.booleans(), st.booleans(), places
)
_few_texts = st.lists(texts, max_size=3).map(tuple)
_settings = st.dictionaries(texts, json_values, max_size=2)

stages = st.builds(
    Stage,
    name=names,
    place=places,
    commands=_few_texts,
    uses=st.none() | texts,
    settings=_settings,
    wdir=texts,
    deps=st.lists(dependencies, max_size=3).map(tuple),
    params=st.dictionaries(texts, _settings, max_size=2),
    env=_few_texts,
    outs=st.lists(outputs, max_size=3).map(tuple),
    runtime=_few_texts,
    timeout=st.none() | st.floats(0.001, 1e9),
    retries=st.integers(0, 9),
    cores=st.integers(1, 64),
    gpu=st.integers(0, 8),
    memory=st.none() | st.integers(1, 2**50),
    mutex=_few_texts,
    frozen=st.booleans(),
    always=st.booleans(),
    desc=texts,
)


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    """Draw a pipeline of any stages; they need not fit together."""
    drawn = draw(st.lists(stages, max_size=4, unique_by=lambda stage: stage.name))
    return Pipeline({stage.name: stage for stage in drawn}, tuple(draw(st.lists(texts, max_size=3))))


_commands: st.SearchStrategy[Any] = st.sampled_from(["run", "a: b # c", "x && y", ["one", "two"]])


@st.composite
def written_stages(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Draw stages as people write them: a mapping that is right, with edges from earlier to later stages only."""
    found: dict[str, dict[str, Any]] = {}
    # Names that differ in more than case, as the tool asks for.
    for name in draw(st.lists(names, min_size=1, max_size=6, unique_by=str.casefold)):
        body: dict[str, Any] = {"cmd": draw(_commands)}
        linked = bool(draw(st.booleans()))
        if found and linked:
            chosen = draw(st.lists(st.sampled_from(sorted(found)), min_size=1, max_size=3, unique=True))
            body["deps"] = [f"made/{other}.out" for other in chosen]
        body["outs"] = [f"made/{name}.out", {"path": f"kept/{name}.out", "cache": draw(st.booleans())}]
        optional: Mapping[str, st.SearchStrategy[Any]] = {
            "desc": st.sampled_from(["what it does", "'quoted' # \"text\"", "été: 日本"]),
            "env": st.just(["OMP_NUM_THREADS"]),
            "timeout": st.integers(1, 9999) | st.sampled_from(["90s", "2h", "0.5d"]),
            "retries": st.integers(0, 5),
            "cores": st.integers(1, 8),
            "gpu": st.integers(0, 2),
            "memory": st.sampled_from(["500MB", "8GiB", 1024]),
            "mutex": st.sampled_from(["gpu", ["a", "b"]]),
            "frozen": st.booleans(),
            "always": st.booleans(),
        }
        for key, values in optional.items():
            if draw(st.booleans()):
                body[key] = draw(values)
        found[name] = body
    return found


def graph_of(edges: Mapping[str, tuple[str, ...]]) -> Graph:
    """Return the graph in which each stage needs the stages given for it."""
    down = {name: tuple(other for other in edges if name in edges[other]) for name in edges}
    return Graph({name: {} for name in edges}, dict(edges), down)


@st.composite
def acyclic_graphs(draw: st.DrawFn) -> Graph:
    """Draw a graph without loops, its stages written in any order."""
    names_drawn = [f"s{i}" for i in range(draw(st.integers(0, 12)))]
    edges = {
        name: tuple(draw(st.lists(st.sampled_from(names_drawn[:i]), unique=True, max_size=3))) if i else ()
        for i, name in enumerate(names_drawn)
    }
    return graph_of({name: edges[name] for name in draw(st.permutations(names_drawn))})


@st.composite
def any_graphs(draw: st.DrawFn) -> Graph:
    """Draw a graph with or without loops; no stage needs itself."""
    drawn = [f"s{i}" for i in range(draw(st.integers(2, 10)))]
    return graph_of(
        {
            name: tuple(
                draw(st.lists(st.sampled_from([n for n in drawn if n != name]), unique=True, max_size=2))
            )
            for name in drawn
        }
    )
