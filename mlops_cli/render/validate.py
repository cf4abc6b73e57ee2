"""What `validate` says."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Any

from mlops_cli.render.lists import list_text
from mlops_cli.render.sizes import count_text
from mlops_cli.render.table_notes import notes_text

if TYPE_CHECKING:
    from mlops_cli.actions.validate import InferResult
    from mlops_cli.data.checks.model import Finding, Validation

_WIDTH = 110  # where the terminal has no say
_ROWS = 8
# Blanks at the ends of a value in quotes stay with it: to show them is what the quotes are for.
_QUOTED, _HELD = re.compile(r'"( *)([^"]*?)( *)"'), "\x00"
_HEAD = ("severity", "column", "check", "message", "cause", "rows", "evidence")


def validate_text(result: Validation, form: str, *, width: int | None = None) -> str:
    """Return what was found in one of its forms; for eyes each finding is a block."""
    if form != "table":
        return list_text(_HEAD, [_row(finding) for finding in result.findings], form)
    blocks = [_block(finding, width or _WIDTH) for finding in result.findings]
    for error in result.errors:
        head = "  ".join(part for part in ("error", error.check, error.column) if part)
        blocks.append(f"{head}\n{_wrapped(error.message, width or _WIDTH)}")
    return "".join(f"{block}\n" for block in blocks)


def _block(finding: Finding, width: int) -> str:
    head = "  ".join(part for part in (finding.severity.ljust(5), finding.column, finding.check) if part)
    lines = [head, _wrapped(finding.message, width), _wrapped(f"Likely: {finding.cause}.", width)]
    if finding.rows:
        shown = ", ".join(str(row) for row in finding.rows[:_ROWS])
        more = ", …" if len(finding.rows) > _ROWS else ""
        lines.append(_wrapped(f"Rows {shown}{more}" if len(finding.rows) > 1 else f"Row {shown}", width))
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> str:
    indent = " " * 7
    filled = textwrap.fill(
        _QUOTED.sub(lambda found: f'"{_HELD * len(found[1])}{found[2]}{_HELD * len(found[3])}"', text),
        max(40, width),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(_HELD, " ")


def _row(finding: Finding) -> tuple[str, ...]:
    return (
        finding.severity,
        finding.column,
        finding.check,
        finding.message,
        finding.cause,
        " ".join(str(row) for row in finding.rows),
        json.dumps(finding.evidence, ensure_ascii=False),
    )


def validate_summary(result: Validation, *, everything: bool = False) -> str:
    """Return sentences on the whole; how the table is written in one line, unless everything is wanted."""
    fails = sum(finding.severity == "fail" for finding in result.findings)
    warns = len(result.findings) - fails
    found = [
        count_text(number, word) for number, word in ((fails, "failure"), (warns, "warning")) if number
    ] or ["nothing found"]
    size = f"{count_text(result.rows, 'row')}, {count_text(result.columns, 'column')}"
    held = f" Held against {', '.join(result.compared)}." if result.compared else ""
    where = f"{result.name} ({size}), {count_text(len(result.looked), 'check')}"
    if result.errors:
        found = [
            f"{count_text(len(result.errors), 'check')} could not be made",
            *(found if result.findings else []),
        ]
    elif not result.looked:
        found = ["nothing was checked"]
    lines = [f"{result.verdict.capitalize()}: {_and(found)} in {where}.{held}"]
    short: dict[str, list[str]] = {}
    for each in result.looked:
        if each.short:
            short.setdefault(each.short, []).append(each.check)
    lines += [f"{', '.join(checks)} can say nothing: {why}." for why, checks in short.items()]
    lines += result.advice
    return "".join(f"{line}\n" for line in lines) + notes_text(result.notes, everything=everything)


def _and(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def validate_wire(result: Validation) -> dict[str, Any]:
    """Return the shape of `validate --json`, which is that of `validation.json`."""
    return result.to_wire()


def infer_text(result: InferResult) -> str:
    """Return what is printed: the schema file itself, where it was not written."""
    return "" if result.file else result.text


def infer_notice(result: InferResult) -> str:
    """Return what there is to say of a file that was written."""
    return f"Wrote {result.file}: read it, change what is not meant, and commit it.\n" if result.file else ""


def infer_wire(result: InferResult) -> dict[str, Any]:
    """Return the shape of `validate --infer --json`."""
    return {"schema": 1, "file": result.file or None, "text": result.text}
