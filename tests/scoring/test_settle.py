"""The arithmetic of a score, in one line that can be worked out by hand."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.config_parts import LateConfig
from autograder.model import Report
from autograder.scoring.late import Deadline, lateness
from autograder.scoring.settle import number, settled

ZURICH = ZoneInfo("Europe/Zurich")
DUE = datetime(2027, 3, 1, 23, 59, tzinfo=ZURICH)
END = datetime(2027, 3, 8, 12, 0, tzinfo=ZURICH)


def arithmetic(came, *, pool=0, due=DUE, earned=20.0, extended=False, excused=False, **rule):
    moment = datetime.fromisoformat(came).replace(tzinfo=ZURICH)
    report = Report("ada", "tiny", "d", "a", "e", "graded", earned, 30.0, received=moment)
    found = settled(
        report, lateness(moment, Deadline(due, extended, excused), LateConfig(**rule) if rule else None, pool)
    )
    return found.arithmetic


@pytest.mark.parametrize(
    ("came", "more", "said"),
    [
        ("2027-03-01 12:00", {"percent_per_day": 10}, ""),
        ("2027-03-02 00:05", {"percent_per_day": 10, "grace_minutes": 15}, ""),
        (
            "2027-03-03 08:12",
            {"percent_per_day": 10},
            "20 − 4 (handed in 2027-03-03 08:12, due 2027-03-01 23:59 CET, 2 days begun at 10 % a day) = 16",
        ),
        (
            "2027-03-02 00:30",
            {"points_per_hour": 1},
            "20 − 1 (handed in 2027-03-02 00:30, due 2027-03-01 23:59 CET, 1 hour begun at 1 point a hour) = 19",
        ),
        (
            "2027-03-20 12:00",
            {"percent_per_day": 10, "max_percent": 50},
            "20 − 10 (handed in 2027-03-20 12:00, due 2027-03-01 23:59 CET, 19 days begun at 10 % a day, at most 50 %)"
            " = 10",
        ),
        (
            "2027-03-20 12:00",
            {"points_per_day": 2, "max_points": 7.5, "max_percent": 90},
            "20 − 7.5 (handed in 2027-03-20 12:00, due 2027-03-01 23:59 CET, 19 days begun at 2 points a day, "
            "at most 7.5 points) = 12.5",
        ),
        (
            "2027-03-20 12:00",
            {"percent_per_day": 10, "floor_percent": 40},
            "20 − 8 (handed in 2027-03-20 12:00, due 2027-03-01 23:59 CET, 19 days begun at 10 % a day, "
            "not below 40 % of all points) = 12",
        ),
        (
            "2027-03-09 12:00",
            {"percent_per_day": 10, "hard_deadline": END},
            "20 − 20 (handed in 2027-03-09 12:00, due 2027-03-01 23:59 CET: too late to count) = 0",
        ),
        (
            "2027-03-03 12:00",
            {"percent_per_day": 10, "pool": 1},
            "20 − 2 (handed in 2027-03-03 12:00, due 2027-03-01 23:59 CET, 1 late day used, "
            "1 day begun at 10 % a day) = 18",
        ),
        (
            "2027-03-03 12:00",
            {"percent_per_day": 10, "pool": 5},
            "20 − 0 (handed in 2027-03-03 12:00, due 2027-03-01 23:59 CET, 2 late days used) = 20",
        ),
        (
            "2027-03-03 12:00",
            {"percent_per_day": 10, "excused": True},
            "20 − 0 (handed in 2027-03-03 12:00, due 2027-03-01 23:59 CET: excused) = 20",
        ),
        (
            "2027-03-03 12:00",
            {"percent_per_day": 10, "due": END, "extended": True},
            "20 − 0 (in time: extended to 2027-03-08 12:00 CET) = 20",
        ),
        ("2027-03-03 12:00", {}, ""),
    ],
)
def test_the_line_has_the_dates_the_rule_and_the_sum(came, more, said):
    assert arithmetic(came, **more) == said


def test_dates_are_told_as_the_course_s_clocks_show_them():
    came = datetime(2027, 3, 2, 22, 0, tzinfo=UTC)
    report = Report("ada", "tiny", "d", "a", "e", "graded", 20.0, 30.0, received=came)
    found = settled(report, lateness(came, Deadline(DUE), LateConfig(percent_per_day=10)))
    assert "handed in 2027-03-02 23:00" in found.arithmetic and found.late


def test_a_mark_of_the_download_s_counts_where_there_are_no_times():
    """It knows nothing of extensions: with times, the student's own due date decides."""
    came = DUE.replace(day=2)
    marked = Report("ada", "tiny", "d", "a", "e", "graded", 20.0, 30.0, received=came, late=True)
    assert settled(marked, lateness(None, Deadline(DUE), None)).late
    assert not settled(marked, lateness(came, Deadline(END, extended=True), None)).late


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(0, 300_000), st.integers(0, 100), st.integers(1, 200))
def test_the_numbers_of_the_line_add_up_to_the_last_digit(earned, percent, hours):
    came = datetime.fromtimestamp(DUE.timestamp() + hours * 3600, ZURICH)
    report = Report("ada", "tiny", "d", "a", "e", "graded", earned / 10_000, 30.0, received=came)
    found = settled(report, lateness(came, Deadline(DUE), LateConfig(percent_per_day=percent)))
    first, rest = found.arithmetic.split(" − ", 1)
    taken, last = rest.split(" (", 1)[0], rest.rsplit(" = ", 1)[1]
    assert number(float(first) - float(taken)) == last == number(found.score)
