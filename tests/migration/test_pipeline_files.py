"""dvc.yaml into mlops.yaml: as written where that means the same, written out where it does not, left out where it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.formats.problems import DefinitionError, Problems
from mlops_cli.migration.context import Style
from mlops_cli.migration.definitions import read_dvc_yaml
from mlops_cli.migration.meaning import Choices, all_outputs
from mlops_cli.migration.notes import Notes
from mlops_cli.migration.pipeline_files import PipelineFiles, make_pipeline_files
from mlops_cli.pipeline.parse import parse_pipeline

if TYPE_CHECKING:
    from mlops_cli.pipeline.definition import Stage


class Result:
    """What came of DVC's files."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = {path: text.encode() for path, text in files.items()}
        self.notes = Notes()
        problems = Problems()
        sources = [
            source
            for path, data in self.files.items()
            if path.endswith("dvc.yaml")
            and (source := read_dvc_yaml(path, data, self.files.get, Style(), problems, self.notes))
        ]
        problems.raise_if_any()
        members = ((m.body, d.folder) for s in sources for d in s.definitions for m in d.members)
        self.made: PipelineFiles = make_pipeline_files(
            sources, self.files.get, Choices(made=all_outputs(members)), self.notes
        )

    @property
    def text(self) -> str:
        return self.made.texts["mlops.yaml"]

    @property
    def stages(self) -> dict[str, Stage]:
        texts = {path: text.encode() for path, text in self.made.texts.items()}
        return dict(parse_pipeline((self.files | texts).get).stages)

    def said(self, kind: str) -> list[str]:
        return [f"{n.place} {n.what}: {n.why}" for n in self.notes.all() if n.kind == kind]


def stage(body: str, name: str = "s", **files: str) -> Result:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return Result(
        {"dvc.yaml": f"stages:\n  {name}:\n{lines}", **{k.replace("_", "."): v for k, v in files.items()}}
    )


def test_what_has_an_equal_stays_as_it_is_written() -> None:
    text = "vars:\n  - x: 1\n\nstages:\n  # why\n  a:\n    cmd: echo ${x}\n    deps: [in.txt]\n    outs:\n      - out.txt\n"
    assert Result({"dvc.yaml": text}).text == text


def test_a_value_that_ours_would_write_differently_is_written_out() -> None:
    found = stage("foreach: [a, null]\ndo:\n  cmd: echo ${item}\n  outs: ['${item}.txt']")
    assert {name: s.commands for name, s in found.stages.items()} == {
        "s-a": ("echo a",),
        "s-None": ("echo None",),
    }
    assert "written out" in found.said("changed")[0]


def test_text_that_only_looks_like_a_template_is_kept_for_the_shell_when_written_out() -> None:
    found = stage("foreach: [a, null]\ndo:\n  cmd: echo ${item} \\${HOME}\n  outs: ['${item}.txt']")
    assert found.stages["s-a"].commands == ("echo a ${HOME}",)


def test_variables_of_one_stage_move_to_the_top() -> None:
    found = stage("vars:\n  - y: 2\ncmd: echo ${y}\nouts: [o.txt]")
    assert "- y: 2" in found.text
    assert found.stages["s"].commands == ("echo 2",)


def test_variables_of_one_stage_that_clash_are_written_out() -> None:
    found = Result(
        {
            "dvc.yaml": "stages:\n  a:\n    vars: [{y: 1}]\n    cmd: echo ${y}\n    outs: [a.txt]\n"
            "  b:\n    vars: [{y: 2}]\n    cmd: echo ${y}\n    outs: [b.txt]\n"
        }
    )
    assert [s.commands for s in found.stages.values()] == [("echo 1",), ("echo 2",)]


def test_mappings_that_dvc_merges_and_we_do_not_are_written_out() -> None:
    found = Result(
        {
            "params.yaml": "t: {a: 1}\n",
            "dvc.yaml": "vars:\n  - t: {b: 2}\nstages:\n  s:\n    cmd: echo ${t.a} ${t.b}\n    outs: [o.txt]\n",
        }
    )
    assert found.stages["s"].commands == ("echo 1 2",)


def test_two_members_of_one_name_here_are_written_out_under_two() -> None:
    found = stage("foreach: [a/b, a_b]\ndo:\n  cmd: touch ${item}\n  outs: ['${item}.txt']")
    assert list(found.stages) == ["s-a_b", "s-a_b-2"]


def test_a_name_that_we_cannot_have_is_changed_and_that_is_said() -> None:
    found = stage("cmd: 'true'\nouts: [o.txt]", name="my stage")
    assert list(found.stages) == ["my_stage"]
    assert found.said("changed") == ["dvc.yaml:2 stage my stage: it is called my_stage here"]


def test_a_stage_that_cannot_be_said_is_left_out_with_the_reason_and_the_others_stay() -> None:
    found = Result(
        {
            "dvc.yaml": "stages:\n  bad:\n    cmd: x\n    params: [none]\n    outs: [a.txt]\n"
            "  good:\n    cmd: y\n    outs: [b.txt]\n"
        }
    )
    assert list(found.stages) == ["good"]
    assert found.said("lost") == ["dvc.yaml:2 stage bad: parameter file params.yaml does not exist"]


def test_a_parameter_file_that_is_broken_is_an_error_of_its_own() -> None:
    with pytest.raises(DefinitionError, match=r"conf\.json"):
        stage("cmd: x\nparams:\n  - conf.json: [a]\nouts: [o.txt]", conf_json="{")


def test_folders_are_included_and_their_stages_carry_their_names() -> None:
    found = Result(
        {
            "a/dvc.yaml": "stages:\n  t:\n    cmd: x\n    deps: [../in.txt]\n    outs: [o.txt]\n",
            "b/c/dvc.yaml": "stages:\n  t:\n    cmd: y\n    wdir: ..\n    outs: [o.txt]\n",
        }
    )
    assert found.text == "include: [a, b/c]\n"
    assert {name: s.wdir for name, s in found.stages.items()} == {"a:t": "a", "b/c:t": "b"}
    assert [c.stage.name for c in found.made.carried] == ["a:t", "b/c:t"]


def test_a_matrix_speaks_of_its_axes() -> None:
    found = stage(
        "matrix:\n  a: [1, 2]\n  b: [{c: x}]\ncmd: echo ${item.a} ${item.b.c} ${item['a']}\nouts: ['${item.a}.txt']".replace(
            " ${item['a']}", ""
        )
    )
    assert "echo ${matrix.a} ${matrix.b.c}" in found.text
    assert list(found.stages) == ["s@1-b0", "s@2-b0"]


def test_outputs_are_kept_where_dvc_kept_them() -> None:
    found = stage(
        "cmd: x\nouts:\n  - o: {persist: true}\n  - g: {cache: false}\n"
        "metrics: [m.json, {n.json: {cache: false}}]\nplots: [{p: {cache: false}}]"
    )
    outs = {out.path: (out.kind, out.cache, out.persist) for out in found.stages["s"].outs}
    assert outs == {
        "o": ("out", True, True), "g": ("out", False, False), "m.json": ("metric", True, False),
        "n.json": ("metric", False, False), "p": ("plot", False, False),
    }  # fmt: skip


def test_a_command_that_looks_like_bash_is_pointed_out() -> None:
    found = stage("cmd: '[[ -f a ]] && set -o pipefail'\nouts: [o.txt]")
    assert "/bin/sh" in found.said("changed")[0]
    assert stage("cmd: python a.py --source b > c\nouts: [c]").said("changed") == []


def test_a_folder_with_a_comma_in_its_name_is_included() -> None:
    found = Result({"a, b/dvc.yaml": "stages:\n  t:\n    cmd: x\n    outs: [o.txt]\n"})
    assert list(found.stages) == ["a, b:t"]


def test_an_empty_file_is_no_pipeline() -> None:
    assert Result({"dvc.yaml": "# nothing yet\n"}).made.texts == {}
