"""Mistakes in files of many styles: what matters is what comes out, not how it is written."""

import pytest
from grading_cases import changed

from brn_numpy.grading.diagnose import FAILED, judge

SEED = 4
F, B = "batch_norm_forward", "batch_norm_backward"
U, INF, C = "update_running", "batch_norm_inference", "renorm_correction"
RF, RB = "batch_renorm_forward", "batch_renorm_backward"

CASES = [  # the key, the file, the function, and what is changed in it
    ("dx-statistics-constant", "graph", B, "dx = dx1 + dx2", "dx = dxmu1"),
    ("dx-mean-term-missing", "graph", B, "dx = dx1 + dx2", "dx = dx1"),
    ("dx-variance-term-missing", "graph", B, "dx1 = dxmu1 + dxmu2", "dx1 = dxmu1"),
    ("dx-variance-power", "graph", B, "-1.0 / (sqrtvar**2) * divar", "-1.0 * divar"),
    ("dx-xc-for-xhat", "graph", B, "(sqrtvar**2) * divar", "sqrtvar * divar"),
    ("dx-variance-term-doubled", "graph", B, "dvar = 0.5 * 1.0", "dvar = 1.0"),
    ("dx-mean-term-without-m", "graph", B, "dx2 = 1.0 / N * np", "dx2 = np"),
    ("dgamma-from-centred-x", "graph", B, "dgammax * xhat", "dgammax * xmu"),
    ("dx-m-times", "loops", B, "/ (m * std) *", "/ std *"),
    ("dx-conv-divides-by-n", "loops", B, "dy[:, c].size", "len(dy)"),
    ("dx-variance-term-sign", "loops", B, "- xhat * s1", "+ xhat * s1"),
    ("dgamma-and-dbeta-swapped", "loops", B, "dx, dgamma, dbeta", "dx, dbeta, dgamma"),
    ("dx-std-missing", "keepdims", B, "g * istd / M", "g / M"),
    ("dx-eps-fixed", "keepdims", B, "np.sqrt(var + eps)", "np.sqrt(var + 1e-8)",
     "    s2", "    x_norm = cache['xc'] * istd\n    s2"),
    ("dgamma-sum-over-samples-only", "keepdims", B, "x_norm, axis=axes)", "x_norm, axis=0)"),
    ("dx-sums-for-means", "einsum", B, "total / cache.m", "total", "along / cache.m", "along"),
    ("forward-variance-unbiased", "loops", F, "channel(x, c), eps)",
     "channel(x, c), eps)\n        m = x[:, c].size\n"
     "        std = math.sqrt((std**2 - eps) * m / (m - 1) + eps)"),
    ("forward-eps-fixed", "graph", F, "var + eps", "var + 1e-7"),
    ("forward-root-of-deviation", "keepdims", F, "np.var(x,", "np.std(x,"),
    ("forward-per-image", "keepdims", F, "axes = (0, 2, 3)", "axes = (2, 3)"),
    ("forward-over-axis-1", "keepdims", F, "np.mean(x, axis=axes", "np.mean(x, axis=1",
     "np.var(x, axis=axes", "np.var(x, axis=1"),
    ("momentum-reversed", "einsum", U, "[1 - momentum, momentum]", "[momentum, 1 - momentum]"),
    ("running-momentum-ignored", "einsum", U, "[1 - momentum, momentum]", "[0.99, 0.01]"),
    ("running-variances-averaged", "plain", U, "(1 - momentum) * rs + momentum * bs",
     "((1 - momentum) * rs**2 + momentum * bs**2) ** 0.5"),
    ("inference-batch-statistics", "keepdims", INF, "    x_norm",
     "    ax = 0 if x.ndim == 2 else (0, 2, 3)\n    mu = x.mean(ax, keepdims=True)\n"
     "    sigma = np.sqrt(x.var(ax, keepdims=True) + 1e-8)\n    x_norm"),
    ("inference-eps-added-to-std", "loops", INF, "/ running_std[c]", "/ (running_std[c] + 1e-8)"),
    ("r-clipped-from-one", "loops", C, "max(1 / r_max,", "max(1,"),
    ("d-clipped-before-dividing", "loops", C, "min(d_max, (mb - m) / s)))",
     "min(d_max, mb - m)) / s)"),
    ("correction-eps-again", "graph", C,
     "    ratio", "    running_std = running_std + 1e-8\n    ratio"),
    ("renorm-updated-statistics", "graph", RF, "    r, d = ", "    running_mean, running_std = "
     "update_running(running_mean, running_std, mu, sigma, 0.01)\n    r, d = "),
    ("renorm-eps-missing-in-r", "graph", RF, "correction(mu, sigma", "correction(mu, np.sqrt(var)"),
    ("forward-gamma-scales-beta", "graph", RF, "gamma * xhat + beta", "gamma * (xhat + beta)"),
    ("renorm-d-without-gamma", "rows", RF, "beta + gamma * d", "beta + d"),
    ("renorm-dx-r-missing-in-mean-term", "keepdims", RB, "(-r / std)", "(-1 / std)"),
    ("renorm-dx-variance-term-missing", "keepdims", RB, " + d_std * (x - mean) / (M * std)", ""),
    ("renorm-dgamma-without-d", "rows", RB, " + cache[2] * dbeta", ""),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_a_mistake_is_named_in_any_style(case):
    """It alone."""
    key, style, function, *changes = case
    verdict = judge(changed(style, function, *changes), function, SEED)
    assert verdict.status == FAILED
    assert verdict.mistakes == [key], verdict.findings


@pytest.mark.parametrize(
    ("style", "function", "says", "changes"),
    [
        ("loops", B, "only in the last channel", ("enumerate(cache)", "enumerate(cache[:-1])",
         "np.empty(dy.shape), [], []", "np.zeros(dy.shape), [], []",
         "return dx, dgamma, dbeta", "return dx, dgamma + [0.0], dbeta + [0.0]")),
        ("keepdims", B, "only in the first sample",
         ("    return dx", "    dx[0] = 0\n    return dx")),
        ("keepdims", B, "times m and divided by C",
         ("    dgamma = ", "    M = dy.shape[1]\n    dgamma = ")),
        ("keepdims", F, "rounded to 4 decimals",
         ("    cache =", "    y = y.round(4)\n    cache =")),
        ("plain", U, "0.91 times the old value and 0.09 times the new one",
         ("    return", "    momentum = momentum**2\n    return")),
        ("graph", C, "wrong only where r_max and d_max clip something",
         ("np.clip(shift, -d_max, d_max)", "d_max * np.tanh(shift / d_max)")),
        ("keepdims", U, "For running_mean only: momentum",
         ("running_mean + momentum *", "running_mean + (1 - momentum) *")),
        ("keepdims", F, "For the mean only: ",
         ("mean = np.mean(x, axis=axes", "mean = np.mean(x, axis=1")),
    ],
)  # fmt: skip
def test_a_pattern_is_described(style, function, says, changes):
    """Where it is wrong, by which factor, or in which of several places."""
    verdict = judge(changed(style, function, *changes), function, SEED)
    assert verdict.status == FAILED
    assert says in " ".join(f.what for f in verdict.findings), verdict.findings
