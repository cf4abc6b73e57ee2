"""What `verify` found, as text and as JSON."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from mlops_cli.history.trouble import Trouble, VerifyResult
    from mlops_cli.store.upkeep.referrers import Need

_MOST = 50
_MOST_NEEDS = 3


def verify_text(result: VerifyResult) -> str:
    """Return what was read in a sentence, when all of it is what it should be or has been mended."""
    read = (
        f"Read {count_text(result.objects, 'object')}, {size_text(result.bytes)},"
        f" {count_text(result.records, 'record')} and {count_text(result.results, 'result')}"
    )
    if not result.troubles:
        return f"{read}: everything is what it should be.\n"
    mended = sum(bool(trouble.repaired) for trouble in result.troubles)
    left = len(result.troubles) - mended
    parts = [f"{mended:,} mended"] if mended else []
    parts += [f"{left:,} not what they should be" if left > 1 else "1 not what it should be"] if left else []
    return f"{read}: {', '.join(parts)}.\n"


def troubles_text(
    result: VerifyResult, *, everything: bool = False, repaired: bool = False, remote: bool = False
) -> str:
    """Return what is wrong, a line a thing, with what needs it.

    Parameters
    ----------
    repaired : bool
        Whether mending was tried already.
    remote : bool
        Whether it is a remote that was read.
    """
    shown = result.troubles if everything or len(result.troubles) <= _MOST else result.troubles[:_MOST]
    lines = [line for trouble in shown for line in _lines(trouble)]
    if len(result.troubles) > len(shown):
        lines.append(f"and {len(result.troubles) - len(shown):,} more: see them with -v")
    lines += result.notices
    if result.dangling:
        many = count_text(result.dangling, "result")
        lines.append(f"{many} of earlier work have outputs that are not here; they count as absent")
    left = [trouble for trouble in result.troubles if not trouble.repaired]
    altered = next((trouble.name for trouble in left if trouble.altered), None)
    if altered is not None:
        lines.append(f"See who changed it with: git log -p -- {shlex.quote(altered)}")
    if any(not trouble.altered for trouble in left):
        lines.append(
            f"What another copy holds, bring with: mlops verify{' --remote' if remote else ''} --repair"
            if not repaired
            else "What is left has no good copy here: bring it with mlops pull, or make it again with mlops run"
        )
    return "".join(f"{line}\n" for line in lines)


def _lines(trouble: Trouble) -> list[str]:
    mended = f" - mended: {trouble.repaired}" if trouble.repaired else ""
    lines = [f"{trouble.kind} {trouble.name}: {trouble.reason}{mended}"]
    lines += [f"  needed: {_need(need)}" for need in trouble.needed[:_MOST_NEEDS]]
    if len(trouble.needed) > _MOST_NEEDS:
        lines.append(f"  and {len(trouble.needed) - _MOST_NEEDS:,} times more")
    return lines


def _need(need: Need) -> str:
    where = "" if need.where == "workspace" else f", in {need.where[:10]}"
    return f"{need.path} by {need.record}{where}"


def verify_wire(result: VerifyResult) -> dict[str, Any]:
    """Return the shape of `verify --json`."""
    return {
        "schema": 1,
        "good": result.good,
        "checked": {
            "objects": result.objects,
            "bytes": result.bytes,
            "records": result.records,
            "results": result.results,
        },
        "problems": [
            {
                "kind": trouble.kind,
                "name": trouble.name,
                "reason": trouble.reason,
                "needed": [
                    {
                        "path": n.path,
                        "record": n.record,
                        "commit": None if n.where == "workspace" else n.where,
                    }
                    for n in trouble.needed
                ],
                "repaired": trouble.repaired or None,
            }
            for trouble in result.troubles
        ],
        "dangling": result.dangling,
        "notices": list(result.notices),
    }
