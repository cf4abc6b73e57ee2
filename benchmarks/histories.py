"""A repository with a long history, written by `git fast-import`: commits that each bring the record of a run."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.canonical import pretty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PEOPLE = (("Ana Lima", "ana@example.org"), ("Bo Chen", "bo@example.org"), ("Cem Kaya", "cem@example.org"))
_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
_BETWEEN = timedelta(minutes=47)
"""From one commit to the next: 10,000 of them are 11 months of work."""

_DATA_EVERY, _CODE_EVERY, _BRANCH_EVERY, _BRANCH_LENGTH = 500, 20, 25, 5
PIPELINE = """\
stages:
  prepare:
    cmd: python src/prepare.py
    deps: [src/prepare.py, data/raw.csv]
    params: [prepare]
    outs: [data/train.csv, data/test.csv]
  train:
    cmd: python src/train.py
    deps: [src/train.py, data/train.csv]
    params: [train]
    outs: [models/best.bin]
  evaluate:
    cmd: python src/evaluate.py
    deps: [src/evaluate.py, models/best.bin, data/test.csv]
    outs: [reports/scores.csv]
    metrics: [metrics.json]
"""


@dataclass(frozen=True)
class Version:
    """One state of the project: what its `number`th run read and made."""

    number: int
    data: int = field(init=False)
    code: int = field(init=False)

    def __post_init__(self) -> None:
        """Derive the versions of data and code."""
        object.__setattr__(self, "data", self.number // _DATA_EVERY)
        object.__setattr__(self, "code", self.number // _CODE_EVERY)

    @property
    def moment(self) -> datetime:
        """When the run began."""
        return _BEGIN + self.number * _BETWEEN

    @property
    def run(self) -> str:
        """The run's id."""
        return f"{self.moment:%Y%m%dT%H%M%S}000-{_hash('run', self.number)[:8]}"

    @property
    def params(self) -> dict[str, Any]:
        """What `params.yaml` holds."""
        return {
            "prepare": {"share": 0.8, "seed": 1},
            "train": {
                "depth": 2 + self.number % 14,
                "rate": round(0.001 * (1 + self.number % 97), 3),
                "trees": 100 + self.number // 30,
                "seed": self.number % 5,
                "loss": ("log", "hinge")[self.number % 2],
            },
        }

    def stages(self) -> list[dict[str, Any]]:
        """Return the stages as a run record has them."""
        source = {name: _artifact(f"src/{name}.py", self.code) for name in ("prepare", "train", "evaluate")}
        raw, parts = _artifact("data/raw.csv", self.data), (self.data, self.code)
        train, test = _artifact("data/train.csv", parts), _artifact("data/test.csv", parts)
        model, scores = (
            _artifact("models/best.bin", self.number),
            _artifact("reports/scores.csv", self.number),
        )
        accuracy = 0.7 + int(_hash("accuracy", self.number)[:6], 16) / 0xFFFFFF / 4
        metrics = {
            "accuracy": round(accuracy, 6),
            "loss": round(1 - accuracy, 6),
            "roc_auc": round(accuracy + 0.04, 6),
        }
        return [
            _stage("prepare", {"src/prepare.py": source["prepare"], "data/raw.csv": raw},
                   {"data/train.csv": train, "data/test.csv": test}, {"prepare": self.params["prepare"]}),
            _stage("train", {"src/train.py": source["train"], "data/train.csv": train},
                   {"models/best.bin": model}, {"train": self.params["train"]}),
            _stage("evaluate", {"src/evaluate.py": source["evaluate"], "models/best.bin": model, "data/test.csv": test},
                   {"reports/scores.csv": scores, "metrics.json": _artifact("metrics.json", self.number)}, {})
            | {"metrics": metrics},
        ]  # fmt: skip

    def record(self) -> dict[str, Any]:
        """Return the run record."""
        stages, (name, email) = self.stages(), _PEOPLE[self.number % len(_PEOPLE)]
        flat = {
            f"{group}.{key}": value for group, values in self.params.items() for key, value in values.items()
        }
        return {
            "schema": 1,
            "id": self.run,
            "message": f"trial {self.number}: depth {self.params['train']['depth']}",
            "status": "failed" if self.number % 41 == 40 else "ok",
            "started": f"{self.moment:%Y-%m-%dT%H:%M:%S}.000Z",
            "seconds": 62.5,
            "actor": {"name": name, "email": email},
            "trigger": {"kind": "cli", "url": None},
            "code": {"commit": _hash("commit", self.number)[:40], "tree": _hash("tree", self.number)[:40], "snapshot": None,
                     "dirty": False, "branch": "main"},
            "pipeline": {"file": "mlops.yaml", "digest": f"b3:{_hash('pipeline', 0)}"},
            "stages": stages,
            "params": flat,
            "metrics": stages[-1]["metrics"],
            "parents": [],
            "runtime": {
                "python": "3.11.7",
                "packages": {"digest": f"b3:{_hash('packages', self.number // 1000)}",
                             "names": {"joblib": "1.4.2", "numpy": "2.1.0", "pandas": "2.2.3", "scipy": "1.14.1"}},
                "platform": "Linux-6.1-x86_64",
                "cpus": 8,
                "gpu": [],
                "threads": {"OMP_NUM_THREADS": None},
            },
        }  # fmt: skip

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the files that this version's commit writes; those that are as before change nothing."""
        yield f".mlops/runs/{self.run[:4]}-{self.run[4:6]}/{self.run}.json", pretty(self.record())
        for stage in self.stages():
            yield f".mlops/stages/{stage['name']}.json", pretty(_stage_record(stage))
        raw = {"schema": 1, "path": "data/raw.csv", **_artifact("data/raw.csv", self.data)}
        yield ".mlops/data/data/raw.csv.json", pretty(raw)
        yield "params.yaml", pretty(self.params)
        for name in ("prepare", "train", "evaluate"):
            yield f"src/{name}.py", f"# version {self.code} of {name}\n".encode() * 40
        yield "mlops.yaml", PIPELINE.encode()


def write_history(folder: Path, commits: int, environment: Mapping[str, str]) -> None:
    """Make a repository in an empty folder: `commits` commits on `main` and short branches that are merged into it."""
    subprocess.run(
        ["git", "init", "--quiet", "--initial-branch=main", "."], cwd=folder, env=environment, check=True
    )
    with subprocess.Popen(
        ["git", "fast-import", "--quiet"], cwd=folder, env=environment, stdin=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        for part in _stream(commits):
            process.stdin.write(part)
    if process.returncode:
        raise RuntimeError(f"git fast-import ended with {process.returncode}")
    subprocess.run(["git", "checkout", "--quiet", "--force", "main"], cwd=folder, env=environment, check=True)


def _stream(commits: int) -> Iterator[bytes]:
    for number in range(commits):
        place = number % _BRANCH_EVERY
        aside = 0 < place <= _BRANCH_LENGTH and number >= _BRANCH_EVERY
        branch = f"refs/heads/try/{number // _BRANCH_EVERY}" if aside else "refs/heads/main"
        parents = ""
        if aside and place == 1:
            parents = "from refs/heads/main\n"
        elif place == _BRANCH_LENGTH + 1 and number >= _BRANCH_EVERY:
            parents = f"merge refs/heads/try/{number // _BRANCH_EVERY}\n"
        version = Version(number)
        name, email = _PEOPLE[number % len(_PEOPLE)]
        who = f"{name} <{email}> {int(version.moment.timestamp()) + 120} +0000"
        message = f"Trial {number}\n".encode()
        yield f"commit {branch}\nauthor {who}\ncommitter {who}\ndata {len(message)}\n".encode() + message
        yield parents.encode()
        if parents.startswith("merge"):
            for early in range(number - _BRANCH_LENGTH, number):  # what the branch brought stays in the merge
                [path, data] = next(Version(early).files())
                yield f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
        for path, data in version.files():
            yield f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
        yield b"\n"


def _stage(name: str, deps: dict[str, Any], outs: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    made = hashlib.sha256(repr((name, deps, params)).encode()).hexdigest()
    return {
        "name": name,
        "status": "ran",
        "key": f"b3:{made}",
        "program": [f"python src/{name}.py"],
        "seconds": 20.8,
        "peak_memory": 104857600,
        "exit_code": 0,
        "log": f"b3:{_hash('log', made)}",
        "deps": deps,
        "outs": outs,
        **({"params": {"params.yaml": params}} if params else {}),
    }


def _stage_record(stage: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "schema": 1,
        "stage": stage["name"],
        "key": stage["key"],
        "program": stage["program"],
        "wdir": ".",
        "deps": stage["deps"],
        "params": stage.get("params", {}),
        "env": {},
        "runtime": {},
        "outs": stage["outs"],
    }


def _artifact(path: str, version: object) -> dict[str, Any]:
    return {"digest": f"b3:{_hash(path, version)}", "size": 1000 + int(_hash(path, version)[:5], 16)}


def _hash(kind: str, value: object) -> str:
    return hashlib.sha256(f"{kind} {value}".encode()).hexdigest()
