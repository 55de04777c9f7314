"""Pictures stay inside their frame and say what they show."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.model import Curve
from autograder.reports import pictures
from tests.reports import sample

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


def test_a_metric_that_is_a_loss_shares_the_axis_and_an_accuracy_does_not() -> None:
    loss, accuracy = pictures.plot(sample.curve()), pictures.plot(sample.curve(name="accuracy"))
    assert loss is not None and accuracy is not None
    assert loss.lines_from == pictures.LEFT and accuracy.lines_from > pictures.CURVE_END


def test_your_own_mark_is_among_the_labels() -> None:
    plot = pictures.plot(sample.curve(metric=1.47))
    assert plot is not None
    assert [label.name for label in plot.labels] == ["simple", "medium", "you", "strong", "boss"]
    assert [label.name for label in plot.labels if label.own] == ["you"]


@pytest.mark.parametrize("epochs", [0, 1, 2, 240, 2000])
def test_curves_of_any_length(epochs: int) -> None:
    plot = pictures.plot(sample.curve(epochs))
    assert plot is not None
    assert len(plot.path.split()) <= pictures.MOST_POINTS + 2
    assert bool(plot.path) == (epochs > 1) and (plot.dot is None) == (epochs == 0)


def test_thinning_keeps_the_spikes() -> None:
    losses = [1.0] * 2000
    losses[777], losses[1234] = 9.0, 0.1
    assert {0, 777, 1234, 1999} <= set(pictures._thinned(losses))


@pytest.mark.parametrize("curve", [Curve("t", "", ()), Curve("t", "", (math.nan,), math.inf, "m", (("a", math.nan),))])
def test_nothing_to_draw(curve: Curve) -> None:
    assert pictures.plot(curve) is None


@example([3362.0, 1.9e-305], None, "loss", [])
@example([1.0, 1.0 + 2**-52], None, "loss", [])
@example([1e300, -1e300], 5e-324, "loss", [])
@given(
    st.lists(NUMBERS, max_size=8),
    st.none() | NUMBERS,
    st.sampled_from(["loss", "accuracy", ""]),
    st.lists(st.tuples(st.text(max_size=5), NUMBERS), max_size=20),
)
def test_everything_is_finite_and_inside(
    losses: list[float], metric: float | None, name: str, rungs: list[tuple[str, float]]
) -> None:
    plot = pictures.plot(Curve("t", "epoch", tuple(losses), metric, name, tuple(rungs)))
    if plot is None:
        assert not any(map(math.isfinite, losses)), "there is nothing to draw"
        return
    points = [tuple(map(float, point.split(","))) for point in plot.path.split()]
    heights = [y for _, y in points] + [y for label in plot.labels for y in (label.at, label.y)]
    heights += [y for y, _ in plot.y_ticks]
    assert all(pictures.TOP - 1 <= y <= pictures.BOTTOM + 1 for y in heights)
    assert all(0 <= x <= pictures.WIDTH for x, _ in points)
    assert len(plot.y_ticks) <= 8
