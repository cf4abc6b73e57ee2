"""`mlops import`: data from anywhere comes in verified, is tracked, and says what tells a new version of it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.store.digest import digest_bytes
from tests.support.command import commit, git, mlops, project, repository
from tests.support.files import write, write_all
from tests.support.remote_suite import WRITABLE, Place, make_place

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import Server, WebServer

LARGE = bytes(range(256)) * 40_000  # more than two pieces of a ranged read
FILES = {"a.csv": b"1\n", "deep/er/b.bin": LARGE, "deep/c.csv": b"3\n", "empty": b""}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, _isolated: Path) -> Place:
    return make_place(request.param, request, tmp_path, _isolated)


every_kind = pytest.mark.parametrize("place", [kind for kind in WRITABLE if kind != "memory"], indirect=True)


@pytest.fixture
def told(web: WebServer) -> WebServer:
    """Return the web server, with the manners that most have."""
    web.manners.tells = ("ETag", "Last-Modified")
    web.manners.heads = web.manners.ranges = True
    web.manners.kinds, web.manners.moved = {}, {}
    del web.log[:]
    return web


def record(repo: Path, path: str) -> Any:
    return json.loads((repo / f".mlops/data/{path}.json").read_bytes())


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def environment(place: Place, repo: Path) -> dict[str, str]:
    """Tell the project of the server as of a remote, which is where its credentials belong; return the secrets."""
    if not place.server:
        return {}
    options = dict(place.options)
    secrets = {k: options.pop(k) for k in ("password", "key", "secret") if k in options}
    lines = [f"    {name}: {value}" for name, value in options.items()]
    url = place.url.rpartition("/")[0]
    write(repo / ".mlops/config.yaml", "\n".join(["remotes:", "  there:", f"    url: {url}", *lines]) + "\n")
    return {f"MLOPS_REMOTE_THERE_{name.upper()}": value for name, value in secrets.items()}


# Kinds of places ---------------------------------------------------------------------------------------------------------


@every_kind
def test_a_directory_comes_whole_from_every_kind_of_place_that_lists(place: Place, repo: Path) -> None:
    place.filled(FILES)
    env = environment(place, repo)
    answer = mlops(repo, "import", place.url, "data/raw", env=env)
    assert answer.code == 0, answer
    assert contents(repo / "data/raw") == FILES
    found = record(repo, "data/raw")
    assert (found["files"], found["size"], found["tree"]) == (4, len(LARGE) + 4, True)
    assert found["source"].keys() == {"url", "listing", "size"}
    again = mlops(repo, "update", "--json", env=env).json
    assert ([row["state"] for row in again["updated"]], again["bytes"]) == (["same"], 0)
    place.open().write("deep/c.csv", b"33\n")
    changed = mlops(repo, "update", "--json", env=env).json
    assert ([row["state"] for row in changed["updated"]], changed["bytes"]) == (["changed"], 3), changed
    assert contents(repo / "data/raw") == {**FILES, "deep/c.csv": b"33\n"}


@every_kind
def test_a_file_comes_from_every_kind_of_place_with_what_tells_its_version(place: Place, repo: Path) -> None:
    place.filled(FILES)
    env = environment(place, repo)
    answer = mlops(repo, "import", f"{place.url}/deep/er/b.bin", "b.bin", "--json", env=env)
    assert answer.code == 0, answer
    assert (repo / "b.bin").read_bytes() == LARGE
    source = answer.json["source"]
    assert source["size"] == len(LARGE)
    assert {"etag", "modified"} & source.keys()
    kept = json.dumps(record(repo, "b.bin"))
    assert not any(value in kept for value in env.values())


def test_a_file_on_a_web_server_is_asked_for_by_its_headers_and_comes_once(
    told: WebServer, repo: Path
) -> None:
    assert told.folder
    write(told.folder / "in/data.csv", LARGE)
    assert mlops(repo, "import", told.place("in/data.csv"), "data.csv").code == 0
    assert (repo / "data.csv").read_bytes() == LARGE
    assert record(repo, "data.csv")["source"].keys() == {"url", "etag", "modified", "size"}
    assert [line.split()[0] for line in told.log] == ["HEAD", "GET", "HEAD"]


def test_a_web_server_that_knows_no_head_is_asked_otherwise(told: WebServer, repo: Path) -> None:
    assert told.folder
    write(told.folder / "in/nohead.csv", b"1,2\n")
    told.manners.heads = False
    assert mlops(repo, "import", told.place("in/nohead.csv"), "data.csv").code == 0
    assert record(repo, "data.csv")["source"]["etag"]


def test_a_download_that_breaks_off_goes_on_where_it_was(told: WebServer, repo: Path) -> None:
    assert told.folder
    write(told.folder / "in/cut.bin", LARGE)
    told.manners.cut = 1
    assert mlops(repo, "import", told.place("in/cut.bin"), "cut.bin").code == 0
    assert (repo / "cut.bin").read_bytes() == LARGE
    gets = [line.split() for line in told.log if line.startswith("GET")]
    assert [line[3] for line in gets] == ["200", "206"]
    assert int(gets[1][2].removeprefix("bytes=").rstrip("-")) > 0


def test_a_download_that_breaks_off_where_ranges_are_unknown_begins_again(
    told: WebServer, repo: Path
) -> None:
    assert told.folder
    write(told.folder / "in/again.bin", LARGE)
    told.manners.cut = 1
    told.manners.ranges = False
    assert mlops(repo, "import", told.place("in/again.bin"), "again.bin").code == 0
    assert (repo / "again.bin").read_bytes() == LARGE
    assert [line.split()[3] for line in told.log if line.startswith("GET")] == ["200", "200"]


@pytest.mark.parametrize("address", ["in/sub/", "in/sub"])
def test_a_folder_on_a_web_server_is_refused_with_how_to_name_a_file(
    told: WebServer, repo: Path, address: str
) -> None:
    told.manners.kinds = {"/in/sub/": "text/html; charset=utf-8"}
    told.manners.moved = {"/in/sub": "/in/sub/"}
    answer = mlops(repo, "import", told.place(address), "data")
    assert answer.code == 5
    assert f"{told.place(address)} is a folder on a web server" in answer.err
    assert f"mlops import {told.place('in/sub')}/FILE data/FILE" in answer.err
    assert git(repo, "status", "--short") == ""
    assert mlops(repo, "import", told.place(address), "list.html").code == 0


def test_a_page_in_place_of_data_is_refused_and_taken_where_a_page_is_wanted(
    told: WebServer, repo: Path
) -> None:
    assert told.folder
    write(told.folder / "in/table.csv", b"please log in")
    write(told.folder / "in/page.html", b"<p>")
    told.manners.kinds = {"/in/table.csv": "text/html", "/in/page.html": "text/html"}
    answer = mlops(repo, "import", told.place("in/table.csv"), "table.csv")
    assert (answer.code, "answers with a web page, not with data" in answer.err) == (5, True)
    assert git(repo, "status", "--short") == ""
    assert mlops(repo, "import", told.place("in/page.html"), "page").code == 0


def test_an_address_with_a_slash_at_its_end_that_gives_data_is_taken(told: WebServer, repo: Path) -> None:
    told.manners.kinds = {"/export/": "text/csv"}
    assert mlops(repo, "import", told.place("export/"), "export.csv").code == 0


def test_a_file_that_is_not_there_is_said_and_nothing_is_written(told: WebServer, repo: Path) -> None:
    answer = mlops(repo, "import", told.place("in/gone.csv"), "data.csv")
    assert answer.code == 5
    assert "in/gone.csv is not there" in answer.err
    assert git(repo, "status", "--short") == ""


def test_a_file_of_this_machine_keeps_its_bit_and_its_path_is_relative_to_the_project(
    tmp_path: Path, repo: Path
) -> None:
    write(tmp_path / "other/tool.sh", b"#!/bin/sh\n")
    (tmp_path / "other/tool.sh").chmod(0o755)
    (repo / "sub").mkdir()
    (repo / ".mlops").mkdir()
    assert mlops(repo / "sub", "import", "../../other/tool.sh", "tool.sh").code == 0
    assert record(repo, "sub/tool.sh")["source"]["url"] == "../other/tool.sh"
    assert os.access(repo / "sub/tool.sh", os.X_OK)
    assert [row["state"] for row in mlops(repo, "status", "--json").json["data"]] == ["ok"]


def test_what_the_rules_of_the_project_leave_out_does_not_come(tmp_path: Path, repo: Path) -> None:
    write_all(tmp_path / "in", {"a.csv": b"1", "a.log": b"2", ".git/config": b"3", "__pycache__/x.pyc": b"4"})
    write(repo / ".mlopsignore", "*.log\n")
    assert mlops(repo, "import", str(tmp_path / "in"), "data").code == 0
    assert contents(repo / "data") == {"a.csv": b"1"}
    assert [row["state"] for row in mlops(repo, "status", "--json").json["data"]] == ["ok"]


def test_git_does_not_see_what_was_imported(tmp_path: Path, repo: Path) -> None:
    write(tmp_path / "in.csv", b"1")
    assert mlops(repo, "import", str(tmp_path / "in.csv"), "data/in.csv").code == 0
    assert git(repo, "status", "--short", "--untracked-files=all").split() == [
        "??", ".gitignore", "??", ".mlops/data/data/in.csv.json",
    ]  # fmt: skip


def test_a_slash_at_the_end_names_the_folder_to_put_it_in(tmp_path: Path, repo: Path) -> None:
    write(tmp_path / "in.csv", b"1")
    assert mlops(repo, "import", str(tmp_path / "in.csv"), "data/").code == 0
    assert (repo / "data/in.csv").read_bytes() == b"1"


def test_the_same_content_from_the_same_source_is_not_downloaded_again(told: WebServer, repo: Path) -> None:
    assert told.folder
    write(told.folder / "in/twice.bin", LARGE)
    for path, expected in (("a.bin", len(LARGE)), ("b.bin", 0)):
        assert mlops(repo, "import", told.place("in/twice.bin"), path, "--json").json["bytes"] == expected
    assert (repo / "b.bin").read_bytes() == LARGE


# Refusals ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://ada:secret@example.org/data.csv",
        "https://example.org/data.csv?X-Amz-Signature=secret&X-Amz-Date=now",
        "https://example.org/data.csv?token=secret",
        "https://example.blob/data.csv?sv=2024&sig=secret",
        "sftp://ada:secret@example.org/data",
    ],
)
def test_an_address_with_a_secret_is_refused_without_repeating_it(url: str, repo: Path) -> None:
    answer = mlops(repo, "import", url, "data.csv")
    assert answer.code == 2
    assert "secret@" not in answer.err
    assert "=secret" not in answer.err
    assert "environment" in answer.err or "MLOPS_REMOTE_" in answer.err
    assert git(repo, "status", "--short") == ""


def test_an_address_of_an_unknown_kind_is_refused(repo: Path) -> None:
    assert mlops(repo, "import", "gopher://example.org/x", "x").code == 2


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("../x.csv", "outside the project"),
        ("kept.csv", "Git tracks kept.csv"),
        ("out.csv", "is an output of make"),
        ("in.csv", "Git tracks in.csv"),
        (".mlops/x", "belongs to Git or to mlops"),
        (".", "whole project"),
    ],
)
def test_what_add_refuses_is_refused(path: str, words: str, tmp_path: Path) -> None:
    stages = {"make": {"cmd": "cp in.csv out.csv", "deps": ["in.csv"], "outs": ["out.csv"]}}
    repo = project(tmp_path / "repo", stages, {"in.csv": "1", "kept.csv": "2"})
    write(tmp_path / "from.csv", b"new")
    answer = mlops(repo, "import", str(tmp_path / "from.csv"), path)
    assert (answer.code, words in answer.err) == (2, True), answer
    assert git(repo, "status", "--short") == ""
    assert (repo / "kept.csv").read_text() == "2"


def test_a_file_that_is_nowhere_else_is_never_overwritten_without_force(tmp_path: Path, repo: Path) -> None:
    write(tmp_path / "from.csv", b"new")
    write(repo / "data.csv", b"mine")
    answer = mlops(repo, "import", str(tmp_path / "from.csv"), "data.csv")
    assert (answer.code, "would be lost" in answer.err) == (5, True)
    assert (repo / "data.csv").read_bytes() == b"mine"
    assert not (repo / ".mlops/data").exists()
    assert mlops(repo, "import", "--force", str(tmp_path / "from.csv"), "data.csv").code == 0
    assert (repo / "data.csv").read_bytes() == b"new"


def test_data_of_ones_own_is_not_replaced_by_an_import_without_force(tmp_path: Path, repo: Path) -> None:
    write(tmp_path / "from.csv", b"new")
    write(repo / "data.csv", b"mine")
    assert mlops(repo, "add", "data.csv").code == 0
    answer = mlops(repo, "import", str(tmp_path / "from.csv"), "data.csv")
    assert (answer.code, "data of your own" in answer.err) == (2, True)
    assert (repo / "data.csv").read_bytes() == b"mine"


def test_a_source_that_holds_the_place_is_refused(repo: Path) -> None:
    write(repo / "in/a.csv", b"1")
    assert mlops(repo, "import", "in", "in/data").code == 2
    assert mlops(repo, "import", ".", "data").code == 2


def test_a_file_does_not_take_the_place_of_a_folder(tmp_path: Path, repo: Path) -> None:
    write(tmp_path / "from.csv", b"new")
    write(repo / "data/mine.csv", b"mine")
    answer = mlops(repo, "import", str(tmp_path / "from.csv"), "data")
    assert (answer.code, f"mlops import {tmp_path}/from.csv data/from.csv" in answer.err) == (2, True)


def test_an_empty_folder_is_no_data(tmp_path: Path, repo: Path) -> None:
    (tmp_path / "void").mkdir()
    assert mlops(repo, "import", str(tmp_path / "void"), "data").code == 5


# Pins --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files", [{"": b"1"}, {"": LARGE}, {"a": b"1", "b": b"2"}], ids=["small", "large", "tree"]
)
def test_other_content_than_it_is_pinned_to_is_refused_and_nothing_is_written(
    files: dict[str, bytes], tmp_path: Path, repo: Path
) -> None:
    for name, data in files.items():
        write(tmp_path / "from" / name if name else tmp_path / "from", data)
    answer = mlops(repo, "import", str(tmp_path / "from"), "data", "--pin", digest_bytes(b"other"))
    assert (answer.code, "was asked for" in answer.err) == (5, True)
    assert "--unpin" not in answer.err  # there is no import yet that has a pin
    assert git(repo, "status", "--short") == ""
    assert not (repo / "data").exists()
    stored = [
        p for p in (repo / ".git/mlops/objects").rglob("*") if p.is_file() and p.stat().st_size >= 1 << 16
    ]
    assert stored == []


def test_a_pin_that_fits_is_kept(tmp_path: Path, repo: Path) -> None:
    write(tmp_path / "from", b"1")
    assert mlops(repo, "import", str(tmp_path / "from"), "data", "--pin", digest_bytes(b"1")).code == 0
    assert record(repo, "data")["source"]["pinned"] is True


def test_a_pin_that_is_no_digest_is_refused(tmp_path: Path, repo: Path) -> None:
    write(tmp_path / "from", b"1")
    assert mlops(repo, "import", str(tmp_path / "from"), "data", "--pin", "md5:1").code == 2


# Afterwards --------------------------------------------------------------------------------------------------------------


def test_an_import_is_checked_out_like_other_data(tmp_path: Path, repo: Path) -> None:
    write_all(tmp_path / "from", {"a": b"1", "b/c": b"2"})
    assert mlops(repo, "import", str(tmp_path / "from"), "data").code == 0
    commit(repo, "import")
    (repo / "data/b/c").write_bytes(b"edited")
    (repo / "data/a").unlink()
    assert mlops(repo, "checkout", "--force").code == 0
    assert contents(repo / "data") == {"a": b"1", "b/c": b"2"}


@pytest.mark.parametrize("place", ["s3"], indirect=True)
def test_s3_serves_an_object_whose_version_is_its_entity_tag(s3: Server, place: Place, repo: Path) -> None:
    place.filled({"x.csv": b"1"})
    env = {**s3.env}
    assert mlops(repo, "import", place.url + "/x.csv", "x.csv", env=env).code == 0
    assert record(repo, "x.csv")["source"]["etag"]
    place.open().write("x.csv", b"2")
    answer = mlops(repo, "status", "--sources", "--json", env=env).json
    assert answer["data"] == [{"path": "x.csv", "state": "ok", "source": "new version"}]
