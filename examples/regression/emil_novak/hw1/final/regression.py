import torch as T
from itertools import pairwise

# Emil Novák - compact version. One line where one line is enough.

make_windows = lambda series, days: (
    T.stack([series[t - days : t].flip(0) for t in range(days, len(series))]),
    series[days:],
)


def split_by_date(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    cut = next((i for i, d in enumerate(dates[days:]) if d >= first_unseen), len(y))
    return x[:cut], y[:cut], x[cut:], y[cut:]


def fit_scaler(x):
    s = x.std(0, unbiased=False)
    return x.mean(0), T.where(s > 0, s, T.ones_like(s))


scale = lambda x, mean, std: (x - mean).div(std)
unscale = lambda z, mean, std: z.mul(std).add(mean)


def scale_splits(x_train, x_unseen):
    m, s = fit_scaler(x_train)
    return tuple(scale(part, m, s) for part in (x_train, x_unseen))


residual = lambda p, t: p.view(-1) - t
mae = lambda prediction, label: residual(prediction, label).abs().mean()
mse = lambda prediction, label: residual(prediction, label).pow(2).mean()

linear_forward = lambda x, w, b: T.einsum("nd,d->n", x, w) + b


def grad_mse(x, y, w, b):
    r = linear_forward(x, w, b) - y
    return (2 * r[:, None] * x).mean(0), (2 * r).mean()


def grad_mae(x, y, w, b):
    s = (linear_forward(x, w, b) - y).sgn()
    return (s[:, None] * x).mean(0), s.mean()


gd_step = lambda x, y, w, b, lr: tuple(p - lr * g for p, g in zip((w, b), grad_mse(x, y, w, b)))


def train_gd(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    while len(losses) < steps:
        losses += [mse(linear_forward(x, w, b), y)]
        if max(g.abs().max() for g in grad_mse(x, y, w, b)) <= tolerance:
            break
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


error_surface = lambda x, y, w_grid, b_grid: T.stack(
    [T.stack([mae(w * x + b, y) for b in b_grid]) for w in w_grid]
)


def lowest_point(surface, w_grid, b_grid):
    i, j = (surface == surface.min()).nonzero()[0].tolist()
    return w_grid[i], b_grid[j]


epoch_batches = lambda n, batch_size, generator: T.randperm(n, generator=generator).split(batch_size)
updates_per_epoch = lambda n, batch_size: (n + batch_size - 1) // batch_size

ANSWERS = {
    "updates, 10000 in batches of 10": 10_000 // 10,
    "updates, 1000 in batches of 100, 5 epochs": 1_000 // 100 * 5,
    "relus for 100 hard sigmoids": 100 * 2,
}

sigmoid = T.sigmoid
hard_sigmoid = lambda z: T.relu(z + 1 / 2) - T.relu(z - 1 / 2)


def fit_piecewise(xs, ys):
    dx, dy = T.diff(xs), T.diff(ys)
    return ys[0], dy, 1 / dx, -xs[:-1] / dx - 0.5


relu = T.relu
ACT = {"sigmoid": sigmoid, "relu": relu}

net_forward = lambda x, W, b, c, b_out, activation: ACT[activation](x @ W.mT + b) @ c + b_out


def net_grad(x, y, W, b, c, b_out, activation):
    # central piece: dL/dz for every row and unit
    z = x @ W.mT + b
    h = ACT[activation](z)
    d_out = 2 / len(y) * (h @ c + b_out - y)
    dz = d_out[:, None] * c * {"sigmoid": h - h**2, "relu": T.heaviside(z, T.zeros_like(z))}[activation]
    return T.einsum("nu,nd->ud", dz, x), dz.sum(0), h.mT @ d_out, d_out.sum()


def deep_forward(x, layers):
    for i, (W, b) in enumerate(layers):
        x = (relu(x) if i else x) @ W.mT + b
    return x


count_params = lambda sizes: sum(o * (i + 1) for i, o in pairwise(sizes))


def fat_width(sizes):
    h = 0
    while count_params((sizes[0], h + 1, sizes[-1])) <= count_params(sizes):
        h += 1
    return h


class Net(T.nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = T.nn.ModuleList(T.nn.Linear(i, o) for i, o in pairwise(sizes))

    def forward(self, x):
        return deep_forward(x, [(l.weight, l.bias) for l in self.layers])[:, 0]


def fit_predict(x_train, y_train, x_new, hidden, seed):
    T.manual_seed(seed)
    x, new = (v.float() for v in scale_splits(x_train, x_new))
    (m,), (s,) = fit_scaler(y_train[:, None])
    y = ((y_train - m) / s).float()
    net = Net([x.shape[1], *hidden, 1])
    epochs, batch = 30, 64
    opt = T.optim.Adam(net.parameters())
    one = T.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=epochs * updates_per_epoch(len(x), batch))
    losses = []
    for _ in range(epochs):
        for i in T.randperm(len(x)).split(batch):
            opt.zero_grad()
            mae(net(x[i]), y[i]).backward()
            opt.step()
            one.step()
        losses.append((mae(net(x), y) * s).item())
    return (net(new) * s + m).detach(), losses


def diagnose(train, validation, unseen, smaller_train, target):
    match (train > target, smaller_train < train, validation > target, unseen > target):
        case (True, True, _, _):
            return "optimisation"
        case (True, False, _, _):
            return "model bias"
        case (_, _, True, _):
            return "overfitting"
        case (_, _, _, True):
            return "mismatch"
    return "good"
