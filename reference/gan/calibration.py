"""How well each rung of exercise 6.13 does, measured as the grader measures it: ``autograder calibrate gan``."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.rubric import Draw, Level

from . import judge
from .exercises.training import IMAGES, LADDER

NOISE, WIDTH = 32, 128


def network(parameters: list[Tensor], x: Tensor) -> Tensor:
    """The students' `network`."""
    for index in range(0, len(parameters), 2):
        x = (x if index == 0 else F.silu(x)) @ parameters[index].T + parameters[index + 1]
    return x


def initial(*sizes: int) -> list[Tensor]:
    """First weights, as `torch.nn.Linear` draws them."""
    layers = [torch.nn.Linear(inside, outside) for inside, outside in pairwise(sizes)]
    return [parameter for layer in layers for parameter in layer.parameters()]


def train(images: Tensor, rate: float, epochs: int, gamma: float = 0.0, average: float = 0.0) -> list[Tensor]:
    """A generator for the images, by Adam; `gamma` of R1 and a running average of the weights if they are not 0."""
    g, d = initial(NOISE, WIDTH, WIDTH, judge.PIXELS), initial(judge.PIXELS, WIDTH, WIDTH, 1)
    mean = [parameter.detach().clone() for parameter in g]
    g_optimiser, d_optimiser = (torch.optim.Adam(p, lr=rate, betas=(0.5, 0.99)) for p in (g, d))
    for _ in range(epochs):
        for batch in torch.split(torch.randperm(len(images)), 64):
            real = images[batch].requires_grad_()
            logits = network(d, real)
            fake = network(g, torch.randn(len(batch), NOISE)).detach()
            loss = F.softplus(-logits).mean() + F.softplus(network(d, fake)).mean()
            if gamma:
                (slope,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
                loss = loss + gamma / 2 * slope.square().sum(dim=1).mean()
            d_optimiser.zero_grad()
            loss.backward()
            d_optimiser.step()
            g_optimiser.zero_grad()
            F.softplus(-network(d, network(g, torch.randn(len(batch), NOISE)))).mean().backward()
            g_optimiser.step()
            with torch.no_grad():
                for kept, parameter in zip(mean, g, strict=True):
                    kept.lerp_(parameter, 1 - average)
    return mean


def distance(rate: float, epochs: int, gamma: float = 0.0, average: float = 0.0) -> Callable[[int], float]:
    """Training with these settings on the digits of a seed, and the distance that the check measures."""

    def run(seed: int) -> float:
        draw = Draw(seed)
        task = judge.Task.drawn(draw, 7)
        torch.manual_seed(seed)
        generator = train(task.given.float(), rate, epochs, gamma, average)
        return task.distance(task.turned_back(judge.generate([one.detach() for one in generator], draw, IMAGES)))

    return run


LEVELS: tuple[Level, ...] = (
    Level("6.13", LADDER, "simple", distance(rate=1e-3, epochs=60)),
    Level("6.13", LADDER, "medium", distance(rate=2e-3, epochs=60)),
    Level("6.13", LADDER, "strong", distance(rate=2e-3, epochs=60, gamma=0.2, average=0.98)),
    Level("6.13", LADDER, "boss", distance(rate=4e-3, epochs=120, gamma=0.2, average=0.98)),
)
