"""The one function of _kernels.py that the core does not use: layers mask gradients with it."""

import numpy as np
import pytest

from brn_numpy import _kernels


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_keep_where_is_np_where_bit_by_bit(dtype):
    """Whatever is masked, NaN, inf and -0.0 too, becomes 0.0; what is kept keeps all its bits."""
    a = np.array([1.0, -2.5, np.nan, np.inf, -np.inf, -0.0, 1e-40, 3e38], dtype)
    for mask in (np.arange(8) % 2 == 0, np.arange(8) % 2 == 1):
        kept = _kernels.keep_where(mask, a)
        assert kept.dtype == a.dtype
        assert kept.tobytes() == np.where(mask, a, dtype(0)).tobytes()
