"""What makes the truth or the answers themselves doubtful."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlops_cli.evaluation.doubts import doubts
from mlops_cli.evaluation.measure import Measurer
from mlops_cli.evaluation.sample import Sample

DRAW = np.random.default_rng(0)
TRUTH = DRAW.integers(0, 2, 500)
SCORES = np.clip(0.3 * TRUTH + 0.7 * DRAW.random(500), 0, 1)
GOOD = Sample("binary", TRUTH, (SCORES >= 0.5).astype(int), SCORES, ("no", "yes"))


def checks(sample: Sample, infinite: int = 0) -> list[tuple[str, str]]:
    found = doubts(sample, Measurer(sample).measure, infinite, "y")
    return [(warned.check, warned.severity) for warned in found]


def test_nothing_is_said_of_scores_that_go_with_the_truth() -> None:
    assert checks(GOOD) == []


@pytest.mark.parametrize(("infinite", "severity"), [(1, "warn"), (100, "fail")])
def test_an_infinite_truth_is_a_warning_and_grave_where_it_is_often(infinite: int, severity: str) -> None:
    assert checks(GOOD, infinite) == [("infinite_target", severity)]


def test_scores_turned_round_are_told_and_the_order_of_classes_is_blamed_only_where_answers_disagree() -> (
    None
):
    turned = replace(GOOD, scores=1 - SCORES)
    (told,) = doubts(turned, Measurer(turned).measure, 0, "y")
    assert (told.check, "contradict" in told.message) == ("scores_turned_round", True)
    both = replace(turned, predicted=1 - GOOD.predicted)
    (told,) = doubts(both, Measurer(both).measure, 0, "y")
    assert ("contradict" in told.message, "order" in told.cause) == (False, False)


def test_scores_by_chance_and_scores_that_are_missing_are_not_turned_round() -> None:
    assert checks(replace(GOOD, scores=np.random.default_rng(1).random(500))) == []
    assert checks(replace(GOOD, scores=np.where(TRUTH == 1, np.nan, 0.5))) == []
