"""More time for some students: from the records, and from a table that the course keeps."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from autograder.errors import InputError
from autograder.model import Report
from autograder.scoring.late import Deadline
from autograder.zones import placed, shown

COLUMNS = ("student", "assignment", "due", "excused", "reason")
YES, NO = ("yes", "true", "1", "x"), ("", "no", "false", "0")


@dataclass(frozen=True)
class Extension:
    """Another due date for a student, or an excuse: then lateness costs nothing. With neither, it takes an earlier one
    back. `student` is a name in the records, or an id, an e-mail address or a number that is known of somebody."""

    assignment: str
    student: str
    due: datetime | None
    excused: bool
    reason: str
    author: str
    time: datetime
    number: int = 0

    def __str__(self) -> str:
        if self.excused:
            done = "excused"
        else:
            done = f"due {shown(self.due)}" if self.due is not None else "extension taken back"
        return f"{done} ({self.reason})" if self.reason else done

    def in_zone(self, zone: tzinfo | None) -> Extension:
        """Return the same with the due date as the clocks of a zone show it."""
        return self if self.due is None or zone is None else replace(self, due=self.due.astimezone(zone))


class Extensions:
    """All extensions of a course. Of one source a student's last one counts; of several the one that helps most."""

    def __init__(self, *sources: Iterable[Extension]) -> None:
        self._by_source = [
            {(one.assignment, one.student.casefold()): one for one in source}  # the last one of each stays
            for source in sources
        ]

    def deadline(self, assignment: str, report: Report, due: datetime | None) -> Deadline:
        """Return when a student's work is due."""
        known = [(assignment, name) for name in names_of(report)]
        own = [source[key] for source in self._by_source for key in known if key in source]
        dates = [one.due for one in own if one.due is not None]
        zone = due.tzinfo if due is not None else None
        latest = max(dates, key=lambda one: one.astimezone(UTC)) if dates else None
        extended = latest is not None and (due is None or latest.astimezone(UTC) > due.astimezone(UTC))
        if extended and latest is not None:
            due = latest.astimezone(zone) if zone is not None else latest
        return Deadline(due, extended, any(one.excused for one in own))


def names_of(report: Report) -> list[str]:
    """Return what a student is known by: the name in the records, an id, an e-mail address, a number."""
    person = report.person
    known = [report.student] if person is None else [report.student, person.id, person.email, person.number]
    return list(dict.fromkeys(one.casefold() for one in known if one))


def read_extensions(path: Path, assignments: Sequence[str], zone: tzinfo | None) -> list[Extension]:
    """Read a table of extensions, with `COLUMNS`. Raises `InputError`, which names the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    reader = csv.reader(text.splitlines())
    header = [name.strip().lower() for name in next(reader, [])]
    unknown = [name for name in header if name not in COLUMNS]
    if unknown or not {"student", "assignment"} <= set(header):
        raise InputError(
            f"{path}, line 1: the columns are {', '.join(COLUMNS)}, with student and assignment at least"
            + (f"; {unknown[0]!r} is none of them" if unknown else "")
        )
    found = []
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        try:
            found.append(_extension(cells, assignments, zone))
        except ValueError as error:
            raise InputError(f"{path}, line {reader.line_num}: {error}") from error
    return found


def moment_in(text: str, zone: tzinfo | None) -> datetime:
    """Read a date and time, without a zone as the course's clocks show it. Raises `ValueError`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is no date and time: write it like 2027-03-05 23:59") from None
    if len(text) <= len("2027-03-05"):
        raise ValueError(f"{text} has no time of day: write it like 2027-03-05 23:59")
    if moment.tzinfo is not None:
        return moment.astimezone(zone) if zone is not None else moment
    if zone is None:
        raise ValueError(
            f"{text} has no time zone: write it like 2027-03-05T23:59+01:00, or name the course's: course.time_zone"
        )
    return placed(moment, zone)


def _extension(cells: dict[str, str], assignments: Sequence[str], zone: tzinfo | None) -> Extension:
    student, assignment = cells.get("student", ""), cells.get("assignment", "")
    due, excused = cells.get("due", ""), cells.get("excused", "").lower()
    if not student:
        raise ValueError("there is no student")
    if assignment not in assignments:
        raise ValueError(f"{assignment!r} is no assignment of the course; it has: {', '.join(sorted(assignments))}")
    if excused not in (*YES, *NO):
        raise ValueError(f"excused is yes or no, not {excused!r}")
    if not due and excused in NO:
        raise ValueError("there is neither a due date nor an excuse")
    moment = moment_in(due, zone) if due else None
    return Extension(assignment, student, moment, excused in YES, cells.get("reason", ""), "", datetime.min)
