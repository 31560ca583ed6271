"""Nothing is left behind: signals, and the end of whoever started a process."""

import os
import signal
import subprocess
import sys
import time

import pytest

from brn_numpy import __main__, _processes

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="Windows has other signals"),
    pytest.mark.usefixtures("usual_signals"),
]
PATIENCE = 60  # seconds, until a test that hangs has failed


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_workers_end_with_the_command(name):
    """Whoever waits for the output of `experiment` sees its end, though workers held it too."""
    command = [sys.executable, "-m", "brn_numpy", "experiment", "iid", "--seeds", "9"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, start_new_session=True, **pipes) as process:
        try:
            process.stdout.readline()  # workers are there now
            process.send_signal(getattr(signal, name))
            _, error = process.communicate(timeout=PATIENCE)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == (143 if name == "SIGTERM" else -9)
    assert "Traceback" not in error
    left = time.monotonic() + PATIENCE
    while True:  # the session is empty soon
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < left
        time.sleep(0.05)


def test_ctrl_c_ends_compare(tmp_path):
    """In the middle of a training: exit code 130, one line, no file; what is printed stays."""
    out = tmp_path / "results.json"
    command = [sys.executable, "-W", "error", "-m", "brn_numpy", "compare", "--json", out]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()  # the line before the first training
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert error.decode().strip() == "python -m brn_numpy: interrupted"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", _processes.STOPS)
def test_signals_unwind_once(number):
    """Clean-up runs, and a second signal does not interrupt it; the exit code is that of shells."""
    expected = KeyboardInterrupt if number == signal.SIGINT else SystemExit
    _processes.unwind_on_signals()
    with pytest.raises(expected) as stopped:
        try:
            os.kill(os.getpid(), number)
            time.sleep(PATIENCE)
        finally:
            for again in _processes.STOPS:
                os.kill(os.getpid(), again)
    assert expected is KeyboardInterrupt or stopped.value.code == 128 + number


def test_what_is_ignored_stays_so():
    """Under nohup, SIGHUP is ignored from the start."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _processes.unwind_on_signals()
    os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def test_no_signal_interrupts_the_end(monkeypatch):
    """When a command has returned, Python ends without a traceback whatever comes."""
    monkeypatch.setattr(__main__, "main", lambda prog: 7)
    assert __main__.run() == 7
    assert all(signal.getsignal(number) == signal.SIG_IGN for number in _processes.STOPS)


def test_a_process_ends_at_the_end_of_a_pipe():
    """At once, whatever it does, when nobody can write to the pipe any more."""
    reader, writer = os.pipe()
    code = (
        "import os, sys, time; from brn_numpy._processes import end_at_eof;"
        "end_at_eof(lambda: os.read(int(sys.argv[1]), 1)); "
        "print('ready', flush=True); time.sleep(1000)"
    )
    command = [sys.executable, "-c", code, str(reader)]
    with subprocess.Popen(command, pass_fds=[reader], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n" and process.poll() is None
        os.close(writer)
        assert process.wait(timeout=PATIENCE) == 1
    os.close(reader)
