"""A report in plain text, for places that show nothing else: comments, and the output under a cell."""

from __future__ import annotations

import textwrap

from autograder.feedback import sentences
from autograder.feedback.formats import clip, points, visible
from autograder.feedback.outcomes import ExerciseResult
from autograder.feedback.sentences import Told
from autograder.feedback.signs import NO_RESULT
from autograder.model import ExerciseInfo, Outcome, Report

WIDTH = 90


def comment_on(report: Report, exercise: ExerciseInfo) -> list[str]:
    """Lines that a student should read about an exercise: none where all is well. They may quote the student."""
    results = report.of_exercise(exercise.number)
    if not results:
        return _no_result(report)
    if ExerciseResult.of(report, exercise).outcome is Outcome.NOT_ATTEMPTED:
        told = sentences.untouched(exercise.points)
        return [f"{told.sign.symbol} Exercise {exercise.number}. {told.finding}"]
    shown = [sentences.told(result) for result in results if result.outcome is not Outcome.PASSED]
    return [f"{told.sign.symbol} {_said(told)}" for told in shown]


def results_of(report: Report, exercise: ExerciseInfo) -> str:
    """Every check of an exercise, with its points."""
    results = report.of_exercise(exercise.number)
    if not results:
        return "\n".join(_no_result(report))
    earned = sum(result.earned for result in results)
    lines = [f"Exercise {exercise.number}, {exercise.title}: {points(earned)} of {points(exercise.points)} points"]
    for result in results:
        told = sentences.told(result)
        score = f"{points(result.earned)}/{points(result.points)}"
        said = visible(told.asked) if result.outcome is Outcome.PASSED else _said(told)
        first, *more = [part for line in said.splitlines() for part in textwrap.wrap(line, WIDTH)] or [""]
        lines.append(f"{told.sign.symbol} {score:>7}  {first}")
        lines += [" " * 11 + line for line in more]
    return "\n".join(lines)


def remarks_on(report: Report) -> list[str]:
    """Lines about the whole submission. They may quote the student."""
    return [line for line in (*_whole(report), *(visible(clip(note)) for note in report.notes)) if line]


def _whole(report: Report) -> list[str]:
    return [f"{told.sign.symbol} {_said(told)}" for told in sentences.about(report)]


def _no_result(report: Report) -> list[str]:
    """Why nothing of an exercise was checked."""
    return _whole(report) or [f"{NO_RESULT.symbol} {NO_RESULT.title}."]


def _said(told: Told) -> str:
    return visible(clip(" ".join(part for part in (told.asked, *told.lines) if part)))
