"""Golden vectors as arguments of this library: conventions are translated, no file is special."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import brn_numpy as bn
from brn_numpy import interop

PEERS = Path(__file__).parents[1] / "peers"
FILES = sorted(path.stem for path in PEERS.glob("*.npz"))

FRAMEWORKS = {  # `peer` in the meta data: the name that brn_numpy.interop gives it
    "torch": "torch",
    "chainer": "chainer",
    "torchrl": "torchrl",
    "avalanche": "avalanche",
    "tensorflow": "keras",
    "keras3": "keras",
    "keras_bn": "keras_bn",
    "tensorflow1": "tf1",
}

SIGMA = {  # how the keepers of sigma call what the files call mu and sigma
    "avalanche": ("running_avg_mean", "running_avg_std"),
    "keras": interop.RENORM,
}


def load(name: str) -> dict[str, np.ndarray]:
    """Read all arrays of a file."""
    with np.load(PEERS / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


class Recording:
    """The arrays of a file; remembers in `used` which of them were looked at."""

    def __init__(self, name: str) -> None:
        self.arrays = load(name)
        self.used: set[str] = set()
        self.meta = json.loads(str(self["meta"]))
        self.framework = FRAMEWORKS[self.meta["peer"]]
        self.steps = int(self.meta["steps"])
        self.single = self["x"].dtype == np.float32
        self.tolerance = 1e-5 if self.single else 1e-8 if "large_offset" in name else 1e-12

    def __contains__(self, key: str) -> bool:
        return key in self.arrays

    def __getitem__(self, key: str) -> np.ndarray:
        self.used.add(key)
        return self.arrays[key]

    def number(self, key: str) -> float:
        return float(self[key])

    def at(self, key: str, step: int) -> np.ndarray:
        """Return what a key holds for one step: files of one step have no axis of steps."""
        return self[key] if self.steps == 1 else self[key][step]

    def compare(self, name: str, got: Any, expected: Any, scale: float | None = None) -> None:
        """Assert that `got` is what the framework computed; `scale` is the size of the terms."""
        got, expected = np.asarray(got), np.asarray(expected)
        assert got.shape == expected.shape, f"{name}: {got.shape} instead of {expected.shape}"
        rtol, atol = (self.tolerance, self.tolerance) if scale is None else (0, self.tolerance)
        unit = 1.0 if scale is None or scale == 0 else scale
        np.testing.assert_allclose(got / unit, expected / unit, rtol, atol, err_msg=name)

    def bounds(self, step: int) -> tuple[float, float]:
        """Return r_max and d_max, which may change from step to step: then the numbers are NaN."""
        if "r_max_step" in self:
            assert np.isnan([self.number("r_max"), self.number("d_max")]).all()
            return float(self["r_max_step"][step]), float(self["d_max_step"][step])
        return self.number("r_max"), self.number("d_max")


class Step(NamedTuple):
    """One training step, computed with this library on the state that it carried on itself."""

    y: np.ndarray
    dx: np.ndarray
    dgamma: np.ndarray
    dbeta: np.ndarray
    r: np.ndarray
    d: np.ndarray
    running: bn.Moments  # what r and d were taken from
    std: np.ndarray  # of the minibatch
    state: dict[str, Any]  # after the step, under the framework's names


def first_state(file: Recording) -> dict[str, np.ndarray]:
    """Return the state before the first step under the names of the framework."""
    if file.framework == "tf1":
        keys = [key for key in file.arrays if key.endswith("_state")]
        return {key.removesuffix("_state"): file[key][0] for key in keys}
    if "running_var_before" in file:
        keys = next(row.keys for row in interop.CONVENTIONS if row.framework == file.framework)
        pair = file["running_mean_before"], file["running_var_before"]
        return dict(zip(keys, pair, strict=True))
    running = bn.Moments(file["mu_before"], file["sigma_before"])
    return interop.state_from_moments(file.framework, running, eps=file.number("eps"))


def momenta(file: Recording) -> dict[str, float]:
    """Return the arguments of update_state that say how fast the averages move."""
    alpha = file.number("alpha_new")
    if file.framework in ("keras", "tf1"):  # of the two averages, inference has one of its own
        return {
            "momentum": interop.decay_from_momentum(file.number("alpha_infer")),
            "renorm_momentum": interop.decay_from_momentum(alpha),
        }
    return {"momentum": file.number("decay_old") if "decay_old" in file else alpha}


def run(name: str) -> tuple[Recording, list[Step]]:
    """Train on the file's minibatches from its first state on; compare nothing yet."""
    file = Recording(name)
    eps, gamma, beta = file.number("eps"), file["gamma"], file["beta"]
    state, steps = first_state(file), []
    for number in range(file.steps):
        x, dy = file.at("x", number), file.at("dy", number)
        r_max, d_max = file.bounds(number)
        batch = bn.batch_moments(x, eps=eps)
        running = interop.training_moments(file.framework, state, eps=eps, batch=batch)
        y, cache = bn.batch_renorm_forward(
            x, gamma, beta, running, r_max=r_max, d_max=d_max, eps=eps
        )
        gradients = bn.batch_renorm_backward(dy, cache)
        state = interop.update_state(file.framework, state, x, eps=eps, **momenta(file))
        steps.append(Step(y, *gradients, cache.r, cache.d, running, batch.std, state))
    return file, steps


def compare_outputs(name: str) -> Recording:
    """Compare y, the gradients, r, d and the pair that r and d were taken from."""
    file, steps = run(name)
    for number, step in enumerate(steps):
        dy = file.at("dy", number)
        scale = file["gamma"] * step.r / step.std  # (C,)
        terms = np.moveaxis(dy, 1, -1) * scale
        file.compare("y", step.y, file.at("y", number))
        file.compare("dx", step.dx, file.at("dx", number), scale=float(np.abs(terms).max()))
        file.compare("dgamma", step.dgamma, file.at("dgamma", number))
        file.compare("dbeta", step.dbeta, file.at("dbeta", number))
        if "r" in file:  # plain BN has none; then r_max = 1 and d_max = 0
            file.compare("r", step.r, file.at("r", number))
            file.compare("d", step.d, file.at("d", number))
        for key, got in (("mu_before", step.running.mean), ("sigma_before", step.running.std)):
            if file[key].ndim == 2:  # one pair a step
                file.compare(key, got, file[key][number])
            elif number == 0:
                file.compare(key, got, file[key])
    return file


def compare_states(name: str) -> Recording:
    """Compare the running statistics after every step with those that interop carried on."""
    file, steps = run(name)
    for number, step in enumerate(steps):
        for key in file.arrays:
            if key.endswith("_after"):
                own = step.state[own_key(file.framework, key.removesuffix("_after"))]
                file.compare(key, own.reshape(-1), file.at(key, number))
            elif key.endswith("_state"):  # row 0 is the state before the first step
                file.compare(key, step.state[key.removesuffix("_state")], file[key][number + 1])
    return file


def own_key(framework: str, statistic: str) -> str:
    """Return the framework's own name of what the files call mu, sigma, running_mean, ..."""
    keys = next(row.keys for row in interop.CONVENTIONS if row.framework == framework)
    names = dict(zip(("running_mean", "running_var"), keys, strict=True))
    names |= dict(zip(("mu", "sigma"), SIGMA.get(framework, keys), strict=True))
    return names.get(statistic, statistic)


def compare_inference(name: str) -> Recording:
    """Compare the output and the gradients in inference mode, on the last x, after all steps."""
    file, steps = run(name)
    if "y_eval" not in file:
        return file
    x, dy = file.at("x", file.steps - 1), file.at("dy", file.steps - 1)
    state, eps = steps[-1].state, file.number("eps")
    running = interop.inference_moments(file.framework, state, eps=eps)
    y, cache = bn.inference_forward(x, file["gamma"], file["beta"], running)
    file.compare("y_eval", y, file["y_eval"])
    for key, got in zip(("dx", "dgamma", "dbeta"), bn.inference_backward(dy, cache), strict=True):
        if f"{key}_eval" in file:
            file.compare(f"{key}_eval", got, file[f"{key}_eval"])
    return file
