"""From measures to verdicts: an effect that matters, and is sure, and enough rows; all three. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_cli.data.drift.causes import cause_of
from mlops_cli.data.drift.draft import cells_of
from mlops_cli.data.drift.model import ColumnDrift, scaled
from mlops_cli.data.drift.words import reason_of, rough_text
from mlops_cli.statistics.multiple import benjamini_hochberg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.data.drift.draft import Draft
    from mlops_cli.data.drift.model import DriftSettings, Measure
    from mlops_cli.statistics.verdict import Verdict

_LEAST = 1e-300  # what floats make 0 of is no certainty
_GRAVITY = {"pass": 0, "insufficient": 1, "warn": 2, "fail": 3}
# Where one of these speaks, it tells more than how far the whole distribution moved.
_TELLING = ("missing", "infinite", "unseen")


def judged(drafts: Sequence[Draft], settings: DriftSettings) -> list[ColumnDrift]:
    """Return the columns with their verdicts: p-values are adjusted over all tests of all columns first."""
    tests: dict[tuple[int, str], float] = {}
    for number, draft in enumerate(drafts):
        for measure in draft.measures:
            if measure.p_value is not None:
                tests[number, measure.test] = measure.p_value
    adjusted = dict(zip(tests, benjamini_hochberg(list(tests.values())).tolist(), strict=True))
    return [
        _column(
            draft,
            [_measure(each, draft, adjusted.get((number, each.test)), settings) for each in draft.measures],
            settings,
        )
        for number, draft in enumerate(drafts)
    ]


def _measure(measure: Measure, draft: Draft, p_adjusted: float | None, settings: DriftSettings) -> Measure:
    p_value, p_adjusted = (None if p is None else max(p, _LEAST) for p in (measure.p_value, p_adjusted))
    return replace(
        measure,
        p_value=p_value,
        p_adjusted=p_adjusted,
        verdict=verdict_of(measure, p_adjusted, draft.counted.rows, settings),
    )


def verdict_of(
    measure: Measure, p_adjusted: float | None, rows: tuple[int, int], settings: DriftSettings
) -> Verdict:
    """Return what one measure says.

    Without enough rows for any verdict it is `insufficient`. So it is where nothing was found, but so few rows would seldom have
    shown even an effect of the fail band.
    """
    if measure.warn == measure.fail == 0:  # told, not judged
        return "pass"
    if min(rows) < settings.min_rows or p_adjusted is None:
        return "insufficient"
    if p_adjusted <= settings.q and scaled(measure.name, measure.value, measure.warn) >= 1:
        return "fail" if scaled(measure.name, measure.value, measure.fail) >= 1 else "warn"
    enough = measure.needed is not None and rows[1] >= measure.needed
    return "pass" if enough or p_adjusted <= settings.q else "insufficient"


def _column(draft: Draft, measures: list[Measure], settings: DriftSettings) -> ColumnDrift:
    rows, gone = draft.counted.rows, draft.missing
    column = ColumnDrift(
        name=draft.name,
        type=draft.type,
        verdict="pass",
        n_reference=rows[0],
        n_current=rows[1],
        missing_reference=gone[0],
        missing_current=gone[1],
        measures=tuple(measures),
        cells=cells_of(draft.counted),
    )
    if draft.unlike:
        return replace(
            column,
            verdict=draft.unlike.verdict,
            cause="type" if draft.unlike.verdict == "fail" else "",
            reason=draft.unlike.reason,
        )
    if not measures:
        enough = min(rows) >= settings.min_rows
        column = replace(
            column,
            verdict="pass" if enough else "insufficient",
            effect=0.0 if enough else None,
            needed=None if enough else settings.min_rows,
        )
        return replace(column, reason=reason_of(column, None, ""))
    verdict, decisive = deciding(draft.type, measures)
    likely = draft.likely
    rough = verdict == "pass" and likely is not None and likely.scaled >= 1
    if rough:
        verdict = "insufficient"
    cause = cause_of(draft, measures, decisive) if verdict in ("warn", "fail") else ""
    column = replace(
        column,
        verdict=verdict,
        effect=decisive.value,
        measure=decisive.name,
        warn=decisive.warn,
        fail=decisive.fail,
        statistic=decisive.statistic,
        p_value=decisive.p_value,
        p_adjusted=decisive.p_adjusted,
        test=decisive.test,
        needed=decisive.needed,
        cause=cause,
    )
    if rough and likely is not None:
        return replace(column, needed=None, reason=rough_text(decisive, likely))
    return replace(column, reason=reason_of(column, decisive, cause))


def deciding(kind: str, measures: Sequence[Measure]) -> tuple[Verdict, Measure]:
    """Return the verdict of a column and the measure behind it.

    What warns or fails decides, the gravest first. Where nothing does, the main measure says whether there were enough rows;
    for two values the difference may, too, unless the column is said to be about something rare.
    """
    found = [each for each in measures if each.verdict in ("warn", "fail")]
    if found:
        gravest = max(_GRAVITY[each.verdict] for each in found)
        top = [each for each in found if _GRAVITY[each.verdict] == gravest]
        telling = next((each for name in _TELLING for each in top if each.name == name), None)
        return top[0].verdict, telling or top[0]
    main = measures[0]
    if kind in ("binary", "rare") and main.verdict == "insufficient":
        other = next(
            (each for each in measures if each.name == "difference" and each.verdict == "pass" and each.warn),
            None,
        )
        if other is not None:
            return "pass", other
    return main.verdict, main
