"""`drift`: whether two tables are alike, and which columns are not."""

from __future__ import annotations

import json
import os
import posixpath
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.data.drift.model import TYPES, DriftSettings
from mlops_cli.data.drift.request import split_types
from mlops_cli.data.table.formats import by_name
from mlops_cli.data.table.kinds import KINDS
from mlops_cli.errors import FileError, UsageError
from mlops_cli.opened.scratch import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlops_cli.data.drift.model import DriftReport


def drift(
    folder: Path,
    reference: str,
    current: str,
    settings: DriftSettings,
    *,
    types: Sequence[str] = (),
    model: str | None = None,
) -> DriftReport:
    """Compare two tables or profiles.

    Parameters
    ----------
    folder : Path
        What paths are relative to.
    reference, current : str
        Where they lie.
    types : sequence of str
        `COL=KIND`, where people know better what a column is, or `COL=TYPE`, how it is to be compared.
    model : str, optional
        A model whose columns count as much as it goes by them.

    Raises
    ------
    FileError, DataError
        When one of them cannot be read.
    UsageError
        When a column is asked for that neither has.
    """
    from mlops_cli.data.drift.tables import compare_addresses

    kinds, compared = split_types(dict(_pair(each) for each in types))
    settings = replace(settings, types=compared)
    with scratch_folder(folder) as scratch:
        first, second = _place(folder, reference), _place(folder, current)
        weights = _weights(folder, model, first, scratch) if model else None
        return compare_addresses(
            first,
            second,
            settings,
            scratch=scratch,
            kinds=kinds,
            weigh=None if weights is None else lambda _: weights,
            weighted=model or "",
        )


def settings_of(
    *,
    columns: Sequence[str] = (),
    ignore: Sequence[str] = (),
    warn: float = 0.10,
    fail: float = 0.20,
    q: float = 0.01,
    share: float = 0.10,
    time: str = "",
    joint: bool = True,
) -> DriftSettings:
    """Return the settings that options name.

    Raises
    ------
    UsageError
        When they contradict each other.
    """
    if fail < warn:
        raise UsageError(f"--fail {fail:g} lies under --warn {warn:g}", hint="What fails has warned before.")
    return DriftSettings(
        warn=warn,
        fail=fail,
        q=q,
        share=share,
        columns=_names(columns),
        ignore=_names(ignore),
        time=time,
        joint=joint,
    )


def _names(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for text in texts for name in (each.strip() for each in text.split(",")) if name)


def _pair(text: str) -> tuple[str, str]:
    name, equal, value = text.rpartition("=")
    if not (equal and name and value):
        raise UsageError(
            f"--type {text}: a column and what it is are needed", hint="Such as: --type age=numeric"
        )
    if value not in (*KINDS, *TYPES):
        raise UsageError(
            f"--type {text}: {value!r} is no type", hint=f"There are {', '.join((*KINDS, *TYPES))}."
        )
    return name, value


def _place(folder: Path, address: str) -> str:
    """Return an address as it is from here; what has a scheme is the same everywhere."""
    return address if "://" in address or os.path.isabs(address) else os.path.normpath(folder / address)


def _weights(folder: Path, model: str, table: str, scratch: Path) -> Mapping[str, float]:
    """Return the importance of columns: out of an evaluation, or as the answers of a model show it."""
    if model.endswith(".json"):
        from mlops_cli.data.drift.weights import weights_in

        try:
            return weights_in((folder / model).read_bytes(), model)
        except OSError as error:
            raise FileError(f"{model} cannot be read: {error.strerror}") from error
    if by_name(model) is not None:
        raise UsageError(
            f"--model {model}: this is a table, not a model",
            hint="Name the file of a model, or an evaluation.json with importance.",
        )
    return _reliance(folder, model, table, scratch)


def _reliance(folder: Path, model: str, table: str, scratch: Path) -> Mapping[str, float]:
    """Ask a model in a child process, on rows of a table; it is loaded only where a record promises its bytes."""
    from mlops_cli.data.profile.text import is_profile
    from mlops_cli.evaluation.reliance_step import FILE, RelianceStep
    from mlops_cli.execution.alone import call_alone
    from mlops_cli.execution.vouched import vouched
    from mlops_cli.git.committed_file import committed_bytes
    from mlops_cli.opened import open_folder
    from mlops_cli.pipeline.graph import Source
    from mlops_cli.tracking.named_models import maker

    place = Path(table)
    if place.is_file() and is_profile(place.open("rb").read(4096)):
        raise UsageError(
            f"{table} is a profile, and a model can be asked about rows only",
            hint="Name an evaluation with importance instead: --model reports/evaluation/evaluation.json",
        )
    with open_folder(folder) as opened:
        path = posixpath.normpath(posixpath.join(opened.folder, model))
        stage = maker(opened, path) if opened.has_pipeline else None
        outs = () if stage is None else stage.outs
        sources = tuple(
            Source(stage.name, out.path) for out in outs if stage and f"{path}/".startswith(f"{out.path}/")
        )
        recorded = vouched(
            [path], {path: sources}, opened.facts, lambda name: committed_bytes(opened.git, name)
        )
        artifact = None if path.startswith(("/", "../")) else opened.facts.artifact(path)
        variables = opened.environment.variables
    call_alone(
        RelianceStep(),
        {"model": model, "data": table},
        folder=folder,
        report=scratch / "reliance",
        inputs={} if artifact is None else {model: artifact.digest},
        recorded={model: recorded[path]} if path in recorded else {},
        variables=variables,
    )
    found: dict[str, float] = json.loads((scratch / "reliance" / FILE).read_bytes())
    return found
