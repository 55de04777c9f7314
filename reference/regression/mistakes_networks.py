"""Wrong implementations that students write, each with the hint for it: networks and training (1.8 to 1.12).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 1.8 sigmoids ---


@mutant("sigmoid", "The sign in the exponent is flipped: it is exp(-z).")
def sig_sign(z):
    return 1 - torch.sigmoid(z)


@mutant("sigmoid", "That is tanh; the sigmoid lies between 0 and 1.")
def tanh(z):
    return torch.tanh(z)


@mutant("sigmoid", "exp(z) overflows for large z: inf / inf is NaN. Use exp(-|z|).")
def overflows(z):
    return torch.exp(z) / (1 + torch.exp(z))


@mutant("hard_sigmoid", "One ReLU climbs for ever: subtract a second one to flatten it.")
def hard_relu_only(z):
    return torch.relu(z + 0.5)


@mutant("hard_sigmoid", "Your hard sigmoid is not centred: it climbs between -1/2 and 1/2.")
def hard_shift(z):
    return torch.relu(z) - torch.relu(z - 1)


@mutant("hard_sigmoid", "It climbs from -1 to 1; here it climbs from -1/2 to 1/2.")
def hard_wide(z):
    return (torch.relu(z + 1) - torch.relu(z - 1)) / 2


@mutant("fit_piecewise", "Each unit climbs in the middle of its piece: shift it by the middle, not by the left end.")
def left_end(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return ys[0], ys[1:] - ys[:-1], w, -w * xs[:-1]


@mutant("fit_piecewise", "The pieces have different lengths: w must be 1 over each piece's own length.")
def no_width(xs, ys):
    w = torch.ones_like(xs[1:])
    return ys[0], ys[1:] - ys[:-1], w, -(xs[1:] + xs[:-1]) / 2


@mutant("fit_piecewise", "The constant is missing: left of the first point the curve has that point's height.")
def no_constant(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return torch.zeros_like(ys[0]), ys[1:] - ys[:-1], w, -w * (xs[1:] + xs[:-1]) / 2


@mutant("fit_piecewise", "Each unit adds the step from one point to the next, not the height of the point.")
def heights(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return ys[0], ys[1:], w, -w * (xs[1:] + xs[:-1]) / 2


@mutant("fit_piecewise", "c is how far the curve climbs over a piece, not how steep it is: the slope is in w already.")
def slopes(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return ys[0], (ys[1:] - ys[:-1]) * w, w, -w * (xs[1:] + xs[:-1]) / 2


@mutant("fit_piecewise", "The middle of a piece must make w x + b zero: b has the wrong sign.")
def shift_sign(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return ys[0], ys[1:] - ys[:-1], w, w * (xs[1:] + xs[:-1]) / 2


@mutant("fit_piecewise", "The middle is in units of x; inside w x + b the shift must be multiplied by w.")
def shift_not_scaled(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return ys[0], ys[1:] - ys[:-1], w, -(xs[1:] + xs[:-1]) / 2


# --- 1.9 network ---


@mutant("net_forward", "One b for both roles: the vector b goes inside, the scalar b_out outside.")
def shared_b(x, W, b, c, b_out, activation):
    z = x @ W.T + b_out
    return (sigmoid(z) if activation == "sigmoid" else torch.relu(z)) @ c + b_out


@mutant("net_forward", "ReLU is applied to the input; it belongs on b + W x.")
def relu_on_x(x, W, b, c, b_out, activation):
    if activation == "sigmoid":
        return sigmoid(x @ W.T + b) @ c + b_out
    return (torch.relu(x) @ W.T + b) @ c + b_out


@mutant("net_forward", "That is a leaky ReLU; negative values become exactly 0.")
def leaky(x, W, b, c, b_out, activation):
    z = x @ W.T + b
    return (sigmoid(z) if activation == "sigmoid" else torch.where(z > 0, z, 0.01 * z)) @ c + b_out


@mutant("net_forward", "The outer bias b_out is missing.")
def no_outer_b(x, W, b, c, b_out, activation):
    z = x @ W.T + b
    return (sigmoid(z) if activation == "sigmoid" else torch.relu(z)) @ c


@mutant("net_forward", "The hidden values are just added up: weigh them with c.")
def sum_no_c(x, W, b, c, b_out, activation):
    z = x @ W.T + b
    return (sigmoid(z) if activation == "sigmoid" else torch.relu(z)).sum(dim=1) + b_out


@mutant("net_forward", "The activation is always the sigmoid: look at the argument.")
def always_sigmoid(x, W, b, c, b_out, activation):
    return sigmoid(x @ W.T + b) @ c + b_out


def _net_grad(x, y, W, b, c, b_out, activation, slope=None, scale=None):
    """The right gradient with a part of it exchangeable."""
    z = x @ W.T + b
    a = sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    if slope is None:
        slope = a * (1 - a) if activation == "sigmoid" else (z > 0).to(z.dtype)
    upstream = 2 * (a @ c + b_out - y) * (1 / len(y) if scale is None else scale)
    delta = upstream[:, None] * c * slope
    return delta.T @ x, delta.sum(dim=0), a.T @ upstream, upstream.sum()


@mutant("net_grad", "The derivative of the activation is missing in the gradients of W and b.")
def no_derivative(x, y, W, b, c, b_out, activation):
    return _net_grad(x, y, W, b, c, b_out, activation, slope=1.0)


@mutant("net_grad", "sigma'(z) is a (1 - a) with a = sigma(z), not z (1 - z).")
def derivative_at_z(x, y, W, b, c, b_out, activation):
    z = x @ W.T + b
    slope = z * (1 - z) if activation == "sigmoid" else (z > 0).to(z.dtype)
    return _net_grad(x, y, W, b, c, b_out, activation, slope=slope)


@mutant("net_grad", "The loss is a mean: divide by the number of examples.")
def net_no_mean(x, y, W, b, c, b_out, activation):
    return _net_grad(x, y, W, b, c, b_out, activation, scale=1.0)


@mutant("net_grad", "The gradients of W and b must be weighed with c, the way back through the output layer.")
def no_c(x, y, W, b, c, b_out, activation):
    _, _, gc, gb_out = _net_grad(x, y, W, b, c, b_out, activation)
    z = x @ W.T + b
    a = sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    slope = a * (1 - a) if activation == "sigmoid" else (z > 0).to(z.dtype)
    delta = 2 * ((a @ c + b_out - y) / len(y))[:, None] * slope
    return delta.T @ x, delta.sum(dim=0), gc, gb_out


@mutant("net_grad", "gb is summed over the examples, like every other gradient; you took its mean once more.")
def gb_mean(x, y, W, b, c, b_out, activation):
    gW, gb, gc, gb_out = _net_grad(x, y, W, b, c, b_out, activation)
    return gW, gb / len(y), gc, gb_out


@mutant("net_grad", "The gradient of c uses the hidden values after the activation, not before.")
def gc_uses_z(x, y, W, b, c, b_out, activation):
    gW, gb, gc, gb_out = _net_grad(x, y, W, b, c, b_out, activation)
    z = x @ W.T + b
    a = sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    return gW, gb, z.T @ (2 * (a @ c + b_out - y) / len(y)), gb_out


@mutant("net_grad", "gW must have the shape of W, (units, features): it is transposed.")
def gw_transposed(x, y, W, b, c, b_out, activation):
    gW, gb, gc, gb_out = _net_grad(x, y, W, b, c, b_out, activation)
    return gW.T, gb, gc, gb_out


@mutant("net_grad", "The factor 2 from the square is missing.")
def net_no_two(x, y, W, b, c, b_out, activation):
    return _net_grad(x, y, W, b, c, b_out, activation, scale=0.5 / len(y))


# --- 1.10 deep ---


@mutant("deep_forward", "There is no ReLU after the last layer: views would never be negative, but residuals are.")
def relu_at_the_end(x, layers):
    for W, b in layers:
        x = torch.relu(x @ W.T + b)
    return x


@mutant("deep_forward", "Without ReLU between the layers the network is linear, however deep.")
def no_relu(x, layers):
    for W, b in layers:
        x = x @ W.T + b
    return x


@mutant("deep_forward", "The biases are missing.")
def deep_no_bias(x, layers):
    for index, (W, _) in enumerate(layers):
        x = x @ W.T
        if index < len(layers) - 1:
            x = torch.relu(x)
    return x


@mutant("count_params", "The biases are parameters too: one for each output of a layer.")
def no_biases(sizes):
    return sum(inside * outside for inside, outside in zip(sizes, sizes[1:]))


@mutant("count_params", "You count neurons; count weights and biases.")
def counts_neurons(sizes):
    return sum(sizes)


@mutant("count_params", "The inputs have no biases: only what a layer puts out has one each.")
def input_biases(sizes):
    return sum((inside + 1) * outside for inside, outside in zip(sizes, sizes[1:])) + sizes[0]


@mutant("count_params", "A layer has one bias for each of its outputs, not one altogether.")
def one_bias_a_layer(sizes):
    return sum(inside * outside + 1 for inside, outside in zip(sizes, sizes[1:]))


@mutant("fat_width", "Equal neurons are not equal parameters: count weights and biases of both networks.")
def as_many_neurons(sizes):
    return sum(sizes[1:-1])


@mutant("fat_width", "Round down: one unit more would need too many parameters.")
def rounds_up(sizes):
    inputs, outputs = sizes[0], sizes[-1]
    return math.ceil((count_params(sizes) - outputs) / (inputs + 1 + outputs)) + 1


@mutant("fat_width", "A hidden unit also has a bias and weights to the outputs, not only weights from the inputs.")
def only_inputs(sizes):
    return count_params(sizes) // sizes[0]


# --- 1.11 training (run with --training only) ---


@mutant("fit_predict", "Nothing is trained.")
def untrained(x_train, y_train, x_new, hidden, seed):
    return torch.zeros(len(x_new), dtype=torch.float64), [float(y_train.abs().mean())]


@mutant("fit_predict", "Predicting the mean ignores the features.")
def predicts_mean(x_train, y_train, x_new, hidden, seed):
    return y_train.mean().expand(len(x_new)).clone(), [float((y_train - y_train.mean()).abs().mean())]


def _fit(x_train, y_train, x_new, hidden, seed, *, relu=True, unit=None, back=True, learn=True):
    """A right training, with its parts exchangeable."""
    torch.manual_seed(seed)
    mean, std = fit_scaler(x_train)
    offset, spread = y_train.mean(), y_train.std()
    inputs, targets = scale(x_train, mean, std).float(), ((y_train - offset) / spread).float()
    sizes = [x_train.shape[1], *hidden, 1]
    layers = []
    for inside, outside in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(inside, outside), torch.nn.ReLU() if relu else torch.nn.Identity()]
    model = torch.nn.Sequential(*layers[:-1])
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3 if learn else 0.0)
    losses = []
    for _ in range(12 if hidden else 30):
        for batch in torch.randperm(len(inputs)).split(64):
            optimiser.zero_grad()
            torch.nn.functional.l1_loss(model(inputs[batch]).squeeze(1), targets[batch]).backward()
            optimiser.step()
        with torch.no_grad():
            losses.append(float((model(inputs).squeeze(1) - targets).abs().mean() * (spread if unit is None else unit)))
    with torch.no_grad():
        output = model(scale(x_new, mean, std).float()).squeeze(1).double()
    return (output * spread + offset if back else output), losses


@mutant("fit_predict", "The losses are still in scaled units: multiply by the labels' deviation.")
def losses_in_scaled_units(x_train, y_train, x_new, hidden, seed):
    return _fit(x_train, y_train, x_new, hidden, seed, unit=1.0)


@mutant("fit_predict", "The predictions are still in scaled units: unscale them.")
def predictions_in_scaled_units(x_train, y_train, x_new, hidden, seed):
    return _fit(x_train, y_train, x_new, hidden, seed, back=False)


@mutant("fit_predict", "`hidden` is ignored: the network is always linear.")
def always_linear(x_train, y_train, x_new, hidden, seed):
    return _fit(x_train, y_train, x_new, (), seed)


@mutant("fit_predict", "Without ReLU between the layers the network is linear, however deep.")
def trains_without_relu(x_train, y_train, x_new, hidden, seed):
    return _fit(x_train, y_train, x_new, hidden, seed, relu=False)


@mutant("fit_predict", "The parameters never move: is the optimiser's step missing?")
def never_steps(x_train, y_train, x_new, hidden, seed):
    return _fit(x_train, y_train, x_new, hidden, seed, learn=False)


@mutant("fit_predict", "Yesterday's views are a good guess, but nothing is learned from the other days.")
def repeats_yesterday(x_train, y_train, x_new, hidden, seed):
    return x_new[:, 0].clone(), [float((x_train[:, 0] - y_train).abs().mean())]


# --- 1.12 diagnosis ---


@mutant("diagnose", "A large training loss is not overfitting: look at the training loss first.")
def unseen_first(train, validation, unseen, smaller_train, target):
    if validation > target:
        return "overfitting"
    if train > target:
        return "optimisation" if smaller_train < train else "model bias"
    return "mismatch" if unseen > target else "good"


@mutant("diagnose", "When a smaller model trains to a lower loss, the larger one could too: its optimisation failed.")
def always_bias(train, validation, unseen, smaller_train, target):
    if train > target:
        return "model bias"
    if validation > target:
        return "overfitting"
    return "mismatch" if unseen > target else "good"


@mutant("diagnose", "Model bias and optimisation are swapped.")
def swapped(train, validation, unseen, smaller_train, target):
    if train > target:
        return "model bias" if smaller_train < train else "optimisation"
    if validation > target:
        return "overfitting"
    return "mismatch" if unseen > target else "good"


@mutant("diagnose", "Held-out rows of the same years tell overfitting from mismatch: look at validation before unseen.")
def unseen_is_overfitting(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train < train else "model bias"
    return "overfitting" if unseen > target or validation > target else "good"


@mutant("diagnose", "Compare each loss with the target, not with the training loss: a gap alone is no overfitting.")
def gap_is_overfitting(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train < train else "model bias"
    if validation > train:
        return "overfitting"
    return "mismatch" if unseen > target else "good"


@mutant("diagnose", "The smaller model's loss is compared with the target; compare it with your model's training loss.")
def smaller_against_target(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train <= target else "model bias"
    if validation > target:
        return "overfitting"
    return "mismatch" if unseen > target else "good"
