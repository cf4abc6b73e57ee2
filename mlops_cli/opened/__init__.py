"""One project, opened: where everything is, how it is set up, and its pipeline. Every action stands on this."""

from mlops_cli.opened.opened import Opened, Writing, open_folder

__all__ = ["Opened", "Writing", "open_folder"]
