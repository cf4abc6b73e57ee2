"""One sentence on two tables: similar or different, and whether training again is likely worth it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.data.drift.causes import BROKEN
from mlops_cli.data.drift.model import GONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.data.drift.model import ColumnDrift, DriftReport

_NAMED = 3  # columns that the sentence names
_UNSEEN = "without labels nobody can see whether what is predicted changed"


def sentence_of(report: DriftReport) -> tuple[str, str]:
    """Return the sentence, and the answer to whether training again is likely worth it, in a word."""
    columns = report.compared
    if report.verdict == "error":
        return _error(report), "unknown"
    failed = [each for each in columns if each.verdict == "fail"]
    warned = [each for each in columns if each.verdict == "warn"]
    if report.verdict == "insufficient":
        return f"Unknown: {_unjudged(report)}.", "unknown"
    joint = _joint(report)
    moved = f"{_moved(report, failed, warned)}{joint}"
    lost = [each for each in report.columns if each.type == GONE and each.verdict == "fail"]
    broken = [each for each in failed if each.cause in BROKEN and each.weight > 0]
    if lost or broken:
        first = f"{_lost(lost)}; " if lost else ""
        advice = "; ".join(part for part in (_looks(broken), _back(lost)) if part)
        return f"Different: {first}{moved}; {advice}.{_rest(report, lost)}", "repair"
    if not failed and not warned and (report.joint is None or report.joint.verdict not in ("warn", "fail")):
        one_sided = _one_sided(report)
        head = f"Similar in what both have, but {one_sided};" if one_sided else "Similar:"
        advice = f"training again is not called for, though {_UNSEEN}{_missed(report)}"
        return f"{head} {moved}; {advice}.{_rest(report, said=True)}", "no"
    if report.verdict == "fail":
        answer = (
            "likely" if report.weighted != "equal" and report.failed >= report.settings.share else "perhaps"
        )
        word = "is likely" if answer == "likely" else "may be"
        return f"Different: {moved}; training again {word} worth it, but {_UNSEEN}.{_rest(report)}", answer
    head = "Mostly similar" if failed or warned else "Similar column by column"
    return (
        f"{head}: {moved}; training again is unlikely to be worth it, though {_UNSEEN}.{_rest(report)}",
        "unlikely",
    )


def _lost(lost: Sequence[ColumnDrift]) -> str:
    """Return which columns a model misses, and how much it goes by them."""
    be, them = ("is", "it") if len(lost) == 1 else ("are", "them")
    weight = 100 * sum(each.weight for each in lost)
    return f"{_names(lost)} {be} gone, and the model goes by {them} (with {weight:.3g} % of its importance)"


def _back(lost: Sequence[ColumnDrift]) -> str:
    if not lost:
        return ""
    return (
        f"bring {_names(lost)} back first, for the model was made with {'it' if len(lost) == 1 else 'them'}"
    )


def _looks(broken: Sequence[ColumnDrift]) -> str:
    """Return which columns look broken, and what to do; what only looks exchanged is to be looked at first."""
    turned = [each for each in broken if each.cause == "relabelled" and each.type in ("binary", "rare")]
    spelt = [each for each in broken if each.cause == "spelling"]
    others = [each for each in broken if each not in turned and each not in spelt]
    parts = []
    if spelt:
        has = "has its" if len(spelt) == 1 else "have their"
        parts.append(f"{_names(spelt)} {has} known values in another spelling, so mend that before training")
    if turned:
        parts.append(
            f"the two values of {_names(turned)} may have changed places, so look at these labels before training"
        )
    if others:
        look = "looks" if len(others) == 1 else "look"
        parts.append(f"{_names(others)} {look} broken at the source, so mend that before training on it")
    return "; ".join(parts)


def _one_sided(report: DriftReport) -> str:
    """Return which columns one side alone has."""
    sides = ((report.only_reference, "the reference"), (report.only_current, "the current table"))
    parts = [
        f"{_list(names)} {'is' if len(names) == 1 else 'are'} only in {side}"
        for names, side in sides
        if names
    ]
    return " and ".join(parts)


def _missed(report: DriftReport) -> str:
    """Return what a column that is gone means where nobody said which model it is about."""
    if not report.only_reference or report.weighted != "equal":
        return ""
    them = "it" if len(report.only_reference) == 1 else "them"
    return f", and a model that goes by {_list(report.only_reference)} needs {them} back"


def short_of(report: DriftReport) -> str:
    """Return why a stage stops here, in a few words; all of it is in its report."""
    if report.verdict == "insufficient":
        return _unjudged(report)
    failed = [each for each in report.compared if each.verdict == "fail"]
    lost = [each for each in report.columns if each.type == GONE and each.verdict == "fail"]
    parts = [_lost(lost) if lost else "", _moved(report, failed, []) if failed else ""]
    if report.joint is not None and report.joint.verdict == "fail":
        parts.append(f"rows can be told apart (area {report.joint.auc:.3f})")
    return f"the tables differ: {', '.join(part for part in parts if part)}"


def _moved(report: DriftReport, failed: Sequence[ColumnDrift], warned: Sequence[ColumnDrift]) -> str:
    whole = _count(len(report.compared))
    parts = []
    if failed:
        heavy = sum(each.weight for each in failed)
        weight = f" with {heavy:.0%} of the model's importance" if report.weighted != "equal" else ""
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


def _rest(report: DriftReport, lost: Sequence[ColumnDrift] = (), *, said: bool = False) -> str:
    """Return what else the reader must know: what was not compared.

    Parameters
    ----------
    lost : sequence of ColumnDrift
        Columns that are gone and were told of already.
    said : bool
        Whether all columns of one side were.
    """
    told = {each.name for each in lost}
    rest = replace(report, only_reference=tuple(name for name in report.only_reference if name not in told))
    one_sided = "" if said else _one_sided(rest)
    parts = [one_sided] if one_sided else []
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
    of = f"{len(few)} of {_count(len(report.compared))} ({_names(few)})"
    return f"{report.reference.rows:,} and {report.current.rows:,} rows are too few to judge {of}{more}"


def _error(report: DriftReport) -> str:
    if not report.compared:
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
