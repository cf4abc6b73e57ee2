"""What lineage asks history, and which of several answers it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from mlops_cli.history.lineage.graph import production_id
from mlops_cli.history.lineage.kinds import is_model

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from mlops_cli.history.known import KnownData, KnownRun, Production, Source
    from mlops_cli.history.lineage.graph import Named
    from mlops_cli.history.run_record import RunRecord

# Smaller files may be equal by chance, as `{}` is; their content says nothing about where they are from.
_TELLING = 64
_STANDING = {"ran": 0, "tainted": 1, "cached": 2, "recorded": 3}


class Known(Protocol):
    """As much of the history as lineage needs."""

    def learn(self, *, made: Collection[str] = (), used: Collection[str] = ()) -> None:
        """Take note that it is going to be asked what made, or read, each of these artifacts."""
        ...

    def made(self, digest: str) -> Sequence[Production]:
        """Return what made an artifact, earliest first."""
        ...

    def used(self, digest: str) -> Sequence[Production]:
        """Return what read an artifact, earliest first."""
        ...

    def data(self, digest: str) -> Sequence[KnownData]:
        """Return data records of an artifact, earliest first."""
        ...

    def by_key(self, key: str) -> Sequence[Production]:
        """Return what ran with a key, earliest first."""
        ...

    def run(self, run_id: str) -> KnownRun | None:
        """Return one run."""
        ...

    def full(self, run_id: str) -> RunRecord | None:
        """Return a run's whole record; None where it cannot be had."""
        ...


class KnownCopies(Known, Protocol):
    """What a proof needs beside that."""

    def contents(self, file: str) -> Sequence[tuple[Source, ...]]:
        """Return where each distinct content of a record was found."""
        ...


class Origin(NamedTuple):
    """Where an artifact comes from.

    Parameters
    ----------
    makers : list of Production
        Executions that made these bytes, the likeliest first.
    tracked : KnownData or None
        The data record under the same path, else any of the same bytes.
    """

    makers: list[Production]
    tracked: KnownData | None


class Preferred:
    """Which of several executions that made the same bytes is shown: the one that was asked about.

    Parameters
    ----------
    own : sequence of Production
        Of a run that was asked about.
    keys : callable
        Gives the keys that the stage records name in the commit, or the workspace, that was asked about; called when needed.
    """

    def __init__(
        self, own: Sequence[Production] = (), keys: Callable[[], Collection[str | None]] = frozenset
    ) -> None:
        self._own = frozenset(production_id(production) for production in own)
        self._keys = keys

    def first(self, makers: list[Production], named: Named) -> list[Production]:
        """Return the makers of an artifact, those before the others that were asked about."""
        if len(makers) < 2:
            return makers
        keys = self._keys()

        def stands_back(production: Production) -> bool:
            made = production.outs.get(named.path)
            if made is None or made.digest != named.artifact.digest:
                return True
            # Other systems have no keys: a stage record that was carried over from one says nothing against who made it there.
            asked_about = production.key is None or production.key in keys
            return production_id(production) not in self._own and not asked_about

        return sorted(makers, key=stands_back)


def origin_of(known: Known, named: Named, reader: Production | None = None) -> Origin:
    """Return where an artifact comes from.

    Parameters
    ----------
    reader : Production, optional
        What read it: what was made by the same run, or before it, is likelier.
    """
    path, artifact = named
    records = known.data(artifact.digest)
    tracked = next((record for record in records if record.path == path), None)
    makers = [
        production
        for production in known.made(artifact.digest)
        if production.status in _STANDING and _stands_for(production, named, tracked)
    ]
    makers.sort(key=lambda production: _likeliness(production, path, artifact.digest, reader))
    return Origin(makers, tracked or (records[0] if records and not makers and telling(named) else None))


def _stands_for(production: Production, named: Named, tracked: KnownData | None) -> bool:
    """Whether an execution can have made what lies at a path: it made that path, or bytes that cannot be equal by chance."""
    made = production.outs.get(named.path)
    if made is not None and made.digest == named.artifact.digest:
        return True
    return telling(named) and (tracked is None or is_model(named.path))


def telling(named: Named) -> bool:
    """Whether an artifact is so large that its equal elsewhere is the same thing, and not equal by chance."""
    return named.artifact.tree or named.artifact.size >= _TELLING


def _likeliness(
    production: Production, path: str, digest: str, reader: Production | None
) -> tuple[bool, bool, int, bool, str]:
    made = production.outs.get(path)
    elsewhere = made is None or made.digest != digest
    started, wanted = production.started, reader.started if reader is not None else None
    late = bool(started and wanted and started > wanted)
    other_run = reader is None or reader.run is None or production.run != reader.run
    return elsewhere, late, _STANDING[production.status], other_run, started or "~"


def distinct(productions: Iterable[Production]) -> list[Production]:
    """Return executions without those that only repeat what another one tells: a stage record of a run, a restored result."""
    kept: dict[str, Production] = {}
    told: set[tuple[str | None, str]] = set()
    rows = [p for p in productions if p.status in _STANDING]
    for production in sorted(rows, key=lambda p: (_STANDING[p.status], p.started or "~")):
        same = production.key, ",".join(f"{path}@{a.digest}" for path, a in sorted(production.outs.items()))
        if production.key is not None and production.status in ("cached", "recorded") and same in told:
            continue
        told.add(same)
        kept.setdefault(production_id(production), production)
    return list(kept.values())


def made_path(production: Production, digest: str) -> str:
    """Return the path under which an execution made something; empty where it did not."""
    return next((path for path, artifact in production.outs.items() if artifact.digest == digest), "")


def same_group(one: str, other: str) -> bool:
    """Whether two stages are the same, or members of one matrix."""
    return one.partition("@")[0] == other.partition("@")[0]


def flat(params: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Return parameters as `file:dotted.name` to value."""
    found: dict[str, object] = {}
    stack = [(f"{file}:", dict(values)) for file, values in reversed(list(params.items()))]
    while stack:
        lead, values = stack.pop()
        for name, value in values.items():
            if isinstance(value, dict) and value:
                stack.append((f"{lead}{name}.", value))
            else:
                found[f"{lead}{name}"] = value
    return found
