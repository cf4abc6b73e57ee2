"""Where the bytes of a profile are found, and what is said where they are not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.model import Profile
from mlops_cli.data.profile.text import profile_to_bytes
from mlops_cli.history.known import Source
from mlops_cli.history.sides import Facts, Profiled
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.memory import MemoryObjects
from mlops_cli.tracking.known_profiles import profile_reader
from tests.support.tables import table

DATA = profile_to_bytes(profile_table(table({"age": [1.0, 2.0, 3.0]})))
FILE = "reports/profile.json"


class Here:
    """A project that has some bytes in its store, in its workspace, and in commits."""

    def __init__(
        self, stored: bytes = b"", lying: bytes = b"", committed: dict[str, bytes] | None = None
    ) -> None:
        self.objects = MemoryObjects()
        self.objects.put_blobs([stored] if stored else [])
        self.asked: list[str] = []
        commits = committed or {}
        self.history = SimpleNamespace(
            made=lambda _: [SimpleNamespace(sources=[source(name) for name in commits])]
        )
        self.project = SimpleNamespace(prefix="sub/")
        self.git = SimpleNamespace(ask=lambda *words: commits.get(self.noted(words[-1]).partition(":")[0]))
        self.read = lambda path: lying if path == FILE and lying else None

    def noted(self, name: str) -> str:
        self.asked.append(name)
        return name

    def open_store(self) -> tuple[MemoryObjects, None]:
        return self.objects, None


def source(name: str) -> Source:
    return Source("commit", name)


def found(here: Here, data: bytes = DATA) -> Profile | str:
    opened: Any = here
    return profile_reader(opened)(Facts("A", tree="7ree"), Profiled("describe", FILE, digest_bytes(data)))


def test_a_profile_is_read_from_wherever_its_bytes_are() -> None:
    for here in (
        Here(stored=DATA),
        Here(lying=DATA),
        Here(committed={"c0ffee": DATA}),
        Here(committed={"7ree": DATA}),
    ):
        profile = found(here)
        assert isinstance(profile, Profile)
        assert profile.rows == 3


def test_git_is_asked_by_the_path_in_the_repository_and_only_where_the_store_has_it_not() -> None:
    here = Here(committed={"c0ffee": DATA})
    found(here)
    assert here.asked == [f"7ree:sub/{FILE}", f"c0ffee:sub/{FILE}"]
    here = Here(stored=DATA, committed={"c0ffee": DATA})
    found(here)
    assert here.asked == []


def test_other_bytes_at_its_place_are_not_the_profile() -> None:
    other = DATA.replace(b"age", b"ago")
    assert found(Here(lying=other, committed={"c0ffee": other})) == "profile not here: mlops pull"


def test_what_is_no_profile_is_said_and_is_no_error() -> None:
    told = found(Here(stored=b'{"schema": 99}'), b'{"schema": 99}')
    assert isinstance(told, str)
    assert told.startswith(f"the profile cannot be read: {FILE}")


def test_a_profile_of_several_sides_is_read_once() -> None:
    here: Any = Here(committed={"7ree": DATA})
    read = profile_reader(here)
    one, two = (
        read(Facts(name, tree="7ree"), Profiled("describe", FILE, digest_bytes(DATA))) for name in "AB"
    )
    assert one is two
    assert len(here.asked) == 1
