"""Keep of a report what the class page needs: a student's row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from autograder.feedback import formats, signs
from autograder.feedback.outcomes import ExerciseResult, failed_as_a_whole
from autograder.feedback.signs import Sign
from autograder.model import STOPPED, CheckResult, ExerciseInfo, Outcome, Report

WORTH_TELLING = 0.1
"""CPU seconds from which a check's time is kept: a class has 50 quick checks for each slow one."""


class Mistake(NamedTuple):
    """A recognised mistake. `mutant` is for TAs only."""

    exercise: str
    mutant: str
    hint: str


class Made(NamedTuple):
    """A mistake in one submission: the points that it cost, and what one check asked for and found."""

    mistake: Mistake
    lost: float
    asked: str
    found: str


class Timing(NamedTuple):
    """What a check computed, in CPU seconds, of what it was allowed (0: no limit)."""

    exercise: str
    check: str
    seconds: float
    allowed: float


class Reached(NamedTuple):
    """The metric that a check measured, with the baselines next to it, the easiest first."""

    exercise: str
    check: str
    metric: str
    value: float
    rungs: tuple[tuple[str, float], ...]


class Fault(NamedTuple):
    """A grader error: the check it hit ("" for the whole submission), its last line and its trace."""

    check: str
    line: str
    trace: str


@dataclass(frozen=True, slots=True)
class Row:
    """One student's line on the class page: all that is kept of a report."""

    student: str
    file: str
    status: str
    score: float
    points: float
    exercises: tuple[ExerciseInfo, ...]
    cells: tuple[ExerciseResult, ...]
    outcomes: tuple[tuple[Outcome, int], ...]
    stopped: tuple[tuple[Outcome, str], ...]
    mistakes: tuple[Made, ...]
    timings: tuple[Timing, ...]
    reached: tuple[Reached, ...]
    faults: tuple[Fault, ...]
    shortcuts: tuple[str, ...]
    problem: str
    ran: bool
    boundary: tuple[str, ...]
    version: tuple[str, str]
    graded: datetime | None
    own_seconds: float
    wall_seconds: float

    @staticmethod
    def of(report: Report, file: str) -> Row:
        """Summarise a report whose page is `file`."""
        ran = bool(report.results)
        return Row(
            student=report.student,
            file=file,
            status=report.status,
            score=report.score,
            points=report.points,
            exercises=report.exercises,
            cells=tuple(ExerciseResult.of(report, exercise) for exercise in report.exercises),
            outcomes=tuple(sorted(Counter(result.outcome for result in report.results).items())),
            stopped=tuple(dict.fromkeys((r.outcome, r.exercise) for r in report.results if r.outcome in STOPPED)),
            mistakes=_mistakes(report),
            timings=tuple(
                Timing(r.exercise, r.name, r.cpu_seconds, r.cpu_allowed)
                for r in report.results
                if r.cpu_seconds >= WORTH_TELLING
            ),
            reached=tuple(_reached(report)),
            faults=_faults(report),
            shortcuts=tuple(formats.clip(flag, 200) for flag in report.flags[:10]),
            problem="" if failed_as_a_whole(report) else formats.clip(report.problem.strip(), 400),
            ran=ran,
            boundary=report.boundary,
            version=(report.assignment_digest, report.engine),
            graded=report.graded,
            own_seconds=report.own_seconds,
            wall_seconds=report.wall_seconds,
        )

    @property
    def flags(self) -> tuple[Sign, ...]:
        """Return the signs of the submission as a whole. Its exercises' outcomes are in their cells."""
        status = signs.status_sign(self.status)
        loading = signs.NOT_LOADED if self.problem and self.ran else None
        return tuple(sign for sign in (status, loading) if sign)

    def exercises_with(self, outcome: Outcome) -> str:
        """Return the numbers of the exercises in which a check was stopped with this outcome."""
        return ", ".join(number for stopped, number in self.stopped if stopped is outcome)


def _mistakes(report: Report) -> tuple[Made, ...]:
    found: dict[Mistake, list[CheckResult]] = {}
    for result in report.results:
        if result.hint or result.mutant:
            found.setdefault(Mistake(result.exercise, result.mutant, result.hint), []).append(result)
    return tuple(
        Made(
            mistake,
            math.fsum(max(0.0, result.points - result.earned) for result in results),
            formats.clip(results[0].asked, 300),
            formats.clip(formats.message(results[0].message), 400),
        )
        for mistake, results in found.items()
    )


def _reached(report: Report) -> Iterator[Reached]:
    for result in report.results:
        curve = result.curve
        if curve is None or curve.metric is None or not math.isfinite(curve.metric) or not curve.rungs:
            continue
        rungs = tuple((formats.clip(name, 40), value) for name, value in curve.rungs if math.isfinite(value))
        yield Reached(result.exercise, result.name, formats.clip(curve.metric_name, 60), curve.metric, rungs)


def _faults(report: Report) -> tuple[Fault, ...]:
    if failed_as_a_whole(report):
        return (_fault("", report.problem),)
    return tuple(_fault(r.name, r.message) for r in report.results if r.outcome is Outcome.GRADER_ERROR)


def _fault(check: str, trace: str) -> Fault:
    lines = trace.strip().splitlines()
    return Fault(check, formats.clip(lines[-1], 300) if lines else "no message", formats.clip(trace.strip(), 3_000))
