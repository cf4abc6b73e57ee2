"""`python -m mlops_cli`, and what the command `mlops` calls."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        from mlops_cli.cli.app import main as run
    except KeyboardInterrupt:
        sys.stderr.write("mlops: stopped\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
