"""`validate`: hold a table against a schema file, a reference, its raw form and the training table; or infer a schema file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.formats.atomic import write_atomic
from mlops_cli.opened.scratch import scratch_folder

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.data.checks.model import Validation
    from mlops_cli.data.checks.request import Request


@dataclass(frozen=True, slots=True)
class InferResult:
    """A schema file that was inferred.

    Parameters
    ----------
    text : str
        Its text.
    file : str
        Where it was written; empty where it was not.
    """

    text: str
    file: str = ""


def validate(folder: Path, request: Request) -> Validation:
    """Validate a table.

    Parameters
    ----------
    folder : Path
        What paths are relative to. It need not be a project.

    Raises
    ------
    FileError
        When a file is not there, or the schema file is wrong.
    DataError
        When a table cannot be read.
    """
    from mlops_cli.data.checks.work import validate_request

    with scratch_folder(folder) as scratch:
        return validate_request(request, folder=folder, scratch=scratch, now=datetime.now(UTC))


def infer(folder: Path, path: str, file: str = "", *, force: bool = False) -> InferResult:
    """Make a schema file out of a table, or a profile.

    Parameters
    ----------
    file : str
        Where to write it; nowhere where it is empty.
    force : bool
        Whether to write over a file.

    Raises
    ------
    UsageError
        When the file is there already.
    """
    from mlops_cli.data.checks.work import infer_text

    if file and not force and (folder / file).exists():
        raise UsageError(
            f"{file} is there already",
            hint="Write over it with --force; what was changed in it is lost then.",
        )
    with scratch_folder(folder) as scratch:
        text = infer_text(path, folder=folder, scratch=scratch)
    if file:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / file, text.encode())
    return InferResult(text, file)
