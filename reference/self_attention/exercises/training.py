"""4.9 Who is speaking?."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
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
    tensor_of,
)

from .. import conversations
from .common import several

exercise = Exercise("4.9", "Who is speaking?", owns=("fit_predict",), points=6)


class Talks:
    """Conversations joined afresh, with the speakers numbered afresh: what was learned elsewhere is of no use.

    `again` has the utterances of the training conversations, joined anew and over a line with other noise: the labels
    that were given are not the answer, nor in its order.
    """

    def __init__(self, draw: Draw, rounds: int, unseen_rounds: int) -> None:
        generator = torch.Generator().manual_seed(draw.integer(0, 2**62))
        names = draw.permutation(conversations.SPEAKERS)
        self.train, self.unseen = (
            conversations.rename(conversations.join(conversations.utterances(part), generator, times), names)
            for part, times in (("train", rounds), ("test", unseen_rounds))
        )
        self.again = conversations.rename(conversations.join(conversations.utterances("train"), generator), names)
        self.seed = draw.integer(0, 2**31)

    def fit(self, student: Student, x: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, list[float]]:
        """The student's labels for x, and the losses they report."""
        return fitted(student, (self.train.x, self.train.mask, self.train.y, x, mask), self.seed)


def fitted(student: Student, given: tuple[torch.Tensor, ...], seed: int) -> tuple[torch.Tensor, list[float]]:
    """The student's labels for the new frames (the last two of what is given), and the losses they report."""
    got = several(student.fit_predict(*given, seed), "(speakers, losses)", 2)
    labels = tensor_of(got[0], tuple(given[-1].shape), "the speakers")
    reported = as_tensor(got[1])
    return labels, [] if reported is None else [float(loss) for loss in reported.reshape(-1)]


@exercise.check("fit_predict", 1, trains=True, seconds=60)
def fits_what_it_has_seen(student: Student, reference: Reference, draw: Draw) -> None:
    """The reported loss falls, and what was said in training is labelled right in other conversations, mostly."""
    talks = Talks(draw, 2, 1)
    labels, losses = talks.fit(student, talks.again.x, talks.again.mask)
    expect(len(losses) > 0, "fit_predict: the second result is a list with one loss for each epoch.")
    expect(len(losses) > 1, "fit_predict: one loss alone cannot fall: train for at least two epochs, a loss for each.")
    expect(losses[-1] < losses[0], "the training loss does not fall from the first epoch to the last.")
    share = float((labels == talks.again.y)[talks.again.mask].double().mean())
    expect(share >= 0.5, f"only {share:.0%} of the frames are labelled right, of utterances it was trained on.")


@exercise.check("fit_predict", 1, trains=True, seconds=60)
def blind_to_padding(student: Student, reference: Reference, draw: Draw) -> None:
    """The trained model labels real frames alike, whatever stands in the padding and however much there is."""
    talks = Talks(draw, 2, 1)
    x, mask = talks.unseen.x, talks.unseen.mask
    rows, length = mask.shape
    wide, wide_mask = (
        torch.zeros(2 * rows, length + 9, x.shape[-1]),
        torch.zeros(2 * rows, length + 9, dtype=torch.bool),
    )
    wide[:rows, :length], wide_mask[:rows, :length], wide_mask[rows:, :length] = x, mask, mask
    noise = draw.normal(*wide.shape[1:], scale=3).float()
    wide[rows:] = torch.where(wide_mask[:rows, :, None], wide[:rows], noise)
    labels, _ = talks.fit(student, wide, wide_mask)
    alike = (labels[:rows] == labels[rows:])[wide_mask[:rows]].double().mean()
    expect(
        alike >= 0.99, f"{1 - float(alike):.1%} of the labels of real frames change with what stands in the padding."
    )
    right = (labels[:rows, :length] == talks.unseen.y)[mask].double().mean()
    expect(right >= 0.3, f"only {right:.0%} of the frames of new conversations are labelled right.")


ROUNDS, UNSEEN_ROUNDS = 6, 2
"""How often each utterance takes part in the conversations to train on, and in those to label."""


LADDER = Ladder(
    "share of unseen frames labelled right",
    (
        Rung("simple", 0.55, 0.25, "a linear model of one frame"),
        Rung("medium", 0.64, 0.50, "scaled frames and a hidden layer"),
        Rung("strong", 0.71, 0.80, "self-attention, with padding masked"),
        Rung("boss", 0.765, 1.00, "two blocks with layer normalisation and residual connections"),
    ),
    lower_is_better=False,
)


@exercise.check("fit_predict", 4, trains=True, seconds=120)
def knows_the_voices(student: Student, reference: Reference, draw: Draw) -> Score:
    """The speakers of new conversations are found, frame by frame."""
    talks = Talks(draw, ROUNDS, UNSEEN_ROUNDS)
    labels, losses = talks.fit(student, talks.unseen.x, talks.unseen.mask)
    share = float((labels == talks.unseen.y)[talks.unseen.mask].double().mean())
    return LADDER.score(share if math.isfinite(share) else 0.0, losses)


@exercise.practice(LADDER)
def on_the_conversations_you_have(student: Student, data: Path, seed: int) -> tuple[float, list[float]]:
    """The train part of conversations.npz to learn from, the valid part to label; the grader gives more to learn."""
    with np.load(data / "conversations.npz") as stored:
        x, mask, y, x_new, mask_new, y_new = (
            torch.tensor(stored[f"{name}_{part}"]) for part in ("train", "valid") for name in ("x", "mask", "y")
        )
    labels, losses = fitted(student, (x.float(), mask, y.long(), x_new.float(), mask_new), seed)
    return float((labels == y_new)[mask_new].double().mean()), losses


# --- mistakes ---


def _frame_by_frame(x, mask, y, x_new, seed, epochs):
    """A linear model of each frame's features; labels for x_new, and the losses."""
    torch.manual_seed(seed)
    model = torch.nn.Linear(x.shape[-1], 9)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(epochs):
        loss = torch.nn.functional.cross_entropy(model(x)[mask], y[mask])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return model(x_new).argmax(dim=-1), losses


@exercise.mistake("fit_predict", "One frame alone says little: let it look at the others of its conversation.")
def one_frame_only(x_train, mask_train, y_train, x_new, mask_new, seed):
    return _frame_by_frame(x_train, mask_train, y_train, x_new, seed, 200)


@exercise.mistake("fit_predict", "What stands in the padding changes your labels: where does it get in?")
def sees_padding(x_train, mask_train, y_train, x_new, mask_new, seed):
    def joined(x):
        return torch.cat([x, x.mean(dim=1, keepdim=True).expand_as(x)], dim=-1)

    return _frame_by_frame(joined(x_train), mask_train, y_train, joined(x_new), seed, 200)


@exercise.mistake("fit_predict", "Your model never learns: is there a step of the optimiser?")
def never_learns(x_train, mask_train, y_train, x_new, mask_new, seed):
    labels, losses = _frame_by_frame(x_train, mask_train, y_train, x_new, seed, 1)
    return labels, losses * 2
