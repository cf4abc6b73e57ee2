from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.actions.push import push
from mlops_cli.errors import DataError, UsageError
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.files import write
from tests.support.stored import Lab, many
from tests.support.transfers import LARGE, blob, cut_there, damage, damage_there, walk

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.store.remotes.port import RemoteFiles
    from mlops_cli.store.transfer.outcome import Transfer

KEY = Digest("b3:" + "1" * 64)
STAGES = "stages:\n  make:\n    cmd: 'true'\n    outs: [out.bin, {path: m.json, cache: false}]\n"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(tmp_path / "project")
    write(lab.root / ".mlops/config.yaml", "remotes: {r: {url: ../remote}}\n")
    return lab


@pytest.fixture
def remote(tmp_path: Path) -> RemoteFiles:
    from mlops_cli.store.remotes.opening import open_remote_files

    return open_remote_files(str(tmp_path / "remote"))


def send(lab: Lab, *paths: str, **options: Any) -> Transfer:
    with lab.open() as opened:
        return push(opened, paths, **options)


def test_recorded_data_is_sent_and_again_costs_the_same_few_requests_however_much_it_is(
    lab: Lab, remote: RemoteFiles
) -> None:
    lab.track("raw", many(300))
    lab.track("big.bin", blob(1, LARGE))
    first = send(lab)
    assert (first.good, first.transferred, first.skipped) == (True, 303, 0)
    assert walk(remote).wrong == []
    again = send(lab)
    assert (again.good, again.transferred, again.bytes, again.skipped) == (True, 0, 0, 303)
    assert again.requests <= 4


def test_a_project_that_only_has_data_needs_no_pipeline(lab: Lab) -> None:
    lab.track("raw", many(3))
    assert not (lab.root / "mlops.yaml").exists()
    assert send(lab).transferred == 5


def test_chosen_paths_are_sent_and_no_others(lab: Lab, remote: RemoteFiles) -> None:
    raw = lab.track("data/raw", {"a/x.bin": blob(1, LARGE), "b/y.bin": blob(2, LARGE)})
    other = lab.track("data/other.bin", blob(3, LARGE))
    send(lab, "data/raw/a")
    assert digest_bytes(blob(1, LARGE)) in walk(remote).objects
    assert not {raw.digest, other.digest, digest_bytes(blob(2, LARGE))} & walk(remote).objects.keys()
    send(lab, "data")
    assert {raw.digest, other.digest} <= walk(remote).objects.keys()
    with pytest.raises(UsageError, match="nothing is recorded at nothing"):
        send(lab, "nothing")


def test_outputs_go_with_their_result_also_those_that_git_keeps(lab: Lab, remote: RemoteFiles) -> None:
    write(lab.root / "mlops.yaml", STAGES)
    outs = {"out.bin": lab.put("out.bin", blob(1, LARGE)), "m.json": lab.put("m.json", b'{"a": 1}')}
    lab.stage("make", KEY, outs)
    lab.result(KEY, outs)
    assert send(lab).good
    shown = walk(remote)
    assert (shown.wrong, {*shown.results}) == ([], {KEY})
    assert {artifact.digest for artifact in outs.values()} <= shown.objects.keys()


def test_a_new_result_is_sent_although_its_outputs_are_there(lab: Lab, remote: RemoteFiles) -> None:
    write(lab.root / "mlops.yaml", STAGES)
    outs = {"out.bin": lab.put("out.bin", blob(1, LARGE)), "m.json": lab.put("m.json", b'{"a": 1}')}
    lab.stage("make", KEY, outs)
    assert send(lab).good
    assert walk(remote).results == {}
    lab.result(KEY, outs)
    assert send(lab).good
    assert walk(remote).results.keys() == {KEY}


@pytest.mark.parametrize("what", ["pack", "index", "object", "cut pack", "cut object", "result"])
def test_what_is_remembered_of_an_earlier_push_hides_no_loss(
    lab: Lab, remote: RemoteFiles, what: str
) -> None:
    write(lab.root / "mlops.yaml", STAGES)
    outs = {"out.bin": lab.put("out.bin", blob(1, LARGE)), "m.json": lab.put("m.json", b'{"a": 1}')}
    lab.stage("make", KEY, outs)
    lab.result(KEY, outs)
    lab.track("raw", many(30))
    send(lab)
    assert send(lab).transferred == 0
    folder = {"object": "objects", "cut object": "objects", "result": "results"}.get(what, "packs")
    [name, *_] = [n for n in remote.list(folder) if what == "index" or not n.endswith(".idx")]
    if what.startswith("cut"):
        cut_there(remote, name)
    else:
        remote.remove([name])
    assert walk(remote).wrong or what in ("index", "object", "result")
    result = send(lab)
    assert result.good
    assert result.bytes > 0
    shown = walk(remote)
    assert (shown.wrong, {*shown.results}) == ([], {KEY})
    assert len(shown.objects) >= 34


def test_what_is_tracked_since_the_last_push_is_sent(lab: Lab, remote: RemoteFiles) -> None:
    lab.track("raw", many(30))
    send(lab)
    new = lab.track("new.bin", blob(1, LARGE))
    assert send(lab).transferred == 1
    assert new.digest in walk(remote).objects


def test_repair_replaces_what_is_damaged_there_and_counts_only_that(lab: Lab, remote: RemoteFiles) -> None:
    lab.track("raw", {**many(30), "big.bin": blob(1, LARGE)})
    send(lab)
    damage_there(remote, object_name(digest_bytes(blob(1, LARGE))))
    [index, *_] = [n for n in remote.list("packs") if n.endswith(".idx")]
    damage_there(remote, index)
    assert send(lab).transferred == 0  # nobody has looked
    result = send(lab, repair=True)
    assert result.good
    assert {object_name(digest_bytes(blob(1, LARGE))), index} == {*result.repaired}
    assert 0 < result.transferred < 33
    assert walk(remote).wrong == []
    assert send(lab, repair=True).repaired == ()


def test_repair_of_what_is_damaged_on_both_sides_says_so(lab: Lab, remote: RemoteFiles) -> None:
    big = lab.track("big.bin", blob(1, LARGE))
    send(lab)
    damage_there(remote, object_name(big.digest))
    damage(lab.store / object_name(big.digest))
    result = send(lab, repair=True)
    assert [(failure.path, failure.digest) for failure in result.failed] == [("big.bin", big.digest)]
    assert walk(remote).objects == {}


def test_what_fails_is_named_by_its_path(lab: Lab) -> None:
    lab.track("raw", {"in/a.bin": blob(1, LARGE), "in/b.bin": blob(2, LARGE)})
    damage(lab.store / object_name(digest_bytes(blob(2, LARGE))))
    result = send(lab)
    assert not result.good
    assert {failure.path for failure in result.failed} == {"raw/in/b.bin", "raw/in", "raw"}
    again = send(lab)
    assert (again.good, again.transferred) == (False, 0)


def test_the_list_for_those_who_cannot_list_is_written_also_after_a_push_that_broke_off(
    lab: Lab, remote: RemoteFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.track("raw", many(30))

    def killed(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mlops_cli.actions.push.write_listing", killed)
        with pytest.raises(KeyboardInterrupt):
            send(lab)
    assert "listing.json" not in remote.list()
    assert send(lab).transferred == 0
    assert "listing.json" in remote.list()


def test_a_remote_that_cannot_be_made_is_a_clear_error(lab: Lab, tmp_path: Path) -> None:
    lab.track("raw", many(3))
    write(tmp_path / "remote", "a file")
    with pytest.raises(DataError):
        send(lab)


def test_a_remote_that_nobody_has_named_is_a_usage_error(lab: Lab) -> None:
    lab.track("raw", many(3))
    with pytest.raises(UsageError, match="there is no remote called x"):
        send(lab, remote="x")
    os.remove(lab.root / ".mlops/config.yaml")
    with pytest.raises(UsageError, match="has no remote"):
        send(lab)
