"""What `drift` prints: it fits, it says bands in the unit of the effect, and it is JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from mlops_cli.data.drift.model import ColumnDrift, DriftReport, JointDrift, Measure, Separator, Side
from mlops_cli.render.drift import drift_summary, drift_text, drift_wire

MISSING = Measure("missing", 0.06, 0.02, 0.05, "fail", "score of missing", 9.0, 1e-9, 1e-8, 400)
COLUMN = ColumnDrift(
    "a column with a name that is rather long, longer than most",
    "numeric",
    "fail",
    0.06,
    "missing",
    0.02,
    0.05,
    9.0,
    1e-9,
    1e-8,
    "score of missing",
    400,
    1000,
    2000,
    measures=(MISSING,),
    cause="missing",
    reason="values are missing",
    weight=1.0,
)
JOINT = JointDrift(
    "fail", 0.8, 0.78, 0.82, separation=0.6, null_sd=0.01, n_reference=1000, n_current=1000,
    separators=(Separator("b", 0.2, 0.1, 0.3),), dropped=(("id", "identifier"),), alien=((7, 0.01),),
)  # fmt: skip
REPORT = DriftReport(
    "fail", "Different.", "perhaps", Side("a.csv", 1000), Side("b.csv", 2000), (COLUMN,), JOINT, failed=1.0
)


def passing(number: int) -> ColumnDrift:
    return replace(COLUMN, name=f"c{number}", verdict="pass", cause="")


def test_a_table_fits_the_terminal() -> None:
    for width in (60, 80, 120):
        table = drift_text(replace(REPORT, joint=None), "table", width=width)
        lines = re.sub(r"\x1b\[[0-9;]*m", "", table).splitlines()
        assert max(map(len, lines)) <= width
        assert "fail" in table


def test_shares_and_their_bands_are_in_points_of_a_percent() -> None:
    line = drift_text(REPORT, "table").splitlines()[1]
    assert "+6 %" in line
    assert "2 %" in line
    assert "5 %" in line


def test_what_passes_is_counted_where_there_is_much_of_it() -> None:
    report = replace(REPORT, columns=(COLUMN, *(passing(number) for number in range(20))))
    assert "20 more columns pass" in drift_text(report, "table", brief=True)
    assert "c19" in drift_text(report, "table")


def test_the_joint_distribution_is_told_with_its_interval_and_what_was_not_looked_at() -> None:
    text = drift_text(REPORT, "table")
    assert "0.800 (0.780 to 0.820)" in text
    assert "id (identifier)" in text
    assert "b (0.200)" in text


def test_the_folds_are_told() -> None:
    told = replace(JOINT, folds="10 blocks of when, every other one held back")
    assert "judged on 10 blocks of when" in drift_text(replace(REPORT, joint=told), "table")


def test_many_columns_without_a_verdict_are_one_line() -> None:
    few = tuple(
        replace(COLUMN, name=f"few{at}", verdict="insufficient", cause="", n_current=54, needed=60 + at)
        for at in range(14)
    )
    report = replace(REPORT, columns=(COLUMN, *few))
    brief = drift_text(report, "table", brief=True)
    assert "14 columns are insufficient (few0" in brief
    assert "54 rows are too few, 73 would do for all" in brief
    assert len(brief.splitlines()) < 8
    assert "few13" in drift_text(report, "table")


def test_a_share_that_moved_is_said_with_its_class_and_blanks_are_seen() -> None:
    difference = replace(MISSING, name="difference", value=-0.06, about=" Female")
    column = replace(COLUMN, measure="difference", measures=(difference,), cause="less often")
    assert 'less often: " Female"' in drift_text(replace(REPORT, columns=(column,)), "md")
    turned = replace(column, cause="relabelled")
    assert "Female" not in drift_text(replace(REPORT, columns=(turned,)), "md")


def test_rows_of_both_tables_are_told() -> None:
    told = replace(JOINT, shared=40)
    assert "40 rows of the 1,000 of the current table are in both tables" in drift_text(
        replace(REPORT, joint=told), "table"
    )


def test_markdown_has_the_verdict_the_sentence_and_what_was_noticed() -> None:
    passed = replace(REPORT, verdict="pass", sentence="Similar.", columns=(), warnings=("Odd.",))
    text = drift_text(passed, "md")
    assert text.startswith("**pass**: b.csv against a.csv\n")
    assert text.endswith("Similar.\n\n- Odd.\n")


def test_json_has_no_number_that_is_none() -> None:
    odd = replace(REPORT, columns=(replace(COLUMN, statistic=float("inf")),))
    wire = drift_wire(odd)
    assert json.loads(json.dumps(wire, allow_nan=False))["columns"][0]["statistic"] is None
    assert wire["joint"]["alien"] == [{"row": 7, "probability": 0.01}]


def test_the_summary_begins_with_the_verdict() -> None:
    assert drift_summary(replace(REPORT, warnings=("A warning.",))) == "A warning.\nfail: Different.\n"
