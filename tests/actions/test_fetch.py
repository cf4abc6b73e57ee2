from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.actions.fetch import fetch
from mlops_cli.actions.push import push
from mlops_cli.errors import UsageError
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.remotes.opening import open_remote_files
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.files import listing, write
from tests.support.stored import Lab, many
from tests.support.transfers import LARGE, Clones, blob, damage_there

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.store.transfer.outcome import Transfer

KEY = Digest("b3:" + "1" * 64)
STAGES = "stages:\n  make:\n    cmd: 'true'\n    outs: [out.bin, {path: m.json, cache: false}]\n"


class Two:
    """A project that has sent everything, and its clone that has nothing."""

    def __init__(self, folder: Path) -> None:
        self.clones = Clones(folder, STAGES, {".gitignore": "raw\nout.bin\nalone.bin\n"})
        self.first = Lab(self.clones.first)
        self.raw = self.first.track(
            "raw", {**many(60), "big/l.bin": blob(1, LARGE), "big/m.bin": blob(2, LARGE)}
        )
        self.alone = self.first.track("alone.bin", blob(3, LARGE))
        self.outs = {
            "out.bin": self.first.put("out.bin", blob(4, LARGE)),
            "m.json": self.first.put("m.json", b'{"a": 1}'),
        }
        self.first.stage("make", KEY, self.outs)
        self.first.result(KEY, self.outs)
        with self.first.open() as opened:
            assert push(opened).good
        self.second = Lab(self.clones.clone())

    def fetch(self, *paths: str, **options: Any) -> Transfer:
        with self.second.open() as opened:
            return fetch(opened, paths, **options)


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def test_everything_recorded_is_brought_with_its_results_and_the_workspace_stays(two: Two) -> None:
    before = {name: data for name, data in listing(two.second.root).items() if not name.startswith(".git/")}
    result = two.fetch()
    assert (result.good, result.transferred, result.skipped) == (True, 68, 0)
    assert two.second.whole(two.raw, two.alone, *two.outs.values()) == [True] * 4
    assert two.second.results.get(KEY) == two.outs
    assert before == {n: data for n, data in listing(two.second.root).items() if not n.startswith(".git/")}
    again = two.fetch()
    assert (again.transferred, again.bytes, again.skipped, again.requests) == (0, 0, 67, 0)


def test_a_path_inside_a_directory_brings_only_that(two: Two) -> None:
    result = two.fetch("raw/big")
    assert result.good
    assert two.second.whole(two.raw) == [False]
    assert not two.second.objects().missing([digest_bytes(blob(1, LARGE)), digest_bytes(blob(2, LARGE))])
    assert two.second.objects().missing([two.alone.digest, digest_bytes(b"row 5 ")])
    file = two.fetch("raw/row/00005.txt")
    assert (file.good, file.bytes) == (True, file.bytes)
    assert not two.second.objects().missing([digest_bytes(b"row 5 ")])


def test_what_is_not_recorded_is_a_usage_error(two: Two) -> None:
    with pytest.raises(UsageError, match="nothing is recorded at nowhere"):
        two.fetch("nowhere")


def test_what_is_damaged_there_is_named_by_its_path_and_the_rest_is_brought(two: Two) -> None:
    damage_there(two.clones.there, object_name(digest_bytes(blob(2, LARGE))))
    result = two.fetch()
    assert [failure.path for failure in result.failed] == ["raw/big/m.bin"]
    assert two.second.whole(two.alone) == [True]
    assert two.second.objects().missing([digest_bytes(blob(2, LARGE))])


def test_what_nobody_has_sent_is_named_by_its_path(two: Two) -> None:
    two.first.track("late.bin", blob(9, LARGE))
    write(
        two.second.root / ".mlops/data/late.bin.json",
        (two.first.root / ".mlops/data/late.bin.json").read_bytes(),
    )
    result = two.fetch()
    assert [failure.path for failure in result.failed] == ["late.bin"]
    assert "neither here nor on the remote" in result.failed[0].why


def test_a_fetch_that_is_tried_again_asks_only_for_what_is_missing(two: Two) -> None:
    name = object_name(two.alone.digest)
    data = two.clones.there.read(name)
    two.clones.there.remove([name])
    assert not two.fetch("raw", "alone.bin").good
    open_remote_files(str(two.clones.remote)).write(name, data)
    result = two.fetch("raw", "alone.bin")
    assert (result.good, result.transferred, result.bytes) == (True, 1, LARGE)
