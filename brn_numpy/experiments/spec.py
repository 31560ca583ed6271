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
    """What the description of any training has: of images here, of a pendulum in `rl/spec.py`."""

    data: ClassVar[str | None] = None  # what it trains on; None: the images that the user chooses
    score: ClassVar[str] = "accuracy"  # what every result has, besides `seconds`,
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)  # and the least and the most it can be
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
    """What is trained, on which minibatches, how long, and what is measured."""

    # bn, brn, gn and ln (group and layer normalisation), none, or one of the mistakes in
    # wrong_norms.py: moving, through, stopped
    method: str = "bn"
    seed: int = 0  # of weights and minibatches: those of BN and BRN of one seed are the same
    steps: int = 2000
    batch_size: int = 32
    microbatch_size: int | None = None  # normalise in groups of this many images
    classes_per_batch: int | None = None  # None: i.i.d. images
    shift: str | None = None  # a family of transforms in images.py, "negatives" for instance
    mixed: bool = True  # a transform for every image, or one for a whole minibatch
    hidden: tuple[int, ...] = (64, 64, 64, 64)  # widths of the hidden layers
    conv: bool = False  # three convolutions in place of the hidden layers
    learning_rate: float = 0.05
    sgd_momentum: float = 0.9
    falling_rate: bool = True  # to 0, along a cosine
    weight_scale: float = 1.0  # times He's initial weights
    momentum: float = 0.01  # of the running pair; the paper's alpha
    average: str = "std"  # what the running std averages: sigma_B; or with "var" its square
    r_max: float = 3.0
    d_max: float = 5.0
    # at which share of the training BRN is plain BN no more; r_max is reached; d_max is reached
    warmup: tuple[float, float, float] = (0.05, 0.3, 0.2)
    validation: bool = False  # keep an eighth of the training images to choose settings by
    measures: tuple[str, ...] = ()  # what is observed on the way, see observer.py


Results: TypeAlias = Mapping[AnySpec, Result]


def from_dict(fields: Mapping[str, Any], kind: type[Same]) -> Same:
    """Return the Spec of fields read from JSON, where tuples have become lists."""
    arguments: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    return kind(**arguments)
