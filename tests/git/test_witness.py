"""Reading Git without believing it."""

from __future__ import annotations

import shutil
import zlib
from typing import TYPE_CHECKING

import pytest

from mlops_cli.git.command import Git
from mlops_cli.git.commits import read_commits
from mlops_cli.git.witness import Witness, signatures
from mlops_cli.git.worktrees import Repository, repository_at
from tests.support.command import commit, git, repository, variables
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = repository(tmp_path / "repo")
    write(folder / "a/b/c.txt", "content\n")
    commit(folder, "first\n\nwith more to say")
    return folder


def opened(folder: Path) -> Repository:
    return repository_at(folder / ".git", variables())


def loose(folder: Path, name: str) -> Path:
    return folder / ".git/objects" / name[:2] / name[2:]


def forge(folder: Path, name: str, old: bytes, new: bytes) -> None:
    """Change the bytes of an object that keeps its name."""
    path = loose(folder, name)
    data = zlib.decompress(path.read_bytes())
    assert old in data
    path.chmod(0o644)
    path.write_bytes(zlib.compress(data.replace(old, new)))


def test_a_commit_tells_who_when_and_what(repo: Path) -> None:
    name = git(repo, "rev-parse", "HEAD").strip()
    found = read_commits(repo / ".git", variables(), [name, "0" * 40])
    assert list(found) == [name]
    row = found[name]
    assert (row.author, row.email, row.subject) == ("Ada", "ada@example.org", "first")
    assert row.tree == git(repo, "rev-parse", "HEAD^{tree}").strip()
    assert row.parents == ()
    assert row.sound
    assert not row.signed


def test_what_lies_at_a_path_is_read_with_every_name_recomputed(repo: Path) -> None:
    with Witness(opened(repo)) as witness:
        name = git(repo, "rev-parse", "HEAD").strip()
        row = witness.commit(name)
        assert row is not None
        assert row.sound
        kept = witness.at(row.tree, "a/b/c.txt")
        assert (kept.kind, kept.data, kept.mode, kept.problem) == ("blob", b"content\n", "100644", "")
        assert witness.at(row.tree, "a/b").kind == "tree"
        assert "not there" in witness.at(row.tree, "a/x/c.txt").problem
        assert witness.commit("0" * 40) is None
        assert witness.tree_of("refs/heads/none") == ""


@pytest.mark.parametrize("what", ["HEAD:a/b/c.txt", "HEAD:a/b"])
def test_an_object_with_other_bytes_is_not_believed(repo: Path, what: str) -> None:
    name = git(repo, "rev-parse", what).strip()
    tree = git(repo, "rev-parse", "HEAD^{tree}").strip()
    forge(repo, name, *((b"content", b"kontent") if what.endswith("txt") else (b"c.txt", b"d.txt")))
    with Witness(opened(repo)) as witness:
        assert "do not have its name" in witness.at(tree, "a/b/c.txt").problem


def test_a_commit_with_other_bytes_is_not_sound(repo: Path) -> None:
    name = git(repo, "rev-parse", "HEAD").strip()
    forge(repo, name, b"Ada", b"Eve")
    with Witness(opened(repo)) as witness:
        row = witness.commit(name)
    assert row is not None
    assert not row.sound


def test_a_replaced_object_is_read_as_it_was(repo: Path) -> None:
    name = git(repo, "rev-parse", "HEAD:a/b/c.txt").strip()
    write(repo / "other", "forged\n")
    git(repo, "replace", name, git(repo, "hash-object", "-w", "other").strip())
    with Witness(opened(repo)) as witness:
        tree = witness.tree_of("HEAD")
        assert witness.at(tree, "a/b/c.txt").data == b"content\n"


def test_a_repository_with_longer_ids_is_read_too(tmp_path: Path) -> None:
    folder = tmp_path / "long"
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "long")
    write(folder / "a/b", "x")
    name = commit(folder, "first")
    with Witness(opened(folder)) as witness:
        row = witness.commit(name)
        assert row is not None
        assert row.sound
        kept = witness.at(row.tree, "a")
        assert [(r.name, child.data) for r, child in witness.rows(kept)] == [("b", b"x")]


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen to sign with")
def test_signatures_are_good_of_an_unknown_signer_or_bad(repo: Path, tmp_path: Path) -> None:
    import subprocess

    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for name, value in (("gpg.format", "ssh"), ("user.signingKey", str(key))):
        git(repo, "config", name, value)
    git(repo, "commit", "--quiet", "--allow-empty", "-S", "-m", "signed")
    signed = git(repo, "rev-parse", "HEAD").strip()
    assert read_commits(repo / ".git", variables(), [signed])[signed].signed
    asking = Git(repo, variables())
    assert signatures(asking, [signed])[signed].verdict == "unknown"
    allowed = tmp_path / "allowed"
    allowed.write_text(f"ada@example.org {key.with_suffix('.pub').read_text()}")
    git(repo, "config", "gpg.ssh.allowedSignersFile", str(allowed))
    assert signatures(asking, [signed])[signed] == ("good", "ada@example.org")
    text = git(repo, "cat-file", "commit", signed).replace("\nsigned", "\nforged")
    write(repo / "forged", text)
    other = git(repo, "hash-object", "-t", "commit", "-w", "forged").strip()
    assert signatures(asking, [other])[other].verdict == "bad"
    assert signatures(asking, []) == {}
