"""Experiments as text: means over seeds, paired differences, rows as soon as they are there."""

from pathlib import Path

import numpy as np
import pytest

from brn_numpy.experiments import store
from brn_numpy.experiments.claims import EXPERIMENTS
from brn_numpy.experiments.experiment import Best, Claim, Experiment, Gap, Table, Value
from brn_numpy.experiments.report import pieces, report
from brn_numpy.experiments.spec import Spec
from brn_numpy.experiments.tables import View, markdown_of

RESULTS = Path(__file__).parents[2] / "tutorials" / "results"
SHORT = Spec(steps=200, hidden=(16,))
BN, BRN = SHORT, SHORT.but(method="brn")


def tiny(**options):
    """Return an experiment on BN and BRN, and results of three seeds."""
    table = Table("accuracy, %, after {steps} steps", {"row": {"BN": BN, "BRN": BRN}})
    claims = (Claim("BRN beats BN", BRN, BN), Claim("BRN is good", BRN, 60.0))
    results = {}
    for seed, (low, high) in enumerate([(0.5, 0.6), (0.7, 0.81), (0.6, 0.69)]):
        results[BN.but(seed=seed)] = {"accuracy": low}
        results[BRN.but(seed=seed)] = {"accuracy": high}
    return Experiment("tiny", "which?", (table,), claims, **options), results


def test_report_pairs_the_seeds():
    """Tables show means over seeds, claims the mean of the differences seed by seed."""
    text = report(*tiny(), View(seeds=3))
    assert "60.0 +- 5.8" in text and "70.0 +- 6.1" in text
    assert "\nreproduced: BRN beats BN (+10.0 +- 0.6, asked: > 0)" in text
    assert "\ntoo noisy to say: BRN is good (+70.0 +- 6.1, asked: > 60)" in text
    assert "not judged" not in text


@pytest.mark.parametrize(
    "view", [View(seeds=2), View(seeds=3, trained=lambda spec: spec.shorter(2))]
)
def test_nothing_is_judged_by_little(view):
    """Two seeds, or trainings of a part of the length, give tables and numbers, and no verdict."""
    text = report(*tiny(note="Trained for {steps} steps."), view)
    assert text.count("\nnot judged: ") == 2 and "reproduced" not in text
    assert f"after {view.trained(SHORT).steps} steps" in text
    assert f"Trained for {view.trained(SHORT).steps} steps." in text
    assert "(not judged: that takes 3 seeds and full length)" in text


def test_a_row_is_ready_when_its_trainings_are():
    """Each piece names what it needs: the row both methods, a claim its sides, the head nothing."""
    experiment, results = tiny()
    head, title, row, *claims = pieces(experiment, View(seeds=3))
    assert head.text({}) == "tiny: which?"
    assert title.needs == frozenset() and "after 200 steps" in title.text({})
    assert row.needs == results.keys() == claims[0].needs
    assert claims[1].needs == {BRN.but(seed=seed) for seed in range(3)}
    assert experiment.specs(2)[:2] == [BN, BN.but(seed=1)]  # all of a cell before the next one
    assert experiment.names() == {BN: "row, BN", BRN: "row, BRN"}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_line_fits_in_80_columns(name):
    """Tables, bars, claims and notes of the real experiments with real results; wider if wanted."""
    results = store.load(RESULTS / f"{name}.json")
    for bars in (False, True):
        lines = report(EXPERIMENTS[name], results, View(), bars).splitlines()
        assert [line for line in lines if len(line) > 80] == []
    widest = max(map(len, report(EXPERIMENTS[name], results, View(width=200)).splitlines()))
    assert widest > 80 or name in ("iid", "microbatches", "companions", "rates")


def test_what_a_lost_training_lacks_is_nan():
    """Only there: what another training lacks is a mistake of ours."""
    best = Value(lambda result: max(result["curve"]), digits=0)
    assert best({"accuracy": 0.5, "curve": [0.4, 0.75]}) == 0.75
    assert np.isnan(best({"accuracy": 0.1, "diverged": True}))
    with pytest.raises(KeyError, match="curve"):
        best({"accuracy": 0.5})


def test_the_best_is_chosen_by_the_validation_images():
    """The cell shows the test accuracy of the rate with the best mean validation accuracy."""
    slow, fast = SHORT.but(learning_rate=0.01), SHORT.but(learning_rate=0.1)
    best = Best({"slow": slow, "fast": fast}, by=lambda result: result["validation"])
    table = Table("accuracy, %", {"row": {"BN": best}})
    claim = Claim("at its best, BN is better than 65 %", best, 65.0)
    tuned = Experiment("tuned", "how good?", (table,), (claim,))
    results = {}
    for seed, (of_slow, of_fast) in enumerate([(0.9, 0.5), (0.2, 0.8), (0.3, 0.7)]):
        results[slow.but(seed=seed)] = {"accuracy": 0.6, "validation": of_slow}
        results[fast.but(seed=seed)] = {"accuracy": 0.7, "validation": of_fast}
    assert sorted(map(str, tuned.specs(3))) == sorted(map(str, results))
    assert markdown_of(table, results, View(seeds=3)).endswith("| row | 70.0 ± 0.0 (fast) |")
    text = report(tuned, results, View(seeds=3))
    assert "at its best, BN is better than 65 % (+70.0 +- 0.0, asked: > 65)" in text
    lines = [line.split() for line in text.splitlines()]
    assert lines[lines.index(["row", "70.0", "+-", "0.0"]) + 1] == ["(fast)"]


def test_a_gap_is_taken_seed_by_seed():
    """Seeds that are good or bad as a whole do not blur the difference."""
    more, less = SHORT, SHORT.but(microbatch_size=4)
    table = Table("cost, points", {"row": {"BN": Gap(more, less)}})
    results = {}
    for seed, (high, low) in enumerate([(0.9, 0.8), (0.7, 0.61), (0.5, 0.39)]):
        results[more.but(seed=seed)] = {"accuracy": high}
        results[less.but(seed=seed)] = {"accuracy": low}
    costs = Experiment("costs", "how much?", (table,), (Claim("it costs", Gap(more, less), 0.0),))
    assert sorted(map(str, costs.specs(3))) == sorted(map(str, results))
    text = report(costs, results, View(seeds=3))
    assert "10.0 +- 0.6" in text
    assert "reproduced: it costs (+10.0 +- 0.6, asked: > 0)" in text


def test_the_paper_is_shown_beside():
    """On a page it has a column of its own, in a terminal a line; a row may have nothing there."""
    rows = {"one": {"BN": SHORT}, "two": {"BN": SHORT}}
    table = Table("accuracy, %", rows, paper={"one": "78.3"})
    results = {SHORT: {"accuracy": 0.5}}
    assert markdown_of(table, results, View(seeds=1)).splitlines() == [
        "| | BN | the paper |",
        "| --- | --- | --- |",
        "| one | 50.0 | 78.3 |",
        "| two | 50.0 |  |",
    ]
    text = report(Experiment("paper", "same?", (table,), ()), results, View(seeds=1))
    assert text.splitlines()[-3:] == [f"one{50.0:>14}", "  the paper: 78.3", f"two{50.0:>14}"]


def test_what_is_to_be_noted_stands_below():
    """Seeds that diverged; accuracies that guessing has, but not a difference of two of them."""
    rows = {"a row whose name is much too long": {"BN": BN, "cost": Gap(BN, BRN)}}
    diverged = {"accuracy": 0.1, "diverged": True}
    results = {BN: diverged, BN.but(seed=1): {"accuracy": 0.1}} | {
        BRN.but(seed=seed): {"accuracy": 0.1} for seed in range(2)
    }
    text = report(
        Experiment("noted", "what?", (Table("%", rows),), ()),
        results,
        View(seeds=2, width=47, chance=0.11),
    )
    assert text.splitlines()[-3:] == [
        "a row whose name is   10.0 +- 0.0    0.0 +- 0.0",
        "  much too long      (1 diverged)  (1 diverged)",
        "                      (at chance)",
    ]
