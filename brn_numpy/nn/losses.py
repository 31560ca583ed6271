"""The loss of a classifier."""

from __future__ import annotations

import numpy as np

from .._checks import Array, float_array
from .states import as_array


@np.errstate(all="ignore")
def softmax_cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    r"""Return the mean cross-entropy of softmax(logits), and its gradient with respect to logits.

    .. math:: \ell = -\frac1N \sum_n \log p_{n, t_n}, \qquad
              p_{nk} = \frac{e^{z_{nk}}}{\sum_j e^{z_{nj}}}, \qquad
              \frac{\partial \ell}{\partial z_{nk}} = \frac{p_{nk} - [k = t_n]}{N}

    Parameters
    ----------
    logits : array (N, K)
        z; float32 or float64 (complex128 for the complex step).
    labels : array (N,) of integers
        t, the right class of each sample, 0 to K - 1.

    Returns
    -------
    loss : scalar of the dtype of `logits`
    dlogits : array (N, K)

    Raises
    ------
    TypeError, ValueError
        For wrong dtypes or shapes, or a label outside 0 to K - 1.
    """
    logits = float_array("logits", logits, complex_ok=True)
    labels = as_array("labels", labels)
    if logits.ndim != 2 or logits.size == 0:
        raise ValueError(f"logits must have shape (N, K), not empty, got {logits.shape}")
    n, classes = logits.shape
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got dtype {labels.dtype}")
    if labels.shape != (n,):
        raise ValueError(
            f"labels must have shape ({n},), one per row of logits, got {labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels must lie in 0 to {classes - 1}, got {labels.min()} to {labels.max()}"
        )
    # The largest logit of a row is subtracted: the softmax stays the same, exp cannot overflow.
    shifted = logits - logits.real.max(axis=1, keepdims=True)
    exp = np.exp(shifted)
    total = exp.sum(axis=1, keepdims=True)  # (N, 1)
    rows = np.arange(n)
    loss = (np.log(total[:, 0]) - shifted[rows, labels]).mean()
    dlogits = exp / total
    dlogits[rows, labels] -= 1
    dlogits /= n
    return loss, dlogits
