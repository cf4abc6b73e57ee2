"""`mlops fetch`."""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.command import finish, mlops, start
from tests.support.files import write, write_all
from tests.support.stored import Lab, many
from tests.support.transfers import LARGE, Clones, blob, cut_there, damage_there

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import WebServer

HUGE = 40 << 20


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    clones = Clones(tmp_path, "stages: {}\n", {})
    write_all(clones.first / "raw", {**many(40), "big.bin": blob(1, LARGE)})
    assert mlops(clones.first, "add", "raw").code == 0
    assert mlops(clones.first, "push").code == 0
    return clones


def whole(folder: Path) -> bool:
    """Whether every object in a project's store is right, and nothing half-written lies about."""
    objects = Lab(folder).objects()
    store = folder / ".git/mlops"
    litter = [p for p in (store / "tmp").rglob("*") if p.is_file()] if (store / "tmp").exists() else []
    return not objects.damaged({digest for digest, _, _ in objects.all_digests()}) and not litter


def test_it_brings_everything_and_leaves_the_workspace(clones: Clones) -> None:
    second = clones.clone()
    answer = mlops(second, "fetch", "--json")
    assert answer.code == 0
    value = answer.json
    assert (value["schema"], value["remote"], value["transferred"], value["skipped"], value["failed"]) == (
        1,
        "r",
        43,
        0,
        [],
    )
    assert not (second / "raw").exists()
    assert whole(second)
    again = mlops(second, "fetch")
    assert (again.code, again.out) == (0, "Nothing to do: everything is here already (43 objects).\n")


def test_one_file_of_a_directory(clones: Clones) -> None:
    second = clones.clone()
    answer = mlops(second, "fetch", "raw/row/00007.txt", "--json")
    assert (answer.code, answer.json["transferred"]) == (0, 3), answer  # two lists of files, and the file
    assert not Lab(second).objects().missing([digest_bytes(b"row 7 ")])


@pytest.mark.parametrize("how", ["damaged", "cut off", "gone"])
def test_what_is_wrong_there_ends_with_5_and_is_named_and_the_next_fetch_brings_only_that(
    clones: Clones, how: str
) -> None:
    second = clones.clone()
    name = object_name(digest_bytes(blob(1, LARGE)))
    if how == "gone":
        clones.there.remove([name])
    else:
        (damage_there if how == "damaged" else cut_there)(clones.there, name)
    answer = mlops(second, "fetch", "--json")
    assert answer.code == 5
    assert [row["path"] for row in answer.json["failed"]] == ["raw/big.bin"]
    assert whole(second)
    mended = mlops(clones.first, "push", *(["--repair"] if how == "damaged" else []), "--json")
    assert (mended.code, mended.json["transferred"]) == (0, 1)
    last = mlops(second, "fetch", "--json")
    assert (last.code, last.json["transferred"], last.json["bytes"]) == (0, 1, LARGE)


@pytest.mark.slow
def test_a_remote_that_cannot_be_reached_ends_with_5(clones: Clones) -> None:
    second = clones.clone()
    write(second / ".mlops/config.yaml", "remotes: {r: {url: 'http://127.0.0.1:9/nothing'}}\n")
    answer = mlops(second, "fetch", "--json")
    assert answer.code == 5
    assert "127.0.0.1:9" in answer.out + answer.err


def test_two_fetches_of_the_same_large_object_at_once(clones: Clones) -> None:
    write(clones.first / "huge.bin", blob(7, HUGE))
    assert mlops(clones.first, "add", "huge.bin").code == 0
    assert mlops(clones.first, "push").code == 0
    second = clones.clone()
    answers = [finish(process) for process in [start(second, "fetch") for _ in range(3)]]
    assert [answer.code for answer in answers] == [0, 0, 0], answers
    assert whole(second)
    assert not list((second / ".git/mlops/partial").iterdir())
    assert mlops(second, "fetch", "--json").json["transferred"] == 0


def test_a_fetch_that_is_killed_leaves_nothing_wrong_and_the_next_one_completes_it(clones: Clones) -> None:
    write_all(clones.first / "raw", {f"huge/{n}.bin": blob(n, HUGE) for n in range(3)})
    assert mlops(clones.first, "add", "raw").code == 0
    assert mlops(clones.first, "push").code == 0
    second = clones.clone()
    fetching = start(second, "fetch")
    partial = second / ".git/mlops/partial"
    while fetching.poll() is None and not (
        partial.exists() and any(p.stat().st_size for p in _files(partial))
    ):
        time.sleep(0.002)
    os.kill(fetching.pid, signal.SIGKILL)
    fetching.wait()
    finish(fetching)
    here = Lab(second).objects()
    assert not here.damaged({digest for digest, _, _ in here.all_digests()})
    last = mlops(second, "fetch")
    assert last.code == 0, last
    assert whole(second)
    assert mlops(second, "fetch", "--json").json["transferred"] == 0


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*") if path.exists()]


def test_over_plain_http_from_a_folder_that_a_push_has_filled(clones: Clones, web: WebServer) -> None:
    assert web.folder
    name = f"fetch-{clones.folder.name}"
    shutil.copytree(clones.remote, web.folder / name)
    second = clones.clone()
    write(second / ".mlops/config.yaml", f"remotes: {{r: {{url: '{web.place(name)}'}}}}\n")
    answer = mlops(second, "fetch", "--json")
    assert (answer.code, answer.json["transferred"]) == (0, 43), answer
    assert whole(second)
    refused = mlops(second, "push")
    assert refused.code == 5
    assert "by its own address" in refused.err
