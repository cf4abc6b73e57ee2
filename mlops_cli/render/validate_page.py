"""A validation as one page: what is wrong with a table, the evidence, and what most likely happened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_cli.data.checks.catalogue import CATALOGUE
from mlops_cli.render.page_frame import Head, Section, card, page, tile, tiles
from mlops_cli.render.page_numbers import amount_text, p_text
from mlops_cli.render.page_parts import Cell, facts, name, note, paragraph, table, text
from mlops_cli.render.sizes import count_text
from mlops_cli.render.table_notes import sentence

if TYPE_CHECKING:
    from mlops_cli.data.checks.model import Finding, Validation

_SHOWN = 200  # findings of a severity


def validate_page(validation: Validation) -> str:
    """Return the page of a validation."""
    fails = [finding for finding in validation.findings if finding.severity == "fail"]
    warns = [finding for finding in validation.findings if finding.severity == "warn"]
    short = [looked for looked in validation.looked if looked.short]
    compared = ", ".join(validation.compared) or "itself alone"
    head = Head(
        "Validation",
        validation.name,
        _sentence(validation, len(fails), len(warns)),
        validation.verdict,
        facts=[
            ("rows", f"{validation.rows:,}"),
            ("columns", f"{validation.columns:,}"),
            ("held against", text(compared)),
        ],
    )
    counted = [
        tile("failures", f"{len(fails):,}", "stop what is downstream"),
        tile("warnings", f"{len(warns):,}", "stop nothing"),
        tile(
            "checks",
            f"{len(validation.looked):,}",
            f"{len(short)} without enough rows" if short else "all could be made",
        ),
    ]
    if validation.errors:
        counted.append(tile("errors", f"{len(validation.errors):,}", "checks that could not be made"))
    troubles = "".join(
        note("error", f"{_where(each.column)}{text(each.check)}", paragraph(each.message))
        for each in validation.errors
    )
    sections = [
        Section("count", "In numbers", tiles(counted)),
        Section(
            "errors",
            "Could not be checked",
            troubles,
            "A check that cannot be made counts as an error, never as a pass.",
        ),
        Section("fail", "Failures", _findings(fails)),
        Section("warn", "Warnings", _findings(warns)),
        Section("checks", "What was looked at", _looked(validation)),
        Section("notes", "Notes", _notes(validation)),
    ]
    return page(head, sections)


def _sentence(validation: Validation, fails: int, warns: int) -> str:
    parts = [count_text(fails, "failure")] if fails else []
    parts += [count_text(warns, "warning")] if warns else []
    parts += [f"{count_text(len(validation.errors), 'check')} could not be made"] if validation.errors else []
    if not validation.looked:
        return "Nothing was checked, and that is an error: a table that nobody looked at does not pass."
    if not parts:
        short = sum(1 for looked in validation.looked if looked.short)
        return (
            f"{count_text(short, 'check')} had too few rows to say anything."
            if short
            else "Nothing wrong was found."
        )
    return ", ".join(parts) + "."


def _where(column: str) -> str:
    return f"{name(column)}: " if column else ""


def _findings(findings: list[Finding]) -> str:
    parts = [_finding(finding) for finding in findings[:_SHOWN]]
    rest = len(findings) - _SHOWN
    return "".join(parts) + (
        paragraph(f"{rest:,} more: mlops validate --json has them all.", "quiet") if rest > 0 else ""
    )


def _finding(finding: Finding) -> str:
    title = f"{name(finding.column) if finding.column else 'the whole table'} <small>{text(finding.check)}</small>"
    parts = [paragraph(finding.message)]
    if finding.cause:
        parts.append(f'<p class="quiet">Likely cause: {text(finding.cause)}</p>')
    rows = [(key.replace("_", " "), _evidence(key, value)) for key, value in finding.evidence.items()]
    if finding.rows:
        rows.append(("first rows, counted from 0", ", ".join(f"{row:,}" for row in finding.rows)))
    parts.append(facts(rows))
    return note(finding.severity, title, "".join(parts))


def _evidence(key: str, value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, (int, float)):
        return p_text(value) if key in ("p", "p_value") else amount_text(value)
    if isinstance(value, str):
        return name(value, 400)
    return text(json.dumps(value, ensure_ascii=False, default=str), 1000)


def _notes(validation: Validation) -> str:
    every = (*validation.advice, *validation.notes)
    if not every:
        return ""
    return card(
        '<ul class="plain">' + "".join(f"<li>{text(sentence(said))}</li>" for said in every) + "</ul>"
    )


def _looked(validation: Validation) -> str:
    found: dict[str, int] = {}
    for finding in validation.findings:
        found[finding.check] = found.get(finding.check, 0) + 1
    rows = [
        (
            Cell(text(looked.check)),
            Cell(text(CATALOGUE[looked.check].finds) if looked.check in CATALOGUE else ""),
            Cell(f"{looked.columns:,}" if looked.columns else "whole table", number=True),
            Cell(f"{found[looked.check]:,}" if looked.check in found else "none", number=True),
            Cell(text(looked.short)),
        )
        for looked in validation.looked
    ]
    return (
        card(table(("check", "it finds", "columns", "findings", "why it says nothing yet"), rows))
        if rows
        else ""
    )
