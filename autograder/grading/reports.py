"""Reports, put together from what grading found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from autograder.grading.settings import AssignmentInfo, engine_version
from autograder.model import CheckResult, Outcome, Report, Submission


def report_on(
    submission: Submission,
    info: AssignmentInfo,
    results: Sequence[CheckResult],
    *,
    notes: tuple[str, ...] = (),
    flags: tuple[str, ...] = (),
    problem: str = "",
    output: str = "",
    boundary: tuple[str, ...] = (),
    own_seconds: float = 0.0,
    cpu_seconds: float = 0.0,
    cpu_allowed: float = 0.0,
    wall_seconds: float = 0.0,
) -> Report:
    """Return the report of a submission whose checks were run."""
    failed_by_us = any(result.outcome is Outcome.GRADER_ERROR for result in results)
    return Report(
        student=submission.student,
        assignment=info.name,
        digest=submission.digest,
        assignment_digest=info.digest,
        engine=engine_version(),
        status="grader error" if failed_by_us else "graded",
        score=round(math.fsum(result.earned for result in results), 4),
        points=info.points,
        exercises=info.exercises,
        results=tuple(results),
        notes=notes,
        flags=flags,
        problem=problem,
        output=output,
        boundary=boundary,
        received=submission.received,
        graded=datetime.now(UTC),
        own_seconds=round(own_seconds, 4),
        cpu_seconds=round(cpu_seconds, 4),
        cpu_allowed=cpu_allowed,
        wall_seconds=round(wall_seconds, 4),
    )


ON_THE_CPU = "Everything was checked on the CPU"
"""How a remark begins that is grading's, not intake's."""


def with_notes(report: Report, notes: tuple[str, ...]) -> Report:
    """Return a report with what intake says now: the same work may lie beside other files than when it was graded."""
    ours = (note for note in report.notes if note.startswith(ON_THE_CPU))
    told = (*notes, *ours)
    return report if told == report.notes else msgspec.structs.replace(report, notes=told)


def without_results(student: str, digest: str, info: AssignmentInfo, status: str, problem: str) -> Report:
    """Return the report of a submission that could not be read ("rejected") or not be graded ("grader error")."""
    return Report(
        student=student,
        assignment=info.name,
        digest=digest,
        assignment_digest=info.digest,
        engine=engine_version(),
        status=status,
        score=0.0,
        points=info.points,
        exercises=info.exercises,
        problem=problem,
        graded=datetime.now(UTC),
    )
