"""DVC's settings, with the line that each stands in."""

from __future__ import annotations

from mlops_cli.migration.config import CONFIG, LOCAL, Setting, read_config
from mlops_cli.migration.notes import Notes
from mlops_cli.migration.remotes import addresses, translate_remotes

TEXT = b"""\
# of the project
[core]
    remote = Store
    autostage = true   # as we like it
['remote "Store"']
    url = "s3://bucket/a b"
    jobs = 8
[remote "old"]
url = ../../old
"""


def test_settings_are_found_in_every_way_of_writing_them() -> None:
    config = read_config({CONFIG: TEXT, LOCAL: b"['remote \"Store\"']\n    profile = ada\n"})
    assert config.get("core", "remote") == Setting("Store", CONFIG, 3)
    assert config.flag("core", "autostage")
    assert config.remotes["Store"]["url"] == Setting("s3://bucket/a b", CONFIG, 6)
    assert config.remotes["Store"]["profile"] == Setting("ada", LOCAL, 2)
    assert config.remotes["old"]["url"].value == "../../old"


def test_no_settings_are_no_remotes() -> None:
    config = read_config({CONFIG: None, LOCAL: b"garbage\n= x\n[\n"})
    assert translate_remotes(config, Notes()) == ([], None)


def test_a_relative_folder_is_relative_to_dvcs_own_folder() -> None:
    remotes, default = translate_remotes(read_config({CONFIG: TEXT}), Notes())
    assert [(remote.name, dict(remote.values)) for remote in remotes] == [
        ("Store", {"url": "s3://bucket/a b", "jobs": 8}),
        ("old", {"url": "../old"}),
    ]
    assert default == "Store"


def test_remotes_that_stand_on_each_other_in_a_ring_do_no_harm() -> None:
    config = read_config({CONFIG: b'[remote "a"]\nurl = remote://b/x\n[remote "b"]\nurl = remote://a/y\n'})
    assert addresses(config) == {"a": "remote://b/x", "b": "remote://a/y"}
    notes = Notes()
    remotes, _ = translate_remotes(config, notes)
    assert remotes == []
    assert [note.what for note in notes.all()] == ["remote a", "remote b"]
