from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import DataError
from mlops_cli.execution.calling import prepare_call, read_headline, read_trouble
from mlops_cli.execution.step import main
from tests.support.command import variables
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Step:
    version = 1
    page = ""

    def __init__(self, entry: str, page: str = "") -> None:
        self.entry = entry
        self.page = page

    def declare(self, settings: Any, report: str | None) -> Any:
        raise NotImplementedError


def program(
    folder: Path, entry: str, report: str | None = None, page: str = "", **settings: Any
) -> list[str]:
    step = Step(entry, page)
    return prepare_call(str(folder / "call"), step, settings, report, {"a.csv": "b3:1"}, {"m": "b3:2"})


def child(folder: Path, entry: str, page: str = "", **settings: Any) -> subprocess.CompletedProcess[bytes]:
    report = "." if page else None
    command = program(folder, entry, report, page, **settings)
    return subprocess.run(command, cwd=folder, env=variables(), capture_output=True, check=False)


def test_a_step_calls_its_function_with_everything_it_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(program(tmp_path, "builtins:print", "reports", target="y", at=[1, 2.5])[-1:]) == 0
    said = capsys.readouterr().out
    assert "settings={'target': 'y', 'at': [1, 2.5]}" in said
    assert "report='reports'" in said
    assert "inputs={'a.csv': 'b3:1'}, recorded={'m': 'b3:2'}" in said
    assert "page=None" in said


def test_a_text_that_a_step_returns_is_there_for_whoever_started_it(tmp_path: Path) -> None:
    write(tmp_path / "own_step.py", "def work(call):\n    return 'better\\nthan b'\n")
    assert child(tmp_path, "own_step:work").returncode == 0
    assert read_headline(str(tmp_path / "call")) == "better than b"
    (tmp_path / "none").mkdir()
    assert child(tmp_path / "none", "builtins:print").returncode == 0
    assert read_headline(str(tmp_path / "none" / "call")) == ""


def test_code_that_ends_the_process_midway_is_told_of_and_does_not_pass(tmp_path: Path) -> None:
    write(tmp_path / "own_step.py", "import os\ndef work(call):\n    os._exit(0)\n")
    done = child(tmp_path, "own_step:work")
    assert done.returncode != 0
    trouble = read_trouble(str(tmp_path / "call"))
    assert trouble is not None
    assert "ended the process" in trouble.message


def test_a_child_of_a_step_ends_as_it_always_did(tmp_path: Path) -> None:
    work = "import os\ndef work(call):\n    if not (child := os.fork()):\n        os._exit(0)\n    os.waitpid(child, 0)\n"
    write(tmp_path / "own_step.py", work)
    done = child(tmp_path, "own_step:work")
    assert done.returncode == 0, done.stderr
    assert read_trouble(str(tmp_path / "call")) is None


def test_a_step_finds_the_modules_of_the_folder_that_it_runs_in(tmp_path: Path) -> None:
    write(tmp_path / "own_step.py", "def work(call):\n    open(call.settings['to'], 'w').write('done')\n")
    done = child(tmp_path, "own_step:work", to="made.txt")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made.txt").read_text() == "done"


def test_a_file_of_the_user_never_takes_the_place_of_a_module_of_python(tmp_path: Path) -> None:
    for name in ("json", "statistics", "types", "tempfile"):
        write(tmp_path / f"{name}.py", "raise RuntimeError('shadowed')\n")
    write(
        tmp_path / "own_step.py", "import statistics, tempfile\n\ndef work(call):\n    statistics.mean([1])\n"
    )
    done = child(tmp_path, "own_step:work")
    assert done.returncode == 0, done.stderr


def test_a_step_is_given_the_function_that_draws_its_page(tmp_path: Path) -> None:
    lines = "def page(result):\n    return f'<p>{result}'\n\ndef work(call):\n    open('page.html', 'w').write(call.page(7))\n"
    write(tmp_path / "own_step.py", lines)
    assert child(tmp_path, "own_step:work", page="own_step:page").returncode == 0
    assert (tmp_path / "page.html").read_text() == "<p>7"


def test_what_a_step_finds_wrong_comes_back_whole_and_is_said_in_a_line_or_two(tmp_path: Path) -> None:
    lines = "from mlops_cli.errors import DataError\n\ndef work(call):\n    raise DataError('no rows', hint='Add some.')\n"
    write(tmp_path / "own_step.py", lines)
    done = child(tmp_path, "own_step:work")
    assert (done.returncode, done.stderr) == (5, b"no rows\nAdd some.\n")
    trouble = read_trouble(str(tmp_path / "call"))
    assert isinstance(trouble, DataError)
    assert (trouble.message, trouble.hint) == ("no rows", "Add some.")


def test_trouble_of_an_earlier_attempt_is_not_that_of_the_next(tmp_path: Path) -> None:
    program(tmp_path, "math:sqrt")
    write(tmp_path / "call/trouble.json", json.dumps({"kind": "data", "message": "old", "hint": ""}))
    program(tmp_path, "math:sqrt")
    assert read_trouble(str(tmp_path / "call")) is None


def test_a_step_whose_function_breaks_down_fails_and_says_where(tmp_path: Path) -> None:
    done = child(tmp_path, "math:sqrt")
    assert done.returncode == 1
    assert b"TypeError" in done.stderr
    assert read_trouble(str(tmp_path / "call")) is None


def test_a_step_runs_under_the_interpreter_that_runs_mlops(tmp_path: Path) -> None:
    assert program(tmp_path, "math:sqrt")[0] == sys.executable
