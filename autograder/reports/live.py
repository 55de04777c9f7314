"""Show a batch while it runs: how far it is, who waits, what failed."""

from __future__ import annotations

from datetime import datetime

import msgspec

from autograder.feedback import formats
from autograder.feedback.signs import Sign, status_sign
from autograder.model import Report
from autograder.reports.pages import environment, script

LATEST, WAITING = 12, 50
"""Submissions that are told: those done last, and those that wait."""


class Finished(msgspec.Struct, frozen=True):
    """A submission that is done."""

    student: str
    status: str
    score: float
    points: float
    problem: str

    @staticmethod
    def of(report: Report, student: str) -> Finished:
        """Return what is told of a report, which counts for a student."""
        problem = "".join(report.problem.strip().splitlines()[:1])
        return Finished(student, report.status, report.score, report.points, formats.clip(problem, 300))

    @property
    def sign(self) -> Sign | None:
        """Return the sign of the status; None for a graded one."""
        return status_sign(self.status)


class BatchState(msgspec.Struct, frozen=True):
    """How far a batch is. `ended` is "" while it runs, then "finished" or "stopped"; `process` runs it."""

    assignment: str
    total: int
    done: int
    standing: int
    waiting: tuple[str, ...]
    latest: tuple[Finished, ...]
    failed: tuple[Finished, ...]
    started: datetime
    updated: datetime
    process: int
    ended: str = ""

    @property
    def minutes_left(self) -> float | None:
        """Return about how long the rest takes at the pace so far; None where there is no telling."""
        graded = self.done - self.standing
        if self.ended or not graded:
            return None
        return (self.updated - self.started).total_seconds() / graded * (self.total - self.done) / 60


def live_page(state: BatchState | None, *, course: str, title: str) -> str:
    """Return the page of a batch, or one that says that there is none. While the batch runs, it asks again."""
    template = environment().get_template("live.html.j2")
    return template.render(state=state, course=course, title=title, most=WAITING, script=script("live.js"))
