"""Experiments: a training is its description, results keep, verdicts follow from the numbers."""

import json
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from brn_numpy import Moments, gradcheck, nn
from brn_numpy.experiments import store
from brn_numpy.experiments.claims import EXPERIMENTS, family
from brn_numpy.experiments.images import draw, images_of
from brn_numpy.experiments.measures import (
    accuracy_measured_anew,
    companions,
    in_training_mode,
)
from brn_numpy.experiments.networks import build, make_norm, norms_of
from brn_numpy.experiments.observer import Observer
from brn_numpy.experiments.report import report
from brn_numpy.experiments.runner import run, run_one
from brn_numpy.experiments.spec import Spec, from_dict
from brn_numpy.experiments.tables import View
from brn_numpy.experiments.training import accuracy, train
from brn_numpy.experiments.verdicts import (
    NOISY,
    NOT_JUDGED,
    NOT_REPRODUCED,
    REPRODUCED,
    is_equal,
    is_more,
)

RESULTS = Path(__file__).parents[2] / "tutorials" / "results"
SHORT = Spec(steps=40, hidden=(16,))
OPEN = {"r_max": 100.0, "d_max": 100.0, "warmup": (0.0, 0.0, 0.0)}


def without_seconds(results):
    return [{k: v for k, v in result.items() if k != "seconds"} for result in results.values()]


def test_a_spec_survives_json():
    """What is written of a training is what differs from the defaults, and gives it back."""
    spec = Spec(method="brn", hidden=(8, 8), warmup=(0.0, 0.5, 0.5), measures=("curve",))
    written = json.loads(json.dumps(spec.to_dict()))
    assert written == {
        "method": "brn",
        "hidden": [8, 8],
        "warmup": [0.0, 0.5, 0.5],
        "measures": ["curve"],
    }
    assert from_dict({**asdict(Spec()), **written}, Spec) == spec


def test_other_processes_give_the_same_results():
    """Bit for bit the same, here or in two worker processes; equal descriptions run once."""
    short = SHORT.but(steps=8)
    kinds = [
        short.but(method="brn", microbatch_size=4, measures=("curve", "corrections")),
        short.but(seed=1, classes_per_batch=4, measures=("companions", "batches", "statistics")),
        short.but(shift="orientation", mixed=False, validation=True),
        short.but(conv=True, method="none", measures=("drift",)),
    ]
    here = run([*kinds, kinds[0]])
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        there = run(kinds, executor=executor)
    assert list(here) == list(there) == kinds
    assert without_seconds(here) == without_seconds(there)
    assert len(here[kinds[0]]["curve"]) == 8
    assert json.loads(json.dumps(list(here.values()), allow_nan=False)) == list(here.values())


def test_a_measure_that_is_not_finite_is_a_divergence(monkeypatch):
    """Such a training is lost; its result can be written all the same."""
    monkeypatch.setattr(Observer, "_drift", lambda self: self._add(drift=float("inf")))
    result = run_one(SHORT.but(measures=("drift",)))
    assert (result["accuracy"], result["diverged"]) == (0.1, True)


@pytest.mark.parametrize("method", ["moving", "stopped", "through"])
def test_wrong_norms_have_the_gradients_they_claim(method):
    """`through` is the full derivative with r and d free; the others hold the statistics still."""
    rng = np.random.default_rng(3)
    layer = make_norm(SHORT.but(method=method, momentum=0.0, **OPEN), 3)
    x, dy = rng.standard_normal((6, 3)) * 2 + 1, rng.standard_normal((6, 3))
    layer.running = layer.running._replace(std=np.array([0.5, 2.0, 1.0]))
    y = layer.forward(x)
    dx = layer.backward(dy)
    if method == "stopped":
        std = np.sqrt(x.var(axis=0) + layer.eps)
        np.testing.assert_allclose(y, (x - x.mean(axis=0)) / std, rtol=1e-6)
        np.testing.assert_allclose(dx, dy / std, rtol=1e-6)
    else:
        np.testing.assert_allclose(y, x / layer.running.std, rtol=1e-6)
        np.testing.assert_allclose(dx, dy / layer.running.std, rtol=1e-6, atol=1e-9)
        numeric = gradcheck.numerical_gradient(lambda z: layer.forward(z), x, dy)
        np.testing.assert_allclose(dx, numeric, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("method", "groups"), [("gn", 4), ("ln", 1)])
def test_relatives_of_bn_normalise_each_image(method, groups):
    """Means of groups of 16 units, or of all 64, are 0 in each row, whatever the microbatches."""
    x = np.random.default_rng(0).standard_normal((6, 64)).astype(np.float32) + 2
    y = make_norm(SHORT.but(method=method, microbatch_size=2), 64).forward(x)
    means = y.reshape(6, groups, -1).mean(axis=2)
    np.testing.assert_allclose(means, 0, atol=1e-6)
    if method == "gn":  # and its groups are no larger
        assert np.abs(y.reshape(6, 8, -1).mean(axis=2)).max() > 0.1


def test_one_training_serves_all_microbatches():
    """In `family`, GN, LN and no normalisation are the same in every row of microbatches."""
    rows = [family.ROWS[family.ALL], *family.GROUPS.values()]
    for method in ("GN", "LN", "none"):
        assert len({row[method] for row in rows}) == 1
    assert len({row[method] for row in rows for method in ("BN", "BRN")}) == 8


def test_gradient_through_clipped_corrections():
    """Where r and d are clipped, `through` is BRN's own gradient, which is then the full one."""
    rng = np.random.default_rng(3)
    layer = make_norm(
        SHORT.but(method="through", momentum=0.0, r_max=1.2, d_max=0.1, warmup=(0.0, 0.0, 0.0)), 3
    )
    x, dy = rng.standard_normal((6, 3)) * 5 + 4, rng.standard_normal((6, 3))
    layer.forward(x)
    dx = layer.backward(dy)
    numeric = gradcheck.numerical_gradient(lambda z: layer.forward(z), x, dy)
    np.testing.assert_allclose(dx, numeric, rtol=1e-6, atol=1e-7)


def test_average_of_the_variance():
    """The running std is the root of a running average of the groups' mean variance."""
    rng = np.random.default_rng(0)
    layer = make_norm(SHORT.but(average="var", microbatch_size=2, momentum=0.25), 3)
    x = rng.standard_normal((4, 3)).astype(np.float32)
    layer.forward(x)
    variance = (x[0::2].var(axis=0) + x[1::2].var(axis=0)) / 2 + layer.eps
    np.testing.assert_allclose(layer.running.std, np.sqrt(0.75 + 0.25 * variance), rtol=1e-5)


def test_companions_matter_to_bn_alone():
    """Without normalisation the companions change nothing; with BN they do; the net stays."""
    found = {}
    for method in ("none", "bn"):
        spec = SHORT.but(method=method, microbatch_size=2)
        data = images_of(spec, None)
        net = build(spec, data.x_train, 10)
        net.eval()
        in_training_mode(net, data.x_train[:4])
        assert not net.training
        assert all(layer.num_batches_tracked == 0 for layer in norms_of(net))
        found[method] = companions(net, spec, data)
    assert found["none"][0] < 1e-6 and found["none"][1] < 1e-6 and found["none"][2] == 0
    assert found["bn"][0] > 0.05


def test_running_statistics_are_measured_anew():
    """A network whose running pairs were spoilt is as good as before; its weights stay."""
    spec = SHORT.but(steps=100, microbatch_size=4)
    data = images_of(spec, None)
    net = build(spec, data.x_train, 10)
    optimizer = nn.SGD(net.parameters(), 0.05, momentum=0.9)
    batches = draw(spec, data.y_train, np.random.default_rng(0))
    train(net, optimizer, data.x_train, data.y_train, batches, steps=spec.steps)
    weights = [param.data.copy() for param in net.parameters()]
    for layer in norms_of(net):
        layer.running = Moments(layer.running.mean + 5, layer.running.std / 9)
    assert accuracy(net, data.x_test, data.y_test) < 0.5
    assert accuracy_measured_anew(net, spec, data) > 0.6
    for param, data_before in zip(net.parameters(), weights, strict=True):
        assert np.array_equal(param.data, data_before)


def test_points_are_evenly_spread():
    """A curve has 40 points, the last after the last step; short trainings have a point a step."""
    spec = SHORT.but(steps=100, measures=("curve",))
    observer = Observer(spec, None, None)
    due = [step for step in range(100) if observer._is_due("curve", step)]
    assert len(due) == 40 and due[-1] == 99 and set(np.diff(due)) == {2, 3}


def test_divergence_counts_as_guessing():
    """A training that diverges has the accuracy of guessing, and says so."""
    result = run_one(SHORT.but(method="none", learning_rate=1e6, falling_rate=False))
    assert (result["accuracy"], result["diverged"]) == (0.1, True)


@pytest.mark.parametrize(
    ("differences", "more", "equal"),
    [
        ([3.0, 3.1, 2.9], REPRODUCED, NOT_REPRODUCED),
        ([-3.0, -3.1, -2.9], NOT_REPRODUCED, NOT_REPRODUCED),
        ([5.0, -4.0, 1.0], NOISY, NOISY),
        ([0.1, -0.1, 0.05], NOISY, REPRODUCED),
        ([0.5], NOT_JUDGED, NOT_JUDGED),
        ([0.5, 0.5], NOT_JUDGED, NOT_JUDGED),
        ([2.0, np.nan, 2.0], NOISY, NOISY),
    ],
)
def test_verdicts(differences, more, equal):
    """A difference counts from three standard errors on; an equality needs them within."""
    assert is_more(np.array(differences)).word == more
    assert is_equal(np.array(differences), 1.0).word == equal


def test_results_survive_the_disk(tmp_path):
    """What is saved is loaded; other images and other files are refused by name."""
    path = tmp_path / "tiny.json"
    results = {SHORT.but(seed=seed): {"accuracy": 0.5, "seconds": 1.0} for seed in range(2)}
    store.save(path, "tiny", "images", results)
    assert store.load(path, "images") == results
    with pytest.raises(ValueError, match="results on images, expected others"):
        store.load(path, "others")


def test_damaged_results_are_refused(tmp_path):
    """Whatever is not as it was written: by its form, or where only a digit is another, by the sum.

    Files of the time before there were checksums are read without.
    """
    path = tmp_path / "tiny.json"
    store.save(path, "tiny", "images", {SHORT: {"accuracy": 0.5, "seconds": 1.0, "curve": [0.25]}})
    good = path.read_text()
    old = json.loads(good)
    del old["sha256"]
    for text in (good.replace(", ", ",  "), json.dumps(old)):
        path.write_text(text)
        assert store.read(path).results[SHORT]["accuracy"] == 0.5
    bad = ["", "[]", "{}", '{"results": [1]}', good[:-30], "[" * 10**5]
    bad += [
        good.replace("0.5", "0.6"),
        good.replace("0.25", "0.75"),
        good.replace("images", "imagos"),
    ]
    row = old["results"][0]
    for change in (
        {"versions": []}, {"versions": {"numpy": 2}}, {"data": None}, {"defaults": 3},
        {"results": [{**row, "accuracy": "0.5"}]}, {"results": [{**row, "accuracy": 50}]},
        {"results": [{**row, "seconds": None}]}, {"results": [{**row, "curve": {}}]},
        {"results": [{**row, "curve": []}]}, {"results": [{**row, "spec": {"hidden": {}}}]},
        {"results": [{**row, "spec": {"sede": 1}}]}, {"results": [{"spec": {}, "seconds": 1.0}]},
    ):  # fmt: skip
        bad.append(json.dumps({**old, **change}))
    for text in bad:
        path.write_text(text)
        with pytest.raises(ValueError, match="holds no results of an experiment"):
            store.load(path)


def test_results_know_the_arithmetic(monkeypatch):
    """A last digit that is another, as on another processor, has another checksum."""
    here = store.arithmetic()
    assert here == store.arithmetic() == store.versions()["arithmetic"]
    exp = np.exp
    monkeypatch.setattr(np, "exp", lambda x: np.nextafter(exp(x), np.float32(9)))
    assert store.arithmetic() != here


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_committed_results_are_complete(name):
    """The results that the tutorials show hold every training of five seeds."""
    results = store.load(RESULTS / f"{name}.json")
    missing = [spec for spec in EXPERIMENTS[name].specs(5) if spec not in results]
    assert not missing
    assert "nan" not in report(EXPERIMENTS[name], results, View())


def test_nothing_new_is_begun_after_a_failure():
    """A training that fails ends the run, and what waits is cancelled."""
    wanted = [SHORT, SHORT.but(seed=1)]
    futures = [Future(), Future()]
    futures[0].set_exception(MemoryError())

    class Waiting(Executor):
        def submit(self, function, spec, path):
            return futures[wanted.index(spec)]

    with pytest.raises(MemoryError):
        run(wanted, executor=Waiting())
    assert futures[1].cancelled()


def test_a_mistake_of_ours_is_no_divergence(monkeypatch):
    """Only what is said of values that are not finite counts as one."""

    def wrong(self):
        raise ValueError("operands could not be broadcast together")

    monkeypatch.setattr(Observer, "_drift", wrong)
    with pytest.raises(ValueError, match="could not be broadcast"):
        run_one(SHORT.but(measures=("drift",)))


def test_a_divergence_with_validation(monkeypatch):
    """Both accuracies are those of guessing, so that `Best` does not choose it."""
    result = run_one(
        SHORT.but(method="none", learning_rate=1e6, falling_rate=False, validation=True)
    )
    assert (result["accuracy"], result["validation"]) == (0.1, 0.1)
