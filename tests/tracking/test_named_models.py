from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mlops_cli.errors import UsageError
from mlops_cli.tracking.named_models import find_model


def opened(*names: str) -> Any:
    return SimpleNamespace(folder="", pipeline=SimpleNamespace(models=dict.fromkeys(names)))


@pytest.mark.parametrize(
    ("names", "hint"),
    [(("census",), "There is census."), (("census", "wine"), "There are census, wine.")],
)
def test_which_models_there_are_is_told_in_good_english(names: tuple[str, ...], hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_model(opened(*names), "qqq")
    assert caught.value.hint == hint
