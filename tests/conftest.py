"""Every test runs as nobody in particular: no settings, caches or variables of whoever starts it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.dvc import _dvc  # noqa: F401 - the real DVC for whichever test asks
from tests.support.dvc_projects import _maker  # noqa: F401 - and projects that it made
from tests.support.servers import _home, _s3, _sftp, _web, _webdav  # noqa: F401 - servers for whichever test asks

if TYPE_CHECKING:
    from pathlib import Path

# A shell has its background jobs ignore Ctrl-C, nohup the end of the terminal; and so would every command that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A law holds on a busy machine too: no example is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# The thousands of commands that tests start compile the package once, not each for itself.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}
# What a CI job, a hook or a user's shell may have set, and what this tool looks at.
_FOREIGN = (
    "CI",
    "GITHUB_ACTIONS",
    "CI_JOB_URL",
    "BUILD_URL",
    "MLOPS_CACHE_DIR",
    "NO_COLOR",
    "FORCE_COLOR",
    "TERM",
)
_NUMERIC = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES")


@pytest.fixture(autouse=True)
def _isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a home of its own and a plain environment; return the home."""
    home = tmp_path_factory.mktemp("home")
    for name in [*_FOREIGN, *_NUMERIC, *(n for n in os.environ if n.startswith("GIT_"))]:
        monkeypatch.delenv(name, raising=False)
    for name, folder in (("HOME", ""), ("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache")):
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(home.parent))
    (home / "gitconfig").write_text("[init]\n\tdefaultBranch = main\n[commit]\n\tgpgsign = false\n")
    for name, value in _IDENTITY.items():
        monkeypatch.setenv(name, value)
    return home
