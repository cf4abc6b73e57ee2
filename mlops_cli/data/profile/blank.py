"""Layouts: profiles with nothing counted, and the digest that tells whether two profiles were counted on one layout."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlops_cli.data.profile.model import (
    AnyColumn,
    BooleanProfile,
    CategoricalProfile,
    DatetimeProfile,
    MissingPair,
    NumericProfile,
    Profile,
    Ranks,
    TextProfile,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

BLANKS: Mapping[str, type[Any]] = {
    "numeric": NumericProfile,
    "boolean": BooleanProfile,
    "categorical": CategoricalProfile,
    "datetime": DatetimeProfile,
    "text": TextProfile,
}


def blank_column(column: AnyColumn) -> Any:
    """Return a column's layout: its profile with nothing counted."""
    head: dict[str, Any] = {"name": column.name, "storage": column.storage, "private": column.private}
    if isinstance(column, NumericProfile):
        zeros = (0,) * (len(column.edges) + 1)
        return NumericProfile(
            **head,
            low=column.low,
            high=column.high,
            edges=column.edges,
            counts=zeros,
            sums=zeros,
            points=column.points,
            point_counts=(0,) * len(column.points),
            centre=column.centre,
            unit=column.unit,
            discrete=column.discrete,
        )
    if isinstance(column, CategoricalProfile):
        counts = (0,) * len(column.values)
        return CategoricalProfile(**head, values=column.values, counts=counts, others=column.others)
    if isinstance(column, TextProfile):
        return TextProfile(**head, shapes=column.shapes, shape_counts=(0,) * len(column.shapes))
    return BLANKS[column.kind](**head)


def blank_profile(profile: Profile) -> Profile:
    """Return a profile's layout: no rows, nothing counted."""
    return replace(
        profile,
        rows=0,
        columns=tuple(blank_column(column) for column in profile.columns),
        sources=(),
        edges_from="",
        baseline=True,
        missing_pairs=tuple(MissingPair(pair.first, pair.second, 0) for pair in profile.missing_pairs),
        ranks=Ranks(profile.ranks.columns, profile.ranks.edges),
        sample=type(profile.sample)(),
        different_rows=None,
        stage="",
        warnings=(),
    )


def layout_digest(profile: Profile) -> str:
    """Return the digest of a profile's layout."""
    from mlops_cli.data.profile.text import profile_wire
    from mlops_cli.formats.canonical import compact
    from mlops_cli.store.digest import digest_bytes

    return digest_bytes(compact(profile_wire(blank_profile(profile))))
