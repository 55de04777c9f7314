"""Wrong implementations that must lose points in their own exercise."""

from autograder.rubric import Variants

variants = Variants()


@variants.mutant(of="affine_forward", hint="Where does the bias come in?")
def no_bias(x, w, b):
    return x @ w + 0 * b, (x, w)


@variants.mutant(of="affine_backward", hint="Every example adds to db: sum, do not average.")
def mean_for_sum(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.mean(axis=0)


@variants.mutant(of="relu_backward", hint="At 0 the slope of ReLU is 0 here.")
def slope_at_zero(dout, x):
    return dout * (x >= 0)


@variants.mutant(of="softmax_loss", hint="Subtract each row's largest score before exp.")
def overflows(scores, y):
    with np.errstate(all="ignore"):
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        rows = np.arange(len(y))
        loss = -np.log(p[rows, y]).mean()
    gradient = p.copy()
    gradient[rows, y] -= 1
    return loss, gradient / len(y)


@variants.mutant(of="softmax_loss", hint="The loss is a mean: its gradient is divided by the number of examples, too.")
def gradient_of_the_sum(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    gradient = np.exp(log_p)
    gradient[rows, y] -= 1
    return -log_p[rows, y].mean(), gradient


@variants.mutant(of="two_layer_loss", hint="Biases are not regularised.")
def biases_too(params, x, y, reg):
    hidden, first = affine_forward(x, params["W1"], params["b1"])
    scores, second = affine_forward(np.maximum(hidden, 0), params["W2"], params["b2"])
    loss, dscores = softmax_loss(scores, y)
    loss += reg / 2 * sum((one**2).sum() for one in params.values())
    dhidden, dw2, db2 = affine_backward(dscores, second)
    _, dw1, db1 = affine_backward(relu_backward(dhidden, hidden), first)
    gradients = {"W1": dw1, "b1": db1, "W2": dw2, "b2": db2}
    return loss, {name: one + reg * params[name] for name, one in gradients.items()}


@variants.mutant(of="two_layer_loss", hint="With reg / 2 in the loss, the gradient has reg times the weights.")
def twice_the_regularisation(params, x, y, reg):
    hidden, first = affine_forward(x, params["W1"], params["b1"])
    scores, second = affine_forward(np.maximum(hidden, 0), params["W2"], params["b2"])
    loss, dscores = softmax_loss(scores, y)
    loss += reg / 2 * sum((params[name] ** 2).sum() for name in ("W1", "W2"))
    dhidden, dw2, db2 = affine_backward(dscores, second)
    _, dw1, db1 = affine_backward(relu_backward(dhidden, hidden), first)
    return loss, {"W1": dw1 + 2 * reg * params["W1"], "b1": db1, "W2": dw2 + 2 * reg * params["W2"], "b2": db2}


@variants.mutant(of="batchnorm_forward", hint="A test uses what the state remembers, not its own batch.")
def tests_by_the_batch(x, gamma, beta, state, training):
    mean, var = x.mean(axis=0), x.var(axis=0)
    if training:
        state["mean"] = 0.9 * state["mean"] + 0.1 * mean
        state["var"] = 0.9 * state["var"] + 0.1 * var
    std = np.sqrt(var + EPSILON)
    normal = (x - mean) / std
    return gamma * normal + beta, (normal, std, gamma)


@variants.mutant(of="batchnorm_backward", hint="The batch's mean and variance depend on x, too.")
def statistics_are_constants(dout, cache):
    normal, std, gamma = cache
    return dout * gamma / std, (dout * normal).sum(axis=0), dout.sum(axis=0)
