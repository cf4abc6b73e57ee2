"""Coming over from DVC: what is carried, what is refused, and what stays as it is."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from mlops_cli.actions.migrate import migrate_dvc
from mlops_cli.render.migrate import migrate_text, migrate_wire
from mlops_cli.settings import read_environment
from tests.support.command import Counter, git, mlops, repository, run, states
from tests.support.dvc_handmade import cached, handmade, md5, pointer
from tests.support.files import listing, write, write_all

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.command import Answer
    from tests.support.dvc import Dvc
    from tests.support.dvc_projects import Maker


def migrate(folder: Path, *, force: bool = False, dry: bool = False) -> Any:
    """Come over, and return what `--json` would print."""
    result = migrate_dvc(folder, read_environment(), force=force, dry=dry)
    assert migrate_text(result).endswith("\n")
    return json.loads(json.dumps(migrate_wire(result)))


def notes(result: Any, kind: str = "lost") -> str:
    return "\n".join(
        f"{n['file']}:{n['line']}: {n['what']}: {n['why']}" for n in result["notes"] if n["kind"] == kind
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project as DVC would have left it."""
    return handmade(tmp_path / "project")


def text(answer: Answer) -> str:
    return answer.out + answer.err


# What comes over ----------------------------------------------------------------------------------------------------------


def test_a_project_comes_over_whole(project: Path) -> None:
    result = migrate(project)
    assert {row["name"]: row["state"] for row in result["stages"]} == {"one": "fresh", "two": "fresh"}
    assert result["data"] == [{"path": "data.csv", "state": "ok"}]
    assert result["written"] == ["mlops.yaml", ".mlops/config.yaml", ".mlops/.gitignore", ".gitignore"]
    assert result["records"] == 4  # and the one that tells hashes from digests
    assert result["notes"] == []
    assert mlops(project, "status", "--check").code == 0


def test_dvcs_files_stay_as_they_are_and_its_ignore_rules_too(project: Path) -> None:
    before = {name: data for name, data in listing(project).items() if not name.startswith(".git/")}
    migrate(project)
    after = listing(project)
    rules = after.pop(".gitignore").decode()
    assert rules.startswith(before.pop(".gitignore").decode())
    assert {name: after[name] for name in before} == before


def test_what_git_would_commit_holds_no_data(project: Path) -> None:
    migrate(project)
    new = git(project, "ls-files", "--others", "--exclude-standard").split()
    (links,) = [path for path in new if path.startswith(".mlops/migrated/dvc-")]
    assert sorted(set(new) - {links}) == [
        ".mlops/.gitignore", ".mlops/config.yaml", ".mlops/data/data.csv.json", ".mlops/stages/one.json",
        ".mlops/stages/two.json", "mlops.yaml",
    ]  # fmt: skip


def test_the_second_time_nothing_is_written_and_that_is_said(project: Path) -> None:
    migrate(project)
    before = {
        path: path.stat().st_mtime_ns
        for path in project.rglob("*")
        if path.is_file() and ".git/" not in str(path)
    }
    result = migrate(project)
    assert (result["changed"], result["written"], result["records"]) == (False, [], 0)
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert "Nothing to do" in mlops(project, "migrate", "dvc").out


def test_a_dry_run_says_the_same_and_writes_nothing_at_all(project: Path) -> None:
    before = listing(project)
    dry = migrate(project, dry=True)
    assert {k: v for k, v in listing(project).items() if not k.startswith(".git/index")} == {
        k: v for k, v in before.items() if not k.startswith(".git/index")
    }
    assert dry["dry"] is True
    done = migrate(project)
    for part in ("stages", "data", "notes", "records"):
        assert dry[part] == done[part], part
    assert dry["written"] == done["written"]
    assert ".gitignore" in dry["written"]
    again = migrate(project, dry=True)
    assert (again["changed"], again["written"]) == (False, [])


def test_the_content_is_in_our_store(project: Path, tmp_path: Path) -> None:
    migrate(project)
    shutil.rmtree(project / ".dvc")
    for name in ("data.csv", "one.txt", "two.txt"):
        (project / name).unlink()
    assert mlops(project, "checkout").code == 0
    assert (project / "data.csv").read_text() == "d\n"
    counter = Counter(tmp_path / "counter")
    run(project, env=counter.env)
    assert counter.take() == []
    assert (project / "two.txt").read_text() == "2\n"


def test_from_a_folder_inside_the_project_it_is_the_same(project: Path) -> None:
    write(project / "src/a.py")
    migrate(project / "src")
    assert (project / "mlops.yaml").exists()
    assert not (project / "src/mlops.yaml").exists()


def test_a_dvc_project_below_the_top_of_the_repository_becomes_a_project_there(
    project: Path, tmp_path: Path
) -> None:
    outer = repository(tmp_path / "outer")
    shutil.copytree(project, outer / "sub", ignore=shutil.ignore_patterns(".git"))
    migrate(outer / "sub")
    assert mlops(outer / "sub", "status", "--check").code == 0
    assert not (outer / "mlops.yaml").exists()


def test_without_a_dvc_project_the_command_line_is_wrong(tmp_path: Path) -> None:
    answer = mlops(repository(tmp_path), "migrate", "dvc")
    assert answer.code == 2
    assert "not inside a DVC project" in answer.err


# Fresh, cached and stale --------------------------------------------------------------------------------------------------


def test_outputs_that_lie_only_in_dvcs_cache_are_restored_and_nothing_runs(
    project: Path, tmp_path: Path
) -> None:
    for name in ("data.csv", "one.txt", "two.txt"):
        (project / name).unlink()
    result = migrate(project)
    assert {row["name"]: row["state"] for row in result["stages"]} == {"one": "cached", "two": "cached"}
    assert result["data"] == [{"path": "data.csv", "state": "missing"}]
    counter = Counter(tmp_path / "counter")
    assert mlops(project, "checkout", "data.csv").code == 0
    assert run(project, env=counter.env) == {"one": "cached", "two": "cached"}
    assert counter.take() == []
    assert [(project / name).read_text() for name in ("data.csv", "one.txt", "two.txt")] == [
        "d\n",
        "1\n",
        "2\n",
    ]


def test_a_stage_whose_parameter_was_changed_stays_stale_and_fresh_again_when_it_is_changed_back(
    project: Path,
) -> None:
    write(project / "params.yaml", "a: 1\nb: 3\n")
    result = migrate(project)
    assert {row["name"]: row["state"] for row in result["stages"]} == {"one": "fresh", "two": "stale"}
    assert "b 2 -> 3" in mlops(project, "status").out
    write(project / "params.yaml", "a: 1\nb: 2\n")
    assert mlops(project, "status", "--check").code == 0


def test_a_stage_whose_command_was_changed_stays_stale(project: Path) -> None:
    path = project / "dvc.yaml"
    path.write_text(path.read_text().replace("echo 2 > two.txt", "echo 22 > two.txt"))
    migrate(project)
    assert states(project) == {"one": "fresh", "two": "stale"}


def test_a_stage_whose_input_was_changed_stays_stale(project: Path) -> None:
    write(project / "data.csv", "changed\n")
    result = migrate(project)
    assert {row["name"]: row["state"] for row in result["stages"]} == {"one": "stale", "two": "waiting"}
    assert result["data"] == [{"path": "data.csv", "state": "changed"}]
    assert "data.csv changed" in mlops(project, "status").out


def test_an_output_that_was_changed_by_hand_is_no_result(project: Path) -> None:
    write(project / "two.txt", "by hand\n")
    result = migrate(project)
    assert {row["name"]: row["state"] for row in result["stages"]} == {"one": "fresh", "two": "cached"}
    assert (project / "two.txt").read_text() == "by hand\n"


def test_parameters_that_another_stage_has_made_otherwise_since_are_a_reason_to_run(project: Path) -> None:
    path = project / "dvc.yaml"
    path.write_text(
        path.read_text()
        + "  take:\n    cmd: touch take.txt\n    params:\n      - one.txt: [a]\n    outs: [take.txt]\n"
    )
    write_all(project, {"one.txt": "a: 1\n", "take.txt": ""})
    lock = json.loads((project / "dvc.lock").read_text())
    for stage in lock["stages"].values():
        for row in (*stage["deps"], *stage["outs"]):
            if row["path"] == "one.txt":
                row["md5"] = md5("a: 1\n")
    take = {
        "cmd": "touch take.txt",
        "params": {"one.txt": {"a": 1}},
        "outs": [{"path": "take.txt", "hash": "md5", "md5": md5("")}],
    }
    write(project / "dvc.lock", json.dumps({"schema": "2.0", "stages": {**lock["stages"], "take": take}}))
    same = shutil.copytree(project, project.parent / "same")
    migrate(same)
    assert states(same) == {"one": "fresh", "two": "fresh", "take": "fresh"}
    take["params"] = {"one.txt": {"a": 2}}
    write(project / "dvc.lock", json.dumps({"schema": "2.0", "stages": {**lock["stages"], "take": take}}))
    migrate(project)
    assert states(project) == {"one": "fresh", "two": "fresh", "take": "stale"}


def test_a_lock_of_a_newer_schema_is_an_error_and_no_guess(project: Path) -> None:
    path = project / "dvc.lock"
    path.write_text(path.read_text().replace('"2.0"', '"3.0"'))
    answer = mlops(project, "migrate", "dvc")
    assert answer.code == 3
    assert "schema 3.0" in answer.err


def test_a_stage_that_dvc_never_ran_is_new(project: Path) -> None:
    (project / "dvc.lock").unlink()
    migrate(project)
    assert states(project) == {"one": "stale", "two": "waiting"}


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_in_a_fresh_clone_without_its_data_nothing_is_written_and_what_to_do_is_said(
    project: Path, tmp_path: Path, dry: list[str]
) -> None:
    git(tmp_path, "clone", "--quiet", str(project), "clone")
    clone = tmp_path / "clone"
    answer = mlops(clone, "migrate", "dvc", *dry)
    assert answer.code == 5
    assert "data.csv, which one needs" in answer.err
    assert "dvc pull" in answer.err
    assert git(clone, "status", "--short") == ""
    # As dvc pull would.
    shutil.copytree(project / ".dvc/cache", clone / ".dvc/cache")
    assert mlops(clone, "migrate", "dvc", *dry).code == 0
    if not dry:
        assert states(clone) == {"one": "cached", "two": "cached"}


def test_an_input_that_dvc_does_not_track_must_be_there_too(project: Path) -> None:
    path = project / "dvc.yaml"
    path.write_text(path.read_text().replace("deps: [one.txt]", "deps: [one.txt, by-hand.csv]"))
    assert "by-hand.csv, which two needs" in mlops(project, "migrate", "dvc").err
    assert not (project / "mlops.yaml").exists()
    write(project / "by-hand.csv")
    migrate(project)
    assert states(project) == {"one": "fresh", "two": "stale"}


def test_a_part_of_a_tracked_directory_is_no_missing_input(project: Path) -> None:
    manifest = json.dumps([{"md5": md5("d\n"), "relpath": "a.csv"}])
    write(project / f".dvc/cache/files/md5/{md5(manifest)[:2]}/{md5(manifest)[2:]}.dir", manifest)
    write(project / "raw.dvc", pointer(f"{md5(manifest)}.dir", "raw"))
    path = project / "dvc.yaml"
    path.write_text(path.read_text().replace("deps: [one.txt]", "deps: [one.txt, raw/a.csv]"))
    migrate(project)
    assert states(project) == {"one": "fresh", "two": "stale"}


def test_of_a_frozen_stage_the_outputs_are_needed_and_not_the_inputs(project: Path) -> None:
    path = project / "dvc.yaml"
    path.write_text(path.read_text().replace("  one:\n", "  one:\n    frozen: true\n"))
    for name in ("data.csv", "one.txt"):
        (project / name).unlink()
    shutil.move(project / ".dvc/cache", project.parent / "cache")
    answer = mlops(project, "migrate", "dvc")
    assert (answer.code, "one.txt, which one has made" in answer.err) == (5, True)
    write(project / "one.txt", "1\n")
    migrate(project)
    assert states(project) == {"one": "fresh", "two": "fresh"}


def test_data_alone_of_which_nothing_is_here_is_refused(project: Path) -> None:
    for name in ("dvc.yaml", "dvc.lock", "data.csv"):
        (project / name).unlink()
    shutil.rmtree(project / ".dvc/cache")
    answer = mlops(project, "migrate", "dvc")
    assert (answer.code, "data.csv" in answer.err, "dvc pull" in answer.err) == (5, True, True)
    assert not (project / ".mlops").exists()


@pytest.mark.parametrize("dry", [True, False])
def test_what_no_stage_needs_and_is_nowhere_is_named_with_what_to_do(project: Path, dry: bool) -> None:
    write(project / "more.csv.dvc", pointer(md5("more\n"), "more.csv"))
    result = migrate(project, dry=dry)
    assert "more.csv.dvc:2: more.csv: its content is neither" in notes(result)
    assert "dvc pull" in notes(result)
    assert result["records"] == 4  # and the one that tells hashes from digests
    assert (project / ".mlops/data/data.csv.json").exists() is not dry
    assert not (project / ".mlops/data/more.csv.json").exists()
    if not dry:
        assert states(project) == {"one": "fresh", "two": "fresh"}


def test_migrating_again_brings_what_was_missing_the_first_time(project: Path) -> None:
    write(project / "more.csv.dvc", pointer(md5("more\n"), "more.csv"))
    migrate(project)
    cached(project, "more\n")
    assert {"path": "more.csv", "state": "missing"} in migrate(project)["data"]
    assert (project / ".mlops/data/more.csv.json").exists()


def test_records_that_have_changed_since_are_left_alone_unless_forced(project: Path, tmp_path: Path) -> None:
    migrate(project)
    write(project / "params.yaml", "a: 1\nb: 5\n")
    run(project, env=Counter(tmp_path / "counter").env)
    record = (project / ".mlops/stages/two.json").read_bytes()
    migrate(project)
    assert (project / ".mlops/stages/two.json").read_bytes() == record
    migrate(project, force=True)
    assert (project / ".mlops/stages/two.json").read_bytes() != record


def test_what_has_become_part_of_a_tracked_directory_since_is_not_tracked_twice(project: Path) -> None:
    migrate(project)
    shutil.rmtree(project / ".mlops/data")
    write_all(project, {"d/data.csv": "d\n", "inner.dvc": pointer(md5("d\n"), "d/data.csv")})
    assert mlops(project, "add", "d").code == 0
    assert "inner.dvc:2: d/data.csv: it is tracked twice" in notes(migrate(project))
    assert not (project / ".mlops/data/d/data.csv.json").exists()


# DVC's cache --------------------------------------------------------------------------------------------------------------


def test_the_cache_of_dvc_2_is_read_and_its_hashes_of_text_without_line_ends(project: Path) -> None:
    shutil.rmtree(project / ".dvc/cache")
    for name, data in {"data.csv": "d\r\n", "one.txt": "1\n", "two.txt": "2\n"}.items():
        digest = md5(data.replace("\r\n", "\n"))
        write(project / f".dvc/cache/{digest[:2]}/{digest[2:]}", data)
        write(project / name, data)
    for name in ("dvc.lock", "data.csv.dvc"):
        path = project / name
        path.write_text(path.read_text().replace('"hash": "md5", ', "").replace("  hash: md5\n", ""))
    (project / "two.txt").unlink()
    (project / "data.csv").unlink()
    result = migrate(project)
    assert {row["name"]: row["state"] for row in result["stages"]} == {"one": "fresh", "two": "cached"}
    assert mlops(project, "checkout").code == 0
    assert (project / "data.csv").read_bytes() == b"d\r\n"
    assert (project / "two.txt").read_text() == "2\n"
    assert mlops(project, "status", "--check").code == 0


def test_a_damaged_object_that_a_stage_needs_is_named_and_nothing_is_written(project: Path) -> None:
    damaged = write(cached(project, "d\n"), "damage")
    (project / "data.csv").unlink()
    answer = mlops(project, "migrate", "dvc")
    assert answer.code == 5
    assert f"damaged in the cache: {damaged}" in answer.err
    assert not (project / "mlops.yaml").exists()


@pytest.mark.parametrize("name", ["one.txt", "more.csv"])
def test_a_damaged_object_is_named_and_never_comes_in(name: str, project: Path) -> None:
    write(project / "more.csv", "more\n")
    write(project / "more.csv.dvc", pointer(md5("more\n"), "more.csv"))
    data = (project / name).read_text()
    write(cached(project, data), "damage")
    (project / name).unlink()
    result = migrate(project)
    assert mlops(project, "migrate", "dvc").code == 5
    assert [path.split(".dvc/cache/")[1] for path in result["damaged"]] == [
        f"files/md5/{md5(data)[:2]}/{md5(data)[2:]}"
    ]
    assert not any(
        b"damage" in stored
        for path, stored in listing(project / ".git/mlops").items()
        if not path.endswith(".db")
    )
    if name == "one.txt":
        assert states(project)["one"] == "stale"
    else:
        assert not (project / ".mlops/data/more.csv.json").exists()


def test_a_damaged_object_does_no_harm_while_the_workspace_has_the_content(project: Path) -> None:
    write(cached(project, "1\n"), "damage")
    assert migrate(project)["damaged"] == []
    assert mlops(project, "status", "--check").code == 0


def test_directories_come_out_of_the_cache_with_their_folders(project: Path) -> None:
    files = {"a.txt": "a\n", "deep/er/b.txt": "b\n"}
    manifest = json.dumps([{"md5": md5(data), "relpath": path} for path, data in sorted(files.items())])
    write(project / f".dvc/cache/files/md5/{md5(manifest)[:2]}/{md5(manifest)[2:]}.dir", manifest)
    for data in files.values():
        cached(project, data)
    write(project / "raw.dvc", pointer(f"{md5(manifest)}.dir", "raw"))
    migrate(project)
    assert mlops(project, "checkout", "raw").code == 0
    assert {path: (project / "raw" / path).read_text() for path in files} == files
    assert mlops(project, "status", "--check").code == 0


@pytest.mark.parametrize(
    "path", ["../outside.txt", "/etc/outside.txt", "a/../../b", ".git/config", "", "a/\\0b"]
)
def test_a_directorys_list_that_leaves_the_directory_is_refused(path: str, project: Path) -> None:
    manifest = json.dumps([{"md5": md5("d\n"), "relpath": path.replace("\\0", "\0")}])
    write(project / f".dvc/cache/files/md5/{md5(manifest)[:2]}/{md5(manifest)[2:]}.dir", manifest)
    write(project / "raw.dvc", pointer(f"{md5(manifest)}.dir", "raw"))
    result = migrate(project)
    if path != ".git/config":  # a name of a directory like others; a look passes over it
        assert "leaves the directory" in notes(result)
        assert not (project / ".mlops/data/raw.json").exists()
    else:
        mlops(project, "checkout", "raw")
        assert not (project / "raw/.git").exists()


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "a/../../x", "~/x", "s3://bucket/x", ".git/config", "."]
)
def test_a_pointer_that_leaves_the_project_is_refused(path: str, project: Path) -> None:
    write(project / "bad.dvc", pointer(md5("d\n"), path))
    result = migrate(project)
    assert "bad.dvc:2" in notes(result)
    assert [row["path"] for row in result["data"]] == ["data.csv"]


def test_links_into_dvcs_cache_become_files_of_their_own(project: Path) -> None:
    write_all(project / "raw", {"a.txt": "a\n", "deep/b.txt": "b\n"})
    manifest = json.dumps(
        [{"md5": md5(d), "relpath": p} for p, d in (("a.txt", "a\n"), ("deep/b.txt", "b\n"))]
    )
    write(project / "raw.dvc", pointer(f"{md5(manifest)}.dir", "raw"))
    for name, data in {"raw/a.txt": "a\n", "raw/deep/b.txt": "b\n", "one.txt": "1\n"}.items():
        (project / name).unlink()
        (project / name).symlink_to(cached(project, data))
    result = migrate(project)
    assert "3 links into DVC's cache" in notes(result, "changed")
    assert not any(path.is_symlink() for path in project.rglob("*"))
    shutil.rmtree(project / ".dvc/cache")
    assert mlops(project, "status", "--check").code == 0


def test_the_cache_is_found_where_the_settings_say(project: Path) -> None:
    shutil.move(project / ".dvc/cache", project.parent / "elsewhere")
    write(project / ".dvc/config.local", "[cache]\n    dir = ../../elsewhere\n")
    (project / "two.txt").unlink()
    assert migrate(project)["stages"][1]["state"] == "cached"


# mlops.yaml that is there already -----------------------------------------------------------------------------------------


def test_a_pipeline_file_that_somebody_wrote_is_never_overwritten_without_force(project: Path) -> None:
    write(project / "mlops.yaml", "stages: {mine: {cmd: 'true'}}\n")
    answer = mlops(project, "migrate", "dvc")
    assert answer.code == 3
    assert "--force" in answer.err
    assert (project / "mlops.yaml").read_text() == "stages: {mine: {cmd: 'true'}}\n"
    assert not (project / ".mlops").exists()
    migrate(project, force=True)
    assert states(project) == {"one": "fresh", "two": "fresh"}


def test_the_pipeline_file_that_init_makes_gives_way(project: Path) -> None:
    assert mlops(project, "init").code == 0
    migrate(project)
    assert states(project) == {"one": "fresh", "two": "fresh"}


def test_a_project_with_data_alone_gets_no_pipeline_file(project: Path) -> None:
    for name in ("dvc.yaml", "dvc.lock"):
        (project / name).unlink()
    result = migrate(project)
    assert result["data"] == [{"path": "data.csv", "state": "ok"}]
    assert not (project / "mlops.yaml").exists()
    assert mlops(project, "status", "--check").code == 0


# Remotes and secrets ------------------------------------------------------------------------------------------------------

SECRETS = ("AKIDSECRET", "hush-hush", "conn-string", "s3cret")


def test_no_secret_is_written_anywhere_or_said(project: Path) -> None:
    write(
        project / ".dvc/config",
        "[core]\n    remote = Store\n"
        "['remote \"Store\"']\n    url = s3://bucket/path\n    access_key_id = AKIDSECRET\n    secret_access_key = 's3cret'\n"
        "    region = eu-central-1\n    endpointurl = https://u:hush-hush@s3.example.org\n    jobs = 4\n"
        "['remote \"nas\"']\n    url = ssh://ada:hush-hush@nas.example.org/srv\n    port = 2222\n    keyfile = ~/.ssh/id\n"
        "['remote \"az\"']\n    url = azure://box/path\n    connection_string = conn-string\n"
        "['remote \"stacked\"']\n    url = remote://Store/below\n",
    )
    write(
        project / ".dvc/config.local", "['remote \"Store\"']\n    session_token = s3cret\n    profile = ada\n"
    )
    write(
        project / "got.csv.dvc",
        "deps:\n- path: https://ada:hush-hush@example.org/x.csv\n  etag: '\"e\"'\n  size: 2\n"
        + pointer(md5("d\n"), "got.csv"),
    )
    write(project / "got.csv", "d\n")
    answer = mlops(project, "migrate", "dvc", "--json")
    assert answer.code == 0
    written = [
        data.decode(errors="replace")
        for name, data in listing(project).items()
        if not name.startswith(".dvc/") and name != "got.csv.dvc"
    ]
    for secret in SECRETS:
        assert secret not in text(answer)
        assert not [data for data in written if secret in data]
    lost = notes(answer.json)
    for variable in ("MLOPS_REMOTE_STORE_KEY", "MLOPS_REMOTE_STORE_SECRET", "MLOPS_REMOTE_STORE_TOKEN", "MLOPS_REMOTE_NAS_PASSWORD",
                     "MLOPS_REMOTE_STORE_PROFILE", "AZURE_STORAGE_CONNECTION_STRING"):  # fmt: skip
        assert variable in lost
    remotes = {row["name"]: row for row in mlops(project, "remote", "list", "--json").json["remotes"]}
    assert remotes["Store"]["url"] == "s3://bucket/path"
    assert remotes["Store"]["default"] is True
    assert remotes["nas"]["url"] == "sftp://ada@nas.example.org:2222/srv"
    assert remotes["stacked"]["url"] == "s3://bucket/path/below"
    record = json.loads((project / ".mlops/data/got.csv.json").read_text())
    assert record["source"] == {"url": "https://example.org/x.csv", "etag": '"e"', "size": 2}


def test_a_remote_that_is_there_already_stays_as_it_is(project: Path) -> None:
    write(project / ".dvc/config", "['remote \"near\"']\n    url = ../near\n")
    write(project / ".mlops/config.yaml", "remotes:\n  near: {url: ../other}   # ours\n")
    result = migrate(project)
    assert "remote near: it is there already" in notes(result)
    assert (project / ".mlops/config.yaml").read_text() == "remotes:\n  near: {url: ../other}   # ours\n"


def test_ignored_files_stay_ignored(project: Path) -> None:
    write(project / ".dvcignore", "*.tmp\n")
    write_all(project / "raw", {"a.txt": "a\n", "b.tmp": "b\n"})
    manifest = json.dumps([{"md5": md5("a\n"), "relpath": "a.txt"}])
    write(project / "raw.dvc", pointer(f"{md5(manifest)}.dir", "raw"))
    assert migrate(project, dry=True)["data"] == [
        {"path": "data.csv", "state": "ok"},
        {"path": "raw", "state": "ok"},
    ]
    assert migrate(project)["data"][1] == {"path": "raw", "state": "ok"}
    assert (project / ".mlopsignore").read_text() == "*.tmp\n"
    write(project / "raw/c.tmp", "new\n")
    assert mlops(project, "status", "--check").code == 0


# What cannot be said in our language --------------------------------------------------------------------------------------


def test_what_is_lost_is_named_with_file_and_line_and_reason(project: Path) -> None:
    with (project / "dvc.yaml").open("a") as stream:
        stream.write(
            "  far:\n    cmd: touch far.txt\n    deps:\n      - /abs/in.csv\n      - s3://bucket/in.csv\n      - ds://cats\n"
            "      - params.yaml\n    outs:\n      - far.txt\n      - s3://bucket/out.csv\n"
            "  broken:\n    cmd: echo ${nowhere}\n"
            "artifacts:\n  m: {path: one.txt, type: model}\ndatasets:\n  - {name: cats, url: x, type: dvc}\n"
        )
    result = migrate(project)
    lost = notes(result)
    for line, what in [
        (15, "the dependency /abs/in.csv of far"),
        (16, "the dependency s3://bucket/in.csv of far"),
        (17, "the dependency ds://cats of far"),
        (21, "the output s3://bucket/out.csv of far"), (22, "stage broken"), (24, "artifacts"), (26, "datasets"),
    ]:  # fmt: skip
        assert f"dvc.yaml:{line}: {what}" in lost
    assert "${nowhere} is not defined" in lost
    assert states(project) == {"one": "fresh", "two": "fresh", "far": "stale"}


def test_a_broken_file_of_dvcs_is_an_error_with_its_place_and_nothing_is_written(project: Path) -> None:
    write(project / "dvc.yaml", "stages: [\n")
    answer = mlops(project, "migrate", "dvc")
    assert answer.code == 3
    assert "dvc.yaml:" in answer.err
    assert not (project / ".mlops").exists()


def test_the_real_dvc_2_cache_layout(maker: Maker, dvc: Dvc, tmp_path: Path) -> None:
    folder = maker.copy("plain", tmp_path / "project")
    objects = folder / ".dvc/cache/files/md5"
    for path in [p for p in objects.rglob("*") if p.is_file()]:
        target = folder / ".dvc/cache" / path.relative_to(objects)
        target.parent.mkdir(exist_ok=True)
        os.rename(path, target)
    shutil.rmtree(folder / ".dvc/cache/files")
    shutil.rmtree(folder / "data/raw")
    shutil.rmtree(folder / "model")
    migrate(folder)
    assert states(folder) == {"prepare": "fresh", "train": "cached", "report": "fresh"}
    assert mlops(folder, "checkout").code == 0
    assert mlops(folder, "run").code == 0
    assert mlops(folder, "status", "--check").code == 0
    assert (folder / "data/raw/deep/b.txt").read_text() == "b\n"
