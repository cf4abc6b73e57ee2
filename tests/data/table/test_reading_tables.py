"""Tables on disk are read as they were written, whatever the format, block by block, with bounded memory."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_cli.data.table import delimited, json_lines
from mlops_cli.data.table.blocks import blocks_of, first_record_end
from mlops_cli.data.table.formats import Guarded, by_name
from mlops_cli.data.table.missing import MISSING
from mlops_cli.data.table.opening import open_table
from mlops_cli.errors import FileError
from mlops_cli.store.digest import digest_bytes
from tests.support.command import SOURCE
from tests.support.tables import people, write_csv, write_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator

PEOPLE = people(2000)


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue().to_pybytes())


def as_csv(separator: str = ",") -> bytes:
    text: str = PEOPLE.to_pandas().to_csv(index=False, sep=separator)
    return text.encode()


def as_json() -> bytes:
    text: str = PEOPLE.to_pandas().to_json(
        orient="records", lines=True, date_format="iso", date_unit="us", double_precision=15
    )
    return text.encode()


FILES: dict[str, Any] = {
    "people.csv": as_csv,
    "people.tsv": lambda: as_csv("\t"),
    "people.psv": lambda: as_csv("|"),
    "people.csv.gz": lambda: gzip.compress(as_csv()),
    "two-members.csv.gz": lambda: gzip.compress(as_csv()[:999]) + gzip.compress(as_csv()[999:]),
    "people.csv.bz2": lambda: bz2.compress(as_csv()),
    "people.csv.xz": lambda: lzma.compress(as_csv()),
    "people.csv.zst": lambda: zstd(as_csv()),
    "people.jsonl": as_json,
    "people.ndjson.gz": lambda: gzip.compress(as_json()),
}


def assert_people(table: Any) -> None:
    """Hold a table against the one that all files were made of."""
    kinds = {column.name: column.kind for column in table.columns}
    assert kinds == {
        "id": "text", "age": "numeric", "income": "numeric", "city": "categorical", "member": "boolean", "joined": "datetime",
    }  # fmt: skip
    assert table.rows == PEOPLE.num_rows
    assert np.array_equal(table.numbers("age"), PEOPLE["age"].to_numpy())
    assert np.array_equal(table.numbers("income"), PEOPLE["income"].to_numpy(), equal_nan=True)
    assert np.array_equal(table.numbers("member"), PEOPLE["member"].cast(pa.uint8()).to_numpy())
    assert table.texts("city").to_pylist() == PEOPLE["city"].to_pylist()
    assert table.texts("member").to_pylist() == [str(value).lower() for value in PEOPLE["member"].to_pylist()]
    assert table.frame(["id", "city"]).equals(PEOPLE.select(["id", "city"]).to_pandas())
    assert table.column("id").to_pylist() == PEOPLE["id"].to_pylist()
    assert np.array_equal(table.times("joined")[0], PEOPLE["joined"].to_numpy())
    batches = list(table.batches(["city", "age"], rows=300))
    assert max(batch.num_rows for batch in batches) <= 300
    assert [value for batch in batches for value in batch.column("age").to_pylist()] == PEOPLE[
        "age"
    ].to_pylist()
    assert batches[0].schema.names == ["city", "age"]


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_table(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name]())
    with open_table(path, scratch=tmp_path / "scratch") as table:
        assert_people(table)
        assert table.warnings == ()
        assert table.digest == digest_bytes(path.read_bytes())
        assert table.name == str(path)
    assert not any((tmp_path / "scratch").iterdir())


@pytest.mark.parametrize("rows", [300, 10_000])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_parquet_gives_the_same_table(tmp_path: Path, rows: int, compression: str) -> None:
    path = tmp_path / "people.parquet"
    pq.write_table(PEOPLE, path, row_group_size=rows, compression=compression)
    with open_table(path, scratch=tmp_path / "scratch") as table:
        assert_people(table)


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_a_folder_of_parts_is_one_table(tmp_path: Path, format_: str) -> None:
    folder = tmp_path / "people"
    (folder / "more").mkdir(parents=True)
    write = write_csv if format_ == "csv" else write_parquet
    write(folder / f"part-0.{format_}", PEOPLE.slice(500, 1000))
    write(folder / f"more-.{format_}", PEOPLE.slice(0, 500))
    write(folder / "z.csv" if format_ == "csv" else folder / "z.parquet", PEOPLE.slice(1500))
    (folder / "_SUCCESS").write_bytes(b"")
    (folder / ".part.csv.crc").write_bytes(b"x")
    (folder / "README.md").write_text("# About")
    with open_table(folder, scratch=tmp_path / "scratch") as table:
        assert_people(table)
        first = table.digest
    with open_table(str(folder), scratch=tmp_path / "scratch") as table:
        assert table.digest == first


@pytest.mark.parametrize("name", ["people.csv", "people.parquet", "people.jsonl"])
def test_small_blocks_give_the_same_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 4096)
    monkeypatch.setattr(json_lines, "BLOCK", 4096)
    path = tmp_path / name
    path.write_bytes(as_json() if "json" in name else as_csv())
    if name == "people.parquet":
        write_parquet(path, PEOPLE, 64)
    with open_table(path, scratch=tmp_path / "scratch") as table:
        assert_people(table)


def test_types_hold_over_the_whole_file_even_where_blocks_disagree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 64)
    rows = [
        ("", "", "1", "1"),
        *[("", "5", "2", "2")] * 40,
        *[("", "5.5", "3", "x")] * 40,
        ("z", "", "", "4"),
    ]
    path = tmp_path / "t.csv"
    path.write_text("late,wide,same,mixed\n" + "".join(",".join(row) + "\n" for row in rows))
    with open_table(path, scratch=tmp_path / "scratch") as table:
        assert [column.storage for column in table.columns] == ["string", "double", "int64", "string"]
        assert table.column("late").to_pylist() == [None] * 81 + ["z"]
        assert table.column("wide").to_pylist() == [None, *[5.0] * 40, *[5.5] * 40, None]
        assert table.column("same").to_pylist() == [1, *[2] * 40, *[3] * 40, None]
        assert table.column("mixed").to_pylist() == [row[3] for row in rows]
        assert "'x' on line 43" in table.warnings[0]
        assert pd.read_csv(path, dtype={"mixed": str}).equals(table.frame())


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
@pytest.mark.parametrize("order", ["few, then many", "many, then few", "none, then few"])
def test_texts_are_the_same_however_few_of_them_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str, ending: str
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 512)
    monkeypatch.setattr(json_lines, "BLOCK", 512)
    few, many, none = ["a", "b", None, "a"] * 100, [f"text {at}" for at in range(400)], [None] * 400
    texts = {
        "few, then many": few + many + few,
        "many, then few": many + few,
        "none, then few": none + few + many,
    }[order]
    rows = list(enumerate(texts))
    path = tmp_path / f"t.{ending}"
    lines = (
        ["at,word", *(f"{at},{word or ''}" for at, word in rows)]
        if ending == "csv"
        else [json.dumps({"at": at, "word": word}) for at, word in rows]
    )
    path.write_text("\n".join(lines) + "\n")
    with open_table(path, scratch=tmp_path / "scratch") as table:
        assert table.described("word").storage == "string"
        assert table.column("word").to_pylist() == texts
        assert table.texts("word").to_pylist() == texts
        assert table.texts("word").dictionary.to_pylist() == list(
            dict.fromkeys(word for word in texts if word)
        )
        assert [
            word for batch in table.batches(rows=100) for word in batch.column("word").to_pylist()
        ] == texts
        assert table.frame().equals(pd.DataFrame({"at": range(1200)[: len(texts)], "word": texts}))


FIELDS = st.one_of(
    st.sampled_from(["", "x", "1", "a,b", 'say "no"', "two\nlines", '"', "é", "a\r\nb", " ", '""']),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=6),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(FIELDS, min_size=3, max_size=3), min_size=1, max_size=30),
    st.integers(1, 60),
    st.sampled_from(["\n", "\r\n"]),
)
def test_blocks_are_whole_records_wherever_the_file_is_cut(
    rows: list[list[str]], size: int, newline: str
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=newline).writerows(rows)
    data = text.getvalue().encode()
    blocks = list(blocks_of(io.BytesIO(data), "t", ",", max(size, 3)))
    assert b"".join(block.data for block in blocks) == data
    again = [row for block in blocks for row in csv.reader(io.StringIO(block.data.decode(), newline=""))]
    assert again == list(csv.reader(io.StringIO(data.decode(), newline="")))
    for block in blocks:
        assert data[block.offset :].startswith(block.data)
        assert block.line == 1 + data.count(b"\n", 0, block.offset)


@given(st.lists(FIELDS, min_size=1, max_size=5))
def test_the_first_record_ends_where_a_csv_reader_ends_it(fields: list[str]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    first = text.getvalue().encode()
    assert first_record_end(first + b'x,"y\nz"\n', ",") == len(first)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            FIELDS,
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.one_of(st.none(), st.floats(allow_nan=False)),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_what_python_writes_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("written")
    path = folder / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "whole", "real"])
        writer.writerows([[text, whole, real] for text, whole, real in rows])
    with open_table(path, scratch=folder / "scratch", kinds={"text": "text"}) as table:
        assert table.column("text").to_pylist() == [None if text in MISSING else text for text, _, _ in rows]
        assert table.column("whole").to_pylist() == [whole for _, whole, _ in rows]
        read = table.column("real").to_pylist()
        assert [None if value is None else float(value) for value in read] == [real for _, _, real in rows]


# Elsewhere -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere() -> Iterator[Any]:
    """Return a file system in memory, empty before and after."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


@pytest.mark.parametrize("name", ["people.csv.gz", "people.jsonl"])
def test_a_table_at_an_address_is_brought_and_read(tmp_path: Path, elsewhere: Any, name: str) -> None:
    elsewhere.pipe(f"/bucket/{name}", FILES[name]())
    with open_table(f"memory://bucket/{name}", scratch=tmp_path) as table:
        assert_people(table)
        assert table.name == f"memory://bucket/{name}"
        assert table.digest == digest_bytes(elsewhere.cat(f"/bucket/{name}"))
    assert not any(tmp_path.iterdir())


def test_a_folder_at_an_address_is_one_table(tmp_path: Path, elsewhere: Any) -> None:
    local = write_parquet(tmp_path / "a.parquet", PEOPLE.slice(0, 700))
    elsewhere.pipe("/bucket/people/a.parquet", local.read_bytes())
    elsewhere.pipe("/bucket/people/b.parquet", write_parquet(local, PEOPLE.slice(700)).read_bytes())
    elsewhere.pipe("/bucket/people/model.bin", b"x" * 100)
    with open_table("memory://bucket/people", scratch=tmp_path / "scratch") as table:
        assert_people(table)


def test_nothing_at_an_address_is_a_file_error_without_its_secrets(tmp_path: Path, elsewhere: Any) -> None:
    with pytest.raises(FileError, match=r"memory://bucket/nothing\.csv is not there"):
        open_table("memory://bucket/nothing.csv", scratch=tmp_path)


def test_an_address_of_a_file_on_this_machine_is_its_path(tmp_path: Path) -> None:
    write_csv(tmp_path / "people.csv", PEOPLE)
    with open_table(f"file://{tmp_path}/people.csv", scratch=tmp_path / "scratch") as table:
        assert table.rows == 2000


# What it costs ---------------------------------------------------------------------------------------------------------

MEASURED = """
import re, sys
from pathlib import Path
import pyarrow, pyarrow.csv
import mlops_cli.data.table.delimited, mlops_cli.data.table.parquet
from mlops_cli.data.table.missing import MISSING
from mlops_cli.data.table.opening import open_table

def resident():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) << 10

Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew; without this it is that of whoever started us
before = resident()
with open_table(sys.argv[1], scratch=Path(sys.argv[2])) as table:
    for column in table.columns:
        table.numbers(column.name) if column.kind == "numeric" else table.texts(column.name)
print(pyarrow.default_memory_pool().max_memory(), resident() - before)
"""


def cost_of_reading(folder: Path, name: str, rows: int) -> tuple[int, int, int]:
    """Return the bytes of a table of 30 columns, and at the most held by Arrow, and by the process, to read it all."""
    random = np.random.default_rng(1)
    chosen = np.array([f"category-{j:04d}" for j in range(50)])
    data = pa.table(
        {f"n{i}": random.integers(0, 1 << 40, rows) for i in range(20)}
        | {f"c{i}": pa.array(random.choice(chosen, rows)) for i in range(10)}
    )
    path = write_csv(folder / name, data) if name.endswith("csv") else write_parquet(folder / name, data)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, path, folder / "scratch"],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    held, resident = map(int, done.stdout.split())
    return data.nbytes, held, resident


on_linux = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the peak of memory is asked of Linux"
)


@on_linux
@pytest.mark.parametrize("name", ["table.csv", pytest.param("table.parquet", marks=pytest.mark.slow)])
def test_only_a_part_of_a_table_is_in_memory(tmp_path: Path, name: str) -> None:
    size, held, _ = cost_of_reading(tmp_path, name, 300_000)
    assert size > 90e6
    assert held < 0.25 * size


@on_linux
@pytest.mark.slow
@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_a_large_table_passes_through_far_less_memory_than_it_is_large(tmp_path: Path, name: str) -> None:
    size, held, resident = cost_of_reading(tmp_path, name, 1_200_000)
    assert size > 390e6
    assert held < 0.15 * size
    assert resident < 0.5 * size


def test_names_promise_formats() -> None:
    assert by_name("a/people") is None
    assert by_name("people.gz") is None
    assert by_name("a.b/people.TSV.GZ") == by_name("x.tsv.gz")


def test_a_file_that_fails_while_it_is_read_is_an_error_of_ours(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:  # noqa: ARG002 - as files have it
            raise OSError(5, "Input/output error")

    with pytest.raises(Exception, match=r"t\.csv cannot be read") as caught:
        Guarded(Broken(), "t.csv").read(10)
    assert caught.type.__name__ == "DataError"
