from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.remotes.port import RemoteError
from mlops_cli.store.transfer.flight import Budget, Flight, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

A, B = digest_bytes(b"a"), digest_bytes(b"b")


def test_everything_is_done_once_and_handed_on_with_its_item() -> None:
    assert sorted(Flight[int, int](3).run(lambda n: n * n, range(50))) == [(n, n * n) for n in range(50)]


def test_in_order_where_that_is_asked_for() -> None:
    def work(n: int) -> int:
        time.sleep(0.003 * (n % 3 == 0))
        return n

    flight = Flight[int, int](3, ordered=True)
    assert [n for n, _ in flight.run(work, range(30))] == list(range(30))


def test_a_data_error_is_handed_on_and_the_others_go_on() -> None:
    def work(n: int) -> int:
        if n == 3:
            raise DataError("three")
        return n

    found = dict(Flight[int, int](2).run(work, range(6)))
    assert isinstance(found.pop(3), DataError)
    assert found == {n: n for n in range(6) if n != 3}


def test_any_other_error_ends_it_and_what_has_not_begun_is_not_begun() -> None:
    begun = []

    def work(n: int) -> int:
        begun.append(n)
        if n == 2:
            raise KeyboardInterrupt
        return n

    with pytest.raises(KeyboardInterrupt):
        list(Flight[int, int](1).run(work, range(1000)))
    assert len(begun) < 10


def test_what_is_not_asked_for_any_more_is_not_begun() -> None:
    begun: list[int] = []
    budget = Budget(100)
    for _ in Flight[int, None](1, budget, lambda _: 10).run(begun.append, range(1000)):
        break
    assert len(begun) < 20
    assert budget.try_take(100), "room was not given back"


def test_a_remote_that_no_longer_answers_ends_it() -> None:
    begun = []

    def work(n: int) -> None:
        begun.append(n)
        raise RemoteError("no answer", transient=True)

    with pytest.raises(RemoteError, match="no answer"):
        list(Flight[int, None](2).run(work, range(1000)))
    assert len(begun) < 20


def test_failures_between_successes_do_not_end_it() -> None:
    def work(n: int) -> int:
        if n % 2:
            raise RemoteError("no answer", transient=True)
        return n

    assert len(list(Flight[int, int](1, ordered=True).run(work, range(100)))) == 100


def test_what_is_under_way_stays_within_the_budget_until_it_is_taken() -> None:
    lock = threading.Lock()
    held = most = 0

    def work(size: int) -> int:
        nonlocal held, most
        with lock:
            held += size
            most = max(most, held)
        return size

    for _, size in Flight[int, int](4, Budget(10), lambda size: size).run(work, [3, 5, 7, 2, 4] * 30):
        assert isinstance(size, int)
        with lock:
            held -= size
    assert 5 < most <= 10


def test_what_is_larger_than_the_budget_flies_alone() -> None:
    flight = Flight[int, int](4, Budget(10), lambda size: size)
    assert [size for size, _ in flight.run(lambda size: size, [50, 3, 90])] == [50, 3, 90]


def test_flights_that_share_a_budget_do_not_wait_for_each_other() -> None:
    budget = Budget(4)
    totals: list[int] = []

    def fly() -> None:
        flight = Flight[int, int](3, budget, lambda size: size, ordered=True)
        totals.append(sum(size for size, _ in flight.run(lambda size: size, [3, 2, 1, 4] * 50)))

    threads = [threading.Thread(target=fly, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert totals == [500] * 4


def test_items_are_made_only_when_there_is_room_for_more() -> None:
    made = 0

    def items() -> Iterator[int]:
        nonlocal made
        for number in range(100):
            made += 1
            yield number

    for _ in Flight[int, int](2).run(lambda n: n, items()):
        break
    assert made <= 4


def test_a_tally_names_what_failed_by_its_first_cause() -> None:
    tally = Tally()
    tally.fail([A], "damaged there")
    tally.fail([A, B], "not here")
    assert tally.failed == {A: "damaged there", B: "not here"}
    assert tally.unmoved == {A, B}


def test_a_tally_names_many_by_one_name() -> None:
    tally = Tally()
    tally.fail([A, B], "503", "2 small objects")
    assert (tally.failed, tally.unmoved) == ({"2 small objects": "503"}, {A, B})


def test_whoever_listens_is_told_of_each_step() -> None:
    seen = []
    tally = Tally(listen=lambda t: seen.append((t.objects, t.bytes)))
    tally.moved(1, 10)
    tally.moved(0, 5)
    assert seen == [(1, 10), (1, 15)]
