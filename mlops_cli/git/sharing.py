"""Journals on a Git remote: which are there, bringing some, and sending ours without ever overwriting what we do not have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError, UsageError
from mlops_cli.formats.secrets import secret_in, secret_name
from mlops_cli.git.batch import Reader
from mlops_cli.git.journal import JOURNALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mlops_cli.git.command import Git, Said

CLONE = re.compile(r"[0-9a-f]{12}")
# What people set for Git's way to a remote; the rest of GIT_* is about a repository, and not passed on.
_NETWORK = re.compile(
    r"GIT_(TERMINAL_PROMPT|SSL_.*|HTTP_.*|PROXY_.*|ALLOW_PROTOCOL|PROTOCOL.*|TRACE.*|CURL.*)"
)
_LOOKED_INTO = 1 << 20  # bytes of the largest file that is looked through for secrets
_INCOMING = "refs/mlops/incoming/"
_MOVED = ("stale info", "reference already exists", "cannot lock ref", "fetch first", "incorrect old value")


def network_git(git: Git, variables: Mapping[str, str]) -> Git:
    """Return questions that may go over the network, with what the environment says of that."""
    there = type(git)(git.folder, git.variables)
    there.variables |= {name: value for name, value in variables.items() if _NETWORK.fullmatch(name)}
    return there


def find_git_remote(git: Git, name: str | None) -> str:
    """Return the name of a Git remote: the given one, else `origin`, else the only one.

    Raises
    ------
    UsageError
        When there is none of that name, or it is not plain which one is meant.
    """
    names = (git.ask("remote") or b"").decode(errors="surrogateescape").splitlines()
    if name is not None:
        if name not in names:
            there = f"Git's remotes: {', '.join(names)}." if names else "Add it: git remote add NAME URL"
            raise UsageError(f"Git has no remote called {name}", hint=there)
        return name
    if "origin" in names or len(names) == 1:
        return "origin" if "origin" in names else names[0]
    if not names:
        raise UsageError("this repository has no Git remote", hint="Add one: git remote add origin URL")
    raise UsageError(
        f"which remote is meant? Git has {', '.join(names)}", hint=f"Name one: mlops sync {names[0]}"
    )


class Unpushed(NamedTuple):
    """A commit that a remote does not have; without a subject where this clone does not have it any more either."""

    id: str
    subject: str


def list_journals(git: Git, remote: str) -> dict[str, str]:
    """Return the journals on a remote: the id of a clone, and the tree that its ref points at.

    Raises
    ------
    DataError
        When the remote cannot be asked.
    """
    said = git.tell("ls-remote", "--quiet", remote, f"{JOURNALS}*")
    if said.code:
        raise _unreachable(remote, said)
    found = {}
    for line in said.out.decode(errors="replace").splitlines():
        tree, _, ref = line.partition("\t")
        clone = ref.removeprefix(JOURNALS)
        if CLONE.fullmatch(clone):  # what else lies there is no journal of ours
            found[clone] = tree
    return found


class Fetched(NamedTuple):
    """Journals by clone: the trees of those that came, and Git's complaint of those that did not."""

    trees: Mapping[str, str] = {}
    complaints: Mapping[str, str] = {}


def fetch_journals(git: Git, remote: str, clones: Sequence[str]) -> Fetched:
    """Bring the objects of journals, under refs that `forget_incoming` takes away.

    One by one where not all can be had: what is wrong with one is no reason to miss the others.
    """
    complaints = {}
    if _fetch(git, remote, clones).code:
        for clone in clones:
            said = _fetch(git, remote, [clone])
            if said.code:
                complaints[clone] = said.complaint
    found = _incoming(git)
    return Fetched({clone: found[clone] for clone in clones if clone in found}, complaints)


def _fetch(git: Git, remote: str, clones: Sequence[str]) -> Said:
    settings = ("-c", "fetch.fsckObjects=true", "-c", "fetch.prune=false", "-c", "fetch.pruneTags=false")
    options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc")
    wanted = [f"+{JOURNALS}{clone}:{_INCOMING}{clone}" for clone in clones]
    return git.tell(*settings, "fetch", *options, "--no-filter", "--refmap=", remote, *wanted)


def _incoming(git: Git) -> dict[str, str]:
    said = git.tell("for-each-ref", "--format=%(objectname) %(refname)", _INCOMING)
    rows = (line.partition(" ") for line in said.out.decode(errors="replace").splitlines())
    return {ref.removeprefix(_INCOMING): tree for tree, _, ref in rows}


def forget_incoming(git: Git) -> None:
    """Remove the refs under which journals came."""
    rows = "".join(f"delete {_INCOMING}{clone}\n" for clone in _incoming(git))
    if rows:
        git.tell("update-ref", "--stdin", given=rows.encode())


def bytes_to_send(git: Git, remote: str, new: Sequence[str], there: Sequence[str]) -> int | None:
    """Return how many bytes Git keeps of what is in some trees, and neither in others nor in the remote's branches."""
    options = ("rev-list", "--objects", "--disk-usage", "--ignore-missing")
    said = git.ask(*options, *new, "--not", *there, f"--remotes={remote}")
    return int(said) if said and said.strip().isdigit() else None


def not_there(git: Git, remote: str, commits: Sequence[str]) -> tuple[Unpushed, ...]:
    """Return those of some commits that no branch of a remote leads to, as far as this clone knows its branches.

    Also those that this clone itself does not have any more: nobody can tell of them that the remote has them.
    """
    if not commits:
        return ()
    given = "".join(f"{name}\n" for name in commits).encode()
    here = git.tell("log", "--ignore-missing", "--no-walk=unsorted", "--format=%H %s", "--stdin", given=given)
    rows = (line.partition(" ") for line in here.out.decode(errors="replace").splitlines())
    subjects = {name: subject for name, _, subject in rows}
    only_here = git.tell(
        "rev-list", "--ignore-missing", "--stdin", "--not", f"--remotes={remote}", given=given
    )
    hidden = set(only_here.out.decode().split())
    return tuple(
        Unpushed(name, subjects.get(name, "")) for name in commits if name in hidden or name not in subjects
    )


def secrets_among(
    git: Git, git_dir: Path, remote: str, trees: Sequence[str], there: Sequence[str]
) -> tuple[str, ...]:
    """Return files that look like secrets, with why: of those that are in some trees, and neither in others nor on the remote.

    What was committed is sent as it is; so before that, somebody should have looked at it.
    """
    options = ("rev-list", "--objects", "--ignore-missing")
    said = git.ask(*options, *trees, "--not", *there, f"--remotes={remote}") if trees else b""
    rows = (line.partition(" ") for line in (said or b"").decode(errors="surrogateescape").splitlines())
    paths = {name: path for name, _, path in rows if path}
    given = "".join(f"{name}\n" for name in paths).encode()
    form = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
    sizes = [row.split() for row in git.tell("cat-file", form, given=given).out.decode().splitlines()]
    files = [row[0] for row in sizes if row[1:2] == ["blob"]]
    small = [row[0] for row in sizes if row[1:2] == ["blob"] and int(row[2]) <= _LOOKED_INTO]
    found = {name: secret_name(paths[name]) for name in files}
    with Reader(git_dir, git.variables) as reader:
        for each in reader.read(small):
            found[each.id] = found[each.id] or secret_in(each.data)
    return tuple(dict.fromkeys(f"{paths[name]} ({why})" for name, why in found.items() if why))


def push_journal(git: Git, remote: str, clone: str, tree: str, there: str) -> bool:
    """Send a journal; return whether it was taken. It is not where the remote's has moved since we looked.

    Parameters
    ----------
    there : str
        What the remote's ref points at as far as we know, all of which is in `tree`; empty where it has none.

    Raises
    ------
    DataError
        When the remote cannot be reached, or does not want it.
    """
    ref = f"{JOURNALS}{clone}"
    settings = ("-c", f"remote.{remote}.mirror=false", "-c", "push.followTags=false")
    options = ("--porcelain", "--no-verify", "--recurse-submodules=no", "--no-signed")
    said = git.tell(*settings, "push", *options, f"--force-with-lease={ref}:{there}", remote, f"{tree}:{ref}")
    if not said.code:
        return True
    rows = [line for line in said.out.decode(errors="replace").splitlines() if line.startswith("!")]
    if not rows:
        raise _unreachable(remote, said)
    reason = rows[0].rpartition("\t")[2]
    if any(word in reason for word in _MOVED):
        return False
    raise DataError(
        f"{remote} does not take the journal {ref}: {reason}",
        hint="Ask whoever runs it to allow refs below refs/mlops/.",
    )


def _unreachable(remote: str, said: Said) -> DataError:
    reason = said.complaint or f"git ended with exit code {said.code}"
    return DataError(
        f"the Git remote {remote} cannot be used: {reason}",
        hint=f"See whether this works: git ls-remote {remote}",
    )
