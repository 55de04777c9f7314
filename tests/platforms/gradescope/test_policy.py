"""Attempt limits and lateness."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from autograder.config import GradescopeConfig
from autograder.config_parts import LateConfig
from autograder.platforms.gradescope import policy, publication
from tests.platforms.gradescope.sample import metadata, previous

NOW = "2027-03-01T12:00:00+01:00"
MORNING, NOON = "2027-03-01T08:00:00+01:00", "2027-03-01T11:00:00+01:00"


def test_attempts_count_up_to_the_limit():
    found = policy.attempts(metadata(NOW, previous(MORNING), previous(NOON)), GradescopeConfig(attempts=3))
    assert (found.used, found.refused) == (2, False)
    assert policy.attempts(metadata(NOW, previous(MORNING), previous(NOON)), GradescopeConfig(attempts=2)).refused


def test_attempts_that_failed_through_the_graders_fault_do_not_count():
    history = [previous(MORNING, error=True), previous(NOON, grader_error=True)]
    assert policy.attempts(metadata(NOW, *history), GradescopeConfig(attempts=1)).used == 0


def test_free_attempts_are_remembered_through_later_ones():
    """Gradescope hands back the latest results only: the list travels in them."""
    first = metadata(NOON, previous(MORNING, grader_error=True))
    kept = list(publication.uncounted(first))
    later = metadata(NOW, previous(MORNING), previous(NOON, uncounted_attempts=kept))
    assert policy.attempts(later, GradescopeConfig(attempts=3)).used == 1


def test_a_refused_attempt_does_not_count_either():
    later = metadata(NOW, previous(MORNING), previous(NOON, refused=True))
    assert policy.attempts(later, GradescopeConfig(attempts=2)).used == 1


def test_a_window_lets_attempts_come_back():
    settings = GradescopeConfig(attempts=1, attempts_hours=2)
    found = policy.attempts(metadata(NOW, previous(MORNING), previous(NOON)), settings)
    assert found.refused and found.again is not None and found.again.isoformat() == "2027-03-01T13:00:00+01:00"
    assert not policy.attempts(metadata(NOW, previous(MORNING)), settings).refused


def test_an_attempt_leaves_the_window_when_it_is_as_old_as_the_window_is_long():
    settings = GradescopeConfig(attempts=1, attempts_hours=1)
    assert not policy.attempts(metadata(NOW, previous(NOON)), settings).refused
    assert policy.attempts(metadata("2027-03-01T11:59:59+01:00", previous(NOON)), settings).refused


TEN = LateConfig(percent_per_day=10)


def test_lateness_is_judged_by_the_rules_that_hold_everywhere():
    late = policy.lateness(metadata("2027-03-03T00:00:00+01:00"), TEN)
    assert (late.units, late.cost(10.0, 10.0)) == (2, 2.0)


@pytest.mark.parametrize("missing", [{"created_at": None}, {"assignment": {}}])
def test_without_a_policy_a_due_date_or_a_time_nothing_costs(missing):
    assert policy.lateness(metadata("2027-04-01T12:00:00Z", **missing), TEN).cost(10.0, 10.0) == 0
    assert policy.lateness(metadata("2027-04-01T12:00:00Z"), None).cost(10.0, 10.0) == 0


def test_an_extension_of_gradescope_s_moves_the_due_date():
    users = [{"email": "a@example.org", "assignment": {"due_date": "2027-03-08T23:59:00+01:00"}}]
    late = policy.lateness(metadata("2027-03-03T12:00:00+01:00", users=users), TEN)
    assert late.deadline.extended and not late.late


def test_where_gradescope_names_no_due_date_that_of_the_configuration_counts():
    due = datetime.fromisoformat("2027-03-01T23:59:00+01:00")
    for unreadable in (None, "soon", 7, [due.isoformat()]):
        found = policy.with_due(metadata("2027-03-02T12:00:00+01:00", assignment={"due_date": unreadable}), due)
        assert policy.lateness(found, TEN).units == 1
        assert "that of grader_config.yml counts" in found.problems[-1]
    assert "nothing counts as late" in policy.with_due(metadata(None), due).problems[-1]
    own = metadata("2027-03-02T12:00:00+01:00")
    assert policy.with_due(own, due.replace(year=2026)) == own
    extended = [{"email": "a@example.org", "assignment": {"due_date": "2027-03-08T23:59:00+01:00"}}]
    found = policy.with_due(metadata("2027-03-03T12:00:00+01:00", assignment=None, users=extended), due)
    assert not policy.lateness(found, TEN).late


def test_days_are_counted_as_the_clocks_of_the_course_show_them():
    """Gradescope's times have an offset and no zone; on 28 March 2027 an hour is missing in Zürich."""
    weekend = metadata("2027-03-28T22:30:00+02:00", assignment={"due_date": "2027-03-27T22:00:00+01:00"})
    assert policy.lateness(weekend, TEN).units == 1
    assert policy.lateness(weekend, TEN, ZoneInfo("Europe/Zurich")).units == 2


def test_the_score_that_stands_is_the_latest_that_did_not_fail():
    history = [previous(MORNING, 3.0), previous(NOON, 0.0, error=True)]
    assert publication.standing(metadata(NOW, *history)) == 3.0
    assert publication.standing(metadata(NOW)) is None
    assert publication.standing(metadata(NOW, previous(NOON, 4.0, error=True))) is None


def test_the_score_that_stands_is_the_latest_in_whatever_order_and_not_the_highest():
    history = [previous(NOON, 2.0), previous(MORNING, 9.0)]
    assert publication.standing(metadata(NOW, *history)) == 2.0


def test_an_attempt_without_a_score_leaves_the_one_before_it_standing():
    history = [previous(MORNING, 3.0), previous(NOON, "not yet")]
    assert publication.standing(metadata(NOW, *history)) == 3.0


def test_an_attempt_without_a_time_counts_but_is_never_the_latest():
    timeless = previous(NOON, 9.0, grader_error=True) | {"submission_time": None}
    for history in ([previous(MORNING, 3.0), timeless], [timeless, previous(MORNING, 3.0)]):
        assert publication.standing(metadata(NOW, *history)) == 3.0
        assert policy.attempts(metadata(NOW, *history), GradescopeConfig(attempts=3)).used == 2
    assert publication.uncounted(metadata(NOW, timeless)) == (), "there is nothing to know it by again"


def test_without_earlier_attempts_none_is_free():
    assert publication.uncounted(metadata(NOW)) == ()
    assert policy.attempts(metadata(NOW), GradescopeConfig(attempts=1)).used == 0
