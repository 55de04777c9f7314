"""A report in plain text, for places that show nothing else: comments, and the output under a cell."""

from __future__ import annotations

import html
import re
import textwrap

from autograder.feedback.formats import clip, points, visible
from autograder.model import CheckResult, ExerciseInfo, Outcome, Report

WIDTH = 90
SIGNS = {Outcome.PASSED: "✓", Outcome.PARTLY: "◐", Outcome.NOT_ATTEMPTED: "○", Outcome.SKIPPED: "–"}


_ACTS = re.compile(r"<[a-z/!?]|script:|data:|\\(?:href|html|require|style|class|cssid)", re.IGNORECASE)
"""What a page does more with than show it: tags, addresses that are code, MathJax's ways out of mathematics."""


def inert(markdown: str) -> str:
    """Markdown of a student's, to be shown on a page of nbgrader's, which passes HTML and every address through.

    What could act there is set as code, so that it is shown as it was typed.
    """
    plain = html.unescape(html.unescape(markdown))
    if _ACTS.search(re.sub(r"[\s\x00-\x1f]", "", plain)) is None:
        return markdown
    return "\n" + textwrap.indent(markdown, "    ", lambda _: True) + "\n"


def comment_on(report: Report, exercise: ExerciseInfo) -> list[str]:
    """What a student should read about an exercise: nothing where all is well."""
    results = report.of_exercise(exercise.number)
    if not results:
        return [inert(_problem(report))]
    if all(result.outcome is Outcome.NOT_ATTEMPTED for result in results):
        return [f"Exercise {exercise.number}: not attempted."]
    return [inert(_said(result)) for result in results if result.outcome is not Outcome.PASSED]


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
        said = result.asked if passed else _said(result)
        first, *more = [part for line in said.splitlines() for part in textwrap.wrap(line, WIDTH)] or [""]
        lines.append(f"{SIGNS.get(result.outcome, '✗')} {score:>7}  {first}")
        lines += [" " * 11 + line for line in more]
    return "\n".join(lines)


def remarks_on(report: Report) -> list[str]:
    """What is to be said about the whole submission."""
    problem = report.problem if report.status == "graded" else _problem(report)
    return [inert(visible(clip(line))) for line in (problem, *report.notes) if line]


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
