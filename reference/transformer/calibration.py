"""How well each rung's technique translates: what the bounds of the ladders in `checks.py` are chosen from.

`python -m reference.transformer.calibration 8 boss` measures one rung on eight seeds.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import torch

from autograder.rubric import Draw, Level

from .exercises.training import LADDER, LENGTHS
from .task import Task, chinese, english

solution: Any = import_module(".solution", __package__)


class Local:
    """A student in this process, who trains as told."""

    def __init__(self, train: Callable[..., Any]) -> None:
        self.train_translator = train


def train_plainly(
    sources: torch.Tensor,
    targets: torch.Tensor,
    new_sources: torch.Tensor,
    source_size: int,
    target_size: int,
    seed: int,
    *,
    epochs: int,
    positions: bool = True,
) -> tuple[torch.Tensor, list[float]]:
    """The starter's recipe: Adam at a constant rate of 2e-3, batches of 64. Without positions, if so told."""
    torch.manual_seed(seed)
    model: Any = solution.Translator(source_size, target_size, 64)
    if not positions:
        model.positions.zero_()
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    inputs, labels = solution.teacher_forcing(targets, 1, 2, 0)
    losses = []
    for _ in range(epochs):
        costs = []
        for rows in torch.randperm(len(sources)).split(64):
            logits = model.decode(inputs[rows], *model.encode(sources[rows]))
            loss = solution.padded_cross_entropy(logits, labels[rows], 0)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            costs.append(loss.item())
        losses.append(math.fsum(costs) / len(costs))
    return model.eval().translate(new_sources, targets.shape[1] + 3), losses


def reached(train: Callable[..., Any], task: Callable[[Draw], Task], metric: Callable[..., float], seed: int) -> float:
    """One training on a task of its own."""
    torch.set_num_threads(1)
    drawn = task(Draw(seed))
    translations, _ = drawn.translate(Local(train))  # type: ignore[arg-type]
    return metric(drawn, translations)


TECHNIQUES: dict[str, Callable[..., Any]] = {
    "simple": partial(train_plainly, epochs=3, positions=False),
    "medium": partial(train_plainly, epochs=3),
    "strong": partial(train_plainly, epochs=8),
    "boss": solution.train_translator,
}

LEVELS: tuple[Level, ...] = (
    *(Level("5.11", LADDER, rung, partial(reached, train, english, Task.exact)) for rung, train in TECHNIQUES.items()),
    Level("5.11", LENGTHS, "simple", partial(reached, TECHNIQUES["simple"], chinese, Task.lengths)),
    Level("5.11", LENGTHS, "strong", partial(reached, TECHNIQUES["strong"], chinese, Task.lengths)),
)


def main() -> None:
    """Measure the rungs named on the command line (all, if none is) and print mean, spread and bound."""
    count, names = int(sys.argv[1]), sys.argv[2:]
    for level in LEVELS:
        name = f"{'chinese ' if level.ladder is LENGTHS else ''}{level.rung}"
        if names and name not in names:
            continue
        started = time.process_time()
        values = [level.run(seed) for seed in range(count)]
        mean, sd = statistics.mean(values), statistics.stdev(values)
        seconds = (time.process_time() - started) / count
        bound = mean - 3.295 * sd
        print(f"{name}: mean {mean:.4f} sd {sd:.4f} min {min(values):.4f} bound {bound:.3f}, {seconds:.0f} s")


if __name__ == "__main__":
    main()
