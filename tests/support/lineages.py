"""Histories for lineage, written down by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.git.facts import Actor, Code
from mlops_cli.history.known import WORKSPACE, KnownData, KnownRun, Production, Source
from mlops_cli.history.lineage.graph import Lineage, Named
from mlops_cli.history.run_record import RunRecord, StageRun, flat_params
from mlops_cli.history.runtime import Runtime
from mlops_cli.settings import Trigger
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


def artifact(content: str, size: int = 1000) -> Artifact:
    """Return an artifact by a word for its content."""
    return Artifact(digest_bytes(content.encode()), size)


def named(path: str, content: str, size: int = 1000) -> Named:
    """Return an artifact at a path."""
    return Named(path, artifact(content, size))


def made(
    stage: str,
    deps: Mapping[str, str],
    outs: Mapping[str, str],
    *,
    run: str | None = "r1",
    started: str | None = "2026-01-01T00:00:00.000Z",
    status: str = "ran",
    params: Mapping[str, Mapping[str, Any]] | None = None,
    metrics: Mapping[str, Any] | None = None,
    key: str | None = None,
    program: Any = None,
    source: Source = WORKSPACE,
    size: int = 1000,
) -> Production:
    """Return an execution; contents are words."""
    return Production(
        stage,
        digest_bytes((key or f"{stage} {sorted(deps.items())} {params}").encode()),
        status,
        run,
        {path: artifact(content, size) for path, content in deps.items()},
        {path: artifact(content, size) for path, content in outs.items()},
        params or {},
        metrics or {},
        program or [f"python {stage}.py"],
        started,
        source,
        f".mlops/runs/2026-01/{run}.json",
        sources=(source,),
    )


def runtime(**changes: Any) -> Runtime:
    """Return a runtime."""
    packages = changes.pop("packages", {"scikit-learn": "1.7.0", "rich": "14.0"})
    values: dict[str, Any] = {"python": "3.11.7", "platform": "Linux", "cpus": 2, "gpus": (), "threads": {}}
    return Runtime(
        packages=packages, packages_digest=digest_bytes(str(packages).encode()), **(values | changes)
    )


class Told:
    """A history of these executions and data records, as lineage asks it."""

    def __init__(
        self,
        productions: Iterable[Production],
        data: Sequence[KnownData] = (),
        parents: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
        runtimes: Mapping[str, Runtime] | None = None,
    ) -> None:
        self.productions = list(productions)
        self.records = list(data)
        self.parents = parents or {}
        self.runtimes = runtimes or {}

    def learn(self, *, made: Collection[str] = (), used: Collection[str] = ()) -> None:
        pass

    def made(self, digest: str) -> list[Production]:
        return [p for p in self.productions if any(a.digest == digest for a in p.outs.values())]

    def used(self, digest: str) -> list[Production]:
        return [p for p in self.productions if any(a.digest == digest for a in p.deps.values())]

    def made_each(self, digests: Collection[str]) -> dict[str, list[Production]]:
        return {digest: self.made(digest) for digest in digests}

    def used_each(self, digests: Collection[str]) -> dict[str, list[Production]]:
        return {digest: self.used(digest) for digest in digests}

    def by_key(self, key: str) -> list[Production]:
        return [p for p in self.productions if p.key == key]

    def data(self, digest: str) -> list[KnownData]:
        return [row for row in self.records if row.artifact.digest == digest]

    def at_path(self, path: str, *, read: bool = False) -> list[Production | KnownData]:
        rows: list[Production | KnownData] = [row for row in self.records if row.path == path]
        return rows + [p for p in self.productions if path in p.outs or (read and path in p.deps)]

    def run(self, run_id: str) -> KnownRun | None:
        found = [p for p in self.productions if p.run == run_id]
        if not found:
            return None
        first = found[0]
        return KnownRun(
            run_id, "ok", first.started or "", 1.0, "", "Ada", "ada@example.org", "cli", "c" * 40, "main", False, None,
            flat_params(self.full(run_id).stages),
            {}, tuple(p.stage for p in found), sources=(first.source,),
        )  # fmt: skip

    def runs(self) -> list[KnownRun]:
        names = dict.fromkeys(p.run for p in self.productions if p.run)
        return [run for run in map(self.run, names) if run is not None]

    def full(self, run_id: str) -> RunRecord:
        stages = tuple(
            StageRun(
                p.stage,
                p.status,
                None,
                p.program,
                1.0,
                params=p.params,
                deps=p.deps,
                outs=p.outs,
                metrics=p.metrics,
            )
            for p in self.productions
            if p.run == run_id
        )
        code = Code("c" * 40, "d" * 40, "main", dirty=False)
        return RunRecord(
            run_id, "ok", "2026-01-01T00:00:00.000Z", 1.0, "", Actor("Ada", "ada@example.org"), Trigger("cli", None), code, {},
            stages, self.runtimes.get(run_id, runtime()), {}, {}, tuple(self.parents.get(run_id, ())),
        )  # fmt: skip


def edges(lineage: Lineage) -> set[tuple[str, str, str]]:
    """Return the edges by labels, those of parameters and commits left out."""
    label = {name: node.label for name, node in lineage.nodes.items()}
    return {
        (label[e.start], label[e.end], e.role) for e in lineage.edges if e.role not in ("params", "commit")
    }


def has_loop(lineage: Lineage) -> bool:
    """Whether any node comes of itself."""
    waiting = dict.fromkeys(lineage.nodes, 0)
    for edge in lineage.edges:
        waiting[edge.end] += 1
    ready = [name for name, count in waiting.items() if not count]
    after = lineage.after()
    for name in ready:
        for edge in after[name]:
            waiting[edge.end] -= 1
            if not waiting[edge.end]:
                ready.append(edge.end)
    return len(ready) < len(lineage.nodes)


PREPARE = made("prepare", {"data/raw.csv": "raw", "src/prepare.py": "code p"}, {"train.csv": "train"})
TRAIN = made(
    "train",
    {"train.csv": "train", "src/train.py": "code t"},
    {"models/m.joblib": "model 1"},
    params={"params.yaml": {"train": {"depth": 4, "seed": 1}}},
    metrics={"auc": 0.8},
)
RAW = KnownData(
    "data/raw.csv",
    artifact("raw"),
    1,
    {"url": "s3://bucket/raw.csv"},
    Source("commit", "a" * 40, "Ada", "ada@example.org", 1_767_225_600, "data"),
    ".mlops/data/data/raw.csv.json",
)
# The second generation: started from the first model, at a path of its own.
WARM = made(
    "train",
    {"train.csv": "train", "src/train.py": "code t", "models/parent.joblib": "model 1"},
    {"models/m.joblib": "model 2"},
    run="r2",
    started="2026-01-02T00:00:00.000Z",
    params={"params.yaml": {"train": {"depth": 8, "seed": 1}}},
    metrics={"auc": 0.9},
)
