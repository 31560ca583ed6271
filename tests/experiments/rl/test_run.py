"""A training of actor and critic: it repeats, it can be kept, and it stops where Q diverges."""

import json

import numpy as np
import pytest

from brn_numpy.experiments import store
from brn_numpy.experiments.claims import crossq
from brn_numpy.experiments.rl import looks
from brn_numpy.experiments.rl import run as module
from brn_numpy.experiments.rl.learner import Learner
from brn_numpy.experiments.rl.looks import gap, swing, trial
from brn_numpy.experiments.rl.pendulum import Pendulum
from brn_numpy.experiments.rl.spec import CriticSpec
from brn_numpy.experiments.runner import run, run_one
from brn_numpy.experiments.spec import Spec

SHORT = CriticSpec(method="brn", steps=160, random_steps=40, batch_size=16, warmup=20)


@pytest.fixture
def short_episodes(monkeypatch):
    """Try actors out for a moment: that takes the most of a short training."""
    monkeypatch.setattr(looks, "EPISODE", 10)


def without_seconds(result):
    """Return what must be the same in every run."""
    return {key: value for key, value in result.items() if key != "seconds"}


@pytest.mark.parametrize("way", ["joint", "separate", "eval"])
def test_seeds_repeat_bit_for_bit(way, short_episodes):
    """The same description gives the same numbers, another seed others."""
    spec = SHORT.but(way=way, tau=0.01 if way == "eval" else None, steps=64, random_steps=32)
    first, again = run_one(spec), run_one(spec)
    assert without_seconds(first) == without_seconds(again)
    assert run_one(spec.but(seed=1))["curve"] != first["curve"]


def test_a_result_can_be_kept(tmp_path, short_episodes):
    """Sixteen looks, plain numbers, steps counted; the file says what it is about."""
    counted = []
    result = run_one(SHORT, after_step=counted.append)
    assert counted == list(range(3, 160, 4))
    assert {len(result[key]) for key in ("curve", "bias", "largest", "gap")} == {16}
    assert result["final"] == pytest.approx(np.mean(result["curve"][-4:]), abs=0.01)
    assert len(result["swing"]) == 5
    assert result["largest"] == sorted(result["largest"])
    path = tmp_path / "tiny.json"
    store.save(path, "tiny", "images", {SHORT: result})
    assert store.load(path, "other images") == {SHORT: result}  # which it is not about
    assert store.read(path).data == SHORT.data
    head = json.loads(path.read_text())
    del head["sha256"]
    path.write_text(json.dumps({**head, "data": "images"}))
    with pytest.raises(ValueError, match="holds no results of an experiment"):
        store.read(path)


def test_results_out_of_bounds_are_refused(tmp_path):
    """No pendulum has a return above 0."""
    path = tmp_path / "tiny.json"
    for final in (0.5, -4000.0):
        store.save(path, "tiny", "images", {SHORT: {"final": final, "seconds": 1.0}})
        with pytest.raises(ValueError, match="not made of numbers"):
            store.read(path)


def test_trainings_of_both_kinds_run_side_by_side(short_episodes):
    """The runner takes each for what it is."""
    images = Spec(steps=40, hidden=(8,))
    found = run([SHORT, images])
    assert "final" in found[SHORT] and "accuracy" in found[images]


def test_a_q_that_diverges_ends_the_training(monkeypatch, short_episodes):
    """Nothing is learnt any more; what it was then is measured to the end, in finite numbers."""
    updates = []

    def update(learner, steps, rng):
        updates.append(1)
        return np.full((16, 1), np.nan if len(updates) == 90 else 1.0, np.float32)

    monkeypatch.setattr(Learner, "update", update)
    result = run_one(SHORT)
    assert result["diverged"] and len(updates) == 92  # four updates follow one another
    assert result["largest"][-1] == module.DIVERGED and len(result["curve"]) == 16
    json.dumps(result, allow_nan=False)


def test_the_gap_is_0_without_statistics_of_minibatches():
    """LayerNorm has one mode; BN has two; BRN, its bounds open, has one; the net stays."""
    rng = np.random.default_rng(0)
    now, then = rng.standard_normal((2, 16, 4)).astype(np.float32) + 1
    found = {}
    for method in ("none", "ln", "bn", "brn"):
        learner = Learner(SHORT.but(method=method, way="eval", warmup=0, r_max=99.0, d_max=99.0))
        for _ in range(300):
            learner.critic.train().forward(now)
        before = learner.critic.state_dict()
        found[method] = gap(learner, now[::2], then[::2])
        for key, value in learner.critic.state_dict().items():
            assert np.array_equal(value, before[key]), key
    assert max(found["none"], found["ln"], found["brn"]) < 1e-4 and found["bn"] > 0.01


def test_a_trial_is_the_return_of_the_actor(monkeypatch):
    """An actor that knows where up is has a return near 0; a bias is Q minus what followed."""
    learner = Learner(SHORT)
    monkeypatch.setattr(Pendulum, "step", lambda w, a: (w.observe(), np.full(len(a), -1.0)))
    monkeypatch.setattr(learner, "act", lambda state: np.zeros((len(state), 1), np.float32))
    for param in learner.critic.parameters():
        param.data = np.zeros_like(param.data)
    returned, bias = trial(learner)
    assert returned == -200
    assert bias == pytest.approx((1 - 0.99**200) / 0.01, rel=1e-6)


def test_a_swing_starts_hanging():
    """Without torque it stays there."""
    learner = Learner(SHORT)
    learner.act = lambda state: np.zeros((len(state), 1), np.float32)
    assert set(swing(learner)) == {3.14}


def test_a_quick_look_shortens_what_happens_first():
    """Random steps and the warm-up are shares of a training."""
    quick = CriticSpec(method="brn").shorter(5)
    assert (quick.steps, quick.random_steps, quick.warmup) == (1200, 100, 200)
    assert CriticSpec().shorter(1) == CriticSpec()


def test_every_q_that_is_possible_is_possible():
    """The worst reward for ever is the bound; beyond it counts."""
    bound = module.possible(CriticSpec())
    assert bound == pytest.approx(1627.4, abs=0.1)
    assert crossq.impossible({"largest": [bound]}) == 0
    assert crossq.impossible({"largest": [bound + 1]}) == 100
