"""Reports for the tests of pages: one of the usual kind, and one whose names mean harm."""

from __future__ import annotations

import math
from dataclasses import replace

from mlops_cli.data.checks.model import Finding, Looked, Trouble, Validation
from mlops_cli.data.drift.model import Cell, ColumnDrift, DriftReport, JointDrift, Measure, Separator, Side

HOSTILE = "</script><script>window.hurt=1</script>\"'`${x}<img src=x onerror=hurt()>&amp;\x1b[1m\n.csv"
LONG = "a_very_long_name_of_a_feature_that_somebody_made_by_joining_" * 6
RIGHT_TO_LEFT = "\u202eعمر العميل שם הלקוח"
NAMES = (HOSTILE, LONG, RIGHT_TO_LEFT, "two\nlines\tand a tab", "", "   ", "木" * 60, "🜲" * 50, "W" * 90)


def bell(middle: float, wide: float, bins: int, rows: int) -> list[int]:
    """Return counts of a bell curve over bins from 0 to 1."""
    heights = [math.exp(-(((place + 0.5) / bins - middle) ** 2) / (2 * wide**2)) for place in range(bins)]
    return [round(rows * height / sum(heights)) for height in heights]


def numeric_cells() -> tuple[Cell, ...]:
    """Return the bins of a numeric column that moved."""
    first, second = bell(0.45, 0.16, 24, 20_000), bell(0.58, 0.19, 24, 5_000)
    found = [
        Cell(f"{17 + 3 * n} to {20 + 3 * n}", a, b)
        for n, (a, b) in enumerate(zip(first, second, strict=True))
    ]
    return (*found, Cell("missing", 40, 600, "missing"))


def class_cells(
    names: tuple[str, ...] = ("private", "self-employed", "local government", "federal government", "none"),
) -> tuple[Cell, ...]:
    """Return the classes of a categorical column."""
    found = [
        Cell(name, 9_000 // (n + 1), 2_000 // (n + 1) + 120 * n, "class") for n, name in enumerate(names)
    ]
    return (*found, Cell("unseen", 0, 75, "unseen"), Cell("other", 120, 30, "other"))


def drift_report() -> DriftReport:
    """Return a comparison in which something of everything happened."""
    js = Measure("js", 0.231, 0.1, 0.2, "fail", "chi2", 412.3, 1e-80, 1e-78, 210)
    missing = Measure(
        "missing", 0.118, 0.02, 0.05, "fail", "score", 31.2, 1e-40, 1e-39, low=0.108, high=0.128
    )
    classes = Measure("l-infinity", 0.071, 0.05, 0.1, "warn", "chi2", 55.0, 1e-9, 4e-9, about="self-employed")
    columns = (
        ColumnDrift(
            "age",
            "numeric",
            "fail",
            0.231,
            "js",
            0.1,
            0.2,
            412.3,
            1e-80,
            1e-78,
            "chi2",
            210,
            20_000,
            5_000,
            40,
            600,
            (js, missing),
            "higher",
            "Values are higher: the median went from 37 to 45, and 12.0% are missing (0.2% before).",
            0.3,
            numeric_cells(),
        ),
        ColumnDrift(
            "workclass",
            "categorical",
            "warn",
            0.071,
            "l-infinity",
            0.05,
            0.1,
            55.0,
            1e-9,
            4e-9,
            "chi2",
            900,
            20_000,
            5_000,
            measures=(classes,),
            cause="share",
            reason="“self-employed” went from 22.5% to 29.6% of the rows.",
            weight=0.3,
            cells=class_cells(),
        ),
        ColumnDrift(
            "hours_per_week",
            "numeric",
            "pass",
            0.031,
            "js",
            0.1,
            0.2,
            24.0,
            0.21,
            0.4,
            "chi2",
            1800,
            20_000,
            5_000,
            measures=(replace(js, value=0.031, verdict="pass", p_adjusted=0.4),),
            weight=0.3,
            cells=tuple(
                Cell(str(n), a, a // 4 + n % 3, "value") for n, a in enumerate(bell(0.4, 0.2, 12, 20_000))
            ),
        ),
        ColumnDrift(
            "claim",
            "rare",
            "insufficient",
            None,
            n_reference=20_000,
            n_current=20,
            reason="20 rows of the current table are too few: 240 are needed",
            weight=0.1,
        ),
    )
    joint = JointDrift(
        "warn",
        0.612,
        0.598,
        0.626,
        separation=0.224,
        null_sd=0.0058,
        n_reference=5_000,
        n_current=5_000,
        separators=(
            Separator("age", 0.083, 0.074, 0.092),
            Separator("workclass", 0.021, 0.013, 0.029),
            Separator("hours_per_week", 0.001, -0.003, 0.005),
        ),
        used=("age", "workclass", "hours_per_week"),
        dropped=(("id", "it names rows"),),
        alien=((17, 0.011), (4_021, 0.018)),
        folds="2 blocks of time",
        source="tables",
    )
    return DriftReport(
        "fail",
        "The tables are different: age moved, and values of it are missing. Training again helps only after the data are repaired.",
        "repair",
        Side("data/2011.csv", 20_000),
        Side("data/2012.csv", 5_000),
        columns,
        joint,
        only_reference=("fnlwgt",),
        only_current=("note", "campaign"),
        failed=0.3,
        warned=0.3,
        unjudged=0.1,
        warnings=("data/2012.csv: column `note` is text from line 801 on",),
    )


def hostile_drift() -> DriftReport:
    """Return a comparison whose names mean harm, with numbers that cannot be drawn."""
    usual = drift_report()
    columns = tuple(
        replace(
            usual.columns[n % 2],
            name=name,
            reason=name,
            cause=name,
            type=name,
            measures=(replace(usual.columns[0].measures[0], about=name, value=math.nan, p_adjusted=None),),
            effect=(math.nan, math.inf, 0.3)[n % 3],
            cells=class_cells(NAMES) if n % 2 else (Cell(name, 0, 0), Cell(name, 5, 0)),
        )
        for n, name in enumerate(NAMES)
    )
    joint = JointDrift(
        "fail",
        0.99,
        0.98,
        1.0,
        separators=tuple(Separator(name, math.nan, 0, 1) for name in NAMES),
        dropped=tuple((n, n) for n in NAMES),
    )
    return replace(
        usual,
        sentence=HOSTILE,
        reference=Side(HOSTILE, 0),
        current=Side(LONG, 0),
        columns=columns,
        joint=joint,
        only_reference=NAMES,
        only_current=NAMES,
        warnings=NAMES,
        ignored=NAMES,
        verdict="error",
    )


def validation() -> Validation:
    """Return a validation with findings of both severities."""
    findings = (
        Finding(
            "amount",
            "unit",
            "fail",
            {"ratio of medians": 100.2, "median before": 12.4, "median now": 1242.5, "rows": 12_000},
            "The median went from 12.4 to 1,242: a hundred times as much.",
            "the column is in cents now, not in euros",
            (0, 1, 2, 3),
        ),
        Finding(
            "city",
            "missing_rate",
            "fail",
            {"missing before": 0.002, "missing now": 0.124, "interval": [0.116, 0.128]},
            "12.4% of the values are missing; it was 0.2%.",
            "a join upstream lost its rows",
        ),
        Finding(
            "",
            "duplicate_rows",
            "warn",
            {"rows": 31, "share": 0.0026},
            "31 rows come more than once.",
            "the file was appended twice",
            (4, 90, 1200),
        ),
        Finding(
            "plan",
            "unseen_categories",
            "warn",
            {"values": ["gold+", "trial"], "rows": 55},
            "55 rows have values that the reference never had.",
            "a new plan was introduced",
        ),
    )
    return Validation(
        "data/orders.csv",
        12_000,
        18,
        findings,
        (Trouble("time_zone", "ordered_at", "the column could not be read as times: line 801 has “soon”"),),
        (
            Looked("unit", 9),
            Looked("missing_rate", 18),
            Looked("duplicate_rows", 0),
            Looked("unseen_categories", 5),
            Looked("relabelled", 5, "it needs 200 rows"),
        ),
        ("schema schema/orders.yaml", "profile profiles/orders.json"),
        ("2 columns are tagged pii: their values were not looked at.",),
    )


def hostile_validation() -> Validation:
    """Return a validation whose names mean harm."""
    findings = tuple(
        Finding(
            name,
            name or "x",
            "fail" if n % 2 else "warn",
            {name: name, "deep": {"a": [name]}, "not a number": math.nan, "none": None, "yes": True},
            name,
            name,
            tuple(range(20)),
        )
        for n, name in enumerate(NAMES)
    )
    return Validation(
        HOSTILE,
        0,
        0,
        findings,
        (Trouble(LONG, HOSTILE, RIGHT_TO_LEFT),),
        (Looked(HOSTILE, 0, LONG),),
        (LONG, HOSTILE),
        NAMES,
    )
