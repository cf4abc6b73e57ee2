"""Who made and who read an artifact: numbers out of the index, the rest out of the records themselves."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.errors import MlopsError
from mlops_cli.history.index.database import RAN, READ, digest_number
from mlops_cli.history.index.rows import DVC, RUN, STAGE, run_of
from mlops_cli.history.known import WORKSPACE, KnownData, Production
from mlops_cli.store.artifact import Artifact, artifact_from_record
from mlops_cli.store.tracked import load_data_record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mlops_cli.history.index.bodies import Bodies
    from mlops_cli.history.index.database import Database
    from mlops_cli.history.index.sources import Sources
    from mlops_cli.history.index.versions import Versions
    from mlops_cli.history.known import Source
    from mlops_cli.project import Project

_GIVEN = "(SELECT value FROM json_each(?))"


class _Place(NamedTuple):
    """One record that tells of one execution."""

    production: int
    file: int
    at: int
    status: str
    kind: int
    blob: str
    path: str


class Productions:
    """Executions and data, by digest or path."""

    def __init__(
        self, database: Database, bodies: Bodies, sources: Sources, versions: Versions, project: Project
    ) -> None:
        from mlops_cli.history.index.fill import project_number

        self._database = database
        self._bodies = bodies
        self._sources = sources
        self._versions = versions
        self._project = project
        self._number = project_number(project)
        self._links: dict[str, str] | None = None
        self._theirs: dict[str, list[str]] = {}

    def of_digests(self, digests: Collection[str], side: int) -> dict[str, list[Production]]:
        """Return of each digest the executions that made, read or ran with it, earliest first."""
        found: dict[str, list[Production]] = {self._ours(digest): [] for digest in digests}
        names = [name for digest in digests for name in self._names(digest)]
        for one in self._executions(self._numbers(names, side)):
            for digest in _digests(one, side) & found.keys():
                found[digest].append(one)
        for rows in found.values():
            rows.sort(key=self._when)
        return {digest: found[self._ours(digest)] for digest in digests}

    def readers(self, digest: str) -> frozenset[str]:
        """Return the ids of runs that read an artifact, or something made from it."""
        from mlops_cli.history.index.readers import runs_below

        return runs_below(self._database, self._number, self._numbers(self._names(digest), READ))

    def at_path(self, path: str, sides: Collection[int]) -> list[Production | KnownData]:
        """Return what was recorded of a path, newest first."""
        query = (
            "SELECT DISTINCT e.production FROM named n JOIN edges e ON e.digest = n.digest AND e.side = n.side"
            " WHERE n.path = ? AND n.side = ?"
        )
        rows = [row for side in sides for row in self._database.ask(query, (_plain(path), side))]
        found: list[Production | KnownData] = [
            one
            for one in self._executions([number for (number,) in dict.fromkeys(rows)])
            if path in one.outs or (READ in sides and path in one.deps)
        ]
        found += self._data("d.path = ?", _plain(path))
        return sorted(found, key=self._when, reverse=True)

    def data(self, digest: str) -> list[KnownData]:
        """Return data records of a digest, earliest first."""
        names = self._names(digest)
        wanted = {self._ours(name) for name in names}
        found = [one for name in names for one in self._data("d.digest = ?", digest_number(name))]
        return sorted((one for one in found if one.artifact.digest in wanted), key=self._when)

    def digests(self, prefix: str, bare: str, low: int, high: int) -> list[str]:
        """Return the digests that begin so, out of records whose numbers lie between two bounds."""
        query = "SELECT DISTINCT production FROM edges WHERE digest BETWEEN ? AND ? AND side <> ?"
        numbers = [number for (number,) in self._database.ask(query, (low, high, RAN))]
        found = {
            a.digest for one in self._executions(numbers) for a in (*one.deps.values(), *one.outs.values())
        }
        for (number,) in self._database.ask(
            "SELECT DISTINCT digest FROM data WHERE digest BETWEEN ? AND ?", (low, high)
        ):
            found |= {one.artifact.digest for one in self._data("d.digest = ?", number)}
        tag = prefix.rpartition(":")[0]

        def begins_so(digest: str) -> bool:
            kind, _, digits = digest.partition(":")
            return digits.startswith(bare) and tag in ("", kind)

        known = {str(digest) for digest in found if begins_so(digest)}
        return sorted(known | {ours for theirs, ours in self._linked().items() if begins_so(theirs)})

    def our_name(self, digest: str) -> str:
        """Return a digest, or our name of the bytes where it is one of DVC's hashes."""
        return self._ours(digest)

    # Names of the same bytes ----------------------------------------------------------------------------------------------

    def _names(self, digest: str) -> list[str]:
        """Return a digest, and the other names of the same bytes: those that DVC had for them."""
        ours = self._ours(digest)
        return list(dict.fromkeys([digest, ours, *self._theirs.get(ours, ())]))

    def _ours(self, digest: str) -> str:
        return self._linked().get(digest, digest)

    def _linked(self) -> Mapping[str, str]:
        """Return our digest of each of DVC's hashes; one that several contents claim says nothing."""
        if self._links is None:
            query = "SELECT theirs, min(digest) FROM links GROUP BY theirs HAVING count(DISTINCT digest) = 1"
            self._links = dict(self._database.ask(query))
            for theirs, ours in self._links.items():
                self._theirs.setdefault(ours, []).append(theirs)
        return self._links

    def _renamed(self, artifacts: Mapping[str, Artifact]) -> dict[str, Artifact]:
        """Return artifacts by our names, with paths relative to the project."""
        from mlops_cli.store.digest import Digest

        prefix = self._project.prefix
        return {
            path.removeprefix(prefix): artifact._replace(digest=Digest(self._ours(artifact.digest)))
            for path, artifact in artifacts.items()
        }

    def _when(self, one: Production | KnownData) -> tuple[str, int, str]:
        """Return when something was first known: a run's begin, else when it was committed; what is in no commit comes last."""
        if isinstance(one, Production) and one.started:
            return one.started, 0, one.file
        moment = _moment(one.source.time) if one.source.time else "9999"
        return moment, self._sources.rank(one.source), one.file

    # Out of the records -----------------------------------------------------------------------------------------------------

    def _numbers(self, digests: Iterable[str], side: int) -> list[int]:
        wanted: list[int] = []
        for digest in digests:
            with suppress(ValueError):  # no digest at all
                wanted.append(digest_number(digest))
        query = f"SELECT DISTINCT production FROM edges WHERE digest IN {_GIVEN} AND side = ?"
        return [number for (number,) in self._database.ask(query, (json.dumps(wanted), side))]

    def _executions(self, numbers: list[int]) -> list[Production]:
        """Return the executions behind numbers, one for each record that tells of it; a record's bytes are read once for all."""
        query = (
            "SELECT o.production, o.file, o.number, o.status, f.kind, f.blob, f.path FROM occurrences o"
            f" JOIN files f ON f.n = o.file WHERE o.production IN {_GIVEN} AND f.project = ?"
        )
        rows = self._database.ask(query, (json.dumps(numbers), self._number)) if numbers else []
        if not rows:
            return []
        places = [_Place(*row) for row in rows]
        sources = self._sources.of(place.file for place in places)
        started, files = self._runs(places)
        places = [
            place
            for place in places
            if sources[place.file] and (place.kind != RUN or files.get(run_of(place.path)) == place.file)
        ]
        # A run's record knows more than a stage's, its metrics; and each run is told of by its own, for two of one key may differ.
        best: dict[int, _Place] = {}
        for place in sorted(places, key=lambda place: (place.kind != RUN, place.file, place.at)):
            best.setdefault(place.production, place)
        read = [place for place in places if place.kind == RUN or best[place.production] is place]
        bodies = self._bodies.read([(place.blob, place.path) for place in read])
        known = {
            (place.production, place.file, place.at): made
            for place, data in zip(read, bodies, strict=True)
            if data is not None and (made := self._made(place, data)) is not None
        }
        found = []
        for place in places:
            teller = place if place.kind == RUN else best[place.production]
            made = known.get((place.production, teller.file, teller.at))
            if made is not None:
                found.append(_told_by(made, place, sources[place.file], started))
        return found

    def _made(self, place: _Place, data: bytes) -> Production | None:
        if place.kind == DVC:
            one = self._dvc(place.path, data)[place.at]
            return one if isinstance(one, Production) else None
        try:
            value = json.loads(data)
            row = value["stages"][place.at] if place.kind == RUN else value
            return Production(
                stage=row["stage"] if place.kind == STAGE else row["name"],
                key=row.get("key"),
                status=place.status,
                run=None,
                deps={path: artifact_from_record(a) for path, a in row.get("deps", {}).items()},
                outs={path: artifact_from_record(a) for path, a in row.get("outs", {}).items()},
                params=row.get("params", {}),
                metrics=row.get("metrics", {}),
                program=row.get("program"),
                started=None,
                source=WORKSPACE,
                file=place.path,
                filled=row.get("filled", {}),
            )
        except (MlopsError, AttributeError, KeyError, TypeError, ValueError):
            return None

    def _dvc(self, path: str, data: bytes) -> list[Production | KnownData]:
        from mlops_cli.history.dvc_history import productions_of

        found: list[Production | KnownData] = []
        for one in productions_of(self._project.prefix + path, data):
            if isinstance(one, Production):
                found.append(
                    one._replace(deps=self._renamed(one.deps), outs=self._renamed(one.outs), file=path)
                )
            else:
                [(name, artifact)] = self._renamed({one.path: one.artifact}).items()
                found.append(one._replace(path=name, artifact=artifact, file=path))
        return found

    def _runs(self, places: list[_Place]) -> tuple[dict[str, str], dict[str, int]]:
        """Return when the runs of some records began, and which of their files counts."""
        runs = {run_of(place.path) for place in places if place.kind == RUN}
        query = f"SELECT id, file, started FROM runs WHERE project = ? AND id IN {_GIVEN}"
        rows = self._database.ask(query, (self._number, json.dumps(sorted(runs))))
        files = self._versions.chosen((run, file) for run, file, _ in rows)
        return {run: began for run, file, began in rows if files.get(run) == file}, files

    def _data(self, where: str, value: Any) -> list[KnownData]:
        query = f"SELECT f.blob, f.path, f.kind, d.file FROM data d JOIN files f ON f.n = d.file WHERE {where} AND f.project = ?"
        rows = self._database.ask(query, (value, self._number))
        if not rows:
            return []
        sources = self._sources.of(row[3] for row in rows)
        rows = [row for row in dict.fromkeys(rows) if sources[row[3]]]
        found = []
        for (_, path, kind, file), data in zip(
            rows, self._bodies.read([row[:2] for row in rows]), strict=True
        ):
            if data is None:
                continue
            there = sources[file]
            if kind == DVC:
                items = [one for one in self._dvc(path, data) if isinstance(one, KnownData)]
                found += [one._replace(source=there[0], sources=there) for one in items]
                continue
            try:
                record = load_data_record(data, path)
            except MlopsError:
                continue  # `unreadable` and `mlops verify` tell of it
            row = record.path, record.artifact, record.files, record.source
            found.append(KnownData(*row, there[0], path, there))
        return found


def _told_by(
    one: Production, place: _Place, sources: tuple[Source, ...], started: Mapping[str, str]
) -> Production:
    run = run_of(place.path) if place.kind == RUN else None
    return one._replace(
        status=place.status,
        run=run,
        started=started.get(run) if run else None,
        source=sources[0],
        sources=sources,
        file=place.path,
    )


def _digests(one: Production, side: int) -> set[str]:
    """Return what an execution made or read, or the key that it ran with."""
    if side == RAN:
        return {one.key} if one.key else set()
    return {artifact.digest for artifact in (one.deps if side == READ else one.outs).values()}


def _moment(time: int) -> str:
    from datetime import UTC, datetime, timedelta

    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=min(max(time, 0), 250_000_000_000))
    return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
