"""compare: the six trainings, what is said of them, and the rows for JSON."""

import numpy as np
import pytest

from brn_numpy import nn
from brn_numpy.experiments import compare
from brn_numpy.experiments.images import draw, images_of
from brn_numpy.experiments.networks import build, norms_of
from brn_numpy.experiments.report import report
from brn_numpy.experiments.runner import run_one
from brn_numpy.experiments.tables import View

REGIMES = compare.regimes(10)


def text(regime, bn, brn, **options):
    """Return the report where a regime has these accuracies, one per seed; the others have 50 %."""
    experiment = compare.experiment(10)
    results = {}
    for spec in experiment.specs(len(bn)):
        scores = bn if spec.method == "bn" else brn
        mine = spec.but(method="bn", seed=0) == REGIMES[regime]
        accuracy = scores[spec.seed] if mine else 0.5
        results[spec] = {"accuracy": accuracy, "seconds": 1.0}
    return report(experiment, results, View(seeds=len(bn), **options))


def test_bn_and_brn_start_equal():
    """Of one seed, both methods have the same initial weights; other seeds have others."""
    data = images_of(REGIMES["iid32"], None)

    def state(**changes):
        return build(REGIMES["iid32"].but(**changes), data.x_train, 10).state_dict()

    bn, brn, other = state(seed=5), state(seed=5, method="brn"), state(seed=6)
    assert bn.keys() == brn.keys()
    assert all(np.array_equal(bn[key], brn[key]) for key in bn)
    assert not np.array_equal(bn["1.weight"], other["1.weight"])


def test_networks_of_the_readme():
    """Three normalised layers of 128 units; BRN is BN for 5 %, and open at 30 %."""
    data = images_of(REGIMES["micro4"], None)
    for method, kind in (("bn", nn.BatchNorm), ("brn", nn.BatchRenorm)):
        net = build(REGIMES["micro4"].but(method=method, steps=100), data.x_train, 10)
        layers = norms_of(net)
        assert [type(layer) for layer in layers] == [kind] * 3
        assert {(layer.microbatch_size, layer.momentum, layer.eps) for layer in layers} == {
            (4, 0.01, 1e-3)
        }
    assert layers[0].schedule(5) == (1.0, 0.0)
    assert layers[0].schedule(30) == (3.0, 5.0)


def test_minibatches_of_the_regimes():
    """i.i.d. minibatches hold most classes, the others four classes of eight images each."""
    for key, few in (("iid32", False), ("micro4", False), ("noniid", True)):
        data = images_of(REGIMES[key], None)
        batch = next(draw(REGIMES[key], data.y_train, np.random.default_rng(0)))
        counts = np.unique(data.y_train[batch], return_counts=True)[1]
        assert len(batch) == 32
        assert (list(counts) == [8, 8, 8, 8]) == few


@pytest.mark.parametrize(("classes", "few"), [(10, 4), (5, 4), (4, 2), (3, 2), (2, 1)])
def test_few_classes_are_fewer_than_all(classes, few):
    """With data of few classes, a non-i.i.d. minibatch still leaves some of them out."""
    spec = compare.regimes(classes)["noniid"]
    assert spec.classes_per_batch == few
    title = f"{few} class{'' if few == 1 else 'es'} x {32 // few} images"
    assert compare.titles(classes)["noniid"] == f"not i.i.d.: {title}"
    row = compare.for_json(spec, {"accuracy": 0.5, "seconds": 1.0}, classes)
    assert (row["regime"], row["classes_per_batch"]) == ("noniid", few)
    other = compare.for_json(compare.regimes(classes)["iid32"], {**row}, classes)
    assert (other["regime"], other["classes_per_batch"]) == ("iid32", classes)


def test_a_run_repeats_itself_and_learns():
    """One short training gives the same accuracy twice, and well above the 10 % of guessing."""
    spec = REGIMES["noniid"].but(method="brn", steps=60)
    steps = []
    first = run_one(spec, after_step=steps.append)
    assert steps == list(range(60))
    assert first["accuracy"] == run_one(spec)["accuracy"] > 0.4
    row = compare.for_json(spec, first, 10)
    assert {key: row[key] for key in ("regime", "method", "seed", "steps")} == {
        "regime": "noniid", "method": "brn", "seed": 0, "steps": 60,
    }  # fmt: skip


def test_divergence_has_no_accuracy():
    """In the JSON it is None, in the table the training is lost."""
    lost = {"accuracy": 0.1, "seconds": 1.0, "diverged": True}
    assert compare.for_json(REGIMES["iid32"], lost, 10)["accuracy"] is None


@pytest.mark.parametrize(
    ("regime", "bn", "brn", "said"),
    [
        ("micro4", [0.80, 0.81, 0.82], [0.85, 0.86, 0.88],
         "reproduced: groups of 4: BRN beats BN (+5.3 +- 0.3, asked: > 0)"),
        ("noniid", [0.85, 0.86, 0.88], [0.80, 0.81, 0.82],
         "not reproduced: few classes a minibatch: BRN beats BN (-5.3 +- 0.3, asked: > 0)"),
        ("noniid", [0.70, 0.80, 0.90], [0.85, 0.75, 0.95],
         "too noisy to say: few classes a minibatch: BRN beats BN"),
        ("iid32", [0.84, 0.85, 0.86], [0.842, 0.85, 0.858],
         "reproduced: i.i.d. minibatches: BRN equals BN within one point"),
        ("micro4", [0.80, 0.81], [0.85, 0.86], "not judged: groups of 4: BRN beats BN (+5.0 +- "),
    ],
)  # fmt: skip
def test_verdicts_follow_from_the_numbers(regime, bn, brn, said):
    """What a regime shows is judged by the mean difference and its standard error over seeds."""
    assert f"\n{said}" in text(regime, bn, brn)


def test_short_trainings_are_not_judged():
    """What is claimed is claimed of 1500 steps; longer ones do as well."""
    scores = ([0.80, 0.81, 0.82], [0.85, 0.86, 0.88])
    for steps, judged in ((300, False), (1500, True), (3000, True)):
        found = text("micro4", *scores, trained=lambda s, n=steps: s.but(steps=n))
        assert ("\nreproduced: groups of 4" in found) == judged
        assert f"after {steps} steps" in found


def test_the_table_shows_means_and_the_paper():
    """The mean accuracies in percent and their difference; the paper's numbers below."""
    lines = text("micro4", [0.70, 0.72], [0.75, 0.79]).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("i.i.d., normalised"))
    assert lines[at].split()[-9:] == "71.0 +- 1.0 77.0 +- 2.0 6.0 +- 1.0".split()
    assert lines[at + 1] == "  the paper: BN 74.2, BRN 76.5"


def test_images_that_teach_nothing():
    """At chance, "equal" is no finding."""
    found = text("iid32", [0.101, 0.10, 0.10], [0.10, 0.10, 0.10], chance=0.113)
    assert "not judged, no better than chance: i.i.d. minibatches" in found
    assert found.count("(at chance)") == 2
