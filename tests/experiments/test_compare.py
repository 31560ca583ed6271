"""The main job: what it runs, and what it says of the numbers."""

import dataclasses

import numpy as np
import pytest

from brn_numpy import data, nn
from brn_numpy.experiments import compare

IMAGES = data.standardize(data.load_fashion_mnist())
IID, MICRO, NONIID = compare.REGIMES


def result(regime, method, seed, accuracy):
    return compare.Result(regime.key, method, seed, accuracy, 1.0, 10, None, 10)


def results(regime, bn, brn):
    """Return results with these accuracies, one per seed; the other regimes get 0.5."""
    rows = []
    for other in compare.REGIMES:
        pairs = {"bn": bn, "brn": brn} if other is regime else {"bn": [0.5], "brn": [0.5]}
        for method, scores in pairs.items():
            rows += [result(other, method, seed, score) for seed, score in enumerate(scores)]
    return rows


def test_bn_and_brn_start_equal_and_see_the_same_images():
    """Of one seed, both methods have the same initial weights, and minibatches are the same."""
    bn = compare.network(IMAGES, IID, "bn", 100, seed=5).state_dict()
    brn = compare.network(IMAGES, IID, "brn", 100, seed=5).state_dict()
    assert bn.keys() == brn.keys()
    assert all(np.array_equal(bn[key], brn[key]) for key in bn)
    other = compare.network(IMAGES, IID, "bn", 100, seed=6).state_dict()
    assert not np.array_equal(bn["1.weight"], other["1.weight"])


def test_methods_differ_in_their_layers():
    """BN nets hold BatchNorm and no BatchRenorm; BRN nets hold BatchRenorm with a short warm-up."""
    bn = compare.network(IMAGES, MICRO, "bn", 100, seed=0)
    brn = compare.network(IMAGES, MICRO, "brn", 100, seed=0)
    norms = [layer for layer in bn if isinstance(layer, nn.BatchNorm)]
    renorms = [layer for layer in brn if isinstance(layer, nn.BatchRenorm)]
    assert len(norms) == len(renorms) == len(compare.HIDDEN)
    assert not any(isinstance(layer, nn.BatchRenorm) for layer in bn)
    assert {layer.microbatch_size for layer in norms + renorms} == {4}
    assert renorms[0].schedule(5) == (1.0, 0.0)
    assert renorms[0].schedule(30) == (3.0, 5.0)


def test_minibatches_of_the_regimes():
    """i.i.d. minibatches hold most classes, the others four classes of eight images each."""
    for regime, few in ((IID, False), (MICRO, False), (NONIID, True)):
        batch = next(compare.batches(IMAGES, regime, np.random.default_rng(0)))
        counts = np.unique(IMAGES.y_train[batch], return_counts=True)[1]
        assert len(batch) == 32
        assert (list(counts) == [8, 8, 8, 8]) == few


@pytest.mark.parametrize(("classes", "few"), [(10, 4), (5, 4), (4, 2), (3, 2), (2, 1)])
def test_few_classes_are_fewer_than_all(classes, few):
    """With data of few classes, a non-i.i.d. minibatch still leaves some of them out."""
    small = IMAGES._replace(class_names=tuple("abcdefghij"[:classes]))
    assert compare.classes_per_batch(small, NONIID) == few
    assert compare.classes_per_batch(small, IID) == classes


def test_a_run_repeats_itself_and_learns():
    """One short training gives the same accuracy twice, and well above the 10 % of guessing."""
    first = compare.run(IMAGES, NONIID, "brn", 0, 60)
    again = compare.run(IMAGES, NONIID, "brn", 0, 60)
    assert first.accuracy == again.accuracy
    assert first.accuracy > 0.4
    assert first.to_dict() == dataclasses.asdict(first)
    assert (first.regime, first.method, first.seed, first.steps) == ("noniid", "brn", 0, 60)


def test_divergence_becomes_a_result(monkeypatch):
    """A training that diverges ends as a result without accuracy, and the report says so."""
    monkeypatch.setattr(
        compare, "train", lambda *_, **__: (_ for _ in ()).throw(FloatingPointError)
    )
    lost = compare.run(IMAGES, IID, "bn", 0, 10)
    assert lost.accuracy is None
    text = compare.report(results(IID, [None, 0.8], [0.8, 0.8]))
    assert "i.i.d. minibatches of 32: BN diverged." in text
    assert "nan" not in text


@pytest.mark.parametrize(
    ("bn", "brn", "said"),
    [
        ([0.80, 0.81, 0.82], [0.85, 0.86, 0.88], "BRN is 5.3 points better than BN, 16 standard"),
        ([0.85, 0.86, 0.88], [0.80, 0.81, 0.82], "BRN is 5.3 points worse than BN, 16 standard"),
        ([0.84, 0.85, 0.86], [0.845, 0.85, 0.855], "equal within a point, +0.0 with a standard"),
        ([0.70, 0.80, 0.90], [0.85, 0.75, 0.95], "too noisy to tell, +5.0 with a standard error"),
        ([0.80, 0.90], [0.90, 0.805], "too noisy to tell, +0.2 with a standard error of 9.7"),
        ([0.60, 0.80], [0.70, 0.90], "BRN is 10.0 points better than BN, the same with every seed"),
        ([0.60, 0.80], [0.60, 0.80], "BN and BRN are equal, the same with every seed"),
        ([0.80], [0.85], "BRN is 5.0 points better than BN, on one seed, which has no error bar"),
        ([0.80, 0.80], [0.80, None], "BRN diverged"),
    ],
)
def test_sentences_follow_from_the_numbers(bn, brn, said):
    """What a regime shows is judged by the mean difference and its standard error over seeds."""
    assert said in compare.report(results(NONIID, bn, brn))


def test_table_shows_means_and_the_paper():
    """The table has the mean accuracies in percent; the paper's numbers stand beside ours."""
    text = compare.report(results(MICRO, [0.70, 0.72], [0.75, 0.79]))
    row = next(line for line in text.splitlines() if line.startswith(MICRO.title))
    assert row[len(MICRO.title) :].split() == "71.0 % 77.0 % +6.0 +- 1.0 4.0".split()
    assert "BN 74.2 %, BRN 76.5 %" in text


def test_data_of_two_classes():
    """With two classes, few is one, and the sentence says so in words."""
    rows = [dataclasses.replace(row, classes_per_batch=1) for row in results(NONIID, [0.5], [0.5])]
    text = compare.report(rows)
    assert "minibatches of 1 class, 32 images of each: BN and BRN are equal, on one seed" in text
