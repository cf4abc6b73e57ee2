"""What numpy and Arrow should know of the machine: said once, before anybody imports them. Without it all is right, but slower."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from mlops_cli.settings import read_environment

_FACTS = Path("/proc/cpuinfo")
_HEAD = 8192  # bytes: the first processor says it, and a large machine has hundreds
_VARIABLE = "NPY_DISABLE_CPU_FEATURES"
_FEATURES = "X86_V4 AVX512_ICL AVX512_SPR"
_ZEN_4 = re.compile(r"AuthenticAMD.*^cpu family\s*: 25$.*^flags.*\bavx512f\b", re.DOTALL | re.MULTILINE)
# Of the C library: its numbers for what it asks the system for singly, and for how much that is free it gives back at the end.
_SINGLY, _GIVEN_BACK = -3, -1
_LARGE, _MUCH = 32 << 20, 256 << 20


def prepare_arrays() -> None:
    """Have numpy sort six times as fast on Zen 4, and keep memory for the next column instead of giving it back.

    There `vpcompressq` to memory takes about 140 cycles, and sorting with AVX-512 consists of it (decision 0023);
    where somebody has chosen numpy's kernels already, that stays. The processes that this one starts see nothing of it: they are
    given what Python knows of the environment, which stays as it is.
    """
    _keep_memory()
    chosen = "numpy" in sys.modules or _VARIABLE in read_environment().variables
    if not chosen and sorts_slowly(_facts()):
        os.putenv(_VARIABLE, _FEATURES)


def sorts_slowly(facts: str) -> bool:
    """Whether a processor has AVX-512 as AMD's family 25 has it.

    Parameters
    ----------
    facts : str
        The beginning of `/proc/cpuinfo`.

    Examples
    --------
    >>> sorts_slowly("vendor_id : GenuineIntel")
    False
    """
    return _ZEN_4.search(facts) is not None


def _facts() -> str:
    try:
        with _FACTS.open("rb") as stream:
            return stream.read(_HEAD).decode("ascii", "replace")
    except OSError:
        return ""


def _keep_memory() -> None:
    """Let arrays of a few megabytes take the place of those before them: fresh memory costs a fault for every 4 KiB of it."""
    import ctypes

    with suppress(OSError, AttributeError, TypeError):  # another C library
        library = ctypes.CDLL(None)
        library.mallopt(_SINGLY, _LARGE)
        library.mallopt(_GIVEN_BACK, _MUCH)
