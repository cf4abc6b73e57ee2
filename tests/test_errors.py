from __future__ import annotations

import pickle

import pytest

from mlops_cli import errors
from mlops_cli.errors import DataError, FileError, HistoryError, MlopsError, StageError, UsageError
from mlops_cli.formats.problems import DefinitionError, Problem
from mlops_cli.store.objects import DamagedObjectError


@pytest.mark.parametrize(
    ("error", "code"),
    [(MlopsError, 70), (UsageError, 2), (FileError, 3), (StageError, 4), (DataError, 5), (HistoryError, 6)],
)
def test_every_family_has_its_exit_code(error: type[MlopsError], code: int) -> None:
    assert error("x").exit_code == code


def test_every_error_of_the_module_is_one_of_ours() -> None:
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    assert all(issubclass(value, MlopsError) for value in found)


def test_an_error_says_what_is_wrong_and_what_to_do() -> None:
    error = DataError("no bytes", hint="Get some.")
    assert (str(error), error.message, error.hint) == ("no bytes", "no bytes", "Get some.")


def test_an_error_needs_no_hint() -> None:
    assert UsageError("no").hint == ""


def test_problems_of_the_user_s_files_are_one_error_of_files() -> None:
    error = DefinitionError(
        [Problem("a.yaml", 2, 1, "x"), Problem("a.yaml", 1, 1, "y"), Problem("b", 0, 0, "z")]
    )
    assert error.exit_code == 3
    assert error.message == "3 problems in a.yaml, b"
    assert [problem.line for problem in error.problems] == [1, 2, 0]


@pytest.mark.parametrize(
    "error",
    [
        MlopsError("x"),
        DataError("no bytes", hint="Get some."),
        DamagedObjectError("damaged", hint="Mend it."),
        DefinitionError([Problem("mlops.yaml", 3, 4, "wrong")]),
    ],
)
def test_an_error_of_any_constructor_comes_out_of_a_pickle_as_it_went_in(error: MlopsError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    assert type(again) is type(error)
    assert (str(again), again.args) == (str(error), error.args)
    assert again.__dict__ == error.__dict__
