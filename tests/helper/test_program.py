from __future__ import annotations

import pickle
import subprocess
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.helper.process import GREETING
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.reading import read_small

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = [sys.executable, "-P", "-m", "mlops_cli.helper.program"]


def greeted(output: bytes) -> BytesIO:
    """Return what follows the greeting."""
    assert output.startswith(GREETING)
    return BytesIO(output[len(GREETING) :])


def answer_in(answers: BytesIO) -> tuple[Any, Any]:
    answer: tuple[Any, Any] = pickle.load(answers)  # noqa: S301 - what the program wrote
    return answer


def test_it_answers_until_nobody_asks_any_more_and_then_ends_quietly(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    asked = pickle.dumps((read_small, ([str(tmp_path / "a")],), {"keep": True})) * 3
    ran = subprocess.run(PROGRAM, input=asked, capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    answers = greeted(ran.stdout)
    for _ in range(3):
        [(_, digest, data, size)], error = answer_in(answers)
        assert (digest, data, size, error) == (digest_bytes(b"one"), b"one", 3, None)
    assert answers.read() == b""


@pytest.mark.parametrize("cut", [1, 8, -1])
def test_a_question_that_was_cut_short_is_not_answered(tmp_path: Path, cut: int) -> None:
    asked = pickle.dumps((read_small, ([str(tmp_path / "a")], True), {}))[:cut]
    ran = subprocess.run(PROGRAM, input=asked, capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, GREETING, b"")


def test_an_error_is_the_answer_and_the_next_question_is_answered_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    paths = [str(tmp_path / "gone")], [str(tmp_path / "a")]
    asked = b"".join(pickle.dumps((read_small, (each, False), {})) for each in paths)
    ran = subprocess.run(PROGRAM, input=asked, capture_output=True, timeout=60, check=False)
    answers = greeted(ran.stdout)
    nothing, error = answer_in(answers)
    assert nothing is None
    assert isinstance(error, FileNotFoundError)
    assert error.filename == str(tmp_path / "gone")
    assert answer_in(answers)[1] is None
