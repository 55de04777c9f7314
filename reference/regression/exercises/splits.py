"""1.2 Seen and unseen data."""

from __future__ import annotations

import datetime

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    expect,
    matches,
    tensor_of,
)

from .common import pair

exercise = Exercise(
    "1.2", "Seen and unseen data", owns=("split_by_date", "fit_scaler", "scale", "unscale", "scale_splits"), points=8
)


def calendar(first: str, count: int) -> list[str]:
    """`count` dates from `first` on."""
    start = datetime.date.fromisoformat(first)
    return [(start + datetime.timedelta(days=i)).isoformat() for i in range(count)]


@exercise.check("split_by_date", 0.5, public=True)
def new_year(student: Student, reference: Reference, draw: Draw) -> None:
    """Values 1 to 6 from 2020-12-28 on, 2 days, unseen from 2021-01-01: labels 3, 4 are seen, 5 and 6 unseen."""
    series = torch.arange(1.0, 7.0).to(draw.dtype)
    matches(student, reference, "split_by_date", series, calendar("2020-12-28", 6), 2, "2021-01-01")


@exercise.cases("scale", 0.25, public=True)
def two_columns(draw: Draw) -> tuple[torch.Tensor, ...]:
    """Mean [2, 20] and deviation [1, 5]: scale takes [[1, 10], [3, 30]] to [[-1, -2], [1, 2]]."""
    x, mean, std = (torch.tensor(value, dtype=draw.dtype) for value in ([[1.0, 10], [3, 30]], [2.0, 20], [1.0, 5]))
    return x, mean, std


@exercise.cases("unscale", 0.25, public=True)
def two_columns_back(draw: Draw) -> tuple[torch.Tensor, ...]:
    """Mean [2, 20] and deviation [1, 5]: unscale takes [[-1, -2], [1, 2]] to [[1, 10], [3, 30]]."""
    x, mean, std = (torch.tensor(value, dtype=draw.dtype) for value in ([[-1.0, -2], [1, 2]], [2.0, 20], [1.0, 5]))
    return x, mean, std


@exercise.check("split_by_date", 1.5)
def by_the_labels_date(student: Student, reference: Reference, draw: Draw) -> None:
    """Rows are split in order by their label's date, also where all are unseen; unseen rows may look back."""
    for length, days, cut in ((14, 3, 9), (30, 7, 21), (45, 4, 17), (12, 3, 3)):
        dates = calendar(f"2020-12-{draw.integer(1, 25):02d}", length)
        series = draw.uniform(length, low=1, high=9)
        matches(student, reference, "split_by_date", series, dates, days, dates[cut])


@exercise.check("split_by_date", 0.5)
def after_every_date(student: Student, reference: Reference, draw: Draw) -> None:
    """Where the first unseen date comes after all dates, and is none of them, no row is unseen."""
    series, dates = draw.uniform(12, low=1, high=9), calendar("2020-12-20", 12)
    matches(student, reference, "split_by_date", series, dates, 3, "2022-01-01")


@exercise.check("fit_scaler", 1)
def population_statistics(student: Student, reference: Reference, draw: Draw) -> None:
    """fit_scaler gives each column's mean and population standard deviation, also of columns far from 0."""
    for rows, columns in ((4, 2), (9, 5), (6, 1)):
        matches(student, reference, "fit_scaler", draw.normal(rows, columns, scale=3) + draw.normal(columns, scale=5))
    matches(student, reference, "fit_scaler", draw.normal(8, 3) + 300)


@exercise.check("fit_scaler", 1)
def constant_column(student: Student, reference: Reference, draw: Draw) -> None:
    """A column that never changes gets standard deviation 1; one that changes little keeps its own, however small."""
    x = draw.normal(6, 3)
    x[:, 1] = 4.0
    matches(student, reference, "fit_scaler", x)
    (small,) = torch.tensor([[1.0, 1e-2, 1e-5, 0.0]], dtype=draw.dtype)
    got = pair(student.fit_scaler(draw.normal(7, 4) * small), "(mean, std)", 2)
    deviation = tensor_of(got[1], (4,), "the standard deviations")
    expect(0 < deviation[2] < 1e-3, "fit_scaler: a deviation that is small, and not 0, stays as it is.")
    matches(student, reference, "fit_scaler", draw.normal(5, 3) * small[:3].flip(0))
    for rows in (3, 1):
        matches(student, reference, "fit_scaler", torch.full((rows, 2), -2.0, dtype=draw.dtype))


@exercise.cases("scale", 0.5, sizes=((7, 3), (2, 5), (1, 2)))
def there(draw: Draw, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """scale subtracts each column's mean and divides by its deviation, also far from 0 and with small deviations."""
    mean, std = draw.uniform(columns, low=200, high=400), draw.uniform(columns, low=0.5, high=3)
    x = draw.normal(rows, columns) + mean
    x[:, 0], mean[0], std[0] = draw.uniform(rows, low=0.03, high=0.05), 0.01, 1e-3
    return x, mean, std


@exercise.cases("unscale", 0.5, sizes=((7, 3), (2, 5), (1, 2)))
def and_back(draw: Draw, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """unscale undoes what scale does."""
    return draw.normal(rows, columns), draw.normal(columns), draw.uniform(columns, low=0.5, high=3)


@exercise.check("scale_splits", 2)
def training_statistics_for_both(student: Student, reference: Reference, draw: Draw) -> None:
    """scale_splits scales the unseen rows with the statistics of the training rows."""
    for seen, unseen, columns in ((6, 4, 2), (20, 7, 5)):
        x_train, x_unseen = draw.normal(seen, columns, scale=2) + 3, draw.normal(unseen, columns) + 5
        matches(student, reference, "scale_splits", x_train, x_unseen)


# --- mistakes ---


@exercise.mistake(
    "split_by_date", "The first unseen rows are in your training part: a row belongs to the date of its label."
)
def split_by_row(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date < first_unseen for date in dates)
    return x[:seen], y[:seen], x[seen:], y[seen:]


@exercise.mistake(
    "split_by_date", "The first unseen days are dropped: their rows may look back into the training days."
)
def test_drops_first_days(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date < first_unseen for date in dates[days:])
    return x[:seen], y[:seen], x[seen + days :], y[seen + days :]


@exercise.mistake("split_by_date", "The split must follow time: train on the past, not on a random part.")
def random_split(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date < first_unseen for date in dates[days:])
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    x, y = x[order], y[order]
    return x[:seen], y[:seen], x[seen:], y[seen:]


@exercise.mistake(
    "split_by_date", "The first unseen date itself is still in your training part: compare with <, not <=."
)
def inclusive(series, dates, days, first_unseen):
    x, y = make_windows(series, days)
    seen = sum(date <= first_unseen for date in dates[days:])
    return x[:seen], y[:seen], x[seen:], y[seen:]


@exercise.mistake("fit_scaler", "Divide by N, not by N - 1: the population standard deviation is asked for.")
def sample_std(x):
    std = x.std(dim=0)
    return x.mean(dim=0), torch.where(std == 0, torch.ones_like(std), std)


@exercise.mistake("fit_scaler", "That is the variance; the standard deviation is its square root.")
def variance(x):
    var = x.var(dim=0, unbiased=False)
    return x.mean(dim=0), torch.where(var == 0, torch.ones_like(var), var)


@exercise.mistake("fit_scaler", "One mean for everything: each column has its own statistics.")
def global_statistics(x):
    mean = x.mean().expand(x.shape[1])
    std = x.std(unbiased=False).expand(x.shape[1])
    return mean, torch.where(std == 0, torch.ones_like(std), std)


@exercise.mistake("fit_scaler", "The statistics run over the rows (dim 0), one a column.")
def wrong_axis(x):
    std = x.std(dim=1, unbiased=False)
    return x.mean(dim=1), torch.where(std == 0, torch.ones_like(std), std)


@exercise.mistake("fit_scaler", "A column that never changes has deviation 0: make it 1, or scaling divides by zero.")
def zero_std(x):
    return x.mean(dim=0), x.std(dim=0, unbiased=False)


@exercise.mistake("scale", "Subtract the mean first, then divide by the deviation.")
def divides_first(x, mean, std):
    return x / std - mean


@exercise.mistake("unscale", "The way back runs in the other order: times the deviation, then plus the mean.")
def adds_first(z, mean, std):
    return (z + mean) * std


@exercise.mistake("scale_splits", "The unseen rows are scaled with their own statistics; they must not be looked at.")
def norm_each_split(x_train, x_unseen):
    return scale(x_train, *fit_scaler(x_train)), scale(x_unseen, *fit_scaler(x_unseen))


@exercise.mistake("scale_splits", "The scaler has seen the unseen rows: fit it on the training rows only.")
def norm_all_data(x_train, x_unseen):
    mean, std = fit_scaler(torch.cat([x_train, x_unseen]))
    return scale(x_train, mean, std), scale(x_unseen, mean, std)


@exercise.mistake("scale_splits", "The unseen rows come back unscaled.")
def unseen_unscaled(x_train, x_unseen):
    return scale(x_train, *fit_scaler(x_train)), x_unseen


@exercise.mistake("fit_scaler", "Only a deviation of 0 becomes 1; a small one stays.")
def small_becomes_one(x):
    std = x.std(dim=0, unbiased=False)
    return x.mean(dim=0), torch.where(std < 1e-3, torch.ones_like(std), std)


@exercise.mistake(
    "fit_scaler", "The mean of the squares minus the squared mean loses its digits far from 0: centre first."
)
def cancels(x):
    std = (x.square().mean(dim=0) - x.mean(dim=0).square()).clamp(min=0).sqrt()
    return x.mean(dim=0), torch.where(std == 0, torch.ones_like(std), std)


@exercise.mistake("fit_scaler", "With a single row N - 1 is 0, and you have NaN: divide by N from the start.")
def corrected_afterwards(x):
    std = x.std(dim=0) * ((len(x) - 1) / len(x)) ** 0.5
    return x.mean(dim=0), torch.where(std == 0, torch.ones_like(std), std)


@exercise.mistake("scale", "The deviation is never 0 here: adding a small number to it only makes it wrong.")
def small_number_added(x, mean, std):
    return (x - mean) / (std + 1e-7)


@exercise.mistake("scale", "What lies far from the mean stays there: do not clip.")
def clipped(x, mean, std):
    return ((x - mean) / std).clamp(-5, 5)
