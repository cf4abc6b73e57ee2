"""The pipeline file, feature by feature: what is written and the stages that come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlops_cli.errors import FileError
from mlops_cli.pipeline.definition import Output, Place, dump_pipeline, load_pipeline
from mlops_cli.pipeline.graph import build_graph
from mlops_cli.pipeline.key import stage_key
from mlops_cli.pipeline.parse import TOP_KEYS, parse_pipeline
from mlops_cli.pipeline.stage_body import STAGE_KEYS
from tests.support.pipelines import one_stage, parse, problems, reader, refused
from tests.support.strategies import written_stages

if TYPE_CHECKING:
    from mlops_cli.pipeline.definition import Stage


def _deps(stage: Stage) -> list[str]:
    return [dep.path for dep in stage.deps]


def _outs(stage: Stage) -> list[str]:
    return [out.path for out in stage.outs]


# The file as a whole ---------------------------------------------------------------------------------------


def test_the_pipeline_of_the_design_is_read_as_it_stands() -> None:
    files = {
        "mlops.yaml": """
            params: params.yaml
            runtime: [requirements.lock]
            stages:
              prepare:
                cmd: python src/prepare.py
                deps: [src/prepare.py, data/raw.csv]
                params: [prepare]
                outs: [data/train.parquet, data/test.parquet]
              train:
                matrix: {algo: [forest, boosting], seed: [1, 2, 3]}
                cmd: python src/train.py --algo ${matrix.algo} --seed ${matrix.seed}
                deps: [src/train.py, data/train.parquet]
                params: [train]
                env: [OMP_NUM_THREADS]
                outs: ["models/${matrix.algo}-${matrix.seed}.joblib"]
                metrics: ["metrics/${matrix.algo}-${matrix.seed}.json"]
                timeout: 2h
                retries: 1
                cores: 2
            models:
              churn: {artifact: models/best.joblib, environments: {production: {anything: [goes, here]}}}
            alerts:
              team: {webhook: {url_env: HOOK_URL}}
        """,
        "params.yaml": "prepare: {rows: 10}\ntrain: {depth: 4}\n",
    }
    pipeline = parse(files)
    assert len(pipeline.stages) == 7
    stage = pipeline.stages["train@boosting-2"]
    assert stage.commands == ("python src/train.py --algo boosting --seed 2",)
    assert stage.params == {"params.yaml": {"train": {"depth": 4}}}
    assert stage.runtime == ("requirements.lock",)
    assert stage.outs == (
        Output("models/boosting-2.joblib"),
        Output("metrics/boosting-2.json", "metric", cache=False),
    )
    assert (stage.timeout, stage.retries, stage.cores, stage.env) == (7200.0, 1, 2, ("OMP_NUM_THREADS",))
    assert build_graph(pipeline).upstream["train@forest-1"] == ("prepare",)
    assert pipeline.files == ("mlops.yaml", "params.yaml")


@pytest.mark.parametrize(
    "text", ["", "\n# only a comment\n", "stages:\n", "---\n", "models: {}\nalerts: {}\n"]
)
def test_a_file_without_stages_is_an_empty_pipeline(text: str) -> None:
    assert not parse(text).stages


def test_a_missing_file_is_told_with_the_command_that_makes_one() -> None:
    with pytest.raises(FileError, match=r"there is no mlops\.yaml") as caught:
        parse_pipeline(reader({}))
    assert caught.value.hint == "Make one with: mlops init"


def test_the_file_may_have_another_name_and_lie_deeper() -> None:
    pipeline = parse_pipeline(
        reader({"deep/other.yaml": "stages:\n  a: {cmd: x, deps: [b]}\n"}), file="deep/other.yaml"
    )
    assert pipeline.stages["a"].deps[0].path == "deep/b"
    assert pipeline.stages["a"].place == Place("deep/other.yaml", 2, 3)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    assert parse({"mlops.yaml": b"\xef\xbb\xbfstages:\r\n  a:\r\n    cmd: x\r\n"}).stages["a"].commands == (
        "x",
    )


def test_anchors_and_merge_keys_share_what_stages_have_in_common() -> None:
    text = """
        stages:
          a: &base {cmd: x, cores: 2, outs: [a]}
          b: {<<: *base, outs: [b]}
    """
    stage = parse(text).stages["b"]
    assert (stage.commands, stage.cores, _outs(stage)) == (("x",), 2, ["b"])


# What a stage runs -----------------------------------------------------------------------------------------


def test_a_command_is_text_or_a_list_run_one_after_another() -> None:
    assert one_stage("cmd: python a.py").commands == ("python a.py",)
    assert one_stage("cmd: [mkdir -p a, python b.py]").commands == ("mkdir -p a", "python b.py")


def test_a_command_over_several_lines_is_kept_as_it_is() -> None:
    assert one_stage("cmd: |\n  set -e\n  python a.py\n").commands == ("set -e\npython a.py\n",)


def test_a_built_in_step_declares_its_own_inputs_and_outputs() -> None:
    stage = one_stage(
        "uses: copy\nwith: {from: a, to: out/b}\nreport: reports\nwdir: sub\ndeps: [extra]\nouts: [more]"
    )
    assert (stage.uses, stage.commands) == ("copy", ())
    assert stage.settings == {"from": "a", "to": "out/b"}
    assert _deps(stage) == ["sub/extra", "sub/a"]
    assert stage.outs == (
        Output("sub/more"),
        Output("sub/out/b"),
        Output("sub/reports/report.json", "metric", cache=False),
    )


def test_settings_of_a_step_may_be_one_template() -> None:
    stage = parse("vars: {s: {from: a, to: b}}\nstages:\n  only: {uses: copy, with: '${s}'}\n").stages["only"]
    assert stage.settings == {"from": "a", "to": "b"}


def test_a_stage_can_be_described_frozen_and_always_run() -> None:
    stage = one_stage("cmd: x\ndesc: what it does\nfrozen: true\nalways: true")
    assert (stage.desc, stage.frozen, stage.always) == ("what it does", True, True)
    plain = one_stage("cmd: x")
    assert (plain.desc, plain.frozen, plain.always) == ("", False, False)


def test_what_a_stage_takes_of_the_machine_is_read_into_seconds_and_bytes() -> None:
    stage = one_stage("cmd: x\ntimeout: 90s\nretries: 2\ncores: 4\ngpu: 1\nmemory: 8GB\nmutex: [db, port]")
    assert (stage.timeout, stage.retries, stage.cores, stage.gpu) == (90.0, 2, 4, 1)
    assert (stage.memory, stage.mutex) == (8_000_000_000, ("db", "port"))
    assert one_stage("cmd: x\nmutex: db").mutex == ("db",)


def test_a_stage_takes_one_core_and_nothing_else_by_default() -> None:
    stage = one_stage("cmd: x")
    assert (stage.timeout, stage.retries, stage.cores, stage.gpu, stage.memory, stage.mutex) == (
        None,
        0,
        1,
        0,
        None,
        (),
    )


# Inputs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "paths"),
    [
        ("data.csv", ["data.csv"]),
        ("[a, ./b/, c/../d]", ["a", "b", "d"]),
        ("[src/**/*.py, 'data/*.csv']", ["src/**/*.py", "data/*.csv"]),
        ("[{path: a}, b]", ["a", "b"]),
        ("[a, ./a, a]", ["a"]),
        ("[.]", ["."]),
        ("[]", []),
        ("", []),
    ],
)
def test_dependencies_have_these_forms(written: str, paths: list[str]) -> None:
    assert _deps(one_stage(f"cmd: x\ndeps: {written}")) == paths


def test_each_dependency_knows_where_it_is_written() -> None:
    stage = one_stage("cmd: x\ndeps:\n  - a\n  - {path: b}")
    assert [dep.place for dep in stage.deps] == [Place("mlops.yaml", 5, 9), Place("mlops.yaml", 6, 16)]


def test_inputs_may_lie_outside_the_project_inside_the_repository() -> None:
    stage = parse("stages:\n  a: {cmd: x, deps: [../shared/a.csv]}\n", depth=1).stages["a"]
    assert _deps(stage) == ["../shared/a.csv"]


@pytest.mark.parametrize(
    ("written", "selected"),
    [
        ("train", {"params.yaml": {"train": {"depth": 4, "rate": 0.1}}}),
        ("[train.depth, seed]", {"params.yaml": {"train.depth": 4, "seed": 7}}),
        ("[params.yaml]", {"params.yaml": {"": {"seed": 7, "train": {"depth": 4, "rate": 0.1}}}}),
        ("[{o.toml: [a.b]}]", {"o.toml": {"a.b": [1, 2]}}),
        ("{o.toml: a.c}", {"o.toml": {"a.c": "2026-01-02"}}),
        ("[{j.json: }]", {"j.json": {"": {"x": {"y": None}}}}),
        ("{j.json: []}", {"j.json": {"": {"x": {"y": None}}}}),
        (
            "[seed, {j.json: [x.y], o.toml: [a.b.1]}]",
            {"params.yaml": {"seed": 7}, "j.json": {"x.y": None}, "o.toml": {"a.b.1": 2}},
        ),
        ("[]", {}),
        ("", {}),
    ],
)
def test_parameters_have_these_forms(written: str, selected: dict[str, Any]) -> None:
    stage = one_stage(
        f"cmd: x\nparams: {written}",
        params_yaml="seed: 7\ntrain: {depth: 4, rate: 1e-1}\n",
        o_toml="[a]\nb = [1, 2]\nc = 2026-01-02\n",
        j_json='{"x": {"y": null}}',
    )
    assert stage.params == selected


def test_the_default_parameter_file_can_be_named() -> None:
    files = {
        "mlops.yaml": "params: conf/p.toml\nstages:\n  a: {cmd: 'x ${d}', params: [d]}\n",
        "conf/p.toml": "d = 3\n",
    }
    stage = parse(files).stages["a"]
    assert stage.params == {"conf/p.toml": {"d": 3}}
    assert stage.commands == ("x 3",)


def test_only_named_variables_of_the_environment_count_each_once() -> None:
    assert one_stage("cmd: x\nenv: [B, A, B]").env == ("B", "A")
    assert one_stage("cmd: x\nenv: TOKENIZERS_PARALLELISM").env == ("TOKENIZERS_PARALLELISM",)


def test_runtime_files_belong_to_every_stage_of_the_file() -> None:
    pipeline = parse("runtime: [uv.lock, ./env/Dockerfile]\nstages:\n  a: {cmd: x}\n  b: {cmd: y}\n")
    assert [s.runtime for s in pipeline.stages.values()] == [("uv.lock", "env/Dockerfile")] * 2


# Outputs ---------------------------------------------------------------------------------------------------


def test_outputs_are_cached_while_metrics_and_plots_are_kept_in_git() -> None:
    stage = one_stage("cmd: x\nplots: p\nmetrics: [m]\nouts: [o]")
    assert [(o.path, o.kind, o.cache, o.persist) for o in stage.outs] == [
        ("o", "out", True, False),
        ("m", "metric", False, False),
        ("p", "plot", False, False),
    ]


def test_each_output_can_say_otherwise() -> None:
    stage = one_stage(
        "cmd: x\nouts: [{path: a, cache: false, persist: true}]\nmetrics: [{path: m, cache: true}]"
    )
    assert [(o.path, o.cache, o.persist) for o in stage.outs] == [("a", False, True), ("m", True, False)]


def test_paths_are_relative_to_the_working_directory() -> None:
    stage = one_stage(
        "cmd: x\nwdir: sub\ndeps: [a, ../b]\nouts: [c]\nparams: [{p.yaml: [k]}]", **{"sub/p_yaml": "k: 1\n"}
    )
    assert (stage.wdir, _deps(stage), _outs(stage)) == ("sub", ["sub/a", "b"], ["sub/c"])
    assert stage.params == {"sub/p.yaml": {"k": 1}}


# Many out of one -------------------------------------------------------------------------------------------


def test_members_of_a_matrix_differ_in_everything_that_names_it() -> None:
    text = """
        stages:
          t:
            matrix: {size: [1, 2], big: [true]}
            cmd: run ${matrix.size}
            cores: ${matrix.size}
            frozen: ${matrix.big}
            outs: ["o-${matrix.size}"]
    """
    stages = parse(text).stages
    assert list(stages) == ["t@1-true", "t@2-true"]
    two = stages["t@2-true"]
    assert (two.commands, two.cores, two.frozen, _outs(two)) == (("run 2",), 2, True, ["o-2"])


def test_a_matrix_may_come_from_parameters_and_hold_mappings() -> None:
    files = {
        "mlops.yaml": """
            stages:
              t:
                matrix: {model: "${models}"}
                cmd: run ${matrix.model.name} ${matrix.model.depth}
        """,
        "params.yaml": "models: [{name: a, depth: 1}, {name: b, depth: 2}]\n",
    }
    stages = parse(files).stages
    assert [(name, stage.commands) for name, stage in stages.items()] == [
        ("t@model0", ("run a 1",)),
        ("t@model1", ("run b 2",)),
    ]


def test_foreach_takes_a_list_with_do() -> None:
    stages = parse(
        "stages:\n  t:\n    foreach: [north, south]\n    do:\n      cmd: run ${item} ${key}\n"
    ).stages
    assert [(name, s.commands) for name, s in stages.items()] == [
        ("t@north", ("run north 0",)),
        ("t@south", ("run south 1",)),
    ]


def test_foreach_takes_a_mapping_and_keys_beside_do_are_shared() -> None:
    text = """
        stages:
          t:
            foreach: {north: {rows: 1}, south: {rows: 2}}
            cores: 2
            do:
              cmd: run ${key} ${item.rows}
    """
    stages = parse(text).stages
    assert [(n, s.commands, s.cores) for n, s in stages.items()] == [
        ("t@north", ("run north 1",), 2),
        ("t@south", ("run south 2",), 2),
    ]


def test_foreach_needs_no_do() -> None:
    assert list(parse("stages:\n  t: {foreach: [a, b], cmd: 'run ${item}'}\n").stages) == ["t@a", "t@b"]


# Templates -------------------------------------------------------------------------------------------------


def test_variables_come_from_a_mapping() -> None:
    stage = parse("vars: {a: {b: [1, two]}}\nstages:\n  s: {cmd: 'x ${a.b.1} ${vars.a.b[0]}'}\n").stages["s"]
    assert stage.commands == ("x two 1",)


def test_variables_come_from_files_and_mappings_and_each_may_use_those_above_it() -> None:
    files = {
        "mlops.yaml": """
            vars:
              - common.toml
              - {root: "data/${region}", raw: "${root}/raw"}
              - {all: ["${raw}", "${depth}"]}
            stages:
              s: {cmd: "x ${all.0} ${all.1}", deps: ["${raw}"]}
        """,
        "common.toml": 'region = "north"\n',
        "params.yaml": "depth: 4\n",
    }
    pipeline = parse(files)
    assert pipeline.stages["s"].commands == ("x data/north/raw 4",)
    assert _deps(pipeline.stages["s"]) == ["data/north/raw"]
    assert set(pipeline.files) == {"mlops.yaml", "common.toml", "params.yaml"}


def test_variables_may_be_one_file() -> None:
    assert parse(
        {"mlops.yaml": "vars: v.json\nstages:\n  s: {cmd: '${c}'}\n", "v.json": '{"c": "x"}'}
    ).stages["s"].commands == ("x",)


def test_every_typed_field_can_be_a_template() -> None:
    text = """
        vars: {flag: true, n: 3, time: 90s, size: 1GB, names: [a, b], text: words, dir: sub, out: {path: o, cache: false}}
        stages:
          s:
            cmd: ${names}
            desc: ${text}
            wdir: ${dir}
            deps: ${names}
            outs: ["${out}"]
            env: ${names}
            mutex: ${names}
            timeout: ${time}
            retries: ${n}
            cores: ${n}
            gpu: ${n}
            memory: ${size}
            frozen: ${flag}
            always: ${flag}
    """
    stage = parse(text).stages["s"]
    assert (stage.commands, stage.desc, stage.wdir, stage.env, stage.mutex) == (
        ("a", "b"),
        "words",
        "sub",
        ("a", "b"),
        ("a", "b"),
    )
    assert (_deps(stage), stage.outs) == (["sub/a", "sub/b"], (Output("sub/o", cache=False),))
    assert (stage.timeout, stage.retries, stage.cores, stage.gpu, stage.memory) == (90.0, 3, 3, 3, 10**9)
    assert stage.frozen
    assert stage.always


def test_templates_may_stand_in_names_of_parameters_and_parameter_files() -> None:
    files = {
        "mlops.yaml": """
            stages:
              s:
                matrix: {m: [a, b]}
                cmd: x
                params: ["model.${matrix.m}", {"conf-${matrix.m}.json": ["${matrix.m}"]}]
        """,
        "params.yaml": "model: {a: 1, b: 2}\n",
        "conf-a.json": '{"a": 3}',
        "conf-b.json": '{"b": 4}',
    }
    assert parse(files).stages["s@b"].params == {"params.yaml": {"model.b": 2}, "conf-b.json": {"b": 4}}


def test_shell_variables_stay_when_they_are_escaped() -> None:
    assert one_stage(r"cmd: echo \${HOME} $${USER} $PWD").commands == ("echo ${HOME} ${USER} $PWD",)


# Sub-projects ----------------------------------------------------------------------------------------------


_MONOREPO = {
    "mlops.yaml": "include: [models/churn, models/price/mlops.yaml, extra.yaml]\nstages:\n  train: {cmd: x}\n",
    "extra.yaml": "stages:\n  more: {cmd: x}\n",
    "models/churn/mlops.yaml": """
        runtime: [lock]
        include: [sub]
        vars: {v: churn}
        stages:
          train: {cmd: "x ${v}", deps: [src, ../shared], outs: [model], params: [depth], wdir: .}
    """,
    "models/churn/params.yaml": "depth: 4\n",
    "models/churn/sub/mlops.yaml": "stages:\n  deep: {cmd: x}\n",
    "models/price/mlops.yaml": "stages:\n  train: {cmd: x}\n",
}


def test_stages_of_sub_projects_are_addressed_by_their_folder() -> None:
    pipeline = parse(_MONOREPO)
    assert set(pipeline.stages) == {
        "train",
        "more",
        "models/churn:train",
        "models/churn/sub:deep",
        "models/price:train",
    }


def test_a_sub_project_has_paths_parameters_variables_and_runtime_of_its_own() -> None:
    pipeline = parse(_MONOREPO)
    stage = pipeline.stages["models/churn:train"]
    assert (stage.wdir, _deps(stage), _outs(stage)) == (
        "models/churn",
        ["models/churn/src", "models/shared"],
        ["models/churn/model"],
    )
    assert stage.params == {"models/churn/params.yaml": {"depth": 4}}
    assert stage.commands == ("x churn",)
    assert stage.runtime == ("models/churn/lock",)
    assert pipeline.stages["train"].runtime == ()
    assert set(pipeline.files) == set(_MONOREPO)


def test_an_include_may_be_one_text() -> None:
    assert list(parse({"mlops.yaml": "include: a\n", "a/mlops.yaml": "stages: {s: {cmd: x}}"}).stages) == [
        "a:s"
    ]


def test_sub_projects_that_go_on_for_ever_are_stopped() -> None:
    # As a folder does that holds a link to itself.
    def read(file: str) -> bytes | None:
        return b"include: [again]\nstages: {s: {cmd: x}}\n" if file.endswith("mlops.yaml") else None

    with pytest.raises(FileError) as caught:
        parse_pipeline(read)
    assert "folders deep" in str(caught.value.problems[0])  # type: ignore[attr-defined]


# Laws ------------------------------------------------------------------------------------------------------


@given(written_stages())
def test_what_is_written_in_real_yaml_comes_back_through_a_dump(stages: dict[str, Any]) -> None:
    pipeline = parse(
        {"mlops.yaml": yaml.safe_dump({"stages": stages}, allow_unicode=True, sort_keys=False).encode()}
    )
    assert list(pipeline.stages) == list(stages)
    for name, body in stages.items():
        stage = pipeline.stages[name]
        assert list(stage.commands) == ([body["cmd"]] if isinstance(body["cmd"], str) else body["cmd"])
        assert _deps(stage) == body.get("deps", [])
        assert [(o.path, o.cache) for o in stage.outs] == [
            (body["outs"][0], True),
            tuple(body["outs"][1].values()),
        ]
        for key in ("desc", "retries", "cores", "gpu", "frozen", "always"):
            if key in body:
                assert getattr(stage, key) == body[key]
    assert load_pipeline(dump_pipeline(pipeline)) == pipeline


@given(written_stages())
def test_flow_and_block_style_mean_the_same(stages: dict[str, Any]) -> None:
    block, flow = (
        yaml.safe_dump({"stages": stages}, default_flow_style=style, sort_keys=False)
        for style in (False, True)
    )
    assert parse({"mlops.yaml": block.encode()}) == parse({"mlops.yaml": flow.encode()})


@given(written_stages())
def test_stages_that_only_use_earlier_ones_come_in_the_order_of_their_needs(stages: dict[str, Any]) -> None:
    graph = build_graph(parse({"mlops.yaml": yaml.safe_dump({"stages": stages}, sort_keys=False).encode()}))
    order = graph.order()
    assert sorted(order) == sorted(stages)
    for name, body in stages.items():
        for dep in body.get("deps", []):
            other = dep.removeprefix("made/").removesuffix(".out")
            assert order.index(other) < order.index(name)


# Input that nobody planned ---------------------------------------------------------------------------------


_SCRAPS = st.sampled_from(
    [
        *(f"{key}: " for key in (*TOP_KEYS, *STAGE_KEYS)),
        *"\n -[]{},:#&*!|>'\"%@`?~\t\\$",
        *(
            "\n",
            "\n  ",
            "\n    ",
            "\n      ",
            "a",
            "b",
            "1",
            "0.5",
            "true",
            "${",
            "}",
            "${a}",
            "${matrix.a}",
            "<<: *a",
        ),
        *(
            "&a ",
            "*a",
            "---\n",
            "...\n",
            "params.yaml",
            "../",
            "/",
            "é",
            "\0",
            "\x85",
            "\u2028",
            "\ufeff",
            ".nan",
            "9" * 400,
        ),
    ]
)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["${a}", "${a.b}", "x"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*STAGE_KEYS, "path", "cache", "a", "p.json"]) | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode(errors="replace")))
@example(b"\xff\xfe")
@example(b"0x" + b"f" * 4000)
def test_no_bytes_make_the_parser_fail_in_another_way_than_its_own(data: bytes) -> None:
    refused({"mlops.yaml": data})
    refused({"mlops.yaml": b"vars: [p.json, p.toml, p.yaml]\nstages: {s: {cmd: '${a}', params: [p.json, p.toml, p.yaml]}}",
             "p.json": data, "p.toml": data, "p.yaml": data, "params.yaml": data})  # fmt: skip


@settings(max_examples=300)
@given(st.lists(_SCRAPS, max_size=30))
def test_no_scraps_of_a_pipeline_make_the_parser_fail_in_another_way_than_its_own(scraps: list[str]) -> None:
    text = "".join(scraps).encode(errors="replace")
    refused({"mlops.yaml": text})
    refused({"mlops.yaml": b"vars: {a: {b: [1]}}\nstages:\n  s:\n    " + text})


@settings(max_examples=300)
@given(
    st.dictionaries(st.sampled_from(STAGE_KEYS), _VALUES, max_size=6),
    st.dictionaries(st.sampled_from(TOP_KEYS), _VALUES, max_size=4),
)
def test_no_values_in_the_right_places_make_it_fail_in_another_way_than_its_own(
    body: dict[str, Any], top: dict[str, Any]
) -> None:
    text = yaml.safe_dump({**top, "stages": {"s": body}}).encode(errors="replace")
    refused({"mlops.yaml": text, "params.yaml": b"a: {b: 1}\n"})


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "a: &x [*x, "])
@pytest.mark.parametrize("count", [99, 101, 1_000, 4_000, 100_000])
def test_brackets_without_end_are_told_and_do_not_exhaust_the_stack(opening: str, count: int) -> None:
    assert refused({"mlops.yaml": "vars: " + opening * count})
    assert refused({"mlops.yaml": opening * count})


def test_towers_that_aliases_and_variables_build_are_refused() -> None:
    by_alias = "vars:\n  v0: &v0 [1]\n" + "".join(f"  v{i}: &v{i} [[[*v{i - 1}]]]\n" for i in range(1, 500))
    by_template = "vars:\n  v0: [1]\n" + "".join(f"  v{i}: [['${{v{i - 1}}}']]\n" for i in range(1, 500))
    assert any("deep" in p.message for p in problems(by_alias))
    assert any("grows beyond" in p.message for p in problems(by_template))


def test_a_stage_with_ten_thousand_members_is_read_in_linear_time() -> None:
    # 10,000 members of one stage, each with its own text: quadratic work would never end.
    text = (
        "stages:\n  s:\n    matrix: {a: ["
        + ",".join(map(str, range(100)))
        + "], b: ["
        + ",".join(map(str, range(100)))
        + "]}\n"
    )
    text += "    cmd: x ${matrix.a} ${matrix.b}\n    outs: ['o/${matrix.a}/${matrix.b}']\n"
    assert len(parse(text).stages) == 10_000


# Parameters in texts ------------------------------------------------------------------------------------------


FILLED = {
    "mlops.yaml": """
        vars:
          - data.yaml
          - {folder: "out/${train.depth}", plain: 1}
        stages:
          train:
            matrix: {algo: "${algos}"}
            cmd: echo ${train.lr} ${matrix.algo} ${plain} > ${folder}/${item.name}
            params: [train.lr]
            deps: ["${raw.file}"]
            outs: ["${folder}/${matrix.algo}"]
          other: {cmd: make}
    """.replace("/${item.name}", "/x"),
    "params.yaml": "train: {depth: 3, lr: 0.1}\nalgos: [a, b]\nlow: .nan\n",
    "data.yaml": "raw: {file: raw.csv, rows: 7}\n",
}


def test_parameters_that_templates_put_into_a_stage_are_its_parameters_too() -> None:
    stages = parse(FILLED).stages
    assert stages["train@a"].filled == {
        "data.yaml": {"raw.file": "raw.csv"},
        "params.yaml": {"algos": ["a", "b"], "train.depth": 3},
    }
    assert stages["train@a"].params == {"params.yaml": {"train.lr": 0.1}}
    assert stages["other"].filled == {}


def test_they_are_kept_when_a_pipeline_is_remembered() -> None:
    pipeline = parse(FILLED)
    assert load_pipeline(dump_pipeline(pipeline)) == pipeline


def test_they_are_no_part_of_the_key() -> None:
    spelled = {"mlops.yaml": "stages: {t: {cmd: echo 3}}"}
    filled = {"mlops.yaml": "stages: {t: {cmd: 'echo ${depth}'}}", "params.yaml": "depth: 3\n"}
    one, other = parse(spelled).stages["t"], parse(filled).stages["t"]
    assert other.filled == {"params.yaml": {"depth": 3}}
    assert stage_key(one, {}, {}, {}) == stage_key(other, {}, {}, {})


def test_what_is_no_finite_number_is_not_recorded() -> None:
    files = {"mlops.yaml": "stages: {t: {cmd: 'echo ${low}'}}", "params.yaml": "low: .nan\n"}
    assert parse(files).stages["t"].filled == {}
