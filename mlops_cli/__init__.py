"""mlops: the repository is the platform.

From Python::

    from mlops_cli import open_project

    with open_project(".") as project:
        print(project.status().fresh)
        result = project.run(["train"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.version import VERSION as __version__

if TYPE_CHECKING:
    from mlops_cli.api import ProjectApi, open_project

__all__ = ["ProjectApi", "__version__", "open_project"]


def __getattr__(name: str) -> Any:
    """Load the interface for programs when it is first asked for: commands start without it."""
    if name in ("open_project", "ProjectApi"):
        from mlops_cli import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
