"""Wrong implementations that students write, each with the hint for it: windows, scaling and losses (1.1 to 1.3).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 1.1 windows ---


@mutant("make_windows", "The window includes the day you predict: column 0 is yesterday, not today.")
def off_by_one_leak(series, days):
    x = torch.stack([series[days - back : len(series) - back] for back in range(days)], dim=1)
    return x, series[days:]


@mutant("make_windows", "Your window stops two days before the label: yesterday itself is missing.")
def skip_day(series, days):
    x = torch.stack([series[days - 1 - back : len(series) - 1 - back] for back in range(days)], dim=1)
    return x[:-1], series[days + 1 :]


@mutant("make_windows", "The columns run from the oldest day to the newest; yesterday comes first.")
def oldest_first(series, days):
    x = torch.stack([series[back : len(series) - days + back] for back in range(days)], dim=1)
    return x, series[days:]


@mutant("make_windows", "The last row is missing: a series of T days gives T - days rows.")
def last_row_missing(series, days):
    columns = [series[days - 1 - back : len(series) - 2 - back] for back in range(days)]
    return torch.stack(columns, dim=1), series[days:-1]


@mutant("make_windows", "The windows do not overlap: move on by one day a row, not by a whole window.")
def strided(series, days):
    rows = list(range(days, len(series), days))
    return torch.stack([series[r - days : r].flip(0) for r in rows]), series[rows]


# --- 1.2 split and scaler ---


@mutant("split_by_date", "The first unseen rows are in your training part: a row belongs to the date of its label.")
def split_by_row(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date < first_unseen for date in dates)
    return x[:seen], y[:seen], x[seen:], y[seen:]


@mutant("split_by_date", "The first unseen days are dropped: their rows may look back into the training days.")
def test_drops_first_days(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date < first_unseen for date in dates[days:])
    return x[:seen], y[:seen], x[seen + days :], y[seen + days :]


@mutant("split_by_date", "The split must follow time: train on the past, not on a random part.")
def random_split(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date < first_unseen for date in dates[days:])
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    x, y = x[order], y[order]
    return x[:seen], y[:seen], x[seen:], y[seen:]


@mutant("split_by_date", "The first unseen date itself is still in your training part: compare with <, not <=.")
def inclusive(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date <= first_unseen for date in dates[days:])
    return x[:seen], y[:seen], x[seen:], y[seen:]


@mutant("fit_scaler", "Divide by N, not by N - 1: the population standard deviation is asked for.")
def sample_std(x):
    std = x.std(dim=0)
    return x.mean(dim=0), torch.where(std == 0, torch.ones_like(std), std)


@mutant("fit_scaler", "That is the variance; the standard deviation is its square root.")
def variance(x):
    var = x.var(dim=0, unbiased=False)
    return x.mean(dim=0), torch.where(var == 0, torch.ones_like(var), var)


@mutant("fit_scaler", "One mean for everything: each column has its own statistics.")
def global_statistics(x):
    mean = x.mean().expand(x.shape[1])
    std = x.std(unbiased=False).expand(x.shape[1])
    return mean, torch.where(std == 0, torch.ones_like(std), std)


@mutant("fit_scaler", "The statistics run over the rows (dim 0), one a column.")
def wrong_axis(x):
    std = x.std(dim=1, unbiased=False)
    return x.mean(dim=1), torch.where(std == 0, torch.ones_like(std), std)


@mutant("fit_scaler", "A column that never changes has deviation 0: make it 1, or scaling divides by zero.")
def zero_std(x):
    return x.mean(dim=0), x.std(dim=0, unbiased=False)


@mutant("scale", "Subtract the mean first, then divide by the deviation.")
def divides_first(x, mean, std):
    return x / std - mean


@mutant("unscale", "The way back runs in the other order: times the deviation, then plus the mean.")
def adds_first(z, mean, std):
    return (z + mean) * std


@mutant("scale_splits", "The unseen rows are scaled with their own statistics; they must not be looked at.")
def norm_each_split(x_train, x_unseen):
    return scale(x_train, *fit_scaler(x_train)), scale(x_unseen, *fit_scaler(x_unseen))


@mutant("scale_splits", "The scaler has seen the unseen rows: fit it on the training rows only.")
def norm_all_data(x_train, x_unseen):
    mean, std = fit_scaler(torch.cat([x_train, x_unseen]))
    return scale(x_train, mean, std), scale(x_unseen, mean, std)


@mutant("scale_splits", "The unseen rows come back unscaled.")
def unseen_unscaled(x_train, x_unseen):
    return scale(x_train, *fit_scaler(x_train)), x_unseen


# --- 1.3 losses ---


@mutant("mae", "(N, 1) minus (N,) broadcasts to N x N: flatten the prediction first.")
def broadcast_mae(prediction, label):
    return (prediction - label).abs().mean()


@mutant("mse", "(N, 1) minus (N,) broadcasts to N x N: flatten the prediction first.")
def broadcast_mse(prediction, label):
    return (prediction - label).square().mean()


@mutant("mae", "That is the sum; take the mean over the examples.")
def sum_mae(prediction, label):
    return (prediction.reshape(-1) - label).abs().sum()


@mutant("mse", "That is the sum; take the mean over the examples.")
def sum_mse(prediction, label):
    return (prediction.reshape(-1) - label).square().sum()


@mutant("mse", "That is the root of the mean squared error; leave the root away.")
def rmse(prediction, label):
    return (prediction.reshape(-1) - label).square().mean().sqrt()


@mutant("mse", "There is no factor 1/2 in this course's MSE.")
def half_mse(prediction, label):
    return (prediction.reshape(-1) - label).square().mean() / 2


@mutant("mae", "Positive and negative errors cancel: take absolute values before the mean.")
def signed(prediction, label):
    return (prediction.reshape(-1) - label).mean()


@mutant("mae", "You square where the absolute value is asked: that is the MSE.")
def mse_for_mae(prediction, label):
    return (prediction.reshape(-1) - label).square().mean()


@mutant("mae", "The mean is taken before the absolute value, so errors of both signs cancel.")
def abs_after_mean(prediction, label):
    return (prediction.reshape(-1) - label).mean().abs()


@mutant("mse", "The mean is taken before the square, so errors of both signs cancel.")
def square_after_mean(prediction, label):
    return (prediction.reshape(-1) - label).mean().square()
