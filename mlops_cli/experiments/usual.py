"""Which parameter file is meant where none is named."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mlops_cli.formats.problems import Problems
from mlops_cli.formats.yaml_text import parse_yaml
from mlops_cli.pipeline.parse import DEFAULT_PARAMS
from mlops_cli.project import DEFINITION

if TYPE_CHECKING:
    from mlops_cli.opened import Opened


def usual_file(opened: Opened) -> str:
    """Return the parameter file that the pipeline file names, or the one that it means where it names none."""
    node = parse_yaml(opened.read(DEFINITION) or b"", DEFINITION, Problems())
    top = node.value if node is not None and isinstance(node.value, dict) else {}
    named = top["params"].value if "params" in top else None
    return posixpath.normpath(named) if isinstance(named, str) else DEFAULT_PARAMS
