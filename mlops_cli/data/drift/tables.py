"""Two tables or profiles, from their addresses to the report: what touches files, and the order of work."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, cast

from mlops_cli.data.drift.compare import chosen_columns, compare_profiles
from mlops_cli.data.drift.domain import joint_drift
from mlops_cli.data.drift.model import DriftSettings, JointDrift, Side
from mlops_cli.data.drift.rows import Watched
from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.parse import profile_from_bytes
from mlops_cli.data.profile.text import is_profile
from mlops_cli.data.table.opening import open_table
from mlops_cli.store.remotes.opening import scheme_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.data.drift.model import ColumnDrift, DriftReport
    from mlops_cli.data.profile.model import Profile
    from mlops_cli.data.table.kinds import Kind
    from mlops_cli.data.table.table import Table

    Weigh = Callable[[Table], Mapping[str, float]]

_HEAD = 4096  # bytes in which a profile says that it is one


@dataclass(frozen=True, slots=True)
class Opened:
    """One side: a table, or a profile of one.

    Parameters
    ----------
    watched : Watched or None
        The table, where there is one; it keeps some rows while it is read.
    """

    side: Side
    watched: Watched | None = None
    profile: Profile | None = None


def compare_addresses(
    reference: str,
    current: str,
    settings: DriftSettings | None = None,
    *,
    scratch: Path,
    kinds: Mapping[str, Kind] | None = None,
    weigh: Weigh | None = None,
    weighted: str = "",
) -> DriftReport:
    """Compare what lies at two addresses.

    Parameters
    ----------
    reference, current : str
        A table as `open_table` takes it, or the file of a profile.
    scratch : Path
        A folder for temporary files.
    kinds : mapping, optional
        Column to kind, where people know better; of columns that a table has.
    weigh : callable, optional
        Returns the importance of columns, given the reference, or the current table where the reference is a profile.
    weighted : str
        Where the importance comes from.

    Raises
    ------
    FileError, DataError
        When one cannot be read.
    UsageError
        When a column is asked for that neither has, or importance where there is no table.
    """
    with ExitStack() as stack:
        settings = settings or DriftSettings()
        first = _open(reference, settings, scratch, kinds or {}, stack)
        second = _open(current, settings, scratch, kinds or {}, stack)
        return compare_opened(first, second, settings, weigh=weigh, weighted=weighted)


def compare_tables(
    reference: Table,
    current: Table,
    settings: DriftSettings | None = None,
    *,
    weights: Mapping[str, float] | None = None,
) -> DriftReport:
    """Compare two tables that are open.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from mlops_cli.data.table.table import table_of
    >>> before = table_of(pa.table({"age": [20, 30, 40, 50] * 100}), "before")
    >>> after = table_of(pa.table({"age": [20, 30, 50, 50] * 100}), "after")
    >>> found = compare_tables(before, after, DriftSettings(joint=False))
    >>> found.verdict, found.columns[0].name, round(found.columns[0].effect, 2)
    ('fail', 'age', 0.39)
    """
    settings = settings or DriftSettings()
    first, second = (
        Opened(Side(each.name, each.rows, "table", each.digest), Watched(each, settings.joint_rows))
        for each in (reference, current)
    )
    weigh: Weigh | None = None if weights is None else lambda _: weights
    return compare_opened(first, second, settings, weigh=weigh)


def compare_opened(
    reference: Opened,
    current: Opened,
    settings: DriftSettings,
    *,
    weigh: Weigh | None = None,
    weighted: str = "",
) -> DriftReport:
    """Compare two sides: the profile of a table is made on the layout of the other's where that is there already."""
    if settings.joint and reference.watched is not None and current.watched is not None:
        Thread(target=_import_classifier).start()
    first, second = reference.profile, current.profile
    if first is None:
        assert reference.watched is not None  # noqa: S101 - what is no profile is a table
        first = profile_table(cast("Table", reference.watched), baseline=second)
    if second is None:
        assert current.watched is not None  # noqa: S101 - what is no profile is a table
        second = profile_table(cast("Table", current.watched), baseline=first)
    report = compare_profiles(first, second, settings, sides=(reference.side, current.side))
    weights = None
    if weigh is not None:
        table = reference.watched or current.watched
        weights = dict(weigh(cast("Table", table))) if table is not None else None
    joint = None
    if settings.joint and report.compared:
        # What a model does not look at can change without any harm to it.
        looked = [each for each in report.compared if weights is None or weights.get(each.name, 0.0) > 0]
        joint = _joint(reference, current, looked, settings)
    if joint is None and weights is None:
        return report
    return compare_profiles(
        first,
        second,
        settings,
        joint=joint,
        weights=weights,
        sides=(reference.side, current.side),
        weighted=weighted,
    )


def _import_classifier() -> None:
    """Import what the joint distribution needs; it takes most of a second, in which the profiles are begun."""
    with suppress(ImportError):  # whoever needs it will say so
        import_module("sklearn.ensemble")


def _open(
    address: str, settings: DriftSettings, scratch: Path, kinds: Mapping[str, Kind], stack: ExitStack
) -> Opened:
    data = _profile_bytes(address)
    if data is not None:
        profile = profile_from_bytes(data, address)
        return Opened(Side(address, profile.rows, "profile", _one(profile.sources)), profile=profile)
    table = stack.enter_context(open_table(address, scratch=scratch))
    known = {name: kind for name, kind in kinds.items() if name in table.names}
    if known:
        table.close()
        table = stack.enter_context(open_table(address, kinds=known, scratch=scratch))
    return Opened(Side(table.name, table.rows, "table", table.digest), Watched(table, settings.joint_rows))


def _one(sources: Sequence[str]) -> str | None:
    return sources[0] if len(sources) == 1 else None


def _profile_bytes(address: str) -> bytes | None:
    """Return the bytes of a profile's file; None where something else lies there, or nothing."""
    if scheme_of(address) or not Path(address).is_file():
        return None
    with Path(address).open("rb") as stream:
        head = stream.read(_HEAD)
        return head + stream.read() if is_profile(head) else None


def _joint(
    reference: Opened, current: Opened, columns: Sequence[ColumnDrift], settings: DriftSettings
) -> JointDrift:
    without = [each.side.name for each in (reference, current) if each.watched is None]
    bands = JointDrift("insufficient", warn=settings.joint_warn, fail=settings.joint_fail)
    if reference.watched is None or current.watched is None:
        return replace(
            bands,
            reason=f"a classifier looks at rows, and a profile keeps counts only, no rows: {' and '.join(without)}",
        )
    shown = {each.name for each in columns if each.type not in ("id", "unlike") and each.verdict != "error"}
    names = [
        name
        for name in chosen_columns(reference.watched.names, current.watched.names, settings)
        if name in shown
    ]
    numbering = tuple((each.name, "identifier") for each in columns if each.type == "id")
    try:
        found = joint_drift(reference.watched.rows_kept(), current.watched.rows_kept(), names, settings)
    except Exception as error:  # noqa: BLE001 - whatever it is, there is no verdict, and the report says so
        return replace(
            bands, verdict="error", reason=f"the classifier failed: {type(error).__name__}: {error}"
        )
    return replace(found, dropped=(*numbering, *found.dropped))
