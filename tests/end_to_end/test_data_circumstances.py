"""Data commands where the machine does not play along: a full disk, a store that is read-only, files that are odd or change."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from tests.support.circumstances import (
    contents,
    everything_is_whole,
    half_made,
    litter,
    make_read_only,
    mlops_bound,
    mlops_limited,
    resize,
    small_disk,
)
from tests.support.command import commit, git, mlops, project, repository
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.command import Answer

CHANCE = random.Random(1)
SMALL = {f"{n}": CHANCE.randbytes(3000) for n in range(1500)}
LARGE = CHANCE.randbytes(5 << 20)
NO_SPACE = "No space left on device"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    with small_disk(tmp_path / "disk", "2m") as disk:
        yield disk


def shared(disk: Path) -> dict[str, str]:
    return {"MLOPS_CACHE_DIR": str(disk / "cache")}


# A full disk ------------------------------------------------------------------------------------------------------------


def full(answer: Answer, place: Path) -> None:
    """Check that a command said what is full, and did nothing else."""
    assert answer.code == 5, answer
    assert NO_SPACE in answer.err
    assert str(place) in answer.err


@pytest.mark.parametrize("what", ["small", "large", "both"])
def test_add_into_a_full_store_says_so_and_ends_well_once_there_is_room(
    tmp_path: Path, disk: Path, what: str
) -> None:
    repo, env = repository(tmp_path / "p"), shared(disk)
    write_all(repo / "small", SMALL)
    write(repo / "large", LARGE)
    write(repo / "fits", b"fits" * 30_000)
    paths = ["small", "large", "fits"] if what == "both" else [what]
    answer = mlops(repo, "add", *paths, env=env)
    full(answer, disk)
    assert "mlops gc" in answer.err
    store = disk / "cache"
    assert litter(store) == []
    assert half_made(store) == []
    assert everything_is_whole(repo, store) == (["fits"] if what == "both" else [])
    assert [row["path"] for row in mlops(repo, "status", "--json", env=env).json.get("data", [])] == (
        ["fits"] if what == "both" else []
    )
    resize(disk, "40m")
    assert mlops(repo, "add", *paths, env=env).code == 0
    assert sorted(everything_is_whole(repo, store)) == sorted(paths)
    assert litter(store) == []


def test_not_a_byte_is_left_and_every_command_says_so(tmp_path: Path, disk: Path) -> None:
    repo, env = repository(tmp_path / "p"), shared(disk)
    write(repo / "known", b"known" * 30_000)
    assert mlops(repo, "add", "known", env=env).code == 0
    fill(disk / "filler")
    write(repo / "new", "new")
    full(mlops(repo, "add", "new", env=env), disk)
    assert not (repo / ".mlops/data/new.json").exists()
    assert mlops(repo, "add", "known", env=env).code == 0
    assert mlops(repo, "status", env=env).code == 0
    (repo / "known").unlink()
    assert mlops(repo, "checkout", "known", env=env).code == 0
    (disk / "filler").unlink()
    assert mlops(repo, "add", "new", env=env).code == 0
    assert everything_is_whole(repo, disk / "cache") == ["known", "new"]


def fill(path: Path) -> None:
    """Take all room that is left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(descriptor, b"x" * 4096):
            pass
    except OSError:
        pass
    finally:
        os.close(descriptor)


def test_a_checkout_that_does_not_fit_places_nothing_by_halves(tmp_path: Path, disk: Path) -> None:
    repo, cache = repository(tmp_path / "p"), {"MLOPS_CACHE_DIR": str(tmp_path / "cache")}
    write_all(repo / "small", SMALL)
    write(repo / "large", LARGE)
    write(repo / "zfits", b"fits" * 30_000)
    assert mlops(repo, "add", "small", "large", "zfits", env=cache).code == 0
    commit(repo, "data")
    git(tmp_path, "clone", "--quiet", str(repo), str(disk / "clone"))
    clone = disk / "clone"
    answer = mlops(clone, "checkout", env=cache)
    assert answer.code == 5
    assert "small/" in answer.err
    assert "large cannot be written" in answer.err
    assert NO_SPACE in answer.err
    assert "mlops/tmp" not in answer.err
    assert sorted(p.name for p in clone.iterdir()) == [".git", ".gitignore", ".mlops", "zfits"]
    assert litter(clone / ".git/mlops") == []
    resize(disk, "40m")
    assert mlops(clone, "checkout", env=cache).code == 0
    assert contents(clone / "small") == SMALL
    assert (clone / "large").read_bytes() == LARGE


def test_a_pull_into_a_full_store_says_so_and_the_next_one_brings_the_rest(
    tmp_path: Path, disk: Path
) -> None:
    repo = repository(tmp_path / "p")
    write_all(repo / "small", SMALL)
    write(repo / "large", LARGE)
    write(repo / ".mlops/config.yaml", f"remotes: {{there: {{url: {tmp_path / 'remote'}}}}}\n")
    assert mlops(repo, "add", "small", "large").code == 0
    assert mlops(repo, "push").code == 0
    commit(repo, "data")
    git(tmp_path, "clone", "--quiet", str(repo), "clone")
    clone, env = tmp_path / "clone", shared(disk)
    for path in ("small", "large"):
        answer = mlops(clone, "pull", path, env=env)
        assert answer.code == 5
        assert NO_SPACE in answer.err
        assert litter(disk / "cache") == []
        assert half_made(disk / "cache") == []
        assert not (clone / path).exists()
    resize(disk, "40m")
    assert mlops(clone, "pull", env=env).code == 0
    assert contents(clone / "small") == SMALL
    assert (clone / "large").read_bytes() == LARGE
    assert everything_is_whole(clone, disk / "cache") == ["large", "small"]


def test_a_push_to_a_full_disk_says_so_and_the_next_one_sends_the_rest(tmp_path: Path, disk: Path) -> None:
    repo = repository(tmp_path / "p")
    write_all(repo / "small", SMALL)
    write(repo / "large", LARGE)
    write(repo / ".mlops/config.yaml", f"remotes: {{there: {{url: {disk / 'remote'}}}}}\n")
    assert mlops(repo, "add", "small", "large").code == 0
    answer = mlops(repo, "push")
    assert answer.code == 5
    assert "the remote is full" in answer.err
    assert half_made(disk / "remote") == []
    resize(disk, "40m")
    assert mlops(repo, "push").code == 0
    shutil.rmtree(repo / ".git/mlops")
    shutil.rmtree(repo / "small")
    assert mlops(repo, "pull").code == 0
    assert contents(repo / "small") == SMALL


def test_a_run_whose_output_does_not_fit_into_the_store_fails_and_succeeds_with_room(
    tmp_path: Path, disk: Path
) -> None:
    stages = {"make": {"cmd": "head -c 5000000 /dev/urandom > out", "outs": ["out"]}}
    repo, env = project(tmp_path / "p", stages), shared(disk)
    answer = mlops(repo, "run", env=env)
    assert answer.code in (4, 5), answer
    assert NO_SPACE in answer.err + answer.out
    assert not (repo / ".mlops/stages/make.json").exists()
    assert half_made(disk / "cache") == []
    assert litter(disk / "cache") == []
    resize(disk, "40m")
    assert mlops(repo, "run", env=env).code == 0
    assert mlops(repo, "status", "--check", env=env).code == 0


def test_a_limit_on_the_size_of_files_is_met_in_the_same_way(tmp_path: Path) -> None:
    """Stands for a quota, and can be tested everywhere."""
    repo = repository(tmp_path / "p")
    write(repo / "large", LARGE)
    write_all(repo / "small", SMALL)
    for path in ("large", "small"):
        answer = mlops_limited(repo, "add", path, size=1 << 20)
        assert answer.code == 5, answer
        assert "File too large" in answer.err
        assert half_made(repo / ".git/mlops") == []
        assert litter(repo / ".git/mlops") == []
        assert everything_is_whole(repo) == []
    assert mlops(repo, "add", "large", "small").code == 0
    assert everything_is_whole(repo) == ["large", "small"]


# A store that can only be read --------------------------------------------------------------------------------------------


def protect(store: Path) -> None:
    for path in [store, *store.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)


@pytest.mark.parametrize("why", ["mounted read-only", "another user's"])
def test_what_lies_in_a_store_that_cannot_be_written_can_be_used(tmp_path: Path, why: str) -> None:
    with small_disk(tmp_path / "disk", "20m") if why[0] == "m" else _folder(tmp_path / "disk") as disk:
        stages = {"make": {"cmd": "cp large out", "deps": ["large"], "outs": ["out"]}}
        repo, env = project(tmp_path / "p", stages, {}), shared(disk)
        write_all(repo / "small", {f"{n}": f"small {n}" for n in range(100)})
        write(repo / "large", LARGE)
        assert mlops(repo, "add", "small", "large", env=env).code == 0
        assert mlops(repo, "run", env=env).code == 0
        commit(repo, "data")
        git(tmp_path, "clone", "--quiet", str(repo), "clone")
        clone, wanted = tmp_path / "clone", contents(repo / "small")
        if why[0] == "m":
            make_read_only(disk)
        else:
            protect(disk / "cache")
        before = contents(disk / "cache")

        def act(*arguments: str) -> Answer:
            return mlops_bound(clone, *arguments, env=env)

        assert act("status").code == 0
        assert act("diff", "--files").code == 0
        answer = act("checkout")
        assert answer.code == 0, answer
        assert contents(clone / "small") == wanted
        assert (clone / "out").read_bytes() == LARGE
        assert act("status", "--check").code == 0
        assert act("run").code == 0
        write(clone / "small/1", "changed")
        write(clone / "new", "new")
        for arguments in (["add", "new"], ["add", "small"], ["gc", "--delete"]):
            answer = act(*arguments)
            assert answer.code == 5, answer
            assert str(disk / "cache") in answer.err
            assert ("Read-only file system" if why[0] == "m" else "Permission denied") in answer.err
        assert not (clone / ".mlops/data/new.json").exists()
        assert act("checkout", "--force").code == 0
        assert contents(clone / "small") == wanted
        assert contents(disk / "cache") == before


class _folder:  # noqa: N801 - stands beside `small_disk`
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        subprocess.run(["chmod", "-R", "u+rwX", str(self.path)], check=True)


# A store on another file system ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("links", ["[reflink, copy]", "[hardlink]", "[symlink]"])
def test_two_projects_share_a_store_on_another_file_system(tmp_path: Path, links: str) -> None:
    with small_disk(tmp_path / "disk", "40m") as disk:
        one, env = repository(tmp_path / "one"), shared(disk)
        write(
            one / ".mlops/config.yaml",
            f"cache: {{link: {links}}}\nremotes: {{there: {{url: {tmp_path}/remote}}}}\n",
        )
        write_all(one / "data", {"a": "1", "b/c": "22", **{f"many/{n}": f"{n}" for n in range(50)}})
        write(one / "data/large", LARGE)
        wanted = contents(one / "data")
        assert mlops(one, "add", "data", env=env).code == 0
        assert mlops(one, "push", env=env).code == 0
        commit(one, "data")
        git(tmp_path, "clone", "--quiet", str(one), "two")
        two = tmp_path / "two"
        assert mlops(two, "checkout", env=env).code == 0
        assert read_through(two / "data") == wanted
        assert mlops(two, "status", "--json", env=env).json["data"] == [{"path": "data", "state": "ok"}]
        shutil.rmtree(two / "data")
        for path in (disk / "cache").iterdir():
            if path.name in ("objects", "packs"):
                shutil.rmtree(path)
        assert mlops(two, "pull", env=env).code == 0
        assert read_through(two / "data") == wanted
        assert litter(disk / "cache") == []
        assert list((two / ".git/mlops/tmp").iterdir()) == []
        assert mlops(one, "verify", env=env).code == 0


def read_through(folder: Path) -> dict[str, bytes | str]:
    """Return what lies in a folder to whoever follows links."""
    return {
        path: (folder / path).read_bytes() if (folder / path).is_file() else data
        for path, data in contents(folder).items()
    }


# Odd files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = repository(tmp_path / "p")
    write(repo / "data/ok", "1")
    return repo


def _socket(path: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{here}/{path.name}")
    os.close(here)


@pytest.mark.parametrize("make", [os.mkfifo, _socket], ids=["pipe", "socket"])
def test_a_special_file_is_named_and_nothing_is_tracked(repo: Path, make: Callable[[Path], None]) -> None:
    make(repo / "data/odd")
    answer = mlops(repo, "add", "data")
    assert answer.code == 3
    assert "data/odd" in answer.err
    assert everything_is_whole(repo) == []
    (repo / "data/odd").unlink()
    assert mlops(repo, "add", "data").code == 0
    make(repo / "data/odd")
    answer = mlops(repo, "checkout", "--force")  # it is no content of ours to take away, or to wait for
    assert answer.code in (0, 3)


ODD = [" x ", "a\nb", "tab\t", "\U0001f600", "x" * 255, "back\\slash", "-n", "*", "[a]", "!", "#", "quote'\"", "e\u0301",
       "%41", "..a", "a..", "~", "$HOME", "\x7f", "\x01", "a.json", "\u202e"]  # fmt: skip


def test_any_name_that_is_text_comes_back(repo: Path) -> None:
    write_all(repo / "data", {name: name for name in ODD} | {"zero": ""})
    (repo / "data/empty/deep").mkdir(parents=True)
    wanted = contents(repo / "data")
    assert mlops(repo, "add", "data").code == 0
    shutil.rmtree(repo / "data")
    assert mlops(repo, "checkout").code == 0
    assert contents(repo / "data") == wanted


def test_any_name_that_git_can_be_told_to_ignore_can_be_tracked(repo: Path) -> None:
    names = [name for name in ODD if "\n" not in name and len(name) < 250]
    for name in names:
        write(repo / name, name)
    assert mlops(repo, "add", "--", *names).code == 0
    assert sorted(everything_is_whole_but_rules(repo)) == sorted(names)
    shown = git(repo, "status", "--porcelain", "-z", "--untracked-files=all").split("\0")
    assert sorted(row[3:] for row in shown if row and not row[3:].startswith(".mlops/")) == [
        ".gitignore",
        "data/ok",
    ]
    for name in names:
        (repo / name).unlink()
    assert mlops(repo, "checkout").code == 0
    assert {name: (repo / name).read_text() for name in names} == {name: name for name in names}


def everything_is_whole_but_rules(repo: Path) -> list[str]:
    return [row["path"] for row in mlops(repo, "status", "--json").json["data"] if row["state"] == "ok"]


@pytest.mark.parametrize("name", [b"line\nbreak", b"\xff\xfe", b"x" * 255])
def test_a_name_that_cannot_be_tracked_is_refused(repo: Path, name: bytes) -> None:
    with open(os.fsencode(repo) + b"/" + name, "wb") as stream:
        stream.write(b"1")
    answer = mlops(repo, "add", os.fsdecode(name))
    assert answer.code in (2, 5), answer
    assert everything_is_whole(repo) == []
    answer = mlops(repo, "add", "--json", os.fsdecode(name))
    assert answer.code in (2, 5)
    assert answer.json
    if len(name) == 255:  # found out before anything is done
        assert mlops(repo, "add", os.fsdecode(name), "data").code == 2
        assert everything_is_whole(repo) == []
        assert mlops(repo, "add", "data").code == 0
        assert everything_is_whole(repo) == ["data"]


def test_a_name_that_is_not_utf8_inside_a_directory_is_refused(repo: Path) -> None:
    with open(os.fsencode(repo / "data") + b"/\xff", "wb") as stream:
        stream.write(b"1")
    answer = mlops(repo, "add", "data")
    assert answer.code == 3
    assert "not UTF-8" in answer.err
    assert everything_is_whole(repo) == []


@pytest.mark.parametrize("levels", [200, 2000])
def test_a_deep_directory_is_kept_or_refused(repo: Path, levels: int) -> None:
    make_deep(repo / "data", levels)
    answer = mlops(repo, "add", "data")
    if levels > 256:  # before anything is asserted: what cleans up after tests cannot go so deep
        subprocess.run(["rm", "-rf", str(repo / "data")], check=True)
    if levels == 200:
        assert answer.code == 0
        shutil.move(repo / "data", repo / "before")
        assert mlops(repo, "checkout").code == 0
        assert contents(repo / "data") == contents(repo / "before")
    else:
        assert answer.code == 3, answer
        assert "folders inside each other" in answer.err
        assert everything_is_whole(repo) == []


def make_deep(folder: Path, levels: int) -> None:
    at = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("x", dir_fd=at)
        below = os.open("x", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(os.open("leaf", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)


def test_what_cannot_be_read_is_named_and_the_rest_is_tracked(repo: Path) -> None:
    write(repo / "data/large", LARGE)
    write_all(repo, {"fine/a": "1", "data/sub/a": "1"})
    for name in ("data/ok", "data/large", "data/sub"):
        mode = (repo / name).stat().st_mode
        (repo / name).chmod(0)
        answer = mlops_bound(repo, "add", "data", "fine")
        assert answer.code == 5
        assert name in answer.err
        assert "Permission denied" in answer.err
        assert everything_is_whole(repo) == ["fine"]
        (repo / name).chmod(mode)
    assert mlops_bound(repo, "add", "data").code == 0
    (repo / "data/sub/a").unlink()
    (repo / "data/sub").chmod(0o555)
    answer = mlops_bound(repo, "checkout")
    (repo / "data/sub").chmod(0o755)
    assert answer.code == 5
    assert "data/sub/a" in answer.err
    assert mlops_bound(repo, "checkout").code == 0
    assert everything_is_whole(repo) == ["data", "fine"]


# Files that do not keep still -------------------------------------------------------------------------------------------


class Restless(threading.Thread):
    """Changes a folder for as long as it lives: files grow, shrink, vanish and come; a folder is a file for a while."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.chance = random.Random(seed)
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            self.step()

    def step(self) -> None:
        chance = self.chance
        path = self.folder / f"{chance.randrange(150)}"
        large = self.folder / f"large{chance.randrange(2)}"
        sub = self.folder / "sub"
        kind = chance.randrange(7)
        if kind == 0:
            path.unlink(missing_ok=True)
        elif kind == 1:
            path.write_bytes(chance.randbytes(chance.randrange(100_000)))
        elif kind == 2:
            os.truncate(large, chance.randrange(10 << 20))
        elif kind == 3:
            with large.open("ab") as stream:
                stream.write(b"more" * chance.randrange(1 << 18))
        elif kind == 4:
            os.truncate(large, 0)
        elif sub.is_dir():
            shutil.rmtree(sub)
            sub.write_bytes(b"a file now")
        else:
            sub.unlink()
            write_all(sub, {f"{n}": "in sub" for n in range(20)})


def test_files_that_change_while_they_are_read_never_make_a_record_that_is_not_whole(repo: Path) -> None:
    folder = repo / "data"
    write_all(folder, {f"{n}": f"{n}" for n in range(150)} | {f"large{n}": LARGE for n in range(2)})
    write_all(folder / "sub", {"a": "1"})
    codes = []
    for turn in range(6):
        restless = Restless(folder, turn)
        restless.start()
        answer = mlops(repo, "add", "data")
        restless.ended.set()
        restless.join()
        codes.append(answer.code)
        assert answer.code in (0, 5), answer
        everything_is_whole(repo)
        assert litter(repo / ".git/mlops") == []
        # What was believed while nothing was at rest must not be believed now.
        answer = mlops(repo, "add", "data")
        assert answer.code == 0, answer
        wanted = contents(folder)
        shutil.rmtree(folder)
        assert mlops(repo, "checkout").code == 0
        assert contents(folder) == wanted
    assert codes
