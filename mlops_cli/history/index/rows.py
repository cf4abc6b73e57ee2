"""What the index keeps of a record: rows out of bytes, each distinct content read once. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlops_cli.history.index.database import MADE, RAN, READ, digest_number, number_of
from mlops_cli.history.named import with_set
from mlops_cli.history.run_record import RUN_SCHEMA
from mlops_cli.pipeline.parameters import leaves
from mlops_cli.pipeline.record import RECORD_SCHEMA
from mlops_cli.project import DATA_RECORDS, RECORDS
from mlops_cli.store.tracked import DATA_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.history.known import KnownData, Production

RUN, EVENT, STAGE, DATA, MODEL, DVC, LINKS = 1, 2, 3, 4, 5, 6, 7
_RUNS = f"{RECORDS}/runs/"
_KINDS = {
    f"{RECORDS}/stages/": STAGE,
    f"{DATA_RECORDS}/": DATA,
    f"{RECORDS}/models/": MODEL,
    f"{RECORDS}/migrated/": LINKS,
}
_RUN_NAME = re.compile(r"(\d{8}T\d{9}-[0-9a-f]+)(\.[a-z]+-[0-9a-f]+)?\.json")
_JOURNALED = re.compile(r"runs/(\d{4}-\d\d)/(?:\d\d/){2}([^/]+)")
_scan = json.JSONDecoder().raw_decode  # without what `json.loads` does to guess an encoding
# What a record that is no record can bring about while it is read.
_NO_RECORD = (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError)


def kind_of(path: str) -> int:
    """Return what kind of record a path of a project stands for; 0 for none.

    Examples
    --------
    >>> kind_of(".mlops/runs/2026-01/20260131T175900123-1f2e3d4c.json") == RUN, kind_of(".mlops/config.yaml")
    (True, 0)
    """
    if path.endswith(".json"):
        if path.startswith(_RUNS):
            found = _RUN_NAME.fullmatch(path.rpartition("/")[2])
            return 0 if found is None else EVENT if found[2] else RUN
        for start, kind in _KINDS.items():
            if path.startswith(start):
                return kind
    name = path.rpartition("/")[2]
    if not path.startswith(f"{RECORDS}/") and (
        name == "dvc.lock" or (name.endswith(".dvc") and name != ".dvc")
    ):
        return DVC
    return 0


def from_journal(prefix: str, path: str) -> str | None:
    """Return the path in the workspace that a path in a journal stands for; None for one of another project.

    Examples
    --------
    >>> from_journal("a/", "a/runs/2026-01/31/17/20260131T175900123-1f2e3d4c.json")
    '.mlops/runs/2026-01/20260131T175900123-1f2e3d4c.json'
    """
    found = _JOURNALED.fullmatch(path.removeprefix(prefix)) if path.startswith(prefix) else None
    return f"{_RUNS}{found[1]}/{found[2]}" if found else None


def run_of(path: str) -> str:
    """Return the id of the run that a run's or an event's file belongs to."""
    return path.rpartition("/")[2].partition(".")[0]


@dataclass
class Rows:
    """Rows to be written, table by table."""

    runs: list[Any] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    occurrences: list[Any] = field(default_factory=list)
    edges: list[Any] = field(default_factory=list)
    named: set[Any] = field(default_factory=set)
    data: list[Any] = field(default_factory=list)
    links: list[Any] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)

    def clear(self) -> None:
        """Forget what was written; which productions have their edges stays known."""
        for rows in (self.runs, self.events, self.occurrences, self.edges, self.named, self.data, self.links):
            rows.clear()


class Indexer:
    """Turns records of one project into rows.

    Parameters
    ----------
    project : int
        Its number.
    prefix : str
        Its folder relative to the top of the repository, with a slash at its end; empty for the top itself.
    read_dvc : callable
        Turns a file of DVC's into what it says, given its path from the top.
    """

    def __init__(
        self, project: int, prefix: str, read_dvc: Callable[[str, bytes], list[Production | KnownData]]
    ) -> None:
        self.rows = Rows()
        self._project = project
        self._salt = str(project)
        self._prefix = prefix
        self._read_dvc = read_dvc

    def add(self, number: int, kind: int, path: str, data: bytes) -> str:
        """Take in a record; return what is wrong with it, empty where nothing is.

        Parameters
        ----------
        number : int
            Of the file.
        path : str
            Relative to the project.
        """
        whole = len(self.rows.occurrences), len(self.rows.data)
        try:
            if kind == DVC:
                self._add_dvc(number, path, data)
                return ""
            value = _value(data)
            schema = value["schema"]
            newest = {RUN: RUN_SCHEMA, STAGE: RECORD_SCHEMA, DATA: DATA_SCHEMA}.get(kind, 1)
            if type(schema) is not int or schema > newest:
                return f"it has schema {schema!r}, and this version reads up to {newest}"
            if kind == RUN:
                self._add_run(number, path, value)
            elif kind == STAGE:
                self._production(number, 0, "recorded", str(value["stage"]), value)
            elif kind == DATA:
                self.rows.data.append((digest_number(value["digest"]), _text(value["path"]), number))
            elif kind == EVENT:
                self._add_event(number, path, value)
            elif kind == LINKS:
                rows = [(_text(row["dvc"]), _text(row["digest"]), number) for row in value["links"]]
                self.rows.links += rows
        except _NO_RECORD as error:
            del self.rows.occurrences[whole[0] :], self.rows.data[whole[1] :]
            return f"it is not a record: {error!r}"[:200].encode("utf-8", "replace").decode()
        return ""

    def _add_run(self, number: int, path: str, value: Mapping[str, Any]) -> None:
        name, actor, code = value["id"], value["actor"] or {}, value["code"]
        if name != run_of(path):
            raise ValueError(f"it names the run {name!r}")
        params, metrics, experiment = value["params"], value["metrics"], value.get("experiment")
        if type(params) is not dict or type(metrics) is not dict:
            raise TypeError("its parameters are no object")
        stages = value["stages"]
        row = (
            self._project,
            name,
            number,
            _text(value["status"]),
            _text(value["started"]),
            float(value["seconds"]),
            _text(value["message"]),
            _text(actor.get("name", "")),
            _text(actor.get("email", "")),
            _text(value["trigger"]["kind"]),
            _maybe(code["commit"]),
            _maybe(code["branch"]),
            1 if code["dirty"] else 0,
            _maybe(code.get("snapshot")),
            json.dumps(with_set(params, experiment)),
            json.dumps(metrics),
            "\0".join([_text(stage["name"]) for stage in stages]),
            json.dumps(experiment) if experiment else None,
            json.dumps(_files(params, stages)),
            json.dumps(_reporters(metrics, stages)),
        )
        for at, stage in enumerate(stages):
            if "deps" in stage or "outs" in stage:  # of one that was fresh, only its key is there
                self._production(number, at, stage["status"], stage["name"], stage)
        self.rows.runs.append(row)

    def _add_event(self, number: int, path: str, value: Mapping[str, Any]) -> None:
        run = value["run"]
        if run != run_of(path):
            raise ValueError(f"it is about the run {run!r}")
        row = (
            _text(value["at"]),
            _text(value["id"]),
            number,
            _text(value["kind"]),
            _maybe(value.get("outcome")),
        )
        self.rows.events.append((self._project, run, *row))

    def _production(self, number: int, at: int, status: str, stage: str, value: Mapping[str, Any]) -> None:
        deps, outs, key = value.get("deps", {}), value.get("outs", {}), value.get("key")
        read = [(path, artifact["digest"]) for path, artifact in deps.items()]
        made = [(path, artifact["digest"]) for path, artifact in outs.items()]
        self._execution(number, at, status, stage, key, read, made)

    def _execution(
        self,
        number: int,
        at: int,
        status: str,
        stage: str,
        key: str | None,
        read: list[tuple[str, str]],
        made: list[tuple[str, str]],
    ) -> None:
        """Note one execution; the same one told by several records has its edges once."""
        inputs, outputs = "\0".join([digest for _, digest in read]), "\0".join([digest for _, digest in made])
        production = number_of(self._salt, stage, key or "", inputs, ">", outputs)
        rows = self.rows
        if production not in rows.seen:
            edges = [(digest_number(digest), READ, production) for _, digest in read]
            edges += [(digest_number(digest), MADE, production) for _, digest in made]
            for (path, _), edge in zip(read + made, edges, strict=True):
                rows.named.add((_text(path), edge[1], edge[0]))
            rows.edges += edges
            if key:
                rows.edges.append((digest_number(key), RAN, production))
            rows.seen.add(production)
        rows.occurrences.append((production, number, at, _text(status)))

    def _add_dvc(self, number: int, path: str, data: bytes) -> None:
        from mlops_cli.history.known import KnownData

        for at, item in enumerate(self._read_dvc(self._prefix + path, data)):
            if isinstance(item, KnownData):
                row = digest_number(item.artifact.digest), _text(item.path.removeprefix(self._prefix)), number
                self.rows.data.append(row)
                continue
            read, made = (
                [
                    (_text(name.removeprefix(self._prefix)), str(artifact.digest))
                    for name, artifact in side.items()
                ]
                for side in (item.deps, item.outs)
            )
            self._execution(number, at, item.status, item.stage, item.key, read, made)


def _files(params: Mapping[str, Any], stages: Sequence[Any]) -> dict[str, str]:
    """Return the file of each parameter that stands in a record without it, as far as its stages tell."""
    used = [leaves(stage[kind]) for stage in stages for kind in ("params", "filled") if kind in stage]
    return {name: _text(file) for each in used for file, name in each if name in params}


def _reporters(metrics: Mapping[str, Any], stages: Sequence[Any]) -> dict[str, str]:
    """Return the stage of each metric that stands in a record without it, as far as its stages tell."""
    return {name: stage["name"] for stage in stages for name in stage.get("metrics", ()) if name in metrics}


def _value(data: bytes) -> Any:
    text = data.decode()
    value, end = _scan(text)
    if text[end:].strip():
        raise ValueError("there is more than one value")
    return value


def _text(value: Any) -> str:
    """Return text as a database can keep it: half a character of UTF-16 is none."""
    if type(value) is not str:
        raise TypeError(f"{value!r} is not text")
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _maybe(value: Any) -> str | None:
    return None if value is None else _text(value)
