from __future__ import annotations

import os

import pytest

from mlops_cli.execution.machine import read_capacity


def test_a_stage_may_use_the_cores_that_this_process_may_use() -> None:
    assert read_capacity({}).cores == len(os.sched_getaffinity(0))


def test_settings_say_how_many_cores_and_how_much_memory() -> None:
    capacity = read_capacity({}, cores=3, memory=5)
    assert (capacity.cores, capacity.memory) == (3, 5)


def test_the_memory_is_that_of_the_machine() -> None:
    assert read_capacity({}).memory == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        ("0,1", ("0", "1")),
        (" 2 , GPU-abc ", ("2", "GPU-abc")),
        ("", ()),
        ("-1", ()),
    ],
)
def test_the_environment_says_which_gpus_may_be_used(visible: str, gpus: tuple[str, ...]) -> None:
    assert read_capacity({"CUDA_VISIBLE_DEVICES": visible}).gpus == gpus


def test_settings_say_how_many_gpus_there_are() -> None:
    assert read_capacity({}, gpus=2).gpus == ("0", "1")


def test_settings_may_say_that_there_is_no_gpu() -> None:
    assert read_capacity({"CUDA_VISIBLE_DEVICES": "0,1"}, gpus=0).gpus == ()


def test_the_ids_in_the_environment_are_kept_where_the_settings_say_the_same_number() -> None:
    assert read_capacity({"CUDA_VISIBLE_DEVICES": "4,7"}, gpus=2).gpus == ("4", "7")


def test_where_settings_allow_fewer_gpus_they_are_some_of_those_that_may_be_used() -> None:
    assert read_capacity({"CUDA_VISIBLE_DEVICES": "4,7"}, gpus=1).gpus == ("4",)
