"""`note`: keep what is thought of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.formats.redact import redact
from mlops_cli.git.facts import read_actor
from mlops_cli.history.run_event import OUTCOMES, keep_event, new_event
from mlops_cli.tracking.which_run import which_run

if TYPE_CHECKING:
    from mlops_cli.history.run_event import Outcome, RunEvent
    from mlops_cli.opened import Opened

_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class NoteResult:
    """A note that was kept.

    Parameters
    ----------
    file : str or None
        Where it lies in the workspace, beside its run; None for a run that only the journal has.
    redacted : bool
        Whether something that looked like a secret was taken out.
    """

    event: RunEvent
    file: str | None
    redacted: bool = False


def note(opened: Opened, ref: str, text: str = "", *, outcome: Outcome | None = None) -> NoteResult:
    """Keep a note on a run.

    Parameters
    ----------
    ref : str
        A run, or an artifact: then the last run that made it.
    outcome : str, optional
        What came of the idea that the run tried.

    Raises
    ------
    UsageError
        When it means no run, or there is nothing to keep.
    DataError
        When the journal cannot be written.
    """
    text = text.strip()
    if not text and len(ref.split()) > 1:  # which no name of a run is
        hint = f'Name the run first: mlops note @latest "{ref}"'
        raise UsageError("a note belongs to a run", hint=hint)
    if not text and outcome is None:
        hint = f'Write for example: mlops note {ref} "overfits" --outcome rejected'
        raise UsageError("a note needs a text, or an --outcome", hint=hint)
    if outcome is not None and outcome not in OUTCOMES:
        raise UsageError(f"an outcome is one of {', '.join(OUTCOMES)}")
    if len(text) > _LONGEST:
        raise UsageError(
            f"a note has up to {_LONGEST:,} characters; this one has {len(text):,}",
            hint="Keep a long text in a file of the repository, and name it in the note.",
        )
    if not text.isascii() and text != text.encode("utf-8", "replace").decode():
        raise UsageError("the note is not text in UTF-8")
    run = which_run(opened, ref)
    kept = redact(text)
    event = new_event(run, "note", read_actor(opened.git), kept, outcome=outcome)
    return NoteResult(event, keep_event(opened.git, opened.project, event), kept != text)
