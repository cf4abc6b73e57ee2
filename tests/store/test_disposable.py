"""Databases that can be thrown away."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from mlops_cli.store import disposable
from mlops_cli.store.disposable import write_ahead

if TYPE_CHECKING:
    from pathlib import Path


def test_a_database_that_another_switches_at_the_moment_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    holder = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    threading.Timer(0.2, lambda: holder.execute("COMMIT")).start()
    connection = sqlite3.connect(path, timeout=0)
    write_ahead(connection)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_one_that_is_held_for_long_is_an_error_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disposable, "_PAUSES", (0.0, 0.0))
    path = tmp_path / "a.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        write_ahead(sqlite3.connect(path, timeout=0))
