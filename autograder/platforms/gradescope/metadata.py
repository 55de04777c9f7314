"""Read `submission_metadata.json` field by field: what cannot be read counts as missing, and is named.

No student is to blame for a bad field, and none of them may take the others along. The watchdog reads it too, with the
system's Python: this needs the standard library alone, of Python 3.10.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, TypeVar

MOST_NAMED = 20
"""How many bad fields are named."""
LONGEST = 300
"""Characters of a name or an address."""
EARLIEST, LATEST = 1980, 8000
"""The years of a date that can be one."""

T = TypeVar("T")


@dataclass(frozen=True)
class User:
    """One of those who handed this in. `due` is an extension's date, where there is one."""

    name: str = ""
    email: str = ""
    due: datetime | None = None


@dataclass(frozen=True)
class Previous:
    """An earlier attempt. Gradescope gives `results` for the latest one only; `time` is how it is known again."""

    submitted: datetime | None = None
    time: str = ""
    points: float | None = None
    failed: bool = False
    results: dict[str, Any] = field(default_factory=dict)

    @property
    def extra(self) -> dict[str, Any]:
        """What we left for ourselves in its results."""
        extra = self.results.get("extra_data")
        return extra if isinstance(extra, dict) else {}

    @property
    def moment(self) -> float:
        """When it was handed in, for sorting: what has no time comes before all others."""
        return self.submitted.timestamp() if self.submitted else -math.inf


@dataclass(frozen=True)
class Metadata:
    """What Gradescope tells about a submission. Everything may be missing; `problems` names what cannot be read."""

    created: datetime | None = None
    assignment_due: datetime | None = None
    users: tuple[User, ...] = ()
    previous: tuple[Previous, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def student(self) -> str:
        """Who handed this in: one address, or all of a group's in order."""
        return " + ".join(self.group) or "student"

    @property
    def group(self) -> tuple[str, ...]:
        """Each of those who handed this in, by address or name."""
        return tuple(sorted({user.email or user.name for user in self.users} - {""}))

    @property
    def due(self) -> datetime | None:
        """When it was due: the latest of the dates given to its students, else the assignment's."""
        return max((user.due for user in self.users if user.due), default=self.assignment_due)

    @property
    def latest(self) -> Previous | None:
        """The attempt before this one."""
        return max(self.previous, key=lambda one: one.moment, default=None)


def read_metadata(data: bytes) -> Metadata:
    """Read the metadata. Never raises: see `Metadata.problems`."""
    reader = _Reader()
    try:
        whole = json.loads(data, parse_int=_number)
    except (ValueError, RecursionError):
        whole = None
    if not isinstance(whole, dict):
        return Metadata(
            problems=("submission_metadata.json is not a JSON object: nothing is known of this submission",)
        )
    assignment = reader.get(whole, "assignment", "", reader.mapping) or {}
    users = reader.get(whole, "users", "", reader.sequence) or []
    earlier = reader.get(whole, "previous_submissions", "", reader.sequence) or []
    found = Metadata(
        reader.get(whole, "created_at", "", reader.moment),
        reader.get(assignment, "due_date", "assignment.", reader.moment),
        tuple(reader.user(one, f"users[{number}]") for number, one in enumerate(users)),
        tuple(reader.previous(one, f"previous_submissions[{number}]") for number, one in enumerate(earlier)),
    )
    found = _with_zones(found, reader)
    named = reader.problems[:MOST_NAMED]
    more = len(reader.problems) - len(named)
    return replace(found, problems=(*named, *([f"and {more} more"] if more else [])))


class _Reader:
    """Reads one field at a time, and takes down what is wrong."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def get(
        self, mapping: dict[str, Any], key: str, place: str, kind: Callable[[Any], T], *, null: bool = False
    ) -> T | None:
        """Return a field, or None where it is missing or no `kind` can be made of it; `null`: it may be missing."""
        value = mapping.get(key)
        if value is None:
            if not null:
                self.problems.append(f"{place}{key} is {'null' if key in mapping else 'missing'}")
            return None
        try:
            return kind(value)
        except (ValueError, OverflowError):
            self.problems.append(f"{place}{key} cannot be read: {_shown(value)}")
            return None

    def user(self, value: Any, place: str) -> User:
        if not isinstance(value, dict):
            self.problems.append(f"{place} cannot be read: {_shown(value)}")
            return User()
        own = self.get(value, "assignment", f"{place}.", self.mapping, null=True) or {}
        due = self.get(own, "due_date", f"{place}.assignment.", self.moment, null=True)
        name = self.get(value, "name", f"{place}.", self.text)
        return User(name or "", self.get(value, "email", f"{place}.", self.text) or "", due)

    def previous(self, value: Any, place: str) -> Previous:
        if not isinstance(value, dict):
            self.problems.append(f"{place} cannot be read: {_shown(value)}")
            return Previous()
        submitted = self.get(value, "submission_time", f"{place}.", self.moment)
        return Previous(
            submitted,
            submitted.isoformat() if submitted else "",
            self.get(value, "score", f"{place}.", self.points, null=True),
            self.get(value, "autograder_error", f"{place}.", self.truth, null=True) or False,
            self.get(value, "results", f"{place}.", self.mapping, null=True) or {},
        )

    @staticmethod
    def mapping(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError
        return value

    @staticmethod
    def sequence(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError
        return value

    @staticmethod
    def text(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError
        return value[:LONGEST].encode("utf-8", "replace").decode().strip()

    @staticmethod
    def truth(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError
        return value

    @staticmethod
    def points(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        points = float(value)
        if not math.isfinite(points):
            raise ValueError
        return points

    @staticmethod
    def moment(value: Any) -> datetime:
        """A date alone is no moment, nor are the ends of the calendar, where one cannot compute."""
        if not isinstance(value, str) or len(value) < len("2027-03-01T12:00"):
            raise ValueError
        moment = datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith(("Z", "z")) else value)
        if not EARLIEST <= moment.year <= LATEST:
            raise ValueError
        return moment


def _with_zones(found: Metadata, reader: _Reader) -> Metadata:
    """Give each time without a zone the offset of the nearest time that has one.

    All of them are of one course, whose zone Gradescope does not name; the nearest one is on the same side of a change
    to summer time, most likely. Where none has a zone, all count as UTC: what is before what does not change.
    """
    users = [user.due for user in found.users]
    known = [found.created, found.assignment_due, *users, *(one.submitted for one in found.previous)]
    anchors = [moment for moment in known if moment is not None and moment.tzinfo is not None]

    def zoned(moment: datetime | None, place: str) -> datetime | None:
        if moment is None or moment.tzinfo is not None:
            return moment
        nearest = min(anchors, key=lambda anchor: abs(anchor.replace(tzinfo=None) - moment), default=None)
        zone = nearest.tzinfo if nearest else timezone.utc  # noqa: UP017 (Python 3.10)
        reader.problems.append(f"{place} has no time zone: {moment.isoformat()} is read as {zone}")
        return moment.replace(tzinfo=zone)

    return replace(
        found,
        created=zoned(found.created, "created_at"),
        assignment_due=zoned(found.assignment_due, "assignment.due_date"),
        users=tuple(
            replace(user, due=zoned(user.due, f"users[{number}].assignment.due_date"))
            for number, user in enumerate(found.users)
        ),
        previous=tuple(
            replace(one, submitted=zoned(one.submitted, f"previous_submissions[{number}].submission_time"))
            for number, one in enumerate(found.previous)
        ),
    )


def _number(digits: str) -> int | float:
    """A whole number, which Python does not make of more digits than so many."""
    return int(digits) if len(digits) < 30 else float(digits)


def _shown(value: Any) -> str:
    """A bad value, short: its type where it is long."""
    words = "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else repr(value)
    return words if len(words) <= 60 else f"{words[:57]}..."


def named(problems: Iterable[str]) -> Iterable[str]:
    """Lines for the instructor: each bad field, which counts as missing."""
    return (f"submission_metadata.json: {problem}" for problem in problems)
