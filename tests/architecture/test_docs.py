"""The documents name what the code has, and their links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import typer

from mlops_cli.cli.app import COMMANDS, build
from mlops_cli.errors import MlopsError
from mlops_cli.execution.builtins import STEPS
from mlops_cli.formats.problems import DefinitionError
from mlops_cli.pipeline.decision import ReasonKind
from mlops_cli.pipeline.parse import TOP_KEYS, parse_pipeline
from mlops_cli.pipeline.stage_body import STAGE_KEYS

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted(
    path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
)

_FENCE = re.compile(r"^(`{3,})(\w*)\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+\s+(.*?)\s*$", re.MULTILINE)


def options_of(command: str) -> list[str]:
    """Return every spelling of every option of a command."""
    group = typer.main.get_command(build([command]))
    context = typer.Context(group)
    found = group.get_command(context, command)  # type: ignore[attr-defined]
    parts = getattr(found, "commands", {"": found}).values()
    with typer.Context(found) as inside:
        shown = [
            item for part in parts for item in part.get_params(inside) if not getattr(item, "hidden", False)
        ]
    return [name for item in shown for name in item.opts if name.startswith("-")]


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))


def anchors(path: Path) -> set[str]:
    """Return the anchors that hosting sites give the headings of a page."""
    headings = _HEADING.findall(_FENCE.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_page_that_names_each_option(command: str) -> None:
    page = (REFERENCE / "commands" / f"{command}.md").read_text(encoding="utf-8")
    spelled = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*|(?<![\w-])-[A-Za-z]\b", page))
    assert [name for name in options_of(command) if name not in spelled] == []


def test_the_options_of_a_command_are_found() -> None:
    assert {"-j", "--jobs", "--only", "--json", "-C"} <= set(options_of("run"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_page_of_a_command_names_no_option_that_is_not_there(command: str) -> None:
    page = (REFERENCE / "commands" / f"{command}.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`-.*?) \|", page, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(--?[\w-]+)", row)}
    assert named - set(options_of(command)) <= {"-h", "--help"}


@pytest.mark.parametrize("key", [*STAGE_KEYS, *TOP_KEYS])
def test_every_key_of_the_pipeline_file_has_its_row(key: str) -> None:
    page = (REFERENCE / "pipeline-file.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| `{key}` \|", page, re.MULTILINE)


@pytest.mark.parametrize("kind", get_args(ReasonKind))
def test_every_kind_of_reason_has_its_row(kind: str) -> None:
    page = (REFERENCE / "commands" / "status.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| `{kind}` \|", page, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def whole_pipeline_files() -> list[tuple[str, str]]:
    """Return name and text of each block that is a whole pipeline file."""
    found = []
    for page in PAGES:
        for number, (_, kind, text) in enumerate(_FENCE.findall(page.read_text(encoding="utf-8"))):
            if kind == "yaml" and text.startswith("# mlops.yaml"):
                found.append((f"{page.relative_to(ROOT)}:{number}", text))
    return found


@pytest.mark.parametrize(("name", "text"), whole_pipeline_files(), ids=lambda value: value.partition("\n")[0])
def test_every_whole_pipeline_file_in_the_documents_is_right(name: str, text: str) -> None:
    def read(path: str) -> bytes | None:
        if path == "mlops.yaml":
            return text.encode()
        if path == "params.yaml":
            return b"train: {depth: 4}\ndepth: 3\n"
        return b"" if path.endswith("/mlops.yaml") else None  # what an example includes

    try:
        pipeline = parse_pipeline(read, steps=STEPS)
    except DefinitionError as error:
        pytest.fail("\n".join([name, *map(str, error.problems)]))
    assert pipeline.stages


def test_there_are_whole_pipeline_files_in_the_documents() -> None:
    assert len(whole_pipeline_files()) >= 5


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs" / "decisions").glob("0*.md")), ids=lambda path: path.name
)
def test_every_decision_has_its_four_parts_and_stands_in_the_list(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
        "Alternatives",
    ]
    assert f"]({page.name})" in (page.parent / "README.md").read_text(encoding="utf-8")


def test_every_page_below_docs_can_be_reached_from_the_index() -> None:
    reached, todo = set(), [ROOT / "docs" / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached:
            continue
        reached.add(page)
        links = _LINK.findall(without_code(page.read_text(encoding="utf-8")))
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in links if ":" not in link]
        todo += [target for target in targets if target.suffix == ".md" and target.exists()]
    assert [p for p in PAGES if p.is_relative_to(ROOT / "docs") and p not in reached] == []


def test_the_modules_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {path.name for path in (ROOT / "mlops_cli").iterdir() if path.is_dir()}
    named = {
        path for path in re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", text) if path.partition("/")[0] in rooms
    }
    assert named
    assert [path for path in sorted(named) if not (ROOT / "mlops_cli" / path).is_file()] == []


def test_the_page_on_exit_codes_has_the_code_of_every_error() -> None:
    text = (REFERENCE / "exit-codes.md").read_text(encoding="utf-8")
    errors: list[type[MlopsError]] = [MlopsError, *MlopsError.__subclasses__()]
    codes = {error.exit_code for error in errors}
    assert [code for code in sorted(codes) if f"| {code} |" not in text] == []
