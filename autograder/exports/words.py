"""A report in plain text, for places that show nothing else: comments, and the output under a cell."""

from __future__ import annotations

import re

from autograder.model import CheckResult, ExerciseInfo, Outcome, Report
from autograder.reports.text import clip, points, visible

SIGNS = {Outcome.PASSED: "✓", Outcome.PARTLY: "◐", Outcome.NOT_ATTEMPTED: "○", Outcome.SKIPPED: "–"}


_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def comment_on(report: Report, exercise: ExerciseInfo) -> list[str]:
    """What a student should read about an exercise: nothing where all is well.

    nbgrader takes comments for Markdown with HTML in it, and messages quote what the student's code said.
    """
    results = report.of_exercise(exercise.number)
    if not results:
        return [_TAG.sub("&lt;", _problem(report))]
    if all(result.outcome is Outcome.NOT_ATTEMPTED for result in results):
        return [f"Exercise {exercise.number}: not attempted."]
    return [_TAG.sub("&lt;", _said(result)) for result in results if result.outcome is not Outcome.PASSED]


def results_of(report: Report, exercise: ExerciseInfo) -> str:
    """Every check of an exercise, with its points."""
    results = report.of_exercise(exercise.number)
    if not results:
        return _problem(report)
    earned = sum(result.earned for result in results)
    lines = [f"Exercise {exercise.number}, {exercise.title}: {points(earned)} of {points(exercise.points)} points"]
    for result in results:
        score = f"{points(result.earned)}/{points(result.points)}"
        passed = result.outcome is Outcome.PASSED
        lines.append(f"{SIGNS.get(result.outcome, '✗')} {score:>7}  {result.asked if passed else _said(result)}")
    return "\n".join(lines)


def remarks_on(report: Report) -> list[str]:
    """What is to be said about the whole submission."""
    problem = report.problem if report.status == "graded" else _problem(report)
    return [visible(clip(line)) for line in (problem, *report.notes) if line]


def _problem(report: Report) -> str:
    """Why there are no results. Of an error of ours, a student reads no traceback."""
    if report.status == "rejected":
        return visible(clip(report.problem))
    return "The grader could not grade this yet. You lose nothing by it; it will be tried again."


def _said(result: CheckResult) -> str:
    if result.outcome is Outcome.GRADER_ERROR:
        return f"{result.asked} The grader could not check this yet. You lose nothing by it."
    parts = [result.asked, f"{str(result.outcome).capitalize()}: {result.message}".rstrip(": ")]
    if result.hint:
        parts.append(f"Hint: {result.hint}")
    if result.stand_ins:
        parts.append(f"(Checked with ours in the place of {', '.join(result.stand_ins)}.)")
    return visible(clip(" ".join(parts)))
