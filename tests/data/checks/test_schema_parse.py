"""Schema files: what they may say, and every mistake at once, each with its place."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.data.checks.catalogue import CATALOGUE
from mlops_cli.data.checks.schema import Imputed, TableSchema
from mlops_cli.data.checks.schema_parse import COLUMN_KEYS, ROW_KEYS, TABLE_KEYS, TOP_KEYS, parse_schema
from mlops_cli.errors import FileError
from mlops_cli.formats.problems import DefinitionError
from mlops_cli.formats.schema import schema_text

FULL = """\
schema: 1
table:
  rows: {at_least: 10, at_most: 1000, usual: [90, 100, 110, 95]}
  key: [order, line]
  duplicates: 0.5%
  extra: fail
  time: created
  fresh: 2d
  target: churned
  raw_rows: fewer
severity: {leakage: warn, extra_column: off}
columns:
  order:
  line: {kind: numeric, whole: true, unique: true, order: strictly increasing}
  created: {kind: datetime, range: [2020-01-01, ~]}
  churned: {kind: categorical, values: [yes, no, 7, true], unknown: 1%}
  age:
    kind: numeric
    optional: true
    missing: 2%
    range: [0, 120.5]
    outside: 0.001
    imputed: {by: median, value: 38}
    transform: monotone
    severity: {missing_values: warn}
  code: {kind: text, pattern: "[A-Z]{2}", length: [2, ~]}
"""


def parsed(text: str) -> TableSchema:
    return parse_schema(text.encode(), "s.yaml")


def problems(text: str) -> list[str]:
    with pytest.raises(DefinitionError) as error:
        parsed(text)
    return [str(problem) for problem in error.value.problems]


def test_everything_that_can_be_said_is_read() -> None:
    schema = parsed(FULL)
    assert (schema.at_least, schema.at_most, schema.usual_rows) == (10, 1000, (90, 100, 110, 95))
    assert (schema.key, schema.duplicates, schema.extra) == (("order", "line"), 0.005, "fail")
    assert (schema.time, schema.fresh, schema.target, schema.raw_rows) == (
        "created",
        172_800,
        "churned",
        "fewer",
    )
    age = schema.column("age")
    assert age is not None
    assert (age.kind, age.optional, age.missing, age.low, age.high, age.outside) == (
        "numeric",
        True,
        0.02,
        0,
        120.5,
        0.001,
    )
    assert (age.imputed, age.transform) == (Imputed("median", 38.0), "monotone")
    churned, created, code = (schema.column(name) for name in ("churned", "created", "code"))
    assert churned is not None
    assert churned.values == ("yes", "no", "7", "true")
    assert created is not None
    assert (created.low, created.high) == ("2020-01-01", None)
    assert code is not None
    assert (code.pattern, code.shortest, code.longest) == ("[A-Z]{2}", 2, None)


def test_a_column_has_the_last_word_on_severity() -> None:
    schema = parsed(FULL)
    assert schema.asked("leakage", "age") == "warn"
    assert schema.asked("missing_values", "age") == "warn"
    assert schema.asked("missing_values", "line") is None
    assert schema.asked("extra_column") == "off"


def test_every_mistake_is_told_at_once_with_its_place_and_what_would_be_right() -> None:
    text = """\
schema: 1
tabel: {}
table: {rows: {at_least: 9, at_most: 3}, fresh: soon, key: odrer}
columns:
  order: {kind: numbr, missing: 200%, rnage: [1, 2]}
  code: {kind: text, pattern: "[", range: [1, 2]}
  age: {range: [9, 1], severity: {leekage: fail, leakage: loud}}
"""
    assert problems(text) == [
        's.yaml:2:1: unknown key "tabel" in a schema file (did you mean "table"?)',
        "s.yaml:3:15: at_least is more than at_most (swap them)",
        's.yaml:3:49: fresh should be a duration such as 6h or 2d, not "soon"',
        's.yaml:3:60: key names the column "odrer", which is not there (did you mean "order"?)',
        's.yaml:5:17: kind cannot be "numbr" (did you mean "numeric"?)',
        's.yaml:5:33: missing should be a share such as 2% or 0.02, not "200%"',
        's.yaml:5:39: unknown key "rnage" in column order (did you mean "range"?)',
        "s.yaml:6:31: pattern is not a regular expression: unterminated character set at position 0 (see Python's re)",
        "s.yaml:6:36: range says nothing of a text column (remove it from code)",
        "s.yaml:7:16: the range ends before it begins (swap its values)",
        's.yaml:7:35: unknown key "leekage" in severity (did you mean "leakage"?)',
        's.yaml:7:59: leakage cannot be "loud" (one of warn, fail, off)',
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the schema file is empty"),
        ("[]", "should be a mapping"),
        ("columns: {}", "does not say its schema"),
        ("schema: 2\ncolumns: {}", "schema 2 is not known"),
        ("schema: 1\ncolumns: [a]", "columns should be a mapping"),
        ("schema: 1\ncolumns: {a: {outside: 1%}}", "outside needs range"),
        ("schema: 1\ncolumns: {a: {values: []}}", "values should be a list"),
        ("schema: 1\ncolumns: {a: {imputed: {by: median}}}", "imputed needs by and value"),
        ("schema: 1\ncolumns: {a: {length: [3, 1]}}", "the length ends before it begins"),
        ("schema: 1\ncolumns: {a: {range: [1]}}", "range should be a list of two"),
        ("schema: 1\ncolumns: {a: {kind: datetime, range: [1, 2]}}", "should be a time such as"),
        ("schema: 1\ncolumns: {a: {unique: yes}}", "unique should be true or false"),
    ],
)
def test_each_mistake_has_its_message(text: str, said: str) -> None:
    assert any(said in problem for problem in problems(text)), problems(text)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(FileError):
        parsed(text)


def test_the_json_schema_takes_what_the_reader_takes() -> None:
    shape = json.loads(schema_text("table"))
    jsonschema.Draft202012Validator.check_schema(shape)
    jsonschema.validate(_plain(FULL), shape)


def _plain(text: str) -> object:
    from mlops_cli.formats.problems import Problems
    from mlops_cli.formats.yaml_text import parse_yaml

    root = parse_yaml(text.encode(), "s.yaml", Problems())
    assert root is not None
    return root.plain()


def test_the_json_schema_has_every_key_and_every_check() -> None:
    shape = json.loads(schema_text("table"))
    table, column = shape["properties"]["table"], shape["$defs"]["column"]
    assert set(shape["properties"]) == set(TOP_KEYS)
    assert set(table["properties"]) == set(TABLE_KEYS)
    assert set(table["properties"]["rows"]["properties"]) == set(ROW_KEYS)
    assert set(column["properties"]) == set(COLUMN_KEYS)
    assert set(shape["$defs"]["severity"]["properties"]) == set(CATALOGUE)


@pytest.mark.parametrize(
    "text",
    [
        "schema: 1\ntabel: {}",
        "schema: 1\ncolumns: {a: {kind: numbr}}",
        "schema: 1\ncolumns: {a: {range: [1]}}",
        "schema: 1\ncolumns: {a: {severity: {leekage: fail}}}",
    ],
)
def test_the_json_schema_refuses_what_the_reader_refuses(text: str) -> None:
    assert problems(text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_plain(text), json.loads(schema_text("table")))


def test_the_example_in_the_documents_can_be_read() -> None:
    page = Path(__file__).parents[3] / "docs/reference/schema-file.md"
    (example,) = re.findall(r"```yaml\n(# schema/.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    schema = parsed(example)
    assert schema.column("income") is not None
    jsonschema.validate(_plain(example), json.loads(schema_text("table")))


def test_the_document_has_a_row_for_every_key_and_every_check() -> None:
    folder = Path(__file__).parents[3] / "docs/reference"
    keys = (folder / "schema-file.md").read_text(encoding="utf-8")
    assert [key for key in (*TABLE_KEYS, *COLUMN_KEYS) if f"\n| `{key}` |" not in keys] == []
    checks = (folder / "commands/validate.md").read_text(encoding="utf-8")
    table = checks.partition("## Checks")[2].partition("## Example")[0]
    assert [check for check in CATALOGUE if f"`{check}`" not in table] == []
