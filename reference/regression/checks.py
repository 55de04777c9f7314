"""The rubric of the regression assignment: 12 exercises, 100 points.

Inputs are random, grow from small to large, and are never square, equal or all ones: a wrong implementation has
nowhere to hide. Messages never hold an expected value.
"""

from __future__ import annotations

import csv
import datetime
import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import torch

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Ladder,
    MismatchError,
    Reference,
    Rubric,
    Rung,
    Score,
    Student,
    agrees_with_numerical,
    as_tensor,
    compare,
    expect,
    in_order,
    matches,
    same_trajectory,
    short_answers,
    shown,
    tensor_of,
)

from . import views

rubric = Rubric()

# --- 1.1 ---------------------------------------------------------------------------------------------------------

windows = rubric.exercise("1.1", "Windows", owns=("make_windows",), points=8)


@windows.check("make_windows", 1, public=True)
def counts_to_six(student: Student, reference: Reference, draw: Draw) -> None:
    """make_windows([1, 2, 3, 4, 5, 6], 2) has the rows [2, 1], [3, 2], [4, 3], [5, 4] and the labels 3, 4, 5, 6."""
    matches(student, reference, "make_windows", torch.arange(1.0, 7.0).to(draw.dtype), 2)


@windows.check("make_windows", 5)
def random_series(student: Student, reference: Reference, draw: Draw) -> None:
    """Each row holds the values before its label, yesterday first; the label itself is not in it."""
    for length, days in ((7, 3), (12, 5), (40, 7), (90, 28)):
        matches(student, reference, "make_windows", draw.uniform(length, low=1, high=9), days)


@windows.check("make_windows", 2)
def shortest_and_longest(student: Student, reference: Reference, draw: Draw) -> None:
    """It works for one day, and for as many days as leave a single row."""
    matches(student, reference, "make_windows", draw.uniform(9, low=1, high=9), 1)
    matches(student, reference, "make_windows", draw.uniform(9, low=1, high=9), 8)


# --- 1.2 ---------------------------------------------------------------------------------------------------------

splits = rubric.exercise(
    "1.2", "Seen and unseen data", owns=("split_by_date", "fit_scaler", "scale", "unscale", "scale_splits"), points=8
)


def calendar(first: str, count: int) -> list[str]:
    """`count` dates from `first` on."""
    start = datetime.date.fromisoformat(first)
    return [(start + datetime.timedelta(days=i)).isoformat() for i in range(count)]


@splits.check("split_by_date", 0.5, public=True)
def new_year(student: Student, reference: Reference, draw: Draw) -> None:
    """Values 1 to 6 from 2020-12-28 on, 2 days, unseen from 2021-01-01: labels 3, 4 are seen, 5 and 6 unseen."""
    series = torch.arange(1.0, 7.0).to(draw.dtype)
    matches(student, reference, "split_by_date", series, calendar("2020-12-28", 6), 2, "2021-01-01")


@splits.cases("scale", 0.25, public=True)
def two_columns(draw: Draw) -> tuple[torch.Tensor, ...]:
    """Mean [2, 20] and deviation [1, 5]: scale takes [[1, 10], [3, 30]] to [[-1, -2], [1, 2]]."""
    x, mean, std = (torch.tensor(value, dtype=draw.dtype) for value in ([[1.0, 10], [3, 30]], [2.0, 20], [1.0, 5]))
    return x, mean, std


@splits.cases("unscale", 0.25, public=True)
def two_columns_back(draw: Draw) -> tuple[torch.Tensor, ...]:
    """Mean [2, 20] and deviation [1, 5]: unscale takes [[-1, -2], [1, 2]] to [[1, 10], [3, 30]]."""
    x, mean, std = (torch.tensor(value, dtype=draw.dtype) for value in ([[-1.0, -2], [1, 2]], [2.0, 20], [1.0, 5]))
    return x, mean, std


@splits.check("split_by_date", 2)
def by_the_labels_date(student: Student, reference: Reference, draw: Draw) -> None:
    """Rows are split in order by their label's date, also where a part is empty; unseen rows may look back."""
    for length, days, cut in ((14, 3, 9), (30, 7, 21), (45, 4, 17)):
        dates = calendar(f"2020-12-{draw.integer(1, 25):02d}", length)
        series = draw.uniform(length, low=1, high=9)
        matches(student, reference, "split_by_date", series, dates, days, dates[cut])
    series, dates = draw.uniform(12, low=1, high=9), calendar("2020-12-20", 12)
    matches(student, reference, "split_by_date", series, dates, 3, dates[3])  # the first label is unseen already


@splits.check("fit_scaler", 1)
def population_statistics(student: Student, reference: Reference, draw: Draw) -> None:
    """fit_scaler gives each column's mean and population standard deviation, also of columns far from 0."""
    for rows, columns in ((4, 2), (9, 5)):
        matches(student, reference, "fit_scaler", draw.normal(rows, columns, scale=3) + draw.normal(columns, scale=5))
    matches(student, reference, "fit_scaler", draw.normal(8, 3) + 300)


@splits.check("fit_scaler", 1)
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
    matches(student, reference, "fit_scaler", torch.full((3, 2), -2.0, dtype=draw.dtype))


@splits.cases("scale", 0.5, sizes=((7, 3), (2, 5), (1, 2)))
def there(draw: Draw, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """scale subtracts each column's mean and divides by its deviation, also far from 0."""
    far = draw.uniform(columns, low=200, high=400)
    return draw.normal(rows, columns) + far, far, draw.uniform(columns, low=0.5, high=3)


@splits.cases("unscale", 0.5, sizes=((7, 3), (2, 5), (1, 2)))
def and_back(draw: Draw, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """unscale undoes what scale does."""
    return draw.normal(rows, columns), draw.normal(columns), draw.uniform(columns, low=0.5, high=3)


@splits.check("scale_splits", 2)
def training_statistics_for_both(student: Student, reference: Reference, draw: Draw) -> None:
    """scale_splits scales the unseen rows with the statistics of the training rows."""
    for seen, unseen, columns in ((6, 4, 2), (20, 7, 5)):
        x_train, x_unseen = draw.normal(seen, columns, scale=2) + 3, draw.normal(unseen, columns) + 5
        matches(student, reference, "scale_splits", x_train, x_unseen)


# --- 1.3 ---------------------------------------------------------------------------------------------------------

losses = rubric.exercise("1.3", "Losses", owns=("mae", "mse"), points=6)


def two_predictions(draw: Draw) -> tuple[torch.Tensor, ...]:
    """Predictions 1, 4 and labels 2, 2."""
    return torch.tensor([1.0, 4.0], dtype=draw.dtype), torch.tensor([2.0, 2.0], dtype=draw.dtype)


@losses.cases("mae", 0.5, public=True)
def mae_by_hand(draw: Draw) -> tuple[torch.Tensor, ...]:
    """For predictions 1, 4 and labels 2, 2 the MAE is 1.5."""
    return two_predictions(draw)


@losses.cases("mse", 0.5, public=True)
def mse_by_hand(draw: Draw) -> tuple[torch.Tensor, ...]:
    """For predictions 1, 4 and labels 2, 2 the MSE is 2.5."""
    return two_predictions(draw)


@losses.check("mae", 2)
def mean_absolute_error(student: Student, reference: Reference, draw: Draw) -> None:
    """mae is the mean of the absolute residuals, also of small ones between large numbers."""
    for count in (3, 8, 31):
        matches(student, reference, "mae", draw.normal(count, scale=2), draw.normal(count, scale=2))
    label = draw.normal(6) + 1000
    matches(student, reference, "mae", label + draw.normal(6), label)
    small = 1e-7 * draw.normal(5)
    compare(student.mae(small, 0 * small) * 1e7, reference.mae(small, 0 * small) * 1e7, "10^7 times a small MAE")


@losses.check("mse", 2)
def mean_squared_error(student: Student, reference: Reference, draw: Draw) -> None:
    """mse is the mean of the squared residuals, without a factor 1/2, also of small ones between large numbers."""
    for count in (3, 8, 31):
        matches(student, reference, "mse", draw.normal(count, scale=2), draw.normal(count, scale=2))
    label = draw.normal(6) + 1000
    matches(student, reference, "mse", label + draw.normal(6), label)
    small = 1e-4 * draw.normal(5)
    compare(student.mse(small, 0 * small) * 1e8, reference.mse(small, 0 * small) * 1e8, "10^8 times a small MSE")


@losses.cases("mae", 0.5, sizes=(5, 1, 2))
def column_for_mae(draw: Draw, count: int) -> tuple[torch.Tensor, ...]:
    """Predictions of shape (N, 1) give the same MAE as those of shape (N,)."""
    return draw.normal(count, 1), draw.normal(count)


@losses.cases("mse", 0.5, sizes=(5, 1, 2))
def column_for_mse(draw: Draw, count: int) -> tuple[torch.Tensor, ...]:
    """Predictions of shape (N, 1) give the same MSE as those of shape (N,)."""
    return draw.normal(count, 1), draw.normal(count)


# --- 1.4 ---------------------------------------------------------------------------------------------------------

linear = rubric.exercise(
    "1.4",
    "A linear model and its gradients",
    owns=("linear_forward", "grad_mse", "grad_mae"),
    points=12,
    bans=AUTOGRAD,
)


def regression_problem(draw: Draw, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """x (rows, columns), y, w and a scalar b, away from the kinks of the MAE."""
    x, y, w = draw.normal(rows, columns), draw.normal(rows, scale=2), draw.normal(columns)
    b = torch.tensor(draw.number(0.3, 1.5), dtype=draw.dtype)
    return x, y, w, b


def true_gradient(loss: str, x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    """The gradient by autograd, written apart from the reference."""
    w, b = w.clone().requires_grad_(True), b.clone().requires_grad_(True)
    residual = (x * w).sum(1) + b - y
    value = residual.abs().mean() if loss == "mae" else (residual**2).mean()
    return list(torch.autograd.grad(value, [w, b]))


@linear.check("linear_forward", 0.5, public=True)
def one_row(student: Student, reference: Reference, draw: Draw) -> None:
    """linear_forward([[1, 2]], [10, 100], 5) is [215]."""
    x, w = torch.tensor([[1.0, 2.0]], dtype=draw.dtype), torch.tensor([10.0, 100.0], dtype=draw.dtype)
    matches(student, reference, "linear_forward", x, w, torch.tensor(5.0, dtype=draw.dtype))


@linear.check("grad_mse", 0.5, public=True)
def four_rows(student: Student, reference: Reference, draw: Draw) -> None:
    """x = [[1, 0], [0, 1], [1, 1], [2, 0]], y = [-1, -2, 1, 2], w = [1, 2], b = 0: grad_mse gives [2, 3] and 4."""
    values = ([[1.0, 0], [0, 1], [1, 1], [2, 0]], [-1.0, -2, 1, 2], [1.0, 2], 0.0)
    matches(student, reference, "grad_mse", *(torch.tensor(value, dtype=draw.dtype) for value in values))


@linear.check("linear_forward", 2)
def predicts(student: Student, reference: Reference, draw: Draw) -> None:
    """linear_forward is b plus the weighted sum of each row."""
    for rows, columns in ((2, 3), (7, 4)):
        x, _, w, b = regression_problem(draw, rows, columns)
        matches(student, reference, "linear_forward", x, w, b)


@linear.check("grad_mse", 4)
def gradient_of_mse(student: Student, reference: Reference, draw: Draw) -> None:
    """grad_mse is the gradient that autograd finds, for w and for b."""
    for rows, columns in ((3, 2), (6, 3), (11, 7)):
        problem = regression_problem(draw, rows, columns)
        compare(student.grad_mse(*problem), true_gradient("mse", *problem), "(gw, gb)")


@linear.check("grad_mae", 3)
def gradient_of_mae(student: Student, reference: Reference, draw: Draw) -> None:
    """grad_mae is the gradient that autograd finds, for w and for b; a residual that is 0 adds nothing to it."""
    for rows, columns in ((3, 2), (6, 3), (11, 7)):
        problem = regression_problem(draw, rows, columns)
        compare(student.grad_mae(*problem), true_gradient("mae", *problem), "(gw, gb)")
    x, _, w, b = (part.round() for part in regression_problem(draw, 6, 3))  # whole numbers: no rounding anywhere
    y = reference.linear_forward(x, w, b) + torch.tensor([0.0, 2.0, 0.0, -1.0, 3.0, 0.0], dtype=draw.dtype)
    compare(student.grad_mae(x, y, w, b), reference.grad_mae(x, y, w, b), "(gw, gb) with residuals that are 0")


@linear.check("grad_mse", 2)
def numerical(student: Student, reference: Reference, draw: Draw) -> None:
    """grad_mse agrees with how the loss really moves when each weight is nudged."""
    x, y, w, b = (part.double() for part in regression_problem(draw, 8, 5))
    gw, gb = pair(student.grad_mse(x, y, w, b), "(gw, gb)", 2)
    agrees_with_numerical(gw, lambda v: reference.mse(x @ v + b, y), w, "gw")
    agrees_with_numerical(gb, lambda v: reference.mse(x @ w + v, y), b, "gb")


def pair(value: object, what: str, count: int) -> list[object]:
    """A tuple or list of `count` values, or a MismatchError."""
    if not isinstance(value, list | tuple) or len(value) != count:
        raise MismatchError(f"expected {count} values: {what}.")
    return list(value)


# --- 1.5 ---------------------------------------------------------------------------------------------------------

descent = rubric.exercise("1.5", "Gradient descent", owns=("gd_step", "train_gd"), points=8)
BEFORE_DESCENT = ("linear_forward", "grad_mse", "mse")


@descent.check("gd_step", 1, public=True)
def from_one_row(student: Student, reference: Reference, draw: Draw) -> None:
    """For x = [[2]], y = [10], a step with learning rate 0.1 leads from w = [1], b = 0 to w = [4.2], b = 1.6."""
    x, y, w, b = (torch.tensor(value, dtype=draw.dtype) for value in ([[2.0]], [10.0], [1.0], 0.0))
    matches(student, reference, "gd_step", x, y, w, b, 0.1)


@descent.check("gd_step", 2)
def one_step(student: Student, reference: Reference, draw: Draw) -> None:
    """gd_step moves w and b against the gradient taken at the old point, both at once."""
    for rows, columns in ((4, 2), (9, 5)):
        matches(student, reference, "gd_step", *regression_problem(draw, rows, columns), draw.number(0.05, 0.2))


@descent.check("train_gd", 3)
def trajectory(student: Student, reference: Reference, draw: Draw) -> None:
    """train_gd follows the path step by step: the loss before each update, and w and b after `steps` of them, or 0."""
    for steps in (1, 3, 6):
        problem = regression_problem(draw, 9, 4)
        rate = draw.number(0.05, 0.2)
        w, b, trace = reference.train_gd(*problem, rate, steps)
        got = pair(student.train_gd(*problem, rate, steps), "(w, b, losses)", 3)
        same_trajectory(got[2], trace, "the losses")
        compare(got[0], w, "w after training")
        compare(got[1], b, "b after training")
    x, y, w, b = regression_problem(draw, 5, 3)
    got = pair(student.train_gd(x, y, w, b, 0.1, 0), "(w, b, losses)", 3)
    none = isinstance(got[2], list | tuple | torch.Tensor) and len(got[2]) == 0
    expect(none, "train_gd: with 0 steps there is no update, and no loss before one.")
    compare(got[0], w, "w after 0 steps")
    compare(got[1], b, "b after 0 steps")
    x, w, b = (part.round() for part in (x, w, b))
    y, rate = reference.linear_forward(x, w, b) + 1e-3, 1e-3
    expected = reference.train_gd(x, y, w, b, rate, 4)  # small gradients are not 0: the default goes on
    same_trajectory(pair(student.train_gd(x, y, w, b, rate, 4), "(w, b, losses)", 3)[2], expected[2], "the losses")


@descent.check("train_gd", 2)
def stops(student: Student, reference: Reference, draw: Draw) -> None:
    """train_gd stops when no entry of the gradient is above the tolerance (0 if none is given), and notes that loss."""
    for offset in (-4.0, 4.0, 0.0):  # b has the largest entry: positive, then negative; then any of them
        x, y, w, b = regression_problem(draw, 12, 2)
        y = y + offset
        gw, gb = reference.grad_mse(x, y, w, b)
        tolerance = 0.4 * float(torch.cat([gw, gb.reshape(1)]).abs().max())
        expected = reference.train_gd(x, y, w, b, 0.1, 60, tolerance)
        got = pair(student.train_gd(x, y, w, b, 0.1, 60, tolerance), "(w, b, losses)", 3)
        same_trajectory(got[2], expected[2], "the losses")
        compare(got[0], expected[0], "w when it stops")
        compare(got[1], expected[1], "b when it stops")
    x, w, b = (part.round() for part in (x, w, b))
    fits = reference.linear_forward(x, w, b)  # whole numbers: gradients are exactly 2 at most, and then 0
    one = torch.eye(2, dtype=draw.dtype)
    for problem, bound in (((one, one @ w + b - 1, w, b), (2.0,)), ((x, fits, w, b), ())):
        expected = reference.train_gd(*problem, 0.1, 5, *bound)
        got = pair(student.train_gd(*problem, 0.1, 5, *bound), "(w, b, losses)", 3)
        same_trajectory(got[2], expected[2], "the losses where the gradient is exactly at the tolerance")


# --- 1.6 ---------------------------------------------------------------------------------------------------------

surface = rubric.exercise("1.6", "The error surface", owns=("error_surface", "lowest_point"), points=5)


@surface.check("error_surface", 1, public=True)
def six_points(student: Student, reference: Reference, draw: Draw) -> None:
    """x = [1, 2], y = [3, 5] give, over w = 1, 2, 3 and b = 0, 1, the surface [[2.5, 1.5], [1, 0], [0.5, 1.5]]."""
    grids = ([1.0, 2.0], [3.0, 5.0], [1.0, 2.0, 3.0], [0.0, 1.0])
    matches(student, reference, "error_surface", *(torch.tensor(values, dtype=draw.dtype) for values in grids))


@surface.check("error_surface", 2)
def landscape(student: Student, reference: Reference, draw: Draw) -> None:
    """error_surface[i, j] is the MAE for w_grid[i] and b_grid[j]."""
    for rows, w_count, b_count in ((3, 2, 3), (8, 5, 4)):
        x, y = draw.uniform(rows, low=1, high=9), draw.uniform(rows, low=1, high=9)
        matches(student, reference, "error_surface", x, y, draw.normal(w_count), draw.normal(b_count, scale=2))
    x = draw.normal(4)
    matches(student, reference, "error_surface", x, x + 1000, draw.uniform(2), draw.normal(3) + 1000)


@surface.check("lowest_point", 2)
def lowest(student: Student, reference: Reference, draw: Draw) -> None:
    """lowest_point gives the w and b of the smallest entry, also of one below 0: values, in this order."""
    for w_count, b_count in ((2, 3), (6, 4), (3, 8)):
        heights, w_grid, b_grid = draw.uniform(w_count, b_count), draw.normal(w_count), draw.normal(b_count)
        matches(student, reference, "lowest_point", heights, w_grid, b_grid)
        matches(student, reference, "lowest_point", heights - 0.7, w_grid, b_grid)  # the smallest is below 0
        heights[-1, 0] = -2.0
        matches(student, reference, "lowest_point", heights, w_grid, b_grid)


# --- 1.7 ---------------------------------------------------------------------------------------------------------

batches = rubric.exercise(
    "1.7", "Batches, updates, epochs", owns=("epoch_batches", "updates_per_epoch", "ANSWERS"), points=8
)


def epoch(student: Student, draw: Draw, n: int, size: int, generator: object = None) -> list[list[int]]:
    """One epoch's batches as lists of indices, or a MismatchError that says what they are instead."""
    found = student.epoch_batches(n, size, generator or draw.generator())
    if not isinstance(found, list | tuple):
        raise MismatchError("epoch_batches: expected a list of index tensors.")
    plain = []
    for batch in found:
        indices = as_tensor(batch)
        if indices is None or indices.ndim != 1 or not bool((indices == indices.round()).all()):
            raise MismatchError("epoch_batches: each batch is a 1-D tensor of whole numbers.")
        plain.append([int(index) for index in indices])
    return plain


@batches.check("epoch_batches", 1, public=True)
def sizes(student: Student, reference: Reference, draw: Draw) -> None:
    """10 examples in batches of 4 make batches of 4, 4 and 2."""
    batches_ = epoch(student, draw, 10, 4)
    found = [len(batch) for batch in batches_]
    expect(found == [4, 4, 2], f"epoch_batches(10, 4): the batches have sizes {found[:20]}.")
    expect(len(set(sum(batches_, []))) == 10, "epoch_batches(10, 4): the batches do not hold 10 different examples.")


@batches.check("epoch_batches", 2)
def every_example_once(student: Student, reference: Reference, draw: Draw) -> None:
    """An epoch sees each of 0 .. n-1 exactly once; only the last batch may be smaller."""
    for n, size in ((6, 3), (10, 4), (23, 5), (40, 7), (5, 5), (3, 8), (1, 1)):
        found = epoch(student, draw, n, size)
        seen = sorted(index for batch in found for index in batch)
        expect(seen == list(range(n)), f"epoch_batches({n}, {size}) does not see every example exactly once.")
        full = all(len(batch) == size for batch in found[:-1])
        expect(full and len(found[-1]) <= size, f"epoch_batches({n}, {size}): each batch but the last has {size}.")


@batches.check("epoch_batches", 2)
def fresh_order(student: Student, reference: Reference, draw: Draw) -> None:
    """Each epoch has a new random order, drawn from the generator: the same generator state gives the same epoch."""
    n = 60
    going_on = draw.generator()
    twin = msgspec.structs.replace(going_on, key=-going_on.key)
    epochs = [epoch(student, draw, n, 7, going_on) for _ in range(2)]
    first, second = (sum(one, []) for one in epochs)
    expect(first != list(range(n)), "epoch_batches: the order is not random.")
    expect(first != second, "epoch_batches: the second epoch has the same order as the first.")
    companies = [{frozenset(batch) for batch in one} for one in epochs]
    expect(companies[0] != companies[1], "epoch_batches: the same examples share a batch in every epoch.")
    again = sum(epoch(student, draw, n, 7, twin), [])
    expect(first == again, "epoch_batches: an equal generator gives another order; draw it from the generator alone.")
    other = sum(epoch(student, draw, n, 7), [])
    expect(first != other, "epoch_batches: another generator gives the same order; draw it from the generator.")
    uniformly(student, draw)


def uniformly(student: Student, draw: Draw) -> None:
    """Every order is equally likely. Each bound is 7 standard deviations or more from what is right: all of them
    together fail a right order with a chance below 1e-9."""
    n, going_on = 1000, draw.generator()
    order, after = (torch.tensor(sum(epoch(student, draw, n, 30, going_on), [])) for _ in range(2))
    steps, half = order.diff(), n // 2
    climbs = int((steps > 0).sum())  # mean 499.5, standard deviation 9.1
    expect(abs(climbs - half) <= 70, f"epoch_batches: {climbs} of {n - 1} examples follow a smaller one: not random.")
    beside = int((steps.abs() == 1).sum())  # Poisson, mean 2
    expect(beside <= 30, f"epoch_batches: {beside} of {n} neighbours in the data stay neighbours: not random.")
    kinds = len(set((steps % n).tolist()))  # mean 632, standard deviation below 16
    expect(kinds > 500, "epoch_batches: the order is regular: each step from one example to the next looks alike.")
    early = int((order[:half] < half).sum())  # hypergeometric, mean 250, standard deviation 7.9
    expect(abs(early - half // 2) <= 60, "epoch_batches: examples of the first half stay together.")
    ranks = torch.stack([order.argsort(), after.argsort()]).double()
    alike = float(torch.corrcoef(ranks)[0, 1])  # standard deviation 0.032
    expect(abs(alike) <= 0.24, "epoch_batches: the second epoch's order depends on the first one's.")
    places = torch.zeros(5, 5)
    for _ in range(120):
        places[range(5), sum(epoch(student, draw, 5, 2, going_on), [])] += 1
    fair = bool(((places > 0) & (places < 64)).all())  # binomial (120, 1/5): 0 or 64 have a chance below 3e-12
    expect(fair, "epoch_batches: not every example comes at every place equally often.")


@batches.check("updates_per_epoch", 1)
def counts_updates(student: Student, reference: Reference, draw: Draw) -> None:
    """updates_per_epoch counts the smaller last batch too."""
    odd = draw.integer(3, 30)
    cases = ((10, 5), (10, 4), (3, 7), (draw.integer(100, 999), odd), (odd, 1), (7 * odd, odd), (5001, 5000), (4, 4))
    for n, size in cases:
        matches(student, reference, "updates_per_epoch", n, size)


@batches.check("ANSWERS", 2)
def answers(student: Student, reference: Reference, draw: Draw) -> Score:
    """The three numbers in ANSWERS are right."""
    questions = {
        "updates, 10000 in batches of 10": 1000,
        "updates, 1000 in batches of 100, 5 epochs": 50,
        "relus for 100 hard sigmoids": 200,
    }
    return short_answers(student, "ANSWERS", questions)


# --- 1.8 ---------------------------------------------------------------------------------------------------------

curves = rubric.exercise(
    "1.8",
    "Sigmoid, hard sigmoid, piecewise linear curves",
    owns=("sigmoid", "hard_sigmoid", "fit_piecewise"),
    points=12,
)


@curves.check("hard_sigmoid", 1, public=True)
def hard_points(student: Student, reference: Reference, draw: Draw) -> None:
    """hard_sigmoid is 0 at -1, 1/4 at -1/4, 1/2 at 0 and 1 at 1."""
    matches(student, reference, "hard_sigmoid", torch.tensor([-1.0, -0.25, 0.0, 1.0], dtype=draw.dtype))


@curves.check("sigmoid", 3)
def smooth(student: Student, reference: Reference, draw: Draw) -> None:
    """sigmoid is 1 / (1 + exp(-z)), for any shape."""
    matches(student, reference, "sigmoid", draw.normal(5, scale=2))
    matches(student, reference, "sigmoid", draw.normal(3, 4, scale=3))


@curves.check("sigmoid", 1)
def extremes(student: Student, reference: Reference, draw: Draw) -> None:
    """sigmoid does not overflow: at -1000 it is 0, at 1000 it is 1."""
    matches(student, reference, "sigmoid", torch.tensor([-1000.0, -100.0, 0.0, 100.0, 1000.0], dtype=draw.dtype))


@curves.check("hard_sigmoid", 3)
def hard(student: Student, reference: Reference, draw: Draw) -> None:
    """hard_sigmoid climbs from 0 to 1 between -1/2 and 1/2 and is flat outside."""
    matches(student, reference, "hard_sigmoid", draw.uniform(9, low=-2, high=2))
    matches(student, reference, "hard_sigmoid", draw.uniform(4, 5, low=-2, high=2))


@curves.check("fit_piecewise", 4)
def piecewise(student: Student, reference: Reference, draw: Draw) -> None:
    """The sum passes through every point, is straight between neighbours, and constant outside."""
    for count in (2, 3, 6, 9):
        xs = draw.uniform(count, low=0.3, high=1.5).cumsum(0) - draw.number(0, 4)
        ys = draw.normal(count, scale=2)
        parts = pair(student.fit_piecewise(xs, ys), "(constant, c, w, b)", 4)
        constant = tensor_of(parts[0], (), "constant")
        c, w, b = (tensor_of(part, (count - 1,), name) for part, name in zip(parts[1:], "cwb", strict=True))

        def curve(x: torch.Tensor) -> torch.Tensor:
            z = x.double()[:, None] * w + b
            return constant + ((z + 0.5).clamp(0, 1) * c).sum(1)

        compare(curve(xs).to(draw.dtype), ys, "the sum of hard sigmoids at the points")
        middles, halfway = (xs[1:] + xs[:-1]) / 2, (ys[1:] + ys[:-1]) / 2
        compare(curve(middles).to(draw.dtype), halfway, "the sum of hard sigmoids between the points")
        ends = torch.stack([xs[0] - 2, xs[-1] + 2])
        compare(curve(ends).to(draw.dtype), ys[[0, -1]], "the sum of hard sigmoids outside the points")
        flat = pair(student.fit_piecewise(xs, torch.full_like(xs, 2.0)), "(constant, c, w, b)", 4)
        expect(not bool(tensor_of(flat[1], (count - 1,), "c").any()), "fit_piecewise: a flat curve has no steps.")
        compare(flat[0], 2.0, "the constant of a flat curve")


# --- 1.9 ---------------------------------------------------------------------------------------------------------

network = rubric.exercise(
    "1.9",
    "A network with one hidden layer",
    owns=("net_forward", "net_grad"),
    points=15,
    bans=AUTOGRAD,
)


def net_problem(draw: Draw, rows: int, columns: int, units: int) -> tuple[torch.Tensor, ...]:
    """x, W, b, c, b_out: no two of them alike, no bias zero."""
    return (
        draw.normal(rows, columns),
        draw.normal(units, columns),
        draw.normal(units) + 0.3,
        draw.normal(units),
        torch.tensor(draw.number(0.5, 1.5), dtype=draw.dtype),
    )


def net_gradient(activation: str, x: torch.Tensor, y: torch.Tensor, *unknowns: torch.Tensor) -> list[torch.Tensor]:
    """The gradient by autograd, written apart from the reference."""
    W, b, c, b_out = (unknown.clone().requires_grad_(True) for unknown in unknowns)
    z = torch.nn.functional.linear(x, W, b)
    hidden = torch.sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    return list(torch.autograd.grad(((hidden @ c + b_out - y) ** 2).mean(), [W, b, c, b_out]))


SIZES = ((2, 3, 4), (5, 2, 3), (9, 6, 5))


@network.check("net_forward", 1, public=True)
def three_units(student: Student, reference: Reference, draw: Draw) -> None:
    """For x = [[1, 2]], W = [[1, 1], [1, -1], [2, 0]], b = [1, 0, -1], c = [1, 5, 10], b_out = 100, ReLU: [114]."""
    values = ([[1.0, 2.0]], [[1.0, 1.0], [1.0, -1.0], [2.0, 0.0]], [1.0, 0.0, -1.0], [1.0, 5.0, 10.0], 100.0)
    matches(student, reference, "net_forward", *(torch.tensor(value, dtype=draw.dtype) for value in values), "relu")


@network.check("net_forward", 3)
def forward_sigmoid(student: Student, reference: Reference, draw: Draw) -> None:
    """net_forward with the sigmoid: b_out + c^T sigmoid(b + W x) for each row."""
    for size in SIZES:
        matches(student, reference, "net_forward", *net_problem(draw, *size), "sigmoid")


@network.check("net_forward", 2)
def forward_relu(student: Student, reference: Reference, draw: Draw) -> None:
    """net_forward with ReLU: negative pre-activations become 0."""
    for size in SIZES:
        matches(student, reference, "net_forward", *net_problem(draw, *size), "relu")


def gradients_match(student: Student, draw: Draw, activation: str) -> None:
    """All four gradients equal autograd's."""
    for size in SIZES:
        x, *unknowns = net_problem(draw, *size)
        y = draw.normal(size[0], scale=2)
        got = student.net_grad(x, y, *unknowns, activation)
        compare(got, net_gradient(activation, x, y, *unknowns), "(gW, gb, gc, gb_out)")


@network.check("net_grad", 4)
def gradient_sigmoid(student: Student, reference: Reference, draw: Draw) -> None:
    """net_grad with the sigmoid equals what autograd finds, for all four unknowns."""
    gradients_match(student, draw, "sigmoid")


@network.check("net_grad", 3)
def gradient_relu(student: Student, reference: Reference, draw: Draw) -> None:
    """net_grad with ReLU equals what autograd finds, for all four unknowns; the slope of ReLU at 0 is 0."""
    gradients_match(student, draw, "relu")
    x, W, b, c, b_out = net_problem(draw, 4, 3, 5)
    W[:2], b[:2] = 0.0, 0.0  # two units that are at 0 for every row
    y = draw.normal(4, scale=2)
    got = student.net_grad(x, y, W, b, c, b_out, "relu")
    compare(got, net_gradient("relu", x, y, W, b, c, b_out), "(gW, gb, gc, gb_out) with units at exactly 0")


@network.check("net_grad", 2)
def network_numerical(student: Student, reference: Reference, draw: Draw) -> None:
    """net_grad agrees with how the loss really moves when each entry of W, b and c is nudged."""
    x, W, b, c, b_out = (part.double() for part in net_problem(draw, 6, 3, 4))
    y = draw.normal(6).double()
    got = pair(student.net_grad(x, y, W, b, c, b_out, "sigmoid"), "(gW, gb, gc, gb_out)", 4)
    for name, value, point, order in (("gW", got[0], W, 0), ("gb", got[1], b, 1), ("gc", got[2], c, 2)):

        def loss(v: torch.Tensor, order: int = order) -> torch.Tensor:
            parts = [W, b, c]
            parts[order] = v
            moved: torch.Tensor = reference.mse(reference.net_forward(x, *parts, b_out, "sigmoid"), y)
            return moved

        agrees_with_numerical(value, loss, point, name)


# --- 1.10 --------------------------------------------------------------------------------------------------------

deep = rubric.exercise("1.10", "Deep or fat?", owns=("deep_forward", "count_params", "fat_width"), points=6)


@deep.cases("count_params", 0.5, public=True)
def small_network(draw: Draw) -> list[int]:
    """count_params([2, 3, 3, 1]) is 25."""
    return [2, 3, 3, 1]


@deep.cases("fat_width", 0.5, public=True)
def as_fat(draw: Draw) -> list[int]:
    """[2, 6, 1] has 25 parameters, as [2, 3, 3, 1] has: fat_width([2, 3, 3, 1]) is 6."""
    return [2, 3, 3, 1]


@deep.check("deep_forward", 2)
def layers(student: Student, reference: Reference, draw: Draw) -> None:
    """deep_forward puts ReLU between the layers and none after the last."""
    for sizes in ((3, 2), (4, 3, 2), (5, 7, 3, 2), (2, 6, 4, 3, 1)):
        stack = [(draw.normal(o, i), draw.normal(o)) for i, o in zip(sizes, sizes[1:], strict=False)]
        matches(student, reference, "deep_forward", draw.normal(6, sizes[0]), stack)


@deep.check("count_params", 2)
def parameters(student: Student, reference: Reference, draw: Draw) -> None:
    """count_params counts every weight and every bias."""
    for depth in (2, 3, 5):
        matches(student, reference, "count_params", draw.distinct(depth, 2, 60))


@deep.check("fat_width", 1)
def equally_fat(student: Student, reference: Reference, draw: Draw) -> None:
    """fat_width is the widest hidden layer that needs no more parameters than the deep network."""
    for depth in (4, 5):
        matches(student, reference, "fat_width", draw.distinct(depth, 5, 60))
    matches(student, reference, "fat_width", [56, 100, 100, 100, 1])
    for sizes in ([5, 1, 3], [3, 9, 4], [9, 2, 1, 6], [4, 3, 3, 4]):  # exactly as many, and hardly any
        matches(student, reference, "fat_width", sizes)


# --- 1.11 --------------------------------------------------------------------------------------------------------

training = rubric.exercise("1.11", "Train it", owns=("fit_predict",), points=7)
HELPERS = (
    "make_windows", "fit_scaler", "scale", "unscale", "mae", "mse", "epoch_batches", "linear_forward", "net_forward",
    "deep_forward",
)  # fmt: skip


CLEARLY = -0.01
"""The slack of an order that has to be strict: two equal losses are not in order."""


class Year:
    """A hidden channel: 2017-2020 to train on, and days to predict, in thousands of views.

    What is predicted are days of other channels with the same habits, so far apart that no row holds the label of
    another one: in a single series, the rows that follow would give every label away. They come in a random order.
    """

    def __init__(self, draw: Draw, times: float = 1.0) -> None:
        """`times` makes the channel larger, so that scaled units cannot be taken for thousands of views."""
        self._draw = draw
        self._series, dates = hidden_series(draw.choice(views.HIDDEN_SEEDS))
        self._series = self._series * times
        self._first_unseen = dates.index("2021-01-01")
        self.seed = draw.integer(0, 2**31)
        self._others = [hidden_series(draw.integer(10_000, 2**31))[0] * times for _ in range(OTHERS)]
        self._days = [range(LONGEST + draw.integer(0, LONGEST + 1), len(dates), LONGEST + 1) for _ in range(OTHERS)]

    def train(self, days: int) -> tuple[torch.Tensor, torch.Tensor]:
        """x_train and y_train."""
        return rows_of(self._series, range(days, self._first_unseen), days)

    def new(self, days: int, *, unseen: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """x and y of days to predict: of the unseen year, or of the years that are trained on."""
        parts = [
            rows_of(series, [day for day in chosen if (day >= self._first_unseen) == unseen], days)
            for series, chosen in zip(self._others, self._days, strict=True)
        ]
        return torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts])

    def predicted(
        self, student: Student, days: int, hidden: tuple[int, ...], asked: torch.Tensor
    ) -> tuple[torch.Tensor, list[float]]:
        """The student's predictions for rows that are `asked`, and the losses they report."""
        order = self._draw.permutation(len(asked))
        got = pair(student.fit_predict(*self.train(days), asked[order], hidden, self.seed), "(predictions, losses)", 2)
        prediction = torch.empty(len(asked), dtype=torch.float64)
        prediction[order] = tensor_of(got[0], (len(asked),), "predictions").double()
        reported = as_tensor(got[1])
        return prediction, [] if reported is None else reported.reshape(-1).tolist()

    def loss(
        self, student: Student, days: int, hidden: tuple[int, ...], *, unseen: bool = True
    ) -> tuple[float, bool, list[float]]:
        """The student's MAE on days to predict, whether it was a network that predicted, and the losses they report."""
        x, y = self.new(days, unseen=unseen)
        moved = x[:MOVED] + NUDGE * (self._draw.integers(0, 2, days) * 2 - 1)
        prediction, trace = self.predicted(student, days, hidden, torch.cat([x, moved]))
        error = float((prediction[: len(x)] - y).abs().mean())
        return error, bends(prediction[len(x) :] - prediction[: len(moved)]), trace

    def linear(self, days: int, *, unseen: bool = True) -> float:
        """The MAE of a least-squares fit on days to predict: the yardstick."""
        return least_squares(*self.train(days), *self.new(days, unseen=unseen))[1]


LONGEST, OTHERS = 56, 40
MOVED, NUDGE = 120, 1e-3


def hidden_series(seed: int) -> tuple[torch.Tensor, list[str]]:
    """A channel's views and their dates."""
    table = views.generate(seed)
    return torch.tensor(table["views"].to_numpy()), [str(date) for date in table["date"]]


def rows_of(series: torch.Tensor, labels: Sequence[int], days: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The windows before some days, and those days."""
    at = torch.tensor(labels)
    return series[at[:, None] - 1 - torch.arange(days)], series[at]


def bends(moves: torch.Tensor) -> bool:
    """Whether predictions move as a network's do where all inputs move a little in one direction: not by the same in
    every row, as those of a linear model, and not in jumps, as those of trees and of nearest neighbours, which stay or
    move by the same almost everywhere. The middle half of a network's moves differs by more than its median size."""
    low, middle, high = torch.quantile(moves, torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64))
    return bool(high - low > 0.05 * middle.abs()) and bool(high > low)


def least_squares(
    x_train: torch.Tensor, y_train: torch.Tensor, x_unseen: torch.Tensor, y_unseen: torch.Tensor
) -> tuple[float, float]:
    """The MAE of a linear model fitted to the training rows, on them and on the unseen ones."""
    ones = torch.ones(len(x_train), 1, dtype=torch.float64)
    fit = torch.linalg.lstsq(torch.cat([x_train, ones], 1), y_train[:, None]).solution[:, 0]
    errors = (((x @ fit[:-1] + fit[-1]) - y).abs() for x, y in ((x_train, y_train), (x_unseen, y_unseen)))
    train, unseen = (float(error.mean()) for error in errors)
    return train, unseen


@training.check("fit_predict", 0.5, trains=True, seconds=60)
def reports_its_losses(student: Student, reference: Reference, draw: Draw) -> None:
    """The losses are MAEs on the training rows, in thousands: they fall, and the last is that of the predictions."""
    year = Year(draw, times=3.0)
    x_train, y_train = year.train(7)
    prediction, trace = year.predicted(student, 7, (), x_train)
    train = float((prediction - y_train).abs().mean())
    expect(len(trace) > 0, "fit_predict: the second result is a list with one loss for each epoch.")
    expect(len(trace) > 1, "your list has the loss of one epoch: train for at least two, so that it can fall.")
    expect(trace[-1] < trace[0], "the training loss does not fall from the first epoch to the last.")
    expect(
        abs(trace[-1] - train) <= 0.1 * train,
        "the last loss is not the MAE of your predictions on the training rows: is it still in scaled units, "
        "or the sum, or the MSE?",
    )


@training.check("fit_predict", 2, trains=True, seconds=60)
def history_pays(student: Student, reference: Reference, draw: Draw) -> None:
    """On the unseen year, 7 days of history clearly beat 1, and 28 beat 7; 56 are no worse than 28."""
    year = Year(draw)
    unseen = [(f"{days} days", year.loss(student, days, ())[0]) for days in (1, 7, 28)]
    in_order(unseen, "the unseen MAE of the linear model should fall with the days it sees", CLEARLY)
    unseen = [unseen[-1], ("56 days", year.loss(student, 56, ())[0])]
    in_order(unseen, "with 56 days, the linear model should be about as good as with 28 or better", slack=0.1)


NO_NETWORK = (
    "the predictions of {} do not move as those of a network of ReLUs when the inputs move a little: each row's by a "
    "little, and not all by the same. Trees, nearest neighbours and linear models are not what this exercise asks for."
)


@training.check("fit_predict", 1.5, trains=True, seconds=60)
def size_fits(student: Student, reference: Reference, draw: Draw) -> None:
    """On the years it trains on, of channels not seen (56 days), the MAE falls with depth, 0 to 2 layers, and width."""
    year = Year(draw)
    train = []
    for name, hidden in (
        ("no hidden layer", ()),
        ("one layer of 100", (100,)),
        ("two layers of 100", (100, 100)),
        ("one layer of 10", (10,)),
    ):
        error, network_, _ = year.loss(student, 56, hidden, unseen=False)
        expect(network_ or not hidden, NO_NETWORK.format(name))
        train.append((name, error))
    in_order(train[:3], "the MAE on days like those of the training years should fall with depth", CLEARLY)
    in_order([train[3], train[1]], "the MAE on days like those of the training years should fall with width", CLEARLY)
    best = ("the best linear model", year.linear(56, unseen=False))
    in_order([best, train[2]], "hidden layers should fit these years better than any linear model", CLEARLY)


LADDER = Ladder(
    "unseen MAE as a multiple of a linear model's (56 days)",
    (
        Rung("simple", 2.60, 0.25, "any model that uses yesterday's views"),
        Rung("medium", 1.20, 0.60, "scaled features and Adam"),
        Rung("strong", 1.07, 0.90, "enough epochs"),
        Rung("boss", 1.00, 1.00, "few epochs, and a learning rate that falls to 0 by their end"),
    ),
)


@training.check("fit_predict", 3, trains=True, seconds=60)
def beats_the_linear_model(student: Student, reference: Reference, draw: Draw) -> Score:
    """A network with two hidden layers on 56 days predicts the unseen year at least as well as a linear model."""
    year = Year(draw)
    unseen, network_, trace = year.loss(student, 56, (100, 100))
    ratio = unseen / year.linear(56)
    score = LADDER.score(ratio if math.isfinite(ratio) else math.inf, trace, "thousand views")
    simple = LADDER.rungs[0].fraction
    if network_ or score.fraction <= simple:
        return score
    note = f"{NO_NETWORK.format('two layers of 100')} They earn the first baseline at most."
    return msgspec.structs.replace(score, fraction=simple, message=note)


@training.practice(LADDER)
def on_the_views_you_have(student: Student, data: Path, seed: int) -> tuple[float, list[float]]:
    """2017 to 2020 of views.csv to train on, 2021 unseen, split by the student's own split_by_date."""
    with (data / "views.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    series = torch.tensor([float(row["views"]) for row in table], dtype=torch.float64)
    parts = student.split_by_date(series, [row["date"] for row in table], 56, "2021-01-01")
    four = isinstance(parts, list | tuple) and len(parts) == 4
    expect(four, "split_by_date gives four tensors: put that right first.")
    x_train, y_train, x_unseen, y_unseen = (torch.as_tensor(part).double() for part in parts)
    got = pair(student.fit_predict(x_train, y_train, x_unseen, (100, 100), seed), "(predictions, losses)", 2)
    unseen = float((tensor_of(got[0], (len(x_unseen),), "predictions") - y_unseen).abs().mean())
    trace = as_tensor(got[1])
    ratio = unseen / least_squares(x_train, y_train, x_unseen, y_unseen)[1]
    return ratio, [] if trace is None else trace.reshape(-1).tolist()


# --- 1.12 --------------------------------------------------------------------------------------------------------

diagnosis = rubric.exercise("1.12", "What is wrong?", owns=("diagnose",), points=5)


DIAGNOSES = ("model bias", "optimisation", "overfitting", "mismatch", "good")


def diagnosed(student: Student, case: tuple[float, ...]) -> str:
    """The student's diagnosis, in small letters, or a MismatchError that names the words there are."""
    given = student.diagnose(*case)
    word = given.strip().lower() if isinstance(given, str) else ""
    if word not in DIAGNOSES:
        words = ", ".join(f'"{one}"' for one in DIAGNOSES)
        raise MismatchError(f"`diagnose` gives one of {words}; you returned {shown(given)}.")
    return word


@diagnosis.check("diagnose", 1, public=True)
def five_layers(student: Student, reference: Reference, draw: Draw) -> None:
    """Five layers train to 0.34k where four reach 0.10k: that is "optimisation", not model bias."""
    case = (0.34, 0.5, 0.5, 0.10, 0.3)
    given = diagnosed(student, case)
    expect(given == reference.diagnose(*case), f"`diagnose` is not right here: you answered {given!r}.")


@diagnosis.check("diagnose", 4)
def every_case(student: Student, reference: Reference, draw: Draw) -> None:
    """The training loss is looked at first, then the held-out one, then the unseen year's; the target is fine."""
    cases = []
    for _ in range(3):
        target = draw.number(0.3, 0.5)

        def low() -> float:
            return draw.number(0.05, 0.9) * target

        def high() -> float:
            return draw.number(1.1, 2.5) * target

        bad = high()
        cases += [
            (bad, high(), high(), bad * draw.number(1.1, 1.5), target),
            (bad, high(), high(), bad * draw.number(0.3, 0.9), target),
            (bad, low(), low(), bad * draw.number(1.1, 1.5), target),
            (low(), high(), high(), high(), target),
            (low(), high(), low(), low(), target),
            (low(), low(), high(), high(), target),
            (low(), low(), low(), high(), target),
            (target, low(), low(), low(), target),  # a loss may be the target: it is not too large
            (low(), target, low(), low(), target),
            (low(), low(), target, low(), target),
            (bad, high(), high(), bad, target),  # no lower loss for the smaller model
            (low(), draw.number(1.001, 1.05) * target, low(), low(), target),  # a little too large is too large
            (low(), low(), draw.number(1.001, 1.05) * target, low(), target),
            (draw.number(1.001, 1.05) * target, high(), high(), 3 * target, target),
        ]
    given = [diagnosed(student, case) for case in cases]
    wrong = [(case, word) for case, word in zip(cases, given, strict=True) if word != reference.diagnose(*case)]
    if wrong:
        case, word = wrong[0]
        names = ("train", "validation", "unseen", "smaller_train", "target")
        numbers = ", ".join(f"{name} {number:.3f}" for name, number in zip(names, case, strict=True))
        raise MismatchError(f"wrong in {len(wrong)} of {len(cases)} cases. For one, {numbers}, you answered {word!r}.")
