"""2.13 Who is speaking?."""

from __future__ import annotations

from collections.abc import Sequence
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

from ..vowels import Frames
from .common import listed

exercise = Exercise("2.13", "Who is speaking?", owns=("label_frames",), points=4)


LADDER = Ladder(
    "share of frames with the right speaker",
    (
        Rung("simple", 0.74, 0.25, "the sample code"),
        Rung("medium", 0.92, 0.55, "a hidden layer"),
        Rung("strong", 0.955, 0.85, "context: 3 frames on each side"),
        Rung("boss", 0.970, 1.00, "context: 8 frames on each side"),
    ),
    lower_is_better=False,
)


def labelled(student: Student, given: Sequence[torch.Tensor], seed: int) -> tuple[torch.Tensor, list[float]]:
    """The student's labels for the new frames (the fourth of what is given), and the losses they report."""
    labels, losses = listed(student.label_frames(*given, seed), "(labels, losses)", 2)
    reported = as_tensor(losses)
    return (
        tensor_of(labels, (len(given[3]),), "the labels"),
        [] if reported is None else reported.reshape(-1).tolist(),
    )


@exercise.check("label_frames", 4, trains=True, seconds=60)
def hidden_frames(student: Student, reference: Reference, draw: Draw) -> Score:
    """label_frames labels frames of utterances nobody has seen; the training loss it reports falls."""
    frames = Frames(draw)
    labels, losses = labelled(student, frames.given, frames.seed)
    accuracy = frames.accuracy(labels)
    expect(len(losses) > 0, "label_frames: the second result is a list with one loss for each epoch.")
    expect(len(losses) > 1, "your list has the loss of one epoch: train for at least two, so that it can fall.")
    expect(losses[-1] < losses[0], "the training loss does not fall from the first epoch to the last.")
    return LADDER.score(accuracy, losses)


@exercise.practice(LADDER)
def on_the_utterances_you_have(student: Student, data: Path, seed: int) -> tuple[float, list[float]]:
    """Every fifth utterance of vowels.npz is kept back and labelled."""
    with np.load(data / "vowels.npz") as stored:
        frames = torch.tensor(stored["frames"], dtype=torch.float64)
        utterance, speaker = (torch.tensor(stored[name]).long() for name in ("utterance", "speaker"))
    new = utterance % 5 == 4
    given = (frames[~new], utterance[~new], speaker[~new], frames[new], utterance[new])
    labels, losses = labelled(student, given, seed)
    return float((labels == speaker[new]).double().mean()), losses


# --- mistakes ---


@exercise.mistake("label_frames", "A shuffle of its own for the labels: does each frame still have its speaker?")
def shuffled_apart(x_train, utterance_train, y_train, x_new, utterance_new, seed):
    torch.manual_seed(seed)
    return linear_frames(x_train, y_train[torch.randperm(len(y_train))], x_new, seed)


@exercise.mistake("label_frames", "The sample code sees single frames, and draws straight lines between the speakers.")
def sample_code(x_train, utterance_train, y_train, x_new, utterance_new, seed):
    return linear_frames(x_train, y_train, x_new, seed)


@exercise.mistake(
    "label_frames", "The loss you report does not fall: does the optimiser step, and is it the training loss?"
)
def flat_losses(x_train, utterance_train, y_train, x_new, utterance_new, seed):
    labels, losses = linear_frames(x_train, y_train, x_new, seed)
    return labels, losses[:1] * len(losses)
