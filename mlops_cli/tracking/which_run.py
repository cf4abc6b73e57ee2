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
        hint = (
            f"See the runs of its code with: mlops runs --all --where 'commit == {(ref.commit or text)[:12]}'"
        )
        raise UsageError(f"{text} is a commit, and here a run is meant", hint=hint)
    made = history.made(ref.digest) if ref.digest else []
    run: str | None = next((each.run for each in reversed(made) if each.run), None)
    if run is None:
        raise UsageError(
            f"no known run made {text}", hint=f"See what is known of it with: mlops lineage {text}"
        )
    return run
