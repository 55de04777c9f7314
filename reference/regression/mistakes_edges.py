"""Wrong implementations that are right in the ordinary case: zeros, ties, empty parts, numbers far from 0.

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant


@mutant("fit_scaler", "Only a deviation of 0 becomes 1; a small one stays.")
def small_becomes_one(x):
    std = x.std(dim=0, unbiased=False)
    return x.mean(dim=0), torch.where(std < 1e-3, torch.ones_like(std), std)


@mutant("fit_scaler", "The mean of the squares minus the squared mean loses its digits far from 0: centre first.")
def cancels(x):
    std = (x.square().mean(dim=0) - x.mean(dim=0).square()).clamp(min=0).sqrt()
    return x.mean(dim=0), torch.where(std == 0, torch.ones_like(std), std)


@mutant("mae", "Do not round: losses may be small.")
def rounded_mae(prediction, label):
    return (prediction.reshape(-1) - label).abs().mean().mul(1e6).round() / 1e6


@mutant("mae", "Your numbers become float32 on the way: compute in the dtype you are given.")
def float32_mae(prediction, label):
    return (prediction.reshape(-1).float() - label.float()).abs().mean().to(label.dtype)


@mutant("mse", "Your numbers become float32 on the way: compute in the dtype you are given.")
def float32_mse(prediction, label):
    return (prediction.reshape(-1).float() - label.float()).square().mean().to(label.dtype)


@mutant("grad_mae", "r / |r| is NaN where the residual r is 0.")
def divides_by_zero(x, y, w, b):
    residual = linear_forward(x, w, b) - y
    sign = residual / residual.abs()
    return x.T @ sign / len(y), sign.mean()


@mutant("grad_mae", "Where the residual is 0, so is its sign: it is not -1.")
def minus_one_at_zero(x, y, w, b):
    sign = torch.where(linear_forward(x, w, b) > y, 1.0, -1.0).to(x.dtype)
    return x.T @ sign / len(y), sign.mean()


@mutant("grad_mae", "Where the residual is 0, so is its sign: it is not 1.")
def one_at_zero(x, y, w, b):
    sign = torch.where(linear_forward(x, w, b) >= y, 1.0, -1.0).to(x.dtype)
    return x.T @ sign / len(y), sign.mean()


@mutant("train_gd", "With 0 steps there is no update, and no loss before one.")
def a_loss_too_many(x, y, w, b, lr, steps, tolerance=0.0):
    losses = [mse(linear_forward(x, w, b), y)]
    for _ in range(steps):
        gw, gb = grad_mse(x, y, w, b)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            break
        w, b = gd_step(x, y, w, b, lr)
        if len(losses) < steps:
            losses.append(mse(linear_forward(x, w, b), y))
    return w, b, losses


def _descends(x, y, w, b, lr, steps, stop):
    losses = []
    for _ in range(steps):
        losses.append(mse(linear_forward(x, w, b), y))
        gw, gb = grad_mse(x, y, w, b)
        if stop(float(max(gw.abs().max(), abs(gb)))):
            break
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


@mutant("train_gd", "A tolerance of 0 is a tolerance, too: where the gradient is exactly 0, stop.")
def zero_is_no_tolerance(x, y, w, b, lr, steps, tolerance=0.0):
    return _descends(x, y, w, b, lr, steps, lambda largest: tolerance and largest <= tolerance)


@mutant("train_gd", "A gradient exactly at the tolerance is not above it: stop there.")
def below_only(x, y, w, b, lr, steps, tolerance=0.0):
    return _descends(x, y, w, b, lr, steps, lambda largest: largest < tolerance)


@mutant("train_gd", "Where no tolerance is given it is 0, not some small number.")
def another_default(x, y, w, b, lr, steps, tolerance=1e-2):
    return _descends(x, y, w, b, lr, steps, lambda largest: largest <= tolerance)


@mutant("error_surface", "Your numbers become float32 on the way: compute in the dtype you are given.")
def float32_surface(x, y, w_grid, b_grid):
    prediction = w_grid.float()[:, None, None] * x.float() + b_grid.float()[None, :, None]
    return (prediction - y.float()).abs().mean(dim=2).to(x.dtype)


@mutant("lowest_point", "The smallest entry is asked for, not the one closest to 0.")
def closest_to_zero(surface, w_grid, b_grid):
    row, column = divmod(int(surface.abs().argmin()), len(b_grid))
    return w_grid[row], b_grid[column]


@mutant("epoch_batches", "Only the place where the order begins is random: every order should be equally likely.")
def rotated(n, batch_size, generator):
    return list(((torch.arange(n) + torch.randint(n, (1,), generator=generator)) % n).split(batch_size))


@mutant("epoch_batches", "Each batch is in order: leave it as it was drawn.")
def sorted_batches(n, batch_size, generator):
    return [batch.sort().values for batch in torch.randperm(n, generator=generator).split(batch_size)]


@mutant("epoch_batches", "The first half of the examples always comes first: shuffle them all together.")
def half_by_half(n, batch_size, generator):
    half = n // 2
    halves = torch.randperm(half, generator=generator), half + torch.randperm(n - half, generator=generator)
    return list(torch.cat(halves).split(batch_size))


@mutant("epoch_batches", "One example always has the same place: shuffle them all.")
def first_stays(n, batch_size, generator):
    rest = 1 + torch.randperm(n - 1, generator=generator)
    return list(torch.cat([torch.zeros(1, dtype=torch.int64), rest]).split(batch_size))


@mutant("updates_per_epoch", "Python rounds a half to the even side: round up in another way.")
def half_to_even(n, batch_size):
    return round(n / batch_size + 0.5)


@mutant("net_grad", "The slope of ReLU at 0 is 0 here, as in torch.")
def climbs_at_zero(x, y, W, b, c, b_out, activation):
    z = x @ W.T + b
    a = sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    slope = a * (1 - a) if activation == "sigmoid" else (z >= 0).to(z.dtype)
    upstream = 2 * (a @ c + b_out - y) / len(y)
    delta = upstream[:, None] * c * slope
    return delta.T @ x, delta.sum(dim=0), a.T @ upstream, upstream.sum()


@mutant("diagnose", "A loss may be as large as the target: only above it is it too large.")
def at_the_target(train, validation, unseen, smaller_train, target):
    if train >= target:
        return "optimisation" if smaller_train < train else "model bias"
    if validation >= target:
        return "overfitting"
    return "mismatch" if unseen >= target else "good"


@mutant("diagnose", "A smaller model with the same loss does not show that yours could do better.")
def as_good_as(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train <= train else "model bias"
    if validation > target:
        return "overfitting"
    return "mismatch" if unseen > target else "good"


@mutant("diagnose", "The target is what a loss may be at most: a little more is too much.")
def some_room(train, validation, unseen, smaller_train, target):
    if train > 1.1 * target:
        return "optimisation" if smaller_train < train else "model bias"
    if validation > 1.1 * target:
        return "overfitting"
    return "mismatch" if unseen > 1.1 * target else "good"
