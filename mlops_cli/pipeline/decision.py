"""What is to be done with a stage, and why: the values that a plan is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from mlops_cli.pipeline.record import StageRecord, record_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json
    from mlops_cli.formats.problems import Problem
    from mlops_cli.pipeline.definition import Stage
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.store.digest import Digest

State = Literal["fresh", "cached", "stale", "waiting"]
ReasonKind = Literal[
    "new", "forced", "always", "frozen", "tainted", "upstream",
    "program-changed", "wdir-changed", "outs-changed",
    "step-changed", "setting-changed", "setting-added", "setting-removed",
    "dep-changed", "dep-added", "dep-removed",
    "param-changed", "param-added", "param-removed",
    "env-changed", "runtime-changed", "key-changed",
    "output-missing", "output-changed",
]  # fmt: skip


class Reason(NamedTuple):
    """Why a stage is in its state.

    Parameters
    ----------
    kind : str
        One of `ReasonKind`.
    subject : str
        The path, or the name (of a parameter, of a variable, of a stage) that it is about.
    old, new : JSON
        The values before and now; a digest for a path; None for what was or is not there.
    file : str
        Of a parameter: the file that holds it.
    """

    kind: ReasonKind
    subject: str = ""
    old: Json = None
    new: Json = None
    file: str = ""

    @property
    def about_path(self) -> bool:
        """Whether the subject is a path."""
        return self.kind.startswith(("dep-", "runtime-", "output-"))


class Inputs(NamedTuple):
    """What a stage would read now."""

    deps: Mapping[str, Artifact]
    env: Mapping[str, str | None]
    runtime: Mapping[str, Digest]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with one stage, and why.

    Parameters
    ----------
    key : Digest or None
        None while an input is not known.
    inputs : Inputs
        What is known of its inputs.
    outs : mapping or None
        Of a fresh or cached stage: path to artifact.
    problems : tuple of Problem
        Inputs that nothing makes.
    """

    stage: str
    state: State
    reasons: tuple[Reason, ...]
    inputs: Inputs
    key: Digest | None = None
    outs: Mapping[str, Artifact] | None = None
    problems: tuple[Problem, ...] = ()

    def record(self, stage: Stage, outs: Mapping[str, Artifact], *, tainted: bool = False) -> StageRecord:
        """Return the record of the stage once it has these outputs."""
        assert self.key is not None, "only a stage with known inputs runs"  # noqa: S101 - tells the type checker
        return record_of(
            stage, self.key, self.inputs.deps, self.inputs.env, self.inputs.runtime, outs, tainted=tainted
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """Decisions by stage, in an order in which they can be carried out."""

    decisions: Mapping[str, Decision]
    problems: tuple[Problem, ...] = ()

    @property
    def fresh(self) -> bool:
        """Whether there is nothing to do."""
        return all(d.state == "fresh" for d in self.decisions.values())
