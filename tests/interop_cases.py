"""A network to convert, shared by the tests of interop."""

import numpy as np

from brn_numpy import nn


def trained(dtype=np.float64):
    """Train a small convolutional network for a few steps, nested as networks are."""
    rng = np.random.default_rng(0)
    options = {"rng": rng, "dtype": dtype}
    net = nn.Sequential(
        nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1, bias=False, **options),
            nn.BatchRenorm(
                4, eps=1e-3, momentum=0.2, schedule=lambda step: (2.0, 1.0), dtype=dtype
            ),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ),
        nn.Flatten(),
        nn.Linear(16, 6, **options),
        nn.BatchNorm(6, eps=0.1, momentum=0.3, microbatch_size=4, dtype=dtype),
        nn.ReLU(),
        nn.Linear(6, 3, **options),
    )
    optimizer = nn.SGD(net.parameters(), lr=0.1)
    x = (3 * rng.standard_normal((8, 2, 4, 4)) + 1).astype(dtype)
    labels = rng.integers(0, 3, 8)
    for _ in range(5):
        _, dy = nn.softmax_cross_entropy(net(x), labels)
        net.backward(dy)
        optimizer.step()
    return net.eval(), x
