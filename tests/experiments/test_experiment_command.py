"""python -m brn_numpy experiment: what it runs, keeps, prints and refuses."""

import io
import json
import os
import sys
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext

import numpy as np
import pytest

from brn_numpy._start import THREADS
from brn_numpy.cli import main
from brn_numpy.commands import experiment as command
from brn_numpy.commands import results_folder
from brn_numpy.experiments import store
from brn_numpy.experiments.experiment import Claim, Experiment, Table, Value
from brn_numpy.experiments.rl.spec import CriticSpec
from brn_numpy.experiments.spec import Spec

BN = Spec(steps=400, hidden=(16,))
BRN = BN.but(method="brn")
TINY = Experiment(
    "tiny", "which?", (Table("accuracy, %", {"row": {"BN": BN, "BRN": BRN}}),),
    (Claim("BRN beats BN", BRN, BN),),
)  # fmt: skip


def call(monkeypatch, *arguments, fails=None):
    """Run the command on one tiny experiment, without processes; return which trainings ran.

    BN is right in 50 %, BRN in 75 %; with `fails`, the second training raises that.
    """
    monkeypatch.setattr(command, "EXPERIMENTS", {"tiny": TINY})
    ran = []

    def here(specs, *, executor, path, on_result):
        for spec in specs:
            if fails is not None and len(ran) == 1:
                raise fails
            ran.append(spec)
            on_result(spec, {"accuracy": 0.5 if spec.method == "bn" else 0.75, "seconds": 1.0})

    monkeypatch.setattr(command, "run_specs", here)
    monkeypatch.setattr(command, "workers", nullcontext)
    return main(["experiment", *map(str, arguments)]), ran


def test_the_list(monkeypatch, capsys):
    """Names and questions, alone and with `list`; nothing runs."""
    for names in ([], ["list"]):
        assert call(monkeypatch, *names) == (0, [])
        assert capsys.readouterr().out == "tiny          which?\n"


def test_what_is_printed(monkeypatch, capsys):
    """The table, the verdict, and the time; nothing on stderr when piped."""
    assert call(monkeypatch, "all", "--seeds", 3)[0] == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "50.0 +- 0.0   75.0 +- 0.0" in out
    assert "reproduced: BRN beats BN (+25.0 +- 0.0, asked: > 0)" in out
    assert "(6 trainings, 6 seconds of one core)" in out


def test_markdown(monkeypatch, capsys):
    """Tables for a page, and no claims."""
    assert call(monkeypatch, "tiny", "--seeds", 2, "--markdown")[0] == 0
    out = capsys.readouterr().out
    assert "accuracy, %\n\n| | BN | BRN |\n| --- | --- | --- |\n| row | 50.0 ± 0.0 |" in out
    assert "BRN beats BN" not in out


def test_bars(monkeypatch, capsys):
    """The longest has 40 signs, the others their share."""
    assert call(monkeypatch, "tiny", "--seeds", 1, "--plot")[0] == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "#" in line] == [
        "row, BN   " + "#" * 27,
        "row, BRN  " + "#" * 40,
    ]


def test_a_terminal_without_our_letters(monkeypatch):
    """Tables are printed all the same, with escapes."""
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert call(monkeypatch, "tiny", "--seeds", 2, "--markdown")[0] == 0
    assert b"| row | 50.0 \\xb1 0.0 |" in sys.stdout.buffer.getvalue()


def images(path, seed, size=400):
    """Write images of ten classes."""
    x = np.random.default_rng(seed).standard_normal((size, 5))
    np.savez(path, X=x, y=np.arange(size) % 10)
    return path


def test_other_images_of_the_same_name(monkeypatch, tmp_path, capsys):
    """Their results are not taken for those of these; the same images are known again."""
    one, other, out = images(tmp_path / "my.npz", 0), tmp_path / "other", tmp_path / "results"
    other.mkdir()
    known = ["tiny", "--seeds", 1, "--json", out, "--resume"]
    assert len(call(monkeypatch, *known, "--data", one)[1]) == 2
    assert f"\n{one}; what" in capsys.readouterr().out
    assert call(monkeypatch, *known, "--data", one) == (0, [])
    assert call(monkeypatch, *known, "--data", images(other / "my.npz", 1)) == (2, [])
    assert "holds results on my, SHA-256" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "size", "said"),
    [
        ({"measures": ("batches",), "classes_per_batch": 4}, 100, "8 images of each class"),
        ({"measures": ("companions",)}, 180, "it needs at least 40 test images, got 36"),
        ({"conv": True}, 400, "need square images"),
    ],
)
def test_images_that_a_measure_cannot_use(monkeypatch, tmp_path, capsys, change, size, said):
    """Said before the first training, without advice that no option can follow."""
    tiny = Experiment("tiny", "which?", (Table("%", {"row": {"BN": BN.but(**change)}}),), ())
    monkeypatch.setattr(sys.modules[__name__], "TINY", tiny)
    code, ran = call(monkeypatch, "tiny", "--data", images(tmp_path / "my.npz", 0, size))
    assert (code, ran) == (2, [])
    err = capsys.readouterr().err
    assert "these images do not suit tiny: " in err and said in err and "choose" not in err


def test_an_experiment_without_images(monkeypatch, tmp_path, capsys):
    """Whatever images there are, it runs, and says so; there are no bars below 0."""
    spec = CriticSpec(steps=400)
    value = Value(lambda result: -100 * result["accuracy"])
    table = Table("return", {"row": {"BN": spec}}, value)
    tiny = Experiment("tiny", "which?", (table,), ())
    monkeypatch.setattr(sys.modules[__name__], "TINY", tiny)
    few = images(tmp_path / "my.npz", 0, 20)
    code, ran = call(monkeypatch, "tiny", "--data", few, "--seeds", 1, "--plot")
    assert (code, ran) == (0, [spec])
    out = capsys.readouterr().out
    assert "Not on your images: tiny is about a pendulum." in out
    assert "row  -75.0" in " ".join(out.split(" " * 8)) and "#" not in out


def test_images_that_go_away(monkeypatch, tmp_path, capsys):
    """A worker cannot read them any more: that is no fault of the output."""
    error = FileNotFoundError("path 'my.npz' does not exist")
    assert call(monkeypatch, "tiny", "--seeds", 1, fails=error)[0] == 2
    err = capsys.readouterr().err
    assert "error: tiny: path 'my.npz' does not exist" in err and "output" not in err


def test_quick(monkeypatch, capsys):
    """A fifth of the steps, two seeds; with --seeds, as many as were asked for."""
    code, ran = call(monkeypatch, "tiny", "--quick")
    assert code == 0 and {spec.steps for spec in ran} == {80}
    assert sorted(spec.seed for spec in ran) == [0, 0, 1, 1]
    assert "a fifth of the steps" in capsys.readouterr().out
    assert len(call(monkeypatch, "tiny", "--quick", "--seeds", 3)[1]) == 6
    out = capsys.readouterr().out
    assert "not judged: BRN beats BN (+25.0 +- 0.0, asked: > 0)" in out


def test_one_thread_a_worker(monkeypatch, capsys):
    """Unless the user chose."""
    for name in THREADS:
        monkeypatch.setenv(name, "1")  # so that it is put back
        monkeypatch.delenv(name)
    call(monkeypatch, "tiny", "--quick")
    assert [os.environ[name] for name in THREADS] == ["1"] * 4
    monkeypatch.delenv(THREADS[1])
    monkeypatch.setenv(THREADS[0], "2")
    call(monkeypatch, "tiny", "--quick")
    assert os.environ[THREADS[0]] == "2" and THREADS[1] not in os.environ


def test_what_is_finished_stays_to_be_seen(monkeypatch, capsys):
    """Rows are printed when their trainings are done; Ctrl-C takes none of them back."""
    rows = {"first": {"BN": BN}, "second": {"BN": BN.but(batch_size=8), "BRN": BRN}}
    two = Experiment("tiny", "which?", (Table("accuracy, %", rows),), ())
    monkeypatch.setattr(sys.modules[__name__], "TINY", two)
    assert call(monkeypatch, "tiny", "--seeds", 1, fails=KeyboardInterrupt())[0] == 130
    out = capsys.readouterr().out
    assert "first           50.0" in out and "second" not in out


def test_a_reader_who_has_seen_enough(monkeypatch, capsys):
    """Such as `head`: no fault of the images, and nothing is said."""

    def closed(live, results):
        if results:
            raise BrokenPipeError

    monkeypatch.setattr(command.Live, "update", closed)
    assert call(monkeypatch, "tiny")[0] == 141
    assert capsys.readouterr().err == ""


def test_progress_speaks_as_the_table_does(monkeypatch, capsys):
    """It names the row and the column of what runs, and is wiped out before a row is shown."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    call(monkeypatch, "tiny", "--seeds", 2)
    err = capsys.readouterr().err
    assert "  0 %  tiny: row, BN, seed 0" in err
    assert err.endswith(" \r")


def test_what_is_finished_is_kept(monkeypatch, tmp_path, capsys):
    """If a worker dies, or on Ctrl-C, the folder holds what came before, and --resume goes on."""
    out = tmp_path / "results"
    for error, code, says in (
        (BrokenProcessPool(), 2, "a worker process ended by itself"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ):
        found = call(monkeypatch, "tiny", "--json", out, "--resume", "--seeds", 2, fails=error)
        assert (found[0], len(found[1])) == (code, 1)
        assert says in capsys.readouterr().err
    assert len(store.load(out / "tiny.json")) == 2
    code, ran = call(monkeypatch, "tiny", "--json", out, "--resume", "--seeds", 2)
    assert (code, len(ran)) == (0, 2)


def test_results_are_saved_as_they_come(monkeypatch, tmp_path, capsys):
    """Every few seconds, so that a machine that goes down costs no more than that."""
    monkeypatch.setattr(results_folder, "SAVE_EVERY", -1.0)
    saved = []
    save = store.save
    monkeypatch.setattr(store, "save", lambda *a: (saved.append(len(a[-1])), save(*a)))
    call(monkeypatch, "tiny", "--json", tmp_path / "results", "--seeds", 1)
    assert saved == [1, 2, 2]


def test_a_disk_that_is_full(monkeypatch, tmp_path, capsys):
    """One line, exit code 2."""

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(store, "save", full)
    assert call(monkeypatch, "tiny", "--json", tmp_path / "results")[0] == 2
    assert "--json: no space left" in capsys.readouterr().err


def test_results_of_another_version(monkeypatch, tmp_path, capsys):
    """They are not mixed with new ones; if none is missing, they are shown."""
    out = tmp_path / "results"
    call(monkeypatch, "tiny", "--json", out, "--seeds", 1)
    path = out / "tiny.json"
    content = json.loads(path.read_text())
    content["versions"]["numpy"] = "1.0"
    del content["sha256"]  # as in files that were written before there were checksums
    path.write_text(json.dumps(content))
    for seeds, code in ((1, 0), (2, 2)):
        again = call(monkeypatch, "tiny", "--json", out, "--seeds", seeds, "--resume")
        assert again == (code, [])
        assert json.loads(path.read_text()) == content
    assert "was made with numpy 1.0, this is" in capsys.readouterr().err


def test_results_of_another_processor(monkeypatch, tmp_path, capsys):
    """Its last digits differ, and with them trainings; old files do not say, and are taken."""
    out = tmp_path / "results"
    call(monkeypatch, "tiny", "--json", out, "--seeds", 1)
    monkeypatch.setattr(store, "arithmetic", lambda: "other")
    again = ("tiny", "--json", out, "--seeds", 2, "--resume")
    assert call(monkeypatch, *again) == (2, [])
    assert "arithmetic stands for processor and BLAS library" in capsys.readouterr().err
    content = json.loads((out / "tiny.json").read_text())
    del content["versions"]["arithmetic"], content["sha256"]
    (out / "tiny.json").write_text(json.dumps(content))
    assert call(monkeypatch, *again)[0] == 0


def test_nothing_that_was_kept_is_lost(monkeypatch, tmp_path, capsys):
    """Fewer seeds and --quick in the same folder leave what is there, and add what is not."""
    out = tmp_path / "results"
    call(monkeypatch, "tiny", "--json", out, "--seeds", 3)
    assert call(monkeypatch, "tiny", "--json", out, "--seeds", 1, "--resume") == (0, [])
    assert "(2 trainings," in capsys.readouterr().out.split("results written")[1]
    assert len(store.load(out / "tiny.json")) == 6
    call(monkeypatch, "tiny", "--json", out, "--quick", "--resume")
    assert len(store.load(out / "tiny.json")) == 10


def test_experiments_share_trainings(monkeypatch, tmp_path, capsys):
    """What another file of the folder holds is not run again, and is written here as well."""
    out = tmp_path / "results"
    call(monkeypatch, "tiny", "--json", out, "--seeds", 1)
    (out / "tiny.json").rename(out / "other.json")
    assert call(monkeypatch, "tiny", "--json", out, "--seeds", 1, "--resume") == (0, [])
    assert len(store.load(out / "tiny.json")) == 2


def test_resume_runs_nothing_twice(monkeypatch, tmp_path, capsys):
    """With --resume, what is in the folder is not run again; without, the folder is refused."""
    out = tmp_path / "results"
    assert call(monkeypatch, "tiny", "--seeds", 2, "--json", out)[0] == 0
    assert [path.name for path in out.iterdir()] == ["tiny.json"]
    code, ran = call(monkeypatch, "tiny", "--seeds", 3, "--json", out, "--resume")
    assert (code, [spec.seed for spec in ran]) == (0, [2, 2])
    assert len(store.load(out / "tiny.json")) == 6
    code, ran = call(monkeypatch, "tiny", "--json", out)
    assert (code, ran) == (2, [])
    assert "add --resume" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "there is no experiment 'nothing'; expected all, list or some of tiny"),
        (["all", "tiny"], "all stands alone, got all tiny"),
        (["tiny", "--resume"], "--resume needs --json DIR"),
        (["tiny", "--data", "nowhere.npz"], "path 'nowhere.npz' does not exist"),
        (["tiny", "--json", "no/such/folder"], "there is no folder"),
        (["tiny", "--json", "a_file"], "--json a_file is a file, expected a folder"),
        (["tiny", "--json", "x" * 300], "--json xxx"),
        (["tiny", "--json", "others", "--resume"], "holds no results of an experiment"),
    ],
)
def test_mistakes_of_the_user(monkeypatch, tmp_path, capsys, arguments, said):
    """Each ends with one line and exit code 2, before any training."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_file").write_text("")
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "mine.json").write_text("{}")
    code, ran = call(monkeypatch, *arguments)
    assert (code, ran) == (2, [])
    assert said in capsys.readouterr().err
