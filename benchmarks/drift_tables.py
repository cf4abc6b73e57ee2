"""Two tables of numbers and classes, as large as one asks, of which the second one drifted a little: the same bytes every time."""

from __future__ import annotations

import sys
from pathlib import Path

NUMERIC, CLASSES = 30, 20
MOVED = ("n00", "c00")
"""What drifted: by half a standard deviation, and by a swap of the two most frequent classes."""


def write_tables(folder: Path, rows: int) -> None:
    """Write `reference` and `current`, each as Parquet and as CSV."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq

    random = np.random.default_rng(20)
    for name in ("reference", "current"):
        columns: dict[str, object] = {}
        for at in range(NUMERIC):
            values = random.normal(10 * at, 1 + at, rows) if at % 2 == 0 else random.lognormal(1, 0.5, rows)
            moved = name == "current" and at == 0
            columns[f"n{at:02}"] = np.round(values + (0.5 if moved else 0.0), 4)
        for at in range(CLASSES):
            size = 5 + 5 * at
            shares = 1 / np.arange(1, size + 1)
            if name == "current" and at == 0:
                shares[[0, 1]] = shares[[1, 0]]
            codes = random.choice(size, rows, p=shares / shares.sum())
            columns[f"c{at:02}"] = np.array([f"class {code}" for code in range(size)])[codes]
        table = pa.table(columns)
        pq.write_table(table, folder / f"{name}.parquet")
        pa.csv.write_csv(table, folder / f"{name}.csv")


if __name__ == "__main__":
    write_tables(Path(sys.argv[1]), int(sys.argv[2]))
