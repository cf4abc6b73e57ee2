"""What a run says of the commit that it made, or did not make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.render.text import commit_text

if TYPE_CHECKING:
    from mlops_cli.tracking.in_place import RunResult


def committed_text(result: RunResult, folder: str = "", *, asked: bool) -> str:
    """Return what a run committed, or which files there are to commit, and why that was not done where it was asked for.

    Parameters
    ----------
    folder : str
        As `commit_text` takes it.
    """
    if result.commit:
        return f"committed {result.commit[:12]}\n"
    if result.refused:
        return f"mlops: {result.refused.message}\n" + commit_text(result.written, folder, again="")
    if asked and result.written:
        why = "Nothing is committed, because not every stage is done.\n"
        return why + commit_text(result.written, folder, again="")
    return commit_text(result.written, folder)
