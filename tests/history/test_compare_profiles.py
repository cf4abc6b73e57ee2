from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.data.profile.build import profile_table
from mlops_cli.data.profile.diff import diff
from mlops_cli.history.compare_profiles import (
    compare_profiles,
    figure_change,
    is_gone,
    is_new,
    most_changed,
    telling,
)
from mlops_cli.history.known import WORKSPACE, Production
from mlops_cli.history.run_record import StageRun
from mlops_cli.history.sides import Facts, Profiled, Side, facts_of_commit, whole
from mlops_cli.store.artifact import Artifact
from mlops_cli.store.digest import digest_bytes
from tests.support.tables import table

if TYPE_CHECKING:
    from mlops_cli.data.profile.model import Profile


def artifact(text: str) -> Artifact:
    return Artifact(digest_bytes(text.encode()), len(text))


def stage(name: str, program: Any, deps: tuple[str, ...], outs: tuple[str, ...]) -> StageRun:
    inputs = {path: artifact(path) for path in deps}
    return StageRun(name, "ran", program=program, deps=inputs, outs={path: artifact(path) for path in outs})


def profiling(data: Any, **more: Any) -> dict[str, Any]:
    return {"uses": "profile", "with": {"data": data, **more}, "version": 1}


def described(*stages: StageRun) -> dict[str, tuple[str, str]]:
    found = facts_of_commit("A", "c0ffee", stages).profiled
    return {path: (each.stage, each.file) for path, each in found.items()}


def test_a_stage_that_profiles_a_table_says_which_file_describes_it() -> None:
    files = ("reports/raw/report.html", "reports/raw/profile.json")
    told = stage("describe", profiling("./raw.csv"), ("raw.csv",), files)
    assert described(told) == {"raw.csv": ("describe", "reports/raw/profile.json")}


def test_a_path_is_relative_to_the_folder_of_the_stage() -> None:
    deep = stage("deep", profiling("raw.csv"), ("sub/base.json", "sub/raw.csv"), ("sub/r/profile.json",))
    up = stage("up", profiling("../all/raw.csv"), ("all/raw.csv",), ("sub/s/profile.json",))
    assert described(deep, up) == {
        "sub/raw.csv": ("deep", "sub/r/profile.json"),
        "all/raw.csv": ("up", "sub/s/profile.json"),
    }


def test_several_profiles_of_one_table_and_a_table_elsewhere() -> None:
    one = stage("one", profiling("raw.csv"), ("raw.csv",), ("a/profile.json",))
    two = stage("two", profiling("raw.csv", pii=["name"]), ("raw.csv",), ("b/profile.json",))
    away = stage("away", profiling("https://ana:secret@example.org/t.csv"), (), ("c/profile.json",))
    found = described(one, two, away)
    assert list(found)[:2] == ["raw.csv", "raw.csv (two)"]
    assert "secret" not in str(found)


def test_of_a_stage_that_was_fresh_the_earlier_run_tells() -> None:
    earlier = stage("describe", profiling("raw.csv"), ("raw.csv",), ("r/profile.json",))
    key = digest_bytes(b"key")
    made = Production(
        "describe", key, "ran", "r", earlier.deps, earlier.outs, {}, {}, earlier.program, None, WORKSPACE, ""
    )
    told = whole(StageRun("describe", "fresh", key), lambda _: [made])
    assert described(told) == {"raw.csv": ("describe", "r/profile.json")}


def test_other_stages_describe_nothing() -> None:
    outs = ("r/profile.json",)
    assert (
        described(
            stage("a", ["python profile.py"], ("raw.csv",), outs),
            stage("b", {"uses": "evaluate", "with": {"data": "raw.csv"}}, ("raw.csv",), outs),
            stage("c", profiling(7), ("raw.csv",), outs),
            stage("d", {"uses": "profile", "with": None}, ("raw.csv",), outs),
            stage("e", profiling("raw.csv"), ("raw.csv",), ()),
        )
        == {}
    )


# What is compared ---------------------------------------------------------------------------------------------------


def side(name: str, digest: str | None, path: str = "raw.csv") -> Side:
    return Side(
        (Facts(name, profiled={path: Profiled("describe", "profile.json", digest)} if digest else {}),)
    )


def test_profiles_that_are_the_same_bytes_are_not_even_read() -> None:
    def read(_: Facts, made: Profiled) -> str:
        raise AssertionError(made)

    assert compare_profiles([side("A", "b3:1"), side("B", "b3:1")], read) == ()
    assert compare_profiles([side("A", "b3:1"), side("B", None)], read) == ()
    assert compare_profiles([side("A", "b3:1"), side("B", "b3:2", "other.csv")], read) == ()


def test_what_cannot_be_read_leaves_the_others_comparable() -> None:
    profiles: dict[str, Profile | str] = {
        "b3:1": profile_table(table({"age": [1.0, 2.0]})),
        "b3:2": "profile not here",
        "b3:3": profile_table(table({"age": [1.0, 2.0, 3.0]})),
    }
    sides = [side("A", "b3:1"), side("B", "b3:2"), side("C", "b3:3")]
    [row] = compare_profiles(sides, lambda _, made: profiles[made.digest])
    assert [cell.problem if cell else None for cell in row.cells] == ["", "profile not here", ""]
    assert row.diffs[:2] == (None, None)
    assert row.diffs[2] is not None
    assert row.diffs[2].after.rows == 3


# What tells most ----------------------------------------------------------------------------------------------------


def columns(rows: int, **changed: list[Any]) -> Profile:
    usual: dict[str, list[Any]] = {
        "age": [float(20 + row % 40) for row in range(rows)],
        "city": [("Oslo", "Bergen")[row % 2] for row in range(rows)],
        "income": [float(row % 100) for row in range(rows)],
    }
    return profile_table(table({name: values for name, values in (usual | changed).items() if values}))


def test_what_came_and_went_stands_first_then_what_moved_most() -> None:
    before = columns(400)
    after = columns(
        400,
        age=[float(20 + row % 40) + 1 for row in range(400)],
        income=[float(row % 100) + 80 for row in range(400)],
        city=[],
        town=["Oslo"] * 400,
    )
    found = most_changed(diff(before, after))
    assert [(each.name, each.status) for each in found] == [
        ("city", "removed"),
        ("town", "added"),
        ("income", "changed"),
        ("age", "changed"),
    ]
    assert telling(found[2])[0].what == "mean"


def test_on_one_layout_the_distance_orders() -> None:
    before = columns(400)
    later = table(
        {
            "age": [20.0] * 400,
            "city": [("Oslo", "Bergen")[row % 2] for row in range(400)],
            "income": [float(row % 100) + 1 for row in range(400)],
        }
    )
    found = diff(before, profile_table(later, baseline=before))
    assert [each.name for each in most_changed(found)] == ["age", "income"]
    assert all(each.distance for each in most_changed(found))


def test_a_category_is_new_only_where_the_first_profile_names_all_it_met() -> None:
    few = columns(400)
    new = columns(400, city=[("Oslo", "Rome")[row % 2] for row in range(400)])
    [city] = [column for column in diff(few, new).columns if column.name == "city"]
    said = {change.what: (is_new(city, change), is_gone(city, change)) for change in city.changes}
    assert (said["value Rome"], said["value Bergen"]) == ((True, False), (False, True))

    many = columns(400, city=[f"town {row % 130}" for row in range(400)])
    later = columns(400, city=["Rome"] * 400)
    [city] = [column for column in diff(many, later).columns if column.name == "city"]
    [rome] = [change for change in city.changes if change.what == "value Rome"]
    assert (is_new(city, rome), figure_change(city, rome)) == (False, 0.0)


@given(
    st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=2, max_size=30),
    st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=2, max_size=30),
)
def test_how_much_a_figure_changed_lies_between_0_and_1(one: list[Any], other: list[Any]) -> None:
    before, after = (profile_table(table({"x": values}, kinds={"x": "numeric"})) for values in (one, other))
    for column in diff(before, after).columns:
        assert all(0 <= figure_change(column, change) <= 1 for change in column.changes)
