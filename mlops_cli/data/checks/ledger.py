"""What checks write into: findings with the severity that was asked for, what was looked at, what could not be done."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlops_cli.data.checks.catalogue import CATALOGUE
from mlops_cli.data.checks.model import MOST_ROWS, Finding, Looked, Trouble
from mlops_cli.errors import MlopsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlops_cli.data.checks.model import Evidence, Severity
    from mlops_cli.data.checks.schema import TableSchema


@dataclass(slots=True)
class Ledger:
    """One validation while it is being made."""

    schema: TableSchema
    findings: list[Finding] = field(default_factory=list)
    errors: list[Trouble] = field(default_factory=list)
    _columns: dict[str, int] = field(default_factory=dict)
    _short: dict[str, str] = field(default_factory=dict)

    def on(self, check: str, column: str = "") -> bool:
        """Whether a check is wanted."""
        return self.schema.asked(check, column) != "off"

    def find(
        self,
        check: str,
        column: str,
        message: str,
        cause: str,
        evidence: Evidence,
        *,
        rows: Iterable[int] = (),
        severity: Severity | None = None,
    ) -> None:
        """Keep a finding.

        Parameters
        ----------
        severity : str, optional
            What the check makes of it; that of the catalogue by default. The schema file has the last word.
        """
        asked = self.schema.asked(check, column)
        if asked == "off":
            return
        chosen = asked or severity or CATALOGUE[check].severity
        shown = tuple(int(row) for _, row in zip(range(MOST_ROWS), rows, strict=False))
        self.findings.append(Finding(column, check, chosen, evidence, message, cause, shown))

    def has(self, check: str, column: str) -> bool:
        """Whether a check found something in a column, by itself or together with others."""
        return any(
            each.check == check and (each.column == column or column in _together(each))
            for each in self.findings
        )

    def look(self, check: str, column: str = "") -> None:
        """Note that a check looked at a column, or at the table."""
        self._columns[check] = self._columns.get(check, 0) + bool(column)

    def cannot_say(self, check: str, why: str) -> None:
        """Note that there are too few rows for a check."""
        self._columns.setdefault(check, 0)
        self._short[check] = why

    def cannot_do(self, check: str, why: str, column: str = "") -> None:
        """Note that a check that was asked for cannot be done: an error, unless it is off."""
        if self.on(check, column):
            self.errors.append(Trouble(check, column, why))

    @contextmanager
    def guard(self, check: str, column: str = "") -> Iterator[None]:
        """Make an error of whatever goes wrong inside: a check that crashed has not passed."""
        try:
            yield
        except MlopsError as error:
            self.cannot_do(check, error.message, column)
        except Exception as error:  # noqa: BLE001 - silence is the one thing a check must never answer with
            self.cannot_do(check, f"{type(error).__name__}: {error}", column)

    @property
    def looked(self) -> tuple[Looked, ...]:
        """What was looked at, in the order of the catalogue."""
        return tuple(
            Looked(check, self._columns[check], self._short.get(check, ""))
            for check in CATALOGUE
            if check in self._columns
        )

    def told(self) -> tuple[Finding, ...]:
        """Return the findings that no other one explains: failures first, then by column in the order of finding."""
        explained = {
            (finding.column, check)
            for finding in self.findings
            for check in CATALOGUE[finding.check].explains
        }
        for finding in self.findings:  # one finding on many columns explains each of them
            for column in _together(finding):
                explained |= {(column, check) for check in CATALOGUE[finding.check].explains}
        left = [each for each in self.findings if (each.column, each.check) not in explained]
        return tuple(sorted(left, key=lambda each: each.severity != "fail"))


def _together(finding: Finding) -> list[str]:
    """Return the columns of a finding on several."""
    named = finding.evidence.get("columns")
    return [str(column) for column in named] if isinstance(named, list) else []
