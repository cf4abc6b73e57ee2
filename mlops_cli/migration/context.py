"""DVC's templates: what `${…}` in a `dvc.yaml` stands for, and the members of its `foreach` and `matrix`.

This is DVC's language as its documentation and files have it, not ours: it tells what a stage means before and after it came
over, so that both can be held against each other.
"""

from __future__ import annotations

import itertools
import posixpath
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.formats.data_text import read_values
from mlops_cli.formats.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TEMPLATE = re.compile(r"(?<!\\)\$\{(.*?)\}")
DEFAULT_PARAMS = "params.yaml"


class ResolveError(Exception):
    """DVC itself could not make sense of this; the text says why."""


class Style(NamedTuple):
    """How DVC writes a mapping into a command: the settings `parsing.bool` and `parsing.list`."""

    negate: bool = False
    repeat: bool = False


class Context:
    """Names and their values.

    Parameters
    ----------
    values : mapping
        Parameters and variables, merged.
    style : Style
        How a mapping becomes arguments of a command.
    """

    def __init__(self, values: Mapping[str, Any], style: Style = Style()) -> None:  # noqa: B008 - a value, never changed
        self.values = values
        self.style = style

    def bound(self, names: Mapping[str, Any]) -> Context:
        """Return the context of one member of a `foreach` or a `matrix`."""
        return Context({**self.values, **names}, self.style)

    def find(self, expression: str) -> Any:
        """Return the value of a dotted name.

        Raises
        ------
        ResolveError
            When there is none.
        """
        value: Any = self.values
        for part in split_expression(expression):
            try:
                value = value[int(part)] if isinstance(value, list) else value[part]
            except (KeyError, IndexError, ValueError, TypeError) as error:
                raise ResolveError(f"${{{expression}}} is not defined") from error
        return value

    def resolve(self, value: Any, key: str = "") -> Any:
        """Return plain data with every template filled.

        Parameters
        ----------
        key : str
            The key of the stage that it stands under: in `cmd`, and nowhere else, a mapping becomes arguments.

        Raises
        ------
        ResolveError
            When a name is not defined, or its value cannot stand there.
        """
        if isinstance(value, dict):
            return {str(self.resolve(k, key)): self.resolve(v, key) for k, v in value.items()}
        if isinstance(value, list):
            return [self.resolve(item, key) for item in value]
        return self._fill(value, key) if isinstance(value, str) else value

    def _fill(self, text: str, key: str) -> Any:
        whole = TEMPLATE.fullmatch(text)
        if whole and "}" not in whole[1]:
            value = self.find(whole[1])
            if isinstance(value, dict | list) and key not in ("foreach", "matrix"):
                raise ResolveError(f"{text} is no plain value")
            return value

        def replace(found: re.Match[str]) -> str:
            value = self.find(found[1])
            if isinstance(value, dict) and key == "cmd":
                return arguments(value, self.style)
            if isinstance(value, dict | list):
                raise ResolveError(f"{found[0]} is no plain value")
            return text_of(value)

        return TEMPLATE.sub(replace, text).replace(r"\${", "${")


def split_expression(expression: str) -> list[str]:
    """Return the parts of a name such as `train.layers[0]`."""
    return [part.strip() for part in expression.replace("[", ".").replace("]", "").split(".")]


def text_of(value: Any) -> str:
    """Return a value as DVC writes it into text."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def arguments(values: Mapping[str, Any], style: Style) -> str:
    """Return a mapping as DVC writes it into a command: `--lr 0.1 --fast --name 'a b'`."""
    return " ".join(text for name, value in flat(values) if (text := argument(name, value, style, _quoted)))


def argument(name: str, value: Any, style: Style, show: Callable[[str, Any], str]) -> str:
    """Return one argument of a command; empty for a flag that is not set.

    Parameters
    ----------
    show : callable
        Given the dotted name and the value, returns what stands for it.
    """
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}" if style.negate else ""
    if not isinstance(value, list):
        return f"--{name} {show(name, value)}"
    shown = [show(f"{name}.{at}", item) for at, item in enumerate(value)]
    if style.repeat:
        return " ".join(f"--{name} {item}" for item in shown)
    return f"--{name} {' '.join(shown)}" if shown else ""


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Yield dotted name and value of everything that is no mapping."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _quoted(_: str, value: Any) -> str:
    return shlex.quote(value) if isinstance(value, str) else str(value)


def load_context(
    variables: Iterable[Any],
    folder: str,
    read: Callable[[str], bytes | None],
    style: Style,
    outer: Context | None = None,
) -> Context:
    """Return what the `vars` of a `dvc.yaml`, or of one of its stages, and the parameter file give.

    Parameters
    ----------
    variables : iterable
        Mappings, and names of files (`file.yaml`, `file.yaml:key,key`).
    folder : str
        What names of files are relative to, itself relative to the project.
    outer : Context, optional
        Of a stage: that of its file. Without it the default parameter file is read, too.

    Raises
    ------
    ResolveError
        When DVC would refuse them, too.
    """
    values: dict[str, Any] = _copy(outer.values) if outer else {}
    whole: set[str] = set()
    default = posixpath.join(folder, DEFAULT_PARAMS)
    if outer is None and read(default) is not None:
        _merge(values, load_values(default, read))
        whole.add(posixpath.normpath(default))
    for item in variables:
        if isinstance(item, str):
            name, _, keys = item.partition(":")
            file = posixpath.normpath(posixpath.join(folder, name))
            if file not in whole:
                loaded = load_values(file, read)
                chosen = [key for key in keys.split(",") if key]
                missing = [key for key in chosen if key not in loaded]
                if missing:
                    raise ResolveError(f"{file} has no {missing[0]}")
                _merge(values, {key: loaded[key] for key in chosen} if chosen else loaded)
                if not chosen:
                    whole.add(file)
        elif isinstance(item, dict):
            _merge(values, item)
        else:
            raise ResolveError("vars should be a list of mappings and names of files")
    return Context(values, style)


def load_values(file: str, read: Callable[[str], bytes | None]) -> dict[str, Any]:
    """Return what a parameter file holds.

    Raises
    ------
    ResolveError
        When it is missing or broken.
    """
    data = read(file)
    if data is None:
        raise ResolveError(f"{file} does not exist")
    problems = Problems()
    values = read_values(data, file, problems)
    if values is None:
        raise ResolveError(str(problems.found[0]) if problems.found else f"{file} cannot be read")
    return values


def _merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    for name, value in new.items():
        if isinstance(into.get(name), dict) and isinstance(value, dict):
            _merge(into[name], value)
        elif name in into:
            raise ResolveError(f'"{name}" is defined twice')
        else:
            into[name] = _copy(value)


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copy(item) for name, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


# Members -----------------------------------------------------------------------------------------------------------------


def foreach_members(value: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return name and bound values of each member of a `foreach` whose templates are filled.

    Raises
    ------
    ResolveError
        When it is neither a list nor a mapping.
    """
    if isinstance(value, dict):
        named = {text_of(key): item for key, item in value.items()}
        return [(key, {"key": key, "item": item}) for key, item in named.items()]
    if not isinstance(value, list):
        raise ResolveError("foreach is neither a list nor a mapping")
    if any(isinstance(item, dict | list) for item in value):
        return [(str(at), {"item": item}) for at, item in enumerate(value)]
    return [(name, {"item": item}) for name, item in {text_of(item): item for item in value}.items()]


def matrix_members(value: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return name and bound values of each combination of a `matrix` whose templates are filled.

    Raises
    ------
    ResolveError
        When it is no mapping of lists.
    """
    if not isinstance(value, dict) or not all(isinstance(axis, list) for axis in value.values()):
        raise ResolveError("matrix is no mapping of lists")
    found: dict[str, dict[str, Any]] = {}
    for choice in itertools.product(*(list(enumerate(axis)) for axis in value.values())):
        pairs = zip(value, choice, strict=True)
        parts = [f"{n}{at}" if isinstance(item, dict | list) else text_of(item) for n, (at, item) in pairs]
        name = "-".join(parts)
        item = {n: v for n, (_, v) in zip(value, choice, strict=True)}
        found[name] = {"key": name, "item": item}
    return list(found.items())
