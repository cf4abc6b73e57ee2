from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.errors import UsageError
from mlops_cli.history.listing import (
    CODE,
    Judged,
    columns_of,
    filtered,
    judge,
    main_metrics,
    ordered,
    usual_columns,
    varying,
)
from mlops_cli.history.named import Named
from tests.support.known_runs import known

if TYPE_CHECKING:
    from mlops_cli.history.known import KnownRun

NOW = 2e9


def judged_by(runs: list[KnownRun], key: str, said: dict[str, str] | None = None) -> dict[str, Judged]:
    return judge(runs, [key], said or {}, {run.id for run in runs}).get(key, {})


def names(columns: object) -> list[str]:
    return [str(name) for name in columns]  # type: ignore[attr-defined] # lists of names


def test_a_run_must_meet_every_condition() -> None:
    runs = [known(n, params={"a": n}, status="ok" if n % 2 else "failed") for n in range(6)]
    assert filtered(runs, ["params.a > 1", "status == ok"], NOW) == [runs[3], runs[5]]
    assert filtered(runs, [], NOW) == runs


def test_a_condition_on_what_no_run_has_is_refused() -> None:
    with pytest.raises(UsageError, match="no run here has the parameter b"):
        filtered([known(1, params={"a": 1})], ["params.b == 1"], NOW)


def test_runs_are_sorted_by_any_name_and_those_without_come_last() -> None:
    runs = [known(n, metrics={"auc": v} if v else {}) for n, v in enumerate([0.5, None, 0.9, 0.7])]
    assert ordered(runs, "metrics.auc", NOW) == [runs[0], runs[3], runs[2], runs[1]]
    assert ordered(runs, "-metrics.auc", NOW) == [runs[2], runs[3], runs[0], runs[1]]


def test_what_is_equal_stays_in_its_order_both_ways() -> None:
    runs = [known(n, params={"a": n // 2}) for n in range(4)]
    assert ordered(runs, "params.a", NOW) == runs
    assert ordered(runs, "-params.a", NOW) == [runs[2], runs[3], runs[0], runs[1]]


def test_values_of_several_types_have_an_order_too() -> None:
    runs = [known(n, params={"a": v}) for n, v in enumerate(["x", 3, None, True, [1], 2.5])]
    assert [run.params["a"] for run in ordered(runs, "params.a", NOW)] == [None, True, [1], 2.5, 3, "x"]


@pytest.mark.parametrize("text", ["nothing", "params.b", "-metrics.b", "status == ok"])
def test_an_order_by_what_is_not_there_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--sort"):
        ordered([known(1)], text, NOW)


def test_columns_are_names_with_commas_between() -> None:
    runs = [known(1, params={"a": 1})]
    assert names(columns_of("id, code ,params.a", runs)) == ["id", "code", "params.a"]
    with pytest.raises(UsageError, match="--columns"):
        columns_of("id,,status", runs)


def test_parameters_that_differ_somewhere_vary() -> None:
    runs = [
        known(1, params={"same": 1, "depth": 4, "once": 1, "kind": True}),
        known(2, params={"same": 1, "depth": 8, "kind": 1}),
    ]
    assert names(varying(runs)) == ["params.depth", "params.kind"]
    assert varying(runs[:1]) == []


def test_the_main_metrics_are_those_with_a_direction_that_most_runs_have() -> None:
    runs = [
        known(1, metrics={"rows": 5, "auc": 0.5, "loss": 1, "f1": 0.1, "text": "high"}),
        known(2, metrics={"rows": 5, "auc": {"value": 0.5}, "f1": 0.2}),
    ]
    assert names(main_metrics(runs, {})) == ["metrics.auc", "metrics.f1", "metrics.loss"]
    assert names(main_metrics(runs, {"rows": "up"})) == ["metrics.auc", "metrics.f1", "metrics.rows"]


def test_a_metric_is_judged_by_the_run_before_it_whatever_the_order_of_the_list() -> None:
    runs = [known(n, metrics={"loss": v}) for n, v in enumerate([0.5, 0.4, 0.4, 0.6])]
    judged = judged_by(runs[::-1], "loss")
    assert [judged[run.id] for run in runs] == [
        Judged(None, best=False),
        Judged("better", best=True),
        Judged(None, best=True),
        Judged("worse", best=False),
    ]


def test_runs_that_do_not_have_a_metric_are_passed_over() -> None:
    runs = [known(0, metrics={"auc": {"value": 0.5}}), known(1, metrics={}), known(2, metrics={"auc": 0.6})]
    judged = judged_by(runs, "auc")
    assert judged == {runs[0].id: Judged(None, best=False), runs[2].id: Judged("better", best=True)}


def test_nothing_is_judged_where_nobody_knows_what_is_better() -> None:
    runs = [known(n, metrics={"rows": n}) for n in range(3)]
    assert judged_by(runs, "rows") == {}
    assert judged_by(runs, "rows", {"rows": "down"})[runs[0].id].best


def test_where_all_are_equal_none_is_the_best() -> None:
    runs = [known(n, metrics={"auc": 0.5}) for n in range(3)]
    assert not any(each.best for each in judged_by(runs, "auc").values())


def test_who_ran_something_is_said_where_it_is_somebody_else_than_usual() -> None:
    def said(*lists: list[KnownRun]) -> bool:
        return "author" in names(usual_columns(lists[0], {}, lists[-1]))

    mine, bobs = [known(n) for n in range(3)], [known(n, author="Bob") for n in range(7, 9)]
    assert said(bobs, [*bobs, *mine])
    assert not said(mine, [*bobs, *mine])
    assert said([*bobs, *mine])
    assert not said(bobs)


def test_the_usual_columns_leave_out_what_says_nothing() -> None:
    same = [known(n, message="", metrics={}, params={"a": 1}) for n in range(2)]
    assert names(usual_columns(same, {})) == ["id", "age", str(CODE), "status"]
    told = [
        known(1, author="Bo", message="why", params={"a": 1}, metrics={"auc": 1}),
        known(2, params={"a": 2}, outcome="rejected"),
    ]
    assert names(usual_columns(told, {})) == [
        *(
            "id",
            "age",
            "code",
            "status",
            "author",
            "params.a",
            "metrics.auc",
            "metrics.loss",
            "metrics.roc_auc",
        ),
        *("outcome", "message"),
    ]


def test_only_what_is_shown_is_judged_and_it_is_judged_beside_all() -> None:
    runs = [known(n, metrics={"auc": v}) for n, v in enumerate([0.9, 0.5, 0.6])]
    assert judge(runs, ["auc"], {}, {runs[2].id}) == {"auc": {runs[2].id: Judged("better", best=False)}}


def test_what_several_stages_report_is_one_metric_and_the_best_of_it_counts() -> None:
    runs = [
        known(1, metrics={"a:auc": 0.5, "b:auc": 0.9}),
        known(2, metrics={"a:auc": 0.7, "b:auc": 0.8}),
        known(3, metrics={"auc": 0.6}),
    ]
    assert names(main_metrics(runs, {})) == ["metrics.auc"]
    assert [judged_by(runs, "auc")[run.id].change for run in runs] == [None, "worse", "worse"]
    assert ordered(runs, "-metrics.auc", NOW) == runs
    assert ordered(runs, "metrics.auc", NOW) == [runs[0], runs[2], runs[1]]


def test_a_run_that_failed_is_never_the_best() -> None:
    runs = [
        known(n, metrics={"auc": v}, status=s)
        for n, v, s in [(1, 0.9, "failed"), (2, 0.5, "ok"), (3, 0.6, "ok")]
    ]
    assert [judged_by(runs, "auc")[run.id].best for run in runs] == [False, False, True]
    assert not judged_by(runs[:2], "auc")[runs[1].id].best


def test_a_repetition_is_no_new_idea_and_is_not_judged() -> None:
    runs = [
        known(1, metrics={"auc": 0.5}),
        known(2, metrics={"auc": 0.6}),
        known(3, metrics={"auc": 0.9}, experiment={"rerun": known(1).id}),
        known(4, metrics={"auc": 0.55}),
    ]
    found = judged_by(runs, "auc")
    assert {run: (each.change, each.best) for run, each in found.items()} == {
        runs[0].id: (None, False),
        runs[1].id: ("better", True),
        runs[3].id: ("worse", False),
    }


def test_a_parameter_varies_only_where_its_values_do_whatever_a_record_calls_it() -> None:
    several = known(1, params={"a.yaml:lr": 1, "b.yaml:lr": 2})
    alone = known(2, params=Named({"lr": 1}, {"lr": "a.yaml"}))
    assert varying([several, alone]) == []
    other = known(3, params=Named({"lr": 5}, {"lr": "a.yaml"}))
    assert names(varying([several, other])) == ["params.a.yaml:lr"]
