"""The port for built-in steps (`uses: …`): what a step says of itself before it can be planned and run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json


@dataclass(frozen=True, slots=True)
class Declared:
    """Paths that follow from a step's settings, relative to the stage's folder."""

    deps: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    plots: tuple[str, ...] = ()


class BuiltinStep(Protocol):
    """A step that ships with the package.

    Steps are pure to plan and run in a child process: `entry` names the function there, as `module:function`;
    it is called with the settings, and the working directory is the stage's.
    """

    @property
    def entry(self) -> str:
        """Where the function is: `module:function`."""
        ...

    def declare(self, settings: Mapping[str, Json], report: str | None) -> Declared:
        """Return the inputs and outputs that follow from `with` and `report`.

        Raises
        ------
        ValueError
            With what is wrong in the settings; it becomes a problem at the place of `with`.
        """
        ...
