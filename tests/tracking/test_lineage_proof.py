"""Proving what records say: the index is not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.git.witness import Witness
from mlops_cli.git.worktrees import repository_at
from mlops_cli.history.lineage.up import what_made
from mlops_cli.opened import open_folder
from mlops_cli.tracking.lineage_proof import Prover
from mlops_cli.tracking.lineage_starts import begin, remembered
from tests.support.command import commit, git, project, run
from tests.support.lineages import artifact

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlops_cli.history.known import Production
    from mlops_cli.history.lineage.statements import Statement

STAGES = {"train": {"cmd": "cat d.csv > m.pkl", "deps": ["d.csv"], "outs": ["m.pkl"]}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = project(tmp_path / "p", STAGES, {"d.csv": "a line of data\n" * 9})
    run(made)
    commit(made, "trained")
    return made


def prove(folder: Path, change: Callable[[Production], Production] = lambda p: p) -> dict[str, Statement]:
    """Return the statements by kind, where the index tells of the execution what `change` makes of it."""
    with open_folder(folder) as opened:
        known = remembered(opened, None)
        graph = what_made(known, begin(opened, known, "m.pkl").artifacts)
        for name, production in graph.productions.items():
            graph.productions[name] = change(production)
        with Witness(repository_at(opened.project.common_dir, opened.environment.variables)) as witness:
            return {row.kind: row for row in Prover(opened, known, witness).statements(graph)}


def test_what_the_record_says_holds(folder: Path) -> None:
    rows = prove(folder)
    assert {rows[kind].verdict for kind in ("record", "key", "code", "commit")} == {"holds"}
    assert rows["signature"].verdict == "open"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda p: p._replace(outs={"m.pkl": artifact("other")}), "other inputs or outputs"),
        (lambda p: p._replace(deps={"d.csv": artifact("other")}), "other inputs or outputs"),
        (lambda p: p._replace(deps={}), "other inputs or outputs"),
        (lambda p: p._replace(run="20200101T000000000-00000000"), "the record of run"),
        (lambda p: p._replace(stage="other"), "does not tell of other"),
        (lambda p: p._replace(file=".mlops/config.yaml"), "config.yaml"),
        (lambda p: p._replace(file=".mlops/runs/none.json"), "not there"),
        (lambda p: p._replace(source=p.source._replace(name="0" * 40)), "not in this clone"),
        (lambda p: p._replace(source=p.source._replace(kind="journal", name="0" * 12)), "no journal"),
    ],
)
def test_an_index_that_tells_otherwise_is_found_out(
    folder: Path, change: Callable[[Production], Production], why: str
) -> None:
    row = prove(folder, change)["record"]
    assert row.verdict == "fails"
    assert why in row.rests_on


def test_code_of_a_commit_that_is_gone_holds_by_its_tree_and_fails_where_that_is_gone_too(
    folder: Path,
) -> None:
    def rewrite() -> None:
        git(folder, "reset", "--quiet", "--soft", "HEAD~1")
        git(folder, "commit", "--quiet", "--amend", "-m", "all in one")
        git(folder, "reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        git(folder, "gc", "--quiet", "--prune=now")

    rewrite()
    row = prove(folder)["code"]
    assert (row.verdict, "is not in this clone" in row.rests_on) == ("holds", True)
    for ref in git(folder, "for-each-ref", "--format=%(refname)", "refs/mlops").split():
        git(folder, "update-ref", "-d", ref)
    git(folder, "gc", "--quiet", "--prune=now")
    row = prove(folder)["code"]
    assert (row.verdict, "is not in this clone" in row.rests_on) == ("fails", True)
