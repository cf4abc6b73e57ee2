"""What no key covers of a run's record: metrics, held against their files, and what is only said, with who else says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.errors import MlopsError
from mlops_cli.formats.data_text import read_metrics
from mlops_cli.formats.problems import Problems
from mlops_cli.history.lineage.agreement import first_difference, shown
from mlops_cli.history.lineage.statements import Statement
from mlops_cli.store.digest import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_cli.git.commits import Commit
    from mlops_cli.history.run_record import RunRecord, StageRun
    from mlops_cli.opened import Opened
    from mlops_cli.pipeline.definition import Stage
    from mlops_cli.store.artifact import Artifact
    from mlops_cli.tracking.lineage_copies import Copies, Copy

_ALONE = "as the run's record says, nothing else tells"
_LARGEST = 16 << 20


def claim(record: RunRecord, first: Copy, copies: Sequence[Copy], commit: Commit | None) -> Statement:
    """Return on what it rests who ran something, when, why and on what: no digest covers that.

    Parameters
    ----------
    copies : sequence of Copy
        All copies of the record, which say the same.
    commit : Commit or None
        The one that brought the record, where it was read from one.
    """
    about = f"run {record.id}"
    says = "who ran it, when, why, how long and on what is as its record says"
    places = list(dict.fromkeys([first.place, *(each.place for each in copies if not each.kept.problem)]))
    others = [place for place in places if place not in (first.place, "the workspace")]
    if others:
        return Statement(
            "claims", about, "holds", says, f"{first.place} and {' and '.join(others)} say the same"
        )
    if commit is not None and record.actor is not None:
        same = commit.email == record.actor.email
        who = "the same person" if same else f"{commit.author} <{commit.email}>"
        return Statement(
            "claims", about, "open", says, f"{_ALONE}; {first.place}, which brought it, is by {who}"
        )
    return Statement("claims", about, "open", says, _ALONE)


class Metrics:
    """Holds metrics against the files that they were read from."""

    def __init__(self, opened: Opened, copies: Copies) -> None:
        self.opened = opened
        self.copies = copies

    def statement(
        self, stage: StageRun, definition: Stage | None, trees: Sequence[str], about: str
    ) -> Statement | None:
        """Return what can be said of the metrics of a stage; None where it has none.

        Parameters
        ----------
        definition : Stage or None
            As the code of the run defines it: tells which outputs are metrics files.
        trees : sequence of str
            Trees of Git that may keep those files.
        """
        if not stage.metrics:
            return None
        says = f"it reported {', '.join(f'{name}={shown(value)}' for name, value in list(stage.metrics.items())[:3])}"
        says += f" and {len(stage.metrics) - 3} more" if len(stage.metrics) > 3 else ""
        wanted = None if definition is None else {out.path for out in definition.outs if out.kind == "metric"}
        files, gone = self._read(stage, wanted, trees)
        for name, value in stage.metrics.items():
            problem = _against(name, value, files) if wanted is not None else ""
            if problem:
                return Statement("metrics", about, "fails", says, problem)
        rest = [
            n for n, v in stage.metrics.items() if not any(n in f and _same(f[n], v) for f in files.values())
        ]
        if not rest:
            return Statement("metrics", about, "holds", says, f"{', '.join(files)}, read again")
        why = f"{gone[0]} is not here" if gone else f"no file of metrics has {rest[0]}"
        return Statement("metrics", about, "open", says, f"{why}: {_ALONE}")

    def _read(
        self, stage: StageRun, wanted: set[str] | None, trees: Sequence[str]
    ) -> tuple[dict[str, dict[str, Any]], list[str]]:
        """Return what the stage's metrics files say, and which of them cannot be had."""
        files: dict[str, dict[str, Any]] = {}
        gone: list[str] = []
        for path, artifact in stage.outs.items():
            if artifact.tree or artifact.size > _LARGEST or (wanted is not None and path not in wanted):
                continue
            data = self._bytes(path, artifact, trees)
            if data is None:
                gone.append(path)
                continue
            problems = Problems()
            found = read_metrics(data, path, problems)
            if found and not problems.found:
                files[path] = found
        return files, gone

    def _bytes(self, path: str, artifact: Artifact, trees: Sequence[str]) -> bytes | None:
        """Return the bytes of an output, wherever they are; None where they are nowhere."""
        try:
            objects, _ = self.opened.open_store()
            data: bytes | None = objects.read_blobs([artifact.digest])[0]
            if data is not None and digest_bytes(data) == artifact.digest:
                return data
        except MlopsError:
            pass  # not in the store, or damaged there
        for data in (self.opened.read(path), *self._kept(path, trees)):
            if data is not None and digest_bytes(data) == artifact.digest:
                return data
        return None

    def _kept(self, path: str, trees: Sequence[str]) -> list[bytes]:
        found = [self.copies.witness.at(tree, self.opened.project.prefix + path) for tree in trees if tree]
        return [kept.data for kept in found if kept.kind == "blob" and not kept.problem]


def _against(name: str, value: Any, files: dict[str, dict[str, Any]]) -> str:
    """Return which file has another value of a metric; empty where one has this one, or none has any."""
    told = {file: values[name] for file, values in files.items() if name in values}
    if not told or any(_same(each, value) for each in told.values()):
        return ""
    file, there = next(iter(told.items()))
    return (
        f"its record says that {name} is {shown(value)}, and {file}, whose digest it has, says {shown(there)}"
    )


def _same(one: Any, other: Any) -> bool:
    return first_difference(one, other) is None
