"""The scores that stand: worked out from the records and the rules each time, and their history taken down."""

from datetime import UTC, datetime, timedelta

import pytest

from autograder.config import load
from autograder.model import CheckResult, ExerciseInfo, Outcome, Report
from autograder.records import Records
from autograder.records.history import history_of
from autograder.records.ledger import Ledger
from autograder.records.standings import Standings
from autograder.scoring.adjustments import Adjustment, Kind
from autograder.scoring.extensions import Extension

DUE = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
CONFIG = """
course:
  name: C
  time_zone: UTC
assignments:
  one:
    title: One
    due: 2026-03-01T23:59:00
    late: {percent_per_day: 10}
  two:
    title: Two
    due: 2026-03-15T23:59:00
    late: {percent_per_day: 10}
"""


def report(student="ada", days=0.0, assignment="one", digest="d", due=DUE, **more):
    came = due + timedelta(days=days)
    results = (CheckResult("a", "1.1", "Asked.", 20.0, 20.0, Outcome.PASSED, True),)
    return Report(
        student, assignment, digest, "a", "e", "graded", 20.0, 20.0, (ExerciseInfo("1.1", "A", 20.0),), results,
        received=came, graded=came, **more,
    )  # fmt: skip


class Course:
    """Records and rules that change."""

    def __init__(self, folder):
        self.folder = folder
        self.records = Records(f"sqlite:///{folder}/course.sqlite")
        self.ledger = Ledger(self.records)
        self.rules(CONFIG)

    def rules(self, text):
        path = self.folder / "grader_config.yml"
        path.write_text(text, encoding="utf-8")
        self.config = load(path)

    def scores(self, name="one", **more):
        return {one.student: one.score for one in Standings(self.records, self.config, name, **more).reports()}

    def adjust(self, value=1.0, **more):
        one = Adjustment(
            "one", more.pop("student", "ada"), "", Kind.ADD, value, "because", "ta", datetime.now(UTC), **more
        )
        return self.ledger.adjust(one)

    def extend(self, days, student="ada"):
        self.ledger.extend(Extension("one", student, DUE + timedelta(days=days), False, "ill", "ta", datetime.now(UTC)))

    def history(self, student="ada"):
        events = history_of(self.ledger, "one", [student])
        return [(event.what, event.score) for event in events if event.what != "decided"]


@pytest.fixture
def course(tmp_path):
    made = Course(tmp_path)
    with made.records:
        yield made


def test_a_change_of_the_rules_changes_the_scores_and_runs_nothing(course):
    course.records.save(report(days=2))
    assert course.scores() == {"ada": 16.0}
    course.rules(CONFIG.replace("percent_per_day: 10", "percent_per_day: 25"))
    assert course.scores() == {"ada": 10.0}
    assert course.records.latest("one", "ada").score == 20.0, "what the checks gave stays as it is"


def test_the_course_s_rules_hold_where_an_assignment_has_none(course):
    course.records.save(report(days=2))
    text = CONFIG.replace("    late: {percent_per_day: 10}\n", "")
    course.rules(text.replace("  time_zone: UTC\n", "  time_zone: UTC\n  late: {points_per_day: 3}\n"))
    assert course.scores() == {"ada": 14.0}


def test_an_adjustment_outlives_every_regrade(course):
    course.records.save(report())
    course.adjust(2.0)
    assert course.scores() == {"ada": 22.0}
    for digest in ("d", "other"):
        course.records.save(report(digest=digest))
        assert course.scores() == {"ada": 22.0}


def test_an_adjustment_can_be_taken_back(course):
    course.records.save(report())
    number = course.adjust(2.0)
    course.adjust(2.0, withdraws=number)
    assert course.scores() == {"ada": 20.0}


def test_an_adjustment_for_everybody_counts_for_who_comes_later_too(course):
    course.adjust(1.0, student="")
    course.records.save(report("bob"))
    assert course.scores() == {"bob": 21.0}


def test_extensions_come_from_the_records_and_from_the_table_of_the_course(course):
    for student in ("ada", "bob", "cy"):
        course.records.save(report(student, days=2))
    course.extend(3)
    (course.folder / "e.csv").write_text("student,assignment,due\nbob,one,2026-03-03 12:00\n")
    course.rules(CONFIG.replace("  name: C", "  name: C\n  extensions: e.csv"))
    assert course.scores() == {"ada": 20.0, "bob": 18.0, "cy": 16.0}


def test_what_would_be_is_shown_without_being_kept(course):
    course.records.save(report())
    assert course.scores() == {"ada": 20.0}
    one = Adjustment("one", "ada", "", Kind.ADD, 5.0, "because", "ta", datetime.now(UTC))
    assert course.scores(also=(one,)) == {"ada": 25.0}
    assert course.scores() == {"ada": 20.0}
    assert course.history() == [("attempt", 20.0)]


def test_late_days_are_pooled_over_the_assignments_by_their_due_dates(course):
    course.rules(CONFIG.replace("  name: C", "  name: C\n  late_days: 3"))
    course.records.save(report(days=2, assignment="two", due=DUE + timedelta(days=14)))
    assert course.scores("two") == {"ada": 20.0}
    course.records.save(report(days=2))
    assert course.scores("one") == {"ada": 20.0}
    assert course.scores("two") == {"ada": 18.0}, "two of the three were used before"


def test_a_grader_error_is_no_score_and_charges_nobody(course):
    failed = Report("ada", "one", "d", "a", "e", "grader error", 0.0, 20.0, received=DUE, graded=DUE)
    course.records.save(failed)
    course.scores()
    assert course.history() == [("attempt", None)]


def test_every_score_has_its_history(course):
    course.records.save(report(days=2))
    course.scores()
    course.records.save(report(days=2))
    course.scores()
    course.adjust(1.0)
    course.scores()
    course.extend(1)
    course.scores()
    course.rules(CONFIG.replace("percent_per_day: 10", "percent_per_day: 50"))
    course.scores()
    course.records.save(report(days=0.9, digest="new"))
    course.scores()
    assert sorted(course.history(), key=lambda one: (one[0], one[1])) == [
        ("adjusted", 17.0), ("attempt", 16.0), ("attempt", 21.0), ("extended", 19.0), ("regraded", 16.0),
        ("rules changed", 11.0),
    ]  # fmt: skip


def test_a_score_that_has_not_changed_is_not_taken_down_again(course):
    course.records.save(report(days=2))
    for _ in range(3):
        course.scores()
    assert len(course.ledger.scores("one")) == 1


def test_who_decided_what_and_why_is_told(course):
    course.records.save(report())
    number = course.adjust(2.0)
    course.adjust(2.0, withdraws=number)
    course.extend(3)
    told = [(event.who, event.why) for event in history_of(course.ledger, "one", ["ada"]) if event.what == "decided"]
    assert told == [
        ("ta", "no. 1: +2 points (because)"),
        ("ta", "no. 1 taken back: no. 2: +2 points (because)"),
        ("ta", "due 2026-03-04 23:59 UTC (ill)"),
    ]


def test_reports_that_nobody_has_looked_at_are_in_the_history_too(course):
    course.records.save(report(days=2))
    course.records.save(report(days=2, digest="second"))
    assert course.history() == [("attempt", 20.0), ("attempt", 20.0)]
