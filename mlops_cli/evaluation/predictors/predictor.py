"""What every predictor can do, whatever library it comes from; and calling it so that its failure is told in one sentence."""

from __future__ import annotations

import sys
import traceback
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import pandas as pd

from mlops_cli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Kind = str  # "joblib", "pickle", "skops", "onnx", "class"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model said of rows.

    Parameters
    ----------
    predicted : (n,) array
        Labels, or numbers.
    scores : (n,) or (n, K) array or None
        Of the positive class, or of each class.
    probabilities : bool
        Whether these are probabilities.
    labels : tuple or None
        What the columns of the scores are for, where that is known.
    decided : bool
        False where `predicted` still has to follow from the scores.
    """

    predicted: np.ndarray[Any, Any]
    scores: np.ndarray[Any, Any] | None = None
    probabilities: bool = True
    labels: tuple[Any, ...] | None = None
    decided: bool = True


class Predictor(Protocol):
    """A loaded model."""

    @property
    def kind(self) -> str:
        """How it was loaded: `joblib`, `skops`, `onnx`, `class`."""
        ...

    @property
    def title(self) -> str:
        """What it says it is."""
        ...

    @property
    def task(self) -> str | None:
        """`classification` or `regression`, where the model tells."""
        ...

    @property
    def classes(self) -> Sequence[Any] | None:
        """The labels that the columns of its scores are for, where it tells."""
        ...

    @property
    def features(self) -> tuple[str, ...] | None:
        """The columns that it was fitted with, where it tells."""
        ...

    def answer(self, frame: pd.DataFrame) -> Answers:
        """Return what it says of the rows of a table."""
        ...


def guarded(what: str, path: str, notes: list[str], work: Callable[[], T]) -> T:
    """Do something with a model; its warnings become notes, and its failure one sentence.

    Parameters
    ----------
    what : str
        What is being done, for the sentence: `loaded`, `asked`.
    notes : list of str
        Joined by each warning, once.

    Raises
    ------
    DataError
        Naming the model and the exception.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = work()
        except DataError:
            raise
        except (Exception, SystemExit) as error:
            _tell_where(error)
            said = " ".join(str(error).split())[:500]
            message = f"the model {path} cannot be {what}: {type(error).__name__}: {said}".rstrip(": ")
            raise DataError(message, hint=_hint(error)) from error
    for warning in caught:
        if issubclass(warning.category, DeprecationWarning | PendingDeprecationWarning | FutureWarning):
            continue  # for whoever wrote the library
        said = " ".join(str(warning.message).split())[:500]
        note = f"{warning.category.__name__}: {said}"
        if note not in notes:
            notes.append(note)
    return found


def _tell_where(error: BaseException) -> None:
    """Say in the log which lines led there: the user's own code may be at fault. Ours are of no interest to anybody."""
    for frame in traceback.extract_tb(error.__traceback__):
        if "/mlops_cli/" not in frame.filename:
            sys.stderr.write(f"{frame.filename}, line {frame.lineno}, in {frame.name}: {frame.line}\n")


def _hint(error: BaseException) -> str:
    said = str(error)
    if isinstance(error, ModuleNotFoundError):
        return (
            f"Install {error.name}, or name the folder that it lies in: python_path: src "
            "(on the command line: PYTHONPATH=src mlops evaluate …)."
            if error.name
            else ""
        )
    if isinstance(error, AttributeError) and "__main__" in said:
        return "Its class was defined in the script that saved it: move the class into a module, and save the model again."
    return ""


_LAZY = int(pd.__version__.partition(".")[0]) >= 3  # copies share their values until somebody writes


def own_copy(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table that a model may change: what `predict` writes into it, `predict_proba` and whoever is next must not see."""
    return frame.copy(deep=not _LAZY)


def rows_of(found: Any, n: int, what: str, path: str) -> np.ndarray[Any, Any]:
    """Return answers as an array with one entry a row.

    Raises
    ------
    DataError
        When there are more or fewer than rows.
    """
    taken = np.asarray(found)
    if taken.ndim == 2 and taken.shape[1] == 1 and what == "predict":
        taken = taken[:, 0]
    if taken.ndim == 0 or len(taken) != n or (what == "predict" and taken.ndim != 1):
        shape = " x ".join(map(str, taken.shape)) or "a single value"
        raise DataError(f"{what} of the model {path} returned {shape} for {n} rows")
    return taken
