from __future__ import annotations

import errno

import aiohttp
import botocore.exceptions
import httpx
import paramiko
import pytest

from mlops_cli.store.remotes.errors import announced, remote_error, translated
from mlops_cli.store.remotes.port import NotThere, ReadOnly, RemoteError, Unsupported

URL = "s3://bucket/x"
_REQUEST = httpx.Request("GET", "http://h/x")


def http(status: int) -> Exception:
    return httpx.HTTPStatusError("no", request=_REQUEST, response=httpx.Response(status))


def s3(status: int, code: str = "Code") -> Exception:
    answer = {"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error: Exception = botocore.exceptions.ClientError(answer, "GetObject")
    return error


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        ConnectionResetError(),
        BrokenPipeError(),
        EOFError(),
        OSError(errno.EHOSTUNREACH, "no route"),
        OSError(errno.ESTALE, "stale"),
        *(http(status) for status in (408, 423, 429, 500, 502, 503, 504)),
        *(s3(status) for status in (409, 500, 503)),
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientPayloadError(),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("gone"),
        paramiko.SSHException("gone"),
        botocore.exceptions.EndpointConnectionError(endpoint_url="http://h"),
        botocore.exceptions.ReadTimeoutError(endpoint_url="http://h"),
    ],
    ids=repr,
)
def test_what_may_pass_is_transient(error: Exception) -> None:
    assert remote_error(error, URL, "a").transient


@pytest.mark.parametrize(
    "error",
    [
        *(http(status) for status in (400, 401, 403, 404, 405, 412, 416, 501, 507)),
        *(s3(status) for status in (400, 403, 404, 412)),
        PermissionError(errno.EACCES, "no"),
        FileNotFoundError(errno.ENOENT, "no"),
        OSError(errno.ENOSPC, "full"),
        paramiko.AuthenticationException("no"),
        botocore.exceptions.NoCredentialsError(),
        ValueError("odd"),
    ],
    ids=repr,
)
def test_what_will_not_pass_is_not(error: Exception) -> None:
    assert not remote_error(error, URL, "a").transient


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FileNotFoundError(), NotThere),
        (NotADirectoryError(), NotThere),
        (http(404), NotThere),
        (s3(404, "NoSuchKey"), NotThere),
        (NotImplementedError(), Unsupported),
        (http(405), Unsupported),
        (s3(501, "NotImplemented"), Unsupported),
        (OSError(errno.EROFS, "Read-only file system"), ReadOnly),
        (PermissionError(), RemoteError),
        (ValueError("x"), RemoteError),
    ],
    ids=repr,
)
def test_every_error_names_the_place_and_is_of_its_kind(error: Exception, kind: type) -> None:
    found = remote_error(error, URL, "packs/a.pack")
    assert type(found) is kind
    assert "s3://bucket/x/packs/a.pack" in found.message
    assert found.exit_code == 5


@pytest.mark.parametrize("error", [PermissionError(), http(401), s3(403), paramiko.AuthenticationException()])
def test_a_refusal_says_what_to_look_at(error: Exception) -> None:
    assert "credentials" in remote_error(error, URL, "").hint


def test_a_full_remote_says_how_to_make_room() -> None:
    assert "mlops gc" in remote_error(OSError(errno.ENOSPC, "full"), URL, "a").hint


def test_no_message_has_credentials_in_it() -> None:
    found = remote_error(ValueError("cannot open https://ada:secret@h/x?token=abc"), URL, "a")
    assert "secret" not in found.message
    assert "abc" not in found.message


def test_an_error_of_ours_goes_through_as_it_is() -> None:
    ours = NotThere("x")
    with pytest.raises(NotThere) as raised, translated(URL, "a"):
        raise ours
    assert raised.value is ours


def test_chunks_are_handed_on_no_further_than_announced() -> None:
    chunks = announced([b"ab", b"cd", b"ef"], 3, URL, "a")
    assert next(chunks) == b"ab"
    with pytest.raises(RemoteError, match="was to have 3 bytes"):
        next(chunks)
    assert list(announced([b"ab", b"", b"c"], 3, URL, "a")) == [b"ab", b"", b"c"]
