# %% [markdown]
# # Layers by hand, in NumPy
#
# Every layer is a pair of functions: forward gives the output and a cache, backward takes the gradient of the loss by
# the output, and the cache, and gives the gradients by what went in. What is in a cache is up to you.
#
# - Fill in each function where it says `raise NotImplementedError`. Keep the names and the arguments.
# - Arrays in, arrays out, of the dtype that you are given. No loops over examples.

# %%
import numpy as np

# %% [markdown]
# ## Exercise 1 · Affine and ReLU (6 points)


# %%
def affine_forward(x, w, b):
    """x (N, D), w (D, M), b (M,) -> (out (N, M), cache)."""
    # SOLUTION
    return x @ w + b, (x, w)
    # END


def affine_backward(dout, cache):
    """dout (N, M), and the cache of affine_forward -> (dx (N, D), dw (D, M), db (M,))."""
    # SOLUTION
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)
    # END


def relu_backward(dout, x):
    """dout and x of one shape -> dx of that shape: the slope of ReLU is 0 where x is 0."""
    # SOLUTION
    return dout * (x > 0)
    # END


# %% [markdown]
# ## Exercise 2 · Softmax loss (5 points)
#
# The mean over the examples of $-\log p_{y}$. Scores may be large: nothing overflows.


# %%
def softmax_loss(scores, y):
    """scores (N, C), y (N,) whole numbers -> (the loss, a number; its gradient by the scores, (N, C))."""
    # SOLUTION
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    gradient = np.exp(log_p)
    gradient[rows, y] -= 1
    return -log_p[rows, y].mean(), gradient / len(y)
    # END


# %% [markdown]
# ## Exercise 3 · A two-layer net (5 points)
#
# affine, ReLU, affine, softmax loss, and `reg / 2` times the sum of the squared weights (not of the biases).


# %%
def two_layer_loss(params, x, y, reg):
    """params: W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) -> (loss, gradients: a dictionary with the same keys)."""
    # SOLUTION
    hidden, first = affine_forward(x, params["W1"], params["b1"])
    scores, second = affine_forward(np.maximum(hidden, 0), params["W2"], params["b2"])
    loss, dscores = softmax_loss(scores, y)
    loss += reg / 2 * sum((params[name] ** 2).sum() for name in ("W1", "W2"))
    dhidden, dw2, db2 = affine_backward(dscores, second)
    _, dw1, db1 = affine_backward(relu_backward(dhidden, hidden), first)
    return loss, {"W1": dw1 + reg * params["W1"], "b1": db1, "W2": dw2 + reg * params["W2"], "b2": db2}
    # END


# %% [markdown]
# ## Exercise 4 · Batch normalisation (6 points)
#
# In training, each column is normalised by the batch's own mean and variance (divided by N), and `state` is changed in
# place: `state["mean"] = 0.9 * state["mean"] + 0.1 * mean`, `state["var"]` likewise. In a test, `state` is used as it is.


# %%
EPSILON = 1e-5


def batchnorm_forward(x, gamma, beta, state, training):
    """x (N, D), gamma and beta (D,), state {"mean": (D,), "var": (D,)} -> (out (N, D), cache)."""
    # SOLUTION
    mean, var = (x.mean(axis=0), x.var(axis=0)) if training else (state["mean"], state["var"])
    if training:
        state["mean"] = 0.9 * state["mean"] + 0.1 * mean
        state["var"] = 0.9 * state["var"] + 0.1 * var
    std = np.sqrt(var + EPSILON)
    normal = (x - mean) / std
    return gamma * normal + beta, (normal, std, gamma)
    # END


def batchnorm_backward(dout, cache):
    """dout (N, D), and the cache of a training step -> (dx (N, D), dgamma (D,), dbeta (D,))."""
    # SOLUTION
    normal, std, gamma = cache
    dnormal = dout * gamma
    dx = (dnormal - dnormal.mean(axis=0) - normal * (dnormal * normal).mean(axis=0)) / std
    return dx, (dout * normal).sum(axis=0), dout.sum(axis=0)
    # END
