# Uma Keller
import math
import random

import numpy as np
import torch


def make_windows(series, days):
    s = series.numpy()
    X, Y = [], []
    for t in range(days, len(s)):
        line = []
        for back in range(1, days + 1):
            line.append(s[t - back])
        X.append(line)
        Y.append(s[t])
    return torch.from_numpy(np.array(X)), torch.from_numpy(np.array(Y))


def split_by_date(series, dates, days, first_unseen):
    X, Y = make_windows(series, days)
    count = 0
    for t in range(days, len(dates)):
        if dates[t] < first_unseen:
            count = count + 1
    return X[:count], Y[:count], X[count:], Y[count:]


def fit_scaler(x):
    a = x.numpy()
    mean = np.zeros(a.shape[1], dtype=a.dtype)
    std = np.zeros(a.shape[1], dtype=a.dtype)
    for j in range(a.shape[1]):
        mean[j] = np.mean(a[:, j])
        std[j] = np.std(a[:, j])
        if std[j] == 0:
            std[j] = 1
    return torch.from_numpy(mean), torch.from_numpy(std)


def scale(x, mean, std):
    return (x - mean) / std


def unscale(z, mean, std):
    return z * std + mean


def scale_splits(x_train, x_unseen):
    m, s = fit_scaler(x_train)
    return scale(x_train, m, s), scale(x_unseen, m, s)


def mae(prediction, label):
    acc = 0.0
    p = prediction.reshape(len(label))
    for n in range(len(label)):
        acc += abs(float(p[n]) - float(label[n]))
    return acc / len(label)


def mse(prediction, label):
    acc = 0.0
    p = prediction.reshape(len(label))
    for n in range(len(label)):
        acc += (float(p[n]) - float(label[n])) ** 2
    return acc / len(label)


def linear_forward(x, w, b):
    out = []
    for line in x:
        v_ = b
        for j in range(len(w)):
            v_ = v_ + w[j] * line[j]
        out.append(v_)
    return torch.stack(out)


def grad_mse(x, y, w, b):
    N, d = x.shape
    gw = torch.zeros(d, dtype=x.dtype)
    gb = torch.zeros((), dtype=x.dtype)
    for n in range(N):
        r = (x[n] * w).sum() + b - y[n]
        gw = gw + 2 * r * x[n] / N
        gb = gb + 2 * r / N
    return gw, gb


def grad_mae(x, y, w, b):
    N, d = x.shape
    gw = torch.zeros(d, dtype=x.dtype)
    gb = torch.zeros((), dtype=x.dtype)
    for n in range(N):
        r = (x[n] * w).sum() + b - y[n]
        if r > 0:
            gw, gb = gw + x[n] / N, gb + 1 / N
        elif r < 0:
            gw, gb = gw - x[n] / N, gb - 1 / N
    return gw, gb


def gd_step(x, y, w, b, lr):
    gw, gb = grad_mse(x, y, w, b)
    return w - lr * gw, b - lr * gb


def train_gd(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    t = 0
    while t < steps:
        losses.append(mse(linear_forward(x, w, b), y))
        gw, gb = grad_mse(x, y, w, b)
        largest = max([abs(float(g)) for g in gw] + [abs(float(gb))])
        if largest <= tolerance:
            return w, b, losses
        w, b = gd_step(x, y, w, b, lr)
        t += 1
    return w, b, losses


def error_surface(x, y, w_grid, b_grid):
    out = np.zeros((len(w_grid), len(b_grid)))
    for i in range(len(w_grid)):
        for j in range(len(b_grid)):
            prediction = w_grid[i] * x + b_grid[j]
            out[i, j] = mae(prediction, y)
    return out


def lowest_point(surface, w_grid, b_grid):
    opt = None
    for i in range(len(w_grid)):
        for j in range(len(b_grid)):
            if opt is None or surface[i][j] < surface[opt[0]][opt[1]]:
                opt = (i, j)
    return w_grid[opt[0]], b_grid[opt[1]]


def epoch_batches(n, batch_size, generator):
    indices = list(range(n))
    seed = int(torch.randint(0, 2**31, (1,), generator=generator))
    random.Random(seed).shuffle(indices)
    parts = []
    start = 0
    while start < n:
        parts.append(torch.tensor(indices[start:start + batch_size]))
        start += batch_size
    return parts


def updates_per_epoch(n, batch_size):
    return math.ceil(n / batch_size)


ANSWERS = {}
ANSWERS["updates, 10000 in batches of 10"] = 1000
ANSWERS["updates, 1000 in batches of 100, 5 epochs"] = 50
ANSWERS["relus for 100 hard sigmoids"] = 200


def sigmoid(z):
    out_list = []
    for v_ in z.reshape(-1):
        v = float(v_)
        if v >= 0:
            out_list.append(1 / (1 + math.exp(-v)))
        else:
            e = math.exp(v)
            out_list.append(e / (1 + e))
    return torch.tensor(out_list, dtype=z.dtype).reshape(z.shape)


def hard_sigmoid(z):
    return torch.clip(z + 0.5, 0, 1)


def fit_piecewise(xs, ys):
    c, w, b = [], [], []
    for k in range(len(xs) - 1):
        width = xs[k + 1] - xs[k]
        c.append(ys[k + 1] - ys[k])
        w.append(1 / width)
        b.append(-(xs[k] + width / 2) / width)
    return ys[0], torch.stack(c), torch.stack(w), torch.stack(b)


def _act(z, activation):
    if activation == "sigmoid":
        return sigmoid(z)
    return torch.maximum(z, torch.zeros_like(z))


def net_forward(x, W, b, c, b_out, activation):
    out = []
    for line in x:
        hidden = _act(W @ line + b, activation)
        out.append(b_out + (c * hidden).sum())
    return torch.stack(out)


def net_grad(x, y, W, b, c, b_out, activation):
    gW, gb, gc, go = torch.zeros_like(W), torch.zeros_like(b), torch.zeros_like(c), torch.zeros_like(b_out)
    N = len(y)
    for n in range(N):
        z = W @ x[n] + b
        a = _act(z, activation)
        up = 2 * (b_out + (c * a).sum() - y[n]) / N
        if activation == "sigmoid":
            slope = a * (1 - a)
        else:
            slope = (z > 0).to(z.dtype)
        for u in range(len(c)):
            gW[u] += up * c[u] * slope[u] * x[n]
            gb[u] += up * c[u] * slope[u]
            gc[u] += up * a[u]
        go = go + up
    return gW, gb, gc, go


def deep_forward(x, layers):
    for k in range(len(layers)):
        W, b = layers[k]
        x = x @ W.T + b
        if k != len(layers) - 1:
            x = torch.maximum(x, torch.zeros_like(x))
    return x


def count_params(sizes):
    acc = 0
    for k in range(len(sizes) - 1):
        acc += sizes[k] * sizes[k + 1]
        acc += sizes[k + 1]
    return acc


def fat_width(sizes):
    maximum = count_params(sizes)
    h = 1
    while count_params([sizes[0], h + 1, sizes[-1]]) <= maximum:
        h += 1
    return h


def fit_predict(x_train, y_train, x_new, hidden, seed):
    torch.manual_seed(seed)
    m, s = fit_scaler(x_train)
    X = scale(x_train, m, s).float()
    Xnew = scale(x_new, m, s).float()
    Y = y_train.float()
    stack = []
    n_in = X.shape[1]
    for h in hidden:
        stack.append(torch.nn.Linear(n_in, h))
        stack.append(torch.nn.ReLU())
        n_in = h
    stack.append(torch.nn.Linear(n_in, 1))
    model = torch.nn.Sequential(*stack)
    with torch.no_grad():
        model[-1].bias.fill_(float(Y.mean()))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    losses = []
    for epoch in range(40):
        for group in optimizer.param_groups:
            group["lr"] = 0.003 * (1 - epoch / 40)
        for idx in epoch_batches(len(X), 64, torch.default_generator):
            loss = (model(X[idx])[:, 0] - Y[idx]).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            losses.append(float((model(X)[:, 0] - Y).abs().mean()))
    with torch.no_grad():
        return model(Xnew)[:, 0].double(), losses


def diagnose(train, validation, unseen, smaller_train, target):
    if train > target and smaller_train >= train:
        return "model bias"
    if train > target:
        return "optimisation"
    if validation > target:
        return "overfitting"
    if unseen > target:
        return "mismatch"
    return "good"
