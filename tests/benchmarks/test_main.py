"""The command line measures what is asked for, and writes down what it has even when a tool fails."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks.__main__ import main
from benchmarks.measure import CommandFailedError

if TYPE_CHECKING:
    from pathlib import Path


def measure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *options: str) -> int:
    monkeypatch.setattr(
        sys, "argv", ["benchmarks", "--rounds", "1", "--out", str(tmp_path / "out"), *options]
    )
    return main()


def test_the_tables_are_printed_and_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--scenarios", "data", "--sets", "tiny", "--scale", "0.0002", "--tools", "cp"]
    assert measure(monkeypatch, tmp_path, *asked) == 0
    written = (tmp_path / "out" / "results.md").read_text()
    assert written in capsys.readouterr().out
    assert "### 14 files of 275 B, 10 folders; remote: a directory" in written
    values = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [one["operation"] for one in values["samples"]] == ["add", "checkout", "push", "pull"]


def test_what_was_measured_before_a_failure_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "mlops"
    program.write_text(
        "#!/bin/sh\n"
        f'case "$1" in --version) echo mlops 1 ;; --help) echo usage; echo >> {tmp_path}/times ;; esac\n'
        f"test ! -e {tmp_path}/times || test $(wc -l < {tmp_path}/times) -lt 3\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr("benchmarks.scenarios.Bench.warm_up", lambda _: None)
    with pytest.raises(CommandFailedError):
        measure(
            monkeypatch,
            tmp_path,
            *("--scenarios", "start", "--tools", "mlops", "--mlops", str(program), "--rounds", "3"),
        )
    (sample,) = json.loads((tmp_path / "out" / "results.json").read_text())["samples"]
    assert (sample["operation"], len(sample["seconds"]["values"])) == ("--help", 2)


@pytest.mark.parametrize("option", ["--scenarios", "--sets", "--tools"])
def test_a_name_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    with pytest.raises(SystemExit):
        measure(monkeypatch, tmp_path, option, "typo")
    assert "there is no 'typo'; there are " in capsys.readouterr().err
