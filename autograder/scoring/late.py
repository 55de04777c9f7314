"""What lateness costs, by rules that are data. No clock is read: the same work costs the same in ten years."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from autograder.config_parts import LateConfig
from autograder.zones import days_after

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Deadline:
    """When a student's work is due. `extended`: for this student only; `excused`: lateness costs nothing."""

    due: datetime | None
    extended: bool = False
    excused: bool = False


@dataclass(frozen=True)
class Lateness:
    """How late a work is, and by which rules that costs.

    `late` means after the grace period. `late_days` were taken from the student's pool, `units` days or hours begun are
    left to be paid. `refused`: too late to count at all.
    """

    deadline: Deadline
    came: datetime | None
    rule: LateConfig | None
    late: bool = False
    late_days: int = 0
    units: int = 0
    refused: bool = False

    @property
    def hourly(self) -> bool:
        """Return whether hours are counted, not days."""
        rule = self.rule
        return rule is not None and (rule.percent_per_hour is not None or rule.points_per_hour is not None)

    def cost(self, earned: float, points: float) -> float:
        """Return what is taken off `earned` points of an assignment worth `points`: never more than was earned."""
        return self.priced(earned, points)[0]

    def priced(self, earned: float, points: float) -> tuple[float, str]:
        """Return what is taken off, and which bound made it less than the rate comes to; nothing where none did."""
        rule = self.rule
        if rule is None or earned <= 0:
            return 0.0, ""
        if self.refused:
            return earned, ""
        percent = rule.percent_per_hour if self.hourly else rule.percent_per_day
        each = rule.points_per_hour if self.hourly else rule.points_per_day
        prices = [(self.units * (earned * percent / 100 if percent is not None else each or 0.0), "")]
        if rule.max_percent is not None:
            prices.append((earned * rule.max_percent / 100, "max_percent"))
        if rule.max_points is not None:
            prices.append((rule.max_points, "max_points"))
        if rule.floor_percent is not None:
            prices.append((max(0.0, earned - points * rule.floor_percent / 100), "floor_percent"))
        cost, bound = min(prices, key=lambda price: price[0])  # of equal ones the first
        return round(min(cost, earned), 4), bound


def lateness(came: datetime | None, deadline: Deadline, rule: LateConfig | None, pool: int = 0) -> Lateness:
    """Judge when a work came. Every day or hour begun counts, from the due date, once the grace period is over.

    Args:
        came: when it was handed in; without a time nothing is late.
        deadline: when it was due.
        rule: what lateness costs; None: nothing.
        pool: how many late days the student has left.
    """
    due = deadline.due
    if came is None or due is None:
        return Lateness(deadline, came, rule)
    grace = timedelta(minutes=rule.grace_minutes if rule is not None else 0)
    if _since(came, due) <= grace:
        return Lateness(deadline, came, rule)
    if rule is None or deadline.excused:
        return Lateness(deadline, came, rule, late=True)
    if _refused(came, deadline, rule):
        return Lateness(deadline, came, rule, late=True, refused=True)
    most = pool if rule.late_days is None else min(pool, rule.late_days)
    used = 0
    while used < most and _costs(rule) and _since(came, days_after(due, used)) > grace:
        used += 1
    moved = days_after(due, used)
    judged = Lateness(deadline, came, rule, late=True, late_days=used)
    if _since(came, moved) <= grace:
        return judged
    units = -(_since(came, moved) // -HOUR) if judged.hourly else days_begun(came, moved)
    return Lateness(deadline, came, rule, late=True, late_days=used, units=units)


@dataclass(frozen=True)
class Work:
    """What one student handed in for one assignment, as far as lateness goes. `due` orders the assignments."""

    assignment: str
    due: datetime | None
    came: datetime | None
    deadline: Deadline
    rule: LateConfig | None


def with_pool(works: Iterable[Work], pool: int) -> dict[str, Lateness]:
    """Judge a student's works, who has so many late days for all of them: they are used as soon as they help, in the
    order in which the assignments are due."""
    found = {}
    never = datetime.max.replace(tzinfo=UTC)
    for work in sorted(works, key=lambda one: ((one.due or never).astimezone(UTC), one.assignment)):
        judged = lateness(work.came, work.deadline, work.rule, pool)
        pool -= judged.late_days
        found[work.assignment] = judged
    return found


def days_begun(came: datetime, due: datetime) -> int:
    """Return how many days have begun since a work was due. A day ends when clocks show the time of the due date."""
    days = max(0, (came.astimezone(due.tzinfo).date() - due.date()).days - 1)
    while _since(came, days_after(due, days)) > timedelta(0):
        days += 1
    return days


def _since(came: datetime, due: datetime) -> timedelta:
    """Return the time that has passed. In UTC: two times of one zone would be compared as its clocks show them."""
    return came.astimezone(UTC) - due.astimezone(UTC)


def _refused(came: datetime, deadline: Deadline, rule: LateConfig) -> bool:
    assert deadline.due is not None
    if rule.max_days is not None and days_begun(came, deadline.due) > rule.max_days:
        return True
    end = rule.hard_deadline
    if end is None:
        return False
    if deadline.extended:  # nobody's own due date lies after the end
        end = max(end, deadline.due, key=lambda one: one.astimezone(UTC))
    return _since(came, end) > timedelta(0)


def _costs(rule: LateConfig) -> bool:
    return bool(rule.percent_per_day or rule.percent_per_hour or rule.points_per_day or rule.points_per_hour)
