"""What a comparison is asked for, from a stage's `with`. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from mlops_cli.data.drift.model import TYPES, DriftSettings
from mlops_cli.data.table.kinds import KINDS
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.data.drift.model import Type
    from mlops_cli.data.table.kinds import Kind
    from mlops_cli.formats.canonical import Json

_KEYS = (
    "reference", "current", "columns", "ignore", "types", "warn", "fail", "q", "share", "time", "joint",
    "weights", "on_fail",
)  # fmt: skip
_GO, _STOP = "go", "stop"


@dataclass(frozen=True, slots=True)
class Request:
    """What stands under `with`.

    Parameters
    ----------
    reference, current : str
        Tables or profiles: paths or addresses.
    weights : str
        An `evaluation.json` with the importance of columns; empty for none.
    stops : bool
        Whether the stage fails where the verdict is fail or insufficient.
    """

    reference: str
    current: str
    settings: DriftSettings
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    weights: str = ""
    stops: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """What is read."""
        return tuple(path for path in (self.reference, self.current, self.weights) if path)


def read_settings(settings: Mapping[str, Json]) -> Request:
    """Return settings that were checked.

    Raises
    ------
    ValueError
        With everything that is wrong.

    Examples
    --------
    >>> read_settings({"reference": "train.csv", "current": "today.csv", "ignore": ["id"]}).settings.ignore
    ('id',)
    """
    wrong = [_unknown(key) for key in settings if key not in _KEYS]
    values: dict[str, Any] = {}
    for key in ("reference", "current"):
        values[key] = _text(settings, key, wrong)
        if key not in settings:
            wrong.append(f"{key} is missing: a table, or a profile")
    for key in ("time", "weights"):
        values[key] = _text(settings, key, wrong)
    for key in ("columns", "ignore"):
        values[key] = _names(settings, key, wrong)
    for key, usual in (("warn", 0.10), ("fail", 0.20), ("q", 0.01), ("share", 0.10)):
        values[key] = _share(settings, key, usual, wrong)
    if values["fail"] < values["warn"]:
        wrong.append(
            f"fail: {values['fail']:g} lies under warn: {values['warn']:g}; what fails has warned before"
        )
    kinds, types = split_types(_mapping(settings, "types", (*KINDS, *TYPES), wrong))
    joint = settings.get("joint", True)
    if not isinstance(joint, bool):
        wrong.append(f"joint is true or false, not {joint!r}")
    on_fail = settings.get("on_fail", _GO)
    if on_fail not in (_GO, _STOP):
        wrong.append(f"on_fail is {_GO} or {_STOP}, not {on_fail!r}")
    if wrong:
        raise ValueError("; ".join(wrong))
    found = DriftSettings(
        **{key: values[key] for key in ("warn", "fail", "q", "share", "columns", "ignore", "time")},
        types=types,
        joint=bool(joint),
    )
    return Request(
        values["reference"],
        values["current"],
        found,
        kinds,
        values["weights"],
        on_fail == _STOP,
    )


def split_types(found: Mapping[str, str]) -> tuple[dict[str, Kind], tuple[tuple[str, Type], ...]]:
    """Return what columns are, and how they are to be compared; `rare` and `binary` say nothing of the first.

    Examples
    --------
    >>> split_types({"at": "datetime", "key": "id"})
    ({'at': 'datetime'}, (('key', 'id'),))
    """
    kinds = {name: value for name, value in found.items() if value in KINDS}
    types = tuple(sorted((name, value) for name, value in found.items() if value in TYPES))
    return kinds, types


def _unknown(key: str) -> str:
    close = nearest(key, _KEYS)
    return f"there is no setting {key}" + (f": {close}" if close else f"; there are {', '.join(_KEYS)}")


def _text(settings: Mapping[str, Json], key: str, wrong: list[str]) -> str:
    value = settings.get(key, "")
    if isinstance(value, str) and (value or key not in settings):
        return value
    wrong.append(f"{key} is a text, not {value!r}")
    return ""


def _names(settings: Mapping[str, Json], key: str, wrong: list[str]) -> tuple[str, ...]:
    value = settings.get(key, [])
    names = [value] if isinstance(value, str) else value
    if value == "all" and key == "columns":
        return ()
    if isinstance(names, list) and all(isinstance(name, str) and name for name in names):
        return tuple(cast("list[str]", names))
    wrong.append(f"{key} is a list of columns, not {value!r}")
    return ()


def _share(settings: Mapping[str, Json], key: str, usual: float, wrong: list[str]) -> float:
    value = settings.get(key, usual)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    wrong.append(f"{key} is a number from 0 to 1, not {value!r}")
    return usual


def _mapping(
    settings: Mapping[str, Json], key: str, known: tuple[str, ...], wrong: list[str]
) -> dict[str, str]:
    value = settings.get(key, {})
    if not isinstance(value, dict):
        wrong.append(f"{key} maps columns to one of {', '.join(known)}, and is not {value!r}")
        return {}
    for name, kind in value.items():
        if kind not in known:
            wrong.append(f"{key}: {name} cannot be {kind!r}; there are {', '.join(known)}")
    return cast("dict[str, str]", value)
