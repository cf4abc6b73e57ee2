"""Pages in a real browser: nothing is asked for, nothing complains, every chart is drawn, nothing sticks out of a phone."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.render.test_pages import PAGES
from tests.support.browser import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Everything that is drawn, and whose box is empty or leaves the page to the side. What scrolls by itself may be wide.
STRAY = """[...document.querySelectorAll('.page *')].filter(e => {
  if (e.closest('.scroll, pre, .hidden, details:not([open])')) return false;
  const r = e.getBoundingClientRect();
  return r.width > 0 && (r.left < -0.5 || r.right > document.documentElement.clientWidth + 0.5);
}).map(e => e.tagName + '.' + (e.className.baseVal ?? e.className) + ' ' + e.textContent.slice(0, 60))"""
EMPTY = """[...document.querySelectorAll('figure.chart .plot > svg, table.rows td.draw > svg, svg.spark')]
  .filter(e => !e.closest('details:not([open])')).filter(e => {
    const r = e.getBoundingClientRect(); return r.width < 60 || r.height < 14; }).length"""
CHARTS = "document.querySelectorAll('figure.chart, table.rows').length"
CHARTS_OF = {
    "binary": 14,
    "multiclass": 4,
    "regression": 3,
    "drift": 4,
    "profile": 3,
    "profile diff": 2,  # the other columns differ by chance alone, and are folded away
    "validation": 0,
}
# Two texts of one axis that lie over each other.
CLASHES = """[...document.querySelectorAll('.plot > svg, td.foot > svg')].flatMap(svg => {
  const boxes = [...svg.querySelectorAll(':scope > text.tick')].map(t => t.getBoundingClientRect()).filter(r => r.width > 0);
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return boxes.filter((a, i) => boxes.some((b, j) => j < i && meet(a, b)));
}).length"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def browser(shared: Browser) -> Browser:
    signal.alarm(60)  # each test has its own time
    shared.messages.clear()
    return shared


def show(browser: Browser, folder: Path, page: str, width: int = 1280, scheme: str = "light") -> None:
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    browser.ask(
        "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500
    )
    browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.open(file)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn_on_a_desktop_and_on_a_phone(browser: Browser, tmp_path: Path, name: str) -> None:
    page = PAGES[name]()
    for width in (1280, 390):
        show(browser, tmp_path, page, width)
        assert browser.value("document.documentElement.scrollWidth") <= width
        assert browser.value(STRAY) == []
        assert browser.value(EMPTY) == 0
        assert browser.value(CHARTS) >= CHARTS_OF.get(name, 0)
        if name in CHARTS_OF:
            assert browser.value(CLASHES) == 0
    assert [url for url in browser.requests() if not url.startswith(("file:", "data:"))] == []
    assert browser.complaints() == []


def test_on_the_smallest_phones_nothing_sticks_out_either(browser: Browser, tmp_path: Path) -> None:
    for name in ("binary", "drift", "profile"):
        show(browser, tmp_path, PAGES[name](), 320)
        assert browser.value("document.documentElement.scrollWidth") <= 320
        assert browser.value(STRAY) == []
        assert browser.value(CLASHES) == 0


def test_names_that_mean_harm_do_none(browser: Browser, tmp_path: Path) -> None:
    for name in PAGES:
        if "hostile" in name or "odd" in name:
            show(browser, tmp_path, PAGES[name]())
            assert browser.value("window.hurt") is None
            assert browser.value("document.querySelectorAll('.page img, .page script').length") == 0
            assert "onerror" in browser.value("document.body.innerText")


def test_a_table_of_many_columns_becomes_blocks_on_a_phone_and_each_cell_says_what_it_is(
    browser: Browser, tmp_path: Path
) -> None:
    page = PAGES["binary"]()
    cell = "document.querySelector('#against table.stack td.number')"
    show(browser, tmp_path, page)
    assert browser.value(f"getComputedStyle({cell}).display") == "table-cell"
    show(browser, tmp_path, page, 390)
    assert browser.value(f"getComputedStyle({cell}, '::before').content") == '"this model"'
    assert browser.value(
        "[...document.querySelectorAll('#against .scroll')].every(e => e.scrollWidth <= e.clientWidth)"
    )


def test_a_dot_lies_where_its_value_is(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, PAGES["binary"](), 390)
    place = browser.value(
        """(() => { const row = [...document.querySelectorAll('#metrics tbody tr')].find(
          r => r.querySelector('th').firstChild.textContent === 'recall');
        const svg = row.querySelector('.draw svg').getBoundingClientRect();
        const dot = row.querySelector('circle').getBoundingClientRect();
        return (dot.left + dot.width / 2 - svg.left) / svg.width; })()"""
    )
    assert place == pytest.approx((0.5912 - 0.5) / 0.4, abs=0.02)


def test_in_the_dark_texts_are_light_on_dark_and_on_paper_dark_on_white(
    browser: Browser, tmp_path: Path
) -> None:
    colours = """(() => { const style = getComputedStyle(document.body);
        return [style.backgroundColor, style.color].map(c => Number(c.match(/\\d+/g)[0])); })()"""
    show(browser, tmp_path, PAGES["drift"](), scheme="dark")
    back, front = browser.value(colours)
    assert back < 60
    assert front > 180
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.ask("Emulation.setEmulatedMedia", media="print", features=dark)
    assert browser.value(colours) == [255, 0]
    browser.ask("Emulation.setEmulatedMedia", media="")


# The smallest ratio of lightness between a text and what is behind it.
CONTRAST = """(() => {
  const part = x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  const light = c => { const v = c.match(/[\\d.]+/g).map(Number).slice(0, 3).map(x => part(x / 255));
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
  const clear = c => c.startsWith('rgba(0, 0, 0, 0');
  const back = e => { while (e && clear(getComputedStyle(e).backgroundColor)) e = e.parentElement;
    return e ? getComputedStyle(e).backgroundColor : 'rgb(255, 255, 255)'; };
  const texts = document.querySelectorAll('p, small, dt, dd, .badge, th, td, a, summary, .amount, .interval, svg text');
  return [...texts].filter(e => e.getBoundingClientRect().width > 0 && !e.closest('.matrix')).map(e => {
    const style = getComputedStyle(e), a = light(e.closest('svg') ? style.fill : style.color), b = light(back(e));
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }).reduce((a, b) => Math.min(a, b), 99); })()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["binary", "drift", "validation"])
def test_texts_can_be_read_on_what_is_behind_them(
    browser: Browser, tmp_path: Path, name: str, scheme: str
) -> None:
    show(browser, tmp_path, PAGES[name](), scheme=scheme)
    assert browser.value(CONTRAST) >= 4.5


def test_on_paper_no_chart_is_cut_and_folded_tables_are_left_out(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, PAGES["binary"](), 700)
    browser.ask("Emulation.setEmulatedMedia", media="print")
    assert browser.value("getComputedStyle(document.querySelector('figure.chart')).breakInside") == "avoid"
    assert browser.value(
        "[...document.querySelectorAll('details')].every(d => d.getBoundingClientRect().height === 0)"
    )
    assert browser.value("document.querySelector('nav').getBoundingClientRect().height") == 0
    browser.ask("Emulation.setEmulatedMedia", media="")
