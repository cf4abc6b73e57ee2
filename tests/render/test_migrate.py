"""What `migrate` says."""

from __future__ import annotations

from mlops_cli.actions.migrate import MigrateResult, Moved
from mlops_cli.render.migrate import migrate_text


def test_only_what_is_still_to_be_done_is_named_each_behind_its_own_state() -> None:
    stages = (
        Moved("train@a", "cached"), Moved("prep", "stale"), Moved("train@b", "cached"), Moved("fit@a", "waiting"),
        Moved("report", "fresh"), Moved("fit@b", "waiting"),
    )  # fmt: skip
    data = (Moved("raw", "ok"), Moved("old", "missing"))
    text = migrate_text(MigrateResult("/p", stages, data))
    assert "6 stages: 2 cached, 1 stale (prep), 2 waiting (fit@a, fit@b), 1 fresh\n" in text
    assert "2 tracked paths: 1 ok, 1 missing (old)\n" in text
