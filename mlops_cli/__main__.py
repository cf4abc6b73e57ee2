"""`python -m mlops_cli`, and what the command `mlops` calls."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from mlops_cli.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
