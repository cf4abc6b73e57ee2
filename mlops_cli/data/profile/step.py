"""`uses: profile`: what it reads and makes. What it does lies in `work.py`, which only the child process imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast, get_args

from mlops_cli.data.profile.model import Stage
from mlops_cli.data.table.kinds import KINDS, Kind
from mlops_cli.pipeline.builtin import declare_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlops_cli.formats.canonical import Json
    from mlops_cli.pipeline.builtin import Declared

PROFILE, PAGE = "profile.json", "report.html"
_KEYS = ("data", "baseline", "pii", "types", "stage")


class ProfileSettings(NamedTuple):
    """What stands under `with`.

    Attributes
    ----------
    data : str
        The table: a path or an address.
    baseline : str or None
        The profile to count on.
    pii : tuple of str
        Columns whose values may not be told.
    types : mapping
        Column to kind.
    stage : str
        `raw`, `transformed`, `scored` or "".
    """

    data: str
    baseline: str | None = None
    pii: tuple[str, ...] = ()
    types: Mapping[str, Kind] = {}
    stage: Stage = ""


class ProfileStep:
    """The step."""

    entry = "mlops_cli.data.profile.work:run"
    page = "mlops_cli.render.profile_page:profile_page"
    version = 1

    def declare(self, settings: Mapping[str, Json], report: str | None) -> Declared:
        """Return inputs and outputs: `profile.json` stays in Git, the page goes into the store.

        Raises
        ------
        ValueError
            With what is wrong in the settings.
        """
        found = read_settings(settings)
        return declare_report("profile", report, (found.data, found.baseline), stored=[PAGE], kept=[PROFILE])


def read_settings(settings: Mapping[str, Json]) -> ProfileSettings:
    """Return settings that were checked.

    Raises
    ------
    ValueError
        With what is wrong.

    Examples
    --------
    >>> read_settings({"data": "raw.csv", "pii": ["name"]}).pii
    ('name',)
    """
    unknown = sorted(set(settings) - set(_KEYS))
    if unknown:
        raise ValueError(f"profile knows no {unknown[0]!r}; there are {', '.join(_KEYS)}")
    data, baseline = settings.get("data"), settings.get("baseline")
    if not isinstance(data, str) or not data:
        raise ValueError("profile needs data: the path of a table")
    if baseline is not None and (not isinstance(baseline, str) or not baseline):
        raise ValueError("baseline should be the path of a profile")
    pii = settings.get("pii") or []
    pii = [pii] if isinstance(pii, str) else pii
    if not isinstance(pii, list) or not all(isinstance(name, str) for name in pii):
        raise ValueError("pii should be a list of columns")
    stage = settings.get("stage") or ""
    if stage not in get_args(Stage):
        raise ValueError("stage should be raw, transformed or scored")
    return ProfileSettings(
        data, baseline, tuple(pii), _types(settings.get("types") or {}), cast("Stage", stage)
    )


def _types(types: Json) -> Mapping[str, Kind]:
    if not isinstance(types, dict):
        raise ValueError("types should be a mapping of columns to kinds, such as zip: categorical")  # noqa: TRY004
    for name, kind in types.items():
        if kind not in KINDS:
            raise ValueError(f"types: {name}: {kind!r} is no kind of column; there are {', '.join(KINDS)}")
    return types
