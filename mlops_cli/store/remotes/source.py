"""Where imported data comes from: an address, what tells one version of its content from the next, and the answers to that.

Nothing here reads content. What a source says of its files without sending them (an entity tag, a version, a time, a size) is
written into the data record, and compared with what it says later.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from mlops_cli.errors import DataError, UsageError
from mlops_cli.formats.canonical import compact
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.remotes.opening import scheme_of
from mlops_cli.store.tracked import is_plain_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Same = Literal["same", "new version", "unknown"]
# Parts of an address that open a door; whoever can read the repository could walk through it.
_SECRET = re.compile(
    r"(?i)(^|[-_])(sig|signature|token|password|passwd|secret|credential|key|apikey|auth)$|^x-(amz|goog)-"
)


class Fact(NamedTuple):
    """What a source says of one file without sending it; None for what it does not say.

    Parameters
    ----------
    size : int or None
        Bytes.
    etag, version, modified : str or None
        As the source has them; compared as text.
    executable : bool
        Whether its owner may run it.
    """

    size: int | None = None
    etag: str | None = None
    version: str | None = None
    modified: str | None = None
    executable: bool = False

    def record(self) -> dict[str, Any]:
        """Return what a record keeps of it."""
        values = {"etag": self.etag, "version": self.version, "modified": self.modified, "size": self.size}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def telling(self) -> bool:
        """Whether it tells one version from another of the same size."""
        return self.etag is not None or self.version is not None or self.modified is not None


class Seen(NamedTuple):
    """What lies at an address.

    Parameters
    ----------
    tree : bool
        A directory.
    files : mapping
        Name relative to the address to fact; of a file alone under `""`.
    page : str
        Of a web server's answer that is no file: `folder` where it stands for a folder, `page` for another page for people,
        which may be a login; empty for content.
    """

    tree: bool
    files: Mapping[str, Fact]
    page: Literal["", "folder", "page"] = ""

    @property
    def size(self) -> int | None:
        """Bytes in all; None where the source does not say."""
        sizes = [fact.size for fact in self.files.values()]
        return None if None in sizes else sum(size or 0 for size in sizes)

    def record(self, url: str) -> dict[str, Any]:
        """Return the `source` of a data record."""
        if not self.tree:
            return {"url": url, **self.files[""].record()}
        rows = [[name, fact.record()] for name, fact in sorted(self.files.items())]
        value = {"url": url, "listing": digest_bytes(compact({"files": rows}))}
        return value if self.size is None else value | {"size": self.size}

    def compare(self, recorded: Mapping[str, Any]) -> Same:
        """Return whether this is the version that a record's `source` speaks of; unknown where the source does not tell."""
        now = self.record("")
        if self.tree or "listing" in recorded:
            if now.get("listing") != recorded.get("listing"):
                return "new version"
            return "same" if all(fact.telling for fact in self.files.values()) else "unknown"
        if None not in (now.get("size"), recorded.get("size")) and now["size"] != recorded["size"]:
            return "new version"
        for name in ("version", "etag", "modified"):
            if name in now and name in recorded:
                return "same" if now[name] == recorded[name] else "new version"
        return "unknown"


class Source(Protocol):
    """Content behind an address. Safe to ask from several threads; what fails raises RemoteError."""

    def look(self) -> Seen:
        """Return what lies there now; asked anew each time.

        Raises
        ------
        NotThere
            When nothing does.
        """
        ...

    def chunks(self, name: str, fact: Fact) -> Iterator[bytes]:
        """Yield the bytes of one file, a bounded part of them in memory.

        Parameters
        ----------
        name : str
            As `look` has it.
        """
        ...


def address(typed: str, root: str, folder: str) -> str:
    """Return an address as a record keeps it: without anything secret, a relative folder relative to the project.

    Parameters
    ----------
    typed : str
        As a user types it.
    root, folder : str
        The project's folder, and where the user stands, relative to it.

    Raises
    ------
    UsageError
        When there is a secret in it, or it is not one address.
    """
    if "::" in typed:
        raise UsageError(
            f"{typed} is a chain of file systems", hint="Name one address, such as s3://bucket/data.csv."
        )
    if not scheme_of(typed):
        path = typed.partition("://")[2] if "://" in typed else typed
        if not path:
            raise UsageError("the address is empty", hint="Name a file, a folder or a URL.")
        if os.path.isabs(path) or path.startswith("~"):
            return path if path.startswith("~") else os.path.normpath(path)
        return os.path.relpath(os.path.join(root, folder, path), root)
    parts = urlsplit(typed)
    if parts.password is not None:
        raise UsageError(
            f"{_without_user(typed)}: the address has a password in it, and the record of an import is committed",
            hint="Leave it out. Add a remote on the same server (mlops remote add NAME URL) and set the variable"
            " MLOPS_REMOTE_<NAME>_PASSWORD, or keep the password where the server's own tools look for it.",
        )
    secret = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if _SECRET.search(name)]
    if secret:
        raise UsageError(
            f"{urlunsplit(parts._replace(query='', fragment=''))}: the address has a secret in it ({secret[0]}=…),"
            " and the record of an import is committed",
            hint="Use the plain address, with credentials from the environment; or download it yourself, then: mlops add PATH",
        )
    return typed


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def check_names(url: str, names: Mapping[str, object]) -> None:
    """Refuse a listing that names what no directory can hold.

    Raises
    ------
    DataError
        When a name is absolute, has `..`, an empty part or a NUL in it, or is a file and a folder at once.
    """
    for name in names:
        if not is_plain_path(name):
            raise DataError(
                f"{url} has a file called {name!r}, which no folder can hold", hint="Rename it there."
            )
        above = name.rpartition("/")[0]
        while above:
            if above in names:
                raise DataError(
                    f"{url} has {above} as a file and as a folder", hint="Rename one of them there."
                )
            above = above.rpartition("/")[0]
