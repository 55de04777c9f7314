"""How well each rung of exercise 3.9 does: a network a rung, trained on the grader's own digits.

The bounds in `exercises/training.py` are at most the mean less 3.295 standard deviations of these accuracies over 20
seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from autograder.rubric import Draw, Level

from .exercises.training import LADDER, Digits

Places = Callable[[torch.Tensor], torch.Tensor]


def dense() -> nn.Module:
    """The starter's train_mlp: no idea of what an image is."""
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 256), nn.ReLU(), nn.Linear(256, 10))


def flattened() -> nn.Module:
    """Two convolutions with batch normalisation, and a dense layer that still tells places apart."""
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(32 * 7 * 7, 10)),
    )


class Everywhere(nn.Module):
    """One number a channel, from all places."""

    def __init__(self, pool: Places) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(x.flatten(2))


def pooled(filters: int, pool: Places) -> nn.Module:
    """Three such convolutions; what they find counts wherever it is."""
    layers: list[nn.Module] = []
    for inside, outside in ((1, filters), (filters, 2 * filters), (2 * filters, 4 * filters)):
        layers += [nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers[:-1], Everywhere(pool), nn.Linear(4 * filters, 10))


def accuracy(network: Callable[[], nn.Module], epochs: int, rate: float, falls: bool, seed: int) -> float:
    """Train with Adam in batches of 64, at a rate that stays or falls to 0; the accuracy on the digits to read."""
    digits = Digits(Draw(seed))
    torch.manual_seed(seed)
    model = network()
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    updates = epochs * math.ceil(len(digits.x) / 64)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, updates)
    for _ in range(epochs):
        for batch in torch.split(torch.randperm(len(digits.x)), 64):
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(model(digits.x[batch]), digits.y[batch])
            loss.backward()
            optimiser.step()
            if falls:
                falling.step()
    model.eval()
    with torch.no_grad():
        predictions = model(digits.x_new).argmax(dim=1)
    return float((predictions == digits.y_new).double().mean())


def _mean(x: torch.Tensor) -> torch.Tensor:
    return x.mean(dim=2)


def _largest(x: torch.Tensor) -> torch.Tensor:
    return x.amax(dim=2)


LEVELS: tuple[Level, ...] = (
    Level("3.9", LADDER, "simple", partial(accuracy, dense, 15, 1e-3, False)),
    Level("3.9", LADDER, "medium", partial(accuracy, flattened, 8, 2e-3, True)),
    Level("3.9", LADDER, "strong", partial(accuracy, partial(pooled, 16, _mean), 10, 2e-3, True)),
    Level("3.9", LADDER, "boss", partial(accuracy, partial(pooled, 12, _largest), 10, 2e-3, True)),
)
