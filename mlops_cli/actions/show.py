"""`show`: everything that is known of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlops_cli.history.known import WORKSPACE
from mlops_cli.tracking.which_run import which_run

if TYPE_CHECKING:
    from mlops_cli.errors import HistoryError
    from mlops_cli.git.facts import Code
    from mlops_cli.history.known import Source
    from mlops_cli.history.run_event import RunEvent
    from mlops_cli.history.run_record import RunRecord
    from mlops_cli.opened import Opened


CodeHere = Literal["commit", "tree", "nothing"]


@dataclass(frozen=True, slots=True)
class ShowResult:
    """One run.

    Parameters
    ----------
    data : bytes
        Its record's file.
    events : tuple of RunEvent
        Notes on it, and verdicts about it, earliest first.
    sources : tuple of Source
        Where its record was found.
    code : str
        What of its code is here: `commit`; only the `tree` that holds it, where the commit is gone, never came, or there was none
        yet; or `nothing`.
    trouble : HistoryError or None
        What of the history is not here.
    """

    record: RunRecord
    data: bytes
    events: tuple[RunEvent, ...]
    sources: tuple[Source, ...]
    code: CodeHere = "commit"
    trouble: HistoryError | None = None


def show(opened: Opened, ref: str = "@latest") -> ShowResult:
    """Return everything that is known of a run.

    Parameters
    ----------
    ref : str
        A run; or an artifact, for the last run that made it; or a commit, for the run that stands for it.

    Raises
    ------
    UsageError
        When it means no run.
    DataError
        When the record's bytes are gone.
    """
    run, history = which_run(opened, ref), opened.history
    known = history.run(run)
    sources = [source for source in known.sources if source.kind != "workspace"] if known else []
    if opened.project.run_record(run).is_file():  # also where a commit or the journal has it as well
        sources.append(WORKSPACE)
    record = history.record(run)
    return ShowResult(
        record=record,
        data=history.raw(run),
        events=history.events(run),
        sources=tuple(sources),
        code=_code_here(opened, record.code),
        trouble=history.trouble,
    )


def _code_here(opened: Opened, code: Code) -> CodeHere:
    names = [code.commit or "", code.kept or ""]
    given = "".join(f"{name}\n" for name in names).encode()
    said = opened.git.tell("cat-file", "--batch-check=%(objecttype)", given=given).out.decode().splitlines()
    if said[:1] == ["commit"]:
        return "commit"
    return "tree" if said[1:] == ["tree"] else "nothing"
