"""Where a metric fell: which commit is asked next, and what scattered values say."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.history.bisect import (
    Answer,
    Scale,
    Step,
    differ,
    enough,
    next_step,
    questions_left,
    scatter_of,
    side_of,
)


def search(count: int, guilty: int, skipped: frozenset[int] = frozenset()) -> tuple[Step, int]:
    """Ask until nothing more can be learnt; everything from `guilty` on is bad."""
    answers: dict[int, Answer] = {}
    while (step := next_step(count, answers)).ask is not None:
        at = step.ask
        assert at not in answers
        answers[at] = "skip" if at in skipped else "bad" if at >= guilty else "good"
    return step, len(answers)


@given(st.data())
def test_what_was_planted_is_found_with_no_more_questions_than_halving_needs(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 400))
    guilty = data.draw(st.integers(1, count - 1))
    step, asked = search(count, guilty)
    assert list(step.suspects) == [guilty]
    assert asked <= math.ceil(math.log2(count - 1)) if count > 2 else asked == 0


@given(st.data())
def test_whatever_is_skipped_what_was_planted_is_among_the_suspects(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 60))
    guilty = data.draw(st.integers(1, count - 1))
    skipped = frozenset(data.draw(st.sets(st.integers(0, count - 1))))
    step, _ = search(count, guilty, skipped)
    assert guilty in step.suspects
    # Between the last good and the first bad one nothing was left unasked.
    assert set(step.suspects) - {step.bad} <= skipped


def test_one_commit_that_cannot_be_told_does_not_hide_a_fall_elsewhere() -> None:
    step, _ = search(16, 3, frozenset({8}))
    assert list(step.suspects) == [3]


def test_recorded_answers_narrow_the_search_before_anything_is_asked() -> None:
    step = next_step(65, {40: "bad", 36: "good", 3: "good"})
    assert (step.good, step.bad, step.ask) == (36, 40, 38)
    assert questions_left(step) == 2


def test_a_fall_that_was_recovered_from_is_told_and_not_searched() -> None:
    step = next_step(10, {2: "bad", 5: "good"})
    assert step.again == (2,)
    assert (step.good, step.bad) == (5, 9)


def test_answers_about_the_ends_change_nothing() -> None:
    assert next_step(5, {0: "bad", 4: "good"}) == next_step(5, {})


def test_a_threshold_works_in_both_directions() -> None:
    assert Scale(0.9, 0.7, 0.8).is_bad(0.79)
    assert not Scale(0.9, 0.7, 0.8).is_bad(0.8)
    assert Scale(1.0, 2.0, 1.5).is_bad(1.6)
    assert not Scale(1.0, 2.0, 1.5).is_bad(1.4)


def test_scatter_is_pooled_over_commits_and_unknown_without_repetitions() -> None:
    assert scatter_of([[1.0], [2.0]]) is None
    assert scatter_of([[1.0, 3.0], [10.0, 12.0]]) == math.sqrt(2)


def test_ends_closer_than_their_scatter_do_not_differ() -> None:
    assert not differ([0.80, 0.84], [0.79, 0.83], 0.02)
    assert differ([0.80, 0.84], [0.60, 0.64], 0.02)
    assert differ([0.8], [0.79], None)
    assert not differ([0.8], [0.8], None)


def test_one_value_far_from_the_threshold_is_enough_and_one_near_it_is_not() -> None:
    scale = Scale(0.9, 0.7, 0.8)
    assert enough([0.9], scale, 0.01, 5)
    assert not enough([0.81], scale, 0.01, 5)
    assert not enough([0.9], scale, None, 5)
    assert not enough([], scale, 0.01, 5)
    assert enough([0.81] * 5, scale, 0.5, 5)


def test_a_mean_within_its_error_of_the_threshold_is_on_no_side() -> None:
    scale = Scale(0.9, 0.7, 0.8)
    assert side_of([0.79, 0.82], scale, 0.05) == "unclear"
    assert side_of([0.9, 0.88], scale, 0.05) == "good"
    assert side_of([0.799], scale, None) == "bad"
