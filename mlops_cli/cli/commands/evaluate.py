"""`mlops evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlops_cli.cli.console import console, end
from mlops_cli.cli.options import AsJson, Folder, ListForm, Output, Quiet, Verbose
from mlops_cli.errors import UsageError

if TYPE_CHECKING:
    from mlops_cli.actions.evaluate import EvaluateResult

Subject = Annotated[
    str,
    typer.Argument(
        metavar="MODEL|PATH",
        help="A name under models: in mlops.yaml; or a model's file, a table of predictions, a report.",
        show_default=False,
    ),
]
Data = Annotated[
    str, typer.Option("--data", metavar="PATH", help="The table to judge on.", show_default=False)
]
Target = Annotated[
    str, typer.Option("--target", metavar="COL", help="Its column with the truth.", show_default=False)
]
Task = Annotated[
    str,
    typer.Option(
        "--task",
        metavar="TASK",
        help="binary, multiclass or regression; found out by default.",
        show_default=False,
    ),
]
PredictorName = Annotated[
    str,
    typer.Option(
        "--predictor",
        metavar="KIND|FILE:CLASS",
        help="joblib, pickle, skops, onnx, or your own class, as src/p.py:Predictor; told by the file by default.",
        show_default=False,
    ),
]
Predicted = Annotated[
    str,
    typer.Option(
        "--predicted",
        metavar="COL",
        help="Of a table of predictions: its column with the answers; predicted by default.",
        show_default=False,
    ),
]
Score = Annotated[
    str,
    typer.Option(
        "--score",
        metavar="COL",
        help="Of a table of predictions: its column with the scores; score by default.",
        show_default=False,
    ),
]
Positive = Annotated[
    str, typer.Option("--positive", metavar="CLASS", help="The positive class of two.", show_default=False)
]
Features = Annotated[
    list[str] | None,
    typer.Option(
        "--feature", metavar="COL", help="A column that the model is given; repeatable.", show_default=False
    ),
]
ThresholdText = Annotated[
    str,
    typer.Option(
        "--threshold",
        metavar="WHERE",
        help="A score; or youden, value, precision=0.9, recall=0.8.",
        show_default=False,
    ),
]
ChooseOn = Annotated[
    str,
    typer.Option(
        "--choose-on",
        metavar="PATH",
        help="The table on which --threshold is chosen; one half of the rows by default.",
        show_default=False,
    ),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metric",
        metavar="NAME|FILE:FUNCTION",
        help="A metric, or your own function; all of the task by default. Repeatable.",
        show_default=False,
    ),
]
Slices = Annotated[
    list[str] | None,
    typer.Option(
        "--slice",
        metavar="SLICE",
        help="A column, a cross 'sex,race', bins 'age/4', or a condition 'seniors: age >= 65'. Repeatable.",
        show_default=False,
    ),
]
Fairness = Annotated[
    list[str] | None,
    typer.Option(
        "--fairness", metavar="COL", help="Compare the groups of a column; repeatable.", show_default=False
    ),
]
Value = Annotated[
    str,
    typer.Option(
        "--value",
        metavar="MATRIX",
        help="What answers are worth: '[[0, -5], [-10, 20]]', rows are truths, columns answers.",
        show_default=False,
    ),
]
Train = Annotated[
    str,
    typer.Option(
        "--train",
        metavar="PATH",
        help="The table it was trained on, to look for rows in both.",
        show_default=False,
    ),
]
NoFind = Annotated[bool, typer.Option("--no-find", help="Do not look for weak slices.")]
NoImportance = Annotated[
    bool, typer.Option("--no-importance", help="Do not measure what each column is worth.")
]
MinN = Annotated[
    int | None,
    typer.Option(
        "--min-n",
        metavar="N",
        help="Rows that a slice needs to be judged; 50 by default.",
        show_default=False,
    ),
]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Draw other samples.", show_default=False)
]
Against = Annotated[
    str,
    typer.Option(
        "--against",
        metavar="REF",
        help="Hold it against another on the same rows: a run, commit, path or digest.",
        show_default=False,
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        "--margin",
        metavar="X",
        min=0,
        help="The largest difference that does not matter.",
        show_default=False,
    ),
]
Out = Annotated[
    str, typer.Option("--out", metavar="DIR", help="Write the files of the report here.", show_default=False)
]


def evaluate(
    subject: Subject,
    data: Data = "",
    target: Target = "",
    task: Task = "",
    predictor: PredictorName = "",
    predicted: Predicted = "",
    score: Score = "",
    positive: Positive = "",
    features: Features = None,
    threshold: ThresholdText = "",
    choose_on: ChooseOn = "",
    metrics: Metrics = None,
    slices: Slices = None,
    fairness: Fairness = None,
    value: Value = "",
    train: Train = "",
    no_find: NoFind = False,
    no_importance: NoImportance = False,
    min_n: MinN = None,
    seed: Seed = None,
    against: Against = "",
    margin: Margin = None,
    out: Out = "",
    output: Output = ListForm.TABLE,
    directory: Folder = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say how good a model is, and how sure that is; with --against the exit code is 1 where another is better."""
    from mlops_cli.actions.evaluate import EvaluateOptions
    from mlops_cli.actions.evaluate import evaluate as act

    talk = console().take(directory, as_json, quiet, verbose)
    if margin is not None and not against:
        raise UsageError("--margin goes with --against", hint="For example: --against HEAD --margin 0.01")
    given: dict[str, Any] = {
        "data": data,
        "target": target,
        "task": task,
        "predictor": predictor,
        "positive": positive,
        "features": features,
        "threshold": _threshold(threshold, choose_on),
        "metrics": metrics,
        "slices": _slices(slices or []),
        "fairness": fairness,
        "value": _yaml("--value", value),
        "train": train,
        "min_n": min_n,
        "seed": seed,
    }
    settings = {name: item for name, item in given.items() if item not in ("", None, [])}
    settings |= {"find": False} if no_find else {}
    settings |= {"importance": False} if no_importance else {}
    with talk.open() as opened:
        progress = talk.progress(plain=opened.environment.plain)
        try:
            options = EvaluateOptions(settings, against, margin, out, predicted, score)
            result = act(opened, subject, options, progress)
        finally:
            progress.close()
    _show(result, output, opened.folder)
    end(result.exit_code)


def _show(result: EvaluateResult, output: ListForm, folder: str) -> None:
    from mlops_cli.render.evaluate import evaluate_summary, evaluate_text, evaluate_wire

    talk = console()
    if talk.as_json or output is ListForm.JSON:
        talk.json(evaluate_wire(result))
    else:
        talk.result(evaluate_text(result, output.value, width=talk.width))
        talk.say(evaluate_summary(result))
    if result.run is not None and not talk.as_json:
        from mlops_cli.render.text import commit_text, failures_text, stopped_text

        talk.fail(stopped_text() if result.run.interrupted else failures_text(result.run.outcomes))
        talk.say(commit_text(result.run.written, folder))


def _threshold(text: str, on: str) -> Any:
    """Return `--threshold` as `with:` has it."""
    if not text:
        if on:
            raise UsageError("--choose-on goes with --threshold", hint="For example: --threshold youden")
        return None
    name, equals, number = text.partition("=")
    if text in ("youden", "value"):
        return {"by": text, "on": on} if on else text
    try:
        found = float(number if equals else text)
    except ValueError:
        hint = "Give a score, youden, value, precision=0.9 or recall=0.8."
        raise UsageError(f"--threshold {text} is not understood", hint=hint) from None
    if not equals:
        return found
    return {name: found, "on": on} if on else {name: found}


def _slices(texts: list[str]) -> list[Any]:
    """Return `--slice` as `with:` has it, so that it is told of the same way when it is wrong."""
    if not texts:
        return []
    from mlops_cli.evaluation.slices.spec import Condition, slices_of_option

    found: list[Any] = []
    for declared in (each for text in texts for each in slices_of_option(text)):
        if isinstance(declared, Condition):
            found.append({"name": declared.name, "where": declared.where})
        else:
            found.append(
                [
                    axis.column if axis.bins is None else {"column": axis.column, "bins": axis.bins}
                    for axis in declared.axes
                ]
            )
    return found


def _yaml(option: str, text: str) -> Any:
    if not text:
        return None
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(
            f"{option} {text} is not understood", hint="Write it as YAML: [[0, -5], [-10, 20]]"
        ) from error
