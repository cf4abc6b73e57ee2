"""`mlops lineage` in real repositories."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Answer, commit, git, mlops, project, repository, run
from tests.support.files import write

STAGES = {
    "prepare": {
        "cmd": "mkdir -p out && sort data/raw.csv > out/train.csv",
        "deps": ["data/raw.csv"],
        "outs": ["out/train.csv"],
    },
    "train": {
        "cmd": "mkdir -p models && cat out/train.csv params.yaml src/train.py models/parent.joblib > models/m.joblib"
        ' && echo "{\\"auc\\": 0.$(wc -c < models/m.joblib)}" > auc.json',
        "deps": ["out/train.csv", "src/train.py", "models/parent.joblib"],
        "params": ["train"],
        "outs": ["models/m.joblib"],
        "metrics": ["auc.json"],
    },
}
RAW = "".join(f"{n}\n" for n in range(100))


@pytest.fixture
def churn(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two models, the second started from the first; built once, and copied for each test."""
    built = tmp_path_factory.getbasetemp() / "churn-for-lineage"
    if not built.exists():
        build(tmp_path / "built").rename(built)
    return Path(shutil.copytree(built, tmp_path / "churn", symlinks=True))


def build(place: Path) -> Path:
    folder = project(
        place,
        STAGES,
        {
            "params.yaml": "train: {depth: 4, seed: 1}\n",
            "src/train.py": "print('train')\n",
            "models/parent.joblib": "0" * 80,
        },
    )
    write(folder / "data/raw.csv", RAW)
    assert mlops(folder, "add", "data/raw.csv").code == 0
    git(folder, "rm", "--quiet", "--cached", "models/parent.joblib")
    assert mlops(folder, "add", "models/parent.joblib").code == 0
    commit(folder, "data")
    run(folder)
    commit(folder, "first model")
    git(folder, "tag", "first")
    first = (folder / "models/m.joblib").read_bytes()
    (folder / "models/parent.joblib").unlink()
    write(folder / "models/parent.joblib", first)
    write(folder / "params.yaml", "train: {depth: 8, seed: 1}\n")
    assert mlops(folder, "add", "models/parent.joblib").code == 0
    commit(folder, "warm start")
    run(folder)
    commit(folder, "second model")
    return folder


def good(answer: Answer, code: int = 0) -> Any:
    assert answer.code == code, answer
    return answer.json


def labels(value: Any, kind: str) -> set[str]:
    return {node["label"] for node in value["nodes"] if node["kind"] == kind}


def test_a_model_leads_back_to_its_data_and_its_parent(churn: Path) -> None:
    value = good(mlops(churn, "lineage", "models/m.joblib", "--json"))
    assert labels(value, "data") == {"data/raw.csv"}
    assert labels(value, "code") == {"src/train.py"}
    assert [edge["note"] for edge in value["edges"] if edge["role"] == "parent"] == ["warm_start"] * 2
    runs = [node for node in value["nodes"] if node["kind"] == "run"]
    assert sorted(node["label"] for node in runs) == ["prepare", "train", "train"]
    assert {node["author"] for node in runs} == {"Ada"}
    commits = {node["commit"]: node for node in value["nodes"] if node["kind"] == "commit"}
    assert {node["subject"] for node in commits.values()} == {"data", "warm start"}


def test_the_same_in_the_other_direction(churn: Path) -> None:
    value = good(mlops(churn, "lineage", "--down", "data/raw.csv", "--json"))
    assert len(value["models"]) == 2
    value = good(mlops(churn, "lineage", "--down", "params.yaml:train.depth=8", "--json"))
    assert len(value["models"]) == 1
    answer = mlops(churn, "lineage", "--down", "params.yaml:train.depth=9")
    assert answer.code == 2
    assert "no run used params.yaml:train.depth=9" in answer.err


def test_as_it_was_then(churn: Path) -> None:
    then = good(mlops(churn, "lineage", "models/m.joblib", "--at", "first", "--json"))
    now = good(mlops(churn, "lineage", "models/m.joblib", "--json"))
    assert then["starts"] != now["starts"]
    assert len(labels(then, "run")) == 2
    assert sum(node["label"] == "train" for node in then["nodes"]) == 1
    down = good(mlops(churn, "lineage", "--down", "data/raw.csv", "--at", "first", "--json"))
    assert len(down["models"]) == 1
    answer = mlops(churn, "lineage", "models/m.joblib", "--at", "2001-01-01")
    assert answer.code == 2
    assert "then" in answer.err
    assert mlops(churn, "lineage", "models/m.joblib", "--at", "someday").code == 2


def test_a_version_is_named_by_its_commit(churn: Path) -> None:
    value = good(mlops(churn, "lineage", "first:models/m.joblib", "--json"))
    assert sum(node["label"] == "train" for node in value["nodes"]) == 1


def test_a_run_leads_to_what_it_made(churn: Path) -> None:
    value = good(mlops(churn, "lineage", "@latest", "--json"))
    assert {value["nodes"][0]["label"], value["nodes"][1]["label"]} == {"auc.json", "models/m.joblib"}
    assert len(value["starts"]) == 2


def test_the_inheritance_is_told_oldest_first(churn: Path) -> None:
    value = good(mlops(churn, "lineage", "--chain", "models/m.joblib", "--json"))
    assert [row["number"] for row in value["generations"]] == [0, 1, 2]
    assert value["generations"][2]["relation"] == "warm_start"
    assert "auc" in value["generations"][2]["changes"]
    assert "better" in mlops(churn, "lineage", "--chain", "models/m.joblib").out


def test_what_differs_is_ranked(churn: Path) -> None:
    value = good(mlops(churn, "lineage", "--diff", "first:models/m.joblib", "models/m.joblib", "--json"))
    assert [(row["kind"], row["what"]) for row in value["differences"]] == [
        ("parent", "models/parent.joblib"),
        ("parameter", "params.yaml:train.depth"),
    ]


@pytest.mark.parametrize(
    ("form", "begins"), [("dot", "digraph"), ("mermaid", "flowchart LR"), ("html", "<!DOCTYPE html>")]
)
def test_it_can_be_drawn(churn: Path, form: str, begins: str) -> None:
    answer = mlops(churn, "lineage", "models/m.joblib", "-o", form)
    assert answer.code == 0
    assert answer.out.startswith(begins)
    assert "train" in answer.out


def test_everything_is_proven(churn: Path) -> None:
    value = good(mlops(churn, "lineage", "--verify", "models/m.joblib", "--json"))
    assert value["good"]
    assert {row["kind"] for row in value["statements"] if row["verdict"] == "holds"} == {
        "record", "key", "metrics", "claims", "commit", "code", "artifact", "origin",
    }  # fmt: skip
    assert {row["kind"] for row in value["statements"] if row["verdict"] == "open"} == {"signature"}
    assert git(churn, "status", "--short") == ""


def statements(folder: Path, kind: str, verdict: str, *more: str, code: int = 5) -> list[Any]:
    value = good(mlops(folder, "lineage", "--verify", "models/m.joblib", "--json", *more), code)
    return [row for row in value["statements"] if row["kind"] == kind and row["verdict"] == verdict]


def test_an_input_that_is_nowhere_fails(churn: Path) -> None:
    shutil.rmtree(churn / ".git/mlops/objects")
    (churn / "data/raw.csv").unlink()
    [_, row] = statements(churn, "artifact", "fails")  # the first parent is nowhere, too
    assert row["about"] == "data/raw.csv"
    assert "ask a remote" in row["rests_on"]


def test_an_input_may_lie_on_a_remote_alone(churn: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    assert mlops(churn, "remote", "add", "here", str(shared)).code == 0
    assert mlops(churn, "push", "data/raw.csv").code == 0
    commit(churn, "remote")
    shutil.rmtree(churn / ".git/mlops/objects")
    (churn / "data/raw.csv").unlink()
    rows = statements(churn, "artifact", "holds", "-r", "here")
    assert any(row["about"] == "data/raw.csv" and "here" in row["rests_on"] for row in rows)


def test_bytes_in_the_store_that_were_changed_fail(churn: Path) -> None:
    digest = json.loads((churn / ".mlops/data/data/raw.csv.json").read_text())["digest"]
    (churn / "data/raw.csv").unlink()
    raw = RAW.encode()
    files = [
        path
        for path in (churn / ".git/mlops/objects").rglob("*")
        if path.is_file() and raw in path.read_bytes()
    ]
    assert files, digest
    for path in files:
        path.chmod(0o644)
        path.write_bytes(path.read_bytes().replace(raw, raw.replace(b"7", b"8", 1)))
    rows = statements(churn, "artifact", "fails")
    assert any(row["about"] == "data/raw.csv" and "damaged" in row["rests_on"] for row in rows)


def test_a_stage_record_that_was_altered_leads_to_another_key(churn: Path) -> None:
    path = churn / ".mlops/stages/train.json"
    text = path.read_text()
    assert '"depth": 8' in text
    write(path, text.replace('"depth": 8', '"depth": 80'))
    git(churn, "commit", "--quiet", "--all", "--amend", "--no-edit")
    # What was amended is gone for good, so that the altered record is the only one.
    git(churn, "reflog", "expire", "--expire=now", "--all")
    git(churn, "gc", "--quiet", "--prune=now")
    rows = statements(churn, "key", "fails")
    assert "altered" in rows[0]["rests_on"]


def test_a_replaced_object_does_not_deceive(churn: Path) -> None:
    record = next((churn / ".mlops/runs").glob("*/*.json"))
    blob = git(churn, "rev-parse", f"HEAD:{record.relative_to(churn)}").strip()
    forged = record.read_text().replace("Ada", "Eve")
    write(churn / "forged", forged)
    other = git(churn, "hash-object", "-w", "forged").strip()
    (churn / "forged").unlink()
    git(churn, "replace", blob, other)
    value = good(mlops(churn, "lineage", "models/m.joblib", "--json"))
    assert {node["author"] for node in value["nodes"] if node["kind"] == "run"} == {"Ada"}
    assert good(mlops(churn, "lineage", "--verify", "models/m.joblib", "--json"))["good"]


def test_a_shallow_clone_answers_and_says_that_it_is_incomplete(churn: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "1", churn.as_uri(), "shallow")
    answer = mlops(tmp_path / "shallow", "lineage", "models/m.joblib", "--json")
    assert answer.code == 6
    assert not answer.json["complete"]
    assert labels(answer.json, "run") >= {"train"}
    assert "--unshallow" in answer.err


def test_what_is_asked_wrongly_is_told_rightly(churn: Path) -> None:
    for arguments in (
        ["models/m.joblib", "--down", "--chain"],
        ["--diff", "models/m.joblib"],
        ["a", "b"],
        ["--chain", "models/m.joblib", "-o", "html"],
        ["--verify", "models/m.joblib", "--depth", "2"],
        ["models/m.joblib", "-r", "here"],
        ["no/such/file"],
    ):
        answer = mlops(churn, "lineage", *arguments)
        assert answer.code == 2, answer


def test_nothing_is_written_by_asking(churn: Path) -> None:
    before = git(churn, "rev-parse", "HEAD", "--symbolic-full-name", "--all")
    mlops(churn, "lineage", "models/m.joblib")
    assert git(churn, "status", "--short") == ""
    assert git(churn, "rev-parse", "HEAD", "--symbolic-full-name", "--all") == before


def test_a_run_that_only_the_journal_knows_is_proven_from_there(churn: Path) -> None:
    write(churn / "params.yaml", "train: {depth: 2, seed: 1}\n")
    run(churn)
    git(churn, "stash", "--quiet", "--include-untracked")
    git(churn, "stash", "drop", "--quiet")
    rows = good(mlops(churn, "lineage", "--verify", "@latest", "--json"))["statements"]
    told = [row for row in rows if row["kind"] == "record" and "journal" in row["rests_on"]]
    assert len(told) == 1
    assert told[0]["verdict"] == "holds"
    [code] = [row for row in rows if row["kind"] == "code" and "snapshot" in row["rests_on"]]
    assert code["verdict"] == "holds"


def test_a_project_in_a_folder_and_a_linked_worktree_answer_the_same(churn: Path, tmp_path: Path) -> None:
    here = good(mlops(churn, "lineage", "models/m.joblib", "--json"))
    git(churn, "worktree", "add", "--quiet", "--detach", str(tmp_path / "beside"))
    there = good(mlops(tmp_path / "beside", "lineage", "models/m.joblib", "--json"))
    assert there["nodes"] == here["nodes"]
    inside = good(mlops(churn / "models", "lineage", "m.joblib", "--json"))
    assert inside["nodes"] == here["nodes"]


def test_a_project_below_the_top_is_proven_too(tmp_path: Path) -> None:
    stages = {"train": {"cmd": "cat code.py d.csv > m.pkl", "deps": ["code.py", "d.csv"], "outs": ["m.pkl"]}}
    top = project(tmp_path / "top", "stages: {}\n", {})
    (top / "mlops.yaml").unlink()
    folder = top / "sub" / "churn"
    folder.mkdir(parents=True)
    write(folder / "mlops.yaml", json.dumps({"stages": stages}))
    write(
        folder / "code.py",
        "print('a long enough line of code to be told apart from others by its content')\n",
    )
    write(folder / "d.csv", RAW)
    commit(top, "a project inside")
    run(folder)
    commit(top, "trained")
    value = good(mlops(folder, "lineage", "--verify", "m.pkl", "--json"))
    assert {row["kind"] for row in value["statements"] if row["verdict"] == "holds"} == {
        "record", "key", "claims", "commit", "code", "artifact",
    }  # fmt: skip
    write(folder / "code.py", "changed")
    value = good(mlops(folder, "lineage", "--verify", "m.pkl", "--json"))
    [row] = [row for row in value["statements"] if row["about"] == "code.py"]
    assert "Git, in the code of the run" in row["rests_on"]


def test_a_folder_of_code_that_only_git_has_is_found_there(tmp_path: Path) -> None:
    stages = {"train": {"cmd": "cat src/a.py > m.pkl", "deps": ["src"], "outs": ["m.pkl"]}}
    folder = project(
        tmp_path / "folder",
        stages,
        {"src/a.py": "a = 1\n" * 30, "src/deep/run.sh": "echo\n", "src/deep/b": "b"},
    )
    (folder / "src/deep/run.sh").chmod(0o755)
    commit(folder, "executable")
    run(folder)
    commit(folder, "trained")
    shutil.rmtree(folder / "src")
    value = good(mlops(folder, "lineage", "--verify", "m.pkl", "--json"))
    [row] = [row for row in value["statements"] if row["about"] == "src"]
    assert "Git, in the code of the run" in row["rests_on"]


def test_a_forged_commit_fails(churn: Path) -> None:
    import zlib

    name = git(churn, "rev-parse", "first^{commit}").strip()
    path = churn / ".git/objects" / name[:2] / name[2:]
    data = zlib.decompress(path.read_bytes())
    path.chmod(0o644)
    assert mlops(churn, "lineage", "models/m.joblib").code == 0
    path.write_bytes(zlib.compress(data.replace(b"first model", b"other model")))
    value = good(mlops(churn, "lineage", "--verify", "models/m.joblib", "--json"), 5)
    failed = {row["kind"] for row in value["statements"] if row["verdict"] == "fails"}
    assert failed == {"commit", "record"}


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen to sign with")
def test_a_signature_shows_who_brought_the_records(churn: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    git(churn, "config", "gpg.format", "ssh")
    git(churn, "config", "user.signingKey", str(key))
    git(churn, "commit", "--quiet", "--amend", "--no-edit", "-S")
    # What was amended is gone for good, so that the records were brought by the signed one.
    git(churn, "reflog", "expire", "--expire=now", "--all")
    git(churn, "gc", "--quiet", "--prune=now")
    name = f"commit {git(churn, 'rev-parse', 'HEAD')[:7]}"

    def said() -> tuple[str, str]:
        rows = good(mlops(churn, "lineage", "--verify", "models/m.joblib", "--json"))["statements"]
        [row] = [row for row in rows if row["kind"] == "signature" and row["about"] == name]
        return row["verdict"], row["rests_on"]

    assert said()[0] == "open"
    assert "nobody whom this clone knows" in said()[1]
    allowed = tmp_path / "allowed"
    allowed.write_text(f"ada@example.org {key.with_suffix('.pub').read_text()}")
    git(churn, "config", "gpg.ssh.allowedSignersFile", str(allowed))
    assert said() == ("holds", "a good signature of ada@example.org")


def test_what_only_dvc_recorded_has_its_lineage_too(tmp_path: Path) -> None:
    folder = repository(tmp_path / "before")
    for version in "12":
        lock = {
            "schema": "2.0",
            "stages": {
                "train": {
                    "cmd": "python train.py",
                    "deps": [{"path": "data.csv", "md5": f"{version * 31}a", "size": 106}],
                    "params": {"params.yaml": {"train.depth": int(version)}},
                    "outs": [{"path": "model.pkl", "md5": f"{version * 31}b", "size": 1000}],
                }
            },
        }
        write(folder / "dvc.lock", json.dumps(lock))
        commit(folder, f"version {version}")
    value = good(mlops(folder, "lineage", "model.pkl", "--json"))
    assert labels(value, "data") == {"data.csv"}
    [made] = [node for node in value["nodes"] if node["kind"] == "run"]
    assert (made["system"], made["recorded"]["subject"]) == ("dvc", "version 2")
    then = good(mlops(folder, "lineage", "model.pkl", "--at", "HEAD~1", "--json"))
    assert f"md5:{'1' * 31}b" in then["starts"][0]
    assert len(good(mlops(folder, "lineage", "--down", "data.csv", "--json"))["models"]) == 2
    found = good(mlops(folder, "lineage", "--diff", "HEAD~1:model.pkl", "model.pkl", "--json"))
    assert [row["kind"] for row in found["differences"]] == ["data", "parameter"]
    assert good(mlops(folder, "lineage", "--verify", "model.pkl", "--json"))["good"]


def test_bytes_that_lie_there_and_are_not_recorded_are_told_of(churn: Path) -> None:
    assert good(mlops(churn, "lineage", "models/m.joblib", "--json"))["departed"] == []
    recorded = good(mlops(churn, "lineage", "models/m.joblib", "--json"))["starts"]
    (churn / "models/m.joblib").unlink()
    write(churn / "models/m.joblib", "hacked\n")
    answer = mlops(churn, "lineage", "models/m.joblib")
    assert answer.code == 0
    assert "mlops: models/m.joblib here is not what its record says (b3:" in answer.err
    value = good(mlops(churn, "lineage", "models/m.joblib", "--json"))
    assert value["starts"] == recorded
    [row] = value["departed"]
    assert row["path"] == "models/m.joblib"
    assert row["recorded"] in recorded[0]
    assert row["here"] != row["recorded"]
    for more in (["--chain"], ["--down"], ["-o", "dot"]):
        assert "here is not what" in mlops(churn, "lineage", "models/m.joblib", *more).err, more
    assert "here is not" in mlops(churn, "lineage", "--diff", "first:models/m.joblib", "models/m.joblib").err
    for ref in (["first:models/m.joblib"], ["models/m.joblib", "--at", "HEAD"], [row["recorded"]]):
        assert "here is not" not in mlops(churn, "lineage", *ref).err, ref


def test_bytes_that_lie_there_and_are_not_recorded_fail_the_proof(churn: Path) -> None:
    (churn / "models/m.joblib").unlink()
    assert statements(churn, "artifact", "fails", code=0) == []
    write(churn / "models/m.joblib", "hacked\n")
    [row] = statements(churn, "artifact", "fails")
    assert (row["about"], row["says"]) == ("models/m.joblib", "what lies here is what is recorded")
    assert statements(churn, "artifact", "fails", "--at", "HEAD", code=0) == []


def test_code_that_was_edited_is_told_of_and_contradicts_no_record(churn: Path) -> None:
    write(churn / "src/train.py", "print('edited')\n")
    value = mlops(churn, "lineage", "--verify", "src/train.py", "--json").json
    [row] = [row for row in value["statements"] if row["says"] == "what lies here is what is recorded"]
    assert (row["about"], row["verdict"]) == ("src/train.py", "open")
    assert "is not what was recorded there last" in mlops(churn, "lineage", "src/train.py").err


@pytest.mark.parametrize(
    ("text", "models"),
    [("train.depth", 2), ("train.depth=8", 1), ("params.train.depth", 2), ("params.train.depth=8", 1)],
)
def test_a_parameter_needs_no_file_where_only_one_is_called_so(churn: Path, text: str, models: int) -> None:
    assert len(good(mlops(churn, "lineage", "--down", text, "--json"))["models"]) == models


def test_a_parameter_in_two_files_is_not_guessed(churn: Path) -> None:
    definition = (churn / "mlops.yaml").read_text()
    write(churn / "more.yaml", "train: {depth: 1}\n")
    write(churn / "mlops.yaml", definition.replace("- train\n", "- train\n    - more.yaml: [train.depth]\n"))
    run(churn)
    answer = mlops(churn, "lineage", "--down", "train.depth=1")
    assert answer.code == 2, answer
    assert "more.yaml:train.depth=1; params.yaml:train.depth=1" in answer.err


@pytest.mark.parametrize("text", ["train.dpth", "params.yaml:train.dpth", "params.train.dpth=4"])
def test_an_unknown_parameter_gets_the_nearest_name(churn: Path, text: str) -> None:
    answer = mlops(churn, "lineage", "--down", text)
    assert answer.code == 2
    assert 'Did you mean "train.depth"?' in answer.err


def test_the_depth_counts_from_a_parameter_as_from_a_file(churn: Path) -> None:
    def executions(*more: str) -> int:
        value = good(mlops(churn, "lineage", "--down", "params.yaml:train.depth=4", "--json", *more))
        return sum(node["kind"] == "run" for node in value["nodes"])

    assert (executions("--depth", "1"), executions("--depth", "2")) == (1, 2)
    assert executions() == 2


@pytest.fixture
def twice(tmp_path: Path) -> Path:
    """A project in which two runs made the same bytes with other code and another parameter."""
    stages = {"train": {"cmd": "sh t.sh", "deps": ["t.sh"], "params": ["lr"], "outs": ["model.bin"]}}
    folder = project(tmp_path / "p", stages, {"params.yaml": "lr: 1\n", "t.sh": "seq 100 > model.bin\n"})
    run(folder, "-m", "one")
    write(folder / "params.yaml", "lr: 2\n")
    write(folder / "t.sh", "seq 100 > model.bin # other\n")
    commit(folder, "one")
    run(folder, "-m", "two")
    commit(folder, "two")
    return folder


@pytest.mark.parametrize("ref", ["@latest", "HEAD", "HEAD:model.bin", "model.bin"])
def test_of_several_runs_that_made_the_same_bytes_the_one_that_was_asked_about_is_shown(
    twice: Path, ref: str
) -> None:
    answer = mlops(twice, "lineage", ref)
    assert answer.code == 0, answer
    assert "why: two" in answer.out
    assert "lr=2" in answer.out
    first = good(mlops(twice, "runs", "--json"))["runs"][1]["id"]
    assert f"also made by run {first} (same bytes)" in answer.out


def test_an_older_commit_and_an_older_run_have_theirs(twice: Path) -> None:
    first = good(mlops(twice, "runs", "--json"))["runs"][1]["id"]
    for ref in (first, "HEAD~1", "HEAD~1:model.bin"):
        answer = mlops(twice, "lineage", ref)
        assert "why: one" in answer.out, answer
        assert "lr=1" in answer.out


def test_every_command_takes_the_same_version_of_a_run_and_says_that_there_is_another(twice: Path) -> None:
    newest = max((twice / ".mlops/runs").rglob("*.json"))
    write(newest, newest.read_text().replace('"lr": 2', '"lr": 7'))
    commit(twice, "forged")
    for command in (["lineage", "model.bin"], ["show", newest.stem], ["runs"], ["lineage", "--down", "t.sh"]):
        answer = mlops(twice, *command)
        assert answer.code == 0, answer
        assert "7" not in answer.out.replace(newest.stem, "").partition("lr")[2][:3], answer.out
        assert f"the record of run {newest.stem} was changed" in answer.err
    answer = mlops(twice, "tried", "-S", "lr=7")
    assert answer.code == 1
    answer = mlops(twice, "lineage", "--verify", "model.bin")
    assert answer.code == 5
    assert "lr is 2 in commit" in answer.out
    assert "and 7 in commit" in answer.out


def test_an_edited_stage_record_fails_although_an_older_version_was_right(twice: Path) -> None:
    record = twice / ".mlops/stages/train.json"
    write(record, record.read_text().replace('"lr": 2', '"lr": 7'))
    for where in ("the workspace", "commit"):
        answer = mlops(twice, "lineage", "--verify", "model.bin")
        assert answer.code == 5
        assert f".mlops/stages/train.json in {where}" in answer.out
        commit(twice, "forged")
    assert mlops(twice, "status", "--check").code == 1
