"""The child process of a built-in step: `python -m mlops_cli.execution.step module:function SETTINGS`."""

from __future__ import annotations

import importlib
import json
import sys


def main(arguments: list[str]) -> None:
    """Call the function that an entry names with its settings.

    Parameters
    ----------
    arguments : list of str
        The entry, `module:function`, and the settings as JSON.
    """
    entry, settings = arguments
    module, _, function = entry.partition(":")
    getattr(importlib.import_module(module), function)(json.loads(settings))


if __name__ == "__main__":
    main(sys.argv[1:])
