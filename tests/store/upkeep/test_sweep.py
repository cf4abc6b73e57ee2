from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.store.folder import FolderObjects
from mlops_cli.store.results import Results
from mlops_cli.store.upkeep.collect import Mentions, find_garbage
from mlops_cli.store.upkeep.sweep import plan_sweep, sweep
from tests.support.stored import Lab, many

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlops_cli.store.artifact import Artifact

BIG = bytes(range(256)) * 400


class Killed(BaseException):
    """What ends a process at once: nothing is done after it."""


def mentions(*artifacts: Artifact) -> Mentions:
    return Mentions({artifact.digest for artifact in artifacts}, set())


def collect(lab: Lab, needed: Mentions, cutoff: float | None = None) -> Any:
    """Find what is not needed, and remove it."""
    settled: list[str] = []
    temporary = lab.store / "tmp" / os.urandom(4).hex()
    temporary.mkdir(parents=True, exist_ok=True)
    objects = FolderObjects(lab.store, temporary, settled=settled.append)
    moment = time.time() if cutoff is None else cutoff
    garbage = find_garbage(objects, Results(lab.store / "results"), needed, moment)
    plan = plan_sweep(lab.store, objects, garbage, (), moment)
    return sweep(objects, garbage, plan, moment, settled)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "project")


def filled(lab: Lab) -> tuple[list[Artifact], list[Artifact]]:
    """Fill a store with packs and files, needed and not; return both."""
    mixed = lab.put("mixed", many(30, "kept") | many(30, "lost"))
    kept = [lab.put(f"kept{n}", many(17, f"k{n}") | {"big": BIG + bytes([n])}) for n in range(3)]
    kept += [lab.put(f"small{n}", f"small {n}") for n in range(20)]
    # Half of a pack is needed, under another name than that of the tree that nobody needs.
    kept.append(lab.put("half", many(30, "kept")))
    lost = [mixed] + [
        lab.put(f"lost{n}", many(17, f"l{n}") | {"big": BIG + bytes([100 + n])}) for n in range(3)
    ]
    lost += [lab.put(f"nobody{n}", f"nobody {n}") for n in range(20)]
    lab.age()
    return kept, lost


def test_what_is_needed_stays_and_all_else_goes(lab: Lab) -> None:
    kept, lost = filled(lab)
    collect(lab, mentions(*kept))
    assert all(lab.whole(*kept))
    assert not any(lab.whole(*lost))
    left = {digest for digest, _, _ in lab.objects().all_digests()}
    assert lost[0].digest not in left
    assert lab.objects().damaged(left) == set()
    for pack in lab.objects().packs.all():
        assert not {d for d, _ in pack.index} & {a.digest for a in lost}


def steps(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], last: int) -> int:
    """Let so many changes of the file system happen, then end as a kill does; return how many there were."""
    done = 0

    def counted(real: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal done
            if done >= last:
                raise Killed
            done += 1
            return real(*arguments, **named)

        return call

    with monkeypatch.context() as patch:
        for name in ("unlink", "rename", "replace", "write", "fsync", "mkdir"):
            patch.setattr(os, name, counted(getattr(os, name)))
        try:
            act()
        except Killed:
            return done
    return -1


def test_whenever_it_is_killed_what_is_needed_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    original = Lab(tmp_path / "original")
    kept, _lost = filled(original)
    last = 0
    while True:
        lab = Lab(tmp_path / "copy")
        shutil.rmtree(lab.store, ignore_errors=True)
        shutil.copytree(original.store, lab.store)
        ended = steps(monkeypatch, lambda lab=lab: collect(lab, mentions(*kept)), last)  # type: ignore[misc]
        assert all(lab.whole(*kept)), last
        assert not lab.objects().packs.unreadable
        if ended < 0:
            break
        # Whoever collects next ends what was begun.
        if last % 10 == 0:
            lab.age()
            collect(lab, mentions(*kept))
            assert all(lab.whole(*kept)), last
        last += 1
    assert last > 30


def test_an_old_pack_goes_only_when_the_new_one_is_on_the_disk(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, _lost = filled(lab)
    order: list[tuple[str, str]] = []
    real_unlink, real_fsync = os.unlink, os.fsync

    def unlink(path: Any, **named: Any) -> None:
        order.append(("gone", os.fspath(path)))
        real_unlink(path, **named)

    def fsync(descriptor: int) -> None:
        order.append(("safe", os.readlink(f"/proc/self/fd/{descriptor}")))
        real_fsync(descriptor)

    monkeypatch.setattr(os, "unlink", unlink)
    monkeypatch.setattr(os, "fsync", fsync)
    before = {pack.name for pack in lab.objects().packs.all()}
    alone = {digest[5:] for digest, _ in lab.objects().loose.listing()}
    collect(lab, mentions(*kept))
    packs = [pack for pack in lab.objects().packs.all() if pack.name not in before]
    inside = {digest[5:] for pack in packs for digest, _ in pack.index} & alone
    safe = [order.index(("safe", pack.path)) for pack in packs]
    safe += [order.index(("safe", pack.index_path)) for pack in packs]
    gone = [number for number, (what, path) in enumerate(order) if what == "gone" and "/packs/" in path]
    assert len(packs) >= 2  # one of what was rewritten, one of what lay alone
    assert min(safe) < min(gone)
    loose = [number for number, (what, path) in enumerate(order) if what == "gone" and path[-62:] in inside]
    assert len(loose) >= 20
    assert max(safe) < min(loose)


def test_what_is_put_again_while_it_is_swept_stays(lab: Lab) -> None:
    blobs = [BIG, b"small", *many(40).values()]
    digests = lab.objects().put_blobs(blobs)
    lab.age()
    objects = lab.objects()
    moment = time.time() - 1
    garbage = find_garbage(objects, lab.results, mentions(), moment)
    plan = plan_sweep(lab.store, objects, garbage, (), moment)
    assert garbage.objects.keys() == set(digests)
    lab.objects().put_blobs(blobs)
    sweep(objects, garbage, plan, moment, [])
    assert lab.objects().missing(digests) == set()


def test_a_pack_in_which_something_needed_is_damaged_is_left_as_it_is(lab: Lab) -> None:
    lab.put("both", many(30, "kept") | many(30, "lost"))
    needed = lab.put("half", many(30, "kept"))
    [pack] = lab.objects().packs.all()
    path = Path(pack.path)
    data = bytearray(path.read_bytes())
    data[data.index(b"kept 7 ")] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    lab.age()
    swept = collect(lab, mentions(needed))
    assert path.read_bytes() == data
    assert [reason for reason in swept.damaged if path.name in reason and "damaged" in reason]
    assert lab.whole(needed) == [True]  # as far as anybody can tell who does not read all of it
