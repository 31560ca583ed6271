"""The Jacobian of Batch Normalization, column by column from the backward pass."""

import numpy as np
from core_cases import EPS, make_case
from hypothesis import given
from hypothesis import strategies as st

import brn_numpy as bn


def jacobian(n, eps, gamma, seed):
    """Return the matrix that maps dy (n,) to dx (n,) in one channel, and s and v."""
    x = make_case((n, 1), seed=seed).x
    _, cache = bn.batch_norm_forward(x, np.array([gamma]), np.array([0.4]), eps=eps)
    rows = [bn.batch_norm_backward(dy[:, None], cache)[0][:, 0] for dy in np.eye(n)]
    return np.stack(rows, axis=1), np.sqrt(x.var() + eps), x.var()


draws = {
    "n": st.integers(3, 12),
    "eps": st.sampled_from(EPS),
    "gamma": st.sampled_from([-1.7, -0.6, 0.8, 2.5]),
    "seed": st.integers(0, 2**32 - 1),
}


@given(**draws)
def test_the_jacobian_is_symmetric(n, eps, gamma, seed):
    """How y_j moves with x_i is how y_i moves with x_j."""
    jac, s, _ = jacobian(n, eps, gamma, seed)
    assert np.abs(jac - jac.T).max() <= 1e-13 * np.abs(gamma) / s * (1 + 1 / s**2)


@given(**draws)
def test_the_eigenvalues_tell_what_normalising_takes_away(n, eps, gamma, seed):
    """Of gamma / s, the constant direction keeps 0, xhat keeps eps / (v + eps), the others all."""
    jac, s, v = jacobian(n, eps, gamma, seed)
    expected = gamma / s * np.sort([0, eps / (v + eps), *[1] * (n - 2)])
    found = np.linalg.eigvalsh((jac + jac.T) / 2)
    assert np.abs(found - np.sort(expected)).max() <= 1e-12 * np.abs(gamma) / s * (1 + 1 / s**2)
