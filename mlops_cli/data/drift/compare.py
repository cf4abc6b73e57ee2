"""Two profiles, compared: columns, then the whole. Pure."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mlops_cli.data.drift.align import aligned
from mlops_cli.data.drift.draft import Draft, draft
from mlops_cli.data.drift.gone import gone_columns
from mlops_cli.data.drift.identifiers import is_identifier
from mlops_cli.data.drift.judge import judged
from mlops_cli.data.drift.model import GONE, ColumnDrift, DriftReport, DriftSettings, Side
from mlops_cli.data.drift.sentence import sentence_of
from mlops_cli.data.drift.told import both_told
from mlops_cli.data.drift.whole import shares, verdict_of, weights_of
from mlops_cli.errors import UsageError
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.data.drift.model import JointDrift
    from mlops_cli.data.profile.model import AnyColumn, Profile


def compare_profiles(
    reference: Profile,
    current: Profile,
    settings: DriftSettings | None = None,
    *,
    joint: JointDrift | None = None,
    weights: Mapping[str, float] | None = None,
    sides: tuple[Side, Side] | None = None,
    weighted: str = "",
) -> DriftReport:
    """Compare two profiles, the second best made on the first one's layout.

    Parameters
    ----------
    joint : JointDrift, optional
        What a classifier found on rows: a profile has none.
    weights : mapping of str to float, optional
        Importance of columns to a model, in any unit; columns without one do not count.
    sides : (Side, Side), optional
        What is known of where the two came from.
    weighted : str
        Where the weights come from.

    Raises
    ------
    UsageError
        When columns are asked for that neither side has.
    """
    settings = settings or DriftSettings()
    if settings.time:
        _check_time(reference, current, settings.time)
    chosen = chosen_columns(reference.names, current.names, settings)
    names, others = reference.names, current.names
    meant = {name for name in (*names, *others) if _meant(name, settings)}
    there, here = set(names), set(others)
    only_reference = tuple(name for name in names if name in meant and name not in here)
    only_current = tuple(name for name in others if name in meant and name not in there)
    columns = compare_columns(reference, current, chosen, settings)
    columns += gone_columns(only_reference, (reference.rows, current.rows), weights or {})
    columns = [replace(each, weight=weight) for each, weight in weights_of(columns, weights)]
    columns.sort(key=lambda each: (-_rank(each), each.type != GONE, -each.scaled, each.name))
    report = DriftReport(
        verdict="pass",
        sentence="",
        retrain="unknown",
        reference=sides[0] if sides else Side("reference", reference.rows, "profile"),
        current=sides[1] if sides else Side("current", current.rows, "profile"),
        columns=tuple(columns),
        joint=joint,
        only_reference=only_reference,
        only_current=only_current,
        ignored=tuple(name for name in dict.fromkeys((*names, *others)) if name not in meant),
        weighted=weighted or ("equal" if weights is None else "given"),
        settings=settings,
        warnings=_warnings(reference, current),
    )
    report = replace(report, **shares(columns))
    report = replace(report, verdict=verdict_of(report))
    sentence, retrain = sentence_of(report)
    return replace(report, sentence=sentence, retrain=retrain)


def compare_columns(
    reference: Profile, current: Profile, chosen: Sequence[str], settings: DriftSettings
) -> list[ColumnDrift]:
    """Compare columns that both profiles have; one that cannot be compared is an `error`, and does not hide the others."""
    same = reference.edges_from == current.edges_from
    there = {each.name: each for each in reference.columns}
    here = {each.name: each for each in current.columns}
    drafts: list[Draft] = []
    broken: list[ColumnDrift] = []
    for name in chosen:
        one, two = there[name], here[name]
        try:
            drafts.append(_drafted(one, two, settings, same_layout=same))
        except Exception as error:  # noqa: BLE001 - whatever it is, the column has no verdict, and the report says so
            broken.append(_error(one, two, error))
    return [*_judged(drafts, settings), *broken]


def _drafted(one: AnyColumn, two: AnyColumn, settings: DriftSettings, *, same_layout: bool) -> Draft:
    found = draft(aligned(one, two, same_layout=same_layout), settings)
    asked = dict(settings.types).get(one.name)
    if asked is None and found.type == "numeric" and is_identifier(one, two):
        return draft(found.counted, replace(settings, types=(*settings.types, (one.name, "id"))))
    return found


def _judged(drafts: list[Draft], settings: DriftSettings) -> list[ColumnDrift]:
    """Return the verdicts; where one column's numbers are not numbers, of that column an error and of the others a verdict."""
    try:
        return judged(drafts, settings)
    except Exception:  # noqa: BLE001 - found out which column it is, one at a time
        good: list[Draft] = []
        bad: list[ColumnDrift] = []
        for each in drafts:
            try:
                judged([each], settings)
            except Exception as error:  # noqa: BLE001 - as above
                bad.append(ColumnDrift(each.name, each.type, "error", reason=_said(error)))
            else:
                good.append(each)
        return [*judged(good, settings), *bad]


def _error(one: AnyColumn, two: AnyColumn, error: Exception) -> ColumnDrift:
    return ColumnDrift(
        one.name, one.kind, "error", n_reference=one.rows, n_current=two.rows, reason=_said(error)
    )


def _said(error: Exception) -> str:
    return f"could not be compared: {type(error).__name__}: {error}"


def chosen_columns(reference: Sequence[str], current: Sequence[str], settings: DriftSettings) -> list[str]:
    """Return the columns to compare: on both sides, asked for, and not left out.

    Raises
    ------
    UsageError
        When something asked for is on neither side.
    """
    known = (*reference, *current)
    for pattern in (*settings.columns, *settings.ignore, *(name for name, _ in settings.types)):
        if not any(pattern == name or fnmatchcase(name, pattern) for name in known):
            raise UsageError(
                f"neither table has a column {pattern}",
                hint=nearest(pattern, known) or f"There are: {', '.join(dict.fromkeys(known))}",
            )
    there = set(current)
    return [name for name in reference if name in there and _meant(name, settings)]


def _check_time(reference: Profile, current: Profile, name: str) -> None:
    """Refuse a column of time that no rows can be ordered by."""
    for side in (reference, current):
        kind = next((each.kind for each in side.columns if each.name == name), None)
        if kind is None:
            raise UsageError(
                f"not both tables have a column of time {name}",
                hint=nearest(name, side.names) or f"There are: {', '.join(side.names)}",
            )
        if kind not in ("datetime", "numeric"):
            raise UsageError(
                f"rows cannot be ordered by {name}: it is {kind}, neither times nor numbers",
                hint=f"If its texts are times: --type {name}=datetime",
            )


def _meant(name: str, settings: DriftSettings) -> bool:
    wanted = not settings.columns or any(name == each or fnmatchcase(name, each) for each in settings.columns)
    return wanted and not any(name == each or fnmatchcase(name, each) for each in settings.ignore)


def _rank(column: ColumnDrift) -> int:
    return ("pass", "insufficient", "warn", "fail", "error").index(column.verdict)


def _warnings(reference: Profile, current: Profile) -> tuple[str, ...]:
    found = both_told(reference.warnings, current.warnings)
    if reference.edges_from != current.edges_from:
        found.append(
            "the profiles were made on bins of their own, so only what is sure whatever the bins hide is judged; better make the"
            " second one on the first one's bins: mlops profile TABLE --against FIRST.json --out SECOND.json"
        )
    return tuple(dict.fromkeys(found))
