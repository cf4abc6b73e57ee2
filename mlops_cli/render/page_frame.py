"""The frame of every page that needs nothing else: no network, no program, one style for screens, dark rooms and paper."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from mlops_cli.render.page_parts import badge, facts, name, paragraph, text
from mlops_cli.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCREEN = ' class="screen"'
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class Head:
    """What stands on top of a page.

    Attributes
    ----------
    kind : str
        What the page is, in one or two words.
    title : str
        What it is about: a name, shown as it is.
    sentence : str
        What came out.
    verdict : str
        Its verdict; empty where there is none.
    more : str
        A second, quieter sentence.
    facts : sequence of (str, str)
        Titles with HTML.
    """

    kind: str
    title: str
    sentence: str = ""
    verdict: str = ""
    more: str = ""
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: its anchor, its title, a sentence on what it shows, and HTML. Without HTML it is left out.

    With `screen` it is not printed: what is folded away on a screen has no place on paper.
    """

    anchor: str
    title: str
    html: str
    said: str = ""
    screen: bool = False


def page(head: Head, sections: Sequence[Section], colophon: str = "") -> str:
    """Return a whole page.

    Parameters
    ----------
    colophon : str
        A text at the end.
    """
    shown = [section for section in sections if section.html]
    links = "".join(f'<a href="#{part.anchor}">{text(part.title, 60)}</a>' for part in shown)
    body = "".join(
        f'<section id="{part.anchor}"{_SCREEN if part.screen else ""}><h2>{text(part.title, 200)}</h2>\n'
        f"{paragraph(part.said, 'quiet')}{part.html}</section>\n"
        for part in shown
    )
    style = "".join(
        (files("mlops_cli.render") / "page" / part).read_text(encoding="utf-8")
        for part in ("page.css", "chart.css")
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<link rel="icon" href="data:,">
<title>{text(f"{head.kind}: {head.title}", 200)}</title>
<style>
{style}</style>
</head>
<body>
<div class="page">
<header>
<p class="kicker">{text(head.kind)}</p>
<h1>{name(head.title, 200)}</h1>
{_said(head)}{facts(head.facts)}{f'<nav aria-label="Parts of this page">{links}</nav>' if len(shown) > 2 else ""}
</header>
<main>
{body}</main>
<footer>{paragraph(colophon)}Made by mlops {text(VERSION)}. This page needs no network and runs no program.</footer>
</div>
</body>
</html>
"""


def card(html: str, title: str = "", beside: str = "", under: str = "", *, broad: bool = False) -> str:
    """Return a card; title, what stands at its right and what stands small under it are HTML.

    A broad one takes two places of a grid.
    """
    small = f"<small>{under}</small>" if under else ""
    top = (
        f'<div class="card-head"><div><h3>{title}</h3>{small}</div>{beside}</div>\n'
        if title or beside
        else ""
    )
    look = "card broad" if broad else "card"
    return f'<article class="{look}">{top}{html}</article>\n'


def grid(cards: Sequence[str], kind: str = "") -> str:
    """Return cards beside each other, as many as there is room for."""
    return f'<div class="grid {kind}">{"".join(cards)}</div>\n' if cards else ""


def tile(title: str, figure: str, under: str = "") -> str:
    """Return one large number; title, figure and what stands under it are HTML."""
    small = f'<p class="under">{under}</p>' if under else ""
    return f'<div class="tile"><p class="title">{title}</p><p class="figure">{figure}</p>{small}</div>\n'


def tiles(found: Sequence[str]) -> str:
    """Return large numbers beside each other."""
    return f'<div class="tiles">{"".join(found)}</div>\n' if found else ""


def _said(head: Head) -> str:
    if not head.sentence:
        return ""
    more = f"<p>{text(head.more)}</p>" if head.more else ""
    sign = badge(head.verdict) if head.verdict else ""
    return f'<div class="verdict {head.verdict or "plain"}">{sign}<div><p>{text(head.sentence)}</p>{more}</div></div>\n'
