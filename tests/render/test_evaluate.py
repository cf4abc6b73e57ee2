"""What `evaluate` and `train` say."""

from __future__ import annotations

import re
from dataclasses import replace

from mlops_cli.actions.evaluate import EvaluateResult
from mlops_cli.evaluation.charts import Calibration, Confusion, Threshold
from mlops_cli.evaluation.findings import FoundSlice, Importance, Slice, Warned, Worth, WorthAt
from mlops_cli.evaluation.measured import Measured, unmeasured
from mlops_cli.evaluation.model import Evaluation, Subject
from mlops_cli.evaluation.sentence import amount, sentence_of
from mlops_cli.render.evaluate import evaluate_summary, evaluate_text, evaluate_wire

ACCURACY = Measured(0.91234, 0.9051, 0.9197, 1000, "up", "ok", "wilson")
EVALUATION = Evaluation(
    "binary",
    1000,
    {
        "accuracy": ACCURACY,
        "roc_auc": unmeasured("insufficient", "all rows are of one class, no", 1000, "up"),
    },
    classes=("no", "yes"),
    positive="yes",
    slices=(
        Slice("age >= 65", "age >= 65", "age >= 65", 40, "insufficient", "40 rows", {"accuracy": ACCURACY}),
    ),
    warnings=(Warned("identifier", "id", "warn", "id names rows", {}, "a key"),),
    calibration=Calibration((), 0.97, -0.07),
    confusion=Confusion(("no", "yes"), ((900, 10), (78, 12))),
    threshold=Threshold(0.3, "youden", 500, 1000, "chosen on 500 rows"),
    notes=("a note",),
    sentence="all of it",
)


def result(evaluation: Evaluation | None = EVALUATION) -> EvaluateResult:
    return EvaluateResult(evaluation, "reports/e", None, "churn")


def test_a_table_has_every_metric_with_as_many_digits_as_its_interval_is_worth() -> None:
    text = evaluate_text(result())
    lines = [line.split() for line in text.splitlines()]
    assert ["accuracy", "0.912", "0.905", "to", "0.920", "1,000", "higher"] in lines
    assert any(line[:2] == ["roc_auc", "insufficient"] and "one class" in " ".join(line) for line in lines)


def test_every_part_is_shown_where_there_is_one() -> None:
    text = evaluate_text(result())
    assert "yes is answered from a score of 0.3 on (chosen by youden; chosen on 500 rows)." in text
    assert "slope 0.97" in text
    assert "is yes  78       12" in text
    assert "insufficient: 40 rows" in text
    assert "warn   id names rows. Likely: a key." in text
    bare = evaluate_text(result(Evaluation("regression", 3, {"mae": Measured(1.5, None, None, 3, "down")})))
    assert bare.count("\n") == 2


def test_a_weak_slice_says_on_how_many_rows_its_loss_stands_and_no_p_value_is_0() -> None:
    inside, outside = (
        Measured(value, value - 0.02, value + 0.02, n) for value, n in ((0.5, 1853), (0.1, 4000))
    )
    weak = FoundSlice(
        "sex = F", "sex == 'F'", 3826, 0.4, 1, "log_loss", inside, outside, inside, 5, 1e-300, 1e-300
    )
    lines = evaluate_text(result(replace(EVALUATION, found=(weak,)))).splitlines()
    (row,) = [line.split() for line in lines if line.startswith("sex == 'F'")]
    assert row[3:5] == ["3,826", "40.0%"]
    assert "1,853" in row
    assert row[-1] == "<0.001"
    assert "Found on one half of the rows; losses and p are those of the other half." in lines


def test_of_a_table_of_predictions_no_threshold_is_called_the_models_own() -> None:
    own = replace(EVALUATION, threshold=Threshold(0.5, "default", 0, 1000))
    assert "(the model's own)" in evaluate_text(result(own))
    assert "(as the answers lie)" in evaluate_text(
        result(replace(own, subject=Subject(predictor="predictions")))
    )


def test_money_has_its_thousands_and_a_label_with_spaces_its_quotes() -> None:
    per_row, total = Measured(3.22, 3.02, 3.42, 8281), Measured(26680.0, 25024.0, 28336.0, 8281)
    worth = Worth(
        "EUR",
        ("no", " yes"),
        ((0, -5), (-10, 20)),
        per_row,
        total,
        1.0,
        " yes",
        best=WorthAt(0.11498, 3.2261),
    )
    text = evaluate_text(result(replace(EVALUATION, value=worth, positive=" yes")))
    assert "26,680 (25,024 to 28,336) EUR in all" in text
    assert 'always answering " yes" is worth 1 EUR' in text
    assert "the best threshold on these rows, 0.115, 3.226 EUR" in text
    assert '" yes" is answered from a score of 0.3 on' in text


def test_other_forms_have_a_row_for_each_metric_and_slice() -> None:
    rows = evaluate_text(result(), "csv").splitlines()
    assert rows[1] == "all,accuracy,0.91234,0.9051,0.9197,1000,up,ok,"
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["all", "accuracy"],
        ["all", "roc_auc"],
        ["age >= 65", "accuracy"],
    ]


def test_the_summary_has_the_sentence_the_notes_and_where_the_report_lies() -> None:
    assert evaluate_summary(result()) == "churn: all of it.\na note\nReport: reports/e/report.html\n"


def test_without_an_evaluation_there_is_nothing_to_show() -> None:
    assert (evaluate_text(result(None)), evaluate_summary(result(None))) == ("", "")
    assert evaluate_wire(result(None)) == {"name": "churn", "report": "reports/e", "run": None}
    assert result(None).exit_code == 4


def test_a_metric_that_could_not_be_computed_decides_the_exit_code() -> None:
    broken = Evaluation(
        "regression", 3, {"mae": unmeasured("error", "1 of 3 predictions are missing", 3, "down")}
    )
    assert result(broken).exit_code == 5
    assert result().exit_code == 0


def test_the_sentence_says_what_is_main_and_what_is_wrong() -> None:
    assert sentence_of(EVALUATION).startswith("1,000 rows: roc_auc insufficient: all rows")
    grave = Warned("overlap", "", "fail", "all rows were trained on", {}, "")
    untrusted = Evaluation("regression", 5, {"mae": Measured(1.0, 0.5, 1.5, 5, "down")}, warnings=(grave,))
    assert sentence_of(untrusted) == "5 rows: mae 1.0 (0.5 to 1.5); do not trust it: all rows were trained on"


def test_an_amount_without_an_interval_is_a_number_alone() -> None:
    assert amount(Measured(0.123456)) == "0.1235"


def test_the_remark_on_a_threshold_is_made_once() -> None:
    said = evaluate_text(result()) + evaluate_summary(result())
    assert said.count("chosen on 500 rows") == 1


def test_a_table_of_slices_is_no_wider_than_the_terminal() -> None:
    names = ("accuracy", "precision", "recall", "roc_auc")
    why = unmeasured(
        "insufficient", "no row is answered yes, and that is a long story to be told here", 0, "up"
    )
    slices = tuple(
        Slice(
            f"a group of rows {at}",
            "",
            "",
            90,
            metrics={**dict.fromkeys(names[:3], ACCURACY), "roc_auc": why},
        )
        for at in range(3)
    )
    text = evaluate_text(result(replace(EVALUATION, slices=slices)))
    lines = text[text.index("Slices") :].splitlines()[:4]
    assert max(map(len, lines)) <= 110
    assert "precision" in lines[0]
    assert "In evaluation.json besides: roc_auc of each slice" in text
    narrow = re.sub(r"\x1b\[\d*m", "", evaluate_text(result(replace(EVALUATION, slices=slices)), width=80))
    assert "accuracy" in narrow[narrow.index("Slices") :].splitlines()[0]
    assert max(len(line) for line in narrow[narrow.index("Slices") :].splitlines()[:4]) <= 80


def test_one_is_not_spoken_of_as_several() -> None:
    metrics = {"mae": unmeasured("error", "m.py raised", 1, "down")}
    assert sentence_of(Evaluation("regression", 1, metrics)).startswith("1 row: ")
    assert "1 metric could not" in sentence_of(Evaluation("regression", 1, metrics))


def test_a_column_that_the_model_does_not_use_is_marked() -> None:
    nothing = Importance("key", Measured(0.0, 0.0, 0.0, 10, "up"), "roc_auc", 0.9, 5, 100)
    some = replace(nothing, column="age", drop=Measured(0.1, 0.05, 0.15, 10, "up"))
    lines = evaluate_text(result(replace(EVALUATION, importance=(nothing, some)))).splitlines()
    assert [line.split()[0] for line in lines if "seems not to use it" in line] == ["key"]
