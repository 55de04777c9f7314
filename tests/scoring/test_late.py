"""What lateness costs: rules are data, and each of them is exact to the second."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.config_parts import LateConfig
from autograder.scoring.late import Deadline, Work, days_begun, lateness, with_pool
from autograder.zones import days_after

ZURICH = ZoneInfo("Europe/Zurich")
DUE = datetime(2027, 3, 1, 23, 59, tzinfo=ZURICH)


def at(text: str, zone: ZoneInfo = ZURICH) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def cost(came: datetime | str, rule: LateConfig, *, earned: float = 20.0, points: float = 30.0, **more) -> float:
    """What is taken off 20 earned points of 30."""
    moment = at(came) if isinstance(came, str) else came
    pool = more.pop("pool", 0)
    return lateness(moment, Deadline(more.pop("due", DUE), **more), rule, pool).cost(earned, points)


# --- rates ------------------------------------------------------------------------------------------------------------

TWENTY = LateConfig(percent_per_day=20, grace_minutes=15, max_days=3)


@pytest.mark.parametrize(
    ("came", "taken"),
    [
        ("2027-02-27 12:00", 0),
        ("2027-03-01 23:59", 0),  # the due date itself
        ("2027-03-02 00:14", 0),  # the last moment of grace
        ("2027-03-02 00:14:01", 4),
        ("2027-03-02 23:59", 4),  # one day
        ("2027-03-02 23:59:01", 8),  # grace is no part of a day: the second has begun
        ("2027-03-04 23:59", 12),  # `max_days` days are still accepted
        ("2027-03-04 23:59:01", 20),
    ],
)
def test_each_day_begun_costs_after_the_grace_period(came, taken):
    assert cost(came, TWENTY) == taken


@pytest.mark.parametrize(
    ("came", "taken"), [("2027-03-02 00:59", 1), ("2027-03-02 00:59:01", 2), ("2027-03-02 09:59", 10)]
)
def test_each_hour_begun_costs(came, taken):
    assert cost(came, LateConfig(percent_per_hour=5)) == taken
    assert cost(came, LateConfig(points_per_hour=1)) == taken


def test_points_are_taken_off_whatever_was_earned_and_never_more():
    rule = LateConfig(points_per_day=2.5)
    assert cost("2027-03-03 12:00", rule) == 5.0
    assert cost("2027-03-03 12:00", rule, earned=4.0) == 4.0
    assert cost("2027-03-03 12:00", rule, earned=0.0) == 0.0


def test_percent_are_of_what_was_earned_not_of_all_points():
    assert cost("2027-03-02 12:00", LateConfig(percent_per_day=10), earned=5.0, points=100.0) == 0.5


def test_more_than_everything_is_never_lost():
    assert cost("2027-03-31 12:00", LateConfig(percent_per_day=10)) == 20.0


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_a_cap_bounds_what_is_lost_in_percent_or_in_points():
    assert cost("2027-03-20 12:00", LateConfig(percent_per_day=10, max_percent=50)) == 10.0
    assert cost("2027-03-20 12:00", LateConfig(percent_per_day=10, max_points=3)) == 3.0
    assert cost("2027-03-20 12:00", LateConfig(points_per_day=1, max_percent=50, max_points=15)) == 10.0
    assert cost("2027-03-02 12:00", LateConfig(percent_per_day=10, max_percent=50)) == 2.0, "a cap is no price"


def test_below_the_floor_lateness_takes_nobody_and_lifts_nobody_up_to_it():
    rule = LateConfig(percent_per_day=25, floor_percent=40)  # 12 of 30 points
    assert cost("2027-03-03 12:00", rule) == 8.0, "10 would leave less than 12"
    assert cost("2027-03-02 12:00", rule) == 5.0
    assert cost("2027-03-03 12:00", rule, earned=9.0) == 0.0, "who has less than the floor keeps it"


def test_after_the_hard_deadline_nothing_counts_floor_or_not():
    rule = LateConfig(percent_per_day=10, floor_percent=40, hard_deadline=at("2027-03-08 12:00"))
    assert cost("2027-03-08 12:00", rule) == 8.0
    assert cost("2027-03-08 12:00:01", rule) == 20.0


def test_until_a_hard_deadline_lateness_may_be_free():
    rule = LateConfig(hard_deadline=at("2027-03-08 12:00"))
    assert (cost("2027-03-08 12:00", rule), cost("2027-03-08 12:01", rule)) == (0.0, 20.0)


def test_with_no_late_day_allowed_everything_is_lost_at_once():
    assert cost("2027-03-02 00:00", LateConfig(max_days=0)) == 20.0


@pytest.mark.parametrize(("rule", "came", "due"), [(None, DUE, DUE), (TWENTY, None, DUE), (TWENTY, DUE, None)])
def test_without_rules_a_time_or_a_due_date_nothing_costs(rule, came, due):
    later = None if came is None else came + timedelta(days=9)
    found = lateness(later, Deadline(due), rule)
    assert found.cost(20.0, 30.0) == 0.0
    assert found.late == (rule is None), "late all the same, where both dates are known"


# --- extensions and excuses -------------------------------------------------------------------------------------------


def test_lateness_begins_at_the_student_s_own_due_date():
    own = at("2027-03-05 12:00")
    assert cost("2027-03-05 12:15", TWENTY, due=own, extended=True) == 0
    assert cost("2027-03-05 12:15:01", TWENTY, due=own, extended=True) == 4


def test_an_excuse_takes_everything_back_the_hard_deadline_too():
    rule = LateConfig(percent_per_day=10, hard_deadline=at("2027-03-08 12:00"))
    found = lateness(at("2027-04-01 12:00"), Deadline(DUE, excused=True), rule)
    assert found.late and found.cost(20.0, 30.0) == 0.0


def test_nobody_s_own_due_date_lies_after_the_hard_deadline():
    rule = LateConfig(percent_per_day=10, hard_deadline=at("2027-03-03 12:00"))
    own = at("2027-03-05 12:00")
    assert cost("2027-03-05 12:00", rule, due=own, extended=True) == 0.0
    assert cost("2027-03-05 12:00:01", rule, due=own, extended=True) == 20.0


# --- pooled late days -------------------------------------------------------------------------------------------------

TEN = LateConfig(percent_per_day=10, grace_minutes=15)


@pytest.mark.parametrize(
    ("came", "pool", "used", "taken"),
    [
        ("2027-03-02 00:14", 3, 0, 0),  # in the grace period no late day is used
        ("2027-03-02 12:00", 3, 1, 0),
        ("2027-03-03 00:14", 3, 1, 0),  # there is grace after a late day, too
        ("2027-03-03 00:14:01", 3, 2, 0),
        ("2027-03-04 12:00", 2, 2, 2),  # what is left over is paid for
        ("2027-03-04 12:00", 0, 0, 6),
    ],
)
def test_late_days_move_the_due_date_as_far_as_needed(came, pool, used, taken):
    found = lateness(at(came), Deadline(DUE), TEN, pool)
    assert (found.late_days, found.cost(20.0, 30.0)) == (used, taken)


def test_an_assignment_may_take_only_so_many_late_days():
    rule = LateConfig(percent_per_day=10, late_days=1)
    assert lateness(at("2027-03-04 12:00"), Deadline(DUE), rule, 5).late_days == 1
    assert lateness(at("2027-03-04 12:00"), Deadline(DUE), LateConfig(percent_per_day=10, late_days=0), 5).units == 3


def test_no_late_day_is_used_where_it_saves_nothing():
    free = LateConfig(hard_deadline=at("2027-03-08 12:00"))
    dead = LateConfig(percent_per_day=10, max_days=1)
    excused = Deadline(DUE, excused=True)
    came = at("2027-03-04 12:00")
    used = [lateness(came, Deadline(DUE), free, 5), lateness(came, Deadline(DUE), dead, 5)]
    assert [one.late_days for one in (*used, lateness(came, excused, TEN, 5))] == [0, 0, 0]


def test_the_pool_is_used_up_in_the_order_of_the_due_dates():
    second = DUE + timedelta(days=14)
    works = [
        Work("second", second, second + timedelta(days=2), Deadline(second), TEN),
        Work("first", DUE, DUE + timedelta(days=2), Deadline(DUE), TEN),
        Work("never", None, None, Deadline(None), TEN),
    ]
    found = with_pool(works, 3)
    assert {name: (one.late_days, one.units) for name, one in found.items()} == {
        "first": (2, 0), "second": (1, 1), "never": (0, 0),
    }  # fmt: skip


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_a_day_ends_when_clocks_show_the_time_of_the_due_date():
    """On 28 March 2027 an hour is missing in Zürich, on 31 October one comes twice."""
    spring, autumn = at("2027-03-27 22:00"), at("2027-10-30 22:00")
    for due in (spring, autumn):
        next_day = days_after(due, 1)
        assert (next_day.day, next_day.hour) == (due.day + 1, 22)
        assert days_begun(next_day, due) == 1
        assert days_begun(next_day.astimezone(UTC) + timedelta(seconds=1), due) == 2
    hours = [days_after(due, 1).astimezone(UTC) - due.astimezone(UTC) for due in (spring, autumn)]
    assert hours == [timedelta(hours=23), timedelta(hours=25)]


def test_hours_are_hours_whatever_clocks_are_set_to():
    hourly = LateConfig(points_per_hour=1)
    due = at("2027-10-31 01:30")
    both = [datetime(2027, 10, 31, 2, 30, tzinfo=ZURICH, fold=fold) for fold in (0, 1)]
    assert [cost(came, hourly, due=due) for came in both] == [1.0, 2.0]
    assert cost(at("2027-03-28 03:30"), hourly, due=at("2027-03-28 01:30")) == 1.0


def test_a_time_that_is_skipped_is_the_moment_of_the_change_and_one_that_comes_twice_the_later_one():
    assert days_after(at("2027-03-27 02:30"), 1).astimezone(UTC) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert days_after(at("2027-10-30 02:30"), 1).astimezone(UTC) == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_a_time_of_another_zone_is_the_same_moment():
    came = at("2027-03-02 00:14:01").astimezone(ZoneInfo("America/New_York"))
    assert cost(came, TWENTY) == 4


# --- whatever the rules -----------------------------------------------------------------------------------------------

ZONES = st.sampled_from(["UTC", "Europe/Zurich", "America/Havana", "Australia/Lord_Howe", "Asia/Kolkata"]).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2027, 3, 1), datetime(2027, 4, 10), timezones=ZONES)
DELAYS = st.timedeltas(timedelta(days=-1), timedelta(days=12))
BOUNDS = st.none() | st.integers(0, 100)
RATES = st.sampled_from(["percent_per_day", "percent_per_hour", "points_per_day", "points_per_hour"])
RULES = st.builds(
    lambda rate, price, **more: LateConfig(**{rate: price}, **more), RATES, st.integers(0, 30),
    grace_minutes=st.integers(0, 90), max_percent=BOUNDS, max_points=BOUNDS, floor_percent=BOUNDS,
    max_days=st.none() | st.integers(0, 9), late_days=st.none() | st.integers(0, 5),
)  # fmt: skip
EARNED = st.floats(0, 30).map(lambda value: round(value, 4))
POOLS = st.integers(0, 6)
exact = settings(derandomize=True, max_examples=200, deadline=None)


@exact
@given(MOMENTS, DELAYS, RULES, EARNED, POOLS)
def test_nobody_loses_more_than_was_earned_or_gains(due, delay, rule, earned, pool):
    taken = lateness(due + delay, Deadline(due), rule, pool).cost(earned, 30.0)
    assert 0 <= taken <= earned
    if delay <= timedelta(minutes=rule.grace_minutes) and due.utcoffset() == (due + delay).utcoffset():
        assert taken == 0


@exact
@given(MOMENTS, DELAYS, st.timedeltas(timedelta(0), timedelta(days=3)), RULES, EARNED, POOLS)
def test_who_hands_in_later_never_loses_less(due, delay, more, rule, earned, pool):
    first = (due + delay).astimezone(UTC)
    sooner, later = (lateness(came, Deadline(due), rule, pool).cost(earned, 30.0) for came in (first, first + more))
    assert sooner <= later


@exact
@given(MOMENTS, DELAYS, st.timedeltas(timedelta(0), timedelta(days=5)), RULES, EARNED, POOLS)
def test_an_extension_never_costs_anything(due, delay, more, rule, earned, pool):
    came = (due + delay).astimezone(UTC)
    own = (due.astimezone(UTC) + more).astimezone(due.tzinfo)
    usual = lateness(came, Deadline(due), rule, pool).cost(earned, 30.0)
    assert lateness(came, Deadline(own, extended=True), rule, pool).cost(earned, 30.0) <= usual


@exact
@given(MOMENTS, DELAYS, RULES, EARNED, POOLS)
def test_a_late_day_more_never_costs_anything(due, delay, rule, earned, pool):
    less, more = (lateness(due + delay, Deadline(due), rule, days).cost(earned, 30.0) for days in (pool, pool + 1))
    assert more <= less


@exact
@given(MOMENTS, DELAYS, RULES, EARNED, EARNED)
def test_who_earned_more_never_ends_with_less(due, delay, rule, one, other):
    late = lateness(due + delay, Deadline(due), rule)
    less, more = sorted((one, other))
    assert less - late.cost(less, 30.0) <= more - late.cost(more, 30.0) + 1e-4
