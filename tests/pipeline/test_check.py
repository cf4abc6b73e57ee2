"""What must hold between stages: good neighbours are left alone."""

from __future__ import annotations

from tests.support.pipelines import parse, problems


def test_outputs_beside_each_other_in_one_folder_do_not_overlap() -> None:
    assert not problems("stages:\n  a: {cmd: x, outs: [data/a]}\n  b: {cmd: x, outs: [data/ab, data2]}\n")


def test_a_pattern_that_matches_the_stages_own_output_is_allowed_beside_others() -> None:
    assert not problems("stages:\n  a: {cmd: x, deps: ['data/*.csv'], outs: [data/sum.csv]}\n")


def test_reading_a_folder_that_another_stage_fills_is_no_loop() -> None:
    text = "stages:\n  a: {cmd: x, outs: [data/a]}\n  b: {cmd: x, deps: [data], outs: [b]}\n"
    assert list(parse(text).stages) == ["a", "b"]


def test_an_output_may_lie_beside_a_file_with_a_longer_name_that_the_pipeline_reads() -> None:
    files = {"mlops.yaml": "stages:\n  a: {cmd: x, params: [d], outs: [params]}\n", "params.yaml": "d: 1\n"}
    assert not problems(files)


def test_a_folder_that_is_only_named_like_ours_may_be_an_output() -> None:
    assert not problems("stages:\n  a: {cmd: x, outs: [.github/x, .mlops-out]}\n")


def test_each_loop_is_told_once_and_starts_at_its_first_name() -> None:
    found = problems(
        "stages:\n  b: {cmd: x, deps: [a.o], outs: [b.o]}\n  a: {cmd: x, deps: [b.o], outs: [a.o]}\n"
    )
    assert [p.message for p in found] == ["stages wait for each other: a -> b -> a"]


def test_an_output_inside_two_others_is_told_for_each() -> None:
    found = problems(
        "stages:\n  a: {cmd: x, outs: [d]}\n  b: {cmd: x, outs: [d/e]}\n  c: {cmd: x, outs: [d/e/f]}\n"
    )
    assert [p.message for p in found] == [
        "d/e of b lies inside d, an output of a",
        "d/e/f of c lies inside d, an output of a",
        "d/e/f of c lies inside d/e, an output of b",
    ]


def test_a_name_of_200_bytes_is_not_too_long_and_folders_do_not_count() -> None:
    name, folder = "n" * 200, "f" * 90
    parse(f"stages:\n  {name}: {{cmd: x}}\n")
    long = "n" * (200 - len(folder) - 1)
    parse(
        {
            "mlops.yaml": f"include: [g/{folder}]\n",
            f"g/{folder}/mlops.yaml": f"stages:\n  {long}: {{cmd: x}}\n",
        }
    )
