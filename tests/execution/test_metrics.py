from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import DataError, FileError
from mlops_cli.execution.metrics import read_stage_metrics
from mlops_cli.pipeline.definition import Output
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from tests.support.facts import folder, stage
from tests.support.files import write_all

if TYPE_CHECKING:
    from pathlib import Path

METRIC = Output("m.json", "metric", cache=False)


def read(root: Path, files: dict[str, str], *outs: Output) -> dict[str, object]:
    write_all(root, files)
    artifacts = {path: Artifact(digest_bytes(data.encode()), len(data)) for path, data in files.items()}
    return read_stage_metrics(stage("s", outs=outs or [METRIC]), artifacts, str(root))


def test_nested_numbers_have_dotted_names(tmp_path: Path) -> None:
    assert read(tmp_path, {"m.json": '{"test": {"auc": 0.5, "n": 3}}'}) == {"test.auc": 0.5, "test.n": 3}


def test_several_files_are_one_set_of_metrics(tmp_path: Path) -> None:
    files = {"m.json": '{"a": 1}', "n.yaml": "b: 2\n"}
    assert read(tmp_path, files, METRIC, Output("n.yaml", "metric")) == {"a": 1, "b": 2}


def test_outputs_and_plots_are_not_read(tmp_path: Path) -> None:
    files = {"o.json": '{"a": 1}', "p.json": '{"b": 2}'}
    assert read(tmp_path, files, Output("o.json"), Output("p.json", "plot")) == {}


def test_a_directory_of_metrics_is_passed_over(tmp_path: Path) -> None:
    outs = {"m": folder("x")}
    this = stage("s", outs=[Output("m", "metric")])
    assert read_stage_metrics(this, outs, str(tmp_path)) == {}


def test_an_output_that_the_stage_does_not_have_is_passed_over(tmp_path: Path) -> None:
    assert read_stage_metrics(stage("s", outs=[METRIC]), {}, str(tmp_path)) == {}


def test_a_file_that_is_not_what_its_name_says_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"its metrics cannot be read: m\.json:1:"):
        read(tmp_path, {"m.json": "{,"})


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    outs = {"m.json": Artifact(digest_bytes(b""), 0)}
    with pytest.raises(DataError, match=r"m\.json cannot be read: No such file"):
        read_stage_metrics(stage("s", outs=[METRIC]), outs, str(tmp_path))


def test_a_file_far_too_large_for_metrics_is_not_read(tmp_path: Path) -> None:
    outs = {"m.json": Artifact(digest_bytes(b""), 1 << 30)}
    with pytest.raises(FileError, match="too large for a metrics file"):
        read_stage_metrics(stage("s", outs=[METRIC]), outs, str(tmp_path))
