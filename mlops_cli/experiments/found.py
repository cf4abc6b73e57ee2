"""What a search for a guilty commit is about, and what it can come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from mlops_cli.git.commit_path import CommitFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.experiments.known_values import Value
    from mlops_cli.history.bisect import Answer, Scale
    from mlops_cli.history.tree_recipe import RecipeChange

Commit: TypeAlias = CommitFacts
Direction = Literal["up", "down"]
Outcome = Literal["found", "suspects", "unfinished", "planned", "not-fallen", "noise", "same"]


class Point(NamedTuple):
    """What is known of one commit.

    Parameters
    ----------
    values : tuple of Value
        Of this commit, or of one that cannot differ from it.
    answer : str or None
        `good`, `bad`, `skip`; None where nothing is known.
    trouble : str
        Why it was skipped.
    """

    commit: Commit
    values: tuple[Value, ...]
    answer: Answer | None
    trouble: str = ""

    @property
    def mean(self) -> float | None:
        """The metric: the mean, where there are several values."""
        return fmean(value.value for value in self.values) if self.values else None


class Guilt(NamedTuple):
    """The commit that made the metric fall.

    Parameters
    ----------
    before, after : float or None
        The metric before it and with it.
    change : RecipeChange
        What it changed of all that the metric rests on.
    """

    commit: Commit
    before: float | None
    after: float | None
    change: RecipeChange


@dataclass(slots=True)
class Found:
    """What the search came to.

    Parameters
    ----------
    scale : Scale or None
        None where the ends tell none.
    points : list of Point
        Every commit with a value, or that was skipped; in the order of the path, those of merged branches after it.
    suspects : list of Commit
        Where it could not be told which of them it is.
    commits, apart : int
        How many commits lie on the path, and how many of them can have changed the metric.
    left : int
        How many more runs it takes at most.
    """

    outcome: Outcome
    scale: Scale | None = None
    guilty: Guilt | None = None
    points: list[Point] = field(default_factory=list)
    suspects: list[Commit] = field(default_factory=list)
    commits: int = 0
    apart: int = 0
    left: int = 0
    scatter: float | None = None
    notes: list[str] = field(default_factory=list)


class Terms(NamedTuple):
    """What is searched for.

    Parameters
    ----------
    direction : str or None
        Which way the metric is better; None for the way from the bad end to the good one.
    threshold : float or None
        Where bad begins; half way between the ends by default.
    repeats : int
        At most so many values a commit.
    dry : bool
        Run nothing.
    """

    metric: str
    targets: Sequence[str]
    direction: Direction | None
    threshold: float | None
    repeats: int
    dry: bool
