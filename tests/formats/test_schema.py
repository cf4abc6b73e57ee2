"""The JSON Schema of the pipeline file against the parser: what one takes the other takes, what is refused is refused by both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from mlops_cli.formats.problems import Problems
from mlops_cli.formats.schema import schema_text
from mlops_cli.formats.yaml_text import parse_yaml
from mlops_cli.pipeline.parse import TOP_KEYS
from mlops_cli.pipeline.stage_body import STAGE_KEYS
from tests.support.bad_definitions import BAD, Bad
from tests.support.pipelines import parse, refused
from tests.support.strategies import written_stages

_SCHEMA: dict[str, Any] = json.loads(schema_text("mlops"))
_VALIDATOR = Draft202012Validator(_SCHEMA)
_FILES = {
    "params.yaml": "a: 1\nb: {c: [1, 2]}\n",
    "p.json": '{"k": 1}',
    "sub/mlops.yaml": "stages: {s: {cmd: x}}\n",
}

_GOOD = [
    "",
    "stages:\n",
    "params: p.json\n",
    "vars: {a: 1, b: [x]}\n",
    "vars: p.json\n",
    "vars: [p.json, {n: 1}]\n",
    "vars: []\n",
    "runtime: a.lock\n",
    "runtime: [a.lock, b/c]\n",
    "include: sub\n",
    "include: [sub/mlops.yaml]\n",
    "include:\n",
    "models: {churn: {artifact: m.joblib, evaluation: reports/e, predictor: src/p.py:P, watch: {a: 1}}}\n",
    "alerts: {team: {webhook: {url_env: U}}}\n",
]
_GOOD_STAGES = [
    "cmd: x",
    "cmd: [x, y]",
    "cmd: ${a} x",
    "uses: copy\nwith: {from: a, to: b}\nreport: r",
    "cmd: x\ndesc: words\nwdir: sub/dir",
    "cmd: x\ndeps: a",
    "cmd: x\ndeps: [a, {path: b}, 'src/**/*.py']",
    "cmd: x\ndeps:\nouts:\nparams:\nenv:\nmutex:\nmetrics:\nplots:",
    "cmd: x\nouts: a\nmetrics: [b, {path: c, cache: true}]\nplots: [{path: d, cache: false, persist: true}]",
    "cmd: x\nouts: ['o-${a}', {path: 'p-${a}'}]",
    "cmd: x\nparams: a",
    "cmd: x\nparams: [a, b.c.0, p.json, {p.json: [k]}, {params.yaml: a, p.json: }]",
    "cmd: x\nparams: {p.json: [k]}",
    "cmd: x\nenv: A\nmutex: m",
    "cmd: x\nenv: [A, _b1]\nmutex: [m, n]",
    *(
        f"cmd: x\ntimeout: {value}"
        for value in ("90", "0.5", "90s", "'90'", "1.5 h", "30m", "1d", "250ms", "${b.c.0}")
    ),
    *(f"cmd: x\nmemory: {value}" for value in ("1", "500MB", "8GiB", "1.5k", "'7'", "2Ti", "7b", "${a}")),
    "cmd: x\nretries: 0\ncores: 1\ngpu: 0",
    "cmd: x\nretries: ${a}\ncores: ${a}\ngpu: ${a}",
    "cmd: x\nfrozen: true\nalways: false",
    "cmd: x\nmatrix: {v: [1, a, true, {d: 1}, [2], null], w: single, z: '${b.c}'}",
    "cmd: x ${item}\nforeach: [a, b]",
    "foreach: {a: 1, b: {c: 2}}\ncores: 2\ndo: {cmd: 'x ${key}', gpu: 1}",
    "foreach: ${b.c}\ndo: {cmd: x}",
    "foreach: [a]\nwith: {from: a, to: 'b'}\ndo: {uses: copy}",
]

_BAD_TOP = [
    "- a\n", "text\n", "5\n", "zebra: 1\n", "stage: {}\n",
    "stages: []\n", "stages: x\n", "stages: {s: }\n", "stages: {s: text}\n", "stages: {s: [a]}\n",
    "stages: {a/b: {cmd: x}}\n",
    "stages: {'': {cmd: x}}\n", "stages: {-a: {cmd: x}}\n", f"stages: {{{'n' * 201}: {{cmd: x}}}}\n",
    "params: [a]\n", "params:\n", "params: /a.yaml\n", "params: ''\n",
    "vars: 5\n", "vars:\n", "vars: text\n", "vars: [5]\n", "vars: [[p.json]]\n", "vars: [/p.json]\n",
    "runtime: {a: 1}\n", "runtime: [1]\n", "runtime: [/a]\n", "runtime: ['a\\b']\n",
    "include: {a: 1}\n", "include: [5]\n", "include: [/a]\n", "include: ['']\n",
    "models: [a]\n", "models:\n", "models: {m: }\n", "models: {m: {}}\n", "models: {m: {artifact: /a}}\n",
    "models: {m: {artifact: a, evaluatoin: b}}\n", "models: {m: {artifact: a, predictor: words}}\n",
    "models: {-m: {artifact: a}}\n",
    "models: {m: {artifact: a, evaluation: [b]}}\n",
    "alerts: 3\n", "alerts:\n",
]  # fmt: skip
_BAD_STAGES = [
    "{}", "deps: [a]", "cmd:", "cmd: ''", "cmd: []", "cmd: 5", "cmd: true", "cmd: {a: b}", "cmd: [x, [y]]",
    "cmd: [x, ' ']",
    "cmd: x\ndep: [a]", "cmd: x\nuses: copy\nwith: {from: a, to: b}", "cmd: x\nwith: {a: 1}", "cmd: x\nreport: r",
    "uses: copy\nwith: [1]", "uses: copy\nwith: 5", "uses: copy\nwith: text", "uses: 5",
    "uses: copy\nwith: {from: a, to: b}\nreport: [r]",
    "cmd: x\ndesc: 5", "cmd: x\ndesc:", "cmd: x\ndesc: ''", "cmd: x\nwdir: [a]", "cmd: x\nwdir: /a",
    "cmd: x\nwdir: ~/a", "cmd: x\nwdir:",
    "cmd: x\ndeps: {path: a}", "cmd: x\ndeps: [{}]", "cmd: x\ndeps: [{path: a, zebra: 1}]",
    "cmd: x\ndeps: [{model: a@b, path: c}]",
    "cmd: x\ndeps: [5]", "cmd: x\ndeps: [[a]]", "cmd: x\ndeps: [null]", "cmd: x\ndeps: ['']", "cmd: x\ndeps: [/a]",
    "cmd: x\ndeps: [C:/a]",
    "cmd: x\ndeps: ['a\\b']", "cmd: x\ndeps: ['s3://a/b']", 'cmd: x\ndeps: ["a\\nb"]',
    *(f"cmd: x\n{key}: {value}" for key in ("outs", "metrics", "plots") for value in (
        "{a: b}", "[{cache: false}]", "[{path: a, pth: b}]", "[{path: a, cache: no}]", "[{path: a, persist: 1}]",
    "[{path: 5}]", "[5]",
        "[a/*.csv]", "['a[1]']", "[null]", "[/a]", "['a\\b']", "['']", "[a: {cache: false}]")),
    "cmd: x\nparams: 5", "cmd: x\nparams: [5]", "cmd: x\nparams: [[a]]", "cmd: x\nparams: [null]",
    "cmd: x\nparams: ['']",
    "cmd: x\nparams: {p.json: {k: 1}}", "cmd: x\nparams: [{p.json: [null]}]", "cmd: x\nparams: [{p.json: 5}]",
    "cmd: x\nparams: [{/p.json: [k]}]",
    "cmd: x\nenv: [1]", "cmd: x\nenv: {A: 1}", "cmd: x\nenv: [A=1]", "cmd: x\nenv: [1A]", "cmd: x\nenv: ['']",
    "cmd: x\nenv: [[A]]",
    "cmd: x\nmutex: {a: 1}", "cmd: x\nmutex: [1]", "cmd: x\nmutex: ['']",
    *(f"cmd: x\ntimeout: {value}"
      for value in ("", "0", "-1", "1000000000", "'0s'", "soon", "2 weeks", "1h30m", "true", "[90]", "{a: 1}")),
    *(f"cmd: x\nmemory: {value}" for value in ("", "0", "-1", "1.5", "'0GB'", "8i", "big", "-8GB", "true", "[1]")),
    *(f"cmd: x\n{key}: {value}" for key, least in (("retries", 0), ("gpu", 0), ("cores", 1)) for value in (
        "", str(least - 1), "0.5", "half", "'2'", "true", "[1]")),
    *(f"cmd: x\n{key}: {value}" for key in ("frozen", "always") for value in ("", "yes", "1", "'true'", "[true]")),
    *(f"cmd: x\nmatrix: {value}"
      for value in ("", "{}", "[1]", "3", "text", "{v: []}", "{v: }", "{v: {w: 1}}", "{a b: [1]}", "{1a: [1]}")),
    *(f"cmd: x\nforeach: {value}" for value in ("", "[]", "{}", "3", "text")),
    "cmd: x\nmatrix: {v: [1]}\nforeach: [a]", "do: {cmd: x}", "cmd: x\ndo: {gpu: 1}", "foreach: [a]\ndo: text",
    "foreach: [a]\ndo:",
    "foreach: [a]\ndo: {cmd: x, matrix: {v: [1]}}", "foreach: [a]\ndo: {cmd: x, out: [b]}",
    "foreach: [a]\ndo: {cmd: x, cores: 0}",
]  # fmt: skip

# What no schema of one file can see: what stands in other files, and what follows from several places at once.
_ONLY_THE_PARSER = {
    "a built-in step that there is not",
    "a built-in step that refuses its settings",
    "a built-in step with a path that leaves the repository",
    "settings that are not finite",
    "a cycle of two",
    "a cycle of three behind a stage that is in none",
    "a cycle through a folder and a pattern",
    "a stage that reads what it makes",
    "a stage that makes something inside what it reads",
    "two stages with the same output",
    "an output that is given twice",
    "outputs inside each other",
    "outputs that overlap across sub-projects",
    "an output that is a file of the pipeline",
    "an output that holds a file of the pipeline",
    "an output that is a runtime file",
    "an output that no stage may have",
    "an undefined template",
    "an undefined template in a typed field is said once",
    "a template of a matrix that the stage does not have",
    "a template that leaves out the word matrix",
    "a template that is not closed",
    "a template that is an expression of the shell",
    "a list and a mapping inside text",
    "a position that a list does not have",
    "templated keys that come out the same",
    "an unknown parameter",
    "an unknown parameter of another file",
    "a parameter file that does not exist",
    "a default parameter file that does not exist",
    "a parameter that is not finite",
    "a broken YAML parameter file",
    "a broken JSON parameter file",
    "a broken TOML parameter file",
    "a TOML file that ends too early",
    "a parameter file that holds a list",
    "duplicate keys in parameter files",
    "numbers and text that JSON cannot carry",
    "a parameter file that is not UTF-8",
    "brackets that never end",
    "members of a matrix with the same name",
    "names that differ only in case",
    "the same name from two included files",
    "paths that leave the repository",
    "outputs that leave the project",
    "variables that expand to a billion",
    "an include that is given twice",
    "problems of a sub-project are said with its own file",
    "a matrix that is too large",
    "a matrix with an undefined template",
    "variables that are defined twice",
    "a variable file that is broken",
}


def _plain(text: str | bytes) -> tuple[Any, bool]:
    """Return what an editor would check, and whether the text is YAML as the tool reads it."""
    found = Problems()
    root = parse_yaml(text.encode() if isinstance(text, str) else text, "mlops.yaml", found)
    return (None if root is None else root.plain()), not found.found


def _staged(body: str) -> str:
    lines = body.splitlines() if body != "{}" else []
    return "stages:\n  s:\n" + "".join(f"    {line}\n" for line in lines) if lines else "stages: {s: {}}\n"


def test_the_schema_is_a_valid_one_of_its_draft() -> None:
    Draft202012Validator.check_schema(_SCHEMA)
    assert _SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_asking_for_a_schema_that_there_is_not_says_so() -> None:
    with pytest.raises(FileNotFoundError):
        schema_text("nothing")


def test_schema_and_parser_know_the_same_keys() -> None:
    assert set(_SCHEMA["properties"]) == set(TOP_KEYS)
    assert list(_SCHEMA["$defs"]["stage"]["properties"]) == list(STAGE_KEYS)
    assert set(_SCHEMA["$defs"]["do"]["properties"]) == set(STAGE_KEYS) - {"matrix", "foreach", "do"}


def test_every_key_has_a_title_and_a_description_for_editors() -> None:
    bare: list[str] = []

    def walk(value: Any, path: str) -> None:
        if isinstance(value, dict):
            for name, item in value.get("properties", {}).items():
                if not item.get("title") or not item.get("description"):
                    bare.append(f"{path}/{name}")
            for key, item in value.items():
                walk(item, f"{path}/{key}")
        elif isinstance(value, list):
            for item in value:
                walk(item, path)

    walk(_SCHEMA, "")
    assert not bare


def test_every_definition_is_used_and_every_reference_leads_somewhere() -> None:
    named = {f'"#/$defs/{name}"' for name in _SCHEMA["$defs"]}
    text = json.dumps(_SCHEMA)
    assert all(name in text for name in named)
    assert text.count('"#/$defs/') == sum(text.count(name) for name in named)


@pytest.mark.parametrize("text", [*_GOOD, *(_staged(body) for body in _GOOD_STAGES)])
def test_a_good_file_is_taken_by_both(text: str) -> None:
    parse({**_FILES, "mlops.yaml": text})
    value, _ = _plain(text)
    assert not [error.message for error in _VALIDATOR.iter_errors(value)]


@pytest.mark.parametrize("text", [*_BAD_TOP, *(_staged(body) for body in _BAD_STAGES)])
def test_a_structural_mistake_is_refused_by_both(text: str) -> None:
    value, readable = _plain(text)
    assert readable
    assert refused({**_FILES, "mlops.yaml": text})
    assert not _VALIDATOR.is_valid(value)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_of_all_broken_definitions_the_schema_misses_only_what_it_cannot_see(bad: Bad) -> None:
    value, readable = _plain(bad.files["mlops.yaml"])
    if readable:
        assert _VALIDATOR.is_valid(value) == (bad.name in _ONLY_THE_PARSER)
    else:
        assert bad.name not in _ONLY_THE_PARSER


def test_every_mistake_that_only_the_parser_sees_is_one_of_the_table() -> None:
    assert {bad.name for bad in BAD} >= _ONLY_THE_PARSER


@given(written_stages())
def test_whatever_people_may_write_the_schema_takes(stages: dict[str, Any]) -> None:
    assert not [error.message for error in _VALIDATOR.iter_errors({"stages": stages})]
