"""What `compare` says as CSV: every number plain, and in a column of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from mlops_cli.history.conditions import shown
from mlops_cli.render.compare_rows import cell_text, code_lines, input_change, labels_of
from mlops_cli.render.lists import list_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlops_cli.actions.compare import CompareResult
    from mlops_cli.history.compare import Change, MetricRow, Row

_PARTS = ("low", "high", "n", "sd")  # of a metric, beside its value
# A name, a cell for each side, and what changed, how far and to what, for each but the first.
_Line: TypeAlias = "tuple[str, Sequence[str], Sequence[tuple[str, str, str]]]"


def compare_csv(result: CompareResult) -> str:
    """Return the comparison as rows: section, name, a column a side; then of each side but the first how it differs."""
    comparison = result.comparison
    labels = labels_of(comparison.sides, brief=False)
    others = [""] if len(labels) == 2 else [f" {label}" for label in labels[1:]]
    head = ["section", "name", *labels]
    head += [f"{what}{other}" for other in others for what in ("change", "relative", "verdict")]
    sections: dict[str, Iterator[_Line]] = {
        "metrics": (line for row in comparison.metrics for line in _metric(row)),
        "parameters": map(_plain, comparison.params),
        "data": _data(result),
        "commands": map(_plain, comparison.commands),
        "code": _code(result),
        "environment": map(_plain, comparison.environment),
        "parents": map(_plain, comparison.parents),
    }
    rows = [
        (title, name, *cells, *(text for change in changes for text in change))
        for title, lines in sections.items()
        for name, cells, changes in lines
    ]
    return list_text(head, rows, "csv")


def _metric(row: MetricRow) -> Iterator[_Line]:
    """Yield a metric, then its interval, the rows it stands on, and its spread where any side has them."""
    values = [None if cell is None else cell.raw if cell.value is None else cell.value for cell in row.cells]
    cells = ["" if cell is None else shown(value) for cell, value in zip(row.cells, values, strict=True)]
    yield row.name, cells, [_moved(change) for change in row.changes[1:]]
    for part in _PARTS:
        found = [None if cell is None else getattr(cell, part) for cell in row.cells]
        if any(value is not None for value in found):
            none = [("", "", "")] * (len(found) - 1)
            yield f"{row.name}.{part}", ["" if value is None else shown(value) for value in found], none


def _moved(change: Change | None) -> tuple[str, str, str]:
    if change is None:
        return "", "", ""
    relative = "" if change.relative is None else shown(change.relative)
    said = [change.mark or "", "intervals overlap" if change.overlap else ""]
    return shown(change.absolute), relative, ", ".join(filter(None, said))


def _plain(row: Row) -> _Line:
    said = [input_change(row), *[""] * len(row.cells)][: len(row.cells) - 1]
    return row.name, [_text(cell) for cell in row.cells], _said(said)


def _text(cell: Any) -> str:
    return "" if cell is None else cell_text(cell)


def _said(texts: Sequence[str]) -> list[tuple[str, str, str]]:
    return [(text, "", "") for text in texts]


def _data(result: CompareResult) -> Iterator[_Line]:
    yield from map(_plain, result.comparison.data)
    if result.profiles:
        from mlops_cli.render.compare_profiles import profile_lines

        for line in profile_lines(result.profiles, everything=result.comparison.everything, whole=True):
            yield line.name, line.cells, _said(line.changes[1:])


def _code(result: CompareResult) -> Iterator[_Line]:
    blank = [""] * len(result.comparison.sides)
    for path, lines in code_lines(result.code).items():
        yield path, blank, _said(lines)
