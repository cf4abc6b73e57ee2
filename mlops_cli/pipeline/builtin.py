"""The port for built-in steps (`uses: …`): what a step says of itself before it can be planned, and what it is given to run."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlops_cli.formats.canonical import Json


@dataclass(frozen=True, slots=True)
class Declared:
    """Paths that follow from a step's settings, relative to the stage's folder.

    Parameters
    ----------
    loads : tuple of str
        Those of the inputs that the step loads as programs are loaded (a pickled model). Who runs it says what records say of them.
    """

    deps: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    plots: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()


def declare_report(
    step: str,
    report: str | None,
    reads: Iterable[str | None],
    *,
    stored: Sequence[str] = (),
    kept: Sequence[str] = (),
    metrics: Sequence[str] = (),
    loads: tuple[str, ...] = (),
) -> Declared:
    """Return the inputs and outputs of a step that makes a report: a folder of files with fixed names.

    Parameters
    ----------
    step : str
        As `uses` names it.
    reads : iterable of str or None
        What its settings name. Addresses are no inputs, and a path that is named twice is one.
    stored, kept, metrics : sequence of str
        Names of its files: those that go into the store, those that stay in Git, and of these the metrics.

    Raises
    ------
    ValueError
        When there is no folder for them.

    Examples
    --------
    >>> found = declare_report("drift", "reports/drift", ["a.csv", "s3://b/c.csv", "a.csv"], stored=["page.html"])
    >>> found.deps, found.outs
    (('a.csv',), ('reports/drift/page.html',))
    """
    if not report:
        raise ValueError(f"{step} needs report: the folder for its files, for example report: reports/{step}")
    return Declared(
        deps=tuple(dict.fromkeys(path for path in reads if path and "://" not in path)),
        outs=tuple(posixpath.join(report, name) for name in stored),
        metrics=tuple(posixpath.join(report, name) for name in metrics),
        plots=tuple(posixpath.join(report, name) for name in kept),
        loads=loads,
    )


@dataclass(frozen=True, slots=True)
class StepCall:
    """What a step is given when it runs. The working directory is the stage's folder, and all paths are relative to it.

    Parameters
    ----------
    settings : JSON object
        What stands under `with`.
    report : str or None
        The folder of its report. It exists.
    inputs : mapping
        Path of each input to its digest, as it was when the step was started; of a directory that of its tree.
    recorded : mapping
        Path to the digest that a record promises: of the stage that made it, of tracked data, or of what Git has committed.
        What nothing promises is not in it.
    scratch : str
        A folder for temporary files, removed afterwards.
    page : callable or None
        Makes the step's page out of its result; where it is None, no page is wanted.
    """

    settings: Mapping[str, Json]
    report: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, str] = field(default_factory=dict)
    scratch: str = "."
    page: Callable[[Any], str] | None = None


class BuiltinStep(Protocol):
    """A step that ships with the package.

    Steps are pure to plan and run in a child process. A step lies in a light module, `<room>/step.py`; what it does
    lies in a heavy one, which only the child imports.
    """

    @property
    def entry(self) -> str:
        """Where the function is that the child calls with a `StepCall`: `module:function`.

        A text that it returns is told beside the stage: what it found, in some words.
        """
        ...

    @property
    def version(self) -> int:
        """Part of the key: raised whenever the same inputs would give another result, its page included."""
        ...

    @property
    def page(self) -> str:
        """Where the function is that draws its result: `module:function`, which only the child imports; empty for none."""
        ...

    def declare(self, settings: Mapping[str, Json], report: str | None) -> Declared:
        """Return the inputs and outputs that follow from `with` and `report`.

        Raises
        ------
        ValueError
            With what is wrong in the settings; it becomes a problem at the place of `with`.
        """
        ...
