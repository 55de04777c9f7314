"""Written answers in nbgrader's gradebook: points that were given on our page are a person's there, too."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from autograder.model import HandGrade, Report, answer_digest
from autograder.platforms.nbgrader.gradebook import _score
from autograder.records.by_hand import HandGrades
from tests.asked import answer, report

TEXT = "It is convex."


def scored(found: Report, manual: float | None = None) -> SimpleNamespace:
    """The grade of a cell that nbgrader counts 6 points for, after a report was written into it."""
    grade = SimpleNamespace(auto_score=None, manual_score=manual, max_score=6.0, needs_manual_grade=True)
    _score(grade, found, found.exercises[1])
    return grade


def test_an_answer_waits_for_a_person_there_too():
    assert vars(scored(report("ada", answer("3", TEXT)))) == {
        "auto_score": None, "manual_score": None, "max_score": 6.0, "needs_manual_grade": True,
    }  # fmt: skip


def test_points_that_were_given_in_nbgraders_own_form_stay():
    grade = scored(report("ada", answer("3", TEXT)), manual=4.0)
    assert (grade.manual_score, grade.needs_manual_grade) == (4.0, False)


@pytest.mark.parametrize(("points", "there"), [(3.0, 6.0), (1.5, 3.0), (0.0, 0.0)])
def test_points_given_on_our_page_go_in_by_nbgraders_measure(points, there):
    given = HandGrade("ada", "3", answer_digest(TEXT), points, datetime(2027, 3, 1, tzinfo=UTC))
    grade = scored(HandGrades([given]).counted(report("ada", answer("3", TEXT))))
    assert (grade.manual_score, grade.needs_manual_grade) == (there, False)


def test_nothing_written_needs_nobody():
    grade = scored(report("ada", answer("3", "")))
    assert (grade.auto_score, grade.manual_score, grade.needs_manual_grade) == (0.0, None, False)
