"""Attempt limits and lateness, from what Gradescope tells about a submission. Clocks are never read: a re-run
years later decides as the first run did."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from autograder.config import GradescopeConfig
from autograder.config_parts import LateConfig
from autograder.platforms.gradescope.metadata import Metadata
from autograder.platforms.gradescope.publication import uncounted
from autograder.scoring.late import Deadline, Lateness
from autograder.scoring.late import lateness as judged


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


def lateness(metadata: Metadata, late: LateConfig | None, zone: tzinfo | None = None) -> Lateness:
    """Judge how late a submission came, as anywhere else. Extensions are Gradescope's own.

    Pooled late days are not known here, for nobody tells of the other assignments.
    """
    due, assigned = metadata.due, metadata.assignment_due
    if due is not None and zone is not None:
        due = due.astimezone(zone)
    extended = due is not None and assigned is not None and due.astimezone(UTC) > assigned.astimezone(UTC)
    return judged(metadata.created, Deadline(due, extended), late)
