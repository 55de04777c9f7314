"""What `--json` prints: how a course's assignments stand, and students' results. docs/schemas/ is made from here."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from autograder.config import AssignmentConfig
from autograder.model import Report


class Policy(msgspec.Struct, frozen=True):
    """What decides which of a student's attempts counts, and what is late."""

    due: Annotated[datetime | None, Meta(description="When it is due; null where grader_config.yml names no time.")]
    attempts: Annotated[
        Literal["last", "best", "first"], Meta(description="Which attempt counts, unless one was chosen.")
    ]

    @staticmethod
    def of(settings: AssignmentConfig) -> Policy:
        """Return an assignment's policy."""
        return Policy(settings.due, settings.attempts.counts)


NO_POLICY = Policy(None, "last")


class StudentResult(msgspec.Struct, frozen=True):
    """A student's latest report."""

    student: Annotated[str, Meta(description="The student's name in the records.")]
    status: Annotated[
        Literal["graded", "rejected", "grader error"],
        Meta(description="rejected: could not be read. grader error: charged to nobody, tried again at the next run."),
    ]
    score: Annotated[float, Meta(description="Points earned.")]
    points: Annotated[float, Meta(description="Full marks.")]
    ungraded: Annotated[float, Meta(description="Points of written answers that nobody has graded yet.")]
    exercises: Annotated[dict[str, float], Meta(description="Points earned in each exercise, by its number.")]
    problem: Annotated[str, Meta(description="Why it could not be read or loaded, or what failed in the grader.")]
    flags: Annotated[tuple[str, ...], Meta(description="Places that a person should read. They cost nothing.")]
    boundary: Annotated[tuple[str, ...], Meta(description="The layers of the sandbox that it ran behind.")]
    attempt: Annotated[int, Meta(description="The number of the attempt; 0 where nobody counted.")]
    late: Annotated[bool, Meta(description="Whether the attempt came in after the due time.")]
    arithmetic: Annotated[str, Meta(description="How the score comes about; empty where it is what the checks gave.")]
    policy: Annotated[Policy, Meta(description="What decides which attempt counts, and what is late.")]
    received: Annotated[datetime | None, Meta(description="When it was handed in, where the download says so.")]
    graded: Annotated[datetime | None, Meta(description="When it was graded.")]
    own_seconds: Annotated[float, Meta(description="Seconds spent waiting for the student's code.")]
    cpu_seconds: Annotated[float, Meta(description="CPU seconds that the student's code computed.")]
    cpu_allowed: Annotated[float, Meta(description="CPU seconds that it may compute; 0: no limit.")]
    wall_seconds: Annotated[float, Meta(description="Seconds for all of it.")]

    @staticmethod
    def of(report: Report, policy: Policy = NO_POLICY) -> StudentResult:
        """Return what is printed of a report."""
        return StudentResult(
            student=report.student,
            status=msgspec.convert(report.status, Literal["graded", "rejected", "grader error"]),
            score=report.score,
            points=report.points,
            ungraded=report.waiting,
            exercises={
                one.number: round(math.fsum(result.earned for result in report.of_exercise(one.number)), 2)
                for one in report.exercises
            },
            problem=report.problem,
            flags=report.flags,
            boundary=report.boundary,
            attempt=report.attempt,
            late=report.late,
            arithmetic=report.arithmetic,
            policy=policy,
            received=report.received,
            graded=report.graded,
            own_seconds=report.own_seconds,
            cpu_seconds=report.cpu_seconds,
            cpu_allowed=report.cpu_allowed,
            wall_seconds=report.wall_seconds,
        )


class AssignmentStatus(msgspec.Struct, frozen=True):
    """How an assignment stands."""

    assignment: Annotated[str, Meta(description="Its name, as in grader_config.yml.")]
    title: Annotated[str, Meta(description="Its title.")]
    due: Annotated[datetime | None, Meta(description="When it is due.")]
    submissions: Annotated[int, Meta(description="Students with a report.")]
    graded: Annotated[int, Meta(description="Those that have a score.")]
    rejected: Annotated[int, Meta(description="Those that could not be read.")]
    grader_errors: Annotated[int, Meta(description="Those on which the grader failed.")]
    flagged: Annotated[int, Meta(description="Graded ones with something that a person should read.")]
    ungraded: Annotated[int, Meta(description="Those with a written answer that nobody has graded yet.")]
    mean: Annotated[float | None, Meta(description="The mean score of the graded ones.")]
    median: Annotated[float | None, Meta(description="Their median score.")]
    points: Annotated[float, Meta(description="Full marks.")]
    last_graded: Annotated[datetime | None, Meta(description="When a submission was graded last.")]

    @staticmethod
    def of(name: str, settings: AssignmentConfig, reports: Iterable[Report]) -> AssignmentStatus:
        """Add the latest reports of an assignment up."""
        scores: list[float] = []
        statuses = {"graded": 0, "rejected": 0, "grader error": 0}
        flagged, ungraded, points = 0, 0, 0.0
        last: datetime | None = None
        for report in reports:
            statuses[report.status] += 1
            points = max(points, report.points)
            ungraded += report.waiting > 0
            if report.status == "graded":
                scores.append(report.score)
                flagged += bool(report.flags)
            if report.graded is not None and (last is None or report.graded.timestamp() > last.timestamp()):
                last = report.graded
        return AssignmentStatus(
            name,
            settings.title,
            settings.due,
            sum(statuses.values()),
            statuses["graded"],
            statuses["rejected"],
            statuses["grader error"],
            flagged,
            ungraded,
            round(statistics.fmean(scores), 4) if scores else None,
            statistics.median(scores) if scores else None,
            points,
            last,
        )


SCHEMAS = {"results": list[StudentResult], "status": list[AssignmentStatus]}
"""What is printed by `grade NAME`, `status NAME` and `nbgrader grade`; and by `status`."""


def schema(name: str) -> bytes:
    """Return the JSON schema of what `SCHEMAS` names, as docs/schemas/NAME.json has it."""
    described = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(SCHEMAS[name])}
    return msgspec.json.format(msgspec.json.encode(described), indent=2) + b"\n"
