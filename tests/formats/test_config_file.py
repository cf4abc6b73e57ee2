from __future__ import annotations

from importlib.resources import files

import pytest

from mlops_cli.formats.config_file import _OPEN, _REMOTE, _SECTIONS, NAME_HINT, parse_config
from mlops_cli.formats.problems import DefinitionError
from mlops_cli.settings import Config

ALL = ", ".join([*_SECTIONS, *_OPEN])
FILE = ".mlops/config.yaml"
LINKS = "reflink, hardlink, symlink, copy"


def parse(text: str) -> Config:
    return parse_config(text.encode(), FILE)


def problems(text: str) -> list[str]:
    with pytest.raises(DefinitionError) as raised:
        parse(text)
    return [str(problem).removeprefix(f"{FILE}:") for problem in raised.value.problems]


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "cache:\n", "run: {}\n"])
def test_an_empty_file_gives_the_defaults(text: str) -> None:
    assert parse(text) == Config()


def test_the_file_that_a_new_project_gets_gives_the_defaults() -> None:
    data = (files("mlops_cli.actions") / "templates/config.yaml").read_bytes()
    assert parse_config(data, FILE) == Config()


def test_every_setting_is_read() -> None:
    text = "cache: {dir: ../cache, link: [hardlink, copy]}\nrun: {jobs: 4, gpus: 0, memory: 16GB}\n"
    assert parse(text) == Config("../cache", ("hardlink", "copy"), 4, 0, 16_000_000_000)


def test_one_way_to_place_files_needs_no_list() -> None:
    assert parse("cache: {link: symlink}\n").links == ("symlink",)


@pytest.mark.parametrize(
    ("written", "amount"),
    [("512", 512), ("2KB", 2000), ("1 MiB", 1 << 20), ("16GB", 16 * 10**9), ("2TiB", 2 << 40)],
)
def test_memory_is_an_amount_with_a_unit(written: str, amount: int) -> None:
    assert parse(f"run: {{memory: {written}}}\n").memory == amount


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cash: {}\n", '1:1: unknown setting "cash" (did you mean "cache"?)'),
        ("zzz: {}\n", '1:1: unknown setting "zzz" (there are ' + ALL + ")"),
        ("metrics: [auc]\n", "1:10: should be a mapping of metrics to up or down, not a list"),
        ("metrics:\n  auc: high\n", '2:8: metrics.auc should be up or down, not "high"'),
        ("remotes: [a]\n", "1:10: should be a mapping of names to remotes, not a list"),
        ("remotes:\n  1a: {url: x}\n", f'2:3: a remote cannot be called "1a" ({NAME_HINT})'),
        ("remotes:\n  a: {}\n", "2:3: remotes.a has no url (where it is: url: s3://bucket/folder)"),
        ("remotes:\n  a: x\n", "2:6: should be a mapping of " + ", ".join(_REMOTE) + ', not "x"'),
        ("remotes:\n  a: {urk: x, url: y}\n", '2:7: unknown setting "urk" (did you mean "url"?)'),
        (
            "remotes:\n  a: {url: x, jobs: 0}\n",
            "2:21: remotes.a.jobs should be a whole number of 1 or more, not 0",
        ),
        (
            "remotes:\n  a: {url: x, options: {api_token: y}}\n",
            "2:24: remotes.a.options should be a mapping of options for fsspec, without secrets, not a mapping",
        ),
        (
            "remote: {default: nas}\nremotes: {nos: {url: x}}\n",
            '1:19: remote.default names "nas", and there is no such remote (did you mean "nos"?)',
        ),
        ("run:\n  job: 4\n", '2:3: unknown setting "job" (did you mean "jobs"?)'),
        ("- a\n", "1:1: should be a mapping of " + ALL + ", not a list"),
        ("run: 5\n", "1:6: should be a mapping of jobs, gpus, memory, not 5"),
        ("run: {jobs: 0}\n", "1:13: run.jobs should be a whole number of 1 or more, not 0"),
        ("run: {jobs: many}\n", '1:13: run.jobs should be a whole number of 1 or more, not "many"'),
        ("run: {jobs: true}\n", "1:13: run.jobs should be a whole number of 1 or more, not true"),
        ("run: {gpus: -1}\n", "1:13: run.gpus should be a whole number of 0 or more, not -1"),
        ("run: {memory: lots}\n", '1:15: run.memory should be an amount of memory such as 16GB, not "lots"'),
        ("run: {memory: 0GB}\n", '1:15: run.memory should be an amount of memory such as 16GB, not "0GB"'),
        ("cache: {dir: 5}\n", "1:14: cache.dir should be a folder, not 5"),
        ("cache: {dir: ''}\n", '1:14: cache.dir should be a folder, not ""'),
        ("cache: {link: fly}\n", f'1:15: cache.link should be one or more of {LINKS}, not "fly"'),
        ("cache: {link: []}\n", f"1:15: cache.link should be one or more of {LINKS}, not a list"),
        ("cache: {link: [copy, {}]}\n", f"1:15: cache.link should be one or more of {LINKS}, not a list"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_every_mistake_is_told_at_once() -> None:
    assert len(problems("cash: {}\nrun: {jobs: x, gpu: 1}\n")) == 3


def test_a_file_that_is_no_yaml_is_told_with_its_place() -> None:
    [problem] = problems("run: {jobs: 4\n")
    assert problem.startswith(("1:", "2:"))


def test_remotes_are_read_in_the_order_of_the_file() -> None:
    text = "remotes:\n  b: {url: s3://b/x, region: r, jobs: 3}\n  a: {url: ../a, options: {depth: 2}}\nremote: {default: a}\n"
    config = parse(text)
    assert list(config.remotes) == ["b", "a"]
    assert config.remotes["b"] == {"url": "s3://b/x", "region": "r", "jobs": 3}
    assert config.remotes["a"] == {"url": "../a", "options": {"depth": 2}}
    assert config.default_remote == "a"


@pytest.mark.parametrize("url", ["https://ada:pw@h/x", "sftp://:pw@h", "s3://key:secret@bucket/x"])
def test_a_password_in_an_address_is_a_problem_that_names_the_variable(url: str) -> None:
    (problem,) = problems(f"remotes:\n  our-nas:\n    url: {url}\n")
    assert problem.startswith("3:10: remotes.our-nas.url has a password in it")
    assert "MLOPS_REMOTE_OUR_NAS_PASSWORD" in problem


@pytest.mark.parametrize("url", ["sftp://ada@h:22/x", "/mnt/a:b@c", "http://h:80/a@b:c", "memory://x"])
def test_an_address_without_a_password_is_none(url: str) -> None:
    assert parse(f"remotes: {{a: {{url: '{url}'}}}}\n").remotes["a"]["url"] == url


def test_the_limit_of_the_hooks_is_a_size_that_they_can_see() -> None:
    assert (parse("").hooks_large, parse("hooks: {large: 50MB}").hooks_large) == (10_000_000, 50_000_000)
    for wrong in ("much", "99kB", "0"):
        (problem,) = problems(f"hooks: {{large: {wrong}}}\n")
        assert "hooks.large should be a size of 100kB or more" in problem


def test_how_much_a_snapshot_takes_can_be_set() -> None:
    config = parse("snapshot: {file: 2kB, total: 1GiB}\n")
    assert (config.snapshot_file, config.snapshot_total) == (2000, 1 << 30)
    assert (parse("").snapshot_file, parse("").snapshot_total) == (1 << 20, 64 << 20)
    (problem,) = problems("snapshot: {file: much}\n")
    assert "snapshot.file should be a size such as 1MB" in problem


def test_which_way_metrics_are_better_can_be_said() -> None:
    assert parse("metrics: {claim_rate: down, mAP: up}\n").metrics == {"claim_rate": "down", "mAP": "up"}
    assert parse("metrics:\n").metrics == {}
