"""One sentence on two tables: similar or different, and whether training again is likely worth it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.data.drift.causes import BROKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.data.drift.model import ColumnDrift, DriftReport

_NAMED = 3  # columns that the sentence names
_UNSEEN = "without labels nobody can see whether what is predicted changed"


def sentence_of(report: DriftReport) -> tuple[str, str]:
    """Return the sentence, and the answer to whether training again is likely worth it, in a word."""
    columns = report.columns
    if report.verdict == "error":
        return _error(report), "unknown"
    failed = [each for each in columns if each.verdict == "fail"]
    warned = [each for each in columns if each.verdict == "warn"]
    if report.verdict == "insufficient":
        return f"Unknown: {_unjudged(report)}.", "unknown"
    broken = [each for each in failed if each.cause in BROKEN and each.weight > 0]
    joint = _joint(report)
    if not failed and not warned and (report.joint is None or report.joint.verdict not in ("warn", "fail")):
        head = f"Similar: none of {_count(len(columns))} moved beyond its band{joint}"
        return f"{head}; training again is not called for, though {_UNSEEN}.{_rest(report)}", "no"
    moved = _moved(report, failed, warned)
    if broken:
        looks = f"{_names(broken)} {'looks' if len(broken) == 1 else 'look'} broken at the source"
        return (
            f"Different: {moved}{joint}; {looks}, so mend that before training on it.{_rest(report)}",
            "repair",
        )
    if report.verdict == "fail":
        answer = (
            "likely" if report.weighted != "equal" and report.failed >= report.settings.share else "perhaps"
        )
        word = "is likely" if answer == "likely" else "may be"
        return (
            f"Different: {moved}{joint}; training again {word} worth it, but {_UNSEEN}.{_rest(report)}",
            answer,
        )
    head = "Mostly similar" if failed or warned else "Similar column by column"
    return (
        f"{head}: {moved}{joint}; training again is unlikely to be worth it, though {_UNSEEN}.{_rest(report)}",
        "unlikely",
    )


def short_of(report: DriftReport) -> str:
    """Return why a stage stops here, in a few words; all of it is in its report."""
    if report.verdict == "insufficient":
        return _unjudged(report)
    failed = [each for each in report.columns if each.verdict == "fail"]
    gone = f"{_list(report.only_reference)} gone" if report.only_reference and not failed else ""
    parts = [_moved(report, failed, []) if failed else gone]
    if report.joint is not None and report.joint.verdict == "fail":
        parts.append(f"rows can be told apart (area {report.joint.auc:.3f})")
    return f"the tables differ: {', '.join(part for part in parts if part)}"


def _moved(report: DriftReport, failed: Sequence[ColumnDrift], warned: Sequence[ColumnDrift]) -> str:
    whole = _count(len(report.columns))
    parts = []
    if failed:
        weight = f" with {report.failed:.0%} of the model's importance" if report.weighted != "equal" else ""
        parts.append(f"{len(failed)} of {whole} moved far ({_names(failed)}){weight}")
    if warned:
        of = "" if failed else f" of {whole}"
        parts.append(f"{len(warned)}{of} moved somewhat ({_names(warned)})")
    return ", ".join(parts) or f"none of {whole} moved beyond its band"


def _joint(report: DriftReport) -> str:
    joint = report.joint
    if joint is None or joint.auc is None:
        return ""
    interval = f"area under the ROC curve {joint.auc:.3f}, {joint.low:.3f} to {joint.high:.3f}"
    if joint.verdict in ("warn", "fail"):
        return f", and a classifier tells the tables apart ({interval})"
    return f", and a classifier hardly tells the tables apart ({interval})"


def _rest(report: DriftReport) -> str:
    """Return what else the reader must know: what was not compared."""
    parts = []
    if report.only_reference:
        parts.append(f"{_list(report.only_reference)} only in the reference")
    if report.only_current:
        parts.append(f"{_list(report.only_current)} only in the current table")
    unjudged = [each.name for each in report.columns if each.verdict == "insufficient"]
    if unjudged:
        parts.append(f"no verdict on {_list(unjudged)}")
    if report.joint is not None and report.joint.verdict == "insufficient":
        parts.append(f"columns together were not judged: {report.joint.reason}")
    return f" Also: {'; '.join(parts)}." if parts else ""


def _unjudged(report: DriftReport) -> str:
    few = [each for each in report.columns if each.verdict == "insufficient"]
    if all(each.type == "unlike" for each in few):
        return f"{_names(few)} cannot be judged, for {few[0].reason}"
    needed = [each.needed for each in few if each.needed is not None and each.needed > each.n_current]
    more = f"; about {max(needed):,} rows would do" if needed and report.current.rows < max(needed) else ""
    of = f"{len(few)} of {_count(len(report.columns))} ({_names(few)})"
    return f"{report.reference.rows:,} and {report.current.rows:,} rows are too few to judge {of}{more}"


def _error(report: DriftReport) -> str:
    if not report.columns:
        return "Nothing was compared: the two have no column in common."
    broken = [each for each in report.columns if each.verdict == "error"]
    if not broken:
        return f"Not judged: {report.joint.reason if report.joint else 'an error'}."
    return f"Not judged: {_names(broken)} could not be compared ({broken[0].reason})."


def _names(columns: Sequence[ColumnDrift]) -> str:
    return _list([each.name for each in columns])


def _list(names: Sequence[str]) -> str:
    """Return a few names of many.

    Examples
    --------
    >>> _list(["a", "b"]), _list(["a", "b", "c", "d", "e"])
    ('a, b', 'a, b, c and 2 more')
    """
    if len(names) <= _NAMED + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


def _count(number: int) -> str:
    return f"{number} column" + ("" if number == 1 else "s")
