from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mlops_cli.errors import DataError
from mlops_cli.helper.process import Helper
from mlops_cli.store.digest import digest_bytes
from mlops_cli.store.objects import DamagedObjectError
from mlops_cli.store.pack_reading import make_files
from mlops_cli.store.reading import read_small


def process_of(helper: Helper) -> subprocess.Popen[bytes]:
    assert helper._process is not None
    return helper._process


def ends(pid: int) -> bool:
    """Whether a process is gone, or only waits to be counted, within a while."""
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_helper_answers_one_question_after_the_other_in_another_process(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "ö \udcff").write_bytes(b"two")
    with Helper() as helper:
        for name, text in (("a", b"one"), ("ö \udcff", b"two"), ("a", b"one")):
            [(seen, digest, data, size)] = helper.ask(read_small, [str(tmp_path / name)], True)
            assert (digest, data, size) == (digest_bytes(text), text, 3)
            assert 0 < seen <= time.time_ns()
        process = process_of(helper)
        assert process.pid != os.getpid()
        assert os.getpgid(process.pid) != os.getpgrp(), "Ctrl-C is for whoever asks"
    assert process.returncode is not None


def test_a_helper_that_nobody_asks_is_not_started() -> None:
    with Helper() as helper:
        pass
    assert helper._process is None


def test_what_goes_wrong_there_is_raised_here_and_the_helper_goes_on(tmp_path: Path) -> None:
    (tmp_path / "pack").write_bytes(b"other bytes")
    (tmp_path / "there").write_bytes(b"")
    digest = digest_bytes(b"bytes")
    with Helper() as helper:
        with pytest.raises(FileNotFoundError) as gone:
            helper.ask(read_small, [str(tmp_path / "gone")], False)
        assert gone.value.filename == str(tmp_path / "gone")
        with pytest.raises(DamagedObjectError, match="is damaged") as damaged:
            helper.ask(make_files, str(tmp_path / "pack"), [(digest, 0, 5, str(tmp_path / "new"), 0o644)])
        assert "verify --repair" in damaged.value.hint
        with pytest.raises(DataError, match="there cannot be written: File exists") as exists:
            helper.ask(make_files, str(tmp_path / "pack"), [(digest, 6, 5, str(tmp_path / "there"), 0o644)])
        assert not isinstance(exists.value, DamagedObjectError)
        [identity] = helper.ask(
            make_files, str(tmp_path / "pack"), [(digest, 6, 5, str(tmp_path / "new"), 0o600)]
        )
    assert (tmp_path / "new").read_bytes() == b"bytes"
    assert (identity.size, identity.inode) == (5, (tmp_path / "new").stat().st_ino)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_a_helper_that_is_killed_is_an_error_and_not_a_wrong_answer(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    with Helper() as helper:
        helper.ask(read_small, [str(tmp_path / "a")], True)
        process_of(helper).send_signal(signal.SIGKILL)
        process_of(helper).wait()
        with pytest.raises(DataError, match="ended in the middle") as trouble:
            helper.ask(read_small, [str(tmp_path / "a")], True)
    assert trouble.value.hint == "Do it again."


@pytest.mark.parametrize("python", ["/nowhere/python", "", None])
def test_where_no_helper_can_be_started_whoever_asks_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: str | None
) -> None:
    (tmp_path / "a").write_bytes(b"one")
    monkeypatch.setattr(sys, "executable", python)
    with Helper() as helper:
        [(_, digest, *_)] = helper.ask(read_small, [str(tmp_path / "a")], False)
        assert helper._process is None
    assert digest == digest_bytes(b"one")


def test_what_is_started_and_is_no_helper_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"one")
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho something else entirely\nsleep 60\n")
    other.chmod(0o755)
    for python in (str(other), "/bin/true"):
        monkeypatch.setattr(sys, "executable", python)
        with Helper() as helper:
            [(_, digest, *_)] = helper.ask(read_small, [str(tmp_path / "a")], False)
            assert helper._process is None
        assert digest == digest_bytes(b"one")


def test_an_answer_that_nobody_took_is_never_that_of_the_next_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).write_text(name)
    real = pickle.load

    def interrupted(stream: Any) -> Any:
        monkeypatch.setattr(pickle, "load", real)
        raise KeyboardInterrupt

    with Helper() as helper:
        helper.ask(read_small, [str(tmp_path / "first")], True)
        monkeypatch.setattr(pickle, "load", interrupted)
        with pytest.raises(KeyboardInterrupt):
            helper.ask(read_small, [str(tmp_path / "first")], True)
        with pytest.raises(DataError, match="ended in the middle"):
            helper.ask(read_small, [str(tmp_path / "second")], True)


def test_a_helper_is_stopped_in_the_middle_from_another_thread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # opening it waits for somebody who writes
    with Helper() as helper, ThreadPoolExecutor(1) as pool:
        (tmp_path / "a").write_bytes(b"one")
        helper.ask(read_small, [str(tmp_path / "a")], False)
        asked = pool.submit(helper.ask, read_small, [str(tmp_path / "pipe")], False)
        helper.stop()
        with pytest.raises(DataError, match="ended in the middle"):
            asked.result(60)


def test_a_mistake_of_ours_in_a_helper_tells_where_it_happened(tmp_path: Path) -> None:
    with Helper() as helper:
        with pytest.raises(
            RuntimeError, match=r"in a helper: Traceback(.|\n)*read_small(.|\n)*UnicodeEncodeError"
        ):
            helper.ask(read_small, ["\ud800"], False)
        (tmp_path / "a").write_bytes(b"one")
        helper.ask(read_small, [str(tmp_path / "a")], False)


def test_a_helper_does_not_outlive_who_started_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    program = (
        "import sys, time; from mlops_cli.helper.process import Helper; from mlops_cli.store.reading import read_small;"
        " helper = Helper(); helper.ask(read_small, [sys.argv[1]], False);"
        " print(helper._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "a")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        parent.kill()
    assert ends(pid)


def test_modules_in_the_working_directory_are_not_taken_for_those_of_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("array", "blake3", "subprocess", "mlops_cli"):
        (tmp_path / f"{name}.py").write_text("open('taken', 'w')\n")
    (tmp_path / "a").write_bytes(b"one")
    monkeypatch.chdir(tmp_path)
    with Helper() as helper:
        helper.ask(read_small, ["a"], False)
    assert not (tmp_path / "taken").exists()
