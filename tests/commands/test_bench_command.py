"""python -m brn_numpy bench, on shapes so small that nothing takes time."""

import json

import numpy as np
import pytest

from brn_numpy.bench import layers, machine, norms, timing
from brn_numpy.cli import main
from brn_numpy.commands import bench as command

TINY = ((4, 3), (2, 3, 4, 4))


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """Make every row small and short."""
    monkeypatch.setattr(norms, "SHAPES", TINY)
    monkeypatch.setattr(norms, "QUICK_SHAPES", TINY)
    monkeypatch.setattr(norms, "GROWTH", ((2, 3, 4, 4),))
    monkeypatch.setattr(norms, "RELATIVES", ((3, (2, 6, 4, 4)), (1, (4, 3))))
    monkeypatch.setattr(layers, "CONVOLUTIONS", (((2, 1, 5, 5), 2),))
    monkeypatch.setattr(layers, "BATCHES", (2,))
    monkeypatch.setattr(layers, "NORMS", TINY)
    monkeypatch.setattr(layers, "POOLING", (2, 3, 4, 4))
    monkeypatch.setattr(machine, "LARGE", (2, 3, 4, 4))
    monkeypatch.setattr(timing, "SHORTEST", 1e-6)


@pytest.mark.parametrize("options", [[], ["--quick"]])
def test_all_tables_are_printed(options, capsys):
    """Times, growth, layers, calls, memory and bandwidth; nothing on stderr when piped."""
    assert main(["bench", "--rounds", "2", *options]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for part in ("/ textbook", "growth", "Conv2d 3x3 2x1x5x5 to 2", "training step", "memory"):
        assert part in out
    assert "update / forward" in out and "BatchRenorm / BatchNorm" in out
    assert "GB/s" in out and out.count("float64") == 2


def test_a_terminal_shows_how_far_it_is(monkeypatch, capsys):
    """Also before the first row, when nobody knows how long it will take."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert main(["bench", "--rounds", "2", "--quick"]) == 0
    err = capsys.readouterr().err
    assert err.startswith("\r  0 %  float32 4x3 ") and err.endswith(" \r")


def test_the_json_holds_quartiles(tmp_path, capsys):
    """Every row has the quartiles of every function, in order."""
    path = tmp_path / "bench.json"
    assert main(["bench", "--rounds", "3", "--json", str(path)]) == 0
    content = json.loads(path.read_text())
    rows = {row["row"]: row for row in content["rows"]}
    assert "float32 4x3" in rows and "memory 2x3x4x4" in rows and "bandwidth" in rows
    seconds = rows["float32 4x3"]["seconds"]
    assert {"bn", "updating", "brn", "textbook"} <= set(seconds)
    assert {"bn / textbook", "brn / bn"} <= set(rows["float32 4x3"]["ratios"])
    assert "update / forward" in rows["calls 4x3"]["ratios"]
    assert all(0 < low <= median <= high for low, median, high in seconds.values())
    assert content["machine"]["blas"] and content["rounds"] == 3


def test_the_ablation_has_a_column_for_every_step(capsys):
    """One row for every shape and dtype, one ratio for every step."""
    assert main(["bench", "--ablate", "--rounds", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(lines) if "BLAS sums" in line)
    assert "halves in" in lines[at] and "the cache" in lines[at + 1]
    rows = lines[at + 2 :]
    assert len(rows) == 4
    assert all(line.count("+-") + line.count("too noisy") == 5 for line in rows)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("ours", "theirs", "noisy"),
    [
        ([1.0, 1.1, 0.9, 1.0], [2.0, 2.1, 1.9, 2.0], False),
        ([1.0, 1.02, 0.98, 1.0], [1.0, 1.0, 1.0, 1.01], False),  # equal within a tenth
        ([1.0, 3.0, 0.9, 1.0], [2.0, 1.0, 1.9, 2.0], True),
    ],
)
def test_what_the_rounds_do_not_tell(ours, theirs, noisy):
    """Three standard errors decide whether a ratio is shown, as in the experiments."""
    timings = {"ours": np.array(ours), "theirs": np.array(theirs)}
    assert timing.is_noisy(timings, "ours", "theirs") == noisy


def test_noise_is_named(monkeypatch, capsys):
    """In the place of a ratio, and of a difference."""

    def noise(functions, rounds):
        return {name: np.array([1.0, 5.0 + i, 0.3 / (i + 1)]) for i, name in enumerate(functions)}

    monkeypatch.setattr(command, "in_turn", noise)
    assert main(["bench", "--rounds", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if line.startswith("float32 4x3"))
    assert row.count("too noisy") >= 3 and row.endswith("too noisy")
    assert max(map(len, lines)) <= 80


def test_a_wrong_argument_is_refused(capsys):
    """Rounds must be positive; a folder is no file."""
    with pytest.raises(SystemExit) as stop:
        main(["bench", "--rounds", "0"])
    assert stop.value.code == 2
    assert main(["bench", "--json", "."]) == 2
    assert "--json . is a folder" in capsys.readouterr().err
