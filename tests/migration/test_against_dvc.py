"""What came over is what DVC had: held against the real DVC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import Counter, mlops, run, states
from tests.support.dvc_projects import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.dvc import Dvc
    from tests.support.dvc_projects import Maker


# The other features come in the samples that take longer: together they are all of them.
LONGER = ("folders", "imports", "flags")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LONGER else name for name in SAMPLES]
)
def test_nothing_runs_again_and_after_a_change_exactly_what_dvc_runs_again(
    name: str, maker: Maker, dvc: Dvc, tmp_path: Path
) -> None:
    theirs, ours = maker.copy(name, tmp_path / "theirs"), maker.copy(name, tmp_path / "ours")
    answer = mlops(ours, "migrate", "dvc", "--json")
    assert answer.code == 0, answer

    always = SAMPLES[name].always
    assert {stage for stage, state in states(ours).items() if state in ("stale", "cached")} == set(always)
    assert mlops(ours, "status", "--check").code == (1 if always else 0)
    counter = Counter(ours.parent / "counter")
    run(ours, env=counter.env)
    assert counter.take() == sorted(always)

    for folder in (theirs, ours):
        SAMPLES[name].change(folder)
    dvc(theirs, "repro", "--all-pipelines", env=counter.env)
    wanted = counter.take()
    run(ours, env=counter.env)
    assert counter.take() == wanted
    assert len(wanted) > len(always)
