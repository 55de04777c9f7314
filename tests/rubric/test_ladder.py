"""Ladders: points for a metric, and what is said about it."""

import math

import pytest

from autograder.rubric import Ladder, Rung

LADDER = Ladder(
    "unseen MAE",
    (Rung("simple", 1.0, 0.2, "run it"), Rung("strong", 0.5, 0.8, "use a week"), Rung("boss", 0.4, 1.0, "go deep")),
)


@pytest.mark.parametrize(
    ("value", "fraction"), [(1.1, 0.0), (1.0, 0.2), (0.75, 0.5), (0.5, 0.8), (0.45, 0.9), (0.4, 1.0), (0.1, 1.0)]
)
def test_points_between_rungs_are_interpolated(value, fraction):
    assert LADDER.fraction(value) == pytest.approx(fraction)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_metric_that_is_not_a_number_earns_points(value):
    assert LADDER.fraction(value) == 0.0


def test_a_ladder_names_the_next_technique():
    assert "use a week" in LADDER.score(0.8).message
    assert "Next" not in LADDER.score(0.3).message


def test_a_near_miss_is_shown_with_as_many_digits_as_it_takes():
    near = LADDER.rungs[0].bound + 1e-6
    assert f"{near:.7g}" in LADDER.score(near).message


def test_higher_can_be_better():
    ladder = Ladder("accuracy", (Rung("simple", 0.5, 0.5, ""), Rung("boss", 0.9, 1.0, "")), lower_is_better=False)
    assert [ladder.fraction(v) for v in (0.4, 0.5, 0.7, 0.95)] == pytest.approx([0.0, 0.5, 0.75, 1.0])
