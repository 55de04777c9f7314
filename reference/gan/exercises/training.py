"""6.13 Train it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

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
)

from .. import judge
from .common import listed

exercise = Exercise("6.13", "Train it", owns=("train_gan",), points=16)


IMAGES = 2000


LADDER = Ladder(
    "Fréchet distance from the real digits, in percent",
    (
        Rung("simple", 85.0, 0.15, "two hidden layers and Adam"),
        Rung("medium", 30.0, 0.30, "a higher learning rate"),
        Rung("strong", 9.0, 0.85, "R1 and a running average of G's weights"),
        Rung("boss", 4.5, 1.00, "a higher learning rate again and more epochs, with both"),
    ),
)


BLENDS, DIGITS = 0.62, 0.65
"""Shares of images of which the classifier is sure (`Task.sure`): at most the medium rung below, all points above.

Blends of digits, as a linear map of the noise makes them, have 0.54 to 0.62 (75 draws) at a distance of 7 to 15; the
strong rung's generators have 0.67 or more, the boss rung's 0.85.
"""


def limited(score: Score, share: float) -> Score:
    """No more than the medium rung's points for blends of digits, and all points where enough images are digits."""
    medium = LADDER.rungs[1].fraction
    most = medium + (1 - medium) * min(1.0, max(0.0, (share - BLENDS) / (DIGITS - BLENDS)))
    if score.fraction <= most:
        return score
    why = f"Our classifier is sure of {share:.0%} of your images only, so many look like blends of digits;"
    return Score(most, f"{score.message} {why} for all points it takes {DIGITS:.0%}.", score.curve)


def trained(student: Student, draw: Draw, classes: int) -> tuple[judge.Task, Tensor, list[float]]:
    """The task, the images that the student's generator makes (turned back), and G's losses."""
    task = judge.Task.drawn(draw, classes)
    order = draw.permutation(len(task.real))
    result = listed(
        student.train_gan(task.given[order], draw.integer(0, 2**31)), 3, "(the generator, D's losses, G's losses)"
    )
    generator = judge.generator_of(result[0])
    made = judge.generate(generator, draw, IMAGES)
    expect(made.isfinite().all(), "your generator makes images with NaN or infinity in them.")
    expect(judge.bends(generator, draw), "your generator is a linear map of the noise: give it a hidden layer.")
    traces = [as_tensor(trace) for trace in result[1:]]
    if not all(trace is not None and trace.ndim == 1 for trace in traces):
        raise MismatchError("train_gan: the second and third result are lists of numbers, a loss for each epoch.")
    return task, task.turned_back(made), [float(loss) for loss in traces[1]]  # type: ignore[union-attr]


def not_copied(task: judge.Task, images: Tensor) -> None:
    """Generated images are new ones."""
    share = task.copied(images)
    expect(share <= 0.2, f"{share:.2%} of the generator's images are copies of training images; 20 % may be.")


@exercise.check("train_gan", 13, trains=True, seconds=60)
def draws_digits(student: Student, reference: Reference, draw: Draw) -> Score:
    """On seven of the ten digits: the nearer your images come to the real ones, without copies, the more points."""
    task, images, trace = trained(student, draw, 7)
    not_copied(task, images)
    return limited(LADDER.score(task.distance(images), trace, "loss of G"), task.sure(images))


@exercise.check("train_gan", 3, trains=True, seconds=60)
def drops_none(student: Student, reference: Reference, draw: Draw) -> None:
    """On three of the ten digits: each of the three makes up 10 % of your images or more, and few are copies."""
    task, images, _ = trained(student, draw, 3)
    not_copied(task, images)
    share = task.rarest(images)
    expect(share >= 0.1, f"one of the three digits makes up only {share:.2%} of your images; 10 % are asked for.")


@exercise.practice(LADDER)
def on_the_digits_you_have(student: Student, data: Path, seed: int) -> tuple[float, list[float]]:
    """The digits 0 to 6, seen by a classifier like the grader's, and measured with your own frechet_distance."""
    with np.load(data / "digits.npz") as stored:
        chosen = stored["labels"] < 7
        real = torch.from_numpy(stored["images"][chosen]).double() / 16
    with np.load(data / "classifier.npz") as stored:
        W1, b1, W2, b2, W3, b3 = (torch.from_numpy(stored[name]).double() for name in stored.files)
    noise = torch.Generator().manual_seed(seed)
    result = listed(
        student.train_gan(real[torch.randperm(len(real), generator=noise)], seed),
        3,
        "(the generator, D's losses, G's losses)",
    )
    layers = listed(result[0], len(list(result[0])), "[W1, b1, ...]")  # type: ignore[call-overload]
    made = torch.randn(IMAGES, as_tensor(layers[0]).shape[1], generator=noise).double()  # type: ignore[union-attr]
    for i in range(0, len(layers), 2):
        W, b = (as_tensor(one).double() for one in layers[i : i + 2])  # type: ignore[union-attr]
        made = (made if i == 0 else torch.nn.functional.silu(made)) @ W.T + b
    looks = []
    for images in (made.clamp(0, 1), real):
        hidden = ((images @ W1.T + b1).relu() @ W2.T + b2).relu()
        looks.append((hidden, (hidden @ W3.T + b3).softmax(dim=1)))
    scales = [part.var(dim=0).sum().sqrt() for part in looks[1]]
    one, other = (torch.cat([part / scale for part, scale in zip(each, scales, strict=True)], dim=1) for each in looks)
    distance = student.frechet_distance(one.mean(0), torch.cov(one.T), other.mean(0), torch.cov(other.T))
    trace = as_tensor(result[2])
    return 50 * float(as_tensor(distance)), [] if trace is None else trace.reshape(-1).tolist()  # type: ignore[arg-type]


# --- mistakes ---


def gan(images, seed, *, lr=1e-3, epochs=60, adam=True, last=lambda x: x):
    """A plain GAN: no penalty, no average. `last` is what is done to the generator's output."""
    torch.manual_seed(seed)
    images = images.float()
    g, d = new_network(32, 128, 128, 64), new_network(64, 128, 128, 1)  # noqa: F821
    kind, extra = (torch.optim.Adam, {"betas": (0.5, 0.99)}) if adam else (torch.optim.SGD, {})
    g_optimiser, d_optimiser = (kind(parameters, lr=lr, **extra) for parameters in (g, d))
    d_losses, g_losses = [], []
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(64):
            fake = last(network(g, torch.randn(len(batch), 32))).detach()  # noqa: F821
            loss = d_loss(network(d, images[batch]), network(d, fake))  # noqa: F821
            d_optimiser.zero_grad()
            loss.backward()
            d_optimiser.step()
            fooled = g_loss(network(d, last(network(g, torch.randn(len(batch), 32)))))  # noqa: F821
            g_optimiser.zero_grad()
            fooled.backward()
            g_optimiser.step()
        d_losses.append(float(loss.detach()))
        g_losses.append(float(fooled.detach()))
    return g, d_losses, g_losses


@exercise.mistake("train_gan", "Plain SGD hardly moves this pair: which optimiser adapts its steps?")
def plain_sgd(images, seed):
    return gan(images, seed, lr=1e-2, adam=False)


@exercise.mistake("train_gan", "Five epochs are too few: how do some of the images look then?")
def five_epochs(images, seed):
    return gan(images, seed, lr=2e-3, epochs=5)


@exercise.mistake("train_gan", "Your generator has not been trained at all: it makes the same grey for any noise.")
def untrained(images, seed):
    return gan(images, seed, epochs=2, lr=0.0)


@exercise.mistake(
    "train_gan", "A sigmoid comes after your generator in training: it is not in the list that you hand in."
)
def sigmoid_outside(images, seed):
    return gan(images, seed, lr=2e-3, last=torch.sigmoid)


@exercise.mistake("train_gan", "Your generator knows the training images by heart; what should it do instead?")
def by_heart(images, seed):
    """A staircase over one noise variable: each step is a training image."""
    pixels = images[:700].float()
    edges = torch.special.ndtri(torch.arange(1, len(pixels)) / len(pixels))
    steep, ramp = 1e5, 2e-4
    W1 = torch.full((2 * len(edges), 1), steep)
    b1 = -steep * torch.cat([edges, edges + ramp])
    rise = (pixels[1:] - pixels[:-1]).T / (steep * ramp)
    return [W1, b1, torch.cat([rise, -rise], dim=1), pixels[0]], [1.0, 1.0], [1.0, 1.0]
