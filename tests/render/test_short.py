"""Very long values and messages: people get the beginning and the length, programs the whole."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.actions.lineage import Asked, LineageResult
from mlops_cli.actions.tried import TriedResult
from mlops_cli.history.conditions import read_conditions
from mlops_cli.history.lineage.up import what_made
from mlops_cli.history.run_record import StageRun
from mlops_cli.history.tried import search
from mlops_cli.render.compare import compare_text, compare_wire
from mlops_cli.render.compare_csv import compare_csv
from mlops_cli.render.lineage import lineage_tree, lineage_wire
from mlops_cli.render.runs import runs_text
from mlops_cli.render.short import short_text
from mlops_cli.render.tried import tried_text, tried_wire
from tests.history.test_run_record import RECORD
from tests.render.test_compare import result as compared
from tests.render.test_runs import result as listed
from tests.render.test_show import NOTE, section, shown
from tests.support.attempts import known_run
from tests.support.lineages import Told, made, named

LONG = "x" * 1_000_000
COUNT = "… (1,000,000 characters)"


@given(st.text(), st.integers(1, 50))
def test_a_short_text_is_never_longer_than_the_whole(text: str, most: int) -> None:
    short = short_text(text, most)
    assert len(short) <= len(text)
    assert short == text or text.startswith(short.partition(f"… ({len(text):,} characters)")[0])


def test_show_shortens_values_to_a_line_and_prose_to_a_paragraph() -> None:
    record = replace(RECORD, params={"a": LONG}, metrics={"m": [LONG]}, message=LONG, experiment={"s": LONG})
    record = replace(record, stages=(StageRun("t", "failed", message=LONG),))
    notes = (replace(NOTE, text=LONG),)
    text = shown(record, notes)
    assert len(text) < 10_000
    assert section(text, "parameters") == [f"  a  {'x' * 100}{COUNT}"]
    assert f"message       {'x' * 1000}{COUNT}\n" in text
    assert shown(record, notes, everything=True).count(LONG) == 6


def test_show_has_a_message_of_some_lines_whole() -> None:
    message = "\n".join(["Deeper trees, as the last ones were too shallow for the new months"] * 5)
    assert shown(replace(RECORD, message=message)).count("new months\n") == 5


def test_the_tree_of_lineage_is_shortened_and_its_json_is_not() -> None:
    told = Told([made("train", {}, {"m": "m"}, params={"p.yaml": {"a": LONG}}, metrics={"note": LONG})])
    result = LineageResult(Asked("m"), what_made(told, [named("m", "m")]))
    text = lineage_tree(result)
    assert len(text) < 2_000
    assert f"p.yaml: a={'x' * 100}{COUNT}\n" in text
    assert f"metrics: note={'x' * 100}{COUNT}\n" in text
    assert LONG in lineage_tree(result, everything=True)
    assert any(node.get("values") == {"a": LONG} for node in lineage_wire(result)["nodes"])


def test_a_table_of_attempts_is_shortened_and_its_csv_and_json_are_not() -> None:
    run = known_run(1, {"a": LONG, "b": 1}, {}, message=LONG)
    for asked in (["b=1"], ["b=1", "a=y"]):
        result = TriedResult(search([run], read_conditions(asked)), ("a",), 1, {}, shown=1)
        text = tried_text(result, "table")
        assert len(text) < 2_000
        assert f"{'x' * 60}{COUNT}" in text
        [row] = csv.DictReader(io.StringIO(tried_text(result, "csv").replace(LONG, "whole")))
        assert (row["a"], row["said"]) == ("whole", "whole")
    assert tried_wire(result)["near"][0]["params"]["a"] == LONG


def test_a_comparison_is_shortened_and_its_csv_and_json_are_not() -> None:
    result = compared({"params": {"a": LONG}}, {"params": {"a": "y"}})
    text = compare_text(result)
    assert len(text) < 3_000
    assert f"{'x' * 80}{COUNT}" in text
    assert LONG in compare_csv(result)
    assert compare_wire(result)["params"][0]["values"][0] == {"value": LONG}


def test_a_list_of_runs_is_shortened_and_its_csv_is_not() -> None:
    result = listed([known_run(1, message=LONG)])
    assert f" {'x' * 1000}{COUNT}" in runs_text(result, "table")
    assert len(runs_text(result, "table", width=100)) < 1_000
    assert LONG in runs_text(result, "csv")
