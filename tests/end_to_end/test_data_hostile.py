"""Trees and records that somebody made by hand to reach out of their place: refused, with nothing written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.store.digest import Digest, digest_bytes
from tests.support.circumstances import contents, force_digest, litter, tree_artifact
from tests.support.command import mlops, repository
from tests.support.files import write, write_all
from tests.support.stored import Lab

if TYPE_CHECKING:
    from pathlib import Path

EVIL = b"#!/bin/sh\necho evil\n"
CONTENT = digest_bytes(EVIL)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A project beside a folder that is none of its business."""
    write(tmp_path / "outside" / "mine.txt", "mine")
    lab = Lab(tmp_path / "project")
    lab.store.mkdir(parents=True)
    return lab


def tree(*rows: tuple[object, ...]) -> bytes:
    """Return a tree object as nobody but a villain writes it: nothing is checked, nothing sorted."""
    return json.dumps({"entries": rows, "schema": 1}, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def file(name: str) -> tuple[object, ...]:
    return name, "file", CONTENT, len(EVIL)


def link(name: str, target: str) -> tuple[object, ...]:
    return name, "link", target, 0


def below(name: str, data: bytes) -> tuple[object, ...]:
    return name, "tree", digest_bytes(data), len(EVIL)


INNER = tree(file("x"))
DEEP_LINK = tree(link("up", "../../outside"))
# What a villain writes into the top directory, and the objects beside it.
TREES: dict[str, tuple[bytes, list[bytes]]] = {
    "the folder above": (tree(file("..")), []),
    "a path up": (tree(file("../outside/mine.txt")), []),
    "an absolute path": (tree(file("/dev/shm/mlops-evil")), []),  # noqa: S108 - never written
    "a slash": (tree(file("a/b")), []),
    "no name": (tree(file("")), []),
    "a dot": (tree(file(".")), []),
    "a NUL": (tree(file("a\0b")), []),
    "half a character": (tree(file("a\ud800")), []),
    "a number": (tree((7, "file", CONTENT, 1)), []),
    "one name twice": (tree(file("a"), file("a")), []),
    "names that differ in case": (tree(file("A"), file("a")), []),
    "names that differ in composition": (tree(file("e\u0301"), file("\u00e9")), []),
    "an absolute link": (tree(link("l", "/etc")), []),
    "a link up": (tree(link("a", "..")), []),
    "a link up from a folder inside": (tree(below("d", DEEP_LINK)), [DEEP_LINK]),
    "a link through a link": (tree(link("a", "b/../../outside"), link("b", "c")), []),
    "a file through a link": (tree(link("d", "../outside"), file("d/mine.txt")), []),
    "a folder through a link": (tree(link("d", "../outside"), below("d", INNER)), [INNER]),
    "a folder for Git": (tree(below(".git", INNER)), [INNER]),
    "a folder for Git in capitals": (tree(below(".GIT", INNER)), [INNER]),
    "records of ours": (tree(below(".mlops", INNER)), [INNER]),
    "an unknown kind": (tree(("a", "device", CONTENT, 1)), []),
    "a digest that is a path": (tree(("a", "file", "b3:../../../../outside/mine.txt", 4)), []),
    "a negative size": (tree(("a", "file", CONTENT, -1)), []),
    "no tree at all": (EVIL, []),
    "brackets without end": (b"[" * 200_000, []),
}


def repeated(levels: int) -> tuple[bytes, list[bytes]]:
    """Return a directory that holds the same folder twice, which holds the same folder twice, and so on."""
    data, others = INNER, []
    for _ in range(levels):
        others.append(data)
        data = tree(below("a", data), below("b", data))
    return data, others


def chained(levels: int) -> tuple[bytes, list[bytes]]:
    """Return a folder in a folder in a folder."""
    data, others = INNER, []
    for _ in range(levels):
        others.append(data)
        data = tree(below("a", data))
    return data, others


def plant(folder: Path, data: bytes, others: list[bytes]) -> Digest:
    """Put objects into a store, or what a remote has in the same place."""
    for each in (EVIL, *others):
        force_digest(folder, each)
    return force_digest(folder, data)


def everything(lab: Lab) -> dict[str, Any]:
    """Return all files that a villain could have reached; the ignore rules of what is recorded are written by any checkout."""
    found = contents(lab.root.parent)
    ours = ("project/.git/", "project/.gitignore", "remote")
    return {path: data for path, data in found.items() if not path.startswith(ours)}


def refused(lab: Lab, *arguments: str, env: dict[str, str] | None = None) -> str:
    """Run what must be refused and leave no trace; return what was said."""
    before = everything(lab)
    answer = mlops(lab.root, *arguments, env=env)
    assert answer.code in (3, 5), answer
    assert everything(lab) == before
    assert litter(lab.store) == []
    return answer.err


def test_hostile_trees_are_refused_on_checkout_and_pull(lab: Lab) -> None:
    remote = lab.root.parent / "remote"
    names = {f"data{number:02}": name for number, name in enumerate(TREES)}
    for path, name in names.items():
        lab.record(path, tree_artifact(plant(remote, *TREES[name])))
    write(lab.root / ".mlops/config.yaml", f"remotes: {{there: {{url: {remote}}}}}\n")
    refused(lab, "pull")
    for name in names.values():
        plant(lab.store, *TREES[name])
    for force in ([], ["--force"]):
        said = refused(lab, "checkout", *force)
        assert [name for path, name in names.items() if path not in said] == []
    # Also where a folder is there already, and only what differs would be touched.
    for path in names:
        write(lab.root / path / "own.txt", "own")
    refused(lab, "checkout", "--force")


@pytest.mark.parametrize(("make", "levels"), [(repeated, 30), (chained, 3000)])
def test_a_tree_without_end_is_refused(lab: Lab, make: Any, levels: int) -> None:
    data, others = make(levels)
    lab.record("data", tree_artifact(plant(lab.store, data, others)))
    assert "data" in refused(lab, "checkout")
    remote = lab.root.parent / "remote"
    write(lab.root / ".mlops/config.yaml", f"remotes: {{there: {{url: {remote}}}}}\n")
    before = everything(lab)
    assert mlops(lab.root, "push").code == 0  # it stands for more than it is: all of it is a few objects
    assert mlops(lab.root, "pull").code == 5
    assert mlops(lab.root, "verify").code in (0, 5)
    assert everything(lab) == before


def test_a_good_path_beside_a_hostile_one_is_brought(lab: Lab) -> None:
    lab.track("good", {"a": "1"})
    (lab.root / "good/a").unlink()
    lab.record("bad", tree_artifact(plant(lab.store, tree(file("..")), [])))
    answer = mlops(lab.root, "checkout")
    assert answer.code == 5
    assert (lab.root / "good/a").read_text() == "1"
    assert not (lab.root / "bad").exists()


@pytest.mark.parametrize("inside", [False, True])
def test_a_link_in_the_workspace_leads_nothing_out_of_it(lab: Lab, *, inside: bool) -> None:
    """`d` is a link to a folder elsewhere, and the record says that `d` is a folder with files, one of the same name."""
    outside = lab.root.parent / "outside"
    if inside:
        lab.track("data", {"d/mine.txt": "evil", "d/new.txt": "evil"})
        place = lab.root / "data/d"
    else:
        lab.track("d", {"mine.txt": "evil", "new.txt": "evil"})
        place = lab.root / "d"
    for each in place.iterdir():
        each.unlink()
    place.rmdir()
    place.symlink_to("../../outside" if inside else "../outside")
    for force in ([], ["--force"]):
        answer = mlops(lab.root, "checkout", *force)
        assert contents(outside) == {"mine.txt": b"mine"}, answer
    if not place.is_symlink():  # then the link itself was what had to go
        assert contents(place) == {"mine.txt": b"evil", "new.txt": b"evil"}
        assert answer.code == 0


def test_a_tracked_path_behind_a_link_that_leads_out_is_refused(lab: Lab) -> None:
    lab.track("d/data", {"mine.txt": "evil"})
    for each in ("d/data/mine.txt",):
        (lab.root / each).unlink()
    (lab.root / "d/data").rmdir()
    (lab.root / "d").rmdir()
    (lab.root / "d").symlink_to("../outside")
    for force in ([], ["--force"]):
        refused(lab, "checkout", *force)


BAD_PATHS: list[object] = [
    "../evil", "/evil", "a/../../evil", ".git/hooks/post-checkout", "", ".", "a\0b", "x\n!y", "a//b", 7, None,
    ".mlops/config.yaml", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("command", ["checkout", "pull", "status"])
def test_a_record_that_names_a_hostile_path_is_refused(lab: Lab, command: str) -> None:
    artifact = lab.put("x", "evil")
    remote = lab.root.parent / "remote"
    remote.mkdir()
    write(lab.root / ".mlops/config.yaml", f"remotes: {{there: {{url: {remote}}}}}\n")
    for path in BAD_PATHS if command == "checkout" else BAD_PATHS[:2]:
        record = {"schema": 1, "path": path, **artifact.record()}
        write(lab.root / ".mlops/data/x.json", json.dumps(record))
        assert ".mlops/data/x.json" in refused(lab, command), path


def test_a_record_in_the_place_of_a_hostile_path_is_refused(lab: Lab) -> None:
    """Its place and its path agree, and still nobody may write there."""
    artifact = lab.put("x", "evil")
    for path in (".git/hooks/post-checkout", ".mlops/config.yaml", "sub/.GIT/config"):
        record = lab.record(path, artifact)
        assert ".mlops/data/" in refused(lab, "checkout")
        record.unlink()


def test_an_output_in_the_place_of_a_hook_is_refused(lab: Lab) -> None:
    artifact = lab.put("x", "evil")
    for path in (".git/hooks/post-checkout", ".mlops/config.yaml", "../evil"):
        stages = {"a": {"cmd": "true", "outs": [path]}}
        write(lab.root / "mlops.yaml", json.dumps({"stages": stages}))
        lab.stage("a", digest_bytes(b"key"), {path: artifact})
        refused(lab, "checkout")


def test_two_records_of_which_one_lies_in_the_other_are_refused(lab: Lab) -> None:
    """Else one would be placed through what the other made, a link for instance."""
    repository(lab.root)
    lab.track("a", {"d/x": "1"})
    lab.record("a/d", lab.put("other", "2"))
    write_all(lab.root, {})
    before = everything(lab)
    answer = mlops(lab.root, "checkout", "--force")
    assert answer.code in (0, 3, 5)
    if answer.code:
        assert everything(lab) == before
