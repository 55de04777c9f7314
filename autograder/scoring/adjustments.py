"""What people changed in scores: they stay whatever is regraded, and are taken in anew each time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from msgspec.structs import replace

from autograder.model import CheckResult, ExerciseInfo, Outcome, Report, score_of

EVERYBODY = ""
"""The student of an adjustment that counts for all."""
WHOLE = ""
"""The part of an adjustment that is about the score as a whole."""


class Kind(StrEnum):
    """What an adjustment does to a part: adds points or percent of what was earned there, sets its points, gives all of
    them, or leaves the part out."""

    ADD = "add"
    PERCENT = "percent"
    SET = "set"
    GIVE = "give"
    DROP = "drop"


@dataclass(frozen=True)
class Adjustment:
    """A person's change to a score.

    Args:
        assignment: which one.
        student: the name in the records, or `EVERYBODY`.
        part: the number of an exercise, the name of a check, or `WHOLE`.
        kind: what it does.
        value: points or percent, as the kind has it; of a part that is dropped, the points it had.
        reason: why; the student reads it.
        author: who.
        time: when.
        number: the number of its row in the records.
        withdraws: the number of an earlier one, which this one takes back.
    """

    assignment: str
    student: str
    part: str
    kind: Kind
    value: float
    reason: str
    author: str
    time: datetime
    number: int = 0
    withdraws: int | None = None

    def __str__(self) -> str:
        part = f"{self.part}: " if self.part else ""
        match self.kind:
            case Kind.ADD:
                done = f"{self.value:+g} points"
            case Kind.PERCENT:
                done = f"{self.value:+g} %"
            case Kind.SET:
                done = f"set to {self.value:g} points"
            case Kind.GIVE:
                done = "full points"
            case Kind.DROP:
                done = "left out"
        return f"{part}{done} ({self.reason})"


def standing(adjustments: Iterable[Adjustment]) -> list[Adjustment]:
    """Return the adjustments that were not taken back, in the order in which they were made."""
    adjustments = list(adjustments)
    gone = {one.withdraws for one in adjustments}
    return [one for one in adjustments if one.withdraws is None and one.number not in gone]


def of_student(adjustments: Sequence[Adjustment], student: str) -> list[Adjustment]:
    """Return those that count for a student."""
    return [one for one in adjustments if one.student in (EVERYBODY, student)]


def adjusted(report: Report, adjustments: Sequence[Adjustment]) -> Report:
    """Return a report with the adjustments of its parts taken in; those of the whole score come after lateness.

    An adjustment of a part that the report does not have (an earlier rubric's) changes nothing, and a note says so.
    """
    for one in adjustments:
        if one.part == WHOLE:
            continue
        exercise = next((info for info in report.exercises if info.number == one.part), None)
        check = next((result for result in report.results if result.name == one.part), None)
        if exercise is not None:
            report = _of_exercise(report, exercise, one)
        elif check is not None:
            report = _of_check(report, check, one)
        elif report.results:
            report = replace(report, notes=(*report.notes, f"There is no {one.part} here, which was adjusted: {one}."))
        elif one.kind is Kind.DROP:  # nothing could be checked: all the same, nobody can get more
            report = replace(report, points=_rounded(report.points - one.value))
    return report


def whole(score: float, one: Adjustment) -> float:
    """Return how a score changes by an adjustment of the whole: never to less than nothing."""
    match one.kind:
        case Kind.ADD:
            change = one.value
        case Kind.PERCENT:
            change = score * one.value / 100
        case _:
            change = one.value - score
    return _rounded(max(change, -score))


def _of_exercise(report: Report, exercise: ExerciseInfo, one: Adjustment) -> Report:
    own = report.of_exercise(exercise.number)
    if one.kind is Kind.DROP:
        exercises = tuple(info for info in report.exercises if info is not exercise)
        rest = [result for result in report.results if result.exercise != exercise.number]
        left = 0.0 if exercise.bonus else exercise.points * _weight(report, own)
        return _without(report, exercises, rest, left, f"Exercise {exercise.number}", one)
    if one.kind is Kind.GIVE:
        given = {result.name for result in own}
        return _with(report, [_given(result, one) if result.name in given else result for result in report.results])
    earned = math.fsum(result.earned for result in own)
    change = whole(earned, one)
    row = CheckResult(
        name=f"adjustment {one.number}", exercise=exercise.number, asked=f"Adjusted by {one.author}", points=0.0,
        earned=change, outcome=Outcome.PASSED if change >= 0 else Outcome.FAILED, public=True, message=one.reason,
    )  # fmt: skip
    return _with(report, [*report.results, row])


def _of_check(report: Report, check: CheckResult, one: Adjustment) -> Report:
    if one.kind is Kind.DROP:
        exercises = tuple(
            replace(info, points=_rounded(info.points - check.points)) if info.number == check.exercise else info
            for info in report.exercises
        )
        bonus = any(info.bonus for info in report.exercises if info.number == check.exercise)
        rest = [result for result in report.results if result is not check]
        return _without(
            report, exercises, rest, 0.0 if bonus else check.points * _weight(report, [check]), f"`{check.name}`", one
        )
    if one.kind is Kind.GIVE:
        changed = _given(check, one)
    else:
        earned = _rounded(check.earned + whole(check.earned, one))
        outcome = Outcome.PASSED if earned >= check.points else Outcome.PARTLY if earned > 0 else Outcome.FAILED
        changed = replace(check, earned=earned, outcome=outcome, message=_with_reason(check.message, one))
    return _with(report, [changed if result is check else result for result in report.results])


def _given(result: CheckResult, one: Adjustment) -> CheckResult:
    return replace(
        result, earned=max(result.points, result.earned), outcome=Outcome.PASSED, hint="", mutant="", difference=None,
        message=f"Full points: {one.reason}",
    )  # fmt: skip


def _with_reason(message: str, one: Adjustment) -> str:
    return "\n".join(part for part in (message, f"Adjusted by {one.author}: {one.reason}") if part)


def _with(report: Report, results: Sequence[CheckResult]) -> Report:
    return replace(report, results=tuple(results), score=score_of(results, report.check_weight))


def _without(
    report: Report, exercises: tuple[ExerciseInfo, ...], results: Sequence[CheckResult], points: float, what: str,
    one: Adjustment,
) -> Report:  # fmt: skip
    left = replace(
        report, exercises=exercises, points=_rounded(report.points - points),
        notes=(*report.notes, f"{what} does not count: {one.reason}."),
    )  # fmt: skip
    return _with(left, results)


def _weight(report: Report, results: Sequence[CheckResult]) -> float:
    """Return what the points of these results are multiplied by in the total."""
    return 1.0 if any(result.answer is not None for result in results) else report.check_weight


def _rounded(value: float) -> float:
    return round(value, 4)
