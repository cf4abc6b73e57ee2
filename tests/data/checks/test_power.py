"""How often faults are named, and how often healthy tables are blamed: by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

from mlops_cli.data.checks.facts import table_facts
from mlops_cli.data.checks.schema import TableSchema
from mlops_cli.data.checks.schema_infer import infer_schema
from mlops_cli.data.checks.schema_parse import parse_schema
from tests.support.planted import PLANTED, customers, table, validated

SEEDS = 40


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_named_with_its_column_and_cause(name: str) -> None:
    change, column, check, cause = PLANTED[name]
    named = 0
    for seed in range(SEEDS):
        now = change(customers(2000, 10_000 + seed, start=5000), np.random.default_rng(seed))
        findings = validated(now, against=customers(5000, seed)).findings
        named += any(
            (each.column, each.check) == (column, check) and cause in each.cause for each in findings
        )
    assert named >= 0.95 * SEEDS


@pytest.mark.slow
def test_two_hundred_clean_splits_of_customers_have_no_failure() -> None:
    for seed in range(200):
        train, test = customers(1500, seed), customers(700, 10_000 + seed, start=1500)
        schema = TableSchema(target="churned", key=("customer",))
        result = validated(test, schema, against=train, train=train)
        assert result.verdict in ("pass", "warn"), result.findings


@pytest.mark.slow
@pytest.mark.parametrize(
    "load", [datasets.load_wine, datasets.load_breast_cancer, datasets.load_diabetes, datasets.load_digits]
)
def test_clean_splits_of_well_known_tables_have_no_failure(load: object) -> None:
    assert callable(load)
    frame = load(as_frame=True).frame
    for seed in range(50):
        mixed = frame.sample(frac=1, random_state=seed)
        train, test = mixed[: int(0.7 * len(frame))], mixed[int(0.7 * len(frame)) :]
        against = validated(test, TableSchema(target="target"), against=train, train=train)
        assert against.verdict in ("pass", "warn"), against.findings
        schema = parse_schema(infer_schema(table_facts(table(train))).encode(), "s.yaml")
        assert validated(test, schema).verdict in ("pass", "warn")
