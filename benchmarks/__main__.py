"""The command line, ``python -m benchmarks``: progress to standard error, the tables to standard output."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import machine as machine_facts
from benchmarks.measure import Machine, clean_environment
from benchmarks.report import as_json, markdown
from benchmarks.scenarios import Bench
from benchmarks.tools import Dvc, Make, Mlops, Tool

SCENARIOS = ("start", "stages", "parallel")


def main() -> int:
    """Measure what is asked for; print the tables and write them as files."""
    options = _parser().parse_args()
    found, missing = _tools(options.mlops, options.dvc, options.tools)
    for name in missing:
        print(f"{name} is not here and is left out", file=sys.stderr)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder) as name:
        folder = Path(name)
        bench = _bench(folder, found, options.rounds, full=options.full)
        facts = machine_facts.facts(folder) | {
            tool.name: tool.version(bench.machine, folder) for tool in bench.tools
        }
        facts["Git"] = bench.machine.run(["git", "--version"], folder).output.split()[-1]
        floor = bench.machine.floor(folder)
        bench.warm_up()
        _measure(bench, options.scenarios, options.sizes)
    text = markdown(facts, bench.samples, options.rounds, floor)
    (options.out / "results.md").write_text(text, encoding="utf-8")
    answer = as_json(facts, bench.samples, options.rounds, floor)
    (options.out / "results.json").write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")
    print(text)
    return 0


def _measure(bench: Bench, scenarios: list[str], sizes: list[int]) -> None:
    if "start" in scenarios:
        bench.start()
    if "stages" in scenarios:
        for size in sizes:
            bench.stages(size)
    if "parallel" in scenarios:
        bench.parallel()


def _bench(folder: Path, tools: list[Tool], rounds: int, *, full: bool) -> Bench:
    home = folder / "home"
    home.mkdir()
    return Bench(Machine(clean_environment(home)), folder, tools, rounds, full)


def _tools(mlops: Path, dvc: Path, wanted: list[str]) -> tuple[list[Tool], list[str]]:
    """Return the wanted tools that are installed, ours first, and the names of the others."""
    all_of_them: list[tuple[Tool, Path | str]] = [
        (Mlops(str(mlops.absolute())), mlops),
        (Dvc(str(dvc.absolute())), dvc),
        (Make(), "make"),
    ]
    asked = [(tool, place) for tool, place in all_of_them if tool.name.lower() in wanted]
    here = [tool for tool, place in asked if shutil.which(place)]
    return here, [tool.name for tool, _ in asked if tool not in here]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure mlops beside DVC and make."
    )
    parser.add_argument(
        "--sizes", type=_numbers, default=[10, 100, 1000], help="numbers of stages: 10,100,1000"
    )
    parser.add_argument("--scenarios", type=_names, default=list(SCENARIOS), help=f"of {','.join(SCENARIOS)}")
    parser.add_argument("--tools", type=_names, default=["mlops", "dvc", "make"], help="of mlops,dvc,make")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    parser.add_argument(
        "--full", action="store_true", help="DVC's fresh run of 1000 stages too, once: 20 minutes"
    )
    parser.add_argument(
        "--mlops", type=Path, default=Path(sys.executable).parent / "mlops", help="the program"
    )
    parser.add_argument("--dvc", type=Path, default=Path("build/dvc/bin/dvc"), help="the program")
    parser.add_argument(
        "--folder", type=Path, default=None, help="where to work, instead of the system's place"
    )
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="where results.md and .json go")
    return parser


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def _names(text: str) -> list[str]:
    return text.split(",")


if __name__ == "__main__":
    sys.exit(main())
