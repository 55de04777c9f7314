"""Gradescope's two files: `results.json`, which a grader writes, and `submission_metadata.json`, which it is given.

What we write is strict (an unknown field is a mistake of ours); what we are given is read with patience.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec

from autograder.errors import ResultsFormatError
from autograder.identity import clean_name

Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]
Format = Literal["text", "html", "simple_format", "md", "ansi"]


class _Written(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Test(_Written, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One row of the student's page."""

    __test__ = False  # not one of pytest's

    name: str = ""
    score: float | None = None
    max_score: float | None = None
    status: Literal["passed", "failed"] | None = None
    number: str | None = None
    output: str = ""
    name_format: Format | None = None
    output_format: Format | None = None
    tags: tuple[str, ...] = ()
    visibility: Visibility | None = None
    extra_data: dict[str, Any] = {}


class Leader(_Written, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One column of the leaderboard; the highest value comes first unless `order` is "asc"."""

    name: str
    value: float | str
    order: Literal["asc", "desc"] | None = None


class Results(_Written, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The whole of `results.json`."""

    score: float | None = None
    execution_time: float | None = None
    output: str = ""
    output_format: Format | None = None
    test_output_format: Format | None = None
    test_name_format: Format | None = None
    visibility: Visibility | None = None
    stdout_visibility: Visibility | None = None
    extra_data: dict[str, Any] = {}
    tests: tuple[Test, ...] = ()
    leaderboard: tuple[Leader, ...] = ()


def encode(results: Results) -> bytes:
    """The file's bytes, checked against the contract. Raises `ResultsFormatError`."""
    try:
        data = msgspec.json.encode(results)
    except (UnicodeEncodeError, TypeError, ValueError) as error:
        raise ResultsFormatError(f"results.json cannot be written: {error}") from error
    _check_numbers(results)
    check(data)
    return data


def check(data: bytes) -> Results:
    """Read a `results.json` as strictly as the published contract has it. Raises `ResultsFormatError`."""
    try:
        results = msgspec.json.decode(data, type=Results)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ResultsFormatError(f"results.json: {error}") from error
    if results.score is None and all(test.score is None for test in results.tests):
        raise ResultsFormatError("results.json: it needs a score, or tests with scores")
    _check_numbers(results)
    return results


def _check_numbers(results: Results) -> None:
    """JSON has no NaN: msgspec writes null for one, which reads as if nothing had been given."""
    numbers: Iterable[float | str | None] = (
        results.score,
        results.execution_time,
        *(number for test in results.tests for number in (test.score, test.max_score)),
        *(leader.value for leader in results.leaderboard),
    )
    if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
        raise ResultsFormatError("results.json: a number is not finite")


class Dates(msgspec.Struct, frozen=True):
    """The dates of an assignment, or those that one student was given instead."""

    due_date: datetime | None = None
    late_due_date: datetime | None = None
    release_date: datetime | None = None


class AssignmentData(Dates, frozen=True):
    """The assignment as Gradescope knows it."""

    title: str = ""
    total_points: str | float | None = None
    group_submission: bool | None = None
    group_size: int | None = None


class User(msgspec.Struct, frozen=True):
    """One of those who handed this in."""

    name: str = ""
    email: str = ""
    assignment: Dates | None = None


class Previous(msgspec.Struct, frozen=True):
    """An earlier attempt. Gradescope gives `results` for the latest one only."""

    submission_time: datetime | None = None
    score: float | str | None = None
    autograder_error: bool | None = None
    results: dict[str, Any] | None = None

    @property
    def points(self) -> float | None:
        """Its score as a number, where there is one."""
        try:
            points = float(self.score) if self.score is not None else math.nan
        except ValueError:
            return None
        return points if math.isfinite(points) else None

    @property
    def extra(self) -> dict[str, Any]:
        """What we left for ourselves in its results."""
        extra = (self.results or {}).get("extra_data")
        return extra if isinstance(extra, dict) else {}


class Metadata(msgspec.Struct, frozen=True):
    """`submission_metadata.json`. Everything may be missing."""

    id: int | str | None = None
    created_at: datetime | None = None
    assignment: AssignmentData = AssignmentData()
    users: tuple[User, ...] = ()
    previous_submissions: tuple[Previous, ...] = ()

    @property
    def student(self) -> str:
        """Who handed this in: one address, or all of a group's in order."""
        named = sorted({clean_name(user.email or user.name) for user in self.users if user.email or user.name})
        return clean_name(" + ".join(named) or "student")

    @property
    def due(self) -> datetime | None:
        """When it was due: the latest of the dates given to its students, else the assignment's."""
        own = [user.assignment.due_date for user in self.users if user.assignment and user.assignment.due_date]
        return max(own) if own else self.assignment.due_date


def read_metadata(data: bytes) -> Metadata:
    """Read the metadata; what cannot be read counts as missing, since no student is to blame for it."""
    try:
        found = msgspec.json.decode(data, type=Metadata, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Metadata()
    moments = [found.created_at, found.assignment.due_date, *(p.submission_time for p in found.previous_submissions)]
    moments += [user.assignment.due_date for user in found.users if user.assignment]
    if all(moment is None or moment.tzinfo is not None for moment in moments):
        return found
    return Metadata(users=tuple(User(user.name, user.email) for user in found.users))
