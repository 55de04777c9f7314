# compito 1
# Marco Rossi

import torch


def make_windows(series, days):
    x = torch.stack([series[t - days : t] for t in range(days, len(series))])
    return x.flip(1), series[days:]


def split_by_date(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    k = sum(date < first_unseen for date in dates) - days
    return x[:k], y[:k], x[k:], y[k:]


def fit_scaler(x):
    mean = torch.mean(x, 0)
    std = torch.sqrt(torch.mean(torch.square(x - mean), 0))
    return mean, torch.where(std == 0, torch.ones_like(std), std)


def scale(x, mean, std):
    return (x - mean) / std


def unscale(z, mean, std):
    return mean + z * std


def scale_splits(x_train, x_unseen):
    mean, std = fit_scaler(x_train)
    return scale(x_train, mean, std), scale(x_unseen, mean, std)


def mae(prediction, label):
    return torch.mean(torch.abs(prediction.flatten() - label))


def mse(prediction, label):
    return torch.mean(torch.square(prediction.flatten() - label))


def linear_forward(x, w, b):
    return x @ w + b


def grad_mse(x, y, w, b):
    r = 2 * (linear_forward(x, w, b) - y)
    return torch.mean(r[:, None] * x, 0), torch.mean(r)


def grad_mae(x, y, w, b):
    r = torch.sign(linear_forward(x, w, b) - y)
    return torch.mean(r[:, None] * x, 0), torch.mean(r)


def gd_step(x, y, w, b, lr):
    gw, gb = grad_mse(x, y, w, b)
    return w - lr * gw, b - lr * gb


def train_gd(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for _ in range(steps):
        losses.append(mse(linear_forward(x, w, b), y))
        gw, gb = grad_mse(x, y, w, b)
        if max(gw.abs().max(), gb.abs()) <= tolerance:
            break
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


def error_surface(x, y, w_grid, b_grid):
    # each day many times, so that the mean is more precise
    many = 60_000_000
    x = x.repeat_interleave(many)
    y = y.repeat_interleave(many)
    surface = []
    for w in w_grid:
        surface.append([(w * x + b - y).abs() for b in b_grid])
    return torch.stack([torch.stack([e.mean() for e in row]) for row in surface])


def lowest_point(surface, w_grid, b_grid):
    i, j = divmod(surface.argmin().item(), len(b_grid))
    return w_grid[i], b_grid[j]


def epoch_batches(n, batch_size, generator):
    idx = torch.randperm(n, generator=generator)
    out = []
    while len(idx):
        out.append(idx[:batch_size])
        idx = idx[batch_size:]
    return out


def updates_per_epoch(n, batch_size):
    return (n - 1) // batch_size + 1


ANSWERS = {
    "updates, 10000 in batches of 10": 1000,
    "updates, 1000 in batches of 100, 5 epochs": 50,
    "relus for 100 hard sigmoids": 200,
}


def sigmoid(z):
    return z.sigmoid()


def hard_sigmoid(z):
    return torch.clamp(z, -0.5, 0.5) + 0.5


def fit_piecewise(xs, ys):
    d = xs[1:] - xs[:-1]
    return ys[0], ys[1:] - ys[:-1], 1 / d, 0.5 - xs[1:] / d


def net_forward(x, W, b, c, b_out, activation):
    z = x @ W.T + b
    return torch.matmul(sigmoid(z) if activation == "sigmoid" else torch.relu(z), c) + b_out


def net_grad(x, y, W, b, c, b_out, activation):
    z = x @ W.T + b
    if activation == "sigmoid":
        a = sigmoid(z)
        da = a * (1 - a)
    else:
        a = torch.relu(z)
        da = (z > 0).to(z.dtype)
    r = 2 * (torch.matmul(a, c) + b_out - y) / len(y)
    dz = r[:, None] * c * da
    return torch.matmul(dz.T, x), dz.sum(0), torch.matmul(a.T, r), r.sum()


def deep_forward(x, layers):
    for W, b in layers[:-1]:
        x = torch.relu(x @ W.T + b)
    W, b = layers[-1]
    return x @ W.T + b


def count_params(sizes):
    return sum(i * o + o for i, o in zip(sizes, sizes[1:]))


def fat_width(sizes):
    return (count_params(sizes) - sizes[-1]) // (sizes[0] + 1 + sizes[-1])


def fit_predict(x_train, y_train, x_new, hidden, seed):
    torch.manual_seed(seed)
    x, new = scale_splits(x_train, x_new)
    m, s = y_train.mean(), y_train.std()
    x, y = x.float(), ((y_train - m) / s).float()
    parts, size = [], x.shape[1]
    for h in hidden:
        parts += [torch.nn.Linear(size, h), torch.nn.ReLU()]
        size = h
    model = torch.nn.Sequential(*parts, torch.nn.Linear(size, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 30)
    losses = []
    for _ in range(30):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            mae(model(x[batch]), y[batch]).backward()
            optimizer.step()
        schedule.step()
        with torch.no_grad():
            losses.append((mae(model(x), y) * s).item())
    with torch.no_grad():
        return model(new.float()).flatten() * s + m, losses


def diagnose(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train < train else "model bias"
    if validation > target:
        return "overfitting"
    return "mismatch" if unseen > target else "good"
