"""A training step of another framework: its output, its gradients, its correction."""

import numpy as np
import pytest
from parity.golden import FILES, Recording, compare_outputs, run

import brn_numpy as bn
from brn_numpy import interop


@pytest.mark.parametrize("name", FILES)
def test_outputs_and_gradients_are_those_of_the_framework(name):
    """y, dx, dgamma, dbeta, r and d agree in every step, on the state that we carried on."""
    compare_outputs(name)


@pytest.mark.parametrize("name", FILES)
def test_plain_bn_is_also_batch_norm_forward(name):
    """Where r_max = 1 and d_max = 0, the functions of BN give the framework's numbers too."""
    file = Recording(name)
    for number in range(file.steps):
        x, dy = file.at("x", number), file.at("dy", number)
        if file.bounds(number) != (1.0, 0.0) or x.size == x.shape[1]:
            continue  # not BN, or one value per channel, which is none
        y, cache = bn.batch_norm_forward(x, file["gamma"], file["beta"], eps=file.number("eps"))
        dx, dgamma, dbeta = bn.batch_norm_backward(dy, cache)
        terms = np.moveaxis(dy, 1, -1) * (file["gamma"] / cache.batch.std)
        file.compare("y", y, file.at("y", number))
        file.compare("dx", dx, file.at("dx", number), scale=float(np.abs(terms).max()))
        file.compare("dgamma", dgamma, file.at("dgamma", number))
        file.compare("dbeta", dbeta, file.at("dbeta", number))


@pytest.mark.parametrize("name", FILES)
def test_channels_last_gives_the_same(name):
    """With the channels moved to the last axis, y and dx move along and nothing else changes."""
    file, steps = run(name)
    for number, step in enumerate(steps):
        x, dy = (np.moveaxis(file.at(key, number), 1, -1) for key in ("x", "dy"))
        eps, (r_max, d_max) = file.number("eps"), file.bounds(number)
        options = {"r_max": r_max, "d_max": d_max, "eps": eps, "axis": -1}
        y, cache = bn.batch_renorm_forward(x, file["gamma"], file["beta"], step.running, **options)
        dx, dgamma, _ = bn.batch_renorm_backward(dy, cache)
        terms = dy * (file["gamma"] * step.r / step.std)
        file.compare("y", np.moveaxis(y, -1, 1), file.at("y", number))
        scale = float(np.abs(terms).max())
        file.compare("dx", np.moveaxis(dx, -1, 1), file.at("dx", number), scale=scale)
        file.compare("dgamma", dgamma, file.at("dgamma", number))


@pytest.mark.parametrize("name", FILES)
def test_the_two_words_for_momentum_agree(name):
    """Where a file has the weight of the old value too, it is what interop makes of the new."""
    file = Recording(name)
    if "decay_old" in file:
        old, new = file.number("decay_old"), file.number("alpha_new")
        assert interop.momentum_from_decay(old) == pytest.approx(new, rel=1e-15)
        assert interop.decay_from_momentum(new) == pytest.approx(old, rel=1e-15)
