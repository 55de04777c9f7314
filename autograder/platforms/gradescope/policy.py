"""Attempt limits and lateness, from what Gradescope tells about a submission. Clocks are never read: a re-run
years later decides as the first run did."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from autograder.config import GradescopeConfig, LateConfig
from autograder.platforms.gradescope.contract import Metadata, Previous

UNCOUNTED = "uncounted_attempts"
"""The key in `extra_data` under which the times of attempts that failed through our fault travel on."""
OURS = "grader_error"
"""The key that marks an attempt that failed through our fault."""
REFUSED = "refused"
"""The key that marks an attempt beyond the limit, which was not graded."""


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
    counted = [one for one in metadata.previous_submissions if not one.autograder_error and _time(one) not in free]
    hours = settings.attempts_hours
    if hours is None or metadata.created_at is None:
        return Attempts(len(counted), settings.attempts)
    window = timedelta(hours=hours)
    recent = sorted(
        one.submission_time
        for one in counted
        if one.submission_time is not None and metadata.created_at - one.submission_time < window
    )
    limit = settings.attempts
    again = recent[-limit] + window if limit is not None and len(recent) >= limit else None
    return Attempts(len(recent), limit, again)


def uncounted(metadata: Metadata) -> tuple[str, ...]:
    """The times of earlier attempts that do not count. Gradescope hands back the latest results only, so each
    attempt carries the list on to the next."""
    latest = _latest(metadata)
    if latest is None:
        return ()
    kept = latest.extra.get(UNCOUNTED)
    times = [time for time in kept if isinstance(time, str)] if isinstance(kept, list) else []
    if latest.autograder_error or latest.extra.get(OURS) or latest.extra.get(REFUSED):
        times.append(_time(latest))
    return tuple(dict.fromkeys(time for time in times if time))


def standing(metadata: Metadata) -> float | None:
    """The score that stands from before: the latest earlier attempt's that has one and did not fail."""
    done = [one for one in metadata.previous_submissions if not one.autograder_error and one.points is not None]
    return max(done, key=_moment).points if done else None


def lateness(metadata: Metadata, late: LateConfig | None) -> Lateness:
    """What lateness costs. Every day begun counts; beyond `max_days` everything is lost."""
    due, came = metadata.due, metadata.created_at
    if late is None or due is None or came is None:
        return Lateness(0, 0.0)
    over = came - due - timedelta(minutes=late.grace_minutes)
    if over <= timedelta(0):
        return Lateness(0, 0.0)
    days = math.ceil((came - due) / timedelta(days=1))
    if late.max_days is not None and days > late.max_days:
        return Lateness(days, 1.0)
    return Lateness(days, min(1.0, days * late.percent_per_day / 100))


def _latest(metadata: Metadata) -> Previous | None:
    return max(metadata.previous_submissions, key=_moment, default=None)


def _moment(previous: Previous) -> float:
    return previous.submission_time.timestamp() if previous.submission_time else -math.inf


def _time(previous: Previous) -> str:
    return previous.submission_time.isoformat() if previous.submission_time else ""
