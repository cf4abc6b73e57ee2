"""Permutation importance: what matters is found, what does not is not, and the same twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlops_cli.errors import UsageError
from mlops_cli.evaluation.asked import ImportanceAsked
from mlops_cli.evaluation.importance import importance, near_copies
from mlops_cli.evaluation.sample import Sample
from mlops_cli.evaluation.slices.columns import ArrayColumns

DRAW = np.random.default_rng(0)
N = 2000
FRAME = pd.DataFrame(
    {
        "a": DRAW.normal(size=N),
        "b": DRAW.normal(size=N),
        "word": DRAW.choice(["x", "y"], N),
        "kind": pd.Categorical(DRAW.choice(["p", "q"], N)),
    }
)
TRUTH = 2 * FRAME["a"].to_numpy() + (FRAME["word"] == "x").to_numpy() + DRAW.normal(size=N) * 0.1
COLUMNS = ArrayColumns({name: FRAME[name] for name in FRAME})


def rejudge(frame: Any, rows: np.ndarray) -> Sample:
    """Answer as a model would that knows how the truth came about."""
    assert list(frame.columns) == list(FRAME.columns)
    assert frame.dtypes.tolist() == FRAME.dtypes.tolist()
    answer = 2 * frame["a"].to_numpy() + (frame["word"] == "x").to_numpy()
    return Sample("regression", TRUTH[rows], answer)


def run(**changed: Any) -> Any:
    asked = ImportanceAsked(**changed)
    return importance(asked, FRAME, rejudge, list(FRAME), "rmse", "down", COLUMNS, 7)


def test_columns_are_ranked_by_what_the_metric_loses() -> None:
    found = run()
    assert [item.column for item in found][:2] == ["a", "word"]
    drops = {item.column: item.drop for item in found}
    assert drops["b"].value == 0.0
    # Of a permuted column x with weight w the error grows by w² Var(x - x'), which is 2 w² Var(x): here 2 · 4 · 1.
    assert drops["a"].value == pytest.approx(np.sqrt(8.01) - 0.1, rel=0.05)
    assert drops["a"].low is not None
    assert drops["a"].low < drops["a"].value < (drops["a"].high or 0)
    assert found[0].baseline == pytest.approx(0.1, rel=0.1)


def test_the_same_seed_gives_the_same_figures_and_rows_are_capped() -> None:
    one, two = run(rows=500), run(rows=500)
    assert one == two
    assert {item.rows for item in one} == {500}


def test_only_columns_that_were_asked_for_are_permuted() -> None:
    assert [item.column for item in run(columns=("b",))] == ["b"]
    with pytest.raises(UsageError, match="no column wrd") as caught:
        run(columns=("wrd",))
    assert "word" in caught.value.hint


def test_few_rows_have_a_value_and_no_interval() -> None:
    (found,) = run(columns=("a",), rows=100)
    assert found.drop.value is not None
    assert found.drop.low is None
    assert found.drop.note


def test_a_metric_without_a_value_is_insufficient() -> None:
    def one_class(frame: Any, rows: np.ndarray) -> Sample:
        return Sample(
            "binary", np.zeros(len(rows), int), np.zeros(len(rows), int), np.zeros(len(rows)), ("n", "y")
        )

    found = importance(
        ImportanceAsked(columns=("a",)), FRAME, one_class, list(FRAME), "roc_auc", "up", COLUMNS, 1
    )
    assert found[0].drop.status == "insufficient"


def test_an_interval_holds_the_mean_over_many_tables() -> None:
    inside = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        frame = pd.DataFrame({"a": draw.normal(size=600)})
        truth = frame["a"].to_numpy() + draw.normal(size=600)

        def again(changed: Any, rows: np.ndarray, truth: np.ndarray = truth) -> Sample:
            return Sample("regression", truth[rows], changed["a"].to_numpy())

        (found,) = importance(
            ImportanceAsked(), frame, again, ["a"], "mae", "down", ArrayColumns({"a": frame["a"]}), seed
        )
        # Mean absolute error of a normal error: sqrt(2/pi) times its deviation, which is 1, and sqrt(3) once permuted.
        expected = np.sqrt(2 / np.pi) * (np.sqrt(3) - 1)
        inside += (found.drop.low or 0) <= expected <= (found.drop.high or 0)
    assert inside >= 33


def test_columns_that_tell_the_same_are_named() -> None:
    level = DRAW.integers(0, 8, N)
    columns = ArrayColumns(
        {
            "level": level,
            "name": np.array(list("hgfedcba"))[level],
            "rank": np.exp(FRAME["a"].to_numpy()),
            "a": FRAME["a"],
            "word": FRAME["word"],
            "mostly": np.where(np.arange(N) % 100 == 0, "x", "y"),
            "mostly too": np.where(np.arange(N) % 100 == 1, "x", "y"),
        }
    )
    found = near_copies(columns, columns.names, np.arange(N))
    assert found == {"level": ("name",), "name": ("level",), "rank": ("a",), "a": ("rank",)}
