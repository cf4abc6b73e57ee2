from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.errors import UsageError
from mlops_cli.formats.conditions.tree import (
    COMPARISONS,
    PATTERNS,
    And,
    Compare,
    In,
    Missing,
    Not,
    Or,
    names_in,
)
from mlops_cli.history.named import Named
from mlops_cli.history.where.expression import Expression, Name, expression_text
from mlops_cli.history.where.fields import FIELDS, moments
from mlops_cli.history.where.meaning import check_names, meaning
from mlops_cli.history.where.parse import parse_name, parse_where
from tests.support.known_runs import RUN, known

NOW = datetime.fromisoformat("2026-02-03T17:59:00Z").timestamp()


def holds(text: str, run: Any = RUN) -> bool:
    return meaning(parse_where(text))(run, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "metrics.roc_auc > 0.9 and params.train.depth in (4, 8) and author ~ 'ana'",
        "metrics.roc_auc.low >= 0.89",
        "metrics.loss<0.5",
        "params.train.depth == 4",
        "params.train.depth = 4.0",
        "params.train.depth in [2, 4]",
        "params.train.depth not in (1, 2)",
        "params.train.depth != 5",
        "params.name == '4'",
        "params.train.depth exists",
        "exists params.train.depth",
        "params.other is missing",
        "params.name is not missing",
        "status == ok",
        "status <> failed",
        "status in (ok, failed)",
        "not status == failed",
        "dirty == false",
        "not dirty",
        "branch == main",
        "author == 'Ana López'",
        "author == ana@example.org",
        "email ~ EXAMPLE",
        "message ~ 'Deeper.*trees$'",
        "message !~ shallow",
        "message !~ missing",
        "id == 20260131T1759",
        "commit == 3f2a1b9",
        "commit in (3F2A1B9C, 0000)",
        "stage == prepare",
        "stages == train",
        "stage == train@forest",
        "stage != evaluate",
        "trigger == cli",
        "age < 7d and age > 1d",
        "age > 71h",
        "started > 2026-01-30",
        "started == 2026-01-31",
        "started == 2026-01",
        "started <= 2026-01-31",
        "started == 2026-01-31T17:59",
        "started < '2026-01-31T19:00:00+01:00'",
        "seconds > 10",
        "seconds < 1m",
        "outcome is missing",
        "outcome == null",
        "branch != null",
        "notes == 0",
        "status == failed or metrics.loss < 1",
        "(status == failed or status == ok) and branch == main",
        "STATUS == failed OR status == ok".replace("STATUS", "status"),
    ],
)
def test_a_condition_that_a_run_meets(text: str) -> None:
    assert holds(text)
    assert not holds(f"not ({text})")


@pytest.mark.parametrize(
    "text",
    [
        "params.train.depth == '4'",
        "params.name == 4",
        "params.train.depth == true",
        "params.name > 3",
        "metrics.roc_auc > 0.91",
        "commit == f2a1b9",
        "stage == trai",
        "started > 2026-01-31",
        "started < 2026-01-31",
        "started != 2026-01-31",
        "status != ok",
        "author != ana@example.org",
        "status == failed and metrics.loss < 1 or branch == other",
        "branch == MAIN",
    ],
)
def test_a_condition_that_a_run_does_not_meet(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    "rest", ["== 1", "!= 1", "< 1", ">= 1", "~ a", "!~ a", "in (1)", "not in (1)", "== null"]
)
@pytest.mark.parametrize("name", ["params.absent", "metrics.absent"])
def test_no_comparison_with_a_missing_value_holds(name: str, rest: str) -> None:
    assert not holds(f"{name} {rest}")


@pytest.mark.parametrize("rest", ["== main", "!= main", "~ a", "!~ a", "in (a)", "not in (a)"])
def test_nor_does_one_with_a_field_that_this_run_has_not(rest: str) -> None:
    assert not holds(f"branch {rest}", RUN._replace(branch=None))


def test_a_null_among_parameters_is_a_value() -> None:
    run = RUN._replace(params={"a": None})
    assert holds("params.a == null", run)
    assert holds("params.a exists", run)
    assert not holds("params.a == 0", run)


def test_true_is_not_one() -> None:
    run = RUN._replace(params={"a": True, "b": 1})
    assert holds("params.a == true and params.b == 1", run)
    assert holds("params.a", run)
    assert not holds("params.a == 1 or params.b == true or params.b", run)


def test_a_list_holds_what_one_of_its_items_does() -> None:
    run = RUN._replace(params={"layers": [64, 32], "none": []})
    assert holds("params.layers == 32 and params.layers != 8 and params.none exists", run)
    assert not holds("params.layers != 32", run)


def test_a_metric_of_several_stages_is_found_by_its_own_name() -> None:
    run = RUN._replace(metrics={"train@a:auc": 0.8, "train@b:auc": 0.95})
    assert holds("metrics.auc > 0.9 and metrics.auc < 0.9", run)
    assert holds("metrics.train@a:auc == 0.8", run)
    assert not holds("metrics.train@a:auc > 0.9", run)


def test_it_is_found_by_that_name_too_where_only_one_stage_reported_it() -> None:
    run = RUN._replace(metrics=Named({"auc": {"value": 0.8, "low": 0.7}}, {"auc": "train@a"}))
    assert holds("metrics.auc == 0.8 and metrics.train@a:auc == 0.8 and metrics.train@a:auc.low == 0.7", run)
    assert holds("metrics.train@b:auc is missing", run)


def test_a_repetition_is_told_from_runs_that_people_made() -> None:
    again = RUN._replace(experiment={"rerun": "20260101T000000000-00000001"})
    asked = RUN._replace(experiment={"bisect": "auc", "factor": "lr of bad in good"})
    sweep = RUN._replace(experiment={"sweep": "abc", "set": {"lr": 1}})
    assert [holds("repetition", run) for run in (again, asked, sweep, RUN)] == [True, True, False, False]
    assert holds("not repetition and repeats is missing", RUN)
    assert holds("repeats == 20260101T000000000-0000", again)
    assert holds("repeats is missing", asked)


def test_quotes_let_a_key_have_any_characters() -> None:
    run = RUN._replace(params={"a b": 1, "it's (odd)": 2, "x.y z.w": 3})
    assert holds("""params."a b" == 1 and params.'it''s (odd)' == 2 and params.x."y z".w == 3""", run)


# Mistakes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "part", "says"),
    [
        ("metrics.auc >", "", "a value"),
        ("metrics.auc > 0.9 metrics.b", "metrics.b", '"and", "or"'),
        ("status == ok && dirty", "&&", 'write "and"'),
        ("(status == ok", "(", '")" is missing'),
        ("status == ok)", ")", '"and", "or"'),
        ("stauts == ok", "stauts", "there is no stauts"),
        ("auc > 0.9", "auc", "there is no auc"),
        ("params == 4", "params", "name of one of the params"),
        ("status == done", "done", "one of ok, failed, stopped, killed"),
        ("status > ok", ">", "has no order"),
        ("age < soon", "soon", "a duration"),
        ("started > yesterday", "yesterday", "a date"),
        ("dirty == maybe", "maybe", "true or false"),
        ("notes > many", "many", "a number"),
        ("branch in (main, null)", "null", "is missing"),
        ("params.a == params.b", "params.b", "quotes"),
        ("params.a in 4", "4", "a list"),
        ("params.a in (4, 8", "", "end of the list"),
        ("params.a in ()", ")", "a value"),
        ("params.a is 4", "4", '"missing"'),
        ("params.a not 4", "4", "a comparison"),
        ("author == 'ana", "'", "not closed"),
        ("message ~ '('", "'('", "regular expression"),
        ("message ~ '(a+)+$'", "'(a+)+$'", "for ever"),
        ("age ~ 7", "~", "not text"),
        ("'status' == ok", "'status'", "without quotes"),
        ("0.8 < metrics.auc", "0.8", "the value comes behind it"),
        ("and == ok", "and", "a name"),
        ("! dirty", "!", "means nothing"),
        ("", "", "a name"),
        ("   ", "", "a name"),
    ],
)
def test_a_mistake_is_shown_where_it_is(text: str, part: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_where(text)
    reason, line, caret = caught.value.message.split("\n")
    assert says in reason
    assert line == f"  {text}"
    at = text.rindex(part) if part else len(text)
    assert caret == " " * (at + 2) + "^" * max(len(part), 1)


def test_a_name_that_is_close_is_offered() -> None:
    with pytest.raises(UsageError) as caught:
        parse_where("stauts == ok")
    assert caught.value.hint == 'Did you mean "status"?'


def test_a_name_that_no_run_has_is_told_with_a_close_one() -> None:
    text = "status == ok and metrics.roc_acu > 0.9"
    with pytest.raises(UsageError) as caught:
        check_names(names_in(parse_where(text)), text, [RUN], "--where")
    assert "no run here has the metric roc_acu" in caught.value.message
    assert caught.value.message.endswith("\n" + " " * 19 + "^" * len("metrics.roc_acu"))
    assert caught.value.hint == 'Did you mean "metrics.roc_auc"?'


def test_a_name_that_one_run_has_is_good_and_so_is_any_where_there_are_no_runs() -> None:
    text = "params.rare == 1"
    names = list(names_in(parse_where(text)))
    check_names(names, text, [RUN, known(1, params={"rare": 2})], "--where")
    check_names(names, text, [], "--where")


def test_a_name_alone_is_read_too() -> None:
    assert parse_name("params.'a b'", "--sort") == Name("params", "a b")
    with pytest.raises(UsageError, match="--sort: here the end should be"):
        parse_name("params.a == 1", "--sort")


# Laws ---------------------------------------------------------------------------------------------------------------

keys = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
open_names = st.builds(Name, st.sampled_from(["params", "metrics"]), keys)
texts = st.text(st.characters(codec="utf-8"), max_size=6)
numbers = st.integers(-(10**6), 10**6) | st.floats(allow_nan=False)
scalars = st.none() | st.booleans() | numbers | texts
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "id": texts,
    "stage": texts,
    "span": st.sampled_from(["7d", "90s", "1.5h", "30"]),
    "time": st.sampled_from(["2026", "2026-01-31", "2026-01-31T12:30", "2026-01"][1:]),
    "number": st.integers(0, 9),
    "bool": st.booleans(),
}


@st.composite
def comparisons(draw: st.DrawFn) -> Expression:
    name = draw(open_names | st.sampled_from(sorted(FIELDS)).map(Name))
    kind = FIELDS[name.root].kind if name.root in FIELDS else "any"
    values = st.sampled_from(FIELDS[name.root].choices) if kind == "choice" else VALUES.get(kind, scalars)
    form = draw(st.sampled_from(["compare", "in", "missing", "match"]))
    if form == "missing":
        return Missing(name)
    if form == "in":
        return In(name, tuple(draw(st.lists(values, min_size=1, max_size=3))), draw(st.booleans()))
    if form == "match" and kind not in ("bool", "span", "time", "number"):
        return Compare(
            name, draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(["a", "A b", "a.*b", "'"]))
        )
    ordered = kind in ("any", "text", "span", "time", "number")
    return Compare(name, draw(st.sampled_from(COMPARISONS[: 6 if ordered else 2])), draw(values))


expressions: st.SearchStrategy[Expression] = st.recursive(
    comparisons(),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)
runs = st.builds(
    lambda params, metrics, branch, dirty, message: RUN._replace(
        params=params, metrics=metrics, branch=branch, dirty=dirty, message=message
    ),
    st.dictionaries(keys, scalars, max_size=3),
    st.dictionaries(keys, numbers, max_size=3),
    st.none() | texts,
    st.booleans(),
    texts,
)


@given(expressions)
def test_printing_and_reading_again_gives_the_same(expression: Expression) -> None:
    assert parse_where(expression_text(expression)) == expression


@given(expressions, expressions, runs)
def test_and_or_and_not_mean_what_they_do_in_logic(a: Expression, b: Expression, run: Any) -> None:
    def true(expression: Expression) -> bool:
        return meaning(expression)(run, NOW)

    assert true(Not(Not(a))) == true(a)
    assert true(Not(a)) != true(a)
    assert true(And((a, b))) == (true(a) and true(b)) == true(Not(Or((Not(a), Not(b)))))
    assert true(Or((a, b))) == (true(a) or true(b))


@given(open_names, scalars, runs)
def test_a_value_is_equal_or_unequal_or_missing(name: Name, value: Any, run: Any) -> None:
    equal, unequal = (meaning(Compare(name, op, value))(run, NOW) for op in ("==", "!="))
    missing = meaning(Missing(name))(run, NOW)
    assert [equal, unequal, missing].count(True) == 1
    assert meaning(In(name, (value,)))(run, NOW) == equal
    assert meaning(In(name, (value,), negated=True))(run, NOW) == unequal


@given(st.text(max_size=30))
def test_no_text_makes_it_crash(text: str) -> None:
    with suppress(UsageError):
        parse_where(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [("2026-01-31", 86400), ("2024-02", 29 * 86400), ("2026-12", 31 * 86400), ("2026-01-31T12:30", 60)],
)
def test_a_date_stands_for_all_of_it(text: str, length: int) -> None:
    found = moments(text)
    assert found is not None
    assert found[1] - found[0] == length
