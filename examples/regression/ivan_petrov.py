# -*- coding: utf-8 -*-
# Иван Петров, домашнее задание 1
from math import ceil
from typing import List, Tuple

import torch
from sklearn.preprocessing import StandardScaler


def make_windows(series: torch.Tensor, days: int) -> Tuple[torch.Tensor, torch.Tensor]:
    x = torch.empty((len(series) - days, days), dtype=series.dtype)
    y = torch.empty(len(series) - days, dtype=series.dtype)
    for row in range(len(series) - days):
        x[row] = series[row:row + days].flip(0)
        y[row] = series[row + days]
    return x, y


def split_by_date(series, dates: List[str], days, first_unseen):
    # each part gets its own windows
    cut = dates.index(first_unseen)
    x_train, y_train = make_windows(series[:cut], days)
    x_unseen, y_unseen = make_windows(series[cut:], days)
    return x_train, y_train, x_unseen, y_unseen


def fit_scaler(x):
    scaler = StandardScaler().fit(x.numpy())
    return torch.tensor(scaler.mean_).to(x.dtype), torch.tensor(scaler.scale_).to(x.dtype)


def scale(x, mean, std):
    return (x - mean) / std


def unscale(z, mean, std):
    return z * std + mean


def scale_splits(x_train, x_unseen):
    return scale(x_train, *fit_scaler(x_train)), scale(x_unseen, *fit_scaler(x_unseen))


def mae(prediction, label):
    return (prediction - label.view_as(prediction)).abs().mean()


def mse(prediction, label):
    return ((prediction - label.view_as(prediction)) ** 2).mean() / 2


def linear_forward(x, w, b):
    return x @ w + b


def grad_mse(x, y, w, b):
    error = linear_forward(x, w, b) - y
    n = error.numel()
    return 2 * error @ x / n, 2 * error.sum() / n


def grad_mae(x, y, w, b):
    # derivative of |r| is r / |r|
    error = linear_forward(x, w, b) - y
    n = error.numel()
    return error @ x / n, error.sum() / n


def gd_step(x, y, w, b, lr):
    gw, gb = grad_mse(x, y, w, b)
    w -= lr * gw
    b -= lr * gb
    return w, b


def train_gd(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    w, b = w.clone(), b.clone()
    for _ in range(steps):
        error = linear_forward(x, w, b) - y
        losses.append((error ** 2).mean())
        gw, gb = grad_mse(x, y, w, b)
        if gw.abs().max() <= tolerance and gb.abs() <= tolerance:
            break
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


def error_surface(x, y, w_grid, b_grid):
    surface = torch.zeros(len(w_grid), len(b_grid), dtype=x.dtype)
    for i, w in enumerate(w_grid):
        for j, b in enumerate(b_grid):
            surface[i, j] = torch.abs(b + w * x - y).mean()
    return surface.T


def lowest_point(surface, w_grid, b_grid):
    index = surface.argmin()
    return w_grid[index // surface.shape[1]], b_grid[index % surface.shape[1]]


def epoch_batches(n, batch_size, generator):
    return [torch.randint(0, n, (min(batch_size, n - start),), generator=generator) for start in range(0, n, batch_size)]


def updates_per_epoch(n, batch_size):
    return ceil(n / batch_size)


ANSWERS = {
    "updates, 10000 in batches of 10": 1000,
    "updates, 1000 in batches of 100, 5 epochs": 50,
    "relus for 100 hard sigmoids": 200,
}


def sigmoid(z):
    return torch.sigmoid(z)


def hard_sigmoid(z):
    # ReLU(z) - ReLU(z - 1)
    return torch.relu(z) - torch.relu(z - 1)


def fit_piecewise(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    b = -w * (xs[1:] + xs[:-1]) / 2
    return ys[0], ys[1:] - ys[:-1], w, b


def net_forward(x, W, b, c, b_out, activation):
    z = x @ W.t() + b
    a = torch.sigmoid(z) if activation == 'sigmoid' else torch.nn.functional.leaky_relu(z)
    return a @ c


def net_grad(x, y, W, b, c, b_out, activation):
    z = x @ W.t() + b
    a = torch.sigmoid(z) if activation == 'sigmoid' else torch.relu(z)
    g = 2 * (a @ c + b_out - y) / len(y)
    da = a * (1 - a) if activation == 'sigmoid' else (z > 0).to(z.dtype)
    dz = g[:, None] * da
    return dz.t() @ x, dz.sum(0), a.t() @ g, g.sum()


def deep_forward(x, layers):
    for W, b in layers[:-1]:
        x = (x @ W.t() + b).relu()
    return x @ layers[-1][0].t() + layers[-1][1]


def count_params(sizes):
    # weights between the layers
    return sum(a * b for a, b in zip(sizes, sizes[1:]))


def fat_width(sizes):
    return count_params(sizes) // (sizes[0] + sizes[-1])


def fit_predict(x_train, y_train, x_new, hidden, seed):
    torch.manual_seed(seed)
    model = torch.nn.Sequential()
    size = x_train.shape[1]
    for width in hidden:
        model.append(torch.nn.Linear(size, width)).append(torch.nn.ReLU())
        size = width
    model.append(torch.nn.Linear(size, 1))
    model = model.double()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for epoch in range(10):
        for batch in torch.randperm(len(x_train)).split(32):
            optimiser.zero_grad()
            loss = mae(model(x_train[batch]), y_train[batch])
            loss.backward()
            optimiser.step()
        losses.append(float(mae(model(x_train), y_train)))
    return model(x_new).squeeze(1).detach(), losses


def diagnose(train, validation, unseen, smaller_train, target):
    if unseen > target and train <= target:
        return "overfitting"
    if train > target:
        return "model bias"
    return "good"
