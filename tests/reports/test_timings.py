"""The checks that take long, and who came near a limit."""

from __future__ import annotations

from autograder.model import Outcome, Report
from autograder.reports.rows import Row
from autograder.reports.timings import MOST, CheckTiming, slowest_checks
from tests.reports import sample


def timed(student: str, *seconds: float, allowed: float = 20.0) -> Report:
    return sample.report(
        student,
        tuple(
            sample.check(info.number, Outcome.PASSED, cpu_seconds=used, cpu_allowed=allowed)
            for info, used in zip(sample.EXERCISES, seconds, strict=False)
        ),
    )


def slowest(*reports: Report) -> tuple[CheckTiming, ...]:
    return slowest_checks([Row.of(report, "") for report in reports])


def test_the_check_that_took_the_class_longest_comes_first() -> None:
    found = slowest(timed("a", 1.0, 3.0), timed("b", 3.0, 2.0), timed("c", 4.0, 0.0))
    assert [(one.exercise, one.rows, one.total, one.median, one.longest) for one in found] == [
        ("1.1", 3, 8.0, 3.0, 4.0), ("1.2", 2, 5.0, 2.5, 3.0),
    ]  # fmt: skip


def test_quick_checks_are_not_worth_telling() -> None:
    assert slowest(timed("a", 0.02, 0.09)) == ()


def test_few_are_told() -> None:
    assert len(slowest(timed("a", *range(1, 13)))) == MOST


def test_who_passed_near_the_limit_is_named() -> None:
    """Another machine may stop them. Who was stopped is told elsewhere."""
    (one,) = slowest(timed("far", 15.9), timed("near", 16.0), timed("stopped", 20.0), timed("free", 19.0, allowed=0.0))
    assert [row.student for row in one.near] == ["near"]
