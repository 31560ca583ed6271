"""y and dx are the only arrays of the size of x, whatever lies in x."""

import tracemalloc

import numpy as np
import pytest

import brn_numpy as bn

SHAPE = (2048, 256)  # 2 MB in float32: more than is looked at for a first estimate of the mean
RUNNING = bn.Moments(np.zeros(SHAPE[1]), np.ones(SHAPE[1]))


def kinds():
    """Return random rows, rows in order of size, and rows of which the first lie far away."""
    x = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    far = x.copy()
    far[:1024] += 1e4
    return {"random": x, "sorted": np.sort(x, axis=0), "first far away": far}


def peak(function):
    """Return what a call has allocated at most, in bytes."""
    tracemalloc.start()
    result = function()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del result
    return found


@pytest.mark.parametrize("kind", kinds())
def test_no_pass_makes_a_second_array(kind):
    """Also where the first rows are unlike the rest, and their mean is no good estimate."""
    x = kinds()[kind]
    gamma, beta = np.ones(SHAPE[1]), np.zeros(SHAPE[1])
    bounds = {"r_max": 3.0, "d_max": 5.0}
    forwards = [
        lambda: bn.batch_norm_forward(x, gamma, beta),
        lambda: bn.batch_renorm_forward(x, gamma, beta, RUNNING, **bounds),
        lambda: bn.inference_forward(x, gamma, beta, RUNNING),
    ]
    backwards = [bn.batch_norm_backward, bn.batch_renorm_backward, bn.inference_backward]
    for forward, backward in zip(forwards, backwards, strict=True):
        assert peak(forward) <= 1.15 * x.nbytes
        cache = forward()[1]
        assert peak(lambda f=backward, c=cache: f(x, c)) <= 1.15 * x.nbytes


@pytest.mark.parametrize("shape", [(8192, 512), (128, 64, 23, 23)], ids=str)
@pytest.mark.parametrize("groups", [1, 8])
def test_the_family_makes_one_array_and_a_few_blocks(shape, groups):
    """Layer, group and RMS normalisation work on blocks of samples, of 1 MB; x has 16 or 17."""
    x = np.ones(shape, np.float32)
    gamma, beta = np.ones(shape[1]), np.zeros(shape[1])
    forwards = [
        lambda: bn.group_norm_forward(x, gamma, beta, groups),
        lambda: bn.rms_norm_forward(x, gamma),
    ]
    backwards = [bn.group_norm_backward, bn.rms_norm_backward]
    for forward, backward in zip(forwards, backwards, strict=True):
        assert peak(forward) <= 1.25 * x.nbytes
        cache = forward()[1]
        assert peak(lambda f=backward, c=cache: f(x, c)) <= 1.25 * x.nbytes
