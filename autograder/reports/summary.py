"""Add the rows of a class up for its page."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from autograder.feedback import signs
from autograder.feedback.outcomes import CLOSE
from autograder.feedback.signs import SIGNS, Sign
from autograder.model import Outcome
from autograder.reports.exercises import ExerciseSummary, exercise_summaries
from autograder.reports.mistakes import MistakeSummary, mistake_summaries
from autograder.reports.rows import Fault, Row
from autograder.reports.standings import Standings, standings
from autograder.reports.timings import CheckTiming, slowest_checks


@dataclass(frozen=True, slots=True)
class FaultSummary:
    """A grader error and whom it hit."""

    fault: Fault
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Attention:
    """A group of submissions that a TA should look at, with a detail for each."""

    title: str
    why: str
    sign: Sign
    rows: tuple[tuple[Row, str], ...]


@dataclass(frozen=True, slots=True)
class Boundary:
    """A set of sandbox layers, and how many submissions ran behind it."""

    layers: tuple[str, ...]
    count: int

    @property
    def holds(self) -> bool:
        """Return whether these layers are a boundary at all."""
        return bool(self.layers) and not any(re.search(r"\bnone\b", layer, re.IGNORECASE) for layer in self.layers)


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """The class, added up. Means, shares and the distribution are over the graded submissions only."""

    rows: tuple[Row, ...]
    graded: int
    points: float
    mean: float | None
    median: float | None
    shares: tuple[float, ...]
    full: int
    exercises: tuple[ExerciseSummary, ...]
    mistakes: tuple[MistakeSummary, ...]
    standings: tuple[Standings, ...]
    slowest: tuple[CheckTiming, ...]
    outcomes: tuple[tuple[Outcome, int], ...]
    faults: tuple[FaultSummary, ...]
    attention: tuple[Attention, ...]
    boundaries: tuple[Boundary, ...]
    versions: int
    first: datetime | None
    last: datetime | None
    own_seconds: float | None
    over_seconds: float | None

    @staticmethod
    def of(rows: Iterable[Row]) -> ClassSummary:
        """Add up a class."""
        rows = tuple(sorted(rows, key=lambda row: (row.student.casefold(), row.student)))
        graded = [row for row in rows if row.status == "graded"]
        ran = [row for row in rows if row.ran]
        scores = [row.score for row in graded]
        times = [row.graded for row in rows if row.graded is not None]
        counts: Counter[Outcome] = Counter()
        for row in rows:
            counts.update(dict(row.outcomes))
        return ClassSummary(
            rows=rows,
            graded=len(graded),
            points=max((row.points for row in rows), default=0.0),
            mean=statistics.fmean(scores) if scores else None,
            median=statistics.median(scores) if scores else None,
            shares=tuple(row.score / row.points if row.points else 0.0 for row in graded),
            full=sum(row.points > 0 and row.score >= row.points - CLOSE for row in graded),
            exercises=exercise_summaries(rows, graded),
            mistakes=mistake_summaries(rows),
            standings=standings(rows),
            slowest=slowest_checks(rows),
            outcomes=tuple((outcome, counts[outcome]) for outcome in Outcome if counts[outcome]),
            faults=_fault_groups(rows),
            attention=_attention(rows),
            boundaries=tuple(Boundary(*found) for found in Counter(row.boundary for row in ran).most_common()),
            versions=len({row.version for row in rows}),
            first=min(times, key=datetime.timestamp, default=None),
            last=max(times, key=datetime.timestamp, default=None),
            own_seconds=statistics.median(row.own_seconds for row in ran) if ran else None,
            over_seconds=statistics.median(max(0.0, r.wall_seconds - r.own_seconds) for r in ran) if ran else None,
        )

    @property
    def doubtful(self) -> tuple[ExerciseSummary, ...]:
        """Return the exercises that somebody should read again."""
        return tuple(exercise for exercise in self.exercises if exercise.doubtful)

    @property
    def to_look_at(self) -> frozenset[str]:
        """Return the students whose submissions need a look."""
        hit = [row for group in self.faults for row in group.rows]
        hit += [row for group in self.attention for row, _ in group.rows]
        return frozenset(row.student for row in hit)

    @property
    def unprotected(self) -> int:
        """Return how many submissions ran without a boundary."""
        return sum(boundary.count for boundary in self.boundaries if not boundary.holds)


def _fault_groups(rows: Sequence[Row]) -> tuple[FaultSummary, ...]:
    found: dict[tuple[str, str], tuple[Fault, list[Row]]] = {}
    for row in rows:
        for fault in row.faults:
            found.setdefault((fault.check, fault.line), (fault, []))[1].append(row)
    ordered = sorted(found.values(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(FaultSummary(fault, tuple(who)) for fault, who in ordered)


def _attention(rows: Sequence[Row]) -> tuple[Attention, ...]:
    groups = [
        Attention(
            "Rejected",
            "These could not be read. The students see the reason and can hand in again.",
            signs.REJECTED,
            tuple((row, row.problem) for row in rows if row.status == "rejected"),
        ),
        Attention(
            "Stopped while loading",
            "The file itself raised an error or ended before any check could call it.",
            signs.NOT_LOADED,
            tuple((row, row.problem) for row in rows if row.ran and row.problem),
        ),
        Attention(
            "May use a library shortcut",
            "Places to read: they cost no points by themselves. What a ban stopped has cost them already.",
            signs.TO_READ,
            tuple((row, " ".join(row.shortcuts)) for row in rows if row.shortcuts),
        ),
    ]
    for outcome, why in (
        (Outcome.TIMED_OUT, "A check ran longer than it may. Slow code, or an endless loop."),
        (Outcome.OUT_OF_MEMORY, "A check asked for more memory than it may have."),
        (Outcome.CRASHED, "The student's process ended by itself."),
    ):
        sign = SIGNS[outcome]
        hit = (row for row in rows if dict(row.outcomes).get(outcome) and not row.problem)
        groups.append(Attention(sign.title, why, sign, tuple((row, row.exercises_with(outcome)) for row in hit)))
    return tuple(group for group in groups if group.rows)
