"""1.3 Losses."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    matches,
)

exercise = Exercise("1.3", "Losses", owns=("mae", "mse"), points=6)


def two_predictions(draw: Draw) -> tuple[torch.Tensor, ...]:
    """Predictions 1, 4 and labels 2, 2."""
    return torch.tensor([1.0, 4.0], dtype=draw.dtype), torch.tensor([2.0, 2.0], dtype=draw.dtype)


@exercise.cases("mae", 0.5, public=True)
def mae_by_hand(draw: Draw) -> tuple[torch.Tensor, ...]:
    """For predictions 1, 4 and labels 2, 2 the MAE is 1.5."""
    return two_predictions(draw)


@exercise.cases("mse", 0.5, public=True)
def mse_by_hand(draw: Draw) -> tuple[torch.Tensor, ...]:
    """For predictions 1, 4 and labels 2, 2 the MSE is 2.5."""
    return two_predictions(draw)


@exercise.check("mae", 2)
def mean_absolute_error(student: Student, reference: Reference, draw: Draw) -> None:
    """mae is the mean of the absolute residuals, also of small ones between large numbers."""
    for count in (3, 8, 31):
        matches(student, reference, "mae", draw.normal(count, scale=2), draw.normal(count, scale=2))
    label = draw.normal(6) + 1000
    matches(student, reference, "mae", label + draw.normal(6), label)
    small = 1e-7 * draw.normal(5)
    compare(student.mae(small, 0 * small) * 1e7, reference.mae(small, 0 * small) * 1e7, "10^7 times a small MAE")


@exercise.check("mse", 2)
def mean_squared_error(student: Student, reference: Reference, draw: Draw) -> None:
    """mse is the mean of the squared residuals, without a factor 1/2, also of small ones between large numbers."""
    for count in (3, 8, 31):
        matches(student, reference, "mse", draw.normal(count, scale=2), draw.normal(count, scale=2))
    label = draw.normal(6) + 1000
    matches(student, reference, "mse", label + draw.normal(6), label)
    small = 1e-4 * draw.normal(5)
    compare(student.mse(small, 0 * small) * 1e8, reference.mse(small, 0 * small) * 1e8, "10^8 times a small MSE")


@exercise.cases("mae", 0.5, sizes=(5, 1, 2))
def column_for_mae(draw: Draw, count: int) -> tuple[torch.Tensor, ...]:
    """Predictions of shape (N, 1) give the same MAE as those of shape (N,)."""
    return draw.normal(count, 1), draw.normal(count)


@exercise.cases("mse", 0.5, sizes=(5, 1, 2))
def column_for_mse(draw: Draw, count: int) -> tuple[torch.Tensor, ...]:
    """Predictions of shape (N, 1) give the same MSE as those of shape (N,)."""
    return draw.normal(count, 1), draw.normal(count)


# --- mistakes ---


@exercise.mistake("mae", "(N, 1) minus (N,) broadcasts to N x N: flatten the prediction first.")
def broadcast_mae(prediction, label):
    return (prediction - label).abs().mean()


@exercise.mistake("mse", "(N, 1) minus (N,) broadcasts to N x N: flatten the prediction first.")
def broadcast_mse(prediction, label):
    return (prediction - label).square().mean()


@exercise.mistake("mae", "That is the sum; take the mean over the examples.")
def sum_mae(prediction, label):
    return (prediction.reshape(-1) - label).abs().sum()


@exercise.mistake("mse", "That is the sum; take the mean over the examples.")
def sum_mse(prediction, label):
    return (prediction.reshape(-1) - label).square().sum()


@exercise.mistake("mse", "That is the root of the mean squared error; leave the root away.")
def rmse(prediction, label):
    return (prediction.reshape(-1) - label).square().mean().sqrt()


@exercise.mistake("mse", "There is no factor 1/2 in this course's MSE.")
def half_mse(prediction, label):
    return (prediction.reshape(-1) - label).square().mean() / 2


@exercise.mistake("mae", "Positive and negative errors cancel: take absolute values before the mean.")
def signed(prediction, label):
    return (prediction.reshape(-1) - label).mean()


@exercise.mistake("mae", "You square where the absolute value is asked: that is the MSE.")
def mse_for_mae(prediction, label):
    return (prediction.reshape(-1) - label).square().mean()


@exercise.mistake("mae", "The mean is taken before the absolute value, so errors of both signs cancel.")
def abs_after_mean(prediction, label):
    return (prediction.reshape(-1) - label).mean().abs()


@exercise.mistake("mse", "The mean is taken before the square, so errors of both signs cancel.")
def square_after_mean(prediction, label):
    return (prediction.reshape(-1) - label).mean().square()


@exercise.mistake("mae", "Do not round: losses may be small.")
def rounded_mae(prediction, label):
    return (prediction.reshape(-1) - label).abs().mean().mul(1e6).round() / 1e6


@exercise.mistake("mae", "Your numbers become float32 on the way: compute in the dtype you are given.")
def float32_mae(prediction, label):
    return (prediction.reshape(-1).float() - label.float()).abs().mean().to(label.dtype)


@exercise.mistake("mse", "Your numbers become float32 on the way: compute in the dtype you are given.")
def float32_mse(prediction, label):
    return (prediction.reshape(-1).float() - label.float()).square().mean().to(label.dtype)
