"""Every example in the room's documents runs and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import mlops_cli.statistics

FOLDER = Path(mlops_cli.statistics.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
# What needs no example: it says all in its name, or is made by another function.
PLAIN = {"empty", "merge", "estimate", "from_json", "fraction", "value", "exact", "add", "total", "cuts"}


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    module = importlib.import_module(f"mlops_cli.statistics.{name}")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_every_public_function_has_an_example(name: str) -> None:
    module = importlib.import_module(f"mlops_cli.statistics.{name}")
    lacking = [
        function
        for function, value in vars(module).items()
        if inspect.isfunction(value)
        and value.__module__ == module.__name__
        and not function.startswith("_")
        and ">>>" not in (value.__doc__ or "")
    ]
    assert set(lacking) <= PLAIN
