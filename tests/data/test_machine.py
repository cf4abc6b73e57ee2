"""What numpy is told of the machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mlops_cli.data.machine import sorts_slowly

ZEN_4 = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC 9R14
flags\t\t: fpu vme avx2 avx512f avx512dq avx512_vbmi2
"""
CHILD = """
import os, subprocess, sys
from mlops_cli.data import machine
machine._facts = lambda: {facts!r}
machine.prepare_arrays()
import numpy as np
assert np.sort([3.0, 1.0, 2.0]).tolist() == [1.0, 2.0, 3.0]
print("NPY_DISABLE_CPU_FEATURES" in os.environ)
print(subprocess.run([sys.executable, "-c", "import os; print('NPY_DISABLE_CPU_FEATURES' in os.environ)"],
    env=dict(os.environ), capture_output=True, text=True).stdout.strip())
"""


@pytest.mark.parametrize(
    ("change", "slow"),
    [
        (("", ""), True),
        (("AuthenticAMD", "GenuineIntel"), False),
        (("cpu family\t: 25", "cpu family\t: 26"), False),
        (("cpu family\t: 25", "cpu family\t: 257"), False),
        (("avx512f ", ""), False),
    ],
)
def test_zen_4_is_told_from_other_processors(change: tuple[str, str], slow: bool) -> None:
    assert sorts_slowly(ZEN_4.replace(*change)) == slow
    assert not sorts_slowly("")


@pytest.mark.parametrize("facts", ["", ZEN_4])
def test_nothing_of_it_is_seen_by_other_processes_and_nothing_is_printed(facts: str) -> None:
    variables = {name: value for name, value in os.environ.items() if name != "NPY_DISABLE_CPU_FEATURES"}
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(facts=facts)],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["False", "False"], "")
