"""`mlops update` and `status --sources`: new versions are seen without a download, and brought without a loss."""

from __future__ import annotations

import json
import os
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.store.digest import digest_bytes
from tests.support.command import mlops, repository
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import WebServer

LARGE = bytes(range(256)) * 4_000


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


@pytest.fixture
def told(web: WebServer) -> WebServer:
    """Return the web server, with the manners that most have."""
    web.manners.tells = ("ETag", "Last-Modified")
    web.manners.heads = web.manners.ranges = True
    web.manners.kinds, web.manners.moved = {}, {}
    web.manners.failures.clear()
    del web.log[:]
    return web


def source(repo: Path, path: str) -> Any:
    return json.loads((repo / f".mlops/data/{path}.json").read_bytes())["source"]


def update(repo: Path, *arguments: str, code: int = 0) -> dict[str, str]:
    """Run `mlops update --json`; return the state of each import."""
    answer = mlops(repo, "update", "--json", *arguments)
    assert answer.code == code, answer
    return {row["path"]: row["state"] for row in answer.json["updated"]}


def imported(repo: Path, url: object, path: str, *arguments: str) -> None:
    answer = mlops(repo, "import", str(url), path, *arguments)
    assert answer.code == 0, answer


def test_without_a_new_version_nothing_is_downloaded(told: WebServer, repo: Path) -> None:
    assert told.folder
    write(told.folder / "up/same.csv", LARGE)
    imported(repo, told.place("up/same.csv"), "data.csv")
    before = (repo / ".mlops/data/data.csv.json").read_bytes()
    del told.log[:]
    assert update(repo) == {"data.csv": "same"}
    assert [line.split()[0] for line in told.log] == ["HEAD"]
    assert (repo / ".mlops/data/data.csv.json").read_bytes() == before


def test_a_new_version_comes_and_the_record_says_so(told: WebServer, repo: Path) -> None:
    assert told.folder
    write(told.folder / "up/new.csv", b"1")
    imported(repo, told.place("up/new.csv"), "data.csv")
    old = source(repo, "data.csv")
    write(told.folder / "up/new.csv", LARGE)
    assert update(repo, "--dry-run") == {"data.csv": "new version"}
    assert (repo / "data.csv").read_bytes() == b"1"
    assert source(repo, "data.csv") == old
    assert update(repo) == {"data.csv": "changed"}
    assert (repo / "data.csv").read_bytes() == LARGE
    assert source(repo, "data.csv")["etag"] != old["etag"]
    assert update(repo) == {"data.csv": "same"}


def test_a_new_version_of_the_same_content_changes_only_the_record(told: WebServer, repo: Path) -> None:
    assert told.folder
    write(told.folder / "up/touched.csv", LARGE)
    imported(repo, told.place("up/touched.csv"), "data.csv")
    os.utime(told.folder / "up/touched.csv", (1, 1))
    assert update(repo) == {"data.csv": "touched"}
    assert update(repo) == {"data.csv": "same"}


def test_a_server_that_tells_no_version_is_read_to_find_out(told: WebServer, repo: Path) -> None:
    assert told.folder
    told.manners.tells = ()
    write(told.folder / "up/mute.csv", b"1234")
    imported(repo, told.place("up/mute.csv"), "data.csv")
    assert update(repo, "--dry-run") == {"data.csv": "unknown"}
    assert update(repo) == {"data.csv": "same"}
    write(told.folder / "up/mute.csv", b"4321")
    assert update(repo) == {"data.csv": "changed"}
    assert (repo / "data.csv").read_bytes() == b"4321"


def test_only_the_changed_file_of_a_directory_is_read(tmp_path: Path, repo: Path) -> None:
    write_all(tmp_path / "from", {"a": b"1", "b/c": LARGE, "d": b"3"})
    imported(repo, tmp_path / "from", "data")
    write(tmp_path / "from/a", b"11")
    (tmp_path / "from/d").unlink()
    write(tmp_path / "from/e", b"5")
    answer = mlops(repo, "update", "--json").json
    assert ([row["state"] for row in answer["updated"]], answer["bytes"]) == (["changed"], 3)
    found = {
        str(p.relative_to(repo / "data")): p.read_bytes() for p in (repo / "data").rglob("*") if p.is_file()
    }
    assert found == {"a": b"11", "b/c": LARGE, "e": b"5"}


def test_a_source_that_cannot_be_asked_is_named_and_the_others_are_done(
    told: WebServer, tmp_path: Path, repo: Path
) -> None:
    assert told.folder
    write(told.folder / "up/away.csv", b"1")
    write(tmp_path / "here.csv", b"1")
    imported(repo, told.place("up/away.csv"), "away.csv")
    imported(repo, tmp_path / "here.csv", "here.csv")
    (told.folder / "up/away.csv").unlink()
    write(tmp_path / "here.csv", b"22")
    answer = mlops(repo, "update")
    assert answer.code == 5
    assert "away.csv" in answer.err
    assert "is not there" in answer.err
    assert (repo / "here.csv").read_bytes() == b"22"
    assert (repo / "away.csv").read_bytes() == b"1"
    assert "away.csv stays as it is here, content and record, and can be used." in answer.err
    assert "Ask again when its source answers: mlops update away.csv\n" in answer.err
    assert mlops(repo, "update", "here.csv").code == 0


@pytest.mark.slow
def test_a_server_that_is_down_is_no_remote_of_the_project(repo: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    answer = mlops(repo, "import", f"http://127.0.0.1:{port}/a.csv", "a.csv")
    assert answer.code == 5
    assert "do it again later" in answer.err
    assert "mlops remote check" not in answer.err


def test_a_page_that_took_the_place_of_data_is_not_brought(told: WebServer, repo: Path) -> None:
    assert told.folder
    write(told.folder / "up/login.csv", b"1")
    imported(repo, told.place("up/login.csv"), "login.csv")
    write(told.folder / "up/login.csv", b"please log in")
    told.manners.kinds = {"/up/login.csv": "text/html"}
    answer = mlops(repo, "update")
    assert (answer.code, "answers with a web page" in answer.err) == (5, True)
    assert (repo / "login.csv").read_bytes() == b"1"


def test_what_was_changed_here_is_not_overwritten_without_force(tmp_path: Path, repo: Path) -> None:
    write(tmp_path / "from", b"1")
    imported(repo, tmp_path / "from", "data")
    write(tmp_path / "from", b"22")
    write(repo / "data", b"mine")
    before = source(repo, "data")
    answer = mlops(repo, "update")
    assert (answer.code, "would be lost" in answer.err) == (5, True)
    assert (repo / "data").read_bytes() == b"mine"
    assert source(repo, "data") == before
    assert update(repo, "--force") == {"data": "changed"}
    assert (repo / "data").read_bytes() == b"22"


def test_a_pinned_import_is_left_alone_until_the_pin_is_changed_or_taken_off(
    tmp_path: Path, repo: Path
) -> None:
    write(tmp_path / "from", b"1")
    imported(repo, tmp_path / "from", "data", "--pin", digest_bytes(b"1"))
    write(tmp_path / "from", b"22")
    assert update(repo) == {"data": "pinned"}
    assert (repo / "data").read_bytes() == b"1"
    refused = mlops(repo, "update", "data", "--pin", digest_bytes(b"other"))
    assert (refused.code, "take the pin off with: mlops update --unpin" in refused.err) == (5, True)
    assert (repo / "data").read_bytes() == b"1"
    assert update(repo, "data", "--pin", digest_bytes(b"22")) == {"data": "changed"}
    assert source(repo, "data")["pinned"] is True
    write(tmp_path / "from", b"333")
    assert update(repo, "--unpin") == {"data": "changed"}
    assert "pinned" not in source(repo, "data")
    assert (repo / "data").read_bytes() == b"333"


def test_a_pin_can_be_put_on_and_taken_off_without_a_new_version(tmp_path: Path, repo: Path) -> None:
    write(tmp_path / "from", b"1")
    imported(repo, tmp_path / "from", "data")
    assert update(repo, "data", "--pin", digest_bytes(b"1")) == {"data": "pinned"}
    assert source(repo, "data")["pinned"] is True
    assert update(repo, "data", "--unpin") == {"data": "same"}
    assert "pinned" not in source(repo, "data")


def test_a_path_at_which_nothing_was_imported_is_refused(tmp_path: Path, repo: Path) -> None:
    write(repo / "own", b"1")
    assert mlops(repo, "add", "own").code == 0
    assert "was added, not imported" in mlops(repo, "update", "own").err
    assert mlops(repo, "update", "nothing").code == 2
    assert mlops(repo, "update").code == 0


def test_a_folder_stands_for_the_imports_in_it(tmp_path: Path, repo: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name, name)
        imported(repo, tmp_path / name, f"in/{name}")
    imported(repo, tmp_path / "a", "out")
    assert update(repo, "in") == {"in/a": "same", "in/b": "same"}


# Status --------------------------------------------------------------------------------------------------------------------


def states(repo: Path, *arguments: str) -> dict[str, Any]:
    return {
        row["path"]: row.get("source") for row in mlops(repo, "status", "--json", *arguments).json["data"]
    }


def test_status_asks_the_sources_only_when_it_is_told_to(told: WebServer, tmp_path: Path, repo: Path) -> None:
    assert told.folder
    for name in ("same", "new", "gone", "fixed"):
        write(told.folder / f"st/{name}", b"1")
        imported(
            repo, told.place(f"st/{name}"), name, *(["--pin", digest_bytes(b"1")] if name == "fixed" else [])
        )
    write(repo / "own", b"1")
    assert mlops(repo, "add", "own").code == 0
    write(told.folder / "st/new", b"22")
    write(told.folder / "st/fixed", b"22")
    (told.folder / "st/gone").unlink()
    del told.log[:]
    assert set(states(repo).values()) == {None}
    assert told.log == []
    assert states(repo, "--sources") == {
        "same": "same", "new": "new version", "gone": "unreachable", "fixed": "pinned", "own": None,
    }  # fmt: skip
    assert not any(line.startswith("GET") and " 200 " in line for line in told.log)


def test_a_new_version_counts_for_check_only_where_sources_are_asked(tmp_path: Path, repo: Path) -> None:
    write(tmp_path / "from", b"1")
    imported(repo, tmp_path / "from", "data")
    write(tmp_path / "from", b"22")
    assert mlops(repo, "status", "--check").code == 0
    answer = mlops(repo, "status", "--check", "--sources")
    assert (answer.code, "new version" in answer.out, "mlops update" in answer.out) == (1, True, True)
    assert mlops(repo, "update").code == 0
    assert mlops(repo, "status", "--check", "--sources").code == 0


def test_a_source_that_cannot_be_asked_is_told_and_is_no_yes_for_check(tmp_path: Path, repo: Path) -> None:
    write(tmp_path / "from", b"1")
    imported(repo, tmp_path / "from", "data")
    (tmp_path / "from").unlink()
    assert mlops(repo, "status", "--check").code == 0
    answer = mlops(repo, "status", "--check", "--sources")
    assert answer.code == 1
    assert "1 whose source cannot be reached; mlops update --dry-run says why." in answer.out
    why = mlops(repo, "update", "--dry-run")
    assert (why.code, str(tmp_path / "from") in why.err) == (5, True)
