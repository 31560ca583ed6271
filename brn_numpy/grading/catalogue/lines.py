"""The lines that students run: properties of a right function, and slopes of their own ones.

A line says what should come out without saying how it is computed: a mean, a sum that must be 0, or
how much the student's own forward pass changes when an argument moves by a little. For the names
see `grading.seeing`; with the bounds of `tight`, r and d are clipped everywhere, so constants.
"""

from __future__ import annotations

from .entry import See

# BN's forward pass
MEAN = See("y.mean(axis=0)", "beta")
MEAN4 = See("y4.mean(axis=(0, 2, 3))", "beta")
SPREAD = See("y.std(axis=0)", "np.abs(gamma) * x.std(axis=0) / batch_std")
SPREAD4 = See("y4.std(axis=(0, 2, 3))", "np.abs(gamma) * x4.std(axis=(0, 2, 3)) / batch_std")
FLIP = See("batch_norm_forward(x, -gamma, beta, eps)[0] - beta", "-(y - beta)")

# BN's backward pass
BACKWARD = "batch_norm_backward(dy, cache)"
SUM = See(f"{BACKWARD}[0].sum(axis=0)", "0 * gamma")
SUM4 = See("batch_norm_backward(dy4, cache4)[0].sum(axis=(0, 2, 3))", "0 * gamma")
ALONG = See(
    f"(xhat * {BACKWARD}[0]).sum(axis=0)",
    "((batch_norm_forward(x + 1e-6 * xhat, gamma, beta, eps)[0] - y) * dy).sum(axis=0) / 1e-6",
)
SCALED = See(
    "batch_norm_backward(dy, batch_norm_forward(x, 2 * gamma, beta, eps)[1])[0]",
    f"2 * {BACKWARD}[0]",
)
DGAMMA = See(
    f"{BACKWARD}[1]",
    "((batch_norm_forward(x, gamma + 1e-6, beta, eps)[0] - y) * dy).sum(axis=0) / 1e-6",
)
DBETA = See(
    f"{BACKWARD}[2]",
    "((batch_norm_forward(x, gamma, beta + 1e-6, eps)[0] - y) * dy).sum(axis=0) / 1e-6",
)
BACKWARD4 = "batch_norm_backward(dy4, cache4)"
ALONG4 = See(
    f"(x4 * {BACKWARD4}[0]).sum(axis=(0, 2, 3))",
    "((batch_norm_forward(1.000001 * x4, gamma, beta, eps)[0] - y4) * dy4).sum(axis=(0, 2, 3))"
    " / 1e-6",
)
DGAMMA4 = See(
    f"{BACKWARD4}[1]",
    "((batch_norm_forward(x4, gamma + 1e-6, beta, eps)[0] - y4) * dy4).sum(axis=(0, 2, 3)) / 1e-6",
)
DBETA4 = See(
    f"{BACKWARD4}[2]",
    "((batch_norm_forward(x4, gamma, beta + 1e-6, eps)[0] - y4) * dy4).sum(axis=(0, 2, 3)) / 1e-6",
)
SHAPE = See(f"{BACKWARD}[1].shape", "gamma.shape")
SHAPE4 = See("batch_norm_backward(dy4, cache4)[1].shape", "gamma.shape")
DTYPE = See(f"{BACKWARD}[1].dtype", "gamma.dtype")
ONE_PIXEL = See(
    "batch_norm_backward(1.0 * (np.arange(x4.size).reshape(x4.shape) == 0), cache4)[0][0, 0, 1] "
    "!= 0",
    "np.ones(4, dtype=bool)",
)
CLIPPED = See(
    "batch_norm_backward(100 * dy, cache)[0] / 100", "batch_norm_backward(dy / 100, cache)[0] * 100"
)
OTHER = See(
    "batch_norm_backward(dy, [batch_norm_forward(x**k, gamma / k, beta, eps)[1] for k in (1, 2)]"
    "[0])[0]",
    "batch_norm_backward(dy, batch_norm_forward(x, gamma, beta, eps)[1])[0]",
)

# BRN
RENORM_MEAN = See("renorm_y.mean(axis=0)", "gamma * d + beta")
RENORM_MEAN4 = See("renorm_y4.mean(axis=(0, 2, 3))", "gamma * d + beta")
RENORM_SPREAD = See("renorm_y.std(axis=0)", "np.abs(gamma) * r * x.std(axis=0) / batch_std")
RENORM_SPREAD4 = See(
    "renorm_y4.std(axis=(0, 2, 3))", "np.abs(gamma) * r * x4.std(axis=(0, 2, 3)) / batch_std"
)
RENORM_FLIP = See("batch_renorm_forward(x, -gamma, beta, *tight)[0] - beta", "-(tight_y - beta)")
FREE = See(
    "batch_renorm_forward(x, gamma, beta, running_mean, running_std, 1e6, 1e6, eps)[0]",
    "inference_y",
)
RENORM = "batch_renorm_backward(dy, tight_cache)"
RENORM_SUM = See("batch_renorm_backward(dy, renorm_cache)[0].sum(axis=0)", "0 * gamma")
RENORM_SUM4 = See("batch_renorm_backward(dy4, renorm_cache4)[0].sum(axis=(0, 2, 3))", "0 * gamma")
RENORM_ALONG = See(
    f"(xhat * {RENORM}[0]).sum(axis=0)",
    "((batch_renorm_forward(x + 1e-6 * xhat, gamma, beta, *tight)[0] - tight_y) * dy)"
    ".sum(axis=0) / 1e-6",
)
RENORM_BOUNDS = See(  # dx is in proportion to r, and r is a constant with any bounds
    "(xhat * batch_renorm_backward(dy, renorm_cache)[0]).sum(axis=0) / r",
    f"(xhat * {RENORM}[0]).sum(axis=0) / tight_r",
)
RENORM_SCALED = See(
    "batch_renorm_backward(dy, batch_renorm_forward(x, 2 * gamma, beta, *tight)[1])[0]",
    f"2 * {RENORM}[0]",
)
RENORM_DGAMMA = See(
    f"{RENORM}[1]",
    "((batch_renorm_forward(x, gamma + 1e-6, beta, *tight)[0] - tight_y) * dy).sum(axis=0) / 1e-6",
)
RENORM_DBETA = See(
    f"{RENORM}[2]",
    "((batch_renorm_forward(x, gamma, beta + 1e-6, *tight)[0] - tight_y) * dy).sum(axis=0) / 1e-6",
)
RENORM4 = "batch_renorm_backward(dy4, tight_cache4)"
RENORM_ALONG4 = See(
    f"(x4 * {RENORM4}[0]).sum(axis=(0, 2, 3))",
    "((batch_renorm_forward(1.000001 * x4, gamma, beta, *tight)[0] - tight_y4) * dy4)"
    ".sum(axis=(0, 2, 3)) / 1e-6",
)
RENORM_DGAMMA4 = See(
    f"{RENORM4}[1]",
    "((batch_renorm_forward(x4, gamma + 1e-6, beta, *tight)[0] - tight_y4) * dy4)"
    ".sum(axis=(0, 2, 3)) / 1e-6",
)
RENORM_DBETA4 = See(
    f"{RENORM4}[2]",
    "((batch_renorm_forward(x4, gamma, beta + 1e-6, *tight)[0] - tight_y4) * dy4)"
    ".sum(axis=(0, 2, 3)) / 1e-6",
)
RENORM_OTHER = See(
    "batch_renorm_backward(dy, [batch_renorm_forward(x**k, gamma / k, beta, *tight)[1] "
    "for k in (1, 2)][0])[0]",
    "batch_renorm_backward(dy, batch_renorm_forward(x, gamma, beta, *tight)[1])[0]",
)
RENORM_SHAPE = See(f"{RENORM}[1].shape", "gamma.shape")
RENORM_SHAPE4 = See("batch_renorm_backward(dy4, renorm_cache4)[1].shape", "gamma.shape")

FOR_RENORM: dict[See, See] = {
    MEAN: RENORM_MEAN,
    MEAN4: RENORM_MEAN4,
    SPREAD: RENORM_SPREAD,
    SPREAD4: RENORM_SPREAD4,
    FLIP: RENORM_FLIP,
    SUM: RENORM_SUM,
    SUM4: RENORM_SUM4,
    ALONG: RENORM_ALONG,
    SCALED: RENORM_SCALED,
    DGAMMA: RENORM_DGAMMA,
    DBETA: RENORM_DBETA,
    ALONG4: RENORM_ALONG4,
    DGAMMA4: RENORM_DGAMMA4,
    DBETA4: RENORM_DBETA4,
    SHAPE: RENORM_SHAPE,
    SHAPE4: RENORM_SHAPE4,
}
"""For a line on BN the one that shows the same mistake in BRN."""

# The running statistics, and inference
UPDATE = "update_running(0 * gamma + 4, 0 * gamma + 1, 0 * gamma + 8, 0 * gamma + 3, 0.25)"
RUNNING_MEAN = See(f"{UPDATE}[0]", "0 * gamma + 5")
RUNNING_STD = See(f"{UPDATE}[1]", "0 * gamma + 1.5")
INFERENCE = "batch_norm_inference(x, gamma, beta, running_mean, running_std)"
ONE_SAMPLE = See(
    "batch_norm_inference(x[:1], gamma, beta, running_mean, running_std)", f"{INFERENCE}[:1]"
)
AT_MEAN = See(
    "batch_norm_inference(0 * x + running_mean, gamma, beta, running_mean, running_std)[0]", "beta"
)
ONE_STD = See(
    "batch_norm_inference(x + running_std, gamma, beta, running_mean, running_std) - " + INFERENCE,
    "0 * x + gamma",
)
SMALL = See(
    "batch_norm_inference(1e-3 * x, gamma, beta, 1e-3 * running_mean, 1e-3 * running_std)",
    INFERENCE,
)
PIXEL = See(
    "batch_norm_inference(x4, gamma, beta, running_mean, running_std)[:, :, 0, 0]",
    "batch_norm_inference(x4[:, :, 0, 0], gamma, beta, running_mean, running_std)",
)

# The correction
STATISTICS = "batch_mean, batch_std, running_mean, running_std"
R = See(f"renorm_correction({STATISTICS}, r_max, d_max)[0]", "r")
D = See(f"renorm_correction({STATISTICS}, r_max, d_max)[1]", "d")
FREE_R = See(f"renorm_correction({STATISTICS}, 1e6, 1e6)[0] * running_std", "batch_std")
FREE_D = See(
    f"renorm_correction({STATISTICS}, 1e6, 1e6)[1] * running_std + running_mean", "batch_mean"
)
D_ALONE = See(
    f"renorm_correction({STATISTICS}, 1.1, d_max)[1]",
    f"renorm_correction({STATISTICS}, 1e6, d_max)[1]",
)
SMALL_R = See(
    f"renorm_correction(*[1e-3 * v for v in ({STATISTICS})], 1e6, 1e6)[0]",
    f"renorm_correction({STATISTICS}, 1e6, 1e6)[0]",
)

INFERENCE_FLIP = See(
    "batch_norm_inference(x, -gamma, beta, running_mean, running_std) - beta",
    f"-({INFERENCE} - beta)",
)

ELSEWHERE: dict[str, dict[See, See]] = {
    "batch_renorm_forward": FOR_RENORM,
    "batch_renorm_backward": FOR_RENORM,
    "batch_norm_inference": {MEAN: AT_MEAN, SPREAD: ONE_STD, FLIP: INFERENCE_FLIP},
}
"""For a line on BN the one that shows the same mistake in another function, by that function."""

ONLY: dict[tuple[str, bool], See] = {
    ("the mean", False): MEAN,
    ("the mean", True): MEAN4,
    ("the variance", False): SPREAD,
    ("the variance", True): SPREAD4,
    ("the term of the mean", False): SUM,
    ("the term of the mean", True): SUM4,
    ("the term of the variance", False): ALONG,
    ("the term of the variance", True): ALONG4,
    ("dgamma", False): DGAMMA,
    ("dgamma", True): DGAMMA4,
    ("dbeta", False): DBETA,
    ("dbeta", True): DBETA4,
    ("running_mean", False): RUNNING_MEAN,
    ("running_std", False): RUNNING_STD,
    ("r", False): R,
    ("d", False): D,
}
"""For a mistake that is made in one place only, and in images only or not, what shows it there."""
