"""What a validation finds: findings with their evidence and cause, errors, what was looked at, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mlops_cli.statistics.verdict import Verdict, exit_code

if TYPE_CHECKING:
    from collections.abc import Mapping

Severity = Literal["warn", "fail"]
Evidence: TypeAlias = "Mapping[str, object]"

SCHEMA = 1
MOST_ROWS = 20  # rows that a finding names; their count is in its evidence


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a table.

    Parameters
    ----------
    column : str
        Its name; empty where the whole table is meant.
    check : str
        Which check found it, see `catalogue.py`.
    evidence : mapping
        Numbers and names, by what they are; JSON.
    message : str
        The evidence as a sentence.
    cause : str
        What most likely happened.
    rows : tuple of int
        Up to 20 rows where it shows, counted from 0.
    """

    column: str
    check: str
    severity: Severity
    evidence: Evidence
    message: str
    cause: str
    rows: tuple[int, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """Return its JSON."""
        return {
            "column": self.column,
            "check": self.check,
            "severity": self.severity,
            "evidence": dict(self.evidence),
            "message": self.message,
            "cause": self.cause,
            "rows": list(self.rows),
        }


@dataclass(frozen=True, slots=True)
class Trouble:
    """A check that could not be done, and why: it counts as an error, never as a pass."""

    check: str
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What a check looked at.

    Parameters
    ----------
    columns : int
        How many columns it was applied to; 0 where it looks at the table as a whole.
    short : str
        Why it can say nothing yet, such as too few rows; empty where it could.
    """

    check: str
    columns: int
    short: str = ""


@dataclass(frozen=True, slots=True)
class Validation:
    """The result of a validation.

    Parameters
    ----------
    name : str
        The table's.
    rows, columns : int
        How large it is.
    compared : tuple of str
        What it was held against, such as `the schema orders.yaml`.
    notes : tuple of str
        How the table is written.
    advice : tuple of str
        What would make the validation say more.
    """

    name: str
    rows: int
    columns: int
    findings: tuple[Finding, ...] = ()
    errors: tuple[Trouble, ...] = ()
    looked: tuple[Looked, ...] = ()
    compared: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    advice: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """The worst of what is known: error, fail, insufficient, warn, pass. A table that nothing looked at is an error."""
        if self.errors or not self.looked:
            return "error"
        severities = {finding.severity for finding in self.findings}
        if "fail" in severities:
            return "fail"
        if any(each.short for each in self.looked):
            return "insufficient"
        return "warn" if severities else "pass"

    @property
    def exit_code(self) -> int:
        """0 for pass and warn, 1 for fail and insufficient, 5 for error."""
        return exit_code(self.verdict)

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON of a validation: `validate --json`, and `validation.json`."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "table": self.name,
            "rows": self.rows,
            "columns": self.columns,
            "compared": list(self.compared),
            "findings": [finding.to_wire() for finding in self.findings],
            "errors": [
                {"check": each.check, "column": each.column, "message": each.message} for each in self.errors
            ],
            "checks": [
                {"check": each.check, "columns": each.columns, "insufficient": each.short or None}
                for each in self.looked
            ],
            "notes": [*self.advice, *self.notes],
        }
