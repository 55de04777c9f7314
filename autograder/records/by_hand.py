"""Points that people gave for written answers, put into reports."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from autograder.model import CheckResult, HandGrade, Outcome, Report, answer_digest, score_of


class HandGrades:
    """What was given by hand in one assignment, in the order in which it was given.

    The last word on a text counts. A student who hands in the same text again keeps its points; another text has none.
    """

    def __init__(self, grades: Iterable[HandGrade]) -> None:
        self._by_text: dict[tuple[str, str, str], HandGrade] = {}
        self._by_question: dict[tuple[str, str], list[HandGrade]] = {}
        for grade in grades:
            self._by_text[grade.student, grade.question, grade.answer] = grade
            self._by_question.setdefault((grade.student, grade.question), []).append(grade)

    def standing(self, student: str, question: str, text: str) -> HandGrade | None:
        """Return what a student's answer was given."""
        grade = self._by_text.get((student, question, answer_digest(text)))
        return grade if grade is not None and grade.points is not None else None

    def earlier(self, student: str, question: str, text: str) -> HandGrade | None:
        """Return what another answer of the same student was given last."""
        digest = answer_digest(text)
        others = [one for one in self._by_question.get((student, question), ()) if one.answer != digest]
        return next((one for one in reversed(others) if one.points is not None), None)

    def counted(self, report: Report) -> Report:
        """Return a report in which the points that were given by hand count."""
        if all(result.answer is None for result in report.results):
            return report
        results = tuple(self._counted(report.student, result) for result in report.results)
        return replace(report, results=results, score=score_of(results, report.check_weight))

    def _counted(self, student: str, result: CheckResult) -> CheckResult:
        if result.answer is None or (grade := self.standing(student, result.exercise, result.answer)) is None:
            return result
        assert grade.points is not None
        if grade.points >= result.points:
            outcome = Outcome.PASSED
        else:
            outcome = Outcome.PARTLY if grade.points > 0 else Outcome.FAILED
        return replace(result, earned=grade.points, outcome=outcome, message=grade.comment)
