"""Right solutions, written differently: each must get full marks."""

from __future__ import annotations

import numpy as np
import torch

from autograder.rubric import Variants

variants = Variants()


@variants.equivalent
class loops:
    """Plain loops and Python numbers, as a first solution looks."""

    def make_windows(series, days):
        x, y = [], []
        for t in range(days, len(series)):
            x.append([float(series[t - 1 - j]) for j in range(days)])
            y.append(float(series[t]))
        return torch.tensor(x, dtype=series.dtype), torch.tensor(y, dtype=series.dtype)

    def error_surface(x, y, w_grid, b_grid):
        out = torch.zeros(len(w_grid), len(b_grid), dtype=x.dtype)
        for i, w in enumerate(w_grid):
            for j, b in enumerate(b_grid):
                out[i, j] = sum(abs(w * xi + b - yi) for xi, yi in zip(x, y)) / len(x)
        return out

    def count_params(sizes):
        total = 0
        for i in range(len(sizes) - 1):
            total += sizes[i] * sizes[i + 1]
            total += sizes[i + 1]
        return total


@variants.equivalent
class unfolded:
    """unfold and flip for windows (a view with odd strides)."""

    def make_windows(series, days):
        return series[:-1].unfold(0, days, 1).flip(1), series[days:]


@variants.equivalent
class with_numpy:
    """numpy inside, arrays returned."""

    def make_windows(series, days):
        s = series.numpy()
        return np.lib.stride_tricks.sliding_window_view(s[:-1], days)[:, ::-1], s[days:]

    def fit_scaler(x):
        a = x.numpy()
        std = a.std(axis=0)
        std[std == 0] = 1
        return torch.from_numpy(a.mean(axis=0)), torch.from_numpy(std)

    def mae(prediction, label):
        return np.mean(np.abs(prediction.numpy().ravel() - label.numpy()))


@variants.equivalent
class python_floats:
    """Plain floats where a scalar is asked for."""

    def mae(prediction, label):
        return float((prediction.flatten() - label).abs().mean())

    def mse(prediction, label):
        return ((prediction.flatten() - label) ** 2).mean().item()

    def train_gd(x, y, w, b, lr, steps, tolerance=0.0):
        losses = []
        for _ in range(steps):
            losses.append(float(mse(linear_forward(x, w, b), y)))
            gw, gb = grad_mse(x, y, w, b)
            if float(gw.abs().max()) <= tolerance and abs(float(gb)) <= tolerance:
                break
            w, b = w - lr * gw, b - lr * gb
        return w, b, losses

    def lowest_point(surface, w_grid, b_grid):
        i, j = np.unravel_index(int(surface.argmin()), surface.shape)
        return float(w_grid[i]), float(b_grid[j])


@variants.equivalent
class library_losses:
    """The library's losses."""

    def mae(prediction, label):
        return torch.nn.functional.l1_loss(prediction.squeeze(-1) if prediction.ndim == 2 else prediction, label)

    def mse(prediction, label):
        return torch.nn.functional.mse_loss(prediction.view(-1), label)


@variants.equivalent
class einsum:
    """einsum and dot products."""

    def linear_forward(x, w, b):
        return torch.einsum("nd,d->n", x, w) + b

    def grad_mse(x, y, w, b):
        r = linear_forward(x, w, b) - y
        return torch.einsum("n,nd->d", r, x) * (2 / len(y)), r.sum() * (2 / len(y))

    def mse(prediction, label):
        r = prediction.reshape(-1) - label
        return r.dot(r) / len(r)

    def net_forward(x, W, b, c, b_out, activation):
        z = torch.einsum("nd,ud->nu", x, W) + b
        a = 1 / (1 + torch.exp(-z)) if activation == "sigmoid" else z.clamp_min(0)
        return torch.einsum("nu,u->n", a, c) + b_out


@variants.equivalent
class example_by_example:
    """Gradients added up one example after the other, and one weight after the other."""

    def grad_mse(x, y, w, b):
        by_w, by_b = [0.0] * len(w), 0.0
        for row, label in zip(x, y, strict=True):
            slope = 2 * (row @ w + b - label) / len(y)
            by_w = [total + slope * value for total, value in zip(by_w, row, strict=True)]
            by_b = by_b + slope
        return torch.stack(by_w), by_b

    def grad_mae(x, y, w, b):
        signs = torch.stack([torch.sign(row @ w + b - label) for row, label in zip(x, y, strict=True)])
        return torch.stack([(signs * column).mean() for column in x.T]), signs.mean()

    def net_grad(x, y, W, b, c, b_out, activation):
        by_W, by_b, by_c = torch.zeros_like(W), torch.zeros_like(b), torch.zeros_like(c)
        by_out = torch.zeros((), dtype=x.dtype)
        for row, label in zip(x, y, strict=True):
            z = W @ row + b
            a = torch.sigmoid(z) if activation == "sigmoid" else z.clamp(min=0)
            inner = a * (1 - a) if activation == "sigmoid" else (z > 0).to(z.dtype)
            slope = 2 * (a @ c + b_out - label) / len(y)
            by_W += torch.outer(slope * c * inner, row)
            by_b += slope * c * inner
            by_c += slope * a
            by_out += slope
        return by_W, by_b, by_c, by_out


@variants.equivalent
class column_bias:
    """A column of ones instead of a bias."""

    def linear_forward(x, w, b):
        ones = torch.ones(len(x), 1, dtype=x.dtype)
        return torch.cat([x, ones], 1) @ torch.cat([w, b.reshape(1)])

    def grad_mse(x, y, w, b):
        ones = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)
        g = 2 / len(y) * ones.T @ (ones @ torch.cat([w, b.reshape(1)]) - y)
        return g[:-1], g[-1:]


@variants.equivalent
class in_place:
    """In-place updates of own copies."""

    def gd_step(x, y, w, b, lr):
        gw, gb = grad_mse(x, y, w, b)
        w, b = w.clone(), b.clone()
        w -= lr * gw
        b -= lr * gb
        return w, b

    def scale(x, mean, std):
        z = x.clone()
        z -= mean
        z /= std
        return z

    def deep_forward(x, layers):
        for W, b in layers[:-1]:
            x = (x @ W.T).add_(b).relu_()
        W, b = layers[-1]
        return x @ W.T + b


@variants.equivalent
class lists_for_tuples:
    """Lists where tuples are asked for."""

    def split_by_date(series, dates, days, first_unseen):
        x, y = make_windows(series, days)
        keep = torch.tensor([d < first_unseen for d in dates[days:]])
        return [x[keep], y[keep], x[~keep], y[~keep]]

    def grad_mae(x, y, w, b):
        residual = x @ w + b - y
        s = (residual > 0).to(x.dtype) - (residual < 0).to(x.dtype)
        return [(s[:, None] * x).mean(0), s.mean()]

    def scale_splits(x_train, x_unseen):
        mean, std = fit_scaler(x_train)
        return [scale(part, mean, std) for part in (x_train, x_unseen)]


@variants.equivalent
class index_lists:
    """Batches as lists of plain indices, yielded one by one; a while loop; integer arithmetic."""

    def epoch_batches(n, batch_size, generator):
        order = torch.randperm(n, generator=generator).tolist()
        while order:
            yield order[:batch_size]
            order = order[batch_size:]

    def updates_per_epoch(n, batch_size):
        return (n + batch_size - 1) // batch_size


@variants.equivalent
class sorted_noise:
    """A random order by sorting random numbers."""

    def epoch_batches(n, batch_size, generator):
        order = torch.rand(n, generator=generator).argsort()
        return tuple(order[i : i + batch_size] for i in range(0, n, batch_size))

    def updates_per_epoch(n, batch_size):
        return -(-n // batch_size)


@variants.equivalent
class library_activations:
    """The library's sigmoid, clamp for the hard one."""

    def sigmoid(z):
        return torch.sigmoid(z)

    def hard_sigmoid(z):
        return torch.clamp(z + 0.5, 0, 1)


@variants.equivalent
class as_the_formula_says:
    """exp(1000) is infinite, and 1 / (1 + infinity) is the 0 that is asked for; ReLU in place on its own values."""

    def sigmoid(z):
        return 1 / (1 + torch.exp(-z))

    def deep_forward(x, layers):
        for index, (W, b) in enumerate(layers):
            x = x @ W.T + b
            x = x.relu_() if index < len(layers) - 1 else x
        return x

    def lowest_point(surface, w_grid, b_grid):
        place = surface.numel() - 1 - int(surface.flatten().flip(0).argmin())  # of equal ones, the last
        return w_grid[place // len(b_grid)], b_grid[place % len(b_grid)]


@variants.equivalent
class tanh_sigmoid:
    """The sigmoid through tanh; the pieces in the other order and climbing down."""

    def sigmoid(z):
        return 0.5 * (1 + torch.tanh(z / 2))

    def fit_piecewise(xs, ys):
        w = (-1 / (xs[1:] - xs[:-1])).flip(0)
        b = -w * ((xs[1:] + xs[:-1]) / 2).flip(0)
        return ys[-1], (ys[:-1] - ys[1:]).flip(0), w, b


@variants.equivalent
class row_by_row:
    """The gradient example by example, added up."""

    def net_grad(x, y, W, b, c, b_out, activation):
        gW, gb, gc, go = torch.zeros_like(W), torch.zeros_like(b), torch.zeros_like(c), torch.zeros_like(b_out)
        for xi, yi in zip(x, y):
            z = W @ xi + b
            a = torch.sigmoid(z) if activation == "sigmoid" else torch.clamp(z, min=0)
            d = a * (1 - a) if activation == "sigmoid" else (a > 0).to(z.dtype)
            up = 2 * (c @ a + b_out - yi) / len(y)
            gW += torch.outer(up * c * d, xi)
            gb += up * c * d
            gc += up * a
            go += up
        return gW, gb, gc, go


@variants.equivalent
class sequential_module:
    """torch.nn modules filled with the given weights; float64 inside, whatever comes in."""

    def deep_forward(x, layers):
        x = x.double()
        for i, (W, b) in enumerate(layers):
            x = torch.nn.functional.linear(x, W.double(), b.double())
            x = torch.nn.functional.relu(x) if i + 1 < len(layers) else x
        return x.to(layers[0][0].dtype)

    def error_surface(x, y, w_grid, b_grid):
        w, b = torch.meshgrid(w_grid.double(), b_grid.double(), indexing="ij")
        return torch.stack([(w * xi + b - yi).abs() for xi, yi in zip(x, y)]).mean(0).to(x.dtype)


@variants.equivalent
class searching:
    """Search instead of a formula."""

    def fat_width(sizes):
        width = 0
        while count_params([sizes[0], width + 1, sizes[-1]]) <= count_params(sizes):
            width += 1
        return width

    def lowest_point(surface, w_grid, b_grid):
        best = min((float(surface[i, j]), i, j) for i in range(len(w_grid)) for j in range(len(b_grid)))
        return w_grid[best[1]], b_grid[best[2]]


@variants.equivalent
class match_statement:
    """The diagnosis as a chain of cases."""

    def diagnose(train, validation, unseen, smaller_train, target):
        match (train > target, smaller_train < train, validation > target, unseen > target):
            case (True, True, _, _):
                return "optimisation"
            case (True, False, _, _):
                return "model bias"
            case (False, _, True, _):
                return "overfitting"
            case (False, _, False, True):
                return "mismatch"
        return "good"


@variants.equivalent
class pure_numbers_answers:
    """Answers computed, and as floats."""

    ANSWERS = {
        "updates, 10000 in batches of 10": 10_000 / 10,
        "updates, 1000 in batches of 100, 5 epochs": torch.tensor(5 * 10),
        "relus for 100 hard sigmoids": 2 * 100,
    }


@variants.equivalent
class real_dates:
    """Dates as dates, found by bisection; statistics from torch's own functions; the way back by fused operations."""

    def split_by_date(series, dates, days, first_unseen):
        import bisect
        from datetime import date

        x, y = make_windows(series, days)
        at = bisect.bisect_left([date.fromisoformat(d) for d in dates], date.fromisoformat(first_unseen)) - days
        at = max(at, 0)
        return x[:at], y[:at], x[at:], y[at:]

    def fit_scaler(x):
        std, mean = torch.std_mean(x, dim=0, correction=0)
        return mean, std.masked_fill(std == 0, 1)

    def unscale(z, mean, std):
        return torch.addcmul(mean.expand_as(z), z, std)


@variants.equivalent
class one_function_descent:
    """The descent without gd_step: one vector of unknowns, losses in a tensor, b of shape (1,)."""

    def train_gd(x, y, w, b, lr, steps, tolerance=0.0):
        x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)
        theta = torch.cat([w, b.reshape(1)])
        losses = torch.empty(0, dtype=x.dtype)
        while len(losses) < steps:
            residual = x @ theta - y
            losses = torch.cat([losses, residual.square().mean().reshape(1)])
            gradient = 2 * residual @ x / len(y)
            if torch.linalg.vector_norm(gradient, ord=float("inf")) <= tolerance:
                break
            theta = theta - lr * gradient
        return theta[:-1], theta[-1:], losses


@variants.equivalent
class helper_functions:
    """Small functions of one's own, sharing the forward pass between prediction and gradient."""

    def net_forward(x, W, b, c, b_out, activation):
        def layer(v):
            return v if activation == "linear" else {"sigmoid": torch.sigmoid, "relu": torch.relu}[activation](v)

        return torch.stack([layer(W @ row + b) @ c for row in x]) + b_out

    def net_grad(x, y, W, b, c, b_out, activation):
        upstream = 2 * (net_forward(x, W, b, c, b_out, activation) - y) / len(y)
        z = torch.addmm(b, x, W.t())
        a = sigmoid(z) if activation == "sigmoid" else z.relu()
        slope = (
            torch.exp(-z.abs()) / (1 + torch.exp(-z.abs())) ** 2
            if activation == "sigmoid"
            else torch.heaviside(z, torch.zeros((), dtype=z.dtype))
        )
        back = torch.outer(upstream, c) * slope
        return torch.einsum("nu,nd->ud", back, x), back.sum(0), (a * upstream[:, None]).sum(0), upstream.sum()


@variants.equivalent
class trains_in_double:
    """A module class in float64 on the MSE, with a DataLoader, a learning rate that falls, and weight decay."""

    def fit_predict(x_train, y_train, x_new, hidden, seed):
        torch.manual_seed(seed)
        low, high = x_train.mean(0), x_train.std(0)
        middle, size = y_train.mean(), y_train.std()
        rows = torch.utils.data.TensorDataset((x_train - low) / high, (y_train - middle) / size)
        loader = torch.utils.data.DataLoader(rows, batch_size=64, shuffle=True)

        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                sizes = [x_train.shape[1], *hidden]
                self.hidden = torch.nn.ModuleList(torch.nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
                self.last = torch.nn.Linear(sizes[-1], 1)

            def forward(self, x):
                for layer in self.hidden:
                    x = torch.relu(layer(x))
                return self.last(x)[:, 0]

        net = Net().double()
        epochs = 12 if hidden else 30
        optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda epoch: 1 - epoch / epochs)
        losses = []
        for _ in range(epochs):
            net.train()
            for features, labels in loader:
                optimiser.zero_grad()
                torch.nn.functional.mse_loss(net(features), labels).backward()
                optimiser.step()
            schedule.step()
            net.eval()
            with torch.inference_mode():
                losses.append(mae(net((x_train - low) / high) * size + middle, y_train))
        return (net((x_new - low) / high) * size + middle).tolist(), losses


@variants.equivalent
class batches_of_ones_own:
    """The batches from epoch_batches, the loss in thousands, float32 predictions, the mean loss within each epoch."""

    def fit_predict(x_train, y_train, x_new, hidden, seed):
        generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        mean, std = fit_scaler(x_train)
        x = scale(x_train, mean, std).to(torch.float32)
        offset, spread = float(y_train.mean()), float(y_train.std())
        y = y_train.to(torch.float32)
        widths = [x.shape[1], *hidden, 1]
        parts = [torch.nn.Linear(widths[0], widths[1])]
        for inside, outside in zip(widths[1:], widths[2:]):
            parts += [torch.nn.ReLU(), torch.nn.Linear(inside, outside)]
        net = torch.nn.Sequential(*parts, torch.nn.Flatten(0))
        epochs = 12 if hidden else 30
        optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
        losses = []
        for epoch in range(epochs):
            for group in optimiser.param_groups:
                group["lr"] = 2e-3 * (1 - epoch / epochs)
            total = 0.0
            for batch in epoch_batches(len(x), 64, generator):
                loss = mae(net(x[batch]) * spread + offset, y[batch])
                net.zero_grad()
                loss.backward()
                optimiser.step()
                total += loss.item() * len(batch)
            losses.append(total / len(x))
        return net(scale(x_new, mean, std).float()).detach().numpy() * spread + offset, torch.tensor(losses)
