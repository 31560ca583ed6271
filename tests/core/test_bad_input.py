"""Bad arguments, one by one: the error names the argument, what was expected and what came."""

import math
import re

import numpy as np
import pytest
from core_cases import make_case

import brn_numpy as bn

CASE = make_case((5, 3), seed=1)
X, GAMMA, BETA, RUNNING, DY = CASE[:5]
BN_CACHE = bn.batch_norm_forward(X, GAMMA, BETA)[1]
INFERENCE_CACHE = bn.inference_forward(X, GAMMA, BETA, RUNNING)[1]
BOUNDS = {"r_max": 2.0, "d_max": 1.0}
BRN_CACHE = bn.batch_renorm_forward(X, GAMMA, BETA, RUNNING, **BOUNDS)[1]
GROUP_CACHE = bn.group_norm_forward(X, GAMMA, BETA, 1)[1]
RMS_CACHE = bn.rms_norm_forward(X, GAMMA)[1]
BATCH = BN_CACHE.batch

VALUES = {"x": X, "gamma": GAMMA, "beta": BETA}
OPTIONS = {"eps": 1e-5, "axis": 1}
GOOD = {
    bn.batch_moments: {"x": X, **OPTIONS},
    bn.update_running: {"running": RUNNING, "batch": BATCH, "momentum": 0.1},
    bn.batch_norm_forward: {**VALUES, **OPTIONS},
    bn.batch_norm_backward: {"dy": DY, "cache": BN_CACHE},
    bn.inference_forward: {**VALUES, "running": RUNNING, "axis": 1},
    bn.inference_backward: {"dy": DY, "cache": INFERENCE_CACHE},
    bn.renorm_correction: {"batch": BATCH, "running": RUNNING, **BOUNDS},
    bn.batch_renorm_forward: {
        **VALUES,
        "running": RUNNING,
        **BOUNDS,
        **OPTIONS,
        "correction": (np.ones(3), np.zeros(3)),
    },
    bn.batch_renorm_backward: {"dy": DY, "cache": BRN_CACHE},
    bn.group_norm_forward: {**VALUES, "num_groups": 1, "eps": 1e-5},
    bn.group_norm_backward: {"dy": DY, "cache": GROUP_CACHE},
    bn.layer_norm_forward: {**VALUES, "eps": 1e-5},
    bn.instance_norm_forward: {**VALUES, "x": np.stack((X, 2 * X), axis=2), "eps": 1e-5},
    bn.rms_norm_forward: {"x": X, "gamma": GAMMA, "eps": 1e-5},
    bn.rms_norm_backward: {"dy": DY, "cache": RMS_CACHE},
}


def dtypes_of(a):
    """List copies of `a` in dtypes that are no float32 or float64."""
    bad = {
        t: a.astype(t) for t in ("int64", "uint8", "bool", "object", "complex64", "float16", "U")
    }
    bad["S"] = a.astype("U").astype("S")
    bad["masked"] = np.ma.masked_array(a, mask=a == a.flat[0])  # NumPy would drop the mask
    bad["int big-endian"] = a.astype(">i4")
    bad["float16 big-endian"] = a.astype(">f2")
    if np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant:
        bad["longdouble"] = a.astype(np.longdouble)
        bad["clongdouble"] = a.astype(np.clongdouble)
    return [(name, value, TypeError) for name, value in bad.items()]


def no_arrays():
    """List objects that are no arrays of numbers."""
    return [
        ("None", None, TypeError),
        ("a string", "x", TypeError),
        ("a dict", {}, TypeError),
        ("a ragged list", [[1.0, 2.0], [3.0]], ValueError),
        ("a list of ints", [[1, 2, 3], [4, 5, 6]], TypeError),
    ]


def numbers(*out_of_range):
    """List numbers out of range, and what is no number."""
    no_number = ["1.5", b"1.5", None, True, np.True_, 1j, [1.5], (), np.array([1.5]), {}]
    no_number += [np.array(True), np.array("1.5"), np.array(1.5 + 0j), np.timedelta64(1, "ns")]
    return [(repr(v), v, ValueError) for v in (*out_of_range, np.nan, -np.inf)] + [
        (f"{type(v).__name__} {v!r}", v, TypeError) for v in no_number
    ]


def channel_vectors(a):
    """List shapes that are not (C,)."""
    bad = [a[:2], a[:1], a[:0], np.append(a, a), a[:, None], a[0]]
    return [(str(value.shape), value, ValueError) for value in bad]


def pairs(name, a, b):
    """List what is no pair of two (C,) arrays."""
    bad = [
        ("None", None, TypeError),
        ("a string", "ab", TypeError),
        ("one array", a, TypeError),
        ("one", (a,), TypeError),
        ("three", (a, b, b), TypeError),
        ("a dict", {"mean": a, "std": b}, TypeError),
        ("complex128", (a.astype(np.complex128), b), TypeError),
        ("complex128 second", (a, b.astype(np.complex128)), TypeError),
        ("second shorter", (a, b[:2]), ValueError),
        ("first shorter", (a[:2], b), ValueError),
        ("shorter", (a[:2], b[:2]), ValueError),
        ("longer", (np.append(a, a), np.append(b, b)), ValueError),
        ("empty", (a[:0], b[:0]), ValueError),
        ("matrices", (a[:, None], b[:, None]), ValueError),
        ("scalars", (a[0], b[0]), ValueError),
    ]
    bad += [(f"first {label}", (value, b), error) for label, value, error in dtypes_of(a)]
    bad += [(f"second {label}", (a, value), error) for label, value, error in dtypes_of(b)]
    return bad


def spoiled(a, value):
    """Copy an array and spoil its last entry."""
    a = a.copy()
    a[-1] = value
    return a


MEAN, STD = RUNNING
BAD = {
    "x": [
        *dtypes_of(X),
        *no_arrays(),
        ("one axis", X[0], ValueError),
        ("no axis", X[0, 0], ValueError),
        ("no samples", X[:0], ValueError),
        ("no channels", X[:, :0], ValueError),
        ("no pixels", np.ones((5, 3, 0)), ValueError),
    ],
    "gamma": [*dtypes_of(GAMMA), *no_arrays(), *channel_vectors(GAMMA)],
    "dy": [
        *dtypes_of(DY),
        *no_arrays(),
        ("fewer samples", DY[1:], ValueError),
        ("one more axis", DY[..., None], ValueError),
        ("transposed", DY.T, ValueError),
        ("broadcastable", DY[:1], ValueError),
        ("a number", 1.0, ValueError),
        ("empty", DY[:0], ValueError),
    ],
    "eps": [*numbers(0, -1e-5, -0.0, 1e-320), ("inf", np.inf, ValueError)],
    "momentum": numbers(-0.1, 1.1, np.inf, -1e-300, np.nextafter(1, 2)),
    "r_max": numbers(0.99, 0, -2.0, np.nextafter(1, 0)),
    "d_max": numbers(-0.1, -1e-300),
    "axis": [(repr(v), v, ValueError) for v in (2, -3, 10**30)]
    + [(repr(v), v, TypeError) for v in (1.0, True, None, "1", (1,), np.float64(1), np.True_)],
    "num_groups": [(repr(v), v, ValueError) for v in (0, -1, 2, 4, 10**30)]
    + [(repr(v), v, TypeError) for v in (1.0, True, None, "1", (1,), np.float64(1), np.True_)],
    "running": [
        *pairs("running", MEAN, STD),
        *((f"mean {v}", (spoiled(MEAN, v), STD), ValueError) for v in (np.nan, np.inf, -np.inf)),
        *(
            (f"std {v}", (MEAN, spoiled(STD, v)), ValueError)
            for v in (np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0)
        ),
    ],
    "batch": pairs("batch", *BATCH),
    "correction": [
        *pairs("correction", MEAN, STD)[1:],  # None means: none is pinned
        *((f"r {v}", (spoiled(STD, v), MEAN), ValueError) for v in (np.nan, np.inf, -np.inf)),
        *((f"d {v}", (STD, spoiled(MEAN, v)), ValueError) for v in (np.nan, np.inf, -np.inf)),
    ],
    "cache": [("None", None, TypeError), ("a tuple", (X, DY), TypeError), ("x", X, TypeError)],
}
BAD["beta"] = BAD["gamma"]


def table():
    """Yield function, argument, bad value and error: every argument of every function."""
    for function, good in GOOD.items():
        for argument in good:
            for label, value, error in BAD[argument]:
                yield pytest.param(
                    function, argument, value, error, id=f"{function.__name__}-{argument}-{label}"
                )


@pytest.mark.parametrize(("function", "argument", "value", "error"), list(table()))
def test_a_bad_argument_is_refused_by_name(function, argument, value, error):
    """The text begins with the argument's name and says what came; nothing was changed."""
    before, settings = [a.tobytes() for a in (X, GAMMA, BETA, DY, MEAN, STD)], np.geterr()
    with pytest.raises(error) as caught:
        function(**{**GOOD[function], argument: value})
    assert caught.type is error
    text = str(caught.value)
    assert re.match(rf"(batch and )?{argument}\b", text), text
    assert "got" in text
    assert [a.tobytes() for a in (X, GAMMA, BETA, DY, MEAN, STD)] == before
    assert np.geterr() == settings


@pytest.mark.parametrize("function", list(GOOD))
def test_the_good_arguments_are_good(function):
    """The arguments that the tests above spoil one at a time are accepted together."""
    function(**GOOD[function])


BACKWARDS = {
    bn.batch_norm_backward: BN_CACHE,
    bn.inference_backward: INFERENCE_CACHE,
    bn.batch_renorm_backward: BRN_CACHE,
    bn.group_norm_backward: GROUP_CACHE,
    bn.rms_norm_backward: RMS_CACHE,
}


@pytest.mark.parametrize(
    ("backward", "cache"),
    [
        (f, cache)
        for f, own in BACKWARDS.items()
        for cache in BACKWARDS.values()
        if cache is not own
    ],
    ids=lambda v: getattr(v, "__name__", type(v).__name__),
)
def test_the_cache_of_another_forward_is_refused(backward, cache):
    """A cache belongs to its forward; with another one the error says so."""
    with pytest.raises(TypeError, match=r"^cache\b"):
        backward(DY, cache)


@pytest.mark.parametrize("eps", [1e-46, 1e-39, 1e39])
def test_eps_must_be_a_normal_number_in_the_dtype_of_x(eps):
    """An eps that float32 rounds to 0 or inf is refused there, and fine in float64."""
    x = X.astype(np.float32)
    with pytest.raises(ValueError, match=r"^eps\b.*float32"):
        bn.batch_moments(x, eps=eps)
    assert np.isfinite(bn.batch_moments(X, eps=eps).std).all()


def test_running_statistics_must_fit_the_dtype_of_x():
    """A float64 running pair that float32 rounds to inf or 0 is refused with float32 x."""
    x = X.astype(np.float32)
    with pytest.raises(ValueError, match=r"^running\.mean\b.*float32"):
        bn.inference_forward(x, GAMMA, BETA, (spoiled(MEAN, 1e300), STD))
    with pytest.raises(ValueError, match=r"^running\.std\b.*float32"):
        bn.batch_renorm_forward(x, GAMMA, BETA, (MEAN, spoiled(STD, 1e-300)), **BOUNDS)
    with pytest.raises(ValueError, match=r"shape \(3,\), one value per channel of x, got \(2,\)"):
        bn.inference_forward(X, GAMMA, BETA, (MEAN[:2], STD[:2]))


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1), (1, 3, 1, 1)])
def test_batch_norm_refuses_one_value_per_channel(shape):
    """One value has no variance: the error says so and names what can be used instead."""
    before = GAMMA.tobytes(), BETA.tobytes()
    with pytest.raises(ValueError, match=r"^x\b.*batch_renorm_forward"):
        bn.batch_norm_forward(np.ones(shape), GAMMA, BETA)
    assert (GAMMA.tobytes(), BETA.tobytes()) == before


@pytest.mark.parametrize(
    "part, value",
    [("mean", np.nan), ("mean", np.inf), ("std", np.nan), ("std", np.inf), ("std", -1.0)],
)
def test_the_bad_channel_of_a_running_pair_is_named(part, value):
    """The message says which channel of the running pair is bad, and what is in it."""
    pair = {"mean": np.array([0.1, -0.2, 0.3]), "std": np.array([0.9, 1.1, 1.2])}
    pair[part][1] = value
    with pytest.raises(ValueError, match=rf"running\.{part} .* got {value} in channel 1"):
        bn.inference_forward(np.ones((2, 3)), np.ones(3), np.zeros(3), bn.Moments(**pair))


@pytest.mark.parametrize("std", [0.0, -3.0])
def test_a_batch_std_that_is_none(std):
    """A minibatch's std contains eps: 0 or less is refused, it would spoil the running pair."""
    good, bad = bn.Moments(np.zeros(2), np.ones(2)), bn.Moments(np.zeros(2), np.array([1.0, std]))
    for refused in (
        lambda: bn.update_running(good, bad, 0.5),
        lambda: bn.renorm_correction(bad, good, 2.0, 1.0),
    ):
        with pytest.raises(ValueError, match=r"batch\.std must be > 0 .* in channel 1"):
            refused()


@pytest.mark.parametrize("shape", [(), (1, 3), (3, 1), (0,)], ids=str)
def test_moments_are_vectors(shape):
    """A pair of numbers, of matrices or of nothing is refused, although its shapes agree."""
    good, bad = bn.Moments(np.zeros(3), np.ones(3)), bn.Moments(np.zeros(shape), np.ones(shape))
    for name, refused in (
        ("running", lambda: bn.update_running(bad, good, 0.5)),
        ("batch", lambda: bn.update_running(good, bad, 0.5)),
    ):
        with pytest.raises(ValueError, match=rf"^{name}\.mean and {name}\.std must both have"):
            refused()


@pytest.mark.parametrize("sign", [1, -1])
def test_integers_beyond_every_float_are_refused_in_words(sign):
    """Python's have no largest one; they count as infinite."""
    if sign > 0:
        assert bn.RenormSchedule(r_max=10**400, r_end=5_000).r_max == math.inf
    else:
        with pytest.raises(ValueError, match="r_max must be"):
            bn.RenormSchedule(r_max=-(10**400))
    with pytest.raises(ValueError, match="eps must be"):
        bn.batch_moments(np.ones((2, 3)), eps=sign * 10**400)


def test_an_array_without_axes_is_no_pair():
    """The error names the argument."""
    with pytest.raises(TypeError, match="running must be a pair"):
        bn.update_running(np.array(0.5), bn.Moments(np.ones(1), np.ones(1)))
