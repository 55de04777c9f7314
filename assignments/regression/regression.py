# %% [markdown]
# # Regression: how many views tomorrow?
#
# A lecture channel has counted its views every day since 2017. You will build everything that is needed to predict
# tomorrow's number: features, losses, gradients by hand, gradient descent, batches, and a deep network.
#
# - Fill in each function where it says `raise NotImplementedError`. Keep the names and the arguments.
# - Tensors come in float64 and, once, in float32: compute in the dtype you are given.
# - Every exercise is graded on its own. If an earlier one is wrong, later ones are checked with ours in its place.
# - Code at the top level that trains or plots is fine: it is not run when we grade.

# %%
import math

import torch
from torch import Tensor

# %% [markdown]
# ## Exercise 1.1 · Windows (8 points)
#
# A model that sees `days` days predicts $y = b + \sum_j w_j x_j$, where $x_1$ is **yesterday**, $x_2$ the day before.
# Turn a series into such rows: each has the `days` values before a day, newest first, and that day's value as label.


# %%
def make_windows(series: Tensor, days: int) -> tuple[Tensor, Tensor]:
    """Cut a series into features and labels.

    series: (T,) one value a day; days: how many days a row looks back, fewer than T.
    Returns x (T - days, days), where x[:, 0] is yesterday, and y (T - days,), the day itself.
    """
    raise NotImplementedError("Exercise 1.1: make_windows")


# %% [markdown]
# ## Exercise 1.2 · Seen and unseen data (8 points)
#
# We train on the past and are judged on a year nobody has seen. A row belongs to the date of its **label**; the
# rows of the first unseen days may look back into the training days, as they would in real life.
#
# A scaler makes each column mean 0 and standard deviation 1. It is fitted on the **training rows only**. Use the
# population standard deviation (divide by N, not N - 1); a column that never changes counts as standard deviation 1.


# %%
def split_by_date(
    series: Tensor, dates: list[str], days: int, first_unseen: str
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Windows before and from a date.

    series: (T,); dates: list of T strings like "2021-01-01", in order; first_unseen: the first unseen date, which
    need not be one of them.
    Returns x_train, y_train, x_unseen, y_unseen, as make_windows would give them; a part may have no rows.
    """
    raise NotImplementedError("Exercise 1.2: split_by_date")


def fit_scaler(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and population standard deviation of each column, also far from 0: x (N, d) -> (d,), (d,). A 0 becomes 1."""
    raise NotImplementedError("Exercise 1.2: fit_scaler")


def scale(x: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Scale each column: x (N, d) -> (N, d)."""
    raise NotImplementedError("Exercise 1.2: scale")


def unscale(z: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """The way back: unscale(scale(x, mean, std), mean, std) is x."""
    raise NotImplementedError("Exercise 1.2: unscale")


def scale_splits(x_train: Tensor, x_unseen: Tensor) -> tuple[Tensor, Tensor]:
    """Scale both with the statistics of the training rows. Returns the scaled training and unseen rows."""
    raise NotImplementedError("Exercise 1.2: scale_splits")


# %% [markdown]
# **See it.** Two months of the series, cut by your functions. Days that we train on are shaded; on top is the first row
# of the unseen year: its label, and the seven days that it looks back on. Where are they? And which days are low?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt
    import pandas as pd

    try:
        views = pd.read_csv("data/views.csv")[1430:1492]
        series, dates = torch.tensor(views["views"].to_numpy()), list(views["date"])
        x_train, y_train, x_unseen, y_unseen = split_by_date(series, dates, 7, "2021-01-01")
        first = 7 + len(y_train)
        figure, axis = plt.subplots(figsize=(11, 4), layout="constrained", num="1.2 two months of views")
        axis.axvspan(-0.5, first - 0.5, color="lightgrey", label="trained on")
        axis.plot(series, "k.-", lw=0.8)
        lows = [at for at, date in enumerate(dates) if pd.Timestamp(date).weekday() in (4, 5)]
        axis.plot(lows, series[lows], "v", color="tab:blue", label="Friday, Saturday")
        row, day = x_unseen[0] + 3, y_unseen[0] + 3
        axis.plot(first - 1 - torch.arange(7), row, "s-", color="tab:red", mfc="none", label="a row, 3 higher")
        axis.plot(first, day, "*", ms=14, color="tab:red", label="its label, 3 higher")
        axis.annotate("x[0, 6]", (first - 7, row[6] + 0.4), ha="center")
        axis.annotate("x[0, 0]", (first - 1, row[0] - 0.9), ha="center")
        axis.set(ylabel="thousands of views", xticks=range(0, len(dates), 7), xticklabels=dates[::7], ylim=(0, 15))
        axis.tick_params(axis="x", labelrotation=25)
        axis.legend(ncols=4, loc="lower left")
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 1.2a · What is wrong with a scaler of all years? (3 points)
#
# Somebody fits the scaler on all rows, 2021 included, trains on the scaled rows before 2021, and reports the error on
# 2021. What is wrong with this number, in which direction may it be off, and what could one have known on the last
# evening of 2020? Three to six sentences.
# %% [markdown] written="1.2a"
r"""
**Your answer to 1.2a:**


"""

# %% [markdown]
# ## Exercise 1.3 · Losses (6 points)
#
# $\mathrm{MAE} = \frac1N \sum_n |y_n - \hat y_n|$ and $\mathrm{MSE} = \frac1N \sum_n (y_n - \hat y_n)^2$. There
# is **no** factor 1/2 here. A prediction may come as a column (N, 1): watch out what `prediction - label` does
# then.


# %%
def mae(prediction: Tensor, label: Tensor) -> Tensor:
    """Mean absolute error. prediction: (N,) or (N, 1); label: (N,). Returns a scalar tensor."""
    raise NotImplementedError("Exercise 1.3: mae")


def mse(prediction: Tensor, label: Tensor) -> Tensor:
    """Mean squared error. prediction: (N,) or (N, 1); label: (N,). Returns a scalar tensor."""
    raise NotImplementedError("Exercise 1.3: mse")


# %% [markdown]
# ## Exercise 1.4 · A linear model and its gradients (12 points)
#
# $\hat y_n = b + \sum_j w_j x_{nj}$. Write the gradients of both losses by hand: how does the loss move when
# $w_j$ or $b$ moves a little? For MAE use the sign of the residual (and 0 where it is 0).
#
# **By hand:** please use no automatic derivatives (`backward`, `torch.autograd`, `torch.func.grad`) in this exercise.


# %%
def linear_forward(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """Predict: x (N, d), w (d,), b a scalar -> (N,)."""
    raise NotImplementedError("Exercise 1.4: linear_forward")


def grad_mse(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Gradient of the MSE. x (N, d), y (N,), w (d,), b a scalar -> (d,), scalar."""
    raise NotImplementedError("Exercise 1.4: grad_mse")


def grad_mae(x: Tensor, y: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Gradient of the MAE. Shapes as in grad_mse."""
    raise NotImplementedError("Exercise 1.4: grad_mae")


# %% [markdown]
# ## Exercise 1.5 · Gradient descent (8 points)
#
# $w \leftarrow w - \eta\, \partial L/\partial w$ and $b \leftarrow b - \eta\, \partial L/\partial b$, both with
# gradients taken at the **same, old** point. Stop after `steps` updates, or earlier when no entry of the
# gradient is larger than `tolerance`.


# %%
def gd_step(x: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float) -> tuple[Tensor, Tensor]:
    """One step on the MSE. Returns the new w (d,) and b; the old ones stay as they are."""
    raise NotImplementedError("Exercise 1.5: gd_step")


def train_gd(
    x: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float, steps: int, tolerance: float = 0.0
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Gradient descent on the MSE.

    Returns w, b and the list of losses: losses[t] is the MSE before update t. When the largest absolute entry of
    the gradient is <= tolerance, note the loss and stop without that update.
    """
    raise NotImplementedError("Exercise 1.5: train_gd")


# %% [markdown]
# ## Exercise 1.6 · The error surface (5 points)
#
# With one feature there are two unknowns, and the loss is a landscape over (w, b). Compute the MAE of
# $\hat y = b + w x$ at every grid point, and find the lowest one.


# %%
def error_surface(x: Tensor, y: Tensor, w_grid: Tensor, b_grid: Tensor) -> Tensor:
    """MAE at each grid point, entry [i, j] for w_grid[i] and b_grid[j].

    x (N,), y (N,), w_grid (W,), b_grid (B,) -> (W, B).
    """
    raise NotImplementedError("Exercise 1.6: error_surface")


def lowest_point(surface: Tensor, w_grid: Tensor, b_grid: Tensor) -> tuple[Tensor, Tensor]:
    """The (w, b) of the smallest entry of surface (W, B)."""
    raise NotImplementedError("Exercise 1.6: lowest_point")


# %% [markdown]
# ## Exercise 1.6a · Predict: which way down? (3 points)
#
# **Write before you run the next cell.** It draws contours of the MSE over (w, b), for one feature, yesterday's views:
# some 5 thousand a day. `train_gd` takes 40 steps from three places, on views as they are and on scaled ones. Which
# shape do the contours have, what does a path do whose rate is nearly too large, and why does scaling help? Then look,
# and add what you did not expect: being wrong costs nothing. Three to six sentences.
# %% [markdown] written="1.6a"
r"""
**Your answer to 1.6a:**


"""

# %% [markdown]
# **See it.** Left, your surface with its lowest point. In the middle and on the right the MSE, which `train_gd` walks
# down with three learning rates: on views as they are, then on scaled ones. In which direction does an unscaled path
# run back and forth, and in which does it hardly move?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt
    import pandas as pd

    try:
        series = torch.tensor(pd.read_csv("data/views.csv")["views"].to_numpy())[:365]
        x, y = make_windows(series, 1)
        figure, (left, *others) = plt.subplots(
            1, 3, figsize=(12, 4), layout="constrained", num="1.6 the loss and the path down it"
        )
        w_grid, b_grid = torch.linspace(-0.5, 2.0, 61).double(), torch.linspace(-5.0, 8.0, 61).double()
        surface = error_surface(x[:, 0], y, w_grid, b_grid)
        left.contourf(w_grid, b_grid, surface.T, 20, cmap="Blues")
        left.plot(*lowest_point(surface, w_grid, b_grid), "*", ms=14, color="tab:red")
        left.set(title="MAE, lowest at the star", xlabel="w", ylabel="b")
        mean, std = fit_scaler(x)
        for axis, inputs, rates, name in (
            (others[0], x, (0.003, 0.02, 0.034), "views as they are"),
            (others[1], scale(x, mean, std), (0.02, 0.2, 0.85), "scaled views"),
        ):
            w_grid, b_grid = torch.linspace(-2.5, 3.5, 61).double(), torch.linspace(1.0, 7.0, 61).double()
            rows = [[mse(linear_forward(inputs, w[None], b), y) for b in b_grid] for w in w_grid]
            surface = torch.tensor(rows).double()
            axis.contour(w_grid, b_grid, surface.T.log(), 12, cmap="Greys")
            for start, rate, style in zip((6.5, 5.0, 3.5), rates, ("o-", "s--", "^:")):
                path = [(torch.tensor([-1.5]).double(), torch.tensor(start).double())]
                for _ in range(40):
                    path.append(train_gd(inputs, y, *path[-1], rate, 1)[:2])
                axis.plot([float(w) for w, _ in path], [float(b) for _, b in path], style, ms=4, label=f"rate {rate}")
            axis.plot(*lowest_point(surface, w_grid, b_grid), "*", ms=14, color="tab:red")
            axis.set(title=f"MSE, 40 steps, {name}", xlabel="w", xlim=(-2.5, 3.5), ylim=(1.0, 7.0))
            axis.legend()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")

# %% [markdown]
# ## Exercise 1.7 · Batches, updates, epochs (8 points)
#
# One **update** uses one batch; one **epoch** has seen every example once. Each epoch comes in a new random order. The
# last batch may be smaller, and still counts as an update.


# %%
def epoch_batches(n: int, batch_size: int, generator: torch.Generator) -> list[Tensor]:
    """One epoch's batches: a list of index tensors that together hold 0 .. n-1 once each, in a random order,
    each order equally likely.

    Draw the order from `generator` (a torch.Generator), so that the next call gives another one.
    """
    raise NotImplementedError("Exercise 1.7: epoch_batches")


def updates_per_epoch(n: int, batch_size: int) -> int:
    """How many updates an epoch has, as an int."""
    raise NotImplementedError("Exercise 1.7: updates_per_epoch")


ANSWERS = {
    # 10 000 examples in batches of 10: how many updates in one epoch?
    "updates, 10000 in batches of 10": (
        None
    ),
    # 1 000 examples in batches of 100: how many updates in five epochs?
    "updates, 1000 in batches of 100, 5 epochs": (
        None
    ),
    # 100 sigmoids become hard sigmoids, built from ReLUs: how many ReLUs?
    "relus for 100 hard sigmoids": (
        None
    ),
}

# %% [markdown]
# ## Exercise 1.8 · Sigmoid, hard sigmoid, piecewise linear curves (12 points)
#
# Every piecewise linear curve is a constant plus a sum of hard sigmoids. The hard sigmoid here climbs from 0 to 1
# between -1/2 and 1/2: $h(z) = \mathrm{ReLU}(z + \tfrac12) - \mathrm{ReLU}(z - \tfrac12)$.


# %%
def sigmoid(z: Tensor) -> Tensor:
    """1 / (1 + exp(-z)), element by element, for any z: at -1000 it is 0, at 1000 it is 1, and never NaN."""
    raise NotImplementedError("Exercise 1.8: sigmoid")


def hard_sigmoid(z: Tensor) -> Tensor:
    """The hard sigmoid, element by element."""
    raise NotImplementedError("Exercise 1.8: hard_sigmoid")


def fit_piecewise(xs: Tensor, ys: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A sum of hard sigmoids through given points.

    xs: (K,) increasing, two or more; ys: (K,). Returns (constant, c, w, b): a scalar and three tensors of shape
    (K - 1,), so that constant + sum_i c[i] * hard_sigmoid(w[i] * x + b[i]) passes through every point, is straight
    between neighbours and constant outside.
    """
    raise NotImplementedError("Exercise 1.8: fit_piecewise")


# %% [markdown]
# **See it.** A wave, and what your sum of hard sigmoids makes of 4, 8 and 16 of its points; each hard sigmoid by itself
# is grey. How many of them does one more point cost?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        figure, axes = plt.subplots(
            1, 3, figsize=(12, 3.6), sharey=True, layout="constrained", num="1.8 a wave of hard sigmoids"
        )
        line = torch.linspace(-0.5, 6.5, 300).double()
        for axis, count in zip(axes, (4, 8, 16)):
            points = torch.linspace(0.0, 6.0, count).double()
            constant, c, w, b = fit_piecewise(points, torch.sin(2 * points))
            parts = c * hard_sigmoid(line[:, None] * w + b)
            axis.plot(line, parts, color="grey", lw=0.7)
            axis.plot(line, torch.sin(2 * line), "k:", label="the wave")
            axis.plot(line, constant + parts.sum(dim=1), color="tab:blue", label="your sum")
            axis.plot(points, torch.sin(2 * points), "o", color="tab:red")
            axis.set(title=f"{count} points, {len(c)} hard sigmoids", xlabel="x", ylim=(-2.3, 2.3))
        axes[2].legend(loc="upper right")
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 1.9 · A network with one hidden layer (15 points)
#
# $y = b_{out} + c^T \sigma(b + W x)$. The notes write $b$ for two different things: here the vector is `b` and
# the scalar `b_out`. $\sigma$ is the sigmoid or ReLU. Then the gradient of the MSE with respect to all four
# unknowns, by hand.
#
# **By hand:** please use no automatic derivatives (`backward`, `torch.autograd`, `torch.func.grad`) in this exercise.


# %%
def net_forward(x: Tensor, W: Tensor, b: Tensor, c: Tensor, b_out: Tensor, activation: str) -> Tensor:
    """Predict: x (N, d), W (U, d), b (U,), c (U,), b_out a scalar, activation "sigmoid" or "relu" -> (N,)."""
    raise NotImplementedError("Exercise 1.9: net_forward")


def net_grad(
    x: Tensor, y: Tensor, W: Tensor, b: Tensor, c: Tensor, b_out: Tensor, activation: str
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradient of the MSE: gW (U, d), gb (U,), gc (U,), gb_out (scalar). The slope of ReLU at 0 is 0.

    Finite, also for saturated units: at z = 1000, or -1000, the slope of the sigmoid is 0.
    """
    raise NotImplementedError("Exercise 1.9: net_grad")


# %% [markdown]
# **See it.** Each entry of your gradient beside what a nudge of 1e-5, up and down, does to the loss. Nudging is never
# exact: differences of 1e-6 and less are fine. A group of entries far above that is wrong.

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        g = torch.Generator().manual_seed(0)
        x, y, theta = (torch.randn(size, generator=g).double() for size in ((6, 3), (6,), (21,)))

        def unknowns(theta: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
            return theta[:12].reshape(4, 3), theta[12:16], theta[16:20], theta[20]

        figure, axes = plt.subplots(
            1, 2, figsize=(11, 3.8), sharey=True, layout="constrained", num="1.9 your gradient beside nudges"
        )
        for axis, kind in zip(axes, ("sigmoid", "relu")):
            yours = torch.cat([part.reshape(-1) for part in net_grad(x, y, *unknowns(theta), kind)])
            nudges = 1e-5 * torch.eye(21).double()
            up, down = (
                torch.stack([mse(net_forward(x, *unknowns(theta + sign * one), kind), y) for one in nudges])
                for sign in (1, -1)
            )
            slopes = (up - down) / 2e-5
            gaps = (yours - slopes).abs() / (slopes.abs() + 1e-3) + 1e-16
            for name, entries, style in zip(("W", "b", "c", "b_out"), torch.arange(21).split((12, 4, 4, 1)), "os^*"):
                axis.semilogy(entries, gaps[entries], style, label=name)
            axis.axhline(1e-6, color="black", ls="--")
            axis.set(title=kind, xlabel="entry of the gradient", ylim=(1e-13, 10))
        axes[0].set_ylabel("relative difference")
        axes[0].legend(ncols=4)
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 1.10 · Deep or fat? (6 points)
#
# Stack layers: ReLU after each one but the last. With the same number of parameters, should a network be deep or fat?
# First you have to know how fat a flat one may be.


# %%
def deep_forward(x: Tensor, layers: list[tuple[Tensor, Tensor]]) -> Tensor:
    """x (N, d) through layers [(W, b), ...] with W (out, in) and b (out,); ReLU between them, none at the end."""
    raise NotImplementedError("Exercise 1.10: deep_forward")


def count_params(sizes: list[int]) -> int:
    """Weights and biases of a fully connected network: count_params([56, 100, 1]) is 56*100 + 100 + 100*1 + 1."""
    raise NotImplementedError("Exercise 1.10: count_params")


def fat_width(sizes: list[int]) -> int:
    """The widest single hidden layer, between the same inputs and outputs, with no more parameters than `sizes` has."""
    raise NotImplementedError("Exercise 1.10: fat_width")


# %% [markdown]
# ## Exercise 1.11 · Train it (7 points)
#
# Now with `torch.nn` and `torch.optim`. We call your function with 1, 7, 28 and 56 days and with no, one and
# two hidden layers, on views you have not seen: you train on one channel, and `x_new` holds single days of others like
# it, in any order. A recipe that works: scale the features and the labels, batches of 64, Adam with a learning rate
# that starts at 2e-3 and falls to 0 by the end (for example with `torch.optim.lr_scheduler.CosineAnnealingLR`), 30
# epochs for a linear model; with hidden layers stop after 12, before they overfit. Each call should take a second or
# two on one core. With hidden layers a network is asked for: trees and nearest neighbours are something else.
#
# Layers of `torch.nn` compute in float32 and our tensors are float64: convert with `.float()` on the way in.


# %%
def fit_predict(
    x_train: Tensor, y_train: Tensor, x_new: Tensor, hidden: tuple[int, ...], seed: int
) -> tuple[Tensor, list[float]]:
    """Train a network on the training rows, predict the new ones.

    x_train (N, d), y_train (N,) in thousands of views; x_new (M, d); hidden: widths of the ReLU layers, () is linear.
    Start from torch.manual_seed(seed). Returns predictions (M,) in thousands, and a list with the MAE on the
    training rows after each epoch, in thousands too.
    """
    raise NotImplementedError("Exercise 1.11: fit_predict")


# %% [markdown]
# **See it.** The lecture's table, from your own runs: three seeds each, with the error on the training years and on
# 2021 (half a minute). Then the weeks around Lunar New Year, February 12, beside what your network said the day before.
# How far apart are the seeds, and how far the models? Does the network see the dip coming?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt
    import pandas as pd

    try:
        views = pd.read_csv("data/views.csv")
        series, dates = torch.tensor(views["views"].to_numpy()), list(views["date"])
        figure, axes = plt.subplots(
            1, 2, figsize=(11, 4), sharey=True, layout="constrained", num="1.11 the lecture's table from your runs"
        )
        by_days = {f"{days}": (days, ()) for days in (1, 7, 28, 56)}
        by_depth = {f"{depth}": (56, (100,) * depth) for depth in (1, 2, 3, 4, 5)}
        for axis, models, label in ((axes[0], by_days, "days, linear"), (axes[1], by_depth, "layers of 100, 56 days")):
            for place, (days, hidden) in enumerate(models.values()):
                x_train, y_train, x_unseen, y_unseen = split_by_date(series, dates, days, "2021-01-01")
                runs = [fit_predict(x_train, y_train, x_unseen, hidden, seed) for seed in range(3)]
                seen, unseen = [losses[-1] for _, losses in runs], [mae(found, y_unseen) for found, _ in runs]
                axis.plot([place - 0.1] * 3, seen, "o", mfc="none", color="black")
                axis.plot([place + 0.1] * 3, unseen, "x", color="tab:red")
            axis.set(xlabel=label, xticks=range(len(models)), xticklabels=models, ylim=(0, None))
        axes[0].set_ylabel("MAE, thousands of views")
        axes[0].legend(["training years", "2021"])
        weeks = slice(31, 60)
        figure, axis = plt.subplots(figsize=(11, 3.6), layout="constrained", num="1.11 around Lunar New Year")
        axis.plot(y_unseen[weeks], "ko-", label="views")
        axis.plot(runs[0][0][weeks], "s--", color="tab:red", label="your network, 5 layers, from the 56 days before")
        axis.axvline(dates[len(dates) - len(y_unseen) :].index("2021-02-12") - 31, color="grey", ls=":")
        axis.set(xlabel="days from February 1, 2021", ylabel="thousands of views")
        axis.legend()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 1.11a · Is the gain real? (3 points)
#
# On the left of your figure, 56 days do a little better on 2021 than 28. Is that a gain, or the luck of a seed? Say
# what you compare with what, give your own numbers, and say what you would run to be surer. Three to six sentences.
# %% [markdown] written="1.11a"
r"""
**Your answer to 1.11a:**


"""

# %% [markdown]
# ## Exercise 1.12 · What is wrong? (5 points)
#
# From lecture 2's guidance. Look at the training loss first. If it is too large (above `target`), a smaller
# model tells you why: if that one trains to a lower loss, yours could too, and the **optimisation** failed; if
# not, it is **model bias**. If the training loss is fine, look at held-out rows of the same kind:
# **overfitting** if their loss is too large. If that is fine too, but the unseen year's is not, the years
# differ: **mismatch**. Else all is **good**.


# %%
def diagnose(train: float, validation: float, unseen: float, smaller_train: float, target: float) -> str:
    """One of "model bias", "optimisation", "overfitting", "mismatch", "good".

    train, validation, unseen: this model's losses; smaller_train: a smaller model's training loss; target: what a
    loss may be at most.
    """
    raise NotImplementedError("Exercise 1.12: diagnose")


# %% [markdown]
# ## Exercise 1.12a · Which fault is it? (3 points)
#
# Three models, of which an MAE of 0.30 was hoped for:
#
# | | training MAE, epoch by epoch | held-out, in the end | training MAE of a smaller model |
# |---|---|---:|---:|
# | A | 0.90, 0.71, 0.62, 0.57, 0.53 | 0.56 | 0.36 |
# | B | 0.49, 0.47, 0.47, 0.47, 0.47 | 0.49 | 0.48 |
# | C | 0.40, 0.27, 0.19, 0.13, 0.08 | 0.61 | 0.25 |
#
# Which fault does each have, which numbers tell you, and what would you try next? And why is the gap between training
# and held-out data not the first thing to look at? Three to six sentences.
# %% [markdown] written="1.12a"
r"""
**Your answer to 1.12a:**


"""

# %% [markdown]
# ## Look at it
#
# This cell is for you, and is not run when we grade: the public series, and how well you predict its last year.

# %%
if __name__ == "__main__":
    import pandas as pd

    views = pd.read_csv("data/views.csv")
    series = torch.tensor(views["views"].to_numpy())
    for days, hidden in ((1, ()), (7, ()), (28, ()), (56, ()), (56, (100,)), (56, (100, 100))):
        x_train, y_train, x_unseen, y_unseen = split_by_date(series, list(views["date"]), days, "2021-01-01")
        predictions, losses = fit_predict(x_train, y_train, x_unseen, hidden, seed=0)
        print(f"{days:2d} days, hidden {hidden}: train {losses[-1]:.2f}k, unseen {mae(predictions, y_unseen):.2f}k")
