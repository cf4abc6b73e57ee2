"""Which runs read an artifact, or something made from it: out of the index alone, without opening a record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_cli.history.index.database import MADE, READ
from mlops_cli.history.index.rows import RUN, run_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlops_cli.history.index.database import Database

_GIVEN = "(SELECT value FROM json_each(?))"
# What was made at a path and read at that path. By digest alone, two files that happen to be the same (empty ones, say) would be
# taken for made from each other.
_BETWEEN = (
    "SELECT e.production, e.digest FROM named m JOIN named r ON r.path = m.path AND r.digest = m.digest AND r.side = ?"
    " JOIN edges e ON e.digest = m.digest AND e.side = m.side WHERE m.side = ?"
)


def runs_below(database: Database, project: int, productions: Collection[int]) -> frozenset[str]:
    """Return the ids of the runs that some executions belong to, and of those that read what they made, and so on.

    Parameters
    ----------
    project : int
        The number of the project.
    productions : collection of int
        The numbers of the executions to begin with.
    """
    if not productions:
        return frozenset()
    made: dict[int, list[int]] = {}
    for production, digest in database.ask(_BETWEEN, (READ, MADE)):
        made.setdefault(production, []).append(digest)
    found = set(productions)
    ahead = set(productions)
    asked: set[int] = set()
    while ahead:
        digests = {digest for production in ahead for digest in made.get(production, ())} - asked
        asked |= digests
        query = f"SELECT DISTINCT production FROM edges WHERE side = ? AND digest IN {_GIVEN}"
        rows = database.ask(query, (READ, json.dumps(sorted(digests)))) if digests else []
        ahead = {production for (production,) in rows} - found
        found |= ahead
    query = (
        "SELECT DISTINCT f.path FROM occurrences o JOIN files f ON f.n = o.file"
        f" WHERE o.production IN {_GIVEN} AND f.project = ? AND f.kind = ?"
    )
    rows = database.ask(query, (json.dumps(sorted(found)), project, RUN))
    return frozenset(run_of(path) for (path,) in rows)
