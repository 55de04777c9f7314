"""Exercises as questions: how hard, and whether they tell strong submissions from weak ones."""

from __future__ import annotations

import pytest

from autograder.model import CheckResult, Outcome, Report
from autograder.reports.exercises import FEWEST, correlation
from autograder.reports.rows import Row
from autograder.reports.summary import ClassSummary, ExerciseSummary
from tests.reports import sample

FIRST = sample.EXERCISES[:4]


def student(i: int, passed: dict[str, bool]) -> Report:
    results: tuple[CheckResult, ...] = tuple(
        sample.check(number, Outcome.PASSED if right else Outcome.FAILED, part)
        for number, right in passed.items()
        for part in (0, 1)
    )
    return sample.report(f"s{i}", results, exercises=FIRST)


def items(reports: list[Report]) -> dict[str, ExerciseSummary]:
    summary = ClassSummary.of(Row.of(report, "") for report in reports)
    return {exercise.number: exercise for exercise in summary.exercises}


def a_class() -> list[Report]:
    """Ten strong submissions, ten weak ones. 1.1: all; 1.2, 1.3: the strong ones; 1.4: the weak ones."""
    return [student(i, {"1.1": True, "1.2": i < 10, "1.3": i < 10, "1.4": i >= 10}) for i in range(20)]


def test_difficulty_is_the_share_of_the_points_earned() -> None:
    found = items(a_class())
    assert [found[number].share for number in ("1.1", "1.2", "1.4")] == [1.0, 0.5, 0.5]


def test_an_exercise_that_strong_submissions_do_better_in_tells_them_apart() -> None:
    found = items([student(i, {"1.1": i % 2 == 0, "1.2": i < 10, "1.3": i < 11, "1.4": i < 9}) for i in range(20)])
    assert found["1.2"].discrimination == pytest.approx(0.77, abs=0.05) and found["1.2"].verdict == "very good"
    assert found["1.1"].verdict == "weak" and found["1.1"].doubtful


def test_one_that_only_weak_submissions_do_well_in_is_upside_down() -> None:
    found = items(a_class())["1.4"]
    assert found.discrimination == pytest.approx(-1.0) and found.verdict == "upside down" and found.doubtful


def test_where_everybody_has_the_same_there_is_nothing_to_tell() -> None:
    found = items(a_class())["1.1"]
    assert found.discrimination is None and found.verdict == "" and not found.doubtful


def test_few_submissions_say_nothing() -> None:
    values = [float(i) for i in range(FEWEST)]
    assert correlation(values, values) == pytest.approx(1.0) and correlation(values[1:], values[1:]) is None


def test_the_exercise_is_no_part_of_what_it_is_compared_with() -> None:
    """One that is independent of the others would correlate with a sum that it is in."""
    half = [{"1.1": a, "1.2": b} for a in (True, False) for b in (True, False)] * 5
    assert items([student(i, passed) for i, passed in enumerate(half)])["1.1"].discrimination == pytest.approx(0.0)


def test_only_graded_submissions_count() -> None:
    reports = [*a_class(), sample.report("late", status="rejected", problem="?")]
    assert items(reports)["1.1"].of == 20
