"""The command line, run as a user runs it."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from brn_numpy import cli
from brn_numpy.__main__ import THREADS, run
from brn_numpy.commands import common
from brn_numpy.experiments import compare

QUICK = ["compare", "--seeds", "1", "--steps", "2"]


@pytest.fixture
def call(capsys):
    """Return a function that runs a command here and returns its exit code, output, errors."""

    def run_it(*arguments):
        try:
            code = cli.main(list(map(str, arguments)), prog="python -m brn_numpy")
        except SystemExit as done:  # argparse: help, and mistakes in the arguments
            code = done.code
        return code, *capsys.readouterr()

    return run_it


def started(*arguments, one_thread=True, **options):
    """Start a process of its own, which with `one_thread` given need not start itself anew."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for name in THREADS:
        environment.pop(name, None)
    if one_thread:
        environment[THREADS[0]] = "1"
    command = [sys.executable, "-W", "error", "-m", "brn_numpy", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, **options)


def test_alone_says_what_there_is(call):
    """Without a command it names the commands and what to try first, and that is no error."""
    code, output, errors = call()
    assert (code, errors) == (0, "")
    assert "compare --steps 300 --seeds 1" in output


@pytest.mark.parametrize("arguments", [["--help"], ["compare", "--help"]])
def test_help(call, arguments):
    """Help goes to standard output; that of compare has examples and exit codes."""
    code, output, errors = call(*arguments)
    assert (code, errors) == (0, "")
    assert "usage: python -m brn_numpy" in output
    if "compare" in arguments:
        assert "examples:" in output and "exit codes:" in output


def test_compare_writes_json(call, tmp_path):
    """Every training of every regime, method and seed is in the JSON, and the table is printed."""
    out = tmp_path / "results.json"
    code, output, errors = call("compare", "--seeds", 2, "--steps", 2, "--json", out)
    assert (code, errors) == (0, "")
    assert "BRN-BN" in output
    rows = json.loads(out.read_text())["results"]
    kinds = [(row["regime"], row["method"], row["seed"]) for row in rows]
    assert sorted(kinds) == sorted(
        (regime, method, seed)
        for regime in ("iid32", "micro4", "noniid")
        for method in ("bn", "brn")
        for seed in (0, 1)
    )
    assert all(0 <= row["accuracy"] <= 1 and row["seconds"] >= 0 for row in rows)
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_compare_on_own_data(call, tmp_path):
    """An .npz with X and y is trained on; its name is in the output."""
    rng = np.random.default_rng(0)
    file = tmp_path / "mine.npz"
    np.savez(file, X=rng.standard_normal((200, 5)), y=np.arange(200) % 3)
    code, output, errors = call(*QUICK, "--data", file)
    assert (code, errors) == (0, "")
    assert "mine: 160 training and 40 test images" in output
    assert "minibatches of 2 of the classes, 16 images of each" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "--seeds", "0"], "--seeds: expected a whole number of at least 1, got '0'"),
        (["compare", "--steps", "many"], "--steps: expected a whole number of at least 1"),
        (["compare", "--data", "missing.npz"], "missing.npz' does not exist"),
        (["compare", "--data", "text.npz"], "text.npz begins with the bytes b'hell'"),
        (["compare", "--data", "few.npz"], "few does not suit compare: labels must hold"),
        (["compare", "--data", "constant.npz"], "is constant"),
        (["compare", "--json", "."], "--json . is a folder"),
        (["compare", "--json", "missing/out.json"], "there is no folder missing"),
        (["comprae"], "invalid choice: 'comprae'"),
    ],
)
def test_mistakes_of_the_user(call, arguments, said, tmp_path, monkeypatch):
    """A user's mistake: exit code 2, a line that says what to do, no traceback, no file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "few.npz", X=np.eye(10), y=np.arange(10) % 2)
    np.savez(tmp_path / "constant.npz", X=np.ones((90, 4)), y=np.arange(90) % 2)
    before = sorted(tmp_path.iterdir())
    code, output, errors = call(*arguments)
    assert (code, output) == (2, "")
    assert said in errors
    assert sorted(tmp_path.iterdir()) == before


def test_a_process_of_its_own(tmp_path):
    """As a user starts it: the exit code and the one line are those of `main`."""
    with started("compare", "--data", "missing", one_thread=False, cwd=tmp_path) as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert errors.startswith("python -m brn_numpy: error: ") and errors.count("\n") == 1


def test_a_command_starts_quickly():
    """PyTorch, which takes seconds to load, is loaded by what is timed against it alone."""
    code = "import sys, brn_numpy.cli; print([name for name in sys.modules if name == 'torch'])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.skipif(os.name != "posix", reason="elsewhere the variables are left alone")
def test_one_thread_unless_the_user_chose(monkeypatch):
    """Without a choice the process starts itself anew with one BLAS thread, and else runs on."""
    started = []

    def execve(path, arguments, environment):
        started.append((path, arguments[0], {environment.get(name) for name in THREADS}))
        raise KeyboardInterrupt  # the real one does not come back

    monkeypatch.setattr(os, "execve", execve)
    monkeypatch.setattr(sys, "argv", ["brn-numpy"])
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert started == [(sys.executable, sys.executable, {"1"})]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert run() == 0
    assert len(started) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_leaves_cleanly(tmp_path):
    """Ctrl-C in the middle of a training: exit code 130, one line, no file, no traceback."""
    long = ["compare", "--steps", 100_000, "--json", tmp_path / "results.json"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # `pytest &` ignores it
    with started(*long, stdout=subprocess.PIPE) as process:
        signal.signal(signal.SIGINT, before)
        process.stdout.readline()  # the line before the first training
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130
    assert errors.strip() == "python -m brn_numpy: interrupted"
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="pipes break otherwise on Windows")
def test_closed_pipe_is_no_traceback():
    """When `head` has seen enough, the rest is dropped in silence; the exit code is the shell's."""
    with started(stdout=subprocess.PIPE) as process:
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (141, "")


def test_progress_is_shown_on_a_terminal_only(monkeypatch, capsys):
    """On a terminal a line says how far it is and is wiped out at the end; else there is none."""
    for terminal in (False, True):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal, raising=False)
        progress = common.Progress(total=10)
        progress.begin("iid32 bn seed 0", 5)
        progress.after_step(0, 1.0)
        progress.clear()
        shown = capsys.readouterr().err
        assert ("60 %  iid32 bn seed 0, about" in shown) == terminal
        assert shown.endswith(" \r") == terminal


def test_an_interrupt_in_a_training(call, monkeypatch):
    """Exit code 130 and one line, below that of the progress."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(compare, "run", interrupted)
    code, _, errors = call(*QUICK)
    assert (code, errors) == (130, "\npython -m brn_numpy: interrupted\n")


def test_json_in_place_of_the_data(tmp_path, capsys):
    """--json on the file that --data reads is refused, and the data stay."""
    file = tmp_path / "two.npz"
    np.savez(file, X=np.eye(90), y=np.arange(90) % 3)
    before = file.read_bytes()
    assert cli.main([*QUICK, "--data", str(file), "--json", str(file)]) == 2
    assert "would replace what is read" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_json_in_place_of_one_of_the_data(tmp_path, capsys):
    """Of the four files in a folder of MNIST's none is replaced."""
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (tmp_path / name).write_bytes(b"data")
    labels = tmp_path / "train-labels-idx1-ubyte"
    for source in (tmp_path, tmp_path / "train-images-idx3-ubyte"):
        with pytest.raises(common.UserError, match="would replace what is read"):
            common.check_writable(str(labels), str(source))
    mine = tmp_path / "mine.npz"
    mine.write_bytes(b"data")
    common.check_writable(str(labels), str(mine))


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_json_that_would_fail_at_the_end(tmp_path):
    """Through a link, or with a name that leaves no room: looked at before the first training."""
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "nowhere" / "out.json")
    with pytest.raises(common.UserError, match=f"there is no folder {tmp_path / 'nowhere'}"):
        common.check_writable(str(link))
    with pytest.raises(common.UserError, match="cannot be written: File name too long"):
        common.check_writable(str(tmp_path / ("x" * 245)))
    (tmp_path / "nowhere").mkdir()
    common.check_writable(str(link))
    assert not list((tmp_path / "nowhere").iterdir())


def test_no_output_at_all(monkeypatch):
    """Standard output that the caller has closed is no fault."""
    monkeypatch.setattr(sys, "stdout", None)
    common.show("nobody reads this")


def test_results_are_written_before_the_report(tmp_path, monkeypatch):
    """A mistake in a text costs no results."""

    def wrong(results):
        raise ZeroDivisionError

    monkeypatch.setattr(compare, "report", wrong)
    out = tmp_path / "out.json"
    with pytest.raises(ZeroDivisionError):
        cli.main([*QUICK, "--json", str(out)])
    assert len(json.loads(out.read_text())["results"]) == 6


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_output_that_cannot_be_written():
    """A full disk behind standard output: exit code 2 and one line."""
    with open("/dev/full", "w") as full, started(stdout=full) as process:
        errors = process.stderr.read()
    assert process.returncode == 2
    assert "could not be written" in errors
    assert "Traceback" not in errors


def test_progress_fits_a_narrow_terminal(monkeypatch, capsys):
    """The line is cut to the width of the terminal: a longer one would wrap and pile up."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "30")
    progress = common.Progress(total=10)
    progress.begin("a label that is far too long for this terminal", 5)
    progress.after_step(0, 1.0)
    progress.clear()
    assert max(len(part) for part in capsys.readouterr().err.split("\r")) <= 29


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write")
def test_json_in_a_folder_without_rights(tmp_path):
    """Rights are looked at before the first training, not after the last."""
    tmp_path.chmod(0o500)
    with pytest.raises(common.UserError, match="cannot be written"):
        common.check_writable(str(tmp_path / "out.json"))


def test_json_that_cannot_be_written(tmp_path, monkeypatch, capsys):
    """A disk that fills up during the run ends as an error of one line."""

    def full(path):
        raise OSError("no space left")

    monkeypatch.setattr(common, "whole_file", full)
    code = cli.main([*QUICK, "--json", str(tmp_path / "out.json")], prog="brn-numpy")
    assert code == 2
    assert "no space left" in capsys.readouterr().err
