"""Reports, put together from what grading found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from autograder.grading.settings import AssignmentInfo, engine_version
from autograder.model import CheckResult, Outcome, Report, Submission, score_of


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
    """Return the report of a submission whose checks were run; its written answers wait for a person."""
    results = (*results, *written_results(info, submission.answers))
    failed_by_us = any(result.outcome is Outcome.GRADER_ERROR for result in results)
    return Report(
        student=submission.student,
        assignment=info.name,
        digest=submission.digest,
        assignment_digest=info.digest,
        engine=engine_version(),
        status="grader error" if failed_by_us else "graded",
        score=score_of(results, info.check_weight),
        points=info.points,
        exercises=info.exercises,
        results=results,
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
        check_weight=info.check_weight,
    )


ON_THE_CPU = "Everything was checked on the CPU"
"""How a remark begins that is grading's, not intake's."""


IN_WORDS = "Your answer, in words."
"""What is asked, below the question itself."""
NO_ANSWER = "There is no answer under “Your answer to {number}”."
"""What a student reads of a question that was left out."""
WAITS = "A person reads your answer and gives its points."
"""What a student reads of an answer until then."""


def written_results(info: AssignmentInfo, answers: Mapping[str, str]) -> tuple[CheckResult, ...]:
    """Return a result for each written question: it waits for a person, or nothing was written."""
    found = []
    for one in info.exercises:
        if one.number in info.questions:
            answer = answers.get(one.number, "")
            outcome, said = (Outcome.NOT_GRADED, WAITS) if answer else (Outcome.NOT_ATTEMPTED, NO_ANSWER)
            said, name = said.format(number=one.number), f"{one.number} written"
            found.append(CheckResult(name, one.number, IN_WORDS, one.points, 0.0, outcome, True, said, answer=answer))
    return tuple(found)


def as_read(report: Report, info: AssignmentInfo, notes: tuple[str, ...], answers: Mapping[str, str]) -> Report:
    """Return a report with what intake says now: the same code may come with other words, or beside other files."""
    ours = (note for note in report.notes if note.startswith(ON_THE_CPU))
    told = (*notes, *ours)
    checks = tuple(result for result in report.results if result.answer is None)
    results = (*checks, *written_results(info, answers))
    if (told, results) == (report.notes, report.results):
        return report
    return msgspec.structs.replace(report, notes=told, results=results)


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
