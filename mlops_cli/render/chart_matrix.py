"""A matrix of counts: true classes below each other, answers beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_cli.render.page_numbers import share_text
from mlops_cli.render.page_parts import name, text

if TYPE_CHECKING:
    from collections.abc import Sequence

_LARGE = 6  # classes; with more only the shares would not fit
_DARKEST = 62  # percent of colour, so that texts stay readable on it


def matrix_chart(title: str, classes: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Return counts with the share of their row, the darker the larger the share; right answers and wrong ones differ in colour.

    Parameters
    ----------
    classes : sequence of str
        Of rows and columns alike.
    counts : sequence of sequence of int
        Rows by true class, then by answer.
    """
    heads = "".join(f'<th scope="col">{name(each, 40)}</th>' for each in classes)
    lines = []
    for place, label in enumerate(classes):
        row = counts[place]
        total = sum(row)
        cells = "".join(
            _cell(count, total, right=place == other, small=len(classes) <= _LARGE)
            for other, count in enumerate(row)
        )
        lines.append(f'<tr><th scope="row">{name(label, 40)}</th>{cells}</tr>\n')
    many = "" if len(classes) <= _LARGE else " many"
    corner = '<th class="corner">truly ↓ answered →</th>'
    return (
        f'<figure class="chart"><figcaption>{text(title)}</figcaption>'
        '<p class="quiet"><small>rows, and their share of the true class</small></p>'
        f'<div class="scroll"><table class="matrix{many}"><thead><tr>{corner}{heads}</tr></thead>'
        f"<tbody>\n{''.join(lines)}</tbody></table></div></figure>\n"
    )


def _cell(count: int, total: int, *, right: bool, small: bool) -> str:
    share = count / total if total else None
    said = share_text(share) if share is not None else "no rows"
    weight = round(_DARKEST * share) if share is not None else 0
    below = f"<small>{said}</small>" if small else ""
    look = "" if right else ' class="off"'
    return f'<td{look} style="--w:{weight}" title="{said}">{count:,}{below}</td>'
