"""Every mistake that people make in a definition, with the exact place and words that they get for it."""

from __future__ import annotations

import pytest

from mlops_cli.formats.problems import DefinitionError
from mlops_cli.pipeline.parse import parse_pipeline
from tests.support.bad_definitions import BAD, Bad
from tests.support.pipelines import STEPS, reader


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_each_mistake_is_named_with_its_place_and_what_would_be_right(bad: Bad) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_pipeline(reader(bad.files), depth=bad.depth, steps=STEPS)
    found = [(p.file, p.line, p.column, p.message, p.hint) for p in caught.value.problems]
    assert found == list(bad.problems)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_each_place_lies_in_a_file_or_right_behind_its_end(bad: Bad) -> None:
    for file, line, column, _, _ in bad.problems:
        data = bad.files[file]
        lines = (data if isinstance(data, bytes) else data.encode()).split(b"\n")
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1].decode(errors="replace")) + 1


def test_a_mistake_that_only_follows_from_another_is_not_named() -> None:
    consequences = [bad for bad in BAD if "said once" in bad.name]
    assert consequences
    for bad in consequences:
        places = [(file, line, column) for file, line, column, _, _ in bad.problems]
        assert len(places) == len(set(places))


def test_the_error_counts_its_problems_and_names_their_files() -> None:
    bad = next(bad for bad in BAD if bad.name == "problems in several files at once")
    with pytest.raises(DefinitionError) as caught:
        parse_pipeline(reader(bad.files))
    files = sorted({file for file, *_ in bad.problems})
    assert len(files) == 3
    assert str(caught.value) == f"{len(bad.problems)} problems in {', '.join(files)}"
    assert caught.value.exit_code == 3


def test_hardly_any_problem_comes_without_a_hint() -> None:
    bare = [message for bad in BAD for _, _, _, message, hint in bad.problems if not hint]
    for message in bare:
        # What would be right stands in these messages themselves.
        assert " should be " in message or message.startswith(
            ("JSON: ", "TOML: ", "copy needs", "there is no parameter")
        )
