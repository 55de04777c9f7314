"""Summarise reports for the class page: a row for each student, and the class added up."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from autograder.feedback import formats, signs
from autograder.feedback.outcomes import ExerciseResult, failed_as_a_whole
from autograder.feedback.signs import SIGNS, Sign
from autograder.model import STOPPED, ExerciseInfo, Outcome, Report


class Mistake(NamedTuple):
    """A recognised mistake. `mutant` is for TAs only."""

    exercise: str
    mutant: str
    hint: str


class Fault(NamedTuple):
    """A grader error: the check it hit ("" for the whole submission), its last line and its trace."""

    check: str
    line: str
    trace: str


@dataclass(frozen=True, slots=True)
class Row:
    """One student's line on the class page: all that is kept of a report."""

    student: str
    file: str
    status: str
    score: float
    points: float
    exercises: tuple[ExerciseInfo, ...]
    cells: tuple[ExerciseResult, ...]
    outcomes: tuple[tuple[Outcome, int], ...]
    stopped: tuple[tuple[Outcome, str], ...]
    mistakes: tuple[Mistake, ...]
    faults: tuple[Fault, ...]
    shortcuts: tuple[str, ...]
    problem: str
    ran: bool
    boundary: tuple[str, ...]
    version: tuple[str, str]
    graded: datetime | None
    own_seconds: float
    wall_seconds: float

    @staticmethod
    def of(report: Report, file: str) -> Row:
        """Summarise a report whose page is `file`."""
        ran = bool(report.results)
        return Row(
            student=report.student,
            file=file,
            status=report.status,
            score=report.score,
            points=report.points,
            exercises=report.exercises,
            cells=tuple(ExerciseResult.of(report, exercise) for exercise in report.exercises),
            outcomes=tuple(sorted(Counter(result.outcome for result in report.results).items())),
            stopped=tuple(dict.fromkeys((r.outcome, r.exercise) for r in report.results if r.outcome in STOPPED)),
            mistakes=tuple(
                dict.fromkeys(Mistake(r.exercise, r.mutant, r.hint) for r in report.results if r.hint or r.mutant)
            ),
            faults=_faults(report),
            shortcuts=tuple(formats.clip(flag, 200) for flag in report.flags[:10]),
            problem="" if failed_as_a_whole(report) else formats.clip(report.problem.strip(), 400),
            ran=ran,
            boundary=report.boundary,
            version=(report.assignment_digest, report.engine),
            graded=report.graded,
            own_seconds=report.own_seconds,
            wall_seconds=report.wall_seconds,
        )

    @property
    def flags(self) -> tuple[Sign, ...]:
        """Return the signs of the submission as a whole. Its exercises' outcomes are in their cells."""
        status = signs.status_sign(self.status)
        loading = signs.NOT_LOADED if self.problem and self.ran else None
        return tuple(sign for sign in (status, loading) if sign)

    def exercises_with(self, outcome: Outcome) -> str:
        """Return the numbers of the exercises in which a check was stopped with this outcome."""
        return ", ".join(number for stopped, number in self.stopped if stopped is outcome)


def _faults(report: Report) -> tuple[Fault, ...]:
    if failed_as_a_whole(report):
        return (_fault("", report.problem),)
    return tuple(_fault(r.name, r.message) for r in report.results if r.outcome is Outcome.GRADER_ERROR)


def _fault(check: str, trace: str) -> Fault:
    lines = trace.strip().splitlines()
    return Fault(check, formats.clip(lines[-1], 300) if lines else "no message", formats.clip(trace.strip(), 3_000))


@dataclass(frozen=True, slots=True)
class ExerciseSummary:
    """The class's result in one exercise, over the graded submissions."""

    number: str
    title: str
    points: float
    share: float
    complete: int
    untouched: int
    of: int


@dataclass(frozen=True, slots=True)
class MistakeSummary:
    """A recognised mistake and who made it."""

    mistake: Mistake
    rows: tuple[Row, ...]


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
    exercises: tuple[ExerciseSummary, ...]
    mistakes: tuple[MistakeSummary, ...]
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
            exercises=_exercises(rows, graded),
            mistakes=_mistakes(rows),
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
    def unprotected(self) -> int:
        """Return how many submissions ran without a boundary."""
        return sum(boundary.count for boundary in self.boundaries if not boundary.holds)


def _exercises(rows: Sequence[Row], graded: Sequence[Row]) -> tuple[ExerciseSummary, ...]:
    infos = {info.number: info for row in rows for info in row.exercises}
    cells: dict[str, list[ExerciseResult]] = {number: [] for number in infos}
    for row in graded:
        for cell in row.cells:
            if cell.outcome is not Outcome.NOT_GRADED:  # nobody knows yet what it is worth
                cells[cell.number].append(cell)
    return tuple(
        ExerciseSummary(
            number=info.number,
            title=info.title,
            points=info.points,
            share=_share(cells[info.number]),
            complete=sum(cell.complete for cell in cells[info.number]),
            untouched=sum(cell.outcome is Outcome.NOT_ATTEMPTED for cell in cells[info.number]),
            of=len(cells[info.number]),
        )
        for info in infos.values()
    )


def _share(cells: Sequence[ExerciseResult]) -> float:
    whole = sum(cell.points for cell in cells)
    return min(1.0, max(0.0, sum(cell.earned for cell in cells) / whole)) if whole else 0.0


def _mistakes(rows: Sequence[Row]) -> tuple[MistakeSummary, ...]:
    found: dict[Mistake, list[Row]] = {}
    for row in rows:
        for mistake in row.mistakes:
            found.setdefault(mistake, []).append(row)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(MistakeSummary(mistake, tuple(who)) for mistake, who in ordered)


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
