"""What a run's parameters and metrics are called, whichever of its stages ran. Pure.

A record says `auc` where one stage of the run reported it, and `eval@a:auc` where several did; parameters of several files
alike. Which of the two a record has says nothing about the metric, so that both names lead to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlops_cli.pipeline.parameters import leaves

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mlops_cli.history.run_record import StageRun


_ABSENT = object()


class Named(Mapping[str, Any]):
    """Values of one run as its record names them; those without an owner before them answer to the name with it, too.

    Parameters
    ----------
    values : mapping
        As the record has them.
    owners : mapping
        Name to the stage that reported it, or to the file that holds it, of values that stand without.
    others : collection of str
        Stages that may have reported what no owner is known of: records that older versions wrote do not say whose the metrics
        of a stage are that was fresh.

    Examples
    --------
    >>> metrics = Named({"auc": 0.9}, {"auc": "eval@a"})
    >>> metrics["eval@a:auc"], metrics.get("eval@b:auc"), list(metrics)
    (0.9, None, ['auc'])
    """

    __slots__ = ("_others", "_owners", "_values")

    def __init__(
        self, values: Mapping[str, Any], owners: Mapping[str, str], others: Collection[str] = ()
    ) -> None:
        self._values = values
        self._owners = owners
        self._others = others

    def whole(self, name: str) -> str:
        """Return one of these names with its owner before it; as it is where that is not known."""
        owner = self._owners.get(name)
        return f"{owner}:{name}" if owner else name

    def _own(self, name: str) -> str:
        """Return a name as the record has it."""
        if name in self._values:
            return name
        owner, colon, bare = name.partition(":")
        while colon:
            if bare in self._values:
                known = self._owners.get(bare)
                if owner in ((known,) if known else self._unsaid()):
                    return bare
            more, colon, bare = bare.partition(":")
            owner = f"{owner}:{more}"
        return name

    def _unsaid(self) -> set[str]:
        return {*self._others}.difference(self._owners.values())

    def __getitem__(self, name: str) -> Any:
        return self._values[self._own(name)]

    def __contains__(self, name: object) -> bool:
        return name in self._values or (isinstance(name, str) and self._own(name) in self._values)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, or the default; the inherited one raises inside for each name that is not there."""
        found = self._values.get(name, _ABSENT)
        return self._values.get(self._own(name), default) if found is _ABSENT else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return dict(self._values) == (dict(other) if isinstance(other, Mapping) else other)

    __hash__ = None  # type: ignore[assignment] # as a dict's

    def __repr__(self) -> str:
        return repr(dict(self._values))


def params_by_file(params: Mapping[str, Any], stages: Iterable[StageRun]) -> Named:
    """Return the flat parameters of a run, with what its stages tell of their files."""
    used = [leaves(values) for stage in stages for values in (stage.params, stage.filled)]
    return Named(params, {name: file for each in used for file, name in each if name in params})


def metrics_by_stage(metrics: Mapping[str, Any], stages: Iterable[StageRun]) -> Named:
    """Return the flat metrics of a run, with what its stages tell of who reported them."""
    return Named(metrics, {name: stage.name for stage in stages for name in stage.metrics if name in metrics})


def meant(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what a name means in a run: just that value, or, of a name without an owner, each of those that have one.

    Examples
    --------
    >>> meant({"a:auc": 0.9, "b:auc": 0.8, "f1": 0.7}, "auc"), meant({"auc": 0.9}, "auc")
    ({'a:auc': 0.9, 'b:auc': 0.8}, {'auc': 0.9})
    """
    found = values.get(name, _ABSENT)
    if found is not _ABSENT:
        return {name: found}
    end = f":{name}"
    return {each: value for each, value in values.items() if each.endswith(end)}


def bare(name: str) -> str:
    """Return a name without its owner.

    Examples
    --------
    >>> bare("models/churn:eval@a:auc"), bare("auc")
    ('auc', 'auc')
    """
    return name.rpartition(":")[2]


def shared(runs: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the names, without owners, that any of some runs has of several owners."""
    return frozenset(bare(name) for name in set[str]().union(*runs) if ":" in name)


def spelled(values: Mapping[str, Any], several: Collection[str]) -> Mapping[str, Any]:
    """Return a run's values so that they have one name beside those of other runs: with owners where others need them.

    Parameters
    ----------
    several : collection of str
        As `shared` gives it for all these runs.

    Examples
    --------
    >>> dict(spelled(Named({"auc": 0.9}, {"auc": "eval@a"}), {"auc"}))
    {'eval@a:auc': 0.9}
    """
    if not isinstance(values, Named) or not any(name in several for name in values):
        return values
    return {(values.whole(name) if name in several else name): value for name, value in values.items()}


def alike(runs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the values of runs, each of which has one name in all of them."""
    several = shared(runs)
    return [spelled(values, several) for values in runs]


def with_set(params: Mapping[str, Any], experiment: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the parameters of a run with those that its experiment set, whether or not a stage is known to use them.

    Examples
    --------
    >>> with_set({"lr": 1}, {"set": {"lr": 1, "train": {"depth": 5}, "b.json:x": 2}})
    {'lr': 1, 'train.depth': 5, 'b.json:x': 2}
    """
    chosen = (experiment or {}).get("set")
    if not isinstance(chosen, Mapping):
        return params
    added = {
        name: value
        for label, given in chosen.items()
        for (_, name), value in leaves({"": {label: given}}).items()
        if not meant(params, name) and (bare(name) not in params or params[bare(name)] != value)
    }
    return {**params, **added} if added else params
