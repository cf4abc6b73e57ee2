"""Journals between clones: everything arrives, nothing is overwritten, and what is hostile is not taken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.sync import Offer, SyncOptions, SyncResult, Theirs, sync
from mlops_cli.errors import DataError, UsageError
from mlops_cli.git.journal import snapshot_path
from mlops_cli.git.sharing import Unpushed
from mlops_cli.history.exchange import NOTHING, Content
from mlops_cli.history.journal import clone_id, journal_path
from mlops_cli.opened import open_folder
from mlops_cli.settings import read_environment
from tests.support.command import commit, git, repository
from tests.support.files import write, write_all
from tests.support.journals import journal, journal_files, journal_refs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

YES = SyncOptions()


def heard(offers: list[Offer], *, answer: bool = True) -> Callable[[Offer], bool]:
    """Return what takes an offer, and answers so."""

    def hear(offer: Offer) -> bool:
        offers.append(offer)
        return answer

    return hear


def agree(_: Offer) -> bool:
    return True


def share(folder: Path, options: SyncOptions = YES, agree: object = agree) -> SyncResult:
    with open_folder(folder, read_environment(dict(os.environ))) as opened:
        return sync(opened, options, agree)  # type: ignore[arg-type]


def path(number: int, day: int = 31) -> str:
    return journal_path("", f"202601{day:02}T175900123-{number:08x}")


def write_run(folder: Path, number: int, *, day: int = 31, snapshot: str = "", commit: str = "") -> None:
    """Put a run into the journal, from uncommitted code or from a commit."""
    tree = git(folder, "rev-parse", f"{commit}^{{tree}}").strip() if commit else None
    code = {"commit": commit or None, "tree": tree, "snapshot": snapshot or None}
    actor = {"name": "Ada", "email": "ada@example.org"}
    text = json.dumps({"actor": actor, "n": number, "code": code})
    kept = snapshot or tree
    journal(folder).append({path(number, day): text.encode()}, [kept] if kept else [])


def remote_ref(folder: Path, remote: str = "origin") -> str:
    """Return the ref under which somebody else has this clone's journal."""
    with open_folder(folder, read_environment(dict(os.environ))) as opened:
        return f"refs/mlops/remote/{remote}/{clone_id(opened.project)}"


def plant(folder: Path, ref: str, files: dict[str, str]) -> None:
    """Point a ref at a tree that no tool of ours has written."""
    variables = os.environ | {"GIT_INDEX_FILE": str(folder / "planted")}

    def ask(*arguments: str, given: str = "") -> str:
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=folder, env=variables, input=given, text=True, capture_output=True, check=True
        ).stdout.strip()

    for name, text in files.items():
        blob = ask("hash-object", "-w", "--stdin", given=text)
        ask("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
    ask("update-ref", ref, ask("write-tree"))
    (folder / "planted").unlink()


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "hub.git")
    return tmp_path / "hub.git"


@pytest.fixture
def ada(tmp_path: Path, hub: Path) -> Path:
    folder = repository(tmp_path / "ada")
    write_all(folder, {"mlops.yaml": "stages: {}\n", "a": "1"})
    commit(folder, "first")
    git(folder, "remote", "add", "origin", str(hub))
    git(folder, "push", "--quiet", "origin", "HEAD:main")
    git(hub, "symbolic-ref", "HEAD", "refs/heads/main")
    return folder


@pytest.fixture
def bob(tmp_path: Path, ada: Path, hub: Path) -> Path:
    git(tmp_path, "clone", "--quiet", str(hub), "bob")
    return tmp_path / "bob"


def test_runs_and_snapshots_of_one_clone_arrive_in_the_other(ada: Path, bob: Path) -> None:
    write(ada / "new", "uncommitted")
    git(ada, "add", "new")
    tree = git(ada, "write-tree").strip()
    write_run(ada, 1, snapshot=tree)
    write_run(bob, 2)
    sent = share(ada)
    assert (sent.pushed, sent.offer and sent.offer.content, sent.theirs) == (True, Content(1, 0, 1), ())
    came = share(bob)
    assert came.theirs == (Theirs(remote_ref(ada)[-12:], Content(1, 0, 1)),)
    assert journal_files(bob, remote_ref(ada)) == [snapshot_path(tree), path(1)]
    assert git(bob, "cat-file", "blob", f"{tree}:new") == "uncommitted"
    share(ada)
    assert journal_files(ada, remote_ref(bob)) == [path(2)]
    assert journal_files(ada) == [snapshot_path(tree), path(1)]


def test_only_what_is_new_goes_and_comes_the_next_time(ada: Path, bob: Path) -> None:
    write_run(ada, 1)
    share(ada)
    share(bob)
    write_run(ada, 2)
    sent, came = share(ada), share(bob)
    assert sent.offer is not None
    assert (sent.offer.content, [each.content for each in came.theirs]) == (Content(1), [Content(1)])
    assert share(ada) == SyncResult("origin")
    assert share(bob) == SyncResult("origin")


def test_nothing_but_the_journal_is_sent_or_brought(ada: Path, bob: Path, hub: Path) -> None:
    write_run(ada, 1)
    git(ada, "tag", "mine")
    git(ada, "branch", "mine")
    git(ada, "update-ref", "refs/mlops/other", "HEAD")
    before = (
        git(hub, "for-each-ref", "refs/heads", "refs/tags"),
        git(bob, "for-each-ref", "refs/heads", "refs/tags"),
    )
    share(ada)
    share(bob)
    after = (
        git(hub, "for-each-ref", "refs/heads", "refs/tags"),
        git(bob, "for-each-ref", "refs/heads", "refs/tags"),
    )
    assert after == before
    assert list(journal_refs(hub, "")) == list(journal_refs(ada, "journal"))
    assert not (bob / ".git/FETCH_HEAD").exists()
    assert not journal_refs(bob, "incoming")


def test_hooks_of_the_user_are_not_started(ada: Path) -> None:
    for name in ("pre-push", "reference-transaction"):
        write(ada / ".git/hooks" / name, "#!/bin/sh\nexit 1\n")
    (ada / ".git/hooks/pre-push").chmod(0o755)
    write_run(ada, 1)
    assert share(ada).pushed


def test_who_does_not_agree_sends_nothing(ada: Path, hub: Path) -> None:
    write_run(ada, 1)
    asked: list[Offer] = []

    def refuse(offer: Offer) -> bool:
        asked.append(offer)
        return False

    result = share(ada, YES, refuse)
    assert (result.pushed, journal_refs(hub)) == (False, {})
    [offer] = asked
    assert (offer.remote, offer.content, offer.people) == ("origin", Content(1), ("Ada <ada@example.org>",))
    assert offer.bytes is not None
    assert offer.bytes > 0


def commit_of(folder: Path, text: str) -> str:
    write(folder / "a", text)
    commit(folder, f"a is {text}")
    return git(folder, "rev-parse", "HEAD").strip()


def test_commits_whose_code_nobody_could_read_so_far_are_named(ada: Path, hub: Path) -> None:
    offers: list[Offer] = []
    pushed = git(ada, "rev-parse", "HEAD").strip()
    hidden = commit_of(ada, "2")
    write(ada / "new", "uncommitted")
    git(ada, "add", "new")
    snapshot = git(ada, "write-tree").strip()
    for number, code in enumerate([pushed, hidden, hidden]):
        write_run(ada, number, commit=code)
    write_run(ada, 7, snapshot=snapshot)
    share(ada, SyncOptions(dry=True), heard(offers))
    assert share(ada, YES, heard(offers)).pushed
    [offer] = offers
    assert (offer.content, offer.uncommitted) == (Content(4, 0, 3), 1)
    assert offer.commits == (Unpushed(hidden, "a is 2"),)
    assert git(hub, "cat-file", "blob", f"{git(ada, 'rev-parse', hidden + '^{tree}').strip()}:a") == "2"


def test_code_that_was_sent_once_is_not_new_again_and_pushed_commits_are_not_named(ada: Path) -> None:
    hidden = commit_of(ada, "2")
    write_run(ada, 1, commit=hidden)
    share(ada)
    write_run(ada, 2, commit=hidden)
    offer = share(ada).offer
    assert offer is not None
    assert (offer.content, offer.commits) == (Content(1), ())
    later = commit_of(ada, "3")
    git(ada, "push", "--quiet", "origin", "HEAD:main")
    write_run(ada, 3, commit=later)
    offer = share(ada).offer
    assert offer is not None
    assert (offer.content, offer.uncommitted, offer.commits) == (Content(1, 0, 1), 0, ())


def test_a_secret_in_a_commit_that_was_never_pushed_is_told_of_before_it_is_sent(ada: Path) -> None:
    key = f"AKIA{'A1B2C3D4' * 2}"
    write_all(ada, {"settings.py": f'KEY = "{key}"\n', ".env": "A=1\n", "src/plain.py": "x = 1\n"})
    commit(ada, "too much")
    hidden = git(ada, "rev-parse", "HEAD").strip()
    write_run(ada, 1, commit=hidden)
    (ada / "settings.py").unlink()
    git(ada, "add", "--all")
    git(ada, "commit", "--quiet", "--amend", "-m", "taken out")
    offers: list[Offer] = []
    share(ada, YES, heard(offers, answer=False))
    assert set(offers[0].secrets) == {
        ".env (named like environment variables)",
        "settings.py (holds what looks like an AWS access key)",
    }
    git(ada, "push", "--quiet", "origin", f"{hidden}:refs/heads/open")
    [again] = [share(ada).offer]
    assert again is not None
    assert (again.commits, again.secrets) == ((), ())


def test_a_commit_that_is_gone_here_is_named_without_a_subject(ada: Path, bob: Path) -> None:
    hidden = commit_of(ada, "2")
    write_run(ada, 1, commit=hidden)
    git(ada, "reset", "--quiet", "--hard", "HEAD~1")
    git(ada, "reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    git(ada, "gc", "--quiet", "--prune=now")
    offer = share(ada).offer
    assert offer is not None
    assert offer.commits == (Unpushed(hidden, ""),)
    share(bob)
    [tree] = [name.split("/")[2] for name in journal_files(bob, remote_ref(ada)) if name.startswith("code/")]
    assert git(bob, "cat-file", "blob", f"{tree}:a") == "2"


@pytest.mark.parametrize(
    "options", [["--depth=1"], ["--filter=blob:none", "--no-checkout"], ["--filter=tree:0", "--no-checkout"]]
)
def test_the_code_of_a_commit_goes_out_of_a_shallow_and_of_a_partial_clone(
    ada: Path, hub: Path, tmp_path: Path, options: list[str]
) -> None:
    older = commit_of(ada, "2")
    commit_of(ada, "3")
    git(ada, "push", "--quiet", "origin", "HEAD:main")
    git(hub, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", *options, f"file://{hub}", "part")
    part = tmp_path / "part"
    write_run(part, 1, commit="HEAD" if "--depth=1" in options else older)
    assert share(part).pushed
    git(hub, "fsck", "--connectivity-only")
    git(part, "fsck", "--connectivity-only")
    share(ada)
    assert len(journal_files(ada, remote_ref(part))) == 2


def test_where_nothing_is_new_nobody_is_asked(ada: Path) -> None:
    write_run(ada, 1)
    share(ada)
    assert share(ada, YES, lambda _: pytest.fail("asked")).offer is None


def test_fetching_alone_sends_nothing_and_sending_alone_brings_nothing(
    ada: Path, bob: Path, hub: Path
) -> None:
    write_run(ada, 1)
    write_run(bob, 2)
    share(ada, SyncOptions(push=False))
    assert journal_refs(hub) == {}
    share(ada, SyncOptions(fetch=False))
    share(bob, SyncOptions(fetch=False))
    assert len(journal_refs(hub)) == 2
    assert not journal_refs(bob, "remote")
    share(bob, SyncOptions(push=False))
    assert list(journal_refs(bob, "remote")) == [remote_ref(ada)]


def test_a_dry_run_changes_nothing_anywhere(ada: Path, bob: Path, hub: Path) -> None:
    write_run(ada, 1)
    share(ada)
    write_run(bob, 2)
    before = git(bob, "for-each-ref"), git(hub, "for-each-ref")
    result = share(bob, SyncOptions(dry=True), lambda _: pytest.fail("asked"))
    assert (git(bob, "for-each-ref"), git(hub, "for-each-ref")) == before
    assert (result.offer and result.offer.content, result.pushed) == (Content(1), False)
    assert [(each.clone, each.content) for each in result.theirs] == [(remote_ref(ada)[-12:], NOTHING)]


# Copies, losses and races ---------------------------------------------------------------------------------------------


def test_two_copies_of_a_clone_lose_nothing_of_each_other(ada: Path, tmp_path: Path) -> None:
    write_run(ada, 1)
    share(ada)
    shutil.copytree(ada, tmp_path / "copy")
    write_run(ada, 2)
    write_run(tmp_path / "copy", 3)
    share(ada)
    result = share(tmp_path / "copy")
    assert (result.regained, result.pushed) == (Content(1), True)
    assert share(ada).regained == Content(1)
    everything = [path(1), path(2), path(3)]
    assert journal_files(ada) == journal_files(tmp_path / "copy") == everything


def test_a_journal_that_was_lost_comes_back_before_anything_is_sent(ada: Path, hub: Path) -> None:
    write_run(ada, 1)
    share(ada)
    git(ada, "update-ref", "-d", journal(ada).ref)
    git(ada, "gc", "--quiet", "--prune=now")
    write_run(ada, 2)
    assert share(ada).regained == Content(1)
    assert journal_files(ada) == [path(1), path(2)]
    assert journal_files(hub) == [path(1), path(2)]


def test_a_journal_that_moves_while_we_look_is_looked_at_again(
    ada: Path, tmp_path: Path, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(ada, 1)
    share(ada)
    shutil.copytree(ada, tmp_path / "copy")
    write_run(ada, 2)
    write_run(tmp_path / "copy", 3)
    moves = iter([True])

    def agree_late(_: Offer) -> bool:
        if next(moves, False):
            share(tmp_path / "copy")  # between our look and our push
        return True

    assert share(ada, YES, agree_late).pushed
    assert journal_files(ada) == journal_files(hub) == [path(1), path(2), path(3)]


def test_two_clones_that_send_at_once_both_arrive(ada: Path, bob: Path, hub: Path) -> None:
    write_run(ada, 1)
    write_run(bob, 2)
    share(ada, YES, lambda _: share(bob).pushed)
    assert len(journal_refs(hub)) == 2


def test_what_somebody_took_away_from_their_journal_stays_here(ada: Path, bob: Path) -> None:
    write_run(ada, 1, day=1)
    share(ada)
    share(bob)
    git(ada, "update-ref", "-d", journal(ada).ref)
    write_run(ada, 2, day=2)
    git(ada, "push", "--quiet", "--force", "origin", journal(ada).ref)
    share(bob)
    assert journal_files(bob, remote_ref(ada)) == [path(1, 1), path(2, 2)]


def test_a_journal_that_is_gone_from_the_remote_stays_here(ada: Path, bob: Path, hub: Path) -> None:
    write_run(ada, 1)
    share(ada)
    share(bob)
    git(hub, "update-ref", "-d", journal(ada).ref)
    share(bob)
    assert journal_files(bob, remote_ref(ada)) == [path(1)]


# What is not taken ----------------------------------------------------------------------------------------------------


def test_a_record_that_somebody_changed_is_not_taken_and_the_others_are(
    ada: Path, bob: Path, hub: Path
) -> None:
    write_run(ada, 1)
    share(ada)
    share(bob)
    plant(ada, journal(ada).ref, {path(1): "changed"})
    git(ada, "push", "--quiet", "--force", "origin", journal(ada).ref)
    other = "refs/mlops/journal/0123456789ab"
    plant(hub, other, {path(7): "fine"})
    result = share(bob)
    assert not result.good
    refused = {each.clone: each.refused for each in result.theirs}
    assert refused.pop("0123456789ab") == ""
    assert "says something else than before" in refused.pop(remote_ref(ada)[-12:])
    assert '"n": 1' in git(bob, "cat-file", "blob", f"{remote_ref(ada)}:{path(1)}")
    assert journal_files(bob, "refs/mlops/remote/origin/0123456789ab") == [path(7)]


def test_a_changed_record_in_our_own_journal_stops_us_from_sending(ada: Path, hub: Path) -> None:
    write_run(ada, 1)
    share(ada)
    plant(hub, journal(ada).ref, {path(1): "forged"})
    write_run(ada, 2)
    with pytest.raises(DataError, match="is not what it has written") as caught:
        share(ada)
    assert "who may write" in caught.value.hint
    assert git(hub, "cat-file", "blob", f"{journal(ada).ref}:{path(1)}") == "forged"


@pytest.mark.parametrize("name", ["runs/..", "runs/.git/hooks", "runs/a\x1b[2Jb"])
def test_a_journal_whose_names_lead_elsewhere_is_not_taken(bob: Path, hub: Path, name: str) -> None:
    tree = blob = git(hub, "hash-object", "-w", "HEAD").strip()
    for part in reversed(name.split("/")):
        kind = "100644 blob" if tree == blob else "040000 tree"
        done = subprocess.run(
            ["git", "mktree"],
            cwd=hub,
            input=f"{kind} {tree}\t{part}\n".encode(),
            capture_output=True,
            check=True,
        )
        tree = done.stdout.decode().strip()
    git(hub, "update-ref", "refs/mlops/journal/0123456789ab", tree)
    result = share(bob)
    assert [bool(each.refused) for each in result.theirs] == [True]
    assert not journal_refs(bob, "remote")
    assert not journal_refs(bob, "incoming")


def test_refs_that_no_clone_of_ours_would_have_are_passed_over(bob: Path, hub: Path) -> None:
    for name in ("x", "0123456789AB", "a/0123456789ab", "0123456789abc"):
        plant(hub, f"refs/mlops/journal/{name}", {path(1): "x"})
    assert share(bob).theirs == ()


# Remotes --------------------------------------------------------------------------------------------------------------


def test_a_remote_reached_as_a_file_address_and_by_another_name_works(
    ada: Path, bob: Path, hub: Path
) -> None:
    git(ada, "remote", "rename", "origin", "team/hub")
    git(ada, "remote", "set-url", "team/hub", f"file://{hub}")
    write_run(ada, 1)
    write_run(bob, 2)
    share(bob)
    result = share(ada)
    assert (result.remote, result.pushed) == ("team/hub", True)
    assert journal_files(ada, remote_ref(bob, "team/hub")) == [path(2)]


def test_origin_is_meant_and_of_several_others_none(ada: Path, hub: Path) -> None:
    git(ada, "remote", "add", "backup", str(hub))
    assert share(ada).remote == "origin"
    git(ada, "remote", "rename", "origin", "hub")
    with pytest.raises(UsageError, match="which remote is meant"):
        share(ada)
    with pytest.raises(UsageError, match="no remote called --upload-pack=x"):
        share(ada, SyncOptions("--upload-pack=x"))


def test_a_repository_without_a_remote_says_how_to_add_one(tmp_path: Path) -> None:
    folder = repository(tmp_path / "alone")
    write(folder / "mlops.yaml", "stages: {}\n")
    with pytest.raises(UsageError, match="has no Git remote"):
        share(folder)


@pytest.mark.parametrize("url", ["/nowhere/at/all", "https://127.0.0.1:1/x.git", "ext::false"])
def test_a_remote_that_cannot_be_reached_is_told_of(ada: Path, url: str) -> None:
    git(ada, "remote", "set-url", "origin", url)
    with pytest.raises(DataError, match="the Git remote origin cannot be used") as caught:
        share(ada)
    assert caught.value.hint == "See whether this works: git ls-remote origin"


def test_a_remote_that_does_not_want_the_journal_is_told_of(ada: Path, hub: Path) -> None:
    write(hub / "hooks/pre-receive", "#!/bin/sh\nexit 1\n")
    (hub / "hooks/pre-receive").chmod(0o755)
    write_run(ada, 1)
    with pytest.raises(DataError, match=r"does not take the journal .*: .*pre-receive hook declined"):
        share(ada)


def test_a_remote_that_refuses_to_go_back_takes_a_journal(ada: Path, hub: Path) -> None:
    git(hub, "config", "receive.denyNonFastForwards", "true")
    git(hub, "config", "transfer.fsckObjects", "true")
    for number in (1, 2):
        write_run(ada, number)
        assert share(ada).pushed


def test_a_shallow_clone_and_one_without_files_share_as_others_do(
    ada: Path, hub: Path, tmp_path: Path
) -> None:
    git(hub, "config", "uploadpack.allowFilter", "true")
    write_run(ada, 1)
    share(ada)
    for number, option in enumerate(("--depth=1", "--filter=blob:none"), 2):
        git(tmp_path, "clone", "--quiet", option, f"file://{hub}", f"clone{number}")
        clone = tmp_path / f"clone{number}"
        write_run(clone, number)
        assert share(clone).pushed
        assert journal_files(clone, remote_ref(ada)) == [path(1)]
        git(clone, "remote", "set-url", "origin", "/nowhere")
        git(clone, "cat-file", "blob", f"{remote_ref(ada)}:{path(1)}")


def test_a_mirror_of_everything_works_as_well(ada: Path, hub: Path, tmp_path: Path) -> None:
    write_run(ada, 1)
    share(ada)
    git(tmp_path, "clone", "--quiet", "--mirror", str(hub), "mirror/.git")
    mirror = tmp_path / "mirror"
    git(mirror, "config", "core.bare", "false")
    git(mirror, "config", "remote.origin.mirror", "true")
    git(mirror, "reset", "--quiet", "--hard")
    write_run(mirror, 2)
    assert share(mirror).pushed
    assert journal_files(hub) == [path(1), path(2)]
