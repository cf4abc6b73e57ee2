"""A forged record is never proven: any one field of any one record of a small real history."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.actions.lineage_verify import lineage_verify
from mlops_cli.errors import MlopsError
from mlops_cli.opened import open_folder
from tests.support.command import commit, git, mlops, project, run
from tests.support.files import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAGES = {
    "prepare": {"cmd": "mkdir -p out && sort raw.csv > out/train.csv", "deps": ["raw.csv"], "outs": ["out/train.csv"]},
    "train": {
        "cmd": 'cat out/train.csv params.yaml > m.pkl && echo "{\\"auc\\": 0.75}" > auc.json',
        "deps": ["out/train.csv"],
        "params": ["depth"],
        "env": ["WORKERS"],
        "outs": ["m.pkl"],
        "metrics": ["auc.json"],
    },
}  # fmt: skip
# What nothing else tells where no other copy of a run's record is left; docs/explanation/how-lineage-is-proven.md lists the same.
ONLY_SAID = {
    "message", "status", "seconds", "actor", "trigger", "branch", "commit", "dirty", "peak_memory", "exit_code", "log", "runtime",
    "key",
}  # fmt: skip


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history of two runs with tracked data, all of it committed."""
    place = tmp_path_factory.mktemp("forgeries")
    folder = project(place / "p", STAGES, {"params.yaml": "depth: 4\n"})
    write(folder / "raw.csv", "".join(f"{n} a line of data\n" for n in range(40)))
    assert mlops(folder, "add", "raw.csv").code == 0
    commit(folder, "data")
    run(folder)
    commit(folder, "first")
    write(folder / "params.yaml", "depth: 8\n")
    commit(folder, "deeper")
    run(folder)
    commit(folder, "second")
    assert good(folder, "m.pkl")
    return folder


def good(folder: Path, ref: str) -> bool:
    """Whether nothing of a proof fails, and everything could be looked at."""
    try:
        with open_folder(folder) as opened:
            proof = lineage_verify(opened, ref)
            return proof.good and proof.incomplete is None
    except MlopsError:
        return False  # it is told, and no exit code 0


def forgeries(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield each place in a record, with another value for it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from forgeries(inner, (*at, name))
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from forgeries(inner, (*at, place))
    elif isinstance(value, bool):
        yield at, not value
    elif isinstance(value, (int, float)):
        yield at, value + 1
    elif isinstance(value, str) and value.startswith("b3:"):
        yield at, f"b3:{value[4:]}{'0' if value[3] != '0' else '1'}"
    elif isinstance(value, str):
        yield at, f"{value}x"
    else:
        yield at, "x"


def changed(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """Return a record with one field changed."""
    if not at:
        return new
    inner = changed(value[at[0]], at[1:], new)
    if isinstance(value, dict):
        return {**value, at[0]: inner}
    return [*value[: at[0]], inner, *value[at[0] + 1 :]]


def records(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in (folder / ".mlops").rglob("*.json"))


def depends(value: Any) -> list[str]:
    """Return what depends on a record: what it says was made, the run, the data."""
    if "stages" in value:
        return [value["id"]]
    return [value["path"]] if "path" in value else list(value["outs"])


def believed(folder: Path, *, first: bool = False) -> list[str]:
    """Return the forged fields that are proven all the same.

    Parameters
    ----------
    first : bool
        No true version is left anywhere, neither in an earlier commit nor in a journal.
    """
    found = []
    for file in records(folder):
        text = (folder / file).read_text()
        value = json.loads(text)
        for at, new in forgeries(value):
            (folder / file).write_text(json.dumps(changed(value, at, new)))
            git(folder, "commit", "--quiet", "--all", *(("--amend",) if first else ()), "-m", "forged")
            if all(good(folder, ref) for ref in depends(value)):
                found.append(f"{file.parent.name}/{'.'.join(map(str, at))}")
            if first:
                (folder / file).write_text(text)
                git(folder, "commit", "--quiet", "--all", "--amend", "-m", "second")
            else:
                git(folder, "reset", "--quiet", "--hard", "HEAD~1")
    return found


def edited(folder: Path, kind: str, old: str, new: str) -> Path:
    """Change the newest record of a kind as a forger would."""
    file = max(path for path in (folder / ".mlops" / kind).rglob("*.json") if old in path.read_text())
    file.write_text(file.read_text().replace(old, new, 1))
    return file


@pytest.fixture
def folder(history: Path, tmp_path: Path) -> Path:
    return shutil.copytree(history, tmp_path / "p", symlinks=True)


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("runs", '"depth": 8', '"depth": 9'),
        ("runs", "sort raw.csv", "sort other.csv"),
        ("runs", "cat out/train.csv", "cat out/test.csv"),
        ("runs", '"email": "', '"email": "eve'),
        ("runs", '"auc": 0.75', '"auc": 0.95'),
        ("runs", '"python": "3', '"python": "4'),
        ("stages", '"depth": 8', '"depth": 9'),
        ("stages", "sort raw.csv", "sort other.csv"),
        ("stages", '"WORKERS": null', '"WORKERS": "4"'),
        ("data", '"size": ', '"size": 1'),
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_an_edited_record_is_not_proven_though_an_older_version_was_right(
    folder: Path, kind: str, old: str, new: str, committed: bool
) -> None:
    file = edited(folder, kind, old, new).relative_to(folder)
    if committed:
        commit(folder, "forged")
    ref = (
        "raw.csv"
        if kind == "data"
        else "m.pkl"
        if "train" in file.name or kind == "runs"
        else "out/train.csv"
    )
    if "sort" in old and kind == "runs":
        ref = file.stem  # the first run prepared, and the second found that fresh
    with open_folder(folder) as opened:
        failed = [row for row in lineage_verify(opened, ref).statements if row.verdict == "fails"]
    assert failed
    assert any(str(file) in row.rests_on for row in failed)


def test_what_nobody_else_tells_is_said_to_be_so(folder: Path) -> None:
    for ref in git(folder, "for-each-ref", "--format=%(refname)", "refs/mlops").split():
        git(folder, "update-ref", "-d", ref)
    with open_folder(folder) as opened:
        rows = [row for row in lineage_verify(opened, "m.pkl").statements if row.kind == "claims"]
    assert {row.verdict for row in rows} == {"open"}
    assert all("nothing else tells" in row.rests_on and "the same person" in row.rests_on for row in rows)


@pytest.mark.slow
def test_a_forgery_of_any_field_of_any_record_is_never_proven(folder: Path) -> None:
    assert believed(folder) == []
    assert good(folder, "m.pkl")


@pytest.mark.slow
def test_without_any_other_copy_only_what_nothing_else_tells_is_believed(folder: Path) -> None:
    for ref in git(folder, "for-each-ref", "--format=%(refname)", "refs/mlops").split():
        git(folder, "update-ref", "-d", ref)
    assert good(folder, "m.pkl")
    left = [
        name
        for name in believed(folder, first=True)
        if not ONLY_SAID & set(name.replace("/", ".").split("."))
    ]
    assert left == []
