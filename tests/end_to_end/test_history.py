"""Every question to a long past, asked by the real command; what is true is known from how that past was made.

The same questions are asked after Git's garbage collection, in a fresh clone that was synchronised, in a linked worktree, and in a
hook of Git's; and what a clone does not have is said with an exit code of its own.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.history.run_record import dump_run_record
from mlops_cli.store.digest import digest_bytes
from tests.support.command import Answer, finish, git, mlops, start, variables
from tests.support.files import write
from tests.support.history import ANA, BASE, BO, OTHER_CLONE, RAW, TUNED, Past, build, run_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlops_cli.history.run_record import RunRecord


@dataclass(frozen=True)
class Place:
    """Where questions are asked.

    Parameters
    ----------
    branches : str
        How the names of branches begin there, but for the one that is checked out.
    hook : bool
        Every command is started by Git, in a hook.
    """

    past: Past
    folder: Path
    branches: str = ""
    hook: bool = False

    def ask(self, *arguments: str) -> Answer:
        """Start a command."""
        if not self.hook:
            return mlops(self.folder, *arguments)
        return self._in_hook(shlex.join(arguments))

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Return what a command prints as JSON."""
        answer = self.ask(*arguments, "--json")
        assert answer.code == code, answer
        return answer.json

    def runs(self, *arguments: str) -> set[str]:
        """Return the ids that `mlops runs` lists."""
        rows = [row["id"] for row in self.json("runs", *arguments)["runs"]]
        assert len(set(rows)) == len(rows), "each run once"
        return set(rows)

    def branch(self, name: str) -> str:
        """Return what a branch is called here."""
        return f"{self.branches}{name}"

    def _in_hook(self, line: str) -> Answer:
        said = self.folder / ".git"
        ours = shlex.join(["python", "-c", "from mlops_cli.__main__ import main; main()"])
        script = (
            f'test -n "$GIT_INDEX_FILE" || exit 3\nexport GIT_DIR="${{GIT_DIR:-$PWD/.git}}"\n'
            f"{ours} {line} > .git/said.out 2> .git/said.err < /dev/null\necho $? > .git/said.code\nexit 1\n"
        )
        write(said / "hooks/pre-commit", f"#!/bin/sh\n{script}", executable=True)
        (said / "said.code").unlink(missing_ok=True)
        # The hook says no, so that nothing is committed; Git has an index of its own for these options.
        options = ["--all", "--allow-empty", "--message", "never"]
        subprocess.run(
            ["git", "commit", *options], cwd=self.folder, env=variables(), capture_output=True, check=False
        )
        code = int((said / "said.code").read_text())
        answer = Answer(code, (said / "said.out").read_text(), (said / "said.err").read_text())
        assert "Traceback" not in answer.out + answer.err, answer
        return answer


# Places -----------------------------------------------------------------------------------------------------------------------


def _here(folder: Path) -> Place:
    return Place(build(folder / "repo"), folder / "repo")


def _collected(folder: Path) -> Place:
    """Ask once, so that there is an index; then have Git remove everything that nothing leads to."""
    place = _here(folder)
    assert place.ask("runs", "--all", "-q").code == 0
    git(place.folder, "reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    git(place.folder, "gc", "--quiet", "--prune=now")
    lost = place.past.commits["gone-21"].id
    with pytest.raises(AssertionError):
        git(place.folder, "cat-file", "-e", lost)
    return place


def _cloned(folder: Path) -> Place:
    """Clone what was pushed, and bring the journals."""
    made = _here(folder)
    origin = shared(made, folder / "origin.git")
    git(folder, "clone", "--quiet", str(origin), "clone")
    clone = replace(made, folder=folder / "clone", branches="origin/")
    assert clone.ask("sync").code == 0
    return clone


def shared(made: Place, origin: Path) -> Path:
    """Push branches and journals to a bare repository."""
    git(made.folder, "init", "--quiet", "--bare", "--initial-branch", "main", str(origin))
    git(made.folder, "remote", "add", "origin", str(origin))
    git(made.folder, "push", "--quiet", "origin", "--all")
    git(
        made.folder,
        "push",
        "--quiet",
        "origin",
        f"refs/mlops/remote/origin/{OTHER_CLONE}:refs/mlops/journal/{OTHER_CLONE}",
    )
    answer = made.ask("sync", "--yes")
    assert answer.code == 0, answer
    return origin


def _linked(folder: Path) -> Place:
    made = _here(folder)
    git(made.folder, "worktree", "add", "--quiet", "--force", str(folder / "linked"), "main")
    return replace(made, folder=folder / "linked")


def _hooked(folder: Path) -> Place:
    return replace(_here(folder), hook=True)


PLACES: dict[str, Callable[[Path], Place]] = {
    "here": _here, "after-gc": _collected, "clone": _cloned, "worktree": _linked, "hook": _hooked,
}  # fmt: skip


# The questions are the same everywhere, so one place stands for all while people work.
_MARKED = [name if name == "here" else pytest.param(name, marks=pytest.mark.slow) for name in PLACES]


@pytest.fixture(scope="module", params=_MARKED)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return each place in turn."""
    return PLACES[request.param](tmp_path_factory.mktemp(request.param))


def records(place: Place, wanted: Callable[[RunRecord], bool]) -> set[str]:
    """Return the ids of runs that meet something."""
    return {record.id for record in place.past.runs.values() if wanted(record)}


def accuracy(record: RunRecord) -> float:
    return float(record.metrics.get("accuracy", -1))


# Runs ---------------------------------------------------------------------------------------------------------------------------


def test_the_past_is_what_it_is_said_to_be(place: Place) -> None:
    past = place.past
    assert len(past.branches) == 5
    assert len(past.history(*past.branches)) == 60
    # Of what was not committed, or no longer is, only journals know.
    only = set(past.runs) - past.committed()
    assert only == {
        *(f"gone-{depth}" for depth in (20, 21, 22)), *(f"sweep-{number}" for number in range(3)), "killed", "colleague",
    }  # fmt: skip


def test_all_runs_are_those_of_every_branch_and_every_journal(place: Place) -> None:
    assert place.runs("--all") == place.past.ids(place.past.runs)


def test_the_runs_of_this_branch_are_those_in_its_history_and_those_that_were_made_on_it(
    place: Place,
) -> None:
    wanted = place.past.ids(place.past.committed("main"))
    wanted |= records(place, lambda record: record.code.branch == "main")
    assert place.runs() == wanted
    assert len(wanted) < len(place.past.runs)


def test_conditions_choose_runs(place: Place) -> None:
    good = records(
        place, lambda r: accuracy(r) > 0.88 and r.params["train.depth"] in (8, 9) and r.actor == BO
    )
    condition = "metrics.accuracy > 0.88 and params.train.depth in (8, 9) and author ~ 'bo'"
    assert good
    assert place.runs("--all", "--where", condition) == good
    assert place.runs("--all", "--where", "status = failed") == place.past.ids(["deeper-4", "topic-2"])
    assert place.runs("--all", "--where", "status != ok") == place.past.ids(["deeper-4", "topic-2", "killed"])
    assert place.runs("--all", "--where", "outcome = rejected") == place.past.ids(["gone-21"])


def test_runs_sort_by_a_metric(place: Place) -> None:
    rows = place.json("runs", "--all", "--sort=-metrics.accuracy", "--limit", "3")["runs"]
    best = sorted((accuracy(record) for record in place.past.runs.values()), reverse=True)[:3]
    assert [row["metrics"]["accuracy"] for row in rows] == best
    table = place.ask("runs", "--columns", "id,params.train.depth", "--limit", "5")
    assert table.code == 0
    assert "train.depth" in table.out


@pytest.mark.parametrize(
    "name", ["first", "features-4", "deeper-4", "topic-2", "gone-21", "tuning-2", "colleague", "sweep-1"]
)
def test_a_run_is_shown_whole_wherever_its_record_lies(place: Place, name: str) -> None:
    record = place.past.runs[name]
    shown = place.json("show", record.id)
    assert shown["id"] == record.id
    assert shown["message"] == name
    assert shown["status"] == record.status
    assert shown["params"] == dict(record.params)
    assert shown["metrics"] == dict(record.metrics)
    assert shown["code"]["commit"] == record.code.commit
    assert [row["status"] for row in shown["stages"]] == [stage.status for stage in record.stages]
    text = place.ask("show", record.id[:-4])
    assert (text.code, name in text.out) == (0, True)


def test_the_best_and_the_latest_run_have_names(place: Place) -> None:
    best = max(place.past.runs.values(), key=accuracy)
    assert place.json("show", "@best:accuracy")["id"] == best.id
    late = max(place.past.ids(place.past.runs) & place.runs())
    assert place.json("show", "@latest")["id"] == late


# Tried ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (["-S", "train.depth=21"], ["gone-21"]),
        (["-S", "train.depth=50"], ["colleague"]),
        (["-S", "train.depth=13"], ["deeper-4"]),
        (["-S", "train.depth=40"], ["killed"]),
        (["-S", "train.lr=0.9", "-S", "train.depth=8"], ["sweep-2"]),
        (["-S", "prepare.keep=32"], ["topic-2"]),
        (["-S", "train.lr=0.62"], ["tuning-2"]),
        (["-S", "train.depth=23"], []),
        (["-S", "train.lr=0.9", "-S", "train.depth=9"], []),
        (["--text", "by heart"], ["gone-21"]),
        (["-S", "train.depth>16"], ["gone-20", "gone-21", "gone-22", "killed", "colleague"]),
    ],
)  # fmt: skip
def test_what_was_ever_tried_is_known(place: Place, question: list[str], found: list[str]) -> None:
    answer = place.json("tried", *question, code=0 if found else 1)
    assert answer["found"] is bool(found)
    assert {row["id"] for row in answer["runs"]} == place.past.ids(found)
    if not found and question[0] == "-S":
        assert answer["near"]
        assert not {row["id"] for row in answer["near"]} & place.past.ids(found)


def raw_of(place: Place, name: str) -> str:
    """Return the digest of the data that a run began with."""
    content = place.past.commits[name].content[RAW]
    return str(digest_bytes(content))


def with_old_data(place: Place) -> set[str]:
    """Return the names of the runs that began with the first data."""
    names = list(place.past.runs)
    update = names.index("data-2")
    return {name for number, name in enumerate(names) if number < update or name.startswith("tuning")}


def test_data_leads_to_every_run_that_rests_on_it(place: Place) -> None:
    old = with_old_data(place)
    answer = place.json("tried", "--data", raw_of(place, "first"))
    assert {row["id"] for row in answer["runs"]} == place.past.ids(old)
    answer = place.json("tried", "--data", RAW)
    assert {row["id"] for row in answer["runs"]} == place.past.ids(set(place.past.runs) - old)


# Compare ------------------------------------------------------------------------------------------------------------------------


def test_comparing_names_only_what_differs(place: Place) -> None:
    one, two = place.past.runs["depth-6"], place.past.runs["depth-7"]
    found = place.json("compare", one.id, two.id)
    assert [row["name"] for row in found["params"]] == ["train.depth"]
    assert [value["value"] for value in found["params"][0]["values"]] == [6, 7]
    [metric] = found["metrics"]
    assert (metric["name"], metric["direction"]) == ("accuracy", "up")
    assert [value["value"] for value in metric["values"]] == [accuracy(one), accuracy(two)]
    assert found["data"] == []
    table = place.ask("compare", one.id, two.id, "-o", "md")
    assert (table.code, "train.depth" in table.out, "prepare.keep" in table.out) == (0, True, False)


def test_comparing_over_the_data_update_names_the_data(place: Place) -> None:
    one, two = place.past.runs["topic-4"], place.past.runs["data-2"]
    found = place.json("compare", one.id, two.id)
    assert RAW in [row["name"] for row in found["data"]]
    assert found["params"] == []


# Lineage ------------------------------------------------------------------------------------------------------------------------


def lineage(place: Place, *arguments: str) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """Return nodes by id, and edges; every edge's ends are nodes."""
    found = place.json("lineage", *arguments)
    nodes = {node["id"]: node for node in found["nodes"]}
    edges = [(edge["from"], edge["to"], edge["role"]) for edge in found["edges"]]
    assert all(start in nodes and end in nodes for start, end, _ in edges)
    return nodes, edges


def executed(place: Place, nodes: dict[str, Any]) -> set[tuple[str, str]]:
    """Return name of the run and stage of each execution."""
    names = {record.id: name for name, record in place.past.runs.items()}
    return {(names[node["run"]], node["stage"]) for node in nodes.values() if node["kind"] == "run"}


def models(nodes: dict[str, Any]) -> set[str]:
    return {node["digest"] for node in nodes.values() if node["kind"] == "model"}


def test_a_model_leads_back_to_its_data(place: Place) -> None:
    nodes, edges = lineage(place, place.past.made("tuned-2", TUNED))
    assert executed(place, nodes) == {
        ("tuned-2", "tune"), ("tuned-1", "tune"), ("again-8", "train"), ("data-2", "prepare"),
    }  # fmt: skip
    raw = next(node for node in nodes.values() if node.get("digest") == raw_of(place, "end"))
    assert (raw["kind"], raw["path"]) == ("data", RAW)
    assert "https://data.example.org/raw.csv" in json.dumps(raw)
    train = next(node for node in nodes.values() if node.get("stage") == "train")
    assert train["author"] == ANA.name
    values = [
        nodes[start]["values"]
        for start, end, _ in edges
        if end == train["id"] and nodes[start]["kind"] == "params"
    ]
    assert values == [{"train.depth": 8, "train.lr": 0.05}]
    assert train["metrics"] == dict(place.past.runs["again-8"].metrics)


def test_the_model_of_a_deleted_branch_has_its_origin_still(place: Place) -> None:
    nodes, _ = lineage(place, place.past.made("gone-21", BASE))
    assert executed(place, nodes) == {("gone-21", "train"), ("data-2", "prepare")}


def test_a_path_means_what_lies_there_now(place: Place) -> None:
    nodes, _ = lineage(place, BASE)
    # The last run had made the same before, so it says who made it first.
    assert executed(place, nodes) == {("late-1", "train"), ("late-1", "prepare")}


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        ("depth-6", {("depth-6", "train"), ("first", "prepare")}),
        ("features-5", {("features-5", "train"), ("features-5", "prepare")}),
        ("ours", {("after-merge", "train"), ("features-8", "prepare")}),
        ("octopus", {("after-merge", "train"), ("features-8", "prepare")}),
        ("squash", {("topic-4", "train"), ("topic-4", "prepare")}),
        ("again-6", {("again-6", "train"), ("data-2", "prepare")}),
    ],
)  # fmt: skip
def test_as_it_was_at_a_commit(place: Place, at: str, wanted: set[tuple[str, str]]) -> None:
    nodes, _ = lineage(place, BASE, "--at", place.past.commits[at].id)
    assert executed(place, nodes) == wanted


def test_as_it_was_at_a_moment(place: Place) -> None:
    when = place.past.commits["depth-7"].when
    nodes, _ = lineage(place, BASE, "--at", f"{when:%Y-%m-%d %H:%M}")
    assert executed(place, nodes) == {("depth-7", "train"), ("first", "prepare")}


def test_what_came_of_the_first_data_and_what_did_not(place: Place) -> None:
    old = with_old_data(place)
    by_data: dict[bool, set[str]] = {True: set(), False: set()}
    for name, record in place.past.runs.items():
        made = {a.digest for s in record.stages for p, a in s.outs.items() if p in (BASE, TUNED)}
        by_data[name in old] |= made
    assert models(lineage(place, raw_of(place, "first"), "--down")[0]) == by_data[True]
    later = models(lineage(place, raw_of(place, "end"), "--down")[0])
    assert later == by_data[False]
    assert place.past.made("tuned-2", TUNED) in later


def test_what_had_come_of_data_by_then(place: Place) -> None:
    then = place.past.commits["again-6"]
    wanted = {place.past.made(name, BASE) for name in ("data-2", "again-4", "again-6")}
    for at in (then.id, f"{then.when:%Y-%m-%d %H:%M}"):
        nodes, _ = lineage(place, raw_of(place, "end"), "--down", "--at", at)
        assert models(nodes) == wanted, at


def test_what_came_of_a_parameter(place: Place) -> None:
    nodes, _ = lineage(place, "params.yaml:train.depth=21", "--down")
    assert models(nodes) == {place.past.made("gone-21", BASE)}
    assert executed(place, nodes) == {("gone-21", "train")}


def test_what_came_of_a_version_of_the_code(place: Place) -> None:
    new = digest_bytes(place.past.commits["features-4"].files["src/prepare.py"])
    names = list(place.past.runs)
    runs = {name for name, _ in executed(place, lineage(place, new, "--down")[0])}
    assert {"features-4", "features-8", "after-merge", "gone-21", "tuned-2", "late-6"} <= runs
    assert not runs & {
        *names[: names.index("features-4")],
        "lr",
        *(n for n in names if n.startswith("deeper")),
    }


def test_a_model_descends_from_those_it_was_warm_started_from(place: Place) -> None:
    chain = place.json("lineage", "--chain", place.past.made("tuned-2", TUNED))["generations"]
    wanted = [
        place.past.made("again-8", BASE), place.past.made("tuned-1", TUNED), place.past.made("tuned-2", TUNED),
    ]  # fmt: skip
    assert [row["model"]["digest"] for row in chain] == wanted
    assert [row["run"] for row in chain] == [place.past.runs[n].id for n in ("again-8", "tuned-1", "tuned-2")]
    change = chain[2]["changes"]["tuned_accuracy"]
    assert (change["old"], change["new"]) == (0.91, 0.92)


def test_what_differs_between_two_models(place: Place) -> None:
    pair = place.past.made("depth-6", BASE), place.past.made("depth-7", BASE)
    text = json.dumps(place.json("lineage", "--diff", *pair))
    assert "train.depth" in text
    assert "prepare.keep" not in text
    over = place.past.made("topic-4", BASE), place.past.made("data-2", BASE)
    assert RAW in json.dumps(place.json("lineage", "--diff", *over))


def test_branches_name_what_was_recorded_in_them(place: Place) -> None:
    nodes, _ = lineage(place, place.branch("features"))
    assert ("features-8", "train") in executed(place, nodes)
    nodes, _ = lineage(place, place.branch("tuning"))
    assert ("tuning-3", "train") in executed(place, nodes)


# What changes ---------------------------------------------------------------------------------------------------------------------


def test_a_note_is_kept_with_a_run_of_any_kind(place: Place) -> None:
    for name, outcome in (("gone-22", "inconclusive"), ("depth-8", "confirmed")):
        run = place.past.runs[name].id
        assert place.ask("note", run, f"what {name} taught us", "--outcome", outcome).code == 0
        assert f"what {name} taught us" in place.ask("show", run).out
        assert run in place.runs("--all", "--where", f"outcome = {outcome}")
        found = place.json("tried", "--text", f"{name} taught")
        assert {row["id"] for row in found["runs"]} == {run}


# What is not here ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Path]:
    """Return the past, and where it was pushed to."""
    folder = tmp_path_factory.mktemp("origin")
    made = _here(folder)
    bare = shared(made, folder / "origin.git")
    git(bare, "config", "uploadpack.allowFilter", "true")
    return made, bare


QUESTIONS = [
    ["runs", "--all"], ["show", "@latest"], ["tried", "-S", "train.depth=8"], ["lineage", BASE], ["lineage", BASE, "--chain"],
    ["lineage", RAW, "--down"],
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_a_shallow_clone_says_what_it_knows_and_that_there_is_more(
    origin: tuple[Place, Path], tmp_path: Path, question: list[str]
) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{origin[1]}", "clone")
    answer = mlops(tmp_path / "clone", *question, "--json")
    assert answer.code == 6, answer
    assert "git fetch --unshallow" in answer.out + answer.err
    assert len(answer.out.splitlines()) > 10, "what is known is said all the same"
    git(tmp_path / "clone", "fetch", "--quiet", "--unshallow")
    whole = mlops(tmp_path / "clone", *question, "--json")
    assert whole.code == 0, whole


@pytest.mark.parametrize(
    "question",
    [
        ["compare", "HEAD~3", "HEAD"],
        ["bisect", "--metric", "accuracy", "--good", "HEAD~3"],
        ["diff", "HEAD~3"],
    ],
    ids=" ".join,
)
def test_a_commit_beyond_the_border_of_a_shallow_clone_is_not_taken_for_a_wrong_name(
    origin: tuple[Place, Path], tmp_path: Path, question: list[str]
) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{origin[1]}", "clone")
    answer = mlops(tmp_path / "clone", *question)
    assert answer.code == 6, answer
    assert "HEAD~3 is not in this clone, which is shallow" in answer.err
    assert "git fetch --unshallow" in answer.err


def test_a_clone_without_old_content_says_so_until_it_has_it(
    origin: tuple[Place, Path], tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", f"file://{origin[1]}", "clone")
    clone = tmp_path / "clone"
    before = git(clone, "count-objects", "-v")
    answer = mlops(clone, "runs", "--all", "--json")
    assert answer.code == 6, answer
    assert origin[0].past.runs["late-6"].id in answer.out
    assert git(clone, "count-objects", "-v") == before, "nothing was fetched on the way"
    (clone / ".git/mlops/history.db").unlink()
    moved = origin[1].with_name("away.git")
    shutil.move(origin[1], moved)  # so that nothing can come along quietly
    try:
        for question in (["runs", "--all"], ["lineage", BASE]):
            answer = mlops(clone, *question)
            assert answer.code == 6, answer
            assert "git fetch" in answer.err
    finally:
        shutil.move(moved, origin[1])
    git(clone, "fetch", "--quiet", "--refetch", "--no-filter")
    answer = mlops(clone, "runs", "--all", "--json")
    assert answer.code == 0, answer
    assert {row["id"] for row in answer.json["runs"]} == origin[0].past.ids(
        origin[0].past.committed("main") | origin[0].past.committed()
    )


@pytest.mark.parametrize("warm", [False, True])
def test_a_replaced_commit_takes_nothing_away(tmp_path: Path, warm: bool) -> None:
    place = _here(tmp_path)
    if warm:
        assert place.ask("runs", "-q").code == 0
    commits = place.past.commits
    git(place.folder, "replace", commits["depth-7"].id, commits["begin"].id)
    git(place.folder, "replace", "--graft", commits["again-4"].id, commits["first"].id)
    assert place.runs("--all") == place.past.ids(place.past.runs)
    wanted = place.past.ids(place.past.committed("main")) | records(place, lambda r: r.code.branch == "main")
    assert place.runs() == wanted
    nodes, _ = lineage(place, BASE, "--at", commits["depth-8"].id)
    assert executed(place, nodes) == {("depth-8", "train"), ("first", "prepare")}


def test_an_index_that_is_thrown_away_or_damaged_is_made_anew(tmp_path: Path) -> None:
    place = _here(tmp_path)
    before = place.runs("--all")
    index = place.folder / ".git/mlops/history.db"
    assert index.exists()
    for damage in (
        index.unlink,
        lambda: index.write_bytes(b"no database"),
        lambda: index.write_bytes(index.read_bytes()[:5000]),
    ):
        damage()
        assert place.runs("--all") == before == place.past.ids(place.past.runs)


def test_what_is_deleted_later_is_known_no_longer_unless_a_journal_has_it(tmp_path: Path) -> None:
    place = _here(tmp_path)
    assert place.runs("--all") == place.past.ids(place.past.runs)
    journal = next(
        line
        for line in git(place.folder, "for-each-ref", "--format=%(refname)", "refs/mlops/journal").split()
    )
    git(place.folder, "branch", "-D", "features")  # merged into main
    git(place.folder, "branch", "-D", "release")
    assert place.runs("--all") == place.past.ids(place.past.runs)
    git(place.folder, "update-ref", "-d", journal)
    left = place.past.committed("main", "deeper", "tuning") | {"colleague"}
    assert place.runs("--all") == place.past.ids(left)
    assert "tuned-1" not in left


def test_a_run_of_a_deleted_branch_can_be_kept_and_committed(tmp_path: Path) -> None:
    place = _here(tmp_path)
    record = place.past.runs["gone-21"]
    assert record.id not in place.runs()
    assert place.ask("keep", record.id).code == 0
    assert record.id in place.runs()
    assert (place.folder / run_path(record.id)).read_bytes() == dump_run_record(record)
    git(place.folder, "add", ".mlops")
    git(place.folder, "commit", "--quiet", "--message", "kept")
    for ref in git(place.folder, "for-each-ref", "--format=%(refname)", "refs/mlops").split():
        git(place.folder, "update-ref", "-d", ref)
    assert place.runs() == place.past.ids({*place.past.committed("main"), "gone-21"})


def test_what_lineage_says_is_proven_or_refuted(tmp_path: Path) -> None:
    place = _here(tmp_path)
    proof = place.ask("lineage", "--verify", BASE)
    assert proof.code == 0, proof
    write(place.folder / BASE, "not what was trained")
    refuted = place.ask("lineage", "--verify", place.past.made("late-1", BASE))
    assert refuted.code == 5, refuted
    assert BASE in refuted.out
    write(place.folder / BASE, place.past.commits["end"].content[BASE])
    assert place.ask("lineage", "--verify", BASE).code == 0
    # Of a model that is nowhere any more, the words are left, but nobody can have it.
    assert place.ask("lineage", "--verify", place.past.made("gone-21", BASE)).code == 5


def test_questions_asked_at_once_and_killed_ones_leave_a_sound_index(tmp_path: Path) -> None:
    place = _here(tmp_path)
    asked = [start(place.folder, "runs", "--all", "--json") for _ in range(4)]
    for number in range(4):
        killed = start(place.folder, "runs", "--all", "-q")
        time.sleep(number / 20)
        killed.kill()
        killed.communicate()
    answers = [finish(process) for process in asked]
    assert {answer.code for answer in answers} == {0}
    assert all(
        {row["id"] for row in answer.json["runs"]} == place.past.ids(place.past.runs) for answer in answers
    )
    assert place.runs("--all") == place.past.ids(place.past.runs)
