"""Homework 1, Ada Lopez. Everything vectorised with torch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPOCHS = 30
BATCH = 64
torch.manual_seed(0)


# ---- 1.1 / 1.2 ------------------------------------------------------------


def make_windows(series: Tensor, days: int) -> tuple[Tensor, Tensor]:
    # unfold gives oldest first, so flip: column 0 has to be yesterday
    windows = series.unfold(0, days + 1, 1)
    return windows[:, :-1].flip(1), windows[:, -1]


def split_by_date(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    unseen = torch.tensor([d >= first_unseen for d in dates[days:]])
    return x[~unseen], y[~unseen], x[unseen], y[unseen]


def fit_scaler(x: Tensor) -> tuple[Tensor, Tensor]:
    std, mean = torch.std_mean(x, dim=0, correction=0)
    return mean, std.masked_fill(std == 0, 1.0)


def scale(x, mean, std):
    return (x - mean) / std


def unscale(z, mean, std):
    return mean + std * z


def scale_splits(x_train, x_unseen):
    stats = fit_scaler(x_train)  # never look at the unseen rows here!
    return scale(x_train, *stats), scale(x_unseen, *stats)


# ---- 1.3 - 1.6 ------------------------------------------------------------


def mae(prediction, label):
    return F.l1_loss(prediction.flatten(), label)


def mse(prediction, label):
    return F.mse_loss(prediction.flatten(), label)


def linear_forward(x, w, b):
    return torch.mv(x, w) + b


def _back(x, upstream):
    """Push dL/dprediction back to w and b."""
    return upstream @ x, upstream.sum()


def grad_mse(x, y, w, b):
    return _back(x, 2 * (linear_forward(x, w, b) - y) / y.numel())


def grad_mae(x, y, w, b):
    return _back(x, (linear_forward(x, w, b) - y).sign() / y.numel())


def gd_step(x, y, w, b, lr):
    gw, gb = grad_mse(x, y, w, b)
    return w - lr * gw, b - lr * gb


def train_gd(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for _ in range(steps):
        losses.append(mse(linear_forward(x, w, b), y).item())
        gw, gb = grad_mse(x, y, w, b)
        if torch.cat((gw, gb.view(1))).abs().max() <= tolerance:
            break
        w, b = w - lr * gw, b - lr * gb
    return w, b, losses


def error_surface(x, y, w_grid, b_grid):
    ww, bb = torch.meshgrid(w_grid, b_grid, indexing="ij")
    return (ww[..., None] * x + bb[..., None] - y).abs().mean(-1)


def lowest_point(surface, w_grid, b_grid):
    i, j = torch.unravel_index(surface.argmin(), surface.shape)
    return w_grid[i], b_grid[j]


# ---- 1.7 ------------------------------------------------------------------


def epoch_batches(n, batch_size, generator):
    order = torch.randperm(n, generator=generator)
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


def updates_per_epoch(n, batch_size):
    return -(-n // batch_size)


ANSWERS = {
    "updates, 10000 in batches of 10": updates_per_epoch(10_000, 10),
    "updates, 1000 in batches of 100, 5 epochs": 5 * updates_per_epoch(1_000, 100),
    "relus for 100 hard sigmoids": 2 * 100,
}


# ---- 1.8 - 1.10 -----------------------------------------------------------


def sigmoid(z):
    return torch.special.expit(z)


def hard_sigmoid(z):
    return (z + 0.5).clamp(0, 1)


def fit_piecewise(xs, ys):
    w = xs.diff().reciprocal()
    middle = (xs[:-1] + xs[1:]) / 2
    return ys[0], ys.diff(), w, -w * middle


_ACTIVATIONS = {
    "sigmoid": (torch.sigmoid, lambda z, a: a * (1 - a)),
    "relu": (torch.relu, lambda z, a: (z > 0).to(z)),
}


def net_forward(x, W, b, c, b_out, activation):
    act, _ = _ACTIVATIONS[activation]
    return act(F.linear(x, W, b)) @ c + b_out


def net_grad(x, y, W, b, c, b_out, activation):
    act, slope = _ACTIVATIONS[activation]
    z = F.linear(x, W, b)
    a = act(z)
    up = 2 * (a @ c + b_out - y) / y.numel()
    delta = torch.outer(up, c) * slope(z, a)
    return delta.T @ x, delta.sum(0), up @ a, up.sum()


def deep_forward(x, layers):
    *hidden, last = layers
    for W, b in hidden:
        x = F.relu(F.linear(x, W, b))
    return F.linear(x, *last)


def count_params(sizes):
    return sum(i * o + o for i, o in zip(sizes, sizes[1:]))


def fat_width(sizes):
    # h * (in + 1) + (h + 1) * out <= budget
    n_in, n_out = sizes[0], sizes[-1]
    return (count_params(sizes) - n_out) // (n_in + 1 + n_out)


# ---- 1.11 / 1.12 ----------------------------------------------------------


def fit_predict(x_train, y_train, x_new, hidden, seed):
    torch.manual_seed(seed)
    mean, std = fit_scaler(x_train)
    y_mean, y_std = y_train.mean(), y_train.std()
    x = scale(x_train, mean, std).float()
    y = ((y_train - y_mean) / y_std).float()

    widths = [x.shape[1], *hidden]
    layers: list[nn.Module] = []
    for i, o in zip(widths, widths[1:]):
        layers += [nn.Linear(i, o), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(widths[-1], 1), nn.Flatten(0))

    opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    anneal = torch.optim.lr_scheduler.CosineAnnealingLR(opt, EPOCHS)
    losses = []
    for _ in range(EPOCHS):
        for idx in torch.randperm(len(x)).split(BATCH):
            opt.zero_grad()
            F.l1_loss(net(x[idx]), y[idx]).backward()
            opt.step()
        anneal.step()
        with torch.no_grad():
            losses.append(F.l1_loss(net(x), y).item() * y_std.item())

    with torch.no_grad():
        out = net(scale(x_new, mean, std).float()).double()
    return out * y_std + y_mean, losses


def diagnose(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train < train else "model bias"
    if validation > target:
        return "overfitting"
    if unseen > target:
        return "mismatch"
    return "good"
