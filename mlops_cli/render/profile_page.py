"""A profile as one page: a row and a card a column, what goes together, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.data.profile import reading
from mlops_cli.render.chart_rows import Line, Row, rows_chart
from mlops_cli.render.chart_scale import MINUS, fixed_scale
from mlops_cli.render.page_frame import Head, Section, card, grid, page
from mlops_cli.render.page_numbers import ABSENT, share_text
from mlops_cli.render.page_parts import Cell, details, name, paragraph, table, text
from mlops_cli.render.profile_page_columns import column_card, distinct_text, sparkline
from mlops_cli.render.sizes import count_text
from mlops_cli.render.table_notes import sentence

if TYPE_CHECKING:
    from mlops_cli.data.profile.model import Profile

_CARDS = 120  # columns that are drawn
_ROWS = 300  # columns in the table
_PAIRS = 15
_TOGETHER = 0.3  # rank correlations from here on are shown


def profile_page(profile: Profile, title: str = "Profile of a table") -> str:
    """Return the page of a profile."""
    missing = sum(column.missing for column in profile.columns)
    cells = profile.rows * len(profile.columns)
    counted = f"{count_text(profile.rows, 'row')} and {count_text(len(profile.columns), 'column')}"
    gaps = (
        f"; {share_text(missing / cells)} of all values are missing"
        if cells and missing
        else "; no value is missing"
        if cells
        else ""
    )
    head = Head(
        "Profile",
        title,
        f"{counted}{gaps}.",
        facts=[
            *([("stage", text(profile.stage))] if profile.stage else []),
            (
                "role",
                "baseline: it fixed its own bins"
                if profile.baseline
                else "counted on the bins of a baseline",
            ),
            ("rows that repeat another", _repeated(profile)),
            *(
                [
                    (
                        "made from",
                        f"<code>{text(profile.sources[0][:19])}…</code>" + _more(len(profile.sources)),
                    )
                ]
                if profile.sources
                else []
            ),
        ],
    )
    shown = profile.columns[:_CARDS]
    rest = len(profile.columns) - len(shown)
    cards = grid([column_card(column) for column in shown])
    if rest > 0:
        cards += paragraph(
            f"{count_text(rest, 'more column')}: their figures are in the table above.", "quiet"
        )
    sections = [
        Section("all", "All columns", _table(profile)),
        Section("columns", "Column by column", cards, "Shares of all rows, missing ones included."),
        Section("together", "What goes together", _together(profile)),
        Section("notes", "How the table is written", _notes(profile)),
    ]
    return page(head, sections, "A value is kept only where at least five rows of the baseline have it.")


def _notes(profile: Profile) -> str:
    if not profile.warnings:
        return ""
    said = "".join(f"<li>{text(sentence(each))}</li>" for each in profile.warnings)
    return card(f'<ul class="plain">{said}</ul>')


def _repeated(profile: Profile) -> str:
    share = profile.duplicate_share
    known = profile.different_rows is not None or profile.sample.complete
    if share is None:
        return ABSENT
    if not share:
        return "none" if known else "none in a sample"
    return share_text(share) if known else f"about {share_text(share)}"


def _more(count: int) -> str:
    return f" and {count - 1:,} more" if count > 1 else ""


def _table(profile: Profile) -> str:
    rows = [
        (
            Cell(name(column.name)),
            Cell(text(column.kind)),
            Cell(sparkline(column)),
            Cell(share_text(column.missing_share) if column.rows else "no rows", number=True),
            Cell(distinct_text(column), number=True),
        )
        for column in profile.columns[:_ROWS]
    ]
    rest = len(profile.columns) - len(rows)
    more = (
        paragraph(f"{count_text(rest, 'more column')}: mlops profile show --json has them all.", "quiet")
        if rest > 0
        else ""
    )
    return (
        card(table(("column", "kind", "shape", "missing", "different"), rows, kind="plain sparks") + more)
        if rows
        else ""
    )


def _together(profile: Profile) -> str:
    parts = []
    pairs = sorted(_correlations(profile), key=lambda pair: -abs(pair[2]))
    strong = [pair for pair in pairs if abs(pair[2]) >= _TOGETHER][:_PAIRS]
    if strong:
        rows = [
            Row(
                f"{name(a)} <small>and {name(b)}</small>",
                rho,
                None,
                None,
                f'<span class="value">{_rho(rho)}</span>',
                bar=True,
            )
            for a, b, rho in strong
        ]
        scale = fixed_scale(-1.0, 1.0, (-1.0, -0.5, 0.0, 0.5, 1.0))
        parts.append(
            card(
                rows_chart("Rank correlations", rows, scale, [Line(0.0, "", "zero")]),
                "Rank correlation",
                "",
                f"1: both rise; {MINUS}1: one falls as the other rises",
            )
        )
    missing = [pair for pair in profile.missing_pairs if pair.rows][:_PAIRS]
    if missing:
        cells = [
            (Cell(name(pair.first)), Cell(name(pair.second)), Cell(f"{pair.rows:,}", number=True))
            for pair in missing
        ]
        parts.append(
            card(
                details(
                    f"{count_text(len(cells), 'pair')} of columns that miss values in the same rows",
                    table(("column", "column", "rows"), cells),
                )
            )
        )
    return "".join(parts)


def _correlations(profile: Profile) -> list[tuple[str, str, float]]:
    found = reading.spearman(profile.ranks, profile.rows)
    return [(first, second, rho) for (first, second), rho in found.items() if rho is not None]


def _rho(rho: float) -> str:
    return f"{rho:+.2f}".replace("-", MINUS)
