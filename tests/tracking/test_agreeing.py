"""Making paths agree all together, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlops_cli.opened import open_folder
from mlops_cli.tracking.agreeing import CheckoutResult, agree
from mlops_cli.tracking.recorded import choose
from tests.support.command import mlops, repository
from tests.support.files import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = repository(tmp_path / "p")
    for name in ("a", "b"):
        write(home / name, f"{name}\n")
    assert mlops(home, "add", "a", "b").code == 0
    (home / "a").unlink()
    return home


def together(home: Path, *, force: bool = False) -> CheckoutResult:
    with open_folder(home) as opened:
        return agree(opened, choose(opened, ()), force=force, together=True)


def test_where_something_would_be_lost_nothing_comes(home: Path) -> None:
    write(home / "b", "edited\n")
    result = together(home)
    assert [kept.path for kept in result.kept] == ["b"]
    assert result.brought == ()
    assert not (home / "a").exists()
    assert [brought.path for brought in together(home, force=True).brought] == ["a", "b"]


def test_where_content_is_missing_nothing_comes(home: Path) -> None:
    (home / "b").unlink()
    write(home / "big", "x" * 100_000)
    assert mlops(home, "add", "big").code == 0
    (home / "big").unlink()
    for path in (home / ".git/mlops/objects").rglob("*"):
        if path.is_file() and path.stat().st_size == 100_000:
            path.unlink()
    result = together(home)
    assert (result.missing, result.brought) == (("big",), ())
    assert not (home / "a").exists()


def test_where_nothing_is_in_the_way_everything_comes(home: Path) -> None:
    assert [brought.path for brought in together(home).brought] == ["a"]
