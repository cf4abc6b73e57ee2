"""Which run a user means, in commands that are about one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.history.refs import resolve

if TYPE_CHECKING:
    from mlops_cli.history.index.history import History
    from mlops_cli.opened import Opened


def which_run(opened: Opened, text: str) -> str:
    """Return the id of the run that a REF means; of an artifact the last run that made it, of a commit the one that stands for it.

    Raises
    ------
    UsageError
        When it means nothing, nothing that a run made, or a commit that no run stands for.
    """
    history = opened.history
    ref = resolve(history, opened.git, opened.project, text, opened.folder, opened.config.metrics)
    if ref.run is not None:
        return ref.run
    if ref.kind == "commit" and ref.commit:
        return _of_commit(opened, text, ref.commit)
    run = last_maker(history, ref.digest) if ref.digest else None
    if run is None:
        raise UsageError(
            f"no known run made {text}", hint=f"See what is known of it with: mlops lineage {text}"
        )
    return run


def last_maker(history: History, digest: str) -> str | None:
    """Return the last run that made an artifact; one that only restored or repeated it where no other is known."""
    made = [each for each in history.made(digest) if each.run]
    really = [each for each in made if each.status == "ran"]
    own = [each for each in really if (run := history.run(str(each.run))) and not run.repetition]
    return next((each.run for found in (own, really, made) for each in reversed(found)), None)


def _of_commit(opened: Opened, text: str, commit: str) -> str:
    from mlops_cli.tracking.commit_run import of_commit

    found = of_commit(opened, text, commit)
    if found.run is not None:
        return found.run
    if found.maker is not None:
        raise UsageError(
            f"no run is known of the code of {text}: what it has recorded is of other code",
            hint=f"See the run that made what it has recorded: mlops show {found.maker}",
        )
    began = [run for run in opened.history.runs() if run.commit == commit]
    raise UsageError(f"no run stands for {text}", hint=_ways(opened, text, commit, len(began)))


def _ways(opened: Opened, text: str, commit: str, began: int) -> str:
    """Return how to find a run instead, by a command that finds one."""
    if began:
        what = "1 run began there" if began == 1 else f"{began} runs began there"
        return f"With uncommitted changes {what}: mlops runs --all --where 'commit == {commit[:12]}'"
    if opened.history.runs():
        return f"See what was run: mlops runs --all. To run its code: git switch --detach {text} && mlops run"
    return "There is no run yet. Make one with: mlops run"
