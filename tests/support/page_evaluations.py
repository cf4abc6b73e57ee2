"""Evaluations for the tests of pages: of every task, of nothing, and one whose names mean harm."""

from __future__ import annotations

import math
from dataclasses import replace

from mlops_cli.evaluation.charts import Bin, Calibration, Confusion, Curves, Grid, Histogram, Threshold
from mlops_cli.evaluation.findings import (
    Comparison,
    FoundSlice,
    Gap,
    Importance,
    PairedMetric,
    Slice,
    SlicePair,
    Warned,
    Worth,
    WorthAt,
)
from mlops_cli.evaluation.measured import Direction, Measured
from mlops_cli.evaluation.model import Evaluation, Subject
from tests.support.page_reports import HOSTILE, LONG, NAMES, RIGHT_TO_LEFT, bell


def share(
    value: float, n: int, direction: Direction = "up", wide: float = 2.0, effective: float | None = None
) -> Measured:
    """Return a share with an interval as wide as its rows make it."""
    half = wide * math.sqrt(value * (1 - value) / n)
    return Measured(
        value,
        max(0.0, value - half),
        min(1.0, value + half),
        n,
        direction,
        method="wilson",
        effective=effective,
    )


def difference(value: float, half: float, direction: Direction = "up") -> Measured:
    """Return a difference with its interval."""
    return Measured(value, value - half, value + half, 9_768, direction, method="delong")


def curves() -> Curves:
    """Return smooth curves of a model that is right more often than not."""
    at = [n / 100 for n in range(101)]
    roc = tuple((t**2.6, t**0.45, None if t in (0.0, 1.0) else round(1 - t, 4)) for t in at)
    precision = tuple((t, 0.97 - 0.7 * t**3, None if t == 0 else round(1 - t, 4)) for t in at)
    edges = tuple(n / 32 for n in range(33))
    scores = {"negative": tuple(bell(0.18, 0.2, 32, 7_400)), "positive": tuple(bell(0.66, 0.22, 32, 2_368))}
    by = tuple((1 - t, 0.97 - 0.7 * t**3, t, 1.9 * t * (1 - t / 2.2) / (1 + t)) for t in at)
    return Curves(roc, precision, Histogram(edges, scores), by_threshold=by)


def calibration() -> Calibration:
    """Return a calibration that is off at its upper end."""
    bins = []
    for n in range(15):
        score = (n + 0.5) / 15
        rate = score - 0.12 * score**2
        half = 2 * math.sqrt(rate * (1 - rate) / 651)
        bins.append(Bin(n / 15, (n + 1) / 15, 651, score, rate, max(0.0, rate - half), min(1.0, rate + half)))
    return Calibration(tuple(bins), 0.93, -0.06)


def binary() -> Evaluation:
    """Return the evaluation of a binary model with everything that there can be."""
    metrics = {
        "roc_auc": Measured(0.8612, 0.8524, 0.8697, 9_768, "up", method="delong"),
        "average_precision": Measured(0.7431, 0.7269, 0.7586, 9_768, "up", method="bootstrap"),
        "accuracy": share(0.8412, 9_768),
        "precision": share(0.7317, 1_912, effective=1_912.0),
        "recall": share(0.5912, 2_368, effective=2_368.0),
        "f1": Measured(0.6540, 0.6378, 0.6697, 9_768, "up", method="bootstrap"),
        "log_loss": Measured(0.3421, 0.3318, 0.3529, 9_768, "down", method="bootstrap"),
        "brier": Measured(0.1091, 0.1052, 0.1131, 9_768, "down", method="t"),
        "profit": Measured(
            None,
            None,
            None,
            0,
            "up",
            "error",
            note="metrics.py:profit raised ZeroDivisionError: division by zero",
        ),
    }
    names = ("Amer-Indian-Eskimo", "Asian-Pac-Islander", "Black", "Other", "White")
    rows = (96, 311, 940, 7, 8_414)
    slices = [
        Slice(
            f"race = {name}",
            f"race == '{name}'",
            "race",
            n,
            "ok" if n > 200 else "insufficient" if n > 20 else "suppressed",
            ""
            if n > 200
            else "200 rows are needed to judge"
            if n > 20
            else "fewer than 20 rows are not shown",
            {"roc_auc": share(0.84 + 0.012 * k, n, wide=1.4), "accuracy": share(0.83 + 0.02 * k, n)}
            if n > 20
            else {},
        )
        for k, (name, n) in enumerate(zip(names, rows, strict=True))
    ]
    slices.append(
        Slice(
            "seniors",
            "age >= 65",
            "seniors",
            712,
            metrics={"roc_auc": share(0.79, 712), "accuracy": share(0.81, 712)},
        )
    )
    found = tuple(
        FoundSlice(
            where,
            where,
            n,
            n / 9_768,
            2,
            "log_loss",
            share(0.61, n),
            share(0.33, 9_000),
            Measured(lift, lift - 0.06, lift + 0.06, n // 2, "down"),
            1.86 - k / 5,
            1e-7,
            2e-6 * 10**k,
            ("age >= 41 and education == 'Masters'",) if k == 0 else (),
        )
        for k, (where, n, lift) in enumerate(
            [
                ("age >= 44 and occupation == 'Sales'", 402, 0.28),
                ("capital_gain == 0 and education == 'Doctorate'", 188, 0.17),
            ]
        )
    )
    fairness = tuple(
        Gap(
            metric,
            "sex",
            f"sex = {group}",
            "overall" if metric == "recall" else "sex = Male",
            share(value, n),
            share(base, 9_768),
            difference(value - base, 0.02),
            Measured(value / base, value / base - 0.06, value / base + 0.06, n, None),
            four if metric == "selection_rate" else None,
            n=n,
        )
        for metric, base in (("selection_rate", 0.26), ("recall", 0.59))
        for group, n, value, four in (
            ("Female", 3_270, 0.08 if metric == "selection_rate" else 0.52, True),
            ("Male", 6_498, base, False),
        )
    )
    importance = tuple(
        Importance(
            name,
            Measured(drop, drop - 0.004, drop + 0.004, 9_768, "up", method="t"),
            "roc_auc",
            0.8612,
            10,
            9_768,
            ("education_num",) if name == "education" else (),
        )
        for name, drop in (
            ("capital_gain", 0.0712),
            ("marital_status", 0.0581),
            ("age", 0.0344),
            ("education", 0.0121),
            ("hours_per_week", 0.0098),
            ("native_country", -0.0004),
        )
    )
    warnings = (
        Warned(
            "near_target",
            "capital_gain",
            "warn",
            "One column alone nearly tells the target.",
            {"roc_auc alone": 0.912, "rows": 9_768},
            "it may be known only afterwards",
        ),
        Warned(
            "overlap",
            "",
            "fail",
            "31 rows of the test table are in the training table too.",
            {"rows": 31, "share": 0.0032},
            "the split was made after rows were copied",
        ),
    )
    worth = Worth(
        "EUR",
        ("<=50K", ">50K"),
        ((2.0, -5.0), (-10.0, 10.0)),
        Measured(1.83, 1.71, 1.95, 9_768, "up"),
        Measured(17_875.0, 16_700.0, 19_050.0, 9_768, "up"),
        -0.90,
        "<=50K",
        tuple(
            WorthAt(
                n / 20,
                2 - 6 * (n / 20 - 0.36) ** 2,
                1.9 - 6 * (n / 20 - 0.36) ** 2,
                2.1 - 6 * (n / 20 - 0.36) ** 2,
            )
            for n in range(1, 20)
        ),
        WorthAt(0.35, 2.0),
    )
    paired = (
        PairedMetric(
            "roc_auc",
            0.8612,
            0.8533,
            difference(0.0079, 0.0031),
            0.0000004,
            0.005,
            "undecided",
            "delong",
            needed=14_200,
            reason="The interval reaches from inside the margin to beyond it.",
        ),
        PairedMetric(
            "accuracy", 0.8412, 0.8401, difference(0.0011, 0.0030), 0.47, 0.005, "equivalent", "mcnemar"
        ),
        PairedMetric(
            "log_loss",
            0.3421,
            0.3562,
            difference(-0.0141, 0.0040, "down"),
            0.0000001,
            0.005,
            "better",
            "bootstrap",
        ),
        PairedMetric(
            "recall",
            0.5912,
            None,
            Measured(None, note="the other model has no answer"),
            None,
            0.005,
            "insufficient",
        ),
    )
    pairs = tuple(
        SlicePair(
            one.name,
            one.where,
            one.group,
            one.n,
            replace(
                paired[0],
                difference=difference(0.004 * k - 0.004, 0.02 if one.n > 500 else 0.05),
                verdict=("worse", "undecided", "better", "insufficient", "better")[k % 5],
                p_adjusted=0.04,
            ),
        )
        for k, one in enumerate(slices)
    )
    against = Comparison(
        "churn@production (v12)",
        9_768,
        "roc_auc",
        "undecided",
        "Better in roc_auc by 0.0079 [0.0048, 0.0110], but it is undecided whether that is more than the margin of 0.005.",
        metrics=paired,
        slices=pairs,
    )
    return Evaluation(
        "binary",
        9_768,
        metrics,
        Subject(
            "models/income.joblib",
            "joblib",
            "data/test.parquet",
            "income",
            "b3:" + "7d8a" * 16,
            "b3:" + "01fe" * 16,
            "Pipeline(ColumnTransformer, HistGradientBoostingClassifier)",
        ),
        1,
        ("<=50K", ">50K"),
        ">50K",
        tuple(slices),
        found,
        fairness,
        importance,
        warnings,
        calibration(),
        Confusion(("<=50K", ">50K"), ((6_887, 513), (968, 1_400))),
        curves(),
        Threshold(0.5, "default"),
        worth,
        against,
        ("1 row has no target and was left out.",),
    )


def multiclass() -> Evaluation:
    """Return the evaluation of a model with five classes."""
    classes = ("boat", "car", "lorry", "plane", "train")
    counts = tuple(tuple(500 if i == j else 7 * ((i * 3 + j) % 5) for j in range(5)) for i in range(5))
    metrics = {
        "accuracy": share(0.92, 2_700),
        "f1_macro": share(0.91, 2_700),
        "balanced_accuracy": share(0.92, 2_700),
        "log_loss": Measured(0.31, 0.28, 0.34, 2_700, "down"),
        **{f"recall[{each}]": share(0.88 + 0.02 * n, 540, effective=540.0) for n, each in enumerate(classes)},
    }
    return Evaluation(
        "multiclass",
        2_700,
        metrics,
        Subject("models/vehicles.skops", "skops", "data/test", "kind"),
        classes=classes,
        confusion=Confusion(classes, counts),
        calibration=calibration(),
    )


def many_classes(k: int = 60) -> Evaluation:
    """Return the evaluation of a model with more classes than a matrix can show."""
    classes = tuple(f"class {n}" for n in range(k))
    counts = tuple(tuple(50 if i == j else (i * j) % 4 for j in range(k)) for i in range(k))
    return replace(multiclass(), classes=classes, confusion=Confusion(classes, counts))


def regression() -> Evaluation:
    """Return the evaluation of a regression."""
    metrics = {
        "rmse": Measured(41.83, 40.11, 43.57, 3_476, "down", method="bootstrap"),
        "mae": Measured(26.42, 25.35, 27.49, 3_476, "down", method="t"),
        "r2": Measured(0.9462, 0.9411, 0.9511, 3_476, "up", method="bootstrap"),
        "bias": Measured(-1.12, -2.51, 0.27, 3_476, None, method="t"),
        "mape": Measured(None, None, None, 3_476, "down", "insufficient", note="the truth is 0 in 12 rows"),
    }
    edges = tuple(-160.0 + 10 * n for n in range(33))
    fit = tuple(
        (60.0 * n, 60.0 * (n + 1), 232, 60.0 * n + 30, 60.0 * n + 30 + (12 if n > 11 else -5) - n * n / 9)
        for n in range(15)
    )
    cells = tuple(
        tuple(round(400 * math.exp(-((x - y) ** 2) / 6 - x / 9)) for y in range(30)) for x in range(30)
    )
    grid = Grid(tuple(30.0 * n for n in range(31)), cells)
    drawn = Curves(grid=grid, scores=Histogram(edges, {"rows": tuple(bell(0.5, 0.12, 32, 3_476))}), fit=fit)
    slices = tuple(
        Slice(
            f"season = {n}",
            f"season == {n}",
            "season",
            869,
            metrics={"rmse": Measured(38.0 + 3 * n, 35.0 + 3 * n, 41.0 + 3 * n, 869, "down")},
        )
        for n in range(1, 5)
    )
    return Evaluation(
        "regression",
        3_476,
        metrics,
        Subject("models/rentals.joblib", "joblib", "data/2012.csv", "cnt"),
        slices=slices,
        curves=drawn,
    )


def nothing_measured() -> Evaluation:
    """Return an evaluation on rows that allow nothing."""
    none = Measured(None, status="insufficient", note="there is one class only", direction="up")
    return Evaluation(
        "binary",
        0,
        {"roc_auc": none, "accuracy": none},
        confusion=Confusion((), ()),
        calibration=Calibration(()),
        curves=Curves(),
    )


def hostile_evaluation() -> Evaluation:
    """Return an evaluation whose names mean harm."""
    usual = binary()
    odd = Measured(math.nan, -math.inf, math.inf, 5, "up", note=HOSTILE)
    far = Measured(1e300, -1e300, 1e308, 5, "up")
    assert usual.value is not None
    assert usual.against is not None
    return replace(
        usual,
        subject=Subject(HOSTILE, HOSTILE, LONG, RIGHT_TO_LEFT, HOSTILE, LONG, HOSTILE),
        metrics={name: (odd, far, share(0.3, 10))[n % 3] for n, name in enumerate(NAMES)},
        slices=tuple(
            Slice(name, name, name, n, metrics={HOSTILE: share(0.5, 10), LONG: odd})
            for n, name in enumerate(NAMES)
        ),
        found=tuple(replace(usual.found[0], name=name, where=name, also=NAMES) for name in NAMES),
        fairness=tuple(
            replace(usual.fairness[0], metric=name, group=name, name=name, reference=name) for name in NAMES
        ),
        importance=tuple(replace(usual.importance[0], column=name, near_copies=NAMES) for name in NAMES),
        warnings=tuple(Warned(name, name, "warn", name, {name: name}, name) for name in NAMES),
        confusion=Confusion(NAMES, tuple(tuple(i * j for j in range(len(NAMES))) for i in range(len(NAMES)))),
        threshold=Threshold(7.5, HOSTILE, note=LONG),
        value=replace(
            usual.value,
            unit=HOSTILE,
            classes=NAMES,
            matrix=tuple(tuple(float(i - j) for j in range(len(NAMES))) for i in range(len(NAMES))),
            simple_class=LONG,
        ),
        against=replace(
            usual.against,
            against=HOSTILE,
            sentence=LONG,
            joined=f"key:{HOSTILE}",
            notes=NAMES,
            metrics=tuple(
                replace(usual.against.metrics[0], metric=name, reason=name, difference=odd) for name in NAMES
            ),
            slices=tuple(replace(usual.against.slices[0], name=name) for name in NAMES),
        ),
        notes=NAMES,
    )
