from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.pipeline.definition import Dependency, Output, Place, Stage
from mlops_cli.pipeline.key import stage_key
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.store.digest import Digest

PLACE = Place("mlops.yaml", 3, 3)
A, B, C = (digest_bytes(text) for text in (b"a", b"b", b"c"))

STAGE = Stage(
    "train",
    PLACE,
    commands=("python train.py", "python check.py"),
    wdir="src",
    deps=(Dependency("train.py", PLACE), Dependency("data.csv", PLACE)),
    params={"params.yaml": {"train.depth": 4, "train.rate": 0.1}},
    env=("OMP_NUM_THREADS", "MODE"),
    outs=(Output("model.bin"), Output("metrics.json", "metric", cache=False)),
    runtime=("requirements.lock",),
)
DEPS = {"train.py": A, "data.csv": B}
ENV: dict[str, str | None] = {"OMP_NUM_THREADS": "4", "MODE": None}
RUNTIME = {"requirements.lock": C}


def key(
    stage: Stage = STAGE,
    deps: Mapping[str, Digest] = DEPS,
    env: Mapping[str, str | None] = ENV,
    runtime: Mapping[str, Digest] = RUNTIME,
) -> Digest:
    return stage_key(stage, deps, env, runtime)


def with_params(value: Any) -> Stage:
    return replace(STAGE, params={"params.yaml": {"train.depth": value, "train.rate": 0.1}})


def test_the_key_of_a_known_stage_never_changes() -> None:
    assert key() == "b3:1ccb116f2cbe07c1aaecdb2b13c9f9329ec27c1afa6f542cc42d330c098ea708"


@pytest.mark.parametrize(
    "change",
    [
        {"commands": ("python train.py", "python check.py --strict")},
        {"commands": ("python check.py", "python train.py")},
        {"commands": ("python train.py && python check.py",)},
        {"commands": (), "uses": "evaluate"},
        {"wdir": "."},
        {"params": {"params.yaml": {"train.depth": 5, "train.rate": 0.1}}},
        {"params": {"params.yaml": {"train.depth": 4}}},
        {"params": {"params.yaml": {"train.depth": 4, "train.rate": 0.1, "train.seed": None}}},
        {"params": {"other.yaml": {"train.depth": 4, "train.rate": 0.1}}},
        {"outs": (Output("model.bin"),)},
        {"outs": (Output("model.bin"), Output("metric.json", "metric", cache=False))},
        {"outs": (Output("model.bin"), Output("metrics.json", "metric"), Output("plot.png"))},
    ],
    ids=str,
)
def test_a_change_of_what_the_definition_says_of_the_work_changes_the_key(change: dict[str, Any]) -> None:
    assert key(replace(STAGE, **change)) != key()


def test_other_settings_of_a_built_in_step_change_the_key() -> None:
    one = replace(STAGE, commands=(), uses="evaluate", settings={"target": "a"})
    assert key(one) != key(replace(one, settings={"target": "b"}))


@pytest.mark.parametrize(
    "deps",
    [
        {"train.py": C, "data.csv": B},
        {"train.py": B, "data.csv": A},
        {"train.py": A},
        {"train.py": A, "data.csv": B, "more.csv": C},
        {"train.py": A, "data2.csv": B},
    ],
)
def test_another_path_or_another_content_of_an_input_changes_the_key(deps: dict[str, Digest]) -> None:
    assert key(deps=deps) != key()


@pytest.mark.parametrize(
    "env",
    [
        {"OMP_NUM_THREADS": "8", "MODE": None},
        {"OMP_NUM_THREADS": None, "MODE": None},
        {"OMP_NUM_THREADS": "4", "MODE": ""},
        {"OMP_NUM_THREADS": "4"},
    ],
)
def test_another_value_of_a_named_variable_changes_the_key(env: dict[str, str | None]) -> None:
    assert key(env=env) != key()


@pytest.mark.parametrize("runtime", [{"requirements.lock": A}, {"uv.lock": C}, {}])
def test_another_runtime_file_changes_the_key(runtime: dict[str, Digest]) -> None:
    assert key(runtime=runtime) != key()


def test_a_file_as_input_is_not_the_same_as_a_file_of_the_runtime() -> None:
    assert key(deps=DEPS | RUNTIME, runtime={}) != key()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"place": Place("other.yaml", 1, 1)},
        {"desc": "what it does"},
        {"timeout": 60.0},
        {"retries": 3},
        {"cores": 8},
        {"gpu": 1},
        {"memory": 1 << 30},
        {"mutex": ("database",)},
        {"frozen": True},
        {"always": True},
        {"outs": (Output("metrics.json", "metric", cache=False), Output("model.bin"))},
        {"outs": (Output("model.bin", "plot", cache=False, persist=True), Output("metrics.json"))},
    ],
    ids=str,
)
def test_what_decides_no_result_does_not_change_the_key(change: dict[str, Any]) -> None:
    assert key(replace(STAGE, **change)) == key()


def test_the_order_in_which_inputs_parameters_and_variables_are_written_does_not_matter() -> None:
    turned = replace(
        STAGE, deps=STAGE.deps[::-1], params={"params.yaml": {"train.rate": 0.1, "train.depth": 4}}
    )
    same = key(turned, dict(reversed(DEPS.items())), dict(reversed(ENV.items())))
    assert same == key()


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), (0, False), ("1", 1), (None, "null"), ([], {}), ([1], [1.0])]
)
def test_values_that_a_program_could_tell_apart_give_two_keys(one: Any, other: Any) -> None:
    assert key(with_params(one)) != key(with_params(other))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
).filter(lambda value: "\ud800" not in repr(value))


@given(values, values)
def test_two_parameter_values_share_a_key_only_when_they_are_one_value(one: Any, other: Any) -> None:
    assert (key(with_params(one)) == key(with_params(other))) == (_told(one) == _told(other))


def _told(value: Any) -> str:
    """Return a text that tells values and their types apart, whatever the order of keys."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{k!r}:{_told(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_told, value)) + "]"
    return repr(value)


digests = st.binary(max_size=2).map(digest_bytes)
inputs = st.dictionaries(st.text("abc/", min_size=1, max_size=4), digests, max_size=4)


@given(inputs, inputs)
def test_two_sets_of_inputs_share_a_key_only_when_they_are_one(
    one: dict[str, Digest], other: dict[str, Digest]
) -> None:
    assert (key(deps=one) == key(deps=other)) == (one == other)


@given(inputs, inputs)
def test_an_input_never_passes_for_a_runtime_file(one: dict[str, Digest], other: dict[str, Digest]) -> None:
    assert (key(deps=one, runtime=other) == key(deps=other, runtime=one)) == (one == other)
