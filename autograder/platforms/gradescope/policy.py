"""Attempt limits and lateness, from what Gradescope tells about a submission. Clocks are never read: a re-run
years later decides as the first run did."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from autograder.config import GradescopeConfig, LateConfig
from autograder.platforms.gradescope.metadata import Metadata
from autograder.platforms.gradescope.publication import uncounted


@dataclass(frozen=True)
class Attempts:
    """How many attempts counted before this one, and when the next is possible. `limit` None: as many as you like."""

    used: int
    limit: int | None
    again: datetime | None = None

    @property
    def refused(self) -> bool:
        """Whether this one is beyond the limit."""
        return self.limit is not None and self.used >= self.limit


@dataclass(frozen=True)
class Lateness:
    """How late, and the part of the earned points (0 to 1) that this costs."""

    days: int
    cost: float


def attempts(metadata: Metadata, settings: GradescopeConfig) -> Attempts:
    """Count the earlier attempts. Those that failed through the grader's fault do not count, nor do refused ones."""
    free = set(uncounted(metadata))
    counted = [one for one in metadata.previous if not one.failed and one.time not in free]
    hours = settings.attempts_hours
    if hours is None or metadata.created is None:
        return Attempts(len(counted), settings.attempts)
    window = timedelta(hours=hours)
    recent = sorted(
        one.submitted for one in counted if one.submitted is not None and metadata.created - one.submitted < window
    )
    limit = settings.attempts
    again = recent[-limit] + window if limit is not None and len(recent) >= limit else None
    return Attempts(len(recent), limit, again)


def with_due(metadata: Metadata, due: datetime | None) -> Metadata:
    """Return the metadata with the configuration's date where Gradescope names none that can be read: what is late
    stays late. Its problems say what follows where a date is missing."""
    said = []
    if metadata.created is None:
        said.append("without a time of submission nothing counts as late: look at it yourself")
    if metadata.assignment_due is None and due is not None:
        said.append(f"no due date of the assignment can be read: that of grader_config.yml counts, {due.isoformat()}")
    found = metadata.assignment_due or due
    return replace(metadata, assignment_due=found, problems=(*metadata.problems, *said))


def lateness(metadata: Metadata, late: LateConfig | None) -> Lateness:
    """What lateness costs. Every day begun counts; beyond `max_days` everything is lost. Without a time of submission,
    nothing is late: no clock is read."""
    due, came = metadata.due, metadata.created
    if late is None or due is None or came is None:
        return Lateness(0, 0.0)
    over = came - due - timedelta(minutes=late.grace_minutes)
    if over <= timedelta(0):
        return Lateness(0, 0.0)
    days = math.ceil((came - due) / timedelta(days=1))
    if late.max_days is not None and days > late.max_days:
        return Lateness(days, 1.0)
    return Lateness(days, min(1.0, days * late.percent_per_day / 100))
