"""Small DVC projects that together use everything that DVC's pipelines and data have."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.command import commit, repository
from tests.support.files import write, write_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.dvc import Dvc


class Sample(NamedTuple):
    """One project.

    Parameters
    ----------
    make : callable
        Writes it into a repository that `dvc init` has been run in, and runs it with DVC.
    change : callable
        Changes one parameter.
    always : tuple of str
        Stages of ours that are never fresh, because DVC runs them every time, too.
    """

    make: Callable[[Path, Dvc], None]
    change: Callable[[Path], None]
    always: tuple[str, ...] = ()


def ran(name: str) -> str:
    """Return the beginning of a command: it leaves a line outside the project each time it is executed."""
    return f'echo {name} >> "$COUNTER"'


class Maker:
    """Makes projects, each once, and hands out copies.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    """

    def __init__(self, folder: Path, dvc: Dvc) -> None:
        self._folder = folder
        self._dvc = dvc

    def empty(self, target: Path) -> Path:
        """Make a repository that `dvc init` has been run in."""
        origin = self._folder / "empty"
        if not origin.exists():
            self._dvc(repository(origin), "init")
        return shutil.copytree(origin, target)

    def copy(self, name: str, target: Path) -> Path:
        """Return a copy of one of the samples, run with DVC and committed."""
        origin = self._folder / name
        if not (origin / "made").exists():
            project = self.empty(origin / "project")
            SAMPLES[name].make(project, self._dvc)
            commit(project, "under DVC")
            write(origin / "made")
        return shutil.copytree(origin / "project", target, symlinks=True)


@pytest.fixture(scope="session", name="maker")
def _maker(dvc: Dvc, tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Return what makes DVC projects."""
    return Maker(tmp_path_factory.mktemp("made"), dvc)


def replace(folder: Path, file: str, old: str, new: str) -> None:
    """Change a text in a file."""
    text = (folder / file).read_text()
    assert old in text, text
    write(folder / file, text.replace(old, new, 1))


# Data, parameters in YAML, metrics and plots ------------------------------------------------------------------------------


def _plain(folder: Path, dvc: Dvc) -> None:
    write_all(
        folder,
        {
            "data/raw/a.txt": "a\n",
            "data/raw/deep/b.txt": "b\n",
            "data/raw/deep/run.sh": "#!/bin/sh\n",
            "data/one.csv": "x,y\r\n1,2\r\n",
            "params.yaml": "prepare: {keep: 3}\ntrain:\n  lr: 0.1\n  depth: 4\nreport: {title: first}\n",
            "dvc.yaml": f"""
# How it all hangs together.
stages:
  # Puts the raw files together.
  prepare:
    desc: join what is raw
    cmd: {ran("prepare")}; cat data/raw/a.txt data/raw/deep/b.txt data/one.csv > joined.txt
    deps:
      - data/one.csv
      - data/raw
    params: [prepare.keep]
    outs: [joined.txt]
  train:
    cmd: >-
      {ran("train")}; mkdir -p model && cp joined.txt model/weights &&
      echo '{{"acc":0.5}}' > acc.json && echo '{{"loss":0.25}}' > loss.json && echo 0.5 > auc.txt &&
      printf 'fpr,tpr\\n0,0\\n1,1\\n' > roc.csv && printf 'a,b\\n1,1\\n' > confusion.csv
    deps: [joined.txt]
    params:
      - train
    outs:
      - model
      - confusion.csv
    metrics:
      - acc.json:
          cache: false
      - loss.json
      - auc.txt
    plots:
      - roc.csv:
          x: fpr
          y: tpr
          template: simple
          cache: false
  report:
    cmd: {ran("report")}; echo '{{"pages":3}}' > report.json
    deps: [acc.json, model/weights]
    params: [report.title]
    outs: [report.json]
metrics:
  - report.json
plots:
  - confusion.csv:
      template: confusion
  - curves:
      x: step
      y: {{roc.csv: tpr}}
params:
  - params.yaml
""",
        },
    )
    (folder / "data/raw/deep/run.sh").chmod(0o755)
    dvc(folder, "add", "data/raw", "data/one.csv")
    dvc(folder, "repro", env={"COUNTER": "/dev/null"})


# Templates ----------------------------------------------------------------------------------------------------------------


def _templated(folder: Path, dvc: Dvc) -> None:
    write_all(
        folder,
        {
            "params.yaml": "train: {lr: 0.1, fast: true, slow: false, name: it's, sizes: [1, 2], opt: {kind: sgd x}}\n"
            "seeds: [1, 2]\nmodels:\n  us: {n: 1}\n  uk: {n: 2}\n",
            "more.yaml": "suffix: txt\nunused: 1\n",
            "sets.json": '{"sets": ["one", "two"], "other": 4}',
            "in.txt": "in\n",
            "dvc.yaml": f"""
vars:
  - more.yaml
  - sets.json:sets
  - folder: out
  - greeting: hello

stages:
  first:
    cmd: {ran("first")}; mkdir -p ${{folder}}; for i in 1 2; do echo "\\${{i}} ${{greeting}}"; done > ${{folder}}/first.${{suffix}}
    deps: [in.txt]
    outs: ["${{folder}}/first.${{suffix}}"]

  list:
    foreach: ${{sets}}
    do:
      cmd: {ran("list-${item}")}; cp ${{folder}}/first.txt list-${{item}}.txt
      deps:
        - ${{folder}}/first.txt
      outs:
        - list-${{item}}.txt

  mapping:
    foreach: ${{models}}
    do:
      cmd:
        - {ran("mapping-${key}")}
        - echo ${{item.n}} > mapping-${{key}}.txt
      deps: [list-one.txt]
      params: ["models.${{key}}.n"]
      outs:
        - mapping-${{key}}.txt

  composite:
    foreach:
      - {{name: x, n: 1}}
      - {{name: y, n: 2}}
    do:
      wdir: ${{folder}}
      cmd: {ran("composite-${item.name}")}; echo ${{item.n}} > composite-${{item.name}}.txt
      deps: [first.txt]
      outs: ["composite-${{item.name}}.txt"]

  grid:
    matrix:
      algo: [forest, boost]
      seed: ${{seeds}}
    cmd: {ran("grid-${key}")}; echo ${{item.algo}} ${{item.seed}} ${{train}} > grid-${{key}}.txt
    deps: ["list-two.txt"]
    outs:
      - grid-${{item.algo}}-${{item.seed}}.txt:
          cache: false

  own:
    vars:
      - mine: 5
    cmd: {ran("own")}; echo ${{mine}} > own.txt
    deps: [in.txt]
    outs: [own.txt]

  odd:
    foreach: [a/b, true, 0.5]
    do:
      cmd: {ran("odd")}; echo ${{item}} > odd-$(echo ${{item}} | tr / _).txt
      deps: [in.txt]
      metrics: []
      outs: ["odd/${{item}}.txt"]
""".replace(" > odd-$(echo ${item} | tr / _).txt", " > odd/${item}.txt").replace(
                "; echo ${item} > odd", "; mkdir -p odd/a; echo ${item} > odd"
            ),
        },
    )
    dvc(folder, "repro", env={"COUNTER": "/dev/null"})


# Several files ------------------------------------------------------------------------------------------------------------


def _folders(folder: Path, dvc: Dvc) -> None:
    write_all(
        folder,
        {
            "params.yaml": "top: 1\n",
            "dvc.yaml": f"""
stages:
  top:
    cmd: {ran("top")}; echo 1 > top.txt
    params: [top]
    outs: [top.txt]
  last:
    wdir: work
    cmd: {ran("last")}; cat ../models/a/model.txt notes.txt > last.txt
    deps: [../models/a/model.txt, notes.txt]
    params:
      - local
      - ../other.toml: [section.value]
    outs:
      - last.txt
""",
            "other.toml": "[section]\nvalue = 3\n",
            "work/params.yaml": "local: 2\n",
            "work/notes.txt": "n\n",
            "models/a/params.yaml": "size: 4\nname: a\n",
            "models/a/dvc.yaml": f"""
vars:
  - shared.yaml
stages:
  train:
    cmd: {ran("train-a")}; cat ../../top.txt > model.txt; echo ${{size}} ${{shared}} >> model.txt
    deps: [../../top.txt]
    params: [size]
    outs: [model.txt]
""",
            "models/a/shared.yaml": "shared: s\n",
            "models/b/params.yaml": "size: 5\n",
            "models/b/dvc.yaml": f"""
stages:
  train:
    cmd: {ran("train-b")}; cp ../a/model.txt model.txt
    deps: [../a/model.txt]
    params: [size]
    outs: [model.txt]
    metrics:
      - m.json:
          cache: false
""".replace("model.txt\n    deps", "model.txt; echo '{}' > m.json\n    deps"),
            "data/x.txt": "x\n",
        },
    )
    dvc(folder, "add", "data/x.txt")
    dvc(folder, "repro", "--all-pipelines", env={"COUNTER": "/dev/null"})


# Parameters of every format -----------------------------------------------------------------------------------------------


def _formats(folder: Path, dvc: Dvc) -> None:
    write_all(
        folder,
        {
            "params.yaml": "a: 1\nsmall: 1e-3\nbig: 1e5\nyes: no\nnothing: null\nl: [1, {b: 2}]\n",
            "conf.json": '{"a": {"b": [1, 2.50, null]}, "c": "x"}',
            "conf.toml": "[a]\nb = 1_000\n[[rows]]\nn = 1\n",
            "conf.py": "import os\nLR = 0.1\nLAYERS = (1, 2)\nNAMES = {'a': 1}\nEMPTY = None\nHERE = os.getcwd()\n\n"
            "class Train:\n    epochs: int = 3\n    def __init__(self):\n        self.seed = 7\n",
            "whole.py": "A = 1\nB = [1, 2]\n",
            "in.txt": "i\n",
            "dvc.yaml": f"""
stages:
  yaml:
    cmd: {ran("yaml")}; echo 1 > yaml.txt
    deps: [in.txt]
    params: [a, small, big, yes, nothing, l.1.b, l]
    outs: [yaml.txt]
  json:
    cmd:
      - {ran("json")}
      - echo 1 > json.txt
    params:
      - conf.json: [a.b, c]
    outs: [json.txt]
  json-whole:
    cmd: {ran("json-whole")}; echo 1 > json-whole.txt
    deps: [json.txt]
    params:
      - conf.json:
    outs: [json-whole.txt]
  toml:
    cmd: |
      {ran("toml")}
      echo 1 > toml.txt
    params:
      - conf.toml: [a, a.b]
    outs: [toml.txt]
  python:
    cmd: {ran("python")}; echo '{{"x":1}}' > python.json
    params:
      - conf.py: [LR, LAYERS, NAMES, Train.epochs, Train.seed]
      - a
    metrics: [python.json]
  python-whole:
    cmd: {ran("python-whole")}; printf 'step,loss\\n1,0.5\\n' > loss.csv
    deps: [python.json]
    params:
      - whole.py:
      - params.yaml:
          - small
    metrics:
      - loss.csv: {{cache: false}}
  maker:
    cmd: {ran("maker")}; printf 'made:\\n  three\\n' > made.yaml
    params: [a]
    outs: [made.yaml]
  folder:
    cmd: {ran("folder")}; mkdir -p conf && cp whole.py conf/made.py
    deps: [whole.py]
    outs: [conf]
  from-folder:
    cmd: {ran("from-folder")}; echo 1 > from-folder.txt
    params:
      - conf/made.py: [A]
    outs: [from-folder.txt]
  taker:
    cmd: {ran("taker")}; echo 1 > taker.txt
    params:
      - made.yaml: [made]
    outs: [taker.txt]
""",
        },
    )
    dvc(folder, "repro", env={"COUNTER": "/dev/null"})


# Flags --------------------------------------------------------------------------------------------------------------------


def _flags(folder: Path, dvc: Dvc) -> None:
    write_all(
        folder,
        {
            "params.yaml": "a: 1\nb: 2\n",
            "in.txt": "i\n",
            "dvc.yaml": f"""
stages:
  fixed:
    cmd: {ran("fixed")}; echo 1 > fixed.txt
    deps: [in.txt]
    params: [a]
    outs: [fixed.txt]
  after:
    cmd: {ran("after")}; cp fixed.txt after.txt
    deps: [fixed.txt]
    params: [b]
    outs: [after.txt]
  grows:
    cmd: {ran("grows")}; echo more >> grows.txt
    params: [a]
    outs:
      - grows.txt:
          persist: true
          desc: grows with every run
          push: false
    meta:
      owner: ada
  kept:
    desc: lies in Git
    cmd: {ran("kept")}; echo k > kept.txt
    params: [a]
    outs:
      - kept.txt:
          cache: false
  always:
    cmd: {ran("always")}; echo 1 > always.txt
    deps: [in.txt]
    always_changed: true
    outs: [always.txt]
  follows:
    cmd: {ran("follows")}; cp always.txt follows.txt
    deps: [always.txt]
    outs: [follows.txt]
  callback:
    cmd: {ran("callback")}
""",
        },
    )
    dvc(folder, "repro", env={"COUNTER": "/dev/null"})
    dvc(folder, "freeze", "fixed")


# Imports, remotes, ignored files ------------------------------------------------------------------------------------------


def _imports(folder: Path, dvc: Dvc) -> None:
    other = repository(folder.parent / "other")
    dvc(other, "init")
    write(other / "theirs.txt", "theirs\n")
    dvc(other, "add", "theirs.txt")
    commit(other, "theirs")
    source = write(folder.parent / "source.txt", "from elsewhere\n")
    write_all(
        folder,
        {
            ".dvcignore": "# what nobody needs\n*.tmp\nscratch/\n",
            "data/d/a.txt": "a\n",
            "data/d/b.tmp": "never seen\n",
            "data/d/scratch/c.txt": "never seen\n",
            "params.yaml": "a: 1\n",
            "dvc.yaml": f"""
stages:
  use:
    cmd: {ran("use")}; cat data/d/a.txt fetched.txt theirs.txt > used.txt
    deps: [data/d, fetched.txt, theirs.txt]
    outs: [used.txt]
  last:
    cmd: {ran("last")}; cp used.txt last.txt
    deps: [used.txt]
    params: [a]
    outs: [last.txt]
""",
        },
    )
    dvc(folder, "add", "data/d")
    dvc(folder, "import-url", str(source), "fetched.txt")
    dvc(folder, "import", str(other), "theirs.txt")
    dvc(folder, "repro", "last", env={"COUNTER": "/dev/null"})
    dvc(folder, "remote", "add", "-d", "store", "s3://bucket/data")
    dvc(folder, "remote", "modify", "store", "endpointurl", "https://s3.example.org")
    dvc(folder, "remote", "modify", "store", "access_key_id", "AKIDCOMMITTED")
    dvc(folder, "remote", "modify", "--local", "store", "secret_access_key", "hush-hush")
    dvc(folder, "remote", "add", "nas", "ssh://ada:hush-hush@nas.example.org:2222/srv/data")
    dvc(folder, "remote", "add", "near", "../near")
    dvc(folder, "remote", "add", "--local", "mine", "/mnt/mine")
    dvc(folder, "remote", "add", "drive", "gdrive://abc")


# The project of the benchmarks --------------------------------------------------------------------------------------------


def _benchmark(folder: Path, dvc: Dvc) -> None:
    from benchmarks.projects import chains

    made = chains(folder, 20)
    made.write_inputs()
    rows = ["stages:"]
    for step in made.steps:
        rows += [f"  {step.name}:", f"    cmd: {ran(step.name)}; {step.command}"]
        rows += ["    deps:", f"      - {step.source}", "    outs:", f"      - {step.target}"]
    write(folder / "dvc.yaml", "\n".join(rows) + "\n")
    made.write_outputs()
    dvc(folder, "commit", "--force")


SAMPLES = {
    "plain": Sample(_plain, lambda folder: replace(folder, "params.yaml", "lr: 0.1", "lr: 0.2")),
    "templated": Sample(_templated, lambda folder: replace(folder, "params.yaml", "lr: 0.1", "lr: 0.2")),
    "folders": Sample(_folders, lambda folder: replace(folder, "models/a/params.yaml", "size: 4", "size: 6")),
    "formats": Sample(
        _formats, lambda folder: replace(folder, "conf.py", "epochs: int = 3", "epochs: int = 4")
    ),
    "flags": Sample(
        _flags, lambda folder: replace(folder, "params.yaml", "a: 1", "a: 7"), ("always", "callback")
    ),
    "imports": Sample(_imports, lambda folder: replace(folder, "params.yaml", "a: 1", "a: 2")),
    "benchmark": Sample(_benchmark, lambda folder: replace(folder, "in-001.txt", "at first", "then")),
}
