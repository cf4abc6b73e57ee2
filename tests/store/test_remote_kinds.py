"""What is particular to a kind of remote: requests as they go over the wire, manners of servers, who is trusted."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.errors import DataError, UsageError
from mlops_cli.store.remotes.folder import FolderFiles
from mlops_cli.store.remotes.opening import open_remote_files, usual_jobs
from mlops_cli.store.remotes.port import NotThere, RemoteError
from mlops_cli.store.remotes.s3 import S3Files
from mlops_cli.store.remotes.webdav import WebdavFiles
from tests.support.remote_suite import Place, make_place
from tests.support.servers import unfinished_uploads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers import Server, WebServer

BYTES = bytes(range(256)) * 40
QUICK = (0.0, 0.0)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, home_folder: Path) -> Place:
    return make_place(request.param, request, tmp_path, home_folder)


def kind(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("place", [name], indirect=True)


# Ranges ----------------------------------------------------------------------------------------------------------------


@kind("http")
def test_a_web_server_is_asked_for_the_range_and_gives_no_more(place: Place, web: WebServer) -> None:
    files = place.filled({"packs/a.pack": BYTES})
    del web.log[:]
    assert files.read("packs/a.pack", 1000, 50) == BYTES[1000:1050]
    assert [line.split()[2:] for line in web.log] == [["bytes=1000-1049", "206", "50"]]


@kind("webdav")
def test_a_webdav_server_is_asked_for_the_range(place: Place, webdav: Server) -> None:
    files = place.filled({"packs/a.pack": BYTES})
    del webdav.log[:]
    assert files.read("packs/a.pack", 1000, 50) == BYTES[1000:1050]
    assert [line.split()[0:1] + line.split()[2:] for line in webdav.log] == [
        ["GET", "bytes=1000-1049", "206"]
    ]


@kind("s3")
def test_s3_is_asked_for_the_range(place: Place, s3: Server) -> None:
    files = place.filled({"packs/a.pack": BYTES})
    del s3.log[:]
    before = files.requests
    assert files.read("packs/a.pack", 1000, 50) == BYTES[1000:1050]
    assert files.requests - before == 1
    for _ in range(500):  # another process, which writes its log when it has answered: a PUT may come late
        if any(line.startswith("GET") for line in s3.log):
            break
        time.sleep(0.01)
    assert [line.split()[0::2] for line in s3.log if not line.startswith("PUT")] == [["GET", "206"]]


# A web server ----------------------------------------------------------------------------------------------------------


@kind("http")
def test_a_web_server_without_ranges_is_read_all_the_same(place: Place, web: WebServer) -> None:
    files = place.filled({"a": BYTES})
    web.manners.ranges = False
    try:
        assert files.read("a", 1000, 50) == BYTES[1000:1050]
        assert files.read("a", 10_000) == BYTES[10_000:]
        with pytest.raises(RemoteError):
            open_remote_files(place.url, pauses=QUICK).read("a", 10_240, 1)
    finally:
        web.manners.ranges = True


@kind("http")
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_overloaded_web_server_is_asked_again(place: Place, web: WebServer, status: int) -> None:
    place.filled({"a": BYTES})
    web.manners.failures[:] = [status, status]
    assert open_remote_files(place.url, pauses=QUICK).read("a") == BYTES


@kind("http")
@pytest.mark.parametrize(("start", "length"), [(0, None), (10, 1000)])
def test_an_answer_that_ends_in_the_middle_is_asked_for_again(
    place: Place, web: WebServer, start: int, length: int | None
) -> None:
    place.filled({"a": BYTES})
    web.manners.cut = 2
    expected = BYTES[start : None if length is None else start + length]
    assert open_remote_files(place.url, pauses=QUICK).read("a", start, length) == expected
    assert web.manners.cut == 0


@kind("http")
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_not_asked_again_and_says_what_to_look_at(
    place: Place, web: WebServer, status: int
) -> None:
    web.manners.failures[:] = [status]
    with pytest.raises(RemoteError, match="is not allowed") as raised:
        open_remote_files(place.url, pauses=QUICK).read("a")
    assert "credentials" in raised.value.hint
    assert web.manners.failures == []


@kind("http")
@pytest.mark.parametrize(
    "listing", [b"", b"[]", b'{"schema": 1}', b'{"schema": 1, "files": {"a": "x"}}', b'{"schema": 9}']
)
def test_a_damaged_listing_is_said_so(place: Place, listing: bytes) -> None:
    place.filled({})
    assert place.folder
    (place.folder / "listing.json").write_bytes(listing)
    with pytest.raises(RemoteError, match=r"listing\.json"):
        place.open().list()


def test_nobody_listening_is_transient_and_names_the_address() -> None:
    files = open_remote_files("http://127.0.0.1:9/x", pauses=QUICK)
    with pytest.raises(RemoteError, match=r"http://127\.0\.0\.1:9/x/a") as raised:
        files.read("a")
    assert raised.value.transient
    assert files.requests == 3


# WebDAV ----------------------------------------------------------------------------------------------------------------


@kind("webdav")
def test_a_whole_tree_is_listed_with_few_requests(place: Place) -> None:
    content = {f"objects/{number:02x}/a": b"1" for number in range(30)}
    files = place.filled(content)
    before = files.requests
    assert set(files.list()) == set(content)
    assert files.requests - before == 1


@kind("webdav")
@pytest.mark.parametrize("refusing", [True, False])
def test_servers_that_answer_for_one_floor_only_are_listed_whole(
    place: Place, monkeypatch: pytest.MonkeyPatch, refusing: bool
) -> None:
    content = {f"objects/{number:02x}/a": b"1" for number in range(5)} | {"packs/a.pack": b"12", "x": b""}
    place.filled(content)
    files = WebdavFiles(place.url, place.options)
    ask = files._ask

    def shallow(method: str, name: str, fine: Any = (), **arguments: Any) -> Any:
        if arguments.get("headers", {}).get("Depth") == "infinity":
            if refusing:
                answer = ask(method, name, fine, **arguments)
                answer.status_code = 403
                return answer
            arguments["headers"] = {**arguments["headers"], "Depth": "1"}
        return ask(method, name, fine, **arguments)

    monkeypatch.setattr(files, "_ask", shallow)
    assert files.list() == {name: len(data) for name, data in content.items()}


@kind("webdav")
def test_a_wrong_password_is_a_refusal(place: Place) -> None:
    files = open_remote_files(place.url, {"user": "ada", "password": "other"}, pauses=QUICK)
    with pytest.raises(RemoteError, match="is not allowed") as raised:
        files.list()
    assert not raised.value.transient


# S3 --------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@kind("s3")
def test_a_listing_takes_one_request_for_a_thousand_files(place: Place) -> None:
    files = place.open()
    names = [f"objects/{number:04}" for number in range(1001)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: files.write(name, b"1"), names))
    before = files.requests
    assert files.list() == dict.fromkeys(names, 1)
    assert files.requests - before == 2
    before = files.requests
    files.remove(names)
    assert files.requests - before == 2
    assert files.list() == {}


class TornError(Exception):
    pass


@kind("s3")
@pytest.mark.parametrize("parts", [1, 3, 7])
def test_an_upload_in_parts_that_breaks_off_leaves_no_parts(place: Place, s3: Server, parts: int) -> None:
    def torn() -> Iterator[bytes]:
        for _ in range(parts):
            yield bytes(8 << 20)
        raise TornError

    with pytest.raises(TornError):
        place.open().upload("packs/a.pack", torn(), 80 << 20)
    assert unfinished_uploads(s3) == 0
    assert place.open().list() == {}


@kind("s3")
def test_a_request_that_is_lost_leaves_no_parts_either(
    place: Place, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn() -> Iterator[bytes]:
        yield bytes(8 << 20)
        raise TornError

    call = S3Files._call
    lost: list[str] = []

    def losing(files: S3Files, method: str, **arguments: object) -> object:
        if method == "abort_multipart_upload" and not lost:
            lost.append(method)
            raise ConnectionResetError
        return call(files, method, **arguments)

    monkeypatch.setattr(S3Files, "_call", losing)
    with pytest.raises(TornError):
        place.open().upload("packs/a.pack", torn(), 80 << 20)
    assert lost
    assert unfinished_uploads(s3) == 0


@kind("s3")
def test_an_upload_in_parts_takes_no_more_chunks_than_fit_into_memory(place: Place) -> None:
    taken = 0
    files = place.open()
    most = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken, most
        for _ in range(24):
            sent = sum("uploadId" in line for line in place.server.log) if place.server else 0
            most = max(most, taken - sent * (8 << 20))
            taken += 4 << 20
            yield bytes(4 << 20)

    assert place.server
    del place.server.log[:]
    files.upload("packs/a.pack", chunks(), 96 << 20)
    assert files.list() == {"packs/a.pack": 96 << 20}
    assert most <= 9 * (8 << 20)  # five held and what the server had not yet said: without the limit, twelve


@kind("s3")
def test_a_bucket_that_is_not_there_is_said_so(place: Place) -> None:
    files = open_remote_files("s3://no-such-bucket/x", place.options, pauses=QUICK)
    for attempt in (lambda: files.write("a", b"1"), files.list, lambda: files.read("a")):
        with pytest.raises(RemoteError, match="s3://no-such-bucket/x: there is no such bucket") as raised:
            attempt()
        assert type(raised.value) is RemoteError  # a missing file is another thing


# SFTP ------------------------------------------------------------------------------------------------------------------


@kind("sftp")
def test_an_unknown_host_is_refused(place: Place, home_folder: Path) -> None:
    (home_folder / ".ssh/known_hosts").unlink()
    with pytest.raises(RemoteError, match="known_hosts") as raised:
        place.open().list()
    assert not raised.value.transient
    assert "fingerprint" in raised.value.hint


@kind("sftp")
def test_a_wrong_ssh_password_is_a_refusal(place: Place) -> None:
    with pytest.raises(RemoteError, match="is not allowed") as raised:
        open_remote_files(place.url, {"password": "other"}, pauses=QUICK).list()
    assert not raised.value.transient


@kind("sftp")
def test_a_connection_that_broke_is_made_anew(place: Place) -> None:
    files = place.filled({"a": BYTES})
    inside: Any = files
    inside._files._client.close()
    assert files.read("a") == BYTES


@kind("sftp")
def test_host_and_user_come_from_the_settings_of_ssh(place: Place, home_folder: Path) -> None:
    port = place.url.rpartition(":")[2].partition("/")[0]
    text = f"Host nas\n  HostName 127.0.0.1\n  Port {port}\n  User ada\n"
    (home_folder / ".ssh/config").write_text(text)
    folder = place.url.rpartition("/")[2]
    files = open_remote_files(f"sftp://nas/{folder}", place.options)
    files.write("a", b"1")
    assert files.list() == {"a": 1}


# Processes, packages, addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["directory", "s3", "sftp", "webdav", "http"], indirect=True)
def test_a_forked_child_can_go_on(place: Place) -> None:
    files = place.filled({"a": BYTES})
    before = files.requests
    assert files.read("a") == BYTES
    cost = files.requests - before
    child = os.fork()
    if not child:
        signal.alarm(30)  # a deadlock must not outlive the test
        right = False
        try:
            right = files.read("a", 10, 10) == BYTES[10:20]
        finally:
            os._exit(0 if right else 1)
    assert os.waitpid(child, 0)[1] == 0
    before = files.requests
    assert files.read("a") == BYTES
    assert files.requests - before == cost  # else the child took the connection, and it was asked again


@pytest.mark.parametrize(
    ("url", "package", "extra"),
    [
        ("s3://b/x", "s3fs", "s3"),
        ("gs://b/x", "gcsfs", "gs"),
        ("sftp://h/x", "paramiko", "sftp"),
        ("webdavs://h/x", "webdav4.fsspec", "webdav"),
        ("https://h/x", "aiohttp", "http"),
    ],
)
def test_a_missing_package_is_said_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, url: str, package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DataError) as raised:
        open_remote_files(url)
    assert raised.value.hint == f"Install it: pip install 'mlops-cli[{extra}]'"
    assert raised.value.exit_code == 5


@pytest.mark.parametrize("url", ["nope://x", "simplecache::s3://b/x"])
def test_an_address_of_no_kind_is_a_mistake_of_usage(url: str) -> None:
    with pytest.raises(UsageError):
        open_remote_files(url)


def test_a_folder_may_be_written_in_several_ways(tmp_path: Path, home_folder: Path) -> None:
    open_remote_files("../nas", root=tmp_path / "project").write("a", b"1")
    assert open_remote_files(f"file://{tmp_path}/nas").list() == {"a": 1}
    assert open_remote_files(str(tmp_path / "nas")).list() == {"a": 1}
    open_remote_files("~/nas").write("b", b"12")
    assert (home_folder / "nas/b").read_bytes() == b"12"


def test_a_folder_takes_no_names_that_lead_out_of_it(tmp_path: Path) -> None:
    files = FolderFiles(str(tmp_path / "nas"))
    for name in ("../a", "/a", "a/../../b"):
        with pytest.raises(NotThere):
            files.write(name, b"1")
    assert not (tmp_path / "a").exists()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "nas").write_bytes(b"a file")
    with pytest.raises(RemoteError, match="nas"):
        open_remote_files(str(tmp_path / "nas"), pauses=QUICK).write("a", b"1")


def test_a_link_is_not_needed_to_create_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    files = FolderFiles(str(tmp_path / "nas"))
    assert files.create("a", b"1")
    assert not files.create("a", b"2")
    assert files.read("a") == b"1"
    assert files.list("tmp") == {}


def test_every_kind_has_a_usual_number_of_requests_at_once() -> None:
    assert [usual_jobs(url) for url in ("x", "file:///x", "s3://b", "gs://b", "webdav://h", "ftp://h")] == [
        4,
        4,
        16,
        16,
        8,
        8,
    ]
