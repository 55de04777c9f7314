"""Attempt limits and lateness."""

from __future__ import annotations

from datetime import datetime

import pytest

from autograder.config import GradescopeConfig, LateConfig
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


@pytest.mark.parametrize(
    ("came", "days", "cost"),
    [
        ("2027-02-27T12:00:00+01:00", 0, 0.0),
        ("2027-03-01T23:59:00+01:00", 0, 0.0),  # the due date itself
        ("2027-03-02T00:10:00+01:00", 0, 0.0),
        ("2027-03-02T00:14:00+01:00", 0, 0.0),  # the last moment of grace
        ("2027-03-02T00:14:01+01:00", 1, 0.2),
        ("2027-03-02T23:59:00+01:00", 1, 0.2),
        ("2027-03-03T00:00:00+01:00", 2, 0.4),  # grace is no part of a day: two have begun
        ("2027-03-04T23:59:00+01:00", 3, 0.6),  # `max_days` days are still accepted
        ("2027-03-05T00:00:00+01:00", 4, 1.0),
    ],
)
def test_each_day_begun_costs_after_the_grace(came, days, cost):
    late = policy.lateness(metadata(came), LateConfig(percent_per_day=20, grace_minutes=15, max_days=3))
    assert (late.days, late.cost) == (days, pytest.approx(cost))


def test_without_max_days_lateness_costs_all_there_is_and_no_more():
    late = policy.lateness(metadata("2027-03-31T12:00:00+01:00"), LateConfig(percent_per_day=10))
    assert (late.days, late.cost) == (30, 1.0)


def test_with_no_late_day_allowed_everything_is_lost_at_once():
    late = policy.lateness(metadata("2027-03-02T00:00:00+01:00"), LateConfig(percent_per_day=10, max_days=0))
    assert (late.days, late.cost) == (1, 1.0)


@pytest.mark.parametrize("missing", [{"created_at": None}, {"assignment": {}}])
def test_without_a_policy_a_due_date_or_a_time_nothing_is_late(missing):
    in_time = policy.Lateness(0, 0.0)
    assert policy.lateness(metadata("2027-04-01T12:00:00Z", **missing), LateConfig(percent_per_day=10)) == in_time
    assert policy.lateness(metadata("2027-04-01T12:00:00Z"), None) == in_time


def test_an_extension_moves_the_due_date():
    users = [{"email": "a@example.org", "assignment": {"due_date": "2027-03-08T23:59:00+01:00"}}]
    assert policy.lateness(metadata("2027-03-03T12:00:00+01:00", users=users), LateConfig(percent_per_day=10)).cost == 0


def test_where_gradescope_names_no_due_date_that_of_the_configuration_counts():
    due = datetime.fromisoformat("2027-03-01T23:59:00+01:00")
    for unreadable in (None, "soon", 7, [due.isoformat()]):
        found = policy.with_due(metadata("2027-03-02T12:00:00+01:00", assignment={"due_date": unreadable}), due)
        assert policy.lateness(found, LateConfig(percent_per_day=10)).days == 1
        assert "that of grader_config.yml counts" in found.problems[-1]
    assert "nothing counts as late" in policy.with_due(metadata(None), due).problems[-1]
    own = metadata("2027-03-02T12:00:00+01:00")
    assert policy.with_due(own, due.replace(year=2026)) == own
    extended = [{"email": "a@example.org", "assignment": {"due_date": "2027-03-08T23:59:00+01:00"}}]
    found = policy.with_due(metadata("2027-03-03T12:00:00+01:00", assignment=None, users=extended), due)
    assert policy.lateness(found, LateConfig(percent_per_day=10)).cost == 0


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
