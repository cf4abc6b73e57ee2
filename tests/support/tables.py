"""Small makers of tables: in memory, and as files of every format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from mlops_cli.data.table.table import Table, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlops_cli.data.table.kinds import Kind


def table(columns: Mapping[str, Any], name: str = "table", kinds: Mapping[str, Kind] | None = None) -> Table:
    """Return a table in memory from columns: lists with None for missing, or numpy arrays."""
    return table_of(
        pa.table({key: pa.array(values, from_pandas=True) for key, values in columns.items()}),
        name,
        kinds=kinds,
    )


def people(rows: int = 500, seed: int = 7) -> pa.Table:
    """Return a table with a column of each kind, some missing values, and an id."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 90, rows)
    income = np.round(random.lognormal(10, 0.5, rows), 2)
    start = np.datetime64("2024-01-01T00:00:00", "us")
    return pa.table(
        {
            "id": [f"person-{number:06d}-{random.integers(1 << 30):08x}" for number in range(rows)],
            "age": age,
            "income": pa.array(income, mask=random.random(rows) < 0.05),
            "city": random.choice(["Oslo", "Bern", "Lima", "Pune"], rows, p=[0.4, 0.3, 0.2, 0.1]).tolist(),
            "member": random.random(rows) < 0.3,
            "joined": start + np.arange(rows) * np.timedelta64(3600, "s"),
        }
    )


def write_csv(path: Path, data: pa.Table) -> Path:
    """Write a table as CSV and return its path."""
    pa.csv.write_csv(data, path)
    return path


def write_parquet(path: Path, data: pa.Table, rows: int = 100_000) -> Path:
    """Write a table as Parquet, in groups of so many rows, and return its path."""
    pq.write_table(data, path, row_group_size=rows)
    return path
