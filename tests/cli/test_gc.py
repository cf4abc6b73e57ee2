from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.tracked import read_data_records
from tests.support.command import Answer, commit, git, mlops
from tests.support.files import listing, write
from tests.support.processes import line, running
from tests.support.stored import Lab, many

if TYPE_CHECKING:
    from mlops_cli.store.artifact import Artifact

BIG = bytes(range(256)) * 400  # large enough to lie alone


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "project")


def gc(lab: Lab, *arguments: str, code: int = 0) -> Answer:
    answer = mlops(lab.root, "gc", *arguments, env=lab.env)
    assert answer.code == code, answer
    return answer


def forget_history(lab: Lab) -> None:
    """Make Git forget whatever no ref leads to."""
    (lab.root / ".git/ORIG_HEAD").unlink(missing_ok=True)
    git(lab.root, "reflog", "expire", "--expire=now", "--all")


def replaced(lab: Lab) -> tuple[Artifact, Artifact]:
    """Track two versions of a folder and a file, of which Git knows only the second."""
    old = lab.track("data", many(40, "old") | {"big": BIG + b"old"})
    commit(lab.root, "old")
    shutil.rmtree(lab.root / "data")
    new = lab.track("data", many(40, "new") | {"big": BIG + b"new"})
    git(lab.root, "add", "--all", ".mlops")
    git(lab.root, "commit", "--quiet", "--amend", "-m", "new")
    lab.age()
    return old, new


# What stays ----------------------------------------------------------------------------------------------------------


def test_what_the_history_leads_to_stays(lab: Lab) -> None:
    old = lab.track("data", many(40) | {"big": BIG})
    commit(lab.root, "old")
    shutil.rmtree(lab.root / "data")
    new = lab.track("data", {"a": "new"})
    commit(lab.root, "new")
    lab.age()
    gc(lab, "--delete")
    assert lab.whole(old, new) == [True, True]


def test_what_only_a_reflog_leads_to_stays_until_it_ends(lab: Lab) -> None:
    old, new = replaced(lab)
    gc(lab, "--delete")
    assert lab.whole(old, new) == [True, True]
    forget_history(lab)
    gc(lab, "--delete")
    assert lab.whole(old, new) == [False, True]


def test_what_a_stash_leads_to_stays(lab: Lab) -> None:
    lab.track("data", "committed")
    commit(lab.root, "begin")
    stashed = lab.track("data", "stashed")
    git(lab.root, "stash", "--quiet")
    forget_history(lab)
    lab.age()
    gc(lab, "--delete")
    assert lab.whole(stashed) == [True]


def test_what_uncommitted_records_of_any_worktree_lead_to_stays(lab: Lab, tmp_path: Path) -> None:
    write(lab.root / "readme")
    commit(lab.root, "begin")
    here = lab.track("sub/.mlops/../data", "here")
    git(lab.root, "worktree", "add", "--quiet", "--detach", str(tmp_path / "other"), "HEAD")
    there = lab.put("there", "there")
    write(tmp_path / "other/deep/.mlops/models/m/event.json", f'{{"artifact": "{there.digest}"}}')
    lab.age()
    gc(lab, "--delete")
    assert lab.whole(here, there) == [True, True]


def test_a_result_that_a_record_names_stays_with_its_outputs(lab: Lab) -> None:
    named, old, young = digest_bytes(b"named"), digest_bytes(b"old"), digest_bytes(b"young")
    outs = {name: lab.put(name, many(20, name)) for name in ("named", "old", "young")}
    lab.result(named, {"named": outs["named"]})
    lab.result(old, {"old": outs["old"]})
    write(lab.root / ".mlops/runs/2026-01/r.json", f'{{"stages": [{{"key": "{named}"}}]}}')
    lab.age()
    lab.result(young, {"young": outs["young"]})
    gc(lab, "--delete")
    assert lab.whole(*outs.values()) == [True, False, True]
    assert [lab.results.get(key) is not None for key in (named, old, young)] == [True, False, True]


def test_what_is_younger_than_the_grace_stays_with_what_it_names(lab: Lab) -> None:
    inside = lab.put("inside", many(20) | {"big": BIG})
    around = lab.put("around", {f"0/{name}": data for name, data in (many(20) | {"big": BIG}).items()})
    lab.age()
    # The tree alone is young, as where everything in it was there already.
    os.utime(lab.objects().loose.path(around.digest))
    gc(lab, "--delete")
    assert lab.whole(around) == [True]
    lab.age(13.9)
    gc(lab, "--delete")
    assert lab.whole(around) == [True]
    lab.age(14.1)
    gc(lab, "--delete")
    assert lab.whole(around, inside) == [False, False]


def test_the_grace_can_be_chosen(lab: Lab) -> None:
    lost = lab.put("lost", "lost")
    lab.age(2)
    gc(lab, "--delete", "--grace", "3d")
    assert lab.whole(lost) == [True]
    write(lab.root / ".mlops/config.yaml", "gc: {grace: 1d}\n")
    gc(lab, "--delete")
    assert lab.whole(lost) == [False]
    lost = lab.put("lost", "lost again")
    gc(lab, "--delete", "--grace", "0")
    assert lab.whole(lost) == [False]
    assert "--grace takes a time" in gc(lab, "--grace", "soon", code=2).err


def test_an_object_that_a_file_is_a_link_to_stays(lab: Lab) -> None:
    lost, big = lab.put("lost", "small"), lab.put("big", BIG)
    for artifact, name in ((lost, "one"), (big, "two")):
        (lab.root / name).symlink_to(lab.objects().loose.path(artifact.digest))
    lab.age()
    for number in range(20):
        lab.track(f"small/{number}", f"small {number}")
    gc(lab, "--delete", "--grace", "0")
    assert (lab.root / "one").read_bytes() == b"small"
    assert (lab.root / "two").read_bytes() == BIG


# What goes -----------------------------------------------------------------------------------------------------------


def test_without_delete_nothing_is_touched(lab: Lab) -> None:
    replaced(lab)
    forget_history(lab)
    before = {name: data for name, data in listing(lab.store).items() if not name.startswith("state.db")}
    answer = gc(lab)
    after = {name: data for name, data in listing(lab.store).items() if not name.startswith("state.db")}
    assert after == before
    assert "Nothing was removed; remove them with: mlops gc --delete" in answer.out


def test_the_hinted_command_removes_what_was_shown(lab: Lab, tmp_path: Path) -> None:
    lost = lab.put("nowhere", BIG)  # too young without --grace
    write(lab.root / "sub dir/readme")
    typed = ["-C", str(lab.root / "sub dir"), "--shallow-ok", "--grace", "0d"]
    shown = mlops(tmp_path, "gc", *typed, env=lab.env)
    assert "Nobody needs 1 object" in shown.out
    hint = shlex.split(shown.out.partition("remove them with: ")[2].splitlines()[0])
    assert sorted(hint) == sorted(["mlops", "gc", *typed, "--delete"])
    done = mlops(tmp_path, *hint[1:], env=lab.env)
    assert "Removed 1 object" in done.out
    assert lab.whole(lost) == [False]


@pytest.mark.parametrize("none", ["0", "0d", "0h", "0s", " 0 d"])
def test_no_grace_can_be_said_in_any_unit(lab: Lab, none: str) -> None:
    lost = lab.put("nowhere", BIG)
    assert gc(lab, "--grace", "36h", "--json").json["objects"] == 0
    assert gc(lab, "--grace", none, "--delete", "--json").json["grace"] == 0
    assert lab.whole(lost) == [False]


@pytest.mark.parametrize("wrong", ["soon", "-1d", "", "14 weeks"])
def test_a_grace_that_is_no_time_is_refused(lab: Lab, wrong: str) -> None:
    assert "--grace takes a time" in gc(lab, f"--grace={wrong}", code=2).err


def test_what_goes_is_listed_with_its_name_its_commit_and_its_size(lab: Lab) -> None:
    old, _new = replaced(lab)
    lost_commit = git(lab.root, "rev-parse", "HEAD@{1}").strip()
    forget_history(lab)
    nameless = lab.put("nowhere", BIG + b"nameless")
    lab.age()
    rows = gc(lab, "--json").json["garbage"]
    assert rows[0]["path"] == "data"
    assert rows[0]["digest"] == old.digest
    assert rows[0]["commit"] == lost_commit
    assert rows[0]["objects"] == 43  # 41 files in two directories
    assert rows[1:] == [
        {"path": None, "digest": nameless.digest, "objects": 1, "bytes": len(BIG) + 8, "commit": None}
    ]
    text = gc(lab).out
    assert "data" in text
    assert lost_commit[:10] in text


def test_the_sum_in_json_is_what_is_freed(lab: Lab) -> None:
    replaced(lab)
    forget_history(lab)
    said = gc(lab, "--json").json
    assert not said["deleted"]
    done = gc(lab, "--delete", "--json").json
    assert done["deleted"]
    assert (done["objects"], done["bytes"]) == (said["objects"], said["bytes"])
    assert said["objects"] == 43
    again = gc(lab, "--delete", "--json").json
    assert (again["objects"], again["bytes"], again["garbage"]) == (0, 0, [])


def test_small_packs_and_small_files_are_put_together(lab: Lab) -> None:
    kept = [lab.track(f"folder{n}", many(20, f"f{n}")) for n in range(10)]
    kept += [lab.track(f"file{n}", f"file {n}") for n in range(20)]
    lab.age()
    assert len(lab.objects().packs.all()) == 10
    gc(lab, "--delete")
    assert len(lab.objects().packs.all()) <= 2
    assert all(lab.whole(*kept))
    assert list(lab.objects().loose.listing()) == []
    gc(lab, "--delete", "--grace", "0")
    assert all(lab.whole(*kept))


def test_what_killed_commands_left_behind_goes_once_it_is_old(lab: Lab) -> None:
    kept = lab.track("data", many(20))
    [pack] = lab.objects().packs.all()
    strays = [lab.store / "packs" / ("0" * 64 + ".pack"), lab.store / "results/ab/.x.json.1.tmp"]
    for path in strays:
        write(path, b"half")
    gc(lab, "--delete")
    assert all(path.exists() for path in strays)
    lab.age()
    gc(lab, "--delete")
    assert not any(path.exists() for path in strays)
    assert lab.whole(kept) == [True]
    assert os.path.exists(pack.path)


# What cannot be told -------------------------------------------------------------------------------------------------


def everything(lab: Lab) -> dict[str, bytes]:
    return {
        name: data
        for name, data in listing(lab.store).items()
        if name.startswith(("objects", "packs", "results"))
    }


def test_in_a_shallow_clone_nothing_is_removed_unless_told(lab: Lab, tmp_path: Path) -> None:
    lab.track("data", "old")
    commit(lab.root, "old")
    lab.track("data", "new")
    commit(lab.root, "new")
    git(tmp_path, "clone", "--quiet", "--depth=1", lab.root.as_uri(), "clone")
    clone = Lab(tmp_path / "clone")
    old = clone.put("other", "old")
    clone.age()
    answer = gc(clone, "--delete", code=6)
    assert "shallow" in answer.err
    assert "git fetch --unshallow" in answer.err
    assert clone.whole(old) == [True]
    gc(clone, "--delete", "--shallow-ok")
    assert clone.whole(old) == [False]


def test_in_a_damaged_repository_nothing_is_removed(lab: Lab) -> None:
    replaced(lab)
    lab.put("lost", "lost")
    lab.age()
    name = git(lab.root, "rev-parse", "HEAD:.mlops/data/data.json").strip()
    (lab.root / ".git/objects" / name[:2] / name[2:]).unlink()
    before = everything(lab)
    gc(lab, "--delete", "--grace", "0", code=6)
    assert everything(lab) == before


def damage(path: Path, at: int = -1) -> None:
    """Change one byte of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def test_where_a_needed_directory_is_damaged_nothing_is_removed(lab: Lab) -> None:
    tree = lab.track("data", {"a": BIG, "b": BIG + b"b"})
    lab.put("lost", "lost")
    lab.age()
    damage(lab.store / "objects" / tree.digest[3:5] / tree.digest[5:], 20)
    before = everything(lab)
    answer = gc(lab, "--delete", "--grace", "0", code=5)
    assert "mlops verify --repair" in answer.err
    assert everything(lab) == before


@pytest.mark.parametrize("at", [3, 9, 30, -1])
def test_where_an_index_is_damaged_nothing_is_removed(lab: Lab, at: int) -> None:
    lab.track("data", many(40) | {"big": BIG})
    lab.age()
    [pack] = lab.objects().packs.all()
    damage(Path(pack.index_path), at)
    before = everything(lab)
    gc(lab, "--delete", "--grace", "0", code=5)
    assert everything(lab) == before


def test_where_a_needed_object_was_set_aside_nothing_is_removed(lab: Lab) -> None:
    tree = lab.track("data", {"a": BIG})
    lab.age()
    os.makedirs(lab.store / "damaged")
    lab.objects().loose.remove(tree.digest)
    write(lab.store / "damaged" / tree.digest[3:], "damaged")
    before = everything(lab)
    assert tree.digest in gc(lab, "--delete", "--grace", "0", code=5).err
    assert everything(lab) == before
    (lab.store / "damaged" / tree.digest[3:]).unlink()
    gc(lab, "--delete", "--grace", "0")


# A store that several share ------------------------------------------------------------------------------------------


def test_what_another_project_needs_stays(tmp_path: Path) -> None:
    one, two = (Lab(tmp_path / name, tmp_path / "store") for name in ("one", "two"))
    ours, theirs = one.track("data", "ours"), two.track("data", many(20))
    lost = two.put("lost", "lost")
    commit(two.root, "theirs")
    shutil.rmtree(two.root / ".mlops")
    one.age()
    answer = gc(one, "--delete", "--json")
    assert one.whole(ours, theirs, lost) == [True, True, False]
    assert answer.json["projects"] == [str(one.root), str(two.root)]


def test_a_project_is_asked_that_only_read_from_the_store(tmp_path: Path) -> None:
    one, two = (Lab(tmp_path / name, tmp_path / "store") for name in ("one", "two"))
    theirs = one.put("data", "theirs")
    write(two.root / ".mlops/data/data.json", f'"{theirs.digest}"')
    with two.open() as opened:
        opened.open_store()
    one.age()
    gc(one, "--delete")
    assert one.whole(theirs) == [True]


def test_the_project_that_a_store_lies_in_is_asked(tmp_path: Path) -> None:
    owner = Lab(tmp_path / "owner")
    theirs = owner.track("data", "theirs")
    guest = Lab(tmp_path / "guest", owner.store)
    guest.track("data", "ours")
    owner.age()
    gc(guest, "--delete")
    assert owner.whole(theirs) == [True]
    gc(owner, "--delete")
    assert guest.whole(theirs) == [True]


def test_a_project_that_cannot_be_reached_stops_it_until_it_is_forgotten(tmp_path: Path) -> None:
    one, two = (Lab(tmp_path / name, tmp_path / "store") for name in ("one", "two"))
    one.track("data", "ours")
    theirs = two.track("data", "theirs")
    one.age()
    two.root.rename(tmp_path / "away")
    answer = gc(one, "--delete", code=2)
    assert f"{two.root} uses" in answer.err
    assert f"mlops gc --delete --forget {two.root}" in answer.err
    assert one.whole(theirs) == [True]
    gc(one, "--forget", str(two.root))
    gc(one, "--delete", code=2)  # a dry run forgets nothing
    assert "no project" in gc(one, "--forget", "/nowhere", code=2).err
    gc(one, "--delete", "--forget", f"{tmp_path}/t*")
    assert one.whole(theirs) == [False]
    gc(one, "--delete")


def test_another_repository_at_the_place_of_a_registered_one_is_not_taken_for_it(tmp_path: Path) -> None:
    one, two = (Lab(tmp_path / name, tmp_path / "store") for name in ("one", "two"))
    one.track("data", "ours")
    theirs = two.track("data", "theirs")
    shutil.rmtree(two.root)
    Lab(two.root, two.store).put("data", "new")
    one.age()
    gc(one, "--delete", code=2)
    assert one.whole(theirs) == [True]
    # The one that is there now is asked like any other.
    gc(one, "--delete", "--forget", str(two.root))


def test_a_copy_of_a_project_is_a_project_of_its_own(tmp_path: Path) -> None:
    one = Lab(tmp_path / "one", tmp_path / "store")
    one.track("data", "begin")
    shutil.copytree(one.root, tmp_path / "copy")
    copy = Lab(tmp_path / "copy", tmp_path / "store")
    theirs = copy.track("data", "of the copy")
    one.age()
    gc(one, "--delete")
    assert one.whole(theirs) == [True]


# Beside other commands -----------------------------------------------------------------------------------------------

WRITER = """
import sys, time
from pathlib import Path
from mlops_cli.store.session import Session
from tests.support.processes import line, running
from tests.support.stored import Lab, many

lab, name = Lab(Path(sys.argv[1])), sys.argv[2]
for number in range(12):
    session = Session(lab.store)
    artifact = lab.put(f"{name}/{number}", many(18, name) | {"own": f"{name} {number}"})
    time.sleep(0.05)  # until its record is written, nothing leads to it
    lab.record(f"{name}/{number}", artifact)
    session.close()
print("done", flush=True)
"""


def test_nothing_that_others_store_meanwhile_is_taken_for_garbage(lab: Lab) -> None:
    write(lab.root / "readme")
    commit(lab.root, "begin")
    with running(WRITER, str(lab.root), "one") as one, running(WRITER, str(lab.root), "two") as two:
        while one.poll() is None or two.poll() is None:
            gc(lab, "--delete", "--grace", "0")
        assert (line(one), line(two)) == ("done", "done")
    with lab.open() as opened:
        records = read_data_records(opened.project.root)
    assert len(records) == 24
    assert all(lab.whole(*(record.artifact for record in records.values())))
