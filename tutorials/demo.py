"""Watch two networks train side by side, one with BN and one with BRN.

Both see the same minibatches. Each has two bars: its accuracy on test minibatches, normalised
like those of the training, and its accuracy in use, where it sees one image at a time.
"""

import argparse
import signal
import sys

import numpy as np

from brn_numpy import nn
from brn_numpy.experiments import compare
from brn_numpy.experiments.images import draw, images_of
from brn_numpy.experiments.measures import batch_accuracy
from brn_numpy.experiments.networks import build
from brn_numpy.experiments.training import accuracy, train

EXAMPLES = """\
examples:
  minibatches of four classes, about half a minute:
    python tutorials/demo.py
  images that are drawn independently, normalised in groups of 4:
    python tutorials/demo.py groups
  the easy case, independent minibatches of 32:
    python tutorials/demo.py iid
"""
REGIMES = {"few": "noniid", "groups": "micro4", "iid": "iid32"}
EVERY, WIDTH = 100, 40  # steps between two pictures; letters of a bar


class Trainee:
    """One network in training."""

    def __init__(self, spec):
        self.spec, self.data = spec, images_of(spec, None)
        self.net = build(spec, self.data.x_train, len(self.data.class_names))
        self.optimizer = nn.SGD(
            self.net.parameters(), spec.learning_rate, momentum=spec.sgd_momentum
        )
        self.batches = draw(spec, self.data.y_train, np.random.default_rng([spec.seed, 1]))

    def go_on(self, steps):
        """Train for some steps."""
        x, y = self.data.x_train, self.data.y_train
        train(self.net, self.optimizer, x, y, self.batches, steps=steps, falling_rate=False)

    def bars(self, letter):
        """Return the two accuracies as lines with bars."""
        name = self.spec.method.upper()
        shares = {
            "in minibatches": batch_accuracy(self.net, self.spec, self.data),
            "in use": accuracy(self.net, self.data.x_test, self.data.y_test),
        }
        return [
            f"  {name:<4}{label:<15}{share:4.0%}  {letter * round(WIDTH * share)}"
            for label, share in shares.items()
        ]


def show(lines, again):
    """Print lines; on a terminal, over those that were printed last."""
    if again and sys.stdout.isatty():
        print(f"\x1b[{len(lines)}A\x1b[J", end="")
    print("\n".join(lines), flush=True)


def main():
    """Train, and show how far it is every 100 steps."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("regime", nargs="?", choices=list(REGIMES), default="few")
    parser.add_argument("--steps", type=int, default=1000, metavar="N", help="default 1000")
    options = parser.parse_args()
    if options.steps < EVERY:
        parser.error(f"--steps is {options.steps}: the first picture comes after {EVERY}")
    regime = REGIMES[options.regime]
    spec = compare.regimes(10)[regime]
    trainees = [Trainee(spec.but(method=method, steps=options.steps)) for method in ("bn", "brn")]
    try:
        "█".encode(sys.stdout.encoding or "ascii")
        letter = "█"
    except UnicodeEncodeError:
        letter = "#"
    print(compare.titles(10)[regime])
    for done in range(EVERY, options.steps + 1, EVERY):
        for trainee in trainees:
            trainee.go_on(EVERY)
        lines = [f"step {done} of {options.steps}"]
        show(lines + [bar for t in trainees for bar in t.bars(letter)], done > EVERY)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    main()
