"""Tables and claims as text: means over seeds, differences seed by seed, the best of several."""

from brn_numpy.experiments.experiment import Best, Claim, Experiment, Gap, Table
from brn_numpy.experiments.report import markdown_of, report
from brn_numpy.experiments.spec import Spec

SHORT = Spec(steps=200, hidden=(16,))


def test_report_pairs_the_seeds():
    """Tables show means over seeds, claims the mean of the differences seed by seed."""
    bn, brn = SHORT, SHORT.but(method="brn")
    tiny = Experiment(
        "tiny", "which?", (Table("accuracy, %", {"row": {"BN": bn, "BRN": brn}}),),
        (Claim("BRN beats BN", brn, bn),),
    )  # fmt: skip
    results = {}
    for seed, (low, high) in enumerate([(0.5, 0.6), (0.7, 0.81), (0.6, 0.69)]):
        results[bn.but(seed=seed)] = {"accuracy": low}
        results[brn.but(seed=seed)] = {"accuracy": high}
    text = report(tiny, results, 3)
    assert "60.0 +- 5.8" in text and "70.0 +- 6.1" in text
    assert "reproduced: BRN beats BN (+10.0 +- 0.6, 17 standard errors)" in text


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
    assert markdown_of(table, results, 3).endswith("| row | 70.0 ± 0.0 (fast) |")
    assert "at its best, BN is better than 65 % (+5.0 +- 0.0" in report(tuned, results, 3)
    shorter = tuned.shorter(2)
    assert {spec.steps for spec in shorter.specs(3)} == {100}
    assert {spec.learning_rate for spec in shorter.specs(1)} == {0.01, 0.1}


def test_a_gap_is_taken_seed_by_seed():
    """Seeds that are good or bad as a whole do not blur the difference."""
    more, less = SHORT, SHORT.but(microbatch_size=4)
    table = Table("cost, points", {"row": {"BN": Gap(more, less)}})
    results = {}
    for seed, (high, low) in enumerate([(0.9, 0.8), (0.7, 0.61), (0.5, 0.39)]):
        results[more.but(seed=seed)] = {"accuracy": high}
        results[less.but(seed=seed)] = {"accuracy": low}
    tiny = Experiment("tiny", "how much?", (table,), (Claim("it costs", Gap(more, less), 0.0),))
    assert sorted(map(str, tiny.specs(3))) == sorted(map(str, results))
    text = report(tiny, results, 3)
    assert "10.0 +- 0.6" in text
    assert "reproduced: it costs (+10.0 +- 0.6, 17 standard errors)" in text
    assert {spec.steps for spec in tiny.shorter(2).specs(1)} == {100}


def test_the_paper_has_a_column_of_its_own():
    """What the paper found stands last in its row; a row may have nothing there."""
    rows = {"one": {"BN": SHORT}, "two": {"BN": SHORT}}
    table = Table("accuracy, %", rows, paper={"one": "78.3"})
    lines = markdown_of(table, {SHORT: {"accuracy": 0.5}}, 1).splitlines()
    assert lines == [
        "| | BN | the paper |",
        "| --- | --- | --- |",
        "| one | 50.0 | 78.3 |",
        "| two | 50.0 |  |",
    ]
