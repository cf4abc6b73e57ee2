"""Labels as text, and truth and answers as a sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlops_cli.errors import DataError, UsageError
from mlops_cli.evaluation.judging import Judge, judged_rows
from mlops_cli.evaluation.labels import coded, two_classes
from mlops_cli.evaluation.predictors.predictor import Answers


def judge(**settings: Any) -> Judge:
    given = {"task": None, "told": "classification", "labels": None, "positive": None, "where": "y of t.csv"}
    return Judge(**{**given, **settings})


def test_whole_numbers_floats_and_texts_of_the_same_class_are_one_class() -> None:
    codes, labels = coded(np.array([1.0, 0.0, 1.0]))
    assert (codes.tolist(), labels) == ([0, 1, 0], ["1", "0"])
    sample = judge().sample(pd.Series([1.0, 0.0, 1.0]), Answers(np.array([1, 0, 0])))
    assert (sample.classes, sample.truth.tolist(), sample.predicted.tolist()) == (
        ("0", "1"),
        [1, 0, 1],
        [1, 0, 0],
    )


def test_yes_as_a_flag_on_one_side_and_as_a_number_on_the_other_is_the_same() -> None:
    sample = judge().sample(pd.Series([True, False]), Answers(np.array([1, 1])))
    assert (sample.classes, sample.truth.tolist(), sample.predicted.tolist()) == (("0", "1"), [1, 0], [1, 1])


def test_a_missing_answer_is_none_of_the_classes() -> None:
    sample = judge().sample(pd.Series(["a", "b"]), Answers(np.array(["a", None], dtype=object)))
    assert sample.predicted.tolist() == [0, -1]
    assert sample.missing() == 1


def test_scores_are_put_in_the_order_of_the_classes_whatever_the_order_of_the_model() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8]])
    sample = judge(labels=["yes", "no"]).sample(
        pd.Series(["yes", "no"]), Answers(np.array(["yes", "no"]), scores)
    )
    assert sample.classes == ("no", "yes")
    assert sample.scores is not None
    assert sample.scores.tolist() == [0.9, 0.2]


def test_the_positive_class_is_the_one_that_was_named() -> None:
    answers = Answers(np.array(["a", "b"]), np.array([[0.9, 0.1], [0.2, 0.8]]))
    sample = judge(labels=["a", "b"], positive="a").sample(pd.Series(["a", "b"]), answers)
    assert sample.classes == ("b", "a")
    assert sample.scores is not None
    assert sample.scores.tolist() == [0.9, 0.2]


@pytest.mark.parametrize(
    ("labels", "positive", "wanted"),
    [
        (["a", "b"], None, ("a", "b")),
        (["yes", "no"], None, ("no", "yes")),
        (["1", "0"], None, ("0", "1")),
        (["9", "10"], None, ("9", "10")),
        (["a", "b"], "a", ("b", "a")),
        (["1"], None, ("not 1", "1")),
        (["0"], None, ("0", "not 0")),
        (["a"], "b", ("a", "b")),
    ],
)
def test_of_two_classes_one_is_positive(
    labels: list[str], positive: str | None, wanted: tuple[str, str]
) -> None:
    assert two_classes(labels, positive) == wanted


def test_a_model_that_answers_in_other_words_than_the_target_is_refused() -> None:
    with pytest.raises(DataError, match=r"the model answers cat, dog, and y of t.csv has no, yes"):
        judge(labels=["cat", "dog"]).sample(pd.Series(["yes", "no"]), Answers(np.array(["cat", "dog"])))


def test_a_positive_class_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match=r'no class "x": y of t\.csv has a, b'):
        judge(positive="x").sample(pd.Series(["a", "b"]), Answers(np.array(["a", "b"])))


def test_a_class_that_the_model_does_not_know_is_told() -> None:
    asked = judge(labels=["a", "b"])
    sample = asked.sample(
        pd.Series(["a", "c"]), Answers(np.array(["a", "b"]), np.array([[0.9, 0.1], [0.2, 0.8]]))
    )
    assert sample.task == "multiclass"
    assert "does not know: c" in asked.notes[0]
    assert sample.scores is not None
    assert sample.scores[:, 2].tolist() == [0, 0]


def test_more_than_two_classes_are_no_binary_task() -> None:
    with pytest.raises(UsageError, match="there are 3"):
        judge(task="binary").sample(pd.Series(["a", "b", "c"]), Answers(np.array(["a", "b", "c"])))


def test_scores_beyond_one_are_kept_for_their_order_alone() -> None:
    asked = judge(labels=[0, 1])
    sample = asked.sample(pd.Series([0, 1]), Answers(np.array([0, 1]), np.array([-3.0, 4.0])))
    assert not sample.probabilities
    assert "no probabilities" in asked.notes[0]


def test_scores_for_another_number_of_classes_are_refused() -> None:
    with pytest.raises(DataError, match="3 scores a row, and knows 2 classes"):
        judge(labels=[0, 1]).sample(pd.Series([0, 1]), Answers(np.array([0, 1]), np.ones((2, 3)) / 3))


@pytest.mark.parametrize(
    ("truth", "predicted", "task"),
    [
        ([0.5, 1.5, 2.5], [0.4, 1.0, 2.0], "regression"),
        ([1, 2, 1, 2], [1, 2, 2, 2], "binary"),
        (list(range(30)), list(range(30)), "regression"),
        ([1, 2, 1, 2], [1.2, 2.2, 1.4, 2.0], "regression"),
    ],
)
def test_where_nobody_says_the_task_follows_from_the_values_and_that_is_told(
    truth: Any, predicted: Any, task: str
) -> None:
    asked = judge(told=None)
    assert asked.sample(pd.Series(truth), Answers(np.array(predicted))).task == task
    assert "nothing says what the task is" in asked.notes[0]


def test_a_regression_on_words_is_refused() -> None:
    with pytest.raises(DataError, match="a regression needs numbers"):
        judge(told="regression").sample(pd.Series(["a", "b"]), Answers(np.array([1.0, 2.0])))


def test_rows_without_a_truth_are_left_out_and_counted() -> None:
    found = judged_rows(pd.Series([1.0, np.nan, np.inf, 3.0]), "regression")
    assert (found.rows.tolist(), found.missing, found.infinite, found.left_out) == ([0, 3], 1, 1, 2)
    found = judged_rows(pd.Series(["a", None, "b"]), "classification")
    assert (found.rows.tolist(), found.missing, found.infinite) == ([0, 2], 1, 0)


def test_many_labels_are_counted_and_not_listed() -> None:
    with pytest.raises(DataError, match=r"answers 30 different values, such as 0\.25, and") as caught:
        judge(task="binary").sample(pd.Series(["a", "b"]), Answers(np.arange(30) + 0.25))
    assert "task: regression" in caught.value.hint


@pytest.mark.parametrize(
    ("truth", "said"), [([" yes", "no"], ["yes", "no"]), (["yes ", "yes", "no"], ["yes", "no", "no"])]
)
def test_labels_that_differ_in_spaces_only_are_no_further_class(truth: list[str], said: list[str]) -> None:
    with pytest.raises(DataError, match="differ in spaces only"):
        judge().sample(pd.Series(truth), Answers(np.array(said)))


def test_labels_with_the_same_spaces_everywhere_are_taken_as_they_are() -> None:
    assert judge().sample(pd.Series([" yes", " no"]), Answers(np.array([" yes", " no"]))).classes == (
        " no",
        " yes",
    )


def test_a_regression_has_no_positive_class() -> None:
    with pytest.raises(UsageError, match="no positive class"):
        judge(task="regression", positive="1").sample(pd.Series([1.5, 2.5]), Answers(np.array([1.0, 2.0])))
