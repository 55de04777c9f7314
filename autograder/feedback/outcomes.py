"""Derive from outcomes how an exercise stands, and whose fault an error is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from autograder.feedback import formats
from autograder.feedback.signs import Sign, sign_of
from autograder.model import STOPPED, CheckResult, ExerciseInfo, Outcome, Report

CLOSE = 1e-9
"""Points this near to full marks are full marks."""


class ExerciseResult(NamedTuple):
    """How one exercise of a submission stands: the outcome that describes it best, and its points."""

    number: str
    outcome: Outcome | None
    earned: float
    points: float

    @staticmethod
    def of(report: Report, exercise: ExerciseInfo) -> ExerciseResult:
        """Summarise the checks of one exercise of a report."""
        results = report.of_exercise(exercise.number)
        earned = sum(result.earned for result in results)
        return ExerciseResult(exercise.number, overall(results, exercise.points), earned, exercise.points)

    @property
    def sign(self) -> Sign:
        """Return the sign of the outcome."""
        return sign_of(self.outcome)

    @property
    def text(self) -> str:
        """Return the text of a small cell: the symbol, with the points where they are neither all nor none."""
        some = CLOSE < self.earned < self.points - CLOSE
        return f"{formats.points(self.earned)} {self.sign.symbol}" if some else self.sign.symbol

    @property
    def words(self) -> str:
        """Return the points and the outcome in words."""
        got = f"{formats.points(self.earned)} of {formats.points(self.points)}"
        return f"{self.number}: {got}, {self.sign.word}"

    @property
    def complete(self) -> bool:
        """Return whether the exercise has full marks."""
        return self.outcome is Outcome.PASSED


def overall(results: Iterable[CheckResult], points: float) -> Outcome | None:
    """Return the one outcome that describes several checks worth `points`, or None where there are none.

    A grader error comes first, then full marks, then what stopped the student's process: that says more than
    what else failed.
    """
    results = tuple(results)
    earned = sum(result.earned for result in results)
    found = {result.outcome for result in results}
    if not found:
        return None
    if Outcome.GRADER_ERROR in found:
        return Outcome.GRADER_ERROR
    if earned >= points - CLOSE and found <= {Outcome.PASSED, Outcome.PARTLY}:
        return Outcome.PASSED
    stopped = next((outcome for outcome in STOPPED if outcome in found), None)
    if stopped is not None:
        return stopped
    if len(found) == 1:
        return Outcome.PARTLY if found == {Outcome.PASSED} else found.pop()
    return Outcome.PARTLY if earned > CLOSE else Outcome.FAILED


def is_ours(report: Report) -> bool:
    """Return whether a grader error spoilt the report: nobody is charged for that."""
    return report.status == "grader error"


def failed_as_a_whole(report: Report) -> bool:
    """Return whether the grader failed on the submission itself, not on one of its checks. Results are earlier ones."""
    return is_ours(report) and all(result.outcome is not Outcome.GRADER_ERROR for result in report.results)


def unreached(report: Report) -> bool:
    """Return whether loading failed, so that each check would only repeat the report's problem."""
    ends = {(result.outcome, result.message) for result in report.results if result.answer is None}
    if len(ends) != 1:
        return False
    outcome, message = ends.pop()
    return outcome is not Outcome.PASSED and bool(message) and message in report.problem
