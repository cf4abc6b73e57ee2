"""mlops: the repository is the platform.

From Python::

    from mlops_cli import open_project

    with open_project(".") as project:
        print(project.status().fresh)
        result = project.run(["train"])

In a training script::

    from mlops_cli import log_metrics

    log_metrics(loss=0.31, step=4)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_cli.version import VERSION as __version__

if TYPE_CHECKING:
    from mlops_cli.api import ProjectApi, open_project
    from mlops_cli.training import log_artifact, log_metrics, log_params

__all__ = ["ProjectApi", "__version__", "log_artifact", "log_metrics", "log_params", "open_project"]


def __getattr__(name: str) -> Any:
    """Load the interface for programs when it is first asked for: commands start without it."""
    if name in ("open_project", "ProjectApi"):
        from mlops_cli import api

        return getattr(api, name)
    if name in ("log_metrics", "log_params", "log_artifact"):
        from mlops_cli import training

        return getattr(training, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
