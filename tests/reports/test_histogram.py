"""The distribution of scores: bins that show its shape."""

from __future__ import annotations

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from autograder.reports.histogram import BASE, WIDTH, WIDTHS, bin_width, histogram


def test_full_marks_have_a_bar_of_their_own() -> None:
    picture = histogram([0.0, 0.05, 0.3, 0.999, 1.0, 1.2, -1.0, math.nan])
    assert [bar.count for bar in picture.bars] == [3, 0, 0, 1, 0, 0, 0, 0, 0, 1]
    assert (picture.full.count, picture.full.words) == (2, "full marks: 2")


def test_a_class_that_did_well_is_not_one_bar() -> None:
    """200 scores between 80 and 99 %, in two humps: ten bins of the whole range would show two bars."""
    dice = random.Random(1)
    shares = [dice.gauss(0.84, 0.015) for _ in range(100)] + [dice.gauss(0.96, 0.01) for _ in range(100)]
    picture = histogram(shares)
    counts = [bar.count for bar in picture.bars]
    low = counts[round(90 / picture.step)]
    assert picture.step <= 5 and low < counts[84 // picture.step] / 3 and low < counts[96 // picture.step] / 3


def test_a_few_scores_in_a_wide_range_have_wide_bins() -> None:
    assert histogram([0.1, 0.4, 0.5, 0.6, 0.9]).step == 10
    assert bin_width([]) == bin_width([0.5]) == 10


def test_those_who_handed_in_nothing_do_not_widen_the_bins() -> None:
    shares = [0.9 + 0.001 * i for i in range(80)]
    assert bin_width([*shares, 0.0, 0.0]) == bin_width(shares) == 2


def test_an_edge_belongs_to_the_bin_above() -> None:
    picture = histogram([0.3, 0.7, 0.1 + 0.2])
    assert [i for i, bar in enumerate(picture.bars) if bar.count] == [3, 7]
    assert picture.bars[3].words == "30 to under 40 %: 2"


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
def test_everybody_is_counted_once_and_every_bar_stands_inside(shares: list[float]) -> None:
    picture = histogram(shares)
    assert picture.step in WIDTHS
    assert sum(bar.count for bar in picture.all_bars) == sum(map(math.isfinite, shares))
    for bar in picture.all_bars:
        assert bar.x >= 0 and bar.x + bar.width <= WIDTH and bar.y > 0 and bar.y + bar.height <= BASE + 0.11
    for one, other in zip(picture.all_bars, picture.all_bars[1:], strict=False):
        assert one.x + one.width <= other.x + 0.11
