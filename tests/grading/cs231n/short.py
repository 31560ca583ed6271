"""As few lines as it can be done in; images channel by channel as columns."""


def batchnorm_forward(x, gamma, beta, bn_param):
    p = {"eps": 1e-5, "momentum": 0.9, "running_mean": 0, "running_var": 0, **bn_param}
    train = p["mode"] == "train"
    m, v = (x.mean(0), x.var(0)) if train else (p["running_mean"], p["running_var"])
    if train:
        for name, new in (("running_mean", m), ("running_var", v)):
            bn_param[name] = p[name] * p["momentum"] + new * (1 - p["momentum"])
    s = (v + p["eps"]) ** -0.5
    return (x - m) * s * gamma + beta, ((x - m) * s, gamma * s)


def batchnorm_backward(dout, cache):
    (z, k), g = cache, (dout * cache[0]).sum(0)
    return k * (dout - dout.mean(0) - z * g / len(z)), g, dout.sum(0)


def batchnorm_backward_alt(dout, cache):
    z, k = cache
    return k * (dout - dout.mean(0) - z * (dout * z).mean(0)), (dout * z).sum(0), dout.sum(0)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    t = x.transpose(1, 0, 2, 3)
    y, cache = batchnorm_forward(t.reshape(len(t), -1).T, gamma, beta, bn_param)
    return y.T.reshape(t.shape).transpose(1, 0, 2, 3), cache


def spatial_batchnorm_backward(dout, cache):
    t = dout.transpose(1, 0, 2, 3)
    dx, dgamma, dbeta = batchnorm_backward(t.reshape(len(t), -1).T, cache)
    return dx.T.reshape(t.shape).transpose(1, 0, 2, 3), dgamma, dbeta
