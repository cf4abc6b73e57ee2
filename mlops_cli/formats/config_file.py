"""`.mlops/config.yaml`: settings that people commit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.problems import Problems, nearest
from mlops_cli.formats.quantities import read_size
from mlops_cli.formats.yaml_text import Node, parse_yaml
from mlops_cli.settings import Config

if TYPE_CHECKING:
    from collections.abc import Callable

_LINKS = ("reflink", "hardlink", "symlink", "copy")


def parse_config(data: bytes, file: str) -> Config:
    """Return the settings in a file's bytes; an empty file gives the defaults.

    Raises
    ------
    DefinitionError
        With every problem in it.
    """
    problems = Problems()
    root = parse_yaml(data, file, problems)
    values: dict[str, Any] = {}
    if root is not None and root.value is not None:
        for section, node in _mapping(root, file, problems, tuple(_SECTIONS)).items():
            for name, item in _mapping(node, file, problems, tuple(_SECTIONS[section])).items():
                field, read, wanted = _SECTIONS[section][name]
                values[field] = read(item)
                if values[field] is None:
                    problems.add(
                        file,
                        item.line,
                        item.column,
                        f"{section}.{name} should be {wanted}, not {_given(item)}",
                    )
    problems.raise_if_any()
    return Config(**values)


def _mapping(node: Node, file: str, problems: Problems, known: tuple[str, ...]) -> dict[str, Node]:
    if node.value is None:
        return {}
    if not isinstance(node.value, dict):
        problems.add(
            file, node.line, node.column, f"should be a mapping of {', '.join(known)}, not {_given(node)}"
        )
        return {}
    for key in node.value:
        if key not in known:
            hint = nearest(key, known) or f"there are {', '.join(known)}"
            problems.add(file, *node.keys[key], f'unknown setting "{key}"', hint)
    return {key: item for key, item in node.value.items() if key in known}


def _given(node: Node) -> str:
    """Return what stands at a node: a value itself, anything else by its kind."""
    plain = isinstance(node.value, bool | int | float | str)
    return json.dumps(node.value, ensure_ascii=False) if plain else node.kind()


def _text(node: Node) -> str | None:
    return node.value if isinstance(node.value, str) and node.value else None


def _count(least: int) -> Callable[[Node], int | None]:
    def read(node: Node) -> int | None:
        return node.value if type(node.value) is int and node.value >= least else None

    return read


def _links(node: Node) -> tuple[str, ...] | None:
    names = node.plain() if isinstance(node.value, list) else [node.value]
    return tuple(names) if names and all(name in _LINKS for name in names) else None  # type: ignore[union-attr, arg-type]


_SECTIONS: dict[str, dict[str, tuple[str, Callable[[Node], Any], str]]] = {
    "cache": {
        "dir": ("cache_dir", _text, "a folder"),
        "link": ("links", _links, f"one or more of {', '.join(_LINKS)}"),
    },
    "run": {
        "jobs": ("jobs", _count(1), "a whole number of 1 or more"),
        "gpus": ("gpus", _count(0), "a whole number of 0 or more"),
        "memory": ("memory", lambda node: read_size(node.value), "an amount of memory such as 16GB"),
    },
}
