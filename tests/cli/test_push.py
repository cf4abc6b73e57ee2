"""`mlops push`."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.command import commit, finish, git, mlops, start
from tests.support.files import write, write_all
from tests.support.servers import trust
from tests.support.stored import Lab, many
from tests.support.transfers import LARGE, Clones, blob, cut_there, damage, damage_there, walk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import Server

FIELDS = {
    "schema",
    "remote",
    "transferred",
    "bytes",
    "requests",
    "skipped",
    "failed",
    "gone",
    "healed",
    "repaired",
    "seconds",
}


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    clones = Clones(tmp_path, "stages: {}\n", {})
    write_all(clones.first / "raw", {**many(40), "big.bin": blob(1, LARGE)})
    assert mlops(clones.first, "add", "raw").code == 0
    return clones


def test_what_was_sent_is_said_in_a_sentence(clones: Clones) -> None:
    answer = mlops(clones.first, "push")
    assert answer.code == 0
    assert answer.out.startswith("sent 43 objects, ")
    again = mlops(clones.first, "push")
    assert (again.code, again.out) == (0, "Nothing to do: everything is there already (43 objects).\n")
    assert mlops(clones.first, "push", "-q").out == ""


def test_as_json(clones: Clones) -> None:
    value = mlops(clones.first, "push", "--json").json
    assert value.keys() == FIELDS
    assert (value["schema"], value["remote"], value["transferred"], value["skipped"]) == (1, "r", 43, 0)
    assert (value["failed"], value["repaired"]) == ([], [])
    assert value["bytes"] > LARGE
    assert value["requests"] > 3
    again = mlops(clones.first, "push", "--json").json
    assert (again["transferred"], again["bytes"], again["skipped"]) == (0, 0, 43)


def test_what_is_damaged_here_ends_with_5_and_is_named(clones: Clones) -> None:
    big = digest_bytes(blob(1, LARGE))
    damage(clones.first / ".git/mlops" / object_name(big))
    answer = mlops(clones.first, "push", "--json")
    assert answer.code == 5
    failed = {row["path"]: row for row in answer.json["failed"]}
    assert failed.keys() == {"raw/big.bin", "raw"}
    assert failed["raw/big.bin"]["digest"] == big
    assert "damaged" in failed["raw/big.bin"]["message"]
    text = mlops(clones.first, "push")
    assert text.code == 5
    assert "raw/big.bin: " in text.err
    assert walk(clones.there).wrong == []


def test_repair(clones: Clones) -> None:
    mlops(clones.first, "push")
    name = object_name(digest_bytes(blob(1, LARGE)))
    damage_there(clones.there, name)
    answer = mlops(clones.first, "push", "--repair")
    assert answer.code == 0
    assert answer.out.startswith(f"{name} was damaged, and was set aside\nsent 1 object, ")
    assert walk(clones.there).wrong == []
    assert mlops(clones.first, "push", "--repair", "--json").json["repaired"] == []


def test_what_the_store_lost_and_the_workspace_holds_is_named_with_what_stores_it_anew(
    clones: Clones,
) -> None:
    write(clones.first / "one", "1")
    write(clones.first / "gone", "2")
    assert mlops(clones.first, "add", "one", "gone").code == 0
    shutil.rmtree(clones.first / ".git/mlops")
    (clones.first / "gone").unlink()
    answer = mlops(clones.first, "push")
    assert answer.code == 5
    assert "The workspace has it. Store it anew with: mlops add one raw\n" in answer.err
    assert "Whoever has it can send it: mlops push\n" in answer.err
    assert mlops(clones.first, "add", "one", "raw").code == 0
    assert [row["path"] for row in mlops(clones.first, "push", "--json").json["failed"]] == ["gone"]


def test_what_is_damaged_here_is_named_with_what_mends_it(clones: Clones) -> None:
    [large] = [p for p in clones.first.glob(".git/mlops/objects/*/*") if p.stat().st_size >= LARGE]
    damage(large)
    answer = mlops(clones.first, "push")
    assert (answer.code, "Mend what can be mended with: mlops verify --repair\n" in answer.err) == (5, True)
    assert mlops(clones.first, "verify", "--repair").code == 0
    assert mlops(clones.first, "push").code == 0


def test_a_colleague_gets_everything_after_a_push_that_found_indexes_cut_off(clones: Clones) -> None:
    mlops(clones.first, "push")
    for name in [name for name in clones.there.list() if name.endswith(".idx")]:
        cut_there(clones.there, name, 50)
    assert mlops(clones.first, "push").out.startswith("sent 42 objects, ")
    assert mlops(clones.first, "push").out == "Nothing to do: everything is there already (43 objects).\n"
    assert mlops(clones.clone(), "pull").code == 0


def test_an_older_version_can_be_sent_and_a_colleague_checks_it_out(clones: Clones) -> None:
    for number in range(3):
        write(clones.first / "raw/changing", str(number))
        assert mlops(clones.first, "add", "raw", "-q").code == 0
        commit(clones.first, f"version {number}")
        git(clones.first, "tag", f"v{number}")
    assert mlops(clones.first, "push", "-q").code == 0
    second = clones.clone()
    git(second, "checkout", "--quiet", "v1")
    assert mlops(second, "pull").code == 5
    assert mlops(clones.first, "push", "--rev", "v1", "--rev", "v0", "raw/changing").out.startswith("sent 2 ")
    assert mlops(clones.first, "push", "--rev", "v1").code == 0
    assert mlops(second, "pull").code == 0
    assert (second / "raw/changing").read_text() == "1"
    assert mlops(clones.first, "push", "--all").code == 0
    assert mlops(second, "fetch", "--all").code == 0
    git(second, "checkout", "--quiet", "v0")
    assert mlops(second, "checkout").code == 0
    assert (second / "raw/changing").read_text() == "0"


def test_what_is_gone_of_older_versions_is_told_and_what_is_named_ends_with_5(clones: Clones) -> None:
    for number in range(2):
        write(clones.first / "raw/changing", str(number))
        assert mlops(clones.first, "add", "raw", "-q").code == 0
        commit(clones.first, f"version {number}")
        git(clones.first, "tag", f"v{number}")
    Lab(clones.first).objects().remove({digest_bytes(b"0")})
    answer = mlops(clones.first, "push", "--all")
    assert answer.code == 0
    assert "neither here nor on r: raw/changing@" in answer.err
    named = mlops(clones.first, "push", "--rev", "v0")
    assert named.code == 5
    assert "raw/changing@v0: it is neither here nor on the remote" in named.err
    assert "mlops push --rev v0" in named.err
    assert mlops(clones.first, "push", "--rev", "v0", "--all").code == 2
    assert mlops(clones.first, "push", "--rev", "nowhere").code == 2


def test_a_history_that_is_cut_off_is_told(clones: Clones) -> None:
    commit(clones.first, "one")
    commit(clones.first, "two")
    git(clones.folder, "clone", "--quiet", "--depth=1", f"file://{clones.first}", "shallow")
    assert mlops(clones.first, "push", "--all").err == ""
    answer = mlops(clones.folder / "shallow", "push", "--all")
    assert (answer.code, "git fetch --unshallow" in answer.err) == (0, True)


def test_without_a_remote_it_ends_with_2(tmp_path: Path) -> None:
    clones = Clones(tmp_path, "stages: {}\n", {".mlops/config.yaml": ""})
    answer = mlops(clones.first, "push")
    assert answer.code == 2
    assert "mlops remote add" in answer.err


def test_a_remote_that_is_not_there_ends_with_5(clones: Clones) -> None:
    write(clones.remote, "a file, and no folder")
    answer = mlops(clones.first, "push")
    assert answer.code == 5
    assert str(clones.remote) in answer.err


def test_two_pushes_at_once_of_content_that_overlaps(clones: Clones) -> None:
    second = clones.clone()
    write_all(
        second / "raw",
        {**many(40), **many(40, "more"), "big.bin": blob(1, LARGE), "other.bin": blob(2, LARGE)},
    )
    assert mlops(second, "add", "raw").code == 0
    answers = [
        finish(process) for process in [start(folder, "push") for folder in (clones.first, second) * 2]
    ]
    assert [answer.code for answer in answers] == [0] * 4, answers
    assert walk(clones.there).wrong == []
    third = clones.clone("third")
    assert mlops(third, "fetch").code == 0
    write(third / ".mlops/data/raw.json", (second / ".mlops/data/raw.json").read_bytes())
    assert mlops(third, "fetch").code == 0
    assert not Lab(third).objects().missing({digest_bytes(data) for data in many(40, "more").values()})


def test_a_fetch_while_another_pushes_gets_all_or_says_what_is_missing(clones: Clones) -> None:
    second = clones.clone()
    pushing = start(clones.first, "push")
    codes = []
    while pushing.poll() is None:
        codes.append(mlops(second, "fetch").code)
    assert finish(pushing).code == 0
    assert set(codes) <= {0, 5}
    assert mlops(second, "fetch").code == 0
    here = Lab(second).objects()
    assert not here.damaged({digest for digest, _, _ in here.all_digests()})


def test_a_push_that_is_killed_leaves_no_name_without_its_content_and_the_next_completes_it(
    clones: Clones,
) -> None:
    write_all(clones.first / "raw", {f"huge/{n}.bin": blob(n, 40 << 20) for n in range(3)})
    assert mlops(clones.first, "add", "raw").code == 0
    pushing = start(clones.first, "push")
    half = clones.remote / "tmp"
    while pushing.poll() is None and not (half.is_dir() and any(half.iterdir())):
        time.sleep(0.002)
    pushing.kill()
    finish(pushing)
    assert walk(clones.there).wrong == []
    assert mlops(clones.first, "push").code == 0
    shown = walk(clones.there)
    assert (shown.wrong, len(shown.objects)) == ([], 47)
    assert mlops(clones.first, "push", "--json").json["transferred"] == 0


@pytest.mark.parametrize("kind", ["s3", "sftp", "webdav"])
def test_to_a_real_server_and_back(
    clones: Clones,
    kind: str,
    request: pytest.FixtureRequest,
    _isolated: Path,  # noqa: PT019 - the home of this test
) -> None:
    server: Server = request.getfixturevalue(kind)
    env = {
        f"MLOPS_REMOTE_R_{name.upper()}": value
        for name, value in server.options.items()
        if name == "password"
    }
    env |= server.env
    if kind == "sftp":
        trust(server, _isolated)
    options = {
        name: value for name, value in server.options.items() if name in ("endpoint_url", "region", "user")
    }
    place = server.place(f"push-{clones.folder.name}")
    write(
        clones.first / ".mlops/config.yaml",
        f"remotes: {{r: {{url: '{place}', {', '.join(f'{n}: {v!r}' for n, v in options.items())}}}}}\n",
    )
    second = clones.clone()
    sent = mlops(clones.first, "push", "--json", env=env)
    assert (sent.code, sent.json["transferred"]) == (0, 43), sent
    assert mlops(clones.first, "push", "--json", env=env).json["transferred"] == 0
    brought = mlops(second, "fetch", "--json", env=env)
    assert (brought.code, brought.json["transferred"]) == (0, 43), brought
