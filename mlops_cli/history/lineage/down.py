"""What came of something: who read it, what they made, who read that, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.history.lineage.graph import Named, artifact_id, production_id
from mlops_cli.history.lineage.kinds import is_code, is_model
from mlops_cli.history.lineage.making import Making
from mlops_cli.history.lineage.sources import distinct, origin_of, telling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.history.known import Production
    from mlops_cli.history.lineage.graph import Lineage, Role
    from mlops_cli.history.lineage.sources import Known


def what_came_of(
    known: Known, artifacts: Sequence[Named], runs: Sequence[Production] = (), depth: int | None = None
) -> Lineage:
    """Return the graph of what came of some artifacts, or of some executions.

    Parameters
    ----------
    depth : int, optional
        How many executions to go on.
    """
    making, cut = Making(known, whole=False), list[str]()
    starts: list[str] = []
    known.learn(made=[named.artifact.digest for named in artifacts])
    for named in artifacts:
        name = making.artifact(named)
        origin = origin_of(known, named)
        if not origin.makers:
            making.learn_data(name, origin.tracked)
        starts.append(name)
    level = list(starts)
    seen = set(level)
    for production in distinct(runs):
        run = making.run(production)
        starts.append(run)
        seen.add(run)
        level.extend(_outputs(making, run, production, seen))
    done = 0
    while level:
        deeper: list[str] = []
        known.learn(used=[making.artifacts[name].artifact.digest for name in level])
        for name in level:
            named = making.artifacts[name]
            readers = [p for p in distinct(known.used(named.artifact.digest)) if _reads(p, named)]
            if readers and depth is not None and done >= depth:
                cut.append(name)
                continue
            for production in readers:
                run = production_id(production)
                new = run not in making.nodes
                if not new and making.leads_to(run, [name]):
                    continue
                making.run(production)
                making.connect(name, run, _role(named, production), _read_as(production, named))
                if new:
                    deeper.extend(_outputs(making, run, production, seen))
        level = deeper
        done += 1
    return making.done(starts, "down", cut)


def _reads(production: Production, named: Named) -> bool:
    """Whether an execution read an artifact: at its path, or bytes elsewhere that cannot be equal by chance."""
    read = production.deps.get(named.path)
    return (read is not None and read.digest == named.artifact.digest) or telling(named)


def _read_as(production: Production, named: Named) -> str:
    """Return `as PATH` where an execution read an artifact from another place than its own."""
    read = production.deps.get(named.path)
    if read is not None and read.digest == named.artifact.digest:
        return ""
    paths = (path for path, artifact in production.deps.items() if artifact.digest == named.artifact.digest)
    return f"as {next(paths, '')}"


def _role(named: Named, production: Production) -> Role:
    if is_code(named.path):
        return "code"
    made_model = any(is_model(path) for path in production.outs)
    return "parent" if made_model and is_model(named.path) else "input"


def _outputs(making: Making, run: str, production: Production, seen: set[str]) -> list[str]:
    """Add what an execution made, and return what is new of it."""
    found = []
    for path, artifact in production.outs.items():
        name = artifact_id(path, artifact.digest)
        if name in making.nodes and making.leads_to(name, [run]):
            continue  # it read what it made: nothing new came of it
        making.artifact(Named(path, artifact))
        making.connect(run, name, "output")
        if name not in seen:
            seen.add(name)
            found.append(name)
    return found
