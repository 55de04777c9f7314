"""Times of a course: written as its clocks show them, in a named time zone."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name, such as Europe/Zurich. Raises `ValueError`, which says what is like it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    known = {one.lower(): one for one in available_timezones()}
    word = name.lower().replace(" ", "_")
    near = difflib.get_close_matches(word, known, 1) or [one for one in known if one.endswith(f"/{word}")]
    like = known[near[0]] if near else "Europe/Zurich"
    raise ValueError(f"{name} is no time zone that has a name; one is called {like}")


def placed(moment: datetime, zone: tzinfo) -> datetime:
    """Return what a clock shows as a moment. Raises `ValueError` for a time that is skipped or comes twice."""
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    what = "comes twice" if first.astimezone(UTC) < second.astimezone(UTC) else "does not exist"
    raise ValueError(
        f"{moment:%Y-%m-%d %H:%M} {what} in {zone}, where clocks are changed then: choose another time, or write its "
        f"offset, as in {first.isoformat(timespec='minutes')}"
    )


def days_after(moment: datetime, days: int) -> datetime:
    """Return when clocks show the same time so many days later, whatever they were changed by in between.

    A time that comes twice is meant the second time; one that is skipped, the moment of the change.
    """
    wall = moment.replace(tzinfo=None) + timedelta(days=days)
    first, second = (wall.replace(tzinfo=moment.tzinfo, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first > second:  # skipped: the change lies between the two
        before = second.astimezone(moment.tzinfo).utcoffset()
        seconds = range(int((first - second).total_seconds()))
        first = second + timedelta(
            seconds=bisect_left(
                seconds,
                True,
                key=lambda one: (second + timedelta(seconds=one)).astimezone(moment.tzinfo).utcoffset() != before,
            )
        )
    return max(first, second).astimezone(moment.tzinfo)


def shown(moment: datetime) -> str:
    """Return a moment as its zone's clocks show it, with the zone's name, or its distance from UTC."""
    zone = moment.tzname() or ""
    return f"{moment:%Y-%m-%d %H:%M} {'UTC' if zone[:1] in ('+', '-') else ''}{zone}".rstrip()
