"""What every command does the same: open the project, print results to the right stream, end with the right code."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mlops_cli.cli.streams import write_error, write_out
from mlops_cli.render.plain import plain_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mlops_cli.errors import MlopsError
    from mlops_cli.opened import Opened
    from mlops_cli.render.data_progress import DataProgress
    from mlops_cli.render.progress import Progress
    from mlops_cli.render.transfer import TransferProgress


@dataclass
class Console:
    """How this process talks: what the shared options say, before or after the command's name.

    Parameters
    ----------
    folder : Path
        Where to work.
    as_json : bool
        Results as JSON, errors too.
    commands : collection of str
        The names of all commands, as talk names them.
    """

    folder: Path = Path()
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    commands: Collection[str] = ()

    def take(self, folder: Path | None, as_json: bool, quiet: bool, verbose: bool) -> Console:
        """Take over what the options of the command itself say."""
        self.folder = self.folder / folder if folder else self.folder
        self.as_json = self.as_json or as_json
        self.quiet = self.quiet or quiet
        self.verbose = self.verbose or verbose
        return self

    @contextmanager
    def open(self) -> Iterator[Opened]:
        """Open the project around the folder; at the end say what the user should know beside the result."""
        from mlops_cli.opened import open_folder

        with open_folder(self.folder) as opened:
            try:
                yield opened
            finally:
                for notice in opened.notices:
                    self.say(f"mlops: {notice}\n")

    @property
    def width(self) -> int | None:
        """Columns of the terminal; None where results go to a file or a pipe."""
        if not sys.stdout.isatty():
            return None
        import shutil

        return shutil.get_terminal_size().columns

    def result(self, text: str) -> None:
        """Print a result."""
        if not self.quiet:
            text = self._from_here(text, result=True)
            write_out(plain_text(text) if sys.stdout.isatty() else text)

    def json(self, value: dict[str, Any]) -> None:
        """Print a result as JSON; asked for, so printed under `--quiet`, too."""
        write_out(json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def json_text(self, text: str) -> None:
        """Print a result that is JSON already."""
        write_out(text)

    def say(self, text: str) -> None:
        """Talk: on standard error, and not under `--quiet`."""
        if not self.quiet:
            self.fail(text)

    def fail(self, text: str) -> None:
        """Say what went wrong: on standard error, also under `--quiet`."""
        if text:
            text = self._from_here(text)
            write_error(plain_text(text) if sys.stderr.isatty() else text)

    def _from_here(self, text: str, *, result: bool = False) -> str:
        """Return a text whose commands can be typed where the user stands."""
        if self.folder == Path():
            return text
        from mlops_cli.cli.commands_named import named_from_here

        return named_from_here(text, self.folder, self.commands, result=result)

    def incomplete(self, trouble: MlopsError | None) -> int:
        """Say, beside an answer that was printed, why it may not be whole; return the exit code to end with."""
        if trouble is None:
            return 0
        self.fail(f"mlops: {trouble.message}\n" + (f"{trouble.hint}\n" if trouble.hint else ""))
        return trouble.exit_code

    def progress(self, *, plain: bool) -> Progress:
        """Return what shows a run's progress here."""
        from mlops_cli.render.progress import LiveProgress, PlainProgress, SilentProgress

        if self.quiet:
            return SilentProgress()
        if sys.stderr.isatty() and not plain:
            return LiveProgress(sys.stderr, reasons=self.verbose)
        return PlainProgress(sys.stderr, reasons=self.verbose)

    def data_progress(self, word: str, *, plain: bool) -> DataProgress:
        """Return what shows how many files and bytes are done; `word` says what is done to them."""
        from mlops_cli.render.data_progress import DataProgress

        live = sys.stderr.isatty() and not plain
        return DataProgress(sys.stderr, word, live=live, silent=self.quiet or self.as_json)

    @contextmanager
    def transfer(self, *, plain: bool) -> Iterator[TransferProgress]:
        """Show how far a transfer is, for as long as it lasts."""
        from mlops_cli.render.transfer import TransferProgress

        live = sys.stderr.isatty() and not plain
        progress = TransferProgress(sys.stderr, live=live, quiet=self.quiet)
        try:
            yield progress
        finally:
            progress.close()


_CONSOLE = Console()


def console() -> Console:
    """Return the console of this process."""
    return _CONSOLE


def end(code: int) -> None:
    """End the command with an exit code."""
    if code:
        raise typer.Exit(code)
