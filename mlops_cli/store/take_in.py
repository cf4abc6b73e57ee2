"""Content from elsewhere, straight into the store: its digest is taken while it streams, and it never lies in memory as a whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from blake3 import blake3

from mlops_cli.errors import DataError
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import PREFIX, Digest, digest_bytes
from mlops_cli.store.objects import unwritable
from mlops_cli.store.pack import SMALL
from mlops_cli.store.placing import CREATE, no_litter, writer
from mlops_cli.store.remotes.port import RemoteError
from mlops_cli.store.save import check_clashes
from mlops_cli.store.transfer.flight import Flight
from mlops_cli.store.tree import Entry, encode_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mlops_cli.store.folder import FolderObjects
    from mlops_cli.store.remotes.source import Fact, Source
    from mlops_cli.store.transfer.flight import Tally


class Item(NamedTuple):
    """One file to bring.

    Parameters
    ----------
    group : str
        What it belongs to, for whoever asked.
    name : str
        As the source has it.
    expect : Digest or None
        Refuse anything else, before it is in the store.
    """

    group: str
    source: Source
    name: str
    fact: Fact
    expect: Digest | None = None


class Taken(NamedTuple):
    """A file that came; the bytes of a small one are still in hand."""

    digest: Digest
    size: int
    data: bytes | None = None


def take_in(
    objects: FolderObjects, items: Sequence[Item], tally: Tally, jobs: int
) -> Iterator[tuple[Item, Taken | DataError]]:
    """Bring files, several at once, and yield each when it is in the store, or why it is not."""
    tally.wanted_objects += len(items)
    tally.wanted_bytes += sum(item.fact.size or 0 for item in items)
    flight: Flight[Item, Taken] = Flight(jobs)
    with objects.intake() as intake:
        for item, taken in flight.run(lambda item: _take(objects, item, tally), items):
            if isinstance(taken, Taken) and taken.data is not None:
                intake.keep([(taken.digest, taken.data)])
                yield item, taken._replace(data=None)
            else:
                yield item, taken


def _take(objects: FolderObjects, item: Item, tally: Tally) -> Taken:
    chunks = _counted(item.source.chunks(item.name, item.fact), tally)
    start = bytearray()
    for chunk in chunks:
        start += chunk
        if len(start) >= SMALL:
            taken = _stream(objects, item, bytes(start), chunks)
            break
    else:
        data = bytes(start)
        taken = Taken(digest_bytes(data), len(data), data)
        _check(item, taken)
    tally.moved(1, 0)
    return taken


def _stream(objects: FolderObjects, item: Item, start: bytes, chunks: Iterable[bytes]) -> Taken:
    temporary = objects.loose.temporary_name()
    try:
        with no_litter(temporary):
            descriptor = os.open(temporary, CREATE, 0o444)
            try:
                write, hasher = writer(descriptor), blake3(start)
                write(memoryview(start))
                size = len(start)
                for chunk in chunks:
                    hasher.update(chunk)
                    write(memoryview(chunk))
                    size += len(chunk)
            finally:
                os.close(descriptor)
            taken = Taken(Digest(PREFIX + hasher.hexdigest()), size)
            _check(item, taken)
            objects.loose.settle(temporary, taken.digest)
    except OSError as error:
        raise unwritable("the store cannot be written", error) from error
    return taken


def _check(item: Item, taken: Taken) -> None:
    if item.fact.size is not None and item.fact.size != taken.size:
        raise RemoteError(
            f"{item.fact.size:,} bytes were announced, and {taken.size:,} came", hint="Do it again."
        )
    if item.expect is not None and item.expect != taken.digest:
        raise wrong_content(item.expect, taken.digest)


class WrongContentError(DataError):
    """Content is not what was asked for."""


def wrong_content(wanted: Digest, found: Digest) -> WrongContentError:
    """Return the error of content that is not what was asked for."""
    return WrongContentError(f"the content there is {found}, and {wanted} was asked for")


def _counted(chunks: Iterator[bytes], tally: Tally) -> Iterator[bytes]:
    for chunk in chunks:
        tally.moved(0, len(chunk))
        yield chunk


def assemble(entries: Mapping[str, Entry], keep: Callable[[bytes], Digest]) -> Artifact:
    """Return the directory that files make up.

    Parameters
    ----------
    entries : mapping
        Path inside the directory to entry, each plain (no `..`, no empty part); the entries' own names are not looked at.
    keep : callable
        Given each tree object, inner ones first.

    Raises
    ------
    FileError
        When names in a folder differ only in case.

    Examples
    --------
    >>> from mlops_cli.store.digest import digest_bytes
    >>> one = Entry("", "file", digest_bytes(b"x"), 1)
    >>> assemble({"a": one, "b/c": one}, digest_bytes).size
    2
    """
    folders: dict[str, list[Entry]] = {"": []}
    for path, entry in entries.items():
        folder, _, name = path.rpartition("/")
        above = folder
        while above not in folders:
            folders[above] = []
            above = above.rpartition("/")[0]
        folders[folder].append(entry._replace(name=name))
    top = Artifact(digest_bytes(b""), 0, tree=True)
    for folder in sorted(folders, key=lambda path: path.count("/") + bool(path), reverse=True):
        children = folders[folder]
        check_clashes(folder or "the directory", [child.name for child in children])
        top = Artifact(keep(encode_tree(children)), sum(child.size for child in children), tree=True)
        if folder:
            above, _, name = folder.rpartition("/")
            folders[above].append(Entry(name, "tree", top.digest, top.size))
    return top
