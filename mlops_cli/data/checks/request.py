"""What a validation is asked for: paths and names, from the command line or from a stage's `with`. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_cli.formats.problems import nearest
from mlops_cli.formats.quantities import read_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json

KEYS = ("data", "schema", "against", "raw", "train", "target", "key", "time", "fresh")
_PATHS = ("data", "schema", "against", "raw", "train")


@dataclass(frozen=True, slots=True)
class Request:
    """A validation to make.

    Parameters
    ----------
    data : str
        The table: a path, or an address.
    schema : str
        The schema file; empty for none, as are the others.
    against : str
        A table, or a profile, that it should be like.
    raw : str
        The table before it was transformed.
    train : str
        The table that a model learns from.
    target, key, time, fresh
        As in the schema file, and before what that says.
    """

    data: str
    schema: str = ""
    against: str = ""
    raw: str = ""
    train: str = ""
    target: str = ""
    key: tuple[str, ...] = ()
    time: str = ""
    fresh: float | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """Everything that it reads."""
        return tuple(path for path in (self.data, self.schema, self.against, self.raw, self.train) if path)


def read_settings(settings: Mapping[str, Json]) -> Request:
    """Return what stands under `with`.

    Raises
    ------
    ValueError
        With everything that is wrong in it.
    """
    taken = f"it takes {', '.join(KEYS)}"
    wrong = [
        f'validate does not take "{key}": {nearest(key, KEYS) or taken}'
        for key in settings
        if key not in KEYS
    ]
    texts: dict[str, str] = {}
    for key in (*_PATHS, "target", "time"):
        value = settings.get(key)
        if value is None:
            continue
        if isinstance(value, str) and value:
            texts[key] = value
        else:
            wrong.append(f"{key} should be text")
    if "data" not in settings:
        wrong.append("validate needs data: the table, for example data: data/train.parquet")
    fresh, given = settings.get("fresh"), settings.get("key")
    names: object = [given] if isinstance(given, str) else given or []
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        wrong.append("key should be a column, or a list of columns")
        names = []
    seconds = read_duration(fresh) if fresh is not None else None
    if fresh is not None and seconds is None:
        wrong.append("fresh should be a duration such as 6h or 2d")
    if wrong:
        raise ValueError("; ".join(wrong))
    return Request(**texts, key=tuple(str(name) for name in names), fresh=seconds)
