"""Broken definitions, and every problem that each must give: the place, what is wrong, what would be right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Bad:
    """Files that are wrong, and the problems as (file, line, column, message, hint)."""

    name: str
    files: Mapping[str, str | bytes]
    problems: tuple[tuple[str, int, int, str, str], ...]
    depth: int = 0


BAD = (
    Bad(
        "an unknown key at the top",
        {
            "mlops.yaml": ("stage:\n  a: {cmd: x}\n"),
        },
        (("mlops.yaml", 1, 1, 'unknown key "stage" in a pipeline file', 'did you mean "stages"?'),),
    ),
    Bad(
        "an unknown key at the top that resembles nothing",
        {
            "mlops.yaml": "zebra: 1\n",
        },
        (
            (
                "mlops.yaml",
                1,
                1,
                'unknown key "zebra" in a pipeline file',
                "a pipeline file takes params, vars, runtime, include, stages, models, alerts",
            ),
        ),
    ),
    Bad(
        "an unknown key in a stage",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    dep: [a]\n"),
        },
        (("mlops.yaml", 4, 5, 'unknown key "dep" in a stage', 'did you mean "deps"?'),),
    ),
    Bad(
        "an unknown key in do",
        {
            "mlops.yaml": ("stages:\n  t:\n    foreach: [a]\n    do: {cmd: x, out: [b]}\n"),
        },
        (("mlops.yaml", 4, 18, 'unknown key "out" in do', 'did you mean "outs"?'),),
    ),
    Bad(
        "a list instead of the top-level mapping",
        {
            "mlops.yaml": ("- a\n- b\n"),
        },
        (("mlops.yaml", 1, 1, "a pipeline file should be a mapping of names to values, not a list", ""),),
    ),
    Bad(
        "text instead of the top-level mapping",
        {
            "mlops.yaml": "hello\n",
        },
        (("mlops.yaml", 1, 1, 'a pipeline file should be a mapping of names to values, not "hello"', ""),),
    ),
    Bad(
        "stages that are a list",
        {
            "mlops.yaml": "stages: [a, b]\n",
        },
        (("mlops.yaml", 1, 9, "stages should be a mapping of names to values, not a list", ""),),
    ),
    Bad(
        "models and alerts that are no mappings",
        {
            "mlops.yaml": ("models: [a]\nalerts: 3\n"),
        },
        (
            ("mlops.yaml", 1, 9, "models should be a mapping of names to values, not a list", ""),
            ("mlops.yaml", 2, 9, "alerts should be a mapping of names to values, not 3", ""),
        ),
    ),
    Bad(
        "a stage that is text",
        {
            "mlops.yaml": ("stages:\n  train: python train.py\n"),
        },
        (
            (
                "mlops.yaml",
                2,
                10,
                'stage train should be a mapping, not "python train.py"',
                "write cmd: … below its name",
            ),
        ),
    ),
    Bad(
        "a stage without a body",
        {
            "mlops.yaml": ("stages:\n  train:\n"),
        },
        (
            (
                "mlops.yaml",
                2,
                3,
                "stage train should be a mapping, not nothing",
                "write cmd: … below its name",
            ),
        ),
    ),
    Bad(
        "a stage that runs nothing",
        {
            "mlops.yaml": ("stages:\n  train:\n    deps: [a]\n"),
        },
        (("mlops.yaml", 2, 3, "stage train has no cmd", "say what it runs: cmd: python train.py"),),
    ),
    Bad(
        "a stage with a name that cannot be a file",
        {
            "mlops.yaml": ('stages:\n  a/b: {cmd: x}\n  "": {cmd: x}\n'),
        },
        (
            ("mlops.yaml", 2, 3, '"a/b" cannot be the name of a stage', "use letters, digits, _ - and ."),
            ("mlops.yaml", 3, 3, '"" cannot be the name of a stage', "use letters, digits, _ - and ."),
        ),
    ),
    Bad(
        "a stage with a name that is too long",
        {
            "mlops.yaml": f"stages:\n  {'n' * 201}: {{cmd: x}}\n",
        },
        (
            (
                "mlops.yaml",
                2,
                3,
                "the name nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn… is too long",
                "its record is a file of that name: use 200 characters or fewer",
            ),
        ),
    ),
    Bad(
        "cmd and uses in one stage",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    uses: evaluate\n"),
        },
        (
            ("mlops.yaml", 4, 11, "stage t has both cmd and uses", "keep one of them"),
            ("mlops.yaml", 4, 11, 'there is no built-in step "evaluate"', "there are copy"),
        ),
    ),
    Bad(
        "a built-in step that there is not",
        {
            "mlops.yaml": ("stages:\n  t: {uses: evaluat}\n"),
        },
        (("mlops.yaml", 2, 13, 'there is no built-in step "evaluat"', "there are copy"),),
    ),
    Bad(
        "settings without a built-in step",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    with: {a: 1}\n    report: r\n"),
        },
        (
            ("mlops.yaml", 4, 11, "with belongs to a built-in step", "name one with uses, or remove it"),
            ("mlops.yaml", 5, 13, "report belongs to a built-in step", "name one with uses, or remove it"),
        ),
    ),
    Bad(
        "settings that are no mapping",
        {
            "mlops.yaml": ("stages:\n  t:\n    uses: copy\n    with: [1]\n"),
        },
        (("mlops.yaml", 4, 11, "with should be a mapping of names to values, not a list", ""),),
    ),
    Bad(
        "a built-in step that refuses its settings",
        {
            "mlops.yaml": ("stages:\n  t:\n    uses: copy\n    with: {to: b}\n"),
        },
        (("mlops.yaml", 4, 11, "copy needs from and to", ""),),
    ),
    Bad(
        "a built-in step with a path that leaves the repository",
        {
            "mlops.yaml": ("stages:\n  t:\n    uses: copy\n    with: {from: ../../a, to: /b}\n"),
        },
        (
            ("mlops.yaml", 4, 11, "dependency ../../a leaves the repository", "name a path inside it"),
            ("mlops.yaml", 4, 11, "output /b is an absolute path", "write it relative to the pipeline file"),
        ),
    ),
    Bad(
        "settings that are not finite",
        {
            "mlops.yaml": ("stages:\n  t:\n    uses: copy\n    with: {x: .nan}\n"),
        },
        (
            (
                "mlops.yaml",
                4,
                11,
                "with holds a number that is not finite",
                "write a number, or text in quotes",
            ),
        ),
    ),
    Bad(
        "an empty cmd",
        {
            "mlops.yaml": ("stages:\n  a: {cmd: }\n  b: {cmd: []}\n  c: {cmd: ''}\n  d: {cmd: [x, '  ']}\n"),
        },
        (
            ("mlops.yaml", 2, 12, "cmd is empty", "say what it runs: cmd: python train.py"),
            ("mlops.yaml", 3, 12, "cmd is empty", "say what it runs: cmd: python train.py"),
            ("mlops.yaml", 4, 12, "cmd is empty", "write it, or remove it"),
            ("mlops.yaml", 5, 16, "cmd is empty", "write it, or remove it"),
        ),
    ),
    Bad(
        "a cmd of the wrong type",
        {
            "mlops.yaml": (
                "stages:\n  a: {cmd: 5}\n  b: {cmd: {run: x}}\n  c: {cmd: [x, [y]]}\n  d: {cmd: true}\n"
            ),
        },
        (
            ("mlops.yaml", 2, 12, "cmd should be text, not 5", 'quote it: "5"'),
            ("mlops.yaml", 3, 12, "cmd should be a list, not a mapping", "start each of its items with -"),
            ("mlops.yaml", 4, 16, "cmd should be text, not a list", ""),
            ("mlops.yaml", 5, 12, "cmd should be text, not true", 'quote it: "true"'),
        ),
    ),
    Bad(
        "wrong types in every text field",
        {
            "mlops.yaml": (
                "stages:\n"
                "  t:\n"
                "    cmd: x\n"
                "    desc: 5\n"
                "    wdir: [a]\n"
                "    deps: {a: b}\n"
                "    outs: [1.5]\n"
                "    metrics: [true]\n"
                "    plots: {a: b}\n"
                "    env: [1]\n"
                "    params: [2]\n"
                "    mutex: {a: 1}\n"
            ),
        },
        (
            ("mlops.yaml", 4, 11, "desc should be text, not 5", 'quote it: "5"'),
            ("mlops.yaml", 5, 11, "wdir should be text, not a list", ""),
            ("mlops.yaml", 6, 11, "deps should be a list, not a mapping", "start each of its items with -"),
            ("mlops.yaml", 7, 12, "output should be text, not 1.5", 'quote it: "1.5"'),
            ("mlops.yaml", 8, 15, "output should be text, not true", 'quote it: "true"'),
            ("mlops.yaml", 9, 12, "plots should be a list, not a mapping", "start each of its items with -"),
            ("mlops.yaml", 10, 11, "env should be text, not 1", 'quote it: "1"'),
            ("mlops.yaml", 11, 14, "a parameter name should be text, not 2", 'quote it: "2"'),
            ("mlops.yaml", 12, 12, "mutex should be a list, not a mapping", "start each of its items with -"),
        ),
    ),
    Bad(
        "wrong types in every number and flag",
        {
            "mlops.yaml": (
                "stages:\n"
                "  t:\n"
                "    cmd: x\n"
                "    timeout: soon\n"
                "    retries: -1\n"
                "    cores: 0\n"
                "    gpu: half\n"
                "    memory: big\n"
                "    frozen: yes\n"
                "    always: 1\n"
            ),
        },
        (
            ("mlops.yaml", 4, 14, 'timeout should be a duration such as 90s, 30m or 2h, not "soon"', ""),
            ("mlops.yaml", 5, 14, "retries should be a whole number of 0 or more, not -1", ""),
            ("mlops.yaml", 6, 12, "cores should be a whole number of 1 or more, not 0", ""),
            ("mlops.yaml", 7, 10, 'gpu should be a whole number of 0 or more, not "half"', ""),
            ("mlops.yaml", 8, 13, 'memory should be an amount of memory such as 500MB or 8GB, not "big"', ""),
            ("mlops.yaml", 9, 13, 'frozen should be true or false, not "yes"', "write true"),
            ("mlops.yaml", 10, 13, "always should be true or false, not 1", ""),
        ),
    ),
    Bad(
        "durations that are none",
        {
            "mlops.yaml": (
                "stages:\n"
                "  a: {cmd: x, timeout: 0}\n"
                "  b: {cmd: x, timeout: 2 weeks}\n"
                "  c: {cmd: x, timeout: .inf}\n"
                "  d: {cmd: x, timeout: 99999d}\n"
                "  e: {cmd: x, timeout: [1h]}\n"
            ),
        },
        (
            ("mlops.yaml", 2, 24, "timeout should be a duration such as 90s, 30m or 2h, not 0", ""),
            ("mlops.yaml", 3, 24, 'timeout should be a duration such as 90s, 30m or 2h, not "2 weeks"', ""),
            ("mlops.yaml", 4, 24, "timeout should be a duration such as 90s, 30m or 2h, not inf", ""),
            ("mlops.yaml", 5, 24, 'timeout should be a duration such as 90s, 30m or 2h, not "99999d"', ""),
            ("mlops.yaml", 6, 24, "timeout should be a duration such as 90s, 30m or 2h, not a list", ""),
        ),
    ),
    Bad(
        "sizes that are none",
        {
            "mlops.yaml": (
                "stages:\n"
                "  a: {cmd: x, memory: 0GB}\n"
                "  b: {cmd: x, memory: 8i}\n"
                "  c: {cmd: x, memory: -8GB}\n"
                "  d: {cmd: x, memory: 1.5}\n"
                "  e: {cmd: x, memory: 0}\n"
            ),
        },
        (
            ("mlops.yaml", 2, 23, 'memory should be an amount of memory such as 500MB or 8GB, not "0GB"', ""),
            ("mlops.yaml", 3, 23, 'memory should be an amount of memory such as 500MB or 8GB, not "8i"', ""),
            (
                "mlops.yaml",
                4,
                23,
                'memory should be an amount of memory such as 500MB or 8GB, not "-8GB"',
                "",
            ),
            ("mlops.yaml", 5, 23, "memory should be an amount of memory such as 500MB or 8GB, not 1.5", ""),
            ("mlops.yaml", 6, 23, "memory should be an amount of memory such as 500MB or 8GB, not 0", ""),
        ),
    ),
    Bad(
        "a dependency of the wrong shape",
        {
            "mlops.yaml": (
                "stages:\n"
                "  t:\n"
                "    cmd: x\n"
                "    deps:\n"
                "      - {}\n"
                "      - {paths: a}\n"
                "      - {model: churn@production, path: b}\n"
                "      - [c]\n"
                "      -\n"
            ),
        },
        (
            ("mlops.yaml", 5, 9, "a dependency needs a path", "for example: {path: data/train.csv}"),
            ("mlops.yaml", 6, 10, 'unknown key "paths" in a dependency', 'did you mean "path"?'),
            (
                "mlops.yaml",
                7,
                9,
                "dependencies on a model need the model registry, which this version lacks",
                "name the file instead: {path: models/parent.joblib}",
            ),
            ("mlops.yaml", 8, 9, "dependency should be text, not a list", ""),
            ("mlops.yaml", 9, 8, "dependency should be text, not nothing", ""),
        ),
    ),
    Bad(
        "an output of the wrong shape",
        {
            "mlops.yaml": (
                "stages:\n"
                "  t:\n"
                "    cmd: x\n"
                "    outs:\n"
                "      - {cache: false}\n"
                "      - {pth: a}\n"
                "      - model.pkl: {cache: false}\n"
                "      - {path: a, cache: no, persist: 1}\n"
                "      - a/*.csv\n"
            ),
        },
        (
            ("mlops.yaml", 5, 9, "an output needs a path", "for example: {path: data/train.csv}"),
            ("mlops.yaml", 6, 10, 'unknown key "pth" in an output', 'did you mean "path"?'),
            ("mlops.yaml", 7, 9, "an output with settings names its path", "write {path: model.pkl, …}"),
            ("mlops.yaml", 8, 26, 'cache should be true or false, not "no"', "write false"),
            ("mlops.yaml", 8, 39, "persist should be true or false, not 1", ""),
            (
                "mlops.yaml",
                9,
                9,
                "output a/*.csv is a pattern",
                "name the file, or the directory that holds them",
            ),
        ),
    ),
    Bad(
        "a cycle of two",
        {
            "mlops.yaml": (
                "stages:\n  a: {cmd: x, deps: [two], outs: [one]}\n  b: {cmd: x, deps: [one], outs: [two]}\n"
            ),
        },
        (
            (
                "mlops.yaml",
                2,
                3,
                "stages wait for each other: a -> b -> a",
                "remove one of these dependencies",
            ),
        ),
    ),
    Bad(
        "a cycle of three behind a stage that is in none",
        {
            "mlops.yaml": (
                "stages:\n"
                "  start: {cmd: x, outs: [s]}\n"
                "  c: {cmd: x, deps: [b.out], outs: [c.out]}\n"
                "  a: {cmd: x, deps: [c.out, s], outs: [a.out]}\n"
                "  b: {cmd: x, deps: [a.out], outs: [b.out]}\n"
                "  after: {cmd: x, deps: [c.out]}\n"
            ),
        },
        (
            (
                "mlops.yaml",
                4,
                3,
                "stages wait for each other: a -> b -> c -> a",
                "remove one of these dependencies",
            ),
        ),
    ),
    Bad(
        "a cycle through a folder and a pattern",
        {
            "mlops.yaml": (
                "stages:\n"
                "  a: {cmd: x, deps: [data], outs: [made/a.csv]}\n"
                "  b: {cmd: x, deps: ['made/*.csv'], outs: [data/b.csv]}\n"
            ),
        },
        (
            (
                "mlops.yaml",
                2,
                3,
                "stages wait for each other: a -> b -> a",
                "remove one of these dependencies",
            ),
        ),
    ),
    Bad(
        "a stage that reads what it makes",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    deps: [a, b]\n    outs: [b]\n"),
        },
        (("mlops.yaml", 5, 12, "t both reads and makes b", "write to another path"),),
    ),
    Bad(
        "a stage that makes something inside what it reads",
        {
            "mlops.yaml": (
                "stages:\n"
                "  a: {cmd: x, deps: [data], outs: [data/new.csv]}\n"
                "  b: {cmd: x, deps: [.], outs: [b]}\n"
                "  c: {cmd: x, deps: ['c.out/*.csv'], outs: [c.out]}\n"
            ),
        },
        (
            (
                "mlops.yaml",
                2,
                36,
                "a reads data and makes data/new.csv inside it: it would never be done",
                "write to another path, or name the files that it reads",
            ),
            (
                "mlops.yaml",
                3,
                33,
                "b reads . and makes b inside it: it would never be done",
                "write to another path, or name the files that it reads",
            ),
            ("mlops.yaml", 4, 45, "c both reads and makes c.out", "write to another path"),
        ),
    ),
    Bad(
        "two stages with the same output",
        {
            "mlops.yaml": ("stages:\n  a: {cmd: x, outs: [m]}\n  b: {cmd: x, metrics: [./m]}\n"),
        },
        (("mlops.yaml", 3, 25, "m is an output of a and of b", "give each stage its own outputs"),),
    ),
    Bad(
        "an output that is given twice",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    outs: [m, m]\n"),
        },
        (("mlops.yaml", 4, 15, "m is an output of t, twice", "give each stage its own outputs"),),
    ),
    Bad(
        "outputs inside each other",
        {
            "mlops.yaml": ("stages:\n  a: {cmd: x, outs: [data]}\n  b: {cmd: x, outs: [data/sub/b.csv]}\n"),
        },
        (
            (
                "mlops.yaml",
                3,
                22,
                "data/sub/b.csv of b lies inside data, an output of a",
                "give each stage its own outputs",
            ),
        ),
    ),
    Bad(
        "outputs that overlap across sub-projects",
        {
            "mlops.yaml": ("include: [sub]\nstages:\n  a: {cmd: x, outs: [sub/out/x]}\n"),
            "sub/mlops.yaml": ("stages:\n  b: {cmd: x, outs: [out]}\n"),
        },
        (
            (
                "mlops.yaml",
                3,
                22,
                "sub/out/x of a lies inside sub/out, an output of sub:b",
                "give each stage its own outputs",
            ),
        ),
    ),
    Bad(
        "an output that is a file of the pipeline",
        {
            "mlops.yaml": (
                "stages:\n"
                "  a: {cmd: x, params: [d], outs: [params.yaml]}\n"
                "  b: {cmd: x, outs: [mlops.yaml]}\n"
            ),
            "params.yaml": "d: 1\n",
        },
        (
            (
                "mlops.yaml",
                2,
                35,
                "output params.yaml would overwrite params.yaml, which the pipeline reads",
                "name another path",
            ),
            (
                "mlops.yaml",
                3,
                22,
                "output mlops.yaml would overwrite mlops.yaml, which the pipeline reads",
                "name another path",
            ),
        ),
    ),
    Bad(
        "an output that holds a file of the pipeline",
        {
            "mlops.yaml": ("include: [sub]\nstages:\n  a: {cmd: x, outs: [sub]}\n"),
            "sub/mlops.yaml": "stages: {b: {cmd: y}}\n",
        },
        (
            (
                "mlops.yaml",
                3,
                22,
                "output sub would overwrite sub/mlops.yaml, which the pipeline reads",
                "name another path",
            ),
        ),
    ),
    Bad(
        "an output that is a runtime file",
        {
            "mlops.yaml": (
                "runtime: [requirements.lock]\nstages:\n  a: {cmd: x, outs: [requirements.lock]}\n"
            ),
        },
        (
            (
                "mlops.yaml",
                3,
                22,
                ("output requirements.lock would overwrite requirements.lock, which the pipeline reads"),
                "name another path",
            ),
        ),
    ),
    Bad(
        "an output that no stage may have",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    outs: [., .git/x, .mlops]\n"),
        },
        (
            ("mlops.yaml", 4, 12, ". cannot be an output", "name a file, or a folder below the project"),
            ("mlops.yaml", 4, 15, ".git/x cannot be an output", "name a file, or a folder below the project"),
            ("mlops.yaml", 4, 23, ".mlops cannot be an output", "name a file, or a folder below the project"),
        ),
    ),
    Bad(
        "an undefined template",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x ${train.depht} ${HOME} ${other.name}\n"),
            "params.yaml": "train: {depth: 4}\n",
        },
        (
            (
                "mlops.yaml",
                3,
                10,
                "${HOME} is not defined",
                "define it in vars or in the parameter file; for the shell write \\${HOME}",
            ),
            (
                "mlops.yaml",
                3,
                10,
                "${other.name} is not defined",
                'neither vars nor the parameter file has "other"',
            ),
            ("mlops.yaml", 3, 10, "${train.depht} is not defined", 'did you mean "train.depth"?'),
        ),
    ),
    Bad(
        "an undefined template in a typed field is said once",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    cores: ${cors}\n    outs: ['${nothing}']\n"),
        },
        (
            (
                "mlops.yaml",
                4,
                12,
                "${cors} is not defined",
                "define it in vars or in the parameter file; for the shell write \\${cors}",
            ),
            (
                "mlops.yaml",
                5,
                12,
                "${nothing} is not defined",
                "define it in vars or in the parameter file; for the shell write \\${nothing}",
            ),
        ),
    ),
    Bad(
        "a template of a matrix that the stage does not have",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x ${matrix.algo} ${item}\n"),
        },
        (
            ("mlops.yaml", 3, 10, "${item} is not defined", "only a stage with foreach has ${item}"),
            ("mlops.yaml", 3, 10, "${matrix.algo} is not defined", "only a stage with matrix has ${matrix}"),
        ),
    ),
    Bad(
        "a template that leaves out the word matrix",
        {
            "mlops.yaml": (
                "stages:\n  t:\n    matrix: {algo: [a]}\n    cmd: x ${algo} ${matrix.alg} ${matrix}\n"
            ),
        },
        (
            ("mlops.yaml", 4, 10, "${algo} is not defined", "did you mean ${matrix.algo}?"),
            ("mlops.yaml", 4, 10, "${matrix.alg} is not defined", 'did you mean "matrix.algo"?'),
            (
                "mlops.yaml",
                4,
                10,
                "${matrix} is a mapping and cannot stand inside text",
                "name one of its values: ${matrix.algo}",
            ),
        ),
    ),
    Bad(
        "a template that is not closed",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: echo ${train.depth\n"),
        },
        (("mlops.yaml", 3, 10, "${train.depth is not closed with }", "for plain text write \\${"),),
    ),
    Bad(
        "a template that is an expression of the shell",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: echo ${HOME:-/root} ${} ${a b}\n"),
        },
        (
            (
                "mlops.yaml",
                3,
                10,
                "${HOME:-/root} is not a name such as ${train.depth}",
                "for the shell write \\${HOME:-/root}",
            ),
            (
                "mlops.yaml",
                3,
                10,
                "${a b} is not a name such as ${train.depth}",
                "for the shell write \\${a b}",
            ),
            ("mlops.yaml", 3, 10, "${} is not a name such as ${train.depth}", "for the shell write \\${}"),
        ),
    ),
    Bad(
        "a list and a mapping inside text",
        {
            "mlops.yaml": ("vars: {l: [1], m: {k: 1}}\nstages:\n  t:\n    cmd: x ${l} ${m}\n"),
        },
        (
            (
                "mlops.yaml",
                4,
                10,
                "${l} is a list and cannot stand inside text",
                "name one of its values: ${l.0}",
            ),
            (
                "mlops.yaml",
                4,
                10,
                "${m} is a mapping and cannot stand inside text",
                "name one of its values: ${m.k}",
            ),
        ),
    ),
    Bad(
        "a position that a list does not have",
        {
            "mlops.yaml": ("vars: {l: [1]}\nstages:\n  t:\n    cmd: x ${l[1]} ${l.first} ${l.0.a}\n"),
        },
        (
            ("mlops.yaml", 4, 10, "${l.0.a} is not defined", 'the value before "a" has no names below it'),
            ("mlops.yaml", 4, 10, "${l.first} is not defined", "its list has 1 item, counted from 0"),
            ("mlops.yaml", 4, 10, "${l[1]} is not defined", "its list has 1 item, counted from 0"),
        ),
    ),
    Bad(
        "templated keys that come out the same",
        {
            "mlops.yaml": (
                "vars: {a: k, b: k}\n"
                "stages:\n"
                "  t:\n"
                "    uses: copy\n"
                "    with: {from: a, to: b, '${a}': 1, '${b}': 2}\n"
            ),
        },
        (("mlops.yaml", 5, 39, '"k" is given twice', "first on line 5"),),
    ),
    Bad(
        "an unknown parameter",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [train.depht, trian, model, rows.3]\n"),
            "params.yaml": ("train: {depth: 4}\nrows: [1]\n"),
        },
        (
            (
                "mlops.yaml",
                4,
                14,
                'there is no parameter "train.depht" in params.yaml',
                'did you mean "train.depth"?',
            ),
            ("mlops.yaml", 4, 27, 'there is no parameter "trian" in params.yaml', 'did you mean "train"?'),
            ("mlops.yaml", 4, 34, 'there is no parameter "model" in params.yaml', "it has train, rows"),
            ("mlops.yaml", 4, 41, 'there is no parameter "rows.3" in params.yaml', ""),
        ),
    ),
    Bad(
        "an unknown parameter of another file",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [{conf.toml: [a.c]}]\n"),
            "conf.toml": ("[a]\nb = 1\n"),
        },
        (("mlops.yaml", 4, 27, 'there is no parameter "a.c" in conf.toml', "it has b"),),
    ),
    Bad(
        "a parameter file that does not exist",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [train, {conf.json: [a]}, other.yaml]\n"),
        },
        (
            (
                "mlops.yaml",
                4,
                14,
                "parameter file params.yaml does not exist",
                "write it, or say params: other.yaml at the top",
            ),
            (
                "mlops.yaml",
                4,
                34,
                "parameter file conf.json does not exist",
                "write the file, or name another",
            ),
            (
                "mlops.yaml",
                4,
                39,
                "parameter file other.yaml does not exist",
                "write the file, or name another",
            ),
        ),
    ),
    Bad(
        "a default parameter file that does not exist",
        {
            "mlops.yaml": ("params: config.yaml\nstages:\n  t:\n    cmd: x\n"),
        },
        (("mlops.yaml", 1, 9, "parameter file config.yaml does not exist", "write it, or name another"),),
    ),
    Bad(
        "params of the wrong type",
        {
            "mlops.yaml": (
                "stages:\n"
                "  t:\n"
                "    cmd: x\n"
                "    params: [1, [a], {params.yaml: {a: 1}}, null, {params.yaml: [null]}]\n"
            ),
            "params.yaml": "a: 1\n",
        },
        (
            ("mlops.yaml", 4, 14, "a parameter name should be text, not 1", 'quote it: "1"'),
            ("mlops.yaml", 4, 17, "a parameter name should be text, not a list", ""),
            (
                "mlops.yaml",
                4,
                36,
                "params of params.yaml should be a list, not a mapping",
                "start each of its items with -",
            ),
            ("mlops.yaml", 4, 45, "a parameter name should be text, not nothing", ""),
            ("mlops.yaml", 4, 66, "a parameter name should be text, not nothing", ""),
        ),
    ),
    Bad(
        "a parameter that is not finite",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [rate, limits]\n"),
            "params.yaml": ("rate: .nan\nlimits: [1, .inf]\n"),
        },
        (
            (
                "mlops.yaml",
                4,
                14,
                'parameter "rate" holds a number that is not finite',
                "such a value is not equal to itself; write null or text in params.yaml",
            ),
            (
                "mlops.yaml",
                4,
                20,
                'parameter "limits" holds a number that is not finite',
                "such a value is not equal to itself; write null or text in params.yaml",
            ),
        ),
    ),
    Bad(
        "a broken YAML parameter file",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x ${a} ${b}\n    cores: ${cores}\n    params: [a]\n"),
            "params.yaml": ("a: 1\nb: [1, 2\nc: 3\n"),
        },
        (
            (
                "params.yaml",
                3,
                2,
                "a list in [ ] goes wrong here",
                "a comma or the closing ] is missing; it starts on line 2",
            ),
        ),
    ),
    Bad(
        "a broken JSON parameter file",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [p.json]\n"),
            "p.json": ('{\n  "a": 1,\n  b: 2\n}\n'),
        },
        (("p.json", 3, 3, "JSON: Expecting property name enclosed in double quotes", ""),),
    ),
    Bad(
        "a broken TOML parameter file",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [p.toml]\n"),
            "p.toml": ("a = 1\nb = \n"),
        },
        (("p.toml", 2, 5, "TOML: Invalid value", "text needs quotes"),),
    ),
    Bad(
        "a TOML file that ends too early",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [p.toml]\n"),
            "p.toml": ("a = 1\nb = [1,\n"),
        },
        (("p.toml", 2, 1, "TOML: Invalid value (at end of document)", ""),),
    ),
    Bad(
        "a parameter file that holds a list",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [p.json, q.yaml]\n"),
            "p.json": "[1]",
            "q.yaml": "- 1\n",
        },
        (
            ("p.json", 1, 1, "should hold a mapping of names to values", "for example: depth: 4"),
            ("q.yaml", 1, 1, "should hold a mapping of names to values", "for example: depth: 4"),
        ),
    ),
    Bad(
        "duplicate keys in parameter files",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [p.json, p.yaml, p.toml]\n"),
            "p.json": '{"a": 1,\n "b": {"c": 1, "c": 2}}',
            "p.yaml": ("a: 1\na: 2\n"),
            "p.toml": ("a = 1\na = 2\n"),
        },
        (
            ("p.json", 2, 16, '"c" is given twice', "first on line 2"),
            ("p.toml", 2, 6, "TOML: Cannot overwrite a value", "its name is given twice"),
            ("p.yaml", 2, 1, '"a" is given twice', "first on line 1"),
        ),
    ),
    Bad(
        "numbers and text that JSON cannot carry",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [p.json, q.json, r.toml]\n"),
            "p.json": '{"a": "\\ud800"}',
            "q.json": '{"a": ' + "9" * 5000 + "}",
            "r.toml": "a = 0x" + "f" * 5000 + "\n",
        },
        (
            ("p.json", 1, 1, "JSON: a \\ud… escape names half a character", "write the character itself"),
            ("q.json", 1, 1, "JSON: a number of more than 4,300 digits", "write it as text, in quotes"),
            ("r.toml", 1, 1, "TOML: a number of more than 3,000 digits", "write it as text, in quotes"),
        ),
    ),
    Bad(
        "a parameter file that is not UTF-8",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [p.json, p.toml, p.yaml]\n"),
            "p.json": b'{"a":\n "\xff"}',
            "p.toml": b"a = '\xff'",
            "p.yaml": b"\xff",
        },
        (
            ("p.json", 2, 3, "not UTF-8 text", "save the file as UTF-8"),
            ("p.toml", 1, 6, "not UTF-8 text", "save the file as UTF-8"),
            ("p.yaml", 1, 1, "not UTF-8 text", "save the file as UTF-8"),
        ),
    ),
    Bad(
        "brackets that never end",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    params: [p.json, p.toml, p.yaml]\n"),
            "p.json": '{"a": ' + "[" * 200 + "]" * 200 + "}",
            "p.toml": "a = " + "[" * 200 + "]" * 200,
            "p.yaml": "[" * 200 + "]" * 200,
        },
        (
            ("p.json", 1, 1, "values nest more than 100 deep", "lay them out flatter"),
            ("p.toml", 1, 1, "values nest more than 100 deep", "lay them out flatter"),
            ("p.yaml", 1, 101, "values nest more than 100 deep", "close a bracket, or lay it out flatter"),
        ),
    ),
    Bad(
        "a key that is given twice",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    cmd: y\n"),
        },
        (("mlops.yaml", 4, 5, '"cmd" is given twice', "first on line 3"),),
    ),
    Bad(
        "two stages of the same name",
        {
            "mlops.yaml": ("stages:\n  a: {cmd: x}\n  b: {cmd: x}\n  a: {cmd: y}\n"),
        },
        (("mlops.yaml", 4, 3, '"a" is given twice', "first on line 2"),),
    ),
    Bad(
        "members of a matrix with the same name",
        {
            "mlops.yaml": (
                "stages:\n"
                "  a:\n"
                "    matrix: {v: [x/y, x_y]}\n"
                "    cmd: x\n"
                "  b:\n"
                "    foreach: [1, '1']\n"
                "    cmd: x\n"
            ),
        },
        (
            (
                "mlops.yaml",
                2,
                3,
                "two stages would be named a@x_y",
                "a name keeps letters, digits, _ . + and -, anything else becomes _; change a value",
            ),
            (
                "mlops.yaml",
                5,
                3,
                "two stages would be named b@1",
                "a name keeps letters, digits, _ . + and -, anything else becomes _; change a value",
            ),
        ),
    ),
    Bad(
        "names that differ only in case",
        {
            "mlops.yaml": (
                "stages:\n  train: {cmd: x}\n  Train: {cmd: y}\n  m:\n    matrix: {v: [a, A]}\n    cmd: z\n"
            ),
        },
        (
            ("mlops.yaml", 3, 3, "Train and train differ only in case", "rename one of them"),
            ("mlops.yaml", 4, 3, "m@A and m@a differ only in case", "rename one of them"),
        ),
    ),
    Bad(
        "the same name from two included files",
        {
            "mlops.yaml": ("include: [sub, sub/more.yaml, extra.yaml]\nstages: {a: {cmd: x}}\n"),
            "sub/mlops.yaml": "stages: {a: {cmd: x}}\n",
            "sub/more.yaml": "stages: {a: {cmd: x}}\n",
            "extra.yaml": "stages: {a: {cmd: x}}\n",
        },
        (
            ("extra.yaml", 1, 10, "two stages would be named a", "rename one"),
            ("sub/more.yaml", 1, 10, "two stages would be named sub:a", "rename one"),
        ),
    ),
    Bad(
        "paths that leave the repository",
        {
            "mlops.yaml": (
                "runtime: [../lock]\n"
                "stages:\n"
                "  t:\n"
                "    cmd: x\n"
                "    deps: [../a, b/../../c]\n"
                "    outs: [../d]\n"
                "    params: [{../p.yaml: [a]}]\n"
            ),
        },
        (
            ("mlops.yaml", 1, 11, "runtime ../lock leaves the repository", "name a path inside it"),
            ("mlops.yaml", 5, 12, "dependency ../a leaves the repository", "name a path inside it"),
            ("mlops.yaml", 5, 18, "dependency b/../../c leaves the repository", "name a path inside it"),
            ("mlops.yaml", 6, 12, "output ../d leaves the repository", "name a path inside it"),
            ("mlops.yaml", 7, 15, "parameter file ../p.yaml leaves the repository", "name a path inside it"),
        ),
    ),
    Bad(
        "outputs that leave the project",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    wdir: ../b\n    deps: [../a]\n    outs: [../d]\n"),
        },
        (
            ("mlops.yaml", 4, 11, "wdir ../b leaves the project", "name a path below the project's folder"),
            ("mlops.yaml", 6, 12, "output ../d leaves the project", "name a path below the project's folder"),
        ),
        depth=1,
    ),
    Bad(
        "absolute paths",
        {
            "mlops.yaml": (
                "stages:\n  t:\n    cmd: x\n    deps: [/data/a, ~/b, 'C:\\c', D:/d]\n    outs: [/e]\n"
            ),
        },
        (
            (
                "mlops.yaml",
                4,
                12,
                "dependency /data/a is an absolute path",
                "write it relative to the pipeline file",
            ),
            (
                "mlops.yaml",
                4,
                21,
                "dependency ~/b is an absolute path",
                "write it relative to the pipeline file",
            ),
            (
                "mlops.yaml",
                4,
                26,
                "dependency C:\\c is an absolute path",
                "write it relative to the pipeline file",
            ),
            (
                "mlops.yaml",
                4,
                34,
                "dependency D:/d is an absolute path",
                "write it relative to the pipeline file",
            ),
            ("mlops.yaml", 5, 12, "output /e is an absolute path", "write it relative to the pipeline file"),
        ),
    ),
    Bad(
        "an absolute path below a wdir",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    wdir: sub\n    deps: [/data/a]\n"),
        },
        (("mlops.yaml", 5, 12, "dependency /data/a is an absolute path", "write it relative to wdir"),),
    ),
    Bad(
        "paths with backslashes",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    deps: ['data\\a.csv']\n    wdir: 'a\\b'\n"),
        },
        (
            (
                "mlops.yaml",
                4,
                12,
                "dependency data\\a.csv holds a backslash",
                "write / between folders, on every system",
            ),
            ("mlops.yaml", 5, 11, "wdir a\\b holds a backslash", "write / between folders, on every system"),
        ),
    ),
    Bad(
        "paths that are addresses",
        {
            "mlops.yaml": (
                "stages:\n"
                "  t:\n"
                "    cmd: x\n"
                "    deps: [s3://bucket/a.csv]\n"
                "    outs: ['https://example.org/b']\n"
            ),
        },
        (
            (
                "mlops.yaml",
                4,
                12,
                "dependency s3://bucket/a.csv is an address, not a path",
                "name a file; a stage may fetch it from there",
            ),
            (
                "mlops.yaml",
                5,
                12,
                "output https://example.org/b is an address, not a path",
                "name a file; a stage may fetch it from there",
            ),
        ),
    ),
    Bad(
        "paths with line breaks and NUL",
        {
            "mlops.yaml": ('stages:\n  t:\n    cmd: x\n    deps: |\n      a\n      b\n    outs: ["a\\0b"]\n'),
        },
        (
            (
                "mlops.yaml",
                4,
                11,
                "dependency 'a\\nb\\n' holds a line break or a control character",
                "write each path as an item",
            ),
            ("mlops.yaml", 7, 12, "output holds a NUL character", "remove it"),
        ),
    ),
    Bad(
        "a tab as indentation",
        {
            "mlops.yaml": ("stages:\n\tt: {cmd: x}\n"),
        },
        (("mlops.yaml", 2, 1, "a tab cannot indent YAML", "use spaces"),),
    ),
    Bad(
        "a colon inside text",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: echo a: b\n"),
        },
        (
            (
                "mlops.yaml",
                3,
                16,
                "a colon is not allowed here",
                "quote the text that holds it, or mend the indentation",
            ),
        ),
    ),
    Bad(
        "a bracket that is not closed",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    deps: [a, b\n    outs: [c]\n"),
        },
        (
            (
                "mlops.yaml",
                5,
                9,
                "a list in [ ] goes wrong here",
                "a comma or the closing ] is missing; it starts on line 4",
            ),
        ),
    ),
    Bad(
        "a brace that is not closed",
        {
            "mlops.yaml": ("stages:\n  t: {cmd: x, deps: [a]\n"),
        },
        (
            (
                "mlops.yaml",
                3,
                1,
                "a mapping in { } goes wrong here",
                "a comma or the closing } is missing; it starts on line 2",
            ),
        ),
    ),
    Bad(
        "a template without quotes inside brackets",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    outs: [${name}]\n"),
        },
        (("mlops.yaml", 4, 13, "inside [ ] and { } a ${…} needs quotes", 'write "${…}"'),),
    ),
    Bad(
        "a pattern without quotes",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    deps: [*.csv]\n"),
        },
        (("mlops.yaml", 4, 12, "a text that starts with * or & needs quotes", "put the text in quotes"),),
    ),
    Bad(
        "a quote that is not closed",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    desc: 'it\n    deps: [a]\n"),
        },
        (("mlops.yaml", 4, 11, "this quote is not closed", "close it, or leave both quotes out"),),
    ),
    Bad(
        "text after a quote",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    desc: 'it's'\n"),
        },
        (
            (
                "mlops.yaml",
                4,
                15,
                "this does not belong to what stands above",
                "indent the keys of one mapping alike, and end a line after a closing quote",
            ),
        ),
    ),
    Bad(
        "a shell variable escaped in double quotes",
        {
            "mlops.yaml": ('stages:\n  t:\n    cmd: "echo \\${HOME}"\n'),
        },
        (
            (
                "mlops.yaml",
                3,
                16,
                "double quotes do not know this backslash sequence",
                "use single quotes, or double the backslash",
            ),
        ),
    ),
    Bad(
        "wrong indentation",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n   deps: [a]\n"),
        },
        (
            (
                "mlops.yaml",
                4,
                4,
                "this does not belong to what stands above",
                "indent the keys of one mapping alike, and end a line after a closing quote",
            ),
        ),
    ),
    Bad(
        "a key without a colon",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    frozen\n    always: true\n"),
        },
        (("mlops.yaml", 4, 5, "a key without its colon", "write key: value"),),
    ),
    Bad(
        "a second document",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n---\nstages: {}\n"),
        },
        (("mlops.yaml", 4, 1, "a second document starts here", "remove this --- : one document a file"),),
    ),
    Bad(
        "an undefined alias",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    deps: *data\n"),
        },
        (
            (
                "mlops.yaml",
                4,
                11,
                "*data names nothing",
                "a pattern needs quotes; an alias needs its & before it",
            ),
        ),
    ),
    Bad(
        "an alias inside its own value",
        {
            "mlops.yaml": ("stages: &s\n  t: *s\n"),
        },
        (
            ("mlops.yaml", 1, 9, "an alias inside the value that it names", "write the value out"),
            ("mlops.yaml", 2, 3, "stage t should be a mapping, not nothing", "write cmd: … below its name"),
        ),
    ),
    Bad(
        "aliases that expand to a billion",
        {
            "mlops.yaml": (
                "vars:\n  a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
                + "".join(
                    f"  {new}: &{new} [{', '.join(['*' + old] * 10)}]\n" for old, new in pairwise("abcdefghi")
                )
                + "stages:\n  t:\n    cmd: x\n"
            ),
        },
        (
            (
                "mlops.yaml",
                5,
                3,
                'variable "d" grows beyond 10,000 values or a million characters',
                "keep data in a file that stages read",
            ),
            (
                "mlops.yaml",
                6,
                3,
                'variable "e" grows beyond 10,000 values or a million characters',
                "keep data in a file that stages read",
            ),
            ("mlops.yaml", 7, 6, "aliases expand to more than a million values", "use fewer"),
        ),
    ),
    Bad(
        "variables that expand to a billion",
        {
            "mlops.yaml": (
                "vars:\n  a: aaaaaaaaaa\n"
                + "".join(f"  {new}: '{('${' + old + '}') * 10}'\n" for old, new in pairwise("abcdefghi"))
                + "stages:\n  t:\n    cmd: x\n"
            ),
        },
        (
            (
                "mlops.yaml",
                8,
                3,
                'variable "g" grows beyond 10,000 values or a million characters',
                "keep data in a file that stages read",
            ),
        ),
    ),
    Bad(
        "tags of another program",
        {
            "mlops.yaml": (
                "stages:\n"
                "  t:\n"
                "    cmd: x\n"
                "    deps: !!python/tuple [a]\n"
                "    env: !env [B]\n"
                "    desc: !!int many\n"
            ),
        },
        (
            (
                "mlops.yaml",
                4,
                11,
                "the tag !!python/tuple is not supported",
                "write the plain value; a text that starts with ! needs quotes",
            ),
            (
                "mlops.yaml",
                5,
                10,
                "the tag !env is not supported",
                "write the plain value; a text that starts with ! needs quotes",
            ),
            (
                "mlops.yaml",
                6,
                11,
                "the tag !!int is not supported",
                "write the plain value; a text that starts with ! needs quotes",
            ),
        ),
    ),
    Bad(
        "a value that starts with a sign of YAML",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    desc: @home\n"),
        },
        (("mlops.yaml", 4, 11, "a value cannot start with @", "put the text in quotes"),),
    ),
    Bad(
        "a merge of something that is no mapping",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    <<: 5\n"),
        },
        (("mlops.yaml", 4, 5, "<< takes a mapping or a list of mappings", "name one: <<: *base"),),
    ),
    Bad(
        "a key that is a list",
        {
            "mlops.yaml": ("stages:\n  t:\n    cmd: x\n    ? [a]\n    : b\n"),
        },
        (("mlops.yaml", 4, 7, "a key must be text", "quote it, or mend the indentation"),),
    ),
    Bad(
        "a file that is not UTF-8",
        {
            "mlops.yaml": b"# gr\xfc\xdfe\nstages: {}\n",
        },
        (("mlops.yaml", 1, 5, "not UTF-8 text", "save the file as UTF-8"),),
    ),
    Bad(
        "a NUL in the file",
        {
            "mlops.yaml": b"stages:\n  t: {cmd: a\x00b}\n",
        },
        (("mlops.yaml", 2, 13, "the control character U+0000 cannot stand in YAML", "remove it"),),
    ),
    Bad(
        "an include of nothing",
        {
            "mlops.yaml": ("include: [models/churn, extra.yml, ../up, 5]\nstages:\n  t:\n    cmd: x\n"),
        },
        (
            (
                "mlops.yaml",
                1,
                11,
                "there is no models/churn/mlops.yaml",
                "include names folders that hold a mlops.yaml",
            ),
            ("mlops.yaml", 1, 25, "there is no extra.yml", "include names folders that hold a mlops.yaml"),
            ("mlops.yaml", 1, 36, "include ../up leaves the repository", "name a path inside it"),
            ("mlops.yaml", 1, 43, "include should be text, not 5", 'quote it: "5"'),
        ),
    ),
    Bad(
        "an include that is given twice",
        {
            "mlops.yaml": "include: [sub, ./sub/mlops.yaml, .]\n",
            "sub/mlops.yaml": "stages: {a: {cmd: x}}\n",
        },
        (
            ("mlops.yaml", 1, 16, "sub/mlops.yaml is included already", "name each sub-project once"),
            ("mlops.yaml", 1, 34, "mlops.yaml is included already", "name each sub-project once"),
        ),
    ),
    Bad(
        "problems of a sub-project are said with its own file",
        {
            "mlops.yaml": "include: [sub]\n",
            "sub/mlops.yaml": ("stages:\n  a: {cmd: x, wdir: ../.., outs: [x]}\n"),
        },
        (("sub/mlops.yaml", 2, 21, "wdir ../.. leaves the repository", "name a path inside it"),),
    ),
    Bad(
        "a matrix of the wrong shape",
        {
            "mlops.yaml": (
                "stages:\n"
                "  a: {matrix: [1], cmd: x}\n"
                "  b: {matrix: {}, cmd: x}\n"
                "  c: {matrix: {v: []}, cmd: x}\n"
                "  d: {matrix: {v: {w: 1}}, cmd: x}\n"
                "  e: {matrix: {a b: [1]}, cmd: x}\n"
                "  f: {matrix: 3, cmd: x}\n"
            ),
        },
        (
            ("mlops.yaml", 2, 15, "matrix should be a mapping of names to values, not a list", ""),
            ("mlops.yaml", 3, 15, "matrix has no axes", "for example: matrix: {seed: [1, 2, 3]}"),
            ("mlops.yaml", 4, 19, "matrix.v has no values", "for example: v: [1, 2, 3]"),
            (
                "mlops.yaml",
                5,
                19,
                "matrix.v should be a list, not a mapping",
                "start each of its items with -",
            ),
            ("mlops.yaml", 6, 16, '"a b" cannot be the name of a matrix axis', "use letters, digits and _"),
            ("mlops.yaml", 7, 15, "matrix should be a mapping of names to values, not 3", ""),
        ),
    ),
    Bad(
        "a matrix that is too large",
        {
            "mlops.yaml": f"vars: {{n: {list(range(101))}}}\nstages:\n  a: {{matrix: {{v: '${{n}}', w: '${{n}}'}}, cmd: x}}\n",
        },
        (
            (
                "mlops.yaml",
                3,
                15,
                "matrix has 10201 combinations, more than 10000",
                "split the stage, or drop values",
            ),
        ),
    ),
    Bad(
        "a foreach of the wrong shape",
        {
            "mlops.yaml": (
                "stages:\n"
                "  a: {foreach: 3, do: {cmd: x}}\n"
                "  b: {foreach: [], do: {cmd: x}}\n"
                "  c: {foreach: , cmd: x}\n"
                "  d: {foreach: [a], do: x}\n"
                "  e: {do: {cmd: x}}\n"
                "  f: {matrix: {v: [1]}, foreach: [a], cmd: x}\n"
                "  g: {foreach: [a], cmd: x, do: {cmd: y}}\n"
            ),
        },
        (
            (
                "mlops.yaml",
                2,
                16,
                "foreach should be a list or a mapping, not 3",
                "for example: foreach: [north, south]",
            ),
            ("mlops.yaml", 3, 16, "foreach has no members", "for example: foreach: [north, south]"),
            (
                "mlops.yaml",
                4,
                16,
                "foreach should be a list or a mapping, not nothing",
                "for example: foreach: [north, south]",
            ),
            ("mlops.yaml", 5, 25, 'do should be a mapping, not "x"', "write cmd: … below it"),
            ("mlops.yaml", 6, 11, "do belongs to foreach", "remove do, or add foreach: [north, south]"),
            ("mlops.yaml", 7, 34, "a stage has matrix or foreach, not both", "keep one of them"),
            (
                "mlops.yaml",
                8,
                34,
                "cmd stands in do and beside it",
                "keep one of them; the other is on line 8",
            ),
        ),
    ),
    Bad(
        "a mistake in a matrix is said once",
        {
            "mlops.yaml": ("stages:\n  a:\n    matrix: {v: [1, 2, 3]}\n    cmd: x\n    deps: [/a]\n"),
        },
        (
            (
                "mlops.yaml",
                5,
                12,
                "dependency /a is an absolute path",
                "write it relative to the pipeline file",
            ),
        ),
    ),
    Bad(
        "a matrix with an undefined template",
        {
            "mlops.yaml": ("stages:\n  a:\n    matrix: ${grid}\n    cmd: x\n"),
        },
        (
            (
                "mlops.yaml",
                3,
                13,
                "${grid} is not defined",
                "define it in vars or in the parameter file; for the shell write \\${grid}",
            ),
        ),
    ),
    Bad(
        "secrets in env",
        {
            "mlops.yaml": (
                "stages:\n"
                "  t:\n"
                "    cmd: x\n"
                "    env: [HOME, AWS_SECRET_ACCESS_KEY, DB_PASSWORD, API_TOKEN, "
                "TOKENIZERS_PARALLELISM, A=1]\n"
            ),
        },
        (
            (
                "mlops.yaml",
                4,
                17,
                "AWS_SECRET_ACCESS_KEY looks like a secret, and records are committed",
                "the stage sees it all the same; remove it here, or rename it if it is no secret",
            ),
            (
                "mlops.yaml",
                4,
                40,
                "DB_PASSWORD looks like a secret, and records are committed",
                "the stage sees it all the same; remove it here, or rename it if it is no secret",
            ),
            (
                "mlops.yaml",
                4,
                53,
                "API_TOKEN looks like a secret, and records are committed",
                "the stage sees it all the same; remove it here, or rename it if it is no secret",
            ),
            (
                "mlops.yaml",
                4,
                88,
                '"A=1" is not the name of a variable',
                "env lists names; the shell sets values",
            ),
        ),
    ),
    Bad(
        "variables of the wrong shape",
        {
            "mlops.yaml": ("vars: [5, more.yaml, gone.toml, {a: 1}]\nstages:\n  t:\n    cmd: x\n"),
            "more.yaml": "a: 2\n",
        },
        (
            ("mlops.yaml", 1, 8, "vars should be a mapping of names to values, not 5", ""),
            ("mlops.yaml", 1, 22, "variable file gone.toml does not exist", "write it, or name another"),
            (
                "mlops.yaml",
                1,
                34,
                'variable "a" is defined twice',
                "rename one: all variables of a file lie together",
            ),
        ),
    ),
    Bad(
        "variables that are defined twice",
        {
            "mlops.yaml": ("vars: [{a: 1}, {a: 2}]\nstages:\n  t:\n    cmd: x\n"),
        },
        (
            (
                "mlops.yaml",
                1,
                17,
                'variable "a" is defined twice',
                "rename one: all variables of a file lie together",
            ),
        ),
    ),
    Bad(
        "a variable file that is broken",
        {
            "mlops.yaml": ("vars: [v.json]\nstages:\n  t:\n    cmd: x ${a}\n"),
            "v.json": "{",
        },
        (("v.json", 1, 2, "JSON: Expecting property name enclosed in double quotes", ""),),
    ),
    Bad(
        "top-level values of the wrong type",
        {
            "mlops.yaml": ("params: [a]\nruntime: {a: 1}\ninclude: {a: 1}\nvars: 5\nstages: x\n"),
        },
        (
            ("mlops.yaml", 1, 9, "params should be text, not a list", ""),
            (
                "mlops.yaml",
                2,
                10,
                "runtime should be a list, not a mapping",
                "start each of its items with -",
            ),
            (
                "mlops.yaml",
                3,
                10,
                "include should be a list, not a mapping",
                "start each of its items with -",
            ),
            ("mlops.yaml", 4, 7, "vars should be a mapping of names to values, not 5", ""),
            ("mlops.yaml", 5, 9, 'stages should be a mapping of names to values, not "x"', ""),
        ),
    ),
    Bad(
        "problems in several files at once",
        {
            "mlops.yaml": ("include: [sub]\nstages:\n  a: {cmd: x, dep: [b]}\n  b: {cmd: x, params: [z]}\n"),
            "params.yaml": "y: 1\n",
            "sub/mlops.yaml": ("stages:\n  c: {cmd: 3, cores: none}\n  d: {cmd: x, params: [p]}\n"),
            "sub/params.yaml": "p: [\n",
        },
        (
            ("mlops.yaml", 3, 15, 'unknown key "dep" in a stage', 'did you mean "deps"?'),
            ("mlops.yaml", 4, 24, 'there is no parameter "z" in params.yaml', "it has y"),
            ("sub/mlops.yaml", 2, 12, "cmd should be text, not 3", 'quote it: "3"'),
            ("sub/mlops.yaml", 2, 22, 'cores should be a whole number of 1 or more, not "none"', ""),
            (
                "sub/params.yaml",
                2,
                1,
                "a value is missing here",
                "a bracket or a comma is left over or not closed",
            ),
        ),
    ),
)
