"""`mlops status`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.command import commit, define, git, mlops, project, run, states
from tests.support.files import listing, write

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

STAGES: dict[str, Any] = {
    "a": {
        "cmd": "cat in.txt > a.txt",
        "deps": ["in.txt"],
        "params": ["depth"],
        "env": ["MODE"],
        "outs": ["a.txt"],
    },
    "b": {"cmd": "cp a.txt b.txt", "deps": ["a.txt"], "outs": ["b.txt"]},
    "c": {"cmd": "echo c > c.txt", "outs": ["c.txt"]},
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return project(tmp_path / "p", STAGES, {"in.txt": "1\n", "params.yaml": "depth: 4\nother: 1\n"})


def reasons(root: Path, stage: str, env: dict[str, str] | None = None) -> list[dict[str, Any]]:
    answer = mlops(root, "status", "--json", env=env)
    assert answer.code == 0, answer
    found: list[dict[str, Any]] = next(r["reasons"] for r in answer.json["stages"] if r["name"] == stage)
    return found


def test_before_the_first_run_the_table_says_what_is_new_and_what_waits(home: Path) -> None:
    answer = mlops(home, "status")
    assert (answer.code, answer.err) == (0, "")
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in answer.out.splitlines()}
    assert rows["a"] == ["stale", "has not run yet"]
    assert rows["b"] == ["waiting", "waits for a; has not run yet"]
    assert (
        answer.out.splitlines()[-1] == "3 stages: 2 stale, 1 waiting. Bring them up to date with: mlops run"
    )


def test_after_a_run_it_is_one_sentence(home: Path) -> None:
    run(home)
    assert mlops(home, "status").out == "3 stages, everything is fresh.\n"
    assert "fresh" in mlops(home, "status", "-v").out.splitlines()[1]


def test_check_exits_with_1_until_everything_is_fresh(home: Path) -> None:
    assert mlops(home, "status", "--check").code == 1
    assert mlops(home, "status", "--check", "-q").code == 1
    assert mlops(home, "status", "--check", "--json").code == 1
    run(home, "c")
    assert mlops(home, "status", "--check", "c").code == 0
    assert mlops(home, "status", "--check", "a").code == 1
    run(home)
    answer = mlops(home, "status", "--check", "-q")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_names_narrow_it_and_what_they_need_decides_them_still(home: Path) -> None:
    assert states(home, "b") == {"b": "waiting"}
    assert states(home, "b.txt") == {"b": "waiting"}
    assert states(home, "[bc]") == {"b": "waiting", "c": "stale"}
    assert states(home, "c", "a") == {"a": "stale", "c": "stale"}


def test_a_changed_input_is_named_with_both_digests(home: Path) -> None:
    run(home)
    before = json.loads((home / ".mlops/stages/a.json").read_bytes())["deps"]["in.txt"]["digest"]
    write(home / "in.txt", "2\n")
    [reason] = reasons(home, "a")
    assert (reason["kind"], reason["path"], reason["old"]) == ("dep-changed", "in.txt", before)
    assert reason["new"].startswith("b3:")
    assert reason["new"] != before
    assert reasons(home, "b") == [{"kind": "upstream", "name": "a"}]


def test_a_changed_parameter_is_named_with_both_values_and_its_file(home: Path) -> None:
    run(home)
    write(home / "params.yaml", "depth: 8\nother: 1\n")
    assert reasons(home, "a") == [
        {"kind": "param-changed", "name": "depth", "file": "params.yaml", "old": 4, "new": 8}
    ]
    assert "depth 4 -> 8" in mlops(home, "status").out


def test_a_parameter_that_no_stage_uses_changes_nothing(home: Path) -> None:
    run(home)
    write(home / "params.yaml", "depth: 4\nother: 2\n# a comment\n")
    assert set(states(home).values()) == {"fresh"}


def test_a_changed_variable_is_named_with_both_values(home: Path) -> None:
    run(home, env={"MODE": "x"})
    assert reasons(home, "a", {"MODE": "x"}) == []
    assert reasons(home, "a") == [{"kind": "env-changed", "name": "MODE", "old": "x", "new": None}]


def test_a_changed_program_is_named_with_both_texts(home: Path) -> None:
    run(home)
    define(home, STAGES | {"c": {"cmd": "echo d > c.txt", "outs": ["c.txt"]}})
    assert reasons(home, "c") == [
        {"kind": "program-changed", "name": "c", "old": ["echo c > c.txt"], "new": ["echo d > c.txt"]}
    ]


def test_how_a_stage_is_scheduled_or_described_is_no_reason_to_run_it(home: Path) -> None:
    run(home)
    define(
        home,
        STAGES
        | {"c": STAGES["c"] | {"desc": "See", "timeout": "1h", "cores": 2, "retries": 3, "mutex": "m"}},
    )
    assert set(states(home).values()) == {"fresh"}


def test_an_output_that_is_gone_or_edited_can_be_brought_back(home: Path) -> None:
    run(home)
    (home / "b.txt").unlink()
    write(home / "c.txt", "edited\n")
    assert states(home) == {"a": "fresh", "b": "cached", "c": "cached"}
    assert [(r["kind"], r["path"]) for r in reasons(home, "b")] == [("output-missing", "b.txt")]
    assert [(r["kind"], r["path"]) for r in reasons(home, "c")] == [("output-changed", "c.txt")]
    run(home)
    assert (home / "c.txt").read_text() == "c\n"


def test_an_input_that_nothing_makes_is_a_problem_with_its_place(home: Path) -> None:
    (home / "in.txt").unlink()
    answer = mlops(home, "status")
    assert answer.code == 3
    assert "in.txt does not exist, and no stage makes it" in answer.err
    assert "mlops.yaml:5:7:" in answer.err


def test_an_output_that_git_tracks_is_a_problem_with_the_way_out(home: Path) -> None:
    run(home)
    git(home, "add", "-f", "c.txt")
    answer = mlops(home, "status")
    assert answer.code == 3
    assert "c.txt is an output of c, and Git tracks c.txt" in answer.err
    assert "git rm --cached c.txt" in answer.err
    git(home, "rm", "-q", "--cached", "c.txt")
    assert mlops(home, "status", "--check").code == 0


def test_it_changes_no_file_of_the_project(home: Path) -> None:
    before = {path: data for path, data in listing(home).items() if not path.startswith(".git/mlops")}
    mlops(home, "status")
    after = {path: data for path, data in listing(home).items() if not path.startswith(".git/mlops")}
    assert after == before


def test_a_same_size_edit_right_after_a_run_is_seen(home: Path) -> None:
    for text in ("2\n", "3\n", "4\n", "5\n"):
        run(home, "a")
        write(home / "in.txt", text)
        assert states(home, "a") == {"a": "stale"}


def test_a_new_match_of_a_pattern_is_a_reason_to_run(tmp_path: Path) -> None:
    stages = {"all": {"cmd": "cat data/*.csv > all", "deps": ["data/*.csv"], "outs": ["all"]}}
    root = project(tmp_path / "p", stages, {"data/1.csv": "1\n"})
    run(root)
    write(root / "data/2.csv", "2\n")
    assert [(r["kind"], r["path"]) for r in reasons(root, "all")] == [("dep-added", "data/2.csv")]
    run(root)
    (root / "data/1.csv").unlink()
    assert [(r["kind"], r["path"]) for r in reasons(root, "all")] == [("dep-removed", "data/1.csv")]


def test_a_stage_that_runs_always_is_never_fresh_and_a_frozen_one_always(home: Path) -> None:
    run(home)
    define(home, STAGES | {"b": STAGES["b"] | {"frozen": True}, "c": STAGES["c"] | {"always": True}})
    write(home / "in.txt", "2\n")
    assert states(home) == {"a": "stale", "b": "fresh", "c": "stale"}


def test_on_another_clone_the_records_tell_what_is_not_there(home: Path, tmp_path: Path) -> None:
    run(home)
    commit(home, "results")
    git(tmp_path, "clone", "-q", str(home), "clone")
    clone = tmp_path / "clone"
    answer = mlops(clone, "status", "--json")
    assert {row["name"]: row["state"] for row in answer.json["stages"]} == {
        "a": "stale",
        "b": "waiting",
        "c": "stale",
    }
    assert [r["kind"] for r in reasons(clone, "c")] == ["output-missing"]


def test_a_result_whose_content_is_gone_is_no_result(home: Path) -> None:
    run(home)
    (home / "c.txt").unlink()
    for path in (home / ".git/mlops/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.unlink()
    assert states(home)["c"] == "stale"
    assert run(home)["c"] == "ran"
    assert (home / "c.txt").read_text() == "c\n"


def test_a_damaged_result_counts_as_none(home: Path) -> None:
    run(home)
    for path in (home / ".git/mlops/results").rglob("*.json"):
        path.chmod(0o644)
        path.write_bytes(b'{"schema": 1, "key"')
    for path in (home / ".mlops/stages").glob("*.json"):
        path.unlink()
    assert states(home) == {"a": "stale", "b": "waiting", "c": "stale"}
    assert set(run(home).values()) == {"ran"}


def test_check_of_one_stage_also_looks_at_what_it_needs(home: Path) -> None:
    run(home)
    (home / "a.txt").unlink()
    answer = mlops(home, "status", "b", "--check")
    assert answer.code == 1
    assert "Not fresh of what they need: a." in answer.out


def test_a_stage_that_failed_is_told_until_it_runs_again(tmp_path: Path) -> None:
    home = project(tmp_path / "p", {"a": {"cmd": "echo boom; exit 3", "outs": ["a.txt"]}}, {})
    assert run(home, code=4) == {"a": "failed"}
    [stage] = mlops(home, "status", "--json").json["stages"]
    assert stage["failed"]["message"].startswith("exit code 3")
    with open(stage["failed"]["log"], encoding="utf-8") as log:
        assert "boom" in log.read()
    assert "failed last time" in mlops(home, "status").out
    define(home, {"a": {"cmd": "echo > a.txt", "outs": ["a.txt"]}})
    run(home)
    define(home, {"a": {"cmd": "echo 2 > a.txt", "outs": ["a.txt"]}})
    assert "failed" not in mlops(home, "status").out


def test_a_model_that_nothing_makes_is_a_mistake_until_it_lies_there_or_is_tracked(tmp_path: Path) -> None:
    home = project(tmp_path / "p", {"a": {"cmd": "echo > a.bin", "outs": ["a.bin"]}}, {})
    stages = (home / "mlops.yaml").read_text()
    assert mlops(home, "status").code == 0  # what is remembered of the file must not hide the mistake
    write(home / "mlops.yaml", f"{stages}\nmodels:\n  m:\n    artifact: aa.bin\n")
    for command in ("status", "run"):
        answer = mlops(home, command)
        assert answer.code == 3
        assert ":15: no stage makes aa.bin, the artifact of m, and nothing lies there" in answer.err
        assert 'did you mean "a.bin"?' in answer.err
    write(home / "aa.bin", "by hand")
    assert mlops(home, "status").code == 0
    assert mlops(home, "add", "aa.bin").code == 0
    (home / "aa.bin").unlink()
    write(home / "mlops.yaml", (home / "mlops.yaml").read_text() + "# read again\n")
    assert mlops(home, "status").code == 0
