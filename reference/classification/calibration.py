"""How well each rung's technique of exercise 2.13 really does, on the frames that a grading would give.

`autograder calibrate classification` measures every level on many seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from autograder.rubric import Draw, Level

from .exercises.training import LADDER
from .vowels import Frames


@dataclass(frozen=True)
class Recipe:
    """One way to train: frames of context on each side, width of the hidden layer (0 for none), dropout, optimiser."""

    context: int = 0
    hidden: int = 0
    dropout: float = 0.0
    adam: bool = True
    epochs: int = 15


SAMPLE_CODE = Recipe(adam=False, epochs=10)
RECIPES = {
    "simple": SAMPLE_CODE,
    "medium": Recipe(hidden=256),
    "strong": Recipe(hidden=256, context=3),
    "boss": Recipe(hidden=256, context=8),
}


def result_of(recipe: Recipe, seed: int) -> float:
    """The share of the new frames that the recipe labels rightly, in one grading."""
    frames = Frames(Draw(seed))
    x, utterance, speaker, x_new, utterance_new = frames.given
    torch.manual_seed(seed)
    mean, std = (torch.zeros(1), torch.ones(1)) if recipe is SAMPLE_CODE else (x.mean(dim=0), x.std(dim=0))
    inputs = surround((x - mean) / std, utterance, recipe.context).float()
    new = surround((x_new - mean) / std, utterance_new, recipe.context).float()
    model = build(recipe, inputs.shape[1], int(speaker.max()) + 1)
    train(model, recipe, inputs, speaker)
    with torch.no_grad():
        return frames.accuracy(model(new).argmax(dim=1))


def build(recipe: Recipe, inputs: int, classes: int) -> torch.nn.Module:
    """A network with one hidden layer, or none."""
    if not recipe.hidden:
        return torch.nn.Linear(inputs, classes)
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, recipe.hidden),
        torch.nn.ReLU(),
        torch.nn.Dropout(recipe.dropout),
        torch.nn.Linear(recipe.hidden, classes),
    )


def train(model: torch.nn.Module, recipe: Recipe, inputs: torch.Tensor, labels: torch.Tensor) -> None:
    """The sample code's SGD, or Adam with a rate that falls to 0. Leaves the model in evaluation mode."""
    optimiser: torch.optim.Optimizer
    if recipe.adam:
        optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.epochs)
    else:
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
        schedule = None
    model.train()
    for _ in range(recipe.epochs):
        for rows in torch.split(torch.randperm(len(inputs)), 64 if recipe.adam else 32):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs[rows]), labels[rows]).backward()
            optimiser.step()
        if schedule is not None:
            schedule.step()
    model.eval()


def surround(x: torch.Tensor, utterance: torch.Tensor, reach: int) -> torch.Tensor:
    """Each frame with `reach` neighbours of its utterance on each side; the ends are repeated."""
    blocks = []
    for rows in torch.split(x, torch.unique_consecutive(utterance, return_counts=True)[1].tolist()):
        padded = torch.cat([rows[:1].expand(reach, -1), rows, rows[-1:].expand(reach, -1)])
        blocks.append(padded.unfold(0, 2 * reach + 1, 1).flatten(1))
    return torch.cat(blocks)


def level(rung: str) -> Level:
    """One rung, to be measured."""
    run: Callable[[int], float] = lambda seed: result_of(RECIPES[rung], seed)  # noqa: E731
    return Level(exercise="2.13", ladder=LADDER, rung=rung, run=run)


LEVELS = tuple(level(rung) for rung in RECIPES)
