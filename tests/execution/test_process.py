from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlops_cli.execution import process
from mlops_cli.execution.process import Processes, end_holders, interruptible
from mlops_cli.store.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlops_cli.execution.process import Exit

FOREVER = "600"


def sh(command: str) -> list[str]:
    return ["/bin/sh", "-c", command]


class Bench:
    """Processes with a folder and a log of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log.txt"
        self.processes = Processes()
        self.threads: list[threading.Thread] = []

    def run(self, *commands: str | list[str], **options: Any) -> Exit:
        programs = [sh(command) if isinstance(command, str) else command for command in commands]
        options.setdefault("folder", str(self.folder))
        options.setdefault("variables", dict(os.environ))
        options.setdefault("log", self.log)
        return self.processes.run(programs, **options)

    def start(self, *commands: str, **options: Any) -> list[Exit]:
        """Run in a thread; its exit is put into the list that is returned."""
        ends: list[Exit] = []
        thread = threading.Thread(target=lambda: ends.append(self.run(*commands, **options)))
        thread.start()
        self.threads.append(thread)
        return ends

    def finish(self) -> None:
        for thread in self.threads:
            thread.join()

    def pid(self, name: str) -> int:
        """Wait until a program has written a number into a file, and return it."""
        path = self.folder / name
        wait_for(lambda: path.exists() and path.read_text().endswith("\n"))
        return int(path.read_text())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    this = Bench(tmp_path)
    yield this
    this.processes.kill()
    this.finish()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for something that will be; a net of a minute keeps a broken test from standing still."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_program_that_ends_well_has_exit_code_zero(bench: Bench) -> None:
    end = bench.run("true")
    assert (end.code, end.timed_out, end.stopped) == (0, False, False)


def test_the_exit_code_of_a_program_is_told(bench: Bench) -> None:
    assert bench.run("exit 7").code == 7


def test_a_program_that_a_signal_ended_has_its_negative_number(bench: Bench) -> None:
    assert bench.run("kill -9 $$").code == -signal.SIGKILL


def test_programs_run_one_after_another(bench: Bench) -> None:
    bench.run("echo 1", "echo 2", "echo 3")
    assert bench.log.read_text() == "1\n2\n3\n"


def test_after_a_failure_the_next_program_does_not_start(bench: Bench) -> None:
    assert bench.run("echo 1", "exit 3", "echo 2").code == 3
    assert bench.log.read_text() == "1\n"


def test_output_and_errors_go_into_the_log_in_the_order_in_which_they_are_written(bench: Bench) -> None:
    bench.run("echo one; echo two >&2; echo three")
    assert bench.log.read_text() == "one\ntwo\nthree\n"


def test_what_the_log_holds_already_is_kept(bench: Bench) -> None:
    bench.log.write_text("before\n")
    bench.run("echo after")
    assert bench.log.read_text() == "before\nafter\n"


def test_a_program_has_nothing_to_read_from(bench: Bench) -> None:
    assert bench.run("read line").code != 0


def test_a_program_runs_in_its_folder(bench: Bench) -> None:
    (bench.folder / "sub").mkdir()
    bench.run("pwd -P", folder=str(bench.folder / "sub"))
    assert bench.log.read_text().strip() == str((bench.folder / "sub").resolve())


def test_a_program_has_the_variables_that_it_is_given_and_no_others(bench: Bench) -> None:
    bench.run("echo $MODE ${HOME-none}", variables={"MODE": "fast", "PATH": os.environ["PATH"]})
    assert bench.log.read_text() == "fast none\n"


def test_the_peak_memory_is_that_of_the_largest_program(bench: Bench) -> None:
    small = bench.run("true").peak_memory
    # A program begins as a copy of the one that starts it, and the system counts that too.
    size = (256 << 20) + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    large = bench.run([sys.executable, "-c", f"x = bytes(1) * {size}"], "true").peak_memory
    assert 0 < small < size <= large


def test_a_program_that_does_not_exist_fails_and_the_log_says_so(bench: Bench) -> None:
    assert bench.run(["/no/such/program"]).code == 127
    assert "/no/such/program could not be started" in bench.log.read_text()


def test_a_folder_that_does_not_exist_fails_and_the_log_says_so(bench: Bench) -> None:
    assert bench.run("true", folder=str(bench.folder / "none")).code == 127
    assert "could not be started in" in bench.log.read_text()


def test_each_program_leads_a_process_group_of_its_own(bench: Bench) -> None:
    bench.run(*[f"{sys.executable} -c 'import os; print(os.getppid(), os.getpgid(0))'; true"] * 2)
    rows = [line.split() for line in bench.log.read_text().splitlines()]
    assert len(rows) == 2
    assert all(pid == group for pid, group in rows)
    assert str(os.getpgid(0)) not in [group for _, group in rows]


def test_a_descriptor_that_is_to_be_kept_is_open_in_the_program(bench: Bench) -> None:
    descriptor = os.open(bench.folder / "kept", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
    try:
        bench.run([sys.executable, "-c", f"import os; os.write({descriptor}, b'told')"], keep=(descriptor,))
    finally:
        os.close(descriptor)
    assert (bench.folder / "kept").read_text() == "told"


def test_a_descriptor_that_is_not_named_is_closed_in_the_program(bench: Bench) -> None:
    descriptor = os.open(bench.folder / "kept", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
    try:
        assert bench.run([sys.executable, "-c", f"import os; os.write({descriptor}, b'told')"]).code != 0
    finally:
        os.close(descriptor)


# Timeout --------------------------------------------------------------------------------------------------------------


def test_a_program_whose_time_is_over_is_ended(bench: Bench) -> None:
    end = bench.run(f"exec sleep {FOREVER}", timeout=0.1)
    assert end.timed_out
    assert end.code == -signal.SIGTERM


def test_a_program_that_ends_in_time_did_not_time_out(bench: Bench) -> None:
    assert not bench.run("true", timeout=600).timed_out


def test_when_time_is_over_grandchildren_are_ended_too(bench: Bench) -> None:
    bench.run(f"sleep {FOREVER} & echo $! > pid; wait", timeout=1)
    pid = bench.pid("pid")
    wait_for(lambda: not lives(pid))


def test_a_grandchild_that_does_not_listen_is_ended_for_good(bench: Bench) -> None:
    bench.run(f"(trap '' TERM; echo $$ > up; sleep {FOREVER}) & echo $! > pid; wait", timeout=1)
    pid = bench.pid("pid")
    wait_for(lambda: not lives(pid))


def test_a_program_that_does_not_listen_is_ended_for_good(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_GRACE", 0.1)
    end = bench.run(f"trap '' TERM; while :; do sleep {FOREVER}; done", timeout=1)
    assert end.code == -signal.SIGKILL


def test_a_program_may_tidy_up_when_its_time_is_over(bench: Bench) -> None:
    end = bench.run(f"trap 'echo tidy; exit 5' TERM; echo up; sleep {FOREVER} & wait", timeout=1)
    assert end.timed_out
    assert bench.log.read_text() == "up\ntidy\n"


def test_the_time_is_for_all_programs_together(bench: Bench) -> None:
    end = bench.run("true", f"exec sleep {FOREVER}", timeout=0.5)
    assert end.timed_out


def test_after_a_timeout_no_program_starts_although_the_one_before_claims_success(bench: Bench) -> None:
    end = bench.run(f"trap 'exit 0' TERM; sleep {FOREVER} & wait", "echo next", timeout=0.5)
    assert end.timed_out
    assert bench.log.read_text() == ""


# Stopping -------------------------------------------------------------------------------------------------------------


def test_stopping_ends_what_runs(bench: Bench) -> None:
    ends = bench.start(f"echo $$ > pid; exec sleep {FOREVER}")
    bench.pid("pid")
    bench.processes.stop()
    bench.finish()
    assert ends[0].stopped


def test_stopping_ends_every_group(bench: Bench) -> None:
    ends = [bench.start(f"echo $$ > pid{i}; exec sleep {FOREVER}") for i in range(3)]
    pids = [bench.pid(f"pid{i}") for i in range(3)]
    bench.processes.stop()
    bench.finish()
    assert all(end[0].stopped for end in ends)
    assert not any(map(lives, pids))


def test_stopping_ends_jobs_in_the_background_that_do_not_hear_a_ctrl_c(bench: Bench) -> None:
    # A shell that is not interactive lets its background jobs ignore SIGINT.
    bench.start(f"sleep {FOREVER} & echo $! > pid; wait")
    pid = bench.pid("pid")
    bench.processes.stop()
    bench.finish()
    wait_for(lambda: not lives(pid))


def test_stopping_ends_for_good_what_does_not_listen(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_GRACE", 0.1)
    ends = bench.start(f"trap '' INT; echo $$ > pid; while :; do sleep {FOREVER}; done")
    bench.pid("pid")
    bench.processes.stop()
    bench.finish()
    assert ends[0].code == -signal.SIGKILL


def test_stopping_lets_programs_tidy_up(bench: Bench) -> None:
    bench.start(
        f"trap 'echo tidy; exit 3' INT; (trap - INT; exec sleep {FOREVER}) & sleep 0.1; echo $$ > pid; wait"
    )
    bench.pid("pid")
    bench.processes.stop()
    bench.finish()
    assert bench.log.read_text() == "tidy\n"


def test_after_stopping_nothing_starts(bench: Bench) -> None:
    bench.processes.stop()
    assert bench.run("echo started").stopped
    assert not bench.log.exists()


def test_the_programs_that_follow_a_stopped_one_do_not_start(bench: Bench) -> None:
    bench.start(f"trap 'exit 0' INT; echo $$ > pid; sleep {FOREVER} & wait", "echo next")
    bench.pid("pid")
    bench.processes.stop()
    bench.finish()
    assert bench.log.read_text() == ""


# What a killed command leaves behind ----------------------------------------------------------------------------------


def test_a_child_that_was_left_with_a_lock_is_ended_with_all_that_share_it(
    bench: Bench, tmp_path: Path
) -> None:
    lock = Lock(tmp_path / "lock")
    lock.acquire(wait=True)
    # The leader ends at once; what it left in the background still has the lock.
    command = f"sleep {FOREVER} & echo $! > pid"
    bench.start(command, keep=(lock.descriptor,))
    pid = bench.pid("pid")
    bench.finish()
    os.close(lock.descriptor)
    assert not Lock(tmp_path / "lock").acquire(wait=False)
    assert end_holders(tmp_path / "lock")
    again = Lock(tmp_path / "lock")
    assert again.acquire(wait=True)
    again.release()
    wait_for(lambda: not lives(pid))


def test_who_only_has_the_file_of_a_lock_open_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    ends = bench.start(f"echo $$ > pid; exec sleep {FOREVER} 9< {lock}")
    pid = bench.pid("pid")
    wait_for(lambda: os.path.exists(f"/proc/{pid}/fd/9"))
    assert not end_holders(lock)
    assert lives(pid)
    assert not ends


# Signals to the command itself ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_is_what_ctrl_c_is(number: signal.Signals) -> None:
    def ended() -> None:
        with interruptible():
            os.kill(os.getpid(), number)
            time.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        ended()


def test_afterwards_signals_mean_what_they_meant() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with interruptible():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    seen: list[object] = []

    def work() -> None:
        with interruptible():
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
