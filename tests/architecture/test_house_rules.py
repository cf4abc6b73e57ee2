"""What holds for every module and every command."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

import mlops_cli
from mlops_cli.cli.app import COMMANDS, build, module_of

PACKAGE = Path(mlops_cli.__file__).parent
PROJECT = PACKAGE.parent
TEMPLATES = PACKAGE / "actions/templates"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(TEMPLATES))
# What a distribution is called, and what it is imported as.
IMPORTED_AS = {"gitpython": "git", "pyyaml": "yaml", "scikit-learn": "sklearn"}
# Extras that a kind of remote needs.
REMOTES = ("s3", "gs", "sftp", "webdav", "http")
# Extras that a kind of model needs.
MODELS = ("skops", "onnx")
PACKAGING = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_bytes()))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_longer_than_anybody_reads(path: Path) -> None:
    assert path.read_bytes().count(b"\n") < 400


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            found.add(node.module or "")
    return {name.partition(".")[0] for name in found}


def declared() -> set[str]:
    return names_of(PACKAGING["dependencies"])


def names_of(requirements: list[str]) -> set[str]:
    """Return what a module imports of what is declared."""
    names = [re.split(r"[<>=!~\[; ]", value)[0].lower() for value in requirements]
    return {IMPORTED_AS.get(name, name) for name in names}


def test_nothing_is_imported_that_is_not_declared() -> None:
    used = set().union(*map(imports, MODULES))
    extras = (*REMOTES, *MODELS)
    optional = set().union(*(names_of(PACKAGING["optional-dependencies"][extra]) for extra in extras))
    assert used - set(sys.stdlib_module_names) - {"mlops_cli"} <= declared() | optional


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_is_optional_is_imported_only_where_remotes_are_opened(path: Path) -> None:
    optional = set().union(*(names_of(PACKAGING["optional-dependencies"][extra]) for extra in REMOTES))
    assert not imports(path) & optional or path.parent.name == "remotes"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_some_kinds_of_models_need_is_imported_only_where_models_are_loaded(path: Path) -> None:
    optional = set().union(*(names_of(PACKAGING["optional-dependencies"][extra]) for extra in MODELS))
    assert not imports(path) & optional or path.parent.name == "predictors"


def test_nothing_is_declared_that_is_not_imported() -> None:
    assert declared() <= set().union(*map(imports, MODULES))


@pytest.mark.parametrize("path", [p for p in MODULES if p.name != "settings.py"], ids=name_of)
def test_only_the_settings_read_the_environment(path: Path) -> None:
    names = {node.attr for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Attribute)}
    assert not names & {"environ", "getenv", "environb"}


@pytest.mark.parametrize("path", [p for p in MODULES if p.name != "__init__.py"], ids=name_of)
def test_every_room_but_the_command_line_returns_what_it_has_to_say(path: Path) -> None:
    if path.is_relative_to(PACKAGE / "cli"):
        pytest.skip("the command line prints")
    calls = [node.func for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)]
    assert "print" not in {call.id for call in calls if isinstance(call, ast.Name)}


# The command line -----------------------------------------------------------------------------------------------------


def commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(build([]))
    return {"mlops": group, **group.commands}


def leaves(name: str) -> dict[str, Any]:
    """Return a command, or the commands of a group, by what one types."""
    found = commands()[name]
    inside: dict[str, Any] = getattr(found, "commands", {}) if name != "mlops" else {}
    return {f"{name} {part}": command for part, command in inside.items()} or {name: found}


def test_every_command_has_a_module_of_its_name() -> None:
    files = {path.stem for path in (PACKAGE / "cli/commands").glob("*.py")} - {"__init__"}
    assert files == set(map(module_of, COMMANDS))
    assert set(COMMANDS) == set(commands()) - {"mlops"}


@pytest.mark.parametrize("name", ["mlops", *COMMANDS])
def test_every_command_says_what_it_does(name: str) -> None:
    assert commands()[name].help
    assert [leaf for leaf, command in leaves(name).items() if not command.help] == []


@pytest.mark.parametrize("name", ["mlops", *COMMANDS])
def test_every_option_says_what_it_does(name: str) -> None:
    silent = [
        f"{leaf} {parameter.name}"
        for leaf, command in leaves(name).items()
        for parameter in command.params
        if not getattr(parameter, "help", None) and not getattr(parameter, "hidden", False)
    ]
    assert silent == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_shared_options(name: str) -> None:
    for leaf, command in leaves(name).items():
        options = {option for parameter in command.params for option in parameter.opts}
        assert options >= {"-C", "--directory", "--json", "-q", "--quiet", "-v", "--verbose"}, leaf


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_verb_of_its_name(name: str) -> None:
    assert (PACKAGE / "actions" / f"{module_of(name)}.py").is_file()
