"""What differs between two models, and its rank."""

from __future__ import annotations

from mlops_cli.history.lineage.difference import Differences, differences, runtime_differences
from mlops_cli.history.lineage.up import what_made
from tests.support.lineages import PREPARE, TRAIN, WARM, Told, artifact, made, named, runtime

MODEL = "models/m.joblib"


def between(told: Told, old: str, new: str) -> Differences:
    sides = [what_made(told, [named(MODEL, content)]) for content in (old, new)]
    return differences(told, sides[0], sides[1])


def kinds(found: Differences) -> list[tuple[str, str]]:
    return [(row.kind, row.what) for row in found.rows]


def test_a_parent_comes_before_a_parameter() -> None:
    found = between(Told([PREPARE, TRAIN, WARM]), "model 1", "model 2")
    assert kinds(found) == [("parent", "models/parent.joblib"), ("parameter", "params.yaml:train.depth")]
    assert found.rows[1].old == 4
    assert found.rows[1].new == 8
    assert found.metrics["auc"].by > 0


def test_only_the_cause_is_listed_and_what_follows_is_counted() -> None:
    newer = [
        PREPARE._replace(
            deps={**PREPARE.deps, "data/raw.csv": artifact("raw 2", 1500)},
            outs={"train.csv": artifact("train 2")},
            run="r2",
        ),
        TRAIN._replace(
            deps={**TRAIN.deps, "train.csv": artifact("train 2")}, outs={MODEL: artifact("model 2")}, run="r2"
        ),
    ]
    found = between(Told([PREPARE, TRAIN, *newer]), "model 1", "model 2")
    assert kinds(found) == [("data", "data/raw.csv")]
    assert found.rows[0].stages == ("prepare",)
    assert "33" in found.rows[0].why
    assert found.follows == 1


def test_a_seed_comes_last() -> None:
    params = {"params.yaml": {"train": {"depth": 5, "seed": 2}}}
    other = TRAIN._replace(run="r2", outs={MODEL: artifact("model 2")}, params=params)
    found = between(Told([PREPARE, TRAIN, other]), "model 1", "model 2")
    assert [row.what for row in found.rows] == ["params.yaml:train.depth", "params.yaml:train.seed"]
    assert [row.likely for row in found.rows] == ["high", "low"]


def test_code_and_program_are_told_apart() -> None:
    other = TRAIN._replace(
        run="r2",
        outs={MODEL: artifact("model 2")},
        deps={**TRAIN.deps, "src/train.py": artifact("new code")},
        program=["python train.py --fast"],
    )
    found = between(Told([PREPARE, TRAIN, other]), "model 1", "model 2")
    assert kinds(found) == [("program", "train"), ("code", "src/train.py")]


def test_a_stage_that_only_one_went_through_is_named() -> None:
    clean = made("clean", {"data/raw.csv": "raw"}, {"clean.csv": "clean"}, run="r2")
    other = TRAIN._replace(
        run="r2", outs={MODEL: artifact("model 2")}, deps={**TRAIN.deps, "clean.csv": artifact("clean")}
    )
    found = between(Told([PREPARE, TRAIN, clean, other]), "model 1", "model 2")
    assert ("stage", "clean") in kinds(found)


def test_the_environment_is_compared_when_everything_else_is_equal() -> None:
    other = TRAIN._replace(run="r2", outs={MODEL: artifact("model 2")})
    told = Told(
        [PREPARE, TRAIN, other], runtimes={"r2": runtime(packages={"scikit-learn": "2.0.0", "rich": "14.1"})}
    )
    found = between(told, "model 1", "model 2")
    assert kinds(found) == [("environment", "scikit-learn"), ("environment", "1 other packages")]
    assert "major" in found.rows[0].why


def test_the_same_bytes_are_said_to_be_the_same() -> None:
    found = between(Told([PREPARE, TRAIN]), "model 1", "model 1")
    assert found.same
    assert found.rows == ()


def test_machines_are_compared() -> None:
    rows = list(runtime_differences(runtime(), runtime(python="3.12.1", cpus=8, gpus=("A",))))
    assert [row.what for row in rows] == ["python", "cpus", "gpus"]
    assert rows[2].new == ["A"]
