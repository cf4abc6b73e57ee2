"""Measurements as a Markdown table and as JSON. Pure: what it says about the machine is handed in."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.samples import Sample

TITLES = {
    "stages": "Stages in chains of ten",
    "parallel": "Eight stages of one second, four at once",
    "start": "Start-up",
    "history": "A long history",
    "slices": "Weak slices of a large table",
    "drift": "Drift of two tables of 50 columns",
}

SIZES = {"history": "commits", "slices": "rows", "drift": "rows"}
"""What the size of a scenario counts, where it is not stages."""


def markdown(facts: Mapping[str, str], samples: Sequence[Sample], rounds: int, floor: int) -> str:
    """Return facts and one table a scenario: median (least to most) of `rounds`, or of the n in the cell."""
    parts = ["".join(f"- {name}: {value}\n" for name, value in facts.items())]
    parts += [
        _table(scenario, [one for one in samples if one.scenario == scenario], rounds, floor)
        for scenario in dict.fromkeys(sample.scenario for sample in samples)
    ]
    return "\n".join(parts)


def as_json(facts: Mapping[str, str], samples: Sequence[Sample], rounds: int, floor: int) -> dict[str, Any]:
    """Return everything measured, each single value included."""
    return {
        "schema": 1,
        "facts": dict(facts),
        "rounds": rounds,
        "memory_floor": floor,
        "samples": [
            {
                "scenario": sample.scenario,
                "size": sample.size,
                "operation": sample.operation,
                "tool": sample.tool,
                "command": sample.command,
                "seconds": {"median": statistics.median(sample.seconds), "values": sample.seconds},
                "peak_bytes": {"median": statistics.median(sample.peaks), "values": sample.peaks},
            }
            | ({"requests": sample.requests} if sample.requests else {})
            for sample in samples
        ],
    }


def _table(scenario: str, samples: Sequence[Sample], rounds: int, floor: int) -> str:
    tools = list(dict.fromkeys(sample.tool for sample in samples))
    sized = any(sample.size for sample in samples)
    counted = [tool for tool in tools if any(one.requests for one in samples if one.tool == tool)]
    header = [
        *([SIZES.get(scenario, "stages")] if sized else []),
        "",
        *tools,
        *(f"{tool}, memory" for tool in tools),
    ]
    header += [f"{tool}, requests" for tool in counted]
    missing = "not run" if scenario in TITLES and scenario not in SIZES else "n/a"
    rows = [header, ["---" if not name else "---:" for name in header]]
    for size, operation in dict.fromkeys((sample.size, sample.operation) for sample in samples):
        here = {one.tool: one for one in samples if (one.size, one.operation) == (size, operation)}
        times = [_seconds(here[tool].seconds, rounds) if tool in here else missing for tool in tools]
        peaks = [_memory(here[tool].peaks, floor) if tool in here else missing for tool in tools]
        asked = [_requests(here[tool].requests) if tool in here else "" for tool in counted]
        rows.append([*([f"{size:,}"] if sized else []), operation, *times, *peaks, *asked])
    return f"### {TITLES.get(scenario, scenario)}\n\n" + "".join(_line(row) for row in rows)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _seconds(values: Sequence[float], rounds: int) -> str:
    middle = f"{_round(statistics.median(values))} s"
    spread = f" ({_round(min(values))} to {_round(max(values))})" if len(values) > 1 else ""
    return middle + spread + (f", n={len(values)}" if len(values) != rounds else "")


def _round(value: float) -> str:
    """Give about three digits, and nothing under a millisecond: that is noise."""
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3}f}"


def _requests(counts: Sequence[int]) -> str:
    return f"{statistics.median(counts):,.0f}" if counts else ""


def _memory(peaks: Sequence[int], floor: int) -> str:
    peak = statistics.median(peaks)
    return f"≤ {floor / 1e6:.0f} MB" if peak <= floor * 1.1 else f"{peak / 1e6:.0f} MB"
