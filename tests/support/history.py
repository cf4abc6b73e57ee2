"""A repository with a past: 60 commits on five branches, and everything that people do to history.

Nothing of it is executed. Records are made as `mlops run` makes them, and objects of Git are written as Git writes them, so that
all of it takes about a second, and what is true of it is known from its making and not from asking.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.canonical import compact
from mlops_cli.git.command import Git
from mlops_cli.git.discover import find_repository
from mlops_cli.git.facts import Actor, Code
from mlops_cli.git.journal import Entry, add_entries, snapshot_path
from mlops_cli.git.objects import Row, object_id, tree_data
from mlops_cli.history.journal import Journal, journal_path
from mlops_cli.history.run_event import RunEvent, dump_run_event, event_path
from mlops_cli.history.run_record import RunRecord, StageRun, dump_run_record, flat_metrics, flat_params
from mlops_cli.history.runtime import Runtime
from mlops_cli.pipeline.key import KEY_SCHEMA
from mlops_cli.pipeline.record import StageRecord, dump_stage_record
from mlops_cli.project import data_record_path, stage_record_path
from mlops_cli.settings import Trigger
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.tracked import DataRecord, dump_data_record
from tests.support.command import git, repository, variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ANA, BO, CEM = (
    Actor(name, f"{name.split()[0].lower()}@example.org") for name in ("Ana Lima", "Bo Chen", "Cem Kaya")
)
BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
RAW, PARENT = "data/raw.csv", "models/parent.joblib"
BASE, TUNED = "models/base.joblib", "models/tuned.joblib"
OTHER_CLONE = "0b0b0b0b0b0b"

PIPELINE = """\
stages:
  prepare:
    cmd: python src/prepare.py
    deps: [src/prepare.py, data/raw.csv]
    params: [prepare.keep]
    outs: [data/train.csv]
  train:
    cmd: python src/train.py
    deps: [src/train.py, data/train.csv]
    params: [train.depth, train.lr]
    outs: [models/base.joblib]
    metrics: [metrics/base.json]
"""
TUNE = """\
  tune:
    cmd: python src/tune.py
    deps: [src/tune.py, data/train.csv, models/parent.joblib]
    params: [tune.rounds]
    outs: [models/tuned.joblib]
    metrics: [metrics/tuned.json]
"""
IGNORE = "/data/raw.csv\n/data/train.csv\n/models/\n"

Files = dict[str, bytes]


@dataclass(frozen=True)
class Made:
    """A commit as it was made.

    Parameters
    ----------
    files : mapping
        Everything in its tree.
    content : mapping
        What lay in the workspace besides: data and outputs, which Git ignores.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    when: datetime
    files: Mapping[str, bytes]
    content: Mapping[str, bytes]


@dataclass
class Past:
    """The repository, and what is true of it.

    Parameters
    ----------
    commits : dict
        Name to commit, those that no branch leads to any more included.
    runs : dict
        Name to record.
    content : dict
        Digest to bytes of every artifact that ever was.
    """

    folder: Path
    commits: dict[str, Made] = field(default_factory=dict)
    runs: dict[str, RunRecord] = field(default_factory=dict)
    notes: dict[str, RunEvent] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    journal: list[str] = field(default_factory=list)
    content: dict[str, bytes] = field(default_factory=dict)
    snapshots: dict[str, Mapping[str, bytes]] = field(default_factory=dict)

    def history(self, *branches: str) -> set[str]:
        """Return the ids of all commits that branches lead to."""
        known = {made.id: made for made in self.commits.values()}
        stack, found = [self.commits[self.branches[name]].id for name in branches], set[str]()
        while stack:
            each = stack.pop()
            if each not in found:
                found.add(each)
                stack.extend(known[each].parents)
        return found

    def committed(self, *branches: str) -> set[str]:
        """Return the names of the runs whose record some commit of these branches has."""
        inside = self.history(*(branches or self.branches))
        paths = {path for made in self.commits.values() if made.id in inside for path in made.files}
        return {name for name, record in self.runs.items() if run_path(record.id) in paths}

    def ids(self, names: Iterable[str]) -> set[str]:
        """Return the ids of runs."""
        return {self.runs[name].id for name in names}

    def made(self, name: str, path: str) -> str:
        """Return the digest of what a run made at a path."""
        return next(s.outs[path].digest for s in self.runs[name].stages if path in s.outs)


def run_path(run: str) -> str:
    """Return where a run's record is committed."""
    return f".mlops/runs/{run[:4]}-{run[4:6]}/{run}.json"


# Executing nothing ----------------------------------------------------------------------------------------------------------


def params_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what a parameter file of these has, by dotted name."""
    lines = files["params.yaml"].decode().splitlines()
    rows = [line.partition(": ") for line in lines]
    found: dict[str, Any] = {}
    above = ""
    for name, _, text in rows:
        if name.startswith("  "):
            found[f"{above}.{name.strip()}"] = float(text) if "." in text else int(text)
        else:
            above = name.rstrip(":")
    return found


def with_params(files: Mapping[str, bytes], **changes: float) -> Files:
    """Return files with other parameters; `train_depth` stands for `train.depth`."""
    values = params_of(files) | {name.replace("_", ".", 1): value for name, value in changes.items()}
    groups: dict[str, list[str]] = {}
    for name, value in values.items():
        group, _, rest = name.partition(".")
        groups.setdefault(group, []).append(f"  {rest}: {value}")
    text = "".join(f"{group}:\n" + "".join(f"{row}\n" for row in rows) for group, rows in groups.items())
    return {**files, "params.yaml": text.encode()}


def _version(source: bytes) -> int:
    return int(source.split()[2])


def accuracy_of(values: Mapping[str, float], raw: bytes, source: bytes) -> float:
    """Return what a model of these measures: depth 8 is best, and newer data and code are better."""
    depth, better = values["train.depth"], int(raw.split()[2]) + _version(source)
    return round(
        0.6 + 0.03 * min(depth, 8) - 0.02 * max(depth - 8, 0) + 0.01 * better + values["train.lr"] / 10, 4
    )


def _execute(name: str, files: Mapping[str, bytes], content: Files) -> tuple[Files, dict[str, float]]:
    """Return what a stage makes, and its metrics."""
    values = params_of(files)
    seen: tuple[Any, ...]
    if name == "prepare":
        seen = (content[RAW], files["src/prepare.py"], values["prepare.keep"])
        return {"data/train.csv": b"clean " + repr(seen).encode()}, {}
    if name == "train":
        seen = (content["data/train.csv"], files["src/train.py"], values["train.depth"], values["train.lr"])
        metrics = {"accuracy": accuracy_of(values, content[RAW], files["src/prepare.py"]), "rows": 100}
        return {
            BASE: digest_bytes(repr(seen).encode()).encode(),
            "metrics/base.json": compact(metrics),
        }, metrics
    seen = (content["data/train.csv"], content[PARENT], values["tune.rounds"])
    metrics = {"tuned_accuracy": round(0.9 + values["tune.rounds"] / 1000, 4)}
    return {
        TUNED: digest_bytes(repr(seen).encode()).encode(),
        "metrics/tuned.json": compact(metrics),
    }, metrics


_STAGES: dict[str, tuple[list[str], list[str]]] = {
    "prepare": (["src/prepare.py", RAW], ["prepare.keep"]),
    "train": (["src/train.py", "data/train.csv"], ["train.depth", "train.lr"]),
    "tune": (["src/tune.py", "data/train.csv", PARENT], ["tune.rounds"]),
}
_OUTS = {
    "prepare": ["data/train.csv"], "train": [BASE, "metrics/base.json"], "tune": [TUNED, "metrics/tuned.json"],
}  # fmt: skip


def _artifact(data: bytes) -> Artifact:
    return Artifact(digest_bytes(data), len(data))


def runtime() -> Runtime:
    """Return what every run of the past ran on."""
    packages = {"numpy": "2.1.0", "scikit-learn": "1.5.2"}
    return Runtime("3.11.9", packages, digest_bytes(compact(dict(packages))), "Linux-6-x86_64", 8, (), {})


@dataclass(frozen=True)
class Work:
    """The workspace while somebody works: what Git would commit, and what it ignores."""

    files: Mapping[str, bytes]
    content: Mapping[str, bytes]

    def stages(self, results: set[str], fail: str = "") -> tuple[list[StageRun], Work]:
        """Return the stages of a run that starts here, and the workspace after it; keys that have a result are not run again."""
        files, content = dict(self.files), dict(self.content)
        names = [name for name in _STAGES if f"  {name}:" in files["mlops.yaml"].decode()]
        found: list[StageRun] = []
        for name in names:
            if any(stage.status in ("failed", "skipped") for stage in found) and name != "tune":
                found.append(StageRun(name, "skipped", message=f"{fail} failed"))
                continue
            stage, made = self._stage(name, files, content, failed=name == fail)
            found.append(stage)
            for path, data in made.items():
                (files if path.startswith("metrics/") else content)[path] = data
            if stage.status == "ran":
                files[stage_record_path(name)] = _stage_record(stage)
                if stage.key in results:
                    found[-1] = replace(stage, status="cached")
                results.add(str(stage.key))
        return found, Work(files, content)

    def _stage(self, name: str, files: Files, content: Files, *, failed: bool) -> tuple[StageRun, Files]:
        inputs, used = _STAGES[name]
        deps = {path: _artifact({**files, **content}[path]) for path in inputs}
        values = params_of(files)
        params = {"params.yaml": {each: values[each] for each in used}}
        program = [f"python src/{name}.py"]
        key = digest_bytes(
            compact(
                {
                    "schema": KEY_SCHEMA, "program": program, "wdir": ".", "params": params, "env": {}, "runtime": {},
                    "deps": {path: artifact.digest for path, artifact in deps.items()}, "outs": sorted(_OUTS[name]),
                }
            )
        )  # fmt: skip
        stage = StageRun(
            name, "ran", key, program, 2.5, 1 << 20, 0, digest_bytes(name.encode()), "", params, deps
        )
        if failed:
            return replace(stage, status="failed", exit_code=1, message="exit code 1"), {}
        made, metrics = _execute(name, files, content)
        stage = replace(stage, outs={path: _artifact(data) for path, data in made.items()}, metrics=metrics)
        if files.get(stage_record_path(name)) == _stage_record(stage):
            stage = replace(stage, status="fresh")
        return stage, made


def _stage_record(stage: StageRun) -> bytes:
    assert stage.key is not None
    return dump_stage_record(
        StageRecord(stage.name, stage.key, stage.program, ".", stage.deps, stage.params, {}, {}, stage.outs)
    )


# Writing Git's objects --------------------------------------------------------------------------------------------------------


class _Objects:
    """Loose objects, written without a process of Git's each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, kind: str, data: bytes) -> str:
        name = object_id(kind, data)
        path = self._folder / name[:2] / name[2:]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(zlib.compress(f"{kind} {len(data)}\0".encode() + data, 1))
        return name

    def put_tree(self, files: Mapping[str, bytes]) -> str:
        rows, below = [], dict[str, Files]()
        for path, data in files.items():
            name, inside, rest = path.partition("/")
            if inside:
                below.setdefault(name, {})[rest] = data
            else:
                rows.append(Row("100644", name, self.put("blob", data)))
        rows += [Row("40000", name, self.put_tree(inner)) for name, inner in below.items()]
        return self.put("tree", tree_data(rows))


class Builder:
    """Makes a past, commit by commit.

    Parameters
    ----------
    folder : Path
        Of the repository, which is made.
    """

    def __init__(self, folder: Path) -> None:
        repository(folder)
        self.past = Past(folder)
        self._objects = _Objects(folder / ".git/objects")
        self._now = BEGIN
        self._git = Git(folder, variables())
        self._project = find_repository(folder)
        self._results: set[str] = set()
        self._entries: dict[str, bytes] = {}
        self._trees: list[str] = []
        self._others: dict[str, Entry] = {}

    def work(self, name: str) -> Work:
        """Return the workspace of somebody who has checked out a commit and its outputs."""
        made = self.past.commits[name]
        return Work(made.files, made.content)

    def commit(self, name: str, work: Work, *parents: str, who: Actor = ANA, message: str = "") -> None:
        """Make a commit; nothing leads to it until a branch does."""
        self._now += timedelta(hours=3)
        tree = self._objects.put_tree(work.files)
        before = tuple(self.past.commits[parent].id for parent in parents)
        author = f"{who.name} <{who.email}> {int(self._now.timestamp())} +0000"
        text = f"tree {tree}\n" + "".join(f"parent {parent}\n" for parent in before)
        text += f"author {author}\ncommitter {author}\n\n{message or name}\n"
        found = self._objects.put("commit", text.encode())
        self.past.commits[name] = Made(found, tree, before, self._now, work.files, work.content)

    def run(
        self, name: str, work: Work, at: str, branch: str, *, who: Actor = ANA, fail: str = "",
        other: bool = False, **fields: Any,
    ) -> Work:  # fmt: skip
        """Run the pipeline in a workspace that was checked out at a commit; return the workspace with what it left."""
        moment = self._now + timedelta(hours=1, minutes=len(self.past.runs) % 7)
        head = self.past.commits[at]
        found, after = work.stages(self._results, fail)
        assert any(stage.status != "fresh" for stage in found), name
        snapshot = None
        if dict(work.files) != dict(head.files):
            snapshot = self._objects.put_tree(work.files)
            self.past.snapshots[snapshot] = work.files
        run = f"{moment:%Y%m%dT%H%M%S}000-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        record = RunRecord(
            id=run,
            status="failed" if fail else "ok",
            started=f"{moment:%Y-%m-%dT%H:%M:%S}.000Z",
            seconds=7.5,
            message=name,
            actor=who,
            trigger=Trigger("cli", None),
            code=Code(head.id, head.tree, branch, snapshot is not None, snapshot),
            pipeline={"file": "mlops.yaml", "digest": digest_bytes(work.files["mlops.yaml"])},
            stages=tuple(stage.brief() for stage in found),
            runtime=runtime(),
            params=flat_params(found),
            metrics=flat_metrics(found),
        )
        record = replace(record, **fields)
        data = dump_run_record(record)
        self.past.runs[name] = record
        self.past.journal.append(name)
        for each in (*work.content.values(), *after.content.values(), *after.files.values()):
            self.past.content[digest_bytes(each)] = each
        path = journal_path("", run)
        if other:
            self._others[path] = Entry(data)
            self._others |= {snapshot_path(tree): Entry(id=tree, mode="40000") for tree in [snapshot] if tree}
        else:
            self._entries[path] = data
            self._trees += [snapshot] if snapshot else []
        return Work({**after.files, run_path(run): data}, after.content)

    def step(
        self, name: str, parent: str, branch: str = "main", *, who: Actor = ANA, source: int = 0,
        fail: str = "", **params: float,
    ) -> None:  # fmt: skip
        """Change something, run it uncommitted, and commit all of it."""
        before = self.work(parent)
        files = with_params(before.files, **params)
        if source:
            files["src/prepare.py"] = f"# version {source} of\nprint('prepare')\n".encode()
        self.commit(
            name,
            self.run(name, Work(files, before.content), parent, branch, who=who, fail=fail),
            parent,
            who=who,
        )

    def edit(self, name: str, parent: str, *, who: Actor = ANA, **files: str) -> None:
        """Commit a change of text that no stage reads."""
        before = self.work(parent)
        changed = {path.replace("_", "."): text.encode() for path, text in files.items()}
        self.commit(name, Work({**before.files, **changed}, before.content), parent, who=who)

    def track(self, work: Work, path: str, data: bytes, **source: str) -> Work:
        """Track a file, as `mlops add` and `import` do."""
        record = DataRecord(path, _artifact(data), source=source or None)
        self.past.content[digest_bytes(data)] = data
        files = {**work.files, data_record_path(path): dump_data_record(record)}
        return Work(files, {**work.content, path: data})

    def note(self, name: str, run: str, *, who: Actor, **fields: Any) -> tuple[str, bytes]:
        """Note something on a run; return the file that would lie beside it."""
        moment = self._now + timedelta(hours=2)
        event = RunEvent(
            f"{moment:%Y%m%dT%H%M%S}000-{hashlib.sha256(name.encode()).hexdigest()[:8]}",
            self.past.runs[run].id, "note", f"{moment:%Y-%m-%dT%H:%M:%S}.000Z", who, text=name, **fields,
        )  # fmt: skip
        self.past.notes[name] = event
        data = dump_run_event(event)
        self._entries[journal_path("", event.run, event.suffix)] = data
        return event_path(event), data

    def finish(self, branches: Mapping[str, str], head: str) -> Past:
        """Write refs and journals, and check out a branch with everything that lay there."""
        past = self.past
        past.branches = dict(branches)
        refs = "".join(
            f"create refs/heads/{branch} {past.commits[name].id}\n" for branch, name in branches.items()
        )
        self._git.tell("update-ref", "--stdin", given=refs.encode())
        Journal(self._git, self._project).append(self._entries, self._trees)
        ref = f"refs/mlops/remote/origin/{OTHER_CLONE}"
        add_entries(self._git, self._project.common_dir, ref, self._others)
        git(past.folder, "symbolic-ref", "HEAD", f"refs/heads/{head}")
        git(past.folder, "reset", "--quiet", "--hard")
        for path, data in past.commits[branches[head]].content.items():
            target = past.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        os.utime(past.folder)
        return past


# The past ---------------------------------------------------------------------------------------------------------------------


def build(folder: Path) -> Past:
    """Make the repository.

    60 commits lead to five branches: `main`, `features`, `deeper`, `tuning`, `release`. On the way: a merge, one by `-s ours`,
    an octopus, a squash (its branch is gone), a rebase (what was before is gone), a deleted branch, failed runs, a data update,
    two models that were warm-started, an experiment that only the journal has, and a run that only a colleague's journal has.
    """
    made = Builder(folder)
    _begin(made)
    _branches(made)
    _octopus(made)
    _squash_and_data(made)
    _rebase_and_release(made)
    _gone(made)
    _end(made)
    heads = {
        "main": "end",
        "features": "features-8",
        "deeper": "deeper-7",
        "tuning": "tuning-3*",
        "release": "tuned-2",
    }
    return made.finish(heads, "main")


def _begin(made: Builder) -> None:
    files = {
        "mlops.yaml": PIPELINE.encode(), ".gitignore": IGNORE.encode(), "README.md": b"churn\n",
        "params.yaml": b"prepare:\n  keep: 10\ntrain:\n  depth: 4\n  lr: 0.1\n",
        ".mlops/config.yaml": b"", **{f"src/{n}.py": f"# version 1 of\nprint('{n}')\n".encode() for n in ("prepare", "train")},
    }  # fmt: skip
    made.commit("begin", Work(files, {}))
    raw = made.track(
        made.work("begin"), RAW, b"raw data 1\n" * 9, url="https://data.example.org/raw.csv", etag='"1"'
    )
    made.commit("data-1", raw, "begin")
    made.step("first", "data-1")
    last = "first"
    for depth in range(5, 10):
        made.step(f"depth-{depth}", last, train_depth=depth)
        last = f"depth-{depth}"


def _branches(made: Builder) -> None:
    last = "depth-9"
    for number in range(1, 9):
        source = 2 if number == 4 else 0
        made.step(f"features-{number}", last, "features", who=BO, source=source, prepare_keep=10 + number)
        last = f"features-{number}"
    last = "depth-9"
    for number in range(1, 8):
        fail = "train" if number == 4 else ""
        made.step(f"deeper-{number}", last, "deeper", fail=fail, train_depth=9 + number)
        last = f"deeper-{number}"
    made.edit("readme", "depth-9", README_md="churn, once more\n")
    made.step("lr", "readme", train_lr=0.05)
    # Both changed parameters: the merge takes the features, and what they made.
    ours, theirs = made.work("lr"), made.work("features-8")
    merged = Work({**ours.files, **theirs.files, "README.md": ours.files["README.md"]}, theirs.content)
    made.commit("merge", merged, "lr", "features-8")
    made.step("after-merge", "merge", train_lr=0.05)
    made.commit(
        "ours", made.work("after-merge"), "after-merge", "deeper-7", message="Merge deeper, with -s ours"
    )


def _octopus(made: Builder) -> None:
    made.step("arm-a1", "ours", "arm-a", who=CEM, train_lr=0.2)
    made.step("arm-a2", "arm-a1", "arm-a", who=CEM, train_lr=0.3)
    made.step("arm-b", "ours", "arm-b", who=BO, train_lr=0.4)
    made.step("arm-c", "ours", "arm-c", train_lr=0.5)
    arms = ("arm-a2", "arm-b", "arm-c")
    files = dict(made.work("ours").files)
    for arm in arms:
        files |= {
            path: data for path, data in made.work(arm).files.items() if path.startswith(".mlops/runs/")
        }
    made.commit("octopus", Work(files, made.work("ours").content), "ours", *arms)


def _squash_and_data(made: Builder) -> None:
    last = "octopus"
    for number in range(1, 5):
        made.step(
            f"topic-{number}",
            last,
            "topic",
            who=CEM,
            fail="prepare" if number == 2 else "",
            prepare_keep=30 + number,
        )
        last = f"topic-{number}"
    made.commit("squash", made.work("topic-4"), "octopus", who=CEM, message="Everything of topic")
    before = made.work("squash")
    raw = made.track(before, RAW, b"raw data 2\n" * 20, url="https://data.example.org/raw.csv", etag='"2"')
    made.commit("data-2", made.run("data-2", raw, "squash", "main"), "squash")
    last = "data-2"
    for depth in (4, 6, 8):
        made.step(f"again-{depth}", last, train_depth=depth)
        last = f"again-{depth}"


def _rebase_and_release(made: Builder) -> None:
    last, onto = "octopus", "again-8"
    for number in range(1, 4):
        name = f"tuning-{number}"
        made.step(name, last, "tuning", who=BO, train_lr=0.6 + number / 100)
        # The same change once more, on top of what came meanwhile; what its run recorded is what it was.
        changed = {p: d for p, d in made.work(name).files.items() if made.work(last).files.get(p) != d}
        made.commit(
            f"{name}*", Work({**made.work(onto).files, **changed}, made.work(name).content), onto, who=BO
        )
        last, onto = name, f"{name}*"
    _warm(made, "parent", "tuned-1", "again-8", BASE, 10)
    _warm(made, "", "tuned-2", "tuned-1", TUNED, 20)


def _warm(made: Builder, commit: str, name: str, parent: str, origin: str, rounds: int) -> None:
    """Take what a commit made as the parent of a model, and tune it."""
    before = made.work(parent)
    work = made.track(before, PARENT, before.content[origin])
    if commit:
        files = {
            **work.files,
            "mlops.yaml": (PIPELINE + TUNE).encode(),
            "src/tune.py": b"# version 1 of\nprint('tune')\n",
        }
        work = Work(with_params(files, tune_rounds=rounds), work.content)
        made.commit(commit, work, parent, who=CEM)
        parent = commit
    work = Work(with_params(work.files, tune_rounds=rounds), work.content)
    made.commit(name, made.run(name, work, parent, "release", who=CEM), parent, who=CEM)


def _gone(made: Builder) -> None:
    """Make a branch that was deleted, an experiment, and what only a colleague's journal has."""
    last = "again-8"
    for depth in (20, 21, 22):
        made.step(f"gone-{depth}", last, "gone", who=BO, train_depth=depth)
        last = f"gone-{depth}"
    made.note("too deep, it only learns by heart", "gone-21", who=ANA, outcome="rejected")
    before = made.work("again-8")
    for number, lr in enumerate((0.7, 0.8, 0.9)):
        work = Work(with_params(before.files, train_lr=lr), before.content)
        experiment = {"sweep": "20260401T000000000-5eeb5eeb", "set": {"train.lr": lr}}
        made.run(f"sweep-{number}", work, "again-8", "main", experiment=experiment)
    work = Work(with_params(before.files, train_depth=40), before.content)
    made.run("killed", work, "again-8", "main", status="killed", fail="train")
    work = Work(with_params(before.files, train_depth=50), before.content)
    made.run("colleague", work, "again-8", "main", who=BO, other=True)


def _end(made: Builder) -> None:
    last = "again-8"
    for number in range(1, 7):
        made.step(f"late-{number}", last, who=(ANA, BO, CEM)[number % 3], prepare_keep=50 + number)
        made.edit(f"words-{number}", f"late-{number}", README_md=f"churn, {number}\n")
        last = f"words-{number}"
    for number in (7, 8):
        made.edit(f"words-{number}", last, README_md=f"churn, {number}\n")
        last = f"words-{number}"
    made.step("back", last, prepare_keep=51)
    path, data = made.note("as good as we thought", "late-1", who=CEM, outcome="confirmed")
    before = made.work("back")
    made.commit("end", Work({**before.files, path: data}, before.content), "back")
