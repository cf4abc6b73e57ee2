"""The profiles of tables that runs made: out of the store, the workspace or Git, by their digest."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast

from mlops_cli.data.profile.parse import profile_from_bytes
from mlops_cli.errors import DataError, MlopsError
from mlops_cli.store.digest import PREFIX, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlops_cli.data.profile.model import Profile
    from mlops_cli.history.sides import Facts, Profiled
    from mlops_cli.opened import Opened
    from mlops_cli.store.digest import Digest

_COMMITS = 5  # of those that brought what made a profile


def profile_reader(opened: Opened) -> Callable[[Facts, Profiled], Profile | str]:
    """Return what reads a profile that a run, or a commit, has: each once; in words why one cannot be had."""
    known: dict[str, Profile | str] = {}

    def read(facts: Facts, made: Profiled) -> Profile | str:
        if made.digest not in known:
            known[made.digest] = _profile(opened, facts, made)
        return known[made.digest]

    return read


def _profile(opened: Opened, facts: Facts, made: Profiled) -> Profile | str:
    data = _content(opened, facts, made)
    if data is None:
        return "profile not here: mlops pull"
    try:
        return profile_from_bytes(data, made.file)
    except MlopsError as error:
        return f"the profile cannot be read: {error}"


def _content(opened: Opened, facts: Facts, made: Profiled) -> bytes | None:
    """Return the bytes with a profile's digest, wherever they are here; None where they are not."""
    if made.digest.startswith(PREFIX):
        objects, _ = opened.open_store()
        with suppress(DataError):  # missing or damaged: it may be elsewhere
            return objects.read_blobs([cast("Digest", made.digest)])[0]
    there = (data for data in _elsewhere(opened, facts, made) if data is not None)
    return next((data for data in there if digest_bytes(data) == made.digest), None)


def _elsewhere(opened: Opened, facts: Facts, made: Profiled) -> Iterator[bytes | None]:
    with suppress(MlopsError):
        yield opened.read(made.file)
    sources = [source for each in opened.history.made(made.digest) for source in each.sources]
    brought = dict.fromkeys(source.name for source in sources if source.kind == "commit")
    for tree in dict.fromkeys([facts.tree, facts.commit, *list(brought)[:_COMMITS]]):
        if tree:
            yield opened.git.ask("cat-file", "blob", f"{tree}:{opened.project.prefix}{made.file}")
