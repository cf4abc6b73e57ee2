"""`runs`: which runs there were, and what came of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.history.listing import Judged, columns_of, filtered, judge, ordered, usual_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.errors import HistoryError
    from mlops_cli.history.known import KnownRun
    from mlops_cli.history.where.expression import Name
    from mlops_cli.history.where.unmet import Unmet
    from mlops_cli.opened import Opened


@dataclass(frozen=True, slots=True)
class RunsResult:
    """Runs that meet what was asked.

    Parameters
    ----------
    runs : tuple of KnownRun
        Those that are shown.
    columns : tuple of Name
        What is shown of each.
    chosen : bool
        Whether these columns were asked for.
    judged : mapping
        Metric to run to how it stands beside the others.
    matched, known : int
        How many meet what was asked; how many were looked through.
    elsewhere : int
        How many there are on other branches and in journals, where there are none here.
    now : float
        When this was so, in seconds since the epoch.
    records : mapping of str to bytes
        Whole records by run, where they were asked for.
    gone : tuple of str
        Runs of which the record's bytes are gone.
    trouble : HistoryError or None
        What of the history is not here.
    unmet : tuple of Unmet
        Where nothing meets what was asked: the parts of it that no run meets.
    """

    runs: tuple[KnownRun, ...]
    columns: tuple[Name, ...]
    chosen: bool
    judged: Mapping[str, Mapping[str, Judged]]
    matched: int
    known: int
    elsewhere: int
    now: float
    records: Mapping[str, bytes] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    trouble: HistoryError | None = None
    unmet: tuple[Unmet, ...] = ()


def runs(
    opened: Opened,
    *,
    where: Sequence[str] = (),
    sort: str = "",
    columns: str = "",
    limit: int | None = None,
    everything: bool = False,
    records: bool = False,
) -> RunsResult:
    """List runs, newest first.

    Parameters
    ----------
    where : sequence of str
        Conditions; a run must meet all of them.
    sort : str
        A name to sort by; with a minus before it, the largest first.
    columns : str
        Names of what to show, separated by commas; what tells most by default.
    limit : int or None
        How many at most; None or 0 means all.
    everything : bool
        Those of every ref and every journal, and not only of this branch.
    records : bool
        The whole records, and not what a table needs beside them.

    Raises
    ------
    UsageError
        When a condition or a name is wrong.
    """
    if limit is not None and limit < 0:
        raise UsageError("-n takes a number, or 0 for all")
    now = time.time()
    history = opened.history
    known = history.runs(branch_only=not everything)
    elsewhere = len(history.runs()) if not known and not everything else 0
    matched = filtered(known, where, now)
    if sort:
        matched = ordered(matched, sort, now)
    shown = matched[: limit or None]
    said = opened.config.metrics
    wanted = columns_of(columns, known) if columns else [] if records else usual_columns(shown, said, known)
    metrics = [name.key for name in wanted if name.root == "metrics"]
    found = history.raws([run.id for run in shown]) if records else {}
    return RunsResult(
        runs=tuple(shown),
        columns=tuple(wanted),
        chosen=bool(columns),
        judged={} if records else judge(matched, metrics, said, {run.id for run in shown}),
        matched=len(matched),
        known=len(known),
        elsewhere=elsewhere,
        now=now,
        records=found,
        gone=tuple(run.id for run in shown if run.id not in found) if records else (),
        trouble=history.trouble,
        unmet=_unmet(opened, where, known, now, everything=everything) if known and not matched else (),
    )


def _unmet(
    opened: Opened, where: Sequence[str], known: Sequence[KnownRun], now: float, *, everything: bool
) -> tuple[Unmet, ...]:
    from mlops_cli.history.where.unmet import unmet

    here = {run.id for run in known}
    others = [] if everything else [run for run in opened.history.runs() if run.id not in here]
    return unmet(where, known, now, others)
