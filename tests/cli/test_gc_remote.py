from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.actions.gc import GcOptions, GcResult, gc
from mlops_cli.actions.push import push
from mlops_cli.actions.verify import verify
from mlops_cli.errors import DataError, UsageError
from mlops_cli.store.remotes.folder import FolderFiles
from mlops_cli.tracking.elsewhere import remote_store
from tests.support.command import commit, git, mlops
from tests.support.files import write
from tests.support.stored import Lab, many

if TYPE_CHECKING:
    from pathlib import Path

BIG = bytes(range(256)) * 400


def with_remote(folder: Path) -> Lab:
    lab = Lab(folder)
    write(lab.root / ".mlops/config.yaml", f"remotes: {{nas: {{url: {folder.parent}/nas}}}}\n")
    write(lab.root / ".gitignore", "/data\n")
    return lab


def send(lab: Lab) -> None:
    with lab.open() as opened:
        assert push(opened).good


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A project of which an old version lies on the remote that nothing leads to any more."""
    lab = with_remote(tmp_path / "project")
    commit(lab.root, "begin")
    lab.track("data", many(40, "same") | many(60, "old") | {"big": BIG + b"old"})
    commit(lab.root, "old")
    send(lab)
    shutil.rmtree(lab.root / "data")
    lab.track("data", many(40, "same") | many(20, "new") | {"big": BIG + b"new"})
    git(lab.root, "add", "--all")
    git(lab.root, "commit", "--quiet", "--amend", "-m", "new")
    git(lab.root, "reflog", "expire", "--expire=now", "--all")
    send(lab)
    return lab


def collect(lab: Lab, **options: object) -> GcResult:
    with lab.open() as opened:
        return gc(opened, GcOptions(remote="", **options))  # type: ignore[arg-type]


def whole_there(lab: Lab) -> bool:
    with lab.open() as opened:
        return verify(opened, remote="").good


def size(lab: Lab) -> int:
    return sum(p.stat().st_size for p in (lab.root.parent / "nas").rglob("*") if p.is_file())


def test_without_delete_nothing_is_touched_there(lab: Lab) -> None:
    before = sorted((lab.root.parent / "nas").rglob("*"))
    found = collect(lab, grace=0)
    assert found.bytes > len(BIG)
    assert found.rows[0].path == "data"
    assert sorted((lab.root.parent / "nas").rglob("*")) == before


def test_what_nothing_leads_to_goes_and_all_else_stays(lab: Lab) -> None:
    before = size(lab)
    done = collect(lab, grace=0, delete=True)
    assert done.swept is not None
    assert done.swept.bytes > len(BIG)
    assert size(lab) < before - len(BIG)
    assert whole_there(lab)
    again = collect(lab, grace=0)
    assert again.garbage.objects == {}
    shutil.rmtree(lab.root / "data")
    shutil.rmtree(lab.store / "objects")
    shutil.rmtree(lab.store / "packs")
    assert mlops(lab.root, "pull").code == 0
    assert (lab.root / "data/same/00003.txt").read_text() == "same 3 "


def test_garbage_is_marked_first_and_goes_when_the_mark_is_old(lab: Lab) -> None:
    first = collect(lab, delete=True)
    assert first.garbage.objects == {}
    assert first.garbage.young > 60
    marks = lab.root.parent / "nas/garbage.json"
    value = json.loads(marks.read_bytes())
    assert len(value["seen"]) == first.garbage.young
    assert collect(lab, delete=True).garbage.objects == {}
    value["seen"] = {digest: since - 15 * 86400 for digest, since in value["seen"].items()}
    marks.write_text(json.dumps(value))
    assert len(collect(lab, delete=True).garbage.objects) == first.garbage.young
    assert whole_there(lab)


def test_what_is_needed_again_loses_its_mark(lab: Lab) -> None:
    collect(lab, delete=True)
    lab.track("data", many(40, "same") | many(60, "old") | {"big": BIG + b"old"})
    # All that is left is what led to the version that is gone.
    assert collect(lab, delete=True).garbage.young < 20


def test_a_remote_that_another_repository_uses_is_left_alone(lab: Lab, tmp_path: Path) -> None:
    other = with_remote(tmp_path / "elsewhere")
    other.track("data", "theirs")
    commit(other.root, "another first commit")
    send(other)
    with pytest.raises(UsageError, match="elsewhere uses the remote nas") as raised:
        collect(lab, delete=True, grace=0)
    assert whole_there(other)
    assert "mlops gc --remote --delete --forget " in raised.value.hint
    name = raised.value.hint.rpartition(" ")[2]
    collect(lab, delete=True, grace=0, forget=(name,))
    collect(lab, delete=True, grace=0)


def test_a_clone_of_the_same_repository_is_no_stranger(lab: Lab, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(lab.root), "clone")
    clone = Lab(tmp_path / "clone")
    collect(clone, delete=True, grace=0)
    assert whole_there(lab)


def test_where_an_index_there_is_damaged_nothing_is_removed(lab: Lab) -> None:
    for index in (lab.root.parent / "nas/packs").glob("*.idx"):
        data = bytearray(index.read_bytes())
        data[20] ^= 1
        index.chmod(0o644)
        index.write_bytes(data)
        break
    before = sorted((lab.root.parent / "nas").rglob("*"))
    with pytest.raises(DataError, match="nobody can tell"):
        collect(lab, delete=True, grace=0)
    assert sorted((lab.root.parent / "nas").rglob("*")) == before


def test_results_that_no_record_names_go_with_their_outputs(tmp_path: Path) -> None:
    from mlops_cli.store.digest import digest_bytes
    from mlops_cli.store.transfer.flight import Tally
    from mlops_cli.store.transfer.push import push as transfer

    lab = with_remote(tmp_path / "project")
    keys = {name: digest_bytes(name.encode()) for name in ("named", "old")}
    outs = {name: lab.put(name, many(20, name)) for name in keys}
    write(lab.root / ".mlops/runs/r.json", f'"{keys["named"]}"')
    commit(lab.root, "begin")
    with lab.open() as opened:
        _, store = remote_store(opened, writing=True)
        results = {keys[name]: {name: outs[name]} for name in keys}
        transfer(lab.objects(), store, list(outs.values()), results, Tally())
    collect(lab, delete=True, grace=0)
    with lab.open() as opened:
        _, store = remote_store(opened, trusting=False)
        assert set(store.results()) == {keys["named"]}
        assert store.missing([outs["named"].digest]) == set()
        assert store.missing([outs["old"].digest]) == {outs["old"].digest}


class Killed(BaseException):
    """What ends a process at once."""


def test_whenever_it_is_killed_what_is_needed_is_there(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    nas, pristine = lab.root.parent / "nas", lab.root.parent / "pristine"
    shutil.copytree(nas, pristine)
    ended, last = False, 0
    while not ended:
        shutil.rmtree(nas)
        shutil.copytree(pristine, nas)
        done = 0

        def counted(real: Any, last: int = last) -> Any:
            def call(*arguments: Any, **named: Any) -> Any:
                nonlocal done
                done += 1
                if done > last:
                    raise Killed
                return real(*arguments, **named)

            return call

        with monkeypatch.context() as patch:
            for name in ("write", "remove"):
                patch.setattr(FolderFiles, name, counted(getattr(FolderFiles, name)))
            try:
                collect(lab, delete=True, grace=0)
                ended = True
            except Killed:
                pass
        assert whole_there(lab), last
        last += 1
    assert last > 6
