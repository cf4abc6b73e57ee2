"""Commands of this tool as children."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from mlops_cli.execution.children import Children, Ended

if TYPE_CHECKING:
    from pathlib import Path


def start(children: Children, program: str, folder: Path, lines: list[str], **options: object) -> Ended:
    return children.run(
        [sys.executable, "-c", program],
        folder=str(folder),
        variables=dict(os.environ) | {"NAME": "value"},
        listen=lines.append,
    )


def test_what_it_prints_and_what_it_says_are_kept_apart(tmp_path: Path) -> None:
    program = "import os, sys; print(os.environ['NAME'], os.getcwd()); print('one\\ntwo', file=sys.stderr); sys.exit(4)"
    lines: list[str] = []
    ended = start(Children(), program, tmp_path, lines)
    assert ended == Ended(4, f"value {tmp_path}\n", ("one", "two"))
    assert lines == ["one", "two"]


def test_much_on_both_streams_stops_nobody(tmp_path: Path) -> None:
    program = "import sys; print('x' * 1_000_000); [print('y' * 100, file=sys.stderr) for _ in range(10_000)]"
    lines: list[str] = []
    ended = start(Children(), program, tmp_path, lines)
    assert (ended.code, len(ended.out), len(lines), len(ended.complaints)) == (0, 1_000_001, 10_000, 50)


def test_stopping_is_as_ctrl_c_and_nothing_starts_afterwards(tmp_path: Path) -> None:
    program = (
        "import sys, time\ntry:\n print('ready', file=sys.stderr, flush=True); time.sleep(600)\n"
        "except KeyboardInterrupt:\n print('tidied'); sys.exit(130)"
    )
    children, lines, found = Children(), list[str](), list[Ended]()
    thread = threading.Thread(target=lambda: found.append(start(children, program, tmp_path, lines)))
    thread.start()
    while not lines:
        time.sleep(0.01)
    children.stop()
    thread.join()
    assert (found[0].code, found[0].out) == (130, "tidied\n")
    assert children.stopping
    assert start(children, "print(1)", tmp_path, lines) == Ended(-2, "")


def test_killing_waits_for_nobody(tmp_path: Path) -> None:
    program = (
        "import signal, sys, time; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        " print('ready', file=sys.stderr, flush=True); time.sleep(600)"
    )
    children, lines, found = Children(), list[str](), list[Ended]()
    thread = threading.Thread(target=lambda: found.append(start(children, program, tmp_path, lines)))
    thread.start()
    while not lines:
        time.sleep(0.01)
    children.stop()
    children.kill()
    thread.join()
    assert found[0].code == -9
