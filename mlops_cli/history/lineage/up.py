"""What made something: its execution, that one's inputs, what made them, and so on back to data, code and parent models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.history.lineage.graph import Named, Node, artifact_id, production_id
from mlops_cli.history.lineage.kinds import is_code, is_model
from mlops_cli.history.lineage.making import Making
from mlops_cli.history.lineage.sources import Preferred, made_path, origin_of, same_group

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.history.known import Production
    from mlops_cli.history.lineage.graph import Lineage
    from mlops_cli.history.lineage.sources import Known
    from mlops_cli.store.artifact import Artifact

WARM_START = "warm_start"
BUILT_ON = "built_on"


def what_made(
    known: Known,
    artifacts: Sequence[Named],
    runs: Sequence[Production] = (),
    depth: int | None = None,
    preferred: Preferred | None = None,
) -> Lineage:
    """Return the graph of what made some artifacts, or led to some executions.

    Parameters
    ----------
    depth : int, optional
        How many executions to go back.
    preferred : Preferred, optional
        Which executions are meant where several made the same bytes; else the likeliest are.
    """
    making, cut, preferred = Making(known), list[str](), preferred or Preferred()
    starts = [making.artifact(named) for named in artifacts]
    # Breadth first, so that everything is met at its least depth.
    level: list[tuple[str, Production | None]] = [(name, None) for name in starts]
    seen = set(starts)
    for production in runs:
        name = making.run(production)
        if name not in seen:
            starts.append(name)
            seen.add(name)
            level += _new_inputs(making, name, production, seen)
    done = 0
    while level:
        deeper: list[tuple[str, Production | None]] = []
        for name, reader in level:
            found = _maker(making, name, reader, preferred, allowed=depth is None or done < depth)
            if found is None:
                cut.append(name)
            elif found and found[0] not in seen:
                seen.add(found[0])
                # At once: what is decided next has to see what this one came of, or a loop could close behind its back.
                deeper += _new_inputs(making, *found, seen)
        level = deeper
        done += 1
    return making.done(starts, "up", cut)


def _new_inputs(
    making: Making, run: str, production: Production, seen: set[str]
) -> list[tuple[str, Production | None]]:
    """Add what an execution read, and return what is new of it."""
    found = [name for name in _inputs(making, run, production) if name not in seen]
    seen.update(found)
    return [(name, production) for name in dict.fromkeys(found)]


def _maker(
    making: Making, name: str, reader: Production | None, preferred: Preferred, *, allowed: bool
) -> tuple[str, Production] | tuple[()] | None:
    """Connect an artifact with what made it; nothing where nothing did, None where that is too deep to be shown."""
    named = making.artifacts[name]
    makers, tracked = origin_of(making.known, named, reader)
    makers = preferred.first(makers, named)
    for production in makers:
        if _makes_loop(making, name, production):
            continue
        if not allowed:
            return None
        own = made_path(production, named.artifact.digest)
        at = production.outs.get(named.path)
        elsewhere = own if at is None or at.digest != named.artifact.digest else ""
        run = making.run(production)
        making.connect(run, name, "output", f"as {elsewhere}" if elsewhere else "")
        making.learn_others(name, _others(makers, production, named))
        if tracked is not None:
            making.learn_data(name, tracked)
        return run, production
    making.learn_data(name, tracked)
    return ()


def _others(makers: Sequence[Production], shown: Production, named: Named) -> list[str]:
    """Return the other runs that really made the same bytes at the same path."""
    runs = (
        p.run
        for p in makers
        if p.run != shown.run
        and p.status in ("ran", "tainted")
        and p.outs.get(named.path, named.artifact).digest == named.artifact.digest
        and named.path in p.outs
    )
    return list(dict.fromkeys(run for run in runs if run is not None))


def _makes_loop(making: Making, name: str, production: Production) -> bool:
    """Whether an execution itself came of what it is said to have made: a stage that reads and writes equal bytes."""
    inputs = [artifact_id(path, artifact.digest) for path, artifact in production.deps.items()]
    if name in inputs:
        return True
    return making.leads_to(name, [production_id(production), *inputs])


def _inputs(making: Making, run: str, production: Production) -> list[str]:
    """Add what an execution read, and return those artifacts that something else may have made."""
    found = []
    for path, artifact in production.deps.items():
        named = Named(path, artifact)
        name = making.artifact(named)
        relation = _relation(making, named, production)
        if relation:
            making.connect(name, run, "parent", relation)
        else:
            making.connect(name, run, "code" if is_code(path) else "input")
        found.append(name)
    found.extend(_told_parents(making, run, production))
    return found


def _told_parents(making: Making, run: str, production: Production) -> list[str]:
    """Add the parents that the run's record names beside the inputs."""
    record = making.record(production)
    read = {artifact.digest for artifact in production.deps.values()}
    found = []
    for parent in record.parents if record and _makes_model(production.outs) else ():
        digest = parent.get("digest")
        if (
            not isinstance(digest, str)
            or digest in read
            or parent.get("stage", production.stage) != production.stage
        ):
            continue
        made = next(iter(making.known.made(digest)), None)
        path = parent.get("path") or (made_path(made, digest) if made else "")
        artifact = made.outs.get(path) if made else None
        if artifact is None:
            name = artifact_id(path, digest)
            facts = {"path": path, "digest": digest}
            making.nodes.setdefault(name, Node(name, "model", path or digest[:15], facts))
        else:
            name = making.artifact(Named(path, artifact))
            found.append(name)
        if not making.leads_to(run, [name]):
            making.connect(name, run, "parent", str(parent.get("relation") or BUILT_ON))
    return found


def _relation(making: Making, named: Named, production: Production) -> str:
    """Return how a model that was made here built on an input; empty where that is no model, or none was made.

    It is a warm start where an earlier execution of the same stage made the input, or where the input was taken from another
    place than the one at which the pipeline makes it. Else the pipeline itself made one model out of another.
    """
    if not (is_model(named.path) and _makes_model(production.outs)):
        return ""
    makers = origin_of(making.known, named, production).makers
    if not makers:
        return WARM_START if not is_code(named.path) else ""
    maker = makers[0]
    elsewhere = named.path not in maker.outs
    return WARM_START if elsewhere or same_group(maker.stage, production.stage) else BUILT_ON


def _makes_model(outs: Mapping[str, Artifact]) -> bool:
    return any(is_model(path) for path in outs)
