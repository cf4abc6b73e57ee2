"""The main job: prepare, train, evaluate; the second time nothing; after a change exactly what depends on it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import (
    SOURCE,
    Counter,
    commit,
    counted,
    git,
    mlops,
    project,
    repository,
    run,
    run_records,
    stage_record,
    states,
)
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = ("forest", "boosting")
_MEMBERS = [f"{kind}-{seed}" for kind in _KINDS for seed in (1, 2, 3)]


def _change(root: Path, old: str, new: str) -> None:
    text = (root / "params.yaml").read_text()
    assert text.count(old) == 1
    write(root / "params.yaml", text.replace(old, new))


@pytest.mark.slow
def test_the_shipped_example_runs_once_and_then_only_what_a_change_asks_for(tmp_path: Path) -> None:
    root = tmp_path / "p"
    shutil.copytree(SOURCE / "examples/breast-cancer", root)
    repository(root)
    commit(root, "the example")
    answer = mlops(root, "run", "--commit")
    assert answer.code == 0, answer
    assert "roc_auc" in answer.out.splitlines()[0]
    every = {"prepare", "best", *(f"{s}@{m}" for s in ("train", "evaluate") for m in _MEMBERS)}
    assert {line.split()[0] for line in answer.out.splitlines()[1:-2]} == {
        f"evaluate@{m}" for m in _MEMBERS
    } | {"best"}
    assert git(root, "status", "--porcelain") == ""
    assert run(root) == dict.fromkeys(every, "fresh")

    _change(root, "learning_rate: 0.1", "learning_rate: 0.2")
    expected = {f"train@boosting-{s}": "stale" for s in (1, 2, 3)}
    expected |= {f"evaluate@boosting-{s}": "waiting" for s in (1, 2, 3)} | {"best": "waiting"}
    assert {name: state for name, state in states(root).items() if state != "fresh"} == expected
    done = run(root)
    assert {name for name, status in done.items() if status == "ran"} == set(expected)
    assert {name for name, status in done.items() if status == "fresh"} == every - set(expected)

    _change(root, "learning_rate: 0.2", "learning_rate: 0.1")
    assert {status for name, status in run(root).items() if name in expected} == {"cached"}
    assert git(root, "status", "--porcelain", "--", ":!.mlops/runs") == ""


@pytest.mark.slow
def test_the_example_that_init_writes_runs(tmp_path: Path) -> None:
    root = repository(tmp_path / "p")
    assert mlops(root, "init", "--example").code == 0
    answer = mlops(root, "run")
    assert answer.code == 0, answer
    assert "accuracy" in answer.out
    assert set(states(root).values()) == {"fresh"}
    _change(root, "depth: 3", "depth: 4")
    assert states(root)["prepare"] == "fresh"
    assert run(root)["train@forest"] == "ran"


PIPELINE = """\
stages:
  prepare:
    cmd: echo prepare >> "$COUNTER"; cp raw.txt data.txt
    deps: [raw.txt]
    params: [prepare]
    outs: [data.txt]
  train:
    matrix: {kind: [forest, boosting], seed: [1, 2, 3]}
    cmd: >-
      echo train@${matrix.kind}-${matrix.seed} >> "$COUNTER";
      grep -A2 ${matrix.kind} params.yaml > models-${matrix.kind}-${matrix.seed};
      cat data.txt >> models-${matrix.kind}-${matrix.seed}
    deps: [data.txt]
    params: ["${matrix.kind}"]
    outs: ["models-${matrix.kind}-${matrix.seed}"]
  evaluate:
    matrix: {kind: [forest, boosting], seed: [1, 2, 3]}
    cmd: >-
      echo evaluate@${matrix.kind}-${matrix.seed} >> "$COUNTER";
      echo "{\\"lines\\": $(wc -l < models-${matrix.kind}-${matrix.seed})}" > metrics-${matrix.kind}-${matrix.seed}.json
    deps: ["models-${matrix.kind}-${matrix.seed}"]
    metrics: ["metrics-${matrix.kind}-${matrix.seed}.json"]
  best:
    cmd: echo best >> "$COUNTER"; cat models-*-* > best.txt
    deps: ["metrics-*-*.json", "models-*-*"]
    outs: [best.txt]
"""
PARAMETERS = "prepare: {share: 0.2}\nforest:\n  depth: 6\n  trees: 60\nboosting:\n  depth: 2\n  rate: 0.1\n"


def test_exactly_the_stages_that_depend_on_a_changed_parameter_run_and_status_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter(tmp_path / "counter")
    monkeypatch.setenv("COUNTER", str(counter.path))
    root = project(tmp_path / "p", PIPELINE, {"raw.txt": "1\n2\n", "params.yaml": PARAMETERS})
    first = run(root)
    assert len(first) == 14
    assert set(first.values()) == {"ran"}
    assert counter.take() == sorted(first)
    assert set(run(root).values()) == {"fresh"}
    assert counter.take() == []

    _change(root, "depth: 6", "depth: 7")
    said = {name for name, state in states(root).items() if state != "fresh"}
    # The number of lines stays what it was, so the metrics do, too; `best` reads the models all the same.
    expected = {f"{stage}@forest-{seed}" for stage in ("train", "evaluate") for seed in (1, 2, 3)} | {"best"}
    assert said == expected
    done = run(root)
    assert {name for name, status in done.items() if status == "ran"} == expected
    assert counter.take() == sorted(expected)
    [first_run, second_run] = run_records(root)
    assert (first_run["params"]["forest.depth"], second_run["params"]["forest.depth"]) == (6, 7)
    assert stage_record(root, "train@forest-1")["params"] == {
        "params.yaml": {"forest": {"depth": 7, "trees": 60}}
    }


def test_a_chain_of_any_length_restores_as_one_when_its_first_input_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter(tmp_path / "counter")
    monkeypatch.setenv("COUNTER", str(counter.path))
    stages: dict[str, Any] = {
        f"s{i}": {"cmd": counted(f"cat f{i} > f{i + 1}", f"s{i}"), "deps": [f"f{i}"], "outs": [f"f{i + 1}"]}
        for i in range(12)
    }
    root = project(tmp_path / "p", stages, {"f0": "old\n"})
    run(root)
    write(root / "f0", "new\n")
    run(root)
    counter.take()
    write(root / "f0", "old\n")
    assert set(states(root).values()) == {"cached"}
    assert set(run(root).values()) == {"cached"}
    assert (counter.take(), (root / "f12").read_text()) == ([], "old\n")
