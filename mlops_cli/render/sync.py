"""What `sync` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.formats.quantities import size_text
from mlops_cli.render.plain import plain
from mlops_cli.render.short import short_text
from mlops_cli.render.sizes import count_text

if TYPE_CHECKING:
    from mlops_cli.actions.sync import Offer, SyncResult, Theirs
    from mlops_cli.history.exchange import Content

_SCHEMA = 1
_NAMED = 5  # people whom the question names


def offer_text(offer: Offer) -> str:
    """Return what would become visible, before anybody is asked to agree."""
    size = "" if offer.bytes is None else f" ({size_text(offer.bytes)})"
    lines = [
        f"New for {offer.remote}, and then visible to everybody who can read it: {content_text(offer.content)}{size}."
    ]
    shown = "parameters, metrics, messages, notes, program lines, package versions"
    if offer.people:
        rest = len(offer.people) - _NAMED
        names = ", ".join(offer.people[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
        shown = f"{names}; {shown}"
    lines.append(f"They show: {shown}.")
    if offer.content.snapshots:
        lines.append(f"Snapshots are the code as it lay there when a run began, {_new_code(offer)}.")
    if offer.secrets:
        rest = len(offer.secrets) - _NAMED
        names = ", ".join(plain(each) for each in offer.secrets[:_NAMED])
        more = f" and {rest:,} more" if rest > 0 else ""
        lines.append(f"These commits have what looks like a secret, and it is sent with them: {names}{more}.")
    return "".join(f"{line}\n" for line in lines)


def _new_code(offer: Offer) -> str:
    """Return which of the code nobody could read so far: what was not committed, and commits that were not pushed."""
    parts = []
    if offer.uncommitted:
        parts.append(f"{offer.uncommitted:,} with what was not committed")
    if offer.commits:
        shown = [
            f"{each.id[:10]} {short_text(plain(each.subject))}".strip() for each in offer.commits[:_NAMED]
        ]
        shown += [f"and {len(offer.commits) - _NAMED:,} more"] if offer.commits[_NAMED:] else []
        count = count_text(len(offer.commits), "commit")
        parts.append(f"those of {count} that {offer.remote} does not have: {'; '.join(shown)}")
    if not parts:
        return f"here all of commits that {offer.remote} has"
    return f"of which {offer.remote} has not seen {', and '.join(parts)}"


def content_text(content: Content) -> str:
    """Return what a part of a journal holds.

    Examples
    --------
    >>> from mlops_cli.history.exchange import Content
    >>> content_text(Content(2, 0, 1))
    '2 runs and 1 snapshot'
    """
    counts = [
        count_text(content.runs, "run") if content.runs else "",
        count_text(content.events, "note") if content.events else "",
        count_text(content.snapshots, "snapshot") if content.snapshots else "",
    ]
    *first, last = [count for count in counts if count] or ["nothing"]
    return f"{', '.join(first)} and {last}" if first else last


def sync_text(result: SyncResult) -> str:
    """Return what was sent and what came."""
    lines = []
    if result.regained:
        lines.append(
            f"our own journal on {result.remote} had {content_text(result.regained)} that this clone lacked"
        )
    lines += [_came(each, dry=result.dry) for each in result.theirs if not each.refused]
    if result.offer:
        word = "sent" if result.pushed else "not sent"
        lines.append(f"{word}: {content_text(result.offer.content)}")
    if not lines and result.good:
        lines.append(f"everything is shared with {result.remote} already")
    return "".join(f"{line}\n" for line in lines)


def _came(each: Theirs, *, dry: bool) -> str:
    return f"{each.clone} has something new" if dry else f"from {each.clone}: {content_text(each.content)}"


def refused_text(result: SyncResult) -> str:
    """Return which journals were not taken, and why."""
    lines = [
        f"the journal of {each.clone} was not taken: {each.refused}" for each in result.theirs if each.refused
    ]
    return "".join(f"mlops: {line}\n" for line in lines)


def sync_wire(result: SyncResult) -> dict[str, Any]:
    """Return the result as JSON has it."""
    offer = result.offer
    return {
        "schema": _SCHEMA,
        "remote": result.remote,
        "dry": result.dry,
        "pushed": result.pushed,
        "offer": None
        if offer is None
        else {
            **_content(offer.content),
            "bytes": offer.bytes,
            "people": list(offer.people),
            "uncommitted": offer.uncommitted,
            "commits": [each._asdict() for each in offer.commits],
            "secrets": list(offer.secrets),
        },
        "fetched": [
            {"clone": each.clone, **_content(each.content), "refused": each.refused or None}
            for each in result.theirs
        ],
        "regained": _content(result.regained),
    }


def _content(content: Content) -> dict[str, int]:
    return {"runs": content.runs, "events": content.events, "snapshots": content.snapshots}
