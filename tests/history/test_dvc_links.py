"""Which of DVC's hashes is which digest of ours."""

from __future__ import annotations

import pytest

from mlops_cli.errors import FileError
from mlops_cli.history.dvc_links import LINKS, Link, dump_links, load_links
from mlops_cli.history.soundness import unsound
from mlops_cli.store.digest import digest_bytes

ONE, TWO = digest_bytes(b"1"), digest_bytes(b"2")


def test_links_come_back_as_they_were_written() -> None:
    path, data = dump_links([("b" * 32 + ".dir", TWO), ("a" * 32, ONE), ("a" * 32, ONE)])
    assert path.startswith(LINKS)
    assert load_links(data, path) == [Link("md5:" + "a" * 32, ONE), Link(f"md5:{'b' * 32}.dir", TWO)]
    assert unsound(path, data) == ""


def test_the_same_links_are_the_same_file_whoever_found_them() -> None:
    pairs = [("a" * 32, ONE), ("b" * 32, TWO)]
    assert dump_links(pairs) == dump_links(reversed(pairs))
    assert dump_links(pairs)[0] != dump_links(pairs[:1])[0]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b'{"schema": 1}', b'{"schema": 9, "links": []}', b'{"schema": 1, "links": [1]}',
        b'{"schema": 1, "links": [{"dvc": "md5:1", "digest": "%s"}]}' % ONE.encode(),
        b'{"schema": 1, "links": [{"dvc": "md5:%s", "digest": "b3:1"}]}' % (b"a" * 32),
        b'{"schema": 1, "links": [{"dvc": 7, "digest": "%s"}]}' % ONE.encode(),
    ],
)  # fmt: skip
def test_what_does_not_link_digests_is_refused(data: bytes) -> None:
    with pytest.raises(FileError):
        load_links(data, "x.json")
