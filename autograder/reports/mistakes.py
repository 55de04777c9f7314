"""Gather the mistakes that were recognised: what each cost the class, who made it, and what it looks like."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.reports.rows import Made, Mistake, Row


@dataclass(frozen=True, slots=True)
class MistakeSummary:
    """A recognised mistake: its rows, the points that it cost them, and an example that names nobody.

    Attributes:
        share: What it cost, as a share of all points that recognised mistakes cost.
        asked: What the example's check asks for.
        found: What that check found, as it was told.
    """

    mistake: Mistake
    rows: tuple[Row, ...]
    lost: float
    share: float
    asked: str
    found: str


def mistake_summaries(rows: Sequence[Row]) -> tuple[MistakeSummary, ...]:
    """Return all mistakes, the costliest first; of those that cost as much, in the order of the exercises."""
    made: dict[Mistake, list[tuple[Row, Made]]] = {}
    for row in rows:
        for one in row.mistakes:
            made.setdefault(one.mistake, []).append((row, one))
    costs = {mistake: math.fsum(one.lost for _, one in found) for mistake, found in made.items()}
    whole = math.fsum(costs.values())
    ordered = sorted(made, key=lambda mistake: (-round(costs[mistake], 6), -len(made[mistake]), mistake))
    return tuple(
        MistakeSummary(
            mistake,
            tuple(row for row, _ in made[mistake]),
            costs[mistake],
            costs[mistake] / whole if whole else 0.0,
            *_usual(one for _, one in made[mistake]),
        )
        for mistake in ordered
    )


def _usual(made: Iterable[Made]) -> tuple[str, str]:
    """Return what is asked and found most often; of equally frequent ones, the first."""
    return Counter((one.asked, one.found) for one in made).most_common(1)[0][0]
