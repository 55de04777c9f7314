"""The grader's side of exercise 6.13: drawn training images, and how good a generator's images are.

Nothing that is stored before helps: a submission meets only some of the ten digits, turned or mirrored in a way of
its own. What comes back is a generator's weights; the noise is drawn here, and the picture is turned back before the
fixed classifier looks at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.rubric import Draw, MismatchError

HERE = Path(__file__).parent
SIDE, PIXELS = 8, 64
MOST_NUMBERS = 100_000
"""A generator may not be larger."""
COPY = 0.8
"""A copy, even one with noise on it, lies clearly nearer to one training image than to any other: the distance to the
nearest is less than this share of the distance to the next."""


@cache
def digits() -> tuple[Tensor, Tensor]:
    """All images (1797, 64) in [0, 1] and their labels (1797,)."""
    with np.load(HERE / "public" / "digits.npz") as data:
        return torch.from_numpy(data["images"]).float() / 16, torch.from_numpy(data["labels"]).long()


@cache
def _classifier() -> tuple[Tensor, ...]:
    with np.load(HERE / "hidden" / "features.npz") as data:
        return tuple(torch.from_numpy(data[name]).float() for name in data.files)


def looks(images: Tensor) -> tuple[Tensor, Tensor]:
    """What the fixed classifier sees: its last hidden layer (N, 64), and the ten probabilities (N, 10)."""
    W1, b1, W2, b2, W3, b3 = _classifier()
    hidden = torch.relu(torch.relu(images.float() @ W1.T + b1) @ W2.T + b2)
    return hidden.double(), (hidden @ W3.T + b3).softmax(dim=1).double()


def frechet(one: Tensor, other: Tensor) -> float:
    """The Fréchet distance of the Gaussians of two sets of features (N, d) and (M, d)."""
    first, second = torch.cov(one.T), torch.cov(other.T)
    values, vectors = torch.linalg.eigh(first)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    mixed = torch.linalg.eigvalsh(root @ second @ root).clamp(min=0).sqrt().sum()
    return float((one.mean(0) - other.mean(0)).square().sum() + first.trace() + second.trace() - 2 * mixed)


@dataclass(frozen=True)
class Task:
    """One submission's images: `real` as they are, `order` what happens to their pixels before students get them."""

    real: Tensor
    labels: Tensor
    order: Tensor

    @classmethod
    def drawn(cls, draw: Draw, classes: int) -> Task:
        """The images of `classes` of the ten digits, under one of the eight symmetries of a square."""
        images, labels = digits()
        chosen = torch.isin(labels, draw.permutation(10)[:classes])
        grid = torch.arange(PIXELS).reshape(SIDE, SIDE).rot90(draw.integer(0, 4))
        return cls(images[chosen], labels[chosen], (grid.T if draw.integer(0, 2) else grid).flatten())

    @property
    def given(self) -> Tensor:
        """The training images as students get them."""
        return self.real[:, self.order].double()

    def turned_back(self, images: Tensor) -> Tensor:
        """A generator's images, with the pixels where they belong."""
        return images[:, self.order.argsort()]

    def distance(self, images: Tensor) -> float:
        """The Fréchet distance from the real images, in percent of the variance of the features.

        The features are a hidden layer and the probabilities, both scaled to the same total variance.
        """
        scales = [part.var(dim=0).sum().sqrt() for part in looks(self.real)]
        made, real = (
            torch.cat([part / scale for part, scale in zip(looks(one), scales, strict=True)], dim=1)
            for one in (images, self.real)
        )
        return 100 * frechet(made, real) / len(scales)

    def copied(self, images: Tensor) -> float:
        """The share of images that are (nearly) one of the training images. Between real images it is about 0.14."""
        nearest, second = torch.cdist(images, self.real).topk(2, dim=1, largest=False).values.T
        return float((nearest < COPY * second).double().mean())

    def sure(self, images: Tensor) -> float:
        """The share of images of which the classifier is sure, by more than 90 %, which digit they are.

        Mean and covariance, which the Fréchet distance compares, can be had by a linear map; this cannot.
        """
        return float((looks(images)[1].amax(dim=1) > 0.9).double().mean())

    def rarest(self, images: Tensor) -> float:
        """The share of images that the classifier takes for the digit that is made least often."""
        seen = looks(images)[1].argmax(dim=1)
        return min(float((seen == label).double().mean()) for label in set(self.labels.tolist()))


def generate(parameters: list[Tensor], draw: Draw, count: int) -> Tensor:
    """Images (count, 64) of a generator from the grader's noise, clipped to [0, 1]."""
    return _network(parameters, _noise(parameters, draw, count)).clamp(0, 1)


def bends(parameters: list[Tensor], draw: Draw, count: int = 500) -> bool:
    """Whether a generator is more than a linear map of its noise z: there, G(z) + G(-z) = 2 G(0).

    The root mean square of the difference, over that of G(z) - G(-z), is 0.4 to 2 for generators from the simple
    baseline on.
    """
    z = _noise(parameters, draw, count)
    ahead, back, middle = (_network(parameters, noise) for noise in (z, -z, torch.zeros_like(z[:1])))
    return bool((ahead + back - 2 * middle).square().mean() > 0.1**2 * (ahead - back).square().mean())


def _noise(parameters: list[Tensor], draw: Draw, count: int) -> Tensor:
    noise = torch.Generator().manual_seed(draw.integer(0, 2**31))
    return torch.randn(count, parameters[0].shape[1], generator=noise)


def _network(parameters: list[Tensor], x: Tensor) -> Tensor:
    for index in range(0, len(parameters), 2):
        x = (x if index == 0 else F.silu(x)) @ parameters[index].T + parameters[index + 1]
    return x


def generator_of(value: object) -> list[Tensor]:
    """The student's generator as float32 tensors, or a MismatchError that says what is wrong with it."""
    if not isinstance(value, list | tuple) or not value or len(value) % 2:
        raise MismatchError("the generator is a list [W1, b1, W2, b2, ...] of tensors, two for each layer.")
    if not all(isinstance(one, Tensor) and one.dtype.is_floating_point for one in value):
        raise MismatchError("the generator holds something that is not a tensor of floats.")
    parameters = [one.detach().float() for one in value]
    wide = parameters[0].shape[1] if parameters[0].ndim == 2 else 0
    for number, (W, b) in enumerate(zip(parameters[::2], parameters[1::2], strict=True), start=1):
        if W.ndim != 2 or W.shape[1] != wide or b.shape != W.shape[:1]:
            raise MismatchError(
                f"layer {number} of the generator does not fit: W has shape {tuple(W.shape)}, b {tuple(b.shape)}."
            )
        wide = W.shape[0]
    if wide != PIXELS:
        raise MismatchError(f"the generator's last layer gives {wide} values; an image has {PIXELS}.")
    size = sum(one.numel() for one in parameters)
    if size > MOST_NUMBERS:
        raise MismatchError(f"the generator has {size} numbers; {MOST_NUMBERS} are allowed.")
    if not all(bool(one.isfinite().all()) for one in parameters):
        raise MismatchError("the generator holds NaN or infinity: the training has diverged.")
    return parameters
