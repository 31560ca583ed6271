"""The command line: what it prints, writes and refuses."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from brn_numpy import _start, cli
from brn_numpy.commands import common
from brn_numpy.commands import compare as command

QUICK = ["compare", "--seeds", "1", "--steps", "2"]


def test_alone_says_what_there_is(capsys):
    """Without a command it names the commands and what to try first, and that is no error."""
    assert cli.main([], prog="python -m brn_numpy") == 0
    out, err = capsys.readouterr()
    assert "python -m brn_numpy compare --steps 300 --seeds 1" in out and err == ""
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", ["", "compare", "experiment", "check", "bench", "grade"])
@pytest.mark.parametrize("columns", [80, 120])
def test_help(name, columns, monkeypatch, capsys):
    """Help fits the terminal, goes to standard output, has examples and exit codes."""
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit) as stop:
        cli.main([*name.split(), "--help"], prog="python -m brn_numpy")
    out, err = capsys.readouterr()
    assert (stop.value.code, err) == (0, "")
    assert out.startswith("usage: python -m brn_numpy")
    assert [line for line in out.splitlines() if len(line) > columns] == []
    if name:
        assert "examples:" in out and "exit codes:" in out


def test_compare_writes_json(tmp_path, capsys):
    """Every training of every regime, method and seed is in the JSON, and the table is printed."""
    out = tmp_path / "results.json"
    assert cli.main(["compare", "--seeds", "2", "--steps", "2", "--json", str(out)]) == 0
    text, err = capsys.readouterr()
    assert err == "" and "BRN - BN" in text
    assert [line for line in text.splitlines() if len(line) > 80 and str(out) not in line] == []
    rows = json.loads(out.read_text())["results"]
    assert [(row["regime"], row["seed"], row["method"]) for row in rows] == [
        (regime, seed, method)
        for regime in ("iid32", "micro4", "noniid")
        for seed in (0, 1)
        for method in ("bn", "brn")
    ]
    assert all(0 <= row["accuracy"] <= 1 and row["seconds"] >= 0 for row in rows)
    assert all(row["steps"] == 2 for row in rows)
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_compare_on_own_data(tmp_path, capsys):
    """An .npz with X and y is trained on; its name is in the output."""
    rng = np.random.default_rng(0)
    file = tmp_path / "mine.npz"
    np.savez(file, X=rng.standard_normal((200, 5)), y=np.arange(200) % 3)
    assert cli.main([*QUICK, "--data", str(file)]) == 0
    out = capsys.readouterr().out
    assert "mine: 160 training and 40 test images" in out
    assert "not i.i.d.: 2 classes x 16 images" in out


def test_rows_come_as_trainings_finish(monkeypatch, capsys):
    """After Ctrl-C what was finished stays to be seen; progress speaks as the table does."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    ran, begun = [], []
    run_one = command.run_one

    def third_is_interrupted(*arguments):
        ran.append(arguments[0])
        if len(ran) == 3:
            raise KeyboardInterrupt
        return run_one(*arguments)

    monkeypatch.setattr(command, "run_one", third_is_interrupted)
    monkeypatch.setattr(command.Progress, "begin", lambda _, label, done: begun.append(label))
    assert cli.main(QUICK) == 130
    out = capsys.readouterr().out
    assert "i.i.d. minibatches of 32" in out and "normalised in groups" not in out
    assert begun[-1] == "i.i.d., normalised in groups of 4, BN, seed 0"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "--seeds", "0"], "--seeds: expected a whole number of at least 1, got '0'"),
        (["compare", "--steps", "many"], "--steps: expected a whole number of at least 1"),
        (["compare", "--data", "missing.npz"], "missing.npz' does not exist"),
        (["compare", "--data", "text.npz"], "text.npz begins with the bytes b'hell'"),
        (["compare", "--data", "few.npz"], "these images do not suit compare: labels must hold"),
        (["compare", "--data", "constant.npz"], "is constant"),
        (["compare", "--json", "."], "--json . is a folder"),
        (["compare", "--json", "missing/out.json"], "there is no folder missing"),
        (["comprae"], "invalid choice: 'comprae'"),
    ],
)
def test_mistakes_of_the_user(arguments, said, tmp_path, monkeypatch, capsys):
    """A user's mistake: exit code 2, a line that says what to do, no file."""
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "few.npz", X=np.eye(10), y=np.arange(10) % 2)
    np.savez(tmp_path / "constant.npz", X=np.ones((90, 4)), y=np.arange(90) % 2)
    before = sorted(tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    try:
        code = cli.main(arguments)
    except SystemExit as stop:  # argparse found it
        code = stop.code
    assert code == 2
    assert said in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize(
    ("argv", "line", "command"),
    [
        (["-m"], ["python", "-m", "brn_numpy", "check"], True),
        (["-m"], ["python", "-m", "course"], False),
        (["/usr/bin/brn-numpy", "check"], ["python", "/usr/bin/brn-numpy", "check"], True),
        (["mine.py"], ["python", "mine.py"], False),
        ([], [], False),
    ],
)
def test_one_thread_unless_the_user_chose(argv, line, command, monkeypatch):
    """As a command, one BLAS thread if there was no choice, and a Ctrl-C that needs no handler."""
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", line)
    for name in _start.THREADS:
        monkeypatch.setenv(name, "1")  # so that it is put back
        monkeypatch.delenv(name)
    before = signal.getsignal(signal.SIGINT)
    try:
        _start.begin()
        assert ([os.environ.get(name) for name in _start.THREADS] == ["1"] * 4) == command
        assert (signal.getsignal(signal.SIGINT) == signal.SIG_DFL) == command
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # as under nohup
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        _start.begin()
        assert os.environ["OMP_NUM_THREADS"] == "2"
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="pipes break otherwise on Windows")
def test_closed_pipe_is_no_traceback():
    """When `head` has seen enough, the rest is dropped in silence; the exit code is the shell's."""
    command = [sys.executable, "-m", "brn_numpy"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (141, b"")


def test_a_command_starts_quickly():
    """PyTorch, which takes seconds to load, is loaded by what is timed against it alone."""
    code = "import sys, brn_numpy.cli; print([name for name in sys.modules if name == 'torch'])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n", done.stderr


def test_progress_is_shown_on_a_terminal_only(monkeypatch, capsys):
    """On a terminal a line says how far it is and is wiped out at the end; else there is none."""
    for terminal in (False, True):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal, raising=False)
        progress = common.Progress(total=10)
        progress.begin("iid32 bn seed 0", 5)
        progress.after_step(0)
        progress.clear()
        shown = capsys.readouterr().err
        assert (" 60 %  about 0 s left  iid32 bn seed 0" in shown) == terminal
        assert shown.endswith(" \r") == terminal


def test_main_in_one_process(monkeypatch, capsys, tmp_path):
    """Results in the JSON, a mistake of the user, Ctrl-C."""
    out = tmp_path / "out.json"
    assert cli.main([*QUICK, "--json", str(out)]) == 0
    assert len(json.loads(out.read_text())["results"]) == 6
    assert cli.main([*QUICK, "--data", "missing"]) == 2
    assert "does not exist" in capsys.readouterr().err

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run_one", interrupted)
    assert cli.main(QUICK) == 130
    assert capsys.readouterr().err == "\nbrn-numpy: interrupted\n"


def test_errors_fit_a_terminal(monkeypatch, capsys):
    """In a pipe they are one line, which can be searched."""
    for terminal in (False, True):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal, raising=False)
        assert cli.main([*QUICK, "--data", "a/very/long/path/to/images.npz"]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert (len(lines) > 1) == terminal and (max(map(len, lines)) <= 80) == terminal


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
    itself = tmp_path / "itself.json"
    itself.symlink_to(itself)
    with pytest.raises(common.UserError, match=r"itself\.json cannot be written: it is a link"):
        common.check_writable(str(itself))
    (tmp_path / "nowhere").mkdir()
    common.check_writable(str(link))
    assert not list((tmp_path / "nowhere").iterdir())


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_streams_that_are_closed(name, monkeypatch, capsys):
    """As with 2>&-: nobody wants to read it, and that is no fault."""
    for arguments, code in ((QUICK, 0), (["compare", "--data", "missing"], 2)):
        monkeypatch.setattr(sys, name, None)
        assert cli.main(arguments) == code
    assert "BRN" in capsys.readouterr().out or name == "stdout"


def test_results_are_written_before_the_report(tmp_path, monkeypatch):
    """A mistake in a text costs no results."""

    update = common.Live.update

    def wrong(live, results):
        if len(results) == 6:
            raise ZeroDivisionError
        update(live, results)

    monkeypatch.setattr(common.Live, "update", wrong)
    out = tmp_path / "out.json"
    with pytest.raises(ZeroDivisionError):
        cli.main([*QUICK, "--json", str(out)])
    assert len(json.loads(out.read_text())["results"]) == 6


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [[], ["--help"], ["--version"]])
def test_output_that_cannot_be_written(arguments, monkeypatch, capsys):
    """A full disk behind standard output: exit code 2 and one line."""
    for through in (False, True):  # with PYTHONUNBUFFERED, it is the first write that fails
        with open("/dev/full", "w") as full:
            full.reconfigure(write_through=through)
            monkeypatch.setattr(sys, "stdout", full)
            assert cli.main(arguments) == 2
            assert "could not be written" in capsys.readouterr().err
        # and closing it fails no more, as it would when Python ends


def test_progress_fits_a_narrow_terminal(monkeypatch, capsys):
    """The line is cut to the width of the terminal: a longer one would wrap and pile up."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "30")
    progress = common.Progress(total=10)
    progress.begin("a label that is far too long for this terminal", 5)
    progress.after_step(0)
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
