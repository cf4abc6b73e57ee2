from __future__ import annotations

from dataclasses import replace
from typing import Any

from mlops_cli.git.facts import Actor, Code
from mlops_cli.history.known import WORKSPACE, Production
from mlops_cli.history.run_record import RunRecord, StageRun
from mlops_cli.history.runtime import Runtime
from mlops_cli.history.sides import Facts, Input, facts_of_commit, facts_of_run, fold, is_seed
from mlops_cli.settings import Trigger
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes

KEY = digest_bytes(b"key")
RUNTIME = Runtime("3.12.1", {"numpy": "2.0"}, digest_bytes(b""), "Linux", 8, ("0",), {"OMP_NUM_THREADS": "2"})


def artifact(text: str, *, tree: bool = False) -> Artifact:
    return Artifact(digest_bytes(text.encode()), len(text), tree)


def record(*stages: StageRun, code: Code | None = None, **fields: Any) -> RunRecord:
    return RunRecord(
        id="20260101T000000000-00000001",
        status="ok",
        started="2026-01-01T00:00:00.000Z",
        seconds=1.5,
        message="why",
        actor=Actor("Ana", "ana@example.org"),
        trigger=Trigger("cli"),
        code=code or Code("c0ffee", "7ree", "main", dirty=False),
        pipeline={},
        stages=stages,
        runtime=RUNTIME,
        **fields,
    )


def nothing(_: str) -> list[Production]:
    return []


PREPARE = StageRun(
    "prepare",
    "ran",
    KEY,
    program=["python prepare.py"],
    deps={"prepare.py": artifact("code"), "data/raw": artifact("raw", tree=True)},
    outs={"data/ready": artifact("ready", tree=True)},
)
TRAIN = StageRun(
    "train",
    "ran",
    digest_bytes(b"other"),
    program=["python train.py --seed 1", "echo done"],
    deps={"train.py": artifact("code 2"), "data/ready/a.csv": artifact("a")},
    outs={"model": artifact("model")},
)


def test_inputs_are_what_no_stage_made() -> None:
    facts = facts_of_run("A", record(PREPARE, TRAIN), nothing)
    assert set(facts.inputs) == {"prepare.py", "data/raw", "train.py"}
    assert facts.inputs["data/raw"] == Input(artifact("raw").digest, 3, tree=True)
    assert facts.outs == {"data/ready": artifact("ready").digest, "model": artifact("model").digest}
    assert facts.commands["train"] == "python train.py --seed 1 && echo done"


def test_of_a_stage_that_was_fresh_the_earlier_run_tells() -> None:
    earlier = Production(
        "prepare", KEY, "ran", "r", PREPARE.deps, PREPARE.outs, {}, {}, PREPARE.program, None, WORKSPACE, ""
    )
    asked = []

    def by_key(key: str) -> list[Production]:
        asked.append(key)
        return [earlier._replace(stage="other", deps={}), earlier]

    facts = facts_of_run(
        "A", record(PREPARE.brief(), replace(PREPARE, status="fresh").brief(), TRAIN), by_key
    )
    assert asked == [KEY]
    assert set(facts.inputs) == {"prepare.py", "data/raw", "train.py"}
    assert facts.commands["prepare"] == "python prepare.py"


def test_the_code_is_the_snapshot_or_the_tree_of_the_commit_or_unknown() -> None:
    def tree(code: Code) -> str | None:
        return facts_of_run("A", record(code=code), nothing).tree

    assert tree(Code("c", "t", "main", dirty=False)) == "t"
    assert tree(Code("c", "t", "main", dirty=True, snapshot="s")) == "s"
    assert tree(Code("c", "t", "main", dirty=True)) is None


def test_who_when_and_where_come_along() -> None:
    facts = facts_of_run("A", record(parents=({"model": "churn", "relation": "warm-start"},)), nothing)
    assert (facts.author, facts.message, facts.branch, facts.seconds) == ("Ana", "why", "main", 1.5)
    assert facts.environment == {
        "python": "3.12.1",
        "platform": "Linux",
        "cpus": 8,
        "gpu": "0",
        "OMP_NUM_THREADS": "2",
        "packages.numpy": "2.0",
    }
    assert facts.parents == {"churn": {"model": "churn", "relation": "warm-start"}}


def test_a_commit_tells_what_its_stage_records_say() -> None:
    stage = replace(TRAIN, params={"params.yaml": {"train": {"depth": 8}}}, metrics={"auc": 0.9})
    facts = facts_of_commit("main", "c0ffee", [stage])
    assert (facts.run, facts.tree, facts.environment) == (None, "c0ffee", None)
    assert (facts.params, facts.metrics) == ({"train.depth": 8}, {"auc": 0.9})


# Repeated runs ------------------------------------------------------------------------------------------------------


def base(number: int, **fields: Any) -> Facts:
    values: dict[str, Any] = {
        "name": f"r{number}",
        "run": f"r{number}",
        "status": "ok",
        "tree": f"tree {number}",
        "params": {"depth": 8, "train.seed": number},
        "inputs": {"train.py": Input("b3:1", 1)},
        "commands": {"train": f"python train.py --seed={number}"},
        "environment": {"python": "3.12", "packages.numpy": "2.0", "platform": f"Linux-{number}"},
    }
    return Facts(**values | fields)


def names(*runs: Facts) -> list[list[str]]:
    return [[each.name for each in side.runs] for side in fold(runs)]


def test_runs_that_differ_in_a_seed_alone_fold() -> None:
    other = {"params": {"depth": 4, "train.seed": 1}}
    assert names(base(1), base(2, **other), base(3), base(4, **other)) == [["r1", "r3"], ["r2", "r4"]]


def test_two_runs_stay_apart() -> None:
    assert names(base(1), base(2)) == [["r1"], ["r2"]]


def test_runs_that_differ_in_more_stay_apart() -> None:
    for fields in (
        {"status": "failed"},
        {"params": {"depth": 4, "train.seed": 9}},
        {"inputs": {"train.py": Input("b3:2", 1)}},
        {"commands": {"train": "python train.py --fast"}},
        {"environment": {"python": "3.12", "packages.numpy": "2.1"}},
        {"parents": {"churn": "v1"}},
        {"run": None},
    ):
        assert names(base(1), base(2), base(3, **fields)) == [["r1", "r2"], ["r3"]], fields


def test_runs_of_unknown_inputs_fold_only_with_the_same_code() -> None:
    unknown: dict[str, Any] = {"inputs": {}}
    same = {"tree": "tree", **unknown}
    assert names(base(1, **same), base(2, **same), base(3, **unknown)) == [["r1", "r2"], ["r3"]]


def test_seeds_are_known_by_name() -> None:
    for name in (
        "seed",
        "train.seed",
        "random_state",
        "model.random-state",
        "params.yaml:seed",
        "np_seed",
        "rng",
    ):
        assert is_seed(name), name
    for name in ("depth", "seedling", "reseeded", "state"):
        assert not is_seed(name), name
