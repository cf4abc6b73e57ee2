"""`.mlops/config.yaml`: settings that people commit."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.problems import Problems, nearest
from mlops_cli.formats.quantities import read_grace, read_size
from mlops_cli.formats.yaml_text import Node, parse_yaml
from mlops_cli.settings import REMOTE_OPTIONS, Config, remote_variable

if TYPE_CHECKING:
    from collections.abc import Callable

REMOTE_NAME = r"[A-Za-z][A-Za-z0-9_-]*"
NAME_HINT = "letters, digits, - and _, a letter first"
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
        for section, node in _mapping(root, file, problems, (*_SECTIONS, *_OPEN)).items():
            if section in _OPEN:
                values[section] = _OPEN[section](node, file, problems)
                continue
            for name, item in _mapping(node, file, problems, tuple(_SECTIONS[section])).items():
                field, read, wanted = _SECTIONS[section][name]
                values[field] = _setting(item, f"{section}.{name}", read, wanted, file, problems)
        _check_default(root, values, file, problems)
    problems.raise_if_any()
    return Config(**values)


def _setting(
    item: Node, name: str, read: Callable[[Node], Any], wanted: str, file: str, problems: Problems
) -> Any:
    value = read(item)
    if value is None:
        problems.add(file, item.line, item.column, f"{name} should be {wanted}, not {_given(item)}")
    return value


def _remotes(node: Node, file: str, problems: Problems) -> dict[str, dict[str, Any]]:
    """Return what is said of each remote."""
    if node.value is None:
        return {}
    if not isinstance(node.value, dict):
        problems.add(
            file, node.line, node.column, f"should be a mapping of names to remotes, not {_given(node)}"
        )
        return {}
    found: dict[str, dict[str, Any]] = {}
    for name, body in node.value.items():
        if not re.fullmatch(REMOTE_NAME, name):
            problems.add(file, *node.keys[name], f'a remote cannot be called "{name}"', NAME_HINT)
            continue
        settings = _mapping(body, file, problems, tuple(_REMOTE))
        found[name] = {
            key: _setting(item, f"remotes.{name}.{key}", *_REMOTE[key], file, problems)
            for key, item in settings.items()
        }
        place = settings.get("url")
        if place is not None and password_in(str(found[name]["url"])):
            message = f"remotes.{name}.url has a password in it"
            problems.add(file, place.line, place.column, message, _secret_hint(name))
        elif place is None and isinstance(body.value, dict | None):
            hint = "where it is: url: s3://bucket/folder"
            problems.add(file, *node.keys[name], f"remotes.{name} has no url", hint)
    return found


def _metrics(node: Node, file: str, problems: Problems) -> dict[str, str]:
    """Return which way metrics are better."""
    if node.value is None:
        return {}
    if not isinstance(node.value, dict):
        problems.add(
            file, node.line, node.column, f"should be a mapping of metrics to up or down, not {_given(node)}"
        )
        return {}
    return {
        name: _setting(item, f"metrics.{name}", _way, "up or down", file, problems)
        for name, item in node.value.items()
    }


def _check_default(root: Node, values: dict[str, Any], file: str, problems: Problems) -> None:
    name = values.get("default_remote")
    if name is not None and name not in values.get("remotes", {}):
        item = root.value["remote"].value["default"]
        hint = nearest(name, values.get("remotes", {})) or "see: mlops remote list"
        problems.add(
            file, item.line, item.column, f'remote.default names "{name}", and there is no such remote', hint
        )


def password_in(url: str) -> bool:
    """Whether an address has a password before its host."""
    authority = url.partition("://")[2].partition("/")[0]
    user, found, _ = authority.rpartition("@")
    return bool(found) and ":" in user


def _secret_hint(name: str) -> str:
    return f"everybody who has the repository can read it; take it out, change it, and set {remote_variable(name, 'password')}"


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


def _way(node: Node) -> str | None:
    return node.value if node.value in ("up", "down") else None


def _count(least: int) -> Callable[[Node], int | None]:
    def read(node: Node) -> int | None:
        return node.value if type(node.value) is int and node.value >= least else None

    return read


def _links(node: Node) -> tuple[str, ...] | None:
    names = node.plain() if isinstance(node.value, list) else [node.value]
    return tuple(names) if names and all(name in _LINKS for name in names) else None  # type: ignore[union-attr, arg-type]


def _options(node: Node) -> dict[str, Any] | None:
    """Return options for fsspec; none of them may look like a secret."""
    if not isinstance(node.value, dict):
        return None
    value = node.plain()
    secret = any(word in key.lower() for key in node.value for word in _SECRET_WORDS)
    return None if secret else value  # type: ignore[return-value] # a mapping, as was seen


def _least(size: int | None, least: int) -> int | None:
    return size if size is not None and size >= least else None


_SECRET_WORDS = ("password", "secret", "token", "passphrase", "credential")
# One remote: option, how to read it, what it should be.
_REMOTE: dict[str, tuple[Callable[[Node], Any], str]] = {
    "url": (_text, "an address such as s3://bucket/folder"),
    "jobs": (_count(1), "a whole number of 1 or more"),
    "listing": (lambda node: node.value if isinstance(node.value, bool) else None, "true or false"),
    **dict.fromkeys(REMOTE_OPTIONS, (_text, "text")),
    "options": (_options, "a mapping of options for fsspec, without secrets"),
}
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
    "gc": {
        "grace": ("gc_grace", lambda node: read_grace(node.value), "a time such as 14d, or 0"),
    },
    "hooks": {
        "large": (
            "hooks_large",
            lambda node: _least(read_size(node.value), 100_000),
            "a size of 100kB or more, such as 10MB",
        ),
    },
    "snapshot": {
        "file": ("snapshot_file", lambda node: read_size(node.value), "a size such as 1MB"),
        "total": ("snapshot_total", lambda node: read_size(node.value), "a size such as 64MB"),
    },
    "remote": {
        "default": ("default_remote", _text, "the name of a remote"),
    },
}
# Sections whose keys people choose themselves.
_OPEN: dict[str, Callable[[Node, str, Problems], dict[str, Any]]] = {"remotes": _remotes, "metrics": _metrics}
