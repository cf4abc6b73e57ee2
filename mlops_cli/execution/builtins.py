"""Built-in steps by name. A step joins here, and nowhere else; its module is imported when it is first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_cli.pipeline.builtin import BuiltinStep

# Name to `module:class`.
_PLACES = {
    "evaluate": "mlops_cli.evaluation.step:EvaluateStep",
    "profile": "mlops_cli.data.profile.step:ProfileStep",
    "validate": "mlops_cli.data.checks.step:ValidateStep",
    "drift": "mlops_cli.data.drift.step:DriftStep",
}


class _Steps(Mapping[str, "BuiltinStep"]):
    """Steps that are made when they are first asked for: a project that uses none never pays for them."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._made: dict[str, BuiltinStep] = {}

    def __getitem__(self, name: str) -> BuiltinStep:
        if name not in self._made:
            module, _, kind = self._places[name].partition(":")
            self._made[name] = getattr(importlib.import_module(module), kind)()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


STEPS: Mapping[str, BuiltinStep] = _Steps(_PLACES)
