"""Rank a class on its baseline ladders: how many reach each rung, and who is on top."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.feedback import formats
from autograder.reports.rows import Reached, Row

MOST = 10
"""Places that are told."""
LESS_IS_BETTER = re.compile(r"loss|error|entropy|perplexity|distance|\b(mae|mse|rmse|nll|fid)\b", re.IGNORECASE)
"""Metrics of which less is better, where a ladder of one rung does not show it."""


@dataclass(frozen=True, slots=True)
class RungSummary:
    """One rung, and how many submissions reach it."""

    name: str
    bound: str
    reached: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the leaderboard. Equal results share one."""

    rank: int
    row: Row
    value: str


@dataclass(frozen=True, slots=True)
class Standings:
    """A check's ladder with the class on it."""

    exercise: str
    check: str
    metric: str
    of: int
    less_is_better: bool
    rungs: tuple[RungSummary, ...]
    places: tuple[Place, ...]


def standings(rows: Sequence[Row]) -> tuple[Standings, ...]:
    """Return the class's standings in every check that has a ladder, in the order in which they come."""
    found: dict[tuple[str, str], list[tuple[Row, Reached]]] = {}
    for row in rows:
        for one in row.reached:
            if one.rungs:
                found.setdefault((one.exercise, one.check), []).append((row, one))
    return tuple(_standings(pairs) for pairs in found.values())


def _standings(pairs: Sequence[tuple[Row, Reached]]) -> Standings:
    ladder = pairs[-1][1]
    less = less_is_better(ladder)
    sign = 1 if less else -1
    ordered = sorted(pairs, key=lambda pair: (sign * pair[1].value, pair[0].student.casefold()))
    rungs = tuple(
        RungSummary(name, formats.number(bound), sum(sign * one.value <= sign * bound for _, one in pairs))
        for name, bound in ladder.rungs
    )
    places = tuple(
        Place(1 + sum(sign * other.value < sign * one.value for _, other in pairs), row, f"{one.value:.4g}")
        for row, one in ordered[:MOST]
    )
    return Standings(ladder.exercise, ladder.check, ladder.metric, len(pairs), less, rungs, places)


def less_is_better(reached: Reached) -> bool:
    """Return whether less is better: the hardest rung of a ladder is the last."""
    bounds = [bound for _, bound in reached.rungs]
    if bounds[0] != bounds[-1]:
        return bounds[-1] < bounds[0]
    return LESS_IS_BETTER.search(reached.metric) is not None
