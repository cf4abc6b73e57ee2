"""A branch for each value of a parameter: switching costs no work that was done before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.command import Counter, commit, counted, git, mlops, project, run, run_records, states
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

STAGES: dict[str, Any] = {
    "prepare": {"cmd": counted("cp raw data", "prepare"), "deps": ["raw"], "outs": ["data"]},
    "train": {
        "cmd": counted("mkdir model; cat data > model/w; cp params.yaml model/p", "train"),
        "deps": ["data"],
        "params": ["depth"],
        "outs": ["model"],
    },
    "score": {
        "cmd": counted(
            """echo "{\\"size\\": $(cat model/* | wc -c), \\"d\\": $(cut -d' ' -f2 params.yaml)}" > m.json""",
            "score",
        ),
        "deps": ["model"],
        "params": ["depth"],
        "metrics": ["m.json"],
    },
}


def test_switching_branches_restores_without_running_any_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter(tmp_path / "counter")
    monkeypatch.setenv("COUNTER", str(counter.path))
    root = project(tmp_path / "p", STAGES, {"raw": "1\n", "params.yaml": "depth: 0\n"})
    mlops(root, "init")
    commit(root, "rules, so that no branch takes outputs along")
    contents = {}
    for depth in (1, 2, 3):
        git(root, "switch", "-q", "-c", f"depth-{depth}", "main")
        write(root / "params.yaml", f"depth: {depth}\n")
        commit(root, f"depth {depth}")
        assert mlops(root, "run", "--commit").code == 0
        assert git(root, "status", "--porcelain") == ""
        contents[depth] = ((root / "model/p").read_text(), (root / "m.json").read_text())
    assert counter.take().count("train") == 3
    assert len(set(contents.values())) == 3

    for depth in (1, 3, 2, 1):
        git(root, "switch", "-q", f"depth-{depth}")
        assert states(root) == {"prepare": "fresh", "train": "cached", "score": "fresh"}
        assert run(root) == {"prepare": "fresh", "train": "cached", "score": "fresh"}
        assert ((root / "model/p").read_text(), (root / "m.json").read_text()) == contents[depth]
        assert counter.take() == []
        # The record is the one that was committed: a restore changes nothing that Git tracks.
        assert git(root, "status", "--porcelain", "--", ":!.mlops/runs") == ""
        assert run_records(root)[-1]["code"]["branch"] == f"depth-{depth}"
        git(root, "clean", "-fdq", ".mlops/runs")


def test_results_of_two_branches_merge_without_a_conflict(tmp_path: Path) -> None:
    stages = {
        name: {"cmd": f"cp {name}.in {name}.out", "deps": [f"{name}.in"], "outs": [f"{name}.out"]}
        for name in "ab"
    }
    root = project(tmp_path / "p", stages, {"a.in": "1\n", "b.in": "1\n"})
    assert mlops(root, "run", "--commit").code == 0
    for name in "ab":
        git(root, "switch", "-q", "-c", name, "main")
        write(root / f"{name}.in", "2\n")
        assert mlops(root, "run").code == 0
        commit(root, f"change {name}")
    git(root, "merge", "-q", "--no-edit", "a")
    assert states(root) == {"a": "cached", "b": "fresh"}
    assert run(root) == {"a": "cached", "b": "fresh"}


def test_the_same_work_done_on_two_branches_merges_without_a_conflict(tmp_path: Path) -> None:
    root = project(
        tmp_path / "p", {"a": {"cmd": "cp in out", "deps": ["in"], "outs": ["out"]}}, {"in": "1\n"}
    )
    for name in ("left", "right"):
        git(root, "switch", "-q", "-c", name, "main")
        assert mlops(root, "run", "-f", "--commit").code == 0
    git(root, "merge", "-q", "--no-edit", "left")
    assert states(root) == {"a": "fresh"}
