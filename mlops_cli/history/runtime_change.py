"""What differs between the runtimes of two runs: interpreter, packages, machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.history.runtime import Runtime

Kind = Literal["python", "platform", "gpu", "cpus", "threads", "package"]


class RuntimeChange(NamedTuple):
    """One difference between two runtimes.

    Parameters
    ----------
    kind : str
        `python`, `platform`, `gpu`, `cpus`, `threads` or `package`.
    name : str
        Of the package, or of the variable that limits threads; empty for the others.
    old, new : str or None
        None where the package is not installed, or the variable not set.
    """

    kind: Kind
    name: str
    old: str | None
    new: str | None


def runtime_changes(old: Runtime, new: Runtime) -> tuple[RuntimeChange, ...]:
    """Return what differs between two runtimes, what matters most first; packages by name."""
    found = [
        RuntimeChange("python", "", old.python, new.python),
        RuntimeChange("platform", "", old.platform, new.platform),
        RuntimeChange("gpu", "", ", ".join(old.gpus) or None, ", ".join(new.gpus) or None),
        RuntimeChange("cpus", "", str(old.cpus), str(new.cpus)),
    ]
    found += _named("threads", old.threads, new.threads)
    if old.packages_digest != new.packages_digest:
        found += _named("package", old.packages, new.packages)
    return tuple(change for change in found if change.old != change.new)


def _named(kind: Kind, old: Mapping[str, str], new: Mapping[str, str]) -> list[RuntimeChange]:
    return [RuntimeChange(kind, name, old.get(name), new.get(name)) for name in sorted({*old, *new})]
