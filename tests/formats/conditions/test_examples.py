"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "formats.conditions.mistake",
        "formats.conditions.text",
        "formats.conditions.tokens",
        "history.where.expression",
        "evaluation.slices.expression",
        "evaluation.slices.parse",
    ],
)
def test_every_example_is_true(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"mlops_cli.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
