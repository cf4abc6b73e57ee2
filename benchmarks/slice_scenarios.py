"""Weak slices of a large table: the whole way, from a Parquet file to the slices, in a process of its own."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.projects import WrongResultError
from benchmarks.samples import Samples, say

if TYPE_CHECKING:
    from benchmarks.measure import Machine

NUMBERS, STEPS, WORDS = 18, 4, 8
"""Columns of numbers of a kind, of whole numbers from 0 to 9 with gaps, and of words: 30 in all."""

PLANTED = "k0 == 7 and c0 == 'w1'"
"""Some 2 % of the rows, with twice the loss."""

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class SliceBench:
    """Where the scenario runs, and how often; it gathers the samples."""

    machine: Machine
    folder: Path
    rounds: int
    samples: Samples = field(default_factory=Samples)

    def slices(self, rows: int) -> None:
        """Measure the search in a table of so many rows and thirty columns, one and two columns deep, and three."""
        path = self.folder / f"slices-{rows}.parquet"
        say(f"writing a table of {rows:,} rows")
        write_table(path, rows)
        for _ in range(self.rounds):
            for depth in ("2", "3"):
                what = "slices", rows, f"weak slices, up to {depth} columns", "mlops"
                command = [sys.executable, "-m", "benchmarks.slice_scenarios", str(path), depth]
                _, found = self.samples.timed(self.machine, what, command, ROOT)
                if found.output.splitlines()[:1] != [PLANTED]:
                    raise WrongResultError(f"the planted slice is not found first:\n{found.output[:2000]}")


def write_table(path: Path, rows: int) -> None:
    """Write a table of thirty columns, and the losses of a model that is weak on one slice, always the same."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw = np.random.default_rng(0)
    columns = {f"n{at}": pa.array(draw.normal(size=rows)) for at in range(NUMBERS)}
    steps = [draw.integers(0, 10, rows) for _ in range(STEPS)]
    for at, step in enumerate(steps):
        columns[f"k{at}"] = pa.array(step.astype(np.float64), mask=draw.random(rows) < 0.1)
    words = [draw.integers(0, 5 + 4 * at, rows).astype(np.int32) for at in range(WORDS)]
    for at, word in enumerate(words):
        names = pa.array([f"w{number}" for number in range(5 + 4 * at)])
        columns[f"c{at}"] = pa.DictionaryArray.from_arrays(pa.array(word), names)
    known = columns["k0"].is_valid().to_numpy(zero_copy_only=False)
    weak = (steps[0] == 7) & known & (words[0] == 1)
    columns["loss"] = pa.array(draw.exponential(np.where(weak, 2.0, 1.0)))
    pq.write_table(pa.table(columns), path)


def search(path: Path, depth: int) -> None:
    """Print the condition of each weak slice of a table, the first one first."""
    import tempfile

    from mlops_cli.data.table.opening import open_table
    from mlops_cli.evaluation.slices.columns import TableColumns
    from mlops_cli.evaluation.slices.find import find_slices

    with tempfile.TemporaryDirectory() as scratch, open_table(path, scratch=Path(scratch)) as table:
        loss = table.numbers("loss")
        for found in find_slices(TableColumns(table, without=("loss",)), loss, "loss", depth=depth):
            print(found.where)


if __name__ == "__main__":
    search(Path(sys.argv[1]), int(sys.argv[2]))
