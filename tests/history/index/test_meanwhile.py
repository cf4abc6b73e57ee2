"""Something done while this thread does something else."""

from __future__ import annotations

import threading

import pytest

from mlops_cli.history.index.meanwhile import Meanwhile


def test_the_work_is_under_way_before_anybody_waits_for_it() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work() -> int:
        begun.set()
        go_on.wait(60)
        return 7

    under_way = Meanwhile(work)
    assert begun.wait(60)
    go_on.set()
    assert under_way.result() == 7


def test_what_it_raised_is_raised_where_the_answer_is_wanted() -> None:
    def work() -> None:
        raise LookupError("gone")

    under_way = Meanwhile(work)
    for _ in range(2):
        with pytest.raises(LookupError, match="gone"):
            under_way.result()
