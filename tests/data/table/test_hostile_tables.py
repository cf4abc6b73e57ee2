"""Tables as they should not be: a clear error that names file and line, or a warning; never a traceback, never silence."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import lzma
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlops_cli.data.table import blocks
from mlops_cli.data.table.opening import open_table
from mlops_cli.data.table.table import table_of
from mlops_cli.errors import DataError, FileError, MlopsError

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.data.table.table import Table

MANY = b"a,b,c\n" + b"".join(b"%d,%d,y\n" % (i, i * 7919) for i in range(60_000))
LONG = b"a,b,c\n" + b"".join(
    b"%d,%d,%s\n" % (i, i * 2, b"y" * 30) for i in range(150_000)
)  # more than one block


def opened(folder: Path, name: str, content: bytes | pa.Table | dict[str, Any]) -> Table:
    """Return a table written to a folder and opened."""
    path = folder / name
    if isinstance(content, dict):
        path.mkdir()
        for part, data in content.items():
            written(path / part, data)
    else:
        written(path, content)
    return open_table(path, scratch=folder / "scratch")


def written(path: Path, content: bytes | pa.Table) -> None:
    path.parent.mkdir(exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        pq.write_table(content, path)


def parquet_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue().to_pybytes())


PARQUET = parquet_bytes(pa.table({"a": list(range(1000)), "b": [f"text {i}" for i in range(1000)]}))

REFUSED: list[tuple[str, Any, type[MlopsError], list[str]]] = [
    ("empty.csv", b"", DataError, ["is empty"]),
    ("lines.csv", b"\n\r\n", DataError, ["is empty"]),
    ("header.csv", b"a,b\n", DataError, ["no rows"]),
    ("header-alone.csv", b"a,b", DataError, ["no rows"]),
    ("twins.csv", b"a,b,a\n1,2,3\n", DataError, ["'a' (columns 1 and 3)"]),
    ("latin.csv", "a,b\n1,x\n2,Zürich\n".encode("latin1"), DataError, ["line 3", "byte 0xfc", "byte 12 ", "Zürich"]),
    ("latin-late.csv", LONG + b"1,2,\xe9\n", DataError, ["line 150,002", "byte 0xe9"]),
    ("latin-header.csv", "ä,b\n1,x\n".encode("latin1"), DataError, ["header", "0xe4"]),
    ("utf16.csv", "a,b\n1,2\n".encode("utf16"), DataError, ["UTF-16"]),
    ("utf16le.csv", "a,b\n1,2\n3,4\n".encode("utf-16-le"), DataError, ["UTF-16"]),
    ("more.csv", b"a,b\n1,2\n3,4\n5,6,7\n8,9,10\n", DataError, ["line 4", "3 fields", "has 2", "5,6,7", "1 more"]),
    ("fewer.csv", LONG + b"1,2\n1,2,3\n", DataError, ["line 150,002", "2 fields", "has 3"]),
    ("more-after-breaks.csv", b'a,b\n1,"x\ny"\n\n2,"z"\n5,6,7\n', DataError, ["line 6", "3 fields"]),
    ("quote.csv", b'a,b\n1,x\n2,"y\n3,z\n', DataError, ["line 3", "never closed"]),
    ("nul.csv", b"a,b\n1,2\n3,\x004\n", DataError, ["line 3", "NUL", "byte 11 "]),
    ("excel.xlsx", b"PK\x03\x04....", FileError, ["Excel"]),
    ("pickle.csv", b"\x80\x04\x95....", FileError, ["pickle"]),
    ("cut.csv.gz", gzip.compress(MANY)[:-5000], DataError, ["cut off"]),
    ("cut.csv.bz2", bz2.compress(MANY)[:-5000], DataError, ["cut off"]),
    ("cut.csv.xz", lzma.compress(MANY)[:-500], DataError, ["cut off"]),
    ("cut.csv.zst", zstd(MANY)[:-5000], DataError, ["cannot be read"]),
    ("damaged.csv.gz", gzip.compress(MANY)[:9000] + b"x" * 90000, DataError, ["damaged.csv.gz"]),
    ("plain.csv.gz", b"a,b\n1,2\n", DataError, ["not compressed"]),
    ("cut.parquet", PARQUET[:-20], DataError, ["Parquet"]),
    ("start.parquet", PARQUET[:40], DataError, ["Parquet"]),
    ("zero.parquet", b"", DataError, ["is empty"]),
    ("text.parquet", b"a,b\n1,2\n", DataError, ["no Parquet file"]),
    ("rowless.parquet", pa.table({"a": pa.array([], pa.int64())}), DataError, ["no rows"]),
    ("twins.parquet", pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]), DataError, ["columns 1 and 2"]),
    ("empty.jsonl", b"", DataError, ["is empty"]),
    ("blank.jsonl", b"\n\n", DataError, ["no rows"]),
    ("objects.jsonl", b"{}\n{}\n", DataError, ["no columns"]),
    ("half.jsonl", b'{"a":1}\n{"a":\n', DataError, ["line 2", "not JSON"]),
    ("array.json", b'[{"a":1}]', DataError, ["line 1", "no JSON object"]),
    ("pretty.json", b'{\n"a":1\n}\n', DataError, ["line 1", "not JSON"]),
    ("latin.jsonl", '{"a":"ü"}\n'.encode("latin1"), DataError, ["line 1", "0xfc"]),
    ("nothing", {}, FileError, ["no table in it"]),
    ("zeros", {"a.csv": b""}, FileError, ["only empty files"]),
    ("other", {"a.bin": b"x", "_SUCCESS": b""}, FileError, ["no table in it"]),
    ("differ", {"a.csv": b"a,b\n1,2\n", "b.csv": b"a,c\n3,4\n"}, DataError, ["b.csv", "lacks 'b'", "'c' besides"]),
    ("kinds", {"a.csv": b"a\n1\n", "b.parquet": pa.table({"a": [1]})}, FileError, ["b.parquet is parquet"]),
    ("types", {"a.parquet": pa.table({"a": [1]}), "b.parquet": pa.table({"a": ["x"]})}, DataError, ["'a' is string"]),
    ("zero-part", {"a.parquet": pa.table({"a": [1]}), "b.parquet": PARQUET[:50]}, DataError, ["b.parquet", "Parquet"]),
    ("hive", {"k=1/a.csv": b"a\n1\n"}, FileError, ["partitioned", "k=1"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "kind", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_no_table_is_refused_with_its_place(
    tmp_path: Path, name: str, content: Any, kind: type[MlopsError], said: list[str]
) -> None:
    with pytest.raises(kind) as caught:
        opened(tmp_path, name, content)
    assert type(caught.value) is kind
    assert name in caught.value.message
    for words in said:
        assert words in caught.value.message
    assert not any((tmp_path / "scratch").iterdir())


HINTED = [
    ("latin.csv", "a,b\n1,Zürich\n".encode("latin1"), "iconv -f latin1 -t utf-8"),
    (
        "windows.csv",
        "a,b\n1,Côte d\N{RIGHT SINGLE QUOTATION MARK}Ivoire\n".encode("cp1252"),
        "iconv -f cp1252 -t utf-8",
    ),
    ("windows-header.csv", "a,€\n1,2\n".encode("cp1252"), "iconv -f cp1252 -t utf-8"),
    ("more.csv", b"age,job,town\n1,a,b\n1,a,b,c\n", "into double quotes"),
    ("header.csv", b"age,job,town\n1,a,b\nage,town\n", "looks like another header, without 'job': two files"),
    ("header2.csv", b'age,job,town\n1,a,b\n"age","job", town,pay\n', "header, with 'pay' besides: two files"),
]


@pytest.mark.parametrize(("name", "content", "said"), HINTED, ids=[row[0] for row in HINTED])
def test_what_is_refused_comes_with_what_to_do(tmp_path: Path, name: str, content: Any, said: str) -> None:
    with pytest.raises(DataError) as caught:
        opened(tmp_path, name, content)
    assert said in (caught.value.hint or "")


def test_bytes_are_shown_as_what_they_most_likely_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="read as cp1252: …1,100 €…"):
        opened(tmp_path, "t.csv", "a,b\n1,100 €\n".encode("cp1252"))


WARNED: list[tuple[str, Any, list[str], dict[str, list[Any]]]] = [
    ("missing.csv", b"a,b\n,\nNA,null\n", ["'a': it has no value at all"], {"a": [None, None]}),
    ("mixed.csv", b"a,b\n1,x\n2,y\noops,z\n", ["'a'", "'oops' on line 4"], {"a": ["1", "2", "oops"]}),
    ("placeholder.csv", b"a,b\n1,?\n2,x\n", ["'b': 1 value is '?'"], {"b": ["?", "x"]}),
    ("spaces.csv", b"a,b\n1, x\n2,x\n3, x\n", ["2 values differ from others only in spaces"], {"b": [" x", "x", " x"]}),
    ("all-spaces.csv", b"a,b\n1, x\n2, y\n", ["column 'b': values begin or end with spaces"], {"b": [" x", " y"]}),
    ("noname.csv", b",a\n0,1\n", ["column 1 has no name and is called unnamed_1"], {"unnamed_1": [0]}),
    ("break.csv", b'"x\ny",b\n1,2\n', ["has a line break in it"], {"x\ny": [1]}),
    ("space-name.csv", b"a, b\n1,2\n", ["' b', begins or ends with a space"], {" b": [2]}),
    ("headless.csv", b"1,2\n3,4\n", ["the first line has only numbers"], {"1": [3]}),
    ("zeros.csv", b"zip\n00501\n10001\n", ["'zip' has numbers with zeros in front"], {"zip": [501, 10001]}),
    ("beyond.csv", b"id\n18446744073709551615\n1\n", ["'id' has whole numbers of more than 64 bits"], {"id": [2.0**64, 1.0]}),
    ("semicolons.csv", b"a;b\n1,5;x\n2,25;y\n", ["semicolons", "decimal comma"], {"a": [1.5, 2.25], "b": ["x", "y"]}),
    ("points.csv", b"a;b\n1.5;x\n", ["semicolons"], {"a": [1.5]}),
    ("tabs.csv", b"a\tb\n1\t2\n", ["tabs"], {"b": [2]}),
    ("dates.csv", b"d\n2020-01-01\n2020-01-02\n2020-13-01\n", ["some are not, such as '2020-13-01'"], {}),
    ("zones.csv", b"d\n2020-01-01T00:00Z\n2020-01-02T00:00\n", ["times with a time zone and times without"], {}),
    ("zero-part", {"a.csv": b"a\n1\n", "b.csv": b""}, ["b.csv has no bytes"], {"a": [1]}),
    ("mixed-parts", {"a.csv": b"a\n1\n", "b.csv": b"a\nx\n"}, ["'x' on line 2", "b.csv"], {"a": ["1", "x"]}),
    ("mixed.jsonl", b'{"a":1}\n{"a":"x"}\n', ["'x' on line 2"], {"a": ["1", "x"]}),
    ("nested.jsonl", b'{"a":{"x":1}}\n{"a":null}\n', ["'a' has nested values"], {"a": ['{"x": 1}', None]}),
    ("null-texts.parquet", pa.table({"a": ["NA", "x"]}), ["'a': 1 value is 'NA'"], {"a": ["NA", "x"]}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "said", "values"), WARNED, ids=[row[0] for row in WARNED])
def test_what_is_odd_is_read_and_told(
    tmp_path: Path, name: str, content: Any, said: list[str], values: dict[str, list[Any]]
) -> None:
    with opened(tmp_path, name, content) as table:
        everything = "\n".join(table.warnings)
        for words in said:
            assert words in everything
        for column, expected in values.items():
            assert table.column(column).to_pylist() == expected


FINE: list[tuple[str, Any, dict[str, list[Any]]]] = [
    ("one-row.csv", b"a,b\n1,x\n", {"a": [1], "b": ["x"]}),
    ("no-newline.csv", b"a,b\n1,x\n2,y", {"a": [1, 2], "b": ["x", "y"]}),
    ("windows.csv", b"a,b\r\n1,x\r\n2,y\r\n", {"a": [1, 2], "b": ["x", "y"]}),
    ("old-mac.csv", b"a,b\r1,x\r2,y\r", {"a": [1, 2], "b": ["x", "y"]}),
    ("bom.csv", b"\xef\xbb\xbfa,b\n1,2\n", {"a": [1], "b": [2]}),
    ("infinite.csv", b"a\ninf\n-inf\n3\n", {"a": [float("inf"), float("-inf"), 3.0]}),
    ("quotes.csv", b'a,b\n1,"x, ""y"" z"\n2,5" pipe\n3,"p\nq"\n', {"b": ['x, "y" z', '5" pipe', "p\nq"]}),
    ("one-column.csv", b"a\n1\n2\n", {"a": [1, 2]}),
    ("hexadecimal.csv", b"h\n0x1F\n0x2\n", {"h": ["0x1F", "0x2"]}),
    ("id.csv", b"id\n4000000000\n9223372036854775807\n", {"id": [4_000_000_000, 2**63 - 1]}),
    ("spaced-missing.csv", b"a, b\n1, NA\n2, 3\n", {" b": [None, 3]}),
    ("far.csv", b"d\n9999-12-31\n0001-01-01\n", {"d": [dt.datetime(9999, 12, 31), dt.datetime(1, 1, 1)]}),  # noqa: DTZ001
    ("nanoseconds.csv", b"d\n2020-01-01T00:00:00.123456789\n", {"d": [dt.datetime(2020, 1, 1, 0, 0, 0, 123456)]}),  # noqa: DTZ001
    ("wrong-name.csv", PARQUET, {"a": list(range(1000))}),
    ("hidden.csv", gzip.compress(b"a\n1\n"), {"a": [1]}),
    ("no-ending", b"a,b\n1,2\n", {"b": [2]}),
    ("order", {"a.csv": b"a,b\n1,2\n", "b.csv": b"b,a\n3,4\n"}, {"a": [1, 4], "b": [2, 3]}),
    ("rowless-part", {"a.csv": b"a\n1\n", "b.csv": b"a\n"}, {"a": [1]}),
    ("wider-part", {"a.parquet": pa.table({"a": [1]}), "b.parquet": pa.table({"a": [1.5]})}, {"a": [1.0, 1.5]}),
    ("new-key.jsonl", b'{"a":1}\n{"b":true}\n', {"a": [1, None], "b": [None, True]}),
    ("decimal.parquet", pa.table({"a": [Decimal("1.50"), None]}), {"a": [1.5, None]}),
    ("unsigned.parquet", pa.table({"a": pa.array([2**64 - 1], pa.uint64())}), {"a": [2**64 - 1]}),
    ("duration.parquet", pa.table({"a": pa.array([1500, None], pa.duration("ms"))}), {"a": [1.5, None]}),
    ("nested.parquet", pa.table({"a": [[1, 2], None], "b": [{"x": 1, "y": "q"}, None]}),
     {"a": ["[1, 2]", None], "b": ['{"x": 1, "y": "q"}', None]}),
    ("dictionary.parquet", pa.table({"a": pa.array(["x", None, "x"]).dictionary_encode()}), {"a": ["x", None, "x"]}),
    ("dotted.parquet", pa.table({"a.b": [1], "a": ["x"], "a.c": [3]}), {"a.b": [1], "a": ["x"], "a.c": [3]}),
    ("bytes.parquet", pa.table({"a": [b"ab", b"\xff"]}), {"a": ["6162", "ff"]}),
    ("typeless.parquet", pa.table({"a": pa.nulls(2)}), {"a": [None, None]}),
    ("dates.parquet", pa.table({"a": [dt.date(1, 1, 1), dt.date(9999, 12, 31)]}),
     {"a": [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)]}),  # noqa: DTZ001
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "values"), FINE, ids=[row[0] for row in FINE])
def test_what_is_rare_is_read_as_it_is(
    tmp_path: Path, name: str, content: Any, values: dict[str, list[Any]]
) -> None:
    with opened(tmp_path, name, content) as table:
        for column, expected in values.items():
            assert table.column(column).to_pylist() == expected
            assert len(table.texts(column)) == table.rows
        whole = pa.Table.from_batches(list(table.batches(rows=2)))
        assert whole.num_rows == table.rows
        assert len(table.frame()) == table.rows
        for column, expected in values.items():
            assert whole.column(column).to_pylist() == expected


def test_a_column_of_numbers_with_one_text_at_its_end_keeps_every_byte(tmp_path: Path) -> None:
    data = LONG.replace(b"\n0,0,", b"\n0,007,", 1) + b"1,seven,z\n2.5,9,z\n"
    with opened(tmp_path, "late.csv", data) as table:
        texts = table.column("b")
        assert (texts[0].as_py(), texts[-2].as_py(), texts[-1].as_py()) == ("007", "seven", "9")
        assert table.described("b").kind == "text"
        assert table.numbers("a")[-1] == 2.5
        assert table.rows == 150_002
        assert "'seven' on line 150,002" in "\n".join(table.warnings)


@pytest.mark.parametrize("many", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_very_many_columns_are_read(tmp_path: Path, many: int) -> None:
    names = [f"c{i}" for i in range(many)]
    line = ",".join("x" if i % 20 == 1 else str(i) for i in range(many))
    content = "\n".join([",".join(names), *[line] * 20]) + "\n"
    with opened(tmp_path, "wide.csv", content.encode()) as table:
        assert len(table.columns) == many
        assert table.described("c1").kind == "categorical"
        assert table.numbers(names[-2]).tolist() == [many - 2.0] * 20
    with opened(tmp_path, "wide.parquet", pa.table({name: np.arange(3) for name in names})) as table:
        assert len(table.columns) == many
        assert table.numbers(names[-1]).tolist() == [0.0, 1.0, 2.0]


def test_a_very_long_line_is_read_and_an_endless_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert blocks.LONGEST == 64 << 20
    with opened(tmp_path, "long.csv", b"a,b\n1," + b"x" * (9 << 20) + b"\n2,y\n") as table:
        assert len(table.column("b")[0].as_py()) == 9 << 20
    monkeypatch.setattr(blocks, "LONGEST", 12 << 20)
    with pytest.raises(DataError, match="line 3 is longer than 12 MiB"):
        opened(tmp_path, "endless.csv", b"a,b\n1,2\n3," + b"x" * (14 << 20))


def test_times_that_no_calendar_has_are_refused_when_they_are_asked_for() -> None:
    table = table_of(pa.table({"t": pa.array([2**62, 0], pa.timestamp("s"))}), "far")
    with pytest.raises(DataError, match="column 't'"):
        table.times("t")


def test_what_is_not_there_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is not there"):
        open_table(tmp_path / "nothing.csv", scratch=tmp_path)
