"""`mlops pull`: what is damaged here is replaced by what the remote has."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.digest import Digest
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.command import mlops
from tests.support.files import listing, write_all
from tests.support.stored import Lab, many
from tests.support.transfers import LARGE, Clones, blob

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    clones = Clones(tmp_path, "stages: {}\n", {})
    write_all(clones.first / "raw", {**many(40), "sub/deep.txt": "deep", "big.bin": blob(1, LARGE)})
    assert mlops(clones.first, "add", "raw").code == 0
    assert mlops(clones.first, "push").code == 0
    return clones


@pytest.fixture
def second(clones: Clones) -> Path:
    folder = clones.clone()
    assert mlops(folder, "pull").code == 0
    return folder


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def big(folder: Path) -> Path:
    """Return the file of the large object."""
    [found] = [p for p in folder.glob(".git/mlops/objects/*/*") if p.stat().st_size >= LARGE]
    return found


def damage_everything(folder: Path) -> None:
    """Change a byte of each file of a store, and of several objects of each pack."""
    store = folder / ".git/mlops"
    for path in store.glob("objects/*/*"):
        flip(path, 0)
    for path in store.glob("packs/*.pack"):
        for at in range(20, path.stat().st_size, 100):
            flip(path, at)


def damaged(folder: Path) -> set[str]:
    objects = Lab(folder).objects()
    return set(objects.damaged({digest for digest, _, _ in objects.all_digests()}))


def test_whatever_is_damaged_here_comes_from_the_remote_and_is_placed(clones: Clones, second: Path) -> None:
    damage_everything(second)
    count = len(damaged(second))
    assert count > 3
    shutil.rmtree(second / "raw")
    answer = mlops(second, "pull")
    assert answer.code == 0, answer
    assert answer.out.startswith(f"{count} objects were damaged here: set aside, and taken from r again\n")
    assert listing(second / "raw") == listing(clones.first / "raw")
    assert not damaged(second)
    assert len(list((second / ".git/mlops/damaged").iterdir())) >= count
    assert mlops(second, "verify").code == 0
    again = mlops(second, "pull")
    assert again.out.startswith("Nothing to do: everything is here already (")


def test_one_damaged_file_costs_one_object(clones: Clones, second: Path) -> None:
    large = big(second)
    flip(large, LARGE // 2)
    (second / "raw/big.bin").unlink()
    answer = mlops(second, "pull", "--json")
    assert answer.code == 0, answer
    assert answer.json["healed"] == [f"b3:{large.parent.name}{large.name}"]
    assert answer.json["transferred"] == 1
    assert [row["path"] for row in answer.json["checkout"]["brought"]] == ["raw"]
    assert listing(second / "raw") == listing(clones.first / "raw")


def test_a_part_of_a_directory_heals_the_lists_of_files_on_the_way_to_it(second: Path) -> None:
    damage_everything(second)
    shutil.rmtree(second / "raw")
    answer = mlops(second, "pull", "raw/sub/deep.txt")
    assert answer.code == 0, answer
    assert (second / "raw/sub/deep.txt").read_text() == "deep"


def test_fetch_heals_lists_of_files_which_it_reads(second: Path) -> None:
    damage_everything(second)
    answer = mlops(second, "fetch")
    assert answer.code == 0, answer
    assert "damaged here: set aside, and taken from r again" in answer.out


def test_what_the_remote_does_not_have_stays_and_verify_is_named(clones: Clones, second: Path) -> None:
    damage_everything(second)
    before = damaged(second)
    shutil.rmtree(clones.remote)
    clones.remote.mkdir()
    shutil.rmtree(second / "raw")
    for command in ("pull", "fetch"):
        answer = mlops(second, command)
        assert answer.code == 5
        assert "mlops verify --repair" in answer.err
    assert damaged(second) == before
    assert not (second / ".git/mlops/damaged").exists()


def test_a_damaged_file_that_the_remote_does_not_have_is_named_with_verify(
    clones: Clones, second: Path
) -> None:
    large = big(second)
    flip(large, 0)
    (clones.remote / object_name(Digest(f"b3:{large.parent.name}{large.name}"))).unlink()
    (second / "raw/big.bin").unlink()
    answer = mlops(second, "pull")
    assert answer.code == 5
    assert f"object b3:{large.parent.name}{large.name} is damaged" in answer.err
    assert "mlops verify --repair" in answer.err
    assert large.exists()
    assert not (second / "raw/big.bin").exists()


@pytest.mark.parametrize("command", ["pull", "fetch", "checkout"])
def test_a_path_that_the_record_does_not_have_is_a_mistake_and_nothing_is_brought(
    clones: Clones, command: str
) -> None:
    folder = clones.clone()
    assert mlops(folder, "fetch", "raw/sub").code == 0  # the list of files is here
    answer = mlops(folder, command, "raw/nope", "raw/big.bin")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "mlops: the record of raw has no nope\nSee what changed with: mlops diff --files\n"
    assert not (folder / "raw").exists()


def test_a_path_in_a_directory_whose_list_nobody_has_is_missing_data(clones: Clones) -> None:
    folder = clones.clone()
    shutil.rmtree(clones.remote)
    clones.remote.mkdir()
    answer = mlops(folder, "pull", "raw/sub")
    assert answer.code == 5
    assert answer.err.startswith("mlops: raw, the list of its files: object b3:")
    assert "Whoever has it can send it: mlops push\n" in answer.err


def test_a_link_in_a_directory_is_placed_alone(clones: Clones) -> None:
    (clones.first / "raw/link").symlink_to("sub")
    assert mlops(clones.first, "add", "raw").code == 0
    assert mlops(clones.first, "push").code == 0
    folder = clones.clone()
    assert mlops(folder, "pull", "raw/link").code == 0
    assert (folder / "raw/link").is_symlink()
    assert mlops(folder, "pull", "raw/link/deep.txt").code == 2
