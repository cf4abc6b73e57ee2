"""Built-in steps by name. A step joins here, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.pipeline.builtin import BuiltinStep

STEPS: Mapping[str, BuiltinStep] = {}
