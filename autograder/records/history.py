"""Every score of a student: attempts, regrades, changes of the rules, and what people decided, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from autograder.records.ledger import Graded, Ledger, Score
from autograder.scoring.adjustments import EVERYBODY

CAUSES = {"adjustment": "adjusted", "extension": "extended", "policy": "rules changed"}


@dataclass(frozen=True)
class Event:
    """Something that happened to a student's score. `score` is None where it has none, `before` where there was none.

    `what` is "attempt", "regraded", "adjusted", "extended" or "rules changed"; `why` the arithmetic or the decision.
    """

    time: datetime
    what: str
    score: float | None
    points: float | None
    who: str
    why: str


def history_of(ledger: Ledger, assignment: str, names: list[str], zone: tzinfo | None = None) -> list[Event]:
    """Return what happened to a student's scores in an assignment; `names` is what the student is known by, first the
    name in the records. Due dates are told as the clocks of `zone` show them."""
    student = names[0]
    reports = [row for row in ledger.graded(assignment) if row.student == student]
    scores = [one for one in ledger.scores(assignment) if one.student == student]
    events = [*_graded(reports, scores), *_changed(scores)]
    for one in ledger.adjustments(assignment):
        if one.student in (EVERYBODY, student):
            back = f"no. {one.withdraws} taken back: " if one.withdraws else ""
            events.append(Event(one.time, "decided", None, None, one.author, f"{back}no. {one.number}: {one}"))
    for more in ledger.extensions(assignment):
        if more.student.casefold() in (name.casefold() for name in names):
            events.append(Event(more.time, "decided", None, None, more.author, str(more.in_zone(zone))))
    return sorted(events, key=lambda event: event.time)


def _graded(reports: list[Graded], scores: list[Score]) -> Iterator[Event]:
    """Yield each report, with the score that counted when it was first looked at."""
    counted = {one.report: one for one in reversed(scores) if one.cause == "graded"}
    digest = None
    for row in reports:
        what = "regraded" if row.digest == digest else "attempt"
        digest = row.digest
        when = (row.graded or datetime.fromtimestamp(0, UTC)).replace(tzinfo=UTC)
        score = counted.get(row.number)
        if score is not None:
            yield Event(when, what, score.score, score.points, score.author, score.arithmetic or row.status)
        else:
            yield Event(when, what, None if row.status == "grader error" else row.score, row.points, "", row.status)


def _changed(scores: list[Score]) -> Iterator[Event]:
    for one in scores:
        if one.cause in CAUSES:
            yield Event(one.time, CAUSES[one.cause], one.score, one.points, one.author, one.arithmetic or "as earned")
