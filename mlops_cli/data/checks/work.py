"""A validation from paths to its verdict: opens what is asked for; and the step, which writes its report and stops what follows."""

from __future__ import annotations

import os
import shlex
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_cli.data.checks.duplicates import repeated_share
from mlops_cli.data.checks.facts import table_facts
from mlops_cli.data.checks.request import read_settings
from mlops_cli.data.checks.run import validate
from mlops_cli.data.checks.schema import TableSchema
from mlops_cli.data.checks.schema_infer import infer_schema
from mlops_cli.data.checks.schema_parse import parse_schema
from mlops_cli.data.checks.step import METRICS, PAGE, VALIDATION
from mlops_cli.data.checks.words import counted, named
from mlops_cli.data.profile.parse import profile_from_bytes
from mlops_cli.data.profile.text import is_profile
from mlops_cli.data.table.opening import open_table
from mlops_cli.errors import DataError, FileError, StageError, UsageError
from mlops_cli.formats.canonical import pretty
from mlops_cli.formats.problems import nearest

if TYPE_CHECKING:
    from mlops_cli.data.checks.model import Validation
    from mlops_cli.data.checks.request import Request
    from mlops_cli.data.profile.model import Profile
    from mlops_cli.data.table.kinds import Kind
    from mlops_cli.data.table.table import Table
    from mlops_cli.pipeline.builtin import StepCall

# Kinds that every value can have; whether one has another kind is found, not forced.
_SAFE = ("categorical", "text")


def validate_request(request: Request, *, folder: Path, scratch: Path, now: datetime) -> Validation:
    """Make a validation.

    Parameters
    ----------
    folder : Path
        What paths are relative to.
    scratch : Path
        A folder for temporary files.

    Raises
    ------
    FileError
        When a file is not there, or is wrong.
    DataError
        When a table cannot be read.
    """
    schema = _with_request(_schema(request.schema, folder), request)
    if request.fresh is not None and not schema.time:
        raise UsageError(
            "how old the newest row is cannot be told: no column is named as time",
            hint="Name it, such as --time created, or as time in the schema file.",
        )
    for path, what in ((request.data, ""), (request.raw, "--raw "), (request.train, "--train ")):
        _no_profile(path, what, folder)
    kinds: dict[str, Kind] = {
        column.name: column.kind
        for column in schema.columns
        if column.kind is not None and column.kind in _SAFE
    }
    with ExitStack() as stack:

        def opened(path: str) -> Table | None:
            return stack.enter_context(_open(path, folder, kinds, scratch)) if path else None

        table = opened(request.data)
        if table is None:
            raise UsageError("there is no table to validate", hint="Name one: mlops validate data/train.csv")
        against = _profile(request.against, folder) or opened(request.against)
        raw, train = opened(request.raw), opened(request.train)
        check_names(request, schema, table, *(side for side in (against, raw, train) if side is not None))
        return validate(
            table,
            schema if request.schema or schema != TableSchema() else None,
            against=against,
            against_name=request.against,
            raw=raw,
            train=train,
            now=now,
        )


def infer_text(path: str, *, folder: Path, scratch: Path) -> str:
    """Return the text of a schema file for a table, or for what a profile describes."""
    profile = _profile(path, folder)
    if profile is not None:
        from mlops_cli.data.checks.from_profile import profile_facts

        return infer_schema(profile_facts(profile, path))
    with _open(path, folder, {}, scratch) as table:
        facts = table_facts(table)
        return infer_schema(facts, repeated_share(table, facts))


def run(call: StepCall) -> None:
    """Do what `uses: validate` asks for: write the report, then fail where the verdict is no pass.

    Raises
    ------
    StageError
        When the verdict is fail or insufficient, naming what was found.
    DataError
        When a check could not be done.
    """
    request = read_settings(call.settings)
    result = validate_request(request, folder=Path(), scratch=Path(call.scratch), now=datetime.now(UTC))
    if call.report is not None:
        report = Path(call.report)
        (report / VALIDATION).write_bytes(pretty(result.to_wire()))
        (report / METRICS).write_bytes(pretty({"validation": numbers(result)}))
        if call.page is not None:
            (report / PAGE).write_text(call.page(result), encoding="utf-8")
    stop(result)


def numbers(result: Validation) -> dict[str, int]:
    """Return what a validation comes to in numbers."""
    fails = sum(finding.severity == "fail" for finding in result.findings)
    return {
        "checks": len(result.looked),
        "errors": len(result.errors),
        "fail": fails,
        "warn": len(result.findings) - fails,
        "rows": result.rows,
    }


def stop(result: Validation) -> None:
    """Raise what ends a stage, unless the verdict is pass or warn."""
    if result.verdict in ("pass", "warn"):
        return
    if result.verdict == "error":
        every = [
            f"{each.check}{f' of {each.column}' if each.column else ''}: {each.message}"
            for each in result.errors
        ]
        message = named(every, 3) if every else "nothing was checked"
        raise DataError(f"{result.name} could not be validated: {message}")
    if result.verdict == "insufficient":
        short = next(each for each in result.looked if each.short)
        raise StageError(f"{result.name} says too little: {short.check}: {short.short}")
    fails = [
        f"{finding.check}{f' of {finding.column}' if finding.column else ''} ({finding.message})"
        for finding in result.findings
        if finding.severity == "fail"
    ]
    raise StageError(
        f"{result.name} fails {counted(len(fails), 'check')}: {'; '.join(fails[:3])}"
        + (f"; and {len(fails) - 3} more" if len(fails) > 3 else ""),
        hint=f"All of it is in {VALIDATION} of the report. What is meant to be so is said in the schema file.",
    )


# Mistakes -------------------------------------------------------------------------------------------------------------


def check_names(request: Request, schema: TableSchema, table: Table, *others: Table | Profile) -> None:
    """See to it that columns that were named are there.

    A column that the schema file, or a table beside, has is no slip of the pen: that it is not here is a finding.

    Raises
    ------
    UsageError
        When nobody knows a column.
    """
    known = {*table.names, *(column.name for column in schema.columns)}
    for other in others:
        known |= {column.name for column in other.columns}
    for option, names in (("target", (request.target,)), ("key", request.key), ("time", (request.time,))):
        for name in names:
            if name and name not in known:
                close = nearest(name, table.names)
                raise UsageError(
                    f"{option}: {table.name} has no column {name}",
                    hint=close[:1].upper() + close[1:] if close else f"It has {named(table.names, 8)}.",
                )


def _no_profile(path: str, option: str, folder: Path) -> None:
    if _profile_at(path, folder):
        raise UsageError(
            f"{path} is a profile, which describes a table; {option or 'validate '}takes a table",
            hint=f"Hold a table against it: mlops validate TABLE --against {shlex.quote(path)}",
        )


# Opening --------------------------------------------------------------------------------------------------------------


def _schema(path: str, folder: Path) -> TableSchema:
    if not path:
        return TableSchema()
    try:
        data = (folder / path).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        hint = f"Make one from a table with: mlops validate --infer TABLE --schema {path}"
        raise FileError(f"there is no schema file {path}", hint=hint) from None
    return parse_schema(data, path)


def _with_request(schema: TableSchema, request: Request) -> TableSchema:
    return replace(
        schema,
        target=request.target or schema.target,
        key=request.key or schema.key,
        time=request.time or schema.time,
        fresh=schema.fresh if request.fresh is None else request.fresh,
    )


def _profile_at(path: str, folder: Path) -> bool:
    """Whether the file is a profile."""
    if not path or "://" in path or not (folder / path).is_file():
        return False
    with (folder / path).open("rb") as stream:
        return is_profile(stream.read(4096))


def _profile(path: str, folder: Path) -> Profile | None:
    """Return the profile in a file; None where it is none."""
    return profile_from_bytes((folder / path).read_bytes(), path) if _profile_at(path, folder) else None


def _open(path: str, folder: Path, kinds: dict[str, Kind], scratch: Path) -> Table:
    """Open a table, called as the user called it; kinds of columns that it does not have do not matter."""
    address = path if "://" in path or os.path.isabs(path) else str(folder / path)
    try:
        table = open_table(address, kinds=kinds, scratch=scratch)
    except UsageError:
        with open_table(address, scratch=scratch) as first:
            there = set(first.names)
        table = open_table(
            address, kinds={name: kind for name, kind in kinds.items() if name in there}, scratch=scratch
        )
    if "://" not in path:
        table.name = path
    return table
