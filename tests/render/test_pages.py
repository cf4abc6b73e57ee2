"""Pages that need nothing else, read as files: whole, closed, escaped, and without a number where there is none."""

from __future__ import annotations

import html.parser
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlops_cli.evaluation.measured import Measured
from mlops_cli.render.drift_page import drift_page, zone
from mlops_cli.render.evaluation_page import evaluation_page
from mlops_cli.render.profile_diff_page import profile_diff_page
from mlops_cli.render.profile_page import profile_page
from mlops_cli.render.validate_page import validate_page
from tests.support import page_evaluations as evaluations
from tests.support import page_profiles as profiles
from tests.support import page_reports as reports

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES: dict[str, Callable[[], str]] = {
    "binary": lambda: evaluation_page(evaluations.binary()),
    "multiclass": lambda: evaluation_page(evaluations.multiclass()),
    "many classes": lambda: evaluation_page(evaluations.many_classes()),
    "regression": lambda: evaluation_page(evaluations.regression()),
    "nothing measured": lambda: evaluation_page(evaluations.nothing_measured()),
    "hostile evaluation": lambda: evaluation_page(evaluations.hostile_evaluation()),
    "drift": lambda: drift_page(reports.drift_report()),
    "hostile drift": lambda: drift_page(reports.hostile_drift()),
    "validation": lambda: validate_page(reports.validation()),
    "hostile validation": lambda: validate_page(reports.hostile_validation()),
    "profile": lambda: profile_page(profiles.usual_profile()),
    "odd profile": lambda: profile_page(profiles.odd_profile()),
    "empty profile": lambda: profile_page(profiles.empty_profile()),
    "profile diff": lambda: profile_diff_page(profiles.profile_diff()),
}
VOID = {"meta", "link", "br"}


class Checker(html.parser.HTMLParser):
    """Reads a page, and keeps what is open and what there was."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs


def words(page: str) -> str:
    """Return what a page says, without its style."""
    return re.sub(r"<[^>]*>", " ", page.partition("</style>")[2])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_closed_runs_no_program_and_asks_for_nothing(name: str) -> None:
    page = PAGES[name]()
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert checker.tags.isdisjoint({"script", "img", "iframe", "object", "form", "base"})
    assert not [key for key, _ in checker.attributes if key.startswith("on")]
    links = [value or "" for key, value in checker.attributes if key in ("href", "src", "xlink:href")]
    assert [link for link in links if not link.startswith(("#", "data:,"))] == []
    assert "default-src 'none'" in page
    assert "url(" not in page
    assert "@import" not in page
    assert "\x1b" not in page
    assert "nan" not in words(page).split()


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_to_a_part_of_it(name: str) -> None:
    page = PAGES[name]()
    parts = re.findall(r'<section id="([^"]+)"', page)
    assert len(parts) == len(set(parts))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(parts)


@pytest.mark.parametrize("name", PAGES)
def test_the_same_results_make_the_same_bytes(name: str) -> None:
    assert PAGES[name]() == PAGES[name]()


# Evaluation -----------------------------------------------------------------------------------------------------------


def test_an_evaluation_shows_what_it_found() -> None:
    page = words(PAGES["binary"]())
    assert "Better in roc_auc by 0.0079" in page
    assert re.search(r"0\.861\s+0\.852 to 0\.870", page)
    assert "31 rows of the test table are in the training table too." in page
    assert "under four fifths" in page
    assert "Likely cause: the split was made after rows were copied" in page
    assert "where: &quot;age &gt;= 44 and occupation == &#x27;Sales&#x27;&quot;" in page
    assert "fewer than 20 rows are not shown" in page


def test_rows_are_the_rows_that_were_judged_and_never_what_they_are_worth() -> None:
    found = evaluations.binary()
    area = Measured(0.9, 0.88, 0.92, 1000, "up", "ok", "delong", "", 190.4)
    page = words(evaluation_page(replace(found, metrics={**found.metrics, "roc_auc": area})))
    assert "1,000 rows, worth 190 of equal classes" in page
    assert "190 rows" not in page


def test_what_the_model_does_not_go_by_is_marked_on_the_page() -> None:
    found = evaluations.binary()
    one = replace(found.found[0], unseen=("colour",))
    nothing = Measured(0.0, 0.0, 0.0, 10, "up")
    unused = replace(found.importance[0], near_copies=(), drop=nothing)
    page = " ".join(words(evaluation_page(replace(found, found=(one,), importance=(unused,)))).split())
    assert "the model is not given colour" in page
    assert "the model seems not to use it" in page


def test_warnings_come_before_every_figure_and_failures_before_warnings() -> None:
    page = PAGES["binary"]()
    places = [
        page.index(f'<section id="{part}"')
        for part in ("warnings", "metrics", "against", "answers", "slices")
    ]
    assert places == sorted(places)
    assert page.index("31 rows of the test table") < page.index("One column alone nearly tells the target")


def test_a_metric_that_failed_stands_on_the_page_with_its_reason() -> None:
    assert "metrics.py:profit raised ZeroDivisionError" in words(PAGES["binary"]()).replace("&#x27;", "'")


def test_what_was_not_measured_is_never_shown_as_a_number() -> None:
    none = Measured(None, note="there is one class only", direction="up", status="insufficient")
    page = words(
        evaluation_page(replace(evaluations.nothing_measured(), metrics={"roc_auc": none, "f1": none}))
    )
    assert page.count("not measured") >= 2
    assert "there is one class only" in page
    assert re.search(r"roc_auc\s+not measured", page)
    assert "could not be measured on 0 rows: there is one class only." in page


def test_an_evaluation_of_nothing_has_no_empty_parts() -> None:
    page = PAGES["nothing measured"]()
    assert re.findall(r'<section id="([^"]+)"', page) == ["metrics", "how"]


def test_what_was_not_made_has_no_part() -> None:
    parts = re.findall(r'<section id="([^"]+)"', PAGES["regression"]())
    assert parts == ["metrics", "answers", "slices", "how"]


def test_a_matrix_that_cannot_be_read_becomes_a_list_of_the_largest_confusions() -> None:
    page = words(PAGES["many classes"]())
    assert "Of 60 classes, those taken for another most often" in page
    assert "truly" not in page


def test_a_group_that_is_compared_with_two_others_is_drawn_once() -> None:
    gaps = evaluations.binary().fairness
    both = tuple(replace(gap, reference=reference) for gap in gaps for reference in ("overall", "sex = Male"))
    page = evaluation_page(replace(evaluations.binary(), fairness=both))
    drawn = page.partition('id="fairness"')[2].partition('id="importance"')[0]
    assert drawn.count('r="4.5"') == len({(gap.metric, gap.name) for gap in gaps})
    assert "ratios to" in drawn


def test_recalls_of_classes_have_a_chart_of_their_own() -> None:
    page = words(PAGES["multiclass"]())
    assert re.search(r"recall by class.*boat.*car.*lorry", page, re.DOTALL)
    assert "recall[" not in page


def test_an_evaluation_without_a_comparison_never_says_that_it_passed() -> None:
    assert 'class="badge pass"' not in PAGES["multiclass"]().partition("</header>")[0]


# Drift ----------------------------------------------------------------------------------------------------------------


def test_a_drift_page_has_its_results_before_its_notes() -> None:
    page = PAGES["drift"]()
    assert page.index('id="columns"') < page.index('id="table"') < page.index('id="notes"')


def test_a_drift_page_says_the_sentence_and_every_verdict() -> None:
    page = words(PAGES["drift"]())
    assert "The tables are different: age moved" in page
    assert re.search(r"age\s+numeric, higher", page)
    assert "20 rows of the current table are too few: 240 are needed" in page
    assert "fnlwgt" in page
    assert re.search(r"0\.612\s+\[0\.598, 0\.626\]", page)


def test_effects_of_all_measures_share_the_bands() -> None:
    assert [zone(value, 0.1, 0.2) for value in (0, 0.1, 0.2, 5)] == [0, 1, 2, 3]
    assert zone(-0.035, 0.02, 0.05) == pytest.approx(1.5)
    assert zone(0.3, 0.1, 0.1) > 2


def test_an_effect_that_is_no_number_is_not_drawn() -> None:
    column = replace(reports.drift_report().columns[0], effect=math.nan, cells=(), measures=())
    page = drift_page(replace(reports.drift_report(), columns=(column,), joint=None))
    assert 'class="bar"' not in page
    assert "not measured" in page


def test_columns_beyond_those_that_can_be_read_are_counted() -> None:
    column = replace(reports.drift_report().columns[2], cells=(), measures=())
    many = tuple(replace(column, name=f"c{n}") for n in range(1_500))
    page = words(drift_page(replace(reports.drift_report(), columns=many)))
    assert "1,440 columns with smaller effects" in page
    assert "1,440 columns more are in the table below" in page
    assert "500 more columns with smaller effects: mlops drift --json has them all" in page


# Validation -----------------------------------------------------------------------------------------------------------


def test_a_validation_names_column_evidence_and_cause() -> None:
    page = words(PAGES["validation"]())
    assert re.search(r"amount\s+unit\s+The median went from 12.4 to 1,242", page)
    assert "Likely cause: the column is in cents now, not in euros" in page
    assert re.search(r"ratio of medians\s+100\.2", page)
    assert "line 801 has “soon”" in page
    assert "it needs 200 rows" in page


def test_failures_come_before_warnings_and_errors_before_both() -> None:
    page = PAGES["validation"]()
    places = [page.index(f'<section id="{part}"') for part in ("errors", "fail", "warn", "checks")]
    assert places == sorted(places)


def test_a_table_that_nobody_looked_at_does_not_look_fine() -> None:
    found = replace(reports.validation(), findings=(), errors=(), looked=())
    page = words(validate_page(found))
    assert "Nothing was checked, and that is an error" in page
    assert "Nothing wrong was found" not in page


def test_findings_beyond_those_that_can_be_read_are_counted() -> None:
    finding = reports.validation().findings[0]
    page = words(validate_page(replace(reports.validation(), findings=(finding,) * 1_000)))
    assert "800 more: mlops validate --json has them all." in page


# Profiles -------------------------------------------------------------------------------------------------------------


def test_a_profile_has_a_card_for_each_column() -> None:
    page = PAGES["profile"]()
    cards = re.findall(r'<h3><bdi class="name">(\w+)</bdi></h3>', page)
    assert cards == ["id", "age", "income", "city", "member", "joined"]
    assert re.search(r"\d\.\d% missing \(\d+ rows\)", words(page))


def test_a_private_column_shows_nothing_of_its_values() -> None:
    profile = profiles.usual_profile()
    city = next(column for column in profile.columns if column.name == "city")
    page = words(profile_page(replace(profile, columns=(replace(city, private=True),))))
    assert "Tagged pii" in page
    assert "Oslo" not in page


def test_columns_beyond_those_that_can_be_drawn_are_counted() -> None:
    profile = profiles.usual_profile()
    age = next(column for column in profile.columns if column.name == "age")
    many = tuple(replace(age, name=f"c{n}") for n in range(10_000))
    page = profile_page(replace(profile, columns=many))
    assert len(page) < 1_500_000
    assert "9,880 more columns: their figures" in words(page)
    assert "9,700 more columns: mlops profile show --json has them all" in words(page)


def test_a_profile_without_rows_says_so() -> None:
    assert "0 rows and 0 columns." in words(PAGES["empty profile"]())


def test_a_comparison_of_profiles_has_lost_and_new_columns_first() -> None:
    page = words(PAGES["profile diff"]()).partition("Column by column")[2]
    places = [page.index(said) for said in ("removed", "added", "Lima")]
    assert places == sorted(places)
    assert "The second profile does not have it." in page
