"""The data scenarios measure every tool on the same bytes, and hold what each command left against them."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from benchmarks.data_scenarios import DataBench
from benchmarks.data_sets import SETS, DataSet, check_same, fingerprint
from benchmarks.data_tools import (
    ADD,
    CHECKOUT,
    GC,
    PULL,
    PULL_ONE,
    PUSH,
    STATUS,
    GitData,
    Place,
    copiers,
)
from benchmarks.measure import Machine, clean_environment
from benchmarks.projects import WrongResultError
from benchmarks.report import as_json, markdown
from benchmarks.s3 import S3Server
from benchmarks.samples import Sample

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.data_tools import DataTool

MANY = DataSet("many", 12, 100)
ONE = DataSet("one", 1, 5000)

needs_rsync = pytest.mark.skipif(not shutil.which("rsync"), reason="rsync is not installed")


def bench_of(folder: Path, *tools: DataTool, rounds: int = 1) -> DataBench:
    return DataBench(Machine(clean_environment(folder)), folder, tools, rounds, full=False)


def test_the_same_set_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        MANY.write(tmp_path / name)
    found = fingerprint(tmp_path / "a" / "data")
    assert found == fingerprint(tmp_path / "b" / "data")
    assert len(set(found.values())) == len(found) == 12


def test_many_files_are_spread_over_ten_folders_and_one_file_is_tracked_itself() -> None:
    assert [MANY.path(number) for number in (0, 9, 11)] == [
        "data/0/000000.bin",
        "data/9/000009.bin",
        "data/1/000011.bin",
    ]
    assert (ONE.item, ONE.path(0), SETS["flat"].path(3)) == ("data.bin", "data.bin", "data/000003.bin")


def test_a_trial_has_fewer_files_or_one_smaller_file() -> None:
    small, large = SETS["tiny"].scaled(0.1), SETS["large"].scaled(0.1)
    assert (small.files, small.size) == (7000, 275)
    assert (large.files, large.size) == (1, 107374182)
    assert SETS["large"].title == "1 file of 1 GiB"
    assert SETS["middle"].title == "25,000 files of 35 KB, 10 folders"


@pytest.mark.parametrize("data", [MANY, ONE, DataSet("bytes", 1, 3)])
def test_a_change_touches_one_file_and_is_new_each_time(tmp_path: Path, data: DataSet) -> None:
    data.write(tmp_path)
    seen = [fingerprint(tmp_path / data.item)]
    for number in range(2):
        data.change(tmp_path, number)
        seen.append(fingerprint(tmp_path / data.item))
        assert sum(seen[-1][name] != digest for name, digest in seen[-2].items()) == 1
    assert (tmp_path / data.sample).stat().st_size == max(data.size, 8)


def test_missing_wrong_and_additional_files_are_noticed(tmp_path: Path) -> None:
    MANY.write(tmp_path)
    expected = fingerprint(tmp_path / "data")
    check_same(tmp_path / "data", expected)
    MANY.change(tmp_path, 0)
    with pytest.raises(WrongResultError, match=r"1 missing or wrong: '6/000006\.bin'"):
        check_same(tmp_path / "data", expected)
    MANY.write(tmp_path)
    (tmp_path / "data" / "more").write_bytes(b"")
    with pytest.raises(WrongResultError, match="13 files instead of 12; 1 missing or wrong: 'more'"):
        check_same(tmp_path / "data", expected)
    shutil.rmtree(tmp_path / "data")
    with pytest.raises(WrongResultError, match="0 files instead of 12"):
        check_same(tmp_path / "data", expected)


def test_each_tool_is_measured_in_what_it_does_in_each_round(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, GitData(), copiers()[0], rounds=2)
    bench.directory(MANY)
    assert all(len(sample.seconds) == 2 for sample in bench.samples.taken)
    operations = [(sample.operation, sample.tool) for sample in bench.samples.taken]
    assert operations == [
        ("add", "git"),
        ("add", "cp"),
        ("add again", "git"),
        ("status", "git"),
        ("status, one file changed", "git"),
        ("add, one file changed", "git"),
        ("checkout", "git"),
        ("checkout", "cp"),
        ("push", "cp"),
        ("pull", "cp"),
    ]
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


@needs_rsync
@pytest.mark.parametrize("data", [MANY, ONE])
def test_rsync_does_everything_but_keep(tmp_path: Path, data: DataSet) -> None:
    bench = bench_of(tmp_path, copiers()[1])
    bench.directory(data)
    assert [sample.operation for sample in bench.samples.taken] == [
        "add",
        "add again",
        "status",
        "status, one file changed",
        "add, one file changed",
        "checkout",
        "push",
        "push again",
        "pull",
        *(["pull one file"] if data is MANY else []),
    ]


@dataclass(frozen=True)
class Shelf:
    """A store of whole copies, each named by its digest; it can say of one operation that it is done, and not do it."""

    name: str = "shelf"
    lies: str = ""
    ignores: bool = True

    def version(self, machine: Machine, folder: Path) -> str:
        del machine, folder
        return "1"

    def begin(self, machine: Machine, place: Place) -> None:
        del machine
        (place.work / ".gitignore").write_text("/data\n/shelf\n" if self.ignores else "/shelf\n")
        (place.work / "shelf").mkdir()

    def command(self, operation: str, place: Place) -> list[str] | None:
        if operation == self.lies:
            return ["true"]
        url, one = place.url, place.data.sample
        digest = "$(cat data/*/* | sha256sum | cut -c 1-16)"
        words = {
            ADD: f"echo {digest} > record && cp -rT data shelf/$(cat record)",
            STATUS: f"test {digest} = $(cat record) || echo changed",
            CHECKOUT: "cp -r shelf/$(cat record) data",
            PUSH: f"cp -rT shelf/$(cat record) {url}/$(cat record)",
            PULL: f"cp -r {url}/$(cat record) data",
            PULL_ONE: f"mkdir -p $(dirname {one}) && cp {url}/$(cat record)/{one.removeprefix('data/')} {one}",
            GC: "cd shelf && for one in *; do git log -p --all -- ../record | grep -q $one || rm -r $one; done",
        }
        return ["sh", "-c", words[operation]]

    def stored(self, place: Place) -> list[Path]:
        return [place.work / "shelf"]

    def share(self, machine: Machine, place: Place, clone: Path) -> None:
        del machine
        (clone / "shelf").symlink_to(place.work / "shelf")

    def changed(self, machine: Machine, folder: Path, output: str) -> bool:
        del machine, folder
        return "changed" in output

    def requests(self, output: str) -> int | None:
        del output
        return 7


def test_a_tool_that_keeps_its_word_passes(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, Shelf())
    bench.directory(MANY)
    assert {one.operation: one.requests for one in bench.samples.taken if one.requests} == {
        "push": [7],
        "push again": [7],
        "pull": [7],
        "pull one file": [7],
    }
    assert [one.operation for one in bench.samples.taken][-2:] == [
        "gc",
        "checkout, second clone, shared store",
    ]


@pytest.mark.parametrize(
    ("lies", "complaint"),
    [
        (STATUS, "does not see that changed=True"),
        (CHECKOUT, "0 files instead of 12"),
        (PULL, "0 files instead of 12"),
        (PULL_ONE, "0 files instead of 1;"),
        (GC, "gc left"),
    ],
)
def test_a_tool_that_only_says_it_did_is_no_measurement(tmp_path: Path, lies: str, complaint: str) -> None:
    with pytest.raises(WrongResultError, match=complaint):
        bench_of(tmp_path, Shelf(lies=lies)).directory(MANY)


def test_a_tool_that_lets_the_data_into_git_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(WrongResultError, match="the data itself went into Git"):
        bench_of(tmp_path, Shelf(ignores=False)).directory(MANY)


@pytest.mark.slow
def test_what_takes_long_is_measured_three_times_where_nothing_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.data_round.LONG", 0.0)
    bench = bench_of(tmp_path, Shelf(), rounds=5)
    bench.directory(MANY)
    long = {"checkout", "pull", "checkout, second clone, shared store"}
    often = {sample.operation: len(sample.seconds) for sample in bench.samples.taken}
    assert {name for name, count in often.items() if count == 3} == long
    assert {count for name, count in often.items() if name not in long} == {5}


def test_requests_are_counted_where_they_arrive(tmp_path: Path) -> None:
    program = tmp_path / "server"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "from http.server import BaseHTTPRequestHandler, HTTPServer\n"
        "class Handler(BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200)\n"
        "        self.end_headers()\n"
        "    do_PUT = do_POST = do_GET\n"
        "HTTPServer(('127.0.0.1', int(sys.argv[4])), Handler).serve_forever()\n"
    )
    program.chmod(0o755)
    with S3Server(program) as server:
        assert server.requests == 0
        assert server.bucket("one") == "s3://one"
        assert server.requests == 1
        for _ in range(3):
            urlopen(server.environment["AWS_ENDPOINT_URL"] + "/one/name").close()  # noqa: S310 - our own
        server.forget()
        assert server.requests == 5


def test_a_server_that_does_not_start_is_said(tmp_path: Path) -> None:
    server = S3Server(tmp_path / "false")
    (tmp_path / "false").symlink_to(shutil.which("false") or "/bin/false")
    with pytest.raises(RuntimeError, match="does not answer"), server:
        pass


def test_tables_give_requests_where_they_were_counted() -> None:
    samples = [
        Sample("Seven files", 0, "push", "mlops", "mlops push", [0.5], [1], [9]),
        Sample("Seven files", 0, "push", "DVC", "dvc push", [2.0], [1], [12]),
        Sample("Seven files", 0, "gc", "DVC", "dvc gc", [3.0], [1]),
    ]
    lines = markdown({}, samples, rounds=1, floor=1).splitlines()
    assert "### Seven files" in lines
    assert lines[-2:] == [
        "| push | 0.500 s | 2.00 s | ≤ 0 MB | ≤ 0 MB | 9 | 12 |",
        "| gc | n/a | 3.00 s | n/a | ≤ 0 MB |  |  |",
    ]
    assert [one.get("requests") for one in as_json({}, samples, 1, 1)["samples"]] == [[9], [12], None]
