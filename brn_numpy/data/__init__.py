"""Images to train on, and the two ways of drawing minibatches that the BRN paper compares.

Where images come from: `load_fashion_mnist` (shipped with the package, no download) or
`load_data` (your own .npz or IDX files). Both give a `Dataset`; `standardize` prepares it for a
network. Where minibatches come from: `iid_batches` (independent images) or `class_batches`
(a few classes per minibatch: the non-iid minibatches on which BN fails and BRN does not).

>>> data = standardize(load_fashion_mnist())
>>> batches = iid_batches(len(data.x_train), 32, rng=0)
>>> index = next(batches)  # (32,)
>>> data.x_train[index].shape, data.y_train[index].shape
((32, 14, 14), (32,))
"""

from .dataset import Dataset, standardize
from .fashion import load_fashion_mnist
from .files import load_data
from .idx import read_idx
from .samplers import class_batches, iid_batches

__all__ = [
    "Dataset",
    "class_batches",
    "iid_batches",
    "load_data",
    "load_fashion_mnist",
    "read_idx",
    "standardize",
]
