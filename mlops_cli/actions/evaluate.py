"""`evaluate`: how good a model is, and how sure that is: one that the pipeline names, a file, or predictions."""

from __future__ import annotations

import os
import posixpath
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import FileError, StageError, UsageError
from mlops_cli.evaluation.model import Evaluation, load_evaluation
from mlops_cli.execution.alone import call_alone
from mlops_cli.execution.builtins import STEPS
from mlops_cli.execution.vouched import relative, vouched
from mlops_cli.git.committed_file import committed_bytes
from mlops_cli.opened.scratch import scratch_folder
from mlops_cli.pipeline.graph import Source
from mlops_cli.pipeline.models import EVALUATION
from mlops_cli.tracking.in_place import RunOptions, run
from mlops_cli.tracking.named_models import evaluating, find_model, maker
from mlops_cli.tracking.other_models import bring_other

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mlops_cli.execution.events import Event
    from mlops_cli.opened import Opened
    from mlops_cli.store.digest import Digest
    from mlops_cli.tracking.in_place import RunResult

_TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".gz", ".bz2", ".xz", ".zst")
_PROGRAMS = (".py", ".ipynb", ".md", ".yaml", ".yml", ".toml", ".html", ".lock")
_STEP = "evaluate"


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """How to evaluate.

    Parameters
    ----------
    settings : mapping
        As under `with:` of `uses: evaluate`, without model and predictions; paths are relative to `folder`.
    against : str
        A REF to hold the model against; empty for none.
    margin : float or None
        The largest difference that does not matter; None for what is usual.
    out : str
        Where to write the files of the report; nowhere where it is empty.
    predicted, score : str
        The columns of answers and scores in a table of predictions; empty to find them by their usual names.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    against: str = ""
    margin: float | None = None
    out: str = ""
    predicted: str = ""
    score: str = ""
    run: RunOptions = field(default_factory=RunOptions)

    @property
    def columns(self) -> dict[str, str]:
        """Those of a table of predictions that were named, by what they are."""
        named = {"predicted": self.predicted, "score": self.score}
        return {what: column for what, column in named.items() if column}


@dataclass(frozen=True, slots=True)
class EvaluateResult:
    """An evaluation, and how it came about.

    Parameters
    ----------
    evaluation : Evaluation or None
        None where the run did not get there.
    report : str
        Where its files lie, relative to the project; empty where they were not kept.
    run : RunResult or None
        Of a model that the pipeline evaluates.
    name : str
        What was evaluated, as it was named.
    goes_on : bool
        Whether its stage says `on_fail: go`.
    """

    evaluation: Evaluation | None
    report: str = ""
    run: RunResult | None = None
    name: str = ""
    goes_on: bool = False

    @property
    def exit_code(self) -> int:
        """0; 1: another model is better, do not trust it, or too few rows; 4: a stage failed; 5: data or a metric is missing."""
        if self.evaluation is None:
            return (self.run.exit_code if self.run is not None else 0) or 4
        if self.evaluation.verdict == "error":
            return 5
        against = self.evaluation.against
        worse = against is not None and against.verdict == "worse"
        bad = self.evaluation.verdict in ("fail", "insufficient") and not self.goes_on
        return 1 if worse or bad else 0


def evaluate(
    opened: Opened,
    subject: str,
    options: EvaluateOptions = EvaluateOptions(),
    listen: Callable[[Event], None] = lambda _: None,
) -> EvaluateResult:
    """Evaluate a model.

    Parameters
    ----------
    subject : str
        A name under `models:`, then the pipeline is run up to its evaluation; or the path of a model's file, of a table of
        predictions, or of a report that is there already.

    Raises
    ------
    UsageError
        When there is no such thing, or something is missing to evaluate it.
    DataError, FileError
        When model or table is missing, damaged, not what its record says, or does not fit the other.
    """
    if opened.has_pipeline and not _is_path(opened, subject):
        return _of_model(opened, subject, options, listen)
    path = Path(opened.workspace_path(posixpath.join(opened.folder, subject)))
    kept = path / EVALUATION if path.is_dir() else path
    if kept.name == EVALUATION and kept.is_file() and not options.settings and not options.against:
        name = subject if path == kept else posixpath.join(subject, EVALUATION)
        return EvaluateResult(_loaded(kept, name), str(kept.parent), None, subject)
    if not path.exists():
        raise UsageError(f"there is no {subject}", hint="Name a model of mlops.yaml, or a file.")
    return _of_path(opened, subject, options)


def _is_path(opened: Opened, subject: str) -> bool:
    """Whether a text means a path: it is no model's name, and something lies there."""
    models = opened.pipeline.models
    if subject in models or f"{opened.folder}:{subject}" in models:
        return False
    there = os.path.lexists(opened.workspace_path(posixpath.join(opened.folder, subject)))
    return there or "/" in subject or subject.endswith((*_TABLES, ".joblib", ".pkl", ".onnx", ".skops"))


# A model of the pipeline --------------------------------------------------------------------------------------------


def _of_model(
    opened: Opened, name: str, options: EvaluateOptions, listen: Callable[[Event], None]
) -> EvaluateResult:
    _refuse_columns(options.columns)
    model = find_model(opened, name)
    stage, path = evaluating(opened, model)
    result = run(opened, [stage.name], options.run, listen)
    if not result.good or options.run.dry:
        return EvaluateResult(None, posixpath.dirname(path), result, model.name)
    goes_on = stage.settings.get("on_fail") == "go"
    if not options.against and not options.settings and not options.out:
        evaluation = _loaded(Path(opened.workspace_path(path)), path)
        return EvaluateResult(evaluation, posixpath.dirname(path), result, model.name, goes_on)
    if stage.uses != _STEP:
        message = f"the stage {stage.name} makes its evaluation by itself, so nothing can be added to it"
        raise UsageError(message, hint="Write it with uses: evaluate.")
    settings = {**stage.settings, **options.settings}
    folder = Path(opened.workspace_path(stage.wdir))
    found = _alone(opened, settings, folder, options)
    return EvaluateResult(found, options.out, result, model.name, goes_on)


def _refuse_columns(columns: Iterable[str]) -> None:
    """Refuse columns of answers and scores that are named where no table of predictions is evaluated."""
    for name in columns:
        raise UsageError(
            f"--{name} names a column of a table of predictions, and this is none",
            hint="Leave it out; in a pipeline write predictions: {path: …, predicted: COL}.",
        )


# A file -------------------------------------------------------------------------------------------------------------


def _of_path(opened: Opened, subject: str, options: EvaluateOptions) -> EvaluateResult:
    what = "predictions" if subject.endswith(_TABLES) else "model"
    if subject.endswith(_PROGRAMS) and ":" not in options.settings.get("predictor", ""):
        raise UsageError(
            f"{subject} is a program or a text, and no model",
            hint="Name the file of a model, such as models/best.joblib; or load it by a class of your own, with --predictor.",
        )
    columns = options.columns
    settings = {**options.settings, what: {"path": subject, **columns} if columns else subject}
    if what == "model":
        _refuse_columns(columns)
    missing = [
        key for key in ("data", "target") if key not in settings and (key == "target" or what == "model")
    ]
    if missing:
        wanted = " and ".join(f"--{key}" for key in missing)
        raise UsageError(
            f"evaluating {subject} needs {wanted}",
            hint="--data is the table, --target its column with the truth.",
        )
    folder = Path(opened.workspace_path(opened.folder))
    return EvaluateResult(_alone(opened, settings, folder, options), options.out, None, subject)


def _alone(opened: Opened, settings: dict[str, Any], folder: Path, options: EvaluateOptions) -> Evaluation:
    """Evaluate in a child process, and return what it wrote.

    Parameters
    ----------
    folder : Path
        To which paths in the settings are relative.
    """
    with scratch_folder(opened.project.root) as scratch:
        recorded: dict[str, str] = {}
        if options.against:
            other = bring_other(
                opened, options.against, settings.get("model", ""), scratch, _placed(opened, folder)
            )
            settings = {**settings, "against": {**other.settings, "name": options.against}}
            if options.margin is not None:
                settings["against"]["margin"] = options.margin
            recorded |= other.recorded
        step = STEPS[_STEP]
        settings = {
            **settings,
            "on_fail": "go",
        }  # what was found is shown first; the exit code tells the rest
        try:
            declared = step.declare(settings, "report")
        except ValueError as error:
            raise UsageError(str(error)) from error
        report = _kept_in(opened, options.out) if options.out else scratch / "report"
        recorded |= _recorded(opened, [path for path in declared.loads if path not in recorded], folder)
        inputs = _inputs(opened, declared.deps, folder)
        with _no_empty_folders(report):
            call_alone(
                step,
                settings,
                folder=folder,
                report=report,
                inputs=inputs,
                recorded=recorded,
                variables=opened.environment.variables,
            )
        return _loaded(report / EVALUATION, str(report / EVALUATION))


@contextmanager
def _no_empty_folders(report: Path) -> Iterator[None]:
    """Take away the folders that were made for a report where none came about: it was refused, or somebody stopped it."""
    new = [path for path in (report, *report.parents) if not path.exists()]
    try:
        yield
    except BaseException:
        with suppress(OSError):  # what is not empty stays, and so does what it lies in
            for path in new:
                path.rmdir()
        raise


def _loaded(file: Path, name: str) -> Evaluation:
    """Return the evaluation in a file.

    Raises
    ------
    FileError
        When it is none, with how to have it again: Git may never have had it.
    StageError
        When it is not there, because the process that should have written it was ended.
    """
    try:
        return load_evaluation(file.read_bytes(), name)
    except FileNotFoundError:
        message = "the model, or code of yours, ended the process before the evaluation was written"
        raise StageError(message) from None
    except FileError as error:
        if "git checkout -- " not in error.hint:
            raise
        hint = "Make it again: mlops run, or mlops evaluate with --out"
        raise FileError(error.message, hint=hint) from error


def _kept_in(opened: Opened, out: str) -> Path:
    """Return the folder of a report that is to be kept.

    Raises
    ------
    UsageError
        When it lies outside of the project, where nothing is written.
    """
    root = opened.project.root
    path = Path(os.path.normpath(root / opened.folder / os.path.expanduser(out)))
    if not path.is_relative_to(root) or path == root:
        raise UsageError(f"{out} does not lie inside the project", hint="For example: --out reports/now")
    taken = next((each for each in (path, *path.parents) if each.exists()), root)
    if not taken.is_dir():
        raise UsageError(
            f"{out} is a file, and the report is a folder", hint="For example: --out reports/now"
        )
    return path


def _placed(opened: Opened, folder: Path) -> str:
    """Return a folder relative to the project."""
    return os.path.relpath(folder, opened.project.root).replace(os.sep, "/")


def _recorded(opened: Opened, paths: list[str], folder: Path) -> dict[str, str]:
    """Return what records promise of models, by their paths as they were written."""
    place = _placed(opened, folder)
    inside = {
        posixpath.normpath(posixpath.join(place, path)): path for path in paths if not path.startswith("/")
    }
    sources = {path: _makers(opened, path) for path in inside} if opened.has_pipeline else {}
    found = vouched(inside, sources, opened.facts, lambda path: committed_bytes(opened.git, path))
    return {inside[path]: digest for path, digest in found.items()}


def _makers(opened: Opened, path: str) -> tuple[Source, ...]:
    stage = maker(opened, path)
    if stage is None:
        return ()
    return tuple(Source(stage.name, out.path) for out in stage.outs if f"{path}/".startswith(f"{out.path}/"))


def _inputs(opened: Opened, paths: tuple[str, ...], folder: Path) -> dict[str, Digest]:
    place = _placed(opened, folder)
    found: dict[str, Digest] = {}
    for path in paths:
        inner = posixpath.normpath(posixpath.join(place, path))
        artifact = None if path.startswith("/") or inner.startswith("../") else opened.facts.artifact(inner)
        if artifact is not None:
            found[relative(inner, place)] = artifact.digest
    return found
