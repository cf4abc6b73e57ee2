"""Templates mean here what they mean to DVC itself: made at random, and asked of both."""

from __future__ import annotations

import json
import random
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.formats.problems import Problems
from mlops_cli.migration.context import Style
from mlops_cli.migration.definitions import read_dvc_yaml
from mlops_cli.migration.notes import Notes
from tests.support.dvc import HOME
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.dvc_projects import Maker

_RESOLVE = """
import json, sys
from dvc.repo import Repo
from dvc.parsing import DataResolver
from dvc.utils.serialize import load_yaml
found = {}
with Repo(".") as repo:
    for name, definition in load_yaml("dvc.yaml")["stages"].items():
        d = dict(load_yaml("dvc.yaml"), stages={name: definition})
        try:
            found |= DataResolver(repo, ".", d).resolve()["stages"]
        except Exception as error:
            found[name] = None
json.dump(found, sys.stdout)
"""
_NAMES = (
    "a",
    "t",
    "f",
    "s",
    "q",
    "n",
    "l",
    "d",
    "d.x",
    "d.deep.y",
    "l[0]",
    "l.1",
    "none",
    "d.none",
    "item",
    "item.k",
    "item.v",
    "key",
    "local",
)
_VALUES = {"a": 1, "t": True, "f": 1e-5, "s": "x y", "q": "it's", "n": None, "l": [1, "two", {"z": 3}],
           "d": {"x": 0.5, "on": True, "off": False, "deep": {"y": "a b", "m": [1, 2]}}}  # fmt: skip


def _text(rng: random.Random) -> str:
    parts = []
    for _ in range(rng.randint(1, 3)):
        name = rng.choice(_NAMES)
        parts.append(rng.choice([f"${{{name}}}", f"${{ {name} }}", f"\\${{{name}}}", "x", " ", "$", "-"]))
    return "".join(parts).strip() or "x"


def _stage(rng: random.Random) -> dict[str, Any]:
    body: dict[str, Any] = {
        "cmd": _text(rng) + " c",
        "deps": [_text(rng)],
        "outs": [_text(rng)],
        "desc": _text(rng),
    }
    if rng.random() < 0.2:
        body["vars"] = [{"local": rng.choice([1, "v", {"w": 2}])}]
    each = rng.random()
    items = [1, True, "u", None, 0.5, {"k": 1, "v": "w"}, [1]]
    if each < 0.25:
        return {"foreach": rng.sample(items, 2), "do": body}
    if each < 0.4:
        return {"foreach": {"k1": rng.choice(items), "k2": rng.choice(items)}, "do": body}
    if each < 0.65:
        return {"matrix": {"k": rng.sample(items, 2), "v": rng.sample(items, 2)}, **body}
    return body


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_random_stages_are_filled_as_dvc_fills_them(maker: Maker, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    folder = maker.empty(tmp_path / "project")
    stages = {f"s{number}": _stage(rng) for number in range(150)}
    write(folder / "params.yaml", json.dumps(_VALUES))
    data = json.dumps({"stages": stages}).encode()
    write(folder / "dvc.yaml", data)
    done = subprocess.run(
        [str(HOME / "bin" / "python"), "-c", _RESOLVE], cwd=folder, capture_output=True, text=True, check=True
    )
    theirs = {name: body for name, body in json.loads(done.stdout).items() if body is not None}

    def read(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.is_file() else None

    problems = Problems()
    found = read_dvc_yaml("dvc.yaml", data, read, Style(), problems, Notes())
    assert problems.found == []
    assert found is not None
    ours = {member.name: member.body for definition in found.definitions for member in definition.members}
    assert len(theirs) > 20
    assert json.loads(json.dumps(ours)) == theirs
