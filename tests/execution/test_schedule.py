from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.execution.machine import Capacity
from mlops_cli.execution.schedule import Grant, Schedule
from tests.support.facts import stage

if TYPE_CHECKING:
    from mlops_cli.pipeline.definition import Stage

GB = 1 << 30


def schedule(
    *stages: Stage,
    upstream: dict[str, list[str]] | None = None,
    cores: int = 4,
    memory: int = 8 * GB,
    gpus: tuple[str, ...] = ("0", "1"),
) -> Schedule:
    ups = {s.name: (upstream or {}).get(s.name, []) for s in stages}
    return Schedule([s.name for s in stages], ups, {s.name: s for s in stages}, Capacity(cores, memory, gpus))


def started(this: Schedule) -> list[str]:
    """Start what can start."""
    names = []
    while (found := this.next()) is not None:
        names.append(found[0])
    return names


def test_what_needs_nothing_starts_in_the_order_as_written() -> None:
    assert started(schedule(stage("b"), stage("a"), stage("c"))) == ["b", "a", "c"]


def test_no_more_start_than_there_are_cores() -> None:
    assert started(schedule(*map(stage, "abcd"), cores=2)) == ["a", "b"]


def test_a_stage_that_is_done_makes_room_for_the_next() -> None:
    this = schedule(*map(stage, "abc"), cores=2)
    started(this)
    this.done("a")
    assert started(this) == ["c"]


def test_a_stage_starts_after_all_that_it_needs() -> None:
    this = schedule(*map(stage, "abc"), upstream={"c": ["a", "b"]})
    started(this)
    this.done("a")
    assert started(this) == []
    this.done("b")
    assert started(this) == ["c"]


def test_what_is_needed_but_not_part_of_the_run_counts_as_done() -> None:
    assert started(schedule(stage("b"), upstream={"b": ["elsewhere"]})) == ["b"]


def test_a_small_stage_goes_first_where_a_large_one_does_not_fit() -> None:
    this = schedule(stage("a", cores=2), stage("large", cores=4), stage("b", cores=2))
    assert started(this) == ["a", "b"]


def test_a_stage_that_asks_for_more_cores_than_there_are_runs_alone() -> None:
    this = schedule(stage("huge", cores=64), stage("b"))
    assert started(this) == ["huge"]
    this.done("huge")
    assert started(this) == ["b"]


def test_stages_share_the_memory() -> None:
    this = schedule(*(stage(name, memory=5 * GB) for name in "ab"), stage("c", memory=3 * GB))
    assert started(this) == ["a", "c"]


def test_a_stage_that_asks_for_more_memory_than_there_is_runs_without_others_that_ask_for_some() -> None:
    this = schedule(stage("huge", memory=64 * GB), stage("b", memory=1))
    assert started(this) == ["huge"]


def test_each_gpu_is_given_to_one_stage() -> None:
    this = schedule(*(stage(name, gpu=1) for name in "abc"))
    grants = [this.next(), this.next(), this.next()]
    assert [found[1].gpus for found in grants if found] == [("0",), ("1",)]


def test_a_gpu_that_is_free_again_is_given_to_the_next() -> None:
    this = schedule(*(stage(name, gpu=1) for name in "abc"))
    started(this)
    this.done("b")
    assert this.next() == ("c", Grant(1, 0, ("1",), ()))


def test_a_stage_that_asks_for_more_gpus_than_there_are_is_let_through_with_all_of_them() -> None:
    # It may have to be restored only, which needs none; whether it may run is decided where it would.
    this = schedule(stage("a", gpu=4))
    assert this.next() == ("a", Grant(1, 0, ("0", "1"), ()))


def test_on_a_machine_without_gpus_a_stage_that_asks_for_one_does_not_wait_for_ever() -> None:
    assert started(schedule(stage("a", gpu=1), gpus=())) == ["a"]


def test_two_stages_with_one_mutex_never_run_together() -> None:
    this = schedule(stage("a", mutex=("db",)), stage("b", mutex=("net", "db")), stage("c", mutex=("net",)))
    assert started(this) == ["a", "c"]
    this.done("a")
    assert started(this) == []
    this.done("c")
    assert started(this) == ["b"]


def test_what_needs_a_failed_stage_is_given_up_near_and_far() -> None:
    this = schedule(*map(stage, "abcd"), upstream={"b": ["a"], "c": ["b"]})
    started(this)
    assert this.failed("a") == ("b", "c")
    this.done("d")
    assert this.finished


def test_what_is_given_up_twice_is_told_once() -> None:
    this = schedule(*map(stage, "abc"), upstream={"c": ["a", "b"]})
    started(this)
    assert this.failed("a") == ("c",)
    assert this.failed("b") == ()


def test_dropping_gives_up_what_has_not_started_and_leaves_what_runs() -> None:
    this = schedule(*map(stage, "abc"), cores=1)
    started(this)
    assert this.drop() == ("b", "c")
    assert this.running == 1
    this.done("a")
    assert started(this) == []
    assert this.finished


def test_a_parked_stage_lets_others_go_first_until_it_may_try_again() -> None:
    this = schedule(*map(stage, "abc"), cores=1)
    this.next()
    this.park("a")
    assert started(this) == ["b"]
    this.done("b")
    this.unpark()
    assert started(this) == ["a"]


def test_a_parked_stage_holds_nothing() -> None:
    this = schedule(stage("a", mutex=("db",), cores=4), stage("b", mutex=("db",), cores=4))
    this.next()
    this.park("a")
    assert started(this) == ["b"]


def test_a_schedule_of_nothing_is_finished() -> None:
    assert schedule().finished


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[Stage], dict[str, list[str]], Capacity]:
    count = draw(st.integers(1, 10))
    stages, upstream = [], {}
    for number in range(count):
        ups = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        upstream[f"s{number}"] = [f"s{up}" for up in sorted(ups)]
        wants: dict[str, Any] = {
            "cores": draw(st.integers(1, 6)),
            "gpu": draw(st.integers(0, 3)),
            "memory": draw(st.none() | st.integers(1, 12)),
            "mutex": tuple(sorted(draw(st.sets(st.sampled_from("xyz"), max_size=2)))),
        }
        stages.append(stage(f"s{number}", **wants))
    gpus = tuple(map(str, range(draw(st.integers(0, 2)))))
    return stages, upstream, Capacity(draw(st.integers(1, 4)), draw(st.integers(1, 8)), gpus)


@given(runs(), st.data())
def test_whatever_is_asked_for_nothing_is_given_twice_and_everything_ends(
    drawn: tuple[list[Stage], dict[str, list[str]], Capacity], data: st.DataObject
) -> None:
    stages, upstream, capacity = drawn
    this = Schedule([s.name for s in stages], upstream, {s.name: s for s in stages}, capacity)
    running: dict[str, Grant] = {}
    good: set[str] = set()
    over: set[str] = set()
    while not this.finished:
        if not running or data.draw(st.booleans()):
            this.unpark()
        while (found := this.next()) is not None:
            name, grant = found
            assert name not in running | dict.fromkeys(over)
            assert set(upstream[name]) <= good
            running[name] = grant
        assert running, "something is left, and nothing of it can ever start"
        assert this.running == len(running)
        held = list(running.values())
        assert sum(grant.cores for grant in held) <= capacity.cores
        assert sum(grant.memory for grant in held) <= capacity.memory
        gpus = [gpu for grant in held for gpu in grant.gpus]
        assert len(gpus) == len(set(gpus))
        assert set(gpus) <= set(capacity.gpus)
        mutexes = [mutex for grant in held for mutex in grant.mutex]
        assert len(mutexes) == len(set(mutexes))
        name = data.draw(st.sampled_from(sorted(running)))
        del running[name]
        match data.draw(st.sampled_from(["done", "done", "failed", "park"])):
            case "done":
                this.done(name)
                good.add(name)
                over.add(name)
            case "failed":
                over.update({name, *this.failed(name)})
            case _:
                this.park(name)
    assert over == {s.name for s in stages}


@pytest.mark.parametrize("cores", [1, 2, 3, 7])
def test_a_wide_run_uses_every_core(cores: int) -> None:
    this = schedule(*(stage(f"s{i}") for i in range(20)), cores=cores)
    assert len(started(this)) == cores
