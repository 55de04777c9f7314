"""Tell how an exercise did as a question: how hard it is, and whether it tells strong submissions from weak ones."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.feedback.outcomes import ExerciseResult
from autograder.model import ExerciseInfo, Outcome
from autograder.reports.rows import Row

FEWEST = 10
"""Graded submissions below which no discrimination is told: a correlation of fewer says more of chance."""

VERDICTS = ((0.4, "very good"), (0.3, "good"), (0.2, "fair"), (0.0, "weak"))
"""Names for discrimination, from the least value of each.

Ebel, R. L. (1965), Measuring Educational Achievement, draws the lines at .40, .30 and .20.
"""
UPSIDE_DOWN = "upside down"
"""Who is strong elsewhere fails here."""


@dataclass(frozen=True, slots=True)
class ExerciseSummary:
    """The class's result in one exercise, over the graded submissions.

    Attributes:
        share: The share of its points that the class earned: the classical difficulty index, 1 for the easiest.
        discrimination: The correlation of the points here with the points everywhere else; None where there is none.
    """

    number: str
    title: str
    points: float
    share: float
    complete: int
    untouched: int
    of: int
    discrimination: float | None

    @property
    def verdict(self) -> str:
        """Return the discrimination in words."""
        if self.discrimination is None:
            return ""
        return next((words for least, words in VERDICTS if self.discrimination >= least), UPSIDE_DOWN)

    @property
    def doubtful(self) -> bool:
        """Return whether somebody should read the exercise again: strong submissions hardly do better in it."""
        return self.verdict in ("weak", UPSIDE_DOWN)


def exercise_summaries(rows: Sequence[Row], graded: Sequence[Row]) -> tuple[ExerciseSummary, ...]:
    """Return a summary of each exercise that any of the rows has, over the graded ones."""
    infos = {info.number: info for row in rows for info in row.exercises}
    return tuple(_summary(info, graded) for info in infos.values())


def _is_known(cell: ExerciseResult) -> bool:
    """Return whether it is known what an exercise is worth: a written answer may wait for a person."""
    return cell.outcome is not Outcome.NOT_GRADED


def _summary(info: ExerciseInfo, graded: Sequence[Row]) -> ExerciseSummary:
    found = [(row, cell) for row in graded for cell in row.cells if cell.number == info.number and _is_known(cell)]
    cells = [cell for _, cell in found]
    whole = math.fsum(cell.points for cell in cells)
    earned = math.fsum(cell.earned for cell in cells)
    return ExerciseSummary(
        number=info.number,
        title=info.title,
        points=info.points,
        share=min(1.0, max(0.0, earned / whole)) if whole else 0.0,
        complete=sum(cell.complete for cell in cells),
        untouched=sum(cell.outcome is Outcome.NOT_ATTEMPTED for cell in cells),
        of=len(cells),
        discrimination=correlation([cell.earned for cell in cells], [row.score - cell.earned for row, cell in found]),
    )


def correlation(here: Sequence[float], elsewhere: Sequence[float]) -> float | None:
    """Return Pearson's correlation of an exercise's points with the rest of the score, which it is no part of.

    None for few submissions, and where one of the two is the same for everybody.
    """
    if len(here) < FEWEST:
        return None
    spread = (statistics.pstdev(here), statistics.pstdev(elsewhere))
    return statistics.correlation(here, elsewhere) if min(spread) > 1e-9 else None
