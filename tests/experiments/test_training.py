"""Training: it learns, it repeats itself, and it says when it diverges."""

from functools import partial

import numpy as np
import pytest

from brn_numpy import PAPER_SCHEDULE, nn
from brn_numpy.data import iid_batches
from brn_numpy.experiments.training import accuracy, mlp, train

RENORM = partial(nn.BatchRenorm, schedule=PAPER_SCHEDULE.scaled(100))


def blobs(seed, n=300):
    """Return three clouds of points in the plane, and which cloud each point is from."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    centres = np.array([[0.0, 3.0], [3.0, -2.0], [-3.0, -2.0]])
    return centres[y] + rng.standard_normal((n, 2)), y


def trained(seed, steps=100, norm=nn.BatchNorm, **options):
    x, y = blobs(seed)
    net = mlp(2, (8,), 3, norm=norm, rng=np.random.default_rng(seed), dtype=np.float64)
    optimizer = nn.SGD(net.parameters(), 0.1, momentum=0.9)
    batches = iid_batches(len(x), 20, rng=seed)
    train(net, optimizer, x, y, batches, steps=steps, **options)
    return net, optimizer


@pytest.mark.parametrize("norm", [None, nn.BatchNorm, RENORM])
def test_training_learns(norm):
    """A trained network is right far more often than a third of the time, on new points."""
    net, _ = trained(0, norm=norm)
    assert accuracy(net, *blobs(1)) > 0.9


def test_same_seed_same_weights():
    """Two trainings with one seed end bit for bit alike, those with two seeds do not."""
    first, again, other = trained(3)[0], trained(3)[0], trained(4)[0]
    for key, value in first.state_dict().items():
        assert np.array_equal(value, again.state_dict()[key]), key
    assert not np.array_equal(first.state_dict()["1.weight"], other.state_dict()["1.weight"])


def test_rate_falls_along_a_cosine_and_is_put_back():
    """The learning rate starts at the optimizer's, halves half-way, and ends near 0."""
    rates = []

    class Spy(nn.SGD):
        def step(self):
            rates.append(self.lr)
            super().step()

    x, y = blobs(0)
    net = mlp(2, (4,), 3, norm=None, rng=np.random.default_rng(0))
    optimizer = Spy(net.parameters(), 0.2)
    train(net, optimizer, x, y, iid_batches(len(x), 8, rng=0), steps=10)
    assert rates[0] == 0.2
    assert rates[5] == pytest.approx(0.1)
    assert 0 < rates[-1] < 0.01
    assert optimizer.lr == 0.2


def test_after_step_sees_every_step():
    """The callback gets the steps in their order, and losses that fall."""
    seen = []
    trained(0, steps=50, after_step=lambda step, loss: seen.append((step, loss)))
    assert [step for step, _ in seen] == list(range(50))
    assert seen[-1][1] < seen[0][1]


def test_divergence_is_reported():
    """A loss that is no number ends the training with an error that names the step."""
    x, y = blobs(0)
    x[:] = np.nan
    net = mlp(2, (4,), 3, norm=None, rng=np.random.default_rng(0))
    with pytest.raises(FloatingPointError, match="at step 0"):
        train(net, nn.SGD(net.parameters(), 0.1), x, y, iid_batches(len(x), 8, rng=0), steps=3)


def test_accuracy_counts_in_inference_mode_and_leaves_the_mode():
    """Accuracy is the share of right answers of eval mode; the network keeps its mode."""
    net, _ = trained(0)
    net.train()
    x, y = blobs(2, n=2345)  # more than two thousands, and a remainder
    state = net.state_dict()
    found = accuracy(net, x, y)
    assert net.training
    assert all(np.array_equal(value, net.state_dict()[key]) for key, value in state.items())
    net.eval()
    assert found == np.mean(net.forward(x).argmax(axis=1) == y)


def test_no_bias_before_a_normalisation():
    """Hidden Linear layers have a bias only where no normalisation would take it away."""
    rng = np.random.default_rng(0)
    assert "1.bias" in mlp(2, (4,), 3, norm=None, rng=rng).state_dict()
    assert "1.bias" not in mlp(2, (4,), 3, norm=nn.BatchNorm, rng=rng).state_dict()
