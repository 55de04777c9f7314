"""Records in which a graded attempt becomes the result of whoever it counts for: a whole group, or one with others.

Where the best attempt counts, each is kept under the assignment's name with `ATTEMPTS`, and the best of those becomes
the student's result: so a run that was stopped goes on, and nobody has two rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

import msgspec
from msgspec.structs import replace

from autograder.grading.interfaces import Store
from autograder.grading.scheduler import Done, Kind
from autograder.model import Report
from autograder.platforms.classroom import Owners, Student
from autograder.platforms.download import HandIn
from autograder.platforms.folder.download import SYSTEM as FOLDER

ATTEMPTS = " (attempts)"
"""What is added to an assignment's name for the attempts of which the best counts."""


class SharedRecords:
    """A store for a batch over a class's entries, in front of the course's records."""

    def __init__(self, records: Store, owners: Owners) -> None:
        self._records = records
        self._owners = owners
        self._lock = Lock()
        self._keys = {
            (student.name, student.number_of(hand_in)): key
            for key, own in self._owners.items()
            for student, hand_in in own
        }

    def students(self, entry: str) -> list[str]:
        """Return the names of those for whom an entry counts."""
        return [student.name for student, _ in self._owners.get(entry, ())] or [entry]

    def latest(self, assignment: str, student: str) -> Report | None:
        """Return the last report on an entry."""
        own = self._owners.get(student)
        if own is None:
            return self._records.latest(assignment, student)
        if _several(own):
            kept = self._records.latest(assignment + ATTEMPTS, student)
            return None if kept is None else replace(kept, assignment=assignment)
        report = self._records.latest(assignment, own[0][0].name)
        return None if report is None else replace(report, student=student)

    def save(self, report: Report) -> None:
        """Keep the report of an entry, for everybody it counts for."""
        own = self._owners.get(report.student)
        if own is None:
            self._records.save(report)
            return
        if _several(own):
            self._records.save(replace(report, assignment=report.assignment + ATTEMPTS))
        self._settle(report, own, new=not _several(own))

    def settled(self, results: Iterator[Done]) -> Iterator[Done]:
        """Yield what is done, and give everybody the result that stands: a group may have got a member since."""
        for one in results:
            own = self._owners.get(one.report.student)
            if own is not None and one.kind is Kind.STANDING:
                self._settle(one.report, own)
            yield one

    def _settle(self, report: Report, own: tuple[tuple[Student, HandIn], ...], *, new: bool = False) -> None:
        with self._lock:
            for student, hand_in in own:
                counting = self._counting(report, student, hand_in)
                if counting is None:
                    continue
                standing = None if new else self._records.latest(report.assignment, student.name)
                if standing is None or _differ(standing, counting):
                    self._records.save(counting)

    def _counting(self, report: Report, student: Student, hand_in: HandIn) -> Report | None:
        """Return a student's result, once all attempts are graded."""
        known = student.person.system != FOLDER or student.row is not None
        best, attempt = report, hand_in
        if len(student.counting) > 1:
            graded = [(self._attempt(report, student, one), one) for one in student.counting]
            if any(one is None for one, _ in graded):
                return None
            best, attempt = max(
                ((one, which) for one, which in graded if one is not None),
                key=lambda pair: (pair[0].status == "graded", pair[0].score, student.number_of(pair[1])),
            )
        return replace(
            best,
            student=student.name,
            person=student.person if known else best.person,
            attempt=student.number_of(attempt) if known else best.attempt,
            late=student.late,
            received=attempt.received or best.received,
        )

    def _attempt(self, report: Report, student: Student, hand_in: HandIn) -> Report | None:
        key = self._keys[student.name, student.number_of(hand_in)]
        return report if key == report.student else self.latest(report.assignment, key)


def _differ(one: Report, other: Report) -> bool:
    """Return whether two reports say different things; a loss that is not a number equals itself here."""
    return one != other and msgspec.json.encode(one) != msgspec.json.encode(other)


def _several(own: tuple[tuple[Student, HandIn], ...]) -> bool:
    """Return whether an entry is one attempt of several that are graded."""
    return any(len(student.counting) > 1 for student, _ in own)
