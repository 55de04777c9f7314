"""Points given by hand: they count for the text that they were given for, and for no other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from autograder.model import HandGrade, Outcome, answer_digest
from autograder.records import Records
from autograder.records.by_hand import HandGrades
from tests.asked import answer, report

WHEN = datetime(2027, 3, 1, 12, tzinfo=UTC)


def grade(points: float | None, text: str = "It is convex.", student: str = "ada", **more) -> HandGrade:
    return HandGrade(student, "3", answer_digest(text), points, **{"grader": "Grace", "given": WHEN, **more})


def counted(grades, text: str = "It is convex."):
    return HandGrades(grades).counted(report("ada", answer("3", text)))


@pytest.mark.parametrize(("points", "outcome"), [(3.0, Outcome.PASSED), (1.5, Outcome.PARTLY), (0.0, Outcome.FAILED)])
def test_points_count_in_the_score_and_the_comment_is_said(points, outcome):
    found = counted([grade(points, comment="Well seen.")])
    assert found.score == 10 + points
    assert (found.results[1].earned, found.results[1].outcome, found.results[1].message) == (
        points, outcome, "Well seen.",
    )  # fmt: skip
    assert found.waiting == 0


def test_until_then_they_wait():
    found = counted([])
    assert (found.score, found.waiting, found.results[1].outcome) == (10, 3, Outcome.NOT_GRADED)


def test_the_last_word_counts_also_when_it_takes_points_back():
    assert counted([grade(3), grade(1)]).score == 11
    assert counted([grade(3), grade(None)]).results[1].outcome is Outcome.NOT_GRADED


def test_another_text_is_ungraded_and_the_earlier_points_are_remembered():
    given = HandGrades([grade(1), grade(2)])
    assert counted([grade(2)], "It is strictly convex.").results[1].outcome is Outcome.NOT_GRADED
    assert given.earlier("ada", "3", "It is strictly convex.").points == 2
    assert given.earlier("ada", "3", "It is convex.") is None


def test_the_first_text_handed_in_again_has_its_points_again():
    assert counted([grade(2), grade(1, "Another.")]).score == 12


def test_nobody_has_the_points_of_another_student_or_question():
    given = HandGrades([grade(2, student="bo"), HandGrade("ada", "4", answer_digest("It is convex."), 2.0, WHEN)])
    assert given.counted(report("ada", answer("3", "It is convex."))).score == 10


def test_inside_the_total_the_checks_count_less_and_the_words_in_full():
    """10 points of checks and 3 of words in a total of 10: the checks count seven tenths."""
    words = answer("3", "It is convex.")
    assert HandGrades([grade(3)]).counted(report("ada", words, check_weight=0.7)).score == 10
    assert HandGrades([]).counted(report("ada", words, check_weight=0.7)).score == 7


def test_to_count_twice_changes_nothing():
    given = HandGrades([grade(2)])
    once = given.counted(report("ada", answer("3", "It is convex.")))
    assert given.counted(once) == once


def test_they_are_kept_in_the_records_with_who_gave_them_and_when(tmp_path):
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        records.save(report("ada", answer("3", "It is convex.")))
        records.give("tiny", [grade(1), grade(2, comment="So it is.")])
        records.give("other", [grade(3)])
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        assert records.given("tiny").standing("ada", "3", "It is convex.") == grade(2, comment="So it is.")
        assert [one.score for one in records.all_counted("tiny")] == [12]
        assert [one.score for one in records.all_latest("tiny")] == [10]


def test_all_of_them_are_committed_or_none(tmp_path):
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        with pytest.raises(Exception):  # noqa: B017 - whatever the database calls it
            records.give("tiny", [grade(1), HandGrade("bo", None, "x", 1.0, WHEN)])  # type: ignore[arg-type]
        assert records.given("tiny").standing("ada", "3", "It is convex.") is None


def test_reports_of_earlier_versions_are_read(tmp_path):
    plain = report("ada")
    assert HandGrades([]).counted(plain) is plain
