from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from mlops_cli.execution.step import main
from tests.support.command import variables
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_step_calls_its_function_with_its_settings(capsys: pytest.CaptureFixture[str]) -> None:
    main(["builtins:print", json.dumps({"target": "y", "at": [1, 2.5]})])
    assert capsys.readouterr().out == "{'target': 'y', 'at': [1, 2.5]}\n"


def test_a_step_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "own_step.py", "def work(settings):\n    open(settings['to'], 'w').write('done')\n")
    env = variables()
    env["PYTHONPATH"] = f"{env['PYTHONPATH']}:{tmp_path}"
    command = [sys.executable, "-m", "mlops_cli.execution.step", "own_step:work", '{"to": "made.txt"}']
    subprocess.run(command, cwd=tmp_path, env=env, check=True)
    assert (tmp_path / "made.txt").read_text() == "done"


def test_a_step_whose_function_fails_fails(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mlops_cli.execution.step", "math:sqrt", "-1"]
    done = subprocess.run(command, cwd=tmp_path, env=variables(), capture_output=True, check=False)
    assert done.returncode == 1
    assert b"ValueError" in done.stderr
