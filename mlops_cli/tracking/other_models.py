"""Another model to hold one against: what a REF leads to, brought as a file whose digest is known."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.errors import DataError, UsageError
from mlops_cli.history.refs import resolve
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.history.refs import Ref
    from mlops_cli.opened import Opened
    from mlops_cli.store.digest import Digest

_PREDICTIONS = "predictions.parquet"
_PARQUET = b"PAR1"
_TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zst")


@dataclass(frozen=True, slots=True)
class Other:
    """Another model, or its predictions.

    Parameters
    ----------
    settings : mapping
        `model` or `predictions`, with the path.
    recorded : mapping
        That path to the digest that its content must have; empty for a file that records of the workspace speak of.
    """

    settings: Mapping[str, str]
    recorded: Mapping[str, str] = field(default_factory=dict)


def bring_other(opened: Opened, text: str, model: str, scratch: Path, place: str) -> Other:
    """Return the other model that a REF means.

    A run or a commit means what lay then at the path of the model; a path or digest means a model, or predictions of an evaluation.

    Parameters
    ----------
    text : str
        The REF.
    model : str
        The path of the model that is held against it, relative to `place`; empty where there are only predictions.
    scratch : Path
        Where to bring it to.
    place : str
        A folder, relative to the project.

    Raises
    ------
    UsageError
        When the REF means nothing, or has no such model.
    DataError
        When its content is not here.
    """
    project, said = opened.project, opened.config.metrics
    path = posixpath.normpath(posixpath.join(place, model)) if model else ""
    ref = resolve(opened.history, opened.git, project, text, opened.folder, said)
    digest: str | None
    if ref.kind == "run":
        assert ref.run is not None, "a REF of this kind has it"  # noqa: S101 - tells the type checker
        name, digest = _of_run(opened, ref.run, path, text)
    elif ref.kind == "commit":
        if not path:
            raise UsageError(
                f"{text} is a commit, and there are only predictions", hint="Name predictions, or a run."
            )
        ref = resolve(opened.history, opened.git, project, f"{ref.commit}:{path}", "", said)
        name, digest = path, ref.digest
    else:
        name, digest = ref.path or "model", ref.digest
    if digest is None:
        return _in_place(opened, text, place)
    data = _content(opened, digest, name, ref)
    target = scratch / "against" / posixpath.basename(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    if data.startswith(_PARQUET) or name.endswith(_TABLES):
        return Other({"predictions": str(target)})
    return Other({"model": str(target)}, {str(target): digest})


def _of_run(opened: Opened, run: str, path: str, text: str) -> tuple[str, str]:
    """Return path and digest of what a run made, or used, that can be held against: the model, else predictions."""
    stages = opened.history.record(run).stages
    for stage in stages:
        for held in (stage.outs, stage.deps):
            if path and path in held:
                return path, held[path].digest
    for stage in stages:
        for name, artifact in stage.outs.items():
            if posixpath.basename(name) == _PREDICTIONS:
                return name, artifact.digest
    what = path or "predictions of an evaluation"
    raise UsageError(
        f"{text} knows nothing of {what}", hint="Name another run, a commit, a path or a digest."
    )


def _in_place(opened: Opened, text: str, place: str) -> Other:
    """Return what lies in the workspace, and no record of ours speaks of; Git may."""
    path = Path(opened.workspace_path(posixpath.join(opened.folder, text)))
    if path.is_dir() and (path / _PREDICTIONS).is_file():
        path = path / _PREDICTIONS
    if not path.is_file():
        raise UsageError(f"{text} is no file to hold a model against")
    with path.open("rb") as stream:
        told = stream.read(4) == _PARQUET or path.name.endswith(_TABLES)
    kind = "predictions" if told else "model"
    return Other({kind: os.path.relpath(path, opened.workspace_path(place)).replace(os.sep, "/")})


def _content(opened: Opened, digest: str, name: str, ref: Ref) -> bytes:
    """Return the bytes that a digest names: out of the store, the workspace, or Git."""
    wanted: Digest = digest  # type: ignore[assignment] # out of a record
    objects = opened.facts.objects
    if not objects.missing([wanted]):
        (data,) = objects.read_blobs([wanted])
        if digest_bytes(data) == digest:
            return data
    here = Path(opened.workspace_path(name))
    if here.is_file() and digest_bytes(data := here.read_bytes()) == digest:
        return data
    committed = opened.git.ask("cat-file", "blob", f"{ref.commit}:./{name}") if ref.commit else None
    if committed is not None and digest_bytes(committed) == digest:
        return committed
    raise DataError(
        f"{name} as {ref.text} has it ({digest[:15]}) is not here",
        hint=f"Bring it with mlops fetch, or make it again: mlops rerun {ref.run}"
        if ref.run
        else "Bring it with: mlops fetch",
    )
