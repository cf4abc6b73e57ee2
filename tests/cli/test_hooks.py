"""`mlops hooks`: Git's own commands keep data and records together, and nobody's hooks are harmed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mlops_cli.git.hooks import NAMES
from tests.support.command import COMMAND, Answer, git, mlops, repository, variables
from tests.support.files import write

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
BEGIN = "# >>> mlops:"
LARGE = bytes(11_000_000)


class Commands:
    """A folder for PATH with a `mlops` that takes all input and notes each call before it does it, if it is to do it at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "calls"
        folder.mkdir()
        self.write(" ".join(f"'{part}'" for part in COMMAND))

    def write(self, command: str) -> None:
        path = self.folder / "mlops"
        path.write_text(
            f'#!/bin/sh\ngiven=$(cat)\necho "$*" >> "{self.log}"\nprintf "%s\\n" "$given" | {command} "$@"\n'
        )
        path.chmod(0o755)

    def take(self) -> list[str]:
        """Return the hooks that were run since the last time."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line.split()[2] for line in lines if line.startswith("hooks run")]


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path / "bin")


@pytest.fixture
def env(commands: Commands) -> dict[str, str]:
    """Return the environment of a user who has mlops on PATH."""
    return {"PATH": f"{commands.folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return a repository with hooks and one commit of tracked data."""
    repo = repository(tmp_path / "repo")
    write(repo / "data/a.csv", b"1")
    assert mlops(repo, "init", "-q").code == 0
    assert mlops(repo, "add", "data", "-q").code == 0
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "-m", "one")
    assert mlops(repo, "hooks", "install").code == 0
    return repo


def asked(folder: Path, env: Mapping[str, str], *arguments: str) -> Answer:
    """Run Git as a user with this environment; whatever it says is fine."""
    values = variables() | dict(env)
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=values, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Answer(done.returncode, done.stdout, done.stderr)


def done(folder: Path, env: Mapping[str, str], *arguments: str) -> Answer:
    answer = asked(folder, env, *arguments)
    assert answer.code == 0, answer
    return answer


def change(repo: Path, data: bytes, env: Mapping[str, str], message: str = "change") -> None:
    """Change the data, add it, commit."""
    write(repo / "data/a.csv", data)
    assert mlops(repo, "add", "data", "-q").code == 0
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", message)


# What they do --------------------------------------------------------------------------------------------------------------


def test_data_follows_a_checkout_of_a_branch_and_back_again(repo: Path, env: dict[str, str]) -> None:
    done(repo, env, "checkout", "--quiet", "-b", "two")
    change(repo, b"2", env)
    assert done(repo, env, "checkout", "--quiet", "main").err == ""
    assert (repo / "data/a.csv").read_bytes() == b"1"
    done(repo, env, "switch", "--quiet", "two")
    assert (repo / "data/a.csv").read_bytes() == b"2"


def test_data_follows_a_merge_a_fast_forward_and_a_squash(repo: Path, env: dict[str, str]) -> None:
    for number, kind in enumerate((["--no-ff"], ["--ff-only"], ["--squash"])):
        done(repo, env, "checkout", "--quiet", "-b", f"side{number}")
        data = f"side {number}".encode()
        change(repo, data, env)
        done(repo, env, "checkout", "--quiet", "main")
        assert (repo / "data/a.csv").read_bytes() != data
        done(repo, env, "merge", "--quiet", "--no-edit", *kind, f"side{number}")
        assert (repo / "data/a.csv").read_bytes() == data, kind


def test_data_comes_into_a_new_worktree(repo: Path, env: dict[str, str], tmp_path: Path) -> None:
    done(repo, env, "worktree", "add", "--quiet", str(tmp_path / "other"))
    assert (tmp_path / "other/data/a.csv").read_bytes() == b"1"
    change(tmp_path / "other", b"2", env)
    assert (repo / "data/a.csv").read_bytes() == b"1"
    write(tmp_path / "other/data/a.csv", b"3")
    write(tmp_path / "other/.mlops/data/data.json", (repo / ".mlops/data/data.json").read_bytes())
    answer = asked(tmp_path / "other", env, "commit", "--quiet", "--all", "-m", "wrong")
    assert (answer.code, "mlops add data" in answer.err) == (1, True)


def test_content_that_is_nowhere_else_stays_and_the_checkout_succeeds(
    repo: Path, env: dict[str, str]
) -> None:
    done(repo, env, "checkout", "--quiet", "-b", "two")
    change(repo, b"2", env)
    write(repo / "data/a.csv", b"mine")
    answer = done(repo, env, "checkout", "--quiet", "main")
    assert (repo / "data/a.csv").read_bytes() == b"mine"
    assert "data: left as it is" in answer.err
    assert len(answer.err.splitlines()) == 2


def test_content_that_is_not_here_is_named_and_the_checkout_succeeds(
    repo: Path, env: dict[str, str], tmp_path: Path
) -> None:
    done(repo, env, "clone", "--quiet", str(repo), str(tmp_path / "clone"))
    clone = tmp_path / "clone"
    assert mlops(clone, "hooks", "install").code == 0
    change(repo, b"2", env)
    answer = done(clone, env, "pull", "--quiet")
    assert "mlops pull" in answer.err
    assert not (clone / "data").exists()


def test_a_commit_of_records_that_the_data_has_left_behind_is_stopped(
    repo: Path, env: dict[str, str]
) -> None:
    write(repo / "data/a.csv", b"2")
    assert mlops(repo, "add", "data", "-q").code == 0
    done(repo, env, "add", "--all")
    write(repo / "data/a.csv", b"33")
    answer = asked(repo, env, "commit", "-m", "wrong")
    assert (answer.code, "mlops add data" in answer.err, "--no-verify" in answer.err) == (1, True, True)
    assert mlops(repo, "add", "data", "-q").code == 0
    stale = asked(repo, env, "commit", "-m", "still staged as it was")
    assert (stale.code, "git add .mlops/data/data.json" in stale.err) == (1, True)
    done(repo, env, "commit", "--quiet", "--all", "-m", "right")  # which makes an index of its own


def test_a_directory_of_which_only_a_part_is_here_can_be_committed(repo: Path, env: dict[str, str]) -> None:
    write(repo / "data/deep/b.csv", b"b")
    change(repo, b"2", env)
    (repo / "data/a.csv").unlink()
    write(repo / "data/deep/b.csv", b"bb")
    assert mlops(repo, "add", "data/deep", "-q").code == 0
    done(repo, env, "commit", "--quiet", "--all", "-m", "a part")
    write(repo / "data/deep/b.csv", b"bbb")
    assert mlops(repo, "add", "data/deep", "-q").code == 0
    write(repo / "data/deep/c.csv", b"not in the record")
    assert asked(repo, env, "commit", "--all", "-m", "wrong").code == 1


def test_a_commit_can_be_forced(repo: Path, env: dict[str, str]) -> None:
    write(repo / "data/a.csv", b"2")
    assert mlops(repo, "add", "data", "-q").code == 0
    write(repo / "data/a.csv", b"33")
    done(repo, env, "commit", "--quiet", "--all", "--no-verify", "-m", "forced")


def test_only_what_is_staged_is_looked_at(repo: Path, env: dict[str, str]) -> None:
    write(repo / "data/a.csv", b"changed, and not added")
    write(repo / "large.bin", LARGE)
    write(repo / "code.py", "1\n")
    done(repo, env, "add", "code.py")
    done(repo, env, "commit", "--quiet", "-m", "code")


def test_outputs_that_are_not_what_their_staged_record_says_stop_a_commit(
    tmp_path: Path, env: dict[str, str]
) -> None:
    repo = repository(tmp_path / "stages")
    write(repo / "mlops.yaml", "stages:\n  make:\n    cmd: echo 1 > out.txt\n    outs: [out.txt]\n")
    assert mlops(repo, "run", "-q").code == 0
    assert mlops(repo, "hooks", "install").code == 0
    done(repo, env, "add", "--all")
    write(repo / "out.txt", b"by hand")
    answer = asked(repo, env, "commit", "-m", "wrong")
    assert (answer.code, "mlops run make" in answer.err) == (1, True)
    assert mlops(repo, "run", "-q").code == 0
    done(repo, env, "commit", "--quiet", "-m", "right")


def test_a_large_new_file_is_kept_out_of_git_and_named_with_its_size(repo: Path, env: dict[str, str]) -> None:
    write(repo / "models/large model.bin", LARGE)
    done(repo, env, "add", "--all")
    answer = asked(repo, env, "commit", "-m", "large")
    assert answer.code == 1
    assert "models/large model.bin" in answer.err
    assert "11.0 MB" in answer.err
    assert "mlops add" in answer.err


def test_the_limit_is_a_setting(repo: Path, env: dict[str, str]) -> None:
    write(repo / ".mlops/config.yaml", "hooks:\n  large: 200kB\n")
    write(repo / "small.bin", bytes(300_000))
    done(repo, env, "add", "--all")
    assert asked(repo, env, "commit", "-m", "above").code == 1
    write(repo / ".mlops/config.yaml", "hooks:\n  large: 400kB\n")
    done(repo, env, "commit", "--quiet", "--all", "-m", "below")


def test_a_large_file_that_git_has_already_may_change(repo: Path, env: dict[str, str]) -> None:
    write(repo / "old.bin", LARGE)
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "--no-verify", "-m", "on purpose")
    write(repo / "old.bin", LARGE + b"1")
    done(repo, env, "commit", "--quiet", "--all", "-m", "again")


def with_remotes(repo: Path, tmp_path: Path, env: Mapping[str, str]) -> Path:
    """Give a repository somewhere to push to: commits and data."""
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "origin.git"))
    assert mlops(repo, "remote", "add", "store", str(tmp_path / "store")).code == 0
    done(repo, env, "commit", "--quiet", "--all", "-m", "a remote")
    return tmp_path / "store"


def test_data_of_a_branch_that_is_left_goes_and_comes_back(repo: Path, env: dict[str, str]) -> None:
    done(repo, env, "checkout", "--quiet", "-b", "two")
    write(repo / "scans/a", b"scan")
    assert mlops(repo, "add", "scans", "-q").code == 0
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", "scans")
    answer = done(repo, env, "checkout", "--quiet", "main")
    assert answer.err.startswith("mlops: scans: removed 1 file, 4 bytes, no longer recorded here; commit ")
    assert len(answer.err.splitlines()) == 1
    assert not (repo / "scans").exists()
    done(repo, env, "checkout", "--quiet", "two")
    assert (repo / "scans/a").read_bytes() == b"scan"
    done(repo, env, "checkout", "--quiet", "main")
    done(repo, env, "merge", "--quiet", "two")
    assert (repo / "scans/a").read_bytes() == b"scan"


def test_data_stays_in_place_through_a_rebase(repo: Path, env: dict[str, str]) -> None:
    done(repo, env, "checkout", "--quiet", "-b", "two")
    write(repo / "scans/a", b"scan")
    assert mlops(repo, "add", "scans", "-q").code == 0
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", "scans")
    done(repo, env, "checkout", "--quiet", "main")
    write(repo / "code.py", b"code")
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", "code")
    done(repo, env, "checkout", "--quiet", "two")
    before = (repo / "scans/a").stat()
    done(repo, env, "rebase", "--quiet", "main")
    assert (repo / "scans/a").stat() == before


def test_data_that_stays_behind_is_kept_out_of_a_commit_until_it_is_released(
    repo: Path, env: dict[str, str], commands: Commands
) -> None:
    done(repo, env, "checkout", "--quiet", "-b", "two")
    write(repo / "my scans/a", b"scan")
    assert mlops(repo, "add", "my scans", "-q").code == 0
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", "scans")
    write(repo / "my scans/b", b"more")
    left = done(repo, env, "checkout", "--quiet", "main").err
    assert "my scans was tracked as data" in left
    assert "mlops remove 'my scans'" in left
    write(repo / "code.py", b"code")
    done(repo, env, "add", "code.py")
    commands.take()
    done(repo, env, "commit", "--quiet", "-m", "code")
    assert "pre-commit" not in commands.take()
    done(repo, env, "add", "--all")
    answer = asked(repo, env, "commit", "--quiet", "-m", "all")
    assert answer.code == 1
    assert "my scans was tracked as data here, and my scans/a and 1 more would go into Git" in answer.err
    done(repo, env, "rm", "-r", "-q", "--cached", "my scans")
    assert (repo / "my scans/a").exists()
    assert mlops(repo, "remove", "my scans").code == 0
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", "in Git from now on")


def test_a_file_of_tracked_data_is_kept_out_of_git(repo: Path, env: dict[str, str]) -> None:
    done(repo, env, "add", "--force", "data/a.csv")
    answer = asked(repo, env, "commit", "--quiet", "-m", "wrong")
    assert answer.code == 1
    assert "data is tracked as data, and data/a.csv would go into Git, too" in answer.err
    assert "git rm -r -q --cached data" in answer.err


def test_a_record_whose_ignore_rule_is_not_staged_stops_a_commit(repo: Path, env: dict[str, str]) -> None:
    write(repo / "new", b"1")
    assert mlops(repo, "add", "new", "-q").code == 0
    done(repo, env, "add", ".mlops")
    answer = asked(repo, env, "commit", "--quiet", "-m", "record alone")
    assert (answer.code, "git add .gitignore" in answer.err) == (1, True)
    done(repo, env, "checkout", "--quiet", "--", ".gitignore")
    answer = asked(repo, env, "commit", "--quiet", "-m", "record alone")
    assert (answer.code, "mlops checkout && git add .gitignore" in answer.err) == (1, True)
    assert mlops(repo, "checkout").code == 0
    done(repo, env, "add", ".gitignore")
    done(repo, env, "commit", "--quiet", "-m", "record and rule")


def test_what_is_gits_on_this_branch_may_be_added_to(repo: Path, env: dict[str, str]) -> None:
    write(repo / "shared/a", b"1")
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", "in Git")
    done(repo, env, "checkout", "--quiet", "-b", "two")
    done(repo, env, "rm", "-r", "--quiet", "--cached", "shared")
    assert mlops(repo, "add", "shared", "-q").code == 0
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", "as data")
    done(repo, env, "checkout", "--quiet", "--force", "main")
    assert (repo / "shared/a").exists()
    write(repo / "shared/b", b"2")
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", "more of it")


def test_a_push_takes_the_data_along(repo: Path, env: dict[str, str], tmp_path: Path) -> None:
    store = with_remotes(repo, tmp_path, env)
    done(repo, env, "push", "--quiet", "origin", "main")
    assert store.is_dir()
    clone = tmp_path / "clone"
    done(tmp_path, env, "clone", "--quiet", str(tmp_path / "origin.git"), str(clone))
    assert mlops(clone, "fetch").code == 0
    assert mlops(clone, "checkout").code == 0
    assert (clone / "data/a.csv").read_bytes() == b"1"


def test_a_push_whose_data_does_not_arrive_is_stopped(
    repo: Path, env: dict[str, str], tmp_path: Path
) -> None:
    write(with_remotes(repo, tmp_path, env), b"a file where the folder should be")
    answer = asked(repo, env, "push", "--quiet", "origin", "main")
    assert answer.code != 0
    assert "git push --no-verify" in answer.err
    assert git(tmp_path / "origin.git", "branch", "--list") == ""
    done(repo, env, "push", "--quiet", "--no-verify", "origin", "main")


def test_json_says_what_each_hook_found_also_when_all_is_fine(
    repo: Path, env: dict[str, str], tmp_path: Path
) -> None:
    with_remotes(repo, tmp_path, env)
    fine = {hook: mlops(repo, "hooks", "run", hook, "--json") for hook in NAMES}
    assert {hook: (each.code, each.json["hook"], each.json["ok"]) for hook, each in fine.items()} == {
        hook: (0, hook, True) for hook in NAMES
    }
    assert fine["pre-commit"].json == {"schema": 1, "hook": "pre-commit", "ok": True, "objections": []}
    assert fine["pre-push"].json["projects"][0]["push"]["failed"] == []
    assert fine["post-merge"].json["projects"][0]["project"] == "."
    assert fine["post-merge"].json["projects"][0]["checkout"]["same"] == 1


def test_json_says_what_each_hook_objects_to(repo: Path, env: dict[str, str], tmp_path: Path) -> None:
    with_remotes(repo, tmp_path, env)
    write(repo / "large.bin", LARGE)
    git(repo, "add", "large.bin")
    commit = mlops(repo, "hooks", "run", "pre-commit", "--json")
    assert (commit.code, commit.json["ok"], commit.err) == (1, False, "")
    assert "large.bin" in commit.json["objections"][0]["message"]
    write(repo / "data/a.csv", b"nowhere else")
    moved = mlops(repo, "hooks", "run", "post-checkout", "--json")
    assert (moved.code, moved.json["ok"]) == (0, False)
    assert moved.json["projects"][0]["checkout"]["kept"][0]["path"] == "data"
    for path in (repo / ".git/mlops/objects").rglob("*"):
        if path.is_file():
            path.unlink()
    push = mlops(repo, "hooks", "run", "pre-push", "--json")
    assert (push.code, push.json["ok"]) == (5, False)
    assert push.json["projects"][0]["push"]["failed"]


def test_a_push_without_a_remote_for_data_is_only_a_push(
    repo: Path, env: dict[str, str], tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "origin.git"))
    assert done(repo, env, "push", "--quiet", "origin", "main").err == ""


def test_projects_in_folders_of_the_repository_are_served(tmp_path: Path, env: dict[str, str]) -> None:
    repo = repository(tmp_path / "mono")
    for name in ("one", "two"):
        write(repo / name / "data.csv", name.encode())
        assert mlops(repo, "-C", name, "init", "-q").code == 0
        assert mlops(repo / name, "add", "data.csv", "-q").code == 0
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", "two projects")
    assert mlops(repo / "one", "hooks", "install").code == 0
    done(repo, env, "checkout", "--quiet", "-b", "side")
    write(repo / "two/data.csv", b"changed")
    assert mlops(repo / "two", "add", "data.csv", "-q").code == 0
    done(repo, env, "commit", "--quiet", "--all", "-m", "change")
    done(repo, env, "checkout", "--quiet", "main")
    assert (repo / "two/data.csv").read_bytes() == b"two"


# Where nothing is to do -----------------------------------------------------------------------------------------------------


def test_where_nothing_is_to_do_they_are_silent_and_start_nothing(
    repo: Path, env: dict[str, str], commands: Commands, tmp_path: Path
) -> None:
    with_remotes(repo, tmp_path, env)
    done(repo, env, "push", "--quiet", "--set-upstream", "origin", "main")
    assert set(commands.take()) == {"pre-commit", "pre-push"}
    said = [
        done(repo, env, "checkout", "--quiet", "-b", "two"),
        done(repo, env, "checkout", "--quiet", "main", "--", "."),
    ]
    write(repo / "code.py", "1\n" * 10_000)
    said += [
        done(repo, env, "add", "code.py"),
        done(repo, env, "commit", "--quiet", "-m", "code"),
        done(repo, env, "checkout", "--quiet", "main"),
        done(repo, env, "merge", "--quiet", "two"),
        done(repo, env, "push", "--quiet", "origin", "main"),
    ]
    assert [answer.out + answer.err for answer in said] == [""] * 7
    assert commands.take() == []


def test_a_repository_without_records_starts_nothing(
    tmp_path: Path, env: dict[str, str], commands: Commands
) -> None:
    repo = repository(tmp_path / "plain")
    assert mlops(repo, "hooks", "install").code == 0
    write(repo / "a", b"1")
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", "first")
    done(repo, env, "checkout", "--quiet", "-b", "two")
    assert commands.take() == []


def test_without_mlops_git_works_as_ever(repo: Path, tmp_path: Path) -> None:
    without = tmp_path / "without"
    without.mkdir()
    for name in ("git", "sh", "awk", "cat", "sed", "uname", "basename"):
        found = next(
            (Path(f) / name for f in os.environ["PATH"].split(os.pathsep) if (Path(f) / name).exists()), None
        )
        if found:
            (without / name).symlink_to(found)
    env = {"PATH": str(without)}
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(repo, "remote", "add", "origin", str(tmp_path / "origin.git"))
    said = [done(repo, env, "checkout", "--quiet", "-b", "two")]
    write(repo / ".mlops/data/data.json", b"not even a record")
    write(repo / "large.bin", LARGE)
    said += [
        done(repo, env, "add", "--all"),
        done(repo, env, "commit", "--quiet", "-m", "anything"),
        done(repo, env, "checkout", "--quiet", "main"),
        done(repo, env, "merge", "--quiet", "two"),
        done(repo, env, "push", "--quiet", "origin", "main"),
    ]
    assert "".join(answer.err for answer in said) == ""


def test_a_mlops_that_fails_does_not_make_a_checkout_or_a_merge_fail(
    repo: Path, env: dict[str, str], commands: Commands
) -> None:
    done(repo, env, "checkout", "--quiet", "-b", "two")
    change(repo, b"2", env)
    commands.write("false")
    commands.take()
    done(repo, env, "checkout", "--quiet", "main")
    done(repo, env, "merge", "--quiet", "two")
    assert commands.take() == ["post-checkout", "post-merge"]


# Hooks of others -------------------------------------------------------------------------------------------------------------


def script(repo: Path, name: str, text: str, mode: int = 0o755) -> Path:
    path = repo / ".git/hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "rest", ['set -eu\necho "$@" > seen\nexec true\n', 'set -eu\ncd ..\necho "$@" > repo/seen\nexit 0\n']
)
def test_what_others_wrote_stays_and_sees_what_git_gave_it(
    rest: str, tmp_path: Path, env: dict[str, str]
) -> None:
    repo = repository(tmp_path / "repo")
    text = f"#!/bin/sh\n# ours since ever\n{rest}"
    path = script(repo, "post-checkout", text)
    assert mlops(repo, "hooks", "install").code == 0
    assert mlops(repo, "hooks", "install").code == 0
    assert path.read_text().count(BEGIN) == 1
    assert path.read_text().startswith("#!/bin/sh\n")
    write(repo / "data.csv", b"1")
    assert mlops(repo, "add", "data.csv", "-q").code == 0
    done(repo, env, "add", "--all")
    done(repo, env, "commit", "--quiet", "-m", "one")
    head = git(repo, "rev-parse", "HEAD").strip()
    (repo / "data.csv").unlink()
    done(repo, env, "checkout", "--quiet", "-b", "two")
    assert (repo / "seen").read_text() == f"{head} {head} 1\n"
    assert mlops(repo, "hooks", "install", "--uninstall").code == 0
    assert path.read_text() == text


def test_a_pre_push_hook_of_others_still_reads_what_is_pushed(
    repo: Path, env: dict[str, str], tmp_path: Path
) -> None:
    with_remotes(repo, tmp_path, env)
    path = repo / ".git/hooks/pre-push"
    path.write_text(path.read_text() + f'cat > "{tmp_path}/refs"\n')
    done(repo, env, "push", "--quiet", "origin", "main")
    assert (tmp_path / "refs").read_text().startswith("refs/heads/main ")


def test_a_hook_of_others_still_has_its_say(repo: Path, env: dict[str, str]) -> None:
    path = repo / ".git/hooks/pre-commit"
    path.write_text(path.read_text() + "exit 7\n")
    write(repo / "code.py", b"1")
    done(repo, env, "add", "code.py")
    assert asked(repo, env, "commit", "-m", "no").code == 1


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        ("#!/usr/bin/env python3\nprint()\n", 0o755, "not a shell script"),
        ("\x7fELF\0\0", 0o755, "not a shell script"),
        ("#!/bin/sh\r\nexit\r\n", 0o755, "not a shell script"),
        ("#!/bin/sh\nexit 1\n", 0o644, "switched off"),
    ],
)
def test_a_hook_that_cannot_be_added_to_is_refused_and_nothing_is_written(
    text: str, mode: int, words: str, tmp_path: Path
) -> None:
    repo = repository(tmp_path / "repo")
    path = script(repo, "pre-push", "")
    path.write_bytes(text.encode())
    path.chmod(mode)
    answer = mlops(repo, "hooks", "install")
    assert (answer.code, words in answer.err) == (3, True), answer
    assert path.read_bytes() == text.encode()
    assert not (repo / ".git/hooks/pre-commit").exists()


def test_a_hook_that_is_a_link_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    write(tmp_path / "shared.sh", b"#!/bin/sh\n")
    (repo / ".git/hooks").mkdir(exist_ok=True)
    (repo / ".git/hooks/pre-commit").symlink_to(tmp_path / "shared.sh")
    assert mlops(repo, "hooks", "install").code == 3
    assert (tmp_path / "shared.sh").read_bytes() == b"#!/bin/sh\n"


def test_taking_them_out_leaves_nothing_of_ours(repo: Path) -> None:
    answer = mlops(repo, "hooks", "install", "--uninstall", "--json")
    assert {hook["state"] for hook in answer.json["hooks"]} == {"removed"}
    assert not any((repo / ".git/hooks" / name).exists() for name in NAMES)
    again = mlops(repo, "hooks", "install", "--uninstall", "--json")
    assert {hook["state"] for hook in again.json["hooks"]} == {"absent"}


# Where they go ---------------------------------------------------------------------------------------------------------------


def test_a_folder_of_hooks_of_the_repository_is_used(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    git(repo, "config", "core.hooksPath", ".githooks")
    (repo / "sub").mkdir()
    assert mlops(repo / "sub", "hooks", "install").code == 0
    assert sorted(path.name for path in (repo / ".githooks").iterdir()) == sorted(NAMES)
    assert not (repo / ".git/hooks/pre-commit").exists()


def test_hooks_of_all_repositories_are_left_alone(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    git(repo, "config", "--global", "core.hooksPath", str(tmp_path / "all"))
    answer = mlops(repo, "hooks", "install")
    assert (answer.code, "git config core.hooksPath" in answer.err) == (2, True)
    assert not (tmp_path / "all").exists()


def test_installed_from_a_worktree_they_serve_all(repo: Path, tmp_path: Path) -> None:
    assert mlops(repo, "hooks", "install", "--uninstall").code == 0
    git(repo, "worktree", "add", "--quiet", str(tmp_path / "other"))
    assert mlops(tmp_path / "other", "hooks", "install").code == 0
    assert (repo / ".git/hooks/pre-commit").is_file()


# The pre-commit framework -----------------------------------------------------------------------------------------------------


def framework() -> list[dict[str, Any]]:
    hooks: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return hooks


def test_the_framework_finds_a_hook_for_each_of_ours() -> None:
    assert {stage for hook in framework() for stage in hook["stages"]} == set(NAMES)
    assert {hook["id"] for hook in framework()} == {"mlops-checkout", "mlops-pre-commit", "mlops-push"}


@pytest.mark.parametrize("hook", framework(), ids=lambda hook: hook["id"])
def test_the_entry_of_each_framework_hook_works_without_arguments(hook: dict[str, Any], repo: Path) -> None:
    (repo / "data/a.csv").unlink()
    program, *arguments = hook["entry"].split()
    assert program == "mlops"
    assert mlops(repo, *arguments).code == 0
    assert (repo / "data/a.csv").exists() == (hook["id"] == "mlops-checkout")


def test_an_unknown_hook_is_refused(repo: Path) -> None:
    assert mlops(repo, "hooks", "run", "pre-rebase").code == 2
