from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.actions.fetch import fetch
from mlops_cli.actions.push import push
from mlops_cli.errors import FileError, UsageError
from mlops_cli.opened import open_folder
from mlops_cli.store.digest import Digest, digest_bytes
from mlops_cli.store.tracked import DataRecord, dump_data_record
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.command import commit, git
from tests.support.files import write
from tests.support.stored import Lab
from tests.support.transfers import LARGE, Clones, blob, damage_there

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.transfer.outcome import Transfer

KEYS = [Digest("b3:" + digit * 64) for digit in "123"]
STAGES = "stages:\n  make:\n    cmd: 'true'\n    outs: [out.bin, {path: m.json, cache: false}]\n"


class Versions:
    """A project of three commits, each with other data and another result, and its clone; nothing is sent yet."""

    def __init__(self, folder: Path) -> None:
        self.clones = Clones(folder, STAGES, {".gitignore": "raw\nout.bin\n"})
        self.first = Lab(self.clones.first)
        self.commits: list[str] = []
        self.raw: list[Artifact] = []
        self.outs: list[Artifact] = []
        for number, key in enumerate(KEYS):
            self.raw.append(self.first.track("raw", {"same": b"same", "sub/n": str(number).encode()}))
            outs = {
                "out.bin": self.first.put("out.bin", blob(number, LARGE)),
                "m.json": self.first.put("m.json", f'{{"a": {number}}}'),
            }
            self.outs.append(outs["out.bin"])
            self.first.stage("make", key, outs)
            self.first.result(key, outs)
            self.commits.append(commit(self.first.root, f"version {number}"))
            git(self.first.root, "tag", f"v{number}")
        self.second = Lab(self.clones.clone())

    def push(self, *paths: str, **options: Any) -> Transfer:
        with self.first.open() as opened:
            return push(opened, paths, **options)

    def fetch(self, *paths: str, **options: Any) -> Transfer:
        with self.second.open() as opened:
            return fetch(opened, paths, **options)

    def here(self, artifacts: list[Artifact]) -> list[bool]:
        return self.second.whole(*artifacts)

    def lose(self, lab: Lab, digest: Digest) -> None:
        objects = lab.objects()
        assert not objects.missing([digest])
        objects.remove({digest})


@pytest.fixture
def three(tmp_path: Path) -> Versions:
    return Versions(tmp_path)


def test_a_version_is_sent_and_brought_with_its_result_and_no_other(three: Versions) -> None:
    assert three.push(revs=["v1"]).good
    assert three.fetch(revs=["v1"]).good
    assert (three.here(three.raw), three.here(three.outs)) == ([False, True, False], [False, True, False])
    assert [three.second.results.get(key) is not None for key in KEYS] == [False, True, False]
    again = three.fetch(revs=["v1"])
    assert (again.transferred, again.requests) == (0, 0)


def test_several_versions_can_be_named(three: Versions) -> None:
    assert three.push(revs=["v0", three.commits[2]]).good
    assert three.fetch(revs=["v0", "main"]).good
    assert three.here(three.raw) == [True, False, True]


def test_everything_that_the_history_knows_is_sent_and_brought(three: Versions) -> None:
    write(three.first.root / "raw/sub/n", b"not committed")
    late = three.first.track("raw", {"same": b"same", "sub/n": b"not committed"})
    sent = three.push(history=True)
    assert (sent.good, sent.gone) == (True, ())
    write(
        three.second.root / ".mlops/data/raw.json", (three.first.root / ".mlops/data/raw.json").read_bytes()
    )
    brought = three.fetch(history=True)
    assert (brought.good, brought.gone) == (True, ())
    assert three.here([*three.raw, late, *three.outs]) == [True] * 7
    assert all(three.second.results.get(key) for key in KEYS)
    assert three.push(history=True).transferred == 0


def test_paths_narrow_what_is_moved_of_each_version(three: Versions) -> None:
    assert three.push(history=True).good
    assert three.fetch("raw/sub", history=True).good
    assert three.here(three.raw) == [False] * 3
    assert not three.second.objects().missing([digest_bytes(str(n).encode()) for n in range(3)])
    assert three.second.objects().missing([digest_bytes(b"same")])
    assert three.fetch("out.bin", revs=["v1"]).good
    assert three.here(three.outs) == [False, True, False]


def test_a_version_without_the_part_asked_for_has_nothing_to_give(three: Versions) -> None:
    three.first.track("raw", {"same": b"same", "late": b"late"})
    commit(three.first.root, "late")
    assert three.push("raw/late", history=True).transferred == 1
    with pytest.raises(UsageError, match="none of these versions records anything at nowhere"):
        three.push("nowhere", history=True)


def test_what_nobody_has_any_more_of_an_older_version_is_told_and_is_no_failure(three: Versions) -> None:
    three.lose(three.first, three.outs[0].digest)
    three.lose(three.first, digest_bytes(b"1"))
    three.lose(three.first, digest_bytes(b'{"a": 1}'))
    sent = three.push(history=True)
    assert sent.good
    assert {(each.path, each.version) for each in sent.gone} >= {
        ("out.bin", three.commits[0][:10]),
        ("raw/sub/n", three.commits[1][:10]),
        ("m.json", three.commits[1][:10]),
    }
    brought = three.fetch(history=True)
    assert brought.good
    assert brought.gone
    assert (three.here(three.raw), three.here(three.outs)) == ([True, False, True], [False, True, True])
    assert [three.second.results.get(key) is not None for key in KEYS] == [False, False, True]


def test_what_nobody_has_of_a_version_that_was_named_is_a_failure_and_the_rest_moves(three: Versions) -> None:
    three.lose(three.first, three.outs[0].digest)
    sent = three.push(revs=["v0"])
    assert [(each.name, each.hint) for each in sent.failed] == [
        ("out.bin@v0", "Whoever has it can send it: mlops push --rev v0")
    ]
    assert [each.name for each in three.fetch(revs=["v0"]).failed] == ["out.bin@v0"]
    assert three.here(three.raw) == [True, False, False]


def test_what_the_workspace_needs_too_is_a_failure_also_beside_older_versions(three: Versions) -> None:
    three.lose(three.first, three.outs[2].digest)
    sent = three.push(history=True)
    assert [each.name for each in sent.failed] == ["out.bin"]
    assert sent.gone == ()


def test_what_is_damaged_on_the_remote_is_a_failure_in_every_version(three: Versions) -> None:
    assert three.push(history=True).good
    damage_there(three.clones.there, object_name(three.outs[0].digest))
    brought = three.fetch(history=True)
    assert [each.path for each in brought.failed] == ["out.bin"]
    assert three.here(three.outs) == [False, True, True]


def test_a_commit_that_is_not_there_is_a_usage_error(three: Versions) -> None:
    with pytest.raises(UsageError, match="there is no commit nowhere"):
        three.push(revs=["nowhere"])
    with pytest.raises(UsageError, match="--all takes every version along"):
        three.push(revs=["HEAD"], history=True)


def test_a_record_of_a_named_version_that_cannot_be_read_is_an_error(three: Versions) -> None:
    write(three.first.root / ".mlops/data/raw.json", b'{"schema": 99}')
    commit(three.first.root, "broken")
    with pytest.raises(FileError):
        three.push(revs=["HEAD"])
    assert three.push(revs=["HEAD~1"]).good


def test_a_project_in_a_folder_moves_its_own_versions_only(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "mono")
    write(lab.root / "one/.mlops/config.yaml", f"remotes: {{r: {{url: {tmp_path}/there}}}}\n")
    for number in range(2):
        for name in ("one", "two"):
            artifact = lab.put(f"{name}/f", f"{name} {number}")
            record = dump_data_record(DataRecord("f", artifact, 1))
            write(lab.root / name / ".mlops/data/f.json", record)
        commit(lab.root, f"version {number}")
    with open_folder(lab.root / "one") as opened:
        assert push(opened, history=True).transferred == 2
        assert push(opened, revs=["HEAD~1"]).skipped == 1


def test_what_the_workspace_holds_of_a_named_version_can_be_stored_anew(three: Versions) -> None:
    three.lose(three.first, digest_bytes(b"2"))
    [lost] = three.push("raw/sub/n", revs=["main"]).failed
    assert (lost.name, lost.hint) == (
        "raw/sub/n@main",
        "The workspace has it. Store it anew with: mlops add raw",
    )
