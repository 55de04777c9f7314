"""Find the checks that take long: what the class's code computed in them, and how near it came to the limit."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.reports.rows import Row, Timing

MOST = 8
"""Checks that are told."""
NEAR = 0.8
"""The share of a limit from which a submission is near it: another machine may stop it."""


@dataclass(frozen=True, slots=True)
class CheckTiming:
    """The CPU seconds that submissions computed in one check, where it took a tenth of a second or more.

    Attributes:
        total: The class's seconds, together.
        near: Rows that passed within their limit and used most of it.
    """

    exercise: str
    check: str
    rows: int
    total: float
    median: float
    longest: float
    allowed: float
    near: tuple[Row, ...]


def slowest_checks(rows: Sequence[Row]) -> tuple[CheckTiming, ...]:
    """Return the checks that took the class longest, the longest first."""
    found: dict[tuple[str, str], list[tuple[Row, Timing]]] = {}
    for row in rows:
        for timing in row.timings:
            found.setdefault((timing.exercise, timing.check), []).append((row, timing))
    timed = (_timing(exercise, check, pairs) for (exercise, check), pairs in found.items())
    return tuple(sorted(timed, key=lambda one: (-one.total, one.exercise, one.check))[:MOST])


def _timing(exercise: str, check: str, pairs: Sequence[tuple[Row, Timing]]) -> CheckTiming:
    seconds = [timing.seconds for _, timing in pairs]
    return CheckTiming(
        exercise,
        check,
        len(pairs),
        math.fsum(seconds),
        statistics.median(seconds),
        max(seconds),
        max(timing.allowed for _, timing in pairs),
        tuple(row for row, one in pairs if one.allowed and NEAR * one.allowed <= one.seconds < one.allowed),
    )
