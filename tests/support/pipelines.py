"""Pipelines out of text, as if the text lay in files."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import FileError
from mlops_cli.formats.problems import DefinitionError, Problem, Problems
from mlops_cli.formats.yaml_text import Node, parse_yaml
from mlops_cli.pipeline.builtin import Declared
from mlops_cli.pipeline.parse import parse_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlops_cli.pipeline.definition import Pipeline, Stage


class Copy:
    """A built-in step that copies a file, and makes a folder of its report."""

    entry = "tests.copying:copy"
    version = 1
    page = ""

    def declare(self, settings: Mapping[str, Any], report: str | None) -> Declared:
        if "from" not in settings or "to" not in settings:
            raise ValueError("copy needs from and to")
        reports = () if report is None else (f"{report}/report.json",)
        return Declared((str(settings["from"]),), (str(settings["to"]),), reports)


STEPS = {"copy": Copy()}


def reader(files: Mapping[str, str | bytes]) -> Callable[[str], bytes | None]:
    """Return a function that reads these files, and no others."""
    stored = {name: data.encode() if isinstance(data, str) else data for name, data in files.items()}
    return stored.get


def parse(text: str | Mapping[str, str | bytes], *, depth: int = 0) -> Pipeline:
    """Parse a pipeline file, or several files of a project; text is dedented."""
    files = {"mlops.yaml": text} if isinstance(text, str) else text
    plain = {name: dedent(data) if isinstance(data, str) else data for name, data in files.items()}
    return parse_pipeline(reader(plain), depth=depth, steps=STEPS)


def one_stage(body: str, **files: str) -> Stage:
    """Return the stage whose body is given; `params="…"` and others become files (`_` for the dot of `.yaml`)."""
    lines = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    others = {name.replace("_", "."): dedent(text) for name, text in files.items()}
    return parse({"mlops.yaml": f"stages:\n  only:\n{lines}", **others}).stages["only"]


def problems(text: str | Mapping[str, str | bytes], *, depth: int = 0) -> tuple[Problem, ...]:
    """Return what is wrong in files."""
    try:
        parse(text, depth=depth)
    except DefinitionError as error:
        return error.problems
    return ()


def refused(text: str | Mapping[str, str | bytes]) -> bool:
    """Whether the parser takes exception to files; any other exception than its own fails the test."""
    try:
        parse(text)
    except FileError:
        return True
    return False


def node(text: str) -> Node:
    """Return the root of good YAML text."""
    found = Problems()
    root = parse_yaml(text.encode(), "test.yaml", found)
    assert root is not None
    assert not found.found
    return root
