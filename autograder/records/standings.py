"""The scores that stand: reports with adjustments and lateness taken in, worked out anew each time they are read."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property

from autograder.config import Config
from autograder.model import Report
from autograder.records.ledger import Graded, Ledger, Score
from autograder.records.store import Records
from autograder.scoring.adjustments import Adjustment, of_student, standing
from autograder.scoring.extensions import Extension, Extensions, names_of, read_extensions
from autograder.scoring.late import Lateness, Work, lateness, with_pool
from autograder.scoring.settle import settled


def user() -> str:
    """Return who runs this, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # nobody has that number
        return ""


class Standings:
    """The scores that stand in one assignment. Nothing is run for them: a change of the rules changes them at once.

    Args:
        records: where reports are, and what people decided.
        config: the course's rules.
        name: the assignment.
        also: adjustments that would be made, to see what would come of them; then nothing is taken down.
        also_extended: extensions that would be given.

    Raises:
        RecordsError: where the records cannot be read or written.
        InputError: for a table of extensions with a mistake.
    """

    def __init__(
        self,
        records: Records,
        config: Config,
        name: str,
        *,
        also: Sequence[Adjustment] = (),
        also_extended: Sequence[Extension] = (),
    ) -> None:
        self._records = records
        self._config = config
        self._name = name
        self._supposed = bool(also or also_extended)
        self._ledger = Ledger(records)
        self._by_hand = records.given(name)
        self._made = [*self._ledger.adjustments(name), *also]
        self._adjustments = standing(self._made)
        self._given = [*self._ledger.extensions(), *also_extended]
        table = config.course.extensions
        zone = config.course.zone
        listed = read_extensions(config.root / table, list(config.assignments), zone) if table else []
        self._extensions = Extensions(self._given, listed)

    def reports(self, *, note: bool = True) -> Iterator[Report]:
        """Yield every student's latest report as it counts; when all are read, take down which scores have changed.

        `note`: False where nothing may be written.
        """
        before = self._ledger.latest_scores(self._name)
        numbers = {row.student: row.number for row in self._graded[self._name]}
        changed = []
        for report in self._records.all_latest(self._name):
            true = self.of(report)
            now = self._changed(before.get(report.student), true, numbers.get(report.student))
            if now is not None:
                changed.append(now)
            yield true
        if changed and note and not self._supposed:
            self._ledger.note(changed)

    def student(self, student: str) -> Report | None:
        """Return a student's latest report as it counts."""
        report = self._records.latest(self._name, student)
        return None if report is None else self.of(report)

    def of(self, report: Report) -> Report:
        """Return a report as it counts."""
        report = self._by_hand.counted(report)
        return settled(report, self._lateness(report), of_student(self._adjustments, report.student))

    def _lateness(self, report: Report) -> Lateness:
        rule = self._config.late(self._name)
        due = self._config.assignment(self._name).due
        deadline = self._extensions.deadline(self._name, report, due)
        pool = self._config.course.late_days
        if not pool or rule is None or due is None:
            return lateness(report.received, deadline, rule)
        others = (self._work(name, report) for name in self._config.assignments if name != self._name)
        return with_pool([*others, Work(self._name, due, report.received, deadline, rule)], pool)[self._name]

    def _work(self, assignment: str, report: Report) -> Work:
        due = self._config.assignment(assignment).due
        deadline = self._extensions.deadline(assignment, report, due)
        return Work(
            assignment, due, self._received[assignment].get(report.student), deadline, self._config.late(assignment)
        )

    @cached_property
    def _received(self) -> dict[str, dict[str, datetime | None]]:
        """When each student's latest work came, for every assignment."""
        return {name: {row.student: row.received for row in rows} for name, rows in self._graded.items()}

    @cached_property
    def _graded(self) -> dict[str, list[Graded]]:
        needed = self._config.assignments if self._config.course.late_days else (self._name,)
        return {name: self._ledger.graded(name) for name in needed}

    def _changed(self, before: Score | None, now: Report, number: int | None) -> Score | None:
        """Return the score for the history, if it is not the last one there."""
        score = None if now.status == "grader error" else now.score
        if before is not None and before.report == number:
            if (before.score, before.points, before.arithmetic) == (score, now.points, now.arithmetic):
                return None
            cause, when = self._cause(before.time, now), datetime.now(UTC)
        else:
            cause, when = "graded", now.graded or datetime.now(UTC)
        return Score(self._name, now.student, score, now.points, cause, now.arithmetic, number, user(), when)

    def _cause(self, since: datetime, report: Report) -> str:
        """Say what changed a score that nothing was graded for."""
        if any(one.time >= since for one in of_student(self._made, report.student)):
            return "adjustment"
        known = names_of(report)
        extended = (one for one in self._given if one.assignment == self._name and one.student.casefold() in known)
        return "extension" if any(one.time >= since for one in extended) else "policy"
