from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import FileError
from mlops_cli.formats.canonical import compact, object_field, pretty, read_record, text_field
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    import random

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
LAYOUTS = pytest.mark.parametrize("write", [compact, pretty])
EXAMPLE = {"b": [1, 2.5, None, True, "ä\n\u2028"], "a": {"z": {}, "y": []}, "A": -0.0, "10": 1e300}


def turned(value: Any, chance: random.Random) -> Any:
    """Return an equal value whose mappings were filled in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: turned(value[key], chance) for key in keys}
    return [turned(item, chance) for item in value] if isinstance(value, list) else value


def typed(value: Any) -> Any:
    """Return a value in which 1, 1.0 and True are different."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    return [typed(item) for item in value] if isinstance(value, list) else (type(value).__name__, repr(value))


# The layouts -------------------------------------------------------------------------------------------------------


def test_the_compact_layout_never_changes() -> None:
    line = '{"10":1e+300,"A":-0.0,"a":{"y":[],"z":{}},"b":[1,2.5,null,true,"ä\\n\u2028"]}\n'
    assert compact(EXAMPLE) == line.encode()


def test_what_fits_into_a_line_of_the_pretty_layout_never_changes() -> None:
    assert pretty({"b": [1, {}], "a": "ä"}) == '{"a": "ä", "b": [1, {}]}\n'.encode()


def test_what_does_not_fit_into_a_line_of_the_pretty_layout_never_changes() -> None:
    long = "y" * 96
    lines = ["{", '  "a": "ä",', '  "b": [', "    1,", f'    {{"c": "{long}"}},', "    []", "  ]", "}", ""]
    assert pretty({"b": [1, {"c": long}, []], "a": "ä"}) == "\n".join(lines).encode()


def test_the_digest_of_a_value_never_changes() -> None:
    assert (
        digest_bytes(compact(EXAMPLE))
        == "b3:6bc808e105ef2a2d171140617270e33b0f5f4a4886d021c22aee6fdba57adea2"
    )


@LAYOUTS
@given(value=values)
def test_a_value_is_read_back_as_it_was_written(write: Any, value: Any) -> None:
    assert typed(json.loads(write(value))) == typed(value)


@LAYOUTS
@given(value=values)
def test_what_was_read_back_has_the_same_bytes(write: Any, value: Any) -> None:
    assert write(json.loads(write(value))) == write(value)


@LAYOUTS
@given(value=values, chance=st.randoms())
def test_the_order_of_keys_does_not_change_the_bytes(write: Any, value: Any, chance: random.Random) -> None:
    assert write(turned(value, chance)) == write(value)


@given(one=values, other=values)
def test_values_have_the_same_bytes_exactly_when_they_are_the_same(one: Any, other: Any) -> None:
    assert (compact(one) == compact(other)) == (typed(one) == typed(other))


@LAYOUTS
@given(value=values)
def test_there_is_one_newline_at_the_end(write: Any, value: Any) -> None:
    assert write(value).endswith(b"\n")
    assert not write(value).endswith(b"\n\n")


@given(value=values)
def test_the_compact_layout_is_one_line(value: Any) -> None:
    assert compact(value).count(b"\n") == 1


@LAYOUTS
@pytest.mark.parametrize("number", [0.1, 1e-7, 1 / 3, 5e-324, 1.7976931348623157e308, 2**63, -(2**200)])
def test_a_number_survives_the_round_trip_to_the_last_digit(write: Any, number: float) -> None:
    assert json.loads(write(number)) == number


# What is refused ---------------------------------------------------------------------------------------------------


@LAYOUTS
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"a": {"b": [x]}}])
def test_numbers_that_are_not_finite_are_refused(write: Any, number: float, wrap: Any) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(wrap(number))


@LAYOUTS
@pytest.mark.parametrize("key", [1, 1.5, None, True, (1, 2)])
@pytest.mark.parametrize(
    "wrap", [lambda x: x, lambda x: [x], lambda x: {"a": x}, lambda x: {"a": [{"b": (x,)}]}]
)
def test_keys_that_are_not_text_are_refused_however_deep(write: Any, key: Any, wrap: Any) -> None:
    with pytest.raises(ValueError, match="keys must be strings"):
        write(wrap({key: 1}))


@LAYOUTS
def test_keys_of_several_types_are_refused(write: Any) -> None:
    with pytest.raises(ValueError, match="keys must be strings"):
        write({"a": {"b": 1, 2: 1}})


@LAYOUTS
@pytest.mark.parametrize("value", ["\ud800", ["a\udfff"], {"\udc80": 1}])
def test_half_a_character_is_refused(write: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        write(value)


# Records -----------------------------------------------------------------------------------------------------------


def test_a_record_is_read() -> None:
    assert read_record(b'{"schema": 2, "a": 1}', file="f", schema=3) == {"schema": 2, "a": 1}


@given(value=st.dictionaries(texts, values, max_size=3))
def test_a_written_record_is_read_back(value: dict[str, Any]) -> None:
    record = value | {"schema": 1}
    assert read_record(pretty(record), file="f", schema=1) == record


def test_a_file_with_a_merge_conflict_says_how_to_solve_it() -> None:
    with pytest.raises(FileError, match="merge conflict") as caught:
        read_record(b'{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> other\n}\n', file="x.json", schema=1)
    assert "git checkout --ours -- x.json" in caught.value.hint


@pytest.mark.parametrize(
    ("file", "again"),
    [(".mlops/stages/a/b.json", "mlops run"), ("x/.mlops/data/d/f.csv.json", "mlops add d/f.csv")],
)
def test_where_the_marks_of_a_conflict_were_committed_the_record_is_to_be_made_anew(
    file: str, again: str
) -> None:
    with pytest.raises(FileError) as caught:
        read_record(b"<<<<<<< HEAD\n", file=file, schema=1)
    assert caught.value.hint.endswith(f"rm {file}; then: {again}")


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_file_that_is_not_json_is_refused_with_the_way_out(data: bytes) -> None:
    with pytest.raises(FileError, match=r"x\.json is not valid JSON") as caught:
        read_record(data, file="x.json", schema=1)
    assert "git checkout -- x.json" in caught.value.hint


@pytest.mark.parametrize("data", [b"[]", b"1", b"null", b'"a"'])
def test_a_record_that_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(FileError, match="should hold a JSON object"):
        read_record(data, file="x.json", schema=1)


@pytest.mark.parametrize("schema", ["null", '"1"', "true", "0", "-1", "1.0", "[1]"])
def test_a_record_without_a_schema_number_is_refused(schema: str) -> None:
    with pytest.raises(FileError, match="does not name its schema number"):
        read_record(f'{{"schema": {schema}}}'.encode(), file="x.json", schema=1)


def test_a_record_of_a_newer_schema_is_refused_with_the_way_out() -> None:
    with pytest.raises(FileError, match="has schema 2, and this version reads up to 1") as caught:
        read_record(b'{"schema": 2}', file="x.json", schema=1)
    assert "Upgrade" in caught.value.hint


def test_a_text_field_is_its_text() -> None:
    assert text_field({"a": "x"}, "a", "f") == "x"


@pytest.mark.parametrize("record", [{}, {"a": 1}, {"a": None}, {"a": []}])
def test_a_field_that_is_no_text_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(FileError, match=r'x\.json: "a" should be text'):
        text_field(record, "a", "x.json")


def test_an_object_field_is_its_object() -> None:
    assert object_field({"a": {"b": 1}}, "a", "f") == {"b": 1}


@pytest.mark.parametrize("record", [{}, {"a": 1}, {"a": None}, {"a": []}])
def test_a_field_that_is_no_object_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(FileError, match=r'x\.json: "a" should be an object'):
        object_field(record, "a", "x.json")
