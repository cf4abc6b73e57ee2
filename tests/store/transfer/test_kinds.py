"""There and back over every kind of remote, on real servers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.digest import Digest
from mlops_cli.store.remotes.port import ReadOnly
from mlops_cli.store.transfer.push import write_listing
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.remote_suite import WRITABLE, make_place
from tests.support.transfers import LARGE, Side, blob, damage, damage_there, walk

if TYPE_CHECKING:
    from mlops_cli.store.artifact import Artifact

KEY = Digest("b3:" + "1" * 64)


@pytest.fixture
def there(tmp_path: Path) -> Side:
    return Side(tmp_path / "there")


@pytest.fixture
def here(tmp_path: Path) -> Side:
    return Side(tmp_path / "here")


def filled(side: Side) -> Artifact:
    """Store something of every kind."""
    return side.put(
        {
            **{f"d{a}": {f"f{b}": blob(100 * a + b) for b in range(10)} for a in range(5)},
            "large": {f"l{n}": blob(1000 + n, LARGE + n) for n in range(12)},
            "long": blob(1001, 18 << 20),
        }
    )


@pytest.mark.parametrize("kind", WRITABLE)
def test_what_is_sent_comes_back_and_sending_it_again_is_nothing(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, there: Side, here: Side
) -> None:
    place = make_place(kind, request, tmp_path, Path(os.environ["HOME"]))
    folder = filled(there)
    tally = there.push(place.open(), [folder], {KEY: {"out": folder}})
    assert (tally.failed, tally.objects) == ({}, 50 + 12 + 1 + 7)
    assert walk(place.open()).wrong == []
    assert there.again().push(place.open(), [folder], {KEY: {"out": folder}}).objects == 0
    back = here.fetch(place.open(), [folder])
    assert (back.failed, back.objects) == ({}, tally.objects)
    assert here.holds([folder])
    assert here.store(place.open()).results().keys() == {KEY}
    assert here.litter() == []


@pytest.mark.parametrize("kind", WRITABLE)
def test_damage_here_leaves_nothing_there_and_damage_there_brings_nothing_here(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, there: Side, here: Side
) -> None:
    place = make_place(kind, request, tmp_path, Path(os.environ["HOME"]))
    small = there.put({f"f{n}": blob(n) for n in range(30)})
    long, other = there.put(blob(50, 18 << 20)), there.put(blob(51, LARGE))
    damage(there.folder / object_name(long.digest), -1)
    [pack] = (there.folder / "packs").glob("*.pack")
    damage(pack, 20)
    tally = there.again().push(place.open(), [small, long, other])
    assert len(tally.failed) == 3  # the long one, a small one, and the folder
    shown = walk(place.open())
    assert shown.wrong == []
    assert len(shown.objects) == 30
    damage_there(place.open(), object_name(other.digest))
    assert here.fetch(place.open(), [other]).failed.keys() == {other.digest}
    assert here.litter() == []


def test_a_folder_that_a_push_has_filled_is_fetched_over_plain_http(
    request: pytest.FixtureRequest, tmp_path: Path, there: Side, here: Side
) -> None:
    directory = make_place("directory", request, tmp_path, Path(os.environ["HOME"]))
    folder = filled(there)
    there.push(directory.open(), [folder], {KEY: {"out": folder}})
    write_listing(there.store(directory.open()))
    web = make_place("http", request, tmp_path, Path(os.environ["HOME"]))
    assert web.folder
    assert directory.folder
    shutil.copytree(directory.folder, web.folder)
    assert here.fetch(web.open(), [folder]).failed == {}
    assert here.holds([folder])
    assert here.store(web.open()).results().keys() == {KEY}
    new = there.put(b"new")
    with pytest.raises(ReadOnly):
        there.push(web.open(), [new], {KEY: {"out": folder}}, jobs=1)
