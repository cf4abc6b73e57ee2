"""The combinations of a sweep: all of a grid, or a sample that the same command always draws the same. Pure."""

from __future__ import annotations

import itertools
import math
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import UsageError
from mlops_cli.formats.canonical import compact
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlops_cli.experiments.overrides import Override
    from mlops_cli.formats.canonical import Json

_MOST = 10_000
_DRAWS = 1_000  # in a row that bring nothing new: there is nothing new


class Setting(NamedTuple):
    """One parameter with the value that one experiment gives it.

    Parameters
    ----------
    file : str
        The parameter file.
    name : str
        Dotted.
    label : str
        What people call it: its name, with the file before it where that is not the usual one.
    """

    file: str
    name: str
    label: str
    value: Json


Combination = tuple[Setting, ...]


def combinations(
    overrides: Sequence[Override], texts: Sequence[str], *, sample: int | None = None, seed: int | None = None
) -> list[Combination]:
    """Return the experiments: a grid, its last parameter changing fastest, or a sample without repetition.

    Parameters
    ----------
    overrides : sequence of Override
        As `parse_overrides` returns them.
    texts : sequence of str
        As they were given: the same texts draw the same, and a larger sample begins with the smaller one.
    sample : int, optional
        How many to draw.
    seed : int, optional
        To draw others.

    Raises
    ------
    UsageError
        When something has to be drawn and no number is given, or a grid is too large.
    """
    drawn = [override.label for override in overrides if override.drawn]
    if sample is None:
        if drawn:
            raise UsageError(
                f"how many values of {drawn[0]} are to be drawn?", hint="Say so, for example: --sample 20"
            )
        size = math.prod(len(override.values) for override in overrides)
        if size > _MOST:
            raise UsageError(
                f"this is a grid of {size:,} experiments", hint="Draw some of them: --sample 100"
            )
        return list(_grid(overrides))
    if not 1 <= sample <= _MOST:
        raise UsageError(f"--sample takes a number from 1 to {_MOST:,}")
    if not drawn and math.prod(len(override.values) for override in overrides) <= sample:
        return list(_grid(overrides))
    return list(itertools.islice(_draws(overrides, Random(_seed(texts, seed))), sample))  # noqa: S311 - no secret


def _grid(overrides: Sequence[Override]) -> Iterator[Combination]:
    for values in itertools.product(*(override.values for override in overrides)):
        yield tuple(_setting(o, value) for o, value in zip(overrides, values, strict=True))


def _draws(overrides: Sequence[Override], chance: Random) -> Iterator[Combination]:
    seen: set[bytes] = set()
    vain = 0
    # Of listed values there are more than are wanted; of what is drawn, whole numbers may come to an end.
    while vain < _DRAWS or not any(override.drawn for override in overrides):
        # Only `random()` is promised to give the same numbers with every version of Python.
        drawn = tuple(_setting(override, _draw(override, chance.random())) for override in overrides)
        mark = compact([setting.value for setting in drawn])
        vain = vain + 1 if mark in seen else 0
        if not vain:
            seen.add(mark)
            yield drawn


def _setting(override: Override, value: Json) -> Setting:
    return Setting(override.file, override.name, override.label, value)


def _draw(override: Override, chance: float) -> Json:
    if override.drawn is not None:
        return override.drawn.draw(chance)
    return override.values[int(chance * len(override.values))]


def _seed(texts: Sequence[str], seed: int | None) -> int:
    text = compact([list(texts), seed])
    return int(digest_bytes(text)[3:19], 16)


def settings_of(combination: Combination) -> dict[str, Json]:
    """Return label to value, as records and `--json` have it."""
    return {setting.label: setting.value for setting in combination}
