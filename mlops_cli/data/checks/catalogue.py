"""Every check by name: what it finds, how bad that is by default, and which findings it explains away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from mlops_cli.data.checks.model import Severity

Asked = Literal["warn", "fail", "off"]
ASKED: tuple[Asked, ...] = ("warn", "fail", "off")


class Check(NamedTuple):
    """A check.

    Parameters
    ----------
    severity : str
        By default. A check that weighs how much is wrong may say less or more, see its module.
    explains : tuple of str
        Checks that would only say the same again of the same column.
    """

    finds: str
    severity: Severity
    explains: tuple[str, ...] = ()


_VALUES = ("out_of_range", "unseen_categories", "unknown_value", "whole", "pattern", "length", "variance")
_SHAPE = (*_VALUES, "missing_rate", "missing_values", "constant", "unit", "relabelled", "time_zone", "order")

CATALOGUE: dict[str, Check] = {
    # Which columns there are
    "broken_join": Check("many columns went missing at once", "fail", ("missing_column", "missing_rate", "missing_values")),
    "missing_column": Check("a column is not there", "fail"),
    "renamed_column": Check("a column is there under another name", "fail", ("missing_column", "extra_column")),
    "extra_column": Check("a column that nobody expected", "warn"),
    "type_changed": Check("a column holds another kind of values", "fail", (*_SHAPE, "infinite", "imputed_constant")),
    # What the schema file says of values
    "missing_values": Check("more values are missing than allowed", "fail", ("missing_rate",)),
    "out_of_range": Check("values lie outside of the range", "warn"),
    "unknown_value": Check("values that are not on the list", "fail", ("unseen_categories",)),
    "not_unique": Check("values come twice that should not", "fail"),
    "pattern": Check("texts do not match the pattern", "fail"),
    "length": Check("texts are too short or too long", "fail"),
    "whole": Check("numbers are not whole", "fail"),
    "order": Check("values do not come in order", "fail"),
    # Against a reference
    "missing_rate": Check("the share of missing values changed", "warn"),
    "unseen_categories": Check("categories that the reference never had", "warn"),
    "constant": Check("a column has one value only", "warn", ("variance", "out_of_range")),
    "infinite": Check("infinite values", "fail"),
    "unit": Check("the unit of a column changed", "fail", ("out_of_range", "variance", "length", "whole")),
    "relabelled": Check("categories have other labels", "fail", ("unseen_categories", "unknown_value", "out_of_range")),
    "time_zone": Check("times are shifted by hours", "fail"),
    # The table as a whole
    "row_count": Check("too few or too many rows", "fail"),
    "duplicate_rows": Check("rows come more than once", "warn"),
    "duplicate_keys": Check("keys come more than once", "fail", ("not_unique",)),
    "stale": Check("the newest row is too old", "fail"),
    "future": Check("rows lie in the future", "warn"),
    # Learning
    "leakage": Check("one column alone gives the target away", "fail", (*_VALUES, "unit", "relabelled")),
    "overlap_rows": Check("rows of the training table are in this one", "fail"),
    "overlap_keys": Check("keys of the training table are in this one", "fail"),
    "overlap_time": Check("rows lie before the end of the training table", "warn"),
    # Raw against transformed
    "rows_changed": Check("rows were lost or added on the way", "fail"),
    "keys_changed": Check("other keys than the raw table has", "fail"),
    "imputed_constant": Check("missing values were filled with one value", "warn", ("missing_rate",)),
    "imputer_statistic": Check("the value that fills gaps does not fit the data", "warn"),
    "variance": Check("a column spreads much more or less than it did raw", "warn"),
    "rank_order": Check("a step that should keep the order of values does not", "fail"),
}  # fmt: skip
