"""What differs between two machines."""

from __future__ import annotations

from dataclasses import replace

from mlops_cli.history.runtime import Runtime
from mlops_cli.history.runtime_change import RuntimeChange, runtime_changes
from mlops_cli.store.digest import digest_bytes

ONE = Runtime(
    "3.12.1", {"numpy": "2.0", "pandas": "2.2"}, digest_bytes(b"1"), "Linux-6-x86_64", 8, ("0",), {}
)


def test_the_same_runtime_has_no_differences() -> None:
    assert runtime_changes(ONE, ONE) == ()


def test_the_interpreter_comes_first_and_packages_last_by_name() -> None:
    other = replace(
        ONE,
        python="3.13.0",
        packages={"numpy": "2.1", "scipy": "1.0"},
        packages_digest=digest_bytes(b"2"),
        platform="Darwin-24-arm64",
        cpus=4,
        gpus=(),
        threads={"OMP_NUM_THREADS": "2"},
    )
    assert runtime_changes(ONE, other) == (
        RuntimeChange("python", "", "3.12.1", "3.13.0"),
        RuntimeChange("platform", "", "Linux-6-x86_64", "Darwin-24-arm64"),
        RuntimeChange("gpu", "", "0", None),
        RuntimeChange("cpus", "", "8", "4"),
        RuntimeChange("threads", "OMP_NUM_THREADS", None, "2"),
        RuntimeChange("package", "numpy", "2.0", "2.1"),
        RuntimeChange("package", "pandas", "2.2", None),
        RuntimeChange("package", "scipy", None, "1.0"),
    )
