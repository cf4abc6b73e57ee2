"""What DVC's files tell of history."""

from __future__ import annotations

import pytest

from mlops_cli.history import dvc_history
from mlops_cli.history.dvc_history import productions_of
from mlops_cli.history.known import KnownData, Production

A, B, C = "a" * 32, "b" * 32, "c" * 32
LOCK = f"""schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py --token hush
    deps:
    - path: ../raw
      hash: md5
      md5: {A}.dir
      size: 70
      nfiles: 3
    params:
      params.yaml:
        prepare.keep: 1e-3
    outs:
    - path: clean.csv
      hash: md5
      md5: {B}
      size: 12
      isexec: true
  train@1:
    cmd:
    - python train.py
    - 'true'
    deps:
    - path: clean.csv
      md5: {B}
      size: 12
    outs:
    - path: model
      md5: {C}
      size: 5
"""


def stages(text: str, path: str = "dvc.lock") -> dict[str, Production]:
    found = productions_of(path, text.encode())
    assert all(isinstance(each, Production) for each in found)
    return {each.stage: each for each in found if isinstance(each, Production)}


def data(text: str, path: str) -> list[KnownData]:
    found = productions_of(path, text.encode())
    assert all(isinstance(each, KnownData) for each in found)
    return [each for each in found if isinstance(each, KnownData)]


def test_a_lock_file_tells_what_each_stage_read_and_made() -> None:
    found = stages(LOCK, "models/dvc.lock")
    assert list(found) == ["prepare", "train@1"]
    prepare = found["prepare"]
    assert (prepare.system, prepare.status, prepare.file) == ("dvc", "recorded", "models/dvc.lock")
    assert prepare.program == ["python prepare.py --token ***"]
    assert prepare.params == {"models/params.yaml": {"prepare.keep": 0.001}}
    raw = prepare.deps["raw"]
    assert (raw.digest, raw.size, raw.tree) == (f"md5:{A}.dir", 70, True)
    clean = prepare.outs["models/clean.csv"]
    assert (clean.digest, clean.size, clean.executable) == (f"md5:{B}", 12, True)
    assert found["train@1"].deps["models/clean.csv"].digest == clean.digest
    assert found["train@1"].program == ["python train.py", "true"]


@pytest.mark.parametrize(
    "text",
    [
        f"prepare:\n  cmd: x\n  outs:\n  - path: a\n    md5: {A}\n",
        f"stages:\n  prepare:\n    cmd: x\n    outs:\n    - path: a\n      md5: {A}\nschema: '2.0'\n",
        f'{{"schema": "2.0", "stages": {{"prepare": {{"cmd": "x", "outs": [{{"path": "a", "md5": "{A}"}}]}}}}}}',
        f"schema: '2.0'\nstages:\n    prepare:\n        cmd: x\n        outs: [{{path: a, md5: {A}}}]\n",
    ],
)
def test_every_way_in_which_a_lock_file_was_ever_written_is_read(text: str) -> None:
    assert stages(text)["prepare"].outs["a"].digest == f"md5:{A}"


def test_what_was_read_stage_by_stage_is_what_the_whole_file_says(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = LOCK.replace(
        "  train@1:", "  'a b':\n    cmd: |\n      one\n\n      two: 2\n    outs: []\n  train@1:"
    )
    quick = productions_of("dvc.lock", odd.encode())
    assert dvc_history._quickly(odd.encode(), "dvc.lock") is not None
    monkeypatch.setattr(dvc_history, "_quickly", lambda *_: None)
    assert productions_of("dvc.lock", odd.encode()) == quick
    assert [each.stage for each in quick if isinstance(each, Production)] == ["prepare", "a b", "train@1"]


def test_names_that_stand_for_values_elsewhere_in_the_file_are_followed() -> None:
    text = LOCK.replace("    params:\n", "    params: &here\n").replace(
        "    - 'true'\n", "    - 'true'\n    params: *here\n"
    )
    assert stages(text)["train@1"].params == {"params.yaml": {"prepare.keep": 0.001}}


@pytest.mark.parametrize(
    "text",
    [
        "", "\0", "[]", "stages", "stages: 3\n", "schema: '9.0'\nstages:\n  a:\n    cmd: x\n", LOCK[:200] + "\n  :[",
        "<<<<<<< HEAD\nstages:\n=======\n>>>>>>> x\n", "stages:\n  a: 1\n", "a: &a [*a]\n", "{" * 50_000,
        "schema: '2.0'\nstages:\n  a:\n    cmd: x\n  a:\n    cmd: y\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["dvc.lock", "a.dvc"])
def test_what_is_broken_or_foreign_says_nothing(text: str, path: str) -> None:
    assert productions_of(path, text.encode()) == []
    assert productions_of(path, b"\xff" + text.encode()) == []


def test_artifacts_that_lie_elsewhere_or_have_no_md5_are_left_out() -> None:
    rows = [
        f"{{path: /tmp/x, md5: {A}}}", f"{{path: ../x, md5: {A}}}", f"{{path: 's3://b/x', md5: {A}}}", "{path: e, etag: q}",
        "{path: f, md5: 12}", f"{{path: g, md5: {A}, hash: blake}}", "7", f"{{md5: {A}}}", f"{{path: ok, md5: {A}, size: x}}",
    ]  # fmt: skip
    found = stages(f"a:\n  cmd: x\n  deps: [{', '.join(rows)}]\n  outs: {{}}\n")["a"]
    assert list(found.deps) == ["ok"]
    assert (found.deps["ok"].size, found.outs) == (0, {})


def test_a_pointer_tells_of_data_and_where_it_came_from() -> None:
    outs = f"outs:\n- md5: {A}.dir\n  size: 9\n  nfiles: 4\n  hash: md5\n  path: raw\n"
    (own,) = data(outs, "data/raw.dvc")
    assert (own.path, own.artifact.digest, own.files, own.origin) == ("data/raw", f"md5:{A}.dir", 4, None)
    assert own.file == "data/raw.dvc"
    (url,) = data("frozen: true\ndeps:\n- {path: 'https://u:p@h.org/x', etag: q, size: 3}\n" + outs, "a.dvc")
    assert url.origin == {"url": "https://h.org/x", "etag": "q", "size": 3}
    repo = "deps:\n- path: x\n  repo: {url: 'https://h.org/r.git', rev: main, rev_lock: abc}\n"
    (imported,) = data(repo + outs, "a.dvc")
    assert imported.origin == {"url": "https://h.org/r.git", "path": "x", "version": "abc"}
    (near,) = data("deps:\n- {path: ../x}\n" + outs, "data/a.dvc")
    assert near.origin == {"url": "x"}
    (below,) = data("wdir: deep\n" + outs, "data/a.dvc")
    assert below.path == "data/deep/raw"


def test_a_stage_in_a_file_of_its_own_as_dvc_wrote_them_first_is_a_stage() -> None:
    text = f"md5: {C}\ncmd: python fit.py\nwdir: ..\ndeps:\n- {{path: in, md5: {A}}}\nouts:\n- {{path: m, md5: {B}}}\n"
    found = stages(text, "work/fit.dvc")["fit"]
    assert (list(found.deps), list(found.outs)) == (["in"], ["m"])
