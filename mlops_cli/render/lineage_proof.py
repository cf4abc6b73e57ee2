"""The proof of a lineage as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.render.plain import plain
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from mlops_cli.history.lineage.statements import Proof, Statement

_MARKS = {"holds": "ok  ", "open": "open", "fails": "FAIL"}


def proof_text(proof: Proof, *, everything: bool = False) -> str:
    """Return statements with what they rest on: each that fails, the others together by kind, or each with `everything`."""
    lines = []
    for verdict in ("fails", "open", "holds"):
        rows = [row for row in proof.statements if row.verdict == verdict]
        if verdict != "fails" and not everything:
            lines += _counted(rows)
        else:
            lines += [_line(row) for row in rows]
    counts = [f"{count_text(len(proof.statements), 'statement')}: {proof.count('holds'):,} hold"]
    counts += [f"{proof.count('open'):,} cannot be decided from here"] if proof.count("open") else []
    counts += [f"{proof.count('fails'):,} fail"] if proof.count("fails") else []
    return "".join(f"{line}\n" for line in [*lines, ", ".join(counts)])


def _line(row: Statement) -> str:
    return (
        plain(f"{_MARKS[row.verdict]}  {row.kind}  {row.about}: {row.says}")
        + f"\n      {plain(row.rests_on)}"
    )


def _counted(rows: list[Statement]) -> list[str]:
    """Return how many statements of each kind came out alike, and on what the first of them rests."""
    kinds: dict[tuple[str, str], list[Statement]] = {}
    for row in rows:
        # What stays open does so for a reason, and each reason is told.
        kinds.setdefault((row.kind, row.rests_on if row.verdict == "open" else ""), []).append(row)
    lines = []
    for (kind, _), found in kinds.items():
        first = found[0]
        about = first.about if len(found) == 1 else f"{count_text(len(found), 'statement')}: {first.about}, …"
        rests = first.rests_on + (", …" if len({row.rests_on for row in found}) > 1 else "")
        lines.append(
            plain(f"{_MARKS[first.verdict]}  {kind}  {about}: {first.says}") + f"\n      {plain(rests)}"
        )
    return lines


def proof_wire(proof: Proof) -> dict[str, Any]:
    """Return a proof as JSON."""
    return {
        "schema": 1,
        "ref": proof.ref,
        "good": proof.good,
        "complete": proof.incomplete is None,
        "statements": [
            {
                "kind": row.kind,
                "about": row.about,
                "verdict": row.verdict,
                "says": row.says,
                "rests_on": row.rests_on,
            }
            for row in proof.statements
        ],
    }
