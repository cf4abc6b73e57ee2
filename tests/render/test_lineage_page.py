"""The page of a lineage: read as a file, and opened in a real browser."""

from __future__ import annotations

import html.parser
import json
import re
from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.lineage import Asked, LineageResult
from mlops_cli.history.lineage.up import what_made
from mlops_cli.render.lineage_page import lineage_page
from tests.support.browser import Browser
from tests.support.lineages import PREPARE, RAW, TRAIN, WARM, Told, made, named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlops_cli.history.known import KnownRun

HOSTILE = "</script><script>window.hurt=1</script>\"'`${x}<img src=x onerror=hurt()>&amp;\x1b[1m\n.csv"


def page_of(
    told: Told, start: str = "model 2", path: str = "models/m.joblib", ref: str = "models/m.joblib"
) -> str:
    return lineage_page(LineageResult(Asked(ref), what_made(told, [named(path, start)])))


def small() -> str:
    return page_of(Told([PREPARE, TRAIN, WARM], [RAW]))


def large(members: int) -> str:
    rows = [
        made(f"train@{n}", {f"data/{n}.csv": f"data {n}"}, {f"models/{n}.joblib": f"model {n}"})
        for n in range(members)
    ]
    choice = made(
        "choose", {f"models/{n}.joblib": f"model {n}" for n in range(members)}, {"models/best.joblib": "best"}
    )
    return page_of(Told([*rows, choice]), "best", "models/best.joblib")


def hostile() -> str:
    rows = [
        made(HOSTILE, {HOSTILE: "x"}, {"models/m.joblib": "model 2"}, params={HOSTILE: {HOSTILE: HOSTILE}})
    ]
    return page_of(Told(rows), ref=HOSTILE)


def test_the_page_needs_nothing_from_outside() -> None:
    text = small()
    assert re.findall(r'(?:src|href)="(?!data:,|#)', text) == []
    assert "url(" not in text.replace("url(#arrowhead)", "")
    assert "default-src 'none'" in text


def test_names_cannot_leave_their_place() -> None:
    text = hostile()
    assert text.count("<script") == 2
    assert text.count("</script>") == 2
    assert "<img" not in text
    assert "\x1b" not in text
    rows = json.loads(text.partition('id="nodes">')[2].partition("</script>")[0])
    assert any("onerror" in row["label"] for row in rows)


def test_every_tag_is_closed() -> None:
    class Checker(html.parser.HTMLParser):
        open_tags: list[str] = []  # noqa: RUF012 - one checker a test

        def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - as the parser calls it
            if tag not in ("meta", "link", "input"):
                self.open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open_tags.pop() == tag

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            pass

    checker = Checker()
    checker.feed(hostile())
    assert checker.open_tags == []


def test_a_graph_that_is_too_large_is_folded_and_the_page_says_so() -> None:
    assert 'class="said"' not in large(20)
    text = large(300)
    assert text.count('<g class="node') <= 200
    assert "nodes were put together" in text


def test_the_line_below_a_name_loses_its_end_and_never_the_time() -> None:
    class Maintained(Told):
        def run(self, run_id: str) -> KnownRun | None:
            found = super().run(run_id)
            return found and found._replace(author="Ada and her many maintainers")

    text = page_of(Maintained([TRAIN]), "model 1")
    assert re.search(r">\d{4}-\d\d-\d\d \d\d:\d\d Ada[^<]*…</text>", text)


# In a browser ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    profile = tmp_path / "profile"
    profile.mkdir()
    with Browser(profile) as found:
        yield found


def show(browser: Browser, folder: Path, text: str) -> None:
    page = folder / "lineage.html"
    page.write_text(text, encoding="utf-8")
    browser.open(page)


def test_a_click_on_a_node_shows_its_facts_and_nothing_is_fetched(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, small())
    drawn = browser.value(
        "[...document.querySelectorAll('.node')].map(n => n.getBoundingClientRect().width > 20)"
    )
    assert len(drawn) > 8
    assert all(drawn)
    assert "model" in browser.value("document.getElementById('facts').textContent")
    browser.click('.node[aria-label="data data/raw.csv"]')
    facts = browser.value("document.getElementById('facts').innerText")
    assert "s3://bucket/raw.csv" in facts
    assert named("", "raw").artifact.digest in facts
    assert browser.value("document.querySelectorAll('.node.far').length") > 0
    assert [url for url in browser.requests() if not url.startswith(("file:", "data:"))] == []
    assert browser.complaints() == []


def test_the_keyboard_alone_is_enough(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, small())
    browser.value("document.querySelector('.node.run').focus()")
    browser.press("Enter")
    assert "program" in browser.value("document.getElementById('facts').innerText")
    name = browser.value("document.activeElement.getAttribute('aria-label')")
    browser.press("ArrowLeft")
    assert browser.value("document.activeElement.getAttribute('aria-label')") != name
    browser.press("Escape")
    assert "Choose a node" in browser.value("document.getElementById('facts').innerText")


def test_finding_a_node_chooses_it(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, large(60))
    browser.value(
        "(() => { const f = document.getElementById('find'); f.value = 'data/42'; f.dispatchEvent(new Event('input')); })()"
    )
    assert "data/42.csv" in browser.value("document.getElementById('facts').innerText")


def test_no_two_nodes_lie_over_each_other(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, large(60))
    overlaps = browser.value(
        """(() => { const b = [...document.querySelectorAll('.node rect')].map(n => n.getBoundingClientRect());
        let n = 0; for (let i = 0; i < b.length; i++) for (let j = 0; j < i; j++)
          if (b[i].left < b[j].right && b[j].left < b[i].right && b[i].top < b[j].bottom && b[j].top < b[i].bottom) n++;
        return n; })()"""
    )
    assert overlaps == 0


def test_a_phone_shows_everything_without_scrolling_sideways(browser: Browser, tmp_path: Path) -> None:
    browser.ask("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=2, mobile=True)
    show(browser, tmp_path, small())
    assert browser.value("document.documentElement.scrollWidth") <= 390
    browser.click(".node.data")
    assert browser.value("document.getElementById('facts').getBoundingClientRect().width") > 300


def test_names_that_mean_harm_do_none(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, hostile())
    for kind in ("run", "params"):
        browser.click(f".node.{kind}")
        assert "onerror" in browser.value("document.getElementById('facts').innerText")
    assert browser.value("window.hurt") is None
    assert browser.value("document.querySelectorAll('img').length") == 0
    assert browser.complaints() == []


def test_every_text_stays_in_its_node(browser: Browser, tmp_path: Path) -> None:
    wide = {"W" * 60: "m", "木" * 40: "i", "reports/2026/quarterly-summary-for-maintainers.parquet": "0" * 60}
    rows = [
        made(name, {}, {f"{name}.csv": name}, params={name: {value: value * 40}})
        for name, value in wide.items()
    ]
    last = made("train", {f"{name}.csv": name for name in wide}, {"models/m.joblib": "model 2"})
    show(browser, tmp_path, page_of(Told([*rows, last])))
    room = """[...document.querySelectorAll('.node')].flatMap(node => {
        const box = node.querySelector('rect').getBBox();
        return [...node.querySelectorAll('text')].map(text => {
            const own = text.getBBox(); return box.x + box.width - own.x - own.width; }); })"""
    found = browser.value(room)
    assert len(found) > 20
    assert min(found) > 4
