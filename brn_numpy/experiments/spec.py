"""One training, described completely: equal descriptions give equal results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeAlias, TypeVar

Result: TypeAlias = dict[str, Any]
"""What was measured in a training, see `run_one`: plain numbers and lists, for JSON."""

Same = TypeVar("Same", bound="AnySpec")


@dataclass(frozen=True, kw_only=True)
class AnySpec:
    """What the description of any training has: of images here, of a pendulum in `rl/spec.py`.

    Attributes
    ----------
    data : str or None
        What it trains on; None: the images that the user chooses.
    score : str
        What every result has, besides `seconds`.
    bounds : (float, float)
        The least and the most that the score can be.
    seed, steps : int
    """

    data: ClassVar[str | None] = None
    score: ClassVar[str] = "accuracy"
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    seed: int = 0
    steps: int = 2000

    def but(self: Same, **changes: Any) -> Same:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def shorter(self: Same, divisor: int) -> Same:
        """Return a copy with a part of the steps, for a quick look."""
        return self if divisor == 1 else self.but(steps=max(40, self.steps // divisor))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are not as by default, for JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: v for k, v in values.items() if v != getattr(type(self), k)}


@dataclass(frozen=True, kw_only=True)
class Spec(AnySpec):
    """What is trained, on which minibatches, how long, and what is measured.

    Attributes
    ----------
    method : str
        "bn", "brn", "gn" and "ln" (group and layer normalisation), "none" (no normalisation), or
        one of the mistakes in `wrong_norms.py`: "moving", "through", "stopped".
    seed : int
        Of the initial weights and of the minibatches. BN and BRN of one seed start alike and see
        the same images.
    steps, batch_size : int
    microbatch_size : int or None
        Normalise in groups of this many images.
    classes_per_batch : int or None
        Minibatches of this many classes; None means i.i.d. images.
    shift : str or None
        A family of image transforms in `images.py`, "negatives" for instance.
    mixed : bool
        Whether the transform is drawn for every image, or one for a whole minibatch.
    hidden : tuple of int
        Widths of the hidden layers.
    conv : bool
        Three convolutions in place of the hidden layers.
    learning_rate, sgd_momentum : float
    falling_rate : bool
        Whether the rate falls to 0 along a cosine, or stays.
    weight_scale : float
        Times He's initial weights.
    momentum : float
        Of the running pair; the paper's alpha.
    average : "std" or "var"
        What the running pair averages: sigma_B, or its square.
    r_max, d_max : float
    warmup : (float, float, float)
        Up to which share of the training BRN is plain BN; at which share r_max has its final value;
        and at which d_max.
    validation : bool
        Whether an eighth of the training images is kept out, to choose between settings.
    measures : tuple of str
        What is observed during the training, see `measures.py`.
    """

    method: str = "bn"
    seed: int = 0
    steps: int = 2000
    batch_size: int = 32
    microbatch_size: int | None = None
    classes_per_batch: int | None = None
    shift: str | None = None
    mixed: bool = True
    hidden: tuple[int, ...] = (64, 64, 64, 64)
    conv: bool = False
    learning_rate: float = 0.05
    sgd_momentum: float = 0.9
    falling_rate: bool = True
    weight_scale: float = 1.0
    momentum: float = 0.01
    average: str = "std"
    r_max: float = 3.0
    d_max: float = 5.0
    warmup: tuple[float, float, float] = (0.05, 0.3, 0.2)
    validation: bool = False
    measures: tuple[str, ...] = ()


def from_dict(fields: Mapping[str, Any], kind: type[Same]) -> Same:
    """Return the Spec of fields read from JSON, where tuples have become lists."""
    arguments: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()
    }
    return kind(**arguments)
