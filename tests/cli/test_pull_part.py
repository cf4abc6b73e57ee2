"""`mlops pull` of a directory of which some files cannot be had: what is whole is placed, and nobody takes it for all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.command import mlops, states
from tests.support.files import listing, write, write_all
from tests.support.transfers import LARGE, Clones, blob, damage_there

if TYPE_CHECKING:
    from pathlib import Path

STAGES = {
    "count": {"cmd": "ls raw/sub | wc -l > count", "deps": ["raw/sub/*.bin"], "outs": ["count"]},
}
LOST = object_name(digest_bytes(blob(2, LARGE)))


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    """Return a project of whose data one large file is damaged on the remote."""
    clones = Clones(tmp_path, STAGES, {})
    raw = clones.first / "raw"
    write_all(
        raw,
        {"a.txt": "a", "sub/1.bin": blob(1, LARGE), "sub/2.bin": blob(2, LARGE), "other/deep/x.txt": "x"},
    )
    (raw / "sub/link").symlink_to("1.bin")
    assert mlops(clones.first, "add", "raw").code == 0
    assert mlops(clones.first, "push").code == 0
    damage_there(clones.there, LOST)
    return clones


def placed(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in (folder / "raw").rglob("*") if not p.is_dir()}


def test_what_is_whole_is_placed_and_what_is_missing_is_named_with_what_helps(clones: Clones) -> None:
    second = clones.clone()
    answer = mlops(second, "pull")
    assert answer.code == 5
    assert placed(second) == {"raw/a.txt", "raw/sub/1.bin", "raw/sub/link", "raw/other/deep/x.txt"}
    assert "raw: placed 3 files, " in answer.out
    assert answer.err == (
        f"raw/sub/2.bin: object {digest_bytes(blob(2, LARGE))} is damaged on the remote\n"
        "Whoever has it whole can replace it: mlops push --repair\n"
        "mlops: raw is here only in part; what is missing:\n"
        "  raw/sub/2.bin\n"
    )
    again = mlops(second, "pull", "--json")
    assert again.code == 5
    assert again.json["checkout"]["partial"] == [{"path": "raw", "missing": ["raw/sub/2.bin"]}]
    assert again.json["checkout"]["brought"] == []
    assert again.json["failed"][0]["hint"] == "Whoever has it whole can replace it: mlops push --repair"


def test_the_part_is_not_taken_for_all_of_it_by_status_add_or_a_run(clones: Clones) -> None:
    second = clones.clone()
    mlops(second, "pull")
    assert mlops(second, "status", "--json").json["data"] == [{"path": "raw", "state": "changed"}]
    added = mlops(second, "add", "raw")
    assert added.code == 5
    assert "raw is here only in part: what its record names as raw/sub/2.bin is neither" in added.err
    ran = mlops(second, "run")
    assert ran.code == 5
    assert "raw is here only in part" in ran.err
    assert not (second / "count").exists()


def test_once_somebody_has_repaired_the_remote_a_pull_brings_the_rest(clones: Clones) -> None:
    second = clones.clone()
    mlops(second, "pull")
    assert mlops(clones.first, "push", "--repair").code == 0
    answer = mlops(second, "pull")
    assert answer.code == 0
    assert "raw: placed 1 file, " in answer.out
    assert listing(second / "raw") == listing(clones.first / "raw")
    assert mlops(second, "run").code == 0


def test_versions_are_never_mixed(clones: Clones) -> None:
    second = clones.clone()
    write(second / "raw/a.txt", "older")
    assert mlops(second, "add", "--force", "raw").code == 0
    mlops(second, "push")
    from tests.support.command import git

    git(second, "checkout", "--", ".mlops")
    before = listing(second / "raw")
    answer = mlops(second, "pull", "--force")
    assert answer.code == 5
    assert listing(second / "raw") == before
    assert "mlops: raw is recorded, and its content is not in the store\n" in answer.err
    assert "mlops pull" not in answer.err


def test_a_directory_of_which_nothing_can_be_had_is_not_there_afterwards(clones: Clones) -> None:
    second = clones.clone()
    answer = mlops(second, "pull", "raw/sub/2.bin")
    assert answer.code == 5
    assert not (second / "raw").exists()
    assert "Bring it with" not in answer.err


def test_checkout_places_no_parts(clones: Clones) -> None:
    second = clones.clone()
    mlops(second, "fetch")
    assert mlops(second, "checkout").code == 5
    assert not (second / "raw").exists()


def test_a_glob_that_matches_nothing_of_what_is_missing_may_be_run(clones: Clones) -> None:
    second = clones.clone()
    mlops(second, "pull")
    write(
        second / "mlops.yaml",
        "stages: {one: {cmd: 'true', deps: ['raw/*.txt'], outs: [{path: m, cache: false}]}}\n",
    )
    assert states(second) == {"one": "stale"}
    assert "only in part" not in mlops(second, "run").err
