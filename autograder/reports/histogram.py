"""Compute the distribution of scores: bins as narrow as the class allows, and full marks in a bar of their own."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

WIDTHS = (2, 4, 5, 10)
"""Widths of a bin, in percent: each divides 100."""
FULL = 1 - 1e-9
"""The share from which a score is full marks."""

WIDTH, HEIGHT = 620, 200
LEFT, GAP, FULL_BAR = 10.0, 10.0, 42.0
BASE, ROOM = 150.0, 122.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a histogram, in the picture's units. `label` is "" where bars are too narrow for a number."""

    x: float
    y: float
    width: float
    height: float
    count: int
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """The distribution of scores below full marks in bins of equal width, and full marks beside them."""

    bars: tuple[Bar, ...]
    full: Bar
    step: int
    edges: tuple[tuple[float, str], ...]
    median: float | None
    axis_end: float
    width: int = WIDTH
    height: int = HEIGHT
    base: float = BASE

    @property
    def all_bars(self) -> tuple[Bar, ...]:
        """Return all bars, that of full marks last."""
        return (*self.bars, self.full)


def histogram(shares: Sequence[float]) -> Histogram:
    """Return the distribution of scores as shares of full marks.

    Many submissions reach full marks, and those would hide in a last bin what is just below. What is negative counts as
    0, what is no number not at all.
    """
    shares = [min(1.0, max(0.0, share)) for share in shares if math.isfinite(share)]
    below = [share for share in shares if share < FULL]
    step = bin_width(below)
    counts = [0] * (100 // step)
    for share in below:
        counts[min(len(counts) - 1, math.floor(share * 100 / step + 1e-9))] += 1
    full = len(shares) - len(below)
    tallest = max(*counts, full, 1)
    end = WIDTH - LEFT - GAP - FULL_BAR
    across = (end - LEFT) / len(counts)
    bars = tuple(
        _bar(LEFT + i * across, across, count, tallest, f"{i * step} to under {i * step + step} %: {count}")
        for i, count in enumerate(counts)
    )
    return Histogram(
        bars,
        _bar(end + GAP, FULL_BAR, full, tallest, f"full marks: {full}"),
        step,
        tuple((round(LEFT + (end - LEFT) * i / 5, 1), str(20 * i)) for i in range(5)),
        _position(statistics.median(shares), end) if shares else None,
        round(end, 1),
    )


def bin_width(shares: Sequence[float]) -> int:
    """Return the width of a bin in percent by the rule of Freedman and Diaconis: 2 * IQR / n^(1/3).

    Their rule looks at where the middle half lies, so that neither outliers nor those who handed in nothing widen it.
    Freedman & Diaconis (1981), On the histogram as a density estimator, doi.org/10.1007/BF01025868.
    """
    if len(shares) < 4:
        return WIDTHS[-1]
    low, _, high = statistics.quantiles(shares, n=4, method="inclusive")
    wanted = 100 * 2 * (high - low) / len(shares) ** (1 / 3)
    return max((width for width in WIDTHS if width <= wanted), default=WIDTHS[0])


def _bar(x: float, across: float, count: int, tallest: int, words: str) -> Bar:
    height = ROOM * count / tallest
    label = str(count) if count and len(str(count)) * 8 <= across + 4 else ""
    margin = min(2.0, across / 8)
    return Bar(
        round(x + margin, 1), round(BASE - height, 1), round(across - 2 * margin, 1), round(height, 1),
        count, label, words,
    )  # fmt: skip


def _position(share: float, end: float) -> float:
    """Return where a score stands across the picture."""
    return round(LEFT + (end - LEFT) * share if share < FULL else end + GAP + FULL_BAR / 2, 1)
