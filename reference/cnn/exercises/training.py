"""3.9 Digits anywhere."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Ladder,
    MismatchError,
    Reference,
    Rung,
    Score,
    Student,
    as_tensor,
    expect,
    tensor_of,
)

exercise = Exercise("3.9", "Digits anywhere", owns=("train_cnn",), points=14)


DIGITS = Path(__file__).parents[1] / "hidden" / "digits.npz"


FARTHEST = 6
APART = 3


FARTHER, FOUND = 0.25, 0.5
"""What is read of digits in places where none were in training: where points begin, and where they are full.

Means and standard deviations of 12 seeds: a dense layer on pixels 0.08 and 0.02, on the places of two convolutions 0.15
and 0.04, the mean over all places 0.70 and 0.05, the largest value 0.84 and 0.02.
"""


class Digits:
    """Hidden digits in new places under new class numbers: some to learn from, some to read.

    With `apart`, those to learn from are all moved up and to the left, and those to read down and to the right.
    """

    def __init__(self, draw: Draw, learn: int = 2_000, read: int = 1_000, *, apart: bool = False) -> None:
        with np.load(DIGITS) as stored:
            images, labels = torch.tensor(stored["images"]), torch.tensor(stored["labels"]).long()
        rows = draw.permutation(len(labels))[: learn + read]
        x = images[rows].float()[:, None] / 255
        y = draw.permutation(10)[labels[rows]]
        moves = draw.integers(-FARTHEST, FARTHEST + 1, len(rows), 2)
        if apart:
            moves = draw.integers(1, APART + 1, len(rows), 2)
            moves[:learn] *= -1
        x = torch.stack([moved(image, *move) for image, move in zip(x, moves.tolist(), strict=True)])
        self.x, self.y, self.x_new, self.y_new = x[:learn], y[:learn], x[learn:], y[learn:]
        self.seed = draw.integer(0, 2**31)

    def accuracy(self, student: Student) -> tuple[float, list[float]]:
        """How many of the new digits the student's network reads, and the losses it reports."""
        return read_digits(student, self.x, self.y, self.x_new, self.y_new, self.seed)


def read_digits(
    student: Student, x: torch.Tensor, y: torch.Tensor, x_new: torch.Tensor, y_new: torch.Tensor, seed: int
) -> tuple[float, list[float]]:
    """How many of the new digits the student's network reads, and the losses it reports."""
    got = student.train_cnn(x, y, x_new, seed)
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise MismatchError("train_cnn returns two things: the predicted classes, and a list of losses.")
    predictions = tensor_of(got[0], (len(y_new),), "the predicted classes")
    reported = as_tensor(got[1])
    losses = [] if reported is None else reported.reshape(-1).tolist()
    return float((predictions == y_new).double().mean()), losses


def moved(image: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """An image (1, H, W) moved by whole pixels, with zeros coming in."""
    height, width = image.shape[1:]
    padded = torch.nn.functional.pad(image, (FARTHEST,) * 4)
    top, left = FARTHEST - down, FARTHEST - right
    return padded[:, top : top + height, left : left + width]


LADDER = Ladder(
    "accuracy on new digits",
    (
        Rung("simple", 0.62, 0.2, "the given train_mlp"),
        Rung("medium", 0.75, 0.5, "two convolutions with batch normalisation and pooling before the dense layer"),
        Rung("strong", 0.86, 0.8, "a third convolution, and the mean over all places instead of a dense layer on them"),
        Rung("boss", 0.925, 1.0, "the largest value over all places instead of their mean"),
    ),
    lower_is_better=False,
)


@exercise.check("train_cnn", 9, trains=True, seconds=60)
def reads_new_digits(student: Student, reference: Reference, draw: Draw) -> Score:
    """Trained on 2,000 moved digits, it reads 1,000 new ones, in places and class numbers of their own."""
    accuracy, losses = Digits(draw).accuracy(student)
    return LADDER.score(accuracy, losses, "cross-entropy")


@exercise.check("train_cnn", 4, trains=True, seconds=60)
def finds_them_elsewhere(student: Student, reference: Reference, draw: Draw) -> Score:
    """Trained on 800 digits in the upper left, it reads others in the lower right: 0.5 of them for all points."""
    accuracy, _ = Digits(draw, learn=800, read=600, apart=True).accuracy(student)
    message = f"Accuracy {accuracy:.2f} on digits in the lower right: {FOUND} earns all points."
    return Score(min(1.0, max(0.0, accuracy - FARTHER) / (FOUND - FARTHER)), message)


@exercise.check("train_cnn", 1, trains=True, seconds=30)
def reports_its_losses(student: Student, reference: Reference, draw: Draw) -> None:
    """The second result has one training loss for each epoch; the first is near log 10 or below, and they fall."""
    _, losses = Digits(draw, learn=300, read=20).accuracy(student)
    expect(len(losses) > 0, "train_cnn: the second result is a list with one loss for each epoch.")
    expect(len(losses) > 1, "train_cnn: one loss alone cannot fall: train for at least two epochs, a loss for each.")
    expect(losses[-1] < losses[0], "train_cnn: the training loss does not fall from the first epoch to the last.")
    expect(0 <= losses[0] < 10 * math.log(10), "train_cnn: the first loss is not a mean cross-entropy over examples.")


@exercise.practice(LADDER)
def on_the_digits_you_have(student: Student, data: Path, seed: int) -> tuple[float, list[float]]:
    """1,600 of digits.npz to learn from, 400 to read, all moved; the grader gives 2,000, and 1,000 to read."""
    with np.load(data / "digits.npz") as stored:
        images, labels = torch.tensor(stored["images"]), torch.tensor(stored["labels"]).long()
    shifts = torch.randint(-FARTHEST, FARTHEST + 1, (len(labels), 2), generator=torch.Generator().manual_seed(seed))
    x = torch.stack(
        [moved(image[None].float() / 255, *shift.tolist()) for image, shift in zip(images, shifts, strict=True)]
    )
    return read_digits(student, x[:1600], labels[:1600], x[1600:], labels[1600:], seed)


# --- mistakes ---


@exercise.mistake("train_cnn", "A fully connected network has to learn every digit at every place.")
def still_an_mlp(x, y, x_new, seed):
    return train_mlp(x, y, x_new, seed)


@exercise.mistake("train_cnn", "All digits get the same answer: does your network learn anything?")
def constant_guess(x, y, x_new, seed):
    return torch.zeros(len(x_new), dtype=torch.int64), [2.3, 2.3]
