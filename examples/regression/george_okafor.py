"""George Okafor, HW 1"""
import torch
import numpy as np


def make_windows(series, days):
    X = []
    y = []
    for t in range(days, len(series)):
        X.append(series[t-days:t].flip(0))
        y.append(series[t])
    return torch.stack(X), torch.stack(y)


def split_by_date(series, dates, days, first_unseen):
    X, y = make_windows(series, days)
    mask = np.array(dates[days:]) < first_unseen
    mask = torch.from_numpy(mask)
    return X[mask], y[mask], X[~mask], y[~mask]


def fit_scaler(x):
    mean = x.mean(dim=0)
    std = x.std(dim=0, unbiased=False)
    std = torch.where(std == 0, torch.ones_like(std), std)
    return mean, std


def scale(x, mean, std):
    return (x-mean)/std


def unscale(z, mean, std):
    return z*std + mean


def scale_splits(x_train, x_unseen):
    mean, std = fit_scaler(x_train)
    return scale(x_train, mean, std), scale(x_unseen, mean, std)


def mae(prediction, label):
    # (N, 1) - (N,) would broadcast to (N, N), the hint in the text saved me
    return (prediction.view(-1)-label).abs().mean()


def mse(prediction, label):
    return ((prediction.view(-1)-label)**2).mean()


def linear_forward(x, w, b):
    return x@w + b


def grad_mse(x, y, w, b):
    # d/dw sum (xw+b-y)^2 = 2 x^T (xw+b-y)
    r = linear_forward(x, w, b) - y
    return 2*x.T@r, 2*r.sum()


def grad_mae(x, y, w, b):
    s = torch.sign(linear_forward(x, w, b) - y)
    return x.T@s, s.sum()


def gd_step(x, y, w, b, lr):
    gw, gb = grad_mse(x, y, w, b)
    return w - lr*gw, b - lr*gb


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
    pred = w_grid.view(-1, 1, 1)*x.view(1, 1, -1) + b_grid.view(1, -1, 1)
    return (pred-y).abs().mean(-1)


def lowest_point(surface, w_grid, b_grid):
    i, j = np.unravel_index(surface.numpy().argmin(), surface.shape)
    return w_grid[i], b_grid[j]


def epoch_batches(n, batch_size, generator):
    p = torch.randperm(n, generator=generator)
    return [p[i:i+batch_size] for i in range(0, n, batch_size)]


def updates_per_epoch(n, batch_size):
    return n//batch_size


ANSWERS = {
    "updates, 10000 in batches of 10": 1000,
    "updates, 1000 in batches of 100, 5 epochs": 10,
    "relus for 100 hard sigmoids": 200,
}


def sigmoid(z):
    e = torch.exp(z)
    return e/(1+e)


def hard_sigmoid(z):
    return torch.relu(z+0.5) - torch.relu(z-0.5)


def fit_piecewise(xs, ys):
    dx = xs[1:]-xs[:-1]
    mid = (xs[1:]+xs[:-1])/2
    return ys[0], ys[1:]-ys[:-1], 1/dx, -mid/dx


def net_forward(x, W, b, c, b_out, activation):
    z = x@W.T + b
    a = sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    return a@c + b_out


def net_grad(x, y, W, b, c, b_out, activation):
    N = len(y)
    z = x@W.T + b
    a = sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    if activation == "sigmoid":
        da = a*(1-a)
    else:
        da = (z > 0)*1.0
    g = 2*(a@c + b_out - y)/N
    d = g[:, None]*c[None, :]*da.to(x.dtype)
    return d.T@x, d.sum(0), a.T@g, g.sum()


def deep_forward(x, layers):
    for k, (W, b) in enumerate(layers):
        x = x@W.T + b
        if k < len(layers)-1:
            x = torch.relu(x)
    return x


def count_params(sizes):
    return sum(sizes[k]*sizes[k+1] + sizes[k+1] for k in range(len(sizes)-1))


def fat_width(sizes):
    total = count_params(sizes)
    return int((total - sizes[-1])/(sizes[0] + 1 + sizes[-1]))


def fit_predict(x_train, y_train, x_new, hidden, seed):
    torch.manual_seed(seed)
    mean, std = fit_scaler(x_train)
    x = scale(x_train, mean, std).float()
    y = y_train.float()
    layers = []
    n = x.shape[1]
    for h in hidden:
        layers += [torch.nn.Linear(n, h), torch.nn.ReLU()]
        n = h
    model = torch.nn.Sequential(*layers, torch.nn.Linear(n, 1))
    opt = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    losses = []
    for epoch in range(40):
        for i in torch.randperm(len(x)).split(64):
            opt.zero_grad()
            loss = mae(model(x[i]), y[i])
            loss.backward()
            opt.step()
        losses.append(mae(model(x), y).item())
    return model(scale(x_new, mean, std).float()).detach().view(-1), losses


def diagnose(train, validation, unseen, smaller_train, target):
    if train > target:
        return "model bias" if smaller_train >= train else "optimisation"
    if validation > target:
        return "overfitting"
    if unseen > target:
        return "mismatch"
    return "good"
