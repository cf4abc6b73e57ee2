"""For training scripts: metrics, parameters and artifacts as plain files, which the stage declares.

Nothing here knows of a run: a script that uses it does the same under `mlops run`, in a notebook and on its own.

Examples
--------
::

    from mlops_cli import log_metrics

    for epoch in range(20):
        log_metrics(loss=train(epoch), step=epoch)   # a line of metrics.jsonl; metrics.json has the last one
    log_metrics({"test": {"auc": 0.93}})              # metrics.json
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import threading
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_cli.errors import FileError, UsageError
from mlops_cli.formats.atomic import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import SupportsIndex

_TAIL = 1 << 16
_TEXTS = (str, os.PathLike)


def log_metrics(
    values: Mapping[str, Any] | None = None,
    *,
    step: SupportsIndex | None = None,
    path: str | os.PathLike[str] = "metrics.json",
    **more: Any,
) -> None:
    """Write metrics: into a JSON file, and with a step also as a line of a JSON Lines file beside it.

    What the JSON file has already stays, under other names; of one name the last value counts. Threads and processes may
    log into the same file at the same time.

    Parameters
    ----------
    values : mapping, optional
        Name to number. A number may also be a scalar of NumPy or another library (anything with `item()`), or a mapping of
        names to numbers, such as an interval `{"value": …, "low": …, "high": …}`.
    step : int, optional
        Epoch or iteration. The line `{"step": …, …}` goes to `metrics.jsonl` where `path` is `metrics.json`.
    path : path
        Relative to where the script runs; missing folders are made.
    **more
        More of them, by name.

    Raises
    ------
    UsageError
        When it is no mapping, or a value is no finite number; nothing is written then.
    FileError
        When the file is there and is no JSON object.
    OSError
        When a file cannot be written.
    """
    target = Path(path)
    found = _numbers(_named("log_metrics", values, more), "")
    if step is not None:
        if "step" in found:
            raise UsageError('a metric is named "step", which is what counts the steps; give it another name')
        step = _whole(step)
    with _alone(target):
        there = _present(target)
        if step is not None:
            _append(target.with_suffix(".jsonl"), {"step": step, **found})
        _write(target, _merged(there, found))


def log_params(
    values: Mapping[str, Any], path: str | os.PathLike[str] = "params.used.json", **more: Any
) -> None:
    """Write the parameters that a script really used, where they are not those of the parameter file.

    What the file has already stays, under other names.

    Parameters
    ----------
    values : mapping
        Name to anything that JSON has: numbers, text, true and false, None, lists and mappings of them. Paths are written as
        text, scalars of NumPy as numbers. Of `argparse` it is `vars(arguments)`.

    Raises
    ------
    UsageError
        When it is no mapping, or a value is none of these; nothing is written then.
    FileError
        When the file is there and is no JSON object.
    OSError
        When it cannot be written.
    """
    target = Path(path)
    given = _named("log_params", values, more)
    found = {_name(name, ""): _plain(value, str(name)) for name, value in given.items()}
    with _alone(target):
        _write(target, _merged(_present(target), found))


def log_artifact(source: str | os.PathLike[str] | bytes, path: str | os.PathLike[str]) -> None:
    """Put a file where the stage declares its output: whole, or not at all.

    Parameters
    ----------
    source : path or bytes
        A file, which stays where it is; or what is to be written.
    path : path
        Where; missing folders are made, and a file that is there is replaced.

    Raises
    ------
    UsageError
        When the source is a folder, or no file at all.
    OSError
        When it cannot be read or written.
    """
    target = Path(path)
    if isinstance(source, bytes | bytearray | memoryview):
        write_atomic(target, bytes(source), durable=False, temporary=_temporary(target))
        return
    if not isinstance(source, _TEXTS):
        raise UsageError(
            f"log_artifact takes a path or bytes, and got {_kind(source)}: save it to a file first"
        )
    origin = Path(source)
    if not origin.is_file():
        what = (
            "is a folder: write its files where the stage declares them" if origin.is_dir() else "is no file"
        )
        raise UsageError(f"{origin} {what}")
    _copy(origin, target)


def _copy(origin: Path, target: Path) -> None:
    import shutil

    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(target)
    try:
        shutil.copyfile(origin, temporary)
        shutil.copymode(origin, temporary)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


# Values ---------------------------------------------------------------------------------------------------------------


def _named(function: str, values: Any, more: Mapping[str, Any]) -> dict[Any, Any]:
    """Return all that was given, by name."""
    if values is not None and not isinstance(values, Mapping):
        raise UsageError(
            f"{function} takes a mapping of names to values, such as {{'auc': 0.9}}, and got {_kind(values)}"
        )
    return {**(values or {}), **more}


def _numbers(values: Mapping[str, Any], above: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        shown = f"{above}{_name(name, above)}"
        if isinstance(value, dict):
            found[name] = _numbers(value, f"{shown}.")
        else:
            number = _number(value)
            if number is None:
                raise UsageError(f"the metric {shown} is {_kind(value)}, and a metric is a number")
            found[name] = _finite(number, f"the metric {shown}")
    return found


def _name(name: Any, above: str) -> str:
    if not isinstance(name, str):
        raise UsageError(f"{above}{name!r} is {_kind(name)}, and a name is text")
    return name


def _number(value: Any) -> int | float | None:
    """Return a value as a number of Python's own; None for what is none."""
    for _ in range(2):
        if isinstance(value, bool | str | bytes | complex):
            return None
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return float(value)
        if not callable(getattr(value, "item", None)):
            break
        try:
            value = value.item()  # of an array only where it holds one value
        except (RuntimeError, TypeError, ValueError):
            return None
    try:
        return float(value) if hasattr(type(value), "__float__") else None
    except (TypeError, ValueError):
        return None


def _finite(number: float, shown: str) -> int | float:
    try:
        good = math.isfinite(number)
    except OverflowError:
        good = False
    if not good:
        # Said where it happens: hours later nobody knows which step it was.
        raise UsageError(
            f"{shown} is {'not finite' if isinstance(number, int) else number}: it was not measured, and JSON has no word for it; "
            f"leave it out, for example with: if math.isfinite(value)"
        )
    return number


def _whole(step: Any) -> int:
    number = _number(step)
    if number is None or number != int(_finite(number, "the step")):
        raise UsageError(f"the step is {step!r}, and steps are whole numbers")
    return int(number)


def _plain(value: Any, shown: str) -> Any:
    """Return a parameter's value as JSON has it."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, dict):
        return {_name(name, f"{shown}."): _plain(item, f"{shown}.{name}") for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{shown}[{index}]") for index, item in enumerate(value)]
    if callable(getattr(value, "tolist", None)):  # NumPy's scalars and arrays, of any kind
        return _plain(value.tolist(), shown)
    number = _number(value)
    if number is None:
        raise UsageError(f"the parameter {shown} is {_kind(value)}, which JSON does not have")
    return _finite(number, f"the parameter {shown}")


def _kind(value: Any) -> str:
    return f"a value of type {type(value).__name__}"


# Files ----------------------------------------------------------------------------------------------------------------


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Keep other threads and processes out while a file is read and written anew.

    The folder is what is locked, so that no file of ours lies beside the user's. Where a file system has no such locks,
    whoever writes last wins.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # also in the name of a process that was forked meanwhile
        os.close(descriptor)


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}.tmp")


def _present(target: Path) -> dict[str, Any]:
    try:
        value = json.loads(target.read_bytes() or b"{}")
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise FileError(
            f"{target} is there and is no JSON object, so nothing can be added to it; move it away"
        )
    return value


def _merged(there: dict[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return both; mappings under the same name are put together too, unless the new one is one measured value."""
    for name, value in new.items():
        old = there.get(name)
        whole = not isinstance(value, dict) or not isinstance(old, dict) or "value" in value
        there[name] = value if whole else _merged(old, value)  # type: ignore[arg-type]
    return there


def _write(target: Path, value: Mapping[str, Any]) -> None:
    data = json.dumps(value, indent=2, ensure_ascii=False).encode(errors="surrogateescape") + b"\n"
    write_atomic(target, data, durable=False, temporary=_temporary(target))


def _append(series: Path, row: Mapping[str, Any]) -> None:
    descriptor = os.open(series, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
    try:
        _mend(descriptor)
        data = memoryview(json.dumps(row, ensure_ascii=False).encode(errors="surrogateescape") + b"\n")
        while data:
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)


def _mend(descriptor: int) -> None:
    """Take away the half line that a kill left at the end of a series; a whole one that only lacks its end gets it."""
    size = os.fstat(descriptor).st_size
    if not size or os.pread(descriptor, 1, size - 1) == b"\n":
        return
    start = size
    last = b""
    while start and b"\n" not in last:
        start = max(0, start - _TAIL)
        last = os.pread(descriptor, size - start, start)
    last = last.rpartition(b"\n")[2]
    try:
        json.loads(last)
        os.write(descriptor, b"\n")
    except ValueError:
        os.ftruncate(descriptor, size - len(last))
