"""Limits that fit a container: what is asked of them, and never more time than there is."""

from __future__ import annotations

import pytest

from autograder.platforms.gradescope.sizes import Size, sized
from autograder.protocol.limits import Limits


def test_less_than_a_cpu_stretches_the_clock():
    limits = sized(Limits(check_seconds=20, submission_seconds=100), Size(None, 0.5), budget=900)
    assert (limits.check_seconds, limits.submission_seconds) == (40, 200)


def test_a_machine_without_limits_changes_nothing_but_the_last_moment():
    limits = sized(Limits(), Size(None, None), budget=900)
    assert (limits.check_seconds, limits.memory_mb, limits.latest_seconds) == (20, 2048, 900)


@pytest.mark.parametrize("budget", [30, 200, 445])
def test_whatever_is_added_later_all_is_over_in_time(budget):
    limits = sized(Limits(), Size(None, 0.25), budget)
    assert max(limits.submission_seconds, limits.latest_seconds, limits.check_seconds) <= budget
