"""Parameters that are named without their file, and names that are nearly those of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.errors import UsageError
from mlops_cli.formats.problems import nearest
from mlops_cli.history.lineage.start import Parameter, used

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlops_cli.history.known import KnownRun
    from mlops_cli.history.lineage.then import Remembered

_LEAD = "params."  # as tables of runs write them


def known_parameter(known: Remembered, text: str, error: UsageError) -> Parameter:
    """Return the one parameter of recorded runs that a text without a file names: `train.depth`, or with `=4`.

    Parameters
    ----------
    error : UsageError
        Why the text means nothing else; raised again where it is no parameter either.

    Raises
    ------
    UsageError
        When no parameter is called so, or those of several files are.
    """
    name, equals, value = text.partition("=")
    runs = known.runs()
    for wanted in dict.fromkeys((name, name.removeprefix(_LEAD))):
        files = _files(known, runs, wanted)
        if len(files) > 1:
            ways = "; ".join(f"{file}:{wanted}{equals}{value}" for file in files)
            raise UsageError(
                f"{wanted} is a parameter in {len(files)} files", hint=f"Write what is meant: {ways}"
            )
        if files:
            return Parameter(files[0], wanted, value if equals else None)
    names, meant = _names(runs), name.removeprefix(_LEAD)
    hint = _closest(names, meant)
    # A path may be nearer: then the error says so.
    if not hint or hint != _closest({*names, *known.history.paths()}, meant):
        raise error
    raise UsageError(f"{text} leads to nothing, and is no parameter that a run used", hint=hint)


def closest_parameter(runs: Iterable[KnownRun], parameter: Parameter) -> str:
    """Return `Did you mean …?` for a parameter that no run has; empty where its name is right, or none is near."""
    names = _names(runs)
    if any(name == parameter.name or name.startswith(f"{parameter.name}.") for name in names):
        return ""
    return _closest(names, parameter.name)


def _files(known: Remembered, runs: Iterable[KnownRun], wanted: str) -> list[str]:
    """Return the files in which runs had a parameter of that name, or any below it."""
    found: dict[str, None] = {}
    for run in runs:
        if not any(_is(name.rpartition(":")[2], wanted) for name in run.params):
            continue
        record = known.full(run.id)
        for stage in record.stages if record is not None else ():
            for name in used(stage):
                file, _, inner = name.partition(":")
                if _is(inner, wanted):
                    found[file] = None
    return sorted(found)


def _is(name: str, wanted: str) -> bool:
    return name == wanted or name.startswith(f"{wanted}.")


def _names(runs: Iterable[KnownRun]) -> set[str]:
    return {name.rpartition(":")[2] for run in runs for name in run.params}


def _closest(names: Iterable[str], name: str) -> str:
    close = nearest(name, sorted(names))
    return close[:1].upper() + close[1:]
