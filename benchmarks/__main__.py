"""The command line, ``python -m benchmarks``: progress to standard error, the tables to standard output."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks import machine as machine_facts
from benchmarks.data_scenarios import S3_DVC_LIMIT, DataBench
from benchmarks.data_sets import SETS, DataSet
from benchmarks.data_tools import DataTool, DvcData, GitData, MlopsData, copiers
from benchmarks.drift_scenarios import DriftBench
from benchmarks.history_scenarios import HistoryBench
from benchmarks.measure import Machine, clean_environment
from benchmarks.report import as_json, markdown
from benchmarks.s3 import S3Server
from benchmarks.samples import Samples, say
from benchmarks.scenarios import Bench
from benchmarks.slice_scenarios import SliceBench
from benchmarks.tools import Dvc, Make, Mlops, Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T", Tool, DataTool)

TOOLS = ("mlops", "dvc", "make", "git", "cp", "rsync", "evidently", "nannyml")
SCENARIOS = ("start", "stages", "parallel")
DATA_SCENARIOS = ("data", "s3")
"""Measured when asked for: they take hours."""

DRIFT_SCENARIOS = ("drift",)
"""Measured when asked for: the others need minutes and gigabytes."""

HISTORY_SCENARIOS = ("history",)
"""Measured when asked for: writing the history takes some time."""

SLICE_SCENARIOS = ("slices",)
"""Measured when asked for: a table of a million rows is written first."""

ASKED_FOR = DATA_SCENARIOS + HISTORY_SCENARIOS + SLICE_SCENARIOS + DRIFT_SCENARIOS

WARM_UP_FILES = 20
S3_SCALE = 0.1
"""The S3 server answers some hundreds of requests a second, so both tools meet it with a tenth of the files."""

S3_WHOLE = 100_000_000
"""Sets of many files that are smaller than this meet it whole too: how many requests do they need?"""


def main() -> int:
    """Measure what is asked for; print the tables and write them as files."""
    options = _parser().parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    samples = Samples()
    facts: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as name, ExitStack() as stack:
        folder = Path(name)
        machine = Machine(clean_environment(_home(folder)))
        facts |= machine_facts.facts(folder)
        facts["Git"] = machine.run(["git", "--version"], folder).output.split()[-1]
        # What was measured before a failure is written too; the program grows, and so does what the system counts.
        stack.callback(lambda: _write(options, facts, samples, machine.floor(folder)))
        if set(options.scenarios) & set(SCENARIOS):
            tools = _here(_pipeline_tools(options), options.tools, facts, machine)
            _measure_stages(Bench(machine, folder, tools, options.rounds, options.full, samples), options)
        if set(options.scenarios) & set(DATA_SCENARIOS):
            data_tools = _here(_data_tools(options), options.tools, facts, machine)
            server = _server(options, stack)
            known = Machine({**machine.environment, **(server.environment if server else {})})
            bench = DataBench(known, folder, data_tools, options.rounds, options.full, server, samples)
            _measure_data(bench, options)
        if set(options.scenarios) & set(HISTORY_SCENARIOS):
            program = str(options.mlops.absolute())
            HistoryBench(machine, folder, program, options.rounds, samples).history(options.commits)
        if set(options.scenarios) & set(DRIFT_SCENARIOS):
            peers = _peers(options, facts, machine, folder)
            program = str(options.mlops.absolute())
            DriftBench(machine, folder, program, peers, options.rounds, samples).drift(options.rows)
        if set(options.scenarios) & set(SLICE_SCENARIOS):
            SliceBench(machine, folder, options.rounds, samples).slices(options.rows)
    return 0


def _write(options: argparse.Namespace, facts: dict[str, str], samples: Samples, floor: int) -> None:
    text = markdown(facts, samples.taken, options.rounds, floor)
    (options.out / "results.md").write_text(text, encoding="utf-8")
    answer = as_json(facts, samples.taken, options.rounds, floor)
    (options.out / "results.json").write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")
    print(text)


def _measure_stages(bench: Bench, options: argparse.Namespace) -> None:
    bench.warm_up()
    if "start" in options.scenarios:
        bench.start()
    if "stages" in options.scenarios:
        for size in options.sizes:
            bench.stages(size)
    if "parallel" in options.scenarios:
        bench.parallel()


def _measure_data(bench: DataBench, options: argparse.Namespace) -> None:
    bench.warm_up(DataSet("warm-up", WARM_UP_FILES, 1000))
    chosen = [SETS[name].scaled(options.scale) for name in options.sets]
    if "data" in options.scenarios:
        for data in chosen:
            bench.directory(data)
    if "s3" in options.scenarios:
        for data in chosen:
            bench.s3(data.scaled(S3_SCALE))
            if data.files > S3_DVC_LIMIT and data.size * data.files <= S3_WHOLE:
                bench.s3(data)


def _server(options: argparse.Namespace, stack: ExitStack) -> S3Server | None:
    if "s3" not in options.scenarios:
        return None
    if not shutil.which(options.moto):
        say(f"{options.moto} is not here: nothing is measured with an S3 server")
        return None
    return stack.enter_context(S3Server(options.moto))


def _home(folder: Path) -> Path:
    home = folder / "home"
    home.mkdir()
    return home


def _here(
    known: Mapping[T, Path | str], wanted: list[str], facts: dict[str, str], machine: Machine
) -> list[T]:
    """Return the wanted tools that are installed, and add their versions to the facts."""
    found = []
    for tool, program in known.items():
        if tool.name.lower() not in wanted:
            continue
        if not shutil.which(program):
            say(f"{tool.name} is not here and is left out")
            continue
        found.append(tool)
        facts[tool.name] = tool.version(machine, Path(machine.environment["HOME"]))
    return found


def _peers(
    options: argparse.Namespace, facts: dict[str, str], machine: Machine, folder: Path
) -> dict[str, str]:
    """Return the Pythons that have the others that compare tables, and add their versions to the facts."""
    found = {}
    for name, python in (("Evidently", options.evidently), ("NannyML", options.nannyml)):
        if name.lower() not in options.tools:
            continue
        if not shutil.which(python):
            say(f"{name} is not here and is left out")
            continue
        found[name] = str(python.absolute())
        program = f"import {name.lower()} as it; print(it.__version__)"
        facts[name] = machine.run([found[name], "-c", program], folder).output.split()[-1]
    return found


def _pipeline_tools(options: argparse.Namespace) -> dict[Tool, Path | str]:
    mlops, dvc = (str(path.absolute()) for path in (options.mlops, options.dvc))
    return {Mlops(mlops): mlops, Dvc(dvc): dvc, Make(): "make"}


def _data_tools(options: argparse.Namespace) -> dict[DataTool, Path | str]:
    mlops, dvc = (str(path.absolute()) for path in (options.mlops, options.dvc))
    known: dict[DataTool, Path | str] = {MlopsData(mlops): mlops, DvcData(dvc): dvc, GitData(): "git"}
    return known | {copier: copier.program for copier in copiers()}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure mlops beside DVC, make, git, cp, rsync, Evidently and NannyML.",
    )
    parser.add_argument(
        "--sizes", type=_numbers, default=[10, 100, 1000], help="numbers of stages: 10,100,1000"
    )
    parser.add_argument(
        "--scenarios",
        type=_names(SCENARIOS + ASKED_FOR),
        default=list(SCENARIOS),
        help=f"{','.join(SCENARIOS)} (these when not told), {','.join(ASKED_FOR)}",
    )
    parser.add_argument(
        "--sets", type=_names(SETS), default=["tiny", "middle", "large"], help=f"of {','.join(SETS)}"
    )
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="rows of the tables of slices and drift: 1000000"
    )
    parser.add_argument("--commits", type=int, default=10_000, help="how long the history is: 10000")
    parser.add_argument(
        "--evidently", type=Path, default=Path("build/evidently/bin/python"), help="the Python that has it"
    )
    parser.add_argument(
        "--nannyml", type=Path, default=Path("build/nannyml/bin/python"), help="the Python that has it"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="0.1: a tenth of the data, for a trial")
    parser.add_argument("--tools", type=_names(TOOLS), default=list(TOOLS), help=f"of {','.join(TOOLS)}")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    parser.add_argument(
        "--full", action="store_true", help="DVC's fresh run of 1000 stages too, once: 20 minutes"
    )
    parser.add_argument(
        "--mlops", type=Path, default=Path(sys.executable).parent / "mlops", help="the program"
    )
    parser.add_argument("--dvc", type=Path, default=Path("build/dvc/bin/dvc"), help="the program")
    parser.add_argument("--moto", type=Path, default=Path("build/moto/bin/moto_server"), help="the program")
    parser.add_argument(
        "--folder", type=Path, default=None, help="where to work, instead of the system's place"
    )
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="where results.md and .json go")
    return parser


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def _names(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Return a reader of names with commas between them, which refuses the ones that are not known."""

    def read(text: str) -> list[str]:
        names = text.split(",")
        if wrong := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"there is no {wrong[0]!r}; there are {', '.join(known)}")
        return names

    return read


if __name__ == "__main__":
    sys.exit(main())
