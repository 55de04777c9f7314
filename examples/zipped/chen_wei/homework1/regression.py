"""Homework 1 - Chen Wei.

The building blocks live in the package `blocks`; this file has the exercises.
"""
import math

import torch
from torch import nn

from blocks.hidden import ACTIVATIONS, Hidden
from blocks.training import Recipe, train
from losses import mae, mse

DAYS = 56
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def make_windows(series, days):
    index = torch.arange(days, len(series))[:, None] - torch.arange(1, days + 1)[None, :]
    return series[index], series[days:]


def split_by_date(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    label_dates = dates[days:]
    seen = [i for i, date in enumerate(label_dates) if date < first_unseen]
    new = [i for i, date in enumerate(label_dates) if date >= first_unseen]
    return x[seen], y[seen], x[new], y[new]


def fit_scaler(x):
    mean = x.mean(dim=0)
    variance = ((x - mean) ** 2).mean(dim=0)
    std = variance.sqrt()
    std[std == 0] = 1.0
    return mean, std


def scale(x, mean, std):
    return (x - mean) / std


def unscale(z, mean, std):
    return z * std + mean


def scale_splits(x_train, x_unseen):
    mean, std = fit_scaler(x_train)
    return scale(x_train, mean, std), scale(x_unseen, mean, std)


def linear_forward(x, w, b):
    return (x * w).sum(dim=1) + b


def grad_mse(x, y, w, b):
    error = linear_forward(x, w, b) - y
    return 2 / len(y) * (error @ x), 2 / len(y) * error.sum()


def grad_mae(x, y, w, b):
    error = linear_forward(x, w, b) - y
    sign = (error > 0).to(x.dtype) - (error < 0).to(x.dtype)
    return (sign @ x) / len(y), sign.sum() / len(y)


def gd_step(x, y, w, b, lr):
    gw, gb = grad_mse(x, y, w, b)
    new_w = w - lr * gw
    new_b = b - lr * gb
    return new_w, new_b


def train_gd(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for step in range(steps):
        loss = mse(linear_forward(x, w, b), y)
        losses.append(loss)
        gw, gb = grad_mse(x, y, w, b)
        converged = bool((gw.abs() <= tolerance).all()) and bool(gb.abs() <= tolerance)
        if converged:
            break
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


def error_surface(x, y, w_grid, b_grid):
    rows = []
    for w in w_grid:
        line = w * x  # (N,)
        rows.append((line[None, :] + b_grid[:, None] - y[None, :]).abs().mean(dim=1))
    return torch.stack(rows)


def lowest_point(surface, w_grid, b_grid):
    k = surface.flatten().argmin().item()
    return w_grid[k // len(b_grid)], b_grid[k % len(b_grid)]


def epoch_batches(n, batch_size, generator):
    permutation = torch.randperm(n, generator=generator)
    return [permutation[k * batch_size:(k + 1) * batch_size] for k in range(updates_per_epoch(n, batch_size))]


def updates_per_epoch(n, batch_size):
    return math.ceil(n / batch_size)


ANSWERS = {
    "updates, 10000 in batches of 10": 1000,
    "updates, 1000 in batches of 100, 5 epochs": 50,
    "relus for 100 hard sigmoids": 200,
}


def sigmoid(z):
    # exp only ever sees negative numbers
    positive = 1 / (1 + torch.exp(-z.clamp(min=0)))
    e = torch.exp(z.clamp(max=0))
    return torch.where(z >= 0, positive, e / (1 + e))


def hard_sigmoid(z):
    return torch.relu(z + 0.5) - torch.relu(z - 0.5)


def fit_piecewise(xs, ys):
    left, right = xs[:-1], xs[1:]
    w = 1 / (right - left)
    b = 0.5 - w * right
    return ys[0], ys[1:] - ys[:-1], w, b


def net_forward(x, W, b, c, b_out, activation):
    return Hidden(W, b, ACTIVATIONS[activation]).forward(x) @ c + b_out


def net_grad(x, y, W, b, c, b_out, activation):
    layer = Hidden(W, b, ACTIVATIONS[activation])
    a = layer.forward(x)
    upstream = 2 * (a @ c + b_out - y) / len(y)
    gW, gb = layer.backward(torch.outer(upstream, c))
    return gW, gb, a.T @ upstream, upstream.sum()


def deep_forward(x, layers):
    for W, b in layers[:-1]:
        x = torch.relu(x @ W.T + b)
    W, b = layers[-1]
    return x @ W.T + b


def count_params(sizes):
    return sum(a * b + b for a, b in zip(sizes[:-1], sizes[1:]))


def fat_width(sizes):
    budget = count_params(sizes)
    return (budget - sizes[-1]) // (sizes[0] + sizes[-1] + 1)


def fit_predict(x_train, y_train, x_new, hidden, seed):
    torch.manual_seed(seed)
    sizes = [x_train.shape[1], *hidden]
    blocks = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        blocks += [nn.Linear(a, b), nn.ReLU()]
    model = nn.Sequential(*blocks, nn.Linear(sizes[-1], 1))
    x, new = scale_splits(x_train, x_new)
    center, spread = y_train.mean(), y_train.std()
    losses = train(model, x.float(), ((y_train - center) / spread).float(), Recipe(epochs=30, batch=64, rate=2e-3))
    with torch.no_grad():
        prediction = model(new.float()).squeeze(1).double() * spread + center
    return prediction, [loss * float(spread) for loss in losses]


def diagnose(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train < train else "model bias"
    elif validation > target:
        return "overfitting"
    elif unseen > target:
        return "mismatch"
    else:
        return "good"
