"""Rows and keys that come more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mlops_cli.data.checks.allowed import beyond
from mlops_cli.data.checks.context import rows_where
from mlops_cli.data.checks.facts import coded, times_us
from mlops_cli.data.checks.words import counted, does, named, share_text
from mlops_cli.data.profile.hashing import RowHashes, hash_integers, hash_numbers, hash_texts, salt_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.data.checks.context import Context, Mask
    from mlops_cli.data.checks.facts import TableFacts
    from mlops_cli.data.checks.ledger import Ledger
    from mlops_cli.data.table.table import Table

Hashes = NDArray[np.uint64]

# Without a word in the schema file, so many repeated rows are worth one.
USUAL = 0.01
_MANY_BY_CHANCE = 0.001


def copies_in(table: Table) -> Mask:
    """Return which rows repeat an earlier one as a whole."""
    return repeats(row_hashes(table, table.names))


def repeated_share(table: Table, facts: TableFacts) -> float | None:
    """Return the share of rows that repeat an earlier one; None where rows are alike without being the same."""
    if _by_chance(facts) > _MANY_BY_CHANCE:
        return None
    return int(copies_in(table).sum()) / facts.rows


def check_duplicate_rows(context: Context, ledger: Ledger) -> None:
    """Find rows that repeat an earlier one: more than the schema file allows; without a word there, surely more than 1 %."""
    mask = context.copies
    if mask is None or not ledger.on("duplicate_rows"):
        return
    with ledger.guard("duplicate_rows"):
        ledger.look("duplicate_rows")
        rows, allowed = int(mask.sum()), context.schema.duplicates
        if allowed is None and _by_chance(context.facts) > _MANY_BY_CHANCE:
            return  # few columns of few values: rows are alike without being the same
        severity = beyond(rows, context.facts.rows, USUAL if allowed is None else allowed)
        if severity is None or (allowed is None and severity == "warn"):
            return
        message = (
            f"{counted(rows, 'row')} of {context.facts.rows:,} ({share_text(rows, context.facts.rows)}) "
            f"{does(rows, 'repeats', 'repeat')} an earlier row"
        )
        evidence = {"rows": rows, "n": context.facts.rows, "allowed": allowed}
        cause = "a file was read twice, or a join matched more than once"
        severity = "warn" if allowed is None else severity
        ledger.find("duplicate_rows", "", message, cause, evidence, rows=rows_where(mask), severity=severity)


def _by_chance(facts: TableFacts) -> float:
    """Return about what share of the rows would repeat another one if columns were independent of each other, 1 at most."""
    alike = 1.0
    for column in facts.columns.values():
        present = column.present / column.rows
        shares = [count / column.rows for count in column.counts.values()]
        rest = max(0.0, present - sum(shares))
        others = max(1, column.distinct - len(shares))
        alike *= sum(share * share for share in shares) + rest * rest / others + (1 - present) ** 2
    return min(1.0, facts.rows * alike)


def check_duplicate_keys(context: Context, ledger: Ledger) -> None:
    """Find keys that come more than once, or are missing."""
    key = context.schema.key
    if not key or not ledger.on("duplicate_keys"):
        return
    absent = [name for name in key if name not in context.facts.columns]
    if absent:
        ledger.cannot_do("duplicate_keys", f"the key needs {named(absent)}, which the table does not have")
        return
    with ledger.guard("duplicate_keys"):
        ledger.look("duplicate_keys")
        mask = repeats(row_hashes(context.table, key))
        rows = int(mask.sum())
        if rows:
            message = f"{counted(rows, 'row')} {does(rows, 'repeats', 'repeat')} the key ({', '.join(key)}) of an earlier row"
            evidence = {"rows": rows, "n": context.facts.rows, "key": list(key)}
            cause = "a file was read twice, a join matched more than once, or the key lacks a column"
            ledger.find("duplicate_keys", ", ".join(key), message, cause, evidence, rows=rows_where(mask))


def row_hashes(table: Table, names: Sequence[str], kinds: dict[str, str] | None = None) -> Hashes:
    """Return a hash of each row over some columns; equal rows have equal ones, in whichever table they are.

    Parameters
    ----------
    kinds : dict, optional
        Columns to take as of another kind than they have: as `text`, where another table has them so.
    """
    hashes = RowHashes(table.rows)
    for name in names:
        kind = (kinds or {}).get(name) or table.described(name).kind
        salt = salt_of(name)
        if kind == "numeric":
            hashes.add(hash_numbers(table.numbers(name), salt))
        elif kind == "datetime":
            hashes.add(hash_integers(times_us(table, name), salt))
        else:
            labels, codes = coded(table, name)
            import pyarrow as pa

            words = hash_texts(pa.array(labels, type=pa.large_string()), salt)
            hashes.add(np.append(words, np.uint64(0))[codes], codes < 0)
    return hashes.hashes


def repeats(hashes: Hashes) -> Mask:
    """Return which rows have the hash of an earlier row."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    mask = np.zeros(len(hashes), dtype=bool)
    mask[order[1:]] = ordered[1:] == ordered[:-1]
    return mask
