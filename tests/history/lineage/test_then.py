"""History as it was then."""

from __future__ import annotations

import pytest

from mlops_cli.history.known import Source
from mlops_cli.history.lineage.then import Moment, Remembered, read_date, seconds_of
from tests.support.lineages import PREPARE, TRAIN, Told, made, named

OLD = Source("commit", "a" * 40, time=1000)
NEW = Source("commit", "b" * 40, time=2000)
JOURNAL = Source("journal", "0123456789ab")


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("2026-01-31", "2026-01-31T23:59:59+00:00"),
        ("2026-01-31T17:59", "2026-01-31T17:59:59+00:00"),
        ("2026-01-31 17:59:10", "2026-01-31T17:59:10+00:00"),
        ("2026-01-31T17:59:10+02:00", "2026-01-31T15:59:10+00:00"),
        ("2026-01-31T17:59:10Z", "2026-01-31T17:59:10+00:00"),
    ],
)
def test_a_date_stands_for_its_end(text: str, until: str) -> None:
    assert read_date(text) == seconds_of(until)


@pytest.mark.parametrize("text", ["main", "2026", "20260131", "2026-13-01", "2026-01-31T25:00", "abcdef12"])
def test_what_is_no_date_is_not_taken_for_one(text: str) -> None:
    assert read_date(text) is None


def test_what_was_recorded_later_was_not_there() -> None:
    rows = [PREPARE._replace(source=OLD, sources=(OLD,)), TRAIN._replace(source=NEW, sources=(NEW,))]
    then = Remembered(Told(rows), Moment(None, 1500))  # type: ignore[arg-type]
    assert len(then.made(named("", "train").artifact.digest)) == 1
    assert then.made(named("", "model 1").artifact.digest) == []


def test_at_a_commit_only_what_led_to_it_was_there() -> None:
    rows = [PREPARE._replace(source=NEW, sources=(NEW, OLD)), TRAIN._replace(source=NEW, sources=(NEW,))]
    then = Remembered(Told(rows), Moment("a" * 40, 5000, frozenset({"a" * 40})))  # type: ignore[arg-type]
    assert len(then.made(named("", "train").artifact.digest)) == 1
    assert then.made(named("", "model 1").artifact.digest) == []


def test_a_run_in_a_journal_was_there_once_it_had_begun() -> None:
    row = made("train", {}, {"m.pkl": "m"}, started="1970-01-01T00:20:00.000Z", source=JOURNAL)
    told = Told([row])
    digest = named("", "m").artifact.digest
    assert Remembered(told, Moment(None, 1199)).made(digest) == []  # type: ignore[arg-type]
    assert Remembered(told, Moment(None, 1200, frozenset())).made(digest) == [row]  # type: ignore[arg-type]
