from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import git, mlops, project, repository, run
from tests.support.files import spying, write, write_all
from tests.support.transfers import Clones
from tests.support.working import decisions

if TYPE_CHECKING:
    from pathlib import Path


def data(folder: Path, *arguments: str) -> dict[str, str]:
    answer = mlops(folder, "status", "--json", *arguments)
    assert answer.code == 0, answer
    rows: list[dict[str, Any]] = answer.json["data"]
    return {row["path"]: row["state"] for row in rows}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    write_all(folder, {"raw/a": "1", "raw/sub/b": "2", "one": "3"})
    mlops(folder, "add", "raw", "one")
    return folder


def test_data_is_ok_changed_or_missing(repo: Path) -> None:
    assert data(repo) == {"one": "ok", "raw": "ok"}
    write(repo / "raw/sub/b", "changed")
    (repo / "one").unlink()
    assert data(repo) == {"one": "missing", "raw": "changed"}
    shutil.rmtree(repo / "raw")
    assert data(repo)["raw"] == "missing"


def test_a_bit_that_differs_is_a_change_of_a_file(repo: Path) -> None:
    (repo / "one").chmod(0o755)
    assert data(repo)["one"] == "changed"


def test_what_is_not_ok_stands_in_the_text_with_the_next_command(repo: Path) -> None:
    assert mlops(repo, "status").out == "2 tracked paths, as recorded.\n"
    assert "one" not in mlops(repo, "status").out
    assert "one   ok" in mlops(repo, "status", "-v").out
    write(repo / "raw/a", "changed")
    (repo / "one").unlink()
    out = mlops(repo, "status").out
    assert "raw   changed\n" in out
    assert "2 tracked paths: 1 changed, 1 missing." in out
    assert "mlops add" in out
    assert "mlops checkout" in out


def test_check_counts_data(repo: Path) -> None:
    assert mlops(repo, "status", "--check").code == 0
    write(repo / "raw/a", "changed")
    assert mlops(repo, "status", "--check").code == 1


def test_named_stages_show_the_data_that_they_read(tmp_path: Path) -> None:
    stages = {
        "first": {"cmd": "cp raw/a x", "deps": ["raw/a"], "outs": ["x"]},
        "second": {"cmd": "cp x y", "deps": ["x"], "outs": ["y"]},
        "other": {"cmd": "cat more/*.csv > z", "deps": ["more/*.csv"], "outs": ["z"]},
    }
    repo = project(tmp_path / "p", stages)
    write_all(repo, {"raw/a": "1", "more/m.csv": "2", "unused": "3"})
    mlops(repo, "add", "raw", "more/m.csv", "unused")
    run(repo)
    assert set(data(repo)) == {"raw", "more/m.csv", "unused"}
    assert set(data(repo, "second")) == {"raw"}
    assert set(data(repo, "other")) == {"more/m.csv"}
    write(repo / "unused", "changed")
    assert mlops(repo, "status", "--check", "second").code == 0
    assert mlops(repo, "status", "--check").code == 1


def test_each_path_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = project(tmp_path / "p", {"a": {"cmd": "cp raw x", "deps": ["raw"], "outs": ["x"]}})
    write_all(repo, {"raw": "1", "more": "2"})
    mlops(repo, "add", "raw", "more")
    run(repo)
    with spying(monkeypatch, "stat") as calls:
        decisions(repo)
    assert {name: calls["stat"][str(repo / name)] for name in ("raw", "more", "x")} == {
        "raw": 1,
        "more": 1,
        "x": 1,
    }


def test_a_fresh_clone_is_told_to_take_what_others_have_made(tmp_path: Path) -> None:
    stages = {
        "first": {"cmd": "cp raw x", "deps": ["raw"], "outs": ["x"]},
        "second": {"cmd": "cp x y", "deps": ["x"], "outs": ["y"]},
    }
    clones = Clones(tmp_path, stages, {})
    write(clones.first / "raw", "1")
    assert mlops(clones.first, "add", "raw").code == 0
    run(clones.first)
    assert mlops(clones.first, "push").code == 0
    second = clones.clone()
    assert "Bring them up to date with: mlops run --pull\n" in mlops(second, "status").out
    assert run(second, "--pull") == {"first": "cached", "second": "cached"}
    write(second / "raw", "something else")
    assert "Bring them up to date with: mlops run\n" in mlops(second, "status").out


def test_without_a_remote_or_without_a_record_a_run_is_suggested(tmp_path: Path) -> None:
    repo = project(tmp_path / "p", {"only": {"cmd": "date > x", "outs": ["x"]}})
    write(repo / ".mlops/config.yaml", f"remotes: {{r: {{url: {tmp_path}}}}}\n")
    assert "with: mlops run\n" in mlops(repo, "status").out
    run(repo)
    (repo / "x").unlink()
    shutil.rmtree(repo / ".git/mlops")
    assert "with: mlops run --pull\n" in mlops(repo, "status").out
    (repo / ".mlops/config.yaml").unlink()
    assert "with: mlops run\n" in mlops(repo, "status").out


def test_data_that_git_would_take_or_has_is_named_with_what_mends_it(tmp_path: Path) -> None:
    repo = repository(tmp_path / "p")
    write(repo / "raw/a", "1")
    assert mlops(repo, "add", "raw").code == 0
    (repo / ".gitignore").write_text("")
    git(repo, "add", "--all")
    answer = mlops(repo, "status")
    assert answer.out == (
        "1 tracked path, as recorded.\n"
        "raw is tracked as data, and no rule of Git ignores it.\n"
        "  Write the rules anew with: mlops checkout\n"
        "raw is tracked as data, and Git has raw/a.\n"
        "  Take it out of Git, and leave it where it is, with: git rm -r --cached raw\n"
    )
    said = mlops(repo, "status", "--json").json["seen_by_git"]
    assert [(row["path"], row["kind"]) for row in said] == [("raw", "not ignored"), ("raw", "in git")]
    assert mlops(repo, "checkout").code == 0
    git(repo, "rm", "-r", "--cached", "raw")
    assert mlops(repo, "status").out == "1 tracked path, as recorded.\n"
