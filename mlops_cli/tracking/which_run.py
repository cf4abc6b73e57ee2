"""Which run a user means, in commands that are about one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.history.refs import resolve

if TYPE_CHECKING:
    from mlops_cli.opened import Opened


def which_run(opened: Opened, text: str) -> str:
    """Return the id of the run that a REF means; of an artifact, the last run that made it.

    Raises
    ------
    UsageError
        When it means nothing, or nothing that a run made.
    """
    history = opened.history
    ref = resolve(history, opened.git, opened.project, text, opened.folder, opened.config.metrics)
    if ref.run is not None:
        return ref.run
    if ref.kind == "commit":
        raise no_run(text, ref.commit)
    made = history.made(ref.digest) if ref.digest else []
    run: str | None = next((each.run for each in reversed(made) if each.run), None)
    if run is None:
        raise UsageError(
            f"no known run made {text}", hint=f"See what is known of it with: mlops lineage {text}"
        )
    return run


def no_run(text: str, commit: str | None) -> UsageError:
    """Return what to say where a run is meant and something else was named.

    Parameters
    ----------
    commit : str or None
        Id of the commit that was named; None where it was anything else.
    """
    if commit is None:
        return UsageError(f"{text} is not a run", hint="See runs with: mlops runs --all")
    hint = f"See the runs of its code with: mlops runs --all --where 'commit == {commit[:12]}'"
    return UsageError(f"{text} is a commit, and here a run is meant", hint=hint)
