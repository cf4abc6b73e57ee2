"""Which runs belong to HEAD's branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from mlops_cli.git.log import reachable
from mlops_cli.history.index.meanwhile import Meanwhile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlops_cli.git.command import Git
    from mlops_cli.git.worktrees import Repository

# Of a run's file, branch and commit: whether it belongs.
Belongs: TypeAlias = "Callable[[int, str | None, str | None], bool]"


def walk_branch(
    git: Git,
    repository: Repository,
    tips: Sequence[str],
    whence: Callable[[frozenset[str]], tuple[set[int], set[int], set[int]]],
) -> Callable[[], Belongs]:
    """Have Git find out what is outside of HEAD's history; return what waits for that, and then tells.

    Parameters
    ----------
    tips : sequence of str
        The ids that commits are walked from.
    whence : callable
        Takes the commits outside; returns the files of runs that other commits brought, that journals have, and that lie here.
    """
    head = git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    branch = git.ask("symbolic-ref", "--quiet", "--short", "HEAD")
    current = branch.decode(errors="surrogateescape").strip() if branch else None
    inside = [head.decode().strip()] if head else []
    walk = Meanwhile(lambda: frozenset(reachable(repository, tips, inside)))

    def wait() -> Belongs:
        outside = walk.result()
        brought, journaled, lying = whence(outside)

        def belongs(file: int, branch: str | None, commit: str | None) -> bool:
            if file in brought or file in lying:
                return True
            if current is not None:
                return file in journaled and branch == current
            return file in journaled and commit is not None and commit not in outside

        return belongs

    return wait
