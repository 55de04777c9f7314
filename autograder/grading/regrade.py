"""What a regrade changes: who gains, who loses, by how much, and in which checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from autograder.grading.interfaces import Store
from autograder.model import CheckResult, Report


@dataclass(frozen=True)
class Changed:
    """One student's report before a regrade, if there was one, and after it."""

    student: str
    before: Report | None
    after: Report

    @property
    def difference(self) -> float:
        """The points that are gained; negative where they are lost."""
        return round(self.after.score - (self.before.score if self.before is not None else 0.0), 4)

    @property
    def checks(self) -> tuple[tuple[CheckResult | None, CheckResult | None], ...]:
        """The results that earn other points than before, as pairs; None where a check is new or gone."""
        before = _by_name(self.before)
        after = _by_name(self.after)
        pairs = ((before.get(name), after.get(name)) for name in {**before, **after})
        return tuple((old, new) for old, new in pairs if _earned(old) != _earned(new))


class Regrading:
    """A store for a batch that remembers what stood before, in front of the course's records.

    Args:
        records: where reports are.
        keep: whether new reports go there too; otherwise they are forgotten with this object.
    """

    def __init__(self, records: Store, *, keep: bool) -> None:
        self._records = records
        self._keep = keep
        self._lock = Lock()
        self._before: dict[tuple[str, str], Report | None] = {}
        self._after: dict[tuple[str, str], Report] = {}

    def latest(self, assignment: str, student: str) -> Report | None:
        """Return the student's last report on the assignment."""
        with self._lock:
            after = self._after.get((assignment, student))
        return after if after is not None else self._records.latest(assignment, student)

    def save(self, report: Report) -> None:
        """Take note of a report, and keep it if that is wanted."""
        key = (report.assignment, report.student)
        before = None if key in self._before else self._records.latest(*key)
        with self._lock:
            self._before.setdefault(key, before)
            self._after[key] = report
        if self._keep:
            self._records.save(report)

    def changed(self, assignment: str) -> list[Changed]:
        """Return those whose score, or whose points in some check, are others now; the largest loss first."""
        found = [
            Changed(student, self._before[name, student], report)
            for (name, student), report in self._after.items()
            if name == assignment
        ]
        return sorted(
            (one for one in found if one.difference or one.checks), key=lambda one: (one.difference, one.student)
        )


def _by_name(report: Report | None) -> Mapping[str, CheckResult]:
    return {result.name: result for result in report.results} if report is not None else {}


def _earned(result: CheckResult | None) -> float:
    return result.earned if result is not None else 0.0
