"""`sync`: share runs by Git: our journal goes to a remote, those of others come from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError
from mlops_cli.git.batch import Reader
from mlops_cli.git.journal import JOURNALS, OTHERS, differences, graft, list_refs, move_ref
from mlops_cli.git.sharing import (
    Fetched,
    Unpushed,
    bytes_to_send,
    fetch_journals,
    find_git_remote,
    forget_incoming,
    list_journals,
    network_git,
    not_there,
    push_journal,
    secrets_among,
)
from mlops_cli.history.exchange import (
    NOTHING,
    Content,
    additions,
    committed_code,
    content_of,
    objection,
    people_in,
)
from mlops_cli.history.journal import Journal
from mlops_cli.history.started import record_killed
from mlops_cli.store.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.git.command import Git
    from mlops_cli.git.journal import Difference
    from mlops_cli.opened import Opened

_TRY = "Look whether it is damaged there, with: git fsck"
_ATTEMPTS = 5  # how often somebody else may move our journal on the remote while we look at it


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """What to do.

    Parameters
    ----------
    remote : str or None
        A Git remote; `origin`, or the only one, by default.
    push, fetch : bool
        Send our journal; bring those of others.
    dry : bool
        Only say what would be sent, and which journals have something new.
    """

    remote: str | None = None
    push: bool = True
    fetch: bool = True
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What would become visible to everybody who can read the remote.

    Parameters
    ----------
    bytes : int or None
        As Git keeps them here; None where it cannot tell.
    people : tuple of str
        Names with e-mail addresses that the records have in them.
    uncommitted : int
        How many of the snapshots hold code that was never committed.
    commits : tuple of Unpushed
        Commits that the remote does not have, whose code goes there now.
    secrets : tuple of str
        Files in these commits that look like secrets, with why.
    """

    remote: str
    content: Content
    bytes: int | None
    people: tuple[str, ...]
    uncommitted: int = 0
    commits: tuple[Unpushed, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Theirs:
    """Another clone's journal: what of it is new here, or why it was not taken; neither where nobody has looked yet."""

    clone: str
    content: Content = NOTHING
    refused: str = ""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What was shared.

    Parameters
    ----------
    offer : Offer or None
        What was new for the remote; None where nothing was, or nothing was to be sent.
    pushed : bool
        Whether it was sent.
    theirs : tuple of Theirs
        Journals that are not here as they are there.
    regained : Content
        What the remote's copy of our own journal had, and this clone did not.
    """

    remote: str
    offer: Offer | None = None
    pushed: bool = False
    theirs: tuple[Theirs, ...] = ()
    regained: Content = NOTHING
    dry: bool = False

    @property
    def good(self) -> bool:
        """Whether every journal could be taken."""
        return not any(each.refused for each in self.theirs)


def sync(opened: Opened, options: SyncOptions, agree: Callable[[Offer], bool]) -> SyncResult:
    """Share journals.

    Parameters
    ----------
    agree : callable
        Asked before anything is sent, with what would become visible.

    Raises
    ------
    UsageError
        When it is not plain which remote is meant.
    DataError
        When the remote cannot be used, or a journal is damaged.
    """
    git = network_git(opened.git, opened.environment.variables)
    remote = find_git_remote(git, options.remote)
    opened.notices.extend(record_killed(opened.git, opened.project))
    lock = Lock(opened.project.local / "locks" / "sync")
    lock.acquire(wait=True)
    try:
        forget_incoming(git)  # of one that was killed
        return _Sharing(opened, git, remote, options).share(agree)
    finally:
        forget_incoming(git)
        lock.release()


class _Sharing:
    """One look at a remote, or several where it changes meanwhile."""

    def __init__(self, opened: Opened, git: Git, remote: str, options: SyncOptions) -> None:
        self.git = git
        self.git_dir = opened.project.common_dir
        self.journal = Journal(opened.git, opened.project)
        self.remote = remote
        self.options = options

    def share(self, agree: Callable[[Offer], bool]) -> SyncResult:
        there = list_journals(self.git, self.remote)
        result = SyncResult(self.remote, dry=self.options.dry)
        if self.options.fetch:
            result = replace(result, theirs=self._bring(there))
        agreed = False
        for _ in range(_ATTEMPTS):
            gained = self._regain(there)
            result = replace(result, regained=gained or result.regained)
            if not self.options.push:
                return result
            offer = self._offer(there)
            result = replace(result, offer=offer or result.offer)
            agreed = agreed or (offer is not None and not self.options.dry and agree(offer))
            if offer is None or not agreed:
                return result
            if self._send(there):
                return replace(result, pushed=True)
            there = list_journals(self.git, self.remote)
        raise DataError(
            f"others keep moving this clone's journal on {self.remote}",
            hint="Is a copy of this clone at work, too? Try again: mlops sync",
        )

    # Ours -----------------------------------------------------------------------------------------------------------

    def _own(self) -> dict[str, str]:
        return {ref.name.removeprefix(JOURNALS): ref.tree for ref in list_refs(self.git, JOURNALS)}

    def _regain(self, there: Mapping[str, str]) -> Content:
        """Take into our journal what only the remote's copy has: a copy of this clone has written there, or ours was lost."""
        own = self._own()
        both = {clone: tree for clone, tree in there.items() if clone in own}
        absent = [clone for clone, tree in both.items() if tree != own[clone] and not self._has(tree)]
        for clone, why in self._fetch(absent).complaints.items():
            raise DataError(f"{JOURNALS}{clone} cannot be brought from {self.remote}: {why}", hint=_TRY)
        gained: list[str] = []
        for clone, tree in both.items():
            rows = self._compare(own[clone], tree)
            more = additions(rows)
            if why := objection(rows):
                raise DataError(
                    f"on {self.remote}, the journal of this clone is not what it has written: {why}",
                    hint=f"Somebody else has: find out who may write to {self.remote}.",
                )
            if more and not self.options.dry:
                self.journal.add(f"{JOURNALS}{clone}", more)
            gained += more
        return content_of(gained)

    def _offer(self, there: Mapping[str, str]) -> Offer | None:
        """Return what is new for the remote."""
        new: dict[str, str] = {}
        for clone, tree in self._own().items():
            if there.get(clone) != tree:
                rows = self._compare(there.get(clone, ""), tree)
                new |= {path: entry.id for path, entry in additions(rows).items()}
        if not new:
            return None
        records = {path: blob for path, blob in new.items() if path.endswith(".json")}
        with Reader(self.git_dir, self.git.variables) as reader:
            found = reader.read(list(records.values()))
            bodies = {path: each.data for path, each in zip(records, found, strict=True)}
        size = bytes_to_send(self.git, self.remote, list(self._own().values()), list(there.values()))
        trees = {tree for path, tree in new.items() if path not in records}
        code = {tree: commit for tree, commit in committed_code(bodies).items() if tree in trees}
        hidden = not_there(self.git, self.remote, list(dict.fromkeys(code.values())))
        names = {each.id for each in hidden}
        return Offer(
            self.remote,
            content_of(new),
            size,
            people_in(bodies),
            uncommitted=len(trees) - len(code),
            commits=hidden,
            secrets=self._secrets([tree for tree, commit in code.items() if commit in names], there),
        )

    def _secrets(self, trees: Sequence[str], there: Mapping[str, str]) -> tuple[str, ...]:
        """Return what looks like a secret in code that was committed and not pushed; snapshots leave such things out."""
        known = list(there.values())
        return secrets_among(self.git, self.git_dir, self.remote, trees, known) if trees else ()

    def _send(self, there: Mapping[str, str]) -> bool:
        """Send what the remote does not have; return whether it was taken."""
        return all(
            push_journal(self.git, self.remote, clone, tree, there.get(clone, ""))
            for clone, tree in self._own().items()
            if there.get(clone) != tree
        )

    # Theirs ---------------------------------------------------------------------------------------------------------

    def _bring(self, there: Mapping[str, str]) -> tuple[Theirs, ...]:
        """Bring the journals of others, as far as they are what this tool writes."""
        prefix = f"{OTHERS}{self.remote}/"
        here = {ref.name.removeprefix(prefix): ref.tree for ref in list_refs(self.git, prefix)}
        own = self._own()
        wanted = {c: tree for c, tree in there.items() if c not in own and here.get(c) != tree}
        if self.options.dry:
            return tuple(Theirs(clone) for clone in sorted(wanted))
        came = self._fetch(sorted(wanted))
        return tuple(
            self._take(prefix, clone, here.get(clone, ""), came.trees[clone])
            if clone in came.trees
            else Theirs(
                clone, refused=f"Git did not take it: {came.complaints.get(clone, 'it did not come')}"
            )
            for clone in sorted(wanted)
        )

    def _take(self, prefix: str, clone: str, here: str, tree: str) -> Theirs:
        """Let a ref of ours point at what came; what it has lost since the last time stays."""
        try:
            rows = self._compare(here, tree)
            if why := objection(rows):
                return Theirs(clone, refused=why)
        except DataError as error:
            return Theirs(clone, refused=error.message)
        kept = {row.path: row.old for row in rows if row.old and not row.new}
        if kept:
            tree = graft(
                self.git, self.git_dir, tree, additions([_added(row) for row in rows if row.path in kept])
            )
        if tree != here and (complaint := move_ref(self.git, f"{prefix}{clone}", tree, here)):
            raise DataError(f"{prefix}{clone} cannot be written: {complaint}")
        return Theirs(clone, content_of(additions(rows)))

    # Both -----------------------------------------------------------------------------------------------------------

    def _compare(self, old: str, new: str) -> list[Difference]:
        with Reader(self.git_dir, self.git.variables) as reader:
            return list(differences(reader, old, new))

    def _fetch(self, clones: list[str]) -> Fetched:
        return fetch_journals(self.git, self.remote, clones) if clones else Fetched()

    def _has(self, tree: str) -> bool:
        return self.git.ask("rev-list", "--objects", "--quiet", tree) is not None


def _added(row: Difference) -> Difference:
    """Return a difference the other way round: what was taken away is what comes."""
    return row._replace(old=row.new, new=row.old)
