"""Ladders: points for a metric, and what is said about it."""

import math

import pytest

from autograder.model import Curve
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
    assert LADDER.score(0.8).message == "unseen MAE: 0.8. Next baseline, strong: 0.5 (use a week)."
    assert LADDER.score(2.0).message == "unseen MAE: 2. Next baseline, simple: 1 (run it)."
    assert LADDER.score(0.5).message == "unseen MAE: 0.5. Next baseline, boss: 0.4 (go deep)."
    assert LADDER.score(0.31234).message == "unseen MAE: 0.312."


def test_a_near_miss_is_shown_with_as_many_digits_as_it_takes():
    near = LADDER.rungs[0].bound + 1e-6
    assert LADDER.score(near).message == "unseen MAE: 1.000001. Next baseline, simple: 1 (run it)."
    assert LADDER.score(1.004).message == "unseen MAE: 1.004. Next baseline, simple: 1 (run it)."
    nearest = math.nextafter(1.0, 2.0)
    assert LADDER.score(nearest).message == f"unseen MAE: {nearest:.17g}. Next baseline, simple: 1 (run it)."


def test_higher_can_be_better():
    ladder = Ladder("accuracy", (Rung("simple", 0.5, 0.5, ""), Rung("boss", 0.9, 1.0, "")), lower_is_better=False)
    assert [ladder.fraction(v) for v in (0.4, 0.5, 0.7, 0.95)] == pytest.approx([0.0, 0.5, 0.75, 1.0])


def test_a_ladder_draws_the_losses_the_metric_and_its_rungs():
    score = LADDER.score(0.8, [3.0, math.inf, math.nan, 2], "epoch")
    rungs = (("simple", 1.0), ("strong", 0.5), ("boss", 0.4))
    assert score.curve == Curve("unseen MAE", "epoch", (3.0, 2.0), 0.8, "unseen MAE", rungs)
    assert score.fraction == LADDER.fraction(0.8)
    assert len(LADDER.score(0.8, [1.0] * 2_001).curve.losses) == 2_000
    assert LADDER.score(0.8).curve.losses == () and LADDER.score(0.8).curve.unit == ""


def test_the_last_rung_may_be_worth_less_than_everything():
    ladder = Ladder("error", (Rung("simple", 1.0, 0.25, ""), Rung("boss", 0.5, 0.75, "")))
    assert [ladder.fraction(value) for value in (1.0, 0.75, 0.5, 0.1)] == [0.25, 0.5, 0.75, 0.75]
