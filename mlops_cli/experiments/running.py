"""Running the pipeline in an isolated worktree: a child process that runs it as a user would, and what came of it."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mlops_cli.execution.children import Children, Ended

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlops_cli.experiments.isolated import Isolated

_LAST_LINE = 200  # signs of what a failed stage said last
_LAST_WORD = "mlops: stopped"  # the command that was stopped with it says so itself
_STOPPED = (130, -signal.SIGINT, -signal.SIGTERM, -signal.SIGHUP)
# The very package that runs here, wherever it lies, and never one that lies in the worktree.
_PROGRAM = f"import sys; sys.path.append({str(Path(__file__).parents[2])!r}); from mlops_cli.__main__ import main; main()"


class Ran(NamedTuple):
    """What came of a run in an isolated worktree.

    Parameters
    ----------
    run : str or None
        The id of its record, which lies in the journal; None where it came to none.
    code : int
        Its exit code: 0, 4 where a stage failed, 130 where it was stopped, or that of its error.
    stages : tuple of mapping
        One row a stage, as `mlops run --json` prints them.
    error, hint : str
        What it ended with, where it came to no stages.
    """

    run: str | None
    code: int
    stages: tuple[Mapping[str, Any], ...] = ()
    error: str = ""
    hint: str = ""

    @property
    def status(self) -> str:
        """`ok`, `failed` or `stopped`."""
        if self.code in _STOPPED:
            return "stopped"
        return "ok" if self.code == 0 else "failed"

    @property
    def trouble(self) -> str:
        """Why it failed, in one line; empty where it did not."""
        failed = [row for row in self.stages if row.get("status") == "failed" or row.get("tainted")]
        if failed:
            return "; ".join(_trouble(row) for row in failed)
        return self.error


def _trouble(row: Mapping[str, Any]) -> str:
    """Return a stage's name, why it failed, the last thing that it said, and where everything that it said lies."""
    lines = [line for line in map(str.strip, row.get("tail", "").splitlines()) if line]
    last = (
        "".join(sign if sign.isprintable() else "\ufffd" for sign in lines[-1][:_LAST_LINE]) if lines else ""
    )
    log = f" (its output: {row['log']})" if row.get("log") else ""
    return f"{row['name']}: {row.get('message', '')}{f': {last}' if last else ''}{log}"


def run_in(
    isolated: Isolated,
    targets: Sequence[str] = (),
    *,
    force: bool = False,
    keep_going: bool = False,
    only: bool = False,
    downstream: bool = False,
    jobs: int | None = None,
    message: str = "",
    experiment: Mapping[str, Any] | None = None,
    listen: Callable[[str], None] = lambda _: None,
    children: Children | None = None,
) -> Ran:
    """Run the pipeline in an isolated worktree, and wait for its end.

    Parameters
    ----------
    targets : sequence of str
        Stages, as `mlops run` takes them from where the user stands.
    force, keep_going, only, downstream, jobs, message
        As for `mlops run`.
    experiment : mapping, optional
        What the record says of why it was made elsewhere; `branch` in it is the user's. With it the record lies in the journal
        alone.
    listen : callable
        Told each line of progress.
    children : Children, optional
        Through which another thread can stop it.
    """
    program = [sys.executable, "-P", "-c", _PROGRAM, "-C", str(isolated.folder), "run", "--json"]
    flags = {"--force": force, "--keep-going": keep_going, "--only": only, "--downstream": downstream}
    program += [flag for flag, given in flags.items() if given]
    program += [] if jobs is None else [f"--jobs={jobs}"]
    program += [f"--message={message}"] if message else []
    program += [] if experiment is None else [f"--experiment={json.dumps(experiment)}"]
    ended = (children or Children()).run(
        [*program, "--", *targets],
        folder=str(isolated.root),
        variables=isolated.variables,
        keep=(isolated.descriptor,),
        listen=lambda line: None if line == _LAST_WORD else listen(line),
    )
    return _read(ended)


def _read(ended: Ended) -> Ran:
    try:
        value = json.loads(ended.out)
    except json.JSONDecodeError:
        said = next((line for line in reversed(ended.complaints) if line.strip()), "")
        return Ran(None, ended.code, error=said or f"it ended with exit code {ended.code}")
    if "error" in value:
        error = value["error"]
        problems = [f"{p['file']}:{p['line']}: {p['message']}" for p in error.get("problems", ())]
        return Ran(None, ended.code, error="; ".join([error["message"], *problems[:3]]), hint=error["hint"])
    return Ran(value["run"], ended.code, tuple(value["stages"]))
