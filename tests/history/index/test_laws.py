"""Whatever happens in a repository, and whenever somebody looks: the index says what a fresh one says, and what Git says."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.git.command import Git
from mlops_cli.history.known import KnownData, Production
from tests.support.command import git, repository
from tests.support.histories import (
    d,
    data_file,
    history,
    into_journal,
    note_file,
    put,
    run_file,
    stage_file,
    stage_row,
)

CONTENTS = ("one", "two", "three")
BRANCHES = ("main", "a", "b")

branches = st.sampled_from(BRANCHES)
contents = st.sampled_from(CONTENTS)
runs = st.integers(1, 4)
actions = st.one_of(
    st.tuples(st.just("run"), branches, runs, contents),
    st.tuples(st.just("stage"), branches, contents),
    st.tuples(st.just("data"), branches, contents),
    st.tuples(st.just("remove"), branches),
    st.tuples(st.just("merge"), branches, branches, st.sampled_from(["ours", "recursive", "evil"]), runs),
    st.tuples(st.just("amend"), branches, runs),
    st.tuples(st.just("drop"), st.sampled_from(BRANCHES[1:])),
    st.tuples(st.just("tag"), branches),
    st.tuples(st.just("journal"), runs, contents),
    st.tuples(st.just("note"), runs),
    st.tuples(st.just("forget")),
    st.tuples(st.just("lie"), runs, contents),
    st.tuples(st.just("look")),
)


class Repository:
    """A repository in which anything can happen."""

    def __init__(self, folder: Path) -> None:
        self.folder = repository(folder)
        self.notes = self.seconds = 0
        git(folder, "commit", "-q", "--allow-empty", "-m", "begin")

    def on(self, branch: str) -> None:
        git(self.folder, "reset", "-q", "--hard")
        git(self.folder, "clean", "-qfd")
        known = git(self.folder, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
        git(self.folder, "checkout", "-q", *(() if branch in known else ("-b",)), branch)

    def commit(self, *arguments: str) -> None:
        self.seconds += 1  # no two commits at once: of two contents for one run, the earlier counts
        git(self.folder, "add", "--all")
        with patch.dict(os.environ, {"GIT_COMMITTER_DATE": f"{1_800_000_000 + self.seconds} +0000"}):
            git(self.folder, "commit", "-q", "--allow-empty", "-m", "more", *arguments)

    def run(self, branch: str, number: int, content: str) -> None:
        self.on(branch)
        put(self.folder, run_file(number, stage_row("train", {"data": "one"}, {"model": content})))
        self.commit()

    def stage(self, branch: str, content: str) -> None:
        self.on(branch)
        put(self.folder, stage_file("train", {"data": content}, {"model": content}))
        self.commit()

    def data(self, branch: str, content: str) -> None:
        self.on(branch)
        put(self.folder, data_file("data", content))
        self.commit()

    def remove(self, branch: str) -> None:
        self.on(branch)
        git(self.folder, "rm", "-rq", "--ignore-unmatch", ".mlops")
        self.commit()

    def merge(self, branch: str, other: str, how: str, number: int) -> None:
        self.on(other)
        self.on(branch)
        strategy = ["-s", "ours"] if how == "ours" else ["-X", "theirs"]
        # What conflicts is committed as it lies there: such a record is none.
        Git(self.folder, os.environ).tell("merge", "-q", "--no-commit", "--no-ff", *strategy, other)
        if how == "evil":
            put(self.folder, run_file(number, stage_row("evil", {"model": "one"}, {"model": "two"})))
        self.commit()

    def amend(self, branch: str, number: int) -> None:
        self.on(branch)
        put(self.folder, run_file(number))
        self.commit("--amend")

    def drop(self, branch: str) -> None:
        self.on("main")
        Git(self.folder, os.environ).tell("branch", "-q", "-D", branch)

    def tag(self, branch: str) -> None:
        self.on(branch)
        git(self.folder, "tag", "-f", "-a", "-m", "tag", "v1")

    def journal(self, number: int, content: str) -> None:
        into_journal(self.folder, run_file(number, stage_row("train", {"data": "one"}, {"model": content})))

    def note(self, number: int) -> None:
        self.notes += 1
        into_journal(self.folder, note_file(number, f"{self.notes:08x}", "so", "confirmed"))

    def forget(self) -> None:
        for ref in git(self.folder, "for-each-ref", "--format=%(refname)", "refs/mlops").split():
            git(self.folder, "update-ref", "-d", ref)
        git(self.folder, "reflog", "expire", "--expire=now", "--all")
        git(self.folder, "prune", "--expire=now")

    def lie(self, number: int, content: str) -> None:
        put(self.folder, run_file(number), data_file("lying", content))

    def look(self) -> None:
        facts(self.folder)


def facts(folder: Path) -> dict[str, Any]:
    """Return everything that the index says."""
    known = history(folder)

    def told(one: Production | KnownData) -> tuple[Any, ...]:
        what = (
            (one.stage, one.run, one.key, one.status)
            if isinstance(one, Production)
            else (one.path, one.artifact)
        )
        return (*what, one.file, frozenset(one.sources))

    said = {
        "runs": {(*run[:10], *run[16:18], frozenset(run.sources), str(run.params)) for run in known.runs()},
        "here": {run.id for run in known.runs(branch_only=True)},
        "notes": {run.id: known.events(run.id) for run in known.runs()},
        "commits": dict(known.commits()),
        "paths": {path: sorted(map(str, map(told, known.at_path(path, read=True)))) for path in ("model", "data", "lying")},
    }  # fmt: skip
    for content in CONTENTS:
        said[f"made {content}"] = sorted(str(told(one)) for one in known.made(d(content)))
        said[f"used {content}"] = sorted(str(told(one)) for one in known.used(d(content)))
        said[f"data {content}"] = sorted(str(told(one)) for one in known.data(d(content)))
    known.close()
    return said


def brought(folder: Path) -> dict[str, set[str]]:
    """Return which commits bring each run's record, by looking at every tree of every commit."""
    found: dict[str, set[str]] = {}
    for line in git(folder, "rev-list", "--parents", "--exclude=refs/mlops/*", "--all").splitlines():
        commit, *parents = line.split()
        before = {file for parent in parents for file in tree(folder, parent)}
        for path, _ in tree(folder, commit) - before:
            found.setdefault(path, set()).add(commit)
    return found


def tree(folder: Path, commit: str) -> set[tuple[str, str]]:
    rows = git(folder, "ls-tree", "-r", commit, "--", ".mlops/runs").splitlines()
    return {(row.partition("\t")[2], row.split()[2]) for row in rows}


stories = st.lists(actions, min_size=3, max_size=14)


@given(stories)
@settings(max_examples=6, deadline=None)
def test_an_index_that_grew_says_what_a_fresh_one_says_and_what_git_says(
    story: list[tuple[Any, ...]],
) -> None:
    _holds(story)


@pytest.mark.slow
@given(stories)
@settings(max_examples=100, deadline=None)
def test_an_index_that_grew_says_so_after_many_stories(story: list[tuple[Any, ...]]) -> None:
    _holds(story)


def _holds(story: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        repo = Repository(Path(name) / "repo")
        for action, *values in story:
            getattr(repo, action)(*values)
        grown = facts(repo.folder)
        shutil.rmtree(repo.folder / ".git/mlops/history.db", ignore_errors=True)
        for file in (repo.folder / ".git/mlops").glob("history.db*"):
            file.unlink()
        assert grown == facts(repo.folder)
        found: dict[str, set[str]] = {}
        known = history(repo.folder)
        journaled = set()
        for run in known.runs():
            names = {source.name for source in run.sources if source.kind == "commit"}
            if any(source.kind == "journal" for source in run.sources):
                journaled.add(f".mlops/runs/2026-01/{run.id}.json")
            if names:
                found[f".mlops/runs/2026-01/{run.id}.json"] = names
        # Of two contents for one run, only the commits of the first count; a journal's comes before those of commits.
        by_git = brought(repo.folder)
        assert found.keys() <= by_git.keys() <= found.keys() | journaled
        assert all(names <= by_git[path] for path, names in found.items())
