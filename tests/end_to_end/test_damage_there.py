"""One byte of a remote changes: `verify --remote` says so and names it, and sends a good copy where there is one here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.push import push
from mlops_cli.actions.verify import verify
from mlops_cli.opened import open_folder
from mlops_cli.settings import read_environment
from tests.support.command import commit, variables
from tests.support.files import write
from tests.support.stored import Lab, many

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.history.trouble import VerifyResult

BIG = bytes(range(256)) * 400


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(tmp_path / "project")
    write(lab.root / ".mlops/config.yaml", f"remotes: {{nas: {{url: {tmp_path}/nas}}}}\n")
    write(lab.root / ".gitignore", "/data\n/single\n")
    lab.track("data", many(40) | {"big": BIG, "sub/file": "deep"})
    lab.track("single", "alone")
    commit(lab.root, "begin")
    with lab.open() as opened:
        assert push(opened).good
    return lab


def look(lab: Lab, *, repair: bool = False) -> VerifyResult:
    with open_folder(lab.root, read_environment(variables())) as opened:
        return verify(opened, remote="", repair=repair)


def there(lab: Lab) -> list[Path]:
    folder = lab.root.parent / "nas"
    return sorted(p for kind in ("objects", "packs") for p in folder.glob(f"{kind}/**/*") if p.is_file())


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def test_a_whole_remote_is_found_whole(lab: Lab) -> None:
    found = look(lab)
    assert found.troubles == ()
    assert found.objects >= 43


@pytest.mark.parametrize("part", [0.0, 0.02, 0.3, 0.6, 0.999])
def test_a_byte_of_the_remote_is_noticed_named_and_mended(lab: Lab, part: float) -> None:
    for number in range(len(there(lab))):
        files = there(lab)
        if number >= len(files):
            break
        path = files[number]
        flip(path, int(path.stat().st_size * part))
        found = look(lab)
        assert not found.good, path
        mended = look(lab, repair=True)
        assert mended.good, (path, mended.troubles)
        assert look(lab).troubles == (), path


def test_what_is_missing_there_is_named_with_what_needs_it_and_sent(lab: Lab) -> None:
    [big] = [path for path in there(lab) if path.stat().st_size == len(BIG)]
    big.unlink()
    [trouble] = look(lab).troubles
    assert (trouble.needed[0].path, trouble.needed[0].record) == ("data/big", ".mlops/data/data.json")
    assert look(lab, repair=True).good
    assert big.exists()


def test_what_has_no_good_copy_here_stays_named(lab: Lab) -> None:
    artifact = lab.put("copy", BIG)
    [big] = [path for path in there(lab) if path.stat().st_size == len(BIG)]
    flip(big, 7)
    lab.objects().remove([artifact.digest])
    mended = look(lab, repair=True)
    assert [t.name for t in mended.troubles if not t.repaired] == [artifact.digest]


def test_what_is_damaged_here_comes_back_from_there(lab: Lab) -> None:
    (lab.root / "single").unlink()
    for path in (lab.root / "data").rglob("*"):
        if path.is_file():
            path.unlink()
    for pattern in ("objects/*/*", "packs/*.pack", "packs/*.idx"):
        for path in lab.store.glob(pattern):
            flip(path, path.stat().st_size // 2)
    with lab.open() as opened:
        mended = verify(opened, repair=True)
    assert mended.good, [t for t in mended.troubles if not t.repaired]
    assert any(t.repaired == "the remote nas" for t in mended.troubles)
    with lab.open() as opened:
        assert verify(opened).troubles == ()


def test_a_remote_that_cannot_be_asked_is_named(lab: Lab) -> None:
    (lab.root / "single").unlink()
    [record] = [r for r in lab.open().data.values() if r.path == "single"]
    lab.objects().remove([record.artifact.digest])
    write(lab.root / ".mlops/config.yaml", "remotes: {nas: {url: 'nosuch://place'}}\n")
    with lab.open() as opened:
        mended = verify(opened, repair=True)
    assert not mended.good
    assert mended.notices
    assert "the remote could not be asked" in mended.notices[0]
