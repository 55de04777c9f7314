"""1.11 Train it."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Ladder,
    Reference,
    Rung,
    Score,
    Student,
    as_tensor,
    expect,
    in_order,
    tensor_of,
)

from .. import views
from .common import pair

exercise = Exercise("1.11", "Train it", owns=("fit_predict",), points=7)


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


@exercise.check("fit_predict", 0.5, trains=True, seconds=60)
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


@exercise.check("fit_predict", 2, trains=True, seconds=60)
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


@exercise.check("fit_predict", 1.5, trains=True, seconds=60)
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


@exercise.check("fit_predict", 3, trains=True, seconds=60)
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


@exercise.practice(LADDER)
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


# --- mistakes ---


@exercise.mistake("fit_predict", "Nothing is trained.")
def untrained(x_train, y_train, x_new, hidden, seed):
    return torch.zeros(len(x_new), dtype=torch.float64), [float(y_train.abs().mean())]


@exercise.mistake("fit_predict", "Predicting the mean ignores the features.")
def predicts_mean(x_train, y_train, x_new, hidden, seed):
    return y_train.mean().expand(len(x_new)).clone(), [float((y_train - y_train.mean()).abs().mean())]


def _fit(x_train, y_train, x_new, hidden, seed, *, relu=True, unit=None, back=True, learn=True):
    """A right training, with its parts exchangeable."""
    torch.manual_seed(seed)
    mean, std = fit_scaler(x_train)
    offset, spread = y_train.mean(), y_train.std()
    inputs, targets = scale(x_train, mean, std).float(), ((y_train - offset) / spread).float()
    sizes = [x_train.shape[1], *hidden, 1]
    layers = []
    for inside, outside in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(inside, outside), torch.nn.ReLU() if relu else torch.nn.Identity()]
    model = torch.nn.Sequential(*layers[:-1])
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3 if learn else 0.0)
    losses = []
    for _ in range(12 if hidden else 30):
        for batch in torch.randperm(len(inputs)).split(64):
            optimiser.zero_grad()
            torch.nn.functional.l1_loss(model(inputs[batch]).squeeze(1), targets[batch]).backward()
            optimiser.step()
        with torch.no_grad():
            losses.append(float((model(inputs).squeeze(1) - targets).abs().mean() * (spread if unit is None else unit)))
    with torch.no_grad():
        output = model(scale(x_new, mean, std).float()).squeeze(1).double()
    return (output * spread + offset if back else output), losses


@exercise.mistake("fit_predict", "The losses are still in scaled units: multiply by the labels' deviation.")
def losses_in_scaled_units(x_train, y_train, x_new, hidden, seed):
    return _fit(x_train, y_train, x_new, hidden, seed, unit=1.0)


@exercise.mistake("fit_predict", "The predictions are still in scaled units: unscale them.")
def predictions_in_scaled_units(x_train, y_train, x_new, hidden, seed):
    return _fit(x_train, y_train, x_new, hidden, seed, back=False)


@exercise.mistake("fit_predict", "`hidden` is ignored: the network is always linear.")
def always_linear(x_train, y_train, x_new, hidden, seed):
    return _fit(x_train, y_train, x_new, (), seed)


@exercise.mistake("fit_predict", "Without ReLU between the layers the network is linear, however deep.")
def trains_without_relu(x_train, y_train, x_new, hidden, seed):
    return _fit(x_train, y_train, x_new, hidden, seed, relu=False)


@exercise.mistake("fit_predict", "The parameters never move: is the optimiser's step missing?")
def never_steps(x_train, y_train, x_new, hidden, seed):
    return _fit(x_train, y_train, x_new, hidden, seed, learn=False)


@exercise.mistake("fit_predict", "Yesterday's views are a good guess, but nothing is learned from the other days.")
def repeats_yesterday(x_train, y_train, x_new, hidden, seed):
    return x_new[:, 0].clone(), [float((x_train[:, 0] - y_train).abs().mean())]
