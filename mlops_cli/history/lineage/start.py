"""What a lineage is asked about: the executions of a run, and the artifacts that nothing in it used up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import mlops_cli.history.known as known_values
from mlops_cli.history.lineage.graph import Named
from mlops_cli.history.lineage.kinds import is_model
from mlops_cli.history.lineage.sources import distinct, flat

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlops_cli.history.known import KnownData, KnownRun, Production
    from mlops_cli.history.lineage.sources import Known
    from mlops_cli.history.run_record import RunRecord, StageRun

_PARAMETER = re.compile(
    r"(?P<file>[^:]+\.(?:ya?ml|json|toml|py)):(?P<name>[^=:]+)(?:=(?P<value>.*))?", re.DOTALL
)


class Parameter(NamedTuple):
    """A parameter that was asked about.

    Parameters
    ----------
    value : str or None
        As typed; None for any value.
    """

    file: str
    name: str
    value: str | None = None

    def matches(self, params: dict[str, object]) -> bool:
        """Whether an execution used it: the parameter itself, or anything below it."""
        wanted = f"{self.file}:{self.name}"
        if self.value is None:
            return any(name == wanted or name.startswith(f"{wanted}.") for name in params)
        return wanted in params and spelled(params[wanted]) == spelled(read_value(self.value))


def read_parameter(text: str) -> Parameter | None:
    """Return the parameter that a text names; None where it names none.

    Examples
    --------
    >>> read_parameter("params.yaml:train.depth=8")
    Parameter(file='params.yaml', name='train.depth', value='8')
    >>> read_parameter("params.yaml:train.depth").value is None, read_parameter("main:params.yaml")
    (True, None)
    """
    found = _PARAMETER.fullmatch(text)
    return Parameter(found["file"], found["name"], found["value"]) if found else None


def read_value(text: str) -> Any:
    """Return a value as typed on the command line: what YAML would make of simple ones, else the text itself.

    Examples
    --------
    >>> read_value("8"), read_value("0.1"), read_value("true"), read_value("fast")
    (8, 0.1, True, 'fast')
    """
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


def spelled(value: Any) -> str:
    """Return a value as one text by which equal values are known: 1 and 1.0 are equal, 1 and true are not.

    Examples
    --------
    >>> spelled(1) == spelled(1.0), spelled(1) == spelled(True), spelled("1") == spelled(1)
    (True, False, False)
    """
    import json

    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole else value, sort_keys=True, default=str)


class Paths(Protocol):
    """What is recorded of paths."""

    def at_path(self, path: str, *, read: bool = False) -> Sequence[Production | KnownData]:
        """Return everything ever recorded of a path, newest first."""
        ...


def runs_with(known: Known, runs: Iterable[KnownRun], parameter: Parameter) -> list[Production]:
    """Return the executions that used a parameter."""
    found = []
    for run in runs:
        if not _may_have(run, parameter):
            continue
        record = known.full(run.id)
        made = executions(known, record, run) if record is not None else ()
        found += [production for production in made if parameter.matches(used(production))]
    return distinct(found)


def used(made: Production | StageRun) -> dict[str, object]:
    """Return the parameters that an execution used, those that templates put into its texts among them, as `flat` has them."""
    return flat(made.filled) | flat(made.params)


def _may_have(run: KnownRun, parameter: Parameter) -> bool:
    """Whether the flat parameters of a run leave it possible; they are at hand, the whole record is not."""
    wanted = {parameter.name, f"{parameter.file}:{parameter.name}"}
    if parameter.value is None:
        leads = tuple(f"{name}." for name in wanted)
        return any(name in wanted or name.startswith(leads) for name in run.params)
    value = spelled(read_value(parameter.value))
    return any(name in run.params and spelled(run.params[name]) == value for name in wanted)


def executions(known: Known, record: RunRecord, run: KnownRun | None = None) -> list[Production]:
    """Return the executions of a run; those that found everything fresh are the earlier ones that made it."""
    source = run.sources[0] if run is not None and run.sources else known_values.WORKSPACE
    file = f".mlops/runs/{record.id[:4]}-{record.id[4:6]}/{record.id}.json"
    found: list[Production] = []
    for stage in record.stages:
        if stage.status == "fresh" and stage.key is not None:
            found.extend(distinct(known.by_key(stage.key))[:1])
        elif stage.status != "skipped":
            found.append(
                known_values.Production(
                    stage.name,
                    stage.key,
                    stage.status,
                    record.id,
                    stage.deps,
                    stage.outs,
                    stage.params,
                    stage.metrics,
                    stage.program,
                    record.started,
                    source,
                    file,
                    sources=tuple(run.sources) if run is not None else (source,),
                    filled=stage.filled,
                )
            )
    return found


def final(productions: Sequence[Production]) -> list[Named]:
    """Return what some executions made and none of them read; models alone where there are any."""
    read = {(path, a.digest) for p in productions for path, a in p.deps.items()}
    made = {
        (path, a.digest): Named(path, a)
        for p in productions
        for path, a in p.outs.items()
        if (path, a.digest) not in read
    }
    models = [named for named in made.values() if is_model(named.path)]
    return models or list(made.values())


def made_models(productions: Sequence[Production]) -> list[Named]:
    """Return the models that some executions made and no other of them built on; where there is none, what is `final`."""
    read = {
        (path, a.digest)
        for p in productions
        if any(is_model(out) for out in p.outs)
        for path, a in p.deps.items()
    }
    found = [
        Named(path, a)
        for p in productions
        for path, a in p.outs.items()
        if is_model(path) and (path, a.digest) not in read
    ]
    return list(dict.fromkeys(found)) or final(productions)


def versions(paths: Paths, path: str, *, read: bool = True) -> list[Named]:
    """Return every version of an artifact that was ever recorded under a path, newest first."""
    found: dict[str, Named] = {}
    for row in paths.at_path(path, read=read):
        if isinstance(row, known_values.KnownData):
            artifact = row.artifact
        else:
            held = row.outs.get(path) or row.deps.get(path)
            if held is None:
                continue
            artifact = held
        found.setdefault(artifact.digest, Named(path, artifact))
    return list(found.values())


def find_named(known: Known, digest: str, path: str | None = None) -> Named | None:
    """Return an artifact by its digest, at a path, or where it was first met; None where nothing tells of it."""
    for record in known.data(digest):
        if path in (None, record.path):
            return Named(record.path, record.artifact)
    met = [p.outs for p in known.made(digest)] + [p.deps for p in known.used(digest)]
    rows = [(at, artifact) for side in met for at, artifact in side.items() if artifact.digest == digest]
    if not rows:
        return next((Named(path or row.path, row.artifact) for row in known.data(digest)), None)
    at, artifact = next((row for row in rows if row[0] == path), rows[0])
    return Named(path or at, artifact)
