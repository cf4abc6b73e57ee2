"""`mlops run --pull`: what others have made and sent is not made again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.transfer.remote_store import object_name
from tests.support.command import Counter, counted, git, mlops, run, states
from tests.support.files import write, write_all
from tests.support.stored import Lab
from tests.support.transfers import LARGE, Clones, damage_there

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import WebServer

BIG = "head -c 70000 raw/big.txt > made.bin"
STAGES = {
    "make": {"cmd": counted(BIG, "make"), "deps": ["raw"], "outs": ["made.bin"]},
    "split": {
        "cmd": counted(
            "mkdir -p parts && head -c 10 made.bin > parts/a && head -c 66000 made.bin > parts/b", "split"
        ),
        "deps": ["made.bin"],
        "outs": ["parts"],
    },
    "score": {
        "cmd": counted(
            """wc -c < parts/b | sed 's/.*/{"size": &}/' > score.json; cp parts/a last.txt""", "score"
        ),
        "deps": ["parts"],
        "outs": ["last.txt"],
        "metrics": ["score.json"],
    },
}


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path / "counter")


@pytest.fixture
def clones(tmp_path: Path, counter: Counter) -> Clones:
    """Return a project that has run everything, committed its records and sent all, and a remote."""
    clones = Clones(tmp_path, STAGES, {})
    write_all(clones.first / "raw", {"big.txt": "0123456789" * 10_000, "other.txt": "x" * LARGE})
    assert mlops(clones.first, "add", "raw").code == 0
    assert set(run(clones.first, env=counter.env).values()) == {"ran"}
    assert counter.take() == ["make", "score", "split"]
    assert mlops(clones.first, "push").code == 0
    return clones


def pull(folder: Path, counter: Counter, *arguments: str, code: int = 0) -> dict[str, str]:
    return run(folder, "--pull", *arguments, code=code, env=counter.env)


def test_a_clone_runs_nothing_and_has_every_output(clones: Clones, counter: Counter) -> None:
    second = clones.clone()
    assert set(pull(second, counter).values()) == {"cached"}
    assert counter.take() == []
    for path in ("made.bin", "parts/a", "parts/b", "last.txt", "score.json"):
        assert (second / path).read_bytes() == (clones.first / path).read_bytes(), path
    assert set(states(second).values()) == {"fresh"}
    assert git(second, "status", "--porcelain", "--", "score.json", ".mlops/stages") == ""
    assert set(pull(second, counter).values()) == {"fresh"}


def test_a_clone_without_the_records_runs_nothing_either(clones: Clones, counter: Counter) -> None:
    """Results are found by key, whatever was committed; also those of metrics that Git keeps."""
    second = clones.clone()
    shutil.rmtree(second / ".mlops/stages")
    (second / "score.json").unlink()
    assert set(pull(second, counter).values()) == {"cached"}
    assert counter.take() == []
    assert (second / "score.json").read_bytes() == (clones.first / "score.json").read_bytes()


def test_only_what_is_needed_is_brought(clones: Clones, counter: Counter) -> None:
    second = clones.clone()
    assert pull(second, counter, "make") == {"make": "cached"}
    here = Lab(second).objects()
    assert not here.missing([digest_bytes((clones.first / "made.bin").read_bytes())])
    raw = [digest_bytes((clones.first / "raw" / name).read_bytes()) for name in ("big.txt", "other.txt")]
    assert here.missing([*raw, digest_bytes((clones.first / "parts/b").read_bytes())]) == {
        *raw,
        digest_bytes((clones.first / "parts/b").read_bytes()),
    }


def test_without_pull_the_remote_is_not_asked(clones: Clones, counter: Counter) -> None:
    second = clones.clone()
    answer = mlops(second, "run", env=counter.env)
    assert answer.code in (3, 4, 5), "its input is not here"
    assert counter.take() == []


def test_an_input_that_is_tracked_and_missing_is_brought_for_a_stage_that_has_to_run(
    clones: Clones, counter: Counter
) -> None:
    second = clones.clone()
    text = (second / "mlops.yaml").read_text().replace("70000", "70001")
    write(second / "mlops.yaml", text)
    assert pull(second, counter) == {"make": "ran", "split": "ran", "score": "cached"}
    assert counter.take() == ["make", "split"]
    assert (second / "raw/big.txt").read_text() == "0123456789" * 10_000
    assert (second / "made.bin").stat().st_size == 70_001


@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_a_stage_whose_content_is_gone_there_runs_and_the_others_do_not(
    clones: Clones, counter: Counter, how: str
) -> None:
    name = object_name(digest_bytes((clones.first / "made.bin").read_bytes()))
    if how == "gone":
        clones.there.remove([name])
    else:
        damage_there(clones.there, name)
    second = clones.clone()
    assert pull(second, counter) == {"make": "ran", "split": "cached", "score": "cached"}
    assert counter.take() == ["make"]
    assert (second / "made.bin").read_bytes() == (clones.first / "made.bin").read_bytes()


def test_a_stage_runs_whose_directory_has_lost_a_file_there(clones: Clones, counter: Counter) -> None:
    clones.there.remove([object_name(digest_bytes((clones.first / "parts/b").read_bytes()))])
    second = clones.clone()
    assert pull(second, counter) == {"make": "cached", "split": "ran", "score": "cached"}


def test_a_damaged_result_there_counts_as_none(clones: Clones, counter: Counter) -> None:
    for name in clones.there.list("results"):
        damage_there(clones.there, name)
    second = clones.clone()
    shutil.rmtree(second / ".mlops/stages")
    assert set(pull(second, counter).values()) == {"ran"}


def test_an_input_whose_content_is_gone_there_is_named(clones: Clones, counter: Counter) -> None:
    clones.there.remove([object_name(digest_bytes((clones.first / "raw/big.txt").read_bytes()))])
    clones.there.remove([object_name(digest_bytes((clones.first / "made.bin").read_bytes()))])
    second = clones.clone()
    answer = mlops(second, "run", "--pull", env=counter.env)
    assert answer.code in (4, 5)
    assert "raw" in answer.err
    assert counter.take() == []


def test_a_remote_that_cannot_be_listed_ends_with_5_and_nothing_runs(
    clones: Clones, counter: Counter, web: WebServer
) -> None:
    second = clones.clone()
    write(second / ".mlops/config.yaml", f"remotes: {{r: {{url: '{web.place('nothing')}'}}}}\n")
    web.manners.failures[:] = [403]
    answer = mlops(second, "run", "--pull", env=counter.env)
    web.manners.failures.clear()
    assert answer.code == 5
    assert web.url in answer.err
    assert counter.take() == []


@pytest.mark.slow
def test_without_network_it_ends_with_5(clones: Clones, counter: Counter) -> None:
    second = clones.clone()
    write(second / ".mlops/config.yaml", "remotes: {r: {url: 'http://127.0.0.1:9/x'}}\n")
    answer = mlops(second, "run", "--pull", env=counter.env)
    assert answer.code == 5
    assert "127.0.0.1:9" in answer.err
    assert counter.take() == []


def test_stages_side_by_side_that_need_the_same_large_output(tmp_path: Path, counter: Counter) -> None:
    stages = {
        "make": {"cmd": counted("head -c 30000000 /dev/zero > made.bin", "make"), "outs": ["made.bin"]},
        **{
            f"use{n}": {
                "cmd": counted(f"cp made.bin out{n}", f"use{n}"),
                "deps": ["made.bin"],
                "outs": [f"out{n}"],
            }
            for n in range(5)
        },
    }
    clones = Clones(tmp_path, stages, {})
    run(clones.first, env=counter.env)
    assert mlops(clones.first, "push").code == 0
    counter.take()
    second = clones.clone()
    assert set(pull(second, counter, "-j", "5").values()) == {"cached"}
    assert counter.take() == []
    here = Lab(second).objects()
    assert not here.damaged({digest for digest, _, _ in here.all_digests()})
    assert all((second / f"out{n}").stat().st_size == 30_000_000 for n in range(5))


def test_a_dry_run_brings_no_files(clones: Clones, counter: Counter) -> None:
    second = clones.clone()
    answer = mlops(second, "run", "--pull", "--dry-run", "--json", env=counter.env)
    assert answer.code == 0, answer
    assert Lab(second).objects().missing([digest_bytes((clones.first / "made.bin").read_bytes())])


def test_a_fetch_before_a_run_serves_as_well(clones: Clones, counter: Counter) -> None:
    second = clones.clone()
    assert mlops(second, "fetch").code == 0
    (second / "score.json").unlink()
    clones.remote.rename(clones.folder / "away")
    assert set(run(second, env=counter.env).values()) <= {"cached", "fresh"}
    assert counter.take() == []


def test_a_directory_that_is_not_here_is_named_and_only_that_ends_with_5(tmp_path: Path) -> None:
    stages = {
        "read": {"cmd": "ls raw > names", "deps": ["raw"], "outs": ["names"]},
        "copy": {"cmd": "cp names again", "deps": ["names"], "outs": ["again"]},
        "fail": {"cmd": "exit 1", "outs": ["never"]},
    }
    clones = Clones(tmp_path, stages, {})
    write_all(clones.first / "raw", {"a": "1", "b": "2"})
    assert mlops(clones.first, "add", "raw").code == 0
    second = clones.clone()
    dry = mlops(second, "run", "-n", "copy")
    assert dry.out.endswith("Not here, and needed: raw. Bring it with: mlops pull raw\n")
    assert mlops(second, "run", "-n", "copy", "--json").json["absent"] == ["raw"]
    answer = mlops(second, "run", "copy")
    assert answer.code == 5
    assert (
        "read failed: raw is tracked, and its content is not here. Bring it with: mlops pull raw"
        in answer.err
    )
    mlops(clones.first, "push", "--quiet")
    for file in [name for name in clones.there.list() if not name.startswith("projects/")]:
        clones.there.remove([file])
    pulled = mlops(second, "run", "copy", "--pull")
    assert pulled.code == 5
    assert "mlops pull" not in pulled.err
    assert "The remote does not have it either. Whoever has it can send it: mlops push\n" in pulled.err
    assert "mlops pull" not in mlops(second, "run", "-n", "--pull", "copy").out
    assert mlops(second, "run", "-k").code == 4  # one of them failed indeed
