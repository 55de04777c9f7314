"""Wrong implementations that students write, each with the hint for it.

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 1.1 windows ---


@mutant("make_windows", "The window includes the day you predict: column 0 is yesterday, not today.")
def off_by_one_leak(series, days):
    x = torch.stack([series[days - back : len(series) - back] for back in range(days)], dim=1)
    return x, series[days:]


@mutant("make_windows", "Your window stops two days before the label: yesterday itself is missing.")
def skip_day(series, days):
    x = torch.stack([series[days - 1 - back : len(series) - 1 - back] for back in range(days)], dim=1)
    return x[:-1], series[days + 1 :]


@mutant("make_windows", "The columns run from the oldest day to the newest; yesterday comes first.")
def oldest_first(series, days):
    x = torch.stack([series[back : len(series) - days + back] for back in range(days)], dim=1)
    return x, series[days:]


@mutant("make_windows", "The last row is missing: a series of T days gives T - days rows.")
def last_row_missing(series, days):
    columns = [series[days - 1 - back : len(series) - 2 - back] for back in range(days)]
    return torch.stack(columns, dim=1), series[days:-1]


@mutant("make_windows", "The windows do not overlap: move on by one day a row, not by a whole window.")
def strided(series, days):
    rows = list(range(days, len(series), days))
    return torch.stack([series[r - days : r].flip(0) for r in rows]), series[rows]


# --- 1.2 split and scaler ---


@mutant("split_by_date", "The first unseen rows are in your training part: a row belongs to the date of its label.")
def split_by_row(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date < first_unseen for date in dates)
    return x[:seen], y[:seen], x[seen:], y[seen:]


@mutant("split_by_date", "The first unseen days are dropped: their rows may look back into the training days.")
def test_drops_first_days(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date < first_unseen for date in dates[days:])
    return x[:seen], y[:seen], x[seen + days :], y[seen + days :]


@mutant("split_by_date", "The split must follow time: train on the past, not on a random part.")
def random_split(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date < first_unseen for date in dates[days:])
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    x, y = x[order], y[order]
    return x[:seen], y[:seen], x[seen:], y[seen:]


@mutant("split_by_date", "The first unseen date itself is still in your training part: compare with <, not <=.")
def inclusive(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date <= first_unseen for date in dates[days:])
    return x[:seen], y[:seen], x[seen:], y[seen:]


@mutant("fit_scaler", "Divide by N, not by N - 1: the population standard deviation is asked for.")
def sample_std(x):
    std = x.std(dim=0)
    return x.mean(dim=0), torch.where(std == 0, torch.ones_like(std), std)


@mutant("fit_scaler", "That is the variance; the standard deviation is its square root.")
def variance(x):
    var = x.var(dim=0, unbiased=False)
    return x.mean(dim=0), torch.where(var == 0, torch.ones_like(var), var)


@mutant("fit_scaler", "One mean for everything: each column has its own statistics.")
def global_statistics(x):
    mean = x.mean().expand(x.shape[1])
    std = x.std(unbiased=False).expand(x.shape[1])
    return mean, torch.where(std == 0, torch.ones_like(std), std)


@mutant("fit_scaler", "The statistics run over the rows (dim 0), one a column.")
def wrong_axis(x):
    std = x.std(dim=1, unbiased=False)
    return x.mean(dim=1), torch.where(std == 0, torch.ones_like(std), std)


@mutant("fit_scaler", "A column that never changes has deviation 0: make it 1, or scaling divides by zero.")
def zero_std(x):
    return x.mean(dim=0), x.std(dim=0, unbiased=False)


@mutant("scale", "Subtract the mean first, then divide by the deviation.")
def divides_first(x, mean, std):
    return x / std - mean


@mutant("unscale", "The way back runs in the other order: times the deviation, then plus the mean.")
def adds_first(z, mean, std):
    return (z + mean) * std


@mutant("scale_splits", "The unseen rows are scaled with their own statistics; they must not be looked at.")
def norm_each_split(x_train, x_unseen):
    return scale(x_train, *fit_scaler(x_train)), scale(x_unseen, *fit_scaler(x_unseen))


@mutant("scale_splits", "The scaler has seen the unseen rows: fit it on the training rows only.")
def norm_all_data(x_train, x_unseen):
    mean, std = fit_scaler(torch.cat([x_train, x_unseen]))
    return scale(x_train, mean, std), scale(x_unseen, mean, std)


@mutant("scale_splits", "The unseen rows come back unscaled.")
def unseen_unscaled(x_train, x_unseen):
    return scale(x_train, *fit_scaler(x_train)), x_unseen


# --- 1.3 losses ---


@mutant("mae", "(N, 1) minus (N,) broadcasts to N x N: flatten the prediction first.")
def broadcast_mae(prediction, label):
    return (prediction - label).abs().mean()


@mutant("mse", "(N, 1) minus (N,) broadcasts to N x N: flatten the prediction first.")
def broadcast_mse(prediction, label):
    return (prediction - label).square().mean()


@mutant("mae", "That is the sum; take the mean over the examples.")
def sum_mae(prediction, label):
    return (prediction.reshape(-1) - label).abs().sum()


@mutant("mse", "That is the sum; take the mean over the examples.")
def sum_mse(prediction, label):
    return (prediction.reshape(-1) - label).square().sum()


@mutant("mse", "That is the root of the mean squared error; leave the root away.")
def rmse(prediction, label):
    return (prediction.reshape(-1) - label).square().mean().sqrt()


@mutant("mse", "There is no factor 1/2 in this course's MSE.")
def half_mse(prediction, label):
    return (prediction.reshape(-1) - label).square().mean() / 2


@mutant("mae", "Positive and negative errors cancel: take absolute values before the mean.")
def signed(prediction, label):
    return (prediction.reshape(-1) - label).mean()


@mutant("mae", "You square where the absolute value is asked: that is the MSE.")
def mse_for_mae(prediction, label):
    return (prediction.reshape(-1) - label).square().mean()


@mutant("mae", "The mean is taken before the absolute value, so errors of both signs cancel.")
def abs_after_mean(prediction, label):
    return (prediction.reshape(-1) - label).mean().abs()


@mutant("mse", "The mean is taken before the square, so errors of both signs cancel.")
def square_after_mean(prediction, label):
    return (prediction.reshape(-1) - label).mean().square()


# --- 1.4 linear model ---


@mutant("linear_forward", "The bias is missing.")
def no_bias(x, w, b):
    return x @ w


@mutant("linear_forward", "The bias is added once a row, not once a feature.")
def bias_per_feature(x, w, b):
    return (x * w + b).sum(dim=1)


@mutant("grad_mse", "The sign is flipped: the residual is prediction minus label, or descent climbs.")
def sign_flip(x, y, w, b):
    residual = y - (x @ w + b)
    return 2 * x.T @ residual / len(y), 2 * residual.mean()


@mutant("grad_mse", "The factor 2 from the square is missing (the MSE here has no 1/2).")
def no_two(x, y, w, b):
    residual = x @ w + b - y
    return x.T @ residual / len(y), residual.mean()


@mutant("grad_mse", "The loss is a mean: divide the gradient by the number of examples.")
def no_mean(x, y, w, b):
    residual = x @ w + b - y
    return 2 * x.T @ residual, 2 * residual.sum()


@mutant("grad_mse", "The bias gradient is a sum over the examples; it must be the mean.")
def gb_sum(x, y, w, b):
    residual = x @ w + b - y
    return 2 * x.T @ residual / len(y), 2 * residual.sum()


@mutant("grad_mse", "The bias has a gradient too: it is not zero.")
def gb_zero(x, y, w, b):
    residual = x @ w + b - y
    return 2 * x.T @ residual / len(y), torch.zeros_like(residual[0])


@mutant("grad_mse", "The bias gradient is not multiplied by x: b enters the prediction with factor 1.")
def gb_times_x(x, y, w, b):
    residual = x @ w + b - y
    return 2 * x.T @ residual / len(y), 2 * (residual * x[:, 0]).mean()


@mutant("grad_mse", "You divide by the number of features; the mean is over the examples.")
def divides_by_features(x, y, w, b):
    residual = x @ w + b - y
    return 2 * x.T @ residual / x.shape[1], 2 * residual.sum() / x.shape[1]


@mutant("grad_mae", "For the absolute value the slope is the sign of the residual, not the residual.")
def mae_uses_residual(x, y, w, b):
    residual = x @ w + b - y
    return x.T @ residual / len(y), residual.mean()


@mutant("grad_mae", "The sign is flipped: sign(prediction - label), or descent climbs.")
def mae_sign_flip(x, y, w, b):
    sign = torch.sign(y - (x @ w + b))
    return x.T @ sign / len(y), sign.mean()


@mutant("grad_mae", "There is no factor 2: the absolute value has slope 1 or -1.")
def mae_two(x, y, w, b):
    sign = torch.sign(x @ w + b - y)
    return 2 * x.T @ sign / len(y), 2 * sign.mean()


# --- 1.5 gradient descent ---


@mutant("gd_step", "w is updated before the gradient of b is taken: both gradients belong to the old point.")
def sequential(x, y, w, b, lr):
    w = w - lr * grad_mse(x, y, w, b)[0]
    return w, b - lr * grad_mse(x, y, w, b)[1]


@mutant("gd_step", "That climbs: step against the gradient, with a minus.")
def ascent(x, y, w, b, lr):
    gw, gb = grad_mse(x, y, w, b)
    return w + lr * gw, b + lr * gb


@mutant("gd_step", "b is never updated.")
def w_only(x, y, w, b, lr):
    return w - lr * grad_mse(x, y, w, b)[0], b


@mutant("train_gd", "One update too few: `steps` updates are asked for.")
def stops_early(x, y, w, b, lr, steps, tolerance=0.0):
    w_before, b_before, losses = w, b, []
    for _ in range(steps):
        w_before, b_before = w, b
        losses.append(mse(linear_forward(x, w, b), y))
        gw, gb = grad_mse(x, y, w, b)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            return w, b, losses
        w, b = gd_step(x, y, w, b, lr)
    return w_before, b_before, losses


@mutant("train_gd", "The learning rate shrinks from step to step; it stays constant here.")
def lr_decays(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for step in range(steps):
        losses.append(mse(linear_forward(x, w, b), y))
        gw, gb = grad_mse(x, y, w, b)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            break
        w, b = gd_step(x, y, w, b, lr / (step + 1))
    return w, b, losses


@mutant("train_gd", "The losses are noted after each update; losses[t] is the one before update t.")
def losses_after(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for _ in range(steps):
        gw, gb = grad_mse(x, y, w, b)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            losses.append(mse(linear_forward(x, w, b), y))
            break
        w, b = gd_step(x, y, w, b, lr)
        losses.append(mse(linear_forward(x, w, b), y))
    return w, b, losses


@mutant("train_gd", "The tolerance is ignored: stop when no entry of the gradient is larger than it.")
def never_stops(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for _ in range(steps):
        losses.append(mse(linear_forward(x, w, b), y))
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


def _train(x, y, w, b, lr, steps, stop, note=None):
    """The right loop, with what stops it and what it notes exchangeable."""
    losses = []
    for _ in range(steps):
        losses.append((note or mse)(linear_forward(x, w, b), y))
        if stop(*grad_mse(x, y, w, b)):
            break
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


@mutant("train_gd", "A steep negative gradient is large too: compare absolute values with the tolerance.")
def stops_on_signed(x, y, w, b, lr, steps, tolerance=0.0):
    return _train(x, y, w, b, lr, steps, lambda gw, gb: max(gw.max(), gb) <= tolerance)


@mutant("train_gd", "You stop when the gradient of w is small; that of b counts too.")
def stops_on_w(x, y, w, b, lr, steps, tolerance=0.0):
    return _train(x, y, w, b, lr, steps, lambda gw, gb: gw.abs().max() <= tolerance)


@mutant("train_gd", "You compare the gradient's norm with the tolerance; the largest single entry is asked for.")
def stops_on_norm(x, y, w, b, lr, steps, tolerance=0.0):
    return _train(x, y, w, b, lr, steps, lambda gw, gb: (gw.square().sum() + gb * gb).sqrt() <= tolerance)


@mutant("train_gd", "You stop when any entry of the gradient is small; all of them have to be.")
def stops_on_any(x, y, w, b, lr, steps, tolerance=0.0):
    return _train(x, y, w, b, lr, steps, lambda gw, gb: min(gw.abs().min(), abs(gb)) <= tolerance)


@mutant("train_gd", "When it stops early, the loss at that point is noted too.")
def last_loss_missing(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for _ in range(steps):
        gw, gb = grad_mse(x, y, w, b)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            break
        losses.append(mse(linear_forward(x, w, b), y))
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


@mutant("train_gd", "The update comes before the look at the tolerance: when the gradient is small, stop without it.")
def one_more_update(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for _ in range(steps):
        losses.append(mse(linear_forward(x, w, b), y))
        gw, gb = grad_mse(x, y, w, b)
        w, b = gd_step(x, y, w, b, lr)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            break
    return w, b, losses


@mutant("train_gd", "The losses are MAEs; this descent is on the MSE, and notes that.")
def notes_mae(x, y, w, b, lr, steps, tolerance=0.0):
    def small(gw, gb):
        return max(gw.abs().max(), abs(gb)) <= tolerance

    return _train(x, y, w, b, lr, steps, small, lambda prediction, label: (prediction - label).abs().mean())


# --- 1.6 error surface ---


@mutant("error_surface", "The grid is transposed: rows belong to w_grid, columns to b_grid.")
def transposed(x, y, w_grid, b_grid):
    prediction = w_grid[None, :, None] * x + b_grid[:, None, None]
    return (prediction - y).abs().mean(dim=2)


@mutant("error_surface", "This surface shows the MSE; the MAE is asked for.")
def surface_mse(x, y, w_grid, b_grid):
    prediction = w_grid[:, None, None] * x + b_grid[None, :, None]
    return (prediction - y).square().mean(dim=2)


@mutant("error_surface", "That is a sum over the examples; take the mean.")
def surface_sum(x, y, w_grid, b_grid):
    prediction = w_grid[:, None, None] * x + b_grid[None, :, None]
    return (prediction - y).abs().sum(dim=2)


@mutant("error_surface", "The bias is missing: every column of your surface is the same.")
def surface_no_bias(x, y, w_grid, b_grid):
    prediction = w_grid[:, None, None] * x + torch.zeros_like(b_grid)[None, :, None]
    return (prediction - y).abs().mean(dim=2)


@mutant("lowest_point", "You return the indices; the values of w and b at that place are asked for.")
def indices(surface, w_grid, b_grid):
    row, column = divmod(int(surface.argmin()), len(b_grid))
    return torch.tensor(float(row)), torch.tensor(float(column))


@mutant("lowest_point", "That is the highest point of the surface.")
def highest(surface, w_grid, b_grid):
    row, column = divmod(int(surface.argmax()), len(b_grid))
    return w_grid[row], b_grid[column]


@mutant("lowest_point", "Rows and columns are mixed up when the flat index is taken apart: divide by the row's length.")
def wrong_unravel(surface, w_grid, b_grid):
    flat = int(surface.argmin())
    return w_grid[flat % len(w_grid)], b_grid[flat // len(w_grid)]


# --- 1.7 batches ---


@mutant("epoch_batches", "The order is never shuffled.")
def no_shuffle(n, batch_size, generator):
    return list(torch.arange(n).split(batch_size))


@mutant("epoch_batches", "You draw with replacement: some examples are seen twice, others never.")
def with_replacement(n, batch_size, generator):
    return list(torch.randint(n, (n,), generator=generator).split(batch_size))


@mutant("epoch_batches", "The last batch is filled up with repeats; it may be smaller.")
def pad_last(n, batch_size, generator):
    order = torch.randperm(n, generator=generator)
    short = -n % batch_size
    return list(torch.cat([order, order[:short]]).split(batch_size))


@mutant("epoch_batches", "The last, smaller batch is dropped: those examples are never seen.")
def drop_last(n, batch_size, generator):
    return [batch for batch in torch.randperm(n, generator=generator).split(batch_size) if len(batch) == batch_size]


@mutant("epoch_batches", "Every epoch has the same order: draw from the generator, do not reseed.")
def same_every_epoch(n, batch_size, generator):
    return list(torch.randperm(n, generator=torch.Generator().manual_seed(0)).split(batch_size))


@mutant("epoch_batches", "The order does not come from the generator: pass it on to what draws.")
def ignores_generator(n, batch_size, generator):
    return list(torch.randperm(n).split(batch_size))


@mutant("epoch_batches", "You make `batch_size` batches; make batches with `batch_size` examples each.")
def counts_batches(n, batch_size, generator):
    return list(torch.randperm(n, generator=generator).chunk(batch_size))


@mutant("epoch_batches", "Only the order of the batches is random, so the same examples always meet: shuffle examples.")
def shuffles_batches_only(n, batch_size, generator):
    parts = torch.arange(n).split(batch_size)
    return [parts[i] for i in torch.randperm(len(parts), generator=generator)]


@mutant("epoch_batches", "The indices start at 0, not at 1.")
def from_one(n, batch_size, generator):
    return list((torch.randperm(n, generator=generator) + 1).split(batch_size))


@mutant("updates_per_epoch", "There is no update more when the batches fit exactly: round up, do not always add one.")
def always_one_more(n, batch_size):
    return n // batch_size + 1


@mutant("updates_per_epoch", "An update uses a whole batch: an epoch has fewer updates than examples.")
def updates_is_n(n, batch_size):
    return n


@mutant("updates_per_epoch", "The smaller last batch is an update too: round up.")
def rounds_down(n, batch_size):
    return n // batch_size


variants.mutant_value(
    "answers_mixed_up",
    "ANSWERS",
    "An update uses one batch: count batches, not examples.",
    {
        "updates, 10000 in batches of 10": 10_000,
        "updates, 1000 in batches of 100, 5 epochs": 5_000,
        "relus for 100 hard sigmoids": 100,
    },
)

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
