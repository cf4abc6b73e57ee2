"""One byte of anything changes: `verify` says so and names it, mends it where there is a good copy, and nobody ever uses it."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.verify import verify
from mlops_cli.opened import open_folder
from mlops_cli.settings import read_environment
from tests.support.command import commit, git, project, variables
from tests.support.files import listing
from tests.support.stored import Lab, many
from tests.support.working import carry_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlops_cli.history.trouble import VerifyResult

BIG = bytes(range(256)) * 400
STAGES = {
    "make": {
        "cmd": "mkdir -p out && for i in $(seq 1 20); do echo $i > out/$i.txt; done && cat data/big > copy.bin",
        "deps": ["data"],
        "outs": ["out", "copy.bin"],
    },
    "tell": {"cmd": "ls out | wc -l > count.txt", "deps": ["out"], "outs": ["count.txt"]},
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with everything in it that can be damaged; its records are committed."""
    folder = tmp_path_factory.mktemp("original") / "project"
    project(folder, STAGES)
    lab = Lab(folder)
    lab.track("data", many(40) | {"big": BIG, "sub/deep/file.txt": "deep"})
    lab.track("single.txt", "one small file")
    carry_out(folder)
    (folder / ".gitignore").write_text("/data\n/single.txt\n/out\n/copy.bin\n/count.txt\n")
    commit(folder, "all of it")
    return folder


@pytest.fixture
def lab(original: Path, tmp_path: Path) -> Lab:
    shutil.copytree(original, tmp_path / "project", symlinks=True)
    return Lab(tmp_path / "project")


def look(lab: Lab, **options: bool) -> VerifyResult:
    with open_folder(lab.root, read_environment(variables())) as opened:
        return verify(opened, **options)  # type: ignore[arg-type]


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def places(size: int) -> Iterator[int]:
    """Yield positions all over a file, its ends and the fields of its head among them."""
    yield from sorted(
        {0, 7, 8, 12, 16, 40, size // 4, size // 3, size // 2, 2 * size // 3, size - 40, size - 1}
    )


KINDS = {
    "a large object": "objects/**/*",
    "a pack": "packs/*.pack",
    "an index": "packs/*.idx",
    "a result": "results/**/*.json",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_byte_of_the_store_is_noticed_named_and_mended(lab: Lab, kind: str) -> None:
    content = listing(lab.root / "data") | listing(lab.root / "out")
    files = sorted(path for path in lab.store.glob(KINDS[kind]) if path.is_file())
    assert files
    pristine = lab.root.parent / "pristine"
    shutil.copytree(lab.root, pristine, symlinks=True)
    for path in files:
        for at in places(path.stat().st_size):
            if not 0 <= at < path.stat().st_size:
                continue
            flip(path, at)
            found = look(lab)
            assert not found.good, (path, at)
            hexes = path.parent.name + path.stem if kind in ("a large object", "a result") else path.stem
            objects = {t.name for t in found.troubles if t.kind == "object"}
            named = any(hexes in t.name for t in found.troubles) or (kind == "a pack" and objects)
            assert named, (path, at, found.troubles)
            mended = look(lab, repair=True)
            assert mended.good, (path, at, mended.troubles)
            assert all(trouble.repaired for trouble in mended.troubles)
            after = look(lab)
            assert after.troubles == (), (path, at, after.troubles)
            assert listing(lab.root / "data") | listing(lab.root / "out") == content
            shutil.rmtree(lab.root)
            shutil.copytree(pristine, lab.root, symlinks=True)


@pytest.mark.parametrize("step", [101, pytest.param(5, marks=pytest.mark.slow)])
def test_a_byte_of_a_committed_record_is_noticed_and_brought_back(lab: Lab, step: int) -> None:
    records = sorted((lab.root / ".mlops").rglob("*.json"))
    assert {path.relative_to(lab.root / ".mlops").parts[0] for path in records} == {"stages", "data", "runs"}
    for path in records:
        whole = path.read_bytes()
        for at in range(0, len(whole), step):
            flip(path, at)
            found = look(lab)
            name = str(path.relative_to(lab.root))
            told = [t for t in found.troubles if t.name == name or name in {n.record for n in t.needed}]
            assert told, (name, at, found.troubles)
            assert look(lab, repair=True).good, (name, at)
            assert path.read_bytes() == whole, (name, at)


def rows(path: Path) -> list[list[tuple[object, ...]]]:
    """Return everything that a database says, but for the names of its rows."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return [
            connection.execute(query).fetchall() for query in ("SELECT * FROM folders", "SELECT * FROM memos")
        ]
    finally:
        connection.close()


def test_a_byte_of_the_database_is_noticed_or_means_nothing(lab: Lab) -> None:
    look(lab)
    database = lab.store / "state.db"
    whole, said = database.read_bytes(), rows(database)
    noticed = 0
    for at in range(0, len(whole), 151):
        for ending in ("-wal", "-shm"):
            database.with_name(database.name + ending).unlink(missing_ok=True)
        database.write_bytes(whole)
        flip(database, at)
        found = look(lab)
        if any(trouble.kind == "database" for trouble in found.troubles):
            noticed += 1
            continue
        assert found.good, at
        # What is not noticed lies where nothing is written, or under a name that nobody asks for.
        database.write_bytes(whole)
        flip(database, at)
        assert rows(database) == said, at
    assert noticed > 10


def test_a_damaged_database_is_made_anew(lab: Lab) -> None:
    look(lab)
    database = lab.store / "state.db"
    data = bytearray(database.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    database.write_bytes(data)
    mended = look(lab, repair=True)
    assert [t.kind for t in mended.troubles] == ["database"]
    assert mended.good
    assert look(lab).troubles == ()


# Without a good copy --------------------------------------------------------------------------------------------------


def lose_copies(lab: Lab) -> None:
    for path in ("data", "out", "copy.bin", "count.txt", "single.txt"):
        target = lab.root / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()


def test_what_has_no_good_copy_is_set_aside_and_named_with_what_needs_it(lab: Lab) -> None:
    lose_copies(lab)
    [pack] = [p for p in lab.store.glob("packs/*.pack") if b"row 7 " in p.read_bytes()]
    flip(pack, pack.read_bytes().index(b"row 7 ") + 1)
    [trouble] = look(lab).troubles
    assert trouble.kind == "object"
    assert [(n.path, n.record, n.where) for n in trouble.needed] == [
        ("data/row/00007.txt", ".mlops/data/data.json", "workspace")
    ]
    after = look(lab, repair=True)
    assert not after.good
    [left] = [t for t in after.troubles if not t.repaired]
    assert left.name == trouble.name
    [kept] = [p for p in (lab.store / "damaged").iterdir() if p.name == trouble.name[3:]]
    assert kept.read_bytes()[:6] == b"rnw 7 "
    # All others in that pack are where they were.
    assert lab.objects().missing({need.artifact.digest for need in trouble.needed}) == set()
    assert look(lab).troubles[0].reason == "it is not in the store"


def test_a_pack_whose_head_is_wrong_is_mended_out_of_its_own_objects(lab: Lab) -> None:
    lose_copies(lab)
    for pack in lab.store.glob("packs/*.pack"):
        flip(pack, 3)
    mended = look(lab, repair=True)
    assert mended.good
    assert {trouble.kind for trouble in mended.troubles} == {"pack"}
    assert look(lab).troubles == ()


def test_an_index_that_lost_several_rows_is_mended_as_far_as_records_tell(lab: Lab) -> None:
    lose_copies(lab)
    [pack] = [p for p in lab.store.glob("packs/*.pack") if b"row 7 " in p.read_bytes()]
    index = pack.with_suffix(".idx")
    data = bytearray(index.read_bytes())
    count = int.from_bytes(data[8:12], "little")
    for row in (3, 4, 5, count - 1):
        data[16 + 32 * row] ^= 1
    index.chmod(0o644)
    index.write_bytes(data)
    assert look(lab, repair=True).good


def test_nothing_damaged_is_ever_placed(lab: Lab) -> None:
    whole = listing(lab.root)
    lose_copies(lab)
    for file in [*lab.store.glob("packs/*.pack"), *lab.store.glob("objects/*/*")]:
        flip(file, file.stat().st_size // 2)
    done = carry_out(lab.root)
    assert done.statuses
    for path in ("out/1.txt", "count.txt"):
        if (lab.root / path).exists():
            assert (lab.root / path).read_bytes() == whole[path]


# Which records are held against the store -------------------------------------------------------------------------------


def test_what_a_committed_record_needs_is_missed_although_the_workspace_has_another(lab: Lab) -> None:
    old = lab.track("single.txt", "an old version")
    commit(lab.root, "old")
    lab.track("single.txt", "a new version")
    lab.objects().remove([old.digest])
    [trouble] = look(lab).troubles
    assert trouble.name == old.digest
    assert trouble.needed[0].where == git(lab.root, "rev-parse", "HEAD").strip()
    commit(lab.root, "new")
    assert look(lab).good
    [trouble] = look(lab, history=True).troubles
    assert trouble.name == old.digest


def test_only_what_is_asked_for_is_looked_at(lab: Lab) -> None:
    with open_folder(lab.root, read_environment(variables())) as opened:
        few = verify(opened, ["single.txt"])
    assert few.objects == 1
    for path in lab.store.glob("packs/*.pack"):
        flip(path, 20)
    with open_folder(lab.root, read_environment(variables())) as opened:
        assert verify(opened, ["single.txt"]).good
        assert not verify(opened, ["data"]).good


def test_what_git_keeps_need_not_be_in_the_store(tmp_path: Path) -> None:
    stages = {"a": {"cmd": "echo 1 > a.txt", "outs": [{"path": "a.txt", "cache": False}]}}
    folder = project(tmp_path / "project", stages)
    carry_out(folder)
    commit(folder, "made")
    git(tmp_path, "clone", "--quiet", str(folder), "clone")
    clone = Lab(tmp_path / "clone")
    assert look(clone).troubles == ()


def test_before_the_first_commit_the_workspace_is_looked_at(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "project")
    artifact = lab.track("a", "a")
    assert look(lab).troubles == ()
    lab.objects().remove([artifact.digest])
    assert [t.name for t in look(lab).troubles] == [artifact.digest]
    assert look(lab, repair=True).good
