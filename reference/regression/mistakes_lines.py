"""Wrong implementations that students write, each with the hint for it: lines and descent (1.4 to 1.7).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

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
