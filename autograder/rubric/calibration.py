"""How well each rung's technique really does: what a ladder's bounds are chosen from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograder.rubric.vocabulary import Ladder


@dataclass(frozen=True)
class Level:
    """One rung of an exercise's ladder, to be measured: `run(seed)` trains as its technique says, gives the metric."""

    exercise: str
    ladder: Ladder
    rung: str
    run: Callable[[int], float]
