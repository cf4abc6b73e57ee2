"""Parameters of a run beside those of a workspace: what has to be written so that they are the same. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.value_edit import Change, identical
from mlops_cli.pipeline.parameters import is_parameter_file, lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlops_cli.formats.canonical import Json

ABSENT = "\0absent"  # no text that anybody can write


class Difference(NamedTuple):
    """One parameter that is not what it was in a run; `old` is what it is now, `ABSENT` where it is not there."""

    file: str
    name: str
    old: Json
    new: Json

    @property
    def change(self) -> Change:
        """What has to be written."""
        return Change(self.name, self.new)


def differences(
    wanted: Mapping[str, Mapping[str, Json]], read: Callable[[str], Mapping[str, Any] | None]
) -> list[Difference]:
    """Return what differs between a run's parameters and those of parameter files, value by value.

    Parameters
    ----------
    wanted : mapping
        File to name to value; the name `""` stands for the whole file.
    read : callable
        Returns what a parameter file holds; None where there is none.
    """
    found: dict[tuple[str, str], Difference] = {}
    for file, values in wanted.items():
        there = read(file) or {}
        for name, value in values.items():
            try:
                now = lookup(there, name)
            except LookupError:
                now = ABSENT
            for difference in _compare(file, name, now, value):
                found[file, difference.name] = difference
    return list(found.values())


def _compare(file: str, name: str, now: Any, wanted: Any) -> list[Difference]:
    if identical(now, wanted):
        return []
    # What is no longer there cannot be taken out line by line: then the whole mapping is written.
    if isinstance(now, dict) and isinstance(wanted, dict) and (not name or now.keys() <= wanted.keys()):
        parts = [
            _compare(file, f"{name}.{key}" if name else key, now.get(key, ABSENT), value)
            for key, value in wanted.items()
        ]
        return [difference for part in parts for difference in part]
    return [Difference(file, name, now, wanted)] if name else []


def set_by_experiment(experiment: Mapping[str, Any] | None, usual: str) -> dict[str, dict[str, Json]]:
    """Return what an experiment set, by file and name, whether or not a stage declares it.

    Examples
    --------
    >>> set_by_experiment({"set": {"lr": 1, "b.json:x.y": 2}}, "params.yaml")
    {'params.yaml': {'lr': 1}, 'b.json': {'x.y': 2}}
    """
    found: dict[str, dict[str, Json]] = {}
    for label, value in ((experiment or {}).get("set") or {}).items():
        file, colon, name = label.partition(":")
        if not (colon and is_parameter_file(file)):
            file, name = usual, label
        found.setdefault(file, {})[name] = value
    return found
