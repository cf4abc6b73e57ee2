"""What is run in the environments of others, with their own defaults: `peer_drift.py TOOL REFERENCE CURRENT`.

It prints the columns that drifted, one a line, so that the measurement can be checked to have done the work.
"""

from __future__ import annotations

import sys
from typing import Any


def main(tool: str, reference: str, current: str) -> None:
    """Compare two files with one tool."""
    import pandas as pd

    read = pd.read_parquet if reference.endswith(".parquet") else pd.read_csv
    found = {"evidently": _evidently, "nannyml": _nannyml, "describe": _describe}[tool](
        read(reference), read(current)
    )
    print("\n".join(sorted(found)))


def _evidently(reference: Any, current: Any) -> list[str]:
    """Run the preset for drift of all columns."""
    from evidently import Report  # type: ignore[import-not-found] # in an environment of its own
    from evidently.presets import DataDriftPreset  # type: ignore[import-not-found] # as above

    result = Report([DataDriftPreset()]).run(current, reference).dict()
    drifted = []
    for metric in result["metrics"]:
        config, value = metric.get("config", {}), metric.get("value")
        if "column" in config and isinstance(value, int | float):
            limit, method = config.get("threshold", 0.1), str(config.get("method", ""))
            if value < limit if "p_value" in method else value >= limit:
                drifted.append(config["column"])
    return drifted


def _nannyml(reference: Any, current: Any) -> list[str]:
    """Run univariate drift with its defaults, each table one chunk of the analysis."""
    import nannyml as nml  # type: ignore[import-not-found] # in an environment of its own

    columns = list(reference.columns)
    calculator = nml.UnivariateDriftCalculator(
        column_names=columns,
        continuous_methods=["jensen_shannon"],
        categorical_methods=["jensen_shannon"],
    )
    calculator.fit(reference)
    result = calculator.calculate(current).filter(period="analysis").to_df()
    return [name for name in columns if bool(result[name, "jensen_shannon", "alert"].any())]


def _describe(reference: Any, current: Any) -> list[str]:
    """Run pandas' own summary: what looking at the numbers costs."""
    means = [table.describe(include="all").loc["mean"] for table in (reference, current)]
    return [name for name in reference.columns if means[0][name] != means[1][name]][:0]


if __name__ == "__main__":
    main(*sys.argv[1:])
