"""What people change in scores: parts first, lateness then, the whole last."""

from datetime import UTC, datetime

import pytest

from autograder.config_parts import LateConfig
from autograder.model import CheckResult, ExerciseInfo, Outcome, Report
from autograder.scoring.adjustments import Adjustment, Kind, adjusted, of_student, standing, whole
from autograder.scoring.late import Deadline, lateness
from autograder.scoring.settle import settled

NOW = datetime(2027, 3, 9, 12, tzinfo=UTC)
DUE = datetime(2027, 3, 1, 23, 59, tzinfo=UTC)


def check(name, points, earned, exercise="1.1", outcome=Outcome.PARTLY):
    return CheckResult(name, exercise, "Asked.", points, earned, outcome, True, "Wrong.", "Sign?")


def report(student="ada", **more):
    results = (check("a", 6.0, 3.0), check("b", 4.0, 4.0, outcome=Outcome.PASSED), check("c", 5.0, 1.0, "1.2"))
    infos = (ExerciseInfo("1.1", "Square", 10.0), ExerciseInfo("1.2", "Sum", 5.0))
    return Report(student, "tiny", "d", "a", "e", "graded", 8.0, 15.0, infos, results, received=DUE, **more)


def change(kind, value=0.0, part="", student="ada", **more):
    return Adjustment("tiny", student, part, kind, value, "because", "ta", NOW, **more)


def test_points_are_added_to_an_exercise_in_a_row_of_their_own_with_reason_and_author():
    found = adjusted(report(), [change(Kind.ADD, 2.0, "1.1", number=7)])
    row = found.results[-1]
    assert (found.score, row.exercise, row.earned, row.points) == (10.0, "1.1", 2.0, 0.0)
    assert (row.asked, row.message, row.outcome) == ("Adjusted by ta", "because", Outcome.PASSED)


@pytest.mark.parametrize(
    ("kind", "value", "score"),
    [(Kind.ADD, -2.0, 6.0), (Kind.ADD, -9.0, 1.0), (Kind.PERCENT, -50, 4.5), (Kind.SET, 9.5, 10.5), (Kind.SET, 0, 1.0)],
)
def test_an_exercise_never_has_less_than_nothing(kind, value, score):
    assert adjusted(report(), [change(kind, value, "1.1")]).score == score


def test_a_check_is_adjusted_in_its_place():
    found = adjusted(report(), [change(Kind.SET, 6.0, "a")])
    assert (found.score, found.results[0].earned, found.results[0].outcome) == (11.0, 6.0, Outcome.PASSED)
    assert found.results[0].message == "Wrong.\nAdjusted by ta: because"
    assert adjusted(report(), [change(Kind.ADD, -99.0, "a")]).results[0].earned == 0.0


@pytest.mark.parametrize(("part", "score"), [("a", 11.0), ("1.1", 11.0), ("1.2", 12.0)])
def test_a_part_is_given_without_what_was_said_of_the_mistake(part, score):
    found = adjusted(report(), [change(Kind.GIVE, part=part, student="")])
    assert (found.score, found.points) == (score, 15.0)
    given = [result for result in found.results if part in (result.name, result.exercise)]
    assert {(one.outcome, one.message, one.hint) for one in given} == {(Outcome.PASSED, "Full points: because", "")}


def test_a_check_that_is_left_out_counts_neither_here_nor_there():
    found = adjusted(report(), [change(Kind.DROP, 6.0, "a")])
    assert (found.score, found.points, found.exercises[0].points) == (5.0, 9.0, 4.0)
    assert [one.name for one in found.results] == ["b", "c"]
    assert found.notes == ("`a` does not count: because.",)


def test_an_exercise_that_is_left_out_is_gone():
    found = adjusted(report(), [change(Kind.DROP, 10.0, "1.1")])
    assert (found.score, found.points) == (1.0, 5.0)
    assert [one.number for one in found.exercises] == ["1.2"]


def test_where_nothing_could_be_checked_there_are_as_many_points_to_be_had():
    rejected = Report("eve", "tiny", "", "a", "e", "rejected", 0.0, 15.0, report().exercises)
    assert adjusted(rejected, [change(Kind.DROP, 6.0, "a")]).points == 9.0
    assert adjusted(rejected, [change(Kind.DROP, 10.0, "1.1")]).points == 5.0


def test_a_part_that_is_not_there_changes_nothing_and_a_note_says_so():
    found = adjusted(report(), [change(Kind.ADD, 2.0, "gone")])
    assert found.score == 8.0
    assert found.notes == ("There is no gone here, which was adjusted: gone: +2 points (because).",)


@pytest.mark.parametrize(
    ("kind", "value", "after"),
    [(Kind.ADD, 2, 10.0), (Kind.ADD, -20, 0.0), (Kind.PERCENT, 25, 10.0), (Kind.SET, 3, 3.0)],
)
def test_the_whole_score_is_adjusted(kind, value, after):
    assert 8.0 + whole(8.0, change(kind, value)) == after


def test_lateness_comes_after_the_parts_and_before_the_whole():
    late = lateness(DUE.replace(day=2, hour=12, minute=0), Deadline(DUE), LateConfig(percent_per_day=10))
    made = [change(Kind.ADD, 1.0), change(Kind.ADD, 2.0, "1.1")]
    found = settled(report(), late, made)
    assert found.score == 10.0
    assert found.arithmetic == (
        "10 − 1 (handed in 2027-03-02 12:00, due 2027-03-01 23:59 UTC, 1 day begun at 10 % a day) + 1 (because) = 10"
    )


def test_what_was_taken_back_does_not_count():
    made = [
        change(Kind.ADD, 1.0, number=1),
        change(Kind.ADD, 2.0, number=2),
        change(Kind.ADD, 1.0, number=3, withdraws=1),
    ]
    assert [one.number for one in standing(made)] == [2]


def test_everybody_s_adjustments_and_one_s_own_count():
    made = [change(Kind.ADD, student=""), change(Kind.ADD, student="ada"), change(Kind.ADD, student="bob")]
    assert of_student(made, "ada") == made[:2]


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (change(Kind.ADD, 1.5), "+1.5 points (because)"),
        (change(Kind.ADD, -2, "1.1"), "1.1: -2 points (because)"),
        (change(Kind.PERCENT, -20), "-20 % (because)"),
        (change(Kind.SET, 7, "1.1"), "1.1: set to 7 points (because)"),
        (change(Kind.GIVE, part="a"), "a: full points (because)"),
        (change(Kind.DROP, part="a"), "a: left out (because)"),
    ],
)
def test_an_adjustment_is_told_in_a_line(one, said):
    assert str(one) == said
