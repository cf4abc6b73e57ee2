"""Values of a run that are made when somebody looks at them: most lists look at few."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from mlops_cli.history.known import KnownRun
from mlops_cli.history.named import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from mlops_cli.history.known import Source

    FindOwners = Callable[[int], tuple[str, str]]

# What `known_run` takes, of the table of runs.
COLUMNS = (
    "id, status, started, seconds, message, author, email, trigger, commit_, branch, dirty, snapshot, params,"
    " metrics, stages, experiment, file"
)
_scan = json.JSONDecoder().raw_decode  # without what `json.loads` does to guess an encoding


class LazyMapping(Mapping[str, Any]):
    """An object out of JSON text."""

    __slots__ = ("_text", "_value")

    def __init__(self, text: str) -> None:
        self._text = text
        self._value: dict[str, Any] | None = None

    def _get(self) -> dict[str, Any]:
        if self._value is None:
            self._value = _scan(self._text)[0]
        return self._value

    def __getitem__(self, name: str) -> Any:
        return self._get()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._get()

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, or the default; the inherited one raises inside for each name that is not there."""
        return self._get().get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._get())

    def __len__(self) -> int:
        return len(self._get())

    def __eq__(self, other: object) -> bool:
        return self._get() == (other._get() if isinstance(other, LazyMapping) else other)

    __hash__ = None  # type: ignore[assignment] # as a dict's

    def __repr__(self) -> str:
        return repr(self._get())


class LazyNamed(Named):
    """Values of a run out of JSON text, and their owners, which few ask for.

    Parameters
    ----------
    find : callable
        Given a file, returns the JSON text of the owners of parameters, and of metrics.
    side : int
        Which of the two these are.
    """

    __slots__ = ("_file", "_find", "_side", "_text")

    def __init__(
        self, text: str, find: FindOwners, file: int, side: int, others: Collection[str] = ()
    ) -> None:
        self._text, self._find, self._file, self._side, self._others = text, find, file, side, others

    def __getattr__(self, name: str) -> Any:
        # Asked only while there is no such attribute: the first time.
        if name == "_values":
            self._values = _scan(self._text)[0]
            return self._values
        if name == "_owners":
            self._owners = _scan(self._find(self._file)[self._side])[0]
            return self._owners
        raise AttributeError(name)


class LazySources(Sequence["Source"]):
    """The sources of one file."""

    __slots__ = ("_file", "_find", "_found")

    def __init__(self, find: Callable[[int], tuple[Source, ...]], file: int) -> None:
        self._find = find
        self._file = file
        self._found: tuple[Source, ...] | None = None

    def _get(self) -> tuple[Source, ...]:
        if self._found is None:
            self._found = self._find(self._file)
        return self._found

    @overload
    def __getitem__(self, at: int) -> Source: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Source]: ...
    def __getitem__(self, at: int | slice) -> Source | Sequence[Source]:
        return self._get()[at]

    def __len__(self) -> int:
        return len(self._get())

    def __iter__(self) -> Iterator[Source]:
        return iter(self._get())

    def __eq__(self, other: object) -> bool:
        return self._get() == tuple(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # as a list's

    def __repr__(self) -> str:
        return repr(self._get())


def known_run(
    row: Sequence[Any],
    notes: tuple[str | None, int],
    sources: Callable[[int], tuple[Source, ...]],
    owners: FindOwners,
) -> KnownRun:
    """Return a run out of a row.

    Parameters
    ----------
    row : sequence
        The values of `COLUMNS`.
    notes : tuple
        The last outcome that was noted, and how many notes there are.
    sources : callable
        Returns the sources of a file.
    owners : callable
        As `LazyNamed` takes it.
    """
    file = row[16]
    stages = tuple(row[14].split("\0")) if row[14] else ()
    return KnownRun._make(
        (
            *row[:10],
            bool(row[10]),
            row[11],
            LazyNamed(row[12], owners, file, 0),
            LazyNamed(row[13], owners, file, 1, stages),
            stages,
            LazyMapping(row[15]) if row[15] else None,
            *notes,
            LazySources(sources, file),
        )
    )
